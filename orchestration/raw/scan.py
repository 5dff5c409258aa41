"""What the engine reads in one go: consecutive files of one format with the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
class Scan:
    """Consecutive files of one format with the same columns, which the engine reads in one go."""

    format: str
    files: tuple[RawFile, ...]
    columns: Mapping[str, FileColumn]
    extra: tuple[str, ...]
    # The relation to read, and the expression that numbers its rows from 1.
    relation: str
    row_number: str
