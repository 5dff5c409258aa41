"""What nights leave behind is kept for so many nights (NPS_NIGHTS_KEPT): runs, their events, their output.

Dagster's own API deletes a run (``RunHistory.delete_events`` completes it); ticks of schedules and sensors it purges
itself, as ``dagster.yaml`` says. What stands in the way of pruning fails no night: the next one tries again.
"""

from __future__ import annotations

import logging
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from orchestration.runs.history import RunHistory
from orchestration.runs.instance import STORES
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

# A file of which more than this share is free pages is rewritten. Deleted rows leave pages that later ones fill, so
# that this happens where many runs go at once: at first, and after NPS_NIGHTS_KEPT was lowered.
FREE_SHARE = 0.5
SECONDS_TO_WAIT = 5
RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def prune(settings: Settings, instance: dg.DagsterInstance) -> int:
    """Delete all ended runs but the newest, and give the room back; how many were deleted."""
    try:
        deleted = _prune_runs(settings, instance)
        for store in STORES:
            shrink(settings.dagster_home / store)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        logger.warning("old runs were not pruned, which the next night tries again: %s", error)
        return 0
    if deleted:
        logger.info("pruned %d runs beyond the last %d", deleted, settings.nights_kept)
    return deleted


def _prune_runs(settings: Settings, instance: dg.DagsterInstance) -> int:
    history = instance.event_log_storage
    # In this order: a run is written down before its first event is.
    with_events = set(history.get_all_run_ids()) if isinstance(history, RunHistory) else set()
    outputs = {path.name for path in _outputs(settings).glob("*") if RUN_ID.fullmatch(path.name)}
    records = instance.get_run_records()
    ended = [record.dagster_run.run_id for record in records if record.dagster_run.is_finished]
    old = ended[settings.nights_kept :]
    # Of these, runs.db tells nothing any more: it was damaged, or a page asked for a run that had gone.
    unknown = (with_events | outputs) - {record.dagster_run.run_id for record in records}
    for run_id in (*old, *unknown):
        instance.delete_run(run_id)
        shutil.rmtree(_outputs(settings) / run_id, ignore_errors=True)
    return len(old)


def _outputs(settings: Settings) -> Path:
    """Where Dagster keeps what the processes of runs wrote, in a folder for each."""
    return settings.dagster_home / "storage"


def shrink(store: Path) -> bool:
    """Rewrite a SQLite file that is mostly empty; whether it was done.

    Others may have it open: SQLite waits for them, and who waits too long leaves the file as it is.
    """
    if not store.is_file():
        return False
    with closing(sqlite3.connect(store, timeout=SECONDS_TO_WAIT)) as connection:
        ((pages,),) = connection.execute("pragma page_count").fetchall()
        ((free,),) = connection.execute("pragma freelist_count").fetchall()
        if free <= pages * FREE_SHARE:
            return False
        connection.execute("vacuum")
        # Until then the new pages stand in the log beside the file.
        connection.execute("pragma wal_checkpoint(truncate)")
    return True
