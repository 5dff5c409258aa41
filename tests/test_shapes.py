"""Companies of shapes that the sample is not are built and published; each is many at once, of a size for a test.

`make verify-shapes` builds every shape on its own, at its full size.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from tests.conftest import built_once, run_nightly
from tests.shapes import ANNUAL, AS_OF, LONG, MOSTLY_DETRACTORS, ONE_DAY, RATES, Shape, surveys

N_SURVEYS = 200
LARGEST = "999999999999999.99"
# Few accounts with many answers of one day, many surveys, long names, and thirty years of the largest amounts.
CROWDED = Shape(
    accounts=14,
    responses=10_282,
    lines=14 * 30,
    account={"account_id": LONG, "account_name": LONG, "segment": LONG},
    response={
        "account_id": LONG.replace("|| i", "|| i % {accounts}"),
        "answered_at": ONE_DAY,
        "score": MOSTLY_DETRACTORS,
        "survey_id": f"'s' || least(i, {N_SURVEYS})",
    },
    line=ANNUAL
    | {
        "account_id": LONG.replace("|| i", "|| i % {accounts}"),
        "period_start": "date '1994-07-02' + to_years(cast(i // {accounts} as int))",
        "period_end": "date '1995-07-01' + to_years(cast(i // {accounts} as int))",
        "amount": LARGEST,
    },
    others=surveys(N_SURVEYS + 1),
)
# The ledger has no line and the survey one day, and every answer is the same.
BARE = Shape(lines=0, response={"answered_at": ONE_DAY, "score": "10"})
# Nobody has answered, and all revenue is in another currency than the reporting one.
SILENT = Shape(responses=0, line={"currency": "'EUR'"}, others=RATES)
SHAPES = {"crowded": CROWDED, "bare": BARE, "silent": SILENT}


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    homes = {}
    for name, shape in SHAPES.items():
        with built_once(tmp_path_factory, f"shape-{name}") as (home, is_missing):
            if is_missing:
                done = run_nightly(home, shape.write(home / "raw"), NPS_AS_OF=AS_OF)
                assert done.code == 0, done.stderr
        homes[name] = home
    return homes


@pytest.fixture
def warehouse(releases: Mapping[str, Path], request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(releases[request.param] / "published" / "nps.duckdb", read_only=True) as connection:
        yield connection


def one(warehouse: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    (row,) = warehouse.execute(query).fetchall()
    return tuple(row)


@pytest.mark.parametrize("warehouse", ["crowded"], indirect=True)
def test_few_accounts_with_many_answers_are_scored(warehouse: duckdb.DuckDBPyConnection) -> None:
    """Each has over 500 net detractors, whose points squared are beyond 32 bits."""
    expected = warehouse.execute(
        f"select count(*), avg(case when score > 8 then 100 when score < 7 then -100 else 0 end) "
        f"from (select {MOSTLY_DETRACTORS.replace('{accounts}', '14')} as score from range(10282) as rows(i))"
    ).fetchone()
    assert one(
        warehouse,
        f"select n_scored, nps from marts.nps_rolling where date_day = '{AS_OF}' and dimension = 'all'",
    ) == pytest.approx(expected)


@pytest.mark.parametrize("warehouse", ["crowded"], indirect=True)
def test_thirty_years_of_the_largest_amounts_add_up_to_the_cent(warehouse: duckdb.DuckDBPyConnection) -> None:
    total, first, last, n_accounts = one(
        warehouse,
        "select sum(revenue), min(month_start)::varchar, max(month_start)::varchar, count(distinct account_id) "
        "from marts.fct_account_revenue_months",
    )
    assert Fraction(str(total)) == 14 * 30 * Fraction(LARGEST)
    assert (first, last, n_accounts) == ("1994-07-01", "2024-07-01", 14)
    by_group = one(warehouse, "select sum(revenue) from marts.revenue_by_nps_group where month_start < '2024-07-01'")
    months = "marts.fct_account_revenue_months where month_start < '2024-07-01'"
    ledger = one(warehouse, f"select sum(revenue) from {months}")
    assert by_group == ledger


@pytest.mark.parametrize("warehouse", ["crowded"], indirect=True)
def test_names_are_as_long_as_they_came(warehouse: duckdb.DuckDBPyConnection) -> None:
    lengths = "select min(length(account_id)) >= 491, count(distinct account_name) from marts.dim_accounts"
    assert one(warehouse, lengths) == (True, 14)


@pytest.mark.parametrize("warehouse", ["crowded"], indirect=True)
def test_each_of_many_surveys_has_its_row(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert one(warehouse, "select count(*) from marts.dim_surveys where survey_id like 's%'") == (N_SURVEYS + 1,)


@pytest.mark.parametrize("warehouse", ["bare"], indirect=True)
def test_answers_without_revenue_are_scored_and_worth_nothing_known(warehouse: duckdb.DuckDBPyConnection) -> None:
    """All answers alike have an interval nevertheless: adjusted Wald does not claim to be sure."""
    nps, is_unsure = one(
        warehouse,
        f"select nps, ci_low < 100 from marts.nps_rolling where date_day = '{AS_OF}' and dimension = 'all'",
    )
    assert (nps, is_unsure) == (100, True)
    assert one(warehouse, "select count(*) from marts.fct_account_revenue_months") == (0,)
    assert one(warehouse, "select count(slope_per_point) from marts.nps_point_value") == (0,)


@pytest.mark.parametrize("warehouse", ["silent"], indirect=True)
def test_revenue_without_answers_is_converted_and_nobody_s_group(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert one(warehouse, "select count(*) from marts.fct_nps_responses") == (0,)
    groups = warehouse.execute("select distinct nps_group from marts.revenue_by_nps_group").fetchall()
    assert groups == [("no_response",)] or groups == [("not_invited",)]
    revenue, lines = one(
        warehouse,
        "select (select sum(revenue) from marts.fct_account_revenue_months), "
        "(select sum((100 + i % 97) * (1.1::decimal(24, 12) + (i // 60) * 0.001)) from range(1440) as rows(i))",
    )
    assert Fraction(str(revenue)) == Fraction(str(lines))
