"""Random draws, and columns made from codes and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seeds.company.planted import ANSWER_SPREAD, BAD_DAY, BAD_DAY_SHARE
from seeds.company.time import DAY, LAST_LOAD, NEVER, NONE, OPENS, Floats, Ints, Mask


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of their own for each part, so that a change to one part leaves the others alone."""
    return np.random.Generator(np.random.PCG64([seed, *name.encode()]))


def look_up(frame: pd.DataFrame, column: str, rows: Ints | pd.Series) -> Any:
    """The values of a column at these row numbers."""
    return frame[column].to_numpy()[np.asarray(rows)]


def days_of(iso: str | None) -> int:
    """Days since 1970 of an ISO date; -1 for none."""
    return NONE if iso is None else int(np.datetime64(iso, "D").astype(np.int64))


def weighted(rng: np.random.Generator, weights: Sequence[float] | Floats, count: int) -> Ints:
    """`count` codes drawn with these weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.asarray(np.searchsorted(edges / edges[-1], rng.random(count), side="right"), dtype=np.int64)


def weighted_rows(rng: np.random.Generator, weights: Floats) -> Ints:
    """One code per row of a (rows, codes) matrix of weights."""
    edges = np.cumsum(weights, axis=1)
    return np.asarray((rng.random(len(weights))[:, None] * edges[:, -1:] >= edges).sum(axis=1), dtype=np.int64)


def happens(rng: np.random.Generator, share: float | Floats, count: int) -> Mask:
    """True with this probability."""
    return np.asarray(rng.random(count) < share)


def either(condition: Mask, yes: Any, no: Any = NONE) -> Ints:
    """`np.where` that stays an integer."""
    chosen: Ints = np.where(condition, yes, no).astype(np.int64)
    return chosen


def nps_points(satisfaction: Floats) -> Floats:
    """Expected NPS points (-100..100) of an answer drawn around this satisfaction."""
    points: Floats = np.zeros_like(satisfaction)
    for share, loss in ((1 - BAD_DAY_SHARE, 0.0), (BAD_DAY_SHARE, BAD_DAY)):
        promoter = 1 / (1 + np.exp((8.5 - satisfaction + loss) / ANSWER_SPREAD))
        detractor = 1 / (1 + np.exp((satisfaction - loss - 6.5) / ANSWER_SPREAD))
        points += share * 100 * (promoter - detractor)
    return points


def anniversary(day: Ints, years: Ints) -> Ints:
    """The same day of the month (at most the 28th) some years later."""
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    moved = (months + 12 * years).astype("datetime64[D]") + (dates - months.astype("datetime64[D]"))
    return np.asarray(moved.astype(np.int64))


def keys(prefix: str, numbers: Ints | pd.Series) -> pa.Array:
    """Keys such as A12 from row numbers counted from 0; null where -1."""
    numbers = np.asarray(numbers)
    text = pc.cast(pa.array(numbers + 1, mask=numbers < 0), pa.string())
    return pc.binary_join_element_wise(prefix, text, "")


def labels(vocabulary: Sequence[str | None], codes: Ints | pd.Series) -> pa.Array:
    """The words for the codes; null where -1 or beyond the vocabulary."""
    codes = np.asarray(codes)
    return pa.array(list(vocabulary), pa.string()).take(pa.array(codes, mask=(codes < 0) | (codes >= len(vocabulary))))


def stamps(seconds: Ints | pd.Series) -> pa.Array:
    """UTC timestamps; null where -1."""
    seconds = np.asarray(seconds, dtype=np.int64)
    return pa.array(seconds * 1_000_000, pa.int64(), mask=seconds < 0).view(pa.timestamp("us"))


def midnights(days: Ints | pd.Series) -> pa.Array:
    """The beginning of these days as timestamps; null where never."""
    days = np.asarray(days, dtype=np.int64)
    return stamps(either(days < NEVER, days * DAY))


def dates(days: Ints | pd.Series) -> pa.Array:
    """Dates; null where -1."""
    days = np.asarray(days)
    return pa.array(days.astype(np.int32), pa.int32(), mask=days < 0).view(pa.date32())


def money(amounts: Floats | pd.Series) -> pa.Array:
    """Decimals of two places; null where not a number."""
    amounts = np.asarray(amounts, dtype=np.float64)
    known = ~np.isnan(amounts)
    cents = np.rint(np.where(known, amounts, 0) * 100).astype(np.int64)
    words = np.column_stack([cents, cents >> 63])  # a 128-bit integer is its low and its high 64 bits
    whole = pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(pa.array(known), whole, pa.scalar(None, pa.decimal128(18, 2)))


def flags(codes: Ints | Mask) -> pa.Array:
    """Booleans from 1 and 0; null where -1."""
    codes = np.asarray(codes).astype(np.int64)
    return pa.array(codes == 1, pa.bool_(), mask=codes < 0)


def frame(**columns: Any) -> pd.DataFrame:
    """A frame of integer or float columns of the same length."""
    return pd.DataFrame(columns)


def table_of(**columns: pa.Array) -> pa.Table:
    """A finished table; the first column is its key."""
    return pa.table(columns)


def nothing(count: int, kind: pa.DataType) -> pa.Array:
    """A column without a value."""
    return pa.nulls(count, kind)


def morning_after(rng: np.random.Generator, seconds: Ints) -> Ints:
    """When the nightly load brought a row that was complete at this second; not known for a few."""
    load = np.minimum((np.maximum(seconds, OPENS * DAY) // DAY + 1) * DAY + 2 * 3600, LAST_LOAD)
    return either(happens(rng, 0.002, len(load)), NONE, load)
