"""The Dagster instance under NPS_HOME: its configuration, and runs in it."""

from __future__ import annotations

import json
import logging
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg

from orchestration.files import set_aside
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

# A run that lasts longer than this is taken for dead, so that it does not keep the next night's from starting.
MAX_RUN_SECONDS = 6 * 60 * 60
# Sensors look several times a minute, and each look is a row: a week of them tells enough.
TICK_DAYS = 7

# The SQLite files that every run needs; each run has one of its own beside them.
STORES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")

CONFIGURATION = """\
# Written by orchestration/runs/instance.py at every start; change it there.
nux:
  enabled: false
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
    granularity: run
  runs:
    max_concurrent_runs: 1
run_coordinator:
  module: orchestration.runs.queue
  class: OneWaits
retention:
  schedule:
    purge_after_days: {tick_days}
  sensor:
    purge_after_days: {tick_days}
run_monitoring:
  enabled: true
  max_runtime_seconds: {max_run_seconds}
python_logs:
  managed_python_loggers: [orchestration]
  python_log_level: INFO
event_log_storage:
  module: orchestration.runs.history
  class: RunHistory
  config:
    base_dir: {base_dir}
"""


def prepare_home(settings: Settings) -> Path:
    """The instance's folder, with its configuration as this version of the project wants it."""
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True)
    for store in STORES:
        if _is_damaged(home / store):
            aside = set_aside(home / store)
            logger.warning("dagster/%s was damaged and is kept as %s: what it told of runs is lost", store, aside.name)
    path = home / "dagster.yaml"
    wanted = CONFIGURATION.format(
        max_run_seconds=MAX_RUN_SECONDS,
        tick_days=TICK_DAYS,
        base_dir=json.dumps(str(home / "history" / "runs")),
    )
    if path.is_dir():
        set_aside(path)
    if not path.is_file() or path.read_bytes() != wanted.encode():
        path.write_text(wanted, encoding="utf-8")
    return home


def _is_damaged(store: Path) -> bool:
    if store.is_dir():
        return True
    if not store.is_file():
        return False
    try:
        with closing(sqlite3.connect(store)) as connection:
            connection.execute("select count(*) from sqlite_master").fetchall()
    except sqlite3.OperationalError:
        # Locked, or not to be opened just now.
        return False
    except sqlite3.DatabaseError:
        return True
    return False


def open_instance(settings: Settings) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(prepare_home(settings)))
