"""The place in which a run works: what it does not give is said in a sentence, and whatever it is called, it works."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Timer

import duckdb
import pytest

from orchestration.faults import FAULTS, fault_in, fault_of, faults_said, make_room_for_files, signals_as_interrupts
from orchestration.findings import BuildError
from orchestration.release import publication
from orchestration.release.publication import keep_staged, new_build_id, publish, releases
from orchestration.runs.mending import check_home, mended
from orchestration.settings import REPOSITORY, Settings, load_settings
from orchestration.transform import dbt_cli
from orchestration.transform.account_history import keep_account_versions
from tests.test_publish import publish_number, stage, what_is_published

FIRST, SECOND = "20260701T000000Z", "20260702T000000Z"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path / "home")})


# What the machine says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "rule", "place"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/it's full/x"), "no_space", "/srv/it"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "/srv/x"), "no_space", "/srv/x"),
        (OSError(errno.EFBIG, os.strerror(errno.EFBIG)), "no_space", "/home"),
        (OSError(errno.EROFS, os.strerror(errno.EROFS), "/srv/x"), "read_only", "/srv/x"),
        (PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/srv/x"), "no_permission", "/srv/x"),
        (OSError(errno.EMFILE, os.strerror(errno.EMFILE), "/srv/x"), "too_many_files", "/srv/x"),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), "no_processes", "/home"),
        (RuntimeError("can't start new thread"), "no_processes", "/home"),
        (MemoryError(), "no_memory", "/home"),
        (
            duckdb.OutOfMemoryException("Out of Memory Error: could not allocate block of 256.0 KiB"),
            "no_memory",
            "/home",
        ),
        (duckdb.IOException('IO Error: Could not write file "/srv/x": No space left on device'), "no_space", "/srv/x"),
        (OSError(errno.EIO, os.strerror(errno.EIO), "/srv/x"), "disk_error", "/srv/x"),
        (NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), "/srv/x"), "not_a_folder", "/srv/x"),
        (OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), "/srv/x"), "name_too_long", "/srv/x"),
    ],
)
def test_what_the_machine_does_is_said_with_the_place_and_what_to_do(error: Exception, rule: str, place: str) -> None:
    said = f"FAILED {rule} on {place}.*\n  next: .*, and start again"
    with pytest.raises(BuildError, match=said), faults_said("/home", OSError, RuntimeError, MemoryError, duckdb.Error):
        raise error


def test_a_fault_is_found_behind_other_errors_and_an_error_of_ours_is_none() -> None:
    behind = ValueError("cannot be read")
    behind.__cause__ = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    found = fault_of(behind, "/home")
    assert found is not None and found.rule == "no_space"
    assert fault_of(ValueError("cannot be read"), "/home") is None
    with pytest.raises(ZeroDivisionError), faults_said("/home", ZeroDivisionError):
        raise ZeroDivisionError


def test_every_kind_is_known_by_its_words_alone() -> None:
    for fault in FAULTS:
        for words in fault.words:
            found = fault_in(f"something: {words}", "/home")
            assert found is not None and found.rule == fault.rule, words


def test_more_files_may_be_opened_where_the_system_lets_it() -> None:
    script = (
        "import resource; from orchestration.faults import make_room_for_files\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (16, {hard}))\n"
        "make_room_for_files(); print(resource.getrlimit(resource.RLIMIT_NOFILE)[0])"
    )
    enough, few = (
        subprocess.run(
            [sys.executable, "-c", script.format(hard=hard)],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        for hard in (1024, 40)
    )
    assert enough.stdout.strip() == "256"
    assert "a process may open 40 files, and a build needs 64" in few.stderr
    make_room_for_files()


# Signals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_command_that_is_told_to_end_is_interrupted(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), signals_as_interrupts():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_a_query_that_is_interrupted_is_no_error_of_the_engine() -> None:
    Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    endless = "select count(*) from range(300000) as a, range(300000) as b where (a.range * b.range) % 7 = 3"
    with pytest.raises(KeyboardInterrupt), signals_as_interrupts(), faults_said("/home", RuntimeError):
        duckdb.sql(endless).fetchall()


def test_a_command_that_is_to_outlive_its_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_as_interrupts():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_does_not_part_the_destinations(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It comes at the switch, and is heard when all have been switched."""
    publish_number(settings, 1)
    keep_staged(settings, stage(settings, 2))
    switch = publication._switch

    def interrupted(*arguments: object) -> None:
        signal.raise_signal(signal.SIGINT)
        switch(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(publication, "_switch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        publish(settings, SECOND)
    assert what_is_published(settings) == (2, "report 2", SECOND)


# The clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "wanted"),
    [
        (datetime(2026, 7, 3, tzinfo=UTC), "20260703T000000Z-abc"),
        # It was set back.
        (datetime(2026, 7, 1, 12, tzinfo=UTC), "20260702T000001Z-abc"),
        # Within the same second.
        (datetime(2026, 7, 2, 0, 0, 0, 500, tzinfo=UTC), "20260702T000001Z-abc"),
    ],
)
def test_a_build_is_numbered_after_those_before_it(settings: Settings, clock: datetime, wanted: str) -> None:
    for number in (1, 2):
        publish_number(settings, number)
    assert new_build_id(settings, clock, "abc") == wanted


def test_no_release_is_of_a_time_that_is_none(settings: Settings) -> None:
    publish_number(settings, 1)
    for name in ("29999999T999999Z", "20261301T000000Z", "99991231T235959Z"):
        (settings.releases_folder / name).mkdir()
    assert releases(settings) == [FIRST]
    assert new_build_id(settings, datetime(2026, 7, 3, tzinfo=UTC), "abc") == "20260703T000000Z-abc"


def test_a_manifest_of_the_future_is_stale(tmp_path: Path) -> None:
    parsed, source = tmp_path / "manifest.json", tmp_path / "model.sql"
    for path, moment in ((source, 1000), (parsed, datetime.now(UTC).timestamp() + 1000)):
        path.touch()
        os.utime(path, (moment, moment))
    assert not dbt_cli.is_fresh(parsed, [source])


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "sibling"), [("rows[1]", "rows1"), ("rows*", "rows of others"), ("rows?", "rowsx")])
def test_a_name_that_looks_like_a_pattern_is_a_name(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], name: str, sibling: str
) -> None:
    (raw / "answers").mkdir()
    (raw / "answers" / f"{name}.csv").write_text("answer_id,score\nr1,9\n")
    (raw / "answers" / f"{sibling}.csv").write_text("answer_id,score\nr2,8\n")
    assert sorted((answer, file) for answer, _, _, file, _ in answers()) == [
        ("r1", f"answers/{name}.csv"),
        ("r2", f"answers/{sibling}.csv"),
    ]


def accounts_of(warehouse: duckdb.DuckDBPyConnection) -> None:
    warehouse.execute(
        "create schema raw; create table raw.crm_accounts as select 1 as _row_number, 'a1' as account_id, "
        "'large' as segment, null as size_band, null as region, null as industry, null as owner_id, null as updated_at"
    )


def test_a_clock_that_went_ahead_does_not_end_the_history(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    accounts_of(warehouse)
    keep_account_versions(warehouse, tmp_path, date(2024, 7, 1), date(2024, 7, 1))
    for day, today, segment in ((date(2036, 7, 1),) * 2 + ("small",), (date(2024, 7, 2),) * 2 + ("huge",)):
        warehouse.execute("update raw.crm_accounts set segment = ?", [segment])
        keep_account_versions(warehouse, tmp_path, day, today)
    assert warehouse.execute("select segment, first_seen_on from history.account_versions order by all").fetchall() == [
        ("huge", date(2024, 7, 2)),
        ("large", date(2024, 7, 1)),
    ]


@pytest.mark.parametrize("name", ["year=2024", "segment=x", "a*b", "[ab]"])
def test_the_history_is_read_in_a_home_of_any_name(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    accounts_of(warehouse)
    for folder in (name, "a", "a and b"):
        for day in (1, 2):
            keep_account_versions(warehouse, tmp_path / folder / "history", date(2024, 7, day))
        warehouse.execute("update raw.crm_accounts set segment = 'small'")
    keep_account_versions(warehouse, tmp_path / name / "history", date(2024, 7, 2))
    assert warehouse.execute("select segment from history.account_versions order by first_seen_on").fetchall() == [
        ("large",),
        ("small",),
    ]


# The home ----------------------------------------------------------------------------------------------------------


def test_the_project_is_parsed_under_the_home_where_nothing_can_be_written_beside_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert dbt_cli.parsed_folder(settings) == dbt_cli.TARGET
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert dbt_cli.manifest_file(settings) == settings.home / "parsed" / "manifest.json"


def test_a_home_that_may_not_be_written_to_is_said_at_the_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_number(settings, 1)
    check_home(settings)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != settings.releases_folder)
    with pytest.raises(BuildError, match=f"FAILED no_permission on {settings.releases_folder}: "):
        check_home(settings)


def test_a_file_that_may_not_be_read_is_not_taken_for_damaged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.record_file.parent.mkdir(parents=True)
    settings.record_file.write_text("{}")

    def refused(path: Path, **options: object) -> str:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_text", refused)
    with pytest.raises(PermissionError):
        mended(settings)
    assert settings.record_file.is_file()


def test_what_a_killed_run_had_begun_to_write_is_removed(settings: Settings) -> None:
    for folder in (settings.build_folder, settings.history_folder):
        folder.mkdir(parents=True)
        for name in (".record.json.4711", ".warehouse.duckdb.4711.wal", ".profile", "notes.4711"):
            (folder / name).write_text("half")
    assert mended(settings) == []
    for folder in (settings.build_folder, settings.history_folder):
        assert {path.name for path in folder.iterdir()} == {".profile", "notes.4711"}


def test_releases_may_lie_on_a_disk_of_their_own(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    rename = Path.rename

    def across(path: Path, target: Path) -> Path:
        if path == settings.staged_folder:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", across)
    publish_number(settings, 1)
    assert what_is_published(settings) == (1, "report 1", FIRST)
    assert [path.name for path in settings.releases_folder.iterdir()] == [FIRST]
    assert not settings.staged_folder.exists()


def test_a_release_that_cannot_be_removed_keeps_nobody_from_the_new_one(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    for number in range(1, 8):
        publish_number(settings, number)
    monkeypatch.setattr(shutil, "rmtree", refused)
    keep_staged(settings, stage(settings, 8))
    assert len(releases(settings)) == 8


def test_a_process_id_that_was_given_again_is_another_process() -> None:
    dbt_cli.parse(load_settings({}), only_if_stale=True)
    from orchestration.defs.resources import _is_alive, process_tag

    assert _is_alive(process_tag(os.getpid()))
    assert not _is_alive(f"{os.getpid()} 1")
    assert json.loads(json.dumps(process_tag(os.getpid()))).split()[0] == str(os.getpid())
