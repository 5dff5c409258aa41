"""A release in PostgreSQL: its tables are changed in place by one transaction, to the rows of the release.

The release is first loaded into temporary tables, which nobody else sees and which are gone with the session. Then, in
one transaction, every published table loses the rows that the release does not hold and gains those that it lacks.
A reader sees the old rows until the commit and the new ones after it, waits for nothing and is waited for by nothing;
views, grants and indexes of others stay, because the tables do. Only a table whose columns or key changed is locked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb

from orchestration.findings import BuildError, Finding, PassingFaultError
from orchestration.release.warehouse import ReleasedColumn, ReleasedTable, open_read_only, released_tables
from orchestration.settings import PostgresDestination

logger = logging.getLogger(__name__)

TYPES = {
    "BIGINT": "bigint",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "VARCHAR": "text",
}
# What the URL may set otherwise: a server that does not answer, or is gone, is found out.
CONNECTION_DEFAULTS = {"connect_timeout": "10", "keepalives_idle": "30", "fallback_application_name": "nps_warehouse"}
# A lock that is not had at once is waited for briefly, because readers queue behind whoever waits; then tried again.
LOCK_TIMEOUT = "3s"
LOCK_ATTEMPTS = 20
LOCK_PAUSE_SECONDS = 6.0
ROWS_PER_BATCH = 100_000
# One publication at a time, from whichever machine: "nps" in ASCII.
ADVISORY_LOCK = 0x6E7073

LOCK_NOT_AVAILABLE, DEADLOCK, NO_PRIVILEGE, STILL_NEEDED = "55P03", "40P01", "42501", "2BP01"
# Classes of SQLSTATE: connection lost, out of resources, ended by an operator.
PASSING = ("08", "53", "57")
NEXT_STEPS = {
    LOCK_NOT_AVAILABLE: "End the query that holds the lock, which pg_stat_activity shows, and run: make publish.",
    NO_PRIVILEGE: "Give the publishing role the privileges that docs/serving.md lists, and run: make publish.",
    STILL_NEEDED: "Change the views that the message names, or drop them, and run: make publish.",
}


@contextmanager
def ready(
    destination: PostgresDestination, release_file: Path, build: Mapping[str, Any]
) -> Iterator[Callable[[], None]]:
    """The release in an open transaction, which switching commits and leaving without it rolls back."""
    driver, explained, connection = _connected(destination)
    with closing(connection):
        publication = _Publication(driver, connection, destination, build)
        with explained():
            publication.load(release_file)
            publication.apply()

        def switch() -> None:
            with explained():
                connection.commit()

        yield switch


def check_reachable(destination: PostgresDestination) -> None:
    """Connect, and nothing else; a BuildError where that cannot be done."""
    *_, connection = _connected(destination)
    connection.close()


def _connected(destination: PostgresDestination) -> tuple[Any, _Explained, Any]:
    driver = _driver(destination)
    explained = _Explained(destination, driver)
    with explained():
        return driver, explained, driver.connect(_uri(destination.url))


def columns_with(destination: PostgresDestination, condition: Callable[[str, str], str]) -> list[tuple[str, int]]:
    """The text columns of our tables with rows that meet a condition, and how many; it is made of a column as SQL
    writes it, and of its name."""
    driver = _driver(destination)
    with (
        _Explained(destination, driver)(),
        closing(driver.connect(_uri(destination.url))) as connection,
        closing(connection.cursor()) as cursor,
    ):
        cursor.execute(
            """
            select nspname::text, relname::text, attname::text
            from pg_attribute
            inner join pg_class on pg_class.oid = attrelid
            inner join pg_namespace on pg_namespace.oid = relnamespace
            where
                relkind = 'r'
                and pg_get_userbyid(relowner) = current_user
                and atttypid = 'text'::regtype
                and attnum > 0
                and not attisdropped
                and nspname not like 'pg\\_%'
                and nspname <> 'information_schema'
            order by 1, 2, attnum
            """
        )
        columns = cursor.fetchall()
        found = []
        for schema, table, column in columns:
            address = f"{_quoted(schema)}.{_quoted(table)}"
            cursor.execute(f"select count(*) from {address} where {condition(_quoted(column), column)}")
            ((n_rows,),) = cursor.fetchall()
            if n_rows:
                found.append((f"{schema}.{table}.{column}", int(n_rows)))
        return found


def _driver(destination: PostgresDestination) -> Any:
    try:
        # Not in the default installation.
        from adbc_driver_postgresql import dbapi
    except ModuleNotFoundError:
        raise BuildError(
            Finding(
                "destination",
                destination.name,
                "the driver of PostgreSQL is not installed.",
                next_step="Run make .venv/postgres (or: pip install 'nps-warehouse[postgres]'), then: make publish.",
            )
        ) from None
    return dbapi


def _uri(url: str) -> str:
    missing = [f"{name}={value}" for name, value in CONNECTION_DEFAULTS.items() if f"{name}=" not in url]
    return url + ("&" if "?" in url else "?") + "&".join(missing)


@dataclass(frozen=True)
class _Explained:
    """Turns an error of the driver into a finding, without the password that it may quote."""

    destination: PostgresDestination
    driver: ModuleType

    @contextmanager
    def __call__(self) -> Iterator[None]:
        try:
            yield
        except self.driver.Error as error:
            state = error.sqlstate
            lost = isinstance(error, self.driver.OperationalError) and state is None
            is_passing = lost or (state or "")[:2] in PASSING or state in (LOCK_NOT_AVAILABLE, DEADLOCK)
            said = self.destination.redacted(str(error)).partition("Query was:")[0]
            finding = Finding(
                "destination",
                self.destination.name,
                " ".join(said.split()),
                next_step=NEXT_STEPS.get(state or "", "When the database can be written to, run: make publish."),
            )
            # Without its cause, whose text is the driver's own.
            raise (PassingFaultError(finding) if is_passing else BuildError(finding)) from None


@dataclass(frozen=True)
class _Incoming:
    """A table of the release, loaded under ``name``; ``is_new`` and ``is_changed`` are about the published one.

    ``totals`` is what the release says of its rows and money, in words that both engines use.
    """

    table: ReleasedTable
    name: str
    totals: tuple[Any, ...]
    is_new: bool
    is_changed: bool


@dataclass(frozen=True)
class _Shape:
    """The published table as it is: columns with their types in order, the primary key, the comments."""

    columns: Mapping[str, str]
    keys: tuple[str, ...]
    comments: Mapping[str, str | None]


class _Publication:
    def __init__(
        self, driver: Any, connection: Any, destination: PostgresDestination, build: Mapping[str, Any]
    ) -> None:
        self._driver = driver
        self._connection = connection
        self._destination = destination
        self._build = build
        self._incoming: list[_Incoming] = []

    # Statements ----------------------------------------------------------------------------------------------------

    def _run(self, statement: str) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(statement)

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    # Loading -------------------------------------------------------------------------------------------------------

    def load(self, release_file: Path) -> None:
        """Load every table of the release into a temporary one, packed as the driver packs Arrow."""
        started = time.perf_counter()
        # A role may have limits that are meant for people who query.
        self._run("set statement_timeout = 0")
        self._run("set idle_in_transaction_session_timeout = 0")
        self._run(f"set lock_timeout = '{LOCK_TIMEOUT}'")
        with open_read_only(release_file) as release:
            for number, table in enumerate(released_tables(release, self._build.get("keys", {}))):
                self._incoming.append(self._load_table(release, table, f"incoming_{number}"))
        # Temporary tables outlive a transaction that has to be tried again.
        self._connection.commit()
        rows = sum(incoming.totals[0] for incoming in self._incoming)
        logger.info("loaded %s rows to %s %.1f s", f"{rows:,}", self._destination.name, time.perf_counter() - started)

    def _load_table(self, release: duckdb.DuckDBPyConnection, table: ReleasedTable, name: str) -> _Incoming:
        types = {column.name: self._type(table, column) for column in table.columns}
        shape = self._shape(table)
        is_same = shape is not None and dict(shape.columns) == types and shape.keys == table.keys
        # In the order of the published table, so that whole rows can be compared.
        ordered = shape.columns if shape is not None and is_same else types
        self._run(f"create temporary table {name} ({_definition(ordered)})")
        totals = release.execute(f"select {_totals(table, 'varchar')} from {_published(table)}").fetchone()
        assert totals is not None
        reader = release.execute(
            f"select {', '.join(map(_sent, table.columns))} from {_published(table)}"
        ).to_arrow_reader(ROWS_PER_BATCH)
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(name, reader, mode="append", db_schema_name="pg_temp")
        self._run(f"analyze {name}")
        return _Incoming(table, name, totals, is_new=shape is None, is_changed=not is_same)

    def _type(self, table: ReleasedTable, column: ReleasedColumn) -> str:
        if column.data_type.startswith("DECIMAL("):
            return column.data_type.replace("DECIMAL", "numeric")
        if column.data_type not in TYPES:
            raise BuildError(
                Finding(
                    "destination",
                    table.address,
                    f"column {column.name} is {column.data_type}, for which {self._destination.name} has no type here.",
                    next_step=f"Cast it in the model to one of: {', '.join(TYPES).lower()}, decimal(p, s).",
                )
            )
        return TYPES[column.data_type]

    def _shape(self, table: ReleasedTable) -> _Shape | None:
        regclass = f"to_regclass({_literal(_published(table))})"
        columns = self._rows(
            f"""
            select attname::text, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
            from pg_attribute
            where attrelid = {regclass} and attnum > 0 and not attisdropped
            order by attnum
            """
        )
        if not columns:
            return None
        keys = self._rows(
            f"""
            select attname::text
            from pg_index
            cross join unnest(indkey) with ordinality as key (number, place)
            inner join pg_attribute on attrelid = indrelid and attnum = number
            where indrelid = {regclass} and indisprimary
            order by place
            """
        )
        (comment,) = self._rows(f"select obj_description({regclass}, 'pg_class')")
        return _Shape(
            {name: data_type for name, data_type, _ in columns},
            tuple(name for (name,) in keys),
            {"": comment[0]} | {name: said for name, _, said in columns},
        )

    # Applying ------------------------------------------------------------------------------------------------------

    def apply(self) -> None:
        """Bring the published tables to the release, in a transaction that is left open."""
        started = time.perf_counter()
        for attempt in range(1, LOCK_ATTEMPTS + 1):
            try:
                self._apply()
                break
            except self._driver.Error as error:
                if error.sqlstate not in (LOCK_NOT_AVAILABLE, DEADLOCK) or attempt == LOCK_ATTEMPTS:
                    raise
                self._connection.rollback()
                logger.warning("%s: a lock is held by somebody else; trying again", self._destination.name)
                time.sleep(LOCK_PAUSE_SECONDS)
        logger.info("%s is ready %.1f s", self._destination.name, time.perf_counter() - started)

    def _apply(self) -> None:
        self._rows(f"select pg_advisory_xact_lock({ADVISORY_LOCK})")
        schemas = sorted({incoming.table.schema for incoming in self._incoming})
        for schema in schemas:
            self._run(f"create schema if not exists {_quoted(schema)}")
            self._drop_what_is_gone(schema)
        # Those that are locked come last.
        for incoming in sorted(self._incoming, key=lambda incoming: incoming.is_changed and not incoming.is_new):
            if incoming.is_changed:
                self._replace(incoming)
            else:
                self._change_rows(incoming)
            self._check(incoming)
            self._comment(incoming.table)
        for schema in schemas:
            self._grant(schema)

    def _drop_what_is_gone(self, schema: str) -> None:
        """Tables of earlier releases; those of other owners are not ours to drop."""
        released = {incoming.table.name for incoming in self._incoming if incoming.table.schema == schema}
        ours = self._rows(
            f"""
            select relname::text
            from pg_class
            where
                relnamespace = {_literal(_quoted(schema))}::regnamespace
                and relkind = 'r'
                and pg_get_userbyid(relowner) = current_user
            """
        )
        for name in sorted({name for (name,) in ours} - released):
            self._run(f"drop table {_quoted(schema)}.{_quoted(name)}")

    def _change_rows(self, incoming: _Incoming) -> None:
        table, published = incoming.table, _published(incoming.table)
        columns = ", ".join(_quoted(column.name) for column in table.columns)
        if not table.keys:
            self._run(f"delete from {published}")
            self._run(f"insert into {published} ({columns}) select {columns} from {incoming.name}")
            return
        same_key = " and ".join(f"new.{_quoted(key)} = old.{_quoted(key)}" for key in table.keys)
        # *= compares bytes: −0 is not 0.
        self._run(
            f"delete from {published} as old "
            f"where not exists (select from {incoming.name} as new where {same_key} and new.* *= old.*)"
        )
        self._run(
            f"insert into {published} ({columns}) select {columns} from {incoming.name} as new "
            f"where not exists (select from {published} as old where {same_key})"
        )

    def _replace(self, incoming: _Incoming) -> None:
        """Make or remake a table whose columns or key are not those of the release; others' views of it stay."""
        table, published = incoming.table, _published(incoming.table)
        wanted = {column.name: self._type(table, column) for column in table.columns}
        shape = self._shape(table)
        if shape is None:
            self._run(f"create table {published} ({_definition(wanted)})")
        else:
            self._run(f"alter table {published} drop constraint if exists {_quoted(f'{table.name}_pkey')}")
            dropped = [name for name, data_type in shape.columns.items() if wanted.get(name) != data_type]
            added = [name for name, data_type in wanted.items() if shape.columns.get(name) != data_type]
            changes = [f"drop column {_quoted(name)}" for name in dropped]
            changes += [f"add column {_quoted(name)} {wanted[name]}" for name in added]
            if changes:
                self._run(f"alter table {published} {', '.join(changes)}")
            # Truncated, it would be empty for a transaction that began before and has not read it yet.
            self._run(f"delete from {published}")
        columns = ", ".join(_quoted(column.name) for column in table.columns)
        self._run(f"insert into {published} ({columns}) select {columns} from {incoming.name}")
        if table.keys:
            self._run(f"alter table {published} add primary key ({', '.join(map(_quoted, table.keys))})")

    def _check(self, incoming: _Incoming) -> None:
        """Rows and money are those of the release: the driver packs numbers itself, and once packed some wrongly."""
        table = incoming.table
        (found,) = self._rows(f"select {_totals(table, 'text')} from {_published(table)}")
        if found != incoming.totals:
            raise BuildError(
                Finding(
                    "destination",
                    table.address,
                    f"rows and sums are {found} in {self._destination.name}, {incoming.totals} in the release.",
                    next_step="Nothing was changed there. See that adbc-driver-postgresql is the locked version.",
                )
            )

    def _comment(self, table: ReleasedTable) -> None:
        shape = self._shape(table)
        assert shape is not None
        published = _published(table)
        wanted = {"": table.comment} | {column.name: column.comment for column in table.columns}
        changed = [
            f"comment on column {published}.{_quoted(name)} is {_literal(said)};"
            if name
            else f"comment on table {published} is {_literal(said)};"
            for name, said in wanted.items()
            if said != shape.comments[name]
        ]
        if changed:
            # As one statement: there are a thousand, and the server may be far.
            self._run("do " + _literal(f"begin {' '.join(changed)} end"))

    def _grant(self, schema: str) -> None:
        reader = _quoted(reader_of(schema))
        if not self._rows(f"select from pg_roles where rolname = {_literal(reader_of(schema))}"):
            self._run(f"create role {reader} nologin")
        tables = [incoming.table for incoming in self._incoming if incoming.table.schema == schema]
        self._run(f"grant usage on schema {_quoted(schema)} to {reader}")
        self._run(f"grant select on {', '.join(map(_published, tables))} to {reader}")
        said = f"NPS warehouse, release {self._build['build_id']}, as of {self._build['as_of']}"
        self._run(f"comment on schema {_quoted(schema)} is {_literal(said)}")


def reader_of(schema: str) -> str:
    """The role that may read a schema: one for the marts, and one of its own for each other, as for ``employee``."""
    return "nps_reader" if schema == "marts" else f"nps_{schema}_reader"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _published(table: ReleasedTable) -> str:
    return f"{_quoted(table.schema)}.{_quoted(table.name)}"


def _definition(types: Mapping[str, str]) -> str:
    return ", ".join(f"{_quoted(name)} {data_type}" for name, data_type in types.items())


def _literal(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def _sent(column: ReleasedColumn) -> str:
    """A column as it is sent: PostgreSQL's text holds every character but the one of code 0."""
    name = _quoted(column.name)
    return f"replace({name}, chr(0), '') as {name}" if column.data_type == "VARCHAR" else name


def _totals(table: ReleasedTable, text: str) -> str:
    sums = [column.name for column in table.columns if column.data_type.startswith("DECIMAL(")]
    return ", ".join(["count(*)", *(f"cast(sum({_quoted(name)}) as {text})" for name in sums)])
