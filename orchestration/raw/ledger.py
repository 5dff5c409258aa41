"""The ledger of raw files: what was read of which, so that a file that stays as it was is not read again.

It lies in the build file and is written in the transaction that lands the rows. A file is told by its content: its size
and time of change say whether the content has to be looked at, and a hash says whether it is another. What was read by
other code, by another engine, for other columns or from another place counts as not read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from orchestration.findings import Finding
from orchestration.raw.files import RawFile, changed_file, unreadable_file

SCHEMA = "ledger"
# What decides how a raw file is read: every module of this room.
READERS = tuple(sorted(Path(__file__).parent.glob("*.py")))

# Its tables, each with its columns and their types.
COLUMNS = {
    "raw_tables": {"raw_table": "varchar", "location": "varchar", "read_by": "varchar"},
    "raw_files": {
        "raw_table": "varchar",
        "file_name": "varchar",
        "n_bytes": "bigint",
        "modified_ns": "bigint",
        "content_hash": "varchar",
        "n_rows": "bigint",
        "newest_loaded_at": "timestamp",
        "extra_columns": "varchar[]",
    },
    "ignored_values": {
        "raw_table": "varchar",
        "file_name": "varchar",
        "column_name": "varchar",
        "value": "varchar",
        "n_rows": "bigint",
    },
}

_CREATE = f"create schema if not exists {SCHEMA};" + ";".join(
    f"create table if not exists {SCHEMA}.{table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    for table, columns in COLUMNS.items()
)


@dataclass(frozen=True)
class Fingerprint:
    """Size in bytes, time of change in nanoseconds, and SHA-256 of a file's content."""

    n_bytes: int
    modified_ns: int
    content_hash: str


@dataclass(frozen=True)
class ReadFile:
    """What one file held when it was read; ``newest_loaded_at`` in UTC, None where no row says it."""

    name: str
    fingerprint: Fingerprint
    n_rows: int
    newest_loaded_at: datetime | None
    extra_columns: tuple[str, ...]
    # Of ignored columns that are counted: column, value and number of rows.
    ignored_values: tuple[tuple[str, str | None, int], ...] = ()


def reader(columns: Sequence[str], required: Sequence[str], without: str = "") -> str:
    """By whom a table's files are read: the code, the engine, which columns are sought, and ``without`` whose rows."""
    digest = hashlib.sha256()
    for path in READERS:
        digest.update(path.read_bytes())
    digest.update(
        repr((duckdb.__version__, version("python-calamine"), tuple(columns), tuple(required), without)).encode()
    )
    return digest.hexdigest()


def fingerprint(file: RawFile, known: Fingerprint | None) -> Fingerprint:
    """The file as it is now; its content is read only if its size or time is not the known one."""
    state = Path(file.address).stat()
    if known is not None and (known.n_bytes, known.modified_ns) == (state.st_size, state.st_mtime_ns):
        return known
    with Path(file.address).open("rb") as content:
        return Fingerprint(state.st_size, state.st_mtime_ns, hashlib.file_digest(content, "sha256").hexdigest())


def changes(table: str, files: Iterable[RawFile], known: Mapping[str, Fingerprint]) -> list[Finding]:
    """The files that were written since they were known; of a URL nobody can tell.

    Also one that holds now what it held then: a loader that writes it anew leaves it short for a while.
    """
    found = []
    for file in files:
        if file.name not in known:
            continue
        try:
            state = Path(file.address).stat()
        except OSError as error:
            found.append(unreadable_file(table, file.name, error))
            continue
        if (state.st_size, state.st_mtime_ns) != (known[file.name].n_bytes, known[file.name].modified_ns):
            found.append(changed_file(table, file.name, "was written to"))
    return found


def read_files(
    connection: duckdb.DuckDBPyConnection, table: str, location: str, read_by: str | None = None
) -> dict[str, ReadFile] | None:
    """By name, the files from which a table was landed last; None if it was not, or by another reader, or elsewhere.

    Whoever read them where ``read_by`` is not said.
    """
    connection.execute(_CREATE)
    landed = connection.execute(
        f"select location, read_by from {SCHEMA}.raw_tables where raw_table = ?", [table]
    ).fetchall()
    if not landed or landed[0][0] != location or read_by not in (None, landed[0][1]):
        return None
    rows = connection.execute(
        "select file_name, n_bytes, modified_ns, content_hash, n_rows, newest_loaded_at, extra_columns "
        f"from {SCHEMA}.raw_files where raw_table = ?",
        [table],
    ).fetchall()
    ignored: dict[str, list[tuple[str, str | None, int]]] = {}
    for name, *counted in connection.execute(
        f"select file_name, column_name, value, n_rows from {SCHEMA}.ignored_values where raw_table = ? order by all",
        [table],
    ).fetchall():
        ignored.setdefault(name, []).append((counted[0], counted[1], counted[2]))
    return {
        name: ReadFile(
            name, Fingerprint(n_bytes, modified, content), n_rows, newest, tuple(extra), tuple(ignored.get(name, ()))
        )
        for name, n_bytes, modified, content, n_rows, newest, extra in rows
    }


def write_files(
    connection: duckdb.DuckDBPyConnection, table: str, location: str, read_by: str, files: Iterable[ReadFile]
) -> None:
    """Replace what is known of a table."""
    connection.execute(_CREATE)
    for ledger in COLUMNS:
        connection.execute(f"delete from {SCHEMA}.{ledger} where raw_table = ?", [table])
    connection.execute(f"insert into {SCHEMA}.raw_tables values (?, ?, ?)", [table, location, read_by])
    for file in files:
        connection.execute(
            f"insert into {SCHEMA}.raw_files values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                table,
                file.name,
                file.fingerprint.n_bytes,
                file.fingerprint.modified_ns,
                file.fingerprint.content_hash,
                file.n_rows,
                file.newest_loaded_at,
                list(file.extra_columns),
            ],
        )
        for counted in file.ignored_values:
            connection.execute(
                f"insert into {SCHEMA}.ignored_values values (?, ?, ?, ?, ?)", [table, file.name, *counted]
            )


def forget_files(connection: duckdb.DuckDBPyConnection) -> None:
    """Know nothing of any file: each is read again."""
    connection.execute(_CREATE)
    for ledger in COLUMNS:
        connection.execute(f"delete from {SCHEMA}.{ledger}")


def content_hash(read_by: str, files: Iterable[ReadFile]) -> str:
    """Of a table: which files it holds, each by its name and content, and by whom they were read."""
    content = sorted((file.name, file.fingerprint.content_hash) for file in files)
    return hashlib.sha256(repr((read_by, content)).encode()).hexdigest()


def events(table: str, known: Mapping[str, ReadFile], current: Mapping[str, Fingerprint]) -> tuple[str, ...]:
    """What befell files that had been read before, in words. A new file is what a night is for, and no event."""
    said = []
    for name, file in sorted(known.items()):
        if name not in current:
            said.append(f"{table}: {name} is gone, and its {file.n_rows:,} rows with it")
        elif current[name].content_hash != file.fingerprint.content_hash:
            said.append(f"{table}: {name} is not what it was, and its {file.n_rows:,} rows are replaced")
    return tuple(said)
