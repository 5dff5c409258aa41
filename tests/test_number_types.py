"""Counts, sums and their products are of types that hold a million answers of one account in a day.

A sum of answers' points reaches a hundred million, and its square is beyond 32 bits long before. The types of all
expressions are worked out from the compiled SQL and the columns of the built tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlglot import exp, parse_one
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from orchestration.release.warehouse import open_read_only
from orchestration.settings import load_settings
from tests.test_query_plans import MODELS, compiled

NARROW = tuple(exp.DataType.SIGNED_INTEGER_TYPES - {exp.DataType.Type.BIGINT, exp.DataType.Type.INT128})
# What one answer has: 100 points at most, or a flag.
OF_ONE_ANSWER = {"nps_points", "waterfall_points", "is_promoter", "is_detractor", "n_latest", "n_linked"}
# A company's quarters, whose number is a place in a list, which has 32 bits on some engines.
FEW = {"n_periods"}


@pytest.fixture(scope="module")
def schema(sample_release: Path) -> MappingSchema:
    tables = MappingSchema(dialect="duckdb")
    with open_read_only(load_settings({"NPS_HOME": str(sample_release)}).build_file) as connection:
        columns = connection.execute(
            "select database_name, schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where not internal"
        ).fetchall()
    listed: dict[tuple[str, str, str], dict[str, str]] = {}
    for database, schema_name, table, column, data_type in columns:
        listed.setdefault((database, schema_name, table), {})[column] = data_type
    for (database, schema_name, table), types in listed.items():
        tables.add_table(exp.table_(table, db=schema_name, catalog=database), types, dialect="duckdb")
    return tables


def narrow_arithmetic(sql: str, schema: MappingSchema) -> list[str]:
    """Products of 32-bit numbers that may be sums, and sums or counts cast to 32 bits."""
    statement = qualify(parse_one(sql, dialect="duckdb"), schema=schema, dialect="duckdb")
    return sorted(set(_found(annotate_types(statement, schema=schema, dialect="duckdb"))))


def _found(statement: exp.Expr) -> Iterator[str]:
    for product in statement.find_all(exp.Mul):
        terms = (product.left, product.right)
        columns = {column.name for column in product.find_all(exp.Column)}
        is_narrow = all(term.is_type(*NARROW) for term in terms)
        if is_narrow and not columns <= OF_ONE_ANSWER and not any(_is_one_digit(term) for term in terms):
            yield f"product: {product.sql(dialect='duckdb')}"
    for cast in statement.find_all(exp.Cast):
        name = cast.parent.alias_or_name if cast.parent else ""
        if cast.to.is_type(*NARROW) and cast.find(exp.Sum, exp.Count) and name not in FEW:
            yield f"cast: {cast.sql(dialect='duckdb')}"


def _is_one_digit(term: exp.Expr) -> bool:
    """Cells are numbered by doubling; and a count times ten is far from its square."""
    return isinstance(term, exp.Literal) and len(term.name) == 1


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.stem)
def test_no_product_and_no_sum_is_too_narrow(sample_release: Path, schema: MappingSchema, model: Path) -> None:
    assert narrow_arithmetic(compiled(sample_release, model), schema) == []


@pytest.mark.parametrize(
    "expression",
    [
        "n_change * points",
        "points * points",
        "100 * points",
        "-1 * points * points",
        "sum(points * n_change)",
        "cast(sum(points) as integer)",
        "cast(coalesce(count(*), 0) as integer)",
        "sum(cast(sum(points) as integer)) over ()",
    ],
)
def test_narrow_arithmetic_is_found(expression: str) -> None:
    schema = MappingSchema({"states": {"points": "integer", "n_change": "integer"}}, dialect="duckdb")

    assert narrow_arithmetic(f"select {expression} as found from (select * from states) as states", schema)


@pytest.mark.parametrize(
    "expression",
    ["nps_points * nps_points", "sum(nps_points * n_latest)", "wide * wide", "nps_points * wide", "1e0 * n_change"],
)
def test_wide_arithmetic_passes(expression: str) -> None:
    columns = {"nps_points": "integer", "n_latest": "integer", "n_change": "integer", "wide": "bigint"}
    schema = MappingSchema({"states": columns}, dialect="duckdb")

    assert narrow_arithmetic(f"select {expression} as passed from states", schema) == []
