"""The company as files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from seeds.company.dirt import Company, seconds_of
from seeds.company.drawing import either


def stamp_texts(column: pa.ChunkedArray) -> npt.NDArray[np.str_]:
    """ISO 8601: mostly with Z, some rows without an offset (UTC all the same) and some with two hours of it."""
    seconds = seconds_of(column.fill_null(datetime(1970, 1, 1)))
    row = np.arange(len(seconds))
    is_bare, is_shifted = row % 19 == 7, row % 23 == 5
    texts = np.datetime_as_string((seconds + either(is_shifted, 7200, 0)).astype("datetime64[s]"))
    offsets = np.where(is_shifted, "+02:00", np.where(is_bare, "", "Z"))
    return np.where(column.is_null().to_numpy(), "", np.strings.add(texts, offsets))


def texts_of(table: pa.Table) -> pd.DataFrame:
    """The table as text: true and false, ISO dates, decimals without idle zeros, an empty text for null."""
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_timestamp(column.type):
            columns[name] = stamp_texts(column)
            continue
        texts = column.cast(pa.string())
        if pa.types.is_decimal(column.type):
            texts = pc.replace_substring_regex(texts, r"\.00$", "")
        columns[name] = texts.fill_null("").to_numpy()
    return pd.DataFrame(columns, dtype=object)


def write_csv(company: Company, output: Path) -> None:
    """One CSV per table, rows that do not parse at its end."""
    for name, table in company.tables.items():
        spoilt = company.unparseable.get(name, [])
        good_rows = pa.Table.from_pylist([row for row, _ in spoilt], table.schema)
        texts = texts_of(pa.concat_tables([table, good_rows]))
        for offset, (_, patch) in enumerate(spoilt):
            for column, text in patch.items():
                texts.loc[table.num_rows + offset, column] = text
        texts.to_csv(output / f"{name}.csv", index=False, lineterminator="\n")


def write_parquet(company: Company, output: Path) -> None:
    """One typed Parquet file per table; rows that do not parse have no place in it."""
    for name, table in company.tables.items():
        pq.write_table(table, output / f"{name}.parquet", row_group_size=250_000, compression="zstd")
