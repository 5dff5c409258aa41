"""No model joins two relations that both grow with the customers by comparing every row with every row.

Such a join passes on a sample and runs for hours on a real company. The physical plan tells: the engine has no hash
join for a condition like ``a.day < b.valid_to or b.valid_to is null``. It is fine where one side has one row, or only
vocabulary or the calendar, which are as long for a large company as for a small one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.release.warehouse import open_read_only
from orchestration.settings import PROJECT, load_settings

Plan = dict[str, Any]

# Joins that look at pairs of rows: all of them, or all that are in order of a condition.
PAIRWISE_JOINS = {"NESTED_LOOP_JOIN", "BLOCKWISE_NL_JOIN", "CROSS_PRODUCT", "IE_JOIN", "PIECEWISE_MERGE_JOIN"}
# Operators with one row, or with as many as somebody wrote into the query.
WRITTEN_OUT = {"UNGROUPED_AGGREGATE", "DUMMY_SCAN", "COLUMN_DATA_SCAN", "EMPTY_RESULT"}
CALENDAR = {"intermediate.int_calendar_bounded", "intermediate.int_reporting_dates_listed", "marts.dim_dates"}
# One row, whatever the company.
VERDICTS = {"intermediate.int_money_withheld"}
# The channels that published rankings name: four at most.
RANKED_CHANNELS = {"intermediate.int_service_channels_scored"}

MODELS = sorted((PROJECT / "models").rglob("*.sql"))


@pytest.fixture(scope="module")
def warehouse(sample_release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_read_only(load_settings({"NPS_HOME": str(sample_release)}).build_file) as connection:
        yield connection


def compiled(home: Path, model: Path) -> str:
    """The SQL of a model as the build ran it."""
    folder = load_settings({"NPS_HOME": str(home)}).dbt_target_folder / "compiled" / "nps_warehouse"
    return (folder / model.relative_to(PROJECT)).read_text(encoding="utf-8")


def explained(warehouse: duckdb.DuckDBPyConnection, query: str) -> list[Plan]:
    row = warehouse.execute(f"explain (format json) {query}").fetchone()
    assert row is not None
    plans: list[Plan] = json.loads(row[1])
    return plans


def every_operator(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan["children"]:
        yield from every_operator(child)


def pairwise_joins(plans: list[Plan]) -> list[str]:
    """The pairwise joins of a plan with no side that stays small, in words."""
    operators = [operator for plan in plans for operator in every_operator(plan)]
    ctes = {op["extra_info"]["Table Index"]: op["children"][0] for op in operators if op["name"] == "CTE"}

    def grows(operator: Plan) -> bool:
        if operator["name"] in WRITTEN_OUT:
            return False
        if operator["name"] == "CTE_SCAN":
            return grows(ctes[operator["extra_info"]["CTE Index"]])
        if operator["children"]:
            return any(grows(child) for child in operator["children"])
        return not is_vocabulary(operator["extra_info"].get("Table", ""))

    return [
        f"{operator['name']} on {operator['extra_info']}"
        for operator in operators
        if operator["name"] in PAIRWISE_JOINS and all(grows(child) for child in operator["children"])
    ]


def is_vocabulary(table: str) -> bool:
    """Whether a table (``catalog.schema.name``) is a seed, the calendar or another that no customer makes longer."""
    _, _, name = table.partition(".")
    return name.startswith("reference.") or name in CALENDAR | RANKED_CHANNELS | VERDICTS


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_no_model_compares_every_row_with_every_row(
    sample_release: Path, warehouse: duckdb.DuckDBPyConnection, model: Path
) -> None:
    assert pairwise_joins(explained(warehouse, compiled(sample_release, model))) == []


@pytest.mark.parametrize(
    "join",
    [
        # An open end that is null instead of the end of the calendar: no hash join is left.
        "left join marts.dim_account_history as other on answers.day < other.valid_to or other.valid_to is null",
        "cross join marts.dim_accounts as other",
        "inner join staging.stg_crm__contracts as other on answers.day between other.start_date and other.end_date",
        "inner join marts.fct_nps_responses as other on answers.day > other.answered_date",
        # Hidden in a relation that is read twice.
        "inner join answers as other on answers.day <> other.day",
    ],
)
def test_a_join_of_every_row_with_every_row_is_found(warehouse: duckdb.DuckDBPyConnection, join: str) -> None:
    answers = "with answers as materialized (select answered_date as day from marts.fct_nps_responses)"
    assert pairwise_joins(explained(warehouse, f"{answers} select count(*) from answers {join}"))


@pytest.mark.parametrize(
    "join",
    [
        "inner join marts.dim_account_history as other on answers.account_id = other.account_id "
        "and answers.day >= other.valid_from and answers.day < other.valid_to",
        "inner join marts.dim_dates as other on answers.day <= other.date_day",
        "cross join reference.nps_scale as other",
        "cross join (select count(*) as n from marts.fct_nps_responses) as other",
    ],
)
def test_a_join_with_a_key_or_a_small_side_passes(warehouse: duckdb.DuckDBPyConnection, join: str) -> None:
    answers = "(select account_id, answered_date as day from marts.fct_nps_responses) as answers"
    assert pairwise_joins(explained(warehouse, f"select count(*) from {answers} {join}")) == []
