"""How the files of a table are read: the columns of each, and scans of files that are read in one go."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby
from pathlib import Path

import duckdb

from orchestration.findings import Finding, RawInputError
from orchestration.raw.explanations import is_about_content, malformed_json, unreadable
from orchestration.raw.files import SUPPORTED, RawFile, unreadable_file
from orchestration.raw.ignored import decides
from orchestration.raw.ledger import Fingerprint, ReadFile, fingerprint, read_files, reader
from orchestration.raw.place import RawPlace
from orchestration.raw.scan import ADDRESS, TEXT, FileColumn, Matched, Scan
from orchestration.raw.tables import RAW_SCHEMA, RawTable
from orchestration.raw.texts import LONGEST_ROW, ROOM_FOR_ROWS, Header, empty_file, nearest, parse_header, text_of
from orchestration.raw.workbooks import read_sheet
from orchestration.release.warehouse import identifier, quoted, quoted_path

CSV_OPTIONS = (
    f"auto_detect = false, header = true, quote = '\"', escape = '\"', strict_mode = true, filename = '{ADDRESS}', "
    f"{ROOM_FOR_ROWS}"
)
# Of an object that wraps the rows, which the engine has to hold whole.
LONGEST_WRAPPER = 512_000_000


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
    connection: duckdb.DuckDBPyConnection,
    place: RawPlace,
    table: RawTable,
    files: Sequence[RawFile],
    without: str = "",
) -> Known:
    """Look the files up in the ledger; nothing is known of them where the table is not there any more.

    Of a file at a URL nobody can tell whether it is another: it is read each time.
    """
    read_by = reader(table.columns, table.required_columns, without)
    if place.is_url:
        return Known(read_by, False, {}, {})
    landed = read_files(connection, table.name, place.prefix, read_by) if kinds(connection, table.name) else None
    read = landed or {}
    current: dict[str, Fingerprint] = {}
    findings = []
    for file in files:
        try:
            current[file.name] = fingerprint(file, read[file.name].fingerprint if file.name in read else None)
        except OSError as error:
            findings.append(unreadable_file(table.name, file.name, error))
    if findings:
        raise RawInputError(*findings)
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
        types = {scan.matched.columns[column].type for scan in self.scans if column in scan.matched.columns}
        return types.pop() if len(types) == 1 else TEXT

    @property
    def counted(self) -> tuple[str, ...]:
        """The ignored columns of which the values are counted."""
        return tuple(sorted({name for scan in self.scans for name in scan.matched.counted}))


def plan_table(
    connection: duckdb.DuckDBPyConnection,
    place: RawPlace,
    table: RawTable,
    files: Sequence[RawFile],
    known: Known,
    unknown: Sequence[str],
) -> Plan:
    """Open every file of a table for its columns, and group the files into scans; ``unknown`` files are of no table.

    Text that was read before is taken from where it landed, if all of the table is text: so it has the types that it
    would have if it were read again.
    """
    if not files and table.is_required:
        near = nearest(table.name, [name.partition(".")[0] for name in unknown])
        meant = next((name for name in unknown if near is not None and name.partition(".")[0] == near), None)
        raise RawInputError(
            Finding(
                "required_table_missing",
                table.name,
                f"no {table.name}.* and no folder {table.name}/ with data files in {place.location}.",
                next_step=f"Put it there ({SUPPORTED}), or set NPS_RAW to where it is."
                + (f" If it is {meant}, rename that." if meant else ""),
            )
        )
    is_text = all(file.format != "parquet" for file in files) and _is_all_text(connection, table)
    kept = {file.name for file in files if is_text and known.is_read(file)}
    for file in files:
        if not known.is_read(file):
            place.check_whole(connection, table.name, file)
    plan = Plan(table, known)
    ways = {
        "landed": _landed_scans,
        "csv": _csv_scans,
        "parquet": _parquet_scans,
        "json": _json_scans,
        "jsonl": _json_scans,
        "xlsx": _sheet_scans,
    }
    alike = groupby(files, lambda file: ("landed" if file.name in kept else file.format, file.partitions))
    for number, ((form, _), group) in enumerate(alike):
        plan.scans += ways[form](Reading(connection, place, table, f"_{table.name}_{number}"), tuple(group))
    return plan


@dataclass(frozen=True)
class Reading:
    """What the readers of all formats need to know; ``scratch`` is the name of a temporary table for their files."""

    connection: duckdb.DuckDBPyConnection
    place: RawPlace
    table: RawTable
    scratch: str


def match_columns(table: RawTable, file: RawFile, columns: Sequence[FileColumn]) -> Matched:
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
    # What a name stands for in the file; the columns of a path come after those of the file itself.
    meant = {name: same[0] for name, same in by_name.items()}
    for key in file.partitions:
        meant.setdefault(key.strip().lower(), FileColumn(key, _partition_value(key)))
    missing = [_missing(table, file, name, meant) for name in table.required_columns if name not in meant]
    if duplicates or missing:
        raise RawInputError(*duplicates, *missing)
    others = sorted(set(meant) - set(table.columns))
    return Matched(
        {name: meant[name] for name in table.columns if name in meant},
        tuple(name or "(a column without a name)" for name in others),
        {name: meant[name] for name in others if decides(name)},
        (*columns, *(meant[key.strip().lower()] for key in file.partitions)),
    )


def _missing(table: RawTable, file: RawFile, name: str, meant: Mapping[str, FileColumn]) -> Finding:
    """That a column is not there, and which is nearest. Other names are not repeated: they may be a row of values."""
    near = nearest(name, [column.written.strip() for other, column in meant.items() if other not in table.columns])
    known = [other for other in table.columns if other in meant]
    said = f"{file.name} has no column {name}; of the contract it has {', '.join(known) or 'none'}"
    if near is not None:
        said += f", and the nearest is {near!r}"
        next_step = f"If it is that, rename {near!r} to {name} in the export; else add the column {name}."
    elif known:
        next_step = f"Add the column {name} to the export."
    else:
        next_step = "See that the first line names the columns, as docs/raw-tables.md lists them."
    return Finding("required_column_missing", table.name, f"{said}.", next_step=next_step)


def _partition_value(key: str) -> str:
    value = f"url_decode(regexp_extract({ADDRESS}, {quoted(f'/{re.escape(key)}=([^/]*)/')}, 1))"
    return f"nullif({value}, '__HIVE_DEFAULT_PARTITION__')"


def _csv_scans(reading: Reading, files: tuple[RawFile, ...]) -> list[Scan]:
    headers = [(file, _header(reading, file)) for file in files]
    return [
        _csv_scan(reading.table, header, tuple(file for file, _ in group))
        for (header, _), group in groupby(headers, lambda described: (described[1], described[0].is_gzipped))
    ]


def _header(reading: Reading, file: RawFile) -> Header:
    text = text_of(reading.table.name, file, reading.place.beginning(reading.connection, file))
    return parse_header(reading.table.name, file, text, reading.table.columns)


def _csv_scan(table: RawTable, header: Header, files: tuple[RawFile, ...]) -> Scan:
    # Columns are called by their place, because the engine wants every name once and a header may be dirty.
    columns = [FileColumn(written, f"c{place}") for place, written in enumerate(header.names)]
    types = ", ".join(f"'{column.expression}': '{TEXT}'" for column in columns)
    relation = (
        f"read_csv({_addresses(files)}, {CSV_OPTIONS}, delim = {quoted(header.delimiter)}, "
        f"skip = {header.n_lines_above}, compression = '{'gzip' if files[0].is_gzipped else 'none'}', "
        f"columns = {{{types}}})"
    )
    matched = match_columns(table, files[0], columns)
    return Scan("csv", files, matched, relation, "row_number() over ()", header.names)


def _landed_scans(reading: Reading, files: tuple[RawFile, ...]) -> list[Scan]:
    """Files of text that were read before, from the table in which they landed."""
    table, prefix = reading.table, reading.place.prefix
    names = ", ".join(quoted(file.name) for file in files)
    relation = (
        f"(select *, {quoted(prefix)} || _source_file as {ADDRESS} "
        f"from {RAW_SCHEMA}.{table.name} where _source_file in ({names}))"
    )
    columns = {name: FileColumn(name, identifier(name)) for name in table.columns}
    return [Scan("landed", files, Matched(columns), relation, "row_number() over (order by _row_number)")]


def _sheet_scans(reading: Reading, files: tuple[RawFile, ...]) -> list[Scan]:
    """Sheets are read into temporary tables, one each."""
    scans = []
    for number, file in enumerate(files):
        table = reading.table
        sheet = read_sheet(table.name, file, reading.place.content(reading.connection, file))
        matched = match_columns(
            table, file, [FileColumn(written, f"c{place}") for place, written in enumerate(sheet.names)]
        )
        used = {column.expression for column in matched.columns.values()}
        findings = sheet.findings(table.name, file, [place for place in range(len(sheet.names)) if f"c{place}" in used])
        if findings:
            raise RawInputError(*findings)
        scratch = f"{reading.scratch}_{number}"
        reading.connection.register(f"{scratch}_sheet", sheet.rows)
        reading.connection.execute(
            f"create or replace temp table {scratch} as "
            f"select {quoted(file.address)} as {ADDRESS}, * from {scratch}_sheet"
        )
        reading.connection.unregister(f"{scratch}_sheet")
        scans.append(Scan("xlsx", (file,), matched, f"temp.main.{scratch}", "rowid + 1"))
    return scans


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


def _parquet_scans(reading: Reading, files: tuple[RawFile, ...]) -> list[Scan]:
    columns = _parquet_columns(reading.connection, reading.table, files)
    scans = []
    for alike, group in groupby(files, lambda file: columns[file.address]):
        scanned = tuple(group)
        scans.append(_parquet_scan(reading.connection, scanned, match_columns(reading.table, scanned[0], alike)))
    return scans


def _parquet_columns(
    connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[RawFile]
) -> dict[str, tuple[FileColumn, ...]]:
    """The top-level columns of Parquet files, by address."""
    try:
        rows = connection.execute(
            f"select file_name, name, duckdb_type, num_children from parquet_schema({_addresses(files)})"
        ).fetchall()
    except duckdb.Error as error:
        if not is_about_content(error):
            raise
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


def _parquet_scan(connection: duckdb.DuckDBPyConnection, files: tuple[RawFile, ...], matched: Matched) -> Scan:
    counts = dict(
        connection.execute(f"select file_name, num_rows from parquet_file_metadata({_addresses(files)})").fetchall()
    )
    before = list(accumulate((counts[file.address] for file in files), initial=0))[:-1]
    # A window over 6 million rows takes three times as long as reading them.
    row_number = f"file_row_number + 1 + ({before}::bigint[])[file_index::bigint + 1]"
    return Scan("parquet", files, matched, parquet_relation(files), row_number)


def parquet_relation(files: Sequence[RawFile]) -> str:
    return (
        f"read_parquet({_addresses(files)}, filename = '{ADDRESS}', file_row_number = true, binary_as_string = true, "
        "hive_partitioning = false)"
    )


def _json_scans(reading: Reading, files: tuple[RawFile, ...]) -> list[Scan]:
    """JSON says its columns row by row, so it is parsed into a temporary table first."""
    connection, table = reading.connection, reading.table
    relation = f"temp.main.{reading.scratch}"
    connection.execute(f"create or replace temp table {reading.scratch} ({ADDRESS} varchar, json json)")
    for shape, alike in groupby(files, lambda file: _shape(reading, file)):
        _read_json(reading, shape, tuple(alike))
    kinds_of: dict[str, set[str]] = {}
    for address, kind in connection.execute(f"select distinct {ADDRESS}, json_type(json) from {relation}").fetchall():
        kinds_of.setdefault(address, set()).add(kind)
    keys_of: dict[str, list[str]] = {}
    for address, key in connection.execute(
        f"select distinct {ADDRESS}, unnest(json_keys(json)) as key from {relation} "
        "where json_type(json) = 'OBJECT' order by all"
    ).fetchall():
        keys_of.setdefault(address, []).append(key)
    findings: list[Finding] = []
    spellings: dict[str, set[str]] = {}
    counted: dict[str, set[str]] = {}
    every: dict[str, set[str]] = {}
    extras: set[str] = set()
    for file in files:
        kinds_found = kinds_of.get(file.address)
        if kinds_found is None:
            # An array without a row: a table without rows.
            continue
        if kinds_found != {"OBJECT"}:
            shape = "one JSON object a line" if file.format == "jsonl" else "JSON objects alone"
            findings.append(Finding("malformed_rows", table.name, f"{file.name} does not hold {shape}."))
            continue
        columns = [
            FileColumn(key, f"json ->> {quoted(f'$.{json.dumps(key, ensure_ascii=False)}')}")
            for key in keys_of[file.address]
        ]
        try:
            matched = match_columns(table, file, columns)
        except RawInputError as error:
            findings += error.findings
            continue
        extras.update(matched.extra)
        for found, names in ((matched.columns, spellings), (matched.counted, counted)):
            for name, column in found.items():
                names.setdefault(name, set()).add(column.expression)
        for column in matched.every:
            every.setdefault(column.written, set()).add(column.expression)
    if findings:
        raise RawInputError(*findings)
    matched = Matched(_any_of(spellings), tuple(sorted(extras)), _any_of(counted), tuple(_any_of(every).values()))
    return [Scan("json", files, matched, relation, "rowid + 1")]


def _any_of(spellings: Mapping[str, Iterable[str]]) -> dict[str, FileColumn]:
    return {
        name: FileColumn(name, f"coalesce({', '.join(sorted(expressions))})") for name, expressions in spellings.items()
    }


def _shape(reading: Reading, file: RawFile) -> str:
    """How the engine is to read a file of JSON: lines, an array, or objects one after the other."""
    start = reading.place.beginning(reading.connection, file)
    text = text_of(reading.table.name, file, start).lstrip()
    if not text:
        raise RawInputError(empty_file(reading.table.name, file.name))
    if file.format == "jsonl":
        # The engine takes no byte order mark before a line.
        return "newline_delimited" if start[:1] == text[:1].encode("utf-8", "surrogateescape") else "unstructured"
    return "array" if text.startswith("[") else "unstructured"


def _read_json(reading: Reading, shape: str, files: tuple[RawFile, ...]) -> None:
    """Add the rows of files to the temporary table. An object that wraps an array of rows stands for the rows."""
    for _, alike in groupby(files, lambda file: file.is_gzipped):
        group = tuple(alike)
        if shape == "unstructured" and group[0].format == "json":
            for file in group:
                _read_wrapped(reading, file)
            continue
        _insert_json(reading, group, shape)


def _insert_json(
    reading: Reading, files: tuple[RawFile, ...], shape: str, longest: int = LONGEST_ROW, address: str = ADDRESS
) -> None:
    compression = "gzip" if files[0].is_gzipped else "uncompressed"

    def insert(shape: str) -> None:
        reading.connection.execute(
            f"insert into {reading.scratch} select {address}, json from read_json_objects({_addresses(files)}, "
            f"format = '{shape}', compression = '{compression}', maximum_object_size = {longest}, "
            f"filename = '{ADDRESS}')"
        )

    try:
        try:
            insert(shape)
        except duckdb.InvalidInputException:
            if shape != "newline_delimited":
                raise
            # By lines, in parallel, the engine stumbles over a last line of some size that has no end.
            insert("unstructured")
    except duckdb.InvalidInputException as error:
        raise RawInputError(malformed_json(reading.place, reading.table, files, str(error))) from None


def _longest(reading: Reading, file: RawFile) -> int:
    """Bytes for which the engine has to have room, to hold a file in one piece."""
    if reading.place.is_url or file.is_gzipped:
        return LONGEST_WRAPPER
    return min(max(Path(file.address).stat().st_size + 1, LONGEST_ROW), LONGEST_WRAPPER)


def _read_wrapped(reading: Reading, file: RawFile) -> None:
    """Add the rows of a file that begins with an object: the rows in its one array, if it has no column of its own."""
    connection, table = reading.connection, reading.table
    whole = replace(reading, scratch=f"{reading.scratch}_whole")
    connection.execute(f"create or replace temp table {whole.scratch} ({ADDRESS} varchar, json json)")
    _insert_json(whole, (file,), "unstructured", _longest(reading, file))
    keys = connection.execute(
        f"select json_keys(json) from {whole.scratch} where json_type(json) = 'OBJECT' limit 2"
    ).fetchall()
    if len(keys) != 1 or {key.strip().lower() for key in keys[0][0]} & set(table.columns):
        connection.execute(f"insert into {reading.scratch} from {whole.scratch}; drop table {whole.scratch}")
        return
    arrays = connection.execute(
        f"select key from {whole.scratch}, json_each(json) as entry where entry.type = 'ARRAY'"
    ).fetchall()
    if len(arrays) != 1:
        raise RawInputError(
            Finding(
                "malformed_rows",
                table.name,
                f"{file.name} is an object with {len(arrays)} arrays; it is read where it has one, of the rows.",
                next_step="Export the rows as an array of objects, or as JSON lines.",
            )
        )
    path = quoted(f"$.{json.dumps(arrays[0][0], ensure_ascii=False)}")
    ((rows,),) = connection.execute(f"select cast(json -> {path} as varchar) from {whole.scratch}").fetchall()
    connection.execute(f"drop table {whole.scratch}")
    with tempfile.TemporaryDirectory(prefix="nps-json-") as folder:
        array = Path(folder) / "rows.json"
        array.write_text(rows, encoding="utf-8")
        unzipped = RawFile(file.name[:-3] if file.is_gzipped else file.name, str(array), "json")
        _insert_json(reading, (unzipped,), "array", address=quoted(file.address))


def _addresses(files: Iterable[RawFile]) -> str:
    return "[" + ", ".join(quoted_path(file.address) for file in files) + "]"


def kinds(connection: duckdb.DuckDBPyConnection, name: str) -> list[str]:
    """What lies in schema raw under the name: a table, a view or nothing."""
    rows = connection.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [RAW_SCHEMA, name],
    ).fetchall()
    return [kind for (kind,) in rows]
