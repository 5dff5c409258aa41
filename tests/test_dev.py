"""A place for private work: the copy that make dev makes, dbt by hand on it; readers and a build do not wait."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt_common.exceptions import DbtRuntimeError

from orchestration.findings import PassingFaultError
from orchestration.release.trust import is_as_left, state
from orchestration.release.warehouse import open_build, open_read_only
from orchestration.settings import Settings, load_settings
from orchestration.transform.gate import Plugin
from tests.conftest import TINY_AS_OF, run_cli, run_dbt


@pytest.fixture
def home(tiny_release: Path, tmp_path: Path) -> Path:
    """The home of the tiny company, after its first night."""
    return Path(shutil.copytree(tiny_release, tmp_path / "a home"))


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings({"NPS_HOME": str(home)})


def schemas(file: Path) -> set[str]:
    with open_read_only(file) as connection:
        return {schema for (schema,) in connection.sql("select distinct schema_name from duckdb_tables()").fetchall()}


@contextmanager
def held(file: Path, *, to_read: bool) -> Iterator[int]:
    """The file, opened by another process, whose id is given."""
    code = (
        f"import duckdb; kept = duckdb.connect({str(file)!r}, read_only={to_read}); print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        yield process.pid
        process.communicate("\n")


def test_each_developer_has_a_copy_of_the_build_and_is_told_how_to_go_on(home: Path, settings: Settings) -> None:
    before = state(settings.build_file)
    done = run_cli(home, home / "raw", "dev", USER="ada")
    other = run_cli(home, home / "raw", "dev", USER="ben", NPS_CURRENCY="EUR")

    assert (done.code, other.code) == (0, 0), done.stderr + other.stderr
    copies = [home / "dev" / user / "warehouse.duckdb" for user in ("ada", "ben")]
    assert [state(copy) for copy in copies] == [before] * 2
    assert f"source '{copies[0].parent / 'env'}'" in done.stdout
    assert f"as of {TINY_AS_OF}" in done.stdout
    assert "dbt run -s <model>  " in done.stdout
    assert """dbt test -s <model> --vars '{"reporting_currency": "EUR"}'""" in other.stdout
    told = subprocess.run(
        f"source '{copies[0].parent / 'env'}'; which dbt; echo $DBT_TARGET $NPS_DEV_AS_OF $NPS_AS_OF; echo $NPS_DEV",
        shell=True, executable="/bin/bash", capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert told == [str(Path(sys.executable).with_name("dbt")), f"dev {TINY_AS_OF}", str(copies[0].parent)]


def test_beside_a_build_the_copy_is_of_what_is_published_and_nobody_waits(home: Path, settings: Settings) -> None:
    with settings.lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = run_cli(home, home / "raw", "dev", NPS_DEV=str(home / "mine"))

    assert done.code == 0, done.stderr
    assert "A build is under way, so this copy has the published tables alone." in done.stdout
    assert "staging" not in schemas(home / "mine" / "warehouse.duckdb") >= {"marts"}


def test_without_a_build_it_is_said_what_to_run(tmp_path: Path) -> None:
    done = run_cli(tmp_path, tmp_path, "dev")

    assert done.code == 1
    assert "there is no build to copy" in done.stderr and "Run: make nightly." in done.stderr


def test_dbt_by_hand_is_kept_off_the_nightly_file_and_asks_every_test_of_a_copy(
    home: Path, settings: Settings, tmp_path: Path
) -> None:
    unchanged = settings.build_file.read_bytes()
    # Which runs no hook of a run, and so passes by whatever a macro could ask there.
    refused = run_dbt(settings.build_folder, "run-operation", "as_of_date")
    assert refused.returncode != 0
    assert "belongs to the nightly job" in refused.stdout and "run `make dev`" in refused.stdout
    assert settings.build_file.read_bytes() == unchanged

    shutil.copyfile(settings.build_file, tmp_path / "warehouse.duckdb")
    shutil.copytree(settings.build_folder / "target", tmp_path / "target")
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("update marts.fct_nps_responses set program_type = 'other'")
        # As an older revision left it.
        connection.execute("alter table upkeep.tables drop column schema_name")
        connection.execute("alter table upkeep.tables drop column table_name")
    asked = run_dbt(tmp_path, "test", "-s", "accepted_values_fct_nps_responses_program_type*")
    assert "Got 1 result," in asked.stdout, asked.stdout
    with open_read_only(tmp_path / "warehouse.duckdb") as connection:
        assert connection.sql("select count(*) from upkeep.by_hand").fetchall() == [(1,)]

    made = run_dbt(tmp_path, "run", "-s", "nps_by_month")
    assert made.returncode == 0, made.stdout


def test_a_build_does_not_wait_for_a_reader_and_the_reader_keeps_the_file(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with held(settings.build_file, to_read=True) as reader:
        with open_build(settings) as connection:
            connection.execute("create table raw.arrived as select 1 as n")
        assert f"process {reader} (" in caplog.text
    assert is_as_left(settings)
    with open_read_only(settings.build_file) as connection:
        assert connection.sql("from raw.arrived").fetchall() == [(1,)]
    assert [path.name for path in settings.build_folder.glob(".warehouse*")] == []


def test_who_writes_to_the_build_file_is_named_at_once(settings: Settings) -> None:
    left = settings.left_file.read_bytes()
    with (
        held(settings.build_file, to_read=False) as writer,
        pytest.raises(PassingFaultError, match=f"process {writer} .* has it open to write"),
        open_build(settings),
    ):
        pass
    assert settings.left_file.read_bytes() == left


# What dbt passes before it opens a file ----------------------------------------------------------------------------


def pass_gate(file: Path, monkeypatch: pytest.MonkeyPatch, **told: str) -> None:
    for name in ("NPS_BUILT_WITH", "NPS_BUILD_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    credentials = DuckDBCredentials(path=str(file))
    Plugin("gate", {}, credentials).update_connection_config(credentials, {})


def test_dbt_by_hand_without_a_copy_is_told_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dev" / "ada" / "warehouse.duckdb"
    with pytest.raises(DbtRuntimeError, match=f"There is no {file} to work on. Run `make dev`"):
        pass_gate(file, monkeypatch)
    # Whoever names a file means it.
    pass_gate(file, monkeypatch, NPS_BUILD_FILE=str(file))
    file.parent.mkdir(parents=True)
    duckdb.connect(file).close()
    pass_gate(file, monkeypatch)


def test_who_reads_the_build_file_while_dbt_starts_does_not_end_the_night(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(settings.build_file, to_read=True):
        pass_gate(settings.build_file, monkeypatch, NPS_BUILT_WITH="duckdb")
        duckdb.connect(settings.build_file).close()
    assert is_as_left(settings)
    with (
        held(settings.build_file, to_read=False) as writer,
        pytest.raises(DbtRuntimeError, match=f"process {writer} .* has it open to write"),
    ):
        pass_gate(settings.build_file, monkeypatch, NPS_BUILT_WITH="duckdb")


def test_a_copy_is_made_beside_a_damaged_record(home: Path, settings: Settings) -> None:
    settings.record_file.write_text("{")
    done = run_cli(home, home / "raw", "dev")
    assert done.code == 0, done.stderr
    assert f"as of {TINY_AS_OF}" in done.stdout
    assert "record.json is damaged, and the next night makes it anew" in done.stdout
