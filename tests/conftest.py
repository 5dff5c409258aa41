"""What the tests share: builds through the nightly job, of the sample company and of a tiny one."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.raw.landing import Landing, land
from orchestration.settings import PROJECT, REFERENCE, REPOSITORY, SAMPLE_RAW, load_settings
from orchestration.transform.dbt_cli import engine_versions
from tests.raws import TABLES

# The as-of date of the tiny company.
SAMPLE_AS_OF = load_settings({}).as_of
TINY_AS_OF = "2024-07-01"


# Files of a few long tests, which xdist would begin last.
LONG = (
    "test_nights.py",
    "test_upkeep.py",
    "test_value_of_a_point.py",
    "test_money_leakage.py",
    "test_trust.py",
    "test_serving_postgres.py",
    "test_campaign.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files begin first, so that no process ends with one while the others have nothing to do."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """A verb called in this process makes files for their owner alone; the next test begins as the first did."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def last_lines(self) -> str:
        return "\n".join(self.stderr.strip().splitlines()[-12:])


def build_environment(home: Path, raw: Path | str, **settings: str) -> dict[str, str]:
    """The environment of a build; settings of the one who runs the tests do not count."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("NPS_")}
    return inherited | {"NPS_HOME": str(home), "NPS_RAW": str(raw)} | settings


def run_cli(home: Path, raw: Path | str, *arguments: str, **settings: str) -> Finished:
    """``python -m orchestration`` with these arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", *arguments],
        env=build_environment(home, raw, **settings),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


def run_nightly(home: Path, raw: Path | str, **settings: str) -> Finished:
    """A nightly build as `make nightly` runs it."""
    return run_cli(home, raw, "nightly", **settings)


def run_dbt(
    folder: Path, *arguments: str, project: Path = PROJECT, as_job: bool = False, **settings: str
) -> subprocess.CompletedProcess[str]:
    """dbt on the build file ``warehouse.duckdb`` of a folder: by hand, or as the nightly job calls it."""
    command = [str(Path(sys.executable).with_name("dbt")), *arguments]
    command += ["--project-dir", str(project), "--profiles-dir", str(project), "--no-use-colors"]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    given = {"NPS_BUILD_FILE": str(folder / "warehouse.duckdb"), "NPS_AS_OF": SAMPLE_AS_OF.isoformat()}
    if as_job:
        given |= {"NPS_BUILT_WITH": ", ".join(engine_versions(load_settings({})))}
    environment = build_environment(folder, SAMPLE_RAW, **given | settings)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def copy_project(folder: Path) -> Path:
    """A copy of the dbt project, to change at will."""
    ignored = shutil.ignore_patterns("target", "logs")
    shutil.copytree(REFERENCE, folder / "seeds" / "reference")
    return Path(shutil.copytree(PROJECT, folder / "dbt_project", ignore=ignored))


def write_tiny_raw(folder: Path) -> Path:
    """The three required tables, as small as they can be and still give a score, groups and revenue."""
    folder.mkdir(parents=True, exist_ok=True)
    accounts = ["account_id,account_name,segment,size_band,region,created_at"]
    accounts += [
        f"a{n},Account {n},{'enterprise' if n % 2 else 'small_business'},50-249,emea,2023-01-01" for n in range(8)
    ]
    responses = ["response_id,account_id,contact_id,answered_at,score,verbatim_reason"]
    responses += [
        f"r{n},a{n % 8},c{n % 16},2024-0{1 + n % 6}-15T10:00:00Z,{(10, 9, 7, 3, 8)[n % 5]},It works" for n in range(40)
    ]
    revenue = ["revenue_id,account_id,period_start,period_end,amount,revenue_type"]
    revenue += [
        f"v{n}-{month},a{n},2024-{month:02d}-01,2024-{month:02d}-28,{100 * (n + 1)},subscription"
        for n in range(8)
        for month in range(1, 7)
    ]
    for name, lines in {"crm_accounts": accounts, "survey_responses": responses, "crm_revenue": revenue}.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def tiny_raw(tmp_path: Path) -> Path:
    """A raw folder with the tiny company, to change at will."""
    return write_tiny_raw(tmp_path / "raw")


@contextmanager
def built_once(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that all workers of a test run share, and whether the caller has to fill it."""
    shared = (
        tmp_path_factory.getbasetemp().parent if "PYTEST_XDIST_WORKER" in os.environ else tmp_path_factory.getbasetemp()
    )
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield shared / name, not (shared / name / "published" / "build.json").is_file()


@pytest.fixture(scope="session")
def sample_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NPS_HOME of the sample company, built and published by the nightly job; to read only."""
    with built_once(tmp_path_factory, "sample") as (home, is_missing):
        if is_missing:
            done = run_nightly(home, SAMPLE_RAW)
            assert done.code == 0, done.stderr
    return home


@pytest.fixture(scope="session")
def tiny_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """NPS_HOME of the tiny company, built and published by the nightly job; to read only."""
    with built_once(tmp_path_factory, "tiny") as (home, is_missing):
        if is_missing:
            done = run_nightly(home, write_tiny_raw(home / "raw"), NPS_AS_OF=TINY_AS_OF)
            assert done.code == 0, done.stderr
    return home


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw files"
    folder.mkdir()
    return folder


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


@pytest.fixture
def landing(raw: Path, warehouse: duckdb.DuckDBPyConnection) -> Callable[[], Landing]:
    return lambda: land(warehouse, str(raw), TABLES)


@pytest.fixture
def answers(
    landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> Callable[[], list[tuple[object, ...]]]:
    """Land, and give the answers as (answer_id, score, note, file, row number) in the order of row numbers."""

    def read() -> list[tuple[object, ...]]:
        landing()
        return warehouse.execute(
            "select answer_id, score, note, _source_file, _row_number from raw.answers order by _row_number"
        ).fetchall()

    return read
