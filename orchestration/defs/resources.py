"""What every step shares within a run: the settings, the writer's lock, the record of the build."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import dagster as dg
import duckdb

from orchestration.faults import FAULTY, faults_said
from orchestration.findings import BuildError, Finding, PassingFaultError
from orchestration.privacy.files import close_private_folders
from orchestration.release.keeping import let_go_of_logs
from orchestration.release.publication import mend_published, new_build_id
from orchestration.release.warehouse import writer_lock
from orchestration.runs.layout import take_over
from orchestration.runs.mending import CORRUPT, check_home, mended, set_build_aside
from orchestration.runs.pruning import prune
from orchestration.runs.record import BuildRecord
from orchestration.settings import Settings, backfill_days, load_settings, now

logger = logging.getLogger(__name__)

# Every step belongs to this pool, of which one run at a time may hold the only place (dagster.yaml).
POOL = "warehouse"
# On a run: the process that executes it, by which a run whose process was killed is told from one that waits.
PROCESS_TAG = "nps/process"
TRANSIENT_RETRIES = 2
TRANSIENT_WAIT_SECONDS = 5


@dataclass(frozen=True)
class Build:
    """One run of the build. ``lock`` is the descriptor that holds the writer's lock.

    ``published`` is the database that was published last, None where there is none that is what was published.
    """

    settings: Settings
    record: BuildRecord
    lock: int
    published: Path | None


@dg.resource(
    description="The settings, the record, and the writer's lock, held from the first step to the last.",
    config_schema={
        "backfill_from": dg.Field(str, is_required=False, description="The first day of a backfill, as 2026-01-01."),
        "backfill_to": dg.Field(str, is_required=False, description="Its last day."),
    },
)
def build_resource(context: dg.InitResourceContext) -> Iterator[Build]:
    settings = load_settings()
    close_private_folders(settings)
    if "backfill_from" in context.resource_config or "backfill_to" in context.resource_config:
        settings = replace(settings, backfill=backfill_days(**context.resource_config))
    started = now()
    run_id = context.run_id or "none"
    if context.instance is not None and context.run_id is not None:
        context.instance.add_run_tags(run_id, {PROCESS_TAG: process_tag(os.getpid())})
    holder = f"process {os.getpid()}, run {run_id[:8]}, since {started:%Y-%m-%d %H:%M:%S} UTC"
    with writer_lock(settings, holder) as lock:
        check_home(settings)
        if context.instance is not None:
            prune(settings, context.instance)
        let_go_of_logs(settings)
        found = [*take_over(settings), *mended(settings)]
        standing = mend_published(settings)
        record = BuildRecord(settings.record_file)
        record.begin(
            build_id=new_build_id(settings, started, run_id[:8]),
            started_at=started.isoformat(timespec="seconds"),
            phase_seconds={},
            repairs=[],
        )
        for sentence in (*found, *standing.said):
            record.say(sentence)
        yield Build(settings, record, lock, settings.published_file if standing.is_whole else None)


@contextmanager
def explained(settings: Settings | None = None) -> Iterator[None]:
    """Turn what stops a step into what Dagster should do: fail for good on data, try again on a passing fault.

    A build file of which a block turns out not to be what was written is set aside, where ``settings`` say which.
    """
    passing = (
        PassingFaultError,
        duckdb.IOException,
        duckdb.HTTPException,
        ConnectionError,
        TimeoutError,
        BlockingIOError,
    )
    try:
        with _corrupt_set_aside(settings), faults_said(settings.home if settings else "this machine", *FAULTY):
            yield
    except passing as error:
        logger.warning("a passing fault, perhaps: %s", error)
        raise dg.RetryRequested(TRANSIENT_RETRIES, TRANSIENT_WAIT_SECONDS) from error
    except BuildError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error


@contextmanager
def _corrupt_set_aside(settings: Settings | None) -> Iterator[None]:
    try:
        yield
    except (duckdb.Error, BuildError) as error:
        if settings is None or CORRUPT not in str(error):
            raise
        aside = set_build_aside(settings)
        damaged = Finding(
            "build_file",
            str(settings.build_file),
            f"a block in it is not what was written; the file is kept as {aside.name}.",
            next_step="Run: make nightly. It builds everything anew.",
        )
        raise BuildError(damaged) from error


def fail_abandoned_runs(instance: dg.DagsterInstance) -> None:
    """Say of runs whose process is gone that they failed; else they would hold their place in the queue for ever."""
    running = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
    for run in instance.get_runs(running):
        tag = run.tags.get(PROCESS_TAG)
        if tag is not None and not _is_alive(tag):
            instance.report_run_failed(run, message=f"Process {tag.split()[0]} of this run was ended from outside.")


def process_tag(process: int) -> str:
    """A process by its number and, where the system tells, the moment of its start: numbers are given again."""
    status = Path(f"/proc/{process}/stat")
    if not status.is_file():
        return str(process)
    # The name of the program, in brackets, may hold blanks; the start is the twentieth word after it.
    return f"{process} {status.read_text(encoding='utf-8', errors='replace').rpartition(')')[2].split()[19]}"


def _is_alive(tag: str) -> bool:
    process = int(tag.split()[0])
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return tag in (str(process), process_tag(process))
