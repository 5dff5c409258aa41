"""Planted truth: companies whose effect of calling is known, teams of which one agent games, and what the models find.

    python -m tests.verify_loop

prints bias, coverage and what the naive comparison would have said; ends with 1 if a bound is broken.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.compiled_models import CompiledModels
from tests.loops import Company, Staff, gaming_models, naive_uplift, replicated, uplift_models
from tests.verify_statistics import FULL, SEED, Plan

# An effect of a call on leaving is the same for all of a company without frailty, and so is known without simulation.
KINDS: Mapping[str, Company] = {
    "no effect": Company(),
    "no effect, one answer each": Company(most_answers=1),
    "effect": Company(effect=0.4, frailty=0.0, most_answers=1),
}
STAFF: Mapping[str, Staff] = {"honest": Staff(), "one games": Staff(is_gamed=True)}
FULL_TEAMS, SMALL_TEAMS = 200, 25
# Of 25 honest teams more than 4 have a false alarm in 1 of 200 runs at .05.
MOST_ALARMS: Mapping[int, int] = {FULL_TEAMS: 17, SMALL_TEAMS: 4}
LEAST_SHARE_FOUND = 0.8


@dataclass(frozen=True)
class Finding:
    """What was found on companies of one kind."""

    kind: str
    truth: float
    n_given: int
    n_replicates: int
    mean: float
    monte_carlo_error: float
    coverage: float
    share_without_0: float
    naive_mean: float
    naive_error: float

    @property
    def is_off(self) -> float:
        """The bias in Monte-Carlo standard errors."""
        return (self.mean - self.truth) / self.monte_carlo_error


def measured(models: CompiledModels, plan: Plan) -> list[Finding]:
    """The findings of each kind of company."""
    found = []
    for kind, company in KINDS.items():
        tables = replicated(company, plan.n_replicates, SEED)
        values = models.run(tables, ["int_follow_up_values_estimated"])["int_follow_up_values_estimated"]
        rows = values[(values["dimension"] == "team") & (values["exposure"] == "attempted")]
        given = rows[rows["uplift"].notna()]
        naive = naive_uplift(tables)
        holds = (given["ci_low"] <= company.uplift) & (given["ci_high"] >= company.uplift)
        found.append(
            Finding(
                kind=kind,
                truth=company.uplift,
                n_given=len(given),
                n_replicates=plan.n_replicates,
                mean=float(given["uplift"].mean()),
                monte_carlo_error=float(given["uplift"].std(ddof=1) / np.sqrt(len(given))),
                coverage=float(holds.mean()),
                share_without_0=float(((given["ci_low"] > 0) | (given["ci_high"] < 0)).mean()),
                naive_mean=float(naive.mean()),
                naive_error=float(naive.std(ddof=1) / np.sqrt(len(naive))),
            )
        )
    return found


def problems(findings: list[Finding], plan: Plan) -> list[str]:
    """What does not hold, in words; nothing where all holds."""
    found = []
    for finding in findings:
        if finding.n_given < 0.9 * plan.n_replicates:
            found.append(f"{finding.kind}: only {finding.n_given} of {plan.n_replicates} companies are given an uplift")
        if abs(finding.is_off) > plan.n_errors:
            found.append(f"{finding.kind}: the mean is off by {finding.is_off:.1f} Monte-Carlo errors")
        if not plan.coverage[0] <= finding.coverage <= plan.coverage[1]:
            found.append(f"{finding.kind}: {finding.coverage:.1%} of the intervals hold the truth")
        if finding.truth == 0 and finding.share_without_0 > plan.false_alarms:
            found.append(f"{finding.kind}: {finding.share_without_0:.1%} of the intervals find an effect")
        if finding.truth == 0 and finding.naive_mean < 10 * finding.naive_error:
            found.append(f"{finding.kind}: the naive comparison finds nothing, so these companies prove nothing")
    return found


@dataclass(frozen=True)
class Alarms:
    """Of so many teams, those in which an honest agent is looked into, and those in which the one who games is."""

    kind: str
    n_teams: int
    n_false: int
    n_found: int


def watched(models: CompiledModels, n_teams: int) -> list[Alarms]:
    """What the monitor says of honest teams, and of teams of which one agent games."""
    found = []
    for kind, staff in STAFF.items():
        n_false = n_found = 0
        for stream in np.random.default_rng(SEED).spawn(n_teams):
            rows = models.run(staff.tables(stream), ["agent_gaming_checks"])["agent_gaming_checks"]
            named = set(rows.loc[rows["verdict"] == "look_into_it", "agent_id"])
            gamers = {"g0"} if staff.is_gamed else set()
            n_false += bool(named - gamers)
            n_found += bool(named & gamers)
        found.append(Alarms(kind, n_teams, n_false, n_found))
    return found


def problems_of_alarms(alarms: list[Alarms]) -> list[str]:
    """What does not hold of the monitor."""
    found = []
    for one in alarms:
        if one.n_false > MOST_ALARMS[one.n_teams]:
            found.append(f"{one.kind}: {one.n_false} of {one.n_teams} teams have a false alarm")
        if STAFF[one.kind].is_gamed and one.n_found < LEAST_SHARE_FOUND * one.n_teams:
            found.append(f"{one.kind}: found in {one.n_found} of {one.n_teams} teams")
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        findings = measured(uplift_models(Path(folder) / "uplift"), FULL)
        alarms = watched(gaming_models(Path(folder) / "gaming"), FULL_TEAMS)
    print(f"{FULL.n_replicates} companies of each kind; uplift of retention\n")
    print(f"{'companies':<28}{'truth':>8}{'mean':>9}{'MC error':>10}{'coverage':>10}{'without 0':>11}{'naive':>9}")
    for one in findings:
        print(
            f"{one.kind:<28}{one.truth:>8.4f}{one.mean:>9.4f}{one.monte_carlo_error:>10.4f}{one.coverage:>10.1%}"
            f"{one.share_without_0:>11.1%}{one.naive_mean:>9.4f}"
        )
    for team in alarms:
        print(f"{team.kind}: false alarm in {team.n_false} of {team.n_teams} teams, found in {team.n_found}")
    broken = [*problems(findings, FULL), *problems_of_alarms(alarms)]
    print("\n" + ("\n".join(broken) if broken else "Every bound holds."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
