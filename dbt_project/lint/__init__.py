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

PANELS = Path(__file__).resolve().parent.parent / "macros" / "statistics" / "value_panels.sql"
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


def value_panels() -> dict[str, dict[str, Any]]:
    """What the macro of this name returns, over which models loop; rendered alone, a macro is a text."""
    macro = PANELS.read_text(encoding="utf-8")
    returned = macro[macro.index("do return(") + len("do return(") : macro.rindex(") %}")]
    return dict(Environment(autoescape=False).compile_expression(returned)() or {})
