"""Which adapter reads what lies somewhere: by the names of its tables, and by the headers of its columns."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from orchestration.findings import BuildError
from orchestration.raw.files import RawFile
from orchestration.raw.tables import RawTable
from orchestration.raw.texts import nearest
from orchestration.release.warehouse import in_memory
from orchestration.sources.adapters import ANY_TABLE, Adapter, Input, adapters
from orchestration.sources.declared import Source
from orchestration.sources.files import files_of
from orchestration.sources.inputs import headers_in_schema, labels_of, scans

# What stands for each column of an input: the cells of its header, from above.
Labels = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Match:
    """How an adapter fits: how many columns it found, and which that it needs it did not, as input and column."""

    source: Source
    n_found: int
    missing: tuple[str, ...]
    labels: Mapping[str, Labels]

    @property
    def is_whole(self) -> bool:
        return not self.missing


def provisional(adapter: Adapter, path: str, folder: Path, name: str) -> Source:
    """A source of which nothing is said but where it lies."""
    defaults = {option.name: option.default for option in adapter.options.values()}
    return Source(name, adapter, path, defaults, adapter.gives, folder)


def matches(connection: duckdb.DuckDBPyConnection, path: str, folder: Path, name: str, scratch: Path) -> list[Match]:
    """How every adapter fits what lies at a path, the best first; those that cannot read it at all are left out."""
    found = []
    for adapter in adapters().values():
        if adapter.name == ANY_TABLE:
            continue
        try:
            found.append(_match(connection, provisional(adapter, path, folder, name), scratch))
        except (BuildError, duckdb.Error, OSError):
            # Not a file, a folder or a table of this adapter, or not whole.
            continue
    return sorted(found, key=lambda match: (match.is_whole, -len(match.missing), match.n_found), reverse=True)


def labels_at(connection: duckdb.DuckDBPyConnection, source: Source, scratch: Path) -> Labels:
    """The headers of the files of a source, whatever they are."""
    given = Input("rows", {}, {})
    anything = replace(source, adapter=replace(source.adapter, inputs={"rows": given}, has_tables=False))
    return _labels(connection, anything, given, files_of(anything, scratch)["rows"])


def _match(connection: duckdb.DuckDBPyConnection, source: Source, scratch: Path) -> Match:
    adapter = source.adapter
    if source.is_database:
        found: Mapping[str, Labels] = headers_in_schema(source)
    else:
        files = files_of(source, scratch)
        found = {
            name: _labels(connection, source, given, files[name])
            for name, given in adapter.inputs.items()
            if files[name]
        }
    missing, n_found = [], 0
    for name, given in adapter.inputs.items():
        if name not in found:
            missing += [] if given.is_optional else [name]
            continue
        places = {column: given.place_of(column, found[name]) for column in given.columns}
        missing += [f"{name}.{column}" for column in given.required if not places[column]]
        n_found += sum(bool(place) for place in places.values())
        if adapter.written_as and not all(re.match(adapter.written_as, cells[0]) for cells in found[name] if cells[0]):
            missing.append(f"{name} (its headers)")
    return Match(source, n_found, tuple(missing), found)


def _labels(connection: duckdb.DuckDBPyConnection, source: Source, given: Input, files: Sequence[RawFile]) -> Labels:
    names = tuple(alias.lower() for aliases in given.columns.values() for alias in aliases)
    (scan, *_) = scans(connection, RawTable("sources", source.name, False, names, ()), files[:1])
    return labels_of(connection, source, given, scan)[0]


def adapter_of(file: Path, memory_limit: str) -> str | None:
    """The adapter that reads a file as it is, if there is one."""
    with (
        tempfile.TemporaryDirectory(prefix="nps-recognised-") as scratch,
        in_memory(memory_limit, Path(scratch)) as engine,
    ):
        found = matches(engine, file.name, file.parent, "file", Path(scratch))
    return next((match.source.adapter.name for match in found if match.is_whole), None)


def nearest_table(labels: Labels, tables: Sequence[RawTable]) -> tuple[RawTable, dict[str, str]]:
    """The raw table whose columns a file is most like, and the headers that may be its columns."""
    headers = [cells[0] for cells in labels if cells[0]]

    def columns(table: RawTable) -> dict[str, str]:
        found: dict[str, str] = {}
        for column in table.columns:
            near = nearest(column, [header for header in headers if header not in found.values()])
            if near is not None:
                found[column] = near
        return found

    found = {table.name: columns(table) for table in tables}
    best = max(
        tables,
        key=lambda table: (sum(name in found[table.name] for name in table.required_columns), len(found[table.name])),
    )
    return best, found[best.name]
