"""What Spark is handed before dbt, and what is taken back after it.

The landing and the reading of comments stay with DuckDB, and so does everything after dbt. Between them stands Parquet:
what was landed is handed over, a folder per table, and the tables that Spark wrote are taken back as views of the build
file. So the audit, the release and the report read a build of Spark as they read any other.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.comments.enrichment import SCHEMA as ENRICHMENT_SCHEMA
from orchestration.raw.ignored import SCHEMA as IGNORED_SCHEMA
from orchestration.raw.tables import RAW_SCHEMA
from orchestration.release.warehouse import drop_relation, identifier, open_build, quoted
from orchestration.settings import Settings
from orchestration.spark.configuration import check_installed, landed_folder, warehouse_folder, write_configuration
from orchestration.transform.account_history import SCHEMA as HISTORY_SCHEMA
from orchestration.transform.upkeep import SCHEMA as UPKEEP_SCHEMA
from orchestration.transform.upkeep import create_sources

# Types that Parquet carries from DuckDB to Spark as they are. What has another is handed over as text, which staging
# casts as it casts any other text.
HANDED_AS_IT_IS = re.compile(
    r"BOOLEAN|TINYINT|SMALLINT|INTEGER|BIGINT|FLOAT|DOUBLE|DECIMAL\(.*\)|DATE|VARCHAR|TIMESTAMP( WITH TIME ZONE)?"
)
TIMESTAMP_OF_OTHER_STEPS = re.compile(r"TIMESTAMP_(S|MS|NS)")


def hand_over(settings: Settings) -> None:
    """Make a Spark ready: its configuration, and as Parquet what was landed and not yet handed over.

    Its tables stand from one night to the next, so that dbt recomputes what changed. Only where a build before broke
    off is nothing known of what it left, and the warehouse is emptied.
    """
    check_installed()
    if not stands(settings):
        _empty(settings)
    _stamp(settings).unlink(missing_ok=True)
    write_configuration(settings)
    folder = landed_folder(settings)
    handed_file = folder / "handed.json"
    handed: dict[str, str] = json.loads(handed_file.read_text(encoding="utf-8")) if handed_file.is_file() else {}
    with open_build(settings) as connection:
        known = _known_sources(connection, folder)
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables where table_schema in (?, ?, ?, ?)",
            [RAW_SCHEMA, IGNORED_SCHEMA, ENRICHMENT_SCHEMA, HISTORY_SCHEMA],
        ).fetchall()
        for schema, table in tables:
            address, changes = f"{schema}.{table}", f"changes_of_{table}"
            was, (now, before) = handed.pop(address, None), known.get(table, (None, None))
            if before is not None and now != was:
                _hand_over_table(connection, folder, UPKEEP_SCHEMA, changes)
            if now is None or was is None or was not in (now, before):
                _hand_over_table(connection, folder, schema, table)
            elif now != was:
                # What came since lies beside what was handed over before.
                files = folder / schema / table
                arrived = f"(select * exclude (_sign) from {UPKEEP_SCHEMA}.{identifier(changes)})"
                _hand_over_rows(connection, arrived, files / f"rows-{len(list(files.iterdir()))}.parquet")
            if now is not None:
                handed[address] = now
    handed_file.write_text(json.dumps(handed, indent=2) + "\n", encoding="utf-8")


def _empty(settings: Settings) -> None:
    """Remove all that a build left: of a server by its catalog, which would else know of tables without files."""
    if not settings.spark_server:
        shutil.rmtree(settings.spark_folder, ignore_errors=True)
        return
    schemas = sorted(warehouse_folder(settings).glob("*.db"))
    if schemas:
        # It comes with dbt-spark.
        from pyhive import hive

        host, _, port = settings.spark_server.partition(":")
        with closing(hive.connect(host=host, port=int(port), username="nps")) as connection:
            for folder in schemas:
                connection.cursor().execute(f"drop schema if exists {folder.stem} cascade")
    for folder in (*schemas, landed_folder(settings)):
        shutil.rmtree(folder, ignore_errors=True)


def stands(settings: Settings) -> bool:
    """Whether the last build on this Spark made every table that it began, with this version of it."""
    stamp = _stamp(settings)
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == version("pyspark")


def note_end(settings: Settings) -> None:
    """Every table that a build began was made, so that no folder is there of which Spark's catalog does not know."""
    _stamp(settings).write_text(version("pyspark"), encoding="utf-8")


def _stamp(settings: Settings) -> Path:
    return settings.spark_folder / "stands"


def _known_sources(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, tuple[str, str | None]]:
    """By its table, the content hash of each source now and that before its changed rows; dbt is handed them too."""
    create_sources(connection)
    _hand_over_table(connection, folder, UPKEEP_SCHEMA, "sources")
    return {
        unique_id.split(".")[-1]: (now, before)
        for unique_id, now, before in connection.execute(
            f"select unique_id, fingerprint, fingerprint_before from {UPKEEP_SCHEMA}.sources"
        ).fetchall()
    }


def _hand_over_table(connection: duckdb.DuckDBPyConnection, folder: Path, schema: str, table: str) -> None:
    target = folder / schema / table
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    _hand_over_rows(connection, f"{identifier(schema)}.{identifier(table)}", target / "rows.parquet")


def _hand_over_rows(connection: duckdb.DuckDBPyConnection, relation: str, file: Path) -> None:
    columns = ", ".join(
        f"cast({identifier(name)} as {handed_type(kind)}) as {identifier(name)}"
        for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall()
    )
    connection.execute(f"copy (select {columns} from {relation}) to {quoted(str(file))} (format parquet)")


def handed_type(kind: str) -> str:
    """The type in which a column of the landing is handed over."""
    if HANDED_AS_IT_IS.fullmatch(kind):
        return kind
    return "TIMESTAMP" if TIMESTAMP_OF_OTHER_STEPS.fullmatch(kind) else "VARCHAR"


def take_back(settings: Settings, manifest: Mapping[str, Any]) -> None:
    """Put a view of the build file over each table that Spark wrote, with the comments that dbt has for it."""
    with open_build(settings) as connection:
        for node in manifest["nodes"].values():
            if node["resource_type"] in ("model", "seed"):
                _take_back_table(connection, warehouse_folder(settings), node)


def _take_back_table(connection: duckdb.DuckDBPyConnection, folder: Path, node: Mapping[str, Any]) -> None:
    schema, name = node["schema"], node["alias"]
    relation = f"{identifier(schema)}.{identifier(name)}"
    connection.execute(f"create schema if not exists {identifier(schema)}")
    drop_relation(connection, schema, name)
    connection.execute(f"create view {relation} as {_rows_written(folder / f'{schema}.db' / name, node)}")
    if node["description"]:
        connection.execute(f"comment on view {relation} is {quoted(node['description'])}")
    for column, described in node["columns"].items():
        if described["description"]:
            text = quoted(described["description"])
            connection.execute(f"comment on column {relation}.{identifier(column)} is {text}")


def _rows_written(folder: Path, node: Mapping[str, Any]) -> str:
    """A query of what Spark wrote of a table.

    Partitions are folders named after a day, which come last and are told as text; a contract says the order of the
    columns. Of a partitioned table without rows there is no file, and the contract says its columns.
    """
    partitions = node["config"].get("partition_by")
    if not partitions:
        return f"select * from read_parquet({quoted(str(folder / '*.parquet'))})"
    columns = {name: column["data_type"] for name, column in node["columns"].items()}
    if not any(folder.glob("*/*.parquet")):
        nothing = ", ".join(f"cast(null as {kind}) as {identifier(name)}" for name, kind in columns.items())
        return f"select {nothing} where false"
    listed = ", ".join(map(identifier, columns))
    kinds = ", ".join(f"{quoted(partition)}: {columns[partition]}" for partition in partitions)
    files = quoted(str(folder / "*" / "*.parquet"))
    return f"select {listed} from read_parquet({files}, hive_partitioning = true, hive_types = {{{kinds}}})"
