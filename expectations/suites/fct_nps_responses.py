"""The scored answers: their number beside the last published build."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import PUBLISHED, Batch, Warehouse

TABLE = "marts.fct_nps_responses"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """Answers by programme, now and then; a programme that is gone counts as none."""
    if not published.has(TABLE, "program_type"):
        return ()
    return (
        Batch(
            f"""
            with

            answers_now as (
                select program_type, count(*) as n_answers from {TABLE} group by program_type
            ),

            answers_before as (
                select program_type, count(*) as n_answers from {PUBLISHED}.{TABLE} group by program_type
            )

            select
                program_type,
                coalesce(answers_now.n_answers, 0) as n_answers,
                answers_before.n_answers as n_before,
                coalesce(answers_now.n_answers, 0) / answers_before.n_answers as volume_ratio
            from answers_before
            left join answers_now using (program_type)
            order by program_type
            """,
            ("program_type",),
            (vocabulary.volume_steady("volume_ratio", "n_answers", "n_before"),),
        ),
    )
