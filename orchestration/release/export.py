"""Published tables as files for a spreadsheet, in which no text is a formula.

A spreadsheet takes text for a formula that begins with =, +, -, @, a tab or a line end, also out of a quoted CSV cell.
In CSV such text gets an apostrophe before it. So does text with apostrophes before such a sign, so that one apostrophe
less is the text again (``plain_sql``). A workbook says of each cell that it is text, and needs none.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from orchestration.findings import BuildError, Finding
from orchestration.release.warehouse import identifier, open_read_only, quoted

FORMATS = ("csv", "xlsx")
# Team leaders and the head of people have a schema of their own, which is not for everybody's desk.
SCHEMA = "marts"
# The last four are the signs of a full-width keyboard, which some spreadsheets take for the others.
_BEGINS = r"[=+\-@\t\r\n\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}]"
_FORMULA, _MADE_SAFE = f"^'*{_BEGINS}", f"^'('*{_BEGINS})"
MOST_ROWS = 1_048_575
LONGEST_TEXT = 32_767
LONGEST_SHEET_NAME = 31


def safe_sql(text: str) -> str:
    """SQL: a text as a CSV cell may hold it, of which no spreadsheet makes a formula."""
    return f"case when regexp_matches({text}, {quoted(_FORMULA)}) then chr(39) || {text} else {text} end"


def plain_sql(cell: str) -> str:
    """SQL: the text of such a cell as it was."""
    return f"regexp_replace({cell}, {quoted(_MADE_SAFE)}, '\\1')"


def export(release_file: Path, folder: Path, file_format: str, tables: Sequence[str] = ()) -> list[Path]:
    """Write tables of schema marts (all where none is named), each into a file of its name; the files."""
    with open_read_only(release_file) as connection:
        standing = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = ? order by 1", [SCHEMA]
            ).fetchall()
        ]
        for name in tables:
            if name not in standing:
                raise _not_written(name, "the release has no such table", f"Choose of: {', '.join(standing)}.")
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name in tables or standing:
            file = folder / f"{name}.{file_format}"
            scratch = folder / f".{name}.{file_format}"
            if file_format == "csv":
                _write_csv(connection, name, scratch)
            else:
                _write_workbook(connection, name, scratch)
            written.append(scratch.replace(file))
    return written


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, bool]]:
    """The columns, and whether each is text."""
    return [
        (name, data_type == "VARCHAR")
        for name, data_type in connection.execute(
            "select column_name, data_type from duckdb_columns() "
            "where schema_name = ? and table_name = ? order by column_index",
            [SCHEMA, table],
        ).fetchall()
    ]


def _write_csv(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    columns = _columns(connection, table)
    cells = [(safe_sql(identifier(name)) if is_text else identifier(name), name) for name, is_text in columns]
    selected = ", ".join(f"{cell} as {identifier(name)}" for cell, name in cells)
    texts = ", ".join(identifier(name) for name, is_text in columns if is_text)
    # An empty text is quoted, and nothing is not.
    quote = f", force_quote ({texts})" if texts else ""
    connection.execute(
        f"copy (select {selected} from {SCHEMA}.{identifier(table)}) to {quoted(str(file))} "
        f"(format csv, header true{quote})"
    )


def _write_workbook(connection: duckdb.DuckDBPyConnection, table: str, file: Path) -> None:
    row = connection.execute(f"select count(*) from {SCHEMA}.{identifier(table)}").fetchone()
    n_rows = int(row[0]) if row else 0
    if n_rows > MOST_ROWS:
        raise _not_written(table, f"{n_rows:,} rows are more than a sheet holds ({MOST_ROWS:,})", "Export it as CSV.")
    columns = _columns(connection, table)
    with xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as workbook:
        sheet = workbook.add_worksheet(table[:LONGEST_SHEET_NAME])
        for place, (name, _) in enumerate(columns):
            sheet.write_string(0, place, name)
        rows = connection.execute(f"select * from {SCHEMA}.{identifier(table)}")
        number = 0
        while batch := rows.fetchmany(10_000):
            for values in batch:
                number += 1
                for place, value in enumerate(values):
                    _write_cell(sheet, table, number, place, value)


def _write_cell(sheet: Worksheet, table: str, row: int, place: int, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | float | Decimal):
        sheet.write_number(row, place, value)
    elif isinstance(value, datetime.datetime | datetime.date):
        sheet.write_datetime(row, place, value)
    else:
        text = str(value)
        if len(text) > LONGEST_TEXT:
            raise _not_written(
                table, f"row {row} has a text longer than a cell holds ({LONGEST_TEXT:,})", "Export it as CSV."
            )
        sheet.write_string(row, place, text)


def _not_written(table: str, why: str, next_step: str) -> BuildError:
    return BuildError(Finding("export", table, f"it is not written: {why}.", next_step=next_step))
