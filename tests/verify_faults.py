"""Faults at every moment: readers see the old release or the new one, whole, and the next night puts everything right.

    python -m tests.verify_faults [first [trials]] [words …]

tries what tests/faults.yml lists, or those trials whose names hold all the words, and prints a line for each and a
table at the end; ends with 1 if a promise is broken. What a trial holds:

- The command ends as the fault says (``ends``): ``failed`` with an exit code and a message that matches ``said``,
  ``killed``, ``works``, or ``either``. There is never a traceback, and no process is left running.
- What readers see is whole, and is what they saw before or what the command was to publish; after a message that it
  failed, it is what they saw before.
- With the fault gone, the same command succeeds, and what it publishes is what a build from nothing publishes.

Fields of a fault, beside those of injected/sitecustomize.py:

limits    a line of shell, such as ``ulimit -n 40``, before the command
variables of the environment; {folder} is a folder of the trial's own. None: the variable is taken away
room      a disk of the home's own, on which so many KiB are free
closed    parts of the home that are mounted read-only
strays    files (or folders: ``name/``) that are put into the home
names     how the home, the raw folder, the project or the temporary folder are named; ``link``: by a link
user      the project is of another user, who may read it alone; the parts named of the home, too
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from adbc_driver_postgresql import dbapi

from orchestration.files import file_hash
from orchestration.release.integrity import check
from orchestration.settings import REPOSITORY
from tests.conftest import build_environment, run_cli, run_nightly, write_tiny_raw
from tests.nights import contents
from tests.postgres_server import PostgresServer, postgres_server

LIST = Path(__file__).with_name("faults.yml")
INJECTED = Path(__file__).with_name("injected")
FIRST_DAY, NEXT_DAY = "2024-07-01", "2024-07-02"
# In this time dbt ends, too, if its parent is killed.
END_SECONDS = 300
PROCESSES = int(os.environ.get("PROCESSES", "2"))
# What a run may write that does not bear on the next one.
PASSED_OVER = ("build/logs", "build/record.json", "build/writer.lock", "dagster/", "health.json")
# A user of whom nobody knows.
SOMEBODY = 12345


@dataclass(frozen=True)
class Trial:
    """One fault at one moment of one command; ``fault`` has the fields of both."""

    command: str
    fault_name: str
    moment_name: str
    fault: Mapping[str, Any]
    is_in_ci: bool = False

    @property
    def name(self) -> str:
        return f"{self.command}, {self.moment_name}: {self.fault_name}"


def trials() -> list[Trial]:
    """What the list holds, in its order."""
    listed = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    found = []
    for group in listed["groups"]:
        for moment in group.get("moments", ["before it begins"]):
            for fault in group["faults"]:
                for nth in _numbers(group.get("nth")):
                    fields = {**listed["moments"][moment], **listed["faults"][fault], **group.get("fields", {})}
                    at = moment if nth is None else f"{moment} {nth}"
                    found.append(Trial(group["command"], fault, at, fields | ({"nth": nth} if nth else {})))
    in_ci = set(listed.get("ci", ()))
    unknown = in_ci - {trial.name for trial in found}
    assert not unknown, f"{LIST.name} has no trial {unknown}"
    return [Trial(**{**vars(trial), "is_in_ci": trial.name in in_ci}) for trial in found]


def _numbers(said: str | int | None) -> list[int | None]:
    """The calls of which a group speaks: "1..9" are all of them, "1..9/4" every fourth."""
    if said is None:
        return [None]
    first, _, rest = str(said).partition("..")
    last, _, step = rest.partition("/")
    return list(range(int(first), int(last or first) + 1, int(step or 1)))


# What a trial begins with ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Company:
    """A home for each command, the raw rows that arrived since, and what a build from nothing makes of them.

    Before a publication and after a rollback, two releases are kept, and the first is shown.
    """

    folder: Path
    server: PostgresServer | None = None
    old: Mapping[str, str] = field(default_factory=dict)
    new: Mapping[str, str] = field(default_factory=dict)

    @property
    def homes(self) -> Mapping[str, Path]:
        return {command: self.folder / command for command in ("nightly", "publish", "rollback")}

    @property
    def raw(self) -> Path:
        return self.folder / "raw"


def build_company(folder: Path, server: PostgresServer | None = None, first: Path | None = None) -> Company:
    """The homes of a campaign; ``first`` is one in which the rows of write_tiny_raw have been built already.

    Then, what arrives is built upon it alone, and not from nothing besides.
    """
    company = Company(folder, server)
    homes = company.homes
    write_tiny_raw(company.raw)
    if first is None:
        _succeed(run_nightly(homes["nightly"], company.raw, NPS_AS_OF=FIRST_DAY))
    else:
        shutil.copytree(first, homes["nightly"], symlinks=True)
    old = contents(homes["nightly"])
    with (company.raw / "survey_responses.csv").open("a", encoding="utf-8") as responses:
        responses.write("late,a1,c1,2024-06-20T10:00:00Z,0,It broke\n")
    accounts = company.raw / "crm_accounts.csv"
    accounts.write_text(accounts.read_text(encoding="utf-8").replace("a3,Account 3,enterprise", "a3,Account 3,small"))
    shutil.copytree(homes["nightly"], homes["rollback"], symlinks=True)
    _succeed(run_nightly(homes["rollback"], company.raw, NPS_AS_OF=NEXT_DAY))
    shutil.copytree(homes["rollback"], homes["publish"], symlinks=True)
    _succeed(run_cli(homes["publish"], company.raw, "rollback"))
    afresh = homes["rollback"]
    if first is None:
        afresh = folder / "afresh"
        # Which no raw file tells any more.
        shutil.copytree(homes["nightly"] / "history", afresh / "history")
        _succeed(run_nightly(afresh, company.raw, NPS_AS_OF=NEXT_DAY))
    new = contents(afresh)
    return Company(folder, server, old, new)


def _succeed(done: Any) -> None:
    if done.code != 0:
        raise RuntimeError(done.stderr)


# One trial ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Outcome:
    """Which promises were broken, in words; ``is_reached``: the fault came to its moment."""

    trial: Trial
    broken: Sequence[str]
    is_reached: bool
    said: str
    seconds: float


@dataclass
class Place:
    """Where a trial takes place."""

    folder: Path
    home: Path
    raw: Path
    project: Path = REPOSITORY
    prefix: list[str] = field(default_factory=list)
    variables: dict[str, str | None] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    # The URL of a database into which each release is published, too.
    database: str = ""
    # What is put away when the trial has ended.
    afterwards: ExitStack = field(default_factory=ExitStack)

    @property
    def marker(self) -> Path:
        return self.folder / "happened"

    def run(self, command: str, *, is_faulty: bool) -> subprocess.CompletedProcess[str]:
        given = {"NPS_AS_OF": NEXT_DAY, "NPS_LOCK_TIMEOUT": "300", **self.settings}
        environment = build_environment(self.home, self.raw, **given)
        environment["TMPDIR"] = str(self.folder)
        if is_faulty:
            for name, value in self.variables.items():
                environment.pop(name, None)
                if value is not None:
                    environment[name] = value
        arguments = [*(self.prefix if is_faulty else ()), sys.executable, "-m", "orchestration", *command.split()]
        return subprocess.run(
            arguments,
            env=environment,
            cwd=self.project,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            start_new_session=True,
        )


def tried_and_tidied(company: Company, trial: Trial, folder: Path) -> Outcome:
    try:
        return tried(company, trial, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tried(company: Company, trial: Trial, folder: Path) -> Outcome:
    started = time.perf_counter()
    folder.mkdir(parents=True)
    place = Place(folder, folder / "home", company.raw)
    broken: list[str] = []
    with place.afterwards:
        shutil.copytree(company.homes[trial.command], place.home, symlinks=True)
        if trial.fault.get("is_served"):
            serve(place, company.server)
        with ExitStack() as faults:
            for name in (kind for kind in KINDS if kind in trial.fault):
                faults.enter_context(KINDS[name](place, trial.fault[name]))
            if "does" in trial.fault or "hours" in trial.fault:
                place.variables["PYTHONPATH"] = os.pathsep.join(map(str, (INJECTED, place.project)))
                place.variables["FAULT"] = json.dumps({"does": "", **trial.fault, "marker": str(place.marker)})
            before, served = what_stands(place.home), what_is_served(place)
            done = place.run(trial.command, is_faulty=True)
            broken += _how_it_ended(trial, place, done)
            after = what_stands(place.home)
        is_reached = "does" not in trial.fault or place.marker.exists()
        broken += what_readers_saw(place, company, trial.command, before, after, done.returncode)
        served_then = what_is_served(place)
        if is_untouched(place.home, company.homes[trial.command]) and not place.database:
            # The next one would begin as it did, and came to its right end while the company was made.
            return Outcome(trial, broken, is_reached, _said(done), time.perf_counter() - started)
        again = place.run("publish" if trial.command == "rollback" else trial.command, is_faulty=False)
        if again.returncode != 0:
            broken.append(f"the next one ends with {again.returncode}: {_short(again.stderr)}")
        elif contents(place.home) != company.new:
            broken.append("the next one is not what a build from nothing publishes")
        damage = check(place.home / "published").damage
        if damage:
            broken.append(f"after the next one, {'; '.join(damage)}")
        served_now = what_is_served(place)
        broken += [
            f"readers of {name} see what is neither the old release nor the new one"
            for name in served
            if served_then[name] not in (served[name], served_now[name])
        ]
        broken += [f"{name} does not show the new release" for name in served if served_now[name] == served[name]]
    return Outcome(trial, broken, is_reached, _said(done), time.perf_counter() - started)


def _said(done: subprocess.CompletedProcess[str]) -> str:
    return "killed" if done.returncode < 0 else _short(done.stderr) if done.returncode else "works"


def is_untouched(home: Path, template: Path) -> bool:
    """Whether all files are what they were, but for logs, the history of runs, and what is said of the run."""
    return _files(home) == _files(template)


def _files(home: Path) -> dict[str, str]:
    files = (path for path in home.rglob("*") if path.is_file())
    named = {str(path.relative_to(home)): path for path in files}
    return {name: file_hash(path) for name, path in named.items() if not name.startswith(PASSED_OVER)}


def serve(place: Place, server: PostgresServer | None) -> None:
    """Publish what is published in a database and in Parquet files, too."""
    assert server is not None
    name = place.folder.name.replace("-", "_")
    server.run(f"create database {name}")
    place.database = server.url(database=name)
    place.afterwards.callback(server.run, f"drop database {name} with (force)")
    place.settings["NPS_PUBLISH"] = f"{place.database} parquet:{place.folder / 'lake'}"
    done = place.run("publish", is_faulty=False)
    assert done.returncode == 0, done.stderr


def what_stands(home: Path) -> dict[str, tuple[int, int]]:
    """Every published file by its name, with what changes if it is written or replaced."""
    published = home / "published"
    files = [path for path in sorted(published.rglob("*")) if path.is_file()]
    return {str(path.relative_to(published)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in files}


def what_is_served(place: Place) -> dict[str, object]:
    """What readers of the other destinations see, by their names."""
    if not place.database:
        return {}
    with dbapi.connect(place.database, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute("select obj_description('marts'::regnamespace)")
        rows = {"": str(cursor.fetchall())}
        cursor.execute("select table_name::text from information_schema.tables where table_schema = 'marts' order by 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f"select md5(string_agg(t::text, '|' order by t::text)) from marts.{table} as t")
            rows[table] = str(cursor.fetchall())
    lake = place.folder / "lake"
    files = {str(path.relative_to(lake / "current")): file_hash(path) for path in (lake / "current").rglob("*.parquet")}
    return {"PostgreSQL": rows, "Parquet": ((lake / "current").readlink(), files)}


def what_readers_saw(
    place: Place, company: Company, command: str, before: Mapping[str, Any], after: Mapping[str, Any], code: int
) -> Iterator[str]:
    damage = check(place.home / "published").damage
    if damage:
        yield f"TORN: {'; '.join(damage)}"
        return
    seen = contents(place.home)
    if seen not in (company.old, company.new):
        yield "readers see what is neither the old release nor the new one"
    if code == 0 and seen != (company.old if command == "rollback" else company.new):
        yield "it says that it succeeded, and readers see another release"
    if code == 1 and after != before:
        yield "it says that it failed, and what is published is another"


def _how_it_ended(trial: Trial, place: Place, done: subprocess.CompletedProcess[str]) -> Iterator[str]:
    said, ends = done.stdout + done.stderr, trial.fault.get("ends", "failed")
    if "Traceback" in said:
        yield f"a traceback: {_short(said)}"
    if "does" in trial.fault and not place.marker.exists():
        return
    found = "killed" if done.returncode < 0 else "failed" if done.returncode else "works"
    if ends != found and not (ends == "either" and found != "killed"):
        yield f"it {found} ({done.returncode}) and was to be {ends}: {_short(said)}"
    if found == "failed" and not re.search(trial.fault.get("said", "next: "), done.stderr):
        yield f"it does not say {trial.fault.get('said', 'what to do')!r}: {_short(said)}"
    deadline = time.monotonic() + (END_SECONDS if found == "killed" else 1)
    while left := processes_of(place):
        if time.monotonic() > deadline:
            yield f"left running: {left}"
            break
        time.sleep(0.2)


def processes_of(place: Place) -> list[str]:
    """The processes that work on the home, by their command lines."""
    wanted = f"NPS_HOME={place.home}\0".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (process / "environ").read_bytes() + b"\0":
                found.append(
                    (process / "cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ")[:200]
                )
        except OSError:
            continue
    return found


def _short(text: str) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("FAILED", "example", "next:")) or "rror" in line]
    return " | ".join((told or lines)[-3:])[-400:]


# Kinds of faults of the place --------------------------------------------------------------------------------------


@contextmanager
def limits(place: Place, line: str) -> Iterator[None]:
    place.prefix += ["sh", "-c", f'{line}; exec "$0" "$@"']
    yield


@contextmanager
def variables(place: Place, given: Mapping[str, str | None]) -> Iterator[None]:
    place.variables |= {name: value and value.format(folder=place.folder) for name, value in given.items()}
    yield


@contextmanager
def room(place: Place, kib: int) -> Iterator[None]:
    """A disk of the home's own, which is large enough again afterwards."""
    disk = place.folder / "disk"
    disk.mkdir()
    _mount(place, "-t", "tmpfs", "-o", "size=4g", "tmpfs", str(disk))
    place.home = Path(shutil.move(place.home, disk / "home"))
    state = os.statvfs(disk)
    used = (state.f_blocks - state.f_bfree) * state.f_frsize // 1024
    _remount(disk, f"size={used + kib}k")
    yield
    _remount(disk, "size=4g")


@contextmanager
def closed(place: Place, parts: Sequence[str]) -> Iterator[None]:
    with ExitStack() as mounts:
        for part in parts:
            path = place.raw if part == "raw" else place.home / part
            path.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", path, path], check=True)
            mounts.callback(_unmount, path)
            _remount(path, "ro,bind")
        yield


@contextmanager
def strays(place: Place, names: Sequence[str]) -> Iterator[None]:
    for name in names:
        path = place.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir()
            (path / "notes.txt").write_text("of somebody else", encoding="utf-8")
        else:
            path.write_text("of somebody else", encoding="utf-8")
    yield


@contextmanager
def names(place: Place, given: Mapping[str, Any]) -> Iterator[None]:
    """Other names; of the project a copy is made."""
    links = given.get("link", ())
    if "project" in given:
        place.project = _copy_of_project(place, given["project"])
    for part in {"home", "raw"} & given.keys():
        path: Path = getattr(place, part)
        target = place.folder / given[part]
        setattr(place, part, path.rename(target) if part == "home" else Path(shutil.copytree(path, target)))
    for part in links:
        link = place.folder / f"link to {part}"
        link.symlink_to(getattr(place, part))
        setattr(place, part, link)
    if "temporary" in given:
        (place.folder / given["temporary"]).mkdir()
        place.variables["TMPDIR"] = str(place.folder / given["temporary"])
    yield


def _copy_of_project(place: Place, name: str) -> Path:
    unwanted = shutil.ignore_patterns("logs", "__pycache__")
    for part in ("orchestration", "expectations", "dbt_project", "seeds"):
        shutil.copytree(REPOSITORY / part, place.folder / name / part, ignore=unwanted)
    return place.folder / name


@contextmanager
def user(place: Place, parts: Sequence[str]) -> Iterator[None]:
    """Parts of the home, the raw folder or the project are of another user, and may be read alone."""
    mine = []
    for part in parts:
        if part == "project":
            place.project = _copy_of_project(place, "project")
            shutil.rmtree(place.project / "dbt_project" / "target", ignore_errors=True)
        root = {"project": place.project, "raw": place.raw}.get(part, place.home / part)
        for path in (root, *root.rglob("*")):
            if not path.is_symlink():
                mine.append((path, path.stat().st_mode))
                path.chmod(path.stat().st_mode & 0o555)
                if os.geteuid() == 0:
                    os.chown(path, SOMEBODY, SOMEBODY)
    if os.geteuid() == 0:
        # As root, but without what lets root pass over permissions.
        place.prefix += ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown", "--inh-caps=-all"]
    yield
    for path, mode in mine:
        if path.exists():
            path.chmod(mode)
            if os.geteuid() == 0:
                os.chown(path, 0, 0)


def _mount(place: Place, *arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
    place.afterwards.callback(_unmount, arguments[-1])


def _unmount(path: Path | str) -> None:
    subprocess.run(["umount", path], check=True)


def _remount(path: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", path], check=True)


KINDS: dict[str, Callable[[Place, Any], Any]] = {
    "names": names,
    "room": room,
    "strays": strays,
    "user": user,
    "closed": closed,
    "limits": limits,
    "variables": variables,
}


# The campaign ------------------------------------------------------------------------------------------------------


def main(chosen: Sequence[Trial]) -> int:
    held, not_reached, failed = 0, 0, []
    if os.geteuid() != 0:
        n_listed = len(chosen)
        chosen = [trial for trial in chosen if not {"room", "closed"} & trial.fault.keys()]
        print(f"{n_listed - len(chosen)} trials are left out: only root may mount a disk")
    lock = threading.Lock()
    with (
        postgres_server() as server,
        tempfile.TemporaryDirectory(prefix="nps-faults-") as name,
        ThreadPoolExecutor(PROCESSES) as pool,
    ):
        company = build_company(Path(name) / "company", server)
        jobs = [
            pool.submit(tried_and_tidied, company, trial, Path(name) / f"trial-{number}")
            for number, trial in enumerate(chosen)
        ]
        for number, job in enumerate(jobs):
            outcome = job.result()
            with lock:
                word = "BROKEN" if outcome.broken else "held" if outcome.is_reached else "not reached"
                print(
                    f"{number:3} {word:11} {outcome.seconds:5.1f} s  {outcome.trial.name} -> {outcome.said}", flush=True
                )
                for promise in outcome.broken:
                    print(f"      {promise}", flush=True)
            held += not outcome.broken and outcome.is_reached
            not_reached += not outcome.broken and not outcome.is_reached
            if outcome.broken:
                failed.append(outcome.trial)
    print(f"\n{held} of {len(chosen) - not_reached} trials held; {not_reached} did not come to their moment")
    for trial in failed:
        print(f"  broken: {trial.name}")
    return 1 if failed else 0


def _chosen(arguments: Sequence[str]) -> list[Trial]:
    numbers = [int(argument) for argument in arguments if argument.isdigit()]
    words = [argument for argument in arguments if not argument.isdigit()]
    found = [trial for trial in trials() if all(word in trial.name for word in words)]
    first, count = (*numbers, *(0, len(found))[len(numbers) :])[:2]
    return found[first : first + count]


if __name__ == "__main__":
    sys.exit(main(_chosen(sys.argv[1:])))
