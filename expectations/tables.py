"""What a suite is made of: the tables of a warehouse file, and batches of rows with the rules that hold for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from great_expectations.expectations.expectation import Expectation

# Under this name a query reads the warehouse that was published last.
PUBLISHED = "last_published"


@dataclass(frozen=True)
class Table:
    """A table as the file describes it: its columns in order, with their types."""

    schema: str
    name: str
    columns: Mapping[str, str]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Warehouse:
    """The tables of a warehouse file by full name; empty where there is no file, as before the first publication."""

    tables: Mapping[str, Table]

    def has(self, full_name: str, *columns: str) -> bool:
        table = self.tables.get(full_name)
        return table is not None and all(column in table.columns for column in columns)


@dataclass(frozen=True)
class Batch:
    """Rows to look at: the query that reads them, the columns that name a row, and what must hold for each.

    Of the keys, those that are only ``names`` are in no rule: they are read once a rule has found a row to name. Where
    every rule ``is_of_single_rows``, the rows need not be looked at together, and one of those that hold the same is
    enough while no rule is broken.
    """

    query: str
    keys: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    names: tuple[str, ...] = ()
    is_of_single_rows: bool = False


@dataclass(frozen=True)
class Suite:
    """All that must hold for one table."""

    table: str
    batches: tuple[Batch, ...]

    @property
    def name(self) -> str:
        return self.table.split(".", 1)[1]
