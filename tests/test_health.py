"""How nights ended, as who watches them is told: in a file of the home, and over HTTP."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import dagster as dg
import pytest

from orchestration import settings as settings_module
from orchestration.__main__ import EXIT_FAILED, EXIT_INTERRUPTED, main
from orchestration.findings import BuildError, Finding
from orchestration.runs.exporter import Exporter
from orchestration.runs.health import Ending, Health, ending_noted, health_file, note, read_health
from orchestration.runs.instance import open_instance
from orchestration.settings import REPOSITORY, Settings, SettingsError, load_settings
from tests.conftest import build_environment

FINISHED = datetime(2026, 7, 1, 2, 5, tzinfo=UTC)
BUILD = {
    "build_id": "20260701T020000Z-00000001",
    "as_of": "2026-07-01",
    "started_at": "2026-07-01T02:00:00+00:00",
    "finished_at": "2026-07-01T02:05:00+00:00",
    "rows_out": {"marts.a": 40, "marts.b": 2},
    "checks": {"passed": 7, "warned": 3, "failed": 0},
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path / "home")})


def publish(settings: Settings) -> None:
    note(settings, Ending(0, build=BUILD), FINISHED - timedelta(minutes=5), FINISHED + timedelta(seconds=1))


def fail(settings: Settings) -> None:
    ending = Ending(1)
    ending.failed("FAILED no_rows on marts.x (2 rows): anna@example.org is not in it.\n  example: name=Anna")
    note(settings, ending, FINISHED + timedelta(hours=24), FINISHED + timedelta(hours=24, seconds=30))


# The file ----------------------------------------------------------------------------------------------------------


def test_a_night_writes_down_how_it_ended(tiny_release: Path) -> None:
    settings = load_settings({"NPS_HOME": str(tiny_release)})
    build = json.loads((tiny_release / "published" / "build.json").read_text())
    health = read_health(settings)
    assert health.last_run is not None and (health.last_run.exit_code, health.last_run.rule) == (0, None)
    assert health.last_run.duration_seconds > 1
    assert health.last_success is not None
    assert health.last_success.build_id == build["build_id"]
    assert health.last_success.rows == sum(build["rows_out"].values())
    assert health_file(settings).stat().st_mode & 0o777 == 0o644


def test_a_failure_keeps_what_was_published_before_and_tells_only_its_rule(settings: Settings) -> None:
    publish(settings)
    fail(settings)
    health = read_health(settings)
    assert health.last_run is not None and (health.last_run.exit_code, health.last_run.rule) == (1, "no_rows")
    assert health.last_success is not None and health.last_success.build_id == BUILD["build_id"]
    assert "nna" not in health_file(settings).read_text()


@pytest.mark.parametrize(
    ("raised", "code", "rule"),
    [
        (BuildError(Finding("no_space", "/srv/nps", "there is no room to write.")), EXIT_FAILED, "no_space"),
        (KeyboardInterrupt(), EXIT_INTERRUPTED, None),
        (OSError("whatever"), EXIT_FAILED, None),
    ],
)
def test_however_a_run_ends_it_is_written_down(
    settings: Settings, raised: BaseException, code: int, rule: str | None
) -> None:
    with pytest.raises(type(raised)), ending_noted(settings, EXIT_FAILED, EXIT_INTERRUPTED):
        raise raised
    run = read_health(settings).last_run
    assert run is not None and (run.exit_code, run.rule) == (code, rule)


def test_a_night_that_cannot_begin_is_written_down(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPS_HOME", str(settings.home))
    monkeypatch.setenv("NPS_RAW", str(settings.home / "nothing"))
    monkeypatch.setattr("orchestration.__main__._run_job", lambda *_: "FAILED required_table_missing on crm_accounts")
    assert main(["nightly"]) == EXIT_FAILED
    run = read_health(settings).last_run
    assert run is not None and (run.exit_code, run.rule) == (EXIT_FAILED, "required_table_missing")


def test_a_home_that_cannot_be_written_to_fails_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.home.write_text("no folder")
    publish(settings)
    assert "health.json could not be written" in caplog.text


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"last_run": {"x": 1}, "last_success": null}'])
def test_a_file_that_is_none_says_nothing(settings: Settings, content: str) -> None:
    settings.home.mkdir()
    health_file(settings).write_text(content)
    assert read_health(settings) == Health()
    publish(settings)
    assert read_health(settings).last_success is not None


def test_what_the_daemon_runs_is_written_down_as_well(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from orchestration.defs import automation

    @dg.op
    def breaks() -> None:
        raise dg.Failure(description="FAILED no_rows on marts.x: there are none.")

    @dg.job
    def job() -> None:
        breaks()

    monkeypatch.setenv("NPS_HOME", str(settings.home))
    with open_instance(settings) as instance:
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            "tell", result.get_run_failure_event(), instance, result.dagster_run
        ).for_run_failure()
        automation.tell_of_a_failure(context)
    run = read_health(settings).last_run
    assert run is not None and (run.exit_code, run.rule) == (1, "no_rows")
    assert run.started_at <= run.ended_at


# Over HTTP ---------------------------------------------------------------------------------------------------------


@contextmanager
def exported(settings: Settings) -> Iterator[str]:
    with Exporter(settings, "127.0.0.1", 0) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def asked(url: str) -> tuple[int, str]:
    try:
        with urlopen(url) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("orchestration.runs.exporter.now", lambda: moment)


def numbers(text: str) -> dict[str, float]:
    """The samples of a text in Prometheus' format, each of which has its help and its type before it."""
    lines = text.splitlines()
    assert all(re.fullmatch(r"# HELP (\w+) .+", line) for line in lines[::3])
    assert all(re.fullmatch(r"# TYPE \w+ gauge", line) for line in lines[1::3])
    return {name: float(value) for name, value in (line.split() for line in lines[2::3])}


def test_health_is_good_until_the_last_success_is_too_old(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with exported(replace(settings, fresh_hours=26)) as address:
        code, text = asked(f"{address}/healthz")
        assert (code, json.loads(text)["reason"]) == (
            503,
            "no night has published anything yet, or health.json cannot be read",
        )
        publish(settings)
        at(monkeypatch, FINISHED + timedelta(hours=26))
        code, text = asked(f"{address}/healthz")
        assert (code, json.loads(text)["healthy"]) == (200, True)
        # A night that failed does no harm until the release before it is old.
        fail(settings)
        assert asked(f"{address}/healthz")[0] == 200
        at(monkeypatch, FINISHED + timedelta(hours=26, minutes=6))
        code, text = asked(f"{address}/healthz")
        assert code == 503
        assert json.loads(text)["reason"] == "the last night that published ended 26.1 hours ago, and 26 are allowed"
        assert asked(f"{address}/")[0] == 404


def test_prometheus_is_told_of_the_last_night_and_of_the_last_that_published(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, FINISHED + timedelta(hours=1))
    with exported(settings) as address:
        assert numbers(asked(f"{address}/metrics")[1]) == {"nps_healthy": 0}
        publish(settings)
        fail(settings)
        found = numbers(asked(f"{address}/metrics")[1])
    assert found == {
        "nps_healthy": 1,
        "nps_last_success_timestamp_seconds": FINISHED.timestamp(),
        "nps_last_success_age_seconds": 3600,
        "nps_last_success_duration_seconds": 300,
        "nps_published_rows": 42,
        "nps_checks_passed": 7,
        "nps_warnings": 3,
        "nps_last_run_timestamp_seconds": (FINISHED + timedelta(hours=24, seconds=30)).timestamp(),
        "nps_last_run_duration_seconds": 30,
        "nps_last_run_exit_code": 1,
    }


def test_the_verb_serves_while_a_build_holds_the_home_and_ends_with_its_parent(settings: Settings) -> None:
    publish(settings)
    before = {path: path.stat().st_mtime_ns for path in settings.home.rglob("*")}
    # A parent that starts it and is gone.
    started = "import subprocess, sys, os, time; p = subprocess.Popen([sys.executable, '-m', 'orchestration', 'health',"
    started += " '--port', '0', '--parent', str(os.getpid())], stdout=subprocess.PIPE, text=True);"
    started += " print(p.pid, p.stdout.readline(), flush=True); sys.stdin.read()"
    parent = subprocess.Popen(
        [sys.executable, "-c", started],
        env=build_environment(settings.home, "/nowhere"),
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None and parent.stdin is not None
    process, address, *_ = parent.stdout.readline().split()
    said: dict[str, Any] = json.loads(asked(address)[1])
    assert said["last_success"] == asdict(read_health(settings))["last_success"]
    assert {path: path.stat().st_mtime_ns for path in settings.home.rglob("*")} == before
    parent.stdin.close()
    parent.wait()
    for _ in range(100):
        if not Path(f"/proc/{process}").is_dir():
            break
        signal.sigtimedwait([], 0.1)
    else:
        os.kill(int(process), signal.SIGKILL)
        pytest.fail("it outlived its parent")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to_though_a_script_started_it(settings: Settings, number: int) -> None:
    # As a shell without a terminal starts what it puts into the background: deaf to Ctrl-C.
    deaf = "signal.signal(signal.SIGINT, signal.SIG_IGN);" if number == signal.SIGTERM else ""
    begin = f"import os, signal, sys; {deaf} os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    process = subprocess.Popen(
        [sys.executable, "-c", begin, "-m", "orchestration", "health", "--port", "0"],
        env=build_environment(settings.home, "/nowhere"),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(number)
    assert process.wait(timeout=10) == 0


def test_a_port_that_is_taken_is_said(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with exported(settings) as address:
        port = address.rpartition(":")[2]
        assert main(["health", "--port", port]) == EXIT_FAILED
    assert (
        f"Nothing can listen on 127.0.0.1:{port} (Address already in use); say another port." in capsys.readouterr().err
    )


@pytest.mark.parametrize("value", ["0", "-1", "soon", "inf", "nan"])
def test_hours_that_are_none_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"NPS_FRESH_HOURS=.* is not a number of hours; for example 26"):
        settings_module.load_settings({"NPS_FRESH_HOURS": value})


@pytest.mark.parametrize("value", ["0", "-3", "1.5", "all", "1e3"])
def test_a_number_of_nights_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match=r"NPS_NIGHTS_KEPT=.* is not a number of nights; use a whole"):
        settings_module.load_settings({"NPS_NIGHTS_KEPT": value})
