"""The dbt project as Dagster sees it: the parsed manifest, and the asset key of each of its nodes."""

from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from orchestration.settings import load_settings
from orchestration.transform.dbt_cli import load_manifest, manifest_file


class ByFolder(DagsterDbtTranslator):
    """Groups of assets are the folders of the project: staging, intermediate, marts, and reference for seeds."""

    def get_group_name(self, dbt_resource_props: Any) -> str | None:
        if dbt_resource_props["resource_type"] == "seed":
            return "reference"
        return str(dbt_resource_props["fqn"][1])


TRANSLATOR = ByFolder()
MANIFEST = load_manifest(manifest_file(load_settings()))


def asset_key(unique_id: str) -> dg.AssetKey:
    return TRANSLATOR.get_asset_spec(MANIFEST, unique_id, None).key
