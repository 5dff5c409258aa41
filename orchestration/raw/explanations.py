"""Why a raw file could not be read: where in it, what is wrong there and what to do.

No value of a file is repeated: it may say who a person is.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.findings import EXAMPLES_SHOWN, Finding
from orchestration.raw.files import RawFile
from orchestration.raw.place import RawPlace
from orchestration.raw.scan import Scan
from orchestration.raw.tables import RawTable
from orchestration.raw.texts import TOO_LONG, not_utf8, row_too_long

EXPORT_AGAIN = "Correct or export the file again; a last line that is cut short means that the export did not finish."
N_FIELDS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")
CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
JSON_PLACE = re.compile(r"at byte (\d+) in (?:record/value|line) (\d+): ([a-z0-9 ()-]+)")


class UnreadableError(Exception):
    """The engine could not read a scan of a table; why is found out once the transaction has ended."""

    def __init__(self, table: RawTable, scan: Scan, message: str) -> None:
        self.table, self.scan, self.message = table, scan, message
        super().__init__(f"{table.name} cannot be read")


def is_about_content(error: duckdb.Error) -> bool:
    """Whether a reader stumbled over what a file holds. What comes out of a broken Parquet file may have no class."""
    return type(error) in (duckdb.Error, duckdb.InvalidInputException, duckdb.ConversionException)


def unreadable(table: RawTable, message: str) -> Finding:
    said = message.removeprefix("Invalid Input Error: ").splitlines()[0]
    return Finding(
        "truncated_file",
        table.name,
        f"{said}.",
        next_step="The file is cut off or is not what its name says; copy or export it again.",
    )


def explanation(connection: duckdb.DuckDBPyConnection, error: UnreadableError) -> Finding:
    if error.scan.format == "csv":
        return _malformed_csv(connection, error)
    if "encoding" in error.message.lower():
        return not_utf8(error.table.name, _named(error.scan.files))
    return unreadable(error.table, error.message)


def _named(files: Sequence[RawFile]) -> str:
    return " or ".join(file.name for file in files[:EXAMPLES_SHOWN])


def _malformed_csv(connection: duckdb.DuckDBPyConnection, error: UnreadableError) -> Finding:
    """Read the scan once more, passing over what cannot be read, to count it and to name the lines."""
    names = {file.address: file.name for file in error.scan.files}
    rejecting = error.scan.relation.removesuffix(")") + ", store_rejects = true, rejects_limit = 0)"
    try:
        connection.execute(f"select count(columns(*)) from {rejecting}").fetchall()
        rejects = connection.execute(
            "select distinct on (file_path, line) file_path, line, cast(error_type as varchar), column_name, "
            "error_message from reject_errors join reject_scans using (scan_id, file_id) order by file_path, line"
        ).fetchall()
    except duckdb.InvalidInputException:
        rejects = []
    if not rejects:
        line = CSV_LINE.search(error.message)
        return Finding(
            "malformed_rows",
            error.table.name,
            f"{_named(error.scan.files)} is not CSV: its quotes or line ends are mixed.",
            examples=(f"line {line[1]}",) if line else (),
            next_step="Export it again as RFC 4180 CSV, or as Parquet.",
        )
    examples = tuple(
        f"{names.get(path, path)} line {line}: {_what_is_wrong(error.scan, kind, column, message)}"
        for path, line, kind, column, message in rejects[:EXAMPLES_SHOWN]
    )
    if any("utf-8" in message for *_, message in rejects):
        return not_utf8(error.table.name, names.get(rejects[0][0], "a file"), len(rejects), examples)
    return Finding(
        "malformed_rows",
        error.table.name,
        "lines that are not CSV with the header's columns.",
        len(rejects),
        examples,
        EXPORT_AGAIN,
    )


def _what_is_wrong(scan: Scan, kind: str, column: str | None, message: str) -> str:
    place = int(column.removeprefix("c")) if column else None
    where = f", in column {scan.written[place].strip()}" if place is not None and place < len(scan.written) else ""
    fields = N_FIELDS.search(message)
    if fields:
        return f"{fields[2]} field{'' if fields[2] == '1' else 's'}, and the header has {fields[1]} columns"
    if "utf-8" in message:
        return f"bytes that are not UTF-8{where}"
    if kind == "LINE SIZE OVER MAXIMUM":
        return TOO_LONG
    return f"a quote that is not closed, or has text after it{where}"


def malformed_json(place: RawPlace, table: RawTable, files: Sequence[RawFile], message: str) -> Finding:
    """Which lines of JSON lines, or which value of a file of JSON, could not be read."""
    file = next((file for file in files if f'"{file.address}"' in message), files[0])
    if "maximum_object_size" in message:
        return row_too_long(table.name, file.name)
    found = JSON_PLACE.search(message)
    said: tuple[str, ...] = (f"value {found[2]}, byte {found[1]}: {found[3].strip()}",) if found else ()
    if file.format == "jsonl" and not place.is_url:
        said = _malformed_lines(file)
    if "UTF-8" in message or any("UTF-8" in line for line in said):
        return not_utf8(table.name, file.name, len(said), said[:EXAMPLES_SHOWN])
    return Finding(
        "malformed_rows",
        table.name,
        f"{file.name} has {'lines that are' if file.format == 'jsonl' else 'text that is'} not JSON.",
        len(said) or None,
        said[:EXAMPLES_SHOWN],
        EXPORT_AGAIN,
    )


def _malformed_lines(file: RawFile) -> tuple[str, ...]:
    """Each line of a local file that is not JSON, with its number, the place in it and why."""
    said = []
    with gzip.open(file.address) if file.is_gzipped else Path(file.address).open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                json.loads(line.strip() or b"null")
            except json.JSONDecodeError as error:
                said.append(f"line {number}, character {error.colno}: {error.msg}")
            except UnicodeDecodeError:
                said.append(f"line {number}: bytes that are not UTF-8")
    return tuple(said)
