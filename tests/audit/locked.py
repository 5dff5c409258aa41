"""The packages that the lock files pin, of all environments together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)

Pin = tuple[str, str]


def lock_files(folder: Path = REPOSITORY) -> list[Path]:
    return sorted(folder.glob("requirements*.lock"))


def pins(files: Iterable[Path]) -> dict[Pin, list[str]]:
    """By package and version, the lock files that have it, whatever the platform for which they do."""
    found: dict[Pin, list[str]] = {}
    for file in files:
        for match in _PIN.finditer(file.read_text(encoding="utf-8")):
            locks = found.setdefault((normal(match["name"]), match["version"]), [])
            if file.name not in locks:
                locks.append(file.name)
    return dict(sorted(found.items()))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
