"""The nightly job, its schedule, the backfill, and who is told how one ended."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg

# Dagster has no public word for when a cron line was last due.
from dagster._utils.schedules import reverse_cron_string_iterator

from orchestration.console import why_it_failed
from orchestration.release.integrity import read_build
from orchestration.release.publication import published_build, releases
from orchestration.runs import notices
from orchestration.runs.health import Ending, note
from orchestration.runs.queue import REFUSED, is_one_waiting
from orchestration.settings import Settings, load_settings, now

logger = logging.getLogger(__name__)

NIGHTLY = "nightly"
BACKFILL = "backfill"
# A run that was begun on a console, which tells of its ending itself.
FROM_CONSOLE = "nps/from_console"
# A night is late so long after it was due: twice what the largest takes.
LATE_AFTER = timedelta(hours=2)
# As the command line ends where a night failed.
EXIT_FAILED = 1


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


@dg.schedule(
    name="nightly_schedule",
    job=nightly,
    cron_schedule=_settings.schedule,
    execution_timezone=_settings.timezone,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Asks for a night as NPS_SCHEDULE says, unless one waits already for another to end.",
)
def nightly_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    return dg.SkipReason(REFUSED) if is_one_waiting(context.instance) else dg.RunRequest()


def _why(events: Sequence[dg.DagsterEvent], settings: Settings) -> str:
    try:
        return why_it_failed(events, settings.home)
    except KeyboardInterrupt:
        return "FAILED: the run was interrupted."


def _told_by_daemon(context: dg.RunStatusSensorContext) -> bool:
    return FROM_CONSOLE not in context.dagster_run.tags


def _span(context: dg.RunStatusSensorContext) -> tuple[datetime, datetime]:
    """When the run began and ended; one that could not begin did both at once."""
    record = context.instance.get_run_record_by_id(context.dagster_run.run_id)
    ended = record.end_time if record is not None and record.end_time else now().timestamp()
    started = record.start_time if record is not None and record.start_time else ended
    return datetime.fromtimestamp(started, UTC), datetime.fromtimestamp(ended, UTC)


@dg.run_failure_sensor(
    name="tell_of_a_failure",
    monitored_jobs=[nightly, backfill],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notes that a run of the daemon's failed, and tells those whom NPS_NOTIFY names why.",
)
def tell_of_a_failure(context: dg.RunFailureSensorContext) -> None:
    if _told_by_daemon(context):
        settings = load_settings()
        why = _why([*context.get_step_failure_events(), context.failure_event], settings)
        ending = Ending(EXIT_FAILED)
        ending.failed(why)
        note(settings, ending, *_span(context))
        notices.tell(settings, notices.failed, why)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    name="tell_of_a_release",
    monitored_jobs=[nightly, backfill],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Notes what a run of the daemon's published, and tells those whom NPS_NOTIFY names.",
)
def tell_of_a_release(context: dg.RunStatusSensorContext) -> None:
    settings = load_settings()
    build = published_build(settings)
    if _told_by_daemon(context) and build is not None:
        ending = Ending(0, build=build)
        note(settings, ending, *_span(context))
        notices.tell(settings, notices.ended, build)


@dg.sensor(
    name="tell_of_a_late_night",
    minimum_interval_seconds=300,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells those whom NPS_NOTIFY names, once, that a night that was due has published nothing.",
)
def tell_of_a_late_night(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    settings = load_settings()
    due = late_night(settings, now())
    if due is None:
        return dg.SkipReason("The last night that was due has come.")
    if context.cursor == due.isoformat():
        return dg.SkipReason(f"The night of {due} is late, and that was said.")
    # First, so that what cannot be sent is not tried again every five minutes.
    context.update_cursor(due.isoformat())
    notices.tell(settings, notices.late, due)
    return dg.SkipReason(f"The night of {due} is late.")


def late_night(settings: Settings, moment: datetime) -> datetime | None:
    """When the last night was due, if it is late by now; None before the first release, which nobody waits for.

    The newest release tells, and not the one that readers see: after a rollback that is an older one.
    """
    kept = releases(settings)
    newest = read_build(settings.releases_folder / kept[-1]) if kept else None
    ticks = reverse_cron_string_iterator((moment - LATE_AFTER).timestamp(), settings.schedule, settings.timezone)
    due = next(ticks)
    if newest is None or datetime.fromisoformat(newest["finished_at"]) >= due:
        return None
    return due


sensors: Sequence[dg.SensorDefinition] = (tell_of_a_failure, tell_of_a_release, tell_of_a_late_night)
