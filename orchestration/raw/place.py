"""NPS_RAW as a place: a folder, or a URL prefix that the engine reads."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from orchestration.findings import Finding, RawInputError
from orchestration.raw.files import FORMATS, RawFile, file_format, names_below
from orchestration.raw.scan import ADDRESS
from orchestration.raw.texts import CHUNK, ROOM_FOR_ROWS, beginning, check_whole
from orchestration.release.warehouse import quoted

# The engine's extension that reads a URL of this scheme; PyPI has them as duckdb-extension-<name>.
EXTENSIONS = {"http": "httpfs", "https": "httpfs", "s3": "httpfs", "gs": "httpfs", "r2": "httpfs", "hf": "httpfs"}
ABSENT = (403, 404, 410)


@dataclass(frozen=True)
class RawPlace:
    """``given`` are the files that sources gave, by raw table; beside them, ``may_be_missing`` says of the folder."""

    location: str
    given: Mapping[str, Sequence[RawFile]] = field(default_factory=dict)
    may_be_missing: bool = False

    @property
    def is_url(self) -> bool:
        return "://" in self.location and not self.location.startswith("file://")

    @property
    def prefix(self) -> str:
        return self.location.removeprefix("file://").rstrip("/") + "/"

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load what the engine needs to read the place; nothing is downloaded."""
        extension = EXTENSIONS.get(self.location.split("://")[0]) if self.is_url else None
        if extension is None:
            return
        try:
            connection.load_extension(installed_extension(extension))
        except duckdb.Error as error:
            raise RawInputError(
                Finding(
                    "extension_missing",
                    "every raw table",
                    f"NPS_RAW is {self.location}, for which DuckDB needs its extension {extension}.",
                    next_step=f"Install duckdb-extension-{extension}=={duckdb.__version__} into the environment, "
                    "or copy the files to a folder and set NPS_RAW to it.",
                )
            ) from error

    def names(self, connection: duckdb.DuckDBPyConnection, tables: Sequence[str]) -> list[str]:
        """Paths below the place, sorted; of an HTTP server, which lists nothing, the files that a table may be."""
        if not self.is_url:
            is_there = not self.may_be_missing or Path(self.prefix).is_dir()
            return names_below(Path(self.prefix), tables) if is_there else []
        if self.location.startswith("http"):
            candidates = (table + suffix for table in tables for suffix in FORMATS)
            return sorted(name for name in candidates if self._exists(connection, name))
        rows = connection.execute("select file from glob(?)", [f"{self.prefix}**"]).fetchall()
        return sorted(address.removeprefix(self.prefix) for (address,) in rows)

    def _exists(self, connection: duckdb.DuckDBPyConnection, name: str) -> bool:
        try:
            return bool(connection.execute("select size from read_blob(?)", [self.prefix + name]).fetchall())
        except duckdb.HTTPException as error:
            if error.status_code in ABSENT:
                return False
            raise

    def files(self, table: str, names: Sequence[str]) -> list[RawFile]:
        """The files of a raw table: those of these names, then what sources gave."""
        return [*(self.file(name) for name in names), *self.given.get(table, ())]

    def known_file(self, table: str, name: str) -> RawFile:
        """A file of a raw table that was landed under this name."""
        return next((file for file in self.given.get(table, ()) if file.name == name), None) or self.file(name)

    def source_file(self, files: Sequence[RawFile]) -> str:
        """An expression for the name of the file from which a row comes, by its address."""
        below = f"substr({ADDRESS}, {len(self.prefix) + 1})"
        given = " ".join(f"when {quoted(file.address)} then {quoted(file.name)}" for file in files if file.is_given)
        return f"case {ADDRESS} {given} else {below} end" if given else below

    def file(self, name: str) -> RawFile:
        form = file_format(name)
        if form is None:
            raise ValueError(f"{name} is not a raw file")
        return RawFile(name, self.prefix + name, form)

    def check_whole(self, connection: duckdb.DuckDBPyConnection, table: str, file: RawFile) -> None:
        if not self.is_url or file.is_gzipped:
            check_whole(table, file, self.content(connection, file))

    def content(self, connection: duckdb.DuckDBPyConnection, file: RawFile) -> bytes | None:
        """All of a file that is not on a disk; None for one that is."""
        if not self.is_url:
            return None
        row = connection.execute("select content from read_blob(?)", [file.address]).fetchone()
        return bytes(row[0]) if row else b""

    def beginning(self, connection: duckdb.DuckDBPyConnection, file: RawFile) -> bytes:
        """How a file of text begins, unzipped; of CSV at a URL its first lines, without reading the others."""
        if not self.is_url or file.format != "csv":
            return beginning(file, self.content(connection, file))
        lines = connection.execute(
            "select line from read_csv(?, auto_detect = false, header = false, columns = {'line': 'VARCHAR'}, "
            f"delim = chr(1), quote = '', escape = '', {ROOM_FOR_ROWS}) limit 20",
            [file.address],
        ).fetchall()
        return "\n".join(line or "" for (line,) in lines).encode()[:CHUNK]


def installed_extension(name: str) -> str:
    """The file of an extension that its PyPI package brings, else its name (DuckDB's own folder of extensions)."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    if package is None or not package.submodule_search_locations:
        return name
    folder = Path(package.submodule_search_locations[0])
    return str(folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension")
