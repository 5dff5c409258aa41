"""What sqlfluff needs of dbt to render the models without a warehouse.

A macro that differs by engine is rendered as a call of its name: the models are judged, not the engine's dialect.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from jinja2 import Environment

STATISTICS = Path(__file__).resolve().parent.parent / "macros" / "statistics"
PROJECT = yaml.safe_load((Path(__file__).resolve().parent.parent / "dbt_project.yml").read_text(encoding="utf-8"))


def var(name: str, default: Any = None) -> Any:
    """The variable's value in dbt_project.yml, so that models that loop over a list are rendered in full."""
    return PROJECT["vars"].get(name, default)


def _dispatch(name: str) -> Callable[..., str]:
    if name.endswith("_type"):
        return lambda *arguments: "double"
    if name.startswith("join_") or name == "not_materialized":
        return lambda *arguments: ""
    return lambda *arguments: f"{name}({', '.join(map(str, arguments))})"


# Any moment will do: what is rendered is read, not run.
run_started_at = datetime(2000, 1, 1, tzinfo=UTC)
adapter = SimpleNamespace(dispatch=_dispatch, quote='"{}"'.format)
dbt = SimpleNamespace(
    date_trunc=lambda part, date: f"date_trunc('{part}', {date})",
    position=lambda part, text: f"position({part} in {text})",
    type_bigint=lambda: "bigint",
    type_int=lambda: "integer",
    type_string=lambda: "varchar",
)


def _returned(name: str) -> dict[str, dict[str, Any]]:
    """What a macro returns, over which models loop; rendered alone, a macro is a text."""
    returned: list[dict[str, dict[str, Any]]] = []
    environment = Environment(autoescape=False, extensions=["jinja2.ext.do"])
    environment.globals["return"] = returned.append
    getattr(environment.from_string((STATISTICS / f"{name}.sql").read_text(encoding="utf-8")).module, name)()
    return returned[0]


def value_panels() -> dict[str, dict[str, Any]]:
    return _returned("value_panels")


def company_panels() -> dict[str, dict[str, Any]]:
    return _returned("company_panels")


def path_panels() -> dict[str, dict[str, Any]]:
    return _returned("path_panels")
