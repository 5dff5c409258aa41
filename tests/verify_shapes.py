"""Each shape of a company at its full size: ``python -m tests.verify_shapes [name …]``. Takes about twenty minutes.

A shape passes if its night publishes, or says in words why not; an error of the engine is none.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import Finished, run_nightly
from tests.shapes import AS_OF, Shape, shapes

MILLION = 1_000_000


def built(shape: Shape, folder: Path) -> tuple[Finished, float]:
    """A night of a company of this shape in a folder, and its seconds."""
    raw = shape.write(folder / "raw")
    started = time.perf_counter()
    return run_nightly(folder / "home", raw, NPS_AS_OF=AS_OF), time.perf_counter() - started


def main(names: list[str]) -> int:
    failed = 0
    for name, shape in shapes(MILLION).items():
        if names and name not in names:
            continue
        folder = Path(tempfile.mkdtemp(prefix="nps-shape-"))
        done, seconds = built(shape, folder)
        shutil.rmtree(folder)
        failed += done.code != 0
        lines = done.stdout if done.code == 0 else done.stderr
        said = [line for line in lines.splitlines() if line.startswith(("  NPS", "FAILED", "  next"))]
        said = said or [done.last_lines]
        print(f"{name}: {'published' if done.code == 0 else 'NOT PUBLISHED'} in {seconds:.0f} s", *said, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
