"""What the audit found: one result per rule and table, and the outcome of all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class CheckResult:
    """What one rule found on one table. ``examples`` holds up to three broken rows: what names them, and the values."""

    suite: str
    table: str
    rule: str
    column: str
    severity: Literal["error", "warning"]
    success: bool
    n_unexpected: int
    n_rows: int
    examples: list[dict[str, Any]]
    message: str
    sentence: str = ""
    advice: str = ""


@dataclass(frozen=True)
class ValidationOutcome:
    """All results, in the order of the tables; a build is published only if ``failed`` is 0."""

    results: list[CheckResult] = field(default_factory=list)

    @property
    def passed(self) -> int:
        return sum(result.success for result in self.results)

    @property
    def warned(self) -> int:
        return sum(not result.success and result.severity == "warning" for result in self.results)

    @property
    def failed(self) -> int:
        return sum(not result.success and result.severity == "error" for result in self.results)
