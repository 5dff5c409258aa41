"""Times and memory: of the sample, of the company at scale and nights on top of it, of the same by hand, of a point.

python -m tests.bench [--scales 25 250 1160]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from orchestration.release.trust import note_left
from orchestration.settings import REPOSITORY, SAMPLE_RAW, load_settings, process_environment
from orchestration.transform.dbt_cli import child_environment, command, prepare_target, seconds_executing
from tests.bench.night import NEW, arrive, as_folders
from tests.bench.panel import QUARTERS, write_panel

SAMPLE_AS_OF = load_settings({}).as_of
# The sample company with about 0.2, 2 and 10 million answers, and three times as many revenue lines.
SCALES = (25.0, 250.0, 1160.0)
# Account-quarters of the panels from which the value of a point is estimated, in millions, and the engine's memory for
# each: with less, what is written to disk instead costs time.
PANELS = {1: "3GB", 2: "4GB", 4: "8GB"}
# What others would make by hand (by_hand.py): in SQL with all rules and errors, in pandas and Polars with some.
CORE = ("fct_nps_responses", "fct_account_revenue_months", "nps_by_month", "nps_rolling")
PHASES = ("raw", "enrichment", "dbt", "validation", "publish", "report")


@dataclass(frozen=True)
class Measured:
    name: str
    seconds: float
    build: dict[str, Any]
    # What stands in NPS_HOME after it, and what was written to disk for it.
    mib: int
    written_mib: int

    @property
    def engine_seconds(self) -> float:
        """What the engine itself worked: reading, the models and tests, and the copy that is published."""
        phases = self.build["phase_seconds"]
        return float(phases["raw"] + self.build["dbt_node_seconds"] + phases["publish"])

    def row(self) -> list[str]:
        phases, memory = self.build["phase_seconds"], self.build["peak_memory_mib"]
        return [
            self.name,
            f"{sum(self.build['rows_in'].values()):,}",
            *(f"{phases[phase]:.1f}" for phase in PHASES),
            f"{self.seconds:.1f}",
            f"{1 - self.engine_seconds / self.seconds:.0%}",
            f"{memory['orchestration']:,}",
            f"{memory['dbt']:,}",
            f"{self.written_mib / 1024:.1f}",
        ]


PANEL_HEADER = ["account-quarters", "models s", "cpu s", "s per million", "memory limit", "MiB dbt"]
BY_HAND_HEADER = ["company", "core tables by", "s", "cpu s", "MiB", "GiB written", "of SQL"]
HEADER = [
    "company",
    "raw rows",
    *(f"{phase} s" for phase in PHASES),
    "total s",
    "not engine",
    "MiB",
    "MiB dbt",
    "GiB written",
]


def table(rows: list[list[str]]) -> str:
    """Rows under a header, columns aligned, as Markdown."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|")
    return "\n".join(lines)


def bench(scales: Sequence[float] = SCALES) -> str:
    """Build the sample, the company at each scale, three nights on top of each, and panels; tables and what they say.

    The first night has arrivals alone, one row to a thousand of the history, the second corrections of all times too,
    and the third as many arrivals as the first has of the smallest company, whatever the history.

    The sample is built twice, and the second time nothing is parsed. Without scales it is built alone.
    """
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder:
        home = Path(folder)
        _measure("warm-up", SAMPLE_RAW, home / "sample", SAMPLE_AS_OF)
        shutil.rmtree(home / "sample")
        measured = [_measure("sample", SAMPLE_RAW, home / "sample", SAMPLE_AS_OF)]
        measured.append(_measure("again", SAMPLE_RAW, home / "sample", SAMPLE_AS_OF))
        wholes, nights, equal_nights, by_hand = [], [], [], []
        for scale in scales:
            raw, built = home / f"raw-{scale:g}", home / f"scale-{scale:g}"
            generator = [sys.executable, str(REPOSITORY / "seeds" / "generate_company.py"), "--format", "parquet"]
            subprocess.run([*generator, "--scale", str(scale), "--output", str(raw)], check=True)
            as_folders(raw)
            wholes.append(_measure(f"scale {scale:g}", raw, built, SAMPLE_AS_OF))
            days = [SAMPLE_AS_OF + timedelta(days=number) for number in (1, 2, 3)]
            arrive(raw, days[0])
            nights.append(_measure("a night more", raw, built, days[0]))
            arrive(raw, days[1], corrected=True)
            corrected = _measure("with corrections", raw, built, days[1])
            arrive(raw, days[2], new=round(NEW * scale / scales[0]))
            equal_nights.append(_measure("with equal arrivals", raw, built, days[2]))
            measured += [wholes[-1], nights[-1], corrected, equal_nights[-1]]
            by_hand += _measure_by_hand(f"scale {scale:g}", raw, built, home, days[2])
            shutil.rmtree(raw)
            shutil.rmtree(built)
        panels = [_measure_panel(millions, limit, home) for millions, limit in PANELS.items()] if scales else []
    said = [table([HEADER, *(one.row() for one in measured)])]
    said += [
        f"{whole.name}: a night takes {night.seconds / whole.seconds:.0%} of a full build; {whole.mib:,} MiB on disk."
        for whole, night in zip(wholes, nights, strict=True)
    ]
    if len(scales) > 1:
        said.append(
            f"Growth from scale {scales[0]:g} to {scales[-1]:g}: a full build as rows to the power of "
            f"{_exponent(scales, wholes):.2f}, a night to the power of {_exponent(scales, nights):.2f}, and with equal "
            f"arrivals to the power of {_exponent(scales, equal_nights):.2f}."
        )
    if by_hand:
        said.append(table([BY_HAND_HEADER, *by_hand]))
    if panels:
        said.append(table([PANEL_HEADER, *panels]))
    return "\n\n".join(said)


def _exponent(scales: Sequence[float], measured: Sequence[Measured]) -> float:
    return math.log(measured[-1].seconds / measured[0].seconds) / math.log(scales[-1] / scales[0])


def _measure(name: str, raw: Path, home: Path, as_of: date) -> Measured:
    environment = _environment(raw, home, as_of)
    run = _run([sys.executable, "-m", "orchestration", "nightly"], environment)
    build = json.loads((home / "published" / "build.json").read_text(encoding="utf-8"))
    n_bytes = sum(file.stat().st_size for file in home.rglob("*") if file.is_file() and not file.is_symlink())
    return Measured(name, run.seconds, build, n_bytes // 2**20, run.written_mib)


@dataclass(frozen=True)
class Run:
    """What a process and its children used: seconds by the clock and of processors, the most memory that one held."""

    seconds: float
    cpu_seconds: float
    peak_mib: int
    written_mib: int


def _run(command: Sequence[str], environment: Mapping[str, str]) -> Run:
    started = time.perf_counter()
    process = subprocess.Popen(command, env=environment, cwd=REPOSITORY)
    # Not process.wait(): what one child used is told only by the call that waits for it.
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    # The system counts blocks of 512 bytes, and memory in KiB.
    seconds, cpu_seconds = time.perf_counter() - started, used.ru_utime + used.ru_stime
    return Run(seconds, cpu_seconds, used.ru_maxrss // 1024, used.ru_oublock // 2048)


def _environment(raw: Path, home: Path, as_of: date) -> dict[str, str]:
    return process_environment() | {"NPS_RAW": str(raw), "NPS_HOME": str(home), "NPS_AS_OF": as_of.isoformat()}


def _run_dbt(selection: Sequence[str], environment: Mapping[str, str]) -> tuple[Run, float]:
    """Models alone, of a project that was parsed before; and for how long they were executing."""
    settings = load_settings(environment)
    target = prepare_target(settings)
    run = _run(command(settings, ["run", "--quiet", *selection], target), child_environment(settings))
    note_left(settings)
    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    return run, seconds_executing(results)


def _measure_by_hand(name: str, raw: Path, built: Path, home: Path, as_of: date) -> list[list[str]]:
    """The core tables by this project, then by hand in SQL, with pandas and Polars: each in a process of its own."""
    environment = _environment(raw, built, as_of)
    runs = {"this project": _run_dbt(["--full-refresh", "--select", *(f"+{table}" for table in CORE)], environment)[0]}
    for way in ("sql", "pandas", "polars"):
        folder = home / f"by-hand-{way}"
        arguments = [sys.executable, "-m", "tests.bench.by_hand", way, str(raw), str(folder), as_of.isoformat()]
        runs[way] = _run(arguments, environment)
        shutil.rmtree(folder)
    floor = runs["sql"].seconds
    return [
        [
            name,
            way,
            f"{run.seconds:.1f}",
            f"{run.cpu_seconds:.1f}",
            f"{run.peak_mib:,}",
            f"{run.written_mib / 1024:.1f}",
            f"{run.seconds / floor:.2f}",
        ]
        for way, run in runs.items()
    ]


def _measure_panel(millions: int, memory_limit: str, home: Path) -> list[str]:
    """What one point is worth, by all methods and with all checks: the models alone, on so many account-quarters."""
    built = home / f"panel-{millions}"
    environment = _environment(SAMPLE_RAW, built, date(2024, 1, 1)) | {"NPS_MEMORY_LIMIT": memory_limit}
    write_panel(load_settings(environment).build_file, millions * 1_000_000 // QUARTERS)
    run, seconds = _run_dbt(["--selector", "value_of_a_point"], environment)
    shutil.rmtree(built)
    return [
        f"{millions:,} million",
        f"{seconds:.1f}",
        f"{run.cpu_seconds:.1f}",
        f"{seconds / millions:.1f}",
        memory_limit,
        f"{run.peak_mib:,}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Times and memory of the sample, and of the company at scale."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=main.__doc__)
    parser.add_argument("--scales", type=float, nargs="*", default=SCALES, help="without any: the sample alone")
    print(bench(parser.parse_args(arguments).scales))


if __name__ == "__main__":
    main()
