"""What readers follow: ``published`` is a link to a folder with a copy of a release, replaced by one rename.

The copies lie beside it in ``.published``. The one before the last stays until the next is made, for readers who have
followed the link and go on reading. A folder ``published`` that an older revision left makes way for the link.

Where ``published`` is a mount, or a link that the user made to another place, or where links are not to be had, files
are replaced one after another in the folder that is there. If one of them cannot be, those before it are put back.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from orchestration.files import set_aside, sync
from orchestration.findings import BuildError, Finding
from orchestration.release.integrity import BUILD, PARTS, part_files

logger = logging.getLogger(__name__)

STORE = ".published"
LINK = "link"
TAKEN_OVER = "taken-over"
# Where files are replaced one by one: those to come, and those that are put back after a failure.
NEXT, BEFORE = ".next", ".before"


@dataclass(frozen=True)
class Prepared:
    """A copy that no reader sees yet, and what makes readers see it."""

    folder: Path
    switch: Callable[[], None]


def recover(published: Path) -> None:
    """Tidy up after a publication that was interrupted, and bring back a folder whose takeover was."""
    store = published.with_name(STORE)
    if (store / TAKEN_OVER).is_dir() and not os.path.lexists(published):
        (store / TAKEN_OVER).rename(published)
    if store.is_dir():
        # In a copy that came to its end, build.json is the last file.
        unfinished = {path for path in store.iterdir() if not (path / BUILD).exists()}
        for path in unfinished - {store / (_copy_shown(published) or TAKEN_OVER)}:
            _remove(path)
    if not _is_ours(published):
        for leftover in (NEXT, BEFORE):
            _remove(published / leftover)


def build_shown(published: Path) -> str | None:
    """The build to whose copy our link points, whether or not the copy is there; None where there is no such link."""
    name = _copy_shown(published)
    return name.partition(".")[0] if name else None


def let_go_of_others(published: Path) -> None:
    """Remove every copy but that which readers see; who has one open keeps what they have open."""
    store = published.with_name(STORE)
    if store.is_dir():
        _let_go(store, {_copy_shown(published)})


@contextmanager
def prepared(published: Path, build_id: str, copy: Callable[[Path], None]) -> Iterator[Prepared]:
    """Let ``copy`` fill a folder, to be shown instead of what readers see now. Removed again unless it is switched to.

    Raises a BuildError where files cannot be written; nothing has changed for readers then.
    """
    with _explained(published):
        recover(published)
        if os.path.lexists(published) and not published.is_dir() and not published.is_symlink():
            logger.warning("%s was no folder and is kept as %s", published, set_aside(published).name)
        in_place = _folder_to_keep(published)
        folder = in_place / NEXT if in_place is not None else _new_copy(published, build_id)
        _remove(folder)
        folder.mkdir(parents=True)
    is_switched = False

    def switch() -> None:
        nonlocal is_switched
        with _explained(published):
            if in_place is None:
                _point(published, folder)
            else:
                _replace_files(folder, in_place)
        is_switched = True

    try:
        with _explained(published):
            copy(folder)
        yield Prepared(folder, switch)
    finally:
        if in_place is not None or not is_switched:
            _remove(folder)


def _is_ours(published: Path) -> bool:
    return published.is_symlink() and published.readlink().parts[0] == STORE


def _copy_shown(published: Path) -> str | None:
    return published.readlink().name if _is_ours(published) else None


def _folder_to_keep(published: Path) -> Path | None:
    """The folder in which files have to be replaced one by one; None where a link can be replaced."""
    if published.is_symlink() and not _is_ours(published):
        return published.resolve()
    if published.is_mount():
        return published
    store = published.with_name(STORE)
    store.mkdir(parents=True, exist_ok=True)
    try:
        _link(store, "nowhere")
    except OSError:
        if published.is_symlink():
            raise
        return published
    return None


# The link ----------------------------------------------------------------------------------------------------------


def _link(store: Path, name: str) -> Path:
    link = store / LINK
    link.unlink(missing_ok=True)
    # Relative, so that a home can be moved, or mounted elsewhere.
    link.symlink_to(Path(STORE) / name, target_is_directory=True)
    return link


def _new_copy(published: Path, build_id: str) -> Path:
    """A folder that is not there yet; of the copies of earlier releases only that stays which readers see."""
    store = published.with_name(STORE)
    _let_go(store, {_copy_shown(published)})
    names = chain([build_id], (f"{build_id}.{number}" for number in count(2)))
    return store / next(name for name in names if not (store / name).exists())


def _point(published: Path, folder: Path) -> None:
    store, before = published.with_name(STORE), _copy_shown(published)
    link = _link(store, folder.name)
    sync(store)
    if published.is_symlink() or not published.exists():
        link.replace(published)
    else:
        before = _take_over(published, link)
    # Readers see the copy; what fails now is made good by the next publication.
    with suppress(OSError):
        sync(published.parent)
        _let_go(store, {folder.name, before})


def _take_over(published: Path, link: Path) -> str:
    """Put the link in the place of a folder; the name of the folder in the store."""
    taken_over = link.with_name(TAKEN_OVER)
    _remove(taken_over)
    published.rename(taken_over)
    try:
        link.replace(published)
    except OSError:
        taken_over.rename(published)
        raise
    if any(not path.name.startswith(".") and path.name not in PARTS for path in taken_over.iterdir()):
        names = (published.with_name(f"{published.name}.before-{number}") for number in count(1))
        kept = next(name for name in names if not name.exists())
        with suppress(OSError):
            taken_over.rename(kept)
            logger.warning("%s held files that are not of a release; the folder is kept as %s", published, kept.name)
    return TAKEN_OVER


def _let_go(store: Path, kept: set[str | None]) -> None:
    for path in store.iterdir():
        if path.name not in kept:
            _remove(path)


# One file after another --------------------------------------------------------------------------------------------


def _replace_files(new: Path, folder: Path) -> None:
    before = folder / BEFORE
    _remove(before)
    # What readers rely on to know what they read comes last.
    names = sorted(part_files(new), key=lambda name: (str(name) == BUILD, name))
    gone = sorted(set(part_files(folder)) - set(names))
    done: list[Path] = []
    try:
        for name in (*gone, *names):
            if (folder / name).is_file():
                _keep(folder / name, before / name)
            done.append(name)
            if name in gone:
                (folder / name).unlink()
            else:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                if (folder / name).is_dir():
                    set_aside(folder / name)
                (new / name).replace(folder / name)
        sync(folder)
    except OSError:
        for name in reversed(done):
            if (before / name).exists():
                (before / name).replace(folder / name)
            else:
                (folder / name).unlink(missing_ok=True)
        raise
    finally:
        _remove(before)


def _keep(path: Path, kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, kept)
    except OSError:
        shutil.copy2(path, kept)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _explained(published: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BuildError(
            Finding(
                "destination",
                str(published),
                f"the files could not be put in place: {error}. Readers there see what they saw before.",
                next_step="Make the folder writable, with room for a release, and run: make publish.",
            )
        ) from error
