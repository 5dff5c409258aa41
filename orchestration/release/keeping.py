"""How long what was published, and what was logged, is kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from orchestration.settings import Keeping, Settings, now

logger = logging.getLogger(__name__)

ID_TIME, ID_TIME_LENGTH = "%Y%m%dT%H%M%SZ", 16
DBT_LOG = "dbt.log"


def time_of(build_id: str) -> datetime | None:
    """The time with which the id of a build begins; None where it begins with none."""
    try:
        return datetime.strptime(build_id[:ID_TIME_LENGTH], ID_TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def outlived(build_ids: Sequence[str], keeping: Keeping) -> list[str]:
    """Of releases, oldest first, those that go: beyond the number that is kept, or older than the newest by more days.

    The newest stays.
    """
    newest = time_of(build_ids[-1]) if build_ids else None
    oldest = newest - timedelta(days=keeping.days) if newest is not None and keeping.days is not None else None
    beyond = len(build_ids) - keeping.number
    return [
        build_id
        for place, build_id in enumerate(build_ids[:-1])
        if place < beyond or (oldest is not None and (time := time_of(build_id)) is not None and time < oldest)
    ]


def let_go_of_logs(settings: Settings) -> None:
    """Remove logs that nothing has been written to for longer than they are kept. For when a night begins.

    dbt goes on in one log for as long as it is there, so that of the last night is put aside.
    """
    folder = settings.logs_folder
    if not folder.is_dir():
        return
    if (folder / DBT_LOG).is_file():
        ended = datetime.fromtimestamp((folder / DBT_LOG).stat().st_mtime, UTC)
        (folder / DBT_LOG).replace(folder / f"dbt-{ended.strftime(ID_TIME)}.log")
    oldest = (now() - timedelta(days=settings.logs_kept_days)).timestamp()
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.stat().st_mtime < oldest:
            path.unlink()
