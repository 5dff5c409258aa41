"""The report on a release: one page of HTML that needs no network and no script.

``pages/`` says what it tells, in the typed blocks of ``document.py``; ``templates/`` says how that looks.
"""

from __future__ import annotations

from base64 import b64encode
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
LOGO = "logo.svg"


def render(
    release_file: Path,
    build: Mapping[str, Any],
    output: Path,
    variables: Mapping[str, Any] | None = None,
    logo: Path | None = None,
) -> None:
    """Write the report on a release file; ``build`` is the content of build.json. The same input is the same bytes.

    ``variables`` are those that the company sets; ``logo`` is an SVG, drawn as a picture, in which no script runs.
    """
    facts = Build(build)
    with open_read_only(release_file) as connection:
        release = Release(connection, Rules.load(variables))
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
    html = environment.get_template("report.html.j2").render(
        pages=pages, build=facts, stylesheet=stylesheet, logo=_embedded(logo)
    )
    output.write_text(html, encoding="utf-8")


def _embedded(logo: Path | None) -> str | None:
    if logo is None or not logo.is_file():
        return None
    return f"data:image/svg+xml;base64,{b64encode(logo.read_bytes()).decode('ascii')}"
