"""What is missing before a night can run here: the machine, the home, the raw files, and whom the settings name.

Each look gives lines. What a look meets is said in the words in which a night would say it (faults.py, findings.py).
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import duckdb

from orchestration.faults import FAULTY, faults_said, make_room_for_files
from orchestration.findings import BuildError
from orchestration.raw.landing import land
from orchestration.raw.tables import tables_from_manifest
from orchestration.release.serving import postgres
from orchestration.release.warehouse import quoted_path
from orchestration.runs.layout import check_layout
from orchestration.runs.mending import check_home
from orchestration.runs.notices import EXTRA
from orchestration.settings import ParquetDestination, PostgresDestination, Settings
from orchestration.transform import dbt_cli

OLDEST_PYTHON, FIRST_UNKNOWN_PYTHON = (3, 11), (3, 13)
GIB = 2**30
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
# Beside the engine's memory, for Python, dbt and Dagster.
MEMORY_BESIDES = GIB
# A home holds the build, what is spilled, and a database for each release that is kept: thirty times the raw files,
# which are often compressed, and what programs and logs take whatever they are.
OWN_FOLDER = "Give it to this user (chown), or name a folder of your own in {}."
FREE_AT_LEAST, FREE_PER_RAW_BYTE = 2 * GIB, 30


@dataclass(frozen=True)
class Line:
    """One thing that was looked at. ``next_step`` says what to do where it is missing, else it is empty.

    Without ``stops_night`` a night can run all the same.
    """

    name: str
    said: str
    next_step: str = ""
    stops_night: bool = True

    @property
    def is_missing(self) -> bool:
        return bool(self.next_step)

    def text(self) -> str:
        lines = [f"{'missing' if self.is_missing else 'ok':<9}{self.name:<15}{self.said}"]
        return "\n".join([*lines, *([f"{'':<24}next: {self.next_step}"] if self.is_missing else [])])


def report_setup(settings: Settings, ports: Sequence[int]) -> bool:
    """Print what was found; whether something is missing without which a night cannot run."""
    stopping = 0
    for line in looks(settings, ports):
        print(line.text(), flush=True)
        stopping += line.is_missing and line.stops_night
    print("A night can run." if not stopping else f"A night cannot run: {stopping} missing.")
    return stopping > 0


def looks(settings: Settings, ports: Sequence[int]) -> Iterator[Line]:
    yield _python(sys.version_info[:2])
    yield from _home(settings)
    yield _disk(settings)
    yield _memory(settings)
    yield _cores()
    yield from _explained("open files", _files)
    yield Line("time zone", f"{settings.timezone}; nights at {settings.schedule}")
    yield from _explained("raw files", lambda: _raw(settings))
    yield from _engine(settings)
    yield from chain.from_iterable(_explained("destination", look) for look in _destinations(settings))
    yield _notifiers(settings)
    yield from (_port(port) for port in ports)


def _explained(name: str, look: Callable[[], Line]) -> Iterator[Line]:
    """What a look finds; what keeps it from looking is missing, in the words of a night."""
    try:
        with faults_said("this machine", *FAULTY):
            yield look()
    except BuildError as error:
        for finding in error.findings:
            yield Line(name, f"{finding.table}: {finding.message}", finding.next_step or "Mend that.")


# The machine -------------------------------------------------------------------------------------------------------


def _python(version: tuple[int, ...]) -> Line:
    said = f"Python {'.'.join(map(str, version))}"
    known = OLDEST_PYTHON <= version < FIRST_UNKNOWN_PYTHON
    return Line("python", said, "" if known else "Make the environment with another: make PYTHON=python3.11")


def _nearest(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _why_not_writable(folder: Path) -> str:
    """Tried, and not asked: whoever may do everything cannot write everywhere, either. Nothing is left there."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return error.strerror or type(error).__name__


def _home(settings: Settings) -> Iterator[Line]:
    home, user = settings.home, os.geteuid()
    place = _nearest(home)
    if os.path.lexists(home) and not home.is_dir():
        yield Line("home", f"{home} is no folder", "Move it away, or set NPS_HOME to a folder.")
        return
    refused = _why_not_writable(place)
    if refused:
        yield Line("home", f"nothing can be written in {place} ({refused})", OWN_FOLDER.format("NPS_HOME"))
        return
    try:
        check_layout(settings)
        check_home(settings)
    except BuildError as error:
        yield from (Line("home", f"{found.table}: {found.message}", found.next_step) for found in error.findings)
        return
    yield Line("home", f"{home}{'' if home.is_dir() else ', which the first night makes'}")
    if not home.is_dir():
        return
    status = home.stat()
    if status.st_uid != user:
        yield Line(
            "owner",
            f"the home is of user {status.st_uid}, and this is user {user}",
            "Run as its owner (runuser -u), or chown it: what is private must be of who runs the nights.",
        )
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        yield Line("owner", "others may write in the home", f"chmod go-w {home}", stops_night=False)
    else:
        yield Line("owner", "the home is of this user, and nobody else may write in it")


def _disk(settings: Settings) -> Line:
    place = _nearest(settings.home)
    free = shutil.disk_usage(place).free
    raw = 0 if "://" in settings.raw else sum(path.stat().st_size for path in _files_below(Path(settings.raw)))
    # A build that stands has taken its room already.
    taken = sum(path.stat().st_size for path in _files_below(settings.build_folder))
    needed = max(FREE_AT_LEAST, FREE_PER_RAW_BYTE * raw - taken)
    said = f"{free / GIB:.1f} GiB free at {place}, {needed / GIB:.1f} wanted"
    return Line("disk", said, "" if free >= needed else "Make room there, or set NPS_HOME to a larger disk.")


def _files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _memory(settings: Settings) -> Line:
    wanted = _bytes_of(settings.memory_limit) + MEMORY_BESIDES
    found = _memory_of_machine(Path("/"))
    said = f"{found / GIB:.1f} GiB, {wanted / GIB:.1f} wanted (NPS_MEMORY_LIMIT={settings.memory_limit} and 1 besides)"
    return Line("memory", said, "" if found >= wanted else "Lower NPS_MEMORY_LIMIT, or give the machine more.")


def _bytes_of(amount: str) -> float:
    """An amount as settings.py lets it pass: 4GB, 512 MiB."""
    number, unit = amount.rstrip("bBiI "), amount.upper().rstrip("BI ")[-1]
    return float(number.rstrip("kKmMgGtT ")) * UNITS[unit]


def _memory_of_machine(root: Path) -> int:
    """What the machine has, or less where a container may use less."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = root / "sys" / "fs" / "cgroup" / "memory.max"
    allowed = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return min(found, int(allowed)) if allowed.isdecimal() else found


def _cores() -> Line:
    number = len(os.sched_getaffinity(0))
    return Line("cores", f"{number}, of which a night uses all")


def _files() -> Line:
    make_room_for_files()
    return Line("open files", "as many as a night opens")


# What is read ------------------------------------------------------------------------------------------------------


def _raw(settings: Settings) -> Line:
    """Land everything into a file that is thrown away: what a night would refuse is refused here."""
    dbt_cli.parse(settings, only_if_stale=True)
    tables = tables_from_manifest(dbt_cli.load_manifest(dbt_cli.manifest_file(settings)))
    required = {table.name for table in tables if table.is_required}
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(Path(folder) / "landed.duckdb") as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        connection.execute(f"set temp_directory = {quoted_path(folder)}")
        landed = land(connection, settings.raw, tables).tables
    empty = sorted(table.name for table in landed if table.name in required and not table.rows)
    if empty:
        return Line(
            "raw files", f"no row in {', '.join(empty)} of {settings.raw}", "Put rows there (docs/raw-tables.md)."
        )
    filled = [table for table in landed if table.rows]
    return Line("raw files", f"{sum(table.rows for table in filled):,} rows of {len(filled)} tables in {settings.raw}")


def _engine(settings: Settings) -> Iterator[Line]:
    if settings.target != "spark":
        return
    has_java = shutil.which("java") is not None
    yield Line("java", "found" if has_java else "not found, and Spark needs it", "" if has_java else "Install Java 17.")
    has_spark = importlib.util.find_spec("pyspark") is not None
    step = "" if has_spark else "Run: make .venv-spark/run"
    yield Line("pyspark", "installed" if has_spark else "not installed, and NPS_TARGET is spark", step)


# Whom the settings name --------------------------------------------------------------------------------------------


def _destinations(settings: Settings) -> Iterator[Callable[[], Line]]:
    for destination in settings.destinations:
        if isinstance(destination, PostgresDestination):
            yield lambda found=destination: _postgres(found)  # type: ignore[misc]
        else:
            yield lambda found=destination: _parquet(found)  # type: ignore[misc]


def _postgres(destination: PostgresDestination) -> Line:
    postgres.check_reachable(destination)
    return Line("destination", f"{destination.name} answers")


def _parquet(destination: ParquetDestination) -> Line:
    place = _nearest(destination.folder)
    refused = _why_not_writable(place)
    if refused:
        return Line("destination", f"nothing can be written in {place} ({refused})", OWN_FOLDER.format("NPS_PUBLISH"))
    return Line("destination", f"{destination.name} can be written to")


def _notifiers(settings: Settings) -> Line:
    if not settings.notify:
        return Line("notices", "nobody is told how a night ended (NPS_NOTIFY)")
    number = f"{len(settings.notify)} address{'' if len(settings.notify) == 1 else 'es'}"
    said = f"{number} in NPS_NOTIFY for: {', '.join(settings.notify_on)}"
    if importlib.util.find_spec("apprise") is None:
        return Line("notices", f"{said}; apprise is not installed", EXTRA, stops_night=False)
    return Line("notices", said)


def _port(port: int) -> Line:
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            said = f"{port} on 127.0.0.1 is not to be had for make serve ({error.strerror})"
            return Line("port", said, "End what listens there, or say another port.", stops_night=False)
    return Line("port", f"{port} on 127.0.0.1 is free for make serve")
