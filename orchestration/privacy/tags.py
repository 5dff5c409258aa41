"""What the dbt project says of personal data: which columns of sources hold it, and which published ones may.

A column of a source says ``meta: {pii: email}`` (or name, phone, free_text). A column of a published model may hold a
kind where its yml says why: ``meta: {may_hold: {name: "Readers know their accounts by name."}}``. The kinds are those
of the tags, and those that a search finds by their form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestration.findings import BuildError, Finding

KINDS = ("email", "name", "phone", "free_text")
FOUND_KINDS = ("email", "name", "phone", "link", "handle", "card", "iban", "identity", "net_address", "birth")


def tagged_columns(manifest: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, str]]:
    """By schema and name of a source, the kind of each column that is tagged."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for source in manifest["sources"].values():
        address = f"{source['schema']}.{source['name']}"
        for name, column in source["columns"].items():
            kind = _meta(column).get("pii")
            if kind is None:
                continue
            if kind not in KINDS:
                raise _unknown(address, f"column {name} is tagged as {kind!r}", KINDS)
            found.setdefault((source["schema"], source["name"]), {})[name] = kind
    return found


def allowed_kinds(node: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    """By column of a model, the kinds that readers may see in it, each with the reason."""
    found: dict[str, Mapping[str, str]] = {}
    for name, column in node["columns"].items():
        reasons = _meta(column).get("may_hold") or {}
        for kind, reason in reasons.items():
            if kind not in {*KINDS, *FOUND_KINDS}:
                raise _unknown(f"{node['schema']}.{node['alias']}", f"column {name} may hold {kind!r}", FOUND_KINDS)
            if not str(reason or "").strip():
                raise BuildError(
                    Finding(
                        "reason_missing",
                        f"{node['schema']}.{node['alias']}",
                        f"column {name} may hold {kind}, and nothing says why.",
                        next_step=f"Write the reason into {node['patch_path']}: may_hold: {{{kind}: <reason>}}.",
                    )
                )
        if reasons:
            found[name] = reasons
    return found


def private_columns(manifest: Mapping[str, Any]) -> frozenset[str]:
    """The names of columns that hold personal data, in sources and in models that may publish it."""
    tagged = {column for kinds in tagged_columns(manifest).values() for column in kinds}
    allowed = {
        column
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for column in allowed_kinds(node)
    }
    return frozenset(tagged | allowed)


def _meta(column: Mapping[str, Any]) -> Mapping[str, Any]:
    config: Mapping[str, Any] = column.get("config") or {}
    return {**(column.get("meta") or {}), **(config.get("meta") or {})}


def _unknown(table: str, said: str, kinds: tuple[str, ...]) -> BuildError:
    return BuildError(
        Finding("unknown_kind", table, f"{said}.", next_step=f"Write one of these in its yml: {', '.join(kinds)}.")
    )
