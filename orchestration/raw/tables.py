"""The raw tables as the dbt sources declare them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.privacy.tags import tagged_columns

RAW_SCHEMA = "raw"
# A table is late if its newest row was loaded longer before the end of the as-of date; its source may say otherwise.
FRESH_HOURS = 36
HOURS = {"minute": 1 / 60, "hour": 1, "day": 24}


@dataclass(frozen=True)
class RawTable:
    """A raw table as the dbt sources declare it."""

    source: str
    name: str
    is_required: bool
    columns: tuple[str, ...]
    required_columns: tuple[str, ...]
    fresh_hours: float = FRESH_HOURS
    # The columns that hold personal data, each with its kind.
    private: Mapping[str, str] = field(default_factory=dict)


def tables_from_manifest(manifest: Mapping[str, Any]) -> tuple[RawTable, ...]:
    """The raw tables, from the sources of the dbt project in schema raw; what is read from them is another schema's."""
    tagged = tagged_columns(manifest)
    return tuple(
        RawTable(
            source=source["source_name"],
            name=source["name"],
            is_required=bool(source["config"]["meta"].get("required")),
            columns=tuple(source["columns"]),
            required_columns=tuple(
                name for name, column in source["columns"].items() if column["config"]["meta"].get("required")
            ),
            fresh_hours=_fresh_hours((source.get("freshness") or {}).get("warn_after") or {}),
            private=tagged.get((source["schema"], source["name"]), {}),
        )
        for _, source in sorted(manifest["sources"].items())
        if source["schema"] == RAW_SCHEMA
    )


def _fresh_hours(warn_after: Mapping[str, Any]) -> float:
    return warn_after["count"] * HOURS[warn_after["period"]] if warn_after.get("count") else FRESH_HOURS
