"""What a user would write by hand, in each of three ways, gives the numbers published of the sample company."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from scipy import stats

from orchestration.bench_floor import DATABASE, RAW_TABLES, WAYS
from orchestration.settings import REPOSITORY, SAMPLE_AS_OF, SAMPLE_RAW
from tests.conftest import build_environment

SCORE = "n_scored, n_promoters, n_passives, n_detractors"
# Of each table: its key, what else must be equal, what may differ by how much, and which published rows it holds.
TABLES = {
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
        {"revenue": 0.005, "cost": 0.005},
        "",
    ),
    "nps_by_month": (
        "month_start, program_type, dimension, dimension_value, nps_rule",
        SCORE,
        {"nps": 1e-9},
        "where nps_rule in ('all_responses', 'contact_latest')",
    ),
    "nps_rolling": ("date_day, program_type, dimension, dimension_value", SCORE, {"nps": 1e-9}, ""),
}


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
def made(
    request: pytest.FixtureRequest, raw_parquet: Path, sample_release: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    """What one way makes as views of schema made, beside what is published as schema published.marts."""
    folder = tmp_path_factory.mktemp(request.param)
    command = [sys.executable, "-m", "orchestration.bench_floor", request.param, str(raw_parquet), str(folder)]
    done = subprocess.run(
        [*command, SAMPLE_AS_OF.isoformat()],
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
        if request.param == "sql":
            connection.execute(f"attach '{folder / DATABASE}' as written (read_only)")
        for table in TABLES:
            source = f"written.{table}" if request.param == "sql" else f"'{folder / f'{table}.parquet'}'"
            connection.execute(f"create view made.{table} as from {source}")
        yield connection


@pytest.mark.parametrize("table", TABLES)
def test_each_way_gives_the_published_rows(made: duckdb.DuckDBPyConnection, table: str) -> None:
    key, equal, close, where = TABLES[table]
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


def test_each_way_gives_the_error_behind_the_published_margin(made: duckdb.DuckDBPyConnection) -> None:
    key = TABLES["nps_by_month"][0]
    margins = made.sql(
        f"select std_error, margin_of_error, greatest(effective_n - 1, 1) as degrees_of_freedom from made.nps_by_month "
        f"inner join published.marts.nps_by_month using ({key}) where ci_method = 'account_jackknife'"
    ).df()

    assert len(margins) > 500
    expected = margins["std_error"] * stats.t.ppf(0.975, margins["degrees_of_freedom"])
    assert (expected - margins["margin_of_error"]).abs().max() < 1e-9
