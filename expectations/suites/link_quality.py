"""How answers find their account: the share that does, beside the last published build."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import PUBLISHED, Batch, Warehouse

TABLE = "marts.link_quality"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """The share of linked answers in the month before the newest, now and as published; the newest may be under way."""
    if not published.has(TABLE, "month_start", "link_method", "n_answers"):
        return ()
    return (
        Batch(
            f"""
            with

            linked_now as (
                {_last_complete_month(TABLE)}
            ),

            linked_before as (
                {_last_complete_month(f"{PUBLISHED}.{TABLE}")}
            )

            select
                linked_now.month_start,
                linked_now.share_linked,
                linked_before.share_linked as share_before,
                {vocabulary.rounded("100 * (linked_before.share_linked - linked_now.share_linked)")} as points_lost
            from linked_now
            cross join linked_before
            where least(linked_now.n_answers, linked_before.n_answers) >= {vocabulary.DRIFT_NEEDS_ANSWERS}
            """,
            ("month_start",),
            (vocabulary.links_steady("points_lost", "share_linked", "share_before"),),
        ),
    )


def _last_complete_month(table: str) -> str:
    return f"""
                select
                    month_start,
                    sum(n_answers) as n_answers,
                    1 - coalesce(sum(n_answers) filter (link_method = 'unlinked'), 0) / sum(n_answers) as share_linked
                from {table}
                where month_start < (select max(month_start) from {table})
                group by month_start
                order by month_start desc
                limit 1
    """
