"""What is said to be missing before a night can run: each line by a machine, a home or a setting that lacks it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from orchestration.__main__ import main
from orchestration.runs import setup
from orchestration.runs.setup import GIB, Line, looks
from orchestration.settings import ParquetDestination, PostgresDestination, Settings, load_settings


@pytest.fixture
def settings(tiny_raw: Path, tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path / "home"), "NPS_RAW": str(tiny_raw)})


def missing(settings: Settings, ports: Sequence[int] = ()) -> list[Line]:
    return [line for line in looks(settings, ports) if line.is_missing]


def test_where_nothing_is_missing_every_line_is_ok_and_nothing_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPS_HOME", str(settings.home))
    monkeypatch.setenv("NPS_RAW", settings.raw)
    assert main(["check-setup", "--port", "0", "--health-port", "0"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "A night can run."
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert any("96 rows of 3 tables" in line for line in lines)
    assert not settings.home.exists()


def a_file(settings: Settings) -> Settings:
    settings.home.write_text("")
    return settings


def nowhere(settings: Settings) -> Settings:
    # Not even root may make something there.
    return replace(settings, home=Path("/proc/nps"))


def newer(settings: Settings) -> Settings:
    settings.home.mkdir()
    (settings.home / "layout.json").write_text('{"layout": 999}')
    return settings


def raw_gone(settings: Settings) -> Settings:
    return replace(settings, raw=f"{settings.raw}/gone")


def raw_empty(settings: Settings) -> Settings:
    for path in Path(settings.raw).iterdir():
        path.unlink()
    return settings


def raw_without_rows(settings: Settings) -> Settings:
    ledger = Path(settings.raw) / "crm_revenue.csv"
    ledger.write_text(ledger.read_text().splitlines()[0] + "\n")
    return settings


def raw_broken(settings: Settings) -> Settings:
    (Path(settings.raw) / "crm_accounts.csv").write_text('account_id,account_name\na1,"Anna')
    return settings


def no_postgres(settings: Settings) -> Settings:
    return replace(settings, destinations=(PostgresDestination("postgres://nps:secret@127.0.0.1:1/bi"),))


def no_parquet(settings: Settings) -> Settings:
    return replace(settings, destinations=(ParquetDestination(Path("/proc/nps")),))


def too_much_memory(settings: Settings) -> Settings:
    return replace(settings, memory_limit="900 GiB")


@pytest.mark.parametrize(
    ("lacking", "name", "said"),
    [
        (a_file, "home", "is no folder"),
        (nowhere, "home", "nothing can be written in /proc"),
        (newer, "home", "a newer revision of this project keeps it (layout 999"),
        (raw_gone, "raw files", "gone, which is not a folder"),
        (raw_empty, "raw files", "no crm_accounts.* and no folder"),
        (raw_without_rows, "raw files", "no row in crm_revenue"),
        (raw_broken, "raw files", "crm_accounts: "),
        (no_postgres, "destination", "postgres://nps@127.0.0.1:1/bi: "),
        (no_parquet, "destination", "nothing can be written in /proc"),
        (too_much_memory, "memory", "901.0 wanted (NPS_MEMORY_LIMIT=900 GiB and 1 besides)"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(
    settings: Settings, lacking: Callable[[Settings], Settings], name: str, said: str
) -> None:
    found = [line for line in missing(lacking(settings)) if line.name == name and said in line.said]
    assert found and all(line.next_step and line.stops_night for line in found)
    assert not any("secret" in line.text() or "Anna" in line.text() for line in found)


def test_a_home_of_another_user_or_one_that_others_write_in_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.home.mkdir()
    settings.home.chmod(0o775)
    (line,) = missing(settings)
    assert (line.name, line.next_step, line.stops_night) == ("owner", f"chmod go-w {settings.home}", False)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    (line,) = missing(settings)
    assert line.said == f"the home is of user {os.getuid()}, and this is user {os.getuid() + 1}"


def test_too_little_disk_is_named_and_a_build_that_stands_counts(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "FREE_AT_LEAST", 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 99, 1))
    assert [line.name for line in missing(settings)] == ["disk"]
    settings.build_folder.mkdir(parents=True)
    settings.build_file.write_bytes(b"x" * 1_000_000)
    assert missing(settings) == []


def test_a_container_may_use_less_memory_than_the_machine_has(tmp_path: Path) -> None:
    limit = tmp_path / "sys" / "fs" / "cgroup" / "memory.max"
    machine = setup._memory_of_machine(tmp_path)
    limit.parent.mkdir(parents=True)
    for content, memory in (("max\n", machine), (f"{GIB}\n", GIB), (f"{2 * machine}\n", machine)):
        limit.write_text(content)
        assert setup._memory_of_machine(tmp_path) == memory


@pytest.mark.parametrize(
    ("amount", "number"), [("4GB", 4 * GIB), ("512 MiB", GIB / 2), ("1.5tb", 1536 * GIB), ("1kb", 1024)]
)
def test_amounts_of_memory_are_read(amount: str, number: float) -> None:
    assert setup._bytes_of(amount) == number


@pytest.mark.parametrize(("version", "fits"), [((3, 10), False), ((3, 11), True), ((3, 12), True), ((3, 13), False)])
def test_pythons_that_are_not_known_are_named(version: tuple[int, int], fits: bool) -> None:
    assert setup._python(version).is_missing != fits


def test_what_serving_and_telling_lack_keeps_no_night_from_running(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = replace(settings, notify=("json://localhost",), notify_on=("failed",))
        assert [line.name for line in missing(told, [port])] == ["notices", "port"]
        assert setup.report_setup(told, [port]) is False
    assert "A night can run." in capsys.readouterr().out
