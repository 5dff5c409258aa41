"""How much of the base was asked and answered."""

from __future__ import annotations

from expectations import vocabulary
from expectations.tables import Batch, Warehouse

TABLE = "marts.account_coverage"


def batches(published: Warehouse) -> tuple[Batch, ...]:
    """Who answered was invited, and who was invited is an account."""
    return (
        Batch(
            f"select month_start, dimension, dimension_value, n_accounts, n_invited, n_answered from {TABLE}",
            ("month_start", "dimension", "dimension_value"),
            (vocabulary.at_most("n_answered", "n_invited"), vocabulary.at_most("n_invited", "n_accounts")),
        ),
    )
