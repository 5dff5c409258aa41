"""Workbooks of Excel: which sheet is read, how cells become text, and what a spreadsheet does to values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import xlsxwriter

from orchestration.raw import workbooks
from orchestration.raw.landing import Landing, land
from orchestration.raw.workbooks import number_text
from tests.raws import TABLES, failure, rules

Answers = Callable[[], list[tuple[object, ...]]]
HEADER = ["answer_id", "score", "note"]


def write_workbook(
    path: Path, *rows: Sequence[Any], sheet: str = "Sheet1", more: Callable[[Any, Any], object] | None = None
) -> None:
    """A workbook of one sheet; ``more`` is called with the book and the sheet."""
    path.parent.mkdir(exist_ok=True)
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        cells = book.add_worksheet(sheet)
        for number, row in enumerate(rows):
            cells.write_row(number, 0, row)
        if more is not None:
            more(book, cells)


def test_cells_become_the_text_that_csv_would_have(raw: Path, answers: Answers) -> None:
    values = {
        "007": "007",
        9: "9",
        7.5: "7.5",
        -3.0: "-3",
        1e15: "1000000000000000",
        0.0000001: "0.0000001",
        1234567890123.45: "1234567890123.45",
        True: "true",
        " two\nlines ": " two\nlines ",
        date(2026, 6, 30): "2026-06-30",
        datetime(2026, 6, 30, 23, 59, 59): "2026-06-30T23:59:59",
        datetime(2026, 6, 30, 10, 30, 0, 250_000): "2026-06-30T10:30:00.250",
        time(10, 30): "10:30:00",
    }
    write_workbook(raw / "answers.xlsx", HEADER, *(["r", 1, value] for value in values))
    assert [row[2] for row in answers()] == list(values.values())


def test_every_second_of_a_day_is_itself(raw: Path, answers: Answers) -> None:
    """A time of day is a fraction of a day, of which the digits end."""
    moments = [datetime(2026, 3, 1) + timedelta(seconds=37 * number + 1) for number in range(2_000)]
    write_workbook(raw / "answers.xlsx", HEADER, *(["r", 1, moment] for moment in moments))
    assert [row[2] for row in answers()] == [moment.isoformat() for moment in moments]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.1 + 0.2, "0.3"),
        (1.1 * 1.1, "1.21"),
        (50000000000000.01, "50000000000000.01"),
        (999999999999.99, "999999999999.99"),
        (0.7999999999999999, "0.8"),
        (1234567.8900000001, "1234567.89"),
        (1 / 3, "0.333333333333333"),
        (9007199254740991.0, "9007199254740991"),
        (1234567890123456.0, "1234567890123456"),
        (-0.5, "-0.5"),
        (2.5e-7, "0.00000025"),
    ],
)
def test_a_number_keeps_what_was_typed_and_loses_the_noise(number: float, text: str) -> None:
    assert number_text(number) == text


def test_the_sheet_named_as_the_table_is_read_else_the_first_that_is_shown(raw: Path, answers: Answers) -> None:
    def another(book: Any, cells: Any) -> None:
        sheet = book.add_worksheet("ANSWERS")
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["named", 9, None])

    rows = (HEADER, ["first", 8, None])
    write_workbook(raw / "answers.xlsx", *rows, more=another)
    assert [row[0] for row in answers()] == ["named"]

    def hidden(book: Any, cells: Any) -> None:
        cells.hide()
        sheet = book.add_worksheet("shown")
        sheet.activate()
        sheet.set_first_sheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["shown", 9, None])

    write_workbook(raw / "answers.xlsx", *rows, more=hidden)
    assert [row[0] for row in answers()] == ["shown"]


def test_blank_rows_and_the_edge_of_the_sheet_are_passed_over(
    raw: Path, answers: Answers, landing: Callable[[], Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "ROWS_AT_ONCE", 2)

    def cells_elsewhere(book: Any, cells: Any) -> None:
        cells.write_row(3, 2, [*HEADER, "mood", None])
        cells.write_blank(3, 9, None, book.add_format({"bold": True}))
        for number, key in ((4, "r1"), (7, "r2"), (8, "r3")):
            cells.write_row(number, 2, [key, 9, None, "good"])

    write_workbook(raw / "answers.xlsx", more=cells_elsewhere)
    assert [(row[0], row[4]) for row in answers()] == [("r1", 1), ("r2", 2), ("r3", 3)]
    assert landing().tables[0].extra_columns == ("mood",)


def test_a_header_alone_is_a_table_without_rows_and_a_blank_sheet_has_none(
    raw: Path, answers: Answers, landing: Callable[[], Landing]
) -> None:
    write_workbook(raw / "answers.xlsx", HEADER)
    assert answers() == []
    write_workbook(raw / "answers.xlsx")
    assert rules(failure(landing)) == [("empty_file", "answers")]


def test_cells_with_errors_are_named_where_they_count(
    raw: Path, answers: Answers, landing: Callable[[], Landing]
) -> None:
    def errors(book: Any, cells: Any) -> None:
        cells.write_formula("B3", "=1/0", value="#DIV/0!")
        cells.write_formula("B30", "=NA()", value="#N/A")
        cells.write_formula("D2", "=1/0", value="#DIV/0!")
        cells.write_formula("C2", "=1+1", value=2)
        sheet = book.add_worksheet("pivot")
        sheet.write_formula("A1", "=NA()", value="#N/A")

    write_workbook(raw / "answers.xlsx", [*HEADER, "mood"], ["r1", 9], ["r2", 8], more=errors)
    error = failure(landing)
    assert rules(error) == [("error_cells", "answers")]
    assert "(2 rows)" in str(error) and "cell B3" in str(error)

    def without_results(book: Any, cells: Any) -> None:
        cells.write_formula("B3", "=A1&B1", value="")
        cells.write_formula("C2", "=1+1", value=2)

    write_workbook(raw / "answers.xlsx", HEADER, ["r1", 9], ["r2", 8], more=without_results)
    error = failure(landing)
    assert rules(error) == [("error_cells", "answers")]
    assert "(1 row)" in str(error) and "cell B3" in str(error)

    def elsewhere(book: Any, cells: Any) -> None:
        cells.write_formula("D2", "=1/0", value="#DIV/0!")

    write_workbook(raw / "answers.xlsx", [*HEADER, "mood"], ["r1", 9], more=elsewhere)
    assert [row[0] for row in answers()] == ["r1"]


def test_merged_cells_are_named_where_rows_would_lose_a_value(
    raw: Path, answers: Answers, landing: Callable[[], Landing]
) -> None:
    def merged_title(book: Any, cells: Any) -> None:
        cells.merge_range("D2:E4", "remarks")

    rows = (HEADER, ["r1", 9], ["r2", 8])
    write_workbook(raw / "answers.xlsx", *rows, more=merged_title)
    assert [row[0] for row in answers()] == ["r1", "r2"]
    write_workbook(raw / "answers.xlsx", *rows, more=lambda book, cells: cells.merge_range("C2:C3", "both"))
    error = failure(landing)
    assert rules(error) == [("merged_cells", "answers")]
    assert "cell C2" in str(error)


def test_whole_numbers_that_a_spreadsheet_rounds_are_named(raw: Path, landing: Callable[[], Landing]) -> None:
    write_workbook(raw / "answers.xlsx", HEADER, ["r1", 9, 9007199254740991], ["r2", 8, 1234567890123456789])
    error = failure(landing)
    assert rules(error) == [("rounded_numbers", "answers")]
    assert "cell C3" in str(error) and "as text" in str(error)


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_workbook_that_is_cut_off_is_named(raw: Path, landing: Callable[[], Landing], kept: float) -> None:
    write_workbook(raw / "answers.xlsx", HEADER, *([f"r{number}", 9, "well"] for number in range(500)))
    whole = (raw / "answers.xlsx").read_bytes()
    (raw / "answers.xlsx").write_bytes(whole[: int(len(whole) * kept)])
    error = failure(landing)
    assert rules(error) == [("truncated_file", "answers")]
    assert "answers.xlsx" in str(error)


def test_a_column_of_a_sheet_that_is_missing_names_the_nearest(raw: Path, landing: Callable[[], Landing]) -> None:
    write_workbook(raw / "answers.xlsx", ["Answer ID", "score"], ["r1", 9])
    assert "rename 'Answer ID' to answer_id" in str(failure(landing))


def test_workbooks_lie_beside_other_files_and_are_read_once(raw: Path, tmp_path: Path) -> None:
    write_workbook(raw / "answers" / "1.XLSX", HEADER, ["r1", 9, None], ["r2", 8, None])
    (raw / "answers" / "2.csv").write_text("answer_id;score\nr3;7\n")
    write_workbook(raw / "answers" / "3.xlsx", HEADER, ["r4", 6, "b"])
    with duckdb.connect(tmp_path / "build.duckdb") as connection:
        first = land(connection, str(raw), TABLES).tables[0]
        again = land(connection, str(raw), TABLES).tables[0]
        assert (first.rows, first.files_read, again.files_read, again.content_hash) == (4, 3, 0, first.content_hash)
        write_workbook(raw / "answers" / "4.xlsx", HEADER, ["r5", 5, None])
        assert land(connection, str(raw), TABLES).tables[0].files_read == 1
        rows = connection.execute("select answer_id, score, _row_number from raw.answers order by 3").fetchall()
    assert rows == [(f"r{number}", str(10 - number), number) for number in range(1, 6)]
