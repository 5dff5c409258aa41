"""SQL for warehouses that no test reaches: compiled by dbt without an account, parsed, and its words looked up."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse

from orchestration.settings import PROJECT, REFERENCE, REPOSITORY, SAMPLE_RAW
from tests.conftest import build_environment
from tests.dialects import FOLDER, UNKNOWN, Dialect, Warehouse, faults, load_dialects

DIALECTS = load_dialects()
DBT = REPOSITORY / ".venv-dialects" / "bin" / "dbt"
# Not the defaults, so that what differs by time zone is compiled too.
VARIABLES = {"as_of_date": "2026-07-01", "reporting_timezone": "Europe/Berlin"}
# Of raw tables, beside what the manifest says: where a row came from.
LANDED = ("_row_number", "_source_file")
# What dbt compares a contract with.
INLINE = """
{% for node in graph.nodes.values() if node.resource_type == "model" and node.config.contract.enforced %}
;
{{ get_empty_schema_sql(node.columns) }}
{% endfor %}
"""


@dataclass(frozen=True)
class Compiled:
    """The project as dbt compiled it for a warehouse."""

    dialect: Dialect
    manifest: dict[str, Any]
    inline: list[str]

    @property
    def nodes(self) -> list[dict[str, Any]]:
        return [node for node in self.manifest["nodes"].values() if node["resource_type"] in ("model", "test")]


# A worker of its own for each: compiling takes most of the time.
@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in sorted(DIALECTS)]
)
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    dialect = DIALECTS[request.param]
    folder = tmp_path_factory.mktemp(dialect.name)
    run_dbt(folder, dialect, "compile", "--select", "resource_type:model", "resource_type:test")
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    inline = run_dbt(folder, dialect, "compile", "--output", "json", "--inline", INLINE)
    return Compiled(dialect, manifest, json.loads(inline)["compiled"].split("\n;\n"))


def run_dbt(folder: Path, dialect: Dialect, verb: str, *arguments: str) -> str:
    """What dbt prints. No introspection, no cache: nothing is asked of a warehouse."""
    command = [str(DBT), "--quiet", "--no-version-check", verb, "--no-introspect", "--no-populate-cache"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(FOLDER), "--target", dialect.name]
    command += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    command += ["--vars", json.dumps(VARIABLES), *arguments]
    done = subprocess.run(
        command, env=build_environment(folder, SAMPLE_RAW), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.dialects
def test_every_model_and_test_is_understood(compiled: Compiled) -> None:
    offenders = {node["name"]: faults(node["compiled_code"], compiled.dialect) for node in compiled.nodes}

    assert len(offenders) > 400
    assert {name: found for name, found in offenders.items() if found} == {}


@pytest.mark.dialects
def test_every_column_that_a_model_reads_is_there_and_no_quotient_is_rounded(compiled: Compiled) -> None:
    warehouse = Warehouse(compiled.dialect)
    nodes = compiled.manifest["nodes"]
    for source in compiled.manifest["sources"].values():
        warehouse.add(source, dict.fromkeys([*source["columns"], *LANDED], "string"))
    for seed in (node for node in nodes.values() if node["resource_type"] == "seed"):
        with (REFERENCE / f"{seed['name']}.csv").open(encoding="utf-8", newline="") as file:
            types = seed["config"].get("column_types") or {}
            quoted = '"{}"'.format if seed["config"].get("quote_columns") else str
            warehouse.add(seed, {quoted(column): types.get(column, UNKNOWN) for column in next(csv.reader(file))})
    offenders = {}
    for name in in_order_of_building(nodes):
        found = warehouse.build(nodes[name])
        if found:
            offenders[nodes[name]["name"]] = found

    assert offenders == {}


@pytest.mark.dialects
def test_contracts_are_understood(compiled: Compiled) -> None:
    _, *contracts = compiled.inline

    assert len(contracts) > 40
    assert [found for sql in contracts if (found := faults(sql, compiled.dialect))] == []


@pytest.mark.dialects
def test_a_function_is_declared_by_the_model_that_calls_it(compiled: Compiled) -> None:
    called = {
        (node["name"], call)
        for node in compiled.nodes
        for call in re.findall(r"([\w.]*solved_couplings)\(", node["compiled_code"])
    }
    declared = {
        (node["name"], function.this.sql(dialect=compiled.dialect.name))
        for node in compiled.nodes
        for statement in parse(node["config"].get("sql_header") or "", dialect=compiled.dialect.name)
        if statement is not None and (function := statement.find(exp.UserDefinedFunction))
    }

    assert called == declared


def in_order_of_building(nodes: dict[str, Any]) -> list[str]:
    """The models, each after those that it reads."""
    ordered: list[str] = []

    def visit(name: str) -> None:
        if name in ordered or not name.startswith("model."):
            return
        for parent in nodes[name]["depends_on"]["nodes"]:
            visit(parent)
        ordered.append(name)

    for name in nodes:
        visit(name)
    return ordered


@pytest.mark.parametrize(
    ("sql", "snowflake", "bigquery", "databricks"),
    [
        ("select list_sum(x) as y from t", *["function list_sum"] * 3),
        ("select {'a': 1} as b from t", "a struct in braces", "a struct in braces", "does not parse"),
        ("select list_transform(x, lambda y: y + 1) as z from t", *["does not parse"] * 3),
        ("select x[1] as y from t", *["Bracket"] * 3),
        ("select x[1:2] as y from t", "Bracket", "Slice", "Bracket"),
        ("select unnest(x) as y from t", *["unnest outside a from clause"] * 3),
        ("select cast(x as date) + 1 as y from t", *["arithmetic on a date"] * 3),
        ("select distinct on (a) a from t", *["distinct on"] * 3),
        ("select cast(x as varchar) as y from t", None, "type varchar", "type varchar"),
        ("select cast(x as double) as y from t", None, "type double", None),
        ("select count(*) filter (where x) as n from t", "Filter", "Filter", None),
        ("select a from t union select b from u", None, "does not parse", None),
        ("with groups as (select 1 as a) select * from groups", None, "reserved word groups", None),
        ("select transform(x, y -> y + 1) as z from t", None, "Lambda", None),
        ("vacuum t", *["not one query"] * 3),
        ("select a, coalesce(b, 0) as b from t", None, None, None),
    ],
)
def test_what_one_engine_alone_understands_is_found(
    sql: str, snowflake: str | None, bigquery: str | None, databricks: str | None
) -> None:
    for name, expected in {"snowflake": snowflake, "bigquery": bigquery, "databricks": databricks}.items():
        found = faults(sql, DIALECTS[name])
        if expected is None:
            assert found == [], name
        else:
            assert any(fault.startswith(expected) for fault in found), (name, found)


def test_a_column_that_is_not_there_is_found() -> None:
    warehouse = Warehouse(DIALECTS["bigquery"])
    warehouse.add(table("days"), {"first_day": "date"})
    joined = "cross join unnest(generate_date_array(first_day, first_day)) as spanned_day"

    assert warehouse.build(table("m", f"select spanned_day as date_day from d.s.days {joined}")) == []
    assert warehouse.build(table("m", "select spanned_day as date_day from d.s.days")) != []
    assert warehouse.build(table("n", "select first_day from d.s.m")) != []


@pytest.mark.parametrize(
    ("expression", "is_rounded"),
    [("n / 3", True), ("n * 1e0 / 3", False), ("avg(n)", True), ("avg(n * 1e0)", False), ("amount / n", True)],
)
def test_a_quotient_of_exact_numbers_is_found_where_it_is_rounded(expression: str, is_rounded: bool) -> None:
    for name, dialect in DIALECTS.items():
        warehouse = Warehouse(dialect)
        warehouse.add(table("t"), {"n": "bigint", "amount": "decimal(18, 6)"})

        # Types are followed from one model to the next.
        assert warehouse.build(table("m", "select n, amount from d.s.t")) == []
        found = warehouse.build(table("q", f"select {expression} as x from d.s.m"))

        assert bool(found) == (is_rounded and name == "snowflake"), (name, found)


def table(name: str, sql: str = "") -> dict[str, Any]:
    return {"alias": name, "schema": "s", "database": "d", "columns": {}, "compiled_code": sql}
