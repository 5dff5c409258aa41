"""Where the inputs of a source lie as files: a file, a folder, a pattern or a URL, and which file is which input."""

from __future__ import annotations

import glob
import http.client
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from orchestration.findings import Finding, PassingFaultError, RawInputError
from orchestration.raw.files import (
    FORMATS,
    SUPPORTED,
    RawFile,
    file_format,
    group_by_table,
    is_passed_over,
    names_below,
)
from orchestration.raw.texts import nearest
from orchestration.sources.declared import Source

PATTERN = frozenset("*?[")
ABSENT = (403, 404, 410)
SECONDS = 60


def files_of(source: Source, scratch: Path) -> dict[str, list[RawFile]]:
    """The files of each input, which is empty where it may be missing; what lies at a URL is fetched into ``scratch``.

    A file's name is what people are told: below the folder of sources.yml, or its URL.
    """
    if source.is_url:
        return _fetched(source, scratch)
    path = Path(source.path).expanduser()
    path = path if path.is_absolute() else source.folder / path
    if source.adapter.has_tables:
        return _tables(source, path)
    (name,) = source.adapter.inputs
    return {name: [_file(found, source.folder) for found in _single(source, path)]}


def _file(path: Path, folder: Path) -> RawFile:
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path)
    return RawFile(name, str(path), file_format(path.name) or "")


def _single(source: Source, path: Path) -> list[Path]:
    """The files of a source whose files all have the same columns."""
    if path.is_dir():
        found = [each for each in sorted(path.rglob("*")) if _is_readable(each, path)]
    elif path.is_file():
        found = [path]
        if file_format(path.name) is None:
            raise RawInputError(
                Finding(
                    "unsupported_format",
                    source.name,
                    f"{path} is in a format that is not read; read are {SUPPORTED}.",
                    next_step="Convert it.",
                )
            )
    elif PATTERN & set(source.path):
        found = [
            each
            for each in map(Path, sorted(glob.glob(str(path), recursive=True)))  # noqa: PTH207
            if _is_readable(each, each.parent)
        ]
    else:
        found = []
    if not found:
        raise RawInputError(_nothing(source, f"no file of {SUPPORTED} is at {path}"))
    return found


def _is_readable(path: Path, root: Path) -> bool:
    below = path.relative_to(root).as_posix()
    return path.is_file() and not is_passed_over(below) and file_format(path.name) is not None


def _nothing(source: Source, what: str) -> Finding:
    return Finding(
        "source_empty",
        source.name,
        f"{what}.",
        next_step="Correct its path in sources.yml; it is taken from the folder of that file.",
    )


def _tables(source: Source, path: Path) -> dict[str, list[RawFile]]:
    if not path.is_dir():
        raise RawInputError(_nothing(source, f"{path} is no folder, and adapter {source.adapter.name} reads a folder"))
    inputs = source.adapter.inputs
    found, unknown = group_by_table(names_below(path, inputs), inputs)
    names = {
        name: [RawFile(each, str(path / each), file_format(each) or "") for each in found.get(name, ())]
        for name in inputs
    }
    check_complete(source, {name for name, files in names.items() if files}, unknown)
    return names


def check_complete(source: Source, found: set[str], others: Sequence[str]) -> None:
    """A RawInputError where an input that has to be there is not among those found."""
    findings = []
    for name, each in source.adapter.inputs.items():
        if name not in found and not each.is_optional:
            near = nearest(name, [other.partition(".")[0] for other in others])
            findings.append(
                Finding(
                    "input_missing",
                    source.name,
                    f"there is no {name} at {source.place}" + (f"; the nearest is {near!r}" if near else "") + ".",
                    next_step=f"Adapter {source.adapter.name} cannot do without it: export it too, or rename it.",
                )
            )
    if findings:
        raise RawInputError(*findings)


# At a URL ----------------------------------------------------------------------------------------------------------


def _fetched(source: Source, scratch: Path) -> dict[str, list[RawFile]]:
    inputs = source.adapter.inputs
    if not source.adapter.has_tables:
        (name,) = inputs
        parts = urllib.parse.urlsplit(source.path)
        file = PurePosixPath(urllib.parse.unquote(parts.path)).name
        form = file_format(file)
        # Of an address that does not say what is behind it, the kind of its content has to.
        target = scratch / (file if form is not None else "content.csv")
        if not _fetch(source, source.path, target):
            raise RawInputError(_nothing(source, f"{source.place} is not there"))
        return {name: [RawFile(source.place, str(target), form or "csv")]}
    found: dict[str, list[RawFile]] = {}
    for name in inputs:
        found[name] = []
        for suffix in FORMATS:
            target = scratch / f"{name}{suffix}"
            if _fetch(source, f"{source.path.rstrip('/')}/{name}{suffix}", target):
                found[name] = [RawFile(f"{source.place.rstrip('/')}/{name}{suffix}", str(target), FORMATS[suffix])]
                break
    check_complete(source, {name for name, files in found.items() if files}, ())
    return found


def _fetch(source: Source, address: str, target: Path) -> bool:
    """Copy what an address gives into a file; False where nothing is there."""
    try:
        with urllib.request.urlopen(address, timeout=SECONDS) as answer, target.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except urllib.error.HTTPError as error:
        if error.code in ABSENT:
            return False
        raise _unreachable(source, f"the server answered {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(source, str(getattr(error, "reason", None) or type(error).__name__)) from error
    return True


def _unreachable(source: Source, why: str) -> PassingFaultError:
    return PassingFaultError(
        Finding(
            "source_unreachable", source.name, f"{source.place} cannot be fetched ({why}).", next_step="Build again."
        )
    )
