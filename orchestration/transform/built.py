"""What the build file was built from, so that a night builds what has another input, and nothing else.

It is said only of a build that came to its end: an interrupted one leaves nothing, and the next builds everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from orchestration.company.project import project_sources, reference_file
from orchestration.files import file_hash, write_json
from orchestration.settings import REPOSITORY, Settings
from orchestration.transform.dbt_cli import DataTestResult, engine_versions


@dataclass(frozen=True)
class Inputs:
    """What decides the content of every table, each as a hash.

    ``project`` stands for models, macros, variables (the as-of date among them) and the engine; ``data`` has the
    sources and seeds by their dbt unique id. None: nobody can tell whether it is what it was.
    """

    project: str
    data: Mapping[str, str | None]

    def changed_since(self, before: Inputs | None) -> list[str] | None:
        """The unique ids of the sources and seeds that are not what they were; None where everything may be another."""
        if before is None or before.project != self.project:
            return None
        return sorted(
            unique_id
            for unique_id, content in self.data.items()
            if content is None or content != before.data.get(unique_id)
        )


@dataclass(frozen=True)
class Built:
    """The inputs of the last whole build, and what its tests said, by their unique id."""

    inputs: Inputs
    tests: Mapping[str, DataTestResult]

    @property
    def passed(self) -> int:
        return sum(result.warning is None for result in self.tests.values())

    @property
    def warned(self) -> list[str]:
        return [result.warning for result in self.tests.values() if result.warning is not None]


def inputs_of(settings: Settings, manifest: Mapping[str, Any], contents: Mapping[str, str | None]) -> Inputs:
    """The inputs of a build as they are now; ``contents`` has the content hash of each source, by its name."""
    nodes = manifest["nodes"].values()
    seeds = {
        node["unique_id"]: reference_file(settings, node["name"]) for node in nodes if node["resource_type"] == "seed"
    }
    sources = {unique_id: contents[source["name"]] for unique_id, source in manifest["sources"].items()}
    files = sorted({path for path in project_sources(settings) if path.is_file()} - set(seeds.values()))
    project = repr(
        (_hash(settings, files), settings.target, settings.as_of, settings.dbt_vars(), engine_versions(settings))
    )
    return Inputs(
        hashlib.sha256(project.encode()).hexdigest(),
        {**sources, **{unique_id: file_hash(path) for unique_id, path in seeds.items()}},
    )


def unaffected(manifest: Mapping[str, Any], changed: Iterable[str]) -> list[str]:
    """The seeds and models that hang on none of the changed sources and seeds, each after those that it hangs on."""
    affected, reached = set[str](), list(changed)
    while reached:
        unique_id = reached.pop()
        if unique_id not in affected:
            affected.add(unique_id)
            reached += manifest["child_map"][unique_id]
    order = TopologicalSorter(manifest["parent_map"]).static_order()
    nodes = manifest["nodes"]
    return [
        unique_id
        for unique_id in order
        if unique_id not in affected and unique_id in nodes and is_made(nodes[unique_id])
    ]


def is_made(node: Mapping[str, Any]) -> bool:
    """Whether dbt makes a table or a view of a node: of a seed or a model that is not part of others' queries."""
    return node["resource_type"] in ("model", "seed") and node.get("config", {}).get("materialized") != "ephemeral"


def _hash(settings: Settings, files: Iterable[Path]) -> str:
    # Wherever checkout, company and home lie.
    roots = [root for root in (REPOSITORY, settings.company, settings.home) if root is not None]
    digest = hashlib.sha256()
    for path in files:
        name = next(path.relative_to(root) for root in roots if path.is_relative_to(root))
        digest.update(str(name).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def read_built(settings: Settings) -> Built | None:
    """What the build file was built from; None where no whole build stands in it."""
    if not (settings.built_file.is_file() and settings.build_file.is_file()):
        return None
    content: dict[str, Any] = json.loads(settings.built_file.read_text(encoding="utf-8"))
    tests = {unique_id: DataTestResult(**result) for unique_id, result in content["tests"].items()}
    return Built(Inputs(**content["inputs"]), tests)


def forget_built(settings: Settings) -> None:
    """Until a build has come to its end, nobody knows what its tables hold."""
    if settings.built_file.is_file():
        settings.built_file.unlink()


def write_built(settings: Settings, built: Built) -> None:
    write_json(settings.built_file, asdict(built))
