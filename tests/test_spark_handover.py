"""What goes to Spark and comes back, as far as that needs no Spark."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from orchestration.release.warehouse import PublishedTable, open_build, open_read_only, write_release
from orchestration.settings import Settings, load_settings
from orchestration.spark import cluster, configuration, handover
from orchestration.transform import dbt_cli

PARTITIONED = "select 2 as nps, date '2026-06-01' as month_start"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path), "NPS_TARGET": "spark", "NPS_MEMORY_LIMIT": "3GB"})


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "check_installed", lambda: None)
    monkeypatch.setattr(handover, "version", lambda _: "4.0")


def land(settings: Settings, query: str) -> None:
    with open_build(settings) as connection:
        connection.execute("create schema raw; create schema landing; create schema enrichment; create schema staging")
        connection.execute(f"create table raw.answers as {query}")
        connection.execute("create table landing.ignored_columns as select 'status' as column_name")
        connection.execute("create table enrichment.comments as select 'hash' as comment_hash")
        connection.execute("create table staging.left_alone as select 1 as a")


@pytest.mark.usefixtures("installed")
def test_what_was_landed_is_handed_over_row_by_row(settings: Settings) -> None:
    land(
        settings, "select range as _row_number, 'a.csv' as _source_file, 1.50::decimal(9, 2) as amount from range(1, 4)"
    )

    handover.hand_over(settings)

    folder = configuration.landed_folder(settings)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")) == [
        "enrichment/comments/rows.parquet",
        "landing/ignored_columns/rows.parquet",
        "raw/answers/rows.parquet",
        "upkeep/sources/rows.parquet",
    ]
    with open_build(settings) as connection:
        rows = connection.execute(f"select * from read_parquet('{folder}/raw/answers/*.parquet')").fetchall()
        kinds = connection.execute(f"describe select * from read_parquet('{folder}/raw/answers/*.parquet')").fetchall()
    assert [(number, file) for number, file, _ in rows] == [(1, "a.csv"), (2, "a.csv"), (3, "a.csv")]
    assert [kind for _, kind, *_ in kinds] == ["BIGINT", "VARCHAR", "DECIMAL(9,2)"]


@pytest.mark.usefixtures("installed")
def test_a_table_without_rows_is_handed_over_with_its_columns(settings: Settings) -> None:
    land(settings, "select 'x' as answer_id, null::varchar as score where false")

    handover.hand_over(settings)

    with open_build(settings) as connection:
        relation = f"read_parquet('{configuration.landed_folder(settings)}/raw/answers/*.parquet')"
        assert connection.execute(f"select count(*) from {relation}").fetchone() == (0,)
        assert [name for name, *_ in connection.execute(f"describe from {relation}").fetchall()] == [
            "answer_id",
            "score",
        ]


def write_table(settings: Settings) -> Path:
    """What a Spark wrote, or left behind."""
    written = configuration.warehouse_folder(settings) / "marts.db" / "written" / "part.parquet"
    written.parent.mkdir(parents=True)
    written.write_bytes(b"")
    return written


@pytest.mark.usefixtures("installed")
def test_nothing_is_left_of_a_build_that_broke_off(settings: Settings) -> None:
    land(settings, "select 1 as answer_id")
    written = write_table(settings)

    handover.hand_over(settings)

    assert not written.exists()


@pytest.mark.usefixtures("installed")
def test_tables_stand_until_another_spark_comes(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    land(settings, "select 1 as answer_id")
    written = write_table(settings)
    handover.note_end(settings)

    handover.hand_over(settings)

    assert written.exists()
    assert not handover.stands(settings), "until the build that begins has come to its end"

    handover.note_end(settings)
    monkeypatch.setattr(handover, "version", lambda package: f"another {package}")
    handover.hand_over(settings)

    assert not written.exists()


@pytest.mark.parametrize(
    ("model", "test", "returncode", "all_made"),
    [
        ("success", "pass", 0, True),
        ("success", "fail", 1, True),
        ("error", "skipped", 1, False),
        ("success", "pass", -9, False),
    ],
)
def test_a_build_that_broke_off_is_told_from_one_whose_tests_failed(
    settings: Settings, model: str, test: str, returncode: int, all_made: bool
) -> None:
    told = {"schema": "marts", "alias": "a", "name": "a", "original_file_path": "a.sql", "depends_on": {"nodes": []}}
    told["columns"] = {}
    nodes = {kind: told | {"resource_type": kind} for kind in ("model", "test")}
    results = [
        {"unique_id": unique_id, "status": status, "message": "", "failures": 1, "timing": []}
        for unique_id, status in (("model", model), ("test", test))
    ]
    settings.dbt_target_folder.mkdir(parents=True)
    for name, content in (("run_results", {"results": results}), ("manifest", {"nodes": nodes, "sources": {}})):
        (settings.dbt_target_folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")

    found = dbt_cli.outcome(settings, cast(dbt_cli.DbtRun, SimpleNamespace(returncode=returncode, errors=[])))

    assert found.all_made == all_made


def land_more(settings: Settings, content: str, before: str | None, rows: str) -> None:
    """What the landing and note_sources leave of a night: the table, its content hash, and the changed rows."""
    with open_build(settings) as connection:
        connection.execute(f"create or replace table raw.answers as {rows}")
        connection.execute("create or replace table upkeep.changes_of_answers as select 2 as answer_id, 1 as _sign")
        connection.execute("delete from upkeep.sources")
        connection.execute(
            "insert into upkeep.sources values ('source.nps.survey.answers', ?, ?, null)", [content, before]
        )


@pytest.mark.usefixtures("installed")
def test_of_a_table_that_grew_only_the_new_rows_are_handed_over(settings: Settings) -> None:
    land(settings, "select 1 as answer_id")
    handover.hand_over(settings)
    land_more(settings, "a", None, "select 1 as answer_id")
    handover.note_end(settings)
    handover.hand_over(settings)
    folder = configuration.landed_folder(settings) / "raw" / "answers"
    (first,) = folder.iterdir()
    before = first.stat().st_ino

    # As it was, then more, then another table that does not begin with what was handed over.
    handover.note_end(settings)
    handover.hand_over(settings)
    assert [path.stat().st_ino for path in folder.iterdir()] == [before]

    land_more(settings, "b", "a", "select unnest([1, 2]) as answer_id")
    handover.note_end(settings)
    handover.hand_over(settings)
    assert first.stat().st_ino == before
    assert handed(folder) == {"rows.parquet": [1], "rows-1.parquet": [2]}
    assert handed(configuration.landed_folder(settings) / "upkeep" / "changes_of_answers") == {"rows.parquet": [2]}

    land_more(settings, "d", "c", "select unnest([1, 3]) as answer_id")
    handover.note_end(settings)
    handover.hand_over(settings)
    assert handed(folder) == {"rows.parquet": [1, 3]}


def handed(folder: Path) -> dict[str, list[int]]:
    with duckdb.connect() as connection:
        return {
            file.name: [
                number for number, *_ in connection.execute(f"from read_parquet('{file}') order by 1").fetchall()
            ]
            for file in folder.iterdir()
        }


@pytest.mark.parametrize(
    ("kind", "handed"),
    [
        ("VARCHAR", "VARCHAR"),
        ("DECIMAL(18,4)", "DECIMAL(18,4)"),
        ("TIMESTAMP", "TIMESTAMP"),
        ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITH TIME ZONE"),
        ("TIMESTAMP_NS", "TIMESTAMP"),
        # Spark has no such types, or reads them as others.
        ("HUGEINT", "VARCHAR"),
        ("UBIGINT", "VARCHAR"),
        ("TIME", "VARCHAR"),
        ("UUID", "VARCHAR"),
    ],
)
def test_a_type_that_spark_does_not_have_is_handed_over_as_text(kind: str, handed: str) -> None:
    assert handover.handed_type(kind) == handed


def node(name: str, columns: dict[str, str]) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "schema": "marts",
        "alias": name,
        "config": {},
        "description": "One row per month: the company's score.",
        "columns": {column: {"description": text} for column, text in columns.items()},
    }


def write_spark_table(settings: Settings, name: str, query: str) -> None:
    folder = configuration.warehouse_folder(settings) / "marts.db" / name
    folder.mkdir(parents=True)
    with open_build(settings) as connection:
        connection.execute(f"copy ({query}) to '{folder}/part-00000.snappy.parquet' (format parquet)")


def test_what_spark_wrote_is_released_with_its_comments(settings: Settings, tmp_path: Path) -> None:
    query = "select date '2026-06-01' as month_start, 40.5 as nps, timestamp '2026-06-30 10:00:00' as counted_at"
    write_spark_table(settings, "nps_by_month", query)

    handover.take_back(settings, {"nodes": {"m": node("nps_by_month", {"nps": "It's the score."})}})
    rows = write_release(
        settings.build_file, tmp_path / "nps.duckdb", [PublishedTable("marts", "nps_by_month", ("month_start",))]
    )

    assert rows == {"marts.nps_by_month": 1}
    with open_read_only(tmp_path / "nps.duckdb") as connection:
        assert connection.execute("select month_start, counted_at from marts.nps_by_month").fetchall() == [
            (date(2026, 6, 1), datetime(2026, 6, 30, 10))
        ]
        assert connection.execute("select comment from duckdb_tables()").fetchall() == [
            ("One row per month: the company's score.",)
        ]
        comments = connection.execute("select comment from duckdb_columns() where comment is not null").fetchall()
        assert comments == [("It's the score.",)]


def test_a_table_of_a_build_on_duckdb_makes_way(settings: Settings) -> None:
    with open_build(settings) as connection:
        connection.execute("create schema marts; create table marts.nps_by_month as select 1 as nps")
    write_spark_table(settings, "nps_by_month", "select 2 as nps")

    handover.take_back(settings, {"nodes": {"m": node("nps_by_month", {})}})

    with open_build(settings) as connection:
        assert connection.execute("select nps from marts.nps_by_month").fetchall() == [(2,)]


@pytest.mark.parametrize(
    ("query", "rows"), [(PARTITIONED, [(date(2026, 6, 1), 2)]), (f"{PARTITIONED} where false", [])]
)
def test_a_partitioned_table_has_the_columns_of_its_contract(settings: Settings, query: str, rows: list[Any]) -> None:
    folder = configuration.warehouse_folder(settings) / "marts.db" / "nps_by_month"
    folder.mkdir(parents=True)
    with open_build(settings) as connection:
        connection.execute(f"copy ({query}) to '{folder}' (format parquet, partition_by (month_start))")
    contract = {"month_start": {"data_type": "date"}, "nps": {"data_type": "integer"}}
    partitioned = node("nps_by_month", {}) | {"config": {"partition_by": ["month_start"]}}
    partitioned["columns"] = {name: column | {"description": ""} for name, column in contract.items()}

    handover.take_back(settings, {"nodes": {"m": partitioned}})

    with open_build(settings) as connection:
        taken = connection.execute("select * from marts.nps_by_month")
        assert [(name, str(kind)) for name, kind, *_ in taken.description or []] == [
            ("month_start", "DATE"),
            ("nps", "INTEGER"),
        ]
        assert taken.fetchall() == rows


@pytest.mark.parametrize(
    ("amount", "java"), [("4GB", "4096m"), ("4GiB", "4096m"), ("1.5 gb", "1536m"), ("800MB", "800m")]
)
def test_memory_is_said_in_the_words_of_java(amount: str, java: str) -> None:
    assert configuration.java_memory(amount) == java


def test_everything_that_listens_does_so_on_loopback(settings: Settings) -> None:
    told = configuration.configuration(settings, cores=2)

    assert told["spark.driver.host"] == told["spark.driver.bindAddress"] == "127.0.0.1"
    assert told["spark.ui.enabled"] == "false"
    assert told["spark.driver.memory"] == "3072m"


def test_a_cluster_and_a_session_do_not_share_a_warehouse(settings: Settings, tmp_path: Path) -> None:
    on_cluster = load_settings({"NPS_HOME": str(tmp_path), "NPS_SPARK_SERVER": "127.0.0.1:10000"})

    assert configuration.warehouse_folder(on_cluster) != configuration.warehouse_folder(settings)


def test_a_process_number_that_belongs_to_another_is_not_stopped(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "spark_home", lambda: Path("/spark"))
    folder = cluster.process_folder(settings)
    folder.mkdir(parents=True)
    (folder / "master.pid").write_text("1")

    assert cluster.down(settings) == []


def test_examples_of_a_failed_test_are_asked_of_spark(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    class Shown:
        def __init__(self, arguments: list[str], *_: object) -> None:
            asked.append(arguments)

        def events(self) -> list[dict[str, Any]]:
            return [
                {"info": {"name": "MainReportVersion"}, "data": {}},
                {
                    "info": {"name": "ShowNode"},
                    "data": {"preview": '[{"account_id": "a1", "n": 2}, {"account_id": "a2"}]'},
                },
            ]

    monkeypatch.setattr(dbt_cli, "DbtRun", Shown)

    assert dbt_cli.examples(settings, "select trim('{{') from marts.dim_accounts") == (
        "account_id=a1, n=2",
        "account_id=a2",
    )
    ((*_, inline),) = (arguments[arguments.index("--inline") : arguments.index("--inline") + 2] for arguments in asked)
    # Compiled SQL is not compiled again.
    assert inline == "{% raw %}select trim('{{') from marts.dim_accounts{% endraw %}"
