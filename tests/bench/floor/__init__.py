"""The four core tables as a user would make them by hand, in place of this project, for the bench.

Each way reads raw tables as Parquet with the column types of the contract, in which what does not parse is null; the
score alone is text. Text is taken to be clean: no blanks around keys, no capitals in vocabulary. Dates are in UTC, and
money is reported in USD.
"""

from __future__ import annotations

from pathlib import Path


def raw_files(raw: Path, table: str) -> list[str]:
    """The Parquet files of a raw table in the order of their names: one beside the others, or a folder of them.

    Raises FileNotFoundError where there is neither.
    """
    whole = raw / f"{table}.parquet"
    files = [whole] if whole.is_file() else sorted((raw / table).glob("*.parquet"))
    if not files:
        raise FileNotFoundError(f"{raw} has no {table}.parquet and no folder {table} with Parquet files in it.")
    return [str(file) for file in files]
