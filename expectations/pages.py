"""The validation results as pages: an index, one page per suite, one stylesheet, and nothing from anywhere else.

Great Expectations' own pages fetch styles, scripts and fonts from the internet and carry clocks and machine names.
These show the same results, render offline, and are the same bytes for the same results.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.results import CheckResult, ValidationOutcome

TEMPLATES = Path(__file__).parent / "templates"
STYLESHEET = "style.css"
SECTIONS = {
    "staging": "What arrives",
    "reference": "Reference data",
    "marts": "What people would believe",
    "employee": "The employee programme",
    "people": "Names of staff",
}


@dataclass(frozen=True)
class SuitePage:
    """One suite as a page shows it."""

    table: str
    results: Sequence[CheckResult]

    @property
    def file(self) -> str:
        return f"{self.table}.html"

    @property
    def section(self) -> str:
        return SECTIONS[self.table.split(".", 1)[0]]

    @property
    def name(self) -> str:
        return self.table.split(".", 1)[1]

    @property
    def passed(self) -> int:
        return sum(result.success for result in self.results)

    @property
    def warned(self) -> int:
        return sum(status(result) == "warn" for result in self.results)

    @property
    def failed(self) -> int:
        return sum(status(result) == "fail" for result in self.results)

    @property
    def n_rows(self) -> int:
        return max(result.n_rows for result in self.results)

    @property
    def status(self) -> str:
        return "fail" if self.failed else "warn" if self.warned else "pass"


def status(result: CheckResult) -> str:
    """How a page marks a result."""
    if result.success:
        return "pass"
    return "warn" if result.severity == "warning" else "fail"


def write_pages(outcome: ValidationOutcome, as_of: date, folder: Path) -> None:
    """Write the pages into the folder; those of an earlier build go."""
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in folder.glob("*.html"):
        earlier.unlink()
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"status": status, "thousands": "{:,}".format}
    by_table: dict[str, list[CheckResult]] = {}
    for result in outcome.results:
        by_table.setdefault(result.table, []).append(result)
    suites = [SuitePage(table, results) for table, results in by_table.items()]
    sections = {title: [suite for suite in suites if suite.section == title] for title in SECTIONS.values()}
    troubles = sorted((result for result in outcome.results if not result.success), key=lambda result: result.severity)
    common = {"as_of": as_of.isoformat(), "stylesheet": STYLESHEET, "outcome": outcome}

    index = environment.get_template("index.html.j2")
    (folder / "index.html").write_text(index.render(sections=sections, troubles=troubles, **common), encoding="utf-8")
    page = environment.get_template("suite.html.j2")
    for suite in suites:
        (folder / suite.file).write_text(page.render(suite=suite, **common), encoding="utf-8")
    shutil.copyfile(TEMPLATES / STYLESHEET, folder / STYLESHEET)
