"""What can be seen with so many answers and accounts: against statsmodels, and by looking for it in drawn companies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestPower

from tests.compiled_models import CompiledModels, compiled_models

Generator = np.random.Generator
Numbers = npt.NDArray[np.float64]

AS_OF = "2026-07-01"
QUARTERS = ("2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01")
# Above the one a promoter, below the other a detractor; what people think is standard normal.
PROMOTES, DETRACTS = 0.2, -0.7
N_COMPANIES = 2_000


@pytest.fixture(scope="module")
def power(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return compiled_models(
        tmp_path_factory.mktemp("power"),
        ["fct_nps_responses", "int_nps_cells_numbered", "nps_point_value"],
        ["nps_power", "int_nps_changes_estimated"],
        as_of_date=AS_OF,
        answer_dimensions=[],
        account_dimensions=[],
        headline_program_type="company",
    )


@dataclass(frozen=True)
class Surveyed:
    """Companies that ask so many accounts every quarter, each by up to so many people who think partly alike."""

    n_accounts: int
    most_contacts: int
    # Of what a person thinks, the share that the whole account does.
    alike: float
    # The same accounts, thinking the same, in every quarter; else others, or the same in another mood.
    is_lasting: bool = False

    def answers(self, rng: Generator, shifts: npt.NDArray[np.float64]) -> pd.DataFrame:
        """Rows of ``fct_nps_responses`` of companies by quarters, whose people are moved by ``shifts``; a company is a
        programme."""
        n_companies, n_quarters = shifts.shape
        shape = (n_companies, n_quarters, self.n_accounts)
        n_contacts = rng.integers(1, self.most_contacts + 1, (n_companies, 1, self.n_accounts))
        moods = rng.normal(0, 1, (n_companies, 1 if self.is_lasting else n_quarters, self.n_accounts))
        company, quarter, account = (
            np.repeat(index.ravel(), np.broadcast_to(n_contacts, shape).ravel()) for index in np.indices(shape)
        )
        mood = np.broadcast_to(moods, shape)[company, quarter, account]
        thought = np.sqrt(self.alike) * mood + np.sqrt(1 - self.alike) * rng.normal(0, 1, len(mood))
        thought += shifts[company, quarter]
        names = pd.Series([f"c{index:04d}" for index in range(n_companies)])
        return pd.DataFrame(
            {
                "response_id": np.arange(len(mood)).astype(str),
                "program_type": names.to_numpy()[company],
                "cluster_id": pd.Series(company * self.n_accounts + account).astype(str),
                "nps_points": np.where(thought > PROMOTES, 100, np.where(thought < DETRACTS, -100, 0)),
                "is_last_of_month": False,
                "is_last_of_quarter": True,
                "month_start": pd.to_datetime(pd.Series(QUARTERS[-n_quarters:]))[quarter].to_numpy(),
            }
        )


def true_change(shift: Numbers) -> Numbers:
    """The difference of two scores, of people moved up and down by ``shift``."""
    up = stats.norm.cdf(shift - PROMOTES) - stats.norm.cdf(DETRACTS - shift)
    down = stats.norm.cdf(-shift - PROMOTES) - stats.norm.cdf(DETRACTS + shift)
    return np.asarray(100 * (up - down))


def seen(power: CompiledModels, kind: Surveyed, seed: int) -> tuple[float, pd.DataFrame]:
    """The share of companies in which a true change of their own ``smallest_change_seen`` is found, as
    ``nps_change_decomposition`` finds one, and what the mart says of each."""
    rng = np.random.default_rng(seed)
    names = [f"c{index:04d}" for index in range(N_COMPANIES)]
    cells = pd.DataFrame(
        {
            "cell_number": range(N_COMPANIES),
            "program_type": names,
            "dimension": "all",
            "dimension_value": "all",
        }
    )
    past = kind.answers(rng, np.zeros((N_COMPANIES, 4)))
    given = {"int_nps_cells_numbered": cells}
    told = power.run({**given, "fct_nps_responses": past}, ["nps_power"])["nps_power"]
    told = told.set_index("program_type").loc[names]
    # Both scores are moved, one down and one up, so that their variance stays near that of the year before.
    steps = np.linspace(0, 3, 3_001)
    shift = np.interp(told["smallest_change_seen"], true_change(steps), steps)
    pair = kind.answers(rng, np.column_stack([-shift, shift]))
    changes = power.run({**given, "fct_nps_responses": pair}, ["int_nps_changes_estimated"])["int_nps_changes_estimated"]
    changes = changes[changes["comparison"] == "quarter_on_quarter"].set_index("program_type").loc[names]
    margin = stats.t.ppf(0.975, changes["degrees_of_freedom"]) * changes["std_error"]
    return float((changes["estimate"] > margin).mean()), told


# Three Monte-Carlo errors of a share of 80 % among 2,000.
MONTE_CARLO = 3 * math.sqrt(0.8 * 0.2 / N_COMPANIES)


@pytest.mark.parametrize(
    ("kind", "slack"),
    [
        pytest.param(Surveyed(150, 1, 0.0), 0.0, id="independent"),
        pytest.param(Surveyed(80, 5, 0.5), 0.0, id="alike"),
        pytest.param(Surveyed(15, 12, 0.5), 0.0, id="few accounts"),
    ],
)
def test_the_smallest_change_is_seen_in_four_of_five_companies(
    power: CompiledModels, kind: Surveyed, slack: float
) -> None:
    share, told = seen(power, kind, 20261130)
    print(kind, share, told[["n_scored","smallest_change_seen", "design_effect", "effective_n","answers_for_5_points"]].describe().T, told.suppression_reason.value_counts(dropna=False))

    assert abs(share - 0.8) < MONTE_CARLO + slack


def test_a_smaller_change_is_seen_where_the_same_accounts_answer_again(power: CompiledModels) -> None:
    share, told = seen(power, Surveyed(80, 5, 0.5, is_lasting=True), 20261131)
    print(share)

    assert share > 0.8 - MONTE_CARLO
