"""Raw files in every state in which they arrive: what is read, in which order, and what is said of the rest."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import xlsxwriter

from orchestration.findings import RawInputError
from orchestration.raw.files import FORMATS, group_by_table
from orchestration.raw.landing import LandedTable, Landing, land
from orchestration.raw.place import RawPlace
from tests.raws import TABLES, failure, rules, write_parquet

type_of = "select data_type from information_schema.columns where table_name = 'answers' and column_name = ?"

# Formats -----------------------------------------------------------------------------------------------------------


def test_csv_is_read_as_text_with_blanks_as_null(raw: Path, answers: Callable[[], list[tuple[object, ...]]]) -> None:
    (raw / "answers.csv").write_text('answer_id,score,note\nr1,09,"two\nlines, ""quoted"""\nr2,,\n')
    assert answers() == [
        ("r1", "09", 'two\nlines, "quoted"', "answers.csv", 1),
        ("r2", None, None, "answers.csv", 2),
    ]


def test_gzipped_csv_of_several_members_is_read_to_its_end(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]]
) -> None:
    (raw / "answers.csv.gz").write_bytes(gzip.compress(b"answer_id,score\nr1,9\n", mtime=0) + gzip.compress(b"r2,8\n"))
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8")]


def test_parquet_keeps_its_types(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], warehouse: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(raw / "answers.parquet", "select 'r' || i as answer_id, i::tinyint as score from range(3) t(i)")
    assert [(row[0], row[1], row[4]) for row in answers()] == [("r0", 0, 1), ("r1", 1, 2), ("r2", 2, 3)]
    assert warehouse.execute(type_of, ["score"]).fetchone() == ("TINYINT",)


def test_parquet_stays_where_it_is_and_text_is_parsed_once(
    raw: Path, landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> None:
    kind = "select table_type from information_schema.tables where table_name = 'answers'"
    write_parquet(raw / "answers.parquet", "select 'r1' as answer_id, 9 as score")
    landing()
    assert warehouse.execute(kind).fetchall() == [("VIEW",)]
    (raw / "answers.parquet").unlink()
    (raw / "answers.csv").write_text("answer_id,score\nr1,9\n")
    landing()
    assert warehouse.execute(kind).fetchall() == [("BASE TABLE",)]
    (raw / "answers.csv").unlink()
    write_parquet(raw / "answers" / "1.parquet", "select 'r1' as answer_id, 9 as score")
    landing()
    assert warehouse.execute(kind).fetchall() == [("VIEW",)]


def test_nested_and_binary_parquet_columns_are_read_as_text(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]]
) -> None:
    write_parquet(
        raw / "answers.parquet",
        "select {'k': {'deep': 1}} as nested, 'r1' as answer_id, 9 as score, [1, 2] as note",
    )
    assert [row[:3] for row in answers()] == [("r1", 9, "[1, 2]")]


def test_json_lines_may_differ_in_their_keys(raw: Path, answers: Callable[[], list[tuple[object, ...]]]) -> None:
    rows: list[dict[str, object]] = [
        {"answer_id": "r1", "score": 9, "note": {"lang": "en"}},
        {"score": "8", "answer_id": "r2"},
        {"answer_id": "r3", "score": None, "note": True},
    ]
    (raw / "answers.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert [row[:3] for row in answers()] == [("r1", "9", '{"lang":"en"}'), ("r2", "8", None), ("r3", None, "true")]


def test_a_folder_of_several_formats_is_one_table_in_the_order_of_its_names(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], warehouse: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(
        raw / "answers" / "2026" / "b.parquet",
        "select * from (values ('r3', 7), ('r4', 6)) answers(answer_id, score)",
    )
    (raw / "answers" / "2026" / "a.csv").write_text("score,answer_id\n9,r1\n8,r2\n")
    (raw / "answers" / "2026" / "c.jsonl").write_text('{"answer_id": "r5", "score": 5}\n')
    (raw / "answers" / "d.csv").write_text("answer_id,score\nr6,4\n")
    (raw / "answers" / "_SUCCESS").touch()
    (raw / "answers" / ".d.csv.crc").touch()
    rows = answers()
    assert [row[0] for row in rows] == ["r1", "r2", "r3", "r4", "r5", "r6"]
    assert [row[1] for row in rows] == ["9", "8", "7", "6", "5", "4"]
    assert [row[4] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[2][3] == "answers/2026/b.parquet"


def test_parquet_files_that_disagree_on_a_type_are_read_as_text(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], warehouse: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(raw / "answers" / "1.parquet", "select 'r1' as answer_id, 9 as score")
    write_parquet(raw / "answers" / "2.parquet", "select 'r2' as answer_id, '8.5' as score")
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8.5")]
    assert warehouse.execute(type_of, ["score"]).fetchone() == ("VARCHAR",)


def test_files_of_one_signature_are_one_scan_numbered_across_files(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]]
) -> None:
    for part in range(5):
        write_parquet(
            raw / "answers" / f"part-{part}.parquet",
            f"select 'p{part}-' || i as answer_id, 9 as score from range({part}) t(i)",
        )
    rows = answers()
    assert [row[4] for row in rows] == list(range(1, 11))
    assert [row[0] for row in rows] == [f"p{part}-{i}" for part in range(5) for i in range(part)]


def test_rows_of_a_file_keep_their_numbers_and_other_files_are_not_read(
    raw: Path, landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> None:
    for part in range(5):
        write_parquet(
            raw / "answers" / f"{part}.parquet",
            f"select '{part}-' || i as answer_id, 9 as score from range(3) t(i)",
        )
    landing()
    for part in (0, 1, 2, 4):
        path = raw / "answers" / f"{part}.parquet"
        path.write_bytes(b"PAR1" + bytes(60) + path.read_bytes()[64:])

    def rows_of(name: str) -> list[tuple[object, ...]]:
        return warehouse.execute(
            "select answer_id, _row_number from raw.answers where _source_file = ? and _row_number > 10", [name]
        ).fetchall()

    assert rows_of("answers/3.parquet") == [("3-1", 11), ("3-2", 12)]
    with pytest.raises(duckdb.Error):
        rows_of("answers/4.parquet")


def test_hive_partitions_become_columns_where_the_file_has_none(
    raw: Path, landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> None:
    (raw / "answers.csv").write_text("answer_id,score\n")
    write_parquet(raw / "rates" / "month=2026-01-01" / "a.parquet", "select 1.5 as rate")
    write_parquet(raw / "rates" / "Month=2026%2D02-01" / "a.parquet", "select 2.5 as rate")
    write_parquet(raw / "rates" / "month=2026-03-01" / "b.parquet", "select date '2026-04-01' as month, 3.5 as rate")
    write_parquet(raw / "rates" / "month=__HIVE_DEFAULT_PARTITION__" / "a.parquet", "select 4.5 as rate")
    landing()
    rows = warehouse.execute("select rate, month from raw.rates order by rate").fetchall()
    assert [month for _, month in rows] == ["2026-01-01", "2026-02-01", "2026-04-01", None]


def test_the_newest_load_and_the_files_are_reported(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers").mkdir()
    (raw / "answers" / "1.csv").write_text("answer_id,score,loaded_at\nr1,9,2026-06-30T23:00:00-02:00\n")
    (raw / "answers" / "2.csv").write_text("answer_id,score,loaded_at\nr2,9,yesterday\nr3,9,2026-06-30 12:00:00\n")
    landed = {table.name: table for table in landing().tables}
    assert (landed["answers"].rows, landed["answers"].files) == (3, 2)
    assert landed["answers"].newest_loaded_at == datetime(2026, 7, 1, 1)
    assert (landed["rates"].rows, landed["rates"].files, landed["rates"].newest_loaded_at) == (0, 0, None)


# Headers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    ["answer_id,score,note", " Answer_ID , SCORE ,note", "\ufeffanswer_id,score,note", '"answer_id","score","Note"'],
)
def test_case_blanks_and_marks_in_a_header_do_not_matter(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], header: str
) -> None:
    (raw / "answers.csv").write_text(f"{header}\r\nr1,9,fine\r\n", encoding="utf-8", newline="")
    assert [row[:3] for row in answers()] == [("r1", "9", "fine")]


def test_json_keys_and_parquet_columns_are_matched_as_headers_are(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]]
) -> None:
    write_parquet(raw / "answers" / "1.parquet", """select 'r1' as " Answer_Id", 9 as "SCORE" """)
    (raw / "answers" / "2.jsonl").write_text('{" Answer_Id": "r2", "Score": 8}\n')
    (raw / "answers" / "3.jsonl").write_text('{"answer_id": "r3", "score": 7}\n')
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8"), ("r3", "7")]


def test_a_missing_optional_column_is_null_and_a_missing_optional_table_is_empty(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], warehouse: duckdb.DuckDBPyConnection
) -> None:
    (raw / "answers.csv").write_text("score,answer_id\n9,r1\n")
    assert answers() == [("r1", "9", None, "answers.csv", 1)]
    assert warehouse.execute("select count(*) from raw.rates").fetchone() == (0,)
    columns = warehouse.execute(
        "select column_name from information_schema.columns where table_name = 'rates'"
    ).fetchall()
    assert [name for (name,) in columns] == ["month", "rate", "loaded_at", "_source_file", "_row_number"]


def test_a_header_without_rows_is_a_table_without_rows(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]]
) -> None:
    (raw / "answers.csv").write_text("answer_id,score")
    assert answers() == []


def test_extra_columns_and_unknown_files_are_reported_and_not_landed(
    raw: Path, landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> None:
    (raw / "answers.csv").write_text("answer_id,mood,score,mood,\nr1,good,9,bad,x\n")
    (raw / "anwsers.csv").write_text("answer_id,score\n")
    found = landing()
    assert found.tables[0].extra_columns == ("(a column without a name)", "mood")
    assert found.unknown_files == ("anwsers.csv",)
    assert warehouse.execute("select answer_id, score from raw.answers").fetchall() == [("r1", "9")]


# What stops the build ----------------------------------------------------------------------------------------------


def test_a_raw_folder_that_does_not_exist_is_named(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    error = failure(lambda: land(warehouse, str(tmp_path / "nowhere"), TABLES))
    assert rules(error) == [("raw_folder_missing", "every raw table")]
    assert "nowhere" in str(error) and "NPS_RAW" in str(error)


def test_a_missing_required_table_is_named_with_where_it_was_sought(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers").mkdir()
    error = failure(landing)
    assert rules(error) == [("required_table_missing", "answers")]
    assert str(raw) in str(error)


def test_every_missing_required_column_of_every_table_is_named(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text("id,note\nr1,x\n")
    (raw / "rates.csv").write_text("month\n2026-01-01\n")
    error = failure(landing)
    assert rules(error) == [("required_column_missing", name) for name in ("answers", "answers", "rates")]
    assert "no column answer_id" in str(error) and "of the contract it has note" in str(error)


def test_a_column_that_stands_twice_is_an_error(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text("answer_id,score, Score\nr1,9,8\n")
    error = failure(landing)
    assert rules(error) == [("duplicate_column", "answers")]
    assert "'score', ' Score'" in str(error)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["answers.csv", "answers.parquet"], "answers.csv and answers.parquet"),
        (["answers.csv", "answers/part.csv"], "answers.csv and answers/"),
        (["answers.csv", "answers.csv.gz"], "answers.csv and answers.csv.gz"),
    ],
)
def test_a_table_that_lies_there_twice_is_an_error_naming_both(names: list[str], said: str) -> None:
    with pytest.raises(RawInputError, match=said) as caught:
        group_by_table(names, ["answers"])
    assert rules(caught.value) == [("ambiguous_table", "answers")]


@pytest.mark.parametrize("name", ["answers.xls", "answers.csv.zip", "answers/part.avro", "answers"])
def test_a_format_that_is_not_read_is_an_error(name: str) -> None:
    with pytest.raises(RawInputError, match=r"\.csv, \.csv\.gz, \.json, .*\.parquet, .*\.xlsx") as caught:
        group_by_table([name], ["answers"])
    assert rules(caught.value) == [("unsupported_format", "answers")]


GOOD_CSV = b"answer_id,score,note\n" + b"".join(b"r%d,9,all is well\n" % row for row in range(2000))


@pytest.mark.parametrize("name", ["answers.csv", "answers.csv.gz", "answers.parquet", "answers.jsonl"])
def test_a_file_without_a_byte_is_an_error(raw: Path, landing: Callable[[], Landing], name: str) -> None:
    (raw / name).touch()
    error = failure(landing)
    assert rules(error) == [("empty_file", "answers")]
    assert name in str(error)


def test_a_file_of_blank_lines_is_empty(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text("\n\n")
    assert rules(failure(landing)) == [("empty_file", "answers")]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.999])
def test_a_truncated_gzip_stream_is_an_error(raw: Path, landing: Callable[[], Landing], kept: float) -> None:
    whole = gzip.compress(GOOD_CSV, mtime=0)
    (raw / "answers.csv.gz").write_bytes(whole[: int(len(whole) * kept)])
    error = failure(landing)
    assert rules(error) == [("truncated_file", "answers")]
    assert "answers.csv.gz" in str(error)


def test_a_truncated_csv_file_is_an_error_naming_the_line(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_bytes(GOOD_CSV[:-16])
    error = failure(landing)
    assert rules(error) == [("malformed_rows", "answers")]
    assert "(1 row)" in str(error) and "answers.csv line 2001: 1 field, and" in str(error)


def test_a_truncated_parquet_file_is_an_error_naming_the_file(raw: Path, landing: Callable[[], Landing]) -> None:
    write_parquet(raw / "answers" / "1.parquet", "select 'r1' as answer_id, 9 as score")
    (raw / "answers" / "2.parquet").write_bytes((raw / "answers" / "1.parquet").read_bytes()[:-9])
    error = failure(landing)
    assert rules(error) == [("truncated_file", "answers")]
    assert "2.parquet" in str(error)


def test_a_parquet_file_that_is_damaged_inside_is_an_error_naming_the_file(
    raw: Path, landing: Callable[[], Landing]
) -> None:
    write_parquet(raw / "answers.parquet", "select 'r' || i as answer_id, 9 as score from range(9000) t(i)")
    damaged = bytearray((raw / "answers.parquet").read_bytes())
    damaged[40:4000] = bytes(3960)
    (raw / "answers.parquet").write_bytes(damaged)
    error = failure(landing)
    assert rules(error) == [("truncated_file", "answers")]
    assert "answers.parquet" in str(error)


def test_a_truncated_json_file_is_an_error_naming_the_line(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.jsonl").write_text('{"answer_id": "r1", "score": 9}\n{"answer_id": "r2", "sc')
    error = failure(landing)
    assert rules(error) == [("malformed_rows", "answers")]
    assert "(1 row)" in str(error) and "line 2" in str(error)


def test_json_that_is_not_an_object_a_line_is_an_error(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.jsonl").write_text('[{"answer_id": "r1", "score": 9}]\n')
    assert rules(failure(landing)) == [("malformed_rows", "answers")]


def test_rows_with_other_columns_than_the_header_are_counted(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text("answer_id,score\nr1,9,extra\nr2,8\nr3\n" + "r4,7,x,y\n" * 5)
    error = failure(landing)
    assert "(7 rows)" in str(error)
    assert len(error.findings[0].examples) == 3


@pytest.mark.parametrize("row", ["r2,8,caf\xe9\n", "r2,8,\x93quoted\x94\n"])
def test_csv_that_is_not_utf8_is_an_error_naming_the_line(raw: Path, landing: Callable[[], Landing], row: str) -> None:
    (raw / "answers.csv").write_bytes(b"answer_id,score,note\nr1,9,ok\n" + row.encode("latin-1"))
    error = failure(landing)
    assert rules(error) == [("not_utf8", "answers")]
    assert "(1 row)" in str(error) and "line 3" in str(error)


def test_a_header_that_is_not_utf8_is_an_error(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_bytes("answer_id,score,größe\nr1,9,x\n".encode("latin-1"))
    assert rules(failure(landing)) == [("not_utf8", "answers")]
    (raw / "answers.csv").write_bytes("answer_id,score\nr1,9\n".encode("utf-16"))
    assert rules(failure(landing)) == [("not_utf8", "answers")]


def test_json_that_is_not_utf8_is_an_error(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.jsonl").write_bytes('{"answer_id": "r1", "score": 9, "note": "café"}\n'.encode("latin-1"))
    assert rules(failure(landing)) == [("not_utf8", "answers")]


def test_a_failed_landing_leaves_the_last_one_in_place(
    raw: Path, answers: Callable[[], list[tuple[object, ...]]], landing: Callable[[], Landing],
    warehouse: duckdb.DuckDBPyConnection,
) -> None:  # fmt: skip
    (raw / "answers.csv").write_text("answer_id,score\nr1,9\n")
    (raw / "rates.csv").write_text("month,rate\n2026-01-01,1.1\n")
    before = answers()
    (raw / "answers.csv").write_text("answer_id,score\nr2,8\n")
    (raw / "rates.csv").write_text("month,rate\n2026-01-01,1.1,x\n")
    failure(landing)
    kept = warehouse.execute("select answer_id, score, note, _source_file, _row_number from raw.answers").fetchall()
    assert kept == before
    (raw / "rates.csv").write_text("month,rate\n2026-01-01,1.1\n")
    assert [row[0] for row in answers()] == ["r2"]


# URLs --------------------------------------------------------------------------------------------------------------


def test_a_file_url_is_a_folder(raw: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    (raw / "answers.csv").write_text("answer_id,score\nr1,9\n")
    assert land(warehouse, f"file://{raw}", TABLES).tables[0].rows == 1


def test_a_url_without_the_extension_says_what_to_install(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    warehouse.execute(f"set extension_directory = '{tmp_path}'")
    error = failure(lambda: land(warehouse, "s3://bucket/raw", TABLES))
    assert rules(error) == [("extension_missing", "every raw table")]
    assert f"duckdb-extension-httpfs=={duckdb.__version__}" in str(error)


def test_every_format_is_sought_at_a_url(monkeypatch: pytest.MonkeyPatch, warehouse: duckdb.DuckDBPyConnection) -> None:
    sought: list[str] = []

    def exists(place: RawPlace, connection: duckdb.DuckDBPyConnection, name: str) -> bool:
        sought.append(name)
        return name.endswith(".csv.gz")

    monkeypatch.setattr(RawPlace, "_exists", exists)
    assert RawPlace("https://example.org/raw").names(warehouse, ["rates"]) == ["rates.csv.gz"]
    assert sorted(sought) == sorted("rates" + suffix for suffix in FORMATS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("answers.csv", b"answer_id,score\nr1,9\n"),
        ("answers.tsv", b"\xef\xbb\xbfsep=\t\r\nanswer_id\tscore\r\nr1\t9\r\n"),
        ("answers.csv.gz", gzip.compress(b"answer_id;score\nr1;9\n", mtime=0)),
        ("answers.json", b'{"data": [{"answer_id": "r1", "score": 9}]}'),
        ("answers.json.gz", gzip.compress(b'[{"answer_id": "r1", "score": 9}]', mtime=0)),
        ("answers.jsonl", b'\xef\xbb\xbf{"answer_id": "r1", "score": 9}\n'),
        ("answers.xlsx", b""),
        ("answers.parquet", b""),
    ],
)
def test_every_format_is_read_from_a_url(
    raw: Path,
    answers: Callable[[], list[tuple[object, ...]]],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
) -> None:
    """As far as it is the engine's work: here a folder plays the URL."""
    (raw / name).write_bytes(content)
    if name.endswith(".parquet"):
        write_parquet(raw / name, "select 'r1' as answer_id, '9' as score")
    elif name.endswith(".xlsx"):
        with xlsxwriter.Workbook(raw / name) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["answer_id", "score"])
            sheet.write_row(1, 0, ["r1", 9])
    monkeypatch.setattr(RawPlace, "is_url", True)
    assert answers() == [("r1", "9", None, name, 1)]


# Night after night -------------------------------------------------------------------------------------------------


@pytest.fixture
def nights(raw: Path, tmp_path: Path) -> Iterator[Callable[[], LandedTable]]:
    """Land the answers once more, in a build file that stays; what was landed."""
    with duckdb.connect(tmp_path / "build.duckdb") as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield lambda: land(connection, str(raw), TABLES).tables[0]


def landed_afresh(raw: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        land(connection, str(raw), TABLES)
        return connection.execute("select * from raw.answers order by _row_number").fetchall()


def landed(tmp_path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(tmp_path / "build.duckdb") as connection:
        return connection.execute("select * from raw.answers order by _row_number").fetchall()


def write_answers(path: Path, *keys: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".parquet":
        rows = ", ".join(f"('{key}', 9)" for key in keys)
        write_parquet(path, f"select * from (values {rows}) as t(answer_id, score)")
    elif path.suffix == ".jsonl":
        path.write_text("".join(f'{{"answer_id": "{key}", "score": 9}}\n' for key in keys))
    else:
        path.write_text("answer_id,score\n" + "".join(f"{key},9\n" for key in keys))


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_file_that_stays_as_it_was_is_read_once(
    raw: Path, nights: Callable[[], LandedTable], tmp_path: Path, suffix: str
) -> None:
    write_answers(raw / "answers" / f"2.{suffix}", "c", "d")
    first = nights()
    assert (first.files, first.files_read, first.events) == (1, 1, ())
    again = nights()
    assert (again.rows, again.files, again.files_read) == (2, 1, 0)
    assert again.content_hash == first.content_hash
    # The new file comes before the old one, whose rows get other numbers.
    write_answers(raw / "answers" / f"1.{suffix}", "a", "b", "e")
    second = nights()
    assert (second.rows, second.files, second.files_read) == (5, 2, 1)
    assert second.content_hash != first.content_hash
    assert second.events == ()
    assert landed(tmp_path) == landed_afresh(raw)
    # Touched, and the same: looked at, and not read.
    os.utime(raw / "answers" / f"1.{suffix}", (1, 1))
    touched = nights()
    assert (touched.files_read, touched.content_hash) == (0, second.content_hash)


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_a_file_that_changed_or_is_gone_is_an_event(
    raw: Path, nights: Callable[[], LandedTable], tmp_path: Path, suffix: str
) -> None:
    for number, keys in enumerate((("a",), ("b", "c"), ("d",))):
        write_answers(raw / "answers" / f"{number}.{suffix}", *keys)
    nights()
    write_answers(raw / "answers" / f"1.{suffix}", "b", "x", "y")
    changed = nights()
    assert changed.events == (f"answers: answers/1.{suffix} is not what it was, and its 2 rows are replaced",)
    assert (changed.rows, changed.files_read) == (5, 1)
    assert landed(tmp_path) == landed_afresh(raw)
    (raw / "answers" / f"0.{suffix}").unlink()
    gone = nights()
    assert gone.events == (f"answers: answers/0.{suffix} is gone, and its 1 rows with it",)
    assert (gone.rows, gone.files_read) == (4, 0)
    assert gone.content_hash != changed.content_hash
    assert landed(tmp_path) == landed_afresh(raw)


def test_types_are_those_of_a_landing_afresh(raw: Path, nights: Callable[[], LandedTable], tmp_path: Path) -> None:
    """A number of a Parquet file is a number until text comes beside it, and again when that is gone."""
    write_answers(raw / "answers" / "1.parquet", "a")
    nights()
    assert landed(tmp_path)[0][1] == 9
    write_answers(raw / "answers" / "2.csv", "b")
    nights()
    assert landed(tmp_path) == landed_afresh(raw)
    assert landed(tmp_path)[0][1] == "9"
    (raw / "answers" / "2.csv").unlink()
    nights()
    assert landed(tmp_path) == landed_afresh(raw)


def test_a_table_without_a_file_stays_the_same(raw: Path, tmp_path: Path) -> None:
    write_answers(raw / "answers.csv", "a")
    with duckdb.connect(tmp_path / "build.duckdb") as connection:
        nothing, again = (land(connection, str(raw), TABLES).tables[1] for _ in range(2))
        assert again == nothing
        (raw / "rates.csv").write_text("month,rate\n2026-01-01,1.1\n")
        assert land(connection, str(raw), TABLES).tables[1].content_hash != nothing.content_hash
        (raw / "rates.csv").unlink()
        gone = land(connection, str(raw), TABLES).tables[1]
        assert (gone.rows, gone.content_hash) == (0, nothing.content_hash)
        assert gone.events == ("rates: rates.csv is gone, and its 1 rows with it",)


def test_a_broken_file_is_named_though_the_others_were_read(raw: Path, nights: Callable[[], LandedTable]) -> None:
    write_answers(raw / "answers" / "1.parquet", "a")
    nights()
    whole = (raw / "answers" / "1.parquet").read_bytes()
    (raw / "answers" / "2.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RawInputError) as caught:
        nights()
    assert rules(caught.value) == [("truncated_file", "answers")]
    write_answers(raw / "answers" / "2.parquet", "b")
    mended = nights()
    assert (mended.rows, mended.files_read) == (2, 1)


def test_what_other_code_read_is_read_again(
    raw: Path, nights: Callable[[], LandedTable], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_answers(raw / "answers" / "1.csv", "a")
    nights()
    monkeypatch.setattr("orchestration.raw.plan.reader", lambda *_: "another")
    assert nights().files_read == 1
