"""Columns that are ignored although their name says that they decide: what they hold is counted, night after night."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import pytest

from orchestration.raw.ignored import decides
from orchestration.raw.landing import Landing, land
from tests.raws import TABLES, write_parquet

Counts = Callable[[], list[tuple[object, ...]]]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A build file that stays from landing to landing."""
    with duckdb.connect(tmp_path / "build.duckdb") as connection:
        yield connection


@pytest.fixture
def counts(raw: Path, build: duckdb.DuckDBPyConnection) -> Counts:
    """Land, and give what is counted; it is the same in a build from nothing."""

    def read() -> list[tuple[object, ...]]:
        land(build, str(raw), TABLES)
        rows = build.execute("select * from landing.ignored_columns order by all").fetchall()
        with duckdb.connect() as afresh:
            land(afresh, str(raw), TABLES)
            assert afresh.execute("select * from landing.ignored_columns order by all").fetchall() == rows
        return rows

    return read


@pytest.mark.parametrize(
    ("name", "is_counted"),
    [
        *((name, True) for name in ("status", "Status ", "_fivetran_deleted", "IsDeleted", "is deleted", "deleted_at")),
        *((name, True) for name in ("is_test", "preview", "DistributionChannel", "Finished", "canceled", "is_active")),
        *((name, False) for name in ("mood", "email", "full_name", "statusText", "tested_by", "island", "")),
    ],
)
def test_a_name_says_that_a_column_decides(name: str, is_counted: bool) -> None:
    assert decides(name) == is_counted


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl", "json"])
def test_values_are_counted_and_blanks_are_the_empty_text(raw: Path, counts: Counts, suffix: str) -> None:
    rows = [("r1", " complete "), ("r2", "complete"), ("r3", None), ("r4", "  "), ("r5", "Survey Preview")]
    if suffix == "parquet":
        values = ", ".join(f"('{key}', {'null' if status is None else repr(status)})" for key, status in rows)
        write_parquet(
            raw / "answers.parquet",
            f"""select a as answer_id, 9 as score, s as "Status", true as is_test,
            'x@example.com' as email, 'sad' as mood from (values {values}) t(a, s)""",
        )
    elif suffix == "csv":
        text = "".join(f"{key},9,{status or ''},true,x@example.com,sad\n" for key, status in rows)
        (raw / "answers.csv").write_text(f"answer_id,score, Status,is_test,email,mood\n{text}")
    else:
        objects = [
            json.dumps({"answer_id": key, "score": 9, "Status": status, "is_test": True, "email": "x@example.com"})
            for key, status in rows
        ]
        text = "\n".join(objects) if suffix == "jsonl" else f"[{','.join(objects)}]"
        (raw / f"answers.{suffix}").write_text(text)
    assert counts() == [
        ("answers", "is_test", "true", 5),
        ("answers", "status", "", 2),
        ("answers", "status", "Survey Preview", 1),
        ("answers", "status", "complete", 2),
    ]


def test_the_table_is_there_where_nothing_is_counted(raw: Path, counts: Counts) -> None:
    (raw / "answers.csv").write_text("answer_id,score,mood\nr1,9,sad\n")
    assert counts() == []


def test_columns_of_the_landed_table_are_those_of_the_contract(raw: Path, build: duckdb.DuckDBPyConnection) -> None:
    (raw / "answers.csv").write_text("answer_id,score,status\nr1,9,x\n")
    land(build, str(raw), TABLES)
    columns = [name for name, *_ in build.execute("describe raw.answers").fetchall()]
    assert columns == ["answer_id", "score", "note", "loaded_at", "_source_file", "_row_number"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_counts_follow_the_files(raw: Path, counts: Counts, build: duckdb.DuckDBPyConnection, suffix: str) -> None:
    """Of a file that stays as it was nothing is read again, and its counts stay."""

    def write(name: str, *statuses: str) -> None:
        (raw / "answers").mkdir(exist_ok=True)
        path = raw / "answers" / f"{name}.{suffix}"
        if suffix == "csv":
            path.write_text("answer_id,score,status\n" + "".join(f"r,9,{status}\n" for status in statuses))
        elif suffix == "jsonl":
            rows = [{"answer_id": "r", "score": 9, "status": status} for status in statuses]
            path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
        else:
            values = ", ".join(f"('r', 9, '{status}')" for status in statuses)
            write_parquet(path, f"select * from (values {values}) t(answer_id, score, status)")

    write("1", "a", "b")
    write("2", "a")
    assert counts() == [("answers", "status", "a", 2), ("answers", "status", "b", 1)]
    write("3", "c", "a")
    assert counts() == [("answers", "status", "a", 3), ("answers", "status", "b", 1), ("answers", "status", "c", 1)]
    write("1", "d")
    (raw / "answers" / f"2.{suffix}").unlink()
    expected = [("answers", "status", "a", 1), ("answers", "status", "c", 1), ("answers", "status", "d", 1)]
    assert counts() == expected
    # Another table alone.
    (raw / "rates.csv").write_text("month,rate,status\n2026-01-01,1.1,ok\n")
    land(build, str(raw), TABLES, ["rates"])
    assert build.execute("select * from landing.ignored_columns order by all").fetchall() == [
        *expected,
        ("rates", "status", "ok", 1),
    ]


def test_the_hash_is_of_what_is_counted(raw: Path, build: duckdb.DuckDBPyConnection) -> None:
    def landed(text: str) -> Landing:
        (raw / "answers.csv").write_text(text)
        return land(build, str(raw), TABLES)

    first = landed("answer_id,score,status\nr1,9,x\n").ignored_hash
    assert landed("answer_id,score,status\nr2,8,x\n").ignored_hash == first
    assert landed("answer_id,score,status\nr2,8,y\n").ignored_hash != first


def test_a_landing_that_fails_leaves_the_counts(raw: Path, counts: Counts, build: duckdb.DuckDBPyConnection) -> None:
    (raw / "answers.csv").write_text("answer_id,score,status\nr1,9,x\n")
    before = counts()
    (raw / "answers.csv").write_text("answer_id,score,status\nr1,9,y\nr2\n")
    with pytest.raises(Exception, match="malformed_rows"):
        land(build, str(raw), TABLES)
    assert build.execute("select * from landing.ignored_columns").fetchall() == before


def test_of_many_values_fifty_are_kept_and_long_ones_are_cut(raw: Path, counts: Counts) -> None:
    rows = [f"r,9,{'status-' * 10}{number:02d}" for number in range(3)]
    rows += [f"r,9,v{number:02d}" for number in range(70) for _ in range(1 + (number < 20))]
    (raw / "answers.csv").write_text("answer_id,score,status\n" + "\n".join([*rows, "r,9,"]) + "\n")
    found = {value: n_rows for _, _, value, n_rows in counts()}
    assert len(found) == 51
    assert found[("status-" * 6)[:40]] == 3 and found["v07"] == 2 and found[""] == 1
    assert found[None] == 93 - sum(n for value, n in found.items() if value not in (None, "")) > 0  # type: ignore[misc]


def test_nothing_is_kept_of_a_column_that_holds_addresses_names_or_sentences(raw: Path, counts: Counts) -> None:
    names = [f"Anna Muster the {chr(97 + number % 26)}{chr(97 + number // 26)}th" for number in range(60)]
    lines = [f"r,9,{name},{'a@firma.example' if number == 7 else 'ok'}" for number, name in enumerate(names)]
    (raw / "answers.csv").write_text("answer_id,score,status,deleted\n" + "\n".join([*lines, "r,9,,"]) + "\n")
    assert counts() == [
        ("answers", "deleted", "", 1),
        ("answers", "deleted", None, 60),
        ("answers", "status", "", 1),
        ("answers", "status", None, 60),
    ]
