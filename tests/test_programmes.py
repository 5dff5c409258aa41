"""docs/programmes.md: each of its queries runs on the sample and answers, with the columns that the page shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import REPOSITORY

PAGE = (REPOSITORY / "docs" / "programmes.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## (\d+)\. (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```sql\n(.*?)^```\n\n^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
QUERIES = [
    pytest.param(query, result.splitlines()[0].split(), id=f"{number}-{index}")
    for number, _, text in SECTION.findall(PAGE)
    for index, (query, result) in enumerate(SHOWN.findall(text), start=1)
]


@pytest.fixture(scope="module")
def release(sample_release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(sample_release / "published" / "nps.duckdb", read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(("query", "columns"), QUERIES)
def test_query_of_the_page_answers(release: duckdb.DuckDBPyConnection, query: str, columns: list[str]) -> None:
    result = release.execute(query)
    assert [column[0] for column in result.description] == columns
    assert result.fetchall()


def test_every_programme_has_a_query_and_every_query_its_result() -> None:
    sections = SECTION.findall(PAGE)
    assert [int(number) for number, *_ in sections] == list(range(1, 11))
    assert [title for _, title, text in sections if not SHOWN.search(text)] == []
    assert len(QUERIES) == PAGE.count("```sql")
