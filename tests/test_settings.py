"""Settings: what they default to, and what is said of a value that the build cannot work with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from orchestration import settings
from orchestration.settings import (
    REPOSITORY,
    SAMPLE_RAW,
    ParquetDestination,
    PostgresDestination,
    SettingsError,
    load_settings,
)


def test_an_empty_environment_is_the_sample_company() -> None:
    found = load_settings({})
    assert found.raw == str(SAMPLE_RAW)
    assert found.home == REPOSITORY / "var"
    assert found.as_of == date(2026, 7, 1)
    assert (found.target, found.timezone, found.currency, found.schedule) == ("duckdb", "UTC", "USD", "0 2 * * *")
    assert found.memory_limit == "4GB"


def test_an_empty_value_is_the_default() -> None:
    names = [
        "RAW",
        "HOME",
        "TARGET",
        "AS_OF",
        "TIMEZONE",
        "CURRENCY",
        "SCHEDULE",
        "LOCK_TIMEOUT",
        "MEMORY_LIMIT",
        "PUBLISH",
    ]
    assert load_settings({f"NPS_{name}": "" for name in names}) == load_settings({})


def test_every_setting_is_read() -> None:
    found = load_settings(
        {
            "NPS_RAW": "s3://bucket/raw",
            "NPS_HOME": "/srv/nps",
            "NPS_AS_OF": "2025-02-28",
            "NPS_TIMEZONE": "Europe/Berlin",
            "NPS_CURRENCY": "eur",
            "NPS_SCHEDULE": "*/15 6-22 1,15 * 1-5",
            "NPS_LOCK_TIMEOUT": "2.5",
            "NPS_MEMORY_LIMIT": "2GB",
        }
    )
    assert (found.raw, found.home, found.as_of) == ("s3://bucket/raw", Path("/srv/nps"), date(2025, 2, 28))
    assert (found.timezone, found.currency, found.schedule) == ("Europe/Berlin", "EUR", "*/15 6-22 1,15 * 1-5")
    assert (found.lock_timeout, found.memory_limit) == (2.5, "2GB")


def test_dbt_sees_the_same_settings() -> None:
    found = load_settings({"NPS_HOME": "/srv/nps", "NPS_AS_OF": "2025-02-28", "NPS_MEMORY_LIMIT": "2GB"})
    assert found.dbt_vars() == {
        "reporting_timezone": "UTC",
        "reporting_currency": "USD",
    }
    assert found.environment() == {
        "NPS_TARGET": "duckdb",
        "NPS_AS_OF": "2025-02-28",
        "NPS_BACKFILL_FROM": "",
        "NPS_BACKFILL_TO": "",
        "NPS_RECOMPUTED_SHARE": "",
        "HOME": "/srv/nps/build",
        "NPS_BUILD_FILE": "~/warehouse.duckdb",
        "NPS_MEMORY_LIMIT": "2GB",
    }


@pytest.mark.parametrize(("timezone", "today"), [("UTC", date(2025, 3, 1)), ("America/New_York", date(2025, 2, 28))])
def test_the_as_of_date_of_own_data_is_today_in_the_reporting_time_zone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, timezone: str, today: date
) -> None:
    monkeypatch.setattr(settings, "now", lambda: datetime(2025, 3, 1, 3, tzinfo=UTC))
    assert load_settings({"NPS_RAW": str(tmp_path), "NPS_TIMEZONE": timezone}).as_of == today


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NPS_TARGET", "oracle", "not a known target; use one of: duckdb, spark"),
        ("NPS_AS_OF", "yesterday", "not a date; use ISO form such as"),
        ("NPS_AS_OF", "2026-02-30", "not a date"),
        ("NPS_TIMEZONE", "Mars/Olympus", "not a time zone; use an IANA name"),
        ("NPS_TIMEZONE", "../etc/passwd", "not a time zone"),
        ("NPS_CURRENCY", "dollars", "not a currency; use a three-letter ISO 4217 code"),
        ("NPS_CURRENCY", "€€€", "not a currency"),
        ("NPS_SCHEDULE", "nightly", "not a cron line of five fields"),
        ("NPS_SCHEDULE", "61 2 * * *", "'61' is not a minute; write numbers 0 to 59"),
        ("NPS_SCHEDULE", "0 2 0 * *", "'0' is not a day of month"),
        ("NPS_SCHEDULE", "0 2 * * 5-1", "'5-1' is not a day of week"),
        ("NPS_SCHEDULE", "0 */0 * * *", "'*/0' is not a hour"),
        ("NPS_LOCK_TIMEOUT", "soon", "not a number of seconds"),
        ("NPS_RELEASES_KEPT", "0", "not a number of releases; use a whole number such as 7"),
        ("NPS_RELEASES_KEPT_DAYS", "-1", "not a number of days"),
        ("NPS_LOGS_KEPT_DAYS", "a week", "not a number of days; use a whole number such as 30"),
        ("NPS_RECOMPUTED_SHARE", "most", "not a share"),
        ("NPS_RECOMPUTED_SHARE", "1.5", "not a share"),
        ("NPS_LOCK_TIMEOUT", "-1", "not a number of seconds"),
        ("NPS_LOCK_TIMEOUT", "inf", "not a number of seconds"),
        ("NPS_MEMORY_LIMIT", "0GB", "not an amount of memory"),
        ("NPS_MEMORY_LIMIT", "0.0 MiB", "not an amount of memory"),
        ("NPS_HOME", "~nosuchuser/nps", "not a folder of this machine"),
        ("NPS_HOME", "/srv/\0", "not a folder of this machine"),
        ("NPS_RAW", "~nosuchuser/raw", "not a folder of this machine"),
        ("NPS_DEV", "~nosuchuser", "not a folder of this machine"),
        ("NPS_SPARK_SERVER", "cluster", "not a Thrift server; write host:port"),
        ("NPS_SPARK_SERVER", "thrift://cluster:10000", "not a Thrift server"),
        ("NPS_MEMORY_LIMIT", "lots", "not an amount of memory; for example 4GB"),
        ("NPS_MEMORY_LIMIT", "4GB'; drop", "not an amount of memory"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({name: value})
    assert f"{name}={value!r}" in str(caught.value)
    assert said in str(caught.value)


# Where a release is published ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "destinations"),
    [
        ("", ()),
        ("postgres://nps@db/bi", (PostgresDestination("postgres://nps@db/bi"),)),
        ("parquet:/srv/nps", (ParquetDestination(Path("/srv/nps")),)),
        ("parquet:file:///srv/n%20ps", (ParquetDestination(Path("/srv/n ps")),)),
        ("parquet:///srv/nps", (ParquetDestination(Path("/srv/nps")),)),
        (
            " postgresql://h1,h2:5433/bi?sslmode=require, parquet:/srv/our nps  parquet:/srv/our nps\n",
            (
                PostgresDestination("postgresql://h1,h2:5433/bi?sslmode=require"),
                ParquetDestination(Path("/srv/our nps")),
            ),
        ),
    ],
)
def test_destinations_are_read(value: str, destinations: tuple[object, ...]) -> None:
    assert load_settings({"NPS_PUBLISH": value}).destinations == destinations


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("mysql://nps:secret@db/bi", "'mysql' is not a kind of destination; write postgres://user@host/database or"),
        ("/srv/nps", "'/srv/nps' is not a kind of destination"),
        ("postgres://nps:secret@db", "names no database; write postgres://user@host/database"),
        ("postgres:nps:secret@db", "names no database"),
        ("postgres://nps:secret@[::1/bi", "is no URL"),
        ("postgres://nps:secret@[bad]/bi", "is no URL"),
        ("postgres://nps:secret@db:99999/bi", "is no URL"),
        ("parquet://[srv/bi", "Parquet goes to a folder of this machine"),
        ("parquet:file://[::1", "Parquet goes to a folder of this machine"),
        ("postgres://nps:secret@db/bi or /srv", "names no database"),
        ("parquet:s3://secret/nps", "goes to a folder of this machine; write parquet:/some/folder"),
        ("parquet:", "goes to a folder of this machine"),
    ],
)
def test_a_wrong_destination_is_named_without_its_password(value: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"NPS_PUBLISH": value})
    assert str(caught.value).startswith("NPS_PUBLISH: ") and said in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["postgres://nps:s%25cret@db:5433/bi?sslmode=require", "postgres://nps@db:5433/bi?password=s%25cret"]
)
def test_a_destination_is_shown_without_its_password(url: str) -> None:
    (found,) = load_settings({"NPS_PUBLISH": url}).destinations
    assert isinstance(found, PostgresDestination)
    assert found.name == "postgres://nps@db:5433/bi"
    assert "cret" not in repr(found)
    assert found.redacted("wrong s%25cret, that is s%cret") == "wrong ***, that is ***"
