"""The tables of money: revenue and exchange rates."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa

from seeds.company.accounts import Paths, monthly_price
from seeds.company.customers import quarter_of
from seeds.company.drawing import (
    dates,
    either,
    frame,
    happens,
    keys,
    labels,
    look_up,
    money,
    morning_after,
    nothing,
    stamps,
    table_of,
)
from seeds.company.time import CLOSES, DAY, LAST_LOAD, MONTHS, NEVER, OPENS, Floats, Ints, month_day

REVENUE_TYPES = ("subscription", "sales", "services", "other")
MARGINS = (0.68, 0.4, 0.45, 0.4)


def lines(account: Ints, start: Ints, end: Ints, amount: Floats, kind: str) -> pd.DataFrame:
    """Ledger lines in the account's currency. Subscriptions are collected and sales paid at once: no invoice."""
    code = REVENUE_TYPES.index(kind)
    return frame(
        account=account,
        start=start,
        end=end,
        amount=amount,
        cost=np.rint((1 - MARGINS[code]) * amount),
        type=np.full(len(account), code),
        is_invoiced=np.full(len(account), code > 1),
    )


def subscription_lines(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths) -> list[pd.DataFrame]:
    """A line per account and month, credits for some, and a month or two booked ahead of the as-of date."""
    price = np.rint(monthly_price(accounts, paths))
    account, month = np.nonzero(price)
    monthly = lines(account, month_day(month), month_day(month + 1) - 1, price[account, month], "subscription")
    credited = np.flatnonzero(happens(rng, 0.03, len(account)))
    refund = -np.rint(look_up(monthly, "amount", credited) * rng.uniform(0.05, 0.4, len(credited)))
    credits = monthly.iloc[credited].assign(amount=refund, cost=0.0, is_invoiced=True)
    ahead = np.flatnonzero((price[:, -1] > 0) & happens(rng, 0.12, len(price)))
    booked = []
    for months_ahead in (0, 1):
        who = ahead if months_ahead == 0 else ahead[~look_up(accounts, "is_euro", ahead)]  # no euro rate after July
        start = np.full(len(who), month_day(MONTHS + months_ahead))
        end = np.full(len(who), month_day(MONTHS + months_ahead + 1) - 1)
        booked.append(lines(who, start, end, price[who, -1], "subscription"))
    return [monthly, credits, *booked]


def occasional_lines(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths) -> list[pd.DataFrame]:
    """One-off sales on a day, projects that run for weeks from mid-month, returned goods, and a few others."""
    price = monthly_price(accounts, paths)
    made = []
    for kind, rate, size, longest in (("sales", 0.30, 0.25, 1), ("services", 0.05, 1.1, 75), ("other", 0.015, 0.1, 1)):
        account, month = np.nonzero((price > 0) & (rng.random(price.shape) < rate))
        start = month_day(month) + rng.integers(0, 28, len(account))
        churn = look_up(accounts, "churn_day", account)
        last = np.minimum(churn, CLOSES) - 1
        end = np.minimum(start + rng.integers(1, longest + 1, len(account)) - 1, last)
        amount = np.round(size * price[account, month] * np.exp(0.4 * rng.standard_normal(len(account))), 2)
        made.append(lines(account, start, np.maximum(start, end), amount, kind))
    sales = made[0]
    returned = np.flatnonzero(happens(rng, 0.03, len(sales)) & (sales["start"].to_numpy() < CLOSES - 15))
    back = sales.iloc[returned]
    day = back["start"] + 14
    return [*made, back.assign(start=day, end=day, amount=-back["amount"], cost=-back["cost"])]


def plan_lines(accounts: pd.DataFrame, paths: Paths, contracts: pd.DataFrame) -> pd.DataFrame:
    """Support plans paid a year ahead, from the anniversary on, cut where the ledger opens or the account leaves."""
    bought = contracts[(contracts["start"] < CLOSES) & look_up(accounts, "has_plan", contracts["account"].to_numpy())]
    account, start, end = (bought[name].to_numpy() for name in ("account", "start", "end"))
    churn = look_up(accounts, "churn_day", account)
    last_rate = int(month_day(MONTHS + 1)) - 1
    from_day = np.maximum(start, OPENS)
    to_day = np.minimum(end, churn - 1)
    to_day = np.minimum(to_day, either(look_up(accounts, "is_euro", account), last_rate, NEVER))
    yearly = 12 * 0.08 * paths.price[account, quarter_of(start)]
    amount = np.round(yearly * (to_day - from_day + 1) / (end - start + 1), 2)
    kept: pd.DataFrame = lines(account, from_day, to_day, amount, "services")[to_day >= from_day]
    return kept


def crm_revenue(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths, contracts: pd.DataFrame) -> pa.Table:
    """One row per line of the ledger, in the order of service."""
    every = [*subscription_lines(rng, accounts, paths), *occasional_lines(rng, accounts, paths)]
    every.append(plan_lines(accounts, paths, contracts))
    ledger = pd.concat(every, ignore_index=True)
    ledger = ledger.sort_values(["start", "account", "type"], kind="stable", ignore_index=True)
    count = len(ledger)
    account, start = ledger["account"].to_numpy(), ledger["start"].to_numpy()
    is_dollar_named = happens(rng, 0.1, count)
    currency = either(look_up(accounts, "is_euro", account), 0, either(is_dollar_named, 1))
    cost = np.where(happens(rng, 0.02, count), np.nan, ledger["cost"].to_numpy())
    entered = np.minimum(start, CLOSES - 1) * DAY
    return table_of(
        revenue_id=keys("L", ledger.index.to_numpy()),
        account_id=keys("A", account),
        period_start=dates(start),
        period_end=dates(ledger["end"]),
        amount=money(ledger["amount"]),
        cost=money(cost),
        currency=labels(("EUR", "USD"), currency),
        revenue_type=labels(REVENUE_TYPES, ledger["type"]),
        invoiced_at=stamps(either(ledger["is_invoiced"].to_numpy(), entered)),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=nothing(count, pa.timestamp("us")),
        loaded_at=stamps(morning_after(rng, entered)),
    )


def exchange_rates() -> pa.Table:
    """Dollars per euro in each month from July 2023 to July 2026."""
    month = np.arange(MONTHS + 1)
    rate = np.round(1.09 + 0.04 * np.sin(month / 5.0) + 0.001 * month, 4)
    loaded = np.minimum(month_day(month) * DAY + 2 * 3600, LAST_LOAD)
    return table_of(
        month=dates(month_day(month)),
        currency=pa.array(["EUR"] * len(month)),
        rate=pa.array([Decimal(f"{value:.4f}") for value in rate], pa.decimal128(12, 4)),
        loaded_at=stamps(loaded),
    )
