"""What of ours loses a person: the build goes, stores and releases are written again, texts lose what names them.

Each step can be repeated, so that what was interrupted is finished by running it again.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.comments import enrichment
from orchestration.files import sync
from orchestration.findings import BuildError, Finding
from orchestration.forgetting.people import GONE, People
from orchestration.forgetting.releases import clear_releases
from orchestration.forgetting.values import SECONDS_TO_WAIT, Values, kind_of, sqlite_texts
from orchestration.release.warehouse import identifier, quoted, quoted_path
from orchestration.settings import Settings
from orchestration.transform import account_history
from orchestration.transform.built import forget_built


def clear(
    settings: Settings, people: People, values: Values, responses: Iterable[str], *, in_night: bool = False
) -> Iterator[str]:
    """Take who is on the list out of everything of ours; what was done, in sentences. For who holds the lock.

    ``responses`` are the ids of their answers as far as raw files tell. A night leaves its log and Dagster's store,
    to which it writes.
    """
    yield from _build(settings)
    yield from _stores(settings, people)
    yield from clear_releases(settings, people, values, frozenset(responses))
    if not in_night:
        yield from _texts(settings, values)


def _build(settings: Settings) -> Iterator[str]:
    """A file from which rows are deleted keeps their bytes; the next night makes a new one."""
    databases = [settings.build_file, settings.dev_file, *settings.home.glob("dev/*/" + settings.build_file.name)]
    for database in dict.fromkeys(databases):
        # With its log, what the engine put beside it, and what was set aside.
        removed = [_removed(path) for path in sorted(database.parent.glob(f"*{database.name}*"))]
        if removed:
            remade = "make nightly builds it anew" if database == settings.build_file else "make dev copies it again"
            yield f"{_named(settings, database)}: removed; {remade}"
    forget_built(settings)
    spark = settings.build_folder / "spark"
    # A cluster may run, whose catalog knows the folders of its schemas.
    of_cluster = [spark / "cluster" / "stands", spark / "cluster" / "landed", *spark.glob("cluster/warehouse/*.db/*")]
    for path in (settings.sources_folder, settings.staged_folder, settings.left_file, spark / "session", *of_cluster):
        _removed(path)


def _removed(path: Path) -> Path:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return path


def _stores(settings: Settings, people: People) -> Iterator[str]:
    comments = settings.enrichment_folder / enrichment.STORE
    if comments.parent.is_dir() and any(comments.parent.iterdir()):
        for path in comments.parent.iterdir():
            _removed(path)
        yield f"{_named(settings, comments)}: removed; the next night reads every comment again"
    versions = settings.history_folder / account_history.STORE
    # One that is damaged is said by the search.
    with suppress(pa.ArrowException, duckdb.Error):
        if versions.is_file() and _rewritten(versions, people):
            yield f"{_named(settings, versions)}: written again without their addresses"


def _rewritten(store: Path, people: People) -> bool:
    """Write a Parquet file again without addresses of who is on the list, if it holds any."""
    kept = f"read_parquet({quoted_path(store)}, hive_partitioning = false)"
    texts = [field.name for field in pq.read_schema(store) if str(field.type) == "string"]
    values = {name: people.without_addresses(identifier(name)) for name in texts}
    changed = " or ".join(f"{value} is distinct from {identifier(name)}" for name, value in values.items())
    with duckdb.connect() as connection:
        if not connection.execute(f"select 1 from {kept} where {changed} limit 1").fetchall():
            return False
        scratch = store.with_name(f".{store.name}.{os.getpid()}")
        replaced = ", ".join(f"{value} as {identifier(name)}" for name, value in values.items())
        connection.execute(
            f"copy (select * replace ({replaced}) from {kept}) to {quoted(str(scratch))} "
            "(format parquet, compression zstd)"
        )
    sync(scratch)
    scratch.replace(store)
    return True


def _texts(settings: Settings, values: Values) -> Iterator[str]:
    """Logs, what dbt left, Dagster's store, pages of the documentation: each loses what names them."""
    for path in files_of_ours(settings):
        if path.is_relative_to(settings.releases_folder):
            continue
        ways = {"sqlite": _unlocked, "text": _cleared_text}
        clear_file = ways.get(kind_of(path))
        n_places = clear_file(path, values) if clear_file is not None else 0
        if n_places:
            yield f"{_named(settings, path)}: taken out in {n_places:,} place{'' if n_places == 1 else 's'}"


def _cleared_text(path: Path, values: Values) -> int:
    """Replace a text file by one without them; in how many places it named them. One that is none is left."""
    content = path.read_bytes()
    if not values.may_be_in(content):
        return 0
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return 0
    without, n_places = values.everything.subn(GONE, text)
    if n_places:
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        scratch.write_bytes(without.encode())
        scratch.chmod(path.stat().st_mode)
        scratch.replace(path)
    return n_places


def _unlocked(path: Path, values: Values) -> int:
    try:
        return _cleared_sqlite(path, values)
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        busy = "another program writes to it."
        raise BuildError(
            Finding("forgotten", str(path), busy, next_step="End make serve, and run it again.")
        ) from error
    except sqlite3.DatabaseError:
        # One that is damaged is said by the search.
        return 0


def _cleared_sqlite(path: Path, values: Values) -> int:
    """Take them out of every text of a SQLite file, and write it again, so that no free page keeps the bytes."""

    def without(text: Any) -> Any:
        return values.everything.sub(GONE, text)

    def holds(text: Any) -> bool:
        return isinstance(text, str) and values.everything.search(text) is not None

    n_values = 0
    with closing(sqlite3.connect(path, timeout=SECONDS_TO_WAIT)) as connection:
        connection.create_function("without", 1, without)
        connection.create_function("holds", 1, holds)
        for table, column in sqlite_texts(path):
            name = identifier(column)
            n_values += connection.execute(
                f"update {identifier(table)} set {name} = without({name}) where holds({name})"
            ).rowcount
        connection.commit()
        # Also where nothing is found: an earlier run may have been interrupted before this.
        connection.execute("vacuum")
        connection.execute("pragma wal_checkpoint(truncate)")
    return n_values


def files_of_ours(settings: Settings) -> Iterator[Path]:
    """Every file under the home and in the folder for private work, but for the raw files, which are the user's."""
    raw = None if "://" in settings.raw else Path(settings.raw)
    for place in dict.fromkeys((settings.home, settings.dev_folder)):
        for folder, folders, names in os.walk(place):
            here = Path(folder)
            folders[:] = [name for name in folders if here / name != raw and not (here / name).is_symlink()]
            yield from (path for path in map(here.joinpath, sorted(names)) if path.is_file() and not path.is_symlink())


def _named(settings: Settings, path: Path) -> str:
    return str(path.relative_to(settings.home)) if path.is_relative_to(settings.home) else str(path)
