"""The licences of the locked packages: as each package says, accepted or not by ``accepted.csv``.

What a package says is read from the environments of this checkout. For those that are not there, and for packages that
say nothing, ``packages.csv`` has it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from tests.audit.locked import Pin, normal

ACCEPTED, PACKAGES = Path(__file__).with_name("accepted.csv"), Path(__file__).with_name("packages.csv")
ENVIRONMENTS = (".venv", ".venv-spark", ".venv-dialects", ".venv-audit")
# Beyond this it is the text of a licence, and not its name.
_LONGEST_NAME = 60


def read(file: Path) -> dict[str, str]:
    """The first two columns of a file, one by the other."""
    with file.open(encoding="utf-8", newline="") as rows:
        return {row[0]: row[1] for row in list(csv.reader(rows))[1:]}


def installed(repository: Path) -> dict[str, str]:
    """By package, what it says of its licence, in whichever environment of the checkout has it."""
    folders = [str(folder) for name in ENVIRONMENTS for folder in (repository / name).glob("lib/python*/site-packages")]
    found = dict[str, str]()
    for distribution in distributions(path=folders):
        licence = said_by(distribution)
        if licence is not None:
            found.setdefault(normal(distribution.metadata["Name"]), licence)
    return found


def said_by(distribution: Distribution) -> str | None:
    """The expression of a package, else its classifiers, else the name in its field; None where it says none."""
    metadata = distribution.metadata.json
    expression = metadata.get("license_expression")
    if expression:
        return str(expression).strip()
    classifiers = [text for text in metadata.get("classifier", ()) if text.startswith("License :: ")]
    names = [name for name in (text.rpartition(" :: ")[2] for text in classifiers) if name != "OSI Approved"]
    if names:
        return " AND ".join(sorted(names))
    field = str(metadata.get("license") or "").strip()
    return field if field and len(field) <= _LONGEST_NAME and "\n" not in field else None


def is_accepted(licence: str, accepted: Iterable[str]) -> bool:
    """Whether one of the alternatives of an expression is accepted, in all its parts."""
    names = {name.lower() for name in accepted}
    if licence.lower() in names:
        return True
    if "(" in licence:
        # What is nested is listed whole.
        return False
    alternatives = re.split(r"\s+or\s+", licence, flags=re.IGNORECASE)
    return any(
        all(part.strip().lower() in names for part in re.split(r"\s+and\s+", alternative, flags=re.IGNORECASE))
        for alternative in alternatives
    )


def refused(
    pinned: Mapping[Pin, list[str]], said: Mapping[str, str], known: Mapping[str, str], accepted: Iterable[str]
) -> list[str]:
    """Each package whose licence is not accepted or not known, in a sentence; ``known`` counts where it says none."""
    names = list(accepted)
    found = []
    for (name, version), locks in pinned.items():
        licence = said.get(name) or known.get(name)
        where = f"{name} {version} ({', '.join(locks)})"
        if licence is None:
            found.append(f"{where}: nobody knows its licence; write it into tests/audit/{PACKAGES.name}")
        elif not is_accepted(licence, names):
            found.append(f"{where}: licence {licence!r} is not accepted by tests/audit/{ACCEPTED.name}")
    return found
