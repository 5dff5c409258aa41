"""What the sources of the dbt project hold, told to dbt before a build, so that it recomputes what their changes touch.

It stands in schema ``upkeep`` of the build file, beside what dbt itself writes there of each table
(``dbt_project/macros/upkeep``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.findings import BuildError, Finding
from orchestration.raw import ledger as raw_ledger
from orchestration.raw.tables import RAW_SCHEMA
from orchestration.release.trust import UPKEEP, drop_all_but, forget, tables_unlike_their_record
from orchestration.release.warehouse import drop_relation, quoted
from orchestration.transform.built import is_made

SCHEMA = UPKEEP


def create_sources(connection: duckdb.DuckDBPyConnection) -> None:
    """The table of what is known of the sources, if it is not there yet."""
    connection.execute(
        f"create schema if not exists {SCHEMA}; create table if not exists {SCHEMA}.sources "
        "(unique_id varchar, fingerprint varchar, fingerprint_before varchar, held varchar)"
    )


def note_sources(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], contents: Mapping[str, str | None]
) -> None:
    """Write down the content hash of each source, and which rows are new where the others are those of the last time.

    Rows are only new where files came after those that were read and none of them changed. ``contents`` has the hash of
    each source by its name, None where nobody can tell; such a source counts as another one in every build.
    """
    create_sources(connection)
    noted = {
        unique_id: (fingerprint, json.loads(held))
        for unique_id, fingerprint, held in connection.execute(
            f"select unique_id, fingerprint, held from {SCHEMA}.sources"
        ).fetchall()
    }
    connection.execute("begin")
    for unique_id, source in manifest["sources"].items():
        name, now = source["name"], contents[source["name"]]
        before, held_before = noted.get(unique_id, (None, None))
        if now is not None and now == before:
            continue
        held = _held(connection, name) if source["schema"] == RAW_SCHEMA else None
        arrived = files_arrived(held_before, held)
        connection.execute(f"delete from {SCHEMA}.sources where unique_id = ?", [unique_id])
        drop_relation(connection, SCHEMA, f"changes_of_{name}")
        if arrived is not None:
            n_known, files = arrived
            # By file as well: of one that is not named no row is read.
            connection.execute(
                f"create view {SCHEMA}.changes_of_{name} as select *, 1 as _sign from {RAW_SCHEMA}.{name} "
                f"where _row_number > {n_known} and _source_file in ({', '.join(map(quoted, files)) or 'null'})"
            )
        if now is not None:
            connection.execute(
                f"insert into {SCHEMA}.sources values (?, ?, ?, ?)",
                [unique_id, now, before if arrived is not None else None, json.dumps(held)],
            )
    connection.execute("commit")


def _held(connection: duckdb.DuckDBPyConnection, table: str) -> dict[str, Any]:
    """By whom a raw table was read, its types, and its files in the order of their rows: name, content hash, rows."""
    types = connection.execute(f"select column_name, column_type from (describe {RAW_SCHEMA}.{table})").fetchall()
    files = connection.execute(
        f"select file_name, content_hash, n_rows from {raw_ledger.SCHEMA}.raw_files "
        f"where raw_table = {quoted(table)} order by rowid"
    ).fetchall()
    read_by = connection.execute(
        f"select max(read_by) from {raw_ledger.SCHEMA}.raw_tables where raw_table = {quoted(table)}"
    ).fetchall()
    return {
        "read_by": read_by[0][0],
        "types": [list(column) for column in types],
        "files": [list(file) for file in files],
    }


def files_arrived(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> tuple[int, list[str]] | None:
    """How many rows are as they were, and the files of all others, which come after them; None where it is not so."""
    if before is None or now is None:
        return None
    # Other code may read other values from the same files.
    if before.get("read_by") != now["read_by"] or before["types"] != now["types"]:
        return None
    known: list[list[Any]] = before["files"]
    if now["files"][: len(known)] != known:
        return None
    return sum(n_rows for *_, n_rows in known), [name for name, *_ in now["files"][len(known) :]]


def drop_what_no_model_makes(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    """Drop what a model has left in a schema or under a name that it has no more."""
    drop_all_but(
        connection,
        {
            (node["schema"], node["alias"])
            for node in manifest["nodes"].values()
            if node["resource_type"] == "snapshot" or is_made(node)
        },
    )


def check_hooks(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any]) -> None:
    """An error where the hook of a model has changed the table of another."""
    hooked = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["config"].get("pre-hook") or node["config"].get("post-hook") or "on-run-end" in node["tags"]
    ]
    others = tables_unlike_their_record(connection) if hooked else {}
    if others:
        # Without the hook, too, they are to be made again.
        forget(connection, others.values())
        raise BuildError(
            *(
                Finding(
                    "hook",
                    table,
                    f"its rows are not those that its model made: a hook of {', '.join(sorted(hooked))} changed them.",
                    next_step="Let a hook change the table of its own model alone.",
                )
                for table in others
            )
        )
