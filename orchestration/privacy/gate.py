"""Stops a night that would publish a column which descends from personal data (``lineage``), unless its yml allows it.

What was found of a model is kept beside the build file, by its SQL and by what it reads: a night looks only at models
of which something is another. The as-of date stands in the SQL of most models and does not count.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import sqlglot.errors

from orchestration.files import write_json
from orchestration.findings import BuildError, Finding
from orchestration.privacy.lineage import Origins, Relation, columns_of
from orchestration.privacy.tags import allowed_kinds, tagged_columns
from orchestration.release.warehouse import PUBLISHED_TAG, open_read_only
from orchestration.settings import Settings

STORE = "lineage.json"
# Raised with every change of what follows a value.
VERSION = 1
_DATE = re.compile(r"'\d{4}-\d{2}-\d{2}'")
# What is not text says nothing of who is behind it.
_NO_TEXT = re.compile(r"bool|date|time|int|double|float|decimal|numeric|real", re.IGNORECASE)
_SAID = {
    "email": "the e-mail address",
    "name": "the name",
    "phone": "the telephone number",
    "free_text": "text as it was written, unredacted,",
}

Tables = Mapping[tuple[str, str], Sequence[str]]


def check_lineage(settings: Settings, manifest: Mapping[str, Any]) -> int:
    """How many published columns descend from personal data with a reason; an error where one does without."""
    with open_read_only(settings.build_file) as connection:
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in connection.execute(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where table_catalog = current_database() order by table_schema, table_name, ordinal_position"
        ).fetchall():
            columns.setdefault((schema, table), []).append(column)
    relations = _relations(settings, manifest, columns)
    kinds = {
        f"{schema}.{table}.{column}": kind
        for (schema, table), tagged in tagged_columns(manifest).items()
        for column, kind in tagged.items()
    }
    findings, n_allowed = [], 0
    for node in manifest["nodes"].values():
        if node["resource_type"] != "model" or PUBLISHED_TAG not in node["tags"]:
            continue
        allowed = allowed_kinds(node)
        relation = relations[node["schema"], node["alias"]]
        rest = [(column, relation.rest) for column in columns.get((node["schema"], node["alias"]), ()) if relation.rest]
        for column, origins in (*relation.columns, *rest):
            if _NO_TEXT.search((node["columns"].get(column) or {}).get("data_type") or ""):
                continue
            for origin, way in origins.items():
                if kinds[origin] in allowed.get(column, {}):
                    n_allowed += 1
                else:
                    findings.append(_finding(node, column, kinds[origin], origin, way))
    if findings:
        raise BuildError(*findings)
    return n_allowed


def _finding(node: Mapping[str, Any], column: str, kind: str, origin: str, way: Sequence[str]) -> Finding:
    table = f"{node['schema']}.{node['alias']}"
    last = f"{table}.{column}"
    steps = [*way, last] if way[-1] != last else way
    return Finding(
        "private_column_published",
        table,
        f"column {column} holds {_SAID[kind]} of {origin.rpartition('.')[0]}, by this way: {' → '.join(steps)}.",
        next_step=f"Take the column out of {node['original_file_path']}, or publish a hash of it. If readers are meant "
        f"to see it, say why in the yml of the model: config: {{meta: {{may_hold: {{{kind}: <reason>}}}}}}.",
    )


def _relations(settings: Settings, manifest: Mapping[str, Any], columns: Tables) -> dict[tuple[str, str], Relation]:
    """By schema and name, what the columns of every table descend from."""
    tagged = tagged_columns(manifest)
    relations: dict[tuple[str, str], Relation] = {}
    for (schema, table), kinds in tagged.items():
        standing = dict.fromkeys((*columns.get((schema, table), ()), *kinds))
        relations[schema, table] = Relation(
            tuple((name, _of_source(f"{schema}.{table}.{name}") if name in kinds else {}) for name in standing)
        )
    store = settings.build_folder / STORE
    known, kept = _read(store), {}
    for unique_id in TopologicalSorter(manifest["parent_map"]).static_order():
        node = manifest["nodes"].get(unique_id)
        # An ephemeral model stands in the SQL of those that read it.
        if node is None or node["resource_type"] != "model" or node["config"]["materialized"] == "ephemeral":
            continue
        address = (node["schema"], node["alias"])
        names = columns.get(address, ())
        parents = _parents(manifest, node)
        read = {parent: relations[parent] for parent in parents if parent in relations and relations[parent].all}
        if not read:
            relations[address] = Relation(tuple((name, {}) for name in names))
            continue
        # Of tables without personal data, the order of their columns decides what a star brings.
        read |= {
            parent: relations.get(parent) or Relation(tuple((name, {}) for name in columns.get(parent, ())))
            for parent in parents
        }
        sql = _compiled(settings, node)
        key = _hash(sql, read)
        before = known.get(unique_id, {})
        relation = _from_json(before) if before.get("key") == key else _read_sql(settings, node, sql, read)
        kept[unique_id] = {"key": key, **_to_json(relation)}
        table = ".".join(address)
        relations[address] = Relation(
            tuple((name, _further(origins, f"{table}.{name}")) for name, origins in relation.columns),
            _further(relation.rest, f"{table}.*"),
        )
    if kept != known:
        write_json(store, {"version": VERSION, "models": kept})
    return relations


def _of_source(column: str) -> Origins:
    return {column: (column,)}


def _further(origins: Origins, step: str) -> Origins:
    return {origin: (*way, step) for origin, way in origins.items()}


def _parents(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The tables that a model reads; of an ephemeral one, which stands in the model's SQL, those that it reads."""
    found = []
    for unique_id in node["depends_on"]["nodes"]:
        parent = manifest["nodes"].get(unique_id) or manifest["sources"].get(unique_id)
        if parent is None:
            continue
        if (parent.get("config") or {}).get("materialized") == "ephemeral":
            found += _parents(manifest, parent)
        else:
            found.append((parent["schema"], parent.get("alias") or parent["name"]))
    return found


def _compiled(settings: Settings, node: Mapping[str, Any]) -> str:
    path = settings.dbt_target_folder / "compiled" / str(node["package_name"]) / str(node["original_file_path"])
    if not path.is_file():
        raise BuildError(
            Finding(
                "compiled_sql_missing",
                f"{node['schema']}.{node['alias']}",
                f"nobody can tell from where its columns come: {path} is not there.",
                next_step=f"Remove {settings.built_file} and run: make nightly. It compiles every model.",
            )
        )
    return path.read_text(encoding="utf-8")


def _read_sql(
    settings: Settings, node: Mapping[str, Any], sql: str, read: Mapping[tuple[str, str], Relation]
) -> Relation:
    try:
        return columns_of(sql, read, settings.target)
    except sqlglot.errors.SqlglotError as error:
        raise BuildError(
            Finding(
                "sql_not_understood",
                f"{node['schema']}.{node['alias']}",
                f"nobody can tell from where its columns come: {' '.join(str(error).split())[:200]}",
                next_step=f"Write {node['original_file_path']} in SQL that sqlglot reads: it reads personal data.",
            )
        ) from error


def _hash(sql: str, read: Mapping[tuple[str, str], Relation]) -> str:
    inputs = sorted((address, _to_json(relation)) for address, relation in read.items())
    return hashlib.sha256(json.dumps([_DATE.sub("date", sql), inputs]).encode()).hexdigest()


def _to_json(relation: Relation) -> dict[str, Any]:
    def plain(origins: Origins) -> dict[str, list[str]]:
        return {origin: list(way) for origin, way in origins.items()}

    return {"columns": [[name, plain(origins)] for name, origins in relation.columns], "rest": plain(relation.rest)}


def _from_json(content: Mapping[str, Any]) -> Relation:
    def read(origins: Mapping[str, Sequence[str]]) -> Origins:
        return {origin: tuple(way) for origin, way in origins.items()}

    return Relation(tuple((name, read(origins)) for name, origins in content["columns"]), read(content["rest"]))


def _read(store: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(store.read_text(encoding="utf-8"))
        found: dict[str, Any] = content["models"] if content["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        # Not there yet, or damaged: everything is looked at.
        return {}
    return found
