"""How large the company is, when it is, and the arrays in which its rows are counted."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

ACCOUNTS_AT_SCALE_1 = 600
OWNERS_AT_SCALE_1 = 20  # account owners and agents grow with the square root of the scale
AGENTS_AT_SCALE_1 = 15
FIRST_MONTH = np.datetime64("2023-07", "M")
MONTHS, QUARTERS, QUARTERS_BEFORE = 36, 12, 4
DAY = 86_400
NONE = -1
NEVER = 10**6  # the month or day of what does not happen


def month_day(month: Ints | int) -> Ints:
    """The first day of a month counted from July 2023 (0), in days since 1970."""
    first = (FIRST_MONTH + np.asarray(month)).astype("datetime64[D]")
    return np.asarray(first.astype(np.int64))


OPENS = int(month_day(0))  # 2023-07-01, the first day of the ledger
CLOSES = int(month_day(MONTHS))  # 2026-07-01, the as-of date: nothing has happened from here on
LAST_LOAD = CLOSES * DAY + 2 * 3600
