"""What stopped a build, said in one form: which rule, on which table, how many rows, with examples, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXAMPLES_SHOWN = 3
EXAMPLE_LENGTH = 300


@dataclass(frozen=True)
class Finding:
    """One rule that failed on one table. ``n_rows`` is None where rows are not what is wrong (a missing column)."""

    rule: str
    table: str
    message: str
    n_rows: int | None = None
    examples: tuple[str, ...] = ()
    next_step: str = ""

    def text(self) -> str:
        rows = "" if self.n_rows is None else f" ({self.n_rows:,} row{'' if self.n_rows == 1 else 's'})"
        lines = [f"FAILED {self.rule} on {self.table}{rows}: {self.message}"]
        lines += [f"  example: {example}" for example in self.examples[:EXAMPLES_SHOWN]]
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


class BuildError(Exception):
    """The build cannot go on; ``findings`` says why. Running it again on the same input fails again."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__("\n".join(finding.text() for finding in findings))


class PassingFaultError(BuildError):
    """What the build needs is not to be had just now; the same step may succeed later."""


class RawInputError(BuildError):
    """What lies under NPS_RAW cannot be read as the raw tables of the contract."""


def example_text(row: Mapping[str, object]) -> str:
    """A row as one short line, blanks left out."""
    text = ", ".join(f"{name}={value}" for name, value in row.items() if value is not None)
    return text if len(text) <= EXAMPLE_LENGTH else text[: EXAMPLE_LENGTH - 1] + "…"
