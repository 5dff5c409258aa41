"""The adapters, as their folders describe them: what each reads, gives and lets a user choose.

``adapter.yml`` of a folder has the description, ``<raw_table>.sql`` what the adapter gives, ``notes.sql`` what it says
of the rows. ``shared.yml`` has options that adapters share.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from orchestration.raw.texts import squeezed

FOLDER = Path(__file__).parent
SHARED = FOLDER / "shared.yml"
DESCRIPTION = "adapter.yml"
# The adapter whose columns are those of the raw table that its user names.
ANY_TABLE = "columns"


@dataclass(frozen=True)
class Option:
    """What a user may say of a source. ``kind`` is text, timezone, choice, boolean, integer, list or mapping."""

    name: str
    kind: str
    default: Any
    meaning: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Input:
    """A file or a table that an adapter reads: each of its columns with the headers under which it is known.

    ``like`` finds a column by what its header says, ``beside`` by another column. A header goes on in further rows
    until one in which a cell is as ``header_until``, or while ``header_lacks`` is blank.
    """

    name: str
    required: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]
    like: Mapping[str, str] = field(default_factory=dict)
    header_until: str | None = None
    header_lacks: str | None = None
    is_optional: bool = False
    # Of a column, how the header of another ends that stands beside it: Q3_NPS_GROUP beside Q3.
    beside: Mapping[str, str] = field(default_factory=dict)
    # Its columns that are dates or times, as people write them, and the one that is the score of an answer.
    dates: tuple[str, ...] = ()
    score: str | None = None

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        return {**self.required, **self.optional}

    def place_of(self, column: str, labels: Sequence[Sequence[str]]) -> list[int]:
        """Where a column stands among the labels of a file's columns: one place, none, or several that are alike.

        ``labels`` has the cells of a column's header from above. What stands in the first row goes before the others.
        """
        for row in range(max((len(cells) for cells in labels), default=0)):
            for alias in self.columns[column]:
                found = [place for place, cells in enumerate(labels) if row < len(cells) and same(cells[row], alias)]
                if found:
                    return found
        end, pattern = self.beside.get(column), self.like.get(column)
        names = [cells[0] for cells in labels]
        beside = [place for place, name in enumerate(names) if end is not None and name + end in names]
        if beside or pattern is None:
            return beside
        return [place for place, cells in enumerate(labels) if any(re.search(pattern, cell) for cell in cells)]


@dataclass(frozen=True)
class Adapter:
    """``by_request`` are the raw tables that it gives only where its user asks for them."""

    name: str
    title: str
    quirks: str
    inputs: Mapping[str, Input]
    # Whether each input is a table of its own (a file, a folder or a table of a schema), or all files are one input.
    has_tables: bool
    gives: tuple[str, ...]
    by_request: tuple[str, ...]
    options: Mapping[str, Option]
    # Currencies whose smallest unit the tool counts otherwise than ISO 4217 does.
    decimals: Mapping[str, int]
    tested_on: str
    # How the headers of all columns begin, where another adapter has the same.
    written_as: str | None = None
    # The inputs, by raw table, whose rows may have more of its columns; none where its template finds them itself.
    rows_of: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return FOLDER / self.name


def same(label: str, alias: str) -> bool:
    """Whether a header is the one that is meant; neither case nor blanks or marks in it matter."""
    return label.strip().lower() == alias.strip().lower() or (
        squeezed(alias) != "" and squeezed(label) == squeezed(alias)
    )


@cache
def adapters() -> Mapping[str, Adapter]:
    """All adapters, by name."""
    shared = yaml.safe_load(SHARED.read_text(encoding="utf-8"))
    said = {path.parent.name: _described(path) for path in sorted(FOLDER.glob(f"*/{DESCRIPTION}"))}
    return {name: _adapter(name, each, shared) for name, each in said.items()}


def _described(path: Path) -> dict[str, Any]:
    """A description, with what it does not say from the one that it is like."""
    said: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    like = said.get("is_like")
    return (_described(FOLDER / like / DESCRIPTION) | said) if like else said


def _adapter(name: str, said: Mapping[str, Any], shared: Mapping[str, Any]) -> Adapter:
    options = dict(shared["all"])
    for group in said.get("shares", ()):
        options |= shared[group]
    options |= said.get("options", {})
    return Adapter(
        name,
        said["title"],
        " ".join(said["quirks"].split()),
        {each: _input(each, given) for each, given in said["inputs"].items()},
        said["files"] == "tables",
        tuple(said["gives"]),
        tuple(said.get("by_request", ())),
        {
            each: Option(
                each, given["type"], given.get("default"), given["meaning"], tuple(map(str, given.get("choices", ())))
            )
            for each, given in options.items()
        },
        said.get("decimals", {}),
        said["tested_on"],
        said.get("written_as"),
        said.get("rows_of", {}),
    )


def _input(name: str, said: Mapping[str, Any]) -> Input:
    return Input(
        name,
        _columns(said.get("required", ())),
        _columns(said.get("optional", ())),
        said.get("like", {}),
        said.get("header_until"),
        said.get("header_lacks"),
        bool(said.get("may_be_missing")),
        said.get("beside", {}),
        tuple(said.get("dates", ())),
        said.get("score"),
    )


def _columns(said: Mapping[str, Sequence[str]] | Sequence[str]) -> dict[str, tuple[str, ...]]:
    """A column is known by its own name, unless headers are given."""
    if isinstance(said, Mapping):
        return {name: tuple(map(str, headers)) for name, headers in said.items()}
    return {name: (name,) for name in said}
