"""Dagster's log of events, kept in SQLite files with their connections held open.

A build stores some thousand events. Dagster's own storage opens, synchronises and closes a file for each of several
statements of every one, which took longer than the models. Here a file is opened once and the log is written ahead:
the history of a run may lose its last second if the machine loses its power, and is whole in every other case.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData

FILES_HELD = 8


class RunHistory(SqliteEventLogStorage):
    """SqliteEventLogStorage with another ``_connect``, and a ``delete_events`` that leaves nothing: the version of
    Dagster is pinned, and a test compares what the two store."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, sqlalchemy.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> RunHistory:
        return cls(config_value["base_dir"], inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            engine = sqlalchemy.create_engine(
                self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
            )
            sqlalchemy.event.listen(engine, "connect", _write_ahead)
        # The one used last stands last; a web page that looks through old runs does not hold all their files.
        self._engines[shard] = engine
        if len(self._engines) > FILES_HELD:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def delete_events(self, run_id: str) -> None:
        """Delete all of a run: Dagster itself leaves what its checks said, and a file without events."""
        with self.index_connection() as connection:
            self.delete_events_for_run(connection, run_id)
            connection.execute(AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id))
        if self.supports_global_concurrency_limits:
            self.free_concurrency_slots_for_run(run_id)
        with self._db_lock:
            engine = self._engines.pop(run_id, None)
            if engine is not None:
                engine.dispose()
            self._initialized_dbs.discard(run_id)
            for ending in ("", "-wal", "-shm"):
                Path(f"{self.path_for_shard(run_id)}{ending}").unlink(missing_ok=True)

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _write_ahead(connection: Any, _: object) -> None:
    connection.execute("pragma synchronous = normal")
