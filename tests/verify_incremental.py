"""Random nights of a company: after the last of them, all that is published equals what a build from nothing publishes.

    python -m tests.verify_incremental [sequences [first]]

prints what happened in each sequence, from number ``first`` on; ends with 1 if a table differs in one of them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import run_nightly
from tests.nights import Company, contents

SEQUENCES = 50
NIGHTS = 4


def differences(company: Company, folder: Path, nights: Sequence[Sequence[str]], *, is_said: bool = False) -> list[str]:
    """Build a first night and the others; the tables in which the last is not what a build from nothing gives.

    ``nights`` has the events of each, by the names of their methods; of a night without any, chance decides.
    """
    home, afresh = folder / "home", folder / "afresh"
    # So small a company is touched in most of its parts; its tables are to be recomputed in part all the same.
    in_part = {"NPS_RECOMPUTED_SHARE": "1"}
    _build(home, company, **in_part)
    for number, named in enumerate(nights, start=1):
        happened = company.night(*named)
        if is_said:
            print(f"  night {number}: {happened}", flush=True)
        _build(home, company, **in_part)
    _build(afresh, company)
    return different_tables(home, afresh)


def different_tables(home: Path, afresh: Path) -> list[str]:
    """The published tables that are not the same in both."""
    ours, wanted = contents(home), contents(afresh)
    return sorted(table for table in ours.keys() | wanted.keys() if ours.get(table) != wanted.get(table))


def _build(home: Path, company: Company, **settings: str) -> None:
    done = run_nightly(home, company.folder, NPS_AS_OF=company.as_of.isoformat(), **settings)
    if done.code != 0:
        raise RuntimeError(done.stderr)


def main(sequences: int = SEQUENCES, first: int = 0) -> int:
    is_off = False
    for seed in range(first, first + sequences):
        with tempfile.TemporaryDirectory() as folder:
            print(f"sequence {seed}", flush=True)
            found = differences(Company(Path(folder) / "raw", seed), Path(folder), [()] * NIGHTS, is_said=True)
        print(f"  {'differs: ' + ', '.join(found) if found else 'equal'}", flush=True)
        is_off = is_off or bool(found)
    return 1 if is_off else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
