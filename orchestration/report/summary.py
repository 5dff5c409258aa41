"""What the report says, in a few numbers: for Dagster's page and for whoever watches the nights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.release.warehouse import headline, rows_as_dicts
from orchestration.report.numbers import interval, signed_points
from orchestration.report.pages.money import best_estimate
from orchestration.report.release import Rules, literal

MONTHS_SHOWN = 12
# A bar of the keyboard would end the cell of the table.
ZERO = "┆"
# From -100 to 100, one letter for so many points.
POINTS_PER_LETTER = 5


@dataclass(frozen=True)
class Summary:
    """The score of the headline programme, the best estimate of what a point is worth, and the score by month.

    Each is a row as the marts have it. ``score`` is None where nobody has answered, ``value`` where every estimate is
    refused; ``months`` has those months alone whose score may be shown, the newest last.
    """

    program_type: str
    score: Mapping[str, Any] | None
    value: Mapping[str, Any] | None
    months: Sequence[Mapping[str, Any]]

    @property
    def picture(self) -> str:
        """The months as a table in Markdown, each with a bar from its interval's low end to its high one."""
        lines = ["| month | NPS | 95 % interval | −100 … 0 … +100 |", "|---|---|---|---|"]
        lines += [
            f"| {row['month_start']:%Y-%m} | {signed_points(row['nps'])} | {interval(row['ci_low'], row['ci_high'])} "
            f"| `{_bar(row['nps'], row['ci_low'], row['ci_high'])}` |"
            for row in self.months
        ]
        return "\n".join(lines) if self.months else "No month has answers enough to be shown."


def summarised(release_file: Path, as_of: str, variables: Mapping[str, Any] | None = None) -> Summary:
    """``variables`` are those that a company sets in place of the project's."""
    program_type = Rules.load(variables).headline_program_type
    return Summary(
        program_type,
        headline(release_file, program_type, as_of),
        best_estimate(rows_as_dicts(release_file, "select * from marts.nps_point_value where dimension = 'all'")),
        rows_as_dicts(
            release_file,
            f"""
            select month_start, nps, ci_low, ci_high
            from marts.nps_by_month
            where
                program_type = {literal(program_type)}
                and dimension = 'all'
                and nps_rule = 'contact_latest'
                and is_reportable
                and ci_low is not null
            order by month_start desc
            limit {MONTHS_SHOWN}
            """,
        )[::-1],
    )


def _bar(score: float, low: float, high: float) -> str:
    """A line from -100 to 100: where 0 is, how far the interval reaches, and where the score stands."""
    letters = ["·"] * (200 // POINTS_PER_LETTER + 1)
    letters[_place(0)] = ZERO
    letters[_place(low) : _place(high) + 1] = ["─"] * (_place(high) - _place(low) + 1)
    letters[_place(score)] = "●"
    return "".join(letters)


def _place(points: float) -> int:
    return round((min(max(points, -100), 100) + 100) / POINTS_PER_LETTER)
