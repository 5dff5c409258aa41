"""Files as they lie in folders that people and tools write to: pipes, links, rights, names, and changes under way."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.findings import RawInputError
from orchestration.raw import landing as landing_module
from orchestration.raw.landing import Landing, _land_table, check_in_place, land
from orchestration.raw.plan import what_is_known
from tests.raws import TABLES, failure, rules, write_parquet

Answers = Callable[[], list[tuple[object, ...]]]
NOBODY = 65534
ROWS = "answer_id,score\nr1,9\n"


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Answers.CSV", "ANSWERS.csv", "Answers/2026/Export.Csv", "ANSWERS/a.csv"])
def test_the_case_of_a_name_does_not_matter(raw: Path, answers: Answers, name: str) -> None:
    (raw / name).parent.mkdir(parents=True, exist_ok=True)
    (raw / name).write_text(ROWS)
    assert answers() == [("r1", "9", None, name, 1)]


def test_a_table_in_two_spellings_is_an_error_naming_both(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text(ROWS)
    (raw / "Answers.CSV").write_text(ROWS)
    error = failure(landing)
    assert rules(error) == [("ambiguous_table", "answers")]
    assert "Answers.CSV and answers.csv" in str(error)


def test_marks_of_patterns_in_names_are_letters(tmp_path: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    raw = tmp_path / "raw [1]*"
    (raw / "answers").mkdir(parents=True)
    (raw / "answers" / "export[1]?.csv").write_text(ROWS)
    write_parquet(tmp_path / "export.parquet", "select 'r2' as answer_id, 8 as score")
    (tmp_path / "export.parquet").rename(raw / "answers" / "export*.parquet")
    assert land(warehouse, str(raw), TABLES).tables[0].rows == 2


def test_a_name_that_is_not_utf8_is_named_and_one_that_is_no_table_is_reported(
    raw: Path, landing: Callable[[], Landing]
) -> None:
    (raw / "answers.csv").write_text(ROWS)
    Path(os.fsdecode(os.fsencode(raw) + b"/caf\xe9.txt")).touch()
    assert landing().unknown_files == ("caf\\xe9.txt",)
    (raw / "answers.csv").unlink()
    (raw / "answers").mkdir()
    Path(os.fsdecode(os.fsencode(raw) + b"/answers/caf\xe9.csv")).write_text(ROWS)
    error = failure(landing)
    assert rules(error) == [("file_name_not_utf8", "answers")]
    assert "answers/caf\\xe9.csv" in str(error) and str(error).encode("utf-8")


def test_a_folder_may_be_named_as_a_file_and_another_is_not_the_tables(raw: Path, answers: Answers) -> None:
    (raw / "answers.csv").mkdir()
    (raw / "answers.csv" / "part-0.csv").write_text(ROWS)
    (raw / "answers.csv" / "~$part-0.xlsx").touch()
    (raw / "answers.old").mkdir()
    (raw / "answers.old" / "a.csv").write_text(ROWS)
    assert [row[3] for row in answers()] == ["answers.csv/part-0.csv"]


@pytest.mark.parametrize("name", ["Answers .csv", "answer.csv", "anwsers.csv.gz"])
def test_the_file_that_is_nearest_to_a_missing_table_is_named(
    raw: Path, landing: Callable[[], Landing], name: str
) -> None:
    (raw / name).write_text(ROWS)
    (raw / "notes.txt").touch()
    error = failure(landing)
    assert rules(error) == [("required_table_missing", "answers")]
    assert f"If it is {name}, rename that." in str(error)


def test_a_file_that_is_gone_before_it_is_read_has_vanished(
    raw: Path, landing: Callable[[], Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw / "answers.csv").write_text(ROWS)

    def gone(*given: Any) -> object:
        (raw / "answers.csv").unlink(missing_ok=True)
        return what_is_known(*given)

    monkeypatch.setattr(landing_module, "what_is_known", gone)
    error = failure(landing)
    assert rules(error) == [("file_changed", "answers")]
    assert "vanished" in str(error)


# What is no file ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["answers.csv", "answers/part.csv"])
def test_a_pipe_is_named_and_not_opened(raw: Path, landing: Callable[[], Landing], name: str) -> None:
    (raw / name).parent.mkdir(exist_ok=True)
    os.mkfifo(raw / name)
    said: list[RawInputError] = []
    thread = threading.Thread(target=lambda: said.append(failure(landing)), daemon=True)
    thread.start()
    thread.join(timeout=20)
    assert not thread.is_alive(), "the landing waits for a writer"
    assert rules(said[0]) == [("not_a_file", "answers")]
    assert name in str(said[0])


def test_a_socket_and_a_device_are_named(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers").mkdir()
    here = Path.cwd()
    os.chdir(raw / "answers")
    try:
        socket.socket(socket.AF_UNIX).bind("socket.csv")
    finally:
        os.chdir(here)
    (raw / "answers" / "null.csv").symlink_to("/dev/null")
    assert rules(failure(landing)) == [("not_a_file", "answers")] * 2


def test_a_pipe_that_is_no_table_is_reported_and_passed_over(raw: Path, landing: Callable[[], Landing]) -> None:
    (raw / "answers.csv").write_text(ROWS)
    os.mkfifo(raw / "queue")
    assert landing().unknown_files == ("queue",)


def test_a_link_to_nothing_is_named_and_a_link_to_a_file_is_read(
    raw: Path, landing: Callable[[], Landing], answers: Answers, tmp_path: Path
) -> None:
    (tmp_path / "export.csv").write_text(ROWS)
    (raw / "answers.csv").symlink_to(tmp_path / "export.csv")
    assert len(answers()) == 1
    (tmp_path / "export.csv").unlink()
    error = failure(landing)
    assert rules(error) == [("dangling_link", "answers")]
    assert "answers.csv" in str(error)


def test_folders_that_lead_round_are_read_once(raw: Path, answers: Answers) -> None:
    (raw / "answers" / "2026").mkdir(parents=True)
    (raw / "answers" / "2026" / "a.csv").write_text(ROWS)
    (raw / "answers" / "2026" / "again").symlink_to(raw / "answers")
    assert [row[3] for row in answers()] == ["answers/2026/a.csv"]


# Rights ------------------------------------------------------------------------------------------------------------


@contextmanager
def as_another_user() -> Iterator[None]:
    """As one whom rights bind; they bind nobody who runs as root."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@pytest.fixture
def open_raw() -> Iterator[Path]:
    """A raw folder that every user can reach."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        (Path(folder) / "answers").mkdir()
        yield Path(folder)


def test_a_file_that_may_not_be_read_is_named(open_raw: Path, warehouse: duckdb.DuckDBPyConnection) -> None:
    (open_raw / "answers" / "a.csv").write_text(ROWS)
    (open_raw / "answers" / "a.csv").chmod(0)
    (open_raw / "answers" / "b.csv").write_text(ROWS)
    with as_another_user():
        error = failure(lambda: land(warehouse, str(open_raw), TABLES))
    assert rules(error) == [("unreadable_file", "answers")]
    assert "answers/a.csv" in str(error) and "Permission denied" in str(error)


@pytest.mark.parametrize(("folder", "table"), [(".", "every raw table"), ("answers", "answers")])
def test_a_folder_that_may_not_be_listed_is_named(
    open_raw: Path, warehouse: duckdb.DuckDBPyConnection, folder: str, table: str
) -> None:
    (open_raw / "answers" / "a.csv").write_text(ROWS)
    (open_raw / folder).chmod(0o311)
    with as_another_user():
        error = failure(lambda: land(warehouse, str(open_raw), TABLES))
    (open_raw / folder).chmod(0o755)
    assert rules(error) == [("unreadable_folder", table)]


# Changes under way -------------------------------------------------------------------------------------------------


def replaced(path: Path) -> None:
    """As a loader that writes whole files replaces them: of the same size, by a rename."""
    other = path.with_name(".other")
    other.write_bytes(path.read_bytes().replace(b"r1", b"r7"))
    other.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "grows": lambda path: path.open("a").write("r9,3\n"),
    "shrinks": lambda path: path.write_bytes(path.read_bytes()[:-5]),
    "is replaced": replaced,
    "vanishes": lambda path: path.unlink(),
}


@pytest.mark.parametrize("moment", ["what_is_known", "plan_table", "_land_table"])
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["answers.csv", "answers.parquet", "answers.jsonl"])
def test_a_file_that_changes_while_it_is_read_is_named_and_nothing_lands(
    raw: Path,
    landing: Callable[[], Landing],
    warehouse: duckdb.DuckDBPyConnection,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    moment: str,
    name: str,
) -> None:
    if name.endswith(".parquet"):
        write_parquet(raw / name, "select 'r' || i as answer_id, 9 as score from range(1, 50) t(i)")
    elif name.endswith(".csv"):
        (raw / name).write_text("answer_id,score\n" + "".join(f"r{i},9\n" for i in range(1, 50)))
    else:
        (raw / name).write_text("".join(f'{{"answer_id": "r{i}", "score": 9}}\n' for i in range(1, 50)))
    step = getattr(landing_module, moment)

    def step_and_change(*given: object) -> object:
        done = step(*given)
        if (raw / name).exists():
            CHANGES[change](raw / name)
        return done

    monkeypatch.setattr(landing_module, moment, step_and_change)
    error = failure(landing)
    assert rules(error)[0] == ("file_changed", "answers")
    assert name in str(error) and "rename" in str(error)
    kept = "select count(*) from information_schema.tables where table_schema = 'raw'"
    assert warehouse.execute(kept).fetchone() == (0,)


def test_a_file_that_is_short_for_a_while_and_then_what_it_was_has_changed(
    raw: Path, landing: Callable[[], Landing], monkeypatch: pytest.MonkeyPatch
) -> None:
    (raw / "answers.csv").write_text(ROWS)

    def landed_while_written(*given: Any) -> object:
        (raw / "answers.csv").write_text(ROWS.splitlines()[0])
        try:
            return _land_table(*given)
        finally:
            (raw / "answers.csv").write_text(ROWS)

    monkeypatch.setattr(landing_module, "_land_table", landed_while_written)
    assert rules(failure(landing)) == [("file_changed", "answers")]


def test_a_file_that_was_touched_between_two_nights_has_not_changed(
    raw: Path, landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(raw / "answers.parquet", "select 'r1' as answer_id, 9 as score")
    landing()
    os.utime(raw / "answers.parquet", (1, 1))
    assert landing().tables[0].files_read == 0
    check_in_place(warehouse, str(raw), TABLES)


def test_a_parquet_file_that_changes_after_it_was_landed_is_named(
    raw: Path, landing: Callable[[], Landing], warehouse: duckdb.DuckDBPyConnection
) -> None:
    write_parquet(raw / "answers" / "1.parquet", "select 'r1' as answer_id, 9 as score")
    (raw / "rates.csv").write_text("month,rate\n2026-01-01,1.1\n")
    landing()
    # What was parsed stands in the build file.
    (raw / "rates.csv").unlink()
    check_in_place(warehouse, str(raw), TABLES)
    write_parquet(raw / "answers" / "1.parquet", "select 'r1' as answer_id, 8 as score, 'more' as note")
    with pytest.raises(RawInputError) as caught:
        check_in_place(warehouse, str(raw), TABLES)
    assert rules(caught.value) == [("file_changed", "answers")]
    (raw / "answers" / "1.parquet").unlink()
    with pytest.raises(RawInputError, match="vanished"):
        check_in_place(warehouse, str(raw), TABLES)
