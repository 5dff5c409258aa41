"""The switch: what was built becomes what is published, and back.

A release is a folder ``releases/<build id>`` with all that is published. ``published/nps.duckdb`` is replaced by one
rename: a reader finds a whole old or a whole new file, and one that has the old file open keeps it. ``build.json``
comes last, so that what it says is there.

Other destinations (``serving``) are all made ready first, then switched, then the files: a rename hardly ever fails,
and a publication that failed has changed nothing under ``published``.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.findings import BuildError, Finding
from orchestration.release.serving import Switch, ready
from orchestration.runs.record import write_json
from orchestration.settings import RELEASES_KEPT, Settings

logger = logging.getLogger(__name__)

DATABASE = "nps.duckdb"
REPORT = Path("report") / "index.html"
VALIDATION = "validation"
BUILD = "build.json"


class NoReleaseError(Exception):
    """There is no release to publish."""


def releases(settings: Settings) -> list[str]:
    """The ids of the releases that are kept, oldest first; an id begins with the time of its build."""
    if not settings.releases_folder.is_dir():
        return []
    return sorted(folder.name for folder in settings.releases_folder.iterdir() if (folder / BUILD).is_file())


def published_build(settings: Settings) -> dict[str, Any] | None:
    """The build.json of what is published now."""
    path = settings.published_folder / BUILD
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def keep_staged(settings: Settings, build: dict[str, Any]) -> None:
    """Keep what the build has prepared as a release, to be published now, again or later; let go of the oldest."""
    staged = settings.staged_folder
    _check_complete(staged)
    write_json(staged / BUILD, build)
    settings.releases_folder.mkdir(parents=True, exist_ok=True)
    staged.rename(settings.releases_folder / build["build_id"])
    published = published_build(settings) or {"build_id": None}
    for old in releases(settings)[:-RELEASES_KEPT]:
        if old != published["build_id"]:
            shutil.rmtree(settings.releases_folder / old)


def publish(settings: Settings, build_id: str) -> dict[str, Any]:
    """Make a release the published one everywhere; its build.json. Interrupted anywhere, it can be run again."""
    release, published = settings.releases_folder / build_id, settings.published_folder
    _check_complete(release)
    build: dict[str, Any] = json.loads((release / BUILD).read_text(encoding="utf-8"))
    with ready(settings.destinations, release / DATABASE, build) as switches:
        _switch({**switches, str(published): lambda: _publish_files(published, release)}, build_id)
    return build


def _switch(switches: Mapping[str, Switch], build_id: str) -> None:
    """Switch one after another; where that fails, say which readers see what."""
    switched: list[str] = []
    for name, switch in switches.items():
        try:
            switch()
        except BuildError as error:
            if not switched:
                raise
            partly = Finding(
                "partly_published",
                ", ".join(switched),
                f"readers there see {build_id} already; everywhere else they see the release before.",
                next_step=f"Run: make publish TO={build_id}.",
            )
            raise type(error)(*error.findings, partly) from error
        switched.append(name)
        logger.info("%s shows %s", name, build_id)


def _publish_files(published: Path, release: Path) -> None:
    try:
        published.mkdir(parents=True, exist_ok=True)
        _replace(release / DATABASE, published / DATABASE)
        _replace(release / REPORT, published / REPORT)
        pages = sorted(_files(release / VALIDATION))
        for page in pages:
            _replace(release / VALIDATION / page, published / VALIDATION / page)
        for stale in set(_files(published / VALIDATION)) - set(pages):
            (published / VALIDATION / stale).unlink()
        _replace(release / BUILD, published / BUILD)
    except OSError as error:
        raise BuildError(
            Finding(
                "destination",
                str(published),
                f"the files could not be put in place: {error}.",
                next_step="Make the folder writable, with room for a release, and run: make publish.",
            )
        ) from error


def rollback(settings: Settings, to: str | None = None) -> dict[str, Any]:
    """Publish the release before the published one (further back each time), or the one named; its build.json."""
    current = published_build(settings)
    kept = [build_id for build_id in releases(settings) if current is None or build_id < current["build_id"]]
    return publish(settings, _chosen(settings, to, kept, "There is no release before the published one."))


def publish_again(settings: Settings, to: str | None = None) -> dict[str, Any]:
    """Publish the newest release that is kept, or the one named, as after a destination was down; its build.json."""
    return publish(settings, _chosen(settings, to, releases(settings), "There is no release."))


def _chosen(settings: Settings, named: str | None, candidates: Sequence[str], none: str) -> str:
    kept = releases(settings)
    if named is None and candidates:
        return candidates[-1]
    if named in kept:
        return named
    said = none if named is None else f"There is no release {named}."
    raise NoReleaseError(f"{said} Kept are: {', '.join(kept) or 'none'}.")


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
