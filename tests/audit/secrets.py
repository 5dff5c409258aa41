"""Secrets in the tree, by detect-secrets; what looks like one and is none stands in ``secrets.csv`` with the reason."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterable
from pathlib import Path

NONE_OF_THEM = Path(__file__).with_name("secrets.csv")
# Hashes of packages, which look like keys, and what the sample's generator writes: many, and made by what is looked at.
PASSED_OVER = ("*.lock", "seeds/raw/*.csv")

Found = tuple[str, str, str]


def tracked(repository: Path) -> list[str]:
    """The files that git tracks, or would track as soon as they were added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = dict.fromkeys(filter(None, listed.stdout.split("\0")))
    return [name for name in names if (repository / name).is_file() and not any(map(Path(name).match, PASSED_OVER))]


def secrets(repository: Path, files: Iterable[str]) -> dict[Found, int]:
    """By file, kind and hash, the line of what looks like a secret."""
    from detect_secrets import SecretsCollection
    from detect_secrets.settings import default_settings

    with default_settings():
        found = SecretsCollection(root=str(repository))
        found.scan_files(*files)
        return {(name, secret.type, secret.secret_hash[:12]): secret.line_number for name, secret in found}


def unexplained(found: dict[Found, int], explained: Iterable[Found]) -> list[str]:
    """Each that nobody has said to be none, in a sentence without it."""
    left = sorted(found.keys() - set(explained))
    return [
        f"{name}, line {found[(name, kind, digits)]}: {kind}. Take it out and change it where it is used; "
        f"if it is none, write {name},{kind},{digits},<reason> into tests/audit/{NONE_OF_THEM.name}"
        for name, kind, digits in left
    ]


def read_explained(file: Path = NONE_OF_THEM) -> list[Found]:
    with file.open(encoding="utf-8", newline="") as rows:
        return [(row["file"], row["kind"], row["hash"]) for row in csv.DictReader(rows) if row["reason"].strip()]
