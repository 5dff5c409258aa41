"""The code location."""

import dagster as dg

from orchestration.defs import automation, enrichment, publish, raw, report, resources, transform, validation

defs = dg.Definitions(
    assets=[*dg.load_assets_from_modules([raw, enrichment, transform, validation, publish, report])],
    jobs=[automation.nightly, automation.backfill],
    schedules=[automation.nightly_schedule],
    sensors=automation.sensors,
    resources={"build": resources.build_resource},
    executor=dg.in_process_executor,
)
