"""What arrives from the survey tool: can the scores be read, and do people still say why?"""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import Batch, Warehouse

TABLE = "staging.stg_survey__responses"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """Shares of the answers to NPS questions; without definitions every survey asks one."""
    lowest, highest = vocabulary.SCORES[0], vocabulary.SCORES[-1]
    return (
        Batch(
            f"""
            with

            answers as (
                select
                    try_cast(responses.score_text as double) as number,
                    responses.verdict = 'accepted' as is_accepted,
                    coalesce(responses.verbatim_reason, responses.verbatim_improve) is not null as has_comment
                from {TABLE} as responses
                left join staging.stg_survey__definitions as surveys
                    on responses.survey_id = surveys.survey_id and surveys.verdict = 'accepted'
                where responses.verdict in ('accepted', 'quarantined')
                    and responses.score_text is not null
                    and coalesce(surveys.metric, 'nps') = 'nps'
            ),

            judged as (
                select
                    has_comment,
                    is_accepted,
                    coalesce(number = floor(number) and number between {lowest} and {highest}, false) as is_readable
                from answers
            )

            select
                count(*) as n_with_score,
                count(*) filter (where not is_readable) as n_unreadable,
                count(*) filter (where is_accepted) as n_accepted,
                count(*) filter (where is_accepted and not has_comment) as n_without_comment,
                1 - n_unreadable / nullif(n_with_score, 0) as share_readable,
                n_without_comment / nullif(n_accepted, 0) as share_without_comment
            from judged
            """,
            (),
            (
                vocabulary.readable_scores("share_readable", "n_unreadable", "n_with_score"),
                vocabulary.few_without_comment("share_without_comment", "n_without_comment", "n_accepted"),
            ),
        ),
    )
