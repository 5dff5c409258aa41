"""The Dagster instance under NPS_HOME: its configuration, and runs in it."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg

from orchestration.settings import Settings

# A run that lasts longer than this is taken for dead, so that it does not keep the next night's from starting.
MAX_RUN_SECONDS = 6 * 60 * 60

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
    path = home / "dagster.yaml"
    wanted = CONFIGURATION.format(max_run_seconds=MAX_RUN_SECONDS, base_dir=json.dumps(str(home / "history" / "runs")))
    if not path.is_file() or path.read_text(encoding="utf-8") != wanted:
        path.write_text(wanted, encoding="utf-8")
    return home


def open_instance(settings: Settings) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(prepare_home(settings)))
