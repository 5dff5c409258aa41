"""Which files hold which raw table. Looks at names and kinds of files, and reads nothing of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.findings import Finding, RawInputError

# What a raw file may be named, in any case, and how it is read. Text may be gzipped.
TEXT_FORMATS = {".csv": "csv", ".tsv": "csv", ".json": "json", ".jsonl": "jsonl"}
FORMATS = {
    **{suffix + zipped: form for suffix, form in TEXT_FORMATS.items() for zipped in (".gz", "")},
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}
SUPPORTED = ", ".join(sorted(FORMATS))


@dataclass(frozen=True)
class RawFile:
    """One file: ``name`` is its path below NPS_RAW, ``address`` what the engine opens.

    What a source gives (orchestration/sources) is a file of ours: its ``name`` is that of the source, and no path.
    """

    name: str
    address: str
    format: str
    is_given: bool = False

    @property
    def is_gzipped(self) -> bool:
        return self.name.lower().endswith(".gz")

    @property
    def partitions(self) -> tuple[str, ...]:
        """Columns that stand in the path, as hive writes them: <table>/month=2026-01/part.parquet."""
        folders = () if self.is_given else self.name.split("/")[1:-1]
        return tuple(folder.split("=", 1)[0] for folder in folders if "=" in folder)


def names_below(root: Path, tables: Collection[str]) -> list[str]:
    """Every file that lies in the folder itself or in a folder named as a table, as paths below it, sorted.

    Whatever of a table is there and cannot be read as a file (a pipe, a link to nothing, a folder that may not be
    listed) is a finding, and is not opened.
    """
    try:
        is_folder = root.is_dir()
    except OSError as error:
        raise RawInputError(unreadable_folder("every raw table", root, error)) from error
    if not is_folder:
        raise RawInputError(
            Finding(
                "raw_folder_missing",
                "every raw table",
                f"NPS_RAW is {root}, which is not a folder.",
                next_step="Set NPS_RAW to the folder that holds the raw files, or unset it for the sample company.",
            )
        )
    names, findings = _walk(root, tables)
    if findings:
        raise RawInputError(*findings)
    return sorted(names)


def _walk(root: Path, tables: Collection[str]) -> tuple[list[str], list[Finding]]:
    names: list[str] = []
    findings: list[Finding] = []
    # Folders still to be listed, each below those in which it lies, by device and number: links may lead round.
    waiting: list[tuple[Path, frozenset[tuple[int, int]]]] = [(root, frozenset())]
    while waiting:
        folder, above = waiting.pop()
        name = folder.relative_to(root).as_posix()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
            known = folder.stat()
        except OSError as error:
            findings.append(unreadable_folder(_table_of(name, tables) or "every raw table", folder, error))
            continue
        within = above | {(known.st_dev, known.st_ino)}
        for entry in entries:
            path = folder / entry.name
            name = path.relative_to(root).as_posix()
            table = _table_of(name, tables)
            if is_passed_over(name):
                continue
            try:
                state = entry.stat()
            except OSError as error:
                if table is not None:
                    findings.append((dangling_link if entry.is_symlink() else unreadable_file)(table, name, error))
                continue
            if stat.S_ISDIR(state.st_mode):
                # Of other folders nothing is read: what lies there may be meant for others.
                if table is not None and (state.st_dev, state.st_ino) not in within:
                    waiting.append((path, within))
            elif table is None:
                names.append(name)
            elif not stat.S_ISREG(state.st_mode):
                findings.append(_not_a_file(table, name))
            elif not _is_utf8(name):
                findings.append(_misnamed(table, name))
            else:
                names.append(name)
    return names, findings


def is_passed_over(name: str) -> bool:
    """Whether a path or a folder above it is hidden, a mark such as _SUCCESS, or kept by Excel for an open book."""
    return any(part.startswith((".", "_", "~$")) for part in name.split("/"))


def _table_of(name: str, tables: Collection[str]) -> str | None:
    """The table whose file or folder a path is, whatever its case. Some tools write folders named as files."""
    first, _, below = name.lower().partition("/")
    table, dot, suffix = first.partition(".")
    return table if table in tables and (not below or dot + suffix in ("", *FORMATS)) else None


def group_by_table(names: Iterable[str], tables: Collection[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The data files of each table, and the names that belong to no table.

    Hidden files and marks such as _SUCCESS are passed over. A table that lies there twice (as a file and as a folder,
    in two formats, or in two spellings) and a file of a table in a format that is not read are errors: to choose would
    lose rows.
    """
    found: dict[str, list[str]] = {}
    unknown: list[str] = []
    for name in sorted(names):
        if is_passed_over(name):
            continue
        table = _table_of(name, tables)
        if table is not None:
            found.setdefault(table, []).append(name)
        else:
            unknown.append(printable(name))
    findings = [finding for table, files in found.items() for finding in _misplaced(table, files)]
    if findings:
        raise RawInputError(*findings)
    return found, unknown


def _misplaced(table: str, names: Sequence[str]) -> Iterator[Finding]:
    unread = [name for name in names if file_format(name) is None]
    if unread:
        yield Finding(
            "unsupported_format",
            table,
            f"{len(unread)} of its files are in a format that is not read; read are {SUPPORTED}.",
            examples=tuple(unread),
            next_step="Convert them, or move them out of the raw folder.",
        )
    places = sorted({name.split("/")[0] + ("/" if "/" in name else "") for name in names})
    if len(places) > 1:
        yield Finding(
            "ambiguous_table",
            table,
            f"it lies there more than once: {' and '.join(places)}.",
            next_step="Keep one of them; files of several formats may stand together in one folder.",
        )


def file_format(name: str) -> str | None:
    return next((form for suffix, form in FORMATS.items() if name.lower().endswith(suffix)), None)


# What cannot be opened as a file -----------------------------------------------------------------------------------


def printable(name: str) -> str:
    """A name with each byte that is not UTF-8 written as its number."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _is_utf8(name: str) -> bool:
    return printable(name) == name


def _why(error: OSError) -> str:
    return error.strerror or type(error).__name__


def unreadable_folder(table: str, folder: Path, error: OSError) -> Finding:
    return Finding(
        "unreadable_folder",
        table,
        f"the folder {printable(str(folder))} cannot be listed ({_why(error)}).",
        next_step="Let the user who runs the build list it (on Linux: chmod u+rx), or set NPS_RAW to another folder.",
    )


def changed_file(table: str, name: str, change: str) -> Finding:
    return Finding(
        "file_changed",
        table,
        f"{printable(name)} {change} while the build was reading it.",
        next_step="Let the loader write under another name (one that begins with a dot is passed over) and rename the "
        "file when it is whole; then build again.",
    )


def unreadable_file(table: str, name: str, error: OSError) -> Finding:
    """Of a file that was listed."""
    if isinstance(error, FileNotFoundError):
        return changed_file(table, name, "vanished")
    return Finding(
        "unreadable_file",
        table,
        f"{printable(name)} cannot be read ({_why(error)}).",
        next_step="Let the user who runs the build read it (on Linux: chmod u+r), or move it out of the raw folder.",
    )


def dangling_link(table: str, name: str, error: OSError) -> Finding:
    return Finding(
        "dangling_link",
        table,
        f"{printable(name)} is a link that leads to no file ({_why(error)}).",
        next_step="Put the file where the link points, or remove the link.",
    )


def _not_a_file(table: str, name: str) -> Finding:
    return Finding(
        "not_a_file",
        table,
        f"{printable(name)} is a pipe, a socket or a device, and no file with content; it was not opened.",
        next_step="Write the rows into a file, or move it out of the raw folder.",
    )


def _misnamed(table: str, name: str) -> Finding:
    return Finding(
        "file_name_not_utf8",
        table,
        f"the name of {printable(name)} is not UTF-8, so that the engine cannot open it.",
        next_step="Rename the file in plain letters.",
    )
