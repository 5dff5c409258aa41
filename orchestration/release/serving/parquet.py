"""A release as a folder of Parquet files, and a pointer to the one that counts.

``<folder>/<build id>/<schema>/<table>.parquet``. The link ``current`` is replaced by one rename; ``current.json`` says
the same where links are not to be had. A release is written under another name and renamed when it is whole.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from orchestration.files import write_json
from orchestration.findings import BuildError, Finding
from orchestration.release.keeping import outlived
from orchestration.release.warehouse import open_read_only, released_tables
from orchestration.settings import ParquetDestination

logger = logging.getLogger(__name__)

BUILD = "build.json"
CURRENT = "current"
POINTER = "current.json"
UNFINISHED = ".unfinished-"


@contextmanager
def ready(
    destination: ParquetDestination, release_file: Path, build: Mapping[str, Any]
) -> Iterator[Callable[[], None]]:
    """The release's folder, whole, beside the ones before; switching points to it and lets go of the oldest."""
    folder = destination.folder
    with _explained(destination):
        folder.mkdir(parents=True, exist_ok=True)
        for litter in folder.glob(f"{UNFINISHED}*"):
            _remove(litter)
        if not (folder / build["build_id"]).exists():
            _write(folder, release_file, build)

    def switch() -> None:
        with _explained(destination):
            _point(folder, build)
            _let_go(destination, build["build_id"])

    yield switch


def _write(folder: Path, release_file: Path, build: Mapping[str, Any]) -> None:
    unfinished = folder / f"{UNFINISHED}{build['build_id']}"
    with open_read_only(release_file) as connection:
        tables = released_tables(connection, build.get("keys", {}))
        for table in tables:
            file = unfinished / table.schema / f"{table.name}.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            target = str(file).replace("'", "''")
            connection.execute(
                f"""copy "{table.schema}"."{table.name}" to '{target}' (format parquet, compression zstd)"""
            )
    write_json(unfinished / BUILD, build)
    unfinished.rename(folder / build["build_id"])
    logger.info("wrote %d tables to %s", len(tables), folder / build["build_id"])


def write_again(destination: ParquetDestination, release_file: Path, build: Mapping[str, Any]) -> None:
    """Replace the folder of a release by what its file holds now."""
    folder = destination.folder
    before = folder / f"{UNFINISHED}before-{build['build_id']}"
    with _explained(destination):
        for litter in folder.glob(f"{UNFINISHED}*"):
            _remove(litter)
        (folder / build["build_id"]).rename(before)
        try:
            _write(folder, release_file, build)
        except (OSError, duckdb.Error):
            before.rename(folder / build["build_id"])
            raise
        _remove(before)


def _point(folder: Path, build: Mapping[str, Any]) -> None:
    link = folder / f"{UNFINISHED}{CURRENT}"
    try:
        link.symlink_to(build["build_id"], target_is_directory=True)
    except OSError:
        # A file system without links: the pointer is the file alone. With a link in place it would go stale.
        if (folder / CURRENT).is_symlink():
            raise
    else:
        link.replace(folder / CURRENT)
    write_json(folder / POINTER, {name: build[name] for name in ("build_id", "as_of")})


def _let_go(destination: ParquetDestination, current: str) -> None:
    folder = destination.folder
    kept = sorted(path.parent.name for path in folder.glob(f"*/{BUILD}") if not path.parent.is_symlink())
    for build_id in outlived(kept, destination.keeping):
        if build_id != current:
            shutil.rmtree(folder / build_id)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


@contextmanager
def _explained(destination: ParquetDestination) -> Iterator[None]:
    try:
        yield
    except (OSError, duckdb.Error) as error:
        raise BuildError(
            Finding(
                "destination",
                destination.name,
                f"the release could not be written: {error}.",
                next_step="Make the folder writable, with room for the release, and run: make publish.",
            )
        ) from error
