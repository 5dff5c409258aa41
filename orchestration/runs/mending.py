"""What a run finds damaged of the warehouse's own files when it begins: set aside, and rebuilt from what is there.

Each case is said in a sentence: which file, under which name it is kept, what is done without it. Later steps can rely
on what they read.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.comments import enrichment
from orchestration.faults import fault_in, fault_of
from orchestration.files import set_aside
from orchestration.findings import BuildError
from orchestration.raw import ledger
from orchestration.release.pointer import STORE
from orchestration.release.warehouse import open_build, open_read_only, quoted
from orchestration.runs.record import BuildRecord
from orchestration.settings import Settings
from orchestration.transform import account_history
from orchestration.transform.built import forget_built, read_built

# What DuckDB says of a file that others have open.
LOCKED = "lock on file"
# What it says of a block that is not what was written, wherever in a build that comes up.
CORRUPT = "Corrupt database file"
# A file is written under such a name, with the number of the process, and renamed when it is whole.
UNFINISHED = re.compile(r"\..+\.\d+(\.wal)?")
# Enough of a file's end to see its last character that is not blank.
END_BYTES = 64


def check_home(settings: Settings) -> None:
    """An error where a part of the home may not be written to: better now than when the night has done its work."""
    parts = (
        settings.home,
        settings.build_folder,
        settings.history_folder,
        settings.enrichment_folder,
        settings.releases_folder,
        settings.published_folder.with_name(STORE),
    )
    findings = [
        finding
        for path in parts
        if path.is_dir() and not os.access(path, os.W_OK | os.X_OK)
        for finding in [fault_in(_why_closed(path), path)]
        if finding is not None
    ]
    if findings:
        raise BuildError(*findings)


def _why_closed(path: Path) -> str:
    return os.strerror(errno.EROFS if os.statvfs(path).f_flag & os.ST_RDONLY else errno.EACCES)


def mended(settings: Settings) -> list[str]:
    """Look at every file that a build relies on; what was found and done, in sentences."""
    return [
        *_folders(settings),
        *_unfinished(settings),
        *_record(settings),
        *_left(settings),
        *_manifest(settings),
        *_built(settings),
        *_build_file(settings),
        *_comments(settings),
        *_account_versions(settings),
    ]


def _is_of_the_machine(error: Exception) -> bool:
    """Whether a file could not be read although nothing may be wrong with it; of what is no file that is not so."""
    found = fault_of(error, "")
    return found is not None and found.rule != "not_a_folder"


def set_build_aside(settings: Settings) -> Path:
    """Keep a damaged build file, and its log, under another name, and forget what is known of it; the new name."""
    aside = set_aside(settings.build_file)
    log = _log_of(settings.build_file)
    if os.path.lexists(log):
        log.rename(_log_of(aside))
    forget_built(settings)
    settings.record_file.unlink(missing_ok=True)
    return aside


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _named(path: Path) -> str:
    """A file as it is spoken of: by its folder under NPS_HOME and its name."""
    return f"{path.parent.name}/{path.name}"


def _kept(path: Path, aside: Path) -> str:
    return f"{_named(path)} was damaged and is kept as {aside.name}"


def _folders(settings: Settings) -> Iterator[str]:
    for folder in (settings.history_folder, settings.enrichment_folder, settings.releases_folder):
        if os.path.lexists(folder) and not folder.is_dir():
            yield f"{folder.name} was no folder and is kept as {set_aside(folder).name}"


def _unfinished(settings: Settings) -> Iterator[str]:
    """Files that killed runs had begun to write. There is no word to say of them."""
    for folder in (settings.build_folder, settings.history_folder, settings.enrichment_folder):
        for path in folder.glob(".*"):
            if UNFINISHED.fullmatch(path.name) and path.is_file():
                path.unlink()
    yield from ()


# The build file ----------------------------------------------------------------------------------------------------


def _build_file(settings: Settings) -> Iterator[str]:
    file, log = settings.build_file, _log_of(settings.build_file)
    if not os.path.lexists(file):
        if os.path.lexists(log):
            yield f"{_kept(log, set_aside(log))}: its file is gone"
        return
    try:
        with open_read_only(file) as connection:
            is_ledger_damaged = _is_ledger_damaged(connection)
    except duckdb.Error as error:
        if LOCKED not in str(error) and not _is_of_the_machine(error):
            yield f"{_kept(file, set_build_aside(settings))}: everything is built anew"
        return
    if is_ledger_damaged:
        doubts = list[str]()
        with open_build(settings, doubts.append) as connection:
            connection.execute(f"drop schema {ledger.SCHEMA} cascade")
        yield from doubts
        yield f"the ledger in {_named(file)} was damaged: every raw file is read again"


def _is_ledger_damaged(connection: duckdb.DuckDBPyConnection) -> bool:
    standing = connection.execute(
        f"select table_name from information_schema.tables where table_schema = {quoted(ledger.SCHEMA)}"
    ).fetchall()
    if not standing:
        return False
    try:
        for table, columns in ledger.COLUMNS.items():
            connection.execute(f"select {', '.join(columns)} from {ledger.SCHEMA}.{table} limit 0")
    except (duckdb.CatalogException, duckdb.BinderException):
        return True
    return False


# What stands beside it ---------------------------------------------------------------------------------------------


def _record(settings: Settings) -> Iterator[str]:
    path = settings.record_file
    if os.path.lexists(path) and not BuildRecord(path).is_readable():
        yield f"{_kept(path, set_aside(path))}: what it said of the last build is lost"


def _left(settings: Settings) -> Iterator[str]:
    path = settings.left_file
    if path.is_dir():
        yield f"{_kept(path, set_aside(path))}: the rows of every table are checked"


def _manifest(settings: Settings) -> Iterator[str]:
    """What dbt says of the project that it built last. It is long, and not read here: one that ends as it should is."""
    path = settings.dbt_target_folder / "manifest.json"
    if path.is_file():
        with path.open("rb") as content:
            begins = content.read(1)
            content.seek(max(path.stat().st_size - END_BYTES, 0))
            if begins == b"{" and content.read().rstrip().endswith(b"}"):
                return
    if os.path.lexists(path):
        said = _kept(path, set_aside(path))
    elif settings.built_file.is_file():
        said = f"{_named(path)} is missing"
    else:
        return
    forget_built(settings)
    yield f"{said}: dbt looks at every table again"


def _built(settings: Settings) -> Iterator[str]:
    path = settings.built_file
    if not os.path.lexists(path):
        return
    try:
        is_damaged = not path.is_file()
        read_built(settings)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if _is_of_the_machine(error):
            raise
        is_damaged = True
    if is_damaged:
        yield f"{_kept(path, set_aside(path))}: dbt looks at every table again"


# What is kept from night to night ----------------------------------------------------------------------------------


def _comments(settings: Settings) -> Iterator[str]:
    store = settings.enrichment_folder / enrichment.STORE
    # What is damaged inside shows when it is read (``enrich``), and is made again then.
    if os.path.lexists(store) and not _holds(store, enrichment.COLUMNS, pq.read_schema):
        yield f"{_kept(store, set_aside(store))}: every comment is read again"


def _account_versions(settings: Settings) -> Iterator[str]:
    """The history of accounts, of which the build file holds the copy that the last night landed."""
    store = settings.history_folder / account_history.STORE
    is_there = os.path.lexists(store)
    if is_there and _holds(store, account_history.COLUMNS, lambda path: pq.read_table(path).schema):
        return
    said = _kept(store, set_aside(store)) if is_there else f"{_named(store)} is missing"
    newest = _restored_versions(settings, store)
    if newest is not None:
        yield f"{said}: it is made again from the build file, as the last night left it on {newest}"
    elif is_there:
        yield (
            f"{said}: what nights saw of accounts, and a CRM load has overwritten since, is lost; "
            "put a copy of the file back in its place if there is one"
        )


def _restored_versions(settings: Settings, store: Path) -> str | None:
    """Write the store from the build file; the newest day in it, or None where the build file has none."""
    if not settings.build_file.is_file():
        return None
    try:
        with open_read_only(settings.build_file) as connection:
            table = f"{account_history.SCHEMA}.{account_history.TABLE}"
            rows = connection.execute(f"select max(first_seen_on) from {table}").fetchall()
            if rows == [(None,)]:
                return None
            account_history.write_store(connection, table, store)
    except duckdb.Error:
        return None
    return str(rows[0][0])


def _holds(store: Path, columns: Collection[str], read: Callable[[Path], pa.Schema]) -> bool:
    """Whether a Parquet file can be read and has the columns.

    Raises OSError where that cannot be told, because the machine does not let it be read.
    """
    try:
        return set(columns) <= set(read(store).names)
    except (pa.ArrowException, OSError) as error:
        if _is_of_the_machine(error):
            raise
        return False
