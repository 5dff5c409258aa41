"""The dbt project: every model and seed an asset, every data test an asset check."""

import logging
from collections.abc import Iterator, Sequence
from importlib import import_module
from threading import Thread
from typing import Any

import dagster as dg
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY, get_updated_cli_invocation_params_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.defs.enrichment import stores
from orchestration.defs.project import MANIFEST, TRANSLATOR, asset_key
from orchestration.defs.resources import POOL, Build, explained
from orchestration.files import file_hash
from orchestration.findings import BuildError
from orchestration.raw.landing import check_in_place
from orchestration.raw.tables import tables_from_manifest
from orchestration.release.trust import check_as_left, note_left
from orchestration.release.warehouse import open_build
from orchestration.sources.arrivals import arrived
from orchestration.spark import configuration, handover
from orchestration.transform.built import Built, forget_built, inputs_of, read_built, unaffected, write_built
from orchestration.transform.dbt_cli import (
    DataTestResult,
    DbtOutcome,
    DbtRun,
    build_verb,
    command,
    load_manifest,
    outcome,
    prepare_target,
)
from orchestration.transform.upkeep import check_hooks, drop_what_no_model_makes, note_sources

logger = logging.getLogger(__name__)


@dbt_assets(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, name="dbt", pool=POOL)
def dbt_models(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> Iterator[Any]:
    record, settings = build.record, build.settings
    with explained(settings), record.phase("dbt"):
        landed = record.section("raw")["contents"] | record.section("enrichment")["contents"]
        contents = landed | {name: file_hash(store) for name, store in stores(settings).items()}
        inputs = inputs_of(settings, MANIFEST, contents)
        is_on_spark = settings.target == configuration.TARGET
        # Some of the assets alone, chosen on the web page: what the others hold is then not known to fit.
        is_whole = context.is_subset or settings.backfill is not None or (is_on_spark and not handover.stands(settings))
        before = None if is_whole else read_built(settings)
        changed = inputs.changed_since(before.inputs if before else None)
        record.invalidate("dbt")
        forget_built(settings)
        tests: dict[str, DataTestResult] = {}
        if before is not None and changed is not None:
            logger.info("changed since the last build: %s", ", ".join(_names(changed)) or "nothing")
            tests.update(before.tests)
            # Later steps wait for the word of every asset, also of those that are what a build would make of them.
            for unique_id in unaffected(MANIFEST, changed):
                yield dg.MaterializeResult(asset_key(unique_id), metadata={"unchanged": True})
        found, peak_memory_mib = DbtOutcome({}), 0
        if changed != []:
            verb = build_verb(_chosen(context) if changed is None else ["--select", *_downstream(changed)])
            target = prepare_target(settings)
            check_as_left(settings)
            with open_build(settings, record.say) as connection:
                note_sources(connection, MANIFEST, contents)
                if changed is None and not context.is_subset:
                    drop_what_no_model_makes(connection, MANIFEST)
            if is_on_spark:
                handover.hand_over(settings)
            run = DbtRun(command(settings, verb, target), settings, held=[build.lock])
            # Great Expectations takes seconds to import: they pass while dbt, another process, is at work.
            Thread(target=import_module, args=("expectations.validate",), daemon=True).start()
            for event in run.events():
                yield from _asset_events(context, event)
            note_left(settings)
            with open_build(settings, record.say) as connection:
                check_in_place(
                    connection, settings.raw, tables_from_manifest(MANIFEST), arrived(settings.sources_folder)
                )
                check_hooks(connection, load_manifest(target / "manifest.json"))
            found, peak_memory_mib = outcome(settings, run), run.peak_memory_mib
            if is_on_spark and found.all_made:
                handover.note_end(settings)
            if found.failures:
                raise BuildError(*found.failures)
            if is_on_spark:
                handover.take_back(settings, load_manifest(target / "manifest.json"))
        for unique_id in tests.keys() - found.tests.keys():
            yield from _as_before(context, unique_id, tests[unique_id])
        built = Built(inputs, tests | dict(found.tests))
        if not context.is_subset:
            write_built(settings, built)
        record.write(
            "dbt",
            {
                "as_of": settings.as_of.isoformat(),
                "passed": built.passed,
                "warned": built.warned,
                "node_seconds": found.seconds,
                "peak_memory_mib": peak_memory_mib,
            },
        )


# The check of each data test, by the unique id of the test.
CHECKS = {str(spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]): spec.key for spec in dbt_models.check_specs}


def _as_before(
    context: dg.AssetExecutionContext, unique_id: str, result: DataTestResult
) -> Iterator[dg.AssetCheckResult]:
    """The word of a check that nothing gave a reason to ask again; Dagster takes one without a word for skipped."""
    check = CHECKS.get(unique_id)
    if check is not None and check in context.selected_asset_check_keys:
        yield dg.AssetCheckResult(
            passed=result.warning is None,
            asset_key=check.asset_key,
            check_name=check.name,
            severity=dg.AssetCheckSeverity.WARN,
            description=result.warning,
            metadata={"unchanged": True},
        )


def _chosen(context: dg.AssetExecutionContext) -> list[str]:
    """The selection of what Dagster was asked to materialise."""
    chosen = get_updated_cli_invocation_params_for_context(
        context=context, manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR
    )
    indirect = ["--indirect-selection", chosen.indirect_selection] if chosen.indirect_selection else []
    return [*chosen.selection_args, *indirect]


def _names(unique_ids: Sequence[str]) -> list[str]:
    return [unique_id.split(".")[-1] for unique_id in unique_ids]


def _downstream(changed: Sequence[str]) -> list[str]:
    """The selectors of all that hangs on sources and seeds."""
    return [
        f"source:{'.'.join(unique_id.split('.')[2:])}+" if unique_id in MANIFEST["sources"] else f"{name}+"
        for unique_id, name in zip(changed, _names(changed), strict=True)
    ]


def _asset_events(context: dg.AssetExecutionContext, event: dict[str, Any]) -> Iterator[Any]:
    unique_id = event["data"].get("node_info", {}).get("unique_id")
    if unique_id is not None and unique_id not in MANIFEST["nodes"]:
        # Made after the code location was loaded: built and published all the same, an asset from the next load on.
        context.log.warning(f"{unique_id} is newer than the loaded manifest; reload the code location to see it.")
        return
    message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
    yield from message.to_default_asset_events(manifest=MANIFEST, dagster_dbt_translator=TRANSLATOR, context=context)
