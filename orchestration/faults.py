"""What a machine does to a run: no room, no permission, no memory. Each is known by its words and said in one sentence.

The system, DuckDB, SQLite and dbt all pass on the same words, and Dagster keeps nothing of an error but its text. So a
fault is told by its text, wherever it came up.
"""

from __future__ import annotations

import re
import resource
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.findings import BuildError, Finding


@dataclass(frozen=True)
class Fault:
    """A kind of fault: the words by which it is known, and what is said of it."""

    rule: str
    words: tuple[str, ...]
    message: str
    next_step: str


# In this order: what is said first is what stands behind the others.
FAULTS = (
    Fault(
        "no_space",
        (
            "No space left on device",
            "Disk quota exceeded",
            "File too large",
            "database or disk is full",
            "max_temp_directory_size",
        ),
        "there is no room to write",
        "Make room there (df -h; a quota and ulimit -f count, too)",
    ),
    Fault(
        "read_only",
        ("Read-only file system", "attempt to write a readonly database"),
        "it lies where nothing may be written",
        "Let the file system be written to, or set NPS_HOME to a folder of your own",
    ),
    Fault(
        "no_permission",
        ("Permission denied", "Operation not permitted"),
        "the user who runs this may not do that",
        "Give the file to that user (chown, chmod u+rw), or set NPS_HOME to a folder of your own",
    ),
    Fault(
        "too_many_files",
        ("Too many open files",),
        "the process may not open so many files",
        "Let it open more: ulimit -n 1024",
    ),
    Fault(
        "no_processes",
        ("can't start new thread", "Resource temporarily unavailable", "thread constructor failed"),
        "no further process or thread could be started",
        "Let the user run more of them (ulimit -u), or end some",
    ),
    Fault(
        "no_memory",
        (
            "MemoryError",
            "Out of Memory Error",
            "OutOfMemoryException",
            "Cannot allocate memory",
            "could not allocate",
            "Could not allocate",
            "failed to allocate",
            "Failed to allocate",
            "bad_alloc",
            "failed to map segment",
        ),
        "the memory did not suffice",
        "Raise NPS_MEMORY_LIMIT (or ulimit -v), or end other programs; a build needs about 1 GB besides",
    ),
    Fault(
        "disk_error",
        ("Input/output error", "disk I/O error", "Stale file handle", "Remote I/O error"),
        "the disk could not be read or written",
        "See whether the disk is full (df -h) or broken (dmesg), or set NPS_HOME to another one",
    ),
    Fault(
        "not_opened",
        ("unable to open database file",),
        "it could not be opened",
        "See who may write there (ls -l), and how many files a process may open (ulimit -n)",
    ),
    Fault(
        "not_a_folder",
        ("File exists", "Not a directory", "Is a directory", "Too many levels of symbolic links"),
        "something else stands where a folder or a file of the warehouse belongs",
        "Move it away",
    ),
    Fault(
        "name_too_long",
        ("File name too long",),
        "the path is longer than the file system takes",
        "Set NPS_HOME to a shorter path",
    ),
)
# With so many files a small build comes to its end, and with so many there is some to spare.
FILES_NEEDED, FILES_WANTED = 64, 256
# The errors behind which a fault may be.
FAULTY = (OSError, MemoryError, RuntimeError, ImportError, sqlite3.Error, duckdb.Error)
# A path as the system, DuckDB and SQLite quote it.
QUOTED_PATH = re.compile(r"""(?P<quote>['"])(?P<path>[/~].*?)(?P=quote)""")


def fault_of(error: BaseException, place: Path | str) -> Finding | None:
    """What the machine did, if that is what is behind the error; ``place`` is named where the error names no file."""
    seen: BaseException | None = error
    while seen is not None:
        found = fault_in(f"{type(seen).__name__}: {seen}", place)
        if found is not None:
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def fault_in(text: str, place: Path | str) -> Finding | None:
    """The same of the text of an error."""
    for fault in FAULTS:
        for words in fault.words:
            if words in text:
                path = QUOTED_PATH.search(text)
                said = f"{fault.message} ({words})."
                return Finding(
                    fault.rule,
                    path["path"] if path else str(place),
                    said,
                    next_step=f"{fault.next_step}, and start again.",
                )
    return None


def make_room_for_files() -> None:
    """Let this process, and dbt, open as many files as a build needs; an error if the system does not let it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, FILES_WANTED)
    if allowed < FILES_NEEDED:
        raise BuildError(
            Finding(
                "too_many_files",
                "this user",
                f"a process may open {hard} files, and a build needs {FILES_NEEDED}.",
                next_step=f"Let it open more (ulimit -n {FILES_WANTED}), and start again.",
            )
        )
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


@contextmanager
def faults_said(place: Path | str, *kinds: type[BaseException]) -> Iterator[None]:
    """Raise what the machine did as a BuildError, if it is behind an error of these kinds; others pass."""
    try:
        yield
    except BuildError:
        raise
    except kinds as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            # The engine says in words of its own that Ctrl-C ended a query.
            raise error.__cause__ from None
        found = fault_of(error, place)
        if found is None:
            raise
        raise BuildError(found) from error


ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def signals_held() -> Iterator[None]:
    """Within, no signal ends the process; one that comes takes effect afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _interrupt(*_: object) -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        # A script's shell lets what it starts in the background ignore Ctrl-C, which no SIGTERM is.
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Within, a command that is told to end (SIGTERM), or whose terminal is gone (SIGHUP), ends as Ctrl-C ends it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number, handler in before.items():
        # One that was started to outlive its terminal (nohup) goes on.
        if handler != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
