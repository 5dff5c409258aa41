"""How the last night ended and when one last published, in ``health.json`` of the home: for who watches the nights.

The file can be read by everybody, as what is published can: it holds times, counts, and the name of the rule that
failed, and nothing of any row.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestration.files import readable_by_all, write_json
from orchestration.findings import BuildError
from orchestration.settings import Settings, now

logger = logging.getLogger(__name__)

FILE = "health.json"
FAILED_RULE = re.compile(r"FAILED (\w+)")


@dataclass
class Ending:
    """How a run ended. ``rule`` is what failed, where that has a name; ``build`` the release that it published."""

    exit_code: int
    rule: str | None = None
    build: Mapping[str, Any] | None = None

    def failed(self, reason: str) -> None:
        found = FAILED_RULE.search(reason)
        self.rule = found[1] if found else None

    def published(self, build: Mapping[str, Any]) -> None:
        self.exit_code, self.rule, self.build = 0, None, build


@dataclass(frozen=True)
class Run:
    """The last run that ended; moments are in ISO form, in UTC."""

    started_at: str
    ended_at: str
    duration_seconds: float
    exit_code: int
    rule: str | None


@dataclass(frozen=True)
class Success:
    """The last run that published, which the last one need not be."""

    build_id: str
    as_of: str
    started_at: str
    finished_at: str
    duration_seconds: float
    rows: int
    checks_passed: int
    warnings: int


@dataclass(frozen=True)
class Health:
    last_run: Run | None = None
    last_success: Success | None = None

    def why_not(self, moment: datetime, fresh_hours: float) -> str | None:
        """Why all is not well; None where it is."""
        if self.last_success is None:
            return f"no night has published anything yet, or {FILE} cannot be read"
        hours = age_seconds(self.last_success, moment) / 3600
        if hours > fresh_hours:
            return f"the last night that published ended {hours:.1f} hours ago, and {fresh_hours:g} are allowed"
        return None


def age_seconds(success: Success, moment: datetime) -> float:
    return (moment - datetime.fromisoformat(success.finished_at)).total_seconds()


def health_file(settings: Settings) -> Path:
    return settings.home / FILE


def read_health(settings: Settings) -> Health:
    """What the file says; nothing where it is not there, is not such a file, or cannot be read."""
    try:
        content = json.loads(health_file(settings).read_text(encoding="utf-8"))
        run, success = content["last_run"], content["last_success"]
        return Health(Run(**run) if run else None, Success(**success) if success else None)
    except (OSError, ValueError, KeyError, TypeError):
        return Health()


@contextmanager
def ending_noted(settings: Settings, failed: int, interrupted: int) -> Iterator[Ending]:
    """Write down how the run within ends: with the code ``failed``, unless it says another."""
    started, ending = now(), Ending(failed)
    try:
        yield ending
    except BuildError as error:
        ending.failed(str(error))
        raise
    except KeyboardInterrupt:
        ending.exit_code = interrupted
        raise
    finally:
        note(settings, ending, started, now())


def note(settings: Settings, ending: Ending, started: datetime, ended: datetime) -> None:
    """Write the ending down. Where that cannot be done, it is said, and fails nothing."""
    run = Run(
        started.isoformat(timespec="seconds"),
        ended.isoformat(timespec="seconds"),
        round((ended - started).total_seconds(), 1),
        ending.exit_code,
        ending.rule,
    )
    try:
        success = read_health(settings).last_success if ending.build is None else _success(ending.build)
        with readable_by_all():
            write_json(health_file(settings), asdict(Health(run, success)))
    except OSError as error:
        logger.warning("%s could not be written: %s", health_file(settings), error)


def _success(build: Mapping[str, Any]) -> Success:
    started, finished = (datetime.fromisoformat(build[name]) for name in ("started_at", "finished_at"))
    return Success(
        build["build_id"],
        build["as_of"],
        build["started_at"],
        build["finished_at"],
        (finished - started).total_seconds(),
        sum(build["rows_out"].values()),
        build["checks"]["passed"],
        build["checks"]["warned"],
    )
