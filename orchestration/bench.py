"""Times and memory: of the sample, of the company at scale and a night on top of it, and of the value of a point."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from orchestration.bench_night import arrive, as_folders
from orchestration.bench_panel import QUARTERS, write_panel
from orchestration.dbt_cli import PROJECT, seconds_executing
from orchestration.settings import REPOSITORY, SAMPLE_AS_OF, SAMPLE_RAW, process_environment

# At scale 250 the sample company has about 2 million answers and 6 million revenue lines.
SCALES = (25.0, 250.0)
# Account-quarters of the panels from which the value of a point is estimated, in millions, and the engine's memory for
# each: with less, what is written to disk instead costs time.
PANELS = {1: "3GB", 2: "4GB", 4: "8GB"}
PHASES = ("raw", "enrichment", "dbt", "validation", "publish", "report")


@dataclass(frozen=True)
class Measured:
    name: str
    seconds: float
    build: dict[str, Any]
    # What stands in NPS_HOME after it.
    mib: int

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
        ]


PANEL_HEADER = ["account-quarters", "models s", "cpu s", "s per million", "memory limit", "MiB dbt"]
HEADER = ["company", "raw rows", *(f"{phase} s" for phase in PHASES), "total s", "not engine", "MiB", "MiB dbt"]


def table(rows: list[list[str]]) -> str:
    """Rows under a header, columns aligned, as Markdown."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 1) + ":" for width in widths) + "|")
    return "\n".join(lines)


def bench(scales: Sequence[float] = SCALES) -> str:
    """Build the sample, the company at each scale, a night on top of each, and panels; the tables and what they say.

    The sample is built twice, and the second time nothing is parsed. Without scales it is built alone.
    """
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder:
        home = Path(folder)
        _measure("warm-up", SAMPLE_RAW, home / "sample", SAMPLE_AS_OF)
        shutil.rmtree(home / "sample")
        measured = [_measure("sample", SAMPLE_RAW, home / "sample", SAMPLE_AS_OF)]
        measured.append(_measure("again", SAMPLE_RAW, home / "sample", SAMPLE_AS_OF))
        wholes, nights = [], []
        for scale in scales:
            raw, built = home / f"raw-{scale:g}", home / f"scale-{scale:g}"
            generator = [sys.executable, str(REPOSITORY / "seeds" / "generate_company.py"), "--format", "parquet"]
            subprocess.run([*generator, "--scale", str(scale), "--output", str(raw)], check=True)
            as_folders(raw)
            wholes.append(_measure(f"scale {scale:g}", raw, built, SAMPLE_AS_OF))
            next_day = SAMPLE_AS_OF + timedelta(days=1)
            arrive(raw, next_day)
            nights.append(_measure("a night more", raw, built, next_day))
            measured += [wholes[-1], nights[-1]]
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
            f"{_exponent(scales, wholes):.2f}, a night to the power of {_exponent(scales, nights):.2f}."
        )
    if panels:
        said.append(table([PANEL_HEADER, *panels]))
    return "\n\n".join(said)


def _exponent(scales: Sequence[float], measured: Sequence[Measured]) -> float:
    return math.log(measured[-1].seconds / measured[0].seconds) / math.log(scales[-1] / scales[0])


def _measure(name: str, raw: Path, home: Path, as_of: date) -> Measured:
    environment = process_environment() | {
        "NPS_RAW": str(raw),
        "NPS_HOME": str(home),
        "NPS_AS_OF": as_of.isoformat(),
    }
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "orchestration", "nightly"], env=environment, cwd=REPOSITORY, check=True)
    seconds = time.perf_counter() - started
    build = json.loads((home / "published" / "build.json").read_text(encoding="utf-8"))
    n_bytes = sum(file.stat().st_size for file in home.rglob("*") if file.is_file() and not file.is_symlink())
    return Measured(name, seconds, build, n_bytes // 2**20)


def _measure_panel(millions: int, memory_limit: str, home: Path) -> list[str]:
    """What one point is worth, by all methods and with all checks: the models alone, on so many account-quarters."""
    build_file = home / f"panel-{millions}.duckdb"
    write_panel(build_file, millions * 1_000_000 // QUARTERS)
    command = [str(Path(sys.executable).with_name("dbt")), "run", "--quiet", "--selector", "value_of_a_point"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(home / "target")]
    command += ["--log-path", str(home / "logs"), "--vars", json.dumps({"as_of_date": "2024-01-01"})]
    told = {"NPS_BUILD_FILE": str(build_file), "NPS_MEMORY_LIMIT": memory_limit}
    run = subprocess.Popen(command, env=process_environment() | told)
    # Not run.wait(): what one child used is told only by the call that waits for it.
    _, status, used = os.wait4(run.pid, 0)
    if status != 0:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    build_file.unlink()
    results = json.loads((home / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    seconds = seconds_executing(results)
    return [
        f"{millions:,} million",
        f"{seconds:.1f}",
        f"{used.ru_utime + used.ru_stime:.1f}",
        f"{seconds / millions:.1f}",
        memory_limit,
        f"{used.ru_maxrss // 1024:,}",
    ]
