"""Companies whose detractors are called, with a known effect of calling; and teams with and without an agent who games.

A company is a team of its own, so one run of the models estimates hundreds of companies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tests.compiled_models import CompiledModels, Table, compiled_models

Generator = np.random.Generator

# Three years: one before the answers, for revenue; one with them; and more than one after, for what became of them.
FIRST_DAY = pd.Timestamp("2021-01-01")
AS_OF = "2024-01-01"
LAST_DAY = (pd.Timestamp(AS_OF) - FIRST_DAY).days
ANSWERS_FROM, ANSWERS_UNTIL = 370, LAST_DAY - 372
YEAR = 365.0
LANDMARK = 2.0
HOURS_A_CALL = 0.5


# Calling -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Company:
    """How accounts answer, are called and leave. ``effect`` is the share of leaving that a call in time prevents."""

    effect: float = 0.0
    n_accounts: int = 300
    most_answers: int = 3
    # Chance of leaving a day, of an account that gave a mild answer; a severe one doubles it.
    hazard: float = 0.4 / YEAR
    # Standard deviation of the logarithm of an account's own hazard.
    frailty: float = 0.6
    # Severe answers are called in time more often: who is worst off is called first.
    share_in_time: tuple[float, float] = (0.4, 0.7)
    # Of the calls that are not in time, those that are made at all, and after how many days on average.
    share_later: float = 0.8
    days_later: float = 90.0
    share_reached: float = 0.66

    def tables(self, rng: Generator, name: str) -> dict[str, Table]:
        """What the models read, of one company."""
        n = self.n_accounts
        is_severe = rng.random(n) < 0.4
        hazard = self.hazard * np.where(is_severe, 2.0, 1.0) * np.exp(rng.normal(0, self.frailty, n))
        is_diligent = rng.random(n) < np.where(is_severe, self.share_in_time[1], self.share_in_time[0])
        first = rng.uniform(ANSWERS_FROM, ANSWERS_UNTIL, n)
        # Nobody leaves before the first answer. A call in time lowers the hazard from the landmark on.
        left = first + rng.exponential(1 / hazard)
        since = first + LANDMARK
        lowered = since + (left - since) / (1 - self.effect)
        left = np.where(is_diligent & (left > since), lowered, left)

        n_answers = rng.integers(1, self.most_answers + 1, n)
        account = np.repeat(np.arange(n), n_answers)
        is_first = np.r_[True, account[1:] != account[:-1]]
        answered = np.where(is_first, first[account], rng.uniform(first[account], ANSWERS_UNTIL + 1))
        is_there = answered < left[account]
        account, answered = account[is_there], answered[is_there]

        wait = np.where(
            is_diligent[account],
            rng.uniform(0.1, LANDMARK, len(account)),
            LANDMARK + rng.exponential(self.days_later, len(account)),
        )
        is_called = is_diligent[account] | (rng.random(len(account)) < self.share_later)
        # Nobody calls who has left, and nobody has called yet who will: that is what makes time immortal.
        is_called &= (answered + wait < left[account]) & (answered + wait < LAST_DAY)

        accounts = pd.Series(name + " " + pd.Series(account).astype(str))
        response = name + " " + pd.Series(np.arange(len(account))).astype(str)
        answered_at = FIRST_DAY + pd.to_timedelta(answered, unit="D").round("s")
        revenue = np.exp(rng.normal(5, 0.5, n)).round(2)
        responses = pd.DataFrame(
            {
                "response_id": response,
                "account_id": accounts,
                "owner_id": name,
                "segment": "one",
                "size_band": "one",
                "nps_category": "detractor",
                "score": np.where(is_severe[account], 1, 5),
                "trailing_revenue_12m": 12 * revenue[account],
                "answered_date": answered_at.normalize(),
                "answered_at": answered_at,
            }
        )
        called = np.flatnonzero(is_called)
        contacted_at = answered_at[called] + pd.to_timedelta(wait[called], unit="D").round("s")
        cases = pd.DataFrame(
            {
                "case_id": response[called],
                "response_id": response[called],
                "account_id": accounts[called],
                "owner_id": name,
                "hours_to_first_contact": 24 * wait[called],
                "minutes_spent": 60 * HOURS_A_CALL,
                "was_reached": rng.random(len(called)) < self.share_reached,
                "answered_at": answered_at[called],
                "opened_at": answered_at[called],
                "first_contact_at": contacted_at,
                "closed_at": contacted_at,
            }
        )
        left_at = (FIRST_DAY + pd.to_timedelta(np.minimum(left, LAST_DAY + 1), unit="D")).normalize()
        months = pd.date_range(FIRST_DAY, AS_OF, freq="MS", inclusive="left")
        paid = pd.DataFrame(
            {
                "account_id": np.repeat(name + " " + pd.Series(np.arange(n)).astype(str), len(months)),
                "month_start": np.tile(months, n),
                "revenue": np.repeat(revenue, len(months)),
            }
        )
        paid = paid[paid["month_start"] <= np.repeat(left_at, len(months))]
        return {
            "fct_nps_responses": responses,
            "fct_follow_ups": cases,
            "dim_agents": pd.DataFrame({"agent_id": [name], "team": [name]}),
            "dim_accounts": pd.DataFrame(
                {
                    "account_id": name + " " + pd.Series(np.arange(n)).astype(str),
                    "owner_id": name,
                    "churned_date": pd.Series(left_at).where(left < LAST_DAY),
                }
            ),
            "fct_account_revenue_months": paid,
        }

    @property
    def uplift(self) -> float:
        """What a call in time does to the share still there a year later; of a company without frailty."""
        assert self.frailty == 0 or self.effect == 0
        kept = [
            np.exp(-self.hazard * factor * (1 - self.effect) * YEAR) - np.exp(-self.hazard * factor * YEAR)
            for factor in (1.0, 2.0)
        ]
        return float(0.6 * kept[0] + 0.4 * kept[1])


def replicated(company: Company, n_replicates: int, seed: int) -> dict[str, Table]:
    """As many companies of one kind, each from a stream of its own."""
    streams = np.random.default_rng(seed).spawn(n_replicates)
    parts = [company.tables(stream, f"c{index:04d}") for index, stream in enumerate(streams)]
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def naive_uplift(tables: Mapping[str, Table]) -> pd.Series:
    """Ever called against never called, by company: what is not published."""
    accounts = tables["dim_accounts"].set_index("account_id")
    heard = accounts[accounts.index.isin(tables["fct_nps_responses"]["account_id"])]
    is_called = heard.index.isin(tables["fct_follow_ups"]["account_id"])
    stays = heard["churned_date"].isna().groupby([heard["owner_id"], is_called]).mean().unstack()
    difference: pd.Series = stays[True] - stays[False]
    return difference


def uplift_models(folder: Path) -> CompiledModels:
    """The models from the facts to the uplift of each team."""
    return compiled_models(
        folder,
        inputs=["fct_nps_responses", "fct_follow_ups", "dim_accounts", "dim_agents", "fct_account_revenue_months"],
        wanted=["int_follow_up_values_estimated"],
        as_of_date=AS_OF,
        follow_up_dimensions=["team"],
    )


# Gaming ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Staff:
    """Agents whose customers differ, and one of whom may game."""

    is_gamed: bool = False
    n_agents: int = 20
    n_accounts: int = 120
    # Answers of an agent in a year, at least and at most.
    n_answers: tuple[int, int] = (40, 120)
    # Standard deviation of an honest agent's share of promoters, in logits.
    spread: float = 0.25
    share_promoters: float = 0.5
    share_gamed: float = 0.92

    def tables(self, rng: Generator) -> dict[str, Table]:
        """Answers of a year, the agents named in them; agent g0 is the one who may game."""
        rows = []
        account_mood = rng.normal(0, 0.6, self.n_accounts)
        for agent in range(self.n_agents):
            n = int(rng.integers(*self.n_answers))
            account = rng.integers(0, self.n_accounts, n)
            logit = np.log(self.share_promoters / (1 - self.share_promoters)) + rng.normal(0, self.spread)
            chance = 1 / (1 + np.exp(-(logit + account_mood[account])))
            if self.is_gamed and agent == 0:
                chance = np.full(n, self.share_gamed)
            is_promoter = rng.random(n) < chance
            rows.append(
                pd.DataFrame(
                    {
                        "agent_id": f"g{agent}",
                        "account_id": pd.Series(account).astype(str),
                        "cluster_id": pd.Series(account).astype(str),
                        "nps_category": np.where(is_promoter, "promoter", "detractor"),
                    }
                )
            )
        answers = pd.concat(rows, ignore_index=True)
        answers["response_id"] = answers.index.astype(str)
        answers["answered_date"] = pd.Timestamp(AS_OF) - pd.to_timedelta(rng.integers(1, 360, len(answers)), unit="D")
        answers["answered_at"] = answers["answered_date"]
        return {"fct_nps_responses": answers}


def gaming_models(folder: Path) -> CompiledModels:
    """The models from the facts to the monitor."""
    return compiled_models(
        folder,
        inputs=["fct_nps_responses", "fct_survey_invitations", "fct_follow_ups", "dim_agents"],
        wanted=["agent_gaming_checks"],
        as_of_date=AS_OF,
    )
