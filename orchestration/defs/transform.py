"""The dbt project: every model and seed an asset, every data test an asset check."""

from collections.abc import Iterator
from importlib import import_module
from threading import Thread
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration import spark
from orchestration.dbt_cli import DbtRun, build_verb, command, load_manifest, outcome, prepare_target
from orchestration.defs.project import MANIFEST, TRANSLATOR
from orchestration.defs.resources import POOL, Build, explained
from orchestration.findings import BuildError


@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, name="dbt", pool=POOL)
def dbt_models(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> Iterator[Any]:
    record, settings = build.record, build.settings
    with explained(), record.phase("dbt"):
        record.section("enrichment")
        record.invalidate("dbt")
        target = prepare_target(settings)
        if settings.target == spark.TARGET:
            spark.hand_over(settings)
        chosen = get_updated_cli_invocation_params_for_context(
            context=context, manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR
        )
        selection = [*chosen.selection_args]
        if chosen.indirect_selection:
            selection += ["--indirect-selection", chosen.indirect_selection]
        run = DbtRun(command(settings, build_verb(selection), target), settings, held=[build.lock])
        # Great Expectations takes seconds to import: they pass while dbt, another process, is at work.
        Thread(target=import_module, args=("expectations.validate",), daemon=True).start()
        for event in run.events():
            yield from _asset_events(context, event)
        found = outcome(settings, run)
        if found.failures:
            raise BuildError(*found.failures)
        if settings.target == spark.TARGET:
            spark.take_back(settings, load_manifest(target / "manifest.json"))
        record.write(
            "dbt",
            {
                "as_of": settings.as_of.isoformat(),
                "passed": found.passed,
                "warned": list(found.warned),
                "node_seconds": found.seconds,
                "peak_memory_mib": run.peak_memory_mib,
            },
        )


def _asset_events(context: dg.AssetExecutionContext, event: dict[str, Any]) -> Iterator[Any]:
    unique_id = event["data"].get("node_info", {}).get("unique_id")
    if unique_id is not None and unique_id not in MANIFEST["nodes"]:
        # Made after the code location was loaded: built and published all the same, an asset from the next load on.
        context.log.warning(f"{unique_id} is newer than the loaded manifest; reload the code location to see it.")
        return
    message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
    yield from message.to_default_asset_events(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, context=context)
