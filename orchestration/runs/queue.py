"""The queue of runs that Dagster's daemon starts: while one is at work, one may wait, and no more.

A run does all that has come until it begins, so a second one that waits would find nothing to do.
"""

from __future__ import annotations

import dagster as dg
from dagster._core.run_coordinator import QueuedRunCoordinator, SubmitRunContext

REFUSED = "A run is waiting already, and does what this one would."


def is_one_waiting(instance: dg.DagsterInstance) -> bool:
    return bool(instance.get_run_ids(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]), limit=1))


class OneWaits(QueuedRunCoordinator[dg.DagsterInstance]):
    """Dagster's own queue, which cancels a run that comes while another waits, wherever it was asked for."""

    def submit_run(self, context: SubmitRunContext) -> dg.DagsterRun:
        run = context.dagster_run
        if run.status != dg.DagsterRunStatus.NOT_STARTED or not is_one_waiting(self._instance):
            return super().submit_run(context)
        self._instance.report_run_canceled(run, message=REFUSED)
        canceled = self._instance.get_run_by_id(run.run_id)
        assert canceled is not None
        return canceled
