"""What is looked for in files: the values by which a person is called, in text, in SQLite, in DuckDB, in Parquet."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from orchestration.forgetting.people import is_telling, may_be_of_person, published_id
from orchestration.forgetting.recognition import Found
from orchestration.release.warehouse import identifier, open_read_only, quoted, quoted_path

CHUNK = 1 << 22
MAGIC = {b"SQLite format 3\0": "sqlite", b"PAR1": "parquet"}
DUCKDB_MAGIC, DUCKDB_PLACE = b"DUCK", 8
SECONDS_TO_WAIT = 30


@dataclass(frozen=True)
class Values:
    """Ids and addresses as they are searched for: an address anywhere in a text, an id as a word or a value."""

    ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    # What is taken out of texts as well, and proves nothing where it stands: others have the same name.
    said: frozenset[str] = frozenset()

    @classmethod
    def of(cls, found: Found, given: str | None = None) -> Values:
        """What a person is called as they were found, and as they were asked for."""
        named = ({given.strip()} if given else set()) | found.ids | found.addresses
        addresses = {name.lower() for name in named if "@" in name}
        ids = {name for name in named if "@" not in name} | set(map(published_id, addresses))
        said = {name for name in found.names if " " in name} | {text for text in found.comments if len(text) >= 12}
        return cls(frozenset(ids), frozenset(addresses), frozenset(said))

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What proves that a text is of them."""
        return _alternatives(self.addresses, self.telling - self.addresses)

    @cached_property
    def everything(self) -> re.Pattern[str]:
        """What is taken out of a text."""
        return _alternatives(self.addresses, (self.telling - self.addresses) | self.said)

    @cached_property
    def telling(self) -> frozenset[str]:
        """Addresses, and ids that stand in a text for nothing else."""
        return self.addresses | set(filter(is_telling, self.ids))

    @cached_property
    def _needles(self) -> tuple[bytes, ...]:
        return tuple(name.lower().encode() for name in self.telling | self.said)

    def may_be_in(self, content: bytes) -> bool:
        """Whether to look closely, which takes ten times as long."""
        plain = content.lower()
        return any(needle in plain or not needle.isascii() for needle in self._needles)

    def held_by(self, column: str, name: str) -> str:
        """An SQL condition of DuckDB and PostgreSQL: whether a text column holds one of them.

        An id counts in columns of ids of contacts, since an account may have the same.
        """
        text = f"lower(cast({column} as varchar))"
        held = [f"strpos({text}, {quoted(address)}) > 0" for address in sorted(self.addresses)]
        if may_be_of_person(name):
            held.append(f"trim({text}) in ({', '.join(quoted(each.lower()) for each in sorted(self.ids)) or 'null'})")
        return " or ".join(held) or "false"


def _alternatives(addresses: Iterable[str], words: Iterable[str]) -> re.Pattern[str]:
    parts = [re.escape(address) for address in sorted(addresses, key=len, reverse=True)]
    parts += [rf"(?<![\w-]){re.escape(word)}(?![\w-])" for word in sorted(words, key=len, reverse=True)]
    return re.compile("|".join(parts) or r"(?!)", re.IGNORECASE)


def kind_of(path: Path) -> str:
    """``sqlite``, ``parquet``, ``duckdb``, ``text`` or ``other``."""
    with path.open("rb") as content:
        start = content.read(1 << 13)
    if start[DUCKDB_PLACE : DUCKDB_PLACE + len(DUCKDB_MAGIC)] == DUCKDB_MAGIC:
        return "duckdb"
    known = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)
    return known or ("other" if b"\0" in start else "text")


def found_in(path: Path, values: Values) -> Iterator[str]:
    """Where in a file they are, in words: a table and column with the number of rows, or the file's bytes.

    Of a database that cannot be read nobody can tell, and that is said as well.
    """
    kind = kind_of(path)
    try:
        yield from _in_columns(path, kind, values)
    except (duckdb.Error, sqlite3.Error) as error:
        yield f"it cannot be searched ({str(error).splitlines()[0]})"
    # Of a file with columns its columns tell whose an id is.
    in_bytes = values if kind in ("text", "other") else Values(addresses=values.addresses)
    n_places = sum(1 for _ in _in_bytes(path, in_bytes))
    if n_places:
        yield f"{n_places:,} place{'' if n_places == 1 else 's'} of its text"


def _in_columns(path: Path, kind: str, values: Values) -> Iterator[str]:
    if kind == "duckdb":
        with open_read_only(path) as connection:
            yield from in_tables(connection, values)
    elif kind == "parquet":
        with duckdb.connect() as connection:
            rows = f"read_parquet({quoted_path(path)}, hive_partitioning = false)"
            connection.execute(f"create view content as from {rows}")
            yield from in_tables(connection, values)
    elif kind == "sqlite":
        for table, column in sqlite_texts(path):
            if _is_in_sqlite(path, table, column, values):
                yield f"{table}.{column}"


def in_tables(connection: duckdb.DuckDBPyConnection, values: Values) -> Iterator[str]:
    """The text columns of an open database in which they are."""
    columns = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where not internal "
        "and database_name = current_database() and contains(data_type, 'VARCHAR') order by all"
    ).fetchall()
    by_table: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in columns:
        by_table.setdefault((schema, table), []).append(column)
    for (schema, table), names in by_table.items():
        counts = ", ".join(f"count(*) filter ({values.held_by(identifier(name), name)})" for name in names)
        rows = connection.execute(f"select {counts} from {identifier(schema)}.{identifier(table)}").fetchall()
        for name, n_rows in zip(names, rows[0], strict=True):
            if n_rows:
                yield f"{schema}.{table}.{name} ({n_rows:,} row{'' if n_rows == 1 else 's'})"


def _in_bytes(path: Path, values: Values) -> Iterator[str]:
    """What is in a file's bytes as they are; what is compressed is not."""
    longest = max((len(name.encode()) for name in values.telling), default=0) + 2
    with path.open("rb") as content:
        rest = b""
        while chunk := content.read(CHUNK):
            text = rest + chunk
            if values.may_be_in(text):
                yield from (match[0] for match in values.pattern.finditer(text.decode("utf-8", "replace")))
            rest = text[-longest:] if len(chunk) == CHUNK else b""


def sqlite_texts(path: Path) -> list[tuple[str, str]]:
    """The tables and columns of a SQLite file."""
    with closing(sqlite3.connect(path, timeout=SECONDS_TO_WAIT)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        return [
            (table, column)
            for (table,) in tables
            for _, column, *_ in connection.execute(f"pragma table_info({identifier(table)})").fetchall()
        ]


def _is_in_sqlite(path: Path, table: str, column: str, values: Values) -> bool:
    with closing(sqlite3.connect(path, timeout=SECONDS_TO_WAIT)) as connection:
        texts = connection.execute(f"select {identifier(column)} from {identifier(table)}")
        return any(isinstance(text, str) and values.pattern.search(text) for (text,) in texts)
