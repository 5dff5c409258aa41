"""Landing of the raw tables: every file under NPS_RAW is read and checked once, into schema raw of the build file.

Text is parsed into a table. Parquet on a disk stays where it is, behind a view: to copy 15 million rows takes eight
times as long as to check them, and the models read a column of the file as fast as one of a copy.

A landed table has the columns of its dbt source, in that order, then ``_source_file`` (path below NPS_RAW) and
``_row_number`` (1 to n over the table, in the order of file names and of the rows in a file). A column keeps the type
that Parquet gives it; from text it is varchar, and so it is where files disagree. Casting is the work of staging.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import duckdb

from orchestration.findings import EXAMPLE_LENGTH, EXAMPLES_SHOWN, Finding, RawInputError
from orchestration.raw_files import SUPPORTED, RawFile, group_by_table, malformed_json_lines, not_utf8
from orchestration.raw_place import RawPlace
from orchestration.warehouse import drop_relation

RAW_SCHEMA = "raw"
# A table is late if its newest row was loaded longer before the end of the as-of date; its source may say otherwise.
FRESH_HOURS = 36
HOURS = {"minute": 1 / 60, "hour": 1, "day": 24}
TEXT = "VARCHAR"
# The column in which a reader gives the address of a row's file; no file has a column of this name.
ADDRESS = "_raw_address"
CSV_OPTIONS = (
    f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
    f"filename = '{ADDRESS}'"
)


@dataclass(frozen=True)
class RawTable:
    """A raw table as the dbt sources declare it."""

    source: str
    name: str
    is_required: bool
    columns: tuple[str, ...]
    required_columns: tuple[str, ...]
    fresh_hours: float = FRESH_HOURS


@dataclass(frozen=True)
class LandedTable:
    """What one table was landed from."""

    name: str
    rows: int
    files: int
    newest_loaded_at: datetime | None
    extra_columns: tuple[str, ...]


@dataclass(frozen=True)
class Landing:
    """What a landing did; ``unknown_files`` lie in NPS_RAW and belong to no table."""

    tables: tuple[LandedTable, ...]
    unknown_files: tuple[str, ...]


def tables_from_manifest(manifest: Mapping[str, Any]) -> tuple[RawTable, ...]:
    """The raw tables, from the sources of the dbt project in schema raw; what is read from them is another schema's."""
    return tuple(
        RawTable(
            source=source["source_name"],
            name=source["name"],
            is_required=bool(source["config"]["meta"].get("required")),
            columns=tuple(source["columns"]),
            required_columns=tuple(
                name for name, column in source["columns"].items() if column["config"]["meta"].get("required")
            ),
            fresh_hours=_fresh_hours((source.get("freshness") or {}).get("warn_after") or {}),
        )
        for _, source in sorted(manifest["sources"].items())
        if source["schema"] == RAW_SCHEMA
    )


def _fresh_hours(warn_after: Mapping[str, Any]) -> float:
    return warn_after["count"] * HOURS[warn_after["period"]] if warn_after.get("count") else FRESH_HOURS


def land(
    connection: duckdb.DuckDBPyConnection,
    location: str,
    tables: Sequence[RawTable],
    selected: Iterable[str] | None = None,
) -> Landing:
    """Land the tables (or those selected) in one transaction: after a failure schema raw is as it was before."""
    place = RawPlace(location)
    place.prepare(connection)
    names = place.names(connection, [table.name for table in tables])
    found, unknown = group_by_table(names, [table.name for table in tables])
    wanted = [table for table in tables if selected is None or table.name in set(selected)]

    plans: list[Plan] = []
    findings: list[Finding] = []
    for table in wanted:
        try:
            plans.append(plan_table(connection, place, table, found.get(table.name, [])))
        except RawInputError as error:
            # Every table is looked at, so that one run names all that is to be mended.
            findings += error.findings
    if findings:
        raise RawInputError(*findings)

    connection.execute("begin")
    try:
        connection.execute(f"create schema if not exists {RAW_SCHEMA}")
        landed = tuple(_land_table(connection, place, plan) for plan in plans)
        connection.execute("commit")
    except UnreadableError as error:
        connection.execute("rollback")
        raise RawInputError(_explanation(connection, error)) from error
    except duckdb.Error:
        connection.execute("rollback")
        raise
    return Landing(landed, tuple(unknown))


# What the files of a table hold ------------------------------------------------------------------------------------


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


@dataclass
class Plan:
    table: RawTable
    scans: list[Scan] = field(default_factory=list)

    def column_type(self, column: str) -> str:
        types = {scan.columns[column].type for scan in self.scans if column in scan.columns}
        return types.pop() if len(types) == 1 else TEXT


def plan_table(connection: duckdb.DuckDBPyConnection, place: RawPlace, table: RawTable, names: Sequence[str]) -> Plan:
    """Open every file of a table for its columns, and group the files into scans."""
    files = [place.file(name) for name in names]
    if not files and table.is_required:
        raise RawInputError(
            Finding(
                "required_table_missing",
                table.name,
                f"no {table.name}.* and no folder {table.name}/ with data files in {place.location}.",
                next_step=f"Put it there ({SUPPORTED}), or set NPS_RAW to where it is.",
            )
        )
    for file in files:
        place.check_whole(connection, table.name, file)
    parquet = _parquet_columns(connection, table, [file for file in files if file.format == "parquet"])
    columns_of: dict[str, Callable[[RawFile], tuple[FileColumn, ...]]] = {
        "csv": lambda file: _csv_columns(place.csv_header(connection, table.name, file)),
        "parquet": lambda file: parquet[file.address],
        "jsonl": lambda file: (),
    }
    described = [(file, columns_of[file.format](file)) for file in files]
    plan = Plan(table)
    for (form, _, columns), group in groupby(described, lambda pair: (pair[0].format, pair[0].partitions, pair[1])):
        scanned = tuple(file for file, _ in group)
        if form == "jsonl":
            plan.scans.append(_jsonl_scan(connection, place, table, scanned, len(plan.scans)))
            continue
        matched, extra = match_columns(table, scanned[0], columns)
        make = _csv_scan if form == "csv" else _parquet_scan
        plan.scans.append(make(connection, scanned, columns, matched, extra))
    return plan


def match_columns(
    table: RawTable, file: RawFile, columns: Sequence[FileColumn]
) -> tuple[dict[str, FileColumn], tuple[str, ...]]:
    """The contract's columns among those of a file, and the names of the others.

    Neither case nor blanks around a name matter. A hive partition stands in for a column that the file does not have.
    """
    by_name: dict[str, list[FileColumn]] = {}
    for column in columns:
        by_name.setdefault(column.written.strip().lower(), []).append(column)
    duplicates = [
        Finding(
            "duplicate_column",
            table.name,
            f"{file.name} has column {name} more than once: {', '.join(repr(column.written) for column in same)}.",
            next_step="Keep one of them.",
        )
        for name, same in by_name.items()
        if len(same) > 1 and name in table.columns
    ]
    matched = {name: by_name[name][0] for name in table.columns if name in by_name}
    for key in file.partitions:
        if key.strip().lower() in table.columns:
            matched.setdefault(key.strip().lower(), FileColumn(key, _partition_value(key)))
    missing = [
        Finding(
            "required_column_missing",
            table.name,
            f"{file.name} has no column {name}; it has {', '.join(sorted(by_name)) or 'none'}.",
            next_step=f"Add the column {name} to the export.",
        )
        for name in table.required_columns
        if name not in matched
    ]
    if duplicates or missing:
        raise RawInputError(*duplicates, *missing)
    others = {*by_name, *(key.strip().lower() for key in file.partitions)} - set(table.columns)
    return matched, tuple(sorted(name or "(a column without a name)" for name in others))


def _partition_value(key: str) -> str:
    value = f"url_decode(regexp_extract({ADDRESS}, {quoted(f'/{re.escape(key)}=([^/]*)/')}, 1))"
    return f"nullif({value}, '__HIVE_DEFAULT_PARTITION__')"


def _csv_columns(header: Sequence[str]) -> tuple[FileColumn, ...]:
    # Columns are called by their place, because the engine wants every name once and a header may be dirty.
    return tuple(FileColumn(written, f"c{place}") for place, written in enumerate(header))


def _csv_scan(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[RawFile, ...],
    columns: Sequence[FileColumn],
    matched: Mapping[str, FileColumn],
    extra: tuple[str, ...],
) -> Scan:
    types = ", ".join(f"'{column.expression}': '{TEXT}'" for column in columns)
    relation = f"read_csv({_addresses(files)}, {CSV_OPTIONS}, columns = {{{types}}})"
    return Scan("csv", files, matched, extra, relation, "row_number() over ()")


def _parquet_columns(
    connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[RawFile]
) -> dict[str, tuple[FileColumn, ...]]:
    """The top-level columns of Parquet files, by address."""
    if not files:
        return {}
    try:
        rows = connection.execute(
            f"select file_name, name, duckdb_type, num_children from parquet_schema({_addresses(files)})"
        ).fetchall()
    except duckdb.InvalidInputException as error:
        raise RawInputError(_unreadable(table, str(error))) from error
    nodes: dict[str, list[tuple[str, str | None, int]]] = {}
    for address, name, kind, children in rows:
        nodes.setdefault(address, []).append((name, kind, children or 0))
    return {file.address: tuple(_top_level(nodes[file.address])) for file in files}


def _top_level(nodes: Sequence[tuple[str, str | None, int]]) -> Iterable[FileColumn]:
    """Columns of a Parquet schema, which lists its tree depth first; what is not one value is read as text."""

    def skip(place: int) -> int:
        following = place + 1
        for _ in range(nodes[place][2]):
            following = skip(following)
        return following

    place = 1
    while place < len(nodes):
        name, kind, children = nodes[place]
        is_text = children > 0 or kind is None or kind in ("BLOB", "JSON") or kind.endswith("[]")
        yield FileColumn(name, identifier(name), TEXT if is_text else kind or TEXT)
        place = skip(place)


def _parquet_scan(
    connection: duckdb.DuckDBPyConnection,
    files: tuple[RawFile, ...],
    columns: Sequence[FileColumn],
    matched: Mapping[str, FileColumn],
    extra: tuple[str, ...],
) -> Scan:
    counts = dict(
        connection.execute(f"select file_name, num_rows from parquet_file_metadata({_addresses(files)})").fetchall()
    )
    before = list(accumulate((counts[file.address] for file in files), initial=0))[:-1]
    relation = (
        f"read_parquet({_addresses(files)}, filename = '{ADDRESS}', file_row_number = true, binary_as_string = true, "
        "hive_partitioning = false)"
    )
    # A window over 6 million rows takes three times as long as reading them.
    row_number = f"file_row_number + 1 + ({before}::bigint[])[file_index::bigint + 1]"
    return Scan("parquet", files, matched, extra, relation, row_number)


def _jsonl_scan(
    connection: duckdb.DuckDBPyConnection,
    place: RawPlace,
    table: RawTable,
    files: tuple[RawFile, ...],
    position: int,
) -> Scan:
    """JSON lines say their columns row by row, so they are parsed into a temporary table first."""
    relation = f"temp.main._{table.name}_{position}"
    try:
        connection.execute(
            f"create or replace temp table _{table.name}_{position} as "
            f"select {ADDRESS}, json from read_ndjson_objects({_addresses(files)}, filename = '{ADDRESS}')"
        )
        kinds = connection.execute(f"select distinct {ADDRESS}, json_type(json) from {relation}").fetchall()
        keys = connection.execute(
            f"select distinct {ADDRESS}, unnest(json_keys(json)) from {relation} where json_type(json) = 'OBJECT'"
        ).fetchall()
    except duckdb.InvalidInputException as error:
        raise RawInputError(_malformed_jsonl(place, table, files, str(error))) from error
    findings: list[Finding] = []
    spellings: dict[str, set[str]] = {}
    extras: set[str] = set()
    for file in files:
        if {kind for address, kind in kinds if address == file.address} != {"OBJECT"}:
            findings.append(Finding("malformed_rows", table.name, f"{file.name} does not hold one JSON object a line."))
            continue
        columns = [
            FileColumn(key, f"json ->> {quoted(f'$.{json.dumps(key, ensure_ascii=False)}')}")
            for address, key in sorted(keys)
            if address == file.address
        ]
        try:
            matched, extra = match_columns(table, file, columns)
        except RawInputError as error:
            findings += error.findings
            continue
        extras.update(extra)
        for name, column in matched.items():
            spellings.setdefault(name, set()).add(column.expression)
    if findings:
        raise RawInputError(*findings)
    columns_by_name = {
        name: FileColumn(name, f"coalesce({', '.join(sorted(expressions))})") for name, expressions in spellings.items()
    }
    return Scan("jsonl", files, columns_by_name, tuple(sorted(extras)), relation, "rowid + 1")


def _addresses(files: Iterable[RawFile]) -> str:
    return "[" + ", ".join(quoted(file.address) for file in files) + "]"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


# Landing -----------------------------------------------------------------------------------------------------------


class UnreadableError(Exception):
    """The engine could not read a scan of a table; why is found out once the transaction has ended."""

    def __init__(self, table: RawTable, scan: Scan, message: str) -> None:
        self.table, self.scan, self.message = table, scan, message
        super().__init__(message)


def _land_table(connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan) -> LandedTable:
    types = {name: plan.column_type(name) for name in plan.table.columns}
    is_in_place = bool(plan.scans) and not place.is_url and all(scan.format == "parquet" for scan in plan.scans)
    drop_relation(connection, RAW_SCHEMA, plan.table.name)
    rows, newest = (_view if is_in_place else _copy)(connection, place, plan, types)
    extra = tuple(sorted({name for scan in plan.scans for name in scan.extra}))
    return LandedTable(plan.table.name, rows, sum(len(scan.files) for scan in plan.scans), newest, extra)


def _copy(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, types: Mapping[str, str]
) -> tuple[int, datetime | None]:
    """Parse the files into a table; its rows, and the newest ``loaded_at``."""
    target = f"{RAW_SCHEMA}.{plan.table.name}"
    declared = ", ".join(f"{identifier(name)} {kind}" for name, kind in types.items())
    connection.execute(f"create table {target} ({declared}, _source_file varchar, _row_number bigint)")
    rows = 0
    for scan in plan.scans:
        _run(connection, plan.table, scan, f"insert into {target} {_selection(place, scan, types, rows)}")
        ((rows,),) = connection.execute(f"select count(*) from {target}").fetchall()
    ((newest,),) = connection.execute(f"select {_newest(types)} from {target}").fetchall()
    return rows, newest


def _view(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, types: Mapping[str, str]
) -> tuple[int, datetime | None]:
    """Read every value of the files once, so that what is broken is found here, and leave them behind a view."""
    rows = 0
    newest: datetime | None = None
    selections: list[str] = []
    for scan in plan.scans:
        selection = _selection(place, scan, types, rows)
        values = ", ".join(f"max({identifier(name)})" for name in types)
        ((n_rows, scan_newest, *_),) = _run(
            connection, plan.table, scan, f"select count(*), {_newest(types)}, {values} from ({selection})"
        )
        selections.append(selection)
        rows += n_rows
        newest = max((at for at in (newest, scan_newest) if at is not None), default=None)
    connection.execute(f"create view {RAW_SCHEMA}.{plan.table.name} as {' union all '.join(selections)}")
    return rows, newest


def _newest(types: Mapping[str, str]) -> str:
    return "max(try_cast(loaded_at as timestamptz)) at time zone 'UTC'" if "loaded_at" in types else "null"


def _run(connection: duckdb.DuckDBPyConnection, table: RawTable, scan: Scan, statement: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(statement).fetchall()
    except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
        raise UnreadableError(table, scan, str(error)) from error


def _selection(place: RawPlace, scan: Scan, types: Mapping[str, str], rows_before: int) -> str:
    values = [
        f"cast({scan.columns[name].expression if name in scan.columns else 'null'} as {kind}) as {identifier(name)}"
        for name, kind in types.items()
    ]
    source_file = f"substr({ADDRESS}, {len(place.prefix) + 1}) as _source_file"
    row_number = f"{scan.row_number} + {rows_before} as _row_number"
    return f"select {', '.join([*values, source_file, row_number])} from {scan.relation}"


# Why a file could not be read --------------------------------------------------------------------------------------


def _first_line(message: str) -> str:
    return message.removeprefix("Invalid Input Error: ").splitlines()[0]


def _unreadable(table: RawTable, message: str) -> Finding:
    return Finding(
        "truncated_file",
        table.name,
        f"{_first_line(message)}.",
        next_step="The file is cut off or is not what its name says; copy or export it again.",
    )


def _explanation(connection: duckdb.DuckDBPyConnection, error: UnreadableError) -> Finding:
    if error.scan.format == "csv":
        return _malformed_csv(connection, error)
    if "encoding" in error.message.lower():
        return not_utf8(error.table.name, " or ".join(file.name for file in error.scan.files[:EXAMPLES_SHOWN]))
    return _unreadable(error.table, error.message)


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
            examples=(_first_line(error.message),),
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


def _malformed_jsonl(place: RawPlace, table: RawTable, files: Sequence[RawFile], message: str) -> Finding:
    file = next((file for file in files if f'"{file.address}"' in message), files[0])
    lines = (_first_line(message),) if place.is_url else malformed_json_lines(Path(file.address))
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
