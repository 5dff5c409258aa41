"""What the tests of the landing share: two tables, and what a failed landing says. Its fixtures are in conftest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.findings import RawInputError
from orchestration.raw.landing import Landing
from orchestration.raw.tables import RawTable

ANSWERS = RawTable("survey", "answers", True, ("answer_id", "score", "note", "loaded_at"), ("answer_id", "score"))
RATES = RawTable("finance", "rates", False, ("month", "rate", "loaded_at"), ("month", "rate"))
TABLES = (ANSWERS, RATES)


def write_parquet(path: Path, query: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")


def failure(landing: Callable[[], Landing]) -> RawInputError:
    with pytest.raises(RawInputError) as caught:
        landing()
    return caught.value


def rules(error: RawInputError) -> list[tuple[str, str]]:
    return [(finding.rule, finding.table) for finding in error.findings]
