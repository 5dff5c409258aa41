"""How long a build takes and how much memory it needs: the sample, and the same company at scale."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.settings import REPOSITORY, SAMPLE_AS_OF, SAMPLE_RAW, process_environment

# At this scale the sample company has about 2 million answers and 6 million revenue lines.
SCALE = 250
PHASES = ("raw", "dbt", "validation", "publish", "report")


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
    """Build the sample twice (the second time nothing is parsed) and the company at scale; the table."""
    with tempfile.TemporaryDirectory(prefix="nps-bench-") as folder:
        home = Path(folder)
        _measure("warm-up", SAMPLE_RAW, home / "sample")
        measured = [_measure("sample", SAMPLE_RAW, home / "sample")]
        if scale > 0:
            raw = home / "raw"
            generator = [sys.executable, str(REPOSITORY / "seeds" / "generate_company.py"), "--format", "parquet"]
            subprocess.run([*generator, "--scale", str(scale), "--output", str(raw)], check=True)
            measured.append(_measure(f"scale {scale:g}", raw, home / "scale"))
    return table([HEADER, *(one.row() for one in measured)])


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
