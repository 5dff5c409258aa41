"""Accounts, contacts and staff, and what happens to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seeds.company.drawing import either, frame, happens, look_up, nps_points, stream, weighted
from seeds.company.planted import (
    CHURN_PER_QUALITY,
    CHURN_PER_QUARTER,
    CONTACT_SD,
    DRIFT_PER_YEAR,
    GROWTH_NOISE,
    GROWTH_PER_YEAR,
    MEAN_SATISFACTION,
    MOOD_MEMORY,
    MOOD_SD,
    PLANTED,
    QUALITY_TO_SATISFACTION,
    Effects,
)
from seeds.company.time import (
    ACCOUNTS_AT_SCALE_1,
    CLOSES,
    DAY,
    MONTHS,
    NEVER,
    NONE,
    OPENS,
    OWNERS_AT_SCALE_1,
    QUARTERS,
    QUARTERS_BEFORE,
    Floats,
    Ints,
    month_day,
)
from seeds.company.vocabulary import (
    COUNTRY_IS_EURO,
    COUNTRY_LANGUAGE,
    COUNTRY_REGION,
    COUNTRY_SHARE,
    INDUSTRIES,
    REGION_SATISFACTION,
    REGIONS,
    ROLES,
    SEGMENT_CONTACTS,
    SEGMENT_PRICE,
    SEGMENT_SATISFACTION,
    SEGMENT_SHARE_NEW,
    SEGMENT_SHARE_OLD,
    SOURCE_SHARE,
)


@dataclass(frozen=True)
class Paths:
    """What nobody sees: matrices (accounts, 12 quarters from 2023 Q3).

    satisfaction is on the 0-10 scale, points are the NPS points that it makes an average contact give, price is
    the monthly subscription in the account's currency.
    """

    satisfaction: Floats
    points: Floats
    price: Floats


def draw_moods(rng: np.random.Generator, cohort: Ints) -> Floats:
    """Mood shocks (accounts, 16 quarters from 2022 Q3): constant from one relationship wave to the next."""
    count = len(cohort)
    halves = np.empty((count, 9))
    halves[:, 0] = rng.standard_normal(count)
    for half in range(1, 9):
        fresh = rng.standard_normal(count)
        halves[:, half] = MOOD_MEMORY * halves[:, half - 1] + np.sqrt(1 - MOOD_MEMORY**2) * fresh
    quarter = np.arange(-QUARTERS_BEFORE, QUARTERS)
    return MOOD_SD * np.take_along_axis(halves, (quarter - cohort[:, None]) // 2 + 3, axis=1)


def draw_accounts(scale: float, seed: int, effects: Effects = PLANTED) -> tuple[pd.DataFrame, Paths]:
    """The accounts, and the hidden path of each.

    The frame has one row per account: codes of its attributes, start_month and churn_month (months from July
    2023; a churned account pays nothing from churn_month on), start_day, churn_day and change_day (days since
    1970, NEVER where it does not happen) and what owner, segment and region were before change_day.
    """
    rng = stream(seed, "accounts")
    count = max(round(ACCOUNTS_AT_SCALE_1 * scale), 30)
    is_new = happens(rng, 0.28, count)
    start_month: Ints = np.sort(
        either(is_new, rng.integers(1, 34, count), -1 - np.minimum(rng.exponential(30, count), 90))
    )
    is_new = np.asarray(start_month > 0)
    segment = either(is_new, weighted(rng, SEGMENT_SHARE_NEW, count), weighted(rng, SEGMENT_SHARE_OLD, count))
    country = weighted(rng, COUNTRY_SHARE, count)
    quality = rng.standard_normal(count)
    standing = SEGMENT_SATISFACTION[segment] + REGION_SATISFACTION[COUNTRY_REGION[country]]
    standing += MEAN_SATISFACTION + QUALITY_TO_SATISFACTION * quality
    cohort = standing.argsort(kind="stable").argsort() % 2  # two halves alike, so that quarters can be compared

    accounts = frame(segment=segment, country=country, cohort=cohort, start_month=start_month)
    accounts["region"] = COUNTRY_REGION[country]
    accounts["is_euro"] = COUNTRY_IS_EURO[country]
    paths, churn_month = draw_paths(rng, accounts, quality, standing, effects)
    accounts["churn_month"] = churn_month
    accounts["start_day"] = month_day(start_month) + rng.integers(0, 28, count)
    accounts["churn_day"] = either(churn_month < NEVER, month_day(np.minimum(churn_month, MONTHS)), NEVER)
    describe_accounts(rng, accounts, staff_count(OWNERS_AT_SCALE_1, scale))
    return accounts, paths


def draw_paths(
    rng: np.random.Generator, accounts: pd.DataFrame, quality: Floats, standing: Floats, effects: Effects
) -> tuple[Paths, Ints]:
    """The hidden paths, and the month in which each account leaves.

    quality: standard normal; standing: the account's satisfaction in July 2023 when its mood is neutral.
    """
    count, start_month = len(accounts), accounts["start_month"].to_numpy()
    usual = standing[:, None] + DRIFT_PER_YEAR * np.arange(-QUARTERS_BEFORE, QUARTERS) / 4
    satisfaction = usual + draw_moods(rng, accounts["cohort"].to_numpy())
    points = nps_points(satisfaction)
    above_usual = (points - nps_points(usual)) / 100

    last_four = np.stack([above_usual[:, lag : lag + QUARTERS] for lag in range(QUARTERS_BEFORE)]).mean(axis=0)
    steps = GROWTH_NOISE * rng.standard_normal((count, QUARTERS))
    steps += (GROWTH_PER_YEAR + effects.growth_per_quality * quality)[:, None] / 4
    first_price = SEGMENT_PRICE[accounts["segment"].to_numpy()] * np.exp(0.45 * rng.standard_normal(count))
    price = first_price[:, None] * np.exp(np.cumsum(steps, axis=1))
    price *= np.maximum(1 + effects.price_per_100_points * last_four, 0.2)

    hazard: Floats = CHURN_PER_QUARTER - CHURN_PER_QUALITY * quality[:, None]
    hazard = hazard - effects.churn_per_100_points * above_usual[:, QUARTERS_BEFORE - 1 : -1]
    first_exit = np.maximum(start_month // 3 + 2, 1)
    leaves: Any = (rng.random((count, QUARTERS)) < hazard) & (np.arange(QUARTERS) >= first_exit[:, None])
    churn_month = 3 * leaves.argmax(axis=1) + rng.integers(0, 3, count)
    churn_month = either(leaves.any(axis=1), churn_month, NEVER)

    return Paths(satisfaction[:, QUARTERS_BEFORE:], points[:, QUARTERS_BEFORE:], price), churn_month


def describe_accounts(rng: np.random.Generator, accounts: pd.DataFrame, owners: int) -> None:
    """Add the attributes that move nothing, and the change that about a third of the accounts went through."""
    count = len(accounts)
    segment, start = accounts["segment"].to_numpy(), accounts["start_day"].to_numpy()
    accounts["size"] = np.clip(2 - segment + rng.integers(0, 2, count), 0, 3)
    accounts["industry"] = rng.integers(0, len(INDUSTRIES), count)
    accounts["source"] = weighted(rng, SOURCE_SHARE, count)
    accounts["owner"] = rng.integers(0, owners, count)
    accounts["has_plan"] = happens(rng, 0.3, count)
    head = either(segment == 0, np.arange(count))
    heads = head[head >= 0]
    is_child = (segment > 0) & happens(rng, 0.12, count) & (len(heads) > 0)
    accounts["parent"] = either(is_child, rng.choice(heads, count) if len(heads) else NONE)

    end = np.minimum(accounts["churn_day"].to_numpy(), CLOSES)
    first = np.maximum(start, OPENS) + 20
    change = first + ((end - 20 - first) * rng.random(count)).astype(np.int64)
    what = weighted(rng, (66, 20, 10, 4), count)  # nothing, owner, segment, region
    what = either(end - 20 > first, what, 0)
    accounts["change_day"] = either(what > 0, change, NEVER)
    accounts["owner_before"] = either(what == 1, rng.integers(0, owners, count), accounts["owner"])
    accounts["segment_before"] = either(what == 2, np.minimum(segment + 1, 2), segment)
    accounts["region_before"] = either(what == 3, rng.integers(0, len(REGIONS), count), accounts["region"])


def monthly_price(accounts: pd.DataFrame, paths: Paths) -> Floats:
    """Subscription of each account in each of the 36 months (accounts, months), 0 when it is no customer."""
    month = np.arange(MONTHS)[:, None]
    is_customer = (month >= accounts["start_month"].to_numpy()) & (month < accounts["churn_month"].to_numpy())
    return np.asarray(np.repeat(paths.price, 3, axis=1) * is_customer.T)


def draw_contacts(rng: np.random.Generator, accounts: pd.DataFrame) -> pd.DataFrame:
    """One row per contact: account, role, bias (on the 0-10 scale), and days of being created and unsubscribed."""
    low, high = SEGMENT_CONTACTS[accounts["segment"].to_numpy()].T
    per_account = rng.integers(low, high + 1)
    account = np.repeat(np.arange(len(accounts)), per_account)
    count = len(account)
    is_first = np.r_[True, account[1:] != account[:-1]]
    role = either(is_first & happens(rng, 0.85, count), 0, weighted(rng, (10, 30, 50, 10), count))
    start = look_up(accounts, "start_day", account)
    created = np.minimum(start + either(is_first, 0, rng.exponential(120, count)), CLOSES - 1)
    end = np.minimum(look_up(accounts, "churn_day", account), CLOSES)
    silent = either(happens(rng, 0.82, count), rng.exponential(12, count), rng.integers(90, 500, count))
    unsubscribed = created + rng.integers(10, 1200, count)
    leaves_list = happens(rng, 0.07, count) & (unsubscribed < CLOSES)
    return frame(
        account=account,
        role=either(role < len(ROLES), role),
        bias=CONTACT_SD * rng.standard_normal(count),
        created=created,
        unsubscribed=either(leaves_list, unsubscribed, NEVER),
        last_active=np.maximum(end - 1 - silent, created) * DAY + rng.integers(6 * 3600, 20 * 3600, count),
        language=either(happens(rng, 0.75, count), COUNTRY_LANGUAGE[look_up(accounts, "country", account)], 0),
    )


def staff_count(at_scale_1: int, scale: float) -> int:
    """Staff grow with the square root of the scale."""
    return max(round(at_scale_1 * float(np.sqrt(scale))), 4)
