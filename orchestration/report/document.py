"""What a page consists of: typed blocks, each drawn by templates/blocks/<kind>.html.j2.

A new kind of block is a class here and a template there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from markupsafe import Markup

from orchestration.report.scores import Score


@dataclass(frozen=True)
class Source:
    """Where a number comes from: the table of the release, the rows of it, and the rule by which they were made."""

    table: str
    rows: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Block:
    """``kind`` names the template; ``source`` is the footnote."""

    kind: ClassVar[str]
    source: Source | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Text(Block):
    """A paragraph."""

    kind: ClassVar[str] = "text"
    text: str


@dataclass(frozen=True)
class Refusal(Block):
    """What stands in the place of a number that cannot be given, and why."""

    kind: ClassVar[str] = "refusal"
    text: str


@dataclass(frozen=True)
class Legend:
    """What a colour stands for; ``key`` is the class that the stylesheet gives it."""

    key: str
    label: str


@dataclass(frozen=True)
class Chart(Block):
    """A drawing with its title. Its words for those who do not see it are inside the drawing."""

    kind: ClassVar[str] = "chart"
    title: str
    drawing: Markup
    legend: Sequence[Legend] = ()
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table; the first one names its rows."""

    title: str
    kind: Literal["text", "number", "chart", "code"] = "text"
    note: str = ""
    drawing: Markup | None = None


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a quieter line under it, or a drawing; ``key`` puts a patch of that colour before the text."""

    text: str = ""
    note: str = ""
    key: str = ""
    drawing: Markup | None = None
    is_quiet: bool = False
    spans: int = 1


@dataclass(frozen=True)
class Row:
    """A row of a table; a heading is one cell that names the rows after it."""

    cells: Sequence[Cell]
    is_total: bool = False
    is_heading: bool = False


@dataclass(frozen=True)
class Table(Block):
    """A table with a caption."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Figure:
    """One number, what it is, and a word on it."""

    label: str
    value: str
    note: str = ""
    tone: Literal["", "good", "warn", "bad"] = ""


@dataclass(frozen=True)
class Figures(Block):
    """A few numbers side by side."""

    kind: ClassVar[str] = "figures"
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Panel:
    """One of several drawings of the same kind, with the number that it ends in."""

    title: str
    value: str
    note: str
    drawing: Markup | None = None


@dataclass(frozen=True)
class Panels(Block):
    """Drawings of the same kind side by side, on one scale."""

    kind: ClassVar[str] = "panels"
    panels: Sequence[Panel]


@dataclass(frozen=True)
class Headline(Block):
    """The number that the report is about."""

    kind: ClassVar[str] = "headline"
    label: str
    score: Score
    date: str
    program_type: str
    value: str
    interval: str
    details: Sequence[tuple[str, str]]
    drawing: Markup | None = None
    legend: Sequence[Legend] = ()


@dataclass(frozen=True)
class Messages(Block):
    """A list of what was said, each as it was said."""

    kind: ClassVar[str] = "messages"
    title: str
    messages: Sequence[str]
    nothing: str


@dataclass(frozen=True)
class Facts(Block):
    """Names and values."""

    kind: ClassVar[str] = "facts"
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Links(Block):
    """What lies beside the report, by its path from it."""

    kind: ClassVar[str] = "links"
    links: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Section:
    """A heading, a sentence on what the section shows, and its blocks."""

    slug: str
    title: str
    blocks: Sequence[Block]
    lead: str = ""


@dataclass(frozen=True)
class Page:
    """One entry of the navigation, by its short title where it has one."""

    slug: str
    title: str
    sections: Sequence[Section]
    lead: str = ""
    short: str = ""
