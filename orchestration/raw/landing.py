"""Landing of the raw tables: every file under NPS_RAW is read and checked once, into schema raw of the build file.

Text is parsed into a table. Parquet on a disk stays where it is, behind a view: to copy 15 million rows takes eight
times as long as to check them, and the models read a column of the file as fast as one of a copy. A file that was read
before and is the same is not read again (ledger).

A landed table has the columns of its dbt source, in that order, then ``_source_file`` (path below NPS_RAW) and
``_row_number`` (1 to n over the table, in the order of file names and of the rows in a file). A column keeps the type
that Parquet gives it; from text it is varchar, and so it is where files disagree. Casting is the work of staging.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import duckdb

from orchestration.findings import Finding, RawInputError
from orchestration.forgetting.people import NOBODY, People, key_columns, landed_without
from orchestration.raw.explanations import UnreadableError, explanation, is_about_content
from orchestration.raw.files import RawFile, group_by_table
from orchestration.raw.ignored import Counted, counts_query, land_ignored_columns
from orchestration.raw.ledger import (
    Fingerprint,
    ReadFile,
    changes,
    content_hash,
    events,
    read_files,
    write_files,
)
from orchestration.raw.place import RawPlace
from orchestration.raw.plan import Known, Plan, kinds, parquet_relation, plan_table, what_is_known
from orchestration.raw.scan import TEXT, Scan
from orchestration.raw.tables import RAW_SCHEMA, RawTable
from orchestration.release.warehouse import drop_relation, identifier

ANSWERS, INVITATIONS = "survey_responses", "survey_invitations"


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
    # Of landing.ignored_columns, as content_hash is of a table.
    ignored_hash: str


def land(
    connection: duckdb.DuckDBPyConnection,
    location: str,
    tables: Sequence[RawTable],
    selected: Iterable[str] | None = None,
    given: Mapping[str, Sequence[RawFile]] | None = None,
    may_be_missing: bool = False,
    without: People = NOBODY,
) -> Landing:
    """Land the tables (or those selected) in one transaction: after a failure all that was landed is as it was before.

    A file that is another when all have been read fails the landing: what was read of it is not all of one version.
    ``given`` are the files that sources gave, by raw table; the location ``may_be_missing`` beside them.
    Rows of the people ``without`` whom they land keep no value that says who they are.
    """
    place = RawPlace(location, given or {}, may_be_missing)
    place.prepare(connection)
    names = place.names(connection, [table.name for table in tables])
    found, unknown = group_by_table(names, [table.name for table in tables])
    wanted = [table for table in tables if selected is None or table.name in set(selected)]

    plans: list[Plan] = []
    findings: list[Finding] = []
    invitations = ""
    for table in wanted:
        # Every table is looked at, so that one run names all that is to be mended.
        files = place.files(table.name, found.get(table.name, []))
        try:
            known = what_is_known(connection, place, table, files, _without(without, table, invitations))
            invitations = _held(known) if table.name == INVITATIONS else invitations
        except RawInputError as error:
            findings += error.findings
            continue
        try:
            plans.append(plan_table(connection, place, table, files, known, unknown))
        except RawInputError as error:
            findings += changes(table.name, files, known.current) or error.findings
        except (OSError, duckdb.Error):
            changed = changes(table.name, files, known.current)
            if not changed:
                raise
            findings += changed
    if findings:
        raise RawInputError(*findings)

    connection.execute("begin")
    try:
        connection.execute(f"create schema if not exists {RAW_SCHEMA}")
        landed = tuple(_land_table(connection, place, plan, without) for plan in plans)
        ignored_hash = land_ignored_columns(connection)
        changed = _changes(plans)
        if changed:
            raise RawInputError(*changed)
        connection.execute("commit")
    except UnreadableError as error:
        connection.execute("rollback")
        # Without the engine's own words, which repeat the line.
        raise RawInputError(*(_changes(plans) or [explanation(connection, error)])) from None
    except (RawInputError, duckdb.Error) as error:
        connection.execute("rollback")
        changed = _changes(plans) if isinstance(error, duckdb.Error) else []
        if changed:
            raise RawInputError(*changed) from error
        raise
    return Landing(landed, tuple(unknown), ignored_hash)


def _without(people: People, table: RawTable, invitations: str) -> str:
    return people.digest + (invitations if people and table.name == ANSWERS else "")


def _held(known: Known) -> str:
    """What the files of a table hold now, as one hash."""
    return content_hash("", (ReadFile(name, now, 0, None, ()) for name, now in known.current.items()))


def _changes(plans: Iterable[Plan]) -> list[Finding]:
    return [finding for plan in plans for finding in changes(plan.table.name, plan.files, plan.known.current)]


def check_in_place(
    connection: duckdb.DuckDBPyConnection,
    location: str,
    tables: Sequence[RawTable],
    given: Mapping[str, Sequence[RawFile]] | None = None,
) -> None:
    """Raises if a Parquet file that the models read where it lies is not what it was when it was landed."""
    place = RawPlace(location, given or {})
    if place.is_url:
        return
    findings: list[Finding] = []
    for table in tables:
        if kinds(connection, table.name) == ["VIEW"]:
            read = read_files(connection, table.name, place.prefix) or {}
            known = {name: file.fingerprint for name, file in read.items()}
            findings += changes(table.name, [place.known_file(table.name, name) for name in known], known)
    if findings:
        raise RawInputError(*findings)


def _land_table(connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, without: People) -> LandedTable:
    known, name = plan.known, plan.table.name
    if plan.is_unchanged:
        read = [replace(file, fingerprint=known.current[name]) for name, file in known.files.items()]
        if read != list(known.files.values()):
            # Written again as they were: by their new times they need not be looked at again.
            write_files(connection, plan.table.name, place.prefix, known.read_by, read)
    else:
        types = {column: plan.column_type(column) for column in plan.table.columns}
        if without:
            # What stands for an id is text.
            private = plan.table.private
            types |= dict.fromkeys([*key_columns(types, private), *(types.keys() & private.keys())], TEXT)
        is_in_place = bool(plan.scans) and not place.is_url and all(scan.format == "parquet" for scan in plan.scans)
        read = (_view if is_in_place else _copy)(connection, place, plan, types, without)
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


def _copy(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, types: Mapping[str, str], without: People
) -> list[ReadFile]:
    """Parse the files into a table; what each of them held."""
    name = plan.table.name
    target = f"{RAW_SCHEMA}._{name}"
    # Columns that are counted stand in the table until they are: to parse the files once more would take as long again.
    counted = {column: f"_counted_{place}" for place, column in enumerate(plan.counted)}
    declared = [f"{identifier(column)} {kind}" for column, kind in types.items()]
    declared += ["_source_file varchar", "_row_number bigint", *(f"{column} varchar" for column in counted.values())]
    connection.execute(f"create table {target} ({', '.join(declared)})")
    rows = 0
    for scan in plan.scans:
        selection = _landed(plan, _selection(place, scan, types, rows, plan.counted), types, without)
        _run(connection, plan.table, scan, f"insert into {target} {selection}")
        ((rows,),) = connection.execute(f"select count(*) from {target}").fetchall()
    ignored: dict[str, list[Counted]] = {}
    for column, held_in in counted.items():
        _note(ignored, column, connection.execute(counts_query(target, held_in)).fetchall())
        connection.execute(f"alter table {target} drop column {held_in}")
    drop_relation(connection, RAW_SCHEMA, name)
    connection.execute(f"alter table {target} rename to {name}")
    held = connection.execute(
        f"select _source_file, count(*), {_newest(types)} from {RAW_SCHEMA}.{name} group by _source_file"
    ).fetchall()
    return _read(plan, {source_file: (n_rows, newest) for source_file, n_rows, newest in held}, ignored)


def _view(
    connection: duckdb.DuckDBPyConnection, place: RawPlace, plan: Plan, types: Mapping[str, str], without: People
) -> list[ReadFile]:
    """Read every value of each new file, so that what is broken is found here, and leave all behind a view."""
    held: dict[str, tuple[int, datetime | None]] = {}
    ignored: dict[str, list[Counted]] = {}
    selections: list[str] = []
    rows = 0
    for scan in plan.scans:
        unread = tuple(file for file in scan.files if not plan.known.is_read(file))
        if unread:
            checked = replace(scan, files=unread, relation=parquet_relation(unread), row_number="0")
            values = ", ".join(f"max({identifier(name)})" for name in types)
            found = _run(
                connection,
                plan.table,
                scan,
                f"select _source_file, count(*), {_newest(types)}, {values} "
                f"from ({_selection(place, checked, types, 0)}) group by _source_file",
            )
            held |= {source_file: (n_rows, newest) for source_file, n_rows, newest, *_ in found}
            for column in scan.matched.counted:
                relation = f"({_selection(place, checked, {}, 0, [column])})"
                _note(ignored, column, _run(connection, plan.table, scan, counts_query(relation, identifier(column))))
        held |= {
            file.name: (plan.known.files[file.name].n_rows, plan.known.files[file.name].newest_loaded_at)
            for file in scan.files
            if plan.known.is_read(file)
        }
        selections.append(_selection(place, scan, types, rows))
        rows += sum(held.get(file.name, (0, None))[0] for file in scan.files)
    drop_relation(connection, RAW_SCHEMA, plan.table.name)
    selection = _landed(plan, " union all ".join(selections), types, without)
    connection.execute(f"create view {RAW_SCHEMA}.{plan.table.name} as {selection}")
    return _read(plan, held, ignored)


def _landed(plan: Plan, selection: str, types: Mapping[str, str], without: People) -> str:
    return landed_without(without, selection, plan.table.name, types, plan.table.private) if without else selection


def _note(ignored: dict[str, list[Counted]], column: str, counts: Iterable[tuple[str, str | None, int]]) -> None:
    for source_file, value, n_rows in counts:
        ignored.setdefault(source_file, []).append((column, value, n_rows))


def _read(
    plan: Plan, held: Mapping[str, tuple[int, datetime | None]], ignored: Mapping[str, Sequence[Counted]]
) -> list[ReadFile]:
    """What is to be known of each file: by name, its rows and its newest ``loaded_at``, and its ignored columns."""
    nothing, known = Fingerprint(0, 0, ""), plan.known
    return [
        replace(known.files[file.name], fingerprint=known.current[file.name])
        if known.is_read(file)
        else ReadFile(
            file.name,
            known.current.get(file.name, nothing),
            *held.get(file.name, (0, None)),
            scan.matched.extra,
            tuple(counted for counted in ignored.get(file.name, ()) if counted[0] in scan.matched.counted),
        )
        for scan in plan.scans
        for file in scan.files
    ]


def _newest(types: Mapping[str, str]) -> str:
    return "max(try_cast(loaded_at as timestamptz)) at time zone 'UTC'" if "loaded_at" in types else "null"


def _run(connection: duckdb.DuckDBPyConnection, table: RawTable, scan: Scan, statement: str) -> list[tuple[Any, ...]]:
    try:
        return connection.execute(statement).fetchall()
    except duckdb.Error as error:
        if not is_about_content(error):
            raise
        raise UnreadableError(table, scan, str(error)) from None


def _selection(
    place: RawPlace, scan: Scan, types: Mapping[str, str], rows_before: int, counted: Sequence[str] = ()
) -> str:
    """The columns of the contract, the file, the number of the row, and ignored columns that are counted, as text."""
    columns = scan.matched.columns
    values = [
        f"cast({columns[name].expression if name in columns else 'null'} as {kind}) as {identifier(name)}"
        for name, kind in types.items()
    ]
    source_file = f"{place.source_file(scan.files)} as _source_file"
    row_number = f"{scan.row_number} + {rows_before} as _row_number"
    ignored = [
        f"cast({scan.matched.counted[name].expression if name in scan.matched.counted else 'null'} as varchar) "
        f"as {identifier(name)}"
        for name in counted
    ]
    return f"select {', '.join([*values, source_file, row_number, *ignored])} from {scan.relation}"
