"""Published tables as files for a spreadsheet: no text is a formula, and each is read back as it was."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from python_calamine import CalamineWorkbook

from orchestration.findings import BuildError
from orchestration.release.export import export, plain_sql
from tests.conftest import run_cli

TEXTS = [
    '=HYPERLINK("https://example.com";"click")',
    "+49 30",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r\n=1+1",
    "＝1+1",
    "＠sum",
    "'=1+1",
    "''=1+1",
    "'tis fine",
    'plain, with "quotes" and\nlines',
    "",
    " = blank first",
    None,
]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    file = tmp_path / "nps.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            "create schema marts; create schema employee; create table employee.employee_nps (team varchar);"
            "create table marts.comments (id bigint, said varchar, nps double, is_new boolean, month_start date)"
        )
        rows = [(number, text, -12.5, True, datetime.date(2026, 6, 1)) for number, text in enumerate(TEXTS)]
        connection.executemany("insert into marts.comments values (?, ?, ?, ?, ?)", rows)
    return file


def test_no_cell_of_a_csv_file_is_a_formula(release: Path, tmp_path: Path) -> None:
    (file,) = export(release, tmp_path / "out", "csv")
    with file.open(encoding="utf-8", newline="") as lines:
        cells = [row["said"] for row in csv.DictReader(lines)]

    assert len(cells) == len(TEXTS)
    assert [cell for cell in cells if cell.startswith(FORMULA)] == []
    # Numbers below zero are numbers.
    assert ",-12.5," in file.read_text(encoding="utf-8")


def test_a_csv_file_is_read_back_as_it_was(release: Path, tmp_path: Path) -> None:
    (file,) = export(release, tmp_path / "out", "csv")
    types = "{'id': 'bigint', 'said': 'varchar', 'nps': 'double', 'is_new': 'boolean', 'month_start': 'date'}"
    read = f"read_csv('{file}', header = true, allow_quoted_nulls = false, columns = {types})"
    found = duckdb.sql(f"select * replace ({plain_sql('said')} as said) from {read} order by id").fetchall()

    assert [row[1] for row in found] == TEXTS
    assert found[0] == (0, TEXTS[0], -12.5, True, datetime.date(2026, 6, 1))


def test_a_workbook_holds_text_as_text(release: Path, tmp_path: Path) -> None:
    (file,) = export(release, tmp_path / "out", "xlsx", ["comments"])
    header, *rows = CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()
    # A sheet knows no line end but one, and no empty text.
    expected: list[Any] = [(text or "").replace("\r\n", "\n") for text in TEXTS]

    assert header == ["id", "said", "nps", "is_new", "month_start"]
    assert [str(row[1]).replace("_x000D_", "").replace("\r\n", "\n") for row in rows] == expected
    assert rows[0][2:] == [-12.5, True, datetime.date(2026, 6, 1)]


def test_a_table_that_is_not_there_is_named(release: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"export on employee_nps: (?s:.*)Choose of: comments\."):
        export(release, tmp_path / "out", "csv", ["employee_nps"])
    assert not (tmp_path / "out").exists()


def test_the_verb_writes_every_published_table(tiny_release: Path, tmp_path: Path) -> None:
    done = run_cli(tiny_release, tiny_release / "raw", "export", "--to", str(tmp_path / "out"))
    with duckdb.connect(str(tiny_release / "published" / "nps.duckdb"), read_only=True) as connection:
        tables = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts'"
            ).fetchall()
        }

    assert done.code == 0, done.stderr
    assert {file.stem for file in (tmp_path / "out").iterdir()} == tables
