"""What the engine reads in one go: consecutive files of one format with the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from orchestration.raw.files import RawFile

TEXT = "VARCHAR"
# The column in which a reader gives the address of a row's file; no file has a column of this name.
ADDRESS = "_raw_address"


@dataclass(frozen=True)
class FileColumn:
    """A column as a file has it: its name as written, the expression that reads it, its type."""

    written: str
    expression: str
    type: str = TEXT


@dataclass(frozen=True)
class Matched:
    """The columns of a file: those of the contract, the names of all others, and those others that are counted.

    ``every`` has all of them in their order, also those that share a name or have none.
    """

    columns: Mapping[str, FileColumn]
    extra: tuple[str, ...] = ()
    counted: Mapping[str, FileColumn] = field(default_factory=dict)
    every: tuple[FileColumn, ...] = ()


@dataclass(frozen=True)
class Scan:
    """Consecutive files of one format with the same columns, which the engine reads in one go.

    ``written`` has the names of all columns of a CSV file, in their order.
    """

    format: str
    files: tuple[RawFile, ...]
    matched: Matched
    # The relation to read, and the expression that numbers its rows from 1.
    relation: str
    row_number: str
    written: tuple[str, ...] = ()
