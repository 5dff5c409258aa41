"""Health over HTTP: ``/healthz`` for who asks whether all is well, ``/metrics`` for Prometheus.

It reads one file of the home for each request, and opens no database. The standard library does: eight numbers in a
format of three lines each are less than a package that would keep them in memory, where no night could change them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from orchestration.runs.health import Health, age_seconds, read_health
from orchestration.settings import Settings, now

TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"


class Exporter(ThreadingHTTPServer):
    """Answers for one home. With ``parent``, it ends when that process is no more its parent."""

    daemon_threads = True

    def __init__(self, settings: Settings, host: str, port: int, parent: int | None = None) -> None:
        self.settings, self.parent = settings, parent
        super().__init__((host, port), _Handler)

    def service_actions(self) -> None:
        if self.parent is not None and os.getppid() != self.parent:
            raise SystemExit(0)


class _Handler(BaseHTTPRequestHandler):
    server: Exporter

    def do_GET(self) -> None:
        settings, moment = self.server.settings, now()
        health = read_health(settings)
        wrong = health.why_not(moment, settings.fresh_hours)
        if self.path == "/healthz":
            status = HTTPStatus.OK if wrong is None else HTTPStatus.SERVICE_UNAVAILABLE
            said = {"healthy": wrong is None, "reason": wrong} | asdict(health)
            self._answer(status, "application/json", json.dumps(said, indent=2) + "\n")
        elif self.path == "/metrics":
            self._answer(HTTPStatus.OK, TEXT_FORMAT, "".join(metrics(health, wrong is None, moment)))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", "Ask for /healthz or /metrics.\n")

    def _answer(self, status: HTTPStatus, kind: str, text: str) -> None:
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Who asks every few seconds is not worth a line."""


def metrics(health: Health, is_healthy: bool, moment: datetime) -> Iterator[str]:
    """The numbers in Prometheus' text format; of what has not happened yet there is none."""
    run, success = health.last_run, health.last_success
    yield _gauge("nps_healthy", "1 while the last night that published is fresh enough, else 0.", int(is_healthy))
    if success is not None:
        finished = datetime.fromisoformat(success.finished_at).timestamp()
        yield _gauge("nps_last_success_timestamp_seconds", "When a night last published.", finished)
        yield _gauge("nps_last_success_age_seconds", "How long ago that was.", age_seconds(success, moment))
        yield _gauge("nps_last_success_duration_seconds", "How long that night took.", success.duration_seconds)
        yield _gauge("nps_published_rows", "Rows of all tables that it published.", success.rows)
        yield _gauge("nps_checks_passed", "Checks that passed in it.", success.checks_passed)
        yield _gauge("nps_warnings", "Warnings that it gave.", success.warnings)
    if run is not None:
        ended = datetime.fromisoformat(run.ended_at).timestamp()
        yield _gauge("nps_last_run_timestamp_seconds", "When a night last ended, however it did.", ended)
        yield _gauge("nps_last_run_duration_seconds", "How long that night took.", run.duration_seconds)
        yield _gauge(
            "nps_last_run_exit_code", "0 where it published, 1 where it failed, 130 if interrupted.", run.exit_code
        )


def _gauge(name: str, described: str, value: float) -> str:
    return f"# HELP {name} {described}\n# TYPE {name} gauge\n{name} {value!r}\n"
