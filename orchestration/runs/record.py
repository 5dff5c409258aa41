"""What is known of the build file's content, kept beside it: the run, the phases, the rows, the checks.

Each step writes its section and drops those of later steps, so that nothing is published on the strength of a check
of other data, even when steps are run one by one from the web page.
"""

from __future__ import annotations

import json
import logging
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestration.files import write_json
from orchestration.findings import BuildError, Finding

logger = logging.getLogger(__name__)

# In the order of the build.
SECTIONS = ("raw", "enrichment", "dbt", "validation", "release", "report")
KIB_PER_MIB = 1024


@dataclass(frozen=True)
class BuildRecord:
    path: Path

    def read(self) -> dict[str, Any]:
        return json.loads(self.path.read_text(encoding="utf-8")) if self.path.is_file() else {}

    def is_readable(self) -> bool:
        """Whether the file is such a record, or is not there; OSError where the machine does not let it be read."""
        if self.path.is_dir():
            return False
        try:
            content = self.read()
        except ValueError:
            return False
        parts: list[Any] = [content]
        if isinstance(content, dict):
            parts += [content[name] for name in (*SECTIONS, "phase_seconds", "peak_memory_mib") if name in content]
        return all(isinstance(part, dict) for part in parts)

    def begin(self, **run: Any) -> None:
        write_json(self.path, self.read() | run)

    def section(self, name: str) -> dict[str, Any]:
        """What a step left; an error if it, or a step before it, has to run first."""
        found: dict[str, Any] | None = self.read().get(name)
        if found is None:
            raise BuildError(
                Finding(
                    "step_order",
                    name,
                    f"the build file as it is has not been through the step {name}.",
                    next_step="Run the whole job (make nightly, or the job nightly on the web page).",
                )
            )
        return found

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """Set a section; what later steps said of the content before is dropped."""
        kept = {key: value for key, value in self.read().items() if key not in SECTIONS[SECTIONS.index(name) :]}
        write_json(self.path, kept | {name: content})

    def invalidate(self, name: str) -> None:
        """Drop a section and the later ones, because what they speak of is about to change."""
        dropped = SECTIONS[SECTIONS.index(name) :]
        write_json(self.path, {key: value for key, value in self.read().items() if key not in dropped})

    def say(self, sentence: str) -> None:
        """Tell what was found damaged of the warehouse's own files, and what is done about it."""
        logger.warning(sentence)
        write_json(self.path, self.read() | {"repairs": [*self.read()["repairs"], sentence]})

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase; phases of one name add up within a run."""
        started = time.perf_counter()
        logger.info("%s ...", name)
        yield
        seconds = time.perf_counter() - started
        record = self.read()
        phases = record.setdefault("phase_seconds", {})
        phases[name] = round(phases.get(name, 0.0) + seconds, 2)
        record.setdefault("peak_memory_mib", {})["orchestration"] = peak_memory_mib()
        write_json(self.path, record)
        logger.info("%s %.1f s", name, seconds)


def peak_memory_mib() -> int:
    """The most memory that this process held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIB_PER_MIB
