"""Nights that are killed at random moments: what is published stays whole, and the next night puts everything right.

    python -m tests.verify_kills [kills]

prints when each night was killed and at which step; ends with 1 if a release is torn, or the next one is not what a
build from nothing publishes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from tests.conftest import build_environment, run_nightly
from tests.nights import Company, contents

KILLS = 10


def killed_night(home: Path, company: Company, seconds: float, *, is_alone: bool) -> str:
    """Begin a night and kill it after so long, dbt with it or (``is_alone``) not; the last that it said."""
    environment = build_environment(home, company.folder, NPS_AS_OF=company.as_of.isoformat())
    log = home / "killed.log"
    with log.open("w", encoding="utf-8") as said:
        night = subprocess.Popen(
            [sys.executable, "-m", "orchestration", "nightly"],
            env=environment,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        time.sleep(seconds)
        if is_alone:
            os.kill(night.pid, signal.SIGKILL)
        else:
            os.killpg(night.pid, signal.SIGKILL)
        night.wait()
    steps = [line for line in log.read_text(encoding="utf-8").splitlines() if line.rstrip().endswith(("...", " s"))]
    return steps[-1] if steps else "not begun"


def main(kills: int) -> int:
    random, is_off = Random(kills), False
    with tempfile.TemporaryDirectory() as folder:
        company, home = Company(Path(folder) / "raw", seed=kills), Path(folder) / "home"
        started = time.perf_counter()
        built(home, company)
        whole = time.perf_counter() - started
        for kill in range(kills):
            before, happened = contents(home), company.night()
            seconds, is_alone = random.uniform(0, whole), random.random() < 0.5
            step = killed_night(home, company, seconds, is_alone=is_alone)
            after = contents(home)
            built(home, company)
            afresh = Path(folder) / f"afresh-{kill}"
            # Which no raw file tells any more.
            shutil.copytree(home / "history", afresh / "history")
            built(afresh, company)
            wanted = contents(afresh)
            is_whole, is_right = after in (before, wanted), contents(home) == wanted
            is_off = is_off or not (is_whole and is_right)
            moment = f"after {seconds:.1f} of {whole:.1f} s at '{step}'{', dbt left alive' if is_alone else ''}"
            outcome = f"{'whole' if is_whole else 'TORN'}, next night {'right' if is_right else 'WRONG'}"
            print(f"kill {kill + 1} ({happened}), {moment}: {outcome}", flush=True)
    return 1 if is_off else 0


def built(home: Path, company: Company) -> None:
    done = run_nightly(home, company.folder, NPS_AS_OF=company.as_of.isoformat())
    if done.code != 0:
        raise RuntimeError(done.stderr)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else KILLS))
