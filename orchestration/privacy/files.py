"""Who may read what lies under NPS_HOME: what is published everybody, all else its owner alone."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from orchestration.files import readable_by_all
from orchestration.settings import Settings

OWNER_ALONE = 0o700


def private_folders(settings: Settings) -> tuple[Path, ...]:
    """The folders that hold what is personal: the build, sources, what nights keep, logs, releases, copies."""
    return (
        settings.build_folder,
        settings.sources_folder,
        settings.history_folder,
        settings.enrichment_folder,
        settings.forgotten_folder,
        settings.releases_folder,
        settings.dagster_home,
        settings.dev_folder,
    )


def keep_private(settings: Settings) -> None:
    """From now on this process and its children make files for their owner alone; folders that stand are closed."""
    # Where it cannot be made, the first step that needs it says why.
    with readable_by_all(), suppress(OSError):
        settings.home.mkdir(parents=True, exist_ok=True)
    os.umask(0o077)
    close_private_folders(settings)


def close_private_folders(settings: Settings) -> None:
    """Let nobody but the owner into the folders that an older revision, or another program, has left open."""
    for folder in private_folders(settings):
        if folder.is_dir() and folder.stat().st_uid == os.geteuid() and folder.stat().st_mode & 0o077:
            folder.chmod(OWNER_ALONE)
