"""What a change of a model did: its table, and those that hang on it, in the private copy against the last build."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from orchestration.company.folder import nearest
from orchestration.findings import BuildError, Finding
from orchestration.release.warehouse import identifier, open_read_only, quoted_path, unique_keys, writer_kept_out
from orchestration.settings import Settings
from orchestration.transform.built import is_made


@dataclass(frozen=True)
class Compared:
    """One table before and after: rows, and in how many of those that are in both a column has another value.

    None of rows says that the table is not there. Without a key nobody can tell a changed row from one that went and
    one that came, so ``n_changed`` is None.
    """

    table: str
    n_before: int | None
    n_after: int | None
    n_added: int = 0
    n_gone: int = 0
    n_changed: int | None = None
    changed: Mapping[str, int] | None = None
    columns_added: Sequence[str] = ()
    columns_gone: Sequence[str] = ()

    @property
    def is_same(self) -> bool:
        return (
            self.n_before == self.n_after
            and not (self.n_added or self.n_gone or self.n_changed)
            and not (self.columns_added or self.columns_gone)
        )


def compare(settings: Settings, models: Sequence[str] = ()) -> list[Compared]:
    """Each table of the models named, and of all that hang on them; of all models where none is named.

    Raises BuildError where there is no copy, nothing was made in it, a build is under way, or a model is not known.
    """
    manifest_file = settings.dev_folder / "target" / "manifest.json"
    if not (settings.dev_file.is_file() and manifest_file.is_file()):
        raise _refused("no_copy", f"nothing was made in {settings.dev_folder} yet.", "Run make dev, then dbt build -s.")
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    chosen = [node for node in _reached(manifest, models) if is_made(manifest["nodes"][node])]
    keys = unique_keys(manifest)
    with writer_kept_out(settings) as is_at_rest:
        if not is_at_rest:
            raise _refused("build_under_way", "a build is under way.", "Compare when it has ended.")
        if not settings.build_file.is_file():
            raise _refused("no_build", f"there is no {settings.build_file}.", "Run make nightly.")
        with open_read_only(settings.dev_file) as connection:
            connection.execute(f"attach {quoted_path(settings.build_file)} as before (read_only)")
            return [
                _compared(connection, node["schema"], node["alias"], keys.get(unique_id, ()))
                for unique_id in chosen
                for node in [manifest["nodes"][unique_id]]
            ]


def as_text(compared: Sequence[Compared]) -> str:
    """For the console: what is another, table by table, and how many are the same."""
    lines = []
    others = [table for table in compared if not table.is_same]
    for table in others:
        lines.append(f"{table.table}: {_rows(table)}")
        for what, names in (("new columns", table.columns_added), ("columns gone", table.columns_gone)):
            if names:
                lines.append(f"  {what}: {', '.join(names)}")
        for column, n_rows in sorted((table.changed or {}).items(), key=lambda item: (-item[1], item[0])):
            lines.append(f"  {column}: another value in {n_rows:,}")
    n_same = len(compared) - len(others)
    lines.append(f"{n_same} table{'' if n_same == 1 else 's'} as in the last build.")
    return "\n".join(lines)


def _rows(table: Compared) -> str:
    if table.n_before is None:
        return f"new, {table.n_after:,} rows"
    if table.n_after is None:
        return f"not in the copy, {table.n_before:,} rows in the build"
    changed = "" if table.n_changed is None else f", {table.n_changed:,} changed"
    return f"{table.n_before:,} rows, now {table.n_after:,}: {table.n_added:,} added, {table.n_gone:,} gone{changed}"


def _refused(rule: str, why: str, next_step: str) -> BuildError:
    return BuildError(Finding(rule, "make compare", why, next_step=next_step))


def _reached(manifest: Mapping[str, Any], models: Sequence[str]) -> Iterator[str]:
    """Of the models named, and of what hangs on them, each once, in the order of their names."""
    by_name = {node["name"]: unique_id for unique_id, node in manifest["nodes"].items() if is_made(node)}
    for name in models:
        if name not in by_name:
            raise _refused("unknown_model", f"there is no model {name}.", f"MODELS: {nearest(name, sorted(by_name))}")
    waiting = [by_name[name] for name in models or by_name]
    found = set[str]()
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found:
            found.add(unique_id)
            waiting += [child for child in manifest["child_map"][unique_id] if child in manifest["nodes"]]
    yield from sorted(found)


def _compared(connection: duckdb.DuckDBPyConnection, schema: str, name: str, key: Sequence[str]) -> Compared:
    address = f"{identifier(schema)}.{identifier(name)}"
    before, after = (_columns(connection, database, schema, name) for database in ("before", None))
    n_before, n_after = (
        _count(connection, f"{'before.' if is_before else ''}{address}") if columns else None
        for columns, is_before in ((before, True), (after, False))
    )
    told = f"{schema}.{name}"
    if n_before is None or n_after is None:
        return Compared(told, n_before, n_after)
    added, gone = [c for c in after if c not in before], [c for c in before if c not in after]
    shared = [c for c in after if c in before]
    if not (key and set(key) <= set(shared)):
        n_added, n_gone = _by_row(connection, address, shared)
        return Compared(told, n_before, n_after, n_added, n_gone, None, None, added, gone)
    columns = [c for c in shared if c not in key]
    n_added, n_gone, n_changed, changed = _by_key(connection, address, key, columns)
    return Compared(told, n_before, n_after, n_added, n_gone, n_changed, changed, added, gone)


def _columns(connection: duckdb.DuckDBPyConnection, database: str | None, schema: str, name: str) -> list[str]:
    found = connection.execute(
        "select column_name from duckdb_columns() "
        "where database_name = coalesce(?, current_database()) and schema_name = ? and table_name = ? "
        "order by column_index",
        [database, schema, name],
    ).fetchall()
    return [column for (column,) in found]


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    ((n_rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
    return int(n_rows)


def _by_key(
    connection: duckdb.DuckDBPyConnection, address: str, key: Sequence[str], columns: Sequence[str]
) -> tuple[int, int, int, dict[str, int]]:
    is_another = [f"now.{identifier(column)} is distinct from was.{identifier(column)}" for column in columns]
    both = "was._is_there and now._is_there"
    counted = [f"count(*) filter ({both} and {test})" for test in is_another]
    joined = " and ".join(f"now.{identifier(column)} is not distinct from was.{identifier(column)}" for column in key)
    (row,) = connection.execute(f"""
        select
            count(*) filter (was._is_there is null),
            count(*) filter (now._is_there is null),
            count(*) filter ({both} and ({" or ".join(is_another) or "false"}))
            {"".join(f", {count}" for count in counted)}
        from (select *, true as _is_there from {address}) as now
        full join (select *, true as _is_there from before.{address}) as was on {joined}
    """).fetchall()
    n_added, n_gone, n_changed, *by_column = row
    changed = {column: n_rows for column, n_rows in zip(columns, by_column, strict=True) if n_rows}
    return n_added, n_gone, n_changed, changed


def _by_row(connection: duckdb.DuckDBPyConnection, address: str, columns: Sequence[str]) -> tuple[int, int]:
    listed = ", ".join(map(identifier, columns))
    now, was = f"select {listed} from {address}", f"select {listed} from before.{address}"
    return _count(connection, f"({now} except all {was})"), _count(connection, f"({was} except all {now})")
