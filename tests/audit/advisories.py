"""A database of advisories on this machine, served on loopback as OSV serves its own, so that pip-audit can ask it.

The folder holds advisories in OSV's format, a JSON file each, as https://osv.dev offers all of PyPI's for download.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from packaging.version import InvalidVersion, Version

from tests.audit.locked import normal


def by_package(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """The advisories of a folder, by the PyPI package that they are about."""
    found: dict[str, list[dict[str, Any]]] = {}
    for file in sorted(folder.rglob("*.json")):
        advisory = json.loads(file.read_text(encoding="utf-8"))
        names = {
            normal(affected["package"]["name"])
            for affected in advisory.get("affected", ())
            if affected.get("package", {}).get("ecosystem") == "PyPI"
        }
        for name in names:
            found.setdefault(name, []).append(advisory)
    return found


def is_affected(advisory: Mapping[str, Any], name: str, version: str) -> bool:
    """Whether an advisory that was not withdrawn lists the version, or has it in one of its ranges."""
    if "withdrawn" in advisory:
        return False
    return any(
        normal(affected["package"]["name"]) == name
        and (
            version in affected.get("versions", ())
            or any(
                _is_in(version, spread["events"]) for spread in affected.get("ranges", ()) if spread["type"] != "GIT"
            )
        )
        for affected in advisory["affected"]
    )


def _is_in(version: str, events: list[Mapping[str, str]]) -> bool:
    """As OSV defines it: the last event at or before the version decides."""

    def place(event: Mapping[str, str]) -> Version:
        told = next(iter(event.values()))
        return Version("0" if told == "0" else told)

    try:
        asked, is_in = Version(version), False
        for event in sorted((event for event in events if "limit" not in event), key=place):
            if "introduced" in event and asked >= place(event):
                is_in = True
            elif ("fixed" in event and asked >= place(event)) or ("last_affected" in event and asked > place(event)):
                is_in = False
    except InvalidVersion:
        return False
    return is_in


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder of advisories answers as OSV does."""
    advisories = by_package(folder)

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name, version = normal(asked["package"]["name"]), asked["version"]
            found = [each for each in advisories.get(name, ()) if is_affected(each, name, version)]
            content = json.dumps({"vulns": found} if found else {}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: a few hundred packages are asked for."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        finally:
            server.shutdown()
