"""The scale that turns answers into points; users edit it, so it is checked as if it came from outside."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import Batch, Warehouse

TABLE = "reference.nps_scale"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """Every answer that can be given has one line; its category and points are checked by their names."""
    lowest, highest = vocabulary.SCORES[0], vocabulary.SCORES[-1]
    return (
        Batch(
            f"""
            select answers.score, count(scale.score) as n_lines
            from range({lowest}, {highest + 1}) as answers(score)
            left join {TABLE} as scale on answers.score = scale.score
            group by answers.score
            order by answers.score
            """,
            ("score",),
            (
                vocabulary.exactly_one(
                    "n_lines",
                    f"Each score from {lowest} to {highest} stands on the scale once",
                    "Restore the line in seeds/reference/nps_scale.csv: without it such answers count nowhere.",
                ),
            ),
        ),
    )
