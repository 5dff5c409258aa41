"""Builds that go wrong: what is said last, and that what is published stays as it was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import REPOSITORY
from tests.conftest import TINY_AS_OF, Finished, build_environment, run_cli, run_nightly, write_tiny_raw


def published(home: Path) -> dict[str, tuple[bytes, int]]:
    """Every published file with its bytes and its time."""
    return {
        str(path.relative_to(home)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted((home / "published").rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home where something has been published."""
    folder = tmp_path / "home"
    (folder / "published" / "report").mkdir(parents=True)
    with duckdb.connect(folder / "published" / "nps.duckdb") as connection:
        connection.execute("create table last_night as select 1 as n")
    (folder / "published" / "report" / "index.html").write_text("last night")
    (folder / "published" / "build.json").write_text('{"build_id": "20240101T000000Z", "as_of": "2024-01-01"}')
    return folder


def project_copy(folder: Path, *, only_staging: bool) -> Path:
    """The project somewhere else, to be broken; with staging models alone it builds in seconds."""
    unwanted = shutil.ignore_patterns("target", "logs", "__pycache__", "*.pyc")
    for name in ("orchestration", "expectations", "dbt_project", "seeds"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=unwanted)
    if only_staging:
        models = folder / "dbt_project" / "models"
        for path in models.iterdir():
            if path.name != "staging":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in [*models.rglob("stg_*.yml"), *(folder / "dbt_project" / "tests").glob("*.sql")]:
            path.unlink()
    return folder


def run_copy(project: Path, home: Path, raw: Path) -> Finished:
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", "nightly"],
        env=build_environment(home, raw, NPS_AS_OF=TINY_AS_OF),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)


# Before the build begins -------------------------------------------------------------------------------------------


def test_an_unknown_target_is_named(home: Path, tiny_raw: Path) -> None:
    done = run_nightly(home, tiny_raw, NPS_TARGET="oracle")
    assert done.code == 2
    assert done.last_lines == "NPS_TARGET='oracle' is not a known target; use one of: duckdb, spark."


def test_wrong_raw_files_are_named_and_nothing_is_published(home: Path, tiny_raw: Path) -> None:
    before = published(home)
    (tiny_raw / "crm_revenue.csv").unlink()
    (tiny_raw / "survey_responses.csv").write_text("response_id,score\nr1,9\n")
    done = run_nightly(home, tiny_raw)
    assert done.code == 1
    assert f"Nothing was published in {home / 'published'}." in done.stderr
    assert "FAILED required_table_missing on crm_revenue" in done.last_lines
    assert "FAILED required_column_missing on survey_responses" in done.last_lines
    assert done.last_lines.splitlines()[-1].startswith("  next: Add the column answered_at")
    assert published(home) == before


# While dbt works ---------------------------------------------------------------------------------------------------


@pytest.fixture
def staging_project(tmp_path: Path) -> Path:
    return project_copy(tmp_path / "project", only_staging=True)


def test_a_failing_dbt_test_is_named_with_its_rows(staging_project: Path, home: Path, tiny_raw: Path) -> None:
    before = published(home)
    (staging_project / "dbt_project" / "tests" / "assert_no_account_is_the_third.sql").write_text(
        "select account_id, account_name from {{ ref('stg_crm__accounts') }} where account_name = 'Account 3'"
    )
    done = run_copy(staging_project, home, tiny_raw)
    assert done.code == 1
    assert "FAILED assert_no_account_is_the_third on staging.stg_crm__accounts (1 row)" in done.last_lines
    # A name is told by its hash.
    assert "example: account_id=a3, account_name=hidden:" in done.last_lines
    assert "Account 3" not in done.stderr
    assert published(home) == before
    assert not (home / "releases").exists()


def test_a_model_that_does_not_run_is_named(staging_project: Path, home: Path, tiny_raw: Path) -> None:
    before = published(home)
    model = staging_project / "dbt_project" / "models" / "staging" / "broken.sql"
    model.write_text("select no_such_column from {{ ref('stg_crm__accounts') }}")
    done = run_copy(staging_project, home, tiny_raw)
    assert done.code == 1
    assert "FAILED model_error on staging.broken" in done.last_lines
    assert "no_such_column" in done.last_lines
    assert published(home) == before


def test_a_project_that_does_not_parse_is_named(staging_project: Path, home: Path, tiny_raw: Path) -> None:
    (staging_project / "dbt_project" / "models" / "staging" / "broken.sql").write_text(
        "select * from {{ ref('nothing') }}"
    )
    done = run_copy(staging_project, home, tiny_raw)
    assert done.code == 1
    assert "FAILED dbt_project on dbt_project" in done.last_lines
    assert "'nothing' which was not found" in done.last_lines


# At the audit ------------------------------------------------------------------------------------------------------


def test_a_seed_edited_to_impossible_points_stops_at_the_audit(tmp_path: Path, home: Path, tiny_raw: Path) -> None:
    before = published(home)
    project = project_copy(tmp_path / "project", only_staging=False)
    scale = project / "seeds" / "reference" / "nps_scale.csv"
    edited = scale.read_text().replace("promoter,100", "promoter,250")
    assert edited != scale.read_text()
    scale.write_text(edited)
    done = run_copy(project, home, tiny_raw)
    assert done.code == 1
    assert "validation" in done.stderr
    assert "FAILED" in done.stderr and "nps_scale" in done.stderr
    assert published(home) == before


def test_a_broken_line_is_named_and_what_it_says_of_a_person_is_written_nowhere(home: Path, tiny_raw: Path) -> None:
    (tiny_raw / "crm_contacts.csv").write_text(
        "contact_id,account_id,email,full_name\nc1,a1,anna.muster@firma.example,Anna Muster,extra\n"
    )
    done = run_nightly(home, tiny_raw, NPS_AS_OF=TINY_AS_OF)
    assert done.code == 1
    assert "FAILED malformed_rows on crm_contacts (1 row)" in done.last_lines
    assert "crm_contacts.csv line 2: 5 fields, and the header has 4 columns" in done.last_lines
    written = [done.stdout.encode(), done.stderr.encode()]
    written += [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    assert not any(b"muster" in content.lower() for content in written)


def test_a_parquet_file_that_is_replaced_while_the_models_read_it_stops_the_build(home: Path, tiny_raw: Path) -> None:
    before = published(home)
    path = tiny_raw / "survey_responses.parquet"
    rows = f"from read_csv('{path.with_suffix('.csv')}', all_varchar = true)"
    duckdb.sql(f"copy (select * {rows}) to '{path}' (format parquet)")
    duckdb.sql(f"copy (select * {rows} limit 30) to '{tiny_raw / '.next.parquet'}' (format parquet)")
    path.with_suffix(".csv").unlink()
    build = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "nightly"],
        env=build_environment(home, tiny_raw, NPS_AS_OF=TINY_AS_OF),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert build.stderr is not None
    assert any(line.rstrip().endswith("dbt ...") for line in build.stderr)
    (tiny_raw / ".next.parquet").replace(path)
    said = build.stderr.read()
    assert build.wait() == 1
    build.stderr.close()
    assert "FAILED file_changed on survey_responses: survey_responses.parquet was written to while" in said
    assert published(home) == before


# Two builds, and one that is killed --------------------------------------------------------------------------------


def test_a_killed_build_leaves_what_is_published_and_the_next_one_succeeds(tiny_release: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(tiny_release, home)
    raw = write_tiny_raw(tmp_path / "raw")
    with (raw / "survey_responses.csv").open("a") as responses:
        responses.write("late,a1,c1,2024-06-20T10:00:00Z,0,It broke\n")
    before = published(home)

    killed = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "nightly"],
        env=build_environment(home, raw, NPS_AS_OF=TINY_AS_OF),
        cwd=REPOSITORY,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert killed.stderr is not None
    assert any(line.rstrip().endswith("dbt ...") for line in killed.stderr)

    second = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF, NPS_LOCK_TIMEOUT="1")
    assert second.code == 1
    assert f"held by process {killed.pid}, run " in second.last_lines
    assert "waiting for the writer lock, held by process" in second.stderr

    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    killed.stderr.close()
    assert published(home) == before

    third = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)
    assert third.code == 0, third.stderr
    build = json.loads((home / "published" / "build.json").read_text())
    assert build["rows_in"]["survey_responses"] == 41
    with duckdb.connect(home / "published" / "nps.duckdb", read_only=True) as connection:
        assert connection.execute(
            "select score from marts.fct_nps_responses where response_id = 'late'"
        ).fetchone() == (0,)

    back = run_cli(home, raw, "rollback")
    assert back.code == 0, back.stderr
    assert f"in place of {build['build_id']}" in back.stdout
    assert {name: content for name, (content, _) in published(home).items()} == {
        name: content for name, (content, _) in before.items()
    }
    again = run_cli(home, raw, "rollback")
    assert again.code == 1
    assert "There is no release before the published one." in again.stderr
