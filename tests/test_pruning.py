"""Years of nights: what runs, events, output and logs take on the disk stays what a number of nights takes."""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster_shared.record import copy

from orchestration.console import console
from orchestration.runs import pruning
from orchestration.runs.history import RunHistory
from orchestration.runs.instance import open_instance
from orchestration.runs.pruning import prune, shrink
from orchestration.settings import Settings, load_settings

KEPT = 2


def size_of(folder: Path) -> int:
    """What files take, without the logs of SQLite, which go when the files are closed."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return sum(path.stat().st_size for path in files)


def another_night(settings: Settings, instance: dg.DagsterInstance, run_id: str) -> str:
    """Write a run down once more under another id: its record, its events, what they say across runs, its output."""
    history, run, again = instance.event_log_storage, instance.get_run_by_id(run_id), str(uuid.uuid4())
    assert isinstance(history, RunHistory) and run is not None
    instance.run_storage.add_run(copy(run, run_id=again))

    def rows(connection: sqlalchemy.Connection, table: sqlalchemy.Table) -> list[dict[str, Any]]:
        found = connection.execute(table.select().where(table.c["run_id"] == run_id)).mappings().all()
        return [{name: cell for name, cell in row.items() if name != "id"} for row in found]

    with history.run_connection(run_id) as connection:
        events = rows(connection, SqlEventLogStorageTable)
    renamed = [row | {"run_id": again, "event": row["event"].replace(run_id, again)} for row in events]
    with history.run_connection(again) as connection:
        connection.execute(SqlEventLogStorageTable.insert(), renamed)
    with history.index_connection() as connection:
        for table in (SqlEventLogStorageTable, AssetCheckExecutionsTable):
            connection.execute(table.insert(), [row | {"run_id": again} for row in rows(connection, table)])
        materialized = SqlEventLogStorageTable.select().where(
            SqlEventLogStorageTable.c.run_id == again,
            SqlEventLogStorageTable.c.dagster_event_type == dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        )
        tags = [
            {"event_id": row["id"], "asset_key": row["asset_key"], "key": "dagster/code_version", "value": "1"}
            for row in connection.execute(materialized).mappings()
        ]
        connection.execute(AssetEventTagsTable.insert(), tags)
    outputs = settings.dagster_home / "storage"
    shutil.copytree(outputs / run_id, outputs / again)
    return again


def home_of_nights(home: Path, **environment: str) -> Settings:
    return load_settings({"NPS_HOME": str(home), "NPS_NIGHTS_KEPT": str(KEPT)} | environment)


@pytest.fixture
def settings(tiny_release: Path, tmp_path: Path) -> Settings:
    """A home with a real night's run in it."""
    shutil.copytree(tiny_release / "dagster", tmp_path / "home" / "dagster")
    return home_of_nights(tmp_path / "home")


@contextmanager
def nights(settings: Settings, number: int) -> Iterator[tuple[dg.DagsterInstance, list[str]]]:
    with open_instance(settings) as instance:
        (first,) = instance.get_run_ids()
        yield instance, [first, *(another_night(settings, instance, first) for _ in range(number - 1))]


def left(settings: Settings) -> dict[str, set[str]]:
    """The runs that each of the stores speaks of."""
    folder = settings.dagster_home
    found = {
        "events": {path.stem for path in (folder / "history" / "runs").glob("*.db")} - {"index"},
        "output": {path.name for path in (folder / "storage").iterdir()},
    }
    with closing(sqlite3.connect(folder / "history" / "runs" / "index.db")) as connection:
        for table in ("event_logs", "asset_check_executions"):
            found[table] = {run_id for (run_id,) in connection.execute(f"select distinct run_id from {table}")}
    with closing(sqlite3.connect(folder / "history" / "runs.db")) as connection:
        for table in ("runs", "run_tags"):
            found[table] = {run_id for (run_id,) in connection.execute(f"select distinct run_id from {table}")}
    return found


def test_of_many_nights_the_newest_are_kept_whole_and_of_the_others_nothing(settings: Settings) -> None:
    with nights(settings, KEPT + 4) as (instance, runs):
        assert prune(settings, instance) == 4
        kept = set(runs[-KEPT:])
        assert [name for name, found in left(settings).items() if found - kept] == []
        assert all(kept <= found for name, found in left(settings).items() if name != "run_tags")
        events = {run_id: len(instance.all_logs(run_id)) for run_id in kept}
        assert min(events.values()) == max(events.values()) > 1000
        assert prune(settings, instance) == 0
    with closing(sqlite3.connect(settings.dagster_home / "history" / "runs" / "index.db")) as connection:
        orphans = "select count(*) from asset_event_tags where event_id not in (select id from event_logs)"
        assert connection.execute(orphans).fetchone() == (0,)


def test_the_disk_holds_what_the_kept_nights_take(settings: Settings) -> None:
    one_night = size_of(settings.dagster_home)
    with nights(settings, KEPT + 1) as (instance, runs):
        sizes = []
        for _ in range(KEPT + 2):
            prune(settings, instance)
            sizes.append(size_of(settings.dagster_home))
            runs.append(another_night(settings, instance, runs[-1]))
    # One night more than is kept is there until the next prunes; pages that are free are filled again, not added to.
    assert max(sizes) <= one_night * (KEPT + 1)
    assert sizes[-1] <= sizes[1] * 1.05


def test_files_shrink_when_many_runs_go_at_once_while_others_read_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "SECONDS_TO_WAIT", 0.1)
    with nights(settings, 2 * KEPT + 4) as (instance, _):
        index = settings.dagster_home / "history" / "runs" / "index.db"
        with closing(sqlite3.connect(index, isolation_level=None)) as page:
            page.execute("begin")
            page.execute("select count(*) from event_logs").fetchone()
            before = size_of(index.parent)
            prune(settings, instance)
            # Who was reading reads on what was there.
            assert page.execute("select count(distinct run_id) from event_logs").fetchone() == (2 * KEPT + 4,)
            page.execute("commit")
        prune(settings, instance)
        shrink(index)
        with closing(sqlite3.connect(index)) as connection:
            connection.execute("pragma wal_checkpoint(truncate)")
    assert size_of(index.parent) < before / 2


def test_a_run_that_is_not_over_is_kept_and_one_that_nothing_tells_of_is_not(settings: Settings) -> None:
    with nights(settings, KEPT + 1) as (instance, runs):
        begun = another_night(settings, instance, runs[0])
        run = instance.get_run_by_id(begun)
        assert run is not None
        instance.run_storage.delete_run(begun)
        instance.run_storage.add_run(copy(run, status=dg.DagsterRunStatus.STARTED))
        for _ in range(KEPT):
            another_night(settings, instance, runs[0])
        forgotten = another_night(settings, instance, runs[0])
        instance.run_storage.delete_run(forgotten)
        prune(settings, instance)
        assert begun in left(settings)["events"]
        assert forgotten not in left(settings)["events"] | left(settings)["output"] | left(settings)["event_logs"]


def test_what_stands_in_the_way_fails_no_night(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def locked(*_: object) -> None:
        raise sqlite3.OperationalError("database is locked")

    with nights(settings, KEPT + 1) as (instance, _):
        monkeypatch.setattr(instance, "delete_run", locked)
        with caplog.at_level(logging.WARNING):
            assert prune(settings, instance) == 0
    assert "the next night tries again: database is locked" in caplog.text


# Logs --------------------------------------------------------------------------------------------------------------


def test_the_log_of_a_night_tells_its_phases_and_its_end(tiny_release: Path) -> None:
    said = (tiny_release / "build" / "logs" / "nightly.log").read_text(encoding="utf-8")
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  dbt [\d.]+ s$", said, flags=re.MULTILINE)
    assert re.search(r"^Published \S+, as of 2024-07-01, in ", said, flags=re.MULTILINE)


def test_the_log_of_each_night_is_kept_and_the_oldest_go(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "nightly.log"
    for night in range(KEPT + 2):
        with console(log, verbose=False, logs_kept=KEPT):
            os.write(1, f"night {night}\n".encode())
        os.utime(log, (1000 + night, 1000 + night))
    logs = sorted(log.parent.iterdir())
    assert [path.name for path in logs] == [
        "nightly-19700101T001642.000000Z.log",
        "nightly.log",
    ]
    assert [path.read_text().strip() for path in logs] == ["night 2", "night 3"]
    with console(log, verbose=False, logs_kept=1):
        pass
    assert [path.name for path in log.parent.iterdir()] == ["nightly.log"]
