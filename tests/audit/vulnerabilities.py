"""Known vulnerabilities of the locked packages, by pip-audit, which asks a database of advisories."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.audit.locked import Pin

SERVICE = "https://api.osv.dev/v1/query"
SECONDS = 600


class UnreachableError(Exception):
    """No database of advisories answered, so that nothing is known of any package."""


def vulnerable(pinned: Mapping[Pin, list[str]], service: str = SERVICE) -> list[str]:
    """Each package with a known vulnerability, in a sentence; raises UnreachableError where nobody can be asked."""
    found, waiting = [], list(pinned)
    while waiting:
        # Of a package of two versions, one at a time.
        now = dict(reversed(waiting))
        waiting = [(name, version) for name, version in waiting if now[name] != version]
        for name, version, vulnerability in _asked(now, service):
            found.append(f"{name} {version} ({', '.join(pinned[(name, version)])}): {vulnerability}")
    return sorted(found)


def _asked(versions: Mapping[str, str], service: str) -> list[tuple[str, str, str]]:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        requirements.write_text("".join(f"{name}=={version}\n" for name, version in versions.items()), encoding="utf-8")
        arguments = ["-r", str(requirements), "--no-deps", "--disable-pip", "--progress-spinner", "off", "-f", "json"]
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", *arguments, "-s", "osv", "--osv-url", service],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    try:
        told = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise UnreachableError(f"{service}: {last}") from None
    skipped = [package["name"] for package in told if "skip_reason" in package]
    missing = skipped or sorted(versions.keys() - {package["name"] for package in told})
    if missing:
        raise UnreachableError(f"{service} did not tell of {', '.join(missing)}")
    return [
        (
            package["name"],
            package["version"],
            f"{vulnerability['id']}, {_mended(vulnerability['fix_versions'])}",
        )
        for package in told
        for vulnerability in package["vulns"]
    ]


def _mended(versions: list[str]) -> str:
    return f"mended in {', '.join(versions)}" if versions else "mended in no version"
