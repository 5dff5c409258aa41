"""The dbt project as Dagster sees it: the parsed manifest, the asset key of each node, and what each check says."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtProject

from orchestration.settings import load_settings
from orchestration.transform.dbt_cli import load_manifest, manifest_file

# Who is asked first when something of a group is wrong: who delivers raw files, who edits the seeds, who writes models.
SOURCES, ANALYSTS, WAREHOUSE = "team:sources", "team:analysts", "team:warehouse"
# What a test that stands in a yml asks, in words; its arguments are named in braces.
ASKED = {
    "accepted_values": "{column_name} has one of the listed values in every row: {values}.",
    "few_values": "{column_name} has no more than {at_most} values: it is a dimension.",
    "no_nulls": "No row lacks a value in {columns}.",
    "not_null": "No row lacks a value in {column_name}.",
    "relationships": "Each {column_name} stands in {to} as {field}.",
    "unique": "No two rows have the same {column_name}.",
    "unique_key": "No two rows have the same {columns}, and none lacks a part of it.",
}


class ByFolder(DagsterDbtTranslator):
    """Groups of assets are the folders of the project: staging, intermediate, marts, and reference for seeds."""

    def get_group_name(self, dbt_resource_props: Any) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Any) -> Sequence[str]:
        """Those that the yml of a model names (``meta: {dagster: {owners: […]}}``), else ours."""
        ours = [ANALYSTS if dbt_resource_props["resource_type"] == "seed" else WAREHOUSE]
        return super().get_owners(dbt_resource_props) or ours

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        if spec is None:
            return None
        described = spec.description or description_of_test(manifest["nodes"][unique_id])
        # A check has no owner of its own in Dagster: it is the asset's, and is said beside the check as well.
        return spec._replace(description=described, metadata={**spec.metadata, **owned_by(*asset_spec.owners)})


def owned_by(*owners: str) -> dict[str, Any]:
    """Who is asked first, as metadata of a check."""
    return {"owner": ", ".join(owners)}


def description_of_test(test: Mapping[str, Any]) -> str:
    """What a data test asks: its own description, the words for its kind, or the comment that its query begins with."""
    if test.get("description"):
        return str(test["description"])
    kind = test.get("test_metadata")
    if kind is not None and kind["name"] in ASKED:
        told = {name: _in_words(value) for name, value in kind["kwargs"].items()}
        # A test of the same name may have other arguments: a company has models and macros of its own.
        with suppress(KeyError):
            return ASKED[kind["name"]].format(**told)
    return _first_comment(test["raw_code"]) or f"{test['name'].replace('_', ' ').capitalize()}."


def _in_words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _first_comment(sql: str) -> str:
    said = list[str]()
    for line in sql.splitlines():
        if line.startswith("--"):
            said.append(line.removeprefix("--").strip())
        elif said:
            break
    return " ".join(said)


TRANSLATOR = ByFolder()
MANIFEST = load_manifest(manifest_file(load_settings()))


def asset_key(unique_id: str) -> dg.AssetKey:
    return TRANSLATOR.get_asset_spec(MANIFEST, unique_id, None).key
