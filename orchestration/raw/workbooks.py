"""Rows of an Excel workbook (XLSX) as text, and what a spreadsheet does to values that nobody can take back."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import IO
from xml.etree import ElementTree

import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from orchestration.findings import Finding, RawInputError
from orchestration.raw.files import RawFile
from orchestration.raw.texts import squeezed

CHUNK = 1 << 20
ROWS_AT_ONCE = 50_000
# From here on a spreadsheet's numbers do not hold every digit of a whole number.
EXACT_BELOW = 2.0**53
NOISY_BELOW = 1e6
DIGITS_TYPED = 16
ERROR_CELL = re.compile(rb'<(?:\w+:)?c\s[^>]*\bt="e"[^>]*>')
# A formula whose result the program that wrote the book did not work out; one that gives text may give none.
UNCALCULATED_CELL = re.compile(
    rb'<(?:\w+:)?c\s(?![^>]*\bt="str")[^>]*>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)'
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
CELL_NAME = re.compile(rb'\br="([A-Z]+)(\d+)"')
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"

Cell = str | bool | int | float | date | datetime | time | timedelta


@dataclass
class Sheet:
    """One sheet as text: the names of its header, its rows as columns c0, c1, …, and the places that lost a value.

    Each place is a column (from 0) and the name of a cell.
    """

    names: tuple[str, ...]
    rows: pa.Table
    errors: list[tuple[int, str]] = field(default_factory=list)
    merged: list[tuple[int, str]] = field(default_factory=list)
    rounded: list[tuple[int, str]] = field(default_factory=list)

    def findings(self, table: str, file: RawFile, columns: Sequence[int]) -> list[Finding]:
        """What is wrong with the cells of these columns."""
        kinds = (
            ("error_cells", self.errors, "cells that hold an error, such as #N/A, or a formula without its result",
             "Correct the formulas, and save the book with the program that works them out."),
            ("merged_cells", self.merged, "rows with merged cells, of which only the first has the value",
             "Unmerge the cells and fill each of them."),
            ("rounded_numbers", self.rounded,
             "whole numbers of more than 15 digits, of which a spreadsheet does not keep the last ones",
             "Export the column as text, or the table as CSV from where it comes."),
        )  # fmt: skip
        found = []
        for rule, places, what, next_step in kinds:
            cells = [cell for column, cell in places if column in columns]
            if cells:
                said = f"{file.name} has {what}: {len(cells):,}, the first in cell {cells[0]}."
                found.append(Finding(rule, table, said, len(cells), next_step=next_step))
        return found


def read_sheet(table: str, file: RawFile, content: bytes | None = None) -> Sheet:
    """The sheet that is named as the table, else the first that is shown.

    Its first row that is not blank is the header. Rows without a value are passed over.
    ``content`` stands for a file that is not local.
    """
    try:
        with _opened(file, content) as stream:
            book = CalamineWorkbook.from_filelike(stream)
            sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
            named = [sheet.name for sheet in sheets if squeezed(sheet.name) == squeezed(table)]
            shown = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
            name = next(iter([*named, *shown]), None)
            if name is None:
                raise RawInputError(_without_header(table, file))
            return _read(table, file, book.get_sheet_by_name(name), _error_cells(stream, name))
    except PasswordError as error:
        said = f"{file.name} is protected by a password."
        raise RawInputError(Finding("truncated_file", table, said, next_step="Save it without a password.")) from error
    except (CalamineError, zipfile.BadZipFile, KeyError) as error:
        raise RawInputError(
            Finding(
                "truncated_file",
                table,
                f"{file.name} is not a whole XLSX workbook.",
                next_step="The file is cut off or is not what its name says; copy or export it again.",
            )
        ) from error


def _opened(file: RawFile, content: bytes | None) -> IO[bytes]:
    return Path(file.address).open("rb") if content is None else io.BytesIO(content)


def _without_header(table: str, file: RawFile) -> Finding:
    return Finding(
        "empty_file",
        table,
        f"{file.name} has no header line in the sheet that is read.",
        next_step=f"Put the columns' names into the first row of a sheet {table}, or of the first sheet.",
    )


def _read(table: str, file: RawFile, cells: CalamineSheet, errors: Iterator[tuple[int, int]]) -> Sheet:
    # Rows are listed from the top of the sheet, and columns from the first that holds anything.
    _, first_column = cells.start or (0, 0)
    rows = enumerate(cells.iter_rows())
    header_row, header = next(((number, row) for number, row in rows if any(_text(cell) for cell in row)), (0, None))
    if header is None:
        raise RawInputError(_without_header(table, file))
    names = [_text(cell) or "" for cell in header]
    sheet = Sheet((), pa.table({}))
    holds_values = [False] * len(names)
    batches: list[pa.RecordBatch] = []
    schema = pa.schema([(f"c{place}", pa.string()) for place in range(len(names))])
    for part in _parts(rows):
        columns: list[list[str | None]] = [[] for _ in names]
        for number, row in part:
            texts = [_text(cell) for cell in row]
            if not any(texts):
                continue
            for place, (cell, text) in enumerate(zip(row, texts, strict=True)):
                columns[place].append(text)
                holds_values[place] = holds_values[place] or text is not None
                if isinstance(cell, float) and cell.is_integer() and abs(cell) >= EXACT_BELOW:
                    sheet.rounded.append((place, _cell_name(number, first_column + place)))
        batches.append(pa.record_batch([pa.array(column, pa.string()) for column in columns], schema=schema))
    sheet.errors = [(column - first_column, _cell_name(row, column)) for row, column in errors if row > header_row]
    for (top, left), (bottom, right) in cells.merged_cell_ranges or []:
        if bottom > header_row:
            sheet.merged += [(column - first_column, _cell_name(top, left)) for column in range(left, right + 1)]
    sheet.rows = pa.Table.from_batches(batches, schema=schema)
    # A column without a name and without a value is the edge of the sheet.
    kept = [place for place, name in enumerate(names) if name.strip() or holds_values[place]]
    sheet.names = tuple(names[: kept[-1] + 1])
    return sheet


def _parts(rows: Iterator[tuple[int, list[Cell]]]) -> Iterator[list[tuple[int, list[Cell]]]]:
    part: list[tuple[int, list[Cell]]] = []
    for row in rows:
        part.append(row)
        if len(part) == ROWS_AT_ONCE:
            yield part
            part = []
    yield part


def _text(cell: Cell) -> str | None:
    """A cell as a CSV file would have it: dates in ISO 8601, whole numbers without a point, no exponents."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        # A time of day is a fraction of a day, which is off by some microseconds.
        return (cell + timedelta(microseconds=500)).isoformat(timespec="milliseconds").removesuffix(".000")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return number_text(cell)


def number_text(number: float) -> str:
    """A number without exponent, and without the noise that a calculation leaves behind its fifteenth digit.

    Below a million fifteen digits keep nine decimals or more; above, they would cost cents, and only a number that has
    no shorter form than seventeen digits is taken for a calculated one.
    """
    if isinstance(number, int) or number.is_integer():
        return str(int(number))
    shortest = Decimal(repr(number))
    is_noisy = abs(number) < NOISY_BELOW or len(shortest.as_tuple().digits) > DIGITS_TYPED
    return format(Decimal(f"{number:.15g}") if is_noisy else shortest, "f")


def _cell_name(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def _error_cells(stream: IO[bytes], sheet: str) -> Iterator[tuple[int, int]]:
    """Row and column, from 0, of cells that are blank to the reader: an error, or a formula without its result."""
    with zipfile.ZipFile(stream) as archive:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        ids = [
            node.get(RELATION_ID) for node in book.iter() if node.tag.endswith("}sheet") and node.get("name") == sheet
        ]
        target = next(node.get("Target", "") for node in relations if node.get("Id") in ids)
        with archive.open(str(PurePosixPath("/xl") / target)[1:]) as part:
            rest = b""
            while chunk := part.read(CHUNK):
                text = rest + chunk
                # As far as whole cells go.
                whole, end, rest = text.rpartition(b"c>")
                for wrong in (ERROR_CELL, UNCALCULATED_CELL):
                    for cell in wrong.finditer(whole + end):
                        name = CELL_NAME.search(cell[0])
                        if name is not None:
                            yield int(name[2]) - 1, _place(name[1].decode())


def _place(letters: str) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1
