"""Groups and revenue: who holds it, who was heard, and how it went beside the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orchestration.report import charts
from orchestration.report.document import (
    Block,
    Cell,
    Chart,
    Column,
    Legend,
    Page,
    Refusal,
    Row,
    Section,
    Source,
    Table,
)
from orchestration.report.numbers import (
    NOTHING,
    count,
    counted,
    interval,
    long_date,
    money,
    month,
    name,
    quarter,
    ratio,
    share,
    signed_points,
    signed_share,
)
from orchestration.report.release import Build, Release
from orchestration.report.scores import Score

GROUPS = (
    Legend("promoter", "Promoters"),
    Legend("passive", "Passives"),
    Legend("detractor", "Detractors"),
    Legend("no_response", "Asked, no answer"),
    Legend("not_invited", "Not asked"),
)
COVERAGE = (
    Legend("answered", "Answered"),
    Legend("no_response", "Asked, no answer"),
    Legend("not_invited", "Not asked"),
)
MONTHS_SHOWN = 12
QUARTERS_SHOWN = 12
NO_REVENUE = "The release holds no revenue."


@dataclass(frozen=True)
class Holding:
    """Accounts and their revenue of the last 12 whole months."""

    n_accounts: int
    revenue: Decimal


NOBODY = Holding(0, Decimal(0))


def page(release: Release, build: Build) -> Page:
    accounts = release.rows(
        """
        select
            account_nps.nps_group,
            dim_accounts.is_active,
            account_nps.currency,
            account_nps.as_of_date,
            count(*) as n_accounts,
            sum(account_nps.trailing_revenue_12m) as revenue
        from marts.account_nps
        inner join marts.dim_accounts using (account_id)
        group by all
        order by all
        """
    )
    return Page(
        "revenue",
        "Groups and revenue",
        [
            _groups(release, accounts),
            _months(release),
            _coverage(release),
            _quarters(release),
        ],
        lead="An account belongs to the group that the mean of its people’s last answers is nearest to: promoter from "
        f"50 points, detractor from −50. Answers count for {release.rules.account_window_days} days.",
    )


def _held(rows: Sequence[Mapping[str, Any]], column: str) -> dict[str, Holding]:
    found: dict[str, Holding] = {}
    for row in rows:
        before = found.get(row[column], NOBODY)
        found[row[column]] = Holding(before.n_accounts + row["n_accounts"], before.revenue + row["revenue"])
    return found


def _total(held: Mapping[str, Holding]) -> Holding:
    return Holding(
        sum(holding.n_accounts for holding in held.values()),
        sum((holding.revenue for holding in held.values()), Decimal(0)),
    )


def _words(parts: Sequence[charts.Part]) -> str:
    total = sum(part.amount for part in parts)
    return ", ".join(f"{part.label} {share(ratio(part.amount, total))}" for part in parts)


def _bars(
    held: Mapping[str, Holding], legend: Sequence[Legend], title: str, source: Source, currency: str
) -> list[Block]:
    """Two bars, one of accounts and one of their revenue, and the table behind them."""
    total = _total(held)
    drawn: list[Block] = []
    for what, amounts in (
        ("accounts", {key: float(holding.n_accounts) for key, holding in held.items()}),
        ("revenue", {key: float(holding.revenue) for key, holding in held.items()}),
    ):
        parts = [charts.Part(item.key, item.label, amounts.get(item.key, 0.0)) for item in legend]
        if sum(part.amount for part in parts) > 0:
            is_last = what == "revenue" or total.revenue <= 0
            drawn.append(
                Chart(
                    f"Share of {what}",
                    charts.bar(parts, f"Share of {what}: {_words(parts)}"),
                    legend=legend if is_last else (),
                )
            )
    rows = [
        Row(
            [
                Cell(item.label, key=item.key),
                Cell(count(held.get(item.key, NOBODY).n_accounts)),
                Cell(share(ratio(held.get(item.key, NOBODY).n_accounts, total.n_accounts))),
                Cell(money(held.get(item.key, NOBODY).revenue)),
                Cell(share(ratio(held.get(item.key, NOBODY).revenue, total.revenue))),
            ]
        )
        for item in legend
    ]
    rows.append(
        Row(
            [Cell("All"), Cell(count(total.n_accounts)), Cell(), Cell(money(total.revenue)), Cell()],
            is_total=True,
        )
    )
    columns = [
        Column("Group"),
        Column("Accounts", "number"),
        Column("Share", "number"),
        Column(f"Revenue, {currency}", "number", note="last 12 months"),
        Column("Share", "number"),
    ]
    return [*drawn, Table(title, columns, rows, source=source)]


# Sections ----------------------------------------------------------------------------------------------------------


def _groups(release: Release, accounts: Sequence[Mapping[str, Any]]) -> Section:
    slug, title = "groups", "Who holds the revenue"
    if not accounts:
        return Section(slug, title, [Refusal("The release holds no account.")])
    day, currency = accounts[0]["as_of_date"], accounts[0]["currency"]
    gone = sum(row["n_accounts"] for row in accounts if not row["is_active"])
    held = _held(accounts, "nps_group")
    source = Source(
        "marts.account_nps",
        f"as_of_date = {day}, summed by nps_group",
        "trailing_revenue_12m: the 12 whole months before the as-of month",
    )
    blocks = _bars(held, GROUPS, f"Accounts on {long_date(day)} by group", source, currency)
    if _total(held).revenue <= 0:
        blocks.insert(0, Refusal("No account had revenue in the last 12 months."))
    left = (
        f" {counted(gone, 'account has', 'accounts have')} left; what they paid in these months is in." if gone else ""
    )
    return Section(
        slug, title, blocks, lead=f"Every account the CRM knows, and its revenue of the last 12 months.{left}"
    )


def _months(release: Release) -> Section:
    slug, title = "months", "Revenue by group, month by month"
    rows = release.rows(
        f"""
        select
            month_start,
            nps_group,
            any_value(currency) as currency,
            sum(revenue) as revenue,
            sum(profit) as profit
        from marts.revenue_by_nps_group
        where month_start > (select max(month_start) from marts.revenue_by_nps_group) - to_months({MONTHS_SHOWN})
        group by month_start, nps_group
        order by month_start, nps_group
        """
    )
    if not rows:
        return Section(slug, title, [Refusal(NO_REVENUE)])
    currency = rows[0]["currency"]
    months = sorted({row["month_start"] for row in rows})
    last = months[-1]
    by_cell = {(row["month_start"], row["nps_group"]): row for row in rows}
    stacks = [
        charts.Stack(
            f"{day:%b}",
            [
                charts.Part(group.key, group.label, float(by_cell[day, group.key]["revenue"]))
                for group in GROUPS
                if (day, group.key) in by_cell
            ],
            str(day.year) if day == months[0] or day.month == 1 else "",
        )
        for day in months
    ]
    source = Source(
        "marts.revenue_by_nps_group",
        f"month_start from {months[0]} to {last}, summed over revenue_type",
        "the group that an account had at the end of each month",
    )
    totals = {group.key: _sums(rows, group.key) for group in GROUPS}
    last_month = {
        group.key: by_cell[last, group.key]["revenue"] if (last, group.key) in by_cell else Decimal(0)
        for group in GROUPS
    }
    whole, whole_month = sum(revenue for revenue, _ in totals.values()), sum(last_month.values())
    table_rows = [
        Row(
            [
                Cell(group.label, key=group.key),
                Cell(money(last_month[group.key])),
                Cell(share(ratio(last_month[group.key], whole_month))),
                Cell(money(totals[group.key][0])),
                Cell(share(ratio(totals[group.key][0], whole))),
                Cell(_profit(totals[group.key][1])),
            ]
        )
        for group in GROUPS
    ]
    profits = [profit for _, profit in totals.values() if profit is not None]
    table_rows.append(
        Row(
            [
                Cell("All"),
                Cell(money(whole_month)),
                Cell(),
                Cell(money(whole)),
                Cell(),
                Cell(_profit(sum(profits, Decimal(0)) if profits else None)),
            ],
            is_total=True,
        )
    )
    n_months = counted(len(months), "month")
    columns = [
        Column("Group"),
        Column(month(last), "number", note=currency),
        Column("Share", "number"),
        Column(n_months[0].upper() + n_months[1:], "number", note=currency),
        Column("Share", "number"),
        Column("Profit", "number", note=f"{currency}, where cost is known"),
    ]
    return Section(
        slug,
        title,
        [
            Chart(
                f"Revenue per month, {currency}",
                charts.stacked_columns(
                    stacks,
                    f"Revenue per month by group, {month(months[0])} to {month(last)}. In {month(last)}: "
                    + ", ".join(f"{group.label} {money(last_month[group.key])}" for group in GROUPS),
                ),
                legend=GROUPS,
            ),
            Table(f"{month(last)}, and {n_months} up to it", columns, table_rows, source=source),
        ],
        lead="Money that each group brought in, by the group it was in at the end of the month. Accounts move between "
        "groups, so a group that grows may only have been joined.",
    )


def _sums(rows: Sequence[Mapping[str, Any]], group: str) -> tuple[Decimal, Decimal | None]:
    found = [row for row in rows if row["nps_group"] == group]
    profits = [row["profit"] for row in found if row["profit"] is not None]
    return sum((row["revenue"] for row in found), Decimal(0)), sum(profits, Decimal(0)) if profits else None


def _profit(profit: Decimal | None) -> str:
    return NOTHING if profit is None else money(profit)


def _coverage(release: Release) -> Section:
    slug, title = "coverage", "How much of the revenue was heard"
    rows = release.rows(
        """
        select *
        from marts.account_coverage
        where
            dimension in ('all', 'segment')
            and month_start = (select max(month_start) from marts.account_coverage)
        order by dimension, revenue desc, dimension_value
        """
    )
    total = next((row for row in rows if row["dimension"] == "all"), None)
    if total is None:
        return Section(slug, title, [Refusal("No account was a customer in a whole month up to the as-of date.")])
    source = Source(
        "marts.account_coverage",
        f"month_start = {total['month_start']}, dimension in ('all', 'segment')",
        f"asked or answered in the {total['window_days']} days up to the month’s end",
    )
    blocks: list[Block] = []
    for what, amounts in (
        (
            "customers",
            [total["n_answered"], total["n_invited"] - total["n_answered"], total["n_accounts"] - total["n_invited"]],
        ),
        (
            "revenue of the month",
            [
                total["revenue_answered"],
                total["revenue_invited"] - total["revenue_answered"],
                total["revenue"] - total["revenue_invited"],
            ],
        ),
    ):
        parts = [
            charts.Part(item.key, item.label, float(amount)) for item, amount in zip(COVERAGE, amounts, strict=True)
        ]
        if sum(part.amount for part in parts) > 0:
            blocks.append(Chart(f"Share of {what}", charts.bar(parts, f"Share of {what}: {_words(parts)}")))
    if blocks:
        last = blocks[-1]
        assert isinstance(last, Chart)
        blocks[-1] = Chart(last.title, last.drawing, legend=COVERAGE)
    columns = [
        Column("Segment"),
        Column("Customers", "number"),
        Column("Asked", "number"),
        Column("Answered", "number"),
        Column(f"Revenue, {total['currency']}", "number"),
        Column("Asked", "number", note="of revenue"),
        Column("Answered", "number", note="of revenue"),
    ]
    table_rows = [
        Row(
            [
                Cell("All" if row["dimension"] == "all" else name(row["dimension_value"])),
                Cell(count(row["n_accounts"])),
                Cell(share(ratio(row["n_invited"], row["n_accounts"]))),
                Cell(share(ratio(row["n_answered"], row["n_accounts"]))),
                Cell(money(row["revenue"])),
                Cell(share(ratio(row["revenue_invited"], row["revenue"]))),
                Cell(share(ratio(row["revenue_answered"], row["revenue"]))),
            ],
            is_total=row["dimension"] == "all",
        )
        for row in sorted(rows, key=lambda row: row["dimension"] == "all")
    ]
    blocks.append(Table(f"Customers in {month(total['month_start'])}", columns, table_rows, source=source))
    return Section(
        slug,
        title,
        blocks,
        lead="A score speaks for those who answered. This is how much of the business they are.",
    )


def _quarters(release: Release) -> Section:
    slug, title = "quarters", "Score and revenue, quarter by quarter"
    newest_first = release.rows(
        f"select * from marts.nps_revenue_trend order by quarter_start desc limit {QUARTERS_SHOWN}"
    )
    rows = newest_first[::-1]
    if not rows:
        return Section(slug, title, [Refusal("No whole quarter lies before the as-of date.")])
    scores = [Score.of(row, release.rules.minimum_scored_answers) for row in rows]
    days: list[date] = [row["quarter_start"] for row in rows]
    labels = [
        (f"Q{(day.month + 2) // 3}", str(day.year) if index == 0 or day.month == 1 else "")
        for index, day in enumerate(days)
    ]
    currency = rows[0]["currency"]
    blocks: list[Block] = []
    if (scale := charts.score_range(scores)) is not None:
        words = "; ".join(f"{quarter(day)} {score.sentence()}" for day, score in zip(days, scores, strict=True))
        blocks.append(Chart("NPS, with 95 % interval", charts.score_columns(labels, scores, scale, f"NPS: {words}")))
    else:
        blocks.append(Refusal("No quarter has enough scored answers."))
    if any(row["revenue"] for row in rows):
        stacks = [
            charts.Stack(label, [charts.Part("amount", "Revenue", float(row["revenue"] or 0))], second)
            for (label, second), row in zip(labels, rows, strict=True)
        ]
        words = "; ".join(f"{quarter(row['quarter_start'])} {_amount(row['revenue'])}" for row in rows)
        blocks.append(Chart(f"Revenue, {currency}", charts.stacked_columns(stacks, f"Revenue: {words}", 130)))
    else:
        blocks.append(Refusal(NO_REVENUE))
    table_rows = []
    for row, score in zip(rows[::-1], scores[::-1], strict=True):
        change = row["nps_change_yoy"] if score.is_shown else None
        table_rows.append(
            Row(
                [
                    Cell(quarter(row["quarter_start"])),
                    Cell(signed_points(score.shown[0]), note=interval(*score.shown[1:]))
                    if score.shown is not None
                    else Cell(score.refusal(), is_quiet=True),
                    Cell(count(score.n_scored)),
                    Cell(NOTHING if change is None else signed_points(change)),
                    Cell(_amount(row["revenue"])),
                    Cell(signed_share(row["revenue_growth_yoy"])),
                ]
            )
        )
    columns = [
        Column("Quarter"),
        Column("NPS", "number", note="95 % interval"),
        Column("Answers", "number"),
        Column("Change", "number", note="on a year before"),
        Column(f"Revenue, {currency}", "number"),
        Column("Growth", "number", note="on a year before"),
    ]
    source = Source(
        "marts.nps_revenue_trend",
        f"the last {counted(len(rows), 'whole quarter')}",
        "each person’s last answer in the quarter",
    )
    blocks.append(Table("Score and revenue by quarter", columns, table_rows, source=source))
    return Section(
        slug,
        title,
        blocks,
        lead="Association only: two lines that rise together do not show that one lifts the other. The changes carry "
        "no interval, because the release holds none for them.",
    )


def _amount(revenue: Decimal | None) -> str:
    return NOTHING if revenue is None else money(revenue)
