"""The switch from one release to the next, and back; what a reader sees of it; one writer at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.findings import BuildError
from orchestration.release.keeping import let_go_of_logs
from orchestration.release.publication import (
    NoReleaseError,
    keep_staged,
    publish,
    publish_again,
    published_build,
    releases,
    rollback,
)
from orchestration.release.warehouse import (
    LockTimeoutError,
    PublishedTable,
    open_build,
    open_read_only,
    published_tables,
    write_release,
    writer_lock,
)
from orchestration.settings import Settings, load_settings, now


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path), "NPS_LOCK_TIMEOUT": "0.5"})


def stage(settings: Settings, number: int, pages: tuple[str, ...] = ("index.html",)) -> dict[str, Any]:
    """Prepare a release whose database, report and pages all say its number."""
    folder = settings.staged_folder
    (folder / "report").mkdir(parents=True)
    (folder / "validation").mkdir()
    with duckdb.connect(folder / "nps.duckdb") as connection:
        connection.execute(f"create schema marts; create table marts.build as select {number} as number")
    (folder / "report" / "index.html").write_text(f"report {number}")
    for page in pages:
        (folder / "validation" / page).write_text(f"page {number}")
    return {"build_id": f"2026070{number}T000000Z", "as_of": f"2026-07-0{number}"}


def publish_staged(settings: Settings, build: dict[str, Any]) -> None:
    keep_staged(settings, build)
    publish(settings, build["build_id"])


def publish_number(settings: Settings, number: int, pages: tuple[str, ...] = ("index.html",)) -> None:
    publish_staged(settings, stage(settings, number, pages))


def what_is_published(settings: Settings) -> tuple[int, str, str]:
    """The number that the database says, the report, and the build."""
    with open_read_only(settings.published_file) as connection:
        row = connection.execute("select number from marts.build").fetchone()
    build = published_build(settings)
    assert row is not None and build is not None
    return row[0], (settings.published_folder / "report" / "index.html").read_text(), build["build_id"]


# Publishing --------------------------------------------------------------------------------------------------------


def test_all_that_is_published_is_of_one_build(settings: Settings) -> None:
    publish_number(settings, 1)
    assert what_is_published(settings) == (1, "report 1", "20260701T000000Z")
    publish_number(settings, 2)
    assert what_is_published(settings) == (2, "report 2", "20260702T000000Z")
    assert not settings.staged_folder.exists()


def test_nothing_but_the_published_files_is_left_in_the_folder(settings: Settings) -> None:
    publish_number(settings, 1, pages=("index.html", "old.html"))
    publish_number(settings, 2, pages=("index.html", "new.html"))
    files = {str(path.relative_to(settings.published_folder)) for path in settings.published_folder.rglob("*.*")}
    assert files == {"nps.duckdb", "report/index.html", "validation/index.html", "validation/new.html", "build.json"}


def test_files_of_a_release_and_what_is_published_can_be_read_by_all_and_written_by_nobody(settings: Settings) -> None:
    publish_number(settings, 1)
    folders = (settings.published_folder, settings.releases_folder)
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert len(files) == 8
    assert {path.stat().st_mode & 0o777 for path in files} == {0o444}


def test_a_reader_keeps_the_file_that_it_has_open(settings: Settings) -> None:
    publish_number(settings, 1)
    query = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input(); "
    query += "print(c.execute('select number from marts.build').fetchone()[0])"
    with subprocess.Popen(
        [sys.executable, "-c", query, str(settings.published_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "open\n"
        publish_number(settings, 2)
        assert reader.communicate("\n")[0] == "1\n"
    assert what_is_published(settings)[0] == 2


def test_the_bytes_of_an_open_file_do_not_change(settings: Settings) -> None:
    publish_number(settings, 1)
    content = settings.published_file.read_bytes()
    with settings.published_file.open("rb") as open_file:
        publish_number(settings, 2)
        assert open_file.read() == content
    assert settings.published_file.read_bytes() != content
    assert (settings.releases_folder / "20260701T000000Z" / "nps.duckdb").read_bytes() == content


def test_a_release_that_is_not_whole_is_not_published(settings: Settings) -> None:
    publish_number(settings, 1)
    build = stage(settings, 2)
    (settings.staged_folder / "nps.duckdb.wal").touch()
    with pytest.raises(BuildError, match="not closed"):
        publish_staged(settings, build)
    (settings.staged_folder / "nps.duckdb.wal").unlink()
    (settings.staged_folder / "report" / "index.html").unlink()
    with pytest.raises(BuildError, match=r"it lacks report/index\.html"):
        publish_staged(settings, build)
    assert what_is_published(settings) == (1, "report 1", "20260701T000000Z")


@pytest.mark.parametrize(
    ("failing", "named", "seen"),
    [
        (0, "parquet:{}/one", []),
        (1, "parquet:{}/two", ["one"]),
        (2, "{}/home/published", ["one", "two"]),
    ],
)
def test_it_is_said_who_sees_what_when_a_switch_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int, named: str, seen: list[str]
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    places = " ".join(f"parquet:{folder}" for folder in folders)
    settings = load_settings({"NPS_HOME": str(tmp_path / "home"), "NPS_PUBLISH": places})
    publish_number(settings, 1)
    keep_staged(settings, stage(settings, 2))
    pointers = [folder / "current" for folder in folders] + [settings.published_folder]
    replace = Path.replace

    def failing_replace(path: Path, target: Path) -> Path:
        if target == pointers[failing]:
            raise OSError("the disk is gone")
        return replace(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", failing_replace)
        with pytest.raises(BuildError) as caught:
            publish_again(settings)
    said = str(caught.value)
    assert f"FAILED destination on {named.format(tmp_path)}: " in said and "the disk is gone" in said
    listed = ", ".join(f"parquet:{tmp_path}/{name}" for name in seen)
    assert (f"FAILED partly_published on {listed}: readers there see 20260702T000000Z already" in said) == bool(seen)
    assert [folder.name for folder in folders if (folder / "current").readlink().name == "20260702T000000Z"] == seen
    assert what_is_published(settings) == (1, "report 1", "20260701T000000Z")
    publish_again(settings)
    assert {(folder / "current").readlink().name for folder in folders} == {"20260702T000000Z"}
    assert what_is_published(settings) == (2, "report 2", "20260702T000000Z")


def test_nothing_is_switched_anywhere_before_all_is_ready_everywhere(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = {"NPS_HOME": str(tmp_path / "home")}
    publish_number(load_settings(home | {"NPS_PUBLISH": f"parquet:{tmp_path}/one"}), 1)
    settings = load_settings(home | {"NPS_PUBLISH": f"parquet:{tmp_path}/one parquet:{tmp_path}/file/two"})
    with pytest.raises(BuildError, match="file/two"):
        publish_number(settings, 2)
    assert (tmp_path / "one" / "current").readlink().name == "20260701T000000Z"
    assert what_is_published(settings) == (1, "report 1", "20260701T000000Z")


# Releases ----------------------------------------------------------------------------------------------------------


def test_seven_releases_are_kept(settings: Settings) -> None:
    for number in range(1, 10):
        publish_number(settings, number)
    assert releases(settings) == [f"2026070{number}T000000Z" for number in range(3, 10)]
    assert what_is_published(settings)[0] == 9


@pytest.mark.parametrize(
    ("set_to", "kept"),
    [
        ({"NPS_RELEASES_KEPT": "2"}, [8, 9]),
        ({"NPS_RELEASES_KEPT_DAYS": "3"}, [6, 7, 8, 9]),
        ({"NPS_RELEASES_KEPT_DAYS": "1", "NPS_RELEASES_KEPT": "9"}, [8, 9]),
    ],
)
def test_as_many_releases_are_kept_as_is_said_at_home_and_in_parquet(
    tmp_path: Path, set_to: dict[str, str], kept: list[int]
) -> None:
    destination = {"NPS_PUBLISH": f"parquet:{tmp_path}/lake"}
    settings = load_settings({"NPS_HOME": str(tmp_path / "home")} | destination | set_to)
    for number in range(5, 10):
        publish_number(settings, number)
    wanted = [f"2026070{number}T000000Z" for number in kept]
    assert releases(settings) == wanted
    folders = (tmp_path / "lake").glob("2026*")
    assert sorted(folder.name for folder in folders) == wanted


def test_a_release_that_readers_see_stays_whatever_its_age(tmp_path: Path) -> None:
    settings = load_settings({"NPS_HOME": str(tmp_path), "NPS_RELEASES_KEPT_DAYS": "1"})
    publish_number(settings, 1)
    keep_staged(settings, stage(settings, 9))
    assert releases(settings) == ["20260701T000000Z", "20260709T000000Z"]


def test_logs_go_when_nothing_was_written_to_them_for_so_many_days(tmp_path: Path) -> None:
    settings = load_settings({"NPS_HOME": str(tmp_path), "NPS_LOGS_KEPT_DAYS": "5"})
    settings.logs_folder.mkdir(parents=True)
    for name, days in {"dbt.log": 1, "dbt-20260101T000000Z.log": 4.9, "nightly-old.log": 5.1}.items():
        (settings.logs_folder / name).write_text(name)
        ended = (now() - timedelta(days=days)).timestamp()
        os.utime(settings.logs_folder / name, (ended, ended))
    let_go_of_logs(settings)
    kept = {path.read_text(): path.name for path in settings.logs_folder.iterdir()}
    assert kept.keys() == {"dbt.log", "dbt-20260101T000000Z.log"}
    # dbt begins another, so that lines in it are no older than a night.
    assert kept["dbt.log"] != "dbt.log"


def test_rollback_goes_further_back_each_time(settings: Settings) -> None:
    for number in (1, 2, 3):
        publish_number(settings, number)
    assert rollback(settings)["build_id"] == "20260702T000000Z"
    assert what_is_published(settings) == (2, "report 2", "20260702T000000Z")
    assert rollback(settings)["build_id"] == "20260701T000000Z"
    with pytest.raises(NoReleaseError, match=r"no release before the published one.*20260703T000000Z"):
        rollback(settings)
    assert rollback(settings, "20260703T000000Z")["as_of"] == "2026-07-03"
    assert what_is_published(settings) == (3, "report 3", "20260703T000000Z")


def test_a_release_that_is_not_kept_cannot_be_gone_back_to(settings: Settings) -> None:
    with pytest.raises(NoReleaseError, match="Kept are: none"):
        rollback(settings)
    publish_number(settings, 1)
    with pytest.raises(NoReleaseError, match=r"no release yesterday\. Kept are: 20260701T000000Z"):
        rollback(settings, "yesterday")


def test_a_release_is_published_again(settings: Settings) -> None:
    with pytest.raises(NoReleaseError, match=r"There is no release\. Kept are: none"):
        publish_again(settings)
    for number in (1, 2):
        publish_number(settings, number)
    assert publish_again(settings, "20260701T000000Z")["as_of"] == "2026-07-01"
    assert what_is_published(settings) == (1, "report 1", "20260701T000000Z")
    publish_again(settings)
    assert what_is_published(settings) == (2, "report 2", "20260702T000000Z")


def test_the_published_release_is_kept_however_old(settings: Settings) -> None:
    publish_number(settings, 1)
    for number in range(2, 9):
        keep_staged(settings, stage(settings, number))
    publish(settings, "20260701T000000Z")
    assert releases(settings)[0] == "20260701T000000Z"
    publish_again(settings)
    publish_number(settings, 9)
    assert releases(settings)[0] == "20260703T000000Z"


def test_the_next_build_is_published_after_a_rollback(settings: Settings) -> None:
    for number in (1, 2):
        publish_number(settings, number)
    rollback(settings)
    publish_number(settings, 3)
    assert what_is_published(settings)[0] == 3
    assert rollback(settings)["build_id"] == "20260702T000000Z"


# The release file --------------------------------------------------------------------------------------------------


def test_a_release_holds_copies_in_the_order_of_their_keys(settings: Settings) -> None:
    with open_build(settings) as connection:
        connection.execute(
            "create schema marts; create schema employee;"
            "create table marts.dim_accounts as select * from (values ('b', 1), ('c', 2), ('a', 3)) t(account_id, n);"
            "comment on table marts.dim_accounts is 'One row per account; it''s current.';"
            "comment on column marts.dim_accounts.n is 'A count.';"
            "create table employee.employee_nps as select * from (values (2, 1), (1, 2), (1, 1)) t(a, b);"
            "create table marts.scratch as select 1 as a"
        )
    tables = [PublishedTable("marts", "dim_accounts", ("account_id",)), PublishedTable("employee", "employee_nps", ())]
    release = settings.staged_folder / "nps.duckdb"
    assert write_release(settings.build_file, release, tables) == {
        "marts.dim_accounts": 3,
        "employee.employee_nps": 3,
    }
    assert [path.name for path in settings.staged_folder.iterdir()] == ["nps.duckdb"]
    with open_read_only(release) as connection:
        assert connection.execute("from marts.dim_accounts").fetchall() == [("a", 3), ("b", 1), ("c", 2)]
        assert connection.execute("from employee.employee_nps").fetchall() == [(1, 1), (1, 2), (2, 1)]
        comments = connection.execute("select comment from duckdb_tables() where comment is not null").fetchall()
        comments += connection.execute("select comment from duckdb_columns() where comment is not null").fetchall()
        assert comments == [("One row per account; it's current.",), ("A count.",)]
        assert len(connection.execute("from duckdb_tables()").fetchall()) == 2


def test_what_is_published_is_chosen_by_its_tag_and_ordered_by_its_unique_key() -> None:
    def model(name: str, *tags: str) -> dict[str, Any]:
        return {"resource_type": "model", "schema": "marts", "alias": name, "tags": list(tags)}

    def test(attached: str, name: str, **arguments: Any) -> dict[str, Any]:
        metadata = {"name": name, "kwargs": arguments}
        return {"resource_type": "test", "attached_node": attached, "test_metadata": metadata, "tags": ["published"]}

    manifest = {
        "nodes": {
            "model.nps_by_month": model("nps_by_month", "published"),
            "model.dim_dates": model("dim_dates", "published"),
            "model.dim_agents": model("dim_agents", "published", "core"),
            "model.stg_crm__users": model("stg_crm__users", "staging"),
            "test.1": test("model.nps_by_month", "unique_key", columns=["month_start", "dimension"]),
            "test.2": test("model.dim_dates", "unique", column_name="date_day"),
            "test.3": test("model.dim_dates", "not_null", column_name="month_start"),
        }
    }
    assert published_tables(manifest) == (
        PublishedTable("marts", "dim_agents", ()),
        PublishedTable("marts", "dim_dates", ("date_day",)),
        PublishedTable("marts", "nps_by_month", ("month_start", "dimension")),
    )


# One writer at a time ----------------------------------------------------------------------------------------------


def test_a_second_writer_is_told_who_holds_the_lock(settings: Settings) -> None:
    with (
        writer_lock(settings, "process 1, run abc"),
        pytest.raises(LockTimeoutError, match=r"held by process 1, run abc after 0\.5 s \(NPS_LOCK_TIMEOUT\)"),
        writer_lock(settings, "process 2"),
    ):
        pass
    with writer_lock(settings, "process 3"):
        assert settings.lock_file.read_text() == "process 3"
    assert settings.lock_file.read_text() == ""


def test_a_child_that_outlives_its_parent_holds_the_lock(settings: Settings) -> None:
    with writer_lock(settings, "process 1") as held:
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held])
    with pytest.raises(LockTimeoutError), writer_lock(settings, "process 2"):
        pass
    child.communicate(b"\n")
    with writer_lock(settings, "process 3"):
        pass


def test_the_published_build_is_read_as_it_was_written(settings: Settings) -> None:
    assert published_build(settings) is None
    publish_number(settings, 1)
    written = json.loads((settings.published_folder / "build.json").read_text())
    assert published_build(settings) == written
    assert (written["build_id"], written["as_of"]) == ("20260701T000000Z", "2026-07-01")
