"""Whether the build file holds what a build left in it, or somebody else has written to it, and what is done then.

The header of a DuckDB file counts its checkpoints, so that no row is changed without another header. It is noted
whenever a build closes the file, and compared when the next one opens it: that costs nothing. Only where it is another
are the rows of each table held against what was written down of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container, Iterable
from pathlib import Path

import duckdb

from orchestration.files import write_json
from orchestration.findings import BuildError, Finding
from orchestration.settings import LAYOUT, Settings

# The main header and the two headers that take turns, 4096 bytes each.
HEADER_BYTES = 3 * 4096
# What is known of the raw files; without it, each of them is read again.
LEDGER = "ledger"
UPKEEP = "upkeep"
# The schemas of sources and of what is noted. Every night makes what stands there anew, or reads files again.
OTHERS = ("raw", "landing", "enrichment", "history", LEDGER, UPKEEP)


def state(build_file: Path) -> str | None:
    """What stands for all that the file holds; None where there is no file, or one that was not closed."""
    log = build_file.with_name(f"{build_file.name}.wal")
    if not build_file.is_file() or (log.is_file() and log.stat().st_size):
        return None
    with build_file.open("rb") as content:
        return hashlib.sha256(content.read(HEADER_BYTES)).hexdigest()


def note_left(settings: Settings) -> None:
    """Write down that a build has closed the file, and in which state."""
    write_json(settings.left_file, {"state": state(settings.build_file), "layout": LAYOUT})


def is_as_left(settings: Settings) -> bool:
    """Whether nobody has written to the build file since a build closed it; a file that is not there is as it was."""
    if not settings.build_file.is_file():
        return True
    try:
        left = json.loads(settings.left_file.read_text(encoding="utf-8"))
        found, layout = left["state"], left["layout"]
    except (OSError, ValueError, KeyError, TypeError):
        # Of an older revision, or damaged.
        return False
    return layout == LAYOUT and found is not None and found == state(settings.build_file)


def check_as_left(settings: Settings) -> None:
    """An error where somebody else has written to the build file since this build closed it."""
    if not is_as_left(settings):
        raise BuildError(
            Finding(
                "build_file_changed",
                str(settings.build_file),
                "somebody else wrote to it while the build was under way.",
                next_step="Run the whole job again (make nightly); it makes what is in doubt anew. For work by hand "
                "there is a file of your own: make dev.",
            )
        )


def let_go_of_doubtful(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Let go of all that the file may hold wrongly, so that it is made again; what is said of it.

    Raw files are read again. A table is made again whose rows are not those that were written down of it, and so is
    what hangs on it, and what nothing is written down of. After dbt by hand, whatever was written down counts for
    nothing.
    """
    doubts = [
        "the build file is not what the last build left (it was interrupted, or somebody else wrote to the file): "
        "raw files are read again, and the rows of every table are checked"
    ]
    for ledger in _tables(connection, [LEDGER]):
        connection.execute(f"delete from {ledger}")
    if _is_of_another_revision(connection):
        connection.execute(f"drop table {UPKEEP}.tables; drop table if exists {UPKEEP}.tests")
    if (UPKEEP, "tables") in _relations(connection):
        if _was_written_by_hand(connection):
            doubts.append("dbt was run by hand on the build file: every table is built anew")
            connection.execute(f"delete from {UPKEEP}.tables; delete from {UPKEEP}.tests; delete from {UPKEEP}.by_hand")
        others = tables_unlike_their_record(connection)
        doubts += [f"{table}: its rows are not those that the last build left; it is built anew" for table in others]
        forget(connection, others.values())
    _drop_unrecorded(connection)
    return doubts


def tables_unlike_their_record(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The tables of dbt's models whose rows are not those that were written down of them: address, unique id."""
    standing, unlike = _relations(connection), dict[str, str]()
    if (UPKEEP, "tables") not in standing:
        # Of an engine that keeps its records elsewhere.
        return unlike
    for unique_id, schema, name, fingerprint in connection.execute(
        f"select unique_id, schema_name, table_name, fingerprint from {UPKEEP}.tables order by all"
    ).fetchall():
        if standing.get((schema, name)) != "BASE TABLE" or _fingerprint(connection, schema, name) != fingerprint:
            unlike[f"{schema}.{name}"] = unique_id
    return unlike


def _fingerprint(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> str:
    """As dbt writes it down (macro upkeep_whole)."""
    ((found,),) = connection.execute(
        "select concat_ws(':', coalesce(sum(hash(*columns(*))), 0), count(*), ("
        "    select md5(string_agg(concat(column_name, ' ', data_type), ', ' order by column_index))"
        "    from duckdb_columns()"
        "    where database_name = current_database() and schema_name = $schema and table_name = $name"
        f')) from "{schema}"."{name}"',
        {"schema": schema, "name": name},
    ).fetchall()
    return str(found)


def _is_of_another_revision(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether it is not written down which table is which, as before this was looked at."""
    columns = connection.execute(
        "select column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = 'tables'",
        [UPKEEP],
    ).fetchall()
    return bool(columns) and ("table_name",) not in columns


def _was_written_by_hand(connection: duckdb.DuckDBPyConnection) -> bool:
    if (UPKEEP, "by_hand") not in _relations(connection):
        return False
    ((n_runs,),) = connection.execute(f"select count(*) from {UPKEEP}.by_hand").fetchall()
    return bool(n_runs)


def forget(connection: duckdb.DuckDBPyConnection, unique_ids: Iterable[str]) -> None:
    """Of these tables and all that hangs on them, nothing is known."""
    connection.execute(
        f"""
        delete from {UPKEEP}.tables where unique_id in (
            with recursive

            parents as (select unique_id, unnest(json_keys(inputs)) as parent from {UPKEEP}.tables),

            doubtful as (
                select unnest(cast($unique_ids as varchar[])) as unique_id
                union
                select parents.unique_id from parents inner join doubtful on parents.parent = doubtful.unique_id
            )

            from doubtful
        )
        """,
        {"unique_ids": list(unique_ids)},
    )


def _drop_unrecorded(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop what dbt has made and nothing is written down of: seeds, views, tables of other kinds."""
    recorded = []
    if (UPKEEP, "tables") in _relations(connection):
        recorded = connection.execute(f"select schema_name, table_name from {UPKEEP}.tables").fetchall()
    drop_all_but(connection, {(schema, name) for schema, name in recorded})


def drop_all_but(connection: duckdb.DuckDBPyConnection, kept: Container[tuple[str, str]]) -> None:
    """Drop all tables and views of dbt's but those, by schema and name."""
    for (schema, name), kind in _relations(connection).items():
        if schema not in OTHERS and (schema, name) not in kept:
            connection.execute(f'drop {"view" if kind == "VIEW" else "table"} if exists "{schema}"."{name}"')


def _relations(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    """Of each table and view its kind, by schema and name."""
    return {
        (schema, name): kind
        for schema, name, kind in connection.execute(
            "select table_schema, table_name, table_type from information_schema.tables "
            "where table_catalog = current_database() order by all"
        ).fetchall()
    }


def _tables(connection: duckdb.DuckDBPyConnection, schemas: Iterable[str]) -> list[str]:
    wanted = set(schemas)
    return [f'"{schema}"."{name}"' for schema, name in _relations(connection) if schema in wanted]
