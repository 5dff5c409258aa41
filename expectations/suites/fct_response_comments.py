"""The published comments: nothing in them that names or reaches a person."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import Batch, Warehouse

TABLE = "marts.fct_response_comments"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """The comments in which something looks like an address or a number of a person, without the comments themselves.

    By other expressions than those that took it out (orchestration/comments/redaction.py): broader where a person could
    be reached, so that a rule that is lost there is missed here.
    """
    cases = " ".join(
        f"when regexp_matches(comment_redacted, '{pattern}') then '{kind}'"
        for kind, pattern in vocabulary.PERSONAL_PATTERNS.items()
    )
    return (
        Batch(
            f"""
            with

            looked_at as (
                select response_id, question, case {cases} end as looks_like from {TABLE}
            )

            select response_id, question, looks_like
            from looked_at
            where looks_like is not null
            order by response_id, question
            """,
            ("response_id", "question"),
            (vocabulary.nothing_personal("looks_like"),),
        ),
    )
