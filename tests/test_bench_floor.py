"""What a user would write by hand, in each of three ways, gives the numbers published of the sample company."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from scipy import stats

from orchestration.settings import REPOSITORY, SAMPLE_RAW, load_settings
from tests.bench.by_hand import DATABASE, RAW_TABLES, WAYS
from tests.conftest import build_environment

SCORE = "n_scored, n_promoters, n_passives, n_detractors"
# Of a table: its key, what else must be equal, what may differ by how much, and which published rows it holds.
Compared = tuple[str, str, dict[str, str], str]
TABLES: dict[str, Compared] = {
    "fct_nps_responses": (
        "response_id",
        "account_id, cluster_id, respondent_id, program_type, survey_id, channel, touchpoint, resolution_mode, "
        "segment, size_band, region, industry, lifecycle_segment, agent_team, owner_id, score, nps_category, "
        "nps_points, answered_date, month_start, is_last_of_month, standing_until",
        {},
        "",
    ),
    "fct_account_revenue_months": (
        "account_id, month_start, revenue_type",
        "1",
        {"revenue": "0.005", "cost": "0.005"},
        "",
    ),
    "nps_by_month": (
        "month_start, program_type, dimension, dimension_value, nps_rule",
        SCORE,
        {"nps": "1e-9"},
        "where nps_rule in ('all_responses', 'contact_latest')",
    ),
    "nps_rolling": ("date_day, program_type, dimension, dimension_value", SCORE, {"nps": "1e-9"}, ""),
}
# The SQL makes the tables whole: what the account rules look at, every rule, and how many accounts stand.
IN_SQL: dict[str, Compared] = {
    "fct_nps_responses": (
        TABLES["fct_nps_responses"][0],
        TABLES["fct_nps_responses"][1] + ", is_linked, seniority, answered_at",
        {"trailing_revenue_12m": "0.005"},
        "",
    ),
    "fct_account_revenue_months": TABLES["fct_account_revenue_months"],
    "nps_by_month": (
        TABLES["nps_by_month"][0],
        SCORE,
        {"nps": "1e-9", "effective_n": "1e-9 * published.effective_n"},
        "",
    ),
    "nps_rolling": (TABLES["nps_rolling"][0], f"{SCORE}, n_clusters", {"nps": "1e-9"}, ""),
}
# Whose effective number of accounts tells the degrees of freedom of an error: the published one, where there is one.
ERRORS = {"nps_by_month": "published.effective_n", "nps_rolling": "made.effective_n"}


def typed(column: str) -> str:
    """A text column as the contract types it, with null for what does not parse; the score is text."""
    if column.endswith("_at"):
        return f"try_cast({column} as timestamptz) at time zone 'UTC'"
    kinds = {"month": "date", "amount": "decimal(18, 4)", "cost": "decimal(18, 4)", "rate": "decimal(28, 12)"}
    prefixes = {"period_": "date", "is_": "boolean", "counts_": "boolean", "scale_m": "integer"}
    kind = next((kind for prefix, kind in prefixes.items() if column.startswith(prefix)), kinds.get(column))
    return f"try_cast({column} as {kind})" if kind else column


@pytest.fixture(scope="module")
def raw_parquet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's raw tables as typed Parquet: answers and revenue in a folder of two files, the rest in one."""
    raw = tmp_path_factory.mktemp("raw")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for table in RAW_TABLES:
            rows = connection.read_csv(str(SAMPLE_RAW / f"{table}.csv"), all_varchar=True)
            columns = ", ".join(f"{typed(column)} as {column}" for column in rows.columns)
            connection.execute(f"create table {table} as select {columns} from rows")
            if table in ("survey_responses", "crm_revenue"):
                (raw / table).mkdir()
                connection.execute(f"copy (from {table} limit 8000) to '{raw / table / '0.parquet'}'")
                connection.execute(f"copy (from {table} offset 8000) to '{raw / table / '1.parquet'}'")
            else:
                connection.execute(f"copy {table} to '{raw / f'{table}.parquet'}'")
    return raw


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def made(
    way: str, raw_parquet: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """What one way makes as views of schema made, beside what is published as schema published.marts."""
    folder = tmp_path_factory.mktemp(way)
    command = [sys.executable, "-m", "tests.bench.by_hand", way, str(raw_parquet), str(folder)]
    done = subprocess.run(
        [*command, load_settings({}).as_of.isoformat()],
        env=build_environment(folder, raw_parquet),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with duckdb.connect() as connection:
        connection.execute(f"attach '{sample_release / 'published' / 'nps.duckdb'}' as published (read_only)")
        connection.execute("create schema made")
        if way == "sql":
            connection.execute(f"attach '{folder / DATABASE}' as written (read_only)")
        for table in TABLES:
            source = f"written.{table}" if way == "sql" else f"'{folder / f'{table}.parquet'}'"
            connection.execute(f"create view made.{table} as from {source}")
        yield connection


@pytest.mark.parametrize("table", TABLES)
def test_each_way_gives_the_published_rows(made: duckdb.DuckDBPyConnection, way: str, table: str) -> None:
    key, equal, close, where = (IN_SQL if way == "sql" else TABLES)[table]
    by_hand = f"select {key}, {equal} from made.{table}"
    published = f"select {key}, {equal} from published.marts.{table} {where}"

    assert made.sql(f"{by_hand} limit 1").fetchall() != []
    assert made.sql(f"({by_hand}) except all ({published})").fetchall() == []
    assert made.sql(f"({published}) except all ({by_hand})").fetchall() == []
    for column, tolerance in close.items():
        differing = made.sql(
            f"select {key}, made.{column}, published.{column} from made.{table} as made "
            f"inner join published.marts.{table} as published using ({key}) "
            f"where (made.{column} is null) <> (published.{column} is null) "
            f"or abs(cast(made.{column} as double) - cast(published.{column} as double)) > {tolerance}"
        )
        assert differing.fetchall() == []


def errors(made: duckdb.DuckDBPyConnection, table: str, ci_method: str) -> pd.DataFrame:
    """What was made of a table beside its published margins, where these are by one method."""
    return made.sql(
        f"select made.*, published.margin_of_error, greatest({ERRORS[table]} - 1, 1) as degrees_of_freedom "
        f"from made.{table} as made inner join published.marts.{table} as published using ({TABLES[table][0]}) "
        f"where published.ci_method = '{ci_method}'"
    ).df()


def test_each_way_gives_the_error_behind_the_published_margin(made: duckdb.DuckDBPyConnection, way: str) -> None:
    for table in ERRORS if way == "sql" else ["nps_by_month"]:
        rows = errors(made, table, "account_jackknife")

        assert len(rows) > 500
        expected = rows["std_error"] * stats.t.ppf(0.975, rows["degrees_of_freedom"])
        assert ((expected - rows["margin_of_error"]).abs() < 1e-9).all()


def test_where_no_account_answered_twice_the_error_is_that_of_a_mean(made: duckdb.DuckDBPyConnection, way: str) -> None:
    """No error of account_waterfall is behind a published margin."""
    for table in ERRORS if way == "sql" else ["nps_by_month"]:
        rows = errors(made, table, "adjusted_wald")

        assert len(rows) > 500
        n, n_promoters, n_detractors = rows["n_scored"], rows["n_promoters"], rows["n_detractors"]
        squares = n_promoters + n_detractors - (n_promoters - n_detractors) ** 2 / n
        assert ((100 * (squares / n / (n - 1)) ** 0.5 - rows["std_error"]).abs() < 1e-9).all()
