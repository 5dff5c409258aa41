"""The standing score day by day: the headline beside the one that was published last."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import PUBLISHED, Batch, Warehouse

TABLE = "marts.nps_rolling"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """The last day of each programme, now and then."""
    if not published.has(TABLE, "program_type", "dimension", "date_day", "n_scored", "nps"):
        return ()
    return (
        Batch(
            f"""
            with

            headlines_now as (
                {_last_day(TABLE)}
            ),

            headlines_before as (
                {_last_day(f"{PUBLISHED}.{TABLE}")}
            )

            select
                program_type,
                headlines_now.nps,
                headlines_before.nps as nps_before,
                {vocabulary.rounded("headlines_now.nps - headlines_before.nps")} as nps_moved
            from headlines_now
            inner join headlines_before using (program_type)
            where least(headlines_now.n_scored, headlines_before.n_scored) >= {vocabulary.DRIFT_NEEDS_ANSWERS}
            order by program_type
            """,
            ("program_type",),
            (vocabulary.nps_steady("nps_moved", "nps", "nps_before"),),
        ),
    )


def _last_day(table: str) -> str:
    return f"""
        select program_type, n_scored, nps
        from {table}
        where dimension = 'all'
        qualify row_number() over (partition by program_type order by date_day desc) = 1
    """
