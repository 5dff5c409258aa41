"""Money is exact: for many accounts as for few, for the largest amounts as for small ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction

import duckdb
import pytest

from tests.compiled_models import CompiledModels, compiled_models

# Rounding to nine decimals: at most half of the last one at each end of a month.
ONE_ROUNDING = Fraction(1, 10**9)
CENT = Fraction(1, 100)
FIRST_DAY, LAST_DAY = date(2024, 3, 10), date(2025, 3, 9)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return compiled_models(
        tmp_path_factory.mktemp("money"),
        ["stg_crm__revenue", "int_exchange_rates_filled"],
        ["fct_account_revenue_months"],
        reporting_currency="USD",
    )


@pytest.fixture
def ledger(models: CompiledModels) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty ledger, typed as staging types it, with rates of every month."""
    with duckdb.connect() as connection:
        for schema in ("staging", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            """
            create table staging.stg_crm__revenue (
                revenue_id varchar, account_id varchar, reverses_revenue_id varchar, currency varchar,
                revenue_type varchar default 'other',
                amount decimal(20, 4), cost decimal(20, 4), period_start date, period_end date,
                verdict varchar default 'accepted'
            );
            create table intermediate.int_exchange_rates_filled as
            select currency, cast(rate as decimal(24, 12)) as rate,
                cast(unnest(range(date '2024-01-01', date '2026-01-01', interval 1 month)) as date) as month_start
            from (values ('USD', 1), ('EUR', 24350.123456789012)) as rates(currency, rate)
            """
        )
        yield connection


def spread(ledger: duckdb.DuckDBPyConnection, models: CompiledModels) -> None:
    for model in models.models:
        ledger.execute(f"create table {model.relation} as {model.sql}")


def earned(amount: Fraction, first: date, last: date) -> dict[date, Fraction]:
    """What an amount earns by day in each month, without any rounding."""
    by_month: dict[date, Fraction] = {}
    n_days = (last - first).days + 1
    for day in (first + timedelta(days=number) for number in range(n_days)):
        month = day.replace(day=1)
        by_month[month] = by_month.get(month, Fraction(0)) + amount / n_days
    return by_month


@pytest.mark.parametrize(("currency", "rate"), [("USD", Fraction(1)), ("EUR", Fraction("24350.123456789012"))])
def test_many_accounts_with_one_annual_amount_each_reconcile(
    ledger: duckdb.DuckDBPyConnection, models: CompiledModels, currency: str, rate: Fraction
) -> None:
    """Every account is rounded alike: with six decimals 20,000 of them were already a cent off in a month."""
    n_accounts = 200_000
    ledger.execute(
        f"insert into staging.stg_crm__revenue by name select 'v' || range as revenue_id, 'a' || range as account_id, "
        f"'{currency}' as currency, 120 as amount, 77.7777 as cost, date '{FIRST_DAY}' as period_start, "
        f"date '{LAST_DAY}' as period_end from range({n_accounts})"
    )

    spread(ledger, models)

    months = dict(
        ledger.execute("select month_start, sum(revenue) from marts.fct_account_revenue_months group by all").fetchall()
    )
    # A million accounts are five times as many.
    tolerance = CENT * n_accounts / 1_000_000
    for month, whole in earned(120 * rate * n_accounts, FIRST_DAY, LAST_DAY).items():
        assert abs(Fraction(months.pop(month)) - whole) < tolerance
    assert months == {}
    totals = "select distinct sum(revenue), sum(cost) from marts.fct_account_revenue_months group by account_id"
    # Each line's parts add up to the line, in the reporting currency as it stands.
    ((revenue, cost),) = ledger.execute(totals).fetchall()
    assert abs(Fraction(revenue) - 120 * rate) <= ONE_ROUNDING
    assert abs(Fraction(cost) - Fraction("77.7777") * rate) <= ONE_ROUNDING
    if rate == 1:
        assert [Fraction(revenue), Fraction(cost)] == [Fraction(120), Fraction("77.7777")]


@pytest.mark.parametrize(
    "amount",
    ["999999999999999.99", "-999999999999999.99", "9007199254740993.01", "1234567.8901", "-0.0001", "0", "364.9999"],
)
@pytest.mark.parametrize("last", [LAST_DAY, date(2024, 4, 1), FIRST_DAY])
def test_a_line_is_right_to_the_ninth_decimal(
    ledger: duckdb.DuckDBPyConnection, models: CompiledModels, amount: str, last: date
) -> None:
    ledger.execute(
        "insert into staging.stg_crm__revenue by name select 'v' as revenue_id, 'a' as account_id, 'USD' as currency, "
        f"{amount} as amount, {amount} as cost, date '{FIRST_DAY}' as period_start, date '{last}' as period_end"
    )

    spread(ledger, models)

    rows = ledger.execute("select month_start, revenue, cost, profit from marts.fct_account_revenue_months").fetchall()
    months = {month: Fraction(revenue) for month, revenue, _, _ in rows}
    expected = earned(Fraction(amount), FIRST_DAY, last)
    assert months.keys() == expected.keys()
    assert all(abs(months[month] - expected[month]) <= ONE_ROUNDING for month in months)
    assert sum(months.values()) == Fraction(amount)
    assert all(cost == revenue and profit == 0 for _, revenue, cost, profit in rows)


def test_a_thousand_of_the_largest_amounts_add_up(ledger: duckdb.DuckDBPyConnection, models: CompiledModels) -> None:
    ledger.execute(
        "insert into staging.stg_crm__revenue by name select 'v' || range as revenue_id, 'a' as account_id, "
        "'USD' as currency, 999999999999999.99 as amount, date '2024-01-05' as period_start, "
        "date '2024-01-05' as period_end from range(1000)"
    )

    spread(ledger, models)

    ((revenue,),) = ledger.execute("select revenue from marts.fct_account_revenue_months").fetchall()
    assert Fraction(revenue) == 1000 * Fraction("999999999999999.99")
