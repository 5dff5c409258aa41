"""What can be seen with so many answers and accounts: against statsmodels, and by looking for it in drawn companies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
N_COMPANIES = 1_000


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


# Formulas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("n_promoters", "n_passives", "n_detractors"), [(60, 20, 20), (12, 30, 18), (400, 5, 1)])
def test_answers_of_accounts_that_answer_once_equal_statsmodels(
    power: CompiledModels, n_promoters: int, n_passives: int, n_detractors: int
) -> None:
    points = np.repeat([100, 0, -100], [n_promoters, n_passives, n_detractors])
    rows = [
        {"program_type": "company", "cluster_id": f"A{account}", "nps_points": value, "month_start": quarter}
        for quarter in QUARTERS
        for account, value in enumerate(points)
    ]
    answers = pd.DataFrame(rows).assign(is_last_of_quarter=True, is_last_of_month=False)

    told = power.run({"int_nps_cells_numbered": cells_of(["company"]), "fct_nps_responses": answers}, ["nps_power"])

    found, deviation = told["nps_power"].iloc[0], points.std()
    effect = NormalIndPower().solve_power(nobs1=len(points), alpha=0.05, power=0.8)
    needed = NormalIndPower().solve_power(effect_size=5 / deviation, alpha=0.05, power=0.8)
    assert (found["n_scored"], found["n_quarters"], found["design_effect"]) == (len(points), 4, 1)
    # statsmodels also counts changes that are seen the wrong way round, one in a million.
    assert found["smallest_change_seen"] == pytest.approx(effect * deviation, rel=1e-5)
    assert found["answers_for_5_points"] == math.ceil(needed)


@pytest.mark.parametrize(
    ("degrees_of_freedom", "seen_by_the_noncentral_t"), [(1, 0.731), (5, 0.795), (8, 0.799), (30, 0.8), (999, 0.8)]
)
def test_the_smallest_value_has_its_power_by_the_noncentral_t(
    power: CompiledModels, degrees_of_freedom: int, seen_by_the_noncentral_t: float
) -> None:
    error, base_revenue = 0.0002, 1e7

    told = value_of(power, error, base_revenue, degrees_of_freedom, 7_000)

    share = TTestPower().power(
        told["smallest_value_seen"] / (error * base_revenue) / math.sqrt(degrees_of_freedom + 1),
        degrees_of_freedom + 1,
        0.05,
    )
    assert share == pytest.approx(seen_by_the_noncentral_t, abs=1e-3)


def test_accounts_for_a_value_equal_statsmodels(power: CompiledModels) -> None:
    told = value_of(power, 0.0002, 1e7, 999, -3_000)

    # A thousand accounts of equal weight: the effect is the estimate in standard deviations of one account.
    effect = 3_000 / (0.0002 * 1e7 * math.sqrt(1_000))
    needed = TTestPower().solve_power(effect_size=effect, alpha=0.05, power=0.8)
    # Its t has the degrees of freedom of as many accounts as it takes, ours those of the accounts that there are.
    assert told["accounts_for_value"] == pytest.approx(needed, rel=2e-3)


def value_of(
    power: CompiledModels, error: float, base_revenue: float, degrees_of_freedom: int, value: float
) -> pd.Series:
    """What the mart says of an estimate of a thousand accounts."""
    estimate = {
        "dimension": "all",
        "dimension_value": "all",
        "method": "within_account",
        "path": "all_accounts",
        "horizon_months": 12,
        "slope_std_error": error,
        "value_per_point": value,
        "base_revenue": base_revenue,
        "degrees_of_freedom": degrees_of_freedom,
        "n_accounts": 1_000,
    }
    given = {"int_nps_cells_numbered": cells_of(["company"]), "nps_point_value": pd.DataFrame([estimate])}
    return power.run(given, ["nps_power"])["nps_power"].iloc[0]


def cells_of(programs: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({"cell_number": range(len(programs)), "program_type": programs}).assign(
        dimension="all", dimension_value="all"
    )


# Drawn companies -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Surveyed:
    """Companies that ask so many accounts every quarter, each by up to so many people who think partly alike."""

    n_accounts: int
    most_contacts: int
    # Of what a person thinks, the share that the whole account does.
    alike: float
    # The same accounts, thinking the same, in every quarter; else others, or the same in another mood.
    is_lasting: bool = False

    def answers(self, rng: Generator, shifts: Numbers) -> pd.DataFrame:
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


def seen(power: CompiledModels, kind: Surveyed, column: str, seed: int) -> float:
    """The share of companies in which a true change of what is said to be the smallest seen is found, as
    ``nps_change_decomposition`` finds one."""
    rng = np.random.default_rng(seed)
    names = [f"c{index:04d}" for index in range(N_COMPANIES)]
    cells = cells_of(names)
    past = kind.answers(rng, np.zeros((N_COMPANIES, 4)))
    told = power.run({"int_nps_cells_numbered": cells, "fct_nps_responses": past}, ["nps_power"])["nps_power"]
    told = told.set_index("program_type").loc[names]
    # Both scores are moved, one down and one up, so that their variance stays near that of the year before.
    steps = np.linspace(0, 3, 3_001)
    shift = np.interp(told[column].to_numpy(float), true_change(steps), steps)
    pair = kind.answers(rng, np.column_stack([-shift, shift]))
    changes = power.run({"int_nps_cells_numbered": cells, "fct_nps_responses": pair}, ["int_nps_changes_estimated"])
    found = changes["int_nps_changes_estimated"]
    found = found[found["comparison"] == "quarter_on_quarter"].set_index("program_type").loc[names]
    margin = stats.t.ppf(0.975, found["degrees_of_freedom"]) * found["std_error"]
    return float((found["estimate"] > margin).mean())


# Three Monte-Carlo errors of a share of 80 % among 1,000.
MONTE_CARLO = 3 * math.sqrt(0.8 * 0.2 / N_COMPANIES)


@pytest.mark.parametrize(
    ("kind", "column"),
    [
        pytest.param(Surveyed(150, 1, 0.0), "smallest_change_seen", id="independent"),
        pytest.param(Surveyed(80, 5, 0.5), "smallest_change_seen", id="alike"),
        pytest.param(Surveyed(15, 12, 0.5), "smallest_change_seen", id="few accounts"),
        pytest.param(
            Surveyed(80, 5, 0.5, is_lasting=True), "smallest_paired_change_seen", id="alike and lasting, paired"
        ),
    ],
)
def test_the_smallest_change_is_seen_in_four_of_five_companies(
    power: CompiledModels, kind: Surveyed, column: str
) -> None:
    share = seen(power, kind, column, 20261130)

    assert abs(share - 0.8) < MONTE_CARLO
