"""Planted truth: companies whose effect of a point is known, and what the models make of them.

    python -m tests.verify_statistics

prints, for each kind of company, the bias of each estimate, its Monte-Carlo error, how often its 95 % interval holds
the truth, how often no effect at all is graded B or better, and how long it took. It ends with 1 if a bound is broken.
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

from tests.panels import HORIZON, Company, Estimator, compiled_estimator, replicated

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


FULL = Plan(n_replicates=500, n_errors=2.0, coverage=(0.93, 0.97), false_alarms=0.05)
# Of 60 intervals that each hold the truth with .95, fewer than 52 do in 1 of 1,000 runs, and 60 in 1 of 20; more than 8
# false alarms of 60 come in 1 of 500 runs at .05. The companies are seeded: a run that passes passes always.
SMALL = Plan(n_replicates=60, n_errors=3.0, coverage=(0.866, 1.0), false_alarms=0.134)

KINDS: Mapping[str, Company] = {
    "effect": Company(effect=0.001),
    "effect, confounded": GOOD,
    "no effect, confounded": Company(effect=0.0, confounding=0.08),
    "effect, one contact": Company(effect=0.001, confounding=0.08, most_contacts=1),
    "effect, heavier tail": Company(effect=0.001, confounding=0.08, revenue_tail=1.25),
    "effect, accounts leave": Company(effect=0.001, confounding=0.05, share_leaving=0.03, n_accounts=250),
}


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
            rows = values[
                (values["method"] == method)
                & (values["path"] == "all_accounts")
                & (values["dimension"] == "region")
                & (values["horizon_months"] == HORIZON)
            ]
            found.append(summed_up(kind, method, company, rows, plan.n_replicates, seconds))
    return found


def summed_up(kind: str, method: str, company: Company, rows: pd.DataFrame, n: int, seconds: float) -> Finding:
    # An account that leaves has growth of −1 whatever its score, so only those that stay show the effect.
    truth = company.effect * (1 - company.share_leaving)
    given = rows[rows["slope_per_point"].notna()]
    slopes = given["slope_per_point"].to_numpy()
    holds = (given["slope_ci_low"] <= truth) & (given["slope_ci_high"] >= truth)
    return Finding(
        kind=kind,
        method=method,
        truth=truth,
        n_given=len(given),
        n_replicates=n,
        mean=float(slopes.mean()),
        monte_carlo_error=float(slopes.std(ddof=1) / np.sqrt(len(slopes))),
        coverage=float(holds.mean()),
        share_good=float(rows["evidence_grade"].isin(["A", "B"]).sum() / n),
        seconds=seconds,
    )


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
        estimator = compiled_estimator(Path(folder))
        findings = measured(estimator, FULL)
    print(f"{FULL.n_replicates} companies of each kind; growth per 100 points; off by: bias in Monte-Carlo errors\n")
    print(table(findings))
    broken = problems(findings, FULL)
    print("\n" + ("\n".join(broken) if broken else "Every bound holds."))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
