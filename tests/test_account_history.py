"""What nights have seen of the accounts is kept, whatever the CRM's next load says."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.transform.account_history import keep_account_versions
from tests.conftest import run_nightly

MONDAY, TUESDAY, WEDNESDAY = date(2024, 7, 1), date(2024, 7, 2), date(2024, 7, 3)
COLUMNS = ("account_id", "segment", "size_band", "region", "industry", "owner_id", "updated_at")
See = Callable[..., int]


@pytest.fixture
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("create schema raw")
        yield connection


@pytest.fixture
def see(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> See:
    """A night on which the CRM has these accounts: (account, segment, updated_at) in the order of their rows."""

    def night(on: date, *accounts: tuple[str | None, str, str | None]) -> int:
        declared = ", ".join(f"{name} varchar" for name in COLUMNS)
        warehouse.execute(f"create or replace table raw.crm_accounts ({declared}, _row_number bigint)")
        for number, (account, segment, updated) in enumerate(accounts):
            values = [account, segment, None, " emea ", None, None, updated, number]
            warehouse.execute("insert into raw.crm_accounts values (?, ?, ?, ?, ?, ?, ?, ?)", values)
        return keep_account_versions(warehouse, tmp_path / "history", on)

    return night


def kept(warehouse: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return warehouse.execute(
        "select account_id, segment, updated_at, first_seen_on from history.account_versions order by all"
    ).fetchall()


def test_a_dated_version_is_kept_once_and_outlives_the_load_that_overwrites_it(
    see: See, warehouse: duckdb.DuckDBPyConnection
) -> None:
    assert see(MONDAY, ("a1", "small", "2024-01-01"), ("a1", "small", "2024-01-01")) == 1
    assert see(TUESDAY, ("a1", "small", "2024-01-01")) == 0
    assert see(WEDNESDAY, ("a1", "large", "2024-07-02")) == 1
    assert kept(warehouse) == [("a1", "large", "2024-07-02", WEDNESDAY), ("a1", "small", "2024-01-01", MONDAY)]


def test_an_account_without_a_date_is_what_it_was_last_seen_as(see: See, warehouse: duckdb.DuckDBPyConnection) -> None:
    see(MONDAY, ("a1", "first row", None), ("a1", "small", " "), (None, "nobody", None))
    see(TUESDAY, ("a1", "large", None))
    assert see(WEDNESDAY, ("a1", "small", None)) == 1
    assert [(segment, seen) for _, segment, _, seen in kept(warehouse)] == [
        ("large", TUESDAY), ("small", MONDAY), ("small", WEDNESDAY)
    ]  # fmt: skip


def test_of_one_night_the_last_word_counts(see: See, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    see(MONDAY, ("a1", "small", None))
    see(TUESDAY, ("a1", "wrong", None))
    see(TUESDAY, ("a1", "large", None))
    stored = (tmp_path / "history" / "account_versions.parquet").read_bytes()
    see(TUESDAY, ("a1", "large", None))
    assert (tmp_path / "history" / "account_versions.parquet").read_bytes() == stored
    assert [(segment, seen) for _, segment, _, seen in kept(warehouse)] == [("large", TUESDAY), ("small", MONDAY)]
    see(TUESDAY, ("a1", "small", None))
    assert [(segment, seen) for _, segment, _, seen in kept(warehouse)] == [("small", MONDAY)]


def test_a_field_of_its_own_is_kept_like_the_others_and_what_is_known_first_was_so_before(
    warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    def night(on: date, *accounts: tuple[str, str, str | None], fields: Sequence[str] = ("tier",)) -> int:
        declared = ", ".join(f"{name} varchar" for name in (*COLUMNS, "tier"))
        warehouse.execute(f"create or replace table raw.crm_accounts ({declared}, _row_number bigint)")
        for number, (account, tier, updated) in enumerate(accounts):
            values = [account, "small", None, None, None, None, updated, tier, number]
            warehouse.execute("insert into raw.crm_accounts values (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        return keep_account_versions(warehouse, tmp_path / "history", on, fields=fields)

    def tiers() -> list[tuple[object, ...]]:
        return warehouse.execute(
            "select account_id, tier, first_seen_on from history.account_versions order by all"
        ).fetchall()

    night(MONDAY, ("a1", "gold", None), ("a2", "tin", "2024-01-01"), fields=())
    assert night(TUESDAY, ("a1", "gold", None), ("a2", "tin", "2024-01-01")) == 0
    assert tiers() == [("a1", "gold", MONDAY), ("a2", "tin", MONDAY)]
    assert night(WEDNESDAY, ("a1", "silver", None), ("a2", "tin", "2024-01-01")) == 1
    assert tiers() == [("a1", "gold", MONDAY), ("a1", "silver", WEDNESDAY), ("a2", "tin", MONDAY)]
    # A line taken out of company.yml forgets nothing.
    assert night(date(2024, 7, 4), ("a1", "gold", None), fields=()) == 0
    assert len(tiers()) == 3


def test_a_company_without_accounts_has_a_store_without_rows(
    see: See, warehouse: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert see(MONDAY) == 0
    assert kept(warehouse) == []
    assert (tmp_path / "history" / "account_versions.parquet").is_file()


def test_a_night_of_the_past_teaches_nothing(see: See, warehouse: duckdb.DuckDBPyConnection) -> None:
    see(TUESDAY, ("a1", "small", None))
    assert see(MONDAY, ("a1", "large", None)) == 0
    assert kept(warehouse) == [("a1", "small", None, TUESDAY)]


def test_history_survives_an_overwriting_load_and_a_build_from_nothing(tiny_release: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(tiny_release, tmp_path / "home"))
    accounts = home / "raw" / "crm_accounts.csv"
    accounts.write_text(accounts.read_text().replace("a1,Account 1,enterprise", "a1,Account 1,public"))
    assert run_nightly(home, home / "raw", NPS_AS_OF="2024-07-02").code == 0
    spans = "select segment, valid_from, valid_to from marts.dim_account_history where account_id = 'a1' order by 2"
    wanted = [("enterprise", date(1900, 1, 1), TUESDAY), ("public", TUESDAY, date(9999, 12, 31))]
    assert published(home, spans) == wanted
    shutil.rmtree(home / "build")

    assert run_nightly(home, home / "raw", NPS_AS_OF="2024-07-02").code == 0

    assert published(home, spans) == wanted


def published(home: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(home / "published" / "nps.duckdb", read_only=True) as connection:
        return connection.execute(query).fetchall()
