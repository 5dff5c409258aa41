"""The suites: one per table, from the names of its columns and from the module of the same name, where there is one.

A module ``<table>.py`` holds what no name can say. It has ``TABLE``, the table with its schema, and ``batches``, a pure
function of the warehouse that was published last (empty before the first publication).
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from expectations.conventions import arrivals, by_column_name
from expectations.tables import Batch, Suite, Warehouse

ARRIVING = "staging"
BELIEVED = ("reference", "marts", "employee", "people")


def written_suites() -> dict[str, ModuleType]:
    """The modules of this package by the table that they speak of."""
    modules = [import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)]
    return {module.TABLE: module for module in modules}


def collect(build: Warehouse, published: Warehouse) -> list[Suite]:
    """Every suite for the tables of a build, what arrives first; a written suite stands even if its table is gone."""
    batches: dict[str, list[Batch]] = {}
    for table in build.tables.values():
        if table.schema == ARRIVING and "verdict" in table.columns:
            batches[table.full_name] = [arrivals(table, published)]
        elif table.schema in BELIEVED:
            named = by_column_name(table)
            batches[table.full_name] = [] if named is None else [named]
    for name, module in written_suites().items():
        batches.setdefault(name, []).extend(module.batches(published))
    order = {schema: position for position, schema in enumerate((ARRIVING, *BELIEVED))}
    names = sorted((name for name, found in batches.items() if found), key=lambda name: (order[_schema(name)], name))
    return [Suite(name, tuple(batches[name])) for name in names]


def _schema(full_name: str) -> str:
    return full_name.split(".", 1)[0]
