"""Text as programs write it: delimiters, ends of lines, shapes of JSON, long comments; and what errors repeat."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.raw.landing import Landing
from tests.raws import failure, rules

Answers = Callable[[], list[tuple[object, ...]]]
DELIMITERS = [",", ";", "\t", "|"]
NAME, ADDRESS = "Anna Muster", "anna.muster@firma.example"


# Delimiters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", DELIMITERS)
@pytest.mark.parametrize("suffix", ["csv", "tsv", "CSV", "csv.gz", "TSV.GZ"])
def test_the_header_says_the_delimiter(raw: Path, answers: Answers, mark: str, suffix: str) -> None:
    text = f'answer_id{mark}score{mark}note\nr1{mark}9{mark}"a{mark}b, c; d"\nr2{mark}8{mark}\n'
    content = text.encode()
    (raw / f"answers.{suffix}").write_bytes(
        gzip.compress(content, mtime=0) if suffix.lower().endswith("gz") else content
    )
    assert [row[:3] for row in answers()] == [("r1", "9", f"a{mark}b, c; d"), ("r2", "8", None)]


@pytest.mark.parametrize("mark", DELIMITERS)
def test_names_in_quotes_may_hold_other_delimiters(raw: Path, answers: Answers, mark: str) -> None:
    names = ["answer_id", "score, 0-10; or blank", "a|b\tc", "Score"]
    header = mark.join(f'"{name}"' for name in names)
    (raw / "answers.csv").write_text(f"{header}\nr1{mark}x{mark}y{mark}9\n")
    assert [row[:2] for row in answers()] == [("r1", "9")]


def test_the_delimiter_under_which_the_contract_is_found_is_meant(raw: Path, answers: Answers) -> None:
    (raw / "answers.csv").write_text("answer_id;score;why, in words\nr1;9;well, yes\n")
    assert [row[:2] for row in answers()] == [("r1", "9")]


@pytest.mark.parametrize("header", ["answer_id;note,score", "Id;Value,Text", "answer_id;x,score"])
def test_a_header_that_can_be_parted_in_two_ways_is_an_error(
    raw: Path, landing: Callable[[], Landing], header: str
) -> None:
    (raw / "answers.csv").write_text(f"{header}\na;b,c\n")
    error = failure(landing)
    assert rules(error) == [("separator", "answers")]
    assert "a comma or by a semicolon" in str(error)


def test_files_of_a_folder_may_differ_in_their_delimiters(raw: Path, answers: Answers) -> None:
    (raw / "answers").mkdir()
    for number, mark in enumerate(DELIMITERS):
        (raw / "answers" / f"{number}.csv").write_text(f"answer_id{mark}score\nr{number}{mark}{number}\n")
    assert [row[:2] for row in answers()] == [(f"r{number}", str(number)) for number in range(4)]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_that_excel_writes_over_the_header_is_no_header(
    raw: Path, answers: Answers, landing: Callable[[], Landing], mark: str, bom: bytes, end: str
) -> None:
    lines = [f"sep={mark}", f"answer_id{mark}score", f"r1{mark}9", f"r2{mark}8", ""]
    (raw / "answers.csv").write_bytes(bom + end.join(lines).encode())
    assert [(*row[:2], row[4]) for row in answers()] == [("r1", "9", 1), ("r2", "8", 2)]
    (raw / "answers.csv").write_bytes(bom + end.join([*lines[:3], f"r2{mark}8{mark}7", ""]).encode())
    assert "line 4: 3 fields, and the header has 2 columns" in str(failure(landing))


@pytest.mark.parametrize("declared", ["sep=#", "sep=;;", '"sep=;"'])
def test_a_declared_delimiter_that_is_not_read_is_an_error(
    raw: Path, landing: Callable[[], Landing], declared: str
) -> None:
    (raw / "answers.csv").write_text(f"{declared}\nanswer_id#score\nr1#9\n")
    assert rules(failure(landing)) == [("separator", "answers")]


# Lines -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("blank", [0, 1, 5])
def test_blank_lines_at_the_end_are_no_rows(raw: Path, answers: Answers, end: str, blank: int) -> None:
    text = end.join(["answer_id,score", "r1,9", "r2,8"]) + end * (1 + blank)
    (raw / "answers.csv").write_bytes(text.encode())
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8")]


def test_a_delimiter_at_the_end_of_every_line_makes_a_column_without_a_name(
    raw: Path, answers: Answers, landing: Callable[[], Landing]
) -> None:
    (raw / "answers.csv").write_text("answer_id;score;\nr1;9;\nr2;8;\n")
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8")]
    (raw / "answers.csv").write_text("answer_id;score;\nr1;9\nr2;8\n")
    assert "2 fields, and the header has 3 columns" in str(failure(landing))


@pytest.mark.parametrize("name", ["answers.csv", "answers.jsonl", "answers.json", "answers.csv.gz", "answers.json.gz"])
def test_a_comment_of_thirty_megabytes_is_read_whole(
    raw: Path, answers: Answers, warehouse: duckdb.DuckDBPyConnection, name: str
) -> None:
    warehouse.execute("set memory_limit = '4GB'")
    comment = 'so long, and "so" on; ' * 1_400_000
    rows = [{"answer_id": f"r{n}", "score": 9, "note": comment if n % 2 else "short"} for n in range(4)]
    if ".csv" in name:
        quoted = comment.replace('"', '""')
        text = "answer_id,score,note\n" + "".join(f'r{n},9,"{quoted if n % 2 else "short"}"\n' for n in range(4))
    else:
        lines = [json.dumps(row) for row in rows]
        text = "\n".join(lines) if "jsonl" in name else "[" + ",\n".join(lines) + "]"
    content = text.encode()
    (raw / name).write_bytes(gzip.compress(content, compresslevel=1, mtime=0) if name.endswith(".gz") else content)
    assert [(row[0], row[2]) for row in answers()] == [(row["answer_id"], row["note"]) for row in rows]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize(("name", "megabytes"), [("answers.csv", 66), ("answers.csv", 150), ("answers.csv.gz", 150)])
def test_a_line_that_is_too_long_is_named(
    raw: Path, landing: Callable[[], Landing], name: str, quote: str, megabytes: int
) -> None:
    """The engine drops without a word a line that is longer than its buffer."""
    comment = "x" * megabytes * 1_000_000
    content = f"answer_id,score,note\nr1,9,ok\nr2,9,{quote}{comment}{quote}\nr3,9,ok\n".encode()
    (raw / name).write_bytes(gzip.compress(content, compresslevel=1, mtime=0) if name.endswith("gz") else content)
    error = failure(landing)
    assert rules(error) == [("malformed_rows", "answers")]
    assert "64 MB" in str(error) and "xxx" not in str(error)


def test_long_files_of_short_lines_are_read(raw: Path, answers: Answers) -> None:
    line = f"r,9,{'y' * 4_999_995}\n"
    (raw / "answers.csv").write_text("answer_id,score,note\n" + line * 30)
    assert len(answers()) == 30
    (raw / "answers.csv").write_text(("answer_id,score,note\n" + line * 30).replace("\n", "\r"))
    assert len(answers()) == 30


def test_an_object_that_is_too_long_is_named(raw: Path, landing: Callable[[], Landing]) -> None:
    row = json.dumps({"answer_id": "r1", "score": 9, "note": "x" * 150_000_000})
    (raw / "answers.jsonl").write_text(row + "\n")
    error = failure(landing)
    assert rules(error) == [("malformed_rows", "answers")]
    assert "64 MB" in str(error) and "xxx" not in str(error)


# Encodings and other content ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["answers.csv", "answers.tsv", "answers.jsonl", "answers.json", "answers.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_utf16_is_named(raw: Path, landing: Callable[[], Landing], name: str, encoding: str) -> None:
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    content = mark + 'answer_id,score\nr1,9\n{"answer_id": 1}'.encode(encoding)
    (raw / name).write_bytes(gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    error = failure(landing)
    assert rules(error) == [("not_utf8", "answers")]
    assert f"{name} is UTF-16" in str(error) and "iconv -f UTF-16" in str(error)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("answers.csv", gzip.compress(b"answer_id,score\nr1,9\n", mtime=0), "gzip"),
        ("answers.csv", b"PK\x03\x04 and so on", "XLSX"),
        ("answers.json", b"PAR1 and so on", "Parquet"),
        ("answers.tsv", b"\xd0\xcf\x11\xe0 and so on", "XLS"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_named(
    raw: Path, landing: Callable[[], Landing], name: str, content: bytes, kind: str
) -> None:
    (raw / name).write_bytes(content)
    error = failure(landing)
    assert rules(error) == [("wrong_format", "answers")]
    assert kind in str(error)


# JSON --------------------------------------------------------------------------------------------------------------

OBJECTS = '{"answer_id": "r1", "score": 9},\n {"answer_id": "r2", "score": 8, "note": [{"a": 1}]}'
ROWS = [("r1", "9", None), ("r2", "8", '[{"a":1}]')]


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize(
    "text",
    [
        f"[{OBJECTS}]",
        f"\n  [\n{OBJECTS}\n]\n\n",
        f'{{"data": [{OBJECTS}]}}',
        f'{{"meta": {{"total": 2, "pages": null}}, "Responses": [{OBJECTS}], "more": false}}',
        OBJECTS.replace("},\n", "}\n"),
        json.dumps({"answer_id": "r1", "score": 9}, indent=2) + OBJECTS.partition(",\n")[2],
    ],
)
def test_json_is_an_array_or_wraps_one_or_is_objects_one_after_the_other(
    raw: Path, answers: Answers, text: str, bom: str
) -> None:
    (raw / "answers.json").write_text(bom + text, encoding="utf-8")
    assert [(*row[:3], *row[3:]) for row in answers()] == [
        (*row, "answers.json", number) for number, row in enumerate(ROWS, start=1)
    ]
    (raw / "answers.json").unlink()
    (raw / "answers.JSON.gz").write_bytes(gzip.compress((bom + text).encode()))
    assert [row[:3] for row in answers()] == ROWS


def test_one_object_with_columns_of_the_contract_is_one_row(raw: Path, answers: Answers) -> None:
    (raw / "answers.json").write_text('{"answer_id": "r1", "score": 9, "tags": ["a"], "note": ["b", "c"]}')
    assert [row[:3] for row in answers()] == [("r1", "9", '["b","c"]')]


def test_lines_of_json_may_begin_with_a_mark_and_end_in_blank_lines(raw: Path, answers: Answers) -> None:
    text = '\ufeff{"answer_id": "r1", "score": 9}\r\n{"answer_id": "r2", "score": 8}\r\n\r\n\n'
    (raw / "answers.jsonl").write_bytes(text.encode())
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8")]
    (raw / "answers.jsonl").unlink()
    (raw / "answers.jsonl.gz").write_bytes(gzip.compress(text.removeprefix("\ufeff").encode()))
    assert [row[:2] for row in answers()] == [("r1", "9"), ("r2", "8")]


@pytest.mark.parametrize("text", ["[]", '{"data": []}', " [ ]\n"])
def test_an_array_without_a_row_is_a_table_without_rows(raw: Path, answers: Answers, text: str) -> None:
    (raw / "answers.json").write_text(text)
    assert answers() == []


@pytest.mark.parametrize("name", ["answers.json", "answers.jsonl"])
def test_json_of_blank_lines_is_empty(raw: Path, landing: Callable[[], Landing], name: str) -> None:
    (raw / name).write_text(" \n\n")
    assert rules(failure(landing)) == [("empty_file", "answers")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'{{"data": [{OBJECTS}], "errors": []}}', "an object with 2 arrays"),
        ('{"total": 0}', "an object with 0 arrays"),
        ("[1, 2]", "does not hold JSON objects alone"),
        (f'{{"data": [{OBJECTS}, 3]}}', "does not hold JSON objects alone"),
        (f"[{OBJECTS}", "is not JSON"),
        (f"[{OBJECTS[:-9]}", "is not JSON"),
        (f"[{OBJECTS}][{OBJECTS}]", "is not JSON"),
        ("answer_id,score\nr1,9\n", "is not JSON"),
    ],
)
def test_json_that_holds_something_else_is_named(
    raw: Path, landing: Callable[[], Landing], text: str, said: str
) -> None:
    (raw / "answers.json").write_text(text)
    error = failure(landing)
    assert rules(error) == [("malformed_rows", "answers")]
    assert said in str(error)


# Names of columns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "is_proposed"),
    [
        ("Answer ID", True),
        ("answerid", True),
        ("AnswerId", True),
        ("answer", True),
        ("anwser_id", True),
        ("mood", False),
    ],
)
@pytest.mark.parametrize("name", ["answers.csv", "answers.parquet", "answers.json"])
def test_the_nearest_column_is_proposed_and_not_taken(
    raw: Path, landing: Callable[[], Landing], column: str, is_proposed: bool, name: str
) -> None:
    if name.endswith(".parquet"):
        duckdb.sql(f"""copy (select 'r1' as "{column}", 9 as score) to '{raw / name}' (format parquet)""")
    else:
        text = f"{column},score\nr1,9\n" if name.endswith(".csv") else json.dumps([{column: "r1", "score": 9}])
        (raw / name).write_text(text)
    error = failure(landing)
    assert rules(error) == [("required_column_missing", "answers")]
    assert ("nearest" in str(error)) == is_proposed
    assert (f"rename '{column}' to answer_id" in str(error)) == is_proposed


# What errors repeat ------------------------------------------------------------------------------------------------

LINE = f"r1,9,{NAME} {ADDRESS}"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("answers.csv", f"answer_id,score,note\n{LINE},extra\n"),
        ("answers.csv", f"answer_id,score,note\nr1,{ADDRESS}\n"),
        ("answers.csv", f'answer_id,score,note\nr1,9,"{NAME}" {ADDRESS}\n'),
        ("answers.csv", f'answer_id,score,note\nr1,9,"{NAME} {ADDRESS}\nr2,8,\n'),
        ("answers.csv", f"answer_id,score,note\r\n{LINE}\nr2,8,\r\n"),
        ("answers.csv", f"answer_id,score,note\nr1,9,{NAME} {ADDRESS} \udce9\n"),
        ("answers.csv", f"{LINE}\nr2,8,{ADDRESS}\n"),
        ("answers.csv", f"{LINE};{NAME}\n"),
        ("answers.csv", f'"{NAME}" {ADDRESS},score\n'),
        ("answers.jsonl", f'{{"answer_id": "r1", "score": 9, "note": "{NAME} {ADDRESS}"}} x\n'),
        ("answers.jsonl", f'{{"answer_id": "r1", "score": 9, "note": "{NAME} {ADDRESS}\n'),
        ("answers.jsonl", f'{{"answer_id": "r1", "score": 9, "note": "{NAME} {ADDRESS} \udce9"}}\n'),
        ("answers.jsonl", f'{{"{ADDRESS}": "r1", "{NAME}": 9}}\n'),
        ("answers.jsonl", f'["{NAME}", "{ADDRESS}"]\n'),
        ("answers.json", f'[{{"answer_id": "r1", "score": 9, "note": "{NAME} {ADDRESS}"}}, {NAME}]'),
        ("answers.json", f'[{{"answer_id": "r1", "score": 9, "note": "{NAME} {ADDRESS}'),
        ("answers.json", f'{{"{ADDRESS}": "r1", "{NAME}": 9}}\n'),
    ],
)
def test_no_error_repeats_a_value(raw: Path, landing: Callable[[], Landing], name: str, text: str) -> None:
    (raw / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    error = failure(landing)
    said = [str(error), str(error.__cause__), *(str(finding) for finding in error.findings)]
    assert name in said[0]
    assert not any(part in text for text in said for part in ("Anna", "Muster", "muster", "firma"))
    assert error.__cause__ is not None or error.__suppress_context__ or error.__context__ is None


def test_an_error_names_the_line_and_the_column(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text(f'answer_id,score, Note \nr1,9,fine\nr2,9,"{NAME}" {ADDRESS}\n')
    assert "answers.csv line 3: a quote that is not closed, or has text after it, in column Note" in str(
        failure(landing)
    )
    (raw / "answers.csv").unlink()
    (raw / "answers.jsonl").write_text('{"answer_id": "r1", "score": 9}\n{"answer_id": "r1", "score": }\n')
    assert "line 2, character 30: Expecting value" in str(failure(landing))
