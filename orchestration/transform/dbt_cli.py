"""How dbt is called: its arguments and paths, its manifest, a running build, and what a finished one says."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from orchestration.company.project import compose, project_sources, source_of
from orchestration.faults import fault_in
from orchestration.findings import EXAMPLES_SHOWN, BuildError, Finding, example_text
from orchestration.privacy.tags import private_columns
from orchestration.release.warehouse import example_rows
from orchestration.settings import PROJECT, Settings, now, process_environment

TARGET = PROJECT / "target"
MANIFEST = "manifest.json"
PARTIAL_PARSE = "partial_parse.msgpack"
INTERRUPT_SECONDS = 20
ENGINES = {
    "duckdb": ("dbt-core", "dbt-duckdb", "duckdb"),
    "spark": ("dbt-core", "dbt-spark", "pyspark"),
}


class ManifestMissingError(Exception):
    """The dbt project has not been parsed, so there is nothing to define assets from."""


# Arguments and paths -----------------------------------------------------------------------------------------------


def command(settings: Settings, verb: Sequence[str], target: Path) -> list[str]:
    """A dbt command line on the project, with the build's target, variables and folders."""
    project = str(settings.project_folder)
    return [
        str(Path(sys.executable).with_name("dbt")),
        *("--no-send-anonymous-usage-stats", "--no-version-check", "--no-use-colors"),
        *("--log-format", "json", "--log-path", str(settings.logs_folder)),
        *("--log-format-file", "text", "--log-level-file", "info"),
        *verb,
        *("--project-dir", project, "--profiles-dir", project, "--target-path", str(target)),
        *("--target", settings.target, "--vars", json.dumps(settings.dbt_vars(), sort_keys=True)),
    ]


def build_verb(selection: Sequence[str] = ()) -> list[str]:
    """The nightly build: seeds, models and data tests. Unit tests need no data and belong to `make test`."""
    return ["build", "--exclude-resource-type", "unit_test", *selection]


def docs_verb(settings: Settings) -> list[str]:
    """The pages of all tables and columns; with what the build file holds, where there is one."""
    return ["docs", "generate", "--static", *([] if settings.build_file.is_file() else ["--empty-catalog"])]


def child_environment(settings: Settings) -> dict[str, str]:
    """What dbt is told, with the versions of the engine: by hand it is not told, and so known (macro is_nightly)."""
    return process_environment() | settings.environment() | {"NPS_BUILT_WITH": ", ".join(engine_versions(settings))}


def engine_versions(settings: Settings) -> list[str]:
    """The packages that decide what SQL does, each with its version; of one that is not there dbt itself will tell."""
    found = []
    for name in ENGINES[settings.target]:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found


# The manifest ------------------------------------------------------------------------------------------------------


def parsed_folder(settings: Settings) -> Path:
    """Where the parsed project is kept: beside it, for all homes, or under the home if nothing can be written there.

    That of a company with a project of its own is under its home.
    """
    if settings.has_own_project:
        return settings.home / "parsed"
    may_write = os.access(TARGET if TARGET.is_dir() else PROJECT, os.W_OK | os.X_OK)
    return TARGET if may_write else settings.home / "parsed"


def manifest_file(settings: Settings) -> Path:
    return parsed_folder(settings) / MANIFEST


def load_manifest(path: Path = TARGET / MANIFEST) -> dict[str, Any]:
    """The parsed manifest, with every data test attached to the model that it is about."""
    if not path.is_file():
        raise ManifestMissingError(
            f"{path} is not there: the dbt project has not been parsed. Run `make parse` "
            "(or `python -m orchestration parse`) and load again."
        )
    return attach_tests(json.loads(path.read_text(encoding="utf-8")))


def attach_tests(manifest: dict[str, Any]) -> dict[str, Any]:
    """Give a singular test over several models the most derived of them, so that it becomes an asset check there."""
    heights: dict[str, int] = {}

    def height(unique_id: str) -> int:
        if unique_id not in heights:
            parents = manifest["nodes"].get(unique_id, {}).get("depends_on", {}).get("nodes", ())
            heights[unique_id] = 1 + max((height(parent) for parent in parents), default=0)
        return heights[unique_id]

    for node in manifest["nodes"].values():
        parents = node["depends_on"]["nodes"] if node["resource_type"] == "test" else []
        if parents and not node.get("attached_node"):
            node["attached_node"] = max(parents, key=lambda unique_id: (height(unique_id), unique_id))
    return manifest


def is_fresh(manifest: Path, sources: Iterable[Path]) -> bool:
    """Whether the manifest was parsed after the last change of what it is made from."""
    if not manifest.is_file():
        return False
    parsed = manifest.stat().st_mtime
    # One that was parsed while the clock went ahead tells nothing of later changes.
    return parsed <= now().timestamp() and all(source.stat().st_mtime < parsed for source in sources)


def parse(settings: Settings, *, only_if_stale: bool = False) -> bool:
    """Parse the project; whether that was needed. The manifest is replaced whole, whoever is reading it."""
    compose(settings)
    folder, manifest = parsed_folder(settings), manifest_file(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with _parse_lock(folder) as held:
        if only_if_stale and is_fresh(manifest, project_sources(settings)):
            return False
        started = now().timestamp()
        scratch = folder / "parse"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        if partial_parse(settings).is_file():
            shutil.copy2(partial_parse(settings), scratch / PARTIAL_PARSE)
        DbtRun(command(settings, ["parse"], scratch), settings, held=[held]).finish()
        # A file that is edited while dbt parses is newer than the manifest.
        os.utime(scratch / MANIFEST, (started, started))
        (scratch / PARTIAL_PARSE).replace(partial_parse(settings))
        (scratch / MANIFEST).replace(manifest)
        shutil.rmtree(scratch)
    return True


def partial_parse(settings: Settings) -> Path:
    """What dbt keeps of a parsed project. It holds for one engine, whose own macros are part of it."""
    return parsed_folder(settings) / f"partial_parse.{settings.target}.msgpack"


@contextmanager
def _parse_lock(folder: Path) -> Iterator[int]:
    """One parsing at a time. Yields the descriptor that holds the lock, for dbt to hold it, too."""
    with (folder / "parse.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def prepare_target(settings: Settings) -> Path:
    """The build's target folder, without the results of the last build but with what is known of the project."""
    target = settings.dbt_target_folder
    target.mkdir(parents=True, exist_ok=True)
    (target / "run_results.json").unlink(missing_ok=True)
    ours, known = target / PARTIAL_PARSE, partial_parse(settings)
    if known.is_file() and not (ours.is_file() and ours.stat().st_mtime >= known.stat().st_mtime):
        shutil.copy2(known, ours)
    return target


# Running -----------------------------------------------------------------------------------------------------------


class DbtRun:
    """A dbt process, its structured events, and its end.

    ``held`` is the descriptor of the writer's lock: while dbt lives, even orphaned, no other build begins.
    ``peak_memory_mib`` is the most memory that it held, where the system tells.
    """

    def __init__(self, arguments: Sequence[str], settings: Settings, held: Sequence[int] = ()) -> None:
        self.errors: list[str] = []
        self.peak_memory_mib = 0
        self._process = subprocess.Popen(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=child_environment(settings),
            cwd=settings.project_folder,
            text=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=held,
        )
        # Whatever keeps the events from being read to their end: dbt ends with this process.
        atexit.register(self._end)

    @property
    def returncode(self) -> int:
        return self._process.wait()

    def events(self) -> Iterator[dict[str, Any]]:
        """Events as dbt logs them; it is interrupted if they are not read to their end."""
        assert self._process.stdout is not None
        try:
            with self._process.stdout as lines:
                for line in lines:
                    if not line.startswith("{"):
                        # Not an event: a traceback, or a message of the interpreter.
                        self.errors.append(line.rstrip())
                        continue
                    try:
                        event = json.loads(line)
                    except ValueError:
                        # Cut off: dbt was killed in the midst of a line.
                        continue
                    self.peak_memory_mib = max(self.peak_memory_mib, _peak_memory_mib(self._process.pid))
                    if event["info"]["level"] == "error":
                        self.errors.append(event["info"]["msg"])
                    yield event
        finally:
            self._end()

    def finish(self) -> None:
        """Read to the end; an error if dbt could not do what it was asked to."""
        for _ in self.events():
            pass
        if self.returncode != 0:
            raise BuildError(_broken_project(self))

    def _end(self) -> None:
        if self._process.poll() is None:
            try:
                self._process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGINT)
                try:
                    self._process.wait(timeout=INTERRUPT_SECONDS)
                except subprocess.TimeoutExpired:
                    self._process.kill()
        atexit.unregister(self._end)


def _peak_memory_mib(process: int) -> int:
    """The high-water mark of a living process, which the exit status would mix with that of its parent."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii", errors="replace"))
    return int(found[1]) // 1024 if found else 0


# What a build says -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataTestResult:
    """What a data test said: passed, or warned in these words."""

    warning: str | None = None


@dataclass(frozen=True)
class DbtOutcome:
    """What the data tests said, by unique id; what failed; how long the engine worked on the nodes.

    ``all_made``: every table that was begun was made.
    """

    tests: Mapping[str, DataTestResult]
    failures: tuple[Finding, ...] = ()
    seconds: float = 0.0
    all_made: bool = False


def outcome(settings: Settings, run: DbtRun) -> DbtOutcome:
    """Read what a finished build left in its target folder."""
    results_file = settings.dbt_target_folder / "run_results.json"
    if not results_file.is_file():
        return DbtOutcome({}, (_broken_project(run),))
    try:
        results = json.loads(results_file.read_text(encoding="utf-8"))["results"]
        manifest = json.loads((settings.dbt_target_folder / MANIFEST).read_text(encoding="utf-8"))
    except (ValueError, FileNotFoundError):
        # Half written: dbt was killed, or there was no room.
        return DbtOutcome({}, (_broken_project(run),))
    nodes = attach_tests(manifest)["nodes"]
    private = private_columns(manifest)
    failures = tuple(
        _finding(settings, nodes[result["unique_id"]], nodes, result, private)
        for result in results
        if result["status"] in ("error", "fail", "runtime error")
    )
    if run.returncode != 0 and not failures:
        failures = (_broken_project(run),)
    all_made = run.returncode in (0, 1) and not any(
        result["status"] == "error" and nodes[result["unique_id"]]["resource_type"] != "test" for result in results
    )
    tests = {
        result["unique_id"]: DataTestResult(
            f"{nodes[result['unique_id']]['name']} on {_table(nodes[result['unique_id']], nodes)}: {result['message']}"
            if result["status"] == "warn"
            else None
        )
        for result in results
        if result["status"] in ("pass", "warn")
    }
    return DbtOutcome(tests, failures, round(seconds_executing(results), 2), all_made)


def seconds_executing(results: Sequence[Mapping[str, Any]]) -> float:
    """How long one node or more was executing: with several threads they overlap."""
    spans = sorted(
        (datetime.fromisoformat(step["started_at"]), datetime.fromisoformat(step["completed_at"]))
        for result in results
        for step in result["timing"]
        if step["name"] == "execute"
    )
    seconds = 0.0
    busy_until: datetime | None = None
    for started, completed in spans:
        begins = started if busy_until is None else max(started, busy_until)
        seconds += max((completed - begins).total_seconds(), 0.0)
        busy_until = completed if busy_until is None else max(busy_until, completed)
    return seconds


def _table(node: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> str:
    about = nodes.get(node.get("attached_node") or "", node)
    return f"{about['schema']}.{about['alias']}"


def _finding(
    settings: Settings,
    node: Mapping[str, Any],
    nodes: Mapping[str, Mapping[str, Any]],
    result: Mapping[str, Any],
    private: Collection[str],
) -> Finding:
    # The searches for personal data take half a second to import, which a build without failures should not.
    from orchestration.privacy.masking import without_values

    where = source_of(settings, node["original_file_path"])
    fault = fault_in(str(result["message"]), settings.build_file) if result["status"] != "fail" else None
    if fault is not None:
        return fault
    if node["resource_type"] != "test" or result["status"] != "fail":
        return Finding(
            f"{node['resource_type']}_error",
            f"{node['schema']}.{node['alias']}" if node["resource_type"] != "test" else _table(node, nodes),
            without_values(" ".join(str(result["message"]).split())),
            next_step=f"See {where} and {settings.logs_folder / 'dbt.log'}.",
        )
    test = node.get("test_metadata")
    column = node.get("column_name")
    described = f"{test['name']} of {column}" if test and column else test["name"] if test else node["name"]
    compiled = settings.dbt_target_folder / "compiled"
    return Finding(
        node["name"],
        _table(node, nodes),
        f"{described} does not hold ({where}).",
        result["failures"],
        examples(settings, result.get("compiled_code"), private, column),
        f"Correct the input or the model and build again; the query is {node['name']} under {compiled}.",
    )


def examples(
    settings: Settings, query: str | None, private: Collection[str] = (), about: str | None = None
) -> tuple[str, ...]:
    """The first rows that a failed test found, asked of the engine that it ran on.

    Values of the columns that are ``private`` are hidden; ``about`` is the column that the test is about.
    """
    if not query:
        return ()
    from orchestration.privacy.masking import masked

    if settings.target == "duckdb":
        return tuple(example_text(masked(row, private, about)) for row in example_rows(settings.build_file, query))
    # The results of the build stand in its own target folder.
    target = settings.build_folder / "dbt-show"
    verb = ["show", "--inline", f"{{% raw %}}{query}{{% endraw %}}", "--limit", str(EXAMPLES_SHOWN), "--output", "json"]
    shown = [
        json.loads(event["data"]["preview"])
        for event in DbtRun(command(settings, verb, target), settings).events()
        if event["info"]["name"] == "ShowNode"
    ]
    return tuple(example_text(masked(row, private, about)) for rows in shown for row in rows)


def _broken_project(run: DbtRun) -> Finding:
    said = "\n".join(run.errors)
    fault = fault_in(said, "dbt")
    if fault is not None:
        return fault
    if run.returncode < 0:
        return Finding(
            "dbt_ended",
            "dbt",
            f"it was ended by {signal.Signals(-run.returncode).name}, as the system does when memory runs out.",
            next_step="See whether that was so (dmesg), lower NPS_MEMORY_LIMIT if it was, and start again.",
        )
    return Finding(
        "dbt_project",
        "dbt_project",
        "dbt could not work with the project.\n    " + "\n    ".join(said.splitlines()[-15:]),
        next_step="Mend the file that dbt names and run `make parse`.",
    )
