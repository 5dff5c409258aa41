"""A place for private work: a copy of the build in a file of its own, on which dbt is run by hand."""

from __future__ import annotations

import json
import os
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.company.project import compose
from orchestration.files import copy_file
from orchestration.findings import BuildError, Finding
from orchestration.release.publication import published_build
from orchestration.release.warehouse import open_read_only, writer_kept_out
from orchestration.runs.record import BuildRecord
from orchestration.settings import Settings

MIB = 1 << 20
# As dbt_project.yml has them, so that they need not be said.
DEFAULTS = {"reporting_timezone": "UTC", "reporting_currency": "USD"}


@dataclass(frozen=True)
class DevPlace:
    """What was made: the file and the shell settings beside it, of which as-of date, and what is to be known of it."""

    file: Path
    shell_file: Path
    as_of: str
    seconds: float
    warnings: tuple[str, ...]


def make_dev(settings: Settings) -> DevPlace:
    """Copy the build file, as the last build left it, into the place for private work; what was there is replaced.

    While a build is under way nobody waits for it: the copy is then of the published tables alone.
    """
    started = time.perf_counter()
    compose(settings)
    source, warnings = settings.published_file, []
    published = published_build(settings)
    as_of = published["as_of"] if published else settings.as_of.isoformat()
    whose = "that of what is published" if published else "today's"
    with writer_kept_out(settings) as is_at_rest:
        if not is_at_rest:
            warnings.append(
                "A build is under way, so this copy has the published tables alone. "
                "When it has ended, make dev brings the others."
            )
        elif settings.build_file.is_file():
            source = settings.build_file
            _copy(source, settings.dev_file)
            record = BuildRecord(settings.record_file)
            if record.is_readable():
                as_of = record.read().get("dbt", {}).get("as_of", as_of)
            else:
                damaged = f"{record.path} is damaged, and the next night makes it anew"
                warnings.append(f"{damaged}: the as-of date is {whose}.")
            if not settings.built_file.is_file():
                warnings.append("The last build did not come to its end: some tables may be older than others.")
    if source == settings.published_file:
        if published is None or not source.is_file():
            raise BuildError(
                Finding(
                    "no_build",
                    str(settings.home),
                    "there is no build to copy" + (", and one is under way." if warnings else "."),
                    next_step="Wait for it to end, and run: make dev." if warnings else "Run: make nightly.",
                )
            )
        _copy(source, settings.dev_file)
    shell_file = settings.dev_folder / "env"
    shell_file.write_text(_shell_settings(settings, as_of), encoding="utf-8")
    return DevPlace(settings.dev_file, shell_file, as_of, time.perf_counter() - started, tuple(warnings))


def _copy(source: Path, target: Path) -> None:
    """The file and, where it was not closed, its log. Whoever has the target open keeps what they have."""
    logs = [path.with_name(f"{path.name}.wal") for path in (source, target)]
    scratch = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_read_only(source):
            copy_file(source, scratch)
        logs[1].unlink(missing_ok=True)
        if logs[0].is_file():
            copy_file(*logs)
        scratch.chmod(0o600)
        scratch.replace(target)
    except (OSError, duckdb.Error) as error:
        scratch.unlink(missing_ok=True)
        raise BuildError(
            Finding(
                "dev",
                str(target),
                f"the build could not be copied there: {error}.",
                next_step=f"Make room for {source.stat().st_size / MIB:,.0f} MB, or say another folder in NPS_DEV.",
            )
        ) from error


def _shell_settings(settings: Settings, as_of: str) -> str:
    """What a shell is told, so that dbt works on the copy wherever it is called."""
    folder = settings.dev_folder
    told = {
        "DBT_PROJECT_DIR": settings.project_folder,
        "DBT_PROFILES_DIR": settings.project_folder,
        "DBT_TARGET": "dev",
        "DBT_TARGET_PATH": folder / "target",
        "DBT_LOG_PATH": folder / "logs",
        "NPS_DEV": folder,
        # Not NPS_AS_OF: a night that is run from the same shell has a date of its own.
        "NPS_DEV_AS_OF": as_of,
        "NPS_MEMORY_LIMIT": settings.memory_limit,
    }
    if settings.company:
        told["NPS_COMPANY"] = settings.company
    lines = [f"export {name}={shlex.quote(str(value))}" for name, value in told.items()]
    lines.append(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
    return "\n".join(lines) + "\n"


def how_to_go_on(settings: Settings, place: DevPlace) -> str:
    """What is said at the end: where the copy is, and the commands of the inner loop."""
    # The project of a company has them as its own.
    given = "" if settings.has_own_project else _vars(settings.dbt_vars())
    commands = {
        f"dbt run -s <model>{given}": "make it",
        f"dbt test -s <model>{given}": "ask all its tests",
        f"dbt show -s <model>{given}": "look at its first rows",
    }
    width = max(map(len, commands))
    size = place.file.stat().st_size / MIB
    return "\n".join(
        [
            f"{place.file} is a copy of the build as of {place.as_of} ({size:,.0f} MB, {place.seconds:.1f} s).",
            "Nothing that is done there reaches the nightly build or what is published.",
            *place.warnings,
            "",
            "Once in a shell:",
            f"  source {shlex.quote(str(place.shell_file))}",
            "Edit a model, and:",
            *(f"  {command:<{width}}  {what}" for command, what in commands.items()),
        ]
    )


def _vars(given: Mapping[str, str]) -> str:
    others = {name: value for name, value in given.items() if value != DEFAULTS[name]}
    return f" --vars {shlex.quote(json.dumps(others))}" if others else ""
