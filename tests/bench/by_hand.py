"""What a user would write by hand in place of this project, to be timed beside it: in SQL, with pandas, with Polars.

    python -m tests.bench.by_hand sql|pandas|polars RAW FOLDER AS_OF

Each way makes four tables from the raw Parquet files in RAW, by the rules of the models and by its own work alone:
fct_nps_responses, fct_account_revenue_months, and nps_by_month and nps_rolling for every dimension. The SQL makes all
scores with their errors; with pandas and with Polars nps_by_month has two of the five rules, all_responses and
contact_latest, and nps_rolling no errors. tests/test_bench_floor.py holds them against what is published.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from orchestration.release.warehouse import COSTLY_COMPRESSION
from orchestration.settings import load_settings
from tests.bench.floor import raw_files

RAW_TABLES = (
    "survey_definitions",
    "survey_invitations",
    "survey_responses",
    "crm_accounts",
    "crm_contacts",
    "crm_users",
    "crm_revenue",
    "exchange_rates",
)
SCRIPT = Path(__file__).parent / "floor" / "with_sql.sql"
# Where the SQL writes its tables; the others write <table>.parquet.
DATABASE = "floor.duckdb"


def build_with_sql(raw: Path, folder: Path, as_of: date) -> None:
    """The script, on two threads and in the memory of NPS_MEMORY_LIMIT; packed no more than the project's own build."""
    with duckdb.connect(folder / DATABASE) as connection:
        connection.execute("set threads = 2")
        for setting in ("memory_limit", "block_allocator_memory"):
            connection.execute(f"set {setting} = '{load_settings().memory_limit}'")
        connection.execute(f"set disabled_compression_methods = '{COSTLY_COMPRESSION}'")
        connection.execute("set variable as_of = cast(? as date)", [as_of])
        for table in RAW_TABLES:
            connection.execute(f"set variable {table} = ?", [raw_files(raw, table)])
        connection.execute(SCRIPT.read_text(encoding="utf-8"))


def build_with_pandas(raw: Path, folder: Path, as_of: date) -> None:
    """In memory, on one thread for the most part."""
    from tests.bench.floor import with_pandas

    with_pandas.build(raw, folder, as_of)


def build_with_polars(raw: Path, folder: Path, as_of: date) -> None:
    """Lazily and in streams, on as many threads as there are cores (POLARS_MAX_THREADS)."""
    from tests.bench.floor import with_polars

    with_polars.build(raw, folder, as_of)


WAYS = {"sql": build_with_sql, "pandas": build_with_pandas, "polars": build_with_polars}


def main(arguments: Sequence[str] | None = None) -> None:
    """One way, in a process of its own; FOLDER is made if it is not there, and its tables must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.by_hand", description=main.__doc__)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("raw", type=Path, help="folder of <table>.parquet, or of <table>/*.parquet")
    parser.add_argument("folder", type=Path, help="where the tables go")
    parser.add_argument("as_of", type=date.fromisoformat, help="date as of which windows are cut")
    chosen = parser.parse_args(arguments)
    chosen.folder.mkdir(parents=True, exist_ok=True)
    WAYS[chosen.way](chosen.raw, chosen.folder, chosen.as_of)


if __name__ == "__main__":
    main()
