"""Notices of how a night ended: what they say, that they arrive, and that one that does not arrive fails nothing."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import dagster as dg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message

from orchestration.release.publication import published_build
from orchestration.runs import notices
from orchestration.settings import Settings, SettingsError, load_settings
from tests.conftest import TINY_AS_OF, run_nightly

FAILURE = """FAILED required_column_missing on survey_responses (3 rows): no column answered_at
  example: email=anna@example.org
  next: Add the column."""


@pytest.fixture
def settings(tiny_release: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tiny_release), "NPS_NOTIFY": "json://127.0.0.1:1/hook"})


def a_build(settings: Settings) -> dict[str, Any]:
    build = published_build(settings)
    assert build is not None
    return dict(build) | {"arrived": [], "warnings": [], "warned": [], "repairs": []}


@contextmanager
def http_receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on loopback that keeps what is posted to it; its address, and what came."""
    came: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """The console is for the tests."""

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/hook", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Mailbox(Message):
    """Keeps what a mail server was given."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[tuple[str, str]] = []

    def handle_message(self, message: Any) -> None:
        parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
        self.mails.append((str(message["Subject"]), parts[0].get_payload(decode=True).decode()))


# What is said ------------------------------------------------------------------------------------------------------


def test_a_failure_says_rule_rows_and_next_step_and_what_readers_see_but_no_example(settings: Settings) -> None:
    notice = notices.failed(settings, FAILURE)
    assert notice.lines[0] == "FAILED required_column_missing on survey_responses (3 rows): no column answered_at"
    assert "  next: Add the column." in notice.lines
    assert "anna" not in notice.text
    assert f"Readers go on seeing release {a_build(settings)['build_id']}, as of {TINY_AS_OF}" in notice.text


def test_before_the_first_release_readers_see_nothing(tmp_path: Path) -> None:
    notice = notices.failed(load_settings({"NPS_HOME": str(tmp_path)}), FAILURE)
    assert "Readers see nothing yet." in notice.lines


def test_a_release_with_warnings_says_how_many_and_the_first_of_them(settings: Settings) -> None:
    build = a_build(settings) | {"warned": [f"rule {n}" for n in range(9)]}
    notice = notices.ended(settings, build)
    assert (notice.kind, notice.title) == ("warned", f"NPS warehouse: published as of {TINY_AS_OF}, with 9 warnings")
    assert [line for line in notice.lines if line.startswith("Warning: ")] == [f"Warning: rule {n}" for n in range(5)]
    assert notice.lines[-1].startswith("and 4 more: ")


def test_a_release_without_warnings_is_published(settings: Settings) -> None:
    assert notices.ended(settings, a_build(settings)).kind == "published"


def test_the_sample_says_the_score_the_money_at_risk_and_whom_to_call(sample_release: Path) -> None:
    settings = load_settings({"NPS_HOME": str(sample_release)})
    lines = notices.ended(settings, a_build(settings)).lines
    assert "NPS +40.6 (95 % interval 28.5 to 52.8), relationship." in lines
    assert "At risk: 73 accounts with 3,352,065 USD in the last 12 months." in lines
    assert any(line.startswith("Call first: account ") for line in lines)


@pytest.mark.parametrize(
    ("wanted", "kind", "is_sent"),
    [
        (("failed", "warned", "late"), "published", False),
        (("failed", "warned", "late"), "warned", True),
        (("published",), "warned", True),
        (("published",), "failed", False),
        (("late",), "late", True),
    ],
)
def test_only_wanted_endings_are_told(settings: Settings, wanted: tuple[str, ...], kind: str, is_sent: bool) -> None:
    assert notices.is_wanted(replace(settings, notify_on=wanted), notices.Notice(kind, "", [])) is is_sent


def test_without_an_address_nothing_is_read(tmp_path: Path) -> None:
    assert notices.tell(load_settings({"NPS_HOME": str(tmp_path)}), notices.ended, {}) == []


def test_what_cannot_be_read_is_said_and_fails_nothing(settings: Settings, tmp_path: Path) -> None:
    """A release whose file is damaged by now, and the release before it, which says nothing then."""
    build = a_build(settings)
    home = tmp_path / "home"
    shutil.copytree(settings.home, home, symlinks=True)
    other = replace(settings, home=home)
    damaged = home / "releases" / "20200101T000000Z" / "nps.duckdb"
    damaged.parent.mkdir()
    damaged.write_text("none")
    assert not any(line.startswith("The release before") for line in notices.ended(other, build).lines)
    other.published_folder.resolve().joinpath("nps.duckdb").chmod(0o644)
    other.published_file.write_text("none")
    assert notices.tell(other, notices.ended, build) == [
        "no notice was sent: what it would tell of cannot be read (IOException)"
    ]


# That it arrives ---------------------------------------------------------------------------------------------------


def test_a_notice_arrives_by_webhook_and_by_mail(settings: Settings) -> None:
    mailbox = Mailbox()
    mail_server = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    mail_server.start()
    try:
        with http_receiver() as (hook, came):
            mail = f"mailto://127.0.0.1:{mail_server.port}?from=nps@example.org&to=ops@example.org&mode=insecure"
            said = notices.send(replace(settings, notify=(hook, mail)), notices.failed(settings, FAILURE))
    finally:
        mail_server.stop()
    assert said == []
    assert [(one["title"], one["type"]) for one in came] == [("NPS warehouse: the night failed", "failure")]
    assert "required_column_missing" in came[0]["message"]
    [(subject, text)] = mailbox.mails
    assert subject == "NPS warehouse: the night failed"
    assert "next: Add the column." in text


def test_an_address_that_does_not_answer_is_said_without_it(
    settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    dead = f"json://bot:hunter2@127.0.0.1:{free_port()}/hook"
    with http_receiver() as (hook, came):
        said = notices.send(replace(settings, notify=(dead, hook)), notices.failed(settings, FAILURE))
    assert said == ["no notice was sent to address 1 of NPS_NOTIFY: json did not take it"]
    assert len(came) == 1
    assert "hunter2" not in "".join(capfd.readouterr())


def test_a_night_that_fails_tells_so_and_one_whose_receiver_is_down_is_published(
    tiny_release: Path, tiny_raw: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(tiny_release, home, symlinks=True)
    secret = f"json://bot:hunter2@127.0.0.1:{free_port()}/hook"
    published = run_nightly(home, tiny_raw, NPS_AS_OF=TINY_AS_OF, NPS_NOTIFY=secret, NPS_NOTIFY_ON="published")
    assert published.code == 0
    assert "no notice was sent to address 1 of NPS_NOTIFY: json did not take it" in published.stderr

    (tiny_raw / "survey_responses.csv").write_text("response_id,score\nr1,9\n")
    with http_receiver() as (hook, came):
        failed = run_nightly(home, tiny_raw, NPS_AS_OF=TINY_AS_OF, NPS_NOTIFY=hook)
    assert failed.code == 1
    assert "required_column_missing on survey_responses" in came[0]["message"]
    written = [path.read_bytes() for path in home.rglob("*") if path.is_file()]
    written += [text.encode() for text in (published.stdout, published.stderr)]
    assert not any(b"hunter2" in content for content in written)


# Nights that the daemon runs ---------------------------------------------------------------------------------------


@pytest.fixture
def automation(settings: Settings) -> Any:
    from orchestration.transform import dbt_cli

    dbt_cli.parse(settings, only_if_stale=True)
    from orchestration.defs import automation

    return automation


@pytest.mark.parametrize(("hours", "is_late"), [(1.9, False), (2.1, True)])
def test_a_night_that_was_due_two_hours_ago_is_late(
    settings: Settings, automation: Any, hours: float, is_late: bool
) -> None:
    finished = datetime.fromisoformat(a_build(settings)["finished_at"])
    due = (finished + timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0)
    found = automation.late_night(settings, due.astimezone(UTC) + timedelta(hours=hours))
    assert (found == due) is is_late


def test_a_rollback_is_no_late_night(settings: Settings, automation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    finished = datetime.fromisoformat(a_build(settings)["finished_at"])
    shown = a_build(settings) | {"finished_at": (finished - timedelta(days=2)).isoformat()}
    monkeypatch.setattr(automation, "published_build", lambda _: shown)
    assert automation.late_night(settings, finished + timedelta(minutes=1)) is None


def test_nobody_waits_for_the_first_night(tmp_path: Path, automation: Any) -> None:
    assert (
        automation.late_night(load_settings({"NPS_HOME": str(tmp_path)}), datetime(2026, 7, 1, 12, tzinfo=UTC)) is None
    )


def test_a_late_night_is_told_once(
    settings: Settings, automation: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finished = datetime.fromisoformat(a_build(settings)["finished_at"])
    monkeypatch.setattr(automation, "now", lambda: finished + timedelta(days=3))
    with http_receiver() as (hook, came), dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        monkeypatch.setattr(automation, "load_settings", lambda: replace(settings, notify=(hook,)))
        context = dg.build_sensor_context(instance=instance)
        for _ in range(3):
            automation.tell_of_a_late_night(context)
    assert [one["title"] for one in came] == ["NPS warehouse: the night is late"]


@pytest.mark.parametrize("is_of_console", [False, True])
def test_a_failure_of_the_daemons_run_is_told_and_one_of_the_console_is_told_there(
    settings: Settings, automation: Any, monkeypatch: pytest.MonkeyPatch, is_of_console: bool
) -> None:
    @dg.op
    def land() -> None:
        raise dg.Failure(FAILURE)

    @dg.job
    def night() -> None:
        land()

    with http_receiver() as (hook, came), dg.DagsterInstance.ephemeral() as instance:
        monkeypatch.setattr(automation, "load_settings", lambda: replace(settings, notify=(hook,)))
        tags = {automation.FROM_CONSOLE: "true"} if is_of_console else {}
        result = night.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        context = dg.build_run_status_sensor_context(
            sensor_name="tell_of_a_failure",
            dagster_event=result.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()
        automation.tell_of_a_failure(context)
    said = (
        [] if is_of_console else ["FAILED required_column_missing on survey_responses (3 rows): no column answered_at"]
    )
    assert [one["message"].splitlines()[0] for one in came] == said


# Settings ----------------------------------------------------------------------------------------------------------


def test_addresses_come_from_the_environment_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "addresses"
    file.write_text("# of the team\nslack://token/a\n\njson://host/b\n")
    settings = load_settings({"NPS_NOTIFY": "json://host/b mailto://me", "NPS_NOTIFY_FILE": str(file)})
    assert settings.notify == ("json://host/b", "mailto://me", "slack://token/a")
    assert "slack" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"NPS_NOTIFY": "mailto://me hunter2"}, "NPS_NOTIFY: address 2 of 2 is none"),
        ({"NPS_NOTIFY_FILE": os.devnull + "/none"}, "NPS_NOTIFY_FILE="),
        ({"NPS_NOTIFY_ON": "failed, success"}, "'success' is no ending of a night; use some of: failed, warned"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_named_without_what_it_holds(environment: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said.replace("(", r"\(")) as error:
        load_settings(environment)
    assert "hunter2" not in str(error.value)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
