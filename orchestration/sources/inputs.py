"""The inputs of a source as tables of text: each column of the adapter under its own name, blanks as null.

A table has the columns of its input, null where the source does not have one, then ``_file`` (the address) and ``_row``
(from 1, in the order of the files and of their rows).
"""

from __future__ import annotations

import csv
import gzip
import importlib.util
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO, cast
from urllib.parse import urlsplit, urlunsplit

import duckdb

from orchestration.findings import BuildError, Finding, PassingFaultError, RawInputError
from orchestration.raw.explanations import UnreadableError, explanation, is_about_content
from orchestration.raw.files import RawFile
from orchestration.raw.place import RawPlace
from orchestration.raw.plan import Known, plan_table
from orchestration.raw.scan import ADDRESS, FileColumn, Matched, Scan
from orchestration.raw.tables import RawTable
from orchestration.raw.texts import beginning, nearest, parse_header, text_of
from orchestration.release.warehouse import identifier, quoted
from orchestration.settings import PostgresDestination
from orchestration.sources.adapters import Input, same
from orchestration.sources.declared import Source
from orchestration.sources.files import check_complete, files_of

# Rows below the first that a header may have.
HEADER_ROWS = 4
UNREAD = Known("", False, {}, {})


@dataclass(frozen=True)
class Inputs:
    """What was read: by input its relation, its files, and the headers of its columns as the source writes them.

    ``asked`` has the longer of the first two rows of a header, in one of which stands the text of a question.
    ``n_header_rows`` says, by address, how many rows below the first are header.
    """

    relations: Mapping[str, str]
    files: Mapping[str, tuple[RawFile, ...]]
    headers: Mapping[str, Mapping[str, str]]
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    n_header_rows: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """The columns of a scan that were found: by column its header and the expression; and rows that are header."""

    labels: Mapping[str, Sequence[str]]
    expressions: Mapping[str, str]
    n_header_rows: int


def read_inputs(connection: duckdb.DuckDBPyConnection, source: Source, scratch: Path) -> Inputs:
    """Read all inputs into temporary tables; a BuildError says what cannot be. Fetched files lie in ``scratch``."""
    if source.is_database:
        return _read_schema(connection, source)
    files = files_of(source, scratch)
    relations: dict[str, str] = {}
    headers: dict[str, dict[str, str]] = {}
    asked: dict[str, dict[str, str]] = {}
    n_header_rows: dict[str, int] = {}
    for name, given in source.adapter.inputs.items():
        relations[name], headers[name], asked[name] = _create(connection, source, given), {}, {}
        for found, scan in _read_files(connection, source, given, files[name], relations[name]):
            headers[name] |= {column: labels[0] for column, labels in found.labels.items()}
            asked[name] |= {column: max(labels[:2], key=len) for column, labels in found.labels.items()}
            n_header_rows |= {file.address: found.n_header_rows for file in scan.files}
    return Inputs(relations, {name: tuple(found) for name, found in files.items()}, headers, asked, n_header_rows)


def _table_name(source: Source, given: Input) -> str:
    """How a source, and the input of one that has several, is called in what is said of it."""
    return f"{source.name}_{given.name}" if source.adapter.has_tables else source.name


def _create(connection: duckdb.DuckDBPyConnection, source: Source, given: Input) -> str:
    relation = f'temp.main."{source.name}__{given.name}"'
    columns = ", ".join(f"{identifier(column)} varchar" for column in given.columns)
    connection.execute(f"create or replace temp table {relation} ({columns}, _file varchar, _row bigint)")
    return relation


# Files -------------------------------------------------------------------------------------------------------------


def _read_files(
    connection: duckdb.DuckDBPyConnection, source: Source, given: Input, files: Sequence[RawFile], relation: str
) -> Iterator[tuple[Found, Scan]]:
    table = _described(source, given)
    rows = 0
    # The rows of a header are at the beginning of each file.
    has_rows = given.header_until is not None or given.header_lacks is not None
    for group in [[file] for file in files] if has_rows else [list(files)]:
        for scan in scans(connection, table, group):
            found = _found(connection, source, given, scan)
            _insert(connection, table, relation, scan, found, given, rows)
            ((rows,),) = connection.execute(f"select coalesce(max(_row), {rows}) from {relation}").fetchall()
            yield found, scan


def _described(source: Source, given: Input) -> RawTable:
    """An input as the readers of raw files know a table; by the names they tell how a file of CSV is parted."""
    names = [str(header) for header in (source.options["columns"] or {}).values()]
    names += [alias for aliases in given.columns.values() for alias in aliases]
    known = tuple(dict.fromkeys(name.strip().lower() for name in names))
    return RawTable("sources", _table_name(source, given), False, known, ())


def scans(connection: duckdb.DuckDBPyConnection, table: RawTable, files: Sequence[RawFile]) -> list[Scan]:
    return plan_table(connection, RawPlace("/"), table, files, UNREAD, ()).scans


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: RawTable,
    relation: str,
    scan: Scan,
    found: Found,
    given: Input,
    rows_before: int,
) -> None:
    values = [f"nullif(trim({found.expressions.get(column, 'null')}), '')" for column in given.columns]
    selected = f"select {', '.join(values)}, {ADDRESS}, {scan.row_number} + {rows_before} as _row from {scan.relation}"
    if found.n_header_rows:
        selected = f"select * from ({selected}) where _row > {rows_before + found.n_header_rows}"
    run_on(connection, table, scan, f"insert into {relation} {selected}")


def run_on(
    connection: duckdb.DuckDBPyConnection, table: RawTable, scan: Scan, statement: str
) -> list[tuple[object, ...]]:
    try:
        return connection.execute(statement).fetchall()
    except duckdb.Error as error:
        if not is_about_content(error):
            raise
        # Without the engine's own words, which repeat the line.
        raise RawInputError(explanation(connection, UnreadableError(table, scan, str(error)))) from None


def _found(connection: duckdb.DuckDBPyConnection, source: Source, given: Input, scan: Scan) -> Found:
    """Where the columns of an input are in a scan; a BuildError with all that are missing, or nobody can tell."""
    every = scan.matched.every
    labels, n_header_rows = labels_of(connection, source, given, scan)
    headers_of: dict[str, Sequence[str]] = {}
    expressions: dict[str, str] = {}
    findings: list[Finding] = []
    nested = _nested(connection, scan)
    for column in given.columns:
        named = source.header_of(given, column)
        if named is not None:
            places = [place for place, cells in enumerate(labels) if any(same(cell, named) for cell in cells)]
        else:
            places = given.place_of(column, labels)
        is_needed = column in given.required or named is not None
        if not places and is_needed:
            findings.append(_missing(source, given, column, scan, labels))
        elif len(places) > 1:
            findings.append(_ambiguous(source, given, column, scan, [labels[place] for place in places]))
        elif places:
            place = places[0]
            headers_of[column] = labels[place]
            expressions[column] = _text(every[place], nested)
    if findings:
        raise RawInputError(*findings)
    return Found(headers_of, expressions, n_header_rows)


def labels_of(
    connection: duckdb.DuckDBPyConnection, source: Source, given: Input, scan: Scan
) -> tuple[list[list[str]], int]:
    """The cells of the header above each column, and in how many rows below the first the header goes on."""
    every = scan.matched.every
    labels = [[column.written.strip()] for column in every]
    if scan.format == "table" or (given.header_until is None and given.header_lacks is None):
        return labels, 0
    expressions = ", ".join(f"cast({column.expression} as varchar)" for column in every)
    rows = run_on(
        connection, _described(source, given), scan, f"select {expressions} from {scan.relation} limit {HEADER_ROWS}"
    )
    n_rows = 0
    if given.header_until is not None:
        ends = [number for number, row in enumerate(rows, 1) if _has(row, given.header_until)]
        n_rows = max(ends, default=0)
    if given.header_lacks is not None:
        places = given.place_of(given.header_lacks, labels)
        while places and n_rows < len(rows) and not str(rows[n_rows][places[0]] or "").strip():
            n_rows += 1
    for row in rows[:n_rows]:
        for cells, cell in zip(labels, row, strict=True):
            cells.append(str(cell or "").strip())
    return labels, n_rows


def _has(row: Sequence[object], pattern: str) -> bool:
    return any(re.search(pattern, str(cell or "")) for cell in row)


def _nested(connection: duckdb.DuckDBPyConnection, scan: Scan) -> set[str]:
    """The expressions of columns that a Parquet file nests."""
    if scan.format != "parquet":
        return set()
    described = connection.execute(f"describe select * from {scan.relation}").fetchall()
    return {
        identifier(name) for name, kind, *_ in described if kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
    }


def _text(column: FileColumn, nested: Collection[str]) -> str:
    """A column as text; what is nested is JSON."""
    return f"cast({f'to_json({column.expression})' if column.expression in nested else column.expression} as varchar)"


def _missing(source: Source, given: Input, column: str, scan: Scan, labels: Sequence[Sequence[str]]) -> Finding:
    wanted = source.header_of(given, column) or (given.columns[column] or (column,))[0]
    near = nearest(wanted, [cell for cells in labels for cell in cells])
    said = f"{scan.files[0].name} has no column {wanted!r}" + (f"; the nearest is {near!r}" if near else "") + "."
    return Finding(
        "required_column_missing",
        _table_name(source, given),
        said,
        next_step=f"Say which column it is in sources.yml: options: {{columns: {{{column}: {near or 'its header'}}}}}.",
    )


def _ambiguous(source: Source, given: Input, column: str, scan: Scan, candidates: Sequence[Sequence[str]]) -> Finding:
    return Finding(
        "ambiguous_column",
        _table_name(source, given),
        f"{scan.files[0].name} has {len(candidates)} columns that may be the {column.replace('_', ' ')}.",
        examples=tuple(" / ".join(filter(None, cells)) for cells in candidates),
        next_step=f"Say which one in sources.yml: options: {{columns: {{{column}: its header}}}}.",
    )


def line_of(file: RawFile, row: int) -> str:
    """Where a row of data stands, in words: the line of a file of CSV, else the row of its table."""
    if file.format != "csv":
        return f"row {row + (file.format == 'xlsx')} of {file.name}"
    header = parse_header("", file, text_of("", file, beginning(file)), ())
    opened = gzip.open if file.is_gzipped else open
    with opened(file.address, "rt", encoding="utf-8-sig", newline="") as stream:
        lines = csv.reader(cast(TextIO, stream), delimiter=header.delimiter)
        # Blank lines are no rows; the header is the first record.
        records = -header.n_lines_above - 1
        ended = 0
        for record in lines:
            records += bool(record)
            if records == row:
                break
            ended = lines.line_num
    return f"line {ended + 1} of {file.name}"


# A schema of PostgreSQL --------------------------------------------------------------------------------------------


def _read_schema(connection: duckdb.DuckDBPyConnection, source: Source) -> Inputs:
    relations: dict[str, str] = {}
    headers: dict[str, dict[str, str]] = {}
    with _schema(source) as (cursor, schema, found):
        inputs = source.adapter.inputs
        known = {table.lower(): table for table in found}
        check_complete(source, {name for name in inputs if name in known}, tuple(found))
        for name, given in inputs.items():
            relations[name], headers[name] = _create(connection, source, given), {}
            if name in known:
                headers[name] = _copy(connection, cursor, source, given, relations[name], schema, known[name], found)
    return Inputs(relations, dict.fromkeys(relations, ()), headers)


def headers_in_schema(source: Source) -> dict[str, list[list[str]]]:
    """The columns of each table of a schema that is an input, as headers of one row."""
    with _schema(source) as (_, _, found):
        return {
            table.lower(): [[column] for column in columns]
            for table, columns in found.items()
            if table.lower() in source.adapter.inputs
        }


@contextmanager
def _schema(source: Source) -> Iterator[tuple[Any, str, Mapping[str, Sequence[str]]]]:
    """A cursor on the database, the schema, and the columns of its tables."""
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        raise BuildError(
            Finding(
                "driver_missing",
                source.name,
                f"{source.place} is a schema of PostgreSQL, for which a driver is needed.",
                next_step="Install the extra postgres: pip install 'nps-warehouse[postgres]'.",
            )
        )
    from adbc_driver_postgresql import dbapi

    url, schema = _database(source.path)
    try:
        with dbapi.connect(url, autocommit=True) as server, server.cursor() as cursor:
            cursor.execute("set timezone to 'UTC'")
            yield cursor, schema, _columns_of(cursor, schema)
    except dbapi.Error as error:
        why = PostgresDestination(url).redacted(str(error).partition("\n")[0])
        raise PassingFaultError(
            Finding(
                "source_unreachable",
                source.name,
                f"{source.place} cannot be read ({why}).",
                next_step="See that the server runs, and that the user may read the schema; then build again.",
            )
        ) from error


def _database(address: str) -> tuple[str, str]:
    """The URL of the database, and the schema: the second part of the path, else public."""
    parts = urlsplit(address)
    database, _, schema = parts.path.strip("/").partition("/")
    return urlunsplit(parts._replace(path=f"/{database}")), schema or "public"


def _columns_of(cursor: Any, schema: str) -> dict[str, list[str]]:
    cursor.execute(
        "select table_name, column_name from information_schema.columns "
        "where table_schema = $1 order by ordinal_position",
        (schema,),
    )
    found: dict[str, list[str]] = {}
    for table, column in cursor.fetchall():
        found.setdefault(table, []).append(column)
    return found


def _copy(
    connection: duckdb.DuckDBPyConnection,
    cursor: Any,
    source: Source,
    given: Input,
    relation: str,
    schema: str,
    table: str,
    found: Mapping[str, Sequence[str]],
) -> dict[str, str]:
    """Copy the columns of a table as text: PostgreSQL writes its own types, and numbers keep all digits."""
    file = RawFile(f"{source.place}.{table}", "", "table")
    every = tuple(FileColumn(name, identifier(name)) for name in found[table])
    scan = Scan("table", (file,), Matched({}, every=every), "", "")
    columns = _found(connection, source, given, scan)
    headers = {column: labels[0] for column, labels in columns.labels.items()}
    if not headers:
        return {}
    selected = ", ".join(f"{identifier(headers[column])}::text as {identifier(column)}" for column in headers)
    cursor.execute(f"select {selected} from {identifier(schema)}.{identifier(table)}")
    with cursor.fetch_record_batch() as rows:
        connection.register("_rows", rows)
        names = ", ".join(map(identifier, headers))
        values = ", ".join(f"nullif(trim({identifier(column)}), '')" for column in headers)
        connection.execute(
            f"insert into {relation} ({names}, _file, _row) "
            f"select {values}, {quoted(file.name)}, row_number() over () from _rows"
        )
        connection.unregister("_rows")
    return headers
