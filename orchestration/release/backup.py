"""What cannot be built again, in one file: history, comments that were read, releases; and back from it.

A backup is an uncompressed tar: what lies in it is compressed already. Its last member, ``backup.json``, lists the
others with their SHA-256, so that one which is cut off or damaged is known before anything is written from it.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.files import file_hash, sync
from orchestration.findings import BuildError, Finding
from orchestration.forgetting.people import FILE as FORGOTTEN
from orchestration.forgetting.people import joined, people_in, read_people, write_people
from orchestration.release.publication import published_build, releases
from orchestration.settings import LAYOUT, Settings

CONTENTS = "backup.json"
LAYOUT_FILE = "layout.json"
SUFFIX = ".tar"


def backup(settings: Settings, folder: Path) -> Path:
    """Write all that a home cannot build again into a file of the folder, whole or not at all; the file.

    For who holds the writer's lock. An error where there is nothing to keep.
    """
    kept = releases(settings)
    if not kept:
        raise _refused(str(settings.home), "there is no release to keep yet", "Run make nightly first.")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"nps-{kept[-1]}{SUFFIX}"
    scratch = folder / f".{file.name}.{os.getpid()}"
    hashes: dict[str, str] = {}
    try:
        with tarfile.open(scratch, "w") as archive:
            for path in _files(settings):
                name = path.relative_to(settings.home).as_posix()
                hashes[name] = file_hash(path)
                archive.add(path, name, recursive=False)
            content = json.dumps({"layout": LAYOUT, "files": hashes, "settings": _told(settings)}, indent=2).encode()
            member = tarfile.TarInfo(CONTENTS)
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
        sync(scratch)
        scratch.replace(file)
        sync(folder)
    finally:
        scratch.unlink(missing_ok=True)
    return file


def restore(settings: Settings, file: Path) -> Mapping[str, Any]:
    """Put a backup into a home that holds none of it yet; what the backup says of itself.

    Nothing is written into the home before all of it has been read and found whole. Who was forgotten in this home
    stays so.
    """
    standing = [name for name in ("history", "enrichment", "releases") if _holds_files(settings.home / name)]
    if standing or published_build(settings) is not None:
        raise _refused(
            str(settings.home),
            f"it is in use ({', '.join(standing) or 'something is published'}), and a backup goes into an empty one",
            "Set NPS_HOME to a new folder, or move these away.",
        )
    scratch = settings.home / f".restored.{os.getpid()}"
    scratch.mkdir(parents=True)
    try:
        try:
            with tarfile.open(file) as archive:
                archive.extractall(scratch, filter="data")
        except (tarfile.TarError, EOFError) as error:
            raise _refused(str(file), f"it is no whole backup ({error})", "Take another one.") from error
        told = _checked(scratch, file)
        people = joined(read_people(settings), people_in(scratch / settings.forgotten_folder.name / FORGOTTEN))
        for name in sorted(told["files"]):
            path = scratch / name
            if name.startswith("releases/"):
                # As a release is kept: nobody writes to it.
                path.chmod(0o444)
        for part in ("history", "enrichment", "releases", LAYOUT_FILE):
            if (scratch / part).exists():
                shutil.rmtree(settings.home / part, ignore_errors=True)
                (scratch / part).replace(settings.home / part)
        if people:
            write_people(settings, people)
        sync(settings.home)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return told


def _checked(folder: Path, file: Path) -> Mapping[str, Any]:
    try:
        told: Mapping[str, Any] = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        wanted, layout = dict(told["files"]), int(told["layout"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _refused(str(file), f"it is no whole backup: its {CONTENTS} is missing", "Take another one.") from error
    if layout > LAYOUT:
        raise _refused(str(file), f"a newer revision wrote it (layout {layout})", "Use the newer checkout.")
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    for name in sorted(found - {CONTENTS, *wanted}):
        raise _refused(str(file), f"{name} in it was never written by a backup", "Take another one.")
    for name, digest in wanted.items():
        path = folder / name
        if not path.is_file() or file_hash(path) != digest:
            raise _refused(str(file), f"{name} in it is not what was written", "Take another one.")
    return told


def _files(settings: Settings) -> Iterator[Path]:
    """What no build makes again, and the releases, which a machine without raw files has only here."""
    folders = [settings.history_folder, settings.enrichment_folder]
    folders += [settings.releases_folder / build_id for build_id in releases(settings)]
    layout = settings.home / LAYOUT_FILE
    forgotten = settings.forgotten_folder / FORGOTTEN
    yield from (path for path in (layout, forgotten) if path.is_file())
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file() and ".damaged-" not in path.name)


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(path.is_file() for path in folder.rglob("*"))


def _told(settings: Settings) -> dict[str, str | list[str]]:
    """The settings, to be set again by hand; no password is in the names of destinations."""
    return {
        "NPS_COMPANY": str(settings.company or ""),
        "NPS_RAW": settings.raw,
        "NPS_TIMEZONE": settings.timezone,
        "NPS_CURRENCY": settings.currency,
        "NPS_SCHEDULE": settings.schedule,
        "NPS_TARGET": settings.target,
        "NPS_PUBLISH": [destination.name for destination in settings.destinations],
    }


def _refused(place: str, why: str, next_step: str) -> BuildError:
    return BuildError(Finding("backup", place, f"{why}.", next_step=next_step))
