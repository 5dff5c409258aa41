"""Landing of the raw tables: every file under NPS_RAW is read and checked once, into schema raw of the build file.

Text is parsed into a table. Parquet on a disk stays where it is, behind a view: to copy 15 million rows takes eight
times as long as to check them, and the models read a column of the file as fast as one of a copy. A file that was read
before and is the same is not read again (raw_ledger).

A landed table has the columns of its dbt source, in that order, then ``_source_file`` (path below NPS_RAW) and
``_row_number`` (1 to n over the table, in the order of file names and of the rows in a file). A column keeps the type
that Parquet gives it; from text it is varchar, and so it is where files disagree. Casting is the work of staging.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

import duckdb

from orchestration.findings import EXAMPLE_LENGTH, EXAMPLES_SHOWN, Finding, RawInputError
from orchestration.raw_files import SUPPORTED, RawFile, group_by_table, malformed_json_lines, not_utf8
from orchestration.raw_ledger import (
    Fingerprint,
    ReadFile,
    content_hash,
    events,
    fingerprint,
    read_files,
    reader,
    write_files,
)
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
    """What one table was landed from.

    ``files_read`` of its ``files`` had to be read; ``events`` say what befell files that had been read before. Tables
    of the same ``content_hash`` hold the same rows; None where nobody can tell.
    """

    name: str
    rows: int
    files: int
    newest_loaded_at: datetime | None
    extra_columns: tuple[str, ...]
    files_read: int
    events: tuple[str, ...]
    content_hash: str | None


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
            files = [place.file(name) for name in found.get(table.name, [])]
            plans.append(plan_table(connection, place, table, files, what_is_known(connection, place, table, files)))
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


@dataclass(frozen=True)
class Known:
    """What the ledger knows of a table and its files, and how they are now (of a URL, nothing)."""

    read_by: str
    is_landed: bool
    files: Mapping[str, ReadFile]
    current: Mapping[str, Fingerprint]

    def is_read(self, file: RawFile) -> bool:
        """Whether the file holds what it held when it was read."""
        read, now = self.files.get(file.name), self.current.get(file.name)
        return read is not None and now is not None and read.fingerprint.content_hash == now.content_hash


def what_is_known(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, table: RawTable, files: Sequence[RawFile]
) -> Known:
    """Look the files up in the ledger; nothing is known of them where the table is not there any more.

    Of a file at a URL nobody can tell whether it is another: it is read each time.
    """
    read_by = reader(table.columns, table.required_columns)
    if place.is_url:
        return Known(read_by, False, {}, {})
    landed = read_files(connection, table.name, place.prefix, read_by) if _kinds(connection, table.name) else None
    read = landed or {}
    current = {
        file.name: fingerprint(file, read[file.name].fingerprint if file.name in read else None) for file in files
    }
    return Known(read_by, landed is not None, read, current)


@dataclass
class Plan:
    table: RawTable
    known: Known
    scans: list[Scan] = field(default_factory=list)

    @property
    def files(self) -> tuple[RawFile, ...]:
        return tuple(file for scan in self.scans for file in scan.files)

    @property
    def is_unchanged(self) -> bool:
        """Whether the table lies there already as it would be landed."""
        return (
            self.known.is_landed
            and set(self.known.files) == {file.name for file in self.files}
            and all(self.known.is_read(file) for file in self.files)
        )

    def column_type(self, column: str) -> str:
        types = {scan.columns[column].type for scan in self.scans if column in scan.columns}
        return types.pop() if len(types) == 1 else TEXT


def plan_table(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, table: RawTable, files: Sequence[RawFile], known: Known
) -> Plan:
    """Open every file of a table for its columns, and group the files into scans.

    Text that was read before is taken from where it landed, if all of the table is text: so it has the types that it
    would have if it were read again.
    """
    if not files and table.is_required:
        raise RawInputError(
            Finding(
                "required_table_missing",
                table.name,
                f"no {table.name}.* and no folder {table.name}/ with data files in {place.location}.",
                next_step=f"Put it there ({SUPPORTED}), or set NPS_RAW to where it is.",
            )
        )
    is_text = all(file.format != "parquet" for file in files) and _is_all_text(connection, table)
    kept = {file.name for file in files if is_text and known.is_read(file)}
    for file in files:
        if not known.is_read(file):
            place.check_whole(connection, table.name, file)
    parquet = _parquet_columns(connection, table, [file for file in files if file.format == "parquet"])
    columns_of: dict[str, Callable[[RawFile], tuple[FileColumn, ...]]] = {
        "csv": lambda file: _csv_columns(place.csv_header(connection, table.name, file)),
        "parquet": lambda file: parquet[file.address],
        "jsonl": lambda file: (),
    }
    columns_of["landed"] = lambda file: ()
    described = [
        (file, form, columns_of[form](file))
        for file, form in ((file, "landed" if file.name in kept else file.format) for file in files)
    ]
    plan = Plan(table, known)
    for (form, _, columns), group in groupby(described, lambda file: (file[1], file[0].partitions, file[2])):
        scanned = tuple(file for file, _, _ in group)
        if form == "landed":
            plan.scans.append(_landed_scan(place, table, scanned, known))
            continue
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


def _landed_scan(place: RawPlace, table: RawTable, files: tuple[RawFile, ...], known: Known) -> Scan:
    """Files of text that were read before, from the table in which they landed."""
    names = ", ".join(quoted(file.name) for file in files)
    relation = (
        f"(select *, {quoted(place.prefix)} || _source_file as {ADDRESS} "
        f"from {RAW_SCHEMA}.{table.name} where _source_file in ({names}))"
    )
    columns = {name: FileColumn(name, identifier(name)) for name in table.columns}
    extra = tuple(sorted({name for file in files for name in known.files[file.name].extra_columns}))
    return Scan("landed", files, columns, extra, relation, "row_number() over (order by _row_number)")


def _is_all_text(connection: duckdb.DuckDBPyConnection, table: RawTable) -> bool:
    """Whether the table lies there, as a table of text."""
    if _kinds(connection, table.name) != ["BASE TABLE"]:
        return False
    types = connection.execute(
        "select distinct data_type from information_schema.columns where table_catalog = current_database() "
        "and table_schema = ? and table_name = ? and column_name in (select unnest(?))",
        [RAW_SCHEMA, table.name, list(table.columns)],
    ).fetchall()
    return types == [(TEXT,)]


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
    # A window over 6 million rows takes three times as long as reading them.
    row_number = f"file_row_number + 1 + ({before}::bigint[])[file_index::bigint + 1]"
    return Scan("parquet", files, matched, extra, _parquet_relation(files), row_number)


def _parquet_relation(files: Sequence[RawFile]) -> str:
    return (
        f"read_parquet({_addresses(files)}, filename = '{ADDRESS}', file_row_number = true, binary_as_string = true, "
        "hive_partitioning = false)"
    )


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
    known, name = plan.known, plan.table.name
    if plan.is_unchanged:
        read = list(known.files.values())
    else:
        types = {column: plan.column_type(column) for column in plan.table.columns}
        is_in_place = bool(plan.scans) and not place.is_url and all(scan.format == "parquet" for scan in plan.scans)
        read = (_view if is_in_place else _copy)(connection, place, plan, types)
        write_files(connection, name, place.prefix, known.read_by, read)
    return LandedTable(
        name,
        sum(file.n_rows for file in read),
        len(plan.files),
        max((file.newest_loaded_at for file in read if file.newest_loaded_at is not None), default=None),
        tuple(sorted({column for file in read for column in file.extra_columns})),
        sum(not known.is_read(file) for file in plan.files),
        events(name, known.files, known.current),
        None if place.is_url else content_hash(known.read_by, read),
    )


def _kinds(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """What lies in schema raw under the name: a table, a view or nothing."""
    rows = connection.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [RAW_SCHEMA, name],
    ).fetchall()
    return [kind for (kind,) in rows]


def _copy(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, types: Mapping[str, str]
) -> list[ReadFile]:
    """Parse the files into a table; what each of them held."""
    name = plan.table.name
    target = f"{RAW_SCHEMA}._{name}"
    declared = ", ".join(f"{identifier(column)} {kind}" for column, kind in types.items())
    connection.execute(f"create table {target} ({declared}, _source_file varchar, _row_number bigint)")
    rows = 0
    for scan in plan.scans:
        _run(connection, plan.table, scan, f"insert into {target} {_selection(place, scan, types, rows)}")
        ((rows,),) = connection.execute(f"select count(*) from {target}").fetchall()
    drop_relation(connection, RAW_SCHEMA, name)
    connection.execute(f"alter table {target} rename to {name}")
    held = connection.execute(
        f"select _source_file, count(*), {_newest(types)} from {RAW_SCHEMA}.{name} group by _source_file"
    ).fetchall()
    return _read(plan, {source_file: (n_rows, newest) for source_file, n_rows, newest in held})


def _view(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, types: Mapping[str, str]
) -> list[ReadFile]:
    """Read every value of each new file, so that what is broken is found here, and leave all behind a view."""
    held: dict[str, tuple[int, datetime | None]] = {}
    selections: list[str] = []
    rows = 0
    for scan in plan.scans:
        unread = tuple(file for file in scan.files if not plan.known.is_read(file))
        if unread:
            checked = replace(scan, files=unread, relation=_parquet_relation(unread), row_number="0")
            values = ", ".join(f"max({identifier(name)})" for name in types)
            found = _run(
                connection,
                plan.table,
                scan,
                f"select _source_file, count(*), {_newest(types)}, {values} "
                f"from ({_selection(place, checked, types, 0)}) group by _source_file",
            )
            held |= {source_file: (n_rows, newest) for source_file, n_rows, newest, *_ in found}
        held |= {
            file.name: (plan.known.files[file.name].n_rows, plan.known.files[file.name].newest_loaded_at)
            for file in scan.files
            if plan.known.is_read(file)
        }
        selections.append(_selection(place, scan, types, rows))
        rows += sum(held.get(file.name, (0, None))[0] for file in scan.files)
    drop_relation(connection, RAW_SCHEMA, plan.table.name)
    connection.execute(f"create view {RAW_SCHEMA}.{plan.table.name} as {' union all '.join(selections)}")
    return _read(plan, held)


def _read(plan: Plan, held: Mapping[str, tuple[int, datetime | None]]) -> list[ReadFile]:
    """What is to be known of each file: by name, its rows and its newest ``loaded_at``."""
    nothing, known = Fingerprint(0, 0, ""), plan.known
    return [
        ReadFile(
            file.name,
            known.current.get(file.name, nothing),
            *held.get(file.name, (0, None)),
            known.files[file.name].extra_columns if known.is_read(file) else scan.extra,
        )
        for scan in plan.scans
        for file in scan.files
    ]


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
