"""The command line: python -m tests.audit, and with a database of advisories on this machine: --database <folder>.

Exit code 0: clean; 1: something was found; 3: nothing was found, and no database of vulnerabilities could be asked.
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.audit import advisories, licences, secrets
from tests.audit.locked import REPOSITORY, lock_files, pins
from tests.audit.vulnerabilities import SERVICE, UnreachableError, vulnerable

CLEAN, FOUND, UNKNOWN = 0, 1, 3


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.audit", description="Audit the locked packages and the tree."
    )
    parser.add_argument("--database", type=Path, help="a folder of advisories in OSV's format, in place of osv.dev")
    parser.add_argument("--repository", type=Path, default=REPOSITORY, help="another checkout")
    options = parser.parse_args()
    if options.database is not None and not options.database.is_dir():
        parser.error(f"--database {options.database} is not a folder")
    files = lock_files(options.repository)
    pinned = pins(files)
    print(f"{len(pinned)} packages in {len(files)} lock files")
    is_unknown = False
    try:
        with ExitStack() as stack:
            database = options.database
            service = SERVICE if database is None else stack.enter_context(advisories.served(database))
            vulnerabilities = vulnerable(pinned, service)
        _tell("known vulnerabilities", vulnerabilities)
    except UnreachableError as error:
        is_unknown, vulnerabilities = True, []
        print(f"known vulnerabilities: NOT LOOKED AT, no database could be asked ({error})")
        print("  next: run it where osv.dev can be reached, or make audit DATABASE=<folder of advisories>")
    said = licences.installed(options.repository)
    accepted, known = licences.read(licences.ACCEPTED), licences.read(licences.PACKAGES)
    refused = licences.refused(pinned, said, known, accepted)
    _tell("licences that are refused or unknown", refused)
    found = secrets.secrets(options.repository, secrets.tracked(options.repository))
    left = secrets.unexplained(found, secrets.read_explained())
    _tell("secrets in the tree", left)
    if vulnerabilities or refused or left:
        return FOUND
    return UNKNOWN if is_unknown else CLEAN


def _tell(what: str, found: list[str]) -> None:
    print(f"{what}: {len(found) or 'none'}")
    for sentence in found:
        print(f"  {sentence}")


if __name__ == "__main__":
    sys.exit(main())
