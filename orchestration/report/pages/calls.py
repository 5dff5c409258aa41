"""Whom to call today: what came in on the last day with answers, and who still waits for a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestration.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Figures,
    Page,
    Refusal,
    Row,
    Section,
    Source,
    Table,
    Text,
)
from orchestration.report.numbers import NOTHING, count, counted, long_date, money, name
from orchestration.report.release import Build, Release

CALLS_SHOWN = 15
# Longer comments are cut here; the table has them whole.
COMMENT_SHOWN = 180

Given = Mapping[str, Any]


def page(release: Release, build: Build) -> Page:
    return Page(
        "calls",
        "Whom to call today",
        [_last_day(release, build), _waiting(release)],
        lead="First whoever is unhappy or fell far, then by role, revenue and the end of the contract: the rules and "
        "their points are data, and each line says which of them it met.",
    )


def _last_day(release: Release, build: Build) -> Section:
    slug, title = "standup", "The last day with answers"
    rows = release.rows(
        """
        select
            daily_standup.*,
            dim_accounts.account_name
        from marts.daily_standup
        left join marts.dim_accounts using (account_id)
        order by daily_standup.priority
        """
    )
    if not rows:
        return Section(slug, title, [Refusal("The release holds no scored answer.")])
    day = rows[0]["answered_date"]
    due = [row for row in rows if row["is_call_due"]]
    contacted = sum(row["is_contacted"] for row in rows)
    detractors = sum(row["score"] <= 6 for row in rows)
    figures = [
        Figure("Answers", count(len(rows)), counted(detractors, "detractor")),
        Figure("To call", count(len(due)), tone="warn" if due else "good"),
        Figure("Contacted already", count(contacted)),
    ]
    if due:
        figures.append(Figure(f"Revenue behind the calls, {_currency(due)}", _stake(due), "last 12 months"))
    source = Source("marts.daily_standup", f"answered_date = {day}", "seeds/reference/standup_rules.csv")
    blocks: list[Block] = [Figures(figures)]
    if due:
        blocks.append(_table(due, f"To call, of {counted(len(rows), 'answer')} of {long_date(day)}", source))
    else:
        blocks.append(Text(f"No answer of {long_date(day)} asks for a call.", source=source))
    before = f"Nothing came after it: the as-of date is {long_date(build.as_of)}. " if day < build.as_of else ""
    return Section(slug, title, blocks, lead=f"{long_date(day)}. {before}Revenue is that of the account.")


def _waiting(release: Release) -> Section:
    slug, title = "waiting", "Who still waits for a call"
    rows = release.rows(
        """
        select
            call_list.*,
            dim_accounts.account_name
        from marts.call_list
        left join marts.dim_accounts using (account_id)
        order by call_list.priority
        """
    )
    days = release.rules.call_list_days
    source = Source("marts.call_list", f"answers of the last {days} days", "seeds/reference/standup_rules.csv")
    if not rows:
        return Section(slug, title, [Text(f"Nobody of the last {days} days waits for a call.", source=source)])
    late = [row for row in rows if row["hours_waiting"] > release.rules.landmark_hours]
    figures = [
        Figure("Waiting", count(len(rows))),
        Figure(f"For over {release.rules.landmark_hours} hours", count(len(late)), tone="bad" if late else "good"),
        Figure(f"Revenue behind them, {_currency(rows)}", _stake(rows), "last 12 months"),
    ]
    return Section(
        slug,
        title,
        [Figures(figures), _table(rows, f"Waiting, of the answers of the last {days} days", source)],
        lead="Answers that ask for a call and that nobody has called about, of accounts that are still customers.",
    )


def _table(rows: Sequence[Given], caption: str, source: Source) -> Table:
    is_cut = len(rows) > CALLS_SHOWN
    drawn = [
        Row(
            [
                Cell(f"{row['priority']}. {row['account_name'] or row['account_id']}", note=_told(row)),
                Cell(
                    str(row["score"]), note="" if row["previous_score"] is None else f"{row['previous_score']} before"
                ),
                Cell(_said(row)),
                Cell(_amount(row["trailing_revenue_12m"])),
                Cell(NOTHING if row["days_to_renewal"] is None else count(row["days_to_renewal"])),
                Cell(row["owner_id"] or NOTHING, note=_waited(row)),
            ]
        )
        for row in rows[:CALLS_SHOWN]
    ]
    columns = [
        Column("Account"),
        Column("Score", "number"),
        Column("What they wrote"),
        Column(f"Revenue, {_currency(rows)}", "number", note="last 12 months"),
        Column("Renewal", "number", note="days from the answer"),
        Column("Owner"),
    ]
    return Table(caption + (f"; the first {CALLS_SHOWN}" if is_cut else ""), columns, drawn, source=source)


def _told(row: Given) -> str:
    where = name(row["touchpoint"] or row["channel"] or "")
    return f"{row['priority_reason']}{f' ({where})' if where else ''}"


def _said(row: Given) -> str:
    text = row["comment_redacted"] or NOTHING
    return text if len(text) <= COMMENT_SHOWN else text[: COMMENT_SHOWN - 1].rstrip() + "…"


def _waited(row: Given) -> str:
    hours = row.get("hours_waiting")
    return (
        "" if hours is None else f"waiting {counted(int(hours // 24), 'day')}" if hours >= 48 else f"{hours:.0f} hours"
    )


def _amount(amount: Decimal | None) -> str:
    return NOTHING if amount is None else money(amount)


def _currency(rows: Sequence[Given]) -> str:
    return next((row["currency"] for row in rows if row["currency"]), "")


def _stake(rows: Sequence[Given]) -> str:
    """Revenue of the accounts, each once."""
    held = {row["account_id"]: row["trailing_revenue_12m"] or Decimal(0) for row in rows}
    return money(sum(held.values(), Decimal(0)))
