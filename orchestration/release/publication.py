"""The switch: what was built becomes what is published, and back.

A release is a folder ``releases/<build id>`` with all that is published, written once and read-only. What readers see
is a copy of it, checked while it was copied; they follow a ``pointer``, so that all parts switch at once.

Other destinations (``serving``) are all made ready first, from that copy, then switched, then the pointer: a rename
hardly ever fails, and a publication that failed has changed nothing under ``published``.
"""

from __future__ import annotations

import errno
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from orchestration.faults import signals_held
from orchestration.files import readable_by_all, sync
from orchestration.findings import BuildError, Finding
from orchestration.release import pointer
from orchestration.release.integrity import (
    DATABASE,
    PARTS,
    REPORT,
    broken,
    check,
    copy_release,
    read_build,
    seal,
)
from orchestration.release.keeping import ID_TIME, outlived, time_of
from orchestration.release.serving import Switch, ready
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

# Other folders among the releases are none of ours.
BUILD_ID = re.compile(r"[12]\d{7}T\d{6}Z(-[0-9a-z]+)?")


class NoReleaseError(Exception):
    """There is no release to publish."""


@dataclass(frozen=True)
class Standing:
    """What was found of the published files, as sentences, and whether they are now what was published."""

    said: tuple[str, ...] = ()
    is_whole: bool = True


def releases(settings: Settings) -> list[str]:
    """The ids of the releases that are kept, oldest first; an id begins with the time of its build."""
    if not settings.releases_folder.is_dir():
        return []
    found = (folder.name for folder in settings.releases_folder.iterdir() if folder.is_dir())
    return sorted(name for name in found if BUILD_ID.fullmatch(name) and time_of(name) is not None)


def new_build_id(settings: Settings, started: datetime, run: str) -> str:
    """An id that comes after those of all releases, also where the clock goes behind the time of the last of them.

    By their ids it is told which release is the newest, which the one before, and which may go.
    """
    known = [time_of(build_id) for build_id in (*releases(settings), _build_shown(settings) or "")]
    last = max((time for time in known if time is not None), default=None)
    if last is not None and last >= started.replace(microsecond=0):
        logger.warning(
            "the clock says %s, and the last release is of %s: this one is numbered after it",
            started.strftime(ID_TIME), last.strftime(ID_TIME),
        )  # fmt: skip
        started = last + timedelta(seconds=1)
    return f"{started.strftime(ID_TIME)}-{run}"


def published_build(settings: Settings) -> Mapping[str, Any] | None:
    """The build.json of what is published now; None where there is none that can be read."""
    return read_build(settings.published_folder)


def _build_shown(settings: Settings) -> str | None:
    """The build that readers see, also where its build.json is damaged and our link alone says it."""
    build = published_build(settings)
    return build["build_id"] if build is not None else pointer.build_shown(settings.published_folder)


def keep_staged(settings: Settings, build: Mapping[str, Any]) -> None:
    """Keep what the build has prepared as a release, to be published now, again or later; let go of the oldest.

    ``build`` is what build.json is to say; the files and their hashes are added to it.
    """
    staged = settings.staged_folder
    _check_complete(staged)
    seal(staged, build, sum(build.get("rows_out", {}).values()))
    settings.releases_folder.mkdir(parents=True, exist_ok=True)
    _move(staged, settings.releases_folder / build["build_id"])
    sync(settings.releases_folder)
    shown = _build_shown(settings)
    for old in outlived(releases(settings), settings.keeping):
        if old != shown:
            _let_go(settings.releases_folder / old)


def _move(staged: Path, release: Path) -> None:
    """Rename a folder; where releases are kept on a disk of their own, it is copied under another name first."""
    try:
        staged.rename(release)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        unfinished = release.with_name(f".{release.name}")
        shutil.copytree(staged, unfinished)
        for path in unfinished.rglob("*"):
            sync(path)
        unfinished.rename(release)
        shutil.rmtree(staged)


def _let_go(release: Path) -> None:
    """Remove a release that is not kept any longer; that it cannot be removed keeps nobody from the new one."""
    try:
        shutil.rmtree(release)
    except OSError as error:
        logger.warning("release %s is not needed any longer, and could not be removed: %s", release.name, error)


def publish(settings: Settings, build_id: str) -> Mapping[str, Any]:
    """Make a release the published one everywhere; its build.json. Interrupted anywhere, it can be run again.

    Raises BrokenReleaseError where the release is not what was written.
    """
    published = settings.published_folder
    with ExitStack() as stack:
        stack.enter_context(readable_by_all())
        own: dict[str, Switch] = {}
        shown, kept = published_build(settings), read_build(settings.releases_folder / build_id)
        # One that was written again under its id is another.
        is_shown = shown is not None and shown["build_id"] == build_id and kept in (None, shown)
        if not is_shown or check(published).damage:
            copy = stack.enter_context(_prepared(settings, build_id))
            own, source = {str(published): copy.switch}, copy.folder
        else:
            source = published
        build = read_build(source)
        assert build is not None
        switches = stack.enter_context(ready(settings.destinations, source / DATABASE, build))
        with signals_held():
            _switch({**switches, **own}, build_id)
    return build


def _prepared(settings: Settings, build_id: str) -> AbstractContextManager[pointer.Prepared]:
    release = settings.releases_folder / build_id
    return pointer.prepared(settings.published_folder, build_id, lambda folder: copy_release(release, folder))


def mend_published(settings: Settings) -> Standing:
    """Compare what is published with its build.json, and put the kept release in the place of what differs."""
    published = settings.published_folder
    # Where that fails, the next publication says why.
    with suppress(OSError):
        pointer.recover(published)
    if pointer.build_shown(published) is None and not any((published / part).exists() for part in PARTS):
        return Standing(is_whole=False)
    stands = check(published)
    if not stands.damage:
        return Standing()
    name = published.name
    said = [f"{name}/{damage}" for damage in stands.damage]
    build_id = _build_shown(settings)
    until = f"{name} stays as it is until the next publication"
    if build_id not in releases(settings):
        why = "its release is not kept" if build_id else "nothing says which release it shows"
        return Standing((*said, f"{until}: {why}"), is_whole=False)
    try:
        with readable_by_all(), _prepared(settings, build_id) as copy:
            copy.switch()
    except BuildError as error:
        (finding, *_) = error.findings
        return Standing((*said, f"{until}: {finding.table}: {finding.message}"), is_whole=False)
    return Standing((*said, f"{name} shows release {build_id} again, from the copy that is kept"))


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


def rollback(settings: Settings, to: str | None = None) -> Mapping[str, Any]:
    """Publish the release before the published one (further back each time), or the one named; its build.json."""
    current = _build_shown(settings)
    kept = [build_id for build_id in releases(settings) if current is None or build_id < current]
    return publish(settings, _chosen(settings, to, kept, "There is no release before the published one."))


def publish_again(settings: Settings, to: str | None = None) -> Mapping[str, Any]:
    """Publish the newest release that is kept, or the one named, as after a destination was down; its build.json."""
    return publish(settings, _chosen(settings, to, releases(settings), "There is no release."))


def _chosen(settings: Settings, named: str | None, candidates: Sequence[str], none: str) -> str:
    """The release named, or the newest whole one of the candidates; those that are passed over are said."""
    kept = releases(settings)
    if named is not None and named not in kept:
        raise NoReleaseError(f"There is no release {named}. Kept are: {', '.join(kept) or 'none'}.")
    passed_over = []
    for build_id in reversed(candidates) if named is None else [named]:
        release = settings.releases_folder / build_id
        damage = check(release).damage
        if not damage:
            return build_id
        if named is not None:
            raise broken(release, damage)
        logger.warning("passed over release %s: %s", build_id, "; ".join(damage))
        passed_over.append(build_id)
    if passed_over:
        none = f"{none.removesuffix('.')} that is whole."
    raise NoReleaseError(f"{none} Kept are: {', '.join(kept) or 'none'}.")


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
