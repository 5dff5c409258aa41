"""What a raw file of text says of itself at its beginning: encoding, header, delimiter; and whether it is whole."""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import io
import re
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from orchestration.findings import Finding, RawInputError
from orchestration.raw.files import RawFile

CHUNK = 1 << 20
# Bytes of one line of CSV or one JSON object: a comment of 30 MB, with room for what is quoted or escaped in it.
LONGEST_ROW = 64_000_000
# What CSV readers are told; a line needs a buffer that holds more than it.
ROOM_FOR_ROWS = f"max_line_size = {LONGEST_ROW}, buffer_size = {LONGEST_ROW + LONGEST_ROW // 8}"
TOO_LONG = f"a row of more than {LONGEST_ROW // 1_000_000} MB"
# How alike two names must be (0 to 1) for one to be proposed for the other.
ALIKE = 0.6
DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
# Excel writes it over the header and reads it back; no other program does.
SEPARATOR_LINE = re.compile(r'(?P<quote>"?)sep=(?P<delimiter>[^"\r\n]+)"?(\r\n|\n|\r|$)', re.IGNORECASE)
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# How files of other kinds begin.
MAGIC = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "a ZIP archive, as XLSX is",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "XLS",
}


@dataclass(frozen=True)
class Header:
    """The first record of a CSV file: its names as written, what parts them, and how many lines stand above it."""

    names: tuple[str, ...]
    delimiter: str = ","
    n_lines_above: int = 0


def check_whole(table: str, file: RawFile, content: bytes | None = None) -> None:
    """Raises unless the file holds something and, if gzipped, its stream reaches its end.

    DuckDB reads a truncated gzip stream without a word, short. ``content`` stands for a file that is not local.
    """
    size = len(content) if content is not None else Path(file.address).stat().st_size
    if size == 0:
        raise RawInputError(empty_file(table, file.name))
    if not file.is_gzipped:
        if file.format == "csv" and content is None and size > LONGEST_ROW:
            _check_lines(table, file, size)
        return
    try:
        with _opened(file, content) as stream:
            n_bytes = 0
            while chunk := stream.read(CHUNK):
                end = _line_end(chunk)
                n_bytes = len(chunk) - end if end >= 0 else n_bytes + len(chunk)
                if file.format == "csv" and n_bytes > LONGEST_ROW:
                    raise RawInputError(row_too_long(table, file.name))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RawInputError(
            Finding(
                "truncated_file",
                table,
                f"{file.name} is not a whole gzip stream ({error}).",
                next_step="Copy or export the file again.",
            )
        ) from error


def _check_lines(table: str, file: RawFile, size: int) -> None:
    """Raises if a line is longer than a row may be: the engine drops what does not fit its buffer, without a word."""
    with Path(file.address).open("rb") as stream:
        begun = 0
        while begun + LONGEST_ROW < size:
            # Looked for from behind, the end of a line is found at once.
            place, end = begun + LONGEST_ROW, -1
            while end < 0:
                if place <= begun:
                    raise RawInputError(row_too_long(table, file.name))
                place = max(begun, place - CHUNK)
                stream.seek(place)
                end = _line_end(stream.read(CHUNK))
            begun = place + end + 1


def _line_end(text: bytes) -> int:
    """Where the last line ends that ends in the text; -1 if none does."""
    end = text.rfind(b"\n")
    return end if end >= 0 else text.rfind(b"\r")


def beginning(file: RawFile, content: bytes | None = None) -> bytes:
    """The first mebibyte of a file, unzipped."""
    with _opened(file, content) as stream:
        return stream.read(CHUNK)


def _opened(file: RawFile, content: bytes | None) -> IO[bytes]:
    if file.is_gzipped:
        return cast(IO[bytes], gzip.open(file.address if content is None else io.BytesIO(content)))
    return Path(file.address).open("rb") if content is None else io.BytesIO(content)


def text_of(table: str, file: RawFile, start: bytes) -> str:
    """How a file of text begins, without a byte order mark; bytes that are not UTF-8 are surrogates."""
    if start.startswith(UTF_16):
        raise RawInputError(
            Finding(
                "not_utf8",
                table,
                f"{file.name} is UTF-16.",
                next_step="Convert it (iconv -f UTF-16 -t UTF-8), or save it as 'CSV UTF-8' where Excel wrote it.",
            )
        )
    other = next((kind for magic, kind in MAGIC.items() if start.startswith(magic)), None)
    if other is not None:
        raise RawInputError(
            Finding(
                "wrong_format",
                table,
                f"{file.name} is not the text that its name says: it begins as {other}.",
                next_step="Name it after what it is, or export it again.",
            )
        )
    return start.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def parse_header(table: str, file: RawFile, text: str, columns: Collection[str]) -> Header:
    """The header of a CSV file, from the text at its beginning; ``columns`` are those of the contract.

    The delimiter is the one under which the header has the most columns of the contract. If two have as many, nobody
    can tell which is meant.
    """
    declared = SEPARATOR_LINE.match(text)
    ways = _ways(table, file, text, declared)
    if not any(name.strip() for way in ways for name in way.names):
        raise RawInputError(
            Finding(
                "empty_file",
                table,
                f"{file.name} has no header line.",
                next_step="Export it again; the first line names the columns.",
            )
        )
    if any("\udc80" <= char <= "\udcff" or char == "\x00" for way in ways for name in way.names for char in name):
        raise RawInputError(not_utf8(table, file.name))
    wanted = {squeezed(name) for name in columns}
    found = [len({squeezed(name) for name in way.names} & wanted) for way in ways]
    best = [way for way, n_found in zip(ways, found, strict=True) if n_found == max(found)]
    if len(best) > 1:
        marks = " or by ".join(DELIMITERS[way.delimiter] for way in best)
        raise RawInputError(
            Finding(
                "separator",
                table,
                f"the header of {file.name} can be parted by {marks}: {max(found)} columns of the contract each way.",
                next_step="Export it with one delimiter, and quote names that hold another, or as Parquet.",
            )
        )
    return best[0]


def _ways(table: str, file: RawFile, text: str, declared: re.Match[str] | None) -> list[Header]:
    """The header under each delimiter that it may have; a single column where it has none."""
    if declared is not None and (declared["quote"] or declared["delimiter"] not in DELIMITERS):
        raise RawInputError(
            Finding(
                "separator",
                table,
                f"the first line of {file.name} declares a delimiter, and not as Excel does or none that is read.",
                next_step=f"Remove that line, and part the columns by {' or '.join(DELIMITERS.values())}.",
            )
        )
    text = text[declared.end() :] if declared is not None else text
    ways, errors = [], []
    for delimiter in [declared["delimiter"]] if declared is not None else DELIMITERS:
        try:
            names = tuple(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), ()))
        except csv.Error as error:
            errors.append(error)
            continue
        ways.append(Header(names, delimiter, 0 if declared is None else 1))
    if not ways:
        raise RawInputError(
            Finding("malformed_header", table, f"the header of {file.name} is not CSV: {errors[0]}.")
        ) from errors[0]
    return [way for way in ways if len(way.names) > 1] or ways[:1]


def squeezed(name: str) -> str:
    """A name in small letters and digits alone, so that spellings of it are alike."""
    return "".join(char for char in name.lower() if char.isalnum())


def nearest(name: str, others: Iterable[str]) -> str | None:
    """Of other names the one that is most like a name, if any is alike enough to be meant."""
    spellings = {squeezed(other): other for other in others}
    found = difflib.get_close_matches(squeezed(name), spellings, n=1, cutoff=ALIKE)
    return spellings[found[0]] if found else None


def empty_file(table: str, name: str) -> Finding:
    return Finding(
        "empty_file",
        table,
        f"{name} holds no bytes.",
        next_step="Export it again; a table without rows is a file with a header only, or no file.",
    )


def row_too_long(table: str, name: str) -> Finding:
    return Finding(
        "malformed_rows",
        table,
        f"{name} holds {TOO_LONG}.",
        next_step="Shorten it, or close the quote that makes one row of many; or export as Parquet.",
    )


def not_utf8(table: str, name: str, n_rows: int | None = None, examples: tuple[str, ...] = ()) -> Finding:
    return Finding(
        "not_utf8", table, f"{name} is not UTF-8.", n_rows, examples, "Convert it to UTF-8, for example with iconv."
    )
