"""What a release consists of, and whether it still is what was written.

``build.json`` lists the files of its release with their SHA-256, and bears a hash of itself. It is written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.files import copied, file_hash, sync, write_json
from orchestration.findings import BuildError, Finding
from orchestration.release.warehouse import open_read_only
from orchestration.settings import LAYOUT

DATABASE = "nps.duckdb"
REPORT = Path("report") / "index.html"
VALIDATION = "validation"
BUILD = "build.json"
# What stands in a folder in which a release is published; the log is one that a client left who wrote.
PARTS = (DATABASE, f"{DATABASE}.wal", REPORT.parts[0], VALIDATION, BUILD)
SEAL = "sha256"
READ_ONLY = 0o444


class BrokenReleaseError(BuildError):
    """A release is not what was written. It is neither published nor built upon."""


@dataclass(frozen=True)
class Checked:
    """What build.json says, as far as it can be read, and which files are not what it says, each in words."""

    build: Mapping[str, Any]
    damage: tuple[str, ...]


def check(folder: Path, known: Mapping[str, str] | None = None) -> Checked:
    """Compare every file of a release, or of what is published, with its build.json.

    ``known`` has the hashes of files that have been read already. A build.json of an older revision lists no files; its
    release passes if its database opens and its report exists.
    """
    build, problem = _read(folder / BUILD)
    if problem is not None:
        return Checked(build, (f"{BUILD} {problem}",))
    if "files" not in build:
        return Checked(build, tuple(_unusable(folder)))
    found = {str(path) for path in part_files(folder)} - {BUILD}
    damage = [
        f"{name} {what}"
        for name, wanted in build["files"].items()
        if (what := _unlike(folder / name, wanted, (known or {}).get(name)))
    ]
    damage += [f"{name} is not of the release" for name in sorted(found - set(build["files"]))]
    return Checked(build, tuple(damage))


def read_build(folder: Path) -> Mapping[str, Any] | None:
    """The build.json of a release; None where it is missing or damaged."""
    build, problem = _read(folder / BUILD)
    return build if problem is None else None


def layout_of(path: Path) -> int:
    """The layout that a JSON file says it is of; 0 where it says none, or cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    return _layout_in(content)


def _layout_in(content: Any) -> int:
    number = content.get("layout") if isinstance(content, dict) else None
    return number if type(number) is int and number > 0 else 0


def seal(folder: Path, build: Mapping[str, Any], rows: int) -> None:
    """Make the files of a release read-only and durable, and write the build.json that lists them.

    ``rows`` is the number of rows in the database.
    """
    files = {}
    for name in sorted(part_files(folder)):
        path = folder / name
        path.chmod(READ_ONLY)
        sync(path)
        n_rows = rows if str(name) == DATABASE else None
        files[str(name)] = {"sha256": file_hash(path), "bytes": path.stat().st_size, "rows": n_rows}
    content = {**build, "layout": LAYOUT, "files": files}
    write_json(folder / BUILD, {**content, SEAL: _hash_of(content)})
    (folder / BUILD).chmod(READ_ONLY)
    sync_folders(folder)


def copy_database(release: Path, target: Path) -> Mapping[str, Any]:
    """Copy the database of a release, to build upon; its build.json.

    Raises BrokenReleaseError where any file of the release is not what was written, or where that cannot be told.
    """
    database = release / DATABASE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    checked = check(release, {DATABASE: copied(database, target)} if database.is_file() else None)
    damage = checked.damage or (() if "files" in checked.build else (f"{BUILD} of an older revision lists no files",))
    if damage:
        target.unlink(missing_ok=True)
        raise broken(release, damage)
    return checked.build


def copy_release(release: Path, target: Path) -> None:
    """Copy a release, checking what is copied; raises BrokenReleaseError, with ``target`` left half filled."""
    build, problem = _read(release / BUILD)
    if problem is not None or not build.get("files"):
        damage = check(release).damage
        if damage:
            raise broken(release, damage)
    listed = build.get("files") or {str(name): {} for name in part_files(release) if str(name) != BUILD}
    for name in (*listed, BUILD):
        copy = target / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        digest = copied(release / name, copy) if (release / name).is_file() else None
        if digest != listed.get(name, {}).get("sha256", digest) or digest is None:
            raise broken(release, check(release).damage)
        copy.chmod(READ_ONLY)
        sync(copy)
    sync_folders(target)


def broken(release: Path, damage: tuple[str, ...]) -> BrokenReleaseError:
    return BrokenReleaseError(
        Finding(
            "broken_release",
            release.name,
            f"{'; '.join(damage)}.",
            next_step="Publish another release (make publish), or build anew (make nightly).",
        )
    )


def part_files(folder: Path) -> Iterator[Path]:
    """The files of a release, by their names in the folder. What others put beside them does not count."""
    for part in PARTS:
        path = folder / part
        if path.is_dir():
            found = (page.relative_to(folder) for page in path.rglob("*") if not page.is_dir())
            yield from (page for page in found if not any(name.startswith(".") for name in page.parts))
        elif path.exists():
            yield Path(part)


def sync_folders(folder: Path) -> None:
    for path in (*(path for path in folder.rglob("*") if path.is_dir()), folder):
        sync(path)


def _read(path: Path) -> tuple[Mapping[str, Any], str | None]:
    if not path.is_file():
        return {}, "is missing"
    try:
        build = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return {}, f"cannot be read ({error.strerror})"
    except ValueError:
        return {}, "is not JSON"
    if not isinstance(build, dict) or not all(isinstance(build.get(name), str) for name in ("build_id", "as_of")):
        return {}, "does not say which build it is of"
    if _layout_in(build) > LAYOUT:
        return {}, f"is of a newer revision of this project (layout {build['layout']}; this one knows {LAYOUT})"
    if ("files" in build or SEAL in build) and build.get(SEAL) != _hash_of(build):
        return build, "was changed after it was written"
    return build, None


def _hash_of(build: Mapping[str, Any]) -> str:
    """Of what build.json says, however it is laid out."""
    content = json.loads(json.dumps({name: value for name, value in build.items() if name != SEAL}, default=str))
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _unlike(path: Path, wanted: Mapping[str, Any], known: str | None) -> str | None:
    if not path.is_file():
        return "is missing"
    n_bytes = path.stat().st_size
    if n_bytes != wanted["bytes"]:
        return f"has {n_bytes:,} bytes and was written with {wanted['bytes']:,}"
    try:
        digest = known or file_hash(path)
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return None if digest == wanted["sha256"] else "has another content than was written"


def _unusable(folder: Path) -> Iterator[str]:
    """What keeps a release of an older revision from being published."""
    if not (folder / REPORT).is_file():
        yield f"{REPORT} is missing"
    if not (folder / DATABASE).is_file():
        yield f"{DATABASE} is missing"
        return
    try:
        with open_read_only(folder / DATABASE) as connection:
            connection.execute("from duckdb_tables()").fetchall()
    except duckdb.Error as error:
        yield f"{DATABASE} cannot be opened ({str(error).splitlines()[0]})"
