"""Keeps what each night has seen of every account, so that the history outlives a CRM load that overwrites.

The store is one Parquet file beside the warehouse, which a build from nothing reads and does not remove. It grows by
the versions that were not seen before: dated ones by their date; of those without a date, the last row of an account
if it is not what the account was when it was last seen. Values stand as they came; staging casts them, as it does raw
rows.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.raw.tables import RAW_SCHEMA
from orchestration.release.warehouse import quoted, quoted_path

logger = logging.getLogger(__name__)

SCHEMA = "history"
TABLE = "account_versions"
STORE = "account_versions.parquet"

_ATTRIBUTES = ("segment", "size_band", "region", "industry", "owner_id")
COLUMNS = ("account_id", *_ATTRIBUTES, "updated_at", "first_seen_on")


def _text(name: str) -> str:
    return f"nullif(trim(cast({name} as varchar)), '') as {name}"


def _seen(compared: Sequence[str]) -> str:
    """Rows without a date say what an account is now: the last of them counts."""
    listed = ", ".join(compared)
    return f"""
        create or replace temp table seen_versions as
        with

        versions as (
            select _row_number, {", ".join(_text(name) for name in compared)}
            from {RAW_SCHEMA}.crm_accounts
            where nullif(trim(cast(account_id as varchar)), '') is not null
        )

        select distinct {listed} from versions where updated_at is not null
        union all
        select {listed} from (
            select *, row_number() over (partition by account_id order by _row_number desc) as place
            from versions where updated_at is null
        )
        where place = 1
    """


def _same(one: str, other: str, columns: Sequence[str]) -> str:
    return " and ".join(f"{one}.{name} is not distinct from {other}.{name}" for name in columns)


def _new_dated(compared: Sequence[str]) -> str:
    return f"""
        insert into account_versions by name
        select seen.*, ? as first_seen_on from seen_versions as seen
        where
            seen.updated_at is not null
            and not exists (from account_versions as kept where {_same("kept", "seen", compared)})
    """


def _new_undated(compared: Sequence[str]) -> str:
    attributes = [name for name in compared if name not in ("account_id", "updated_at")]
    return f"""
        insert into account_versions by name
        with

        last_kept as (
            from account_versions where updated_at is null
            qualify row_number() over (partition by account_id order by first_seen_on desc) = 1
        )

        select seen.*, ? as first_seen_on from seen_versions as seen
        left join last_kept using (account_id)
        where
            seen.updated_at is null
            and (last_kept.account_id is null or not ({_same("last_kept", "seen", attributes)}))
    """


def _new_field(field: str) -> str:
    """What is known first of a field is taken to have been so before, as far as rows that are still there say it."""
    return f"""
        update account_versions as kept set {field} = seen.{field} from seen_versions as seen
        where kept.account_id = seen.account_id and kept.updated_at is not distinct from seen.updated_at
    """


def keep_account_versions(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    as_of: date,
    today: date | None = None,
    fields: Sequence[str] = (),
) -> int:
    """Add what schema raw shows of the accounts to the store, and land it as history.account_versions; rows added.

    A night that was built before is built again on what it saw then: of one day the last word counts. A date before
    the newest of the store adds nothing, because the raw rows are not those of that day. So that a clock which once
    went ahead does not end the history, what was seen after ``today``, and after the date, counts as seen on it.

    ``fields`` are columns of a company's own, kept like the others. What was kept of one that is no longer named stays.
    """
    store = folder / STORE
    compared = ("account_id", *_ATTRIBUTES, *fields, "updated_at")
    kept = _kept_columns(connection, store)
    columns = (*compared, *(name for name in kept if name not in (*compared, "first_seen_on")))
    declared = ", ".join(f"{name} varchar" for name in columns)
    connection.execute(f"create or replace temp table account_versions ({declared}, first_seen_on date)")
    if kept:
        connection.execute(f"insert into account_versions by name from {_rows_of(store)}")
    ((newest,),) = connection.execute("select max(first_seen_on) from account_versions").fetchall()
    latest = max(as_of, today or date.max)
    if newest is not None and newest > latest:
        logger.warning("accounts were last seen on %s, when the clock went ahead; that counts as %s", newest, latest)
        connection.execute("update account_versions set first_seen_on = least(first_seen_on, ?)", [latest])
        newest = latest
    n_added = 0
    if newest is None or as_of >= newest:
        connection.execute(_seen(compared))
        new_fields = [name for name in fields if kept and name not in kept]
        for name in new_fields:
            connection.execute(_new_field(name))
        forgotten = connection.execute(
            "delete from account_versions where updated_at is null and first_seen_on = ?", [as_of]
        ).fetchall()
        for statement in (_new_dated(compared), _new_undated(compared)):
            ((n_rows,),) = connection.execute(statement, [as_of]).fetchall()
            n_added += n_rows
        connection.execute("drop table seen_versions")
        if n_added or new_fields or forgotten != [(0,)] or not store.is_file():
            write_store(connection, "account_versions", store)
    connection.execute(f"create schema if not exists {SCHEMA}")
    connection.execute(f"create or replace table {SCHEMA}.{TABLE} as from account_versions order by all")
    connection.execute("drop table account_versions")
    return n_added


def _rows_of(store: Path) -> str:
    return f"read_parquet({quoted_path(store)}, hive_partitioning = false)"


def _kept_columns(connection: duckdb.DuckDBPyConnection, store: Path) -> list[str]:
    if not store.is_file():
        return []
    return [name for name, *_ in connection.execute(f"describe from {_rows_of(store)}").fetchall()]


def write_store(connection: duckdb.DuckDBPyConnection, versions: str, store: Path) -> None:
    """Replace the store by the rows of a table."""
    store.parent.mkdir(parents=True, exist_ok=True)
    scratch = store.with_name(f".{store.name}.{os.getpid()}")
    connection.execute(
        f"copy (from {versions} order by all) to {quoted(str(scratch))} (format parquet, compression zstd)"
    )
    scratch.replace(store)
