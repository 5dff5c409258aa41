"""Times and memory: of the sample, of the same company at scale, and of the value of a point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.bench_panel import QUARTERS, write_panel
from orchestration.dbt_cli import PROJECT, seconds_executing
from orchestration.settings import REPOSITORY, SAMPLE_AS_OF, SAMPLE_RAW, process_environment

# At this scale the sample company has about 2 million answers and 6 million revenue lines.
SCALE = 250
# Account-quarters of the panels from which the value of a point is estimated, in millions, and the engine's memory for
# each: the lists of a panel take about 2 GB per million, and what is written to disk instead costs time.
PANELS = {1: "3GB", 2: "4GB", 4: "8GB"}
PHASES = ("raw", "enrichment", "dbt", "validation", "publish", "report")


@dataclass(frozen=True)
class Measured:
    name: str
    seconds: float
    build: dict[str, Any]

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


def bench(scale: float = SCALE) -> str:
    """Build the sample twice (the second time nothing is parsed), the company at scale and panels; the tables."""
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder:
        home = Path(folder)
        _measure("warm-up", SAMPLE_RAW, home / "sample")
        measured = [_measure("sample", SAMPLE_RAW, home / "sample")]
        if scale > 0:
            raw = home / "raw"
            generator = [sys.executable, str(REPOSITORY / "seeds" / "generate_company.py"), "--format", "parquet"]
            subprocess.run([*generator, "--scale", str(scale), "--output", str(raw)], check=True)
            measured.append(_measure(f"scale {scale:g}", raw, home / "scale"))
        panels = [_measure_panel(millions, limit, home) for millions, limit in PANELS.items()] if scale > 0 else []
    tables = [table([HEADER, *(one.row() for one in measured)])]
    if panels:
        tables.append(table([PANEL_HEADER, *panels]))
    return "\n\n".join(tables)


def _measure(name: str, raw: Path, home: Path) -> Measured:
    environment = process_environment() | {
        "NPS_RAW": str(raw),
        "NPS_HOME": str(home),
        "NPS_AS_OF": SAMPLE_AS_OF.isoformat(),
    }
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "orchestration", "nightly"], env=environment, cwd=REPOSITORY, check=True)
    seconds = time.perf_counter() - started
    return Measured(name, seconds, json.loads((home / "published" / "build.json").read_text(encoding="utf-8")))


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
