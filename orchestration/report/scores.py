"""A score as the marts give it, with what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from orchestration.report.numbers import counted, interval, signed_points

METHODS = {
    "account_jackknife": "account jackknife",
    "adjusted_jackknife": "adjusted jackknife",
    "adjusted_wald": "adjusted Wald",
    "adjusted_wald_effective": "adjusted Wald on effective accounts",
}
METHODS_EXPLAINED = {
    "account_jackknife": "accounts that answer more than once are left out one by one",
    "adjusted_jackknife": "revenue weighs answers, so effective accounts count, and each is left out in turn",
    "adjusted_wald": "no account answered twice, so answers count as independent",
    "adjusted_wald_effective": "all accounts answered alike, so each effective account counts as one answer",
}
NO_ANSWERS = "no_answers"
SUPPRESSED = "suppressed"
ONE_ACCOUNT = "one_account"
LOW_SAMPLE = "low_sample"

# A number and the ends of its interval.
Shown = tuple[float, float, float]


class Drawn(Protocol):
    """What a chart needs of an estimate."""

    @property
    def shown(self) -> Shown | None: ...

    @property
    def is_low_sample(self) -> bool: ...


@dataclass(frozen=True)
class Estimate:
    """A number other than a score, with its interval; without one it is not shown."""

    shown: Shown | None
    is_low_sample: bool = False

    @classmethod
    def of(cls, row: Mapping[str, Any], column: str, suppression_reason: str | None = None) -> Estimate:
        """The figure of a row that has its interval in <column>_ci_low and <column>_ci_high."""
        shown = interval_of(row, column, f"{column}_ci_low", f"{column}_ci_high")
        return cls(shown, suppression_reason == LOW_SAMPLE)


def interval_of(row: Mapping[str, Any], estimate: str, low: str = "ci_low", high: str = "ci_high") -> Shown | None:
    """A figure of a row with the ends of its interval; none where one of the three is missing."""
    ends = [row[estimate], row[low], row[high]]
    return None if any(end is None for end in ends) else (float(ends[0]), float(ends[1]), float(ends[2]))


@dataclass(frozen=True)
class Score:
    """A cell of a mart with scores. ``minimum`` is how many scored answers it takes to be shown."""

    nps: float | None
    ci_low: float | None
    ci_high: float | None
    n_scored: int
    ci_method: str | None
    suppression_reason: str | None
    minimum: int

    @classmethod
    def of(cls, row: Mapping[str, Any], minimum: int) -> Score:
        return cls(
            nps=row["nps"],
            ci_low=row["ci_low"],
            ci_high=row["ci_high"],
            n_scored=row["n_scored"],
            ci_method=row["ci_method"],
            suppression_reason=row["suppression_reason"],
            minimum=minimum,
        )

    @property
    def is_shown(self) -> bool:
        """Whether the number may be printed: it has an interval, and no reason stands against it but a small sample."""
        return self.shown is not None

    @property
    def shown(self) -> Shown | None:
        """The score and the ends of its interval, if it may be printed."""
        if self.nps is None or self.ci_low is None or self.ci_high is None:
            return None
        return (self.nps, self.ci_low, self.ci_high) if self.suppression_reason in (None, LOW_SAMPLE) else None

    @property
    def is_low_sample(self) -> bool:
        return self.suppression_reason == LOW_SAMPLE

    @property
    def method(self) -> str:
        return METHODS.get(self.ci_method or "", self.ci_method or "")

    @property
    def method_explained(self) -> str:
        return METHODS_EXPLAINED.get(self.ci_method or "", "")

    def refusal(self, unit: str = "answer") -> str:
        """Why the number is not shown."""
        if self.n_scored == 0 or self.suppression_reason == NO_ANSWERS:
            return "no scored answer"
        counts = counted(self.n_scored, unit)
        if self.suppression_reason == SUPPRESSED or self.n_scored < self.minimum:
            return f"not shown: {counts}; needs {self.minimum}"
        if self.suppression_reason == ONE_ACCOUNT:
            return f"not shown: {counts}, of one account"
        return f"not shown: {counts}, no interval"

    def sentence(self, unit: str = "answer") -> str:
        """+31.2 (95 % interval 28.0 to 34.4, n 2,746, account jackknife), or why not."""
        if self.shown is None:
            return self.refusal(unit)
        nps, low, high = self.shown
        small = ", small sample" if self.is_low_sample else ""
        return f"{signed_points(nps)} (95 % interval {interval(low, high)}, n {self.n_scored:,}, {self.method}{small})"
