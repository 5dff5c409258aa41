"""How the files of a table are read: the columns of each, and scans of files that are read in one go."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, groupby

import duckdb

from orchestration.findings import Finding, RawInputError
from orchestration.raw.explanations import malformed_jsonl, unreadable
from orchestration.raw.files import SUPPORTED, RawFile
from orchestration.raw.ledger import Fingerprint, ReadFile, fingerprint, read_files, reader
from orchestration.raw.place import RawPlace
from orchestration.raw.scan import ADDRESS, TEXT, FileColumn, Scan
from orchestration.raw.tables import RAW_SCHEMA, RawTable
from orchestration.release.warehouse import identifier, quoted

CSV_OPTIONS = (
    f"auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', strict_mode = true, "
    f"filename = '{ADDRESS}'"
)


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
    landed = read_files(connection, table.name, place.prefix, read_by) if kinds(connection, table.name) else None
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
    if kinds(connection, table.name) != ["BASE TABLE"]:
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
        raise RawInputError(unreadable(table, str(error))) from error
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
    return Scan("parquet", files, matched, extra, parquet_relation(files), row_number)


def parquet_relation(files: Sequence[RawFile]) -> str:
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
        raise RawInputError(malformed_jsonl(place, table, files, str(error))) from error
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


def kinds(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """What lies in schema raw under the name: a table, a view or nothing."""
    rows = connection.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [RAW_SCHEMA, name],
    ).fetchall()
    return [kind for (kind,) in rows]
