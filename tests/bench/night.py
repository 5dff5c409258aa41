"""A day's arrivals for the bench: what a company gets in one night, made from its own rows, always the same."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

# Of each table that grows by the day: its key, and what of a row moves to the new day.
GROWING = {
    "survey_responses": (
        "response_id",
        "{day} + (answered_at - date_trunc('day', answered_at)) as answered_at, cast(null as varchar) as invitation_id",
    ),
    "survey_invitations": (
        "invitation_id",
        "{day} + interval 8 hours as sent_at, {day} + interval 9 hours as delivered_at, "
        "cast(null as timestamp) as opened_at",
    ),
    "crm_revenue": (
        "revenue_id",
        "cast(date_trunc('month', {day}) as date) as period_start, last_day({day}) as period_end",
    ),
}
# One row to so many of the history is new; in a night with corrections, one in so many is corrected too.
NEW, CORRECTED = 1_000, 20_000
# What a correction says of a row.
CORRECTIONS = {
    "survey_responses": "case when cast(score as varchar) = '9' then '6' else '9' end as score",
    "crm_revenue": "cast(1 + amount as decimal(18, 2)) as amount",
}


def as_folders(raw: Path) -> None:
    """The tables as folders, in which the arrivals of a night are one more file, after the others by its name."""
    for file in sorted(raw.glob("*.parquet")):
        (raw / file.stem).mkdir()
        file.rename(raw / file.stem / "0-history.parquet")


def arrive(raw: Path, day: date, *, new: int = NEW, corrected: bool = False) -> None:
    """New rows of ``day``, one to ``new`` of the history, loaded in the night after it; corrections if asked for."""
    with duckdb.connect() as connection:
        for table, (key, moved) in GROWING.items():
            history = f"'{raw}/{table}/0-history.parquet'"
            moment = f"timestamp '{day} 00:00:00'"
            loaded = f"{moment} + interval 26 hours as loaded_at"
            selections = [
                f"select * replace ('{day}-' || {key} as {key}, {moved.format(day=moment)}, {loaded}) "
                f"from {history} where hash({key}) % {new} = 0"
            ]
            if corrected and table in CORRECTIONS:
                selections.append(
                    f"select * replace ({CORRECTIONS[table]}, {moment} + interval 25 hours as updated_at, {loaded}) "
                    f"from {history} where hash({key}) % {CORRECTED} = 1 and {key} is not null"
                )
            connection.execute(
                f"copy ({' union all by name '.join(selections)} order by {key}) "
                f"to '{raw}/{table}/{day}.parquet' (format parquet)"
            )
