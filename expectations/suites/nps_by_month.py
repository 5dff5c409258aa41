"""The score by month: what was published of a month should not read otherwise tomorrow."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import PUBLISHED, Batch, Warehouse

TABLE = "marts.nps_by_month"
_CELL = ("month_start", "program_type", "nps_rule")


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """The total of each month, now and as published; the newest published month may still have been under way."""
    if not published.has(TABLE, *_CELL, "dimension", "n_scored", "nps"):
        return ()
    return (
        Batch(
            f"""
            with

            months_now as (
                select * from {TABLE} where dimension = 'all'
            ),

            months_before as (
                select * from {PUBLISHED}.{TABLE}
                where dimension = 'all'
                    and month_start < (select max(month_start) from {PUBLISHED}.{TABLE})
            )

            select
                {", ".join(_CELL)},
                months_now.nps,
                months_before.nps as nps_before,
                {vocabulary.rounded("months_now.nps - months_before.nps")} as nps_moved
            from months_before
            inner join months_now using ({", ".join(_CELL)})
            where least(months_now.n_scored, months_before.n_scored) >= {vocabulary.DRIFT_NEEDS_ANSWERS}
            order by {", ".join(_CELL)}
            """,
            _CELL,
            (vocabulary.closed_month_steady("nps_moved", "nps", "nps_before"),),
        ),
    )
