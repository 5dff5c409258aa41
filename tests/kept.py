"""What is kept under NPS_HOME, described: by it a test tells when it has become another (tests/layouts/<number>.yml).

    python -m tests.kept

writes the description of this revision's layout down, from a night of the tiny company.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from orchestration.release.warehouse import open_read_only
from orchestration.runs.instance import STORES
from orchestration.settings import LAYOUT
from tests.conftest import TINY_AS_OF, run_nightly, write_tiny_raw

FOLDER = Path(__file__).with_name("layouts")
FILE = FOLDER / f"{LAYOUT}.yml"
# What others write into the home, or is written anew before it is read; and the raw files of the tests.
NOT_OURS = ("build/dbt", "build/logs", "build/release", "build/target", "dagster", "raw", "validation", "report")
BUILD_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
# Mappings whose keys are data: names of tables, files, packages, phases.
BY_NAME = {
    "build/built.json": {"inputs.data", "tests"},
    "build/record.json": {
        "phase_seconds", "peak_memory_mib", "raw.tables", "raw.contents", "release.rows", "release.keys",
        "release.fingerprints",
    },
    "build.json": {
        "rows_in", "rows_out", "keys", "fingerprints", "reconciliation", "versions", "phase_seconds", "peak_memory_mib",
        "files",
    },
}  # fmt: skip
# Schemas of the build file in which something is written down from one night to the next.
SCHEMAS = ("ledger", "upkeep", "history", "enrichment")


def described(home: Path) -> dict[str, Any]:
    """Files, keys of JSON files, columns of Parquet files and of what the build file keeps, and storage formats."""
    with open_read_only(home / "build" / "warehouse.duckdb") as connection:
        columns = connection.sql(
            "select concat(schema_name, '.', table_name), column_name, data_type from duckdb_columns() "
            f"where schema_name in {SCHEMAS} and table_name not like 'changes_of_%' order by all"
        ).fetchall()
        ((storage,),) = connection.sql(
            "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
        ).fetchall()
    tables: dict[str, dict[str, str]] = {}
    for table, column, kind in columns:
        tables.setdefault(table, {})[column] = kind
    return {
        "files": sorted(set(_files(home))),
        "keys": {name: sorted(set(_keys(path, BY_NAME.get(name, set())))) for name, path in _json_files(home).items()},
        "parquet": {
            str(path.relative_to(home)): {field.name: str(field.type) for field in pq.read_schema(path)}
            for folder in ("enrichment", "history")
            for path in sorted((home / folder).glob("*.parquet"))
        },
        "tables": tables,
        "storage": {"duckdb": storage} | {store: _revision(home / "dagster" / store) for store in STORES},
    }


def _files(home: Path) -> Iterator[str]:
    for path in home.rglob("*"):
        name = BUILD_ID.sub("<build>", str(path.relative_to(home)))
        parts = Path(name).parts
        ends = [end for end in range(1, len(parts) + 1) if "/".join(parts[:end]).endswith(NOT_OURS)]
        if ends:
            yield "/".join(parts[: ends[0]]) + "/"
        elif path.is_symlink():
            yield f"{name} -> {'/'.join(path.readlink().parts[:-1])}"
        elif path.is_file():
            yield name


def _json_files(home: Path) -> dict[str, Path]:
    names = ("layout.json", "health.json", "build/built.json", "build/left.json", "build/record.json")
    ours = {name: home / name for name in names}
    return ours | {"build.json": home / "published" / "build.json"}


def _keys(path: Path, by_name: set[str]) -> Iterator[str]:
    """Each key of a file, by its path."""
    reached: list[tuple[str, Any]] = [("", json.loads(path.read_text(encoding="utf-8")))]
    while reached:
        place, value = reached.pop()
        if not isinstance(value, Mapping):
            yield place
        elif place in by_name:
            reached += [(f"{place}.<name>", each) for each in value.values()]
        else:
            reached += [(f"{place}.{key}".lstrip("."), each) for key, each in value.items()]


def _revision(store: Path) -> str:
    """The revision of the tables in a store of Dagster's."""
    with closing(sqlite3.connect(store)) as connection:
        return str(connection.execute("select version_num from alembic_version").fetchone()[0])


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        done = run_nightly(home, write_tiny_raw(home / "raw"), NPS_AS_OF=TINY_AS_OF)
        if done.code != 0:
            print(done.stderr, file=sys.stderr)
            return 1
        now = described(home)
    if FILE.is_file() and yaml.safe_load(FILE.read_text(encoding="utf-8")) != now:
        print(f"{FILE} says what layout {LAYOUT} is, and this is another: raise LAYOUT first (CONTRIBUTING.md).")
        return 1
    FOLDER.mkdir(exist_ok=True)
    FILE.write_text(yaml.safe_dump(now, sort_keys=False, width=120), encoding="utf-8")
    print(f"wrote {FILE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
