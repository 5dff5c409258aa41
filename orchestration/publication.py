"""The switch: what was built becomes what is published, and back. Files only; opens no warehouse.

A release is a folder ``releases/<build id>`` with all that is published. ``published/nps.duckdb`` is replaced by one
rename: a reader finds a whole old or a whole new file, and one that has the old file open keeps it. ``build.json``
comes last, so that what it says is there.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.build_record import write_json
from orchestration.findings import BuildError, Finding
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

DATABASE = "nps.duckdb"
REPORT = Path("report") / "index.html"
VALIDATION = "validation"
BUILD = "build.json"
RELEASES_KEPT = 7


class RollbackError(Exception):
    """There is no release to go back to."""


def releases(settings: Settings) -> list[str]:
    """The ids of the releases that are kept, oldest first; an id begins with the time of its build."""
    if not settings.releases_folder.is_dir():
        return []
    return sorted(folder.name for folder in settings.releases_folder.iterdir() if (folder / BUILD).is_file())


def published_build(settings: Settings) -> dict[str, Any] | None:
    """The build.json of what is published now."""
    path = settings.published_folder / BUILD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def publish_staged(settings: Settings, build: dict[str, Any]) -> None:
    """Keep what the build has prepared as a release, publish it, and let go of the oldest."""
    staged = settings.staged_folder
    _check_complete(staged)
    write_json(staged / BUILD, build)
    release = settings.releases_folder / build["build_id"]
    release.parent.mkdir(parents=True, exist_ok=True)
    staged.rename(release)
    publish(settings, release)
    for old in releases(settings)[:-RELEASES_KEPT]:
        shutil.rmtree(settings.releases_folder / old)


def publish(settings: Settings, release: Path) -> None:
    """Make a release the published one. Interrupted anywhere, it can be run again."""
    _check_complete(release)
    published = settings.published_folder
    published.mkdir(parents=True, exist_ok=True)
    _replace(release / DATABASE, published / DATABASE)
    _replace(release / REPORT, published / REPORT)
    pages = sorted(_files(release / VALIDATION))
    for page in pages:
        _replace(release / VALIDATION / page, published / VALIDATION / page)
    for stale in set(_files(published / VALIDATION)) - set(pages):
        (published / VALIDATION / stale).unlink()
    _replace(release / BUILD, published / BUILD)


def rollback(settings: Settings, to: str | None = None) -> dict[str, Any]:
    """Publish the release before the published one (further back each time), or the one named; its build.json."""
    kept = releases(settings)
    current = published_build(settings)
    listed = ", ".join(kept) or "none"
    if to is None:
        earlier = [build_id for build_id in kept if current is None or build_id < current["build_id"]]
        if not earlier:
            raise RollbackError(f"There is no release before the published one. Kept are: {listed}.")
        to = earlier[-1]
    elif to not in kept:
        raise RollbackError(f"There is no release {to}. Kept are: {listed}.")
    publish(settings, settings.releases_folder / to)
    restored = published_build(settings)
    assert restored is not None
    return restored


def _check_complete(folder: Path) -> None:
    missing = [str(part) for part in (DATABASE, REPORT) if not (folder / part).is_file()]
    # A write-ahead log would stay behind when the file is moved, with the rows in it.
    unfinished = (folder / f"{DATABASE}.wal").exists()
    if missing or unfinished:
        raise BuildError(
            Finding(
                "incomplete_release",
                folder.name,
                f"it lacks {', '.join(missing)}." if missing else f"{DATABASE} was not closed: its log is still there.",
                next_step="Run the whole job again (make nightly).",
            )
        )


def _files(folder: Path) -> Iterator[Path]:
    return (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def _replace(source: Path, target: Path) -> None:
    """Put a file in place by one rename; the bytes are shared with the release where the file system can."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.new")
    scratch.unlink(missing_ok=True)
    try:
        os.link(source, scratch)
    except OSError:
        shutil.copyfile(source, scratch)
    scratch.chmod(0o644)
    scratch.replace(target)
