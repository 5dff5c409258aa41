"""Why a raw file could not be read, in words that name it and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from orchestration.findings import EXAMPLE_LENGTH, EXAMPLES_SHOWN, Finding
from orchestration.raw.files import RawFile, malformed_json_lines, not_utf8
from orchestration.raw.place import RawPlace
from orchestration.raw.scan import Scan
from orchestration.raw.tables import RawTable


class UnreadableError(Exception):
    """The engine could not read a scan of a table; why is found out once the transaction has ended."""

    def __init__(self, table: RawTable, scan: Scan, message: str) -> None:
        self.table, self.scan, self.message = table, scan, message
        super().__init__(message)


def first_line(message: str) -> str:
    return message.removeprefix("Invalid Input Error: ").splitlines()[0]


def unreadable(table: RawTable, message: str) -> Finding:
    return Finding(
        "truncated_file",
        table.name,
        f"{first_line(message)}.",
        next_step="The file is cut off or is not what its name says; copy or export it again.",
    )


def explanation(connection: duckdb.DuckDBPyConnection, error: UnreadableError) -> Finding:
    if error.scan.format == "csv":
        return _malformed_csv(connection, error)
    if "encoding" in error.message.lower():
        return not_utf8(error.table.name, " or ".join(file.name for file in error.scan.files[:EXAMPLES_SHOWN]))
    return unreadable(error.table, error.message)


def _malformed_csv(connection: duckdb.DuckDBPyConnection, error: UnreadableError) -> Finding:
    """Read the scan once more, passing over what cannot be read, to count it and to name the lines."""
    names = {file.address: file.name for file in error.scan.files}
    rejecting = error.scan.relation.removesuffix(")") + ", store_rejects = true, rejects_limit = 0)"
    try:
        connection.execute(f"select count(columns(*)) from {rejecting}").fetchall()
        rejects = connection.execute(
            "select distinct on (file_path, line) file_path, line, csv_line, error_message from reject_errors "
            "join reject_scans using (scan_id, file_id) order by file_path, line"
        ).fetchall()
    except duckdb.InvalidInputException:
        rejects = []
    if not rejects:
        return Finding(
            "malformed_rows",
            error.table.name,
            f"{' or '.join(list(names.values())[:EXAMPLES_SHOWN])} is not CSV: its quotes or line ends are mixed.",
            examples=(first_line(error.message),),
            next_step="Export it again as RFC 4180 CSV, or as Parquet.",
        )
    examples = tuple(
        f"{names.get(path, path)} line {line}: {message.splitlines()[0]} in {(text or '')[:EXAMPLE_LENGTH]!r}"
        for path, line, text, message in rejects[:EXAMPLES_SHOWN]
    )
    if any("utf-8" in message for *_, message in rejects):
        return not_utf8(error.table.name, names.get(rejects[0][0], "a file"), len(rejects), examples)
    return Finding(
        "malformed_rows",
        error.table.name,
        "lines that are not CSV with the header's columns.",
        len(rejects),
        examples,
        "Correct or export the file again; a last line that is cut short means that the export did not finish.",
    )


def malformed_jsonl(place: RawPlace, table: RawTable, files: Sequence[RawFile], message: str) -> Finding:
    file = next((file for file in files if f'"{file.address}"' in message), files[0])
    lines = (first_line(message),) if place.is_url else malformed_json_lines(Path(file.address))
    if "UTF-8" in message:
        return not_utf8(table.name, file.name, len(lines), lines[:EXAMPLES_SHOWN])
    return Finding(
        "malformed_rows",
        table.name,
        f"{file.name} has lines that are not JSON.",
        len(lines),
        lines[:EXAMPLES_SHOWN],
        "Correct or export the file again; a last line that is cut short means that the export did not finish.",
    )
