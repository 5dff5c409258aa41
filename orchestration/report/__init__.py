"""The report on a release: one page of HTML that needs no network and no script.

``pages/`` says what it tells, in the typed blocks of ``document.py``; ``templates/`` says how that looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from orchestration.release.warehouse import open_read_only
from orchestration.report.numbers import long_date
from orchestration.report.pages import PAGES
from orchestration.report.release import Build, Release, Rules

TEMPLATES = Path(__file__).parent / "templates"


def render(release_file: Path, build: Mapping[str, Any], output: Path) -> None:
    """Write the report on a release file; ``build`` is the content of build.json. The same input is the same bytes."""
    facts = Build(build)
    with open_read_only(release_file) as connection:
        release = Release(connection, Rules.load())
        pages = [page(release, facts) for page in PAGES]
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"exact": repr, "long_date": long_date}
    stylesheet = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    html = environment.get_template("report.html.j2").render(pages=pages, build=facts, stylesheet=stylesheet)
    output.write_text(html, encoding="utf-8")
