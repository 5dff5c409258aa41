"""The nightly job, its schedule, the backfill, and what is said when one fails."""

import logging
from typing import Any

import dagster as dg

from orchestration.settings import load_settings

logger = logging.getLogger(__name__)

NIGHTLY = "nightly"
BACKFILL = "backfill"


@dg.failure_hook(name="log_failing_rule")
def log_failing_rule(context: dg.HookContext) -> None:
    """Say which rule failed; a step that fails because of another says nothing of its own."""
    context.log.error(f"{context.op.name}: {context.op_exception}")


def backfill_config(first_day: str, last_day: str) -> dict[str, Any]:
    """The run config of a backfill of these days."""
    return {"resources": {"build": {"config": {"backfill_from": first_day, "backfill_to": last_day}}}}


# One process and one step after another: the engine uses all cores, and the lock is held from first to last.
nightly = dg.define_asset_job(
    NIGHTLY,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    hooks={log_failing_rule},
    description="Land the raw tables, read the comments, build the models, audit them, publish.",
)

backfill = dg.define_asset_job(
    BACKFILL,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    hooks={log_failing_rule},
    # What the Launchpad shows, to be filled in.
    config=backfill_config("", ""),
    description="As nightly, but all raw files are read again, and what is of these days is computed again.",
)

_settings = load_settings()
nightly_schedule = dg.ScheduleDefinition(
    name="nightly_schedule",
    job=nightly,
    cron_schedule=_settings.schedule,
    execution_timezone=_settings.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
