"""What became of every row that came: nothing is lost."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import Batch, Warehouse

TABLE = "marts.row_reconciliation"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """The rows of a raw table are the sum of its verdicts."""
    return (
        Batch(
            f"""
            select
                raw_table,
                n_raw,
                n_superseded + n_deleted + n_quarantined + n_accepted as sum_of_verdicts
            from {TABLE}
            """,
            ("raw_table",),
            (
                vocabulary.parts_add_up(
                    "n_raw",
                    "sum_of_verdicts",
                    "n_raw is the sum of n_superseded, n_deleted, n_quarantined and n_accepted",
                ),
            ),
        ),
    )
