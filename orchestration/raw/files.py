"""Which files hold which raw table, and whether each file is whole. Opens files, never a warehouse."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.findings import EXAMPLE_LENGTH, Finding, RawInputError

# What a raw file may be named, longest suffix first, and how it is read.
FORMATS = {".csv.gz": "csv", ".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl"}
SUPPORTED = ", ".join(sorted(FORMATS))
CHUNK = 1 << 20


@dataclass(frozen=True)
class RawFile:
    """One file: ``name`` is its path below NPS_RAW, ``address`` what the engine opens."""

    name: str
    address: str
    format: str

    @property
    def is_gzipped(self) -> bool:
        return self.name.endswith(".gz")

    @property
    def partitions(self) -> tuple[str, ...]:
        """Columns that stand in the path, as hive writes them: <table>/month=2026-01/part.parquet."""
        folders = self.name.split("/")[1:-1]
        return tuple(folder.split("=", 1)[0] for folder in folders if "=" in folder)


def names_below(root: Path, tables: Collection[str]) -> list[str]:
    """Every file that lies in the folder itself or in a folder named as a table, as paths below it, sorted."""
    if not root.is_dir():
        raise RawInputError(
            Finding(
                "raw_folder_missing",
                "every raw table",
                f"NPS_RAW is {root}, which is not a folder.",
                next_step="Set NPS_RAW to the folder that holds the raw files, or unset it for the sample company.",
            )
        )
    return sorted(_walk(root, tables))


def _walk(root: Path, tables: Collection[str]) -> Iterator[str]:
    for entry in root.iterdir():
        if entry.is_file():
            yield entry.name
        elif entry.name in tables:
            for folder, _, files in os.walk(entry, followlinks=True):
                for file in files:
                    yield (Path(folder) / file).relative_to(root).as_posix()


def group_by_table(names: Iterable[str], tables: Collection[str]) -> tuple[dict[str, list[str]], list[str]]:
    """The data files of each table, and the names that belong to no table.

    Hidden files and marks such as _SUCCESS are passed over. A table that lies there twice (as a file and as a folder,
    or in two formats) and a file of a table in a format that is not read are errors: to choose would lose rows.
    """
    found: dict[str, list[str]] = {}
    unknown: list[str] = []
    for name in sorted(names):
        parts = name.split("/")
        if any(part.startswith((".", "_")) for part in parts):
            continue
        table = parts[0] if len(parts) > 1 else parts[0].split(".", 1)[0]
        if table in tables:
            found.setdefault(table, []).append(name)
        else:
            unknown.append(name)
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
    return next((form for suffix, form in FORMATS.items() if name.endswith(suffix)), None)


def check_whole(table: str, file: RawFile, content: bytes | None = None) -> None:
    """Raises unless the file holds something and, if gzipped, its stream reaches its end.

    DuckDB reads a truncated gzip stream without a word, short. ``content`` stands for a file that is not local.
    """
    size = len(content) if content is not None else Path(file.address).stat().st_size
    if size == 0:
        raise RawInputError(
            Finding(
                "empty_file",
                table,
                f"{file.name} holds no bytes.",
                next_step="Export it again; a table without rows is a file with a header only, or no file.",
            )
        )
    if not file.is_gzipped:
        return
    try:
        with _unzipped(file, content) as stream:
            while stream.read(CHUNK):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RawInputError(
            Finding(
                "truncated_file",
                table,
                f"{file.name} is not a whole gzip stream ({error}).",
                next_step="Copy or export the file again.",
            )
        ) from error


def _unzipped(file: RawFile, content: bytes | None) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=io.BytesIO(content)) if content is not None else gzip.GzipFile(file.address)


def csv_header(table: str, file: RawFile) -> tuple[str, ...]:
    """The column names of a local CSV file, as written."""
    # A byte that is not UTF-8 is kept apart, so that the error can say so.
    opener = gzip.open if file.is_gzipped else open
    with opener(file.address, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        return parse_header(table, file, text)


def parse_header(table: str, file: RawFile, lines: Iterable[str]) -> tuple[str, ...]:
    """The first record of a CSV file, checked for the faults of which the engine's own message says little."""
    try:
        header = tuple(next(csv.reader(lines, strict=True), ()))
    except csv.Error as error:
        raise RawInputError(
            Finding("malformed_header", table, f"the header of {file.name} is not CSV: {error}.")
        ) from error
    if not any(name.strip() for name in header):
        raise RawInputError(
            Finding(
                "empty_file",
                table,
                f"{file.name} has no header line.",
                next_step="Export it again; the first line names the columns.",
            )
        )
    if any("\udc80" <= char <= "\udcff" or char == "\x00" for name in header for char in name):
        raise RawInputError(not_utf8(table, file.name))
    if len(header) == 1 and (separator := next((mark for mark in ";\t|" if mark in header[0]), None)):
        raise RawInputError(
            Finding(
                "separator",
                table,
                f"the header of {file.name} looks separated by {separator!r}; read are commas.",
                examples=(header[0][:200],),
                next_step="Export it with commas, or as Parquet.",
            )
        )
    return header


def not_utf8(table: str, name: str, n_rows: int | None = None, examples: tuple[str, ...] = ()) -> Finding:
    return Finding(
        "not_utf8", table, f"{name} is not UTF-8.", n_rows, examples, "Convert it to UTF-8, for example with iconv."
    )


def malformed_json_lines(path: Path) -> tuple[str, ...]:
    """Each line of a local file that is not JSON, with its number and why."""
    lines = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                json.loads(line.strip() or b"null")
            except ValueError as error:
                lines.append(f"line {number}: {error} in {line[:EXAMPLE_LENGTH]!r}")
    return tuple(lines)
