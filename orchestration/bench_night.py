"""A day's arrivals for the bench: what a company gets in one night, made from its own rows, always the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

# Of each table that grows by the day: its key, and what of a row moves to the new day.
GROWING = {
    "survey_responses": (
        "response_id",
        "{day} + (answered_at - date_trunc('day', answered_at)) as answered_at, null as invitation_id",
    ),
    "survey_invitations": (
        "invitation_id",
        "{day} + interval 8 hours as sent_at, {day} + interval 9 hours as delivered_at, null as opened_at",
    ),
    "crm_revenue": (
        "revenue_id",
        "cast(date_trunc('month', {day}) as date) as period_start, last_day({day}) as period_end",
    ),
}
# One row in a thousand is new, one in twenty thousand corrected.
NEW, CORRECTED = 1_000, 20_000


def as_folders(raw: Path) -> None:
    """The tables as folders, in which the arrivals of a night are one more file."""
    for file in sorted(raw.glob("*.parquet")):
        (raw / file.stem).mkdir()
        file.rename(raw / file.stem / "history.parquet")


def arrive(raw: Path, day: date) -> None:
    """New rows of ``day`` and corrections of earlier ones, loaded in the night after it."""
    with duckdb.connect() as connection:
        for table, (key, moved) in GROWING.items():
            folder = raw / table
            moment = f"timestamp '{day} 00:00:00'"
            loaded = f"{moment} + interval 26 hours as loaded_at"
            columns = {name for name, *_ in connection.sql(f"describe from '{folder}/history.parquet'").fetchall()}
            corrected = f"{moment} + interval 25 hours as updated_at, " if "updated_at" in columns else ""
            connection.execute(
                f"""
                copy (
                    select * replace ('{day}-' || {key} as {key}, {moved.format(day=moment)}, {loaded})
                    from '{folder}/history.parquet'
                    where hash({key}) % {NEW} = 0
                    union all by name
                    select * replace ({corrected}{loaded})
                    from '{folder}/history.parquet'
                    where hash({key}) % {CORRECTED} = 1 and {key} is not null
                    order by {key}
                ) to '{folder}/{day}.parquet' (format parquet)
                """
            )
