"""The tables of customers: accounts, contacts, users and contracts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seeds.company.accounts import Paths
from seeds.company.drawing import (
    anniversary,
    dates,
    either,
    flags,
    frame,
    happens,
    keys,
    labels,
    look_up,
    midnights,
    money,
    morning_after,
    nothing,
    stamps,
    table_of,
)
from seeds.company.time import CLOSES, DAY, FIRST_MONTH, NEVER, NONE, OPENS, QUARTERS, Ints
from seeds.company.vocabulary import (
    AGENT_TEAMS,
    COUNTRIES,
    FIRST_NAMES,
    INDUSTRIES,
    LAST_NAMES,
    NAME_ENDS,
    NAME_KINDS,
    NAME_STARTS,
    OWNER_TEAMS,
    REGIONS,
    ROLES,
    SEGMENTS,
    SIZE_BANDS,
    SOURCES,
)


def crm_accounts(rng: np.random.Generator, accounts: pd.DataFrame) -> pa.Table:
    """One row per version: as created, after a change of owner, segment or region, and when the account leaves."""
    number = np.arange(len(accounts))
    changed, churned = accounts["change_day"].to_numpy(), accounts["churn_day"].to_numpy()
    name = rng.integers(0, 10**6, len(accounts))
    first = accounts.assign(number=number, at=accounts["start_day"], left=NEVER)
    was = changed < NEVER
    for column in ("owner", "segment", "region"):
        first[column] = either(was, accounts[f"{column}_before"], accounts[column])
    second = accounts.assign(number=number, at=changed, left=NEVER)[was]
    third = accounts.assign(number=number, at=churned, left=churned)[churned < NEVER]
    rows = pd.concat([first, second, third], ignore_index=True)
    count, at = len(rows), rows["at"].to_numpy() * DAY + rng.integers(8 * 3600, 17 * 3600, len(rows))
    at = np.minimum(at, CLOSES * DAY - 1)
    return table_of(
        account_id=keys("A", rows["number"]),
        account_name=pc.binary_join_element_wise(
            labels(NAME_STARTS, name[rows["number"]] % len(NAME_STARTS)),
            labels(NAME_ENDS, name[rows["number"]] // 100 % len(NAME_ENDS)),
            labels([f" {kind}" for kind in NAME_KINDS], name[rows["number"]] // 10_000 % len(NAME_KINDS)),
            "",
        ),
        parent_account_id=keys("A", rows["parent"]),
        industry=labels(INDUSTRIES, rows["industry"]),
        segment=labels(SEGMENTS, rows["segment"]),
        size_band=labels(SIZE_BANDS, rows["size"]),
        region=labels(REGIONS, rows["region"]),
        country_code=labels(COUNTRIES, rows["country"]),
        owner_id=keys("U", rows["owner"]),
        acquisition_source=labels(SOURCES, rows["source"]),
        created_at=midnights(rows["start_day"]),
        churned_at=midnights(rows["left"]),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=stamps(at),
        loaded_at=stamps(morning_after(rng, at)),
    )


def crm_contacts(rng: np.random.Generator, contacts: pd.DataFrame) -> pa.Table:
    """One row per contact; names are drawn from invented words, mail goes to example.com."""
    count = len(contacts)
    first, last = rng.integers(0, len(FIRST_NAMES), count), rng.integers(0, len(LAST_NAMES), count)
    number = pc.cast(pa.array(np.arange(1, count + 1)), pa.string())
    created = contacts["created"].to_numpy() * DAY
    return table_of(
        contact_id=keys("C", np.arange(count)),
        account_id=keys("A", contacts["account"]),
        email=pc.binary_join_element_wise(pc.utf8_lower(labels(FIRST_NAMES, first)), number, "@example.com", ""),
        full_name=pc.binary_join_element_wise(labels(FIRST_NAMES, first), labels(LAST_NAMES, last), " "),
        buying_role=labels(ROLES, contacts["role"]),
        created_at=stamps(created),
        last_active_at=stamps(either(happens(rng, 0.03, count), NONE, contacts["last_active"])),
        unsubscribed_at=midnights(contacts["unsubscribed"]),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=nothing(count, pa.timestamp("us")),
        loaded_at=stamps(morning_after(rng, created)),
    )


def crm_users(rng: np.random.Generator, owners: int, agents: int) -> pa.Table:
    """One row per member of staff: owners U…, support agents G…."""
    count = owners + agents
    person = np.arange(count)
    team = np.r_[np.arange(owners) % len(OWNER_TEAMS), len(OWNER_TEAMS) + np.arange(agents) % len(AGENT_TEAMS)]
    names = [f"{FIRST_NAMES[i % len(FIRST_NAMES)]} {LAST_NAMES[i // 3 % len(LAST_NAMES)]}" for i in person]
    hired = np.full(count, (OPENS - 1) * DAY)
    return table_of(
        user_id=pa.concat_arrays([keys("U", np.arange(owners)), keys("G", np.arange(agents))]),
        user_name=pa.array(names),
        team=labels((*OWNER_TEAMS, *AGENT_TEAMS), team),
        hourly_cost=money(rng.integers(32, 90, count).astype(np.float64)),
        is_active=flags(either(happens(rng, 0.05, count), 0, 1)),
        updated_at=stamps(hired),
        loaded_at=stamps(morning_after(rng, hired)),
    )


def draw_contracts(accounts: pd.DataFrame) -> pd.DataFrame:
    """One row per contract year that touches the ledger or renews within 90 days after it: account, start, end."""
    start = accounts["start_day"].to_numpy()
    churn = accounts["churn_day"].to_numpy()
    years = []
    for year in range(12):
        begin = anniversary(start, np.full(len(start), year))
        end = anniversary(start, np.full(len(start), year + 1)) - 1
        touches = (end >= OPENS) & (begin < np.minimum(churn, CLOSES + 90))
        years.append(frame(account=np.flatnonzero(touches), start=begin[touches], end=end[touches]))
    return pd.concat(years, ignore_index=True).sort_values(["start", "account"], kind="stable", ignore_index=True)


def crm_contracts(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths, contracts: pd.DataFrame) -> pa.Table:
    """One row per contract; those that start after the as-of date are pending renewals."""
    account = contracts["account"].to_numpy()
    start, end = contracts["start"].to_numpy(), contracts["end"].to_numpy()
    churn = look_up(accounts, "churn_day", account)
    status = either(churn <= end, 2, either(end < CLOSES, 1, either(start < CLOSES, 0, 3)))
    signed = np.minimum(np.maximum(start - 10, OPENS - 400), CLOSES - 1) * DAY
    return table_of(
        contract_id=keys("K", contracts.index.to_numpy()),
        account_id=keys("A", account),
        start_date=dates(start),
        end_date=dates(end),
        annual_amount=money(12 * np.rint(paths.price[account, quarter_of(start)])),
        currency=labels(("EUR",), either(look_up(accounts, "is_euro", account), 0)),
        status=labels(("active", "expired", "cancelled", "pending"), status),
        updated_at=stamps(signed),
        loaded_at=stamps(morning_after(rng, signed)),
    )


def quarter_of(day: Ints) -> Ints:
    """The column of a matrix of 12 quarters that holds this day, or the nearest one."""
    month = day.astype("datetime64[D]").astype("datetime64[M]") - FIRST_MONTH
    return np.asarray(np.clip(month.astype(np.int64) // 3, 0, QUARTERS - 1))
