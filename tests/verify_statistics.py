"""Planted truth: companies whose effect of a point is known, and what the models make of them.

    python -m tests.verify_statistics

prints, for each kind of company, the bias of each estimate, its Monte-Carlo error, how often its 95 % interval holds
the truth, how often no effect at all is graded B or better, and how long it took. Then, for companies whose revenue
goes from quarter to quarter, the share graded B at each horizon and at any, and the checks that failed. It ends with 1
if a bound is broken.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tests.panels import (
    HORIZON,
    HORIZONS,
    Company,
    Estimator,
    Ledger,
    as_panel,
    compiled_estimator,
    replicated,
    with_windows,
)

GOOD = Company(effect=0.001, confounding=0.08)
SEED = 20261
METHODS = ("within_account", "adjusted_association")


@dataclass(frozen=True)
class Plan:
    """How many companies of each kind, and what must hold of them."""

    n_replicates: int
    # The mean lies within so many Monte-Carlo standard errors of the truth.
    n_errors: float
    # Of the intervals, the shares that may hold the truth.
    coverage: tuple[float, float]
    # Of companies without any effect, the share that may be graded B or better.
    false_alarms: float
    # The same at any of several horizons; and the share that must be where an effect is there and seen without noise.
    false_alarms_at_any: float
    power: float
    # By what share of the truth the mean by halves of the contacts may be off.
    bias: float


FULL = Plan(
    n_replicates=500,
    n_errors=2.0,
    coverage=(0.93, 0.97),
    false_alarms=0.05,
    false_alarms_at_any=0.06,
    power=0.85,
    bias=0.05,
)
# Of 60 intervals that each hold the truth with .95, fewer than 52 do in 1 of 1,000 runs, and 60 in 1 of 20; more than 8
# false alarms of 60 come in 1 of 500 runs at .05. The companies are seeded: a run that passes passes always.
SMALL = Plan(
    n_replicates=60,
    n_errors=3.0,
    coverage=(0.866, 1.0),
    false_alarms=0.134,
    false_alarms_at_any=0.15,
    power=0.75,
    bias=0.05,
)

KINDS: Mapping[str, Company] = {
    "effect": Company(effect=0.001),
    "effect, confounded": GOOD,
    "no effect, confounded": Company(effect=0.0, confounding=0.08),
    "effect, one contact": Company(effect=0.001, confounding=0.08, most_contacts=1),
    "effect, heavier tail": Company(effect=0.001, confounding=0.08, revenue_tail=1.25),
    "effect, accounts leave": Company(effect=0.001, confounding=0.05, share_leaving=0.03, n_accounts=250),
}

# What came first: the score may react to growth that has been made, and growth may last, with and without an effect.
LEDGERS: Mapping[str, Ledger] = {
    "nothing goes on": Ledger(),
    "nothing, 5 years": Ledger(n_quarters=20),
    "nothing, 60 accounts": Ledger(n_accounts=60),
    "growth lasts": Ledger(persistence=0.5),
    "score follows growth": Ledger(reaction=0.7),
    "the same, 5 years": Ledger(reaction=0.7, n_quarters=20),
    "the same, weakly": Ledger(reaction=0.3),
    "follows a year of growth": Ledger(reaction=0.7, reaction_quarters=4),
    "follows growth that lasts": Ledger(reaction=0.7, persistence=0.5),
    "effect": Ledger(effect=0.001),
    "effect, 5 years": Ledger(effect=0.001, n_quarters=20),
    "effect, moods last": Ledger(effect=0.001, mood_persistence=0.6),
    "nothing, 40 accounts": Ledger(n_accounts=40),
    "nothing, 2,000 accounts": Ledger(n_accounts=2000),
    "nothing, heavy tail": Ledger(revenue_tail=1.5),
    "nothing, 60 and heavy tail": Ledger(n_accounts=60, revenue_tail=1.5),
    "nothing, seasons": Ledger(season_of_growth=0.1, season_of_mood=0.7),
    "nothing, noisy score": Ledger(most_contacts=4, share_answering=0.6),
    "nothing, yearly survey": Ledger(survey_every=4, standing_quarters=4, n_quarters=21),
}
# Where the score is seen through few contacts, of whom some answer, or once a year.
NOISY: Mapping[str, Ledger] = {
    "effect, three of five answer": Ledger(effect=0.001, most_contacts=4, share_answering=0.6),
    "the same, 500 accounts": Ledger(effect=0.001, most_contacts=4, share_answering=0.6, n_accounts=500),
    "the same, answers stand": Ledger(effect=0.001, most_contacts=4, share_answering=0.6, standing_quarters=4),
    "effect of .2, all answer": Ledger(effect=0.002, most_contacts=4),
    "effect, yearly survey": Ledger(effect=0.001, survey_every=4, standing_quarters=4, n_quarters=21),
}
# Accounts that have good and bad quarters together: of few owners, of many, or of families under one parent.
SHARED: Mapping[str, Ledger] = {
    "3 owners share": Ledger(n_owners=3, shared_growth=0.06, shared_mood=0.7),
    "8 owners, lasting": Ledger(n_owners=8, shared_growth=0.06, shared_mood=0.7, shared_persistence=0.7),
    "30 owners share": Ledger(n_owners=30, shared_growth=0.06, shared_mood=0.7, shared_persistence=0.3),
    "50 families share": Ledger(n_parents=50, shared_growth=0.1, shared_mood=0.9),
    "effect, 8 owners": Ledger(effect=0.001, n_owners=8),
}
# What nothing here tells from an effect: shown, and not judged.
BEYOND: Mapping[str, Ledger] = {
    "score and growth drift": Ledger(drift=0.05),
    "somebody leaves": Ledger(share_departing=0.03),
}
# With noise, or with moods that last, more is lost than the bound allows; the table shows how much.
SEEN_CLEARLY = ("effect", "effect, 5 years", "effect, 8 owners")
# Larger companies are drawn less often.
USUAL_ACCOUNTS = 200
# Companies with many values of a dimension, each a build of its own.
N_FAMILIES = 200
CHECKS = ("lag", "pre_trend", "lead")


@dataclass(frozen=True)
class Finding:
    """What was found of one method on companies of one kind."""

    kind: str
    method: str
    truth: float
    n_given: int
    n_replicates: int
    mean: float
    monte_carlo_error: float
    coverage: float
    share_good: float
    seconds: float

    @property
    def bias(self) -> float:
        return self.mean - self.truth

    @property
    def is_off(self) -> float:
        """The bias in Monte-Carlo standard errors."""
        return self.bias / self.monte_carlo_error


def measured(estimator: Estimator, plan: Plan) -> list[Finding]:
    """The findings of each kind of company and method."""
    found = []
    for kind, company in KINDS.items():
        panel = replicated(company, plan.n_replicates, SEED)
        started = time.perf_counter()
        values = estimator.run(panel)["nps_point_value"]
        seconds = time.perf_counter() - started
        for method in METHODS:
            rows = in_regions(values, method)
            rows = rows[rows["horizon_months"] == HORIZON]
            found.append(summed_up(kind, method, company, rows, plan.n_replicates, seconds))
    return found


def summed_up(kind: str, method: str, company: Company, rows: pd.DataFrame, n: int, seconds: float) -> Finding:
    # An account that leaves has growth of −1 whatever its score, so only those that stay show the effect.
    truth = company.effect * (1 - company.share_leaving)
    given = rows[rows["slope_per_point"].notna()]
    slopes = given["slope_per_point"].to_numpy()
    return Finding(
        kind=kind,
        method=method,
        truth=truth,
        n_given=len(given),
        n_replicates=n,
        mean=float(slopes.mean()),
        monte_carlo_error=float(slopes.std(ddof=1) / np.sqrt(len(slopes))),
        coverage=float(holds(given, truth).mean()),
        share_good=float(rows["evidence_grade"].isin(["A", "B"]).sum() / n),
        seconds=seconds,
    )


@dataclass(frozen=True)
class Grading:
    """How companies of one kind are graded; shares of all replicates."""

    kind: str
    ledger: Ledger
    good: Mapping[int, float]
    good_at_any: float
    refused: float
    failed: Mapping[str, float]
    # Of the intervals that are given at each horizon, how many hold the truth.
    coverage: Mapping[int, float]
    # What the halves of the contacts give over the shortest horizon: how many, their mean and its error, the coverage.
    n_by_halves: int
    mean_by_halves: float
    error_by_halves: float
    coverage_by_halves: float
    n_replicates: int
    seconds: float

    def slack(self, share: float) -> float:
        """Two Monte-Carlo errors of a share."""
        return float(2 * np.sqrt(share * (1 - share) / self.n_replicates))

    @property
    def identified(self) -> tuple[int, ...]:
        """The horizons at which the truth is known and within reach.

        With the score following growth it is not, and the grade says so; nor where an effect is seen through noise.
        Over longer horizons the scores between are in the growth, so that only no effect at all is known.
        """
        if self.ledger.reaction or (self.ledger.effect and self.ledger.most_contacts):
            return ()
        return (HORIZON,) if self.ledger.effect else HORIZONS


def graded(estimator: Estimator, plan: Plan, kinds: Mapping[str, Ledger] = LEDGERS) -> list[Grading]:
    """The grades within accounts at each horizon, each replicate by itself as if it were the company of a build."""
    found = []
    for kind, ledger in kinds.items():
        # Large companies are fewer: all together they have as many accounts as the others.
        n_replicates = min(plan.n_replicates, plan.n_replicates * USUAL_ACCOUNTS // ledger.n_accounts)
        panel = replicated(ledger, n_replicates, SEED)
        started = time.perf_counter()
        tables = estimator.run(panel)
        seconds = time.perf_counter() - started
        values = as_companies(tables["nps_point_value"])
        by_halves = in_regions(tables["nps_point_value"], "within_account_iv")
        by_halves = by_halves[(by_halves["horizon_months"] == HORIZON) & by_halves["slope_per_point"].notna()]
        checks = in_regions(tables["nps_point_value_checks"], "within_account")
        failed = checks[(checks["horizon_months"] == HORIZON) & (checks["verdict"] == "failed")]
        by_horizon = values.groupby("horizon_months")["is_good"].sum() / n_replicates
        given = values[values["slope_per_point"].notna()]
        found.append(
            Grading(
                kind=kind,
                ledger=ledger,
                good={months: float(by_horizon[months]) for months in HORIZONS},
                good_at_any=float(values.groupby("dimension_value")["is_good"].any().sum() / n_replicates),
                refused=float((values["evidence_grade"] == "R").mean()),
                failed={name: float((failed["check_name"] == name).sum() / n_replicates) for name in CHECKS},
                coverage={
                    months: float(holds(given[given["horizon_months"] == months], ledger.effect).mean())
                    for months in HORIZONS
                },
                n_by_halves=len(by_halves),
                mean_by_halves=float(by_halves["slope_per_point"].mean()),
                error_by_halves=float(by_halves["slope_per_point"].std() / np.sqrt(max(len(by_halves), 1))),
                coverage_by_halves=float(holds(by_halves, ledger.effect).mean()),
                n_replicates=n_replicates,
                seconds=seconds,
            )
        )
    return found


@dataclass(frozen=True)
class Family:
    """Companies in which nothing goes on, and how many of them have a B anywhere."""

    n_companies: int
    n_estimates: float
    n_good: float
    any_among_values: float
    any_at_all: float


def family_wise(estimator: Estimator, n_companies: int, n_values: int = 33) -> Family:
    """Companies of 900 accounts and as many values of a dimension, each graded as a build of its own."""
    company = Ledger(n_accounts=900)
    among_values, at_all, n_estimates, n_good = [], [], [], []
    for stream in np.random.default_rng(SEED).spawn(n_companies):
        rows = with_windows(company.rows(stream)).drop(columns=["owner", "parent"])
        parts = {f"v{value:02d}": rows[rows["account"] % n_values == value] for value in range(n_values)}
        values = estimator.run(as_panel(parts))["nps_point_value"]
        is_good = values["evidence_grade"] == "B"
        among_values.append(bool((is_good & (values["dimension"] != "all")).any()))
        at_all.append(bool(is_good.any()))
        n_estimates.append(int(values["q_value"].notna().sum()))
        n_good.append(int(is_good.sum()))
    return Family(
        n_companies=n_companies,
        n_estimates=float(np.mean(n_estimates)),
        n_good=float(np.mean(n_good)),
        any_among_values=float(np.mean(among_values)),
        any_at_all=float(np.mean(at_all)),
    )


def problems_of_families(family: Family, plan: Plan) -> list[str]:
    """What does not hold of all values of a company together, in words."""
    slack = 2 * np.sqrt(plan.false_alarms * (1 - plan.false_alarms) / family.n_companies)
    if family.any_among_values > plan.false_alarms + slack:
        return [
            f"{family.any_among_values:.1%} of companies without an effect have a B among the values of a dimension"
        ]
    return []


def holds(values: pd.DataFrame, truth: float) -> pd.Series:
    """Whether each interval holds the truth."""
    return (values["slope_ci_low"] <= truth) & (values["slope_ci_high"] >= truth)


def in_regions(values: pd.DataFrame, method: str) -> pd.DataFrame:
    """The rows of each region, every account one point higher."""
    is_company = values["dimension"] == "region"
    return values[(values["method"] == method) & (values["path"] == "all_accounts") & is_company]


def as_companies(values: pd.DataFrame) -> pd.DataFrame:
    """Estimates within accounts of each region, graded among its own horizons: in the build they are many values."""
    rows = in_regions(values, "within_account")
    t = (rows["slope_per_point"] / rows["slope_std_error"]).abs()
    rows = rows.assign(p=2 * stats.t.sf(t, rows["degrees_of_freedom"]), q=np.nan)
    for _, given in rows[rows["p"].notna()].groupby("dimension_value"):
        rows.loc[given.index, "q"] = multipletests(given["p"], method="holm")[1]
    is_last = rows["grade_reason"].isin(["not_randomised", "many_looks"])
    return rows.assign(is_good=is_last & (rows["q"] <= 0.05))


def problems_of_grades(gradings: list[Grading], plan: Plan) -> list[str]:
    """What does not hold of the grades, in words: each bound, beyond what two Monte-Carlo errors allow."""
    found = []
    for one in gradings:
        false_alarms = plan.false_alarms_at_any + one.slack(plan.false_alarms_at_any)
        if one.ledger.effect == 0 and one.good_at_any > false_alarms:
            found.append(f"{one.kind}: {one.good_at_any:.1%} are graded B at some horizon without an effect")
        for months in one.identified:
            share = one.coverage[months]
            if not plan.coverage[0] - one.slack(0.95) <= share <= plan.coverage[1] + one.slack(0.95):
                found.append(f"{one.kind}: {share:.1%} of the intervals over {months} months hold the truth")
        if one.kind in SEEN_CLEARLY and one.good_at_any < plan.power - one.slack(plan.power):
            found.append(f"{one.kind}: only {one.good_at_any:.1%} are graded B")
        if one.ledger.reaction and min(one.failed[name] for name in ("lag", "pre_trend")) < 0.9:
            found.append(f"{one.kind}: the checks of what came first do not see it")
        if one.ledger.most_contacts and one.ledger.effect:
            share, bias = one.coverage_by_halves, abs(one.mean_by_halves - one.ledger.effect)
            if not plan.coverage[0] - one.slack(0.95) <= share <= plan.coverage[1] + one.slack(0.95):
                found.append(f"{one.kind}: by halves of the contacts, {share:.1%} of the intervals hold the truth")
            if bias > plan.bias * one.ledger.effect + 2 * one.error_by_halves:
                found.append(f"{one.kind}: by halves of the contacts, the mean is {100 * one.mean_by_halves:.4f}")
    return found


def table_of_grades(gradings: list[Grading]) -> str:
    lines = [
        f"{'companies':<28}{'number':>7}{'truth':>7}"
        + "".join(f"{f'B at {months}':>9}" for months in HORIZONS)
        + f"{'at any':>9}{'refused':>9}"
        + "".join(f"{f'covers at {months}':>14}" for months in HORIZONS)
        + f"{'by halves':>11}{'mean':>9}{'MC error':>10}{'covers':>8}"
        + "".join(f"{name + ' fails':>17}" for name in CHECKS)
        + f"{'seconds':>9}"
    ]
    lines += [
        f"{one.kind:<28}{one.n_replicates:>7}{100 * one.ledger.effect:>7.2f}"
        + "".join(f"{one.good[months]:>9.1%}" for months in HORIZONS)
        + f"{one.good_at_any:>9.1%}{one.refused:>9.1%}"
        + "".join(f"{one.coverage[months]:>14.1%}" for months in HORIZONS)
        + f"{one.n_by_halves:>11}{100 * one.mean_by_halves:>9.4f}{100 * one.error_by_halves:>10.4f}"
        + f"{one.coverage_by_halves:>8.1%}"
        + "".join(f"{one.failed[name]:>17.1%}" for name in CHECKS)
        + f"{one.seconds:>9.1f}"
        for one in gradings
    ]
    return "\n".join(lines)


def problems(findings: list[Finding], plan: Plan) -> list[str]:
    """What does not hold, in words; nothing where all holds."""
    found = []
    for finding in findings:
        where = f"{finding.method}, {finding.kind}"
        if finding.n_given < 0.9 * plan.n_replicates:
            found.append(f"{where}: only {finding.n_given} of {plan.n_replicates} companies are given an estimate")
        if finding.method == "within_account":
            if abs(finding.is_off) > plan.n_errors:
                found.append(f"{where}: the mean is off by {finding.is_off:.1f} Monte-Carlo errors")
            if not plan.coverage[0] <= finding.coverage <= plan.coverage[1]:
                found.append(f"{where}: {finding.coverage:.1%} of the intervals hold the truth")
            if finding.truth == 0 and finding.share_good > plan.false_alarms:
                found.append(f"{where}: {finding.share_good:.1%} are graded B or better without an effect")
        elif finding.share_good:
            found.append(f"{where}: graded B or better")
        elif "confounded" in finding.kind and finding.is_off < 10:
            found.append(f"{where}: confounding does not show, so these companies prove nothing")
    return found


def table(findings: list[Finding]) -> str:
    """The findings in columns: growth per 100 points, shares in per cent."""
    lines = [
        f"{'companies':<24}{'method':<22}{'truth':>8}{'mean':>9}{'bias':>9}{'MC error':>10}{'off by':>8}"
        f"{'coverage':>10}{'B or more':>11}{'given':>7}{'seconds':>9}"
    ]
    lines += [
        f"{one.kind:<24}{one.method:<22}{100 * one.truth:>8.4f}{100 * one.mean:>9.4f}{100 * one.bias:>+9.4f}"
        f"{100 * one.monte_carlo_error:>10.4f}{one.is_off:>+8.1f}{one.coverage:>10.1%}{one.share_good:>11.1%}"
        f"{one.n_given:>7}{one.seconds:>9.1f}"
        for one in findings
    ]
    return "\n".join(lines)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        findings = measured(compiled_estimator(Path(folder) / "one"), FULL)
        gradings = graded(compiled_estimator(Path(folder) / "several", HORIZONS), FULL, {**LEDGERS, **NOISY, **SHARED})
        beyond = graded(compiled_estimator(Path(folder) / "beyond", HORIZONS), FULL, BEYOND)
        family = family_wise(compiled_estimator(Path(folder) / "families", HORIZONS), N_FAMILIES)
    print(f"{FULL.n_replicates} companies of each kind; growth per 100 points; off by: bias in Monte-Carlo errors\n")
    print(table(findings))
    print("\nGraded B within accounts, at each horizon and at any; checks over 3 months\n")
    print(table_of_grades([*gradings, *beyond]))
    print(
        f"\n{family.n_companies} companies of 900 accounts without an effect, {family.n_estimates:.0f} estimates each: "
        f"{family.n_good:.2f} B on average; {family.any_among_values:.1%} have one among the values of a dimension, "
        f"{family.any_at_all:.1%} anywhere"
    )
    broken = problems(findings, FULL) + problems_of_grades(gradings, FULL) + problems_of_families(family, FULL)
    print("\n" + ("\n".join(broken) if broken else "Every bound holds."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
