"""Some models of the project, compiled once and run on tables of a test's own in a database in memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from orchestration.settings import PROJECT, REFERENCE
from tests.conftest import build_environment

Table = pd.DataFrame


# What stands in for models that no test here is about: the ledger passes its checks.
GIVEN = {"int_money_withheld": "select false as is_withheld"}


@dataclass(frozen=True)
class Relation:
    """A table of the warehouse: its name in SQL, and its columns with their types, or the SQL that makes it."""

    name: str
    relation: str
    columns: Mapping[str, str | None]
    sql: str = ""


@dataclass(frozen=True)
class CompiledModels:
    """Models in the order of their building, and the tables that stand in for what they read."""

    models: Sequence[Relation]
    inputs: Mapping[str, Relation]
    seeds: Sequence[Relation]

    def run(self, given: Mapping[str, Table], wanted: Sequence[str], threads: int = 2) -> dict[str, Table]:
        """The wanted models, by name; an input that is not given is empty, a column that is not given null."""
        with duckdb.connect(config={"threads": threads, "memory_limit": "4GB"}) as connection:
            connection.execute("set max_expression_depth to 10000")
            for schema in ("staging", "intermediate", "marts", "reference"):
                connection.execute(f"create schema {schema}")
            for seed in self.seeds:
                path = REFERENCE / f"{seed.name}.csv"
                connection.execute(f"create table {seed.relation} as from read_csv('{path}')")
            for table in self.inputs.values():
                if table.name in GIVEN:
                    connection.execute(f"create table {table.relation} as {GIVEN[table.name]}")
                    continue
                # What has no contract has the types of the rows that are given, and must be given.
                is_typed = None not in table.columns.values()
                if is_typed:
                    listed = ", ".join(f'"{name}" {data_type}' for name, data_type in table.columns.items())
                    connection.execute(f"create table {table.relation} ({listed})")
                if table.name in given or not is_typed:
                    connection.register("given", given[table.name])
                    filled = (
                        "insert into {0} by name select * from given" if is_typed else "create table {0} as from given"
                    )
                    connection.execute(filled.format(table.relation))
                    connection.unregister("given")
            for model in self.models:
                connection.execute(f"create table {model.relation} as {model.sql}")
            return {
                model.name: connection.execute(f"select * from {model.relation}").df()
                for model in self.models
                if model.name in wanted
            }


def compiled_models(folder: Path, inputs: Sequence[str], wanted: Sequence[str], **variables: Any) -> CompiledModels:
    """The wanted models and everything between them and the inputs, with these variables of the project."""
    target = folder / "target"
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "compile", "--no-introspect"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(target)]
    command += ["--log-path", str(folder / "logs"), "--vars", json.dumps(variables)]
    command += ["--select", *(f"{name}+,+{model}" for name in inputs for model in wanted)]
    command += ["--exclude", "resource_type:test", "resource_type:unit_test"]
    # The database in memory is called so, and relations are written with their database.
    environment = build_environment(folder, folder, NPS_BUILD_FILE=str(folder / "memory.duckdb"))
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    nodes: dict[str, Any] = manifest["nodes"]
    by_name = {node["name"]: key for key, node in nodes.items()}
    ordered: list[str] = []
    read: set[str] = set()

    def visit(key: str) -> None:
        if nodes[key]["resource_type"] != "model" or nodes[key]["name"] in (*inputs, *GIVEN):
            read.add(key)
        elif key not in ordered:
            for parent in nodes[key]["depends_on"]["nodes"]:
                visit(parent)
            ordered.append(key)

    for name in wanted:
        visit(by_name[name])
    return CompiledModels(
        models=[_relation(nodes[key]) for key in ordered],
        inputs={nodes[key]["name"]: _relation(nodes[key]) for key in sorted(read) if key.startswith("model.")},
        seeds=[_relation(nodes[key]) for key in sorted(read) if key.startswith("seed.")],
    )


def _relation(node: Mapping[str, Any]) -> Relation:
    columns = {name: column["data_type"] for name, column in node["columns"].items()}
    return Relation(node["name"], node["relation_name"], columns, node.get("compiled_code") or "")
