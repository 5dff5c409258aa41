"""The only module that opens a warehouse: the build file to write or to read, a release file, and the writer's lock."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import duckdb

from orchestration.files import copy_file, set_aside
from orchestration.findings import EXAMPLES_SHOWN, BuildError, Finding, PassingFaultError
from orchestration.release.trust import is_as_left, let_go_of_doubtful, note_left
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

# The dbt tag of what is published; models are never chosen by name.
PUBLISHED_TAG = "published"
LOCK_POLL_SECONDS = 0.2
# As DuckDB says who has a file open.
LOCK_HOLDER = re.compile(r"lock is held in (?P<program>.+?) \(PID (?P<process>\d+)\)")
# By these characters, DuckDB takes a path for those of many files.
PATTERN = re.compile(r"[*?[]")
COSTLY_COMPRESSION = "fsst,dict_fsst,dictionary,zstd,alp,alprd,chimp,patas,roaring"


class LockTimeoutError(Exception):
    """Another build holds the writer's lock for longer than NPS_LOCK_TIMEOUT."""


@dataclass(frozen=True)
class PublishedTable:
    """A table of the release and the columns that name a row of it, in the order in which it is written."""

    schema: str
    name: str
    keys: tuple[str, ...]

    @property
    def address(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        return f'"{self.schema}"."{self.name}"'


@dataclass(frozen=True)
class ReleasedColumn:
    """A column as it stands in a release."""

    name: str
    data_type: str
    comment: str | None


@dataclass(frozen=True)
class ReleasedTable:
    """A table as it stands in a release, with the columns that name a row of it."""

    schema: str
    name: str
    keys: tuple[str, ...]
    comment: str | None
    columns: tuple[ReleasedColumn, ...]

    @property
    def address(self) -> str:
        return f"{self.schema}.{self.name}"


def _configured(connection: duckdb.DuckDBPyConnection, memory_limit: str | None = None) -> duckdb.DuckDBPyConnection:
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set autoload_known_extensions = false")
    connection.execute("set TimeZone = 'UTC'")
    if memory_limit:
        connection.execute(f"set memory_limit = '{memory_limit}'")
        # As dbt has it (profiles.yml): memory that is taken is kept until the connection is closed.
        connection.execute(f"set block_allocator_memory = '{memory_limit}'")
    return connection


@contextmanager
def open_build(settings: Settings, say: Callable[[str], None] = logger.warning) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build file, to write. Closed at the end, so that no write-ahead log is left beside it.

    If it is not as a build left it, what cannot be trusted in it is let go of first (``trust``); ``say`` is told what.
    """
    settings.build_folder.mkdir(parents=True, exist_ok=True)
    is_trusted, is_ours = is_as_left(settings), False
    try:
        with connected(settings.build_file) as connection:
            _configured(connection, settings.memory_limit)
            # As dbt has it (profiles.yml): what is written once and read a few times is not worth packing.
            connection.execute(f"set disabled_compression_methods = '{COSTLY_COMPRESSION}'")
            connection.execute("set max_vacuum_tasks = 0")
            if not is_trusted:
                settings.built_file.unlink(missing_ok=True)
                for doubt in let_go_of_doubtful(connection):
                    say(doubt)
            is_ours = True
            yield connection
    finally:
        if is_ours:
            note_left(settings)


def connected(build_file: Path) -> duckdb.DuckDBPyConnection:
    """A connection that may write. Who has the file open to read keeps what they read, and is not waited for."""
    try:
        return duckdb.connect(build_file)
    except duckdb.IOException as error:
        holder = LOCK_HOLDER.search(str(error))
        if holder is None:
            raise
    scratch = build_file.with_name(f".{build_file.name}.{os.getpid()}")
    log, log_of_scratch = (path.with_name(f"{path.name}.wal") for path in (build_file, scratch))
    try:
        # Only where all others read, too.
        with open_read_only(build_file):
            copy_file(build_file, scratch)
            if log.is_file():
                copy_file(log, log_of_scratch)
    except duckdb.IOException as error:
        raise PassingFaultError(
            Finding(
                "build_file_in_use",
                str(build_file),
                f"process {holder['process']} ({holder['program']}) has it open to write.",
                next_step="End that process and start again. For work by hand there is a file of your own: make dev.",
            )
        ) from error
    logger.warning(
        "process %s (%s) reads %s, and keeps what it has open; the build goes on with a copy",
        holder["process"], holder["program"], build_file,
    )  # fmt: skip
    scratch.replace(build_file)
    if log_of_scratch.is_file():
        log_of_scratch.replace(log)
    return duckdb.connect(build_file)


@contextmanager
def in_memory(memory_limit: str, scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine without a file, for work whose results are written elsewhere; ``scratch`` has what it cannot hold."""
    with duckdb.connect() as connection:
        _configured(connection, memory_limit)
        connection.execute(f"set temp_directory = {quoted(str(scratch))}")
        yield connection


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def quoted_path(path: Path | str) -> str:
    """A path as DuckDB's readers take it, in which no character makes a pattern; an address of a server as it is."""
    text = str(path)
    return quoted(text if "://" in text else PATTERN.sub(r"[\g<0>]", text))


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def drop_relation(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    """What stands in the build file under the name, whether it is a table or a view."""
    kinds = connection.execute(
        "select table_type from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    for (kind,) in kinds:
        connection.execute(f'drop {"view" if kind == "VIEW" else "table"} "{schema}"."{name}"')


@contextmanager
def open_read_only(path: Path, memory_limit: str | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Any warehouse file, to read."""
    with duckdb.connect(path, read_only=True) as connection:
        yield _configured(connection, memory_limit)


@contextmanager
def writer_lock(settings: Settings, holder: str) -> Iterator[int]:
    """One writer at a time on the build file. Yields the descriptor that holds the lock.

    A child process that is given the descriptor holds the lock too, so that a build whose parent was killed is not
    joined by the next one. The lock is the kernel's: it goes with the last process that holds it.
    """
    settings.lock_file.parent.mkdir(parents=True, exist_ok=True)
    if settings.lock_file.is_dir():
        logger.warning("%s was no file and is kept as %s", settings.lock_file, set_aside(settings.lock_file).name)
    with settings.lock_file.open("a+", encoding="utf-8") as file:
        _acquire(file, settings)
        file.truncate(0)
        file.write(holder)
        file.flush()
        try:
            yield file.fileno()
        finally:
            file.truncate(0)


@contextmanager
def writer_kept_out(settings: Settings) -> Iterator[bool]:
    """Whether no build is under way, and none begins in this time. Several may keep it out at once; nobody waits."""
    settings.lock_file.parent.mkdir(parents=True, exist_ok=True)
    with settings.lock_file.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _acquire(file: IO[str], settings: Settings) -> None:
    deadline = time.monotonic() + settings.lock_timeout
    is_said = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            if time.monotonic() > deadline:
                raise LockTimeoutError(
                    f"The writer lock {settings.lock_file} is still held by {holder} after {settings.lock_timeout:g} s "
                    "(NPS_LOCK_TIMEOUT). Wait for that build to end, or end it, and start again."
                ) from None
            if not is_said:
                logger.warning("waiting for the writer lock, held by %s", holder)
                is_said = True
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return


def published_tables(manifest: Mapping[str, Any]) -> tuple[PublishedTable, ...]:
    """What is released: every dbt model with the tag, ordered by the columns of its unique key tests."""
    keys = unique_keys(manifest)
    return tuple(
        PublishedTable(node["schema"], node["alias"], keys.get(unique_id, ()))
        for unique_id, node in sorted(manifest["nodes"].items())
        if node["resource_type"] == "model" and PUBLISHED_TAG in node["tags"]
    )


def unique_keys(manifest: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The columns of the unique key test of each node that has one, by its unique id."""
    keys: dict[str, tuple[str, ...]] = {}
    for node in manifest["nodes"].values():
        test = node.get("test_metadata")
        if test is None or not test["name"].startswith("unique"):
            continue
        arguments = test["kwargs"]
        columns = arguments.get("columns") or [arguments["column_name"]]
        if all(str(column).isidentifier() for column in columns):
            keys.setdefault(node["attached_node"], tuple(columns))
    return keys


@dataclass(frozen=True)
class Upkeep:
    """What the build file tells of a table: its fingerprint, and that before the changed rows that it keeps beside it.

    A fingerprint is of the rows (the sum of their hashes, and their number) and of the columns.
    """

    fingerprint: str
    fingerprint_before: str | None

    @property
    def of_rows(self) -> tuple[str, str]:
        """The sum of the rows' hashes, and their number."""
        hash_sum, n_rows = self.fingerprint.split(":")[:2]
        return hash_sum, n_rows

    @property
    def n_rows(self) -> int:
        return int(self.of_rows[1])


def upkeep_of(build_file: Path) -> dict[str, Upkeep]:
    """By the name of its model, what is known of each table that dbt keeps up (``dbt_project/macros/upkeep``)."""
    with open_read_only(build_file) as connection:
        is_kept = connection.execute("from duckdb_tables() where schema_name = 'upkeep' and table_name = 'tables'")
        if not is_kept.fetchall():
            return {}
        return {
            unique_id.split(".")[-1]: Upkeep(*fingerprints)
            for unique_id, *fingerprints in connection.execute(
                "select unique_id, fingerprint, fingerprint_before from upkeep.tables"
            ).fetchall()
        }


def write_release(
    build_file: Path,
    release_file: Path,
    tables: Sequence[PublishedTable],
    upkeep: Mapping[str, Upkeep] | None = None,
    known: Mapping[str, str] | None = None,
    memory_limit: str | None = None,
) -> dict[str, int]:
    """Copy the tables into a new file; the number of rows of each.

    ``known`` has the fingerprints of the tables of an earlier release, of which ``release_file`` is a copy then. In it
    a table is left as it is, brought up to date by the rows that changed, or written anew, rows in the order of their
    keys. Comments on tables and columns go along, so that a BI tool shows them.

    Raises a BuildError where a table does not come out as it stands in the build file.
    """
    release_file.parent.mkdir(parents=True, exist_ok=True)
    if known is None:
        release_file.unlink(missing_ok=True)
    rows: dict[str, int] = {}
    with duckdb.connect(release_file) as connection:
        _configured(connection, memory_limit)
        connection.execute(f"attach '{str(build_file).replace(chr(39), chr(39) * 2)}' as build (read_only)")
        standing = set(_tables(connection))
        for schema, name in standing - {(table.schema, table.name) for table in tables}:
            connection.execute(f'drop table "{schema}"."{name}"')
        for table in tables:
            now = (upkeep or {}).get(table.name)
            was = (known or {}).get(table.address) if (table.schema, table.name) in standing else None
            is_left = now is not None and was == now.fingerprint and _count(connection, table.sql) == now.n_rows
            if not is_left and not (now is not None and was is not None and _is_patched(connection, table, now, was)):
                _write_table(connection, table)
                _check_written(connection, build_file, table, now)
            rows[table.address] = _count(connection, table.sql)
        copy_comments(connection)
        connection.execute("detach build")
    release_file.chmod(0o644)
    return rows


def _write_table(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> None:
    order = ", ".join(f'"{key}"' for key in table.keys) or "all"
    connection.execute(f'create schema if not exists "{table.schema}"')
    connection.execute(f"create or replace table {table.sql} as select * from build.{table.sql} order by {order}")


def _check_written(
    connection: duckdb.DuckDBPyConnection, build_file: Path, table: PublishedTable, now: Upkeep | None
) -> None:
    """What was audited, and nothing else, is in the release; where nothing is known of a table, it is what is there."""
    wanted = now.of_rows if now is not None else _of_rows(connection, f"build.{table.sql}")
    if _of_rows(connection, table.sql) != wanted:
        raise BuildError(
            Finding(
                "release_differs",
                table.address,
                "its rows are not those that dbt left in the build file; they were changed by hand, or the disk fails.",
                next_step=f"Remove {build_file} and run: make nightly. It builds everything anew.",
            )
        )


def _of_rows(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[str, str]:
    """The part of a fingerprint that is of rows: the sum of their hashes, and their number."""
    row = connection.execute(f"select sum(hash(*columns(*))), count(*) from {relation}").fetchone()
    hash_sum, n_rows = row or (0, 0)
    return str(hash_sum or 0), str(n_rows)


def _is_patched(connection: duckdb.DuckDBPyConnection, table: PublishedTable, now: Upkeep, was: str) -> bool:
    """Bring a table from one fingerprint to the next by its changed rows; whether that could be done, and came out."""
    if not table.keys or was != now.fingerprint_before:
        return False
    keys = ", ".join(f'"{key}"' for key in table.keys)
    changes = f"build.upkeep.changes_of_{table.name}"
    connection.execute("begin")
    connection.execute(
        f"delete from {table.sql} where rowid in ("
        f"select released.rowid from {table.sql} as released "
        f"semi join (select * from {changes} where _sign = -1) as changed using ({keys}))"
    )
    connection.execute(
        f"insert into {table.sql} by name select * exclude (_sign) from {changes} where _sign = 1 order by {keys}"
    )
    is_right = _of_rows(connection, table.sql) == now.of_rows
    connection.execute("commit" if is_right else "rollback")
    return is_right


def _tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return connection.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = current_database()"
    ).fetchall()


def released_tables(
    connection: duckdb.DuckDBPyConnection, keys: Mapping[str, Sequence[str]]
) -> tuple[ReleasedTable, ...]:
    """The tables of an open release; ``keys`` is what its build.json says of them."""
    columns: dict[tuple[str, str], list[ReleasedColumn]] = {}
    for schema, table, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment from duckdb_columns() "
        "where not internal order by schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault((schema, table), []).append(ReleasedColumn(*column))
    return tuple(
        ReleasedTable(schema, table, tuple(keys.get(f"{schema}.{table}", ())), comment, tuple(columns[(schema, table)]))
        for schema, table, comment in connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by schema_name, table_name"
        ).fetchall()
    )


def _count(connection: duckdb.DuckDBPyConnection, address: str) -> int:
    row = connection.execute(f"select count(*) from {address}").fetchone()
    return int(row[0]) if row else 0


def copy_comments(connection: duckdb.DuckDBPyConnection) -> None:
    """Comment on tables and columns as the database ``build``, which is attached, does on those of the same names."""
    statements = connection.execute(
        """
        with commented as (
            select schema_name, table_name, null as column_name, comment from duckdb_tables()
            where database_name = 'build' and comment is not null
            union all
            select schema_name, view_name, null, comment from duckdb_views()
            where database_name = 'build' and comment is not null
            union all
            select schema_name, table_name, column_name, comment from duckdb_columns()
            where database_name = 'build' and comment is not null
        )

        select format(
            'comment on {} "{}"."{}"{} is ''{}''',
            if(column_name is null, 'table', 'column'),
            schema_name,
            table_name,
            coalesce('."' || column_name || '"', ''),
            replace(comment, '''', '''''')
        )
        from commented
        where exists (
            from duckdb_tables() released
            where
                released.database_name = current_database()
                and released.schema_name = commented.schema_name
                and released.table_name = commented.table_name
        )
        """
    ).fetchall()
    # In one transaction: a thousand of them would else each wait for the disk.
    connection.execute("begin")
    for (statement,) in statements:
        connection.execute(statement)
    connection.execute("commit")


def example_rows(build_file: Path, query: str) -> list[dict[str, Any]]:
    """The first rows that a query finds in the build file."""
    with open_read_only(build_file) as connection:
        result = connection.execute(f"select * from ({query.strip().rstrip(';')}) limit {EXAMPLES_SHOWN}")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def rows_as_dicts(path: Path, query: str) -> list[dict[str, Any]]:
    """The rows of a small query on a warehouse file."""
    with open_read_only(path) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def reconciliation(release_file: Path) -> dict[str, dict[str, int]]:
    """Of each raw table, how many rows were read, accepted, superseded, deleted and quarantined."""
    rows = rows_as_dicts(
        release_file,
        "select raw_table, n_raw, n_accepted, n_superseded, n_deleted, n_quarantined "
        "from marts.row_reconciliation order by raw_table",
    )
    return {row.pop("raw_table"): row for row in rows}


def source_checks(release_file: Path) -> list[dict[str, Any]]:
    """The checks of what arrived, that did not pass: each that failed or warned, failed ones first."""
    return rows_as_dicts(
        release_file,
        "select raw_table, check_name, subject, verdict, message from marts.source_checks "
        "where verdict <> 'passed' order by verdict, raw_table, check_name, subject",
    )


def n_source_checks_passed(release_file: Path) -> int:
    """How many checks of what arrived passed."""
    (row,) = rows_as_dicts(release_file, "select count(*) as n from marts.source_checks where verdict = 'passed'")
    return int(row["n"])


def headline(release_file: Path, program_type: str, as_of: str) -> dict[str, Any] | None:
    """The company's standing score of a programme on a day; None where nobody ever answered by then."""
    rows = rows_as_dicts(
        release_file,
        f"""
        select program_type, n_scored, nps, ci_low, ci_high, suppression_reason
        from marts.nps_rolling
        where dimension = 'all' and program_type = '{program_type}' and date_day = date '{as_of}'
        """,
    )
    return rows[0] if rows else None
