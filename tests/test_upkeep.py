"""What a night leaves, computes again in part, and builds whole; a backfill; a release from the one before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.raw import ledger
from orchestration.raw.landing import Landing
from orchestration.release.warehouse import PublishedTable, Upkeep, write_release
from orchestration.settings import SettingsError, backfill_days
from orchestration.transform.upkeep import files_arrived, note_sources
from tests.conftest import TINY_AS_OF, run_cli, run_dbt, run_nightly
from tests.nights import contents

HEADER = "response_id,account_id,contact_id,answered_at,score,verbatim_reason\n"


def night(home: Path, as_of: str = TINY_AS_OF, *verb: str) -> None:
    # So small a company is touched in most of its parts; its tables are to be recomputed in part all the same.
    settings = {"NPS_AS_OF": as_of, "NPS_RECOMPUTED_SHARE": "1"}
    done = run_cli(home, home / "raw", *(verb or ["nightly"]), **settings)
    assert done.code == 0, done.stderr


def ways(home: Path) -> dict[str, str]:
    """How the last build came to the table of each model, UNCHANGED, RECOMPUTED or OK (whole); and what tests said."""
    results = json.loads((home / "build" / "dbt" / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {result["unique_id"].split(".", 2)[-1]: str(result["message"]).split()[0] for result in results}


def query(home: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(home / "build" / "warehouse.duckdb", read_only=True) as connection:
        return connection.sql(sql).fetchall()


def test_a_night_computes_what_is_touched_and_a_backfill_what_is_of_its_days(
    tiny_release: Path, tmp_path: Path
) -> None:
    """One company, night after night: each night costs as much as a test of its own."""
    home = Path(shutil.copytree(tiny_release, tmp_path / "home"))
    arrivals = home / "raw" / "survey_responses"
    arrivals.mkdir()
    (home / "raw" / "survey_responses.csv").rename(arrivals / "1.csv")
    night(home)
    (arrivals / "2.csv").write_text(f"{HEADER}late,a0,c0,2024-02-20T10:00:00Z,0,Too slow\n")
    night(home)

    way = ways(home)
    followed = ["stg_survey__responses", "int_survey_responses_described", "fct_nps_responses", "nps_by_month"]
    assert {model: way[model] for model in followed} == dict.fromkeys(followed, "RECOMPUTED")
    touched = query(home, "select distinct strftime(month_start, '%Y-%m') from upkeep.changes_of_nps_by_month")
    assert touched == [("2024-02",)]

    # A version of an answer that says nothing new changes its raw row, and nothing that is made of it; a day passes.
    first = (arrivals / "1.csv").read_text(encoding="utf-8").splitlines()[1]
    (arrivals / "3.csv").write_text(f"{HEADER}{first}\n")
    night(home, "2024-07-02")

    way = ways(home)
    assert (way["stg_survey__responses"], way["int_survey_responses_described"]) == ("RECOMPUTED", "RECOMPUTED")
    assert (way["int_nps_answers_sequenced"], way["int_account_outcomes_observed"]) == ("UNCHANGED", "UNCHANGED")
    assert (way["nps_rolling"], way["account_nps"]) == ("RECOMPUTED", "OK")
    # A seed is told by what was loaded: its file may be another while the table is not.
    told = "select concat(sum(hash(t)), ':', count(*), ':', any_value(typeof(t))) from reference.nps_scale as t"
    ((loaded,),) = query(home, told)
    ((inputs,),) = query(home, "select inputs from upkeep.tables where unique_id like '%.int_nps_answers_sequenced'")
    assert json.loads(inputs)["seed.nps_warehouse.nps_scale"] == loaded
    ((n_tests,),) = query(home, "select count(*) from upkeep.tests")
    assert n_tests == len(json.loads((home / "build" / "built.json").read_text(encoding="utf-8"))["tests"])
    afresh = tmp_path / "afresh"
    assert run_nightly(afresh, home / "raw", NPS_AS_OF="2024-07-02").code == 0
    wanted = contents(afresh)
    assert contents(home) == wanted

    # What went wrong without a change of any input is not seen by a night, and mended by a backfill.
    with duckdb.connect(home / "build" / "warehouse.duckdb") as connection:
        connection.execute("delete from marts.nps_by_month where month_start = date '2024-03-01'")
        connection.execute("update marts.fct_nps_responses set score = 0 where month_start = date '2024-03-01'")
        connection.execute("update marts.nps_rolling set n_scored = 99 where date_day = date '2024-03-09'")
        connection.execute("update marts.fct_account_revenue_months set revenue = 0")
    night(home, "2024-07-02", "backfill", "--from", "2024-03-01", "--to", "2024-03-31")

    way = ways(home)
    assert (way["stg_survey__responses"], way["int_survey_responses_described"]) == ("RECOMPUTED", "RECOMPUTED")
    # A table that does not hold what its last build left is not mended in part.
    assert (way["fct_nps_responses"], way["nps_by_month"]) == ("OK", "OK")
    assert contents(home) == wanted
    rows = query(home, "select count(*) from marts.nps_by_month where month_start = date '2024-03-01'")
    assert rows[0][0] > 0


def test_of_a_table_that_changed_its_changed_rows_are_tested(tiny_release: Path, tmp_path: Path) -> None:
    """A row that broke a rule before is not looked at once more; one that comes is."""
    shutil.copyfile(tiny_release / "build" / "warehouse.duckdb", tmp_path / "warehouse.duckdb")
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute(
            "update marts.fct_nps_responses set program_type = 'old ' || score, survey_id = 'old', cluster_id = null"
        )
        connection.execute(
            "create or replace table upkeep.changes_of_fct_nps_responses as "
            "select * replace ('new' as program_type, 'new' as survey_id, null::date as answered_date), 1 as _sign "
            "from marts.fct_nps_responses limit 1"
        )
        connection.execute(
            "update upkeep.tables set fingerprint_before = fingerprint, fingerprint = '1:1:other' "
            "where unique_id like '%.fct_nps_responses'"
        )
    tests = ["no_nulls_fct_nps_responses*", "accepted_values_fct_nps_responses_program_type*"]
    tests += ["relationships_fct_nps_responses_survey_id*"]

    done = run_dbt(tmp_path, "test", "--select", *tests, as_job=True)

    failures = [line.split("configured")[0] for line in done.stdout.splitlines() if "Got " in line]
    assert len(failures) == len(tests), done.stdout
    assert all("Got 1 result," in failure for failure in failures)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [("2024-03-01", "soon", "'soon'"), ("2024-03-02", "2024-03-01", "has no days"), (None, "2024-03-01", "None")],
)
def test_a_backfill_is_of_days_in_their_order(first: str | None, last: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        backfill_days(first, last)


def held(*files: tuple[str, str, int], type_: str = "VARCHAR", read_by: str = "code") -> dict[str, Any]:
    return {"read_by": read_by, "types": [["score", type_]], "files": [list(file) for file in files]}


@pytest.mark.parametrize(
    ("now", "arrived"),
    [
        (held(("1.csv", "a", 40), ("2.csv", "b", 3)), (40, ["2.csv"])),
        (held(("1.csv", "a", 40)), (40, [])),
        (held(("0.csv", "b", 3), ("1.csv", "a", 40)), None),
        (held(("1.csv", "changed", 40), ("2.csv", "b", 3)), None),
        (held(("2.csv", "b", 3)), None),
        (held(("1.csv", "a", 40), ("2.csv", "b", 3), type_="DOUBLE"), None),
        (held(("1.csv", "a", 40), ("2.csv", "b", 3), read_by="other code"), None),
        (None, None),
    ],
)
def test_rows_are_new_only_where_all_others_are_as_they_were(
    now: dict[str, Any] | None, arrived: tuple[int, list[str]] | None
) -> None:
    assert files_arrived(held(("1.csv", "a", 40)), now) == arrived


def test_rows_that_other_code_has_read_are_other_rows(
    landing: Callable[[], Landing], raw: Path, warehouse: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a revision does that reads the same files otherwise."""
    (raw / "answers.csv").write_text("answer_id,score,note\nr1,9,good\n")
    manifest = {"sources": {"source.answers": {"name": "answers", "schema": "raw"}}}

    def followed() -> list[tuple[object, ...]]:
        note_sources(warehouse, manifest, {table.name: table.content_hash for table in landing().tables})
        return warehouse.sql("select fingerprint_before is not null from upkeep.sources").fetchall()

    assert followed() == [(False,)]
    monkeypatch.setattr(ledger, "READERS", ledger.READERS[:1])
    assert followed() == [(False,)]


# A release from the one before -------------------------------------------------------------------------------------

TABLE = PublishedTable("marts", "scores", ("key",))


def fingerprint(connection: duckdb.DuckDBPyConnection) -> str:
    ((hash_sum, n_rows),) = connection.sql("select sum(hash(t)), count(*) from marts.scores as t").fetchall()
    return f"{hash_sum}:{n_rows}:columns"


@pytest.mark.parametrize("is_told_right", [True, False])
def test_a_release_is_patched_by_the_rows_that_changed_or_else_written_anew(
    tmp_path: Path, *, is_told_right: bool
) -> None:
    build, first, second = tmp_path / "build.duckdb", tmp_path / "first.duckdb", tmp_path / "second.duckdb"
    with duckdb.connect(build) as connection:
        connection.execute("create schema marts; create schema upkeep")
        connection.execute("create table marts.scores as select range as key, range % 11 as nps from range(100)")
        before = fingerprint(connection)
    write_release(build, first, [TABLE])
    with duckdb.connect(build) as connection:
        connection.execute("update marts.scores set nps = 100 where key = 7; delete from marts.scores where key = 8")
        told = "(7, 7, -1), (7, 100, 1), (8, 8, -1)" if is_told_right else "(7, 7, -1), (7, 100, 1)"
        connection.execute(f"create table upkeep.changes_of_scores as from (values {told}) t(key, nps, _sign)")
        now = fingerprint(connection)
    shutil.copyfile(first, second)

    rows = write_release(build, second, [TABLE], {"scores": Upkeep(now, before)}, {"marts.scores": before})

    assert rows == {"marts.scores": 99}
    with duckdb.connect(second, read_only=True) as connection:
        assert fingerprint(connection) == now
        last = connection.sql("select key from marts.scores").fetchall()[-1]
    # What a patch adds stands at the end; a table that is written anew is in the order of its key.
    assert last == ((7,) if is_told_right else (99,))


def test_a_table_that_is_published_no_more_is_not_in_the_next_release(tmp_path: Path) -> None:
    build, first, second = tmp_path / "build.duckdb", tmp_path / "first.duckdb", tmp_path / "second.duckdb"
    with duckdb.connect(build) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.scores as select 1 as key; create table marts.old as select 1 as key")
    write_release(build, first, [TABLE, PublishedTable("marts", "old", ("key",))])

    shutil.copyfile(first, second)

    assert write_release(build, second, [TABLE], {}, {}) == {"marts.scores": 1}
    with duckdb.connect(second, read_only=True) as connection:
        assert connection.sql("select table_name from duckdb_tables()").fetchall() == [("scores",)]
