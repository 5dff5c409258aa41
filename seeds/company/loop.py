"""The tables of the loop: cases, check-ins, referrals and actions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from seeds.company.accounts import Paths
from seeds.company.drawing import (
    days_of,
    either,
    flags,
    frame,
    happens,
    keys,
    labels,
    look_up,
    money,
    morning_after,
    stamps,
    table_of,
    weighted,
)
from seeds.company.planted import ACTIONS
from seeds.company.time import CLOSES, DAY, NONE, OPENS, QUARTERS, month_day
from seeds.company.vocabulary import OUTCOMES, SURVEYS


def draw_cases(rng: np.random.Generator, answers: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Follow-ups of most detractors: answer, owner and seconds of opening, first contact and closing (-1: not yet).

    Whether and when somebody calls does not depend on the mood, and calling moves nothing: no effect is planted.
    """
    is_nps = np.array([survey[8] is True for survey in SURVEYS])[answers["survey"].to_numpy()]
    due = is_nps & (answers["score"].to_numpy() <= 6) & (answers["account"].to_numpy() >= 0)
    due &= ~answers[["is_unfinished", "is_excluded", "is_blank"]].to_numpy().any(axis=1)
    answer = np.flatnonzero(due & happens(rng, 0.88, len(answers)))
    count = len(answer)
    answered = look_up(answers, "answered", answer)
    opened = answered + rng.integers(60, 6 * 3600, count)
    # within 24 hours, within 48, later, never; the hours are counted from the answer
    speed = weighted(rng, (46, 20, 21, 13), count)
    shortest, longest = np.array([6, 25, 50, 50])[speed], np.array([23, 47, 260, 260])[speed]
    hours = rng.uniform(shortest, longest)
    called = either(speed < 3, answered + hours * 3600)
    called = either(called < CLOSES * DAY, called)
    closed = called + rng.exponential(6 * DAY, count).astype(np.int64) + 1800
    is_closed = (called >= 0) & happens(rng, 0.88, count) & (closed < CLOSES * DAY)
    reached = either(called >= 0, happens(rng, 0.66, count))
    outcome = either(is_closed, either(reached == 1, weighted(rng, (60, 15, 20, 0, 5), count), 3))
    cases = frame(answer=answer, opened=opened, called=called, reached=reached, outcome=outcome)
    cases["owner"] = look_up(accounts, "owner", look_up(answers, "account", answer))
    cases["closed"] = either(is_closed, closed)
    cases["minutes"] = np.where(called >= 0, rng.integers(4, 95, count), np.nan)
    saved = (reached == 1) & is_closed & happens(rng, 0.3, count)
    cases["attributed"] = np.where(saved, np.round(rng.lognormal(6.2, 0.9, count), 2), np.nan)
    kept: pd.DataFrame = cases[opened < CLOSES * DAY].reset_index(drop=True)
    return kept


def crm_cases(rng: np.random.Generator, cases: pd.DataFrame) -> pa.Table:
    """One row per case."""
    touched = cases[["opened", "called", "closed"]].max(axis=1).to_numpy()
    minutes = cases["minutes"].to_numpy()
    return table_of(
        case_id=keys("S", cases.index.to_numpy()),
        response_id=keys("R", cases["answer"]),
        owner_id=keys("U", cases["owner"]),
        opened_at=stamps(cases["opened"]),
        first_contact_at=stamps(cases["called"]),
        was_reached=flags(cases["reached"].to_numpy()),
        closed_at=stamps(cases["closed"]),
        outcome=labels(OUTCOMES, cases["outcome"]),
        minutes_spent=pa.array(np.nan_to_num(minutes, nan=0).astype(np.int64), mask=np.isnan(minutes)),
        attributed_revenue=money(cases["attributed"]),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


def crm_check_ins(rng: np.random.Generator, accounts: pd.DataFrame) -> pa.Table:
    """Two check-ins within 60 days of the start, then one a quarter for larger customers; some are still to come."""
    start, end = accounts["start_day"].to_numpy(), accounts["churn_day"].to_numpy()
    is_large = accounts["segment"].to_numpy() < 2
    new = np.flatnonzero(start >= OPENS)
    rows = [frame(account=new, day=start[new] + wait + rng.integers(-4, 5, len(new)), kind=0) for wait in (14, 45)]
    for quarter in range(QUARTERS + 1):
        day = month_day(3 * quarter) + rng.integers(5, 85, len(accounts))
        is_due = is_large & (day > start + 90) & (day < end) & happens(rng, 0.7, len(accounts))
        rows.append(frame(account=np.flatnonzero(is_due), day=day[is_due], kind=1))
    check_ins = pd.concat(rows, ignore_index=True).sort_values(["day", "account"], kind="stable", ignore_index=True)
    count = len(check_ins)
    scheduled = check_ins["day"].to_numpy() * DAY + rng.integers(8, 17, count) * 3600
    completed = scheduled + either(happens(rng, 0.15, count), rng.integers(2, 25, count), 0) * DAY + 2700
    is_done = happens(rng, 0.84, count) & (completed < CLOSES * DAY)
    planned = np.minimum(np.maximum(scheduled - 10 * DAY, OPENS * DAY), CLOSES * DAY - 1)
    touched = either(is_done, completed, planned)
    return table_of(
        check_in_id=keys("H", np.arange(count)),
        account_id=keys("A", check_ins["account"]),
        kind=labels(("onboarding", "quarterly"), check_ins["kind"]),
        scheduled_at=stamps(scheduled),
        completed_at=stamps(either(is_done, completed)),
        owner_id=keys("U", look_up(accounts, "owner", check_ins["account"].to_numpy())),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


def crm_referrals(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths) -> pa.Table:
    """The new accounts that came by referral, and others that led nowhere yet. Happy accounts refer more."""
    start = accounts["start_day"].to_numpy()
    old = np.flatnonzero(start < OPENS)
    odds = np.maximum(paths.points[old].mean(axis=1) + 60, 1)
    won = np.flatnonzero((start >= OPENS + 120) & (accounts["source"].to_numpy() == 0))
    open_count = round(0.06 * len(accounts))
    referred = np.r_[won, np.full(open_count, NONE)]
    at = np.r_[start[won] - rng.integers(20, 110, len(won)), rng.integers(OPENS, CLOSES, open_count)] * DAY + 36_000
    converted = either(referred >= 0, start[np.maximum(referred, 0)] * DAY)
    touched = np.maximum(at, converted)
    return table_of(
        referral_id=keys("F", np.arange(len(at))),
        referrer_account_id=keys("A", old[weighted(rng, odds, len(at))]),
        referred_account_id=keys("A", referred),
        referred_at=stamps(at),
        converted_at=stamps(converted),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


def feedback_actions(rng: np.random.Generator, owners: int) -> pa.Table:
    """One row per action; two are not shipped yet."""
    theme, polarity, text, started, shipped, metric, _ = zip(*ACTIONS, strict=True)
    begun, done = (np.array([days_of(day) for day in days]) for days in (started, shipped))
    touched = np.maximum(begun, done) * DAY
    return table_of(
        action_id=keys("N", np.arange(len(ACTIONS))),
        theme=pa.array(theme),
        polarity=pa.array(polarity),
        action_text=pa.array(text),
        owner_id=keys("U", rng.integers(0, owners, len(ACTIONS))),
        started_at=stamps(begun * DAY),
        shipped_at=stamps(either(done >= 0, done * DAY)),
        outcome_metric=pa.array(metric),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )
