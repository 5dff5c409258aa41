"""The adapters: each over its example, and what is said where a source contradicts what is declared of it."""

from __future__ import annotations

import csv
import http.server
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
import yaml

from orchestration.defs.raw import raw_tables
from orchestration.defs.resources import Build
from orchestration.findings import BuildError, Finding, PassingFaultError
from orchestration.forgetting.people import People
from orchestration.privacy.files import private_folders
from orchestration.raw.landing import check_in_place, land
from orchestration.raw.tables import RawTable, tables_from_manifest
from orchestration.runs.record import BuildRecord
from orchestration.settings import load_settings
from orchestration.sources.adapters import ANY_TABLE, adapters
from orchestration.sources.arrivals import arrive, arrived
from orchestration.sources.declared import Source, declared, read_sources
from orchestration.sources.inspection import inspect, write_draft
from orchestration.sources.recognition import matches
from orchestration.sources.run import run_source
from orchestration.transform.dbt_cli import load_manifest
from tests import adapters_doc
from tests.postgres_server import PostgresServer, postgres_server

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def tables() -> tuple[RawTable, ...]:
    return tables_from_manifest(load_manifest())


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def rows_of(engine: duckdb.DuckDBPyConnection, relation: str) -> Rows:
    found = engine.execute(f"select * from {relation}")
    names = [column[0] for column in found.description or ()]
    return [
        {name: "" if value is None else str(value) for name, value in zip(names, row, strict=True)}
        for row in found.fetchall()
    ]


def in_order(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: tuple(sorted(row.items())))


def expected(folder: Path, name: str) -> Rows:
    file = folder / "expected" / f"{name}.csv"
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


# Over their examples -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", sorted(path.parent.name for path in Path("orchestration/sources").glob("*/adapter.yml"))
)
def test_an_adapter_gives_what_its_example_holds(
    name: str, tables: tuple[RawTable, ...], engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = adapters()[name].folder
    given: dict[str, Rows] = {}
    notes: Rows = []
    for source in read_sources(folder / "example" / "sources.yml", tables):
        assert source.adapter.name == name
        outcome = run_source(engine, source, tables, tmp_path)
        for table, relation in outcome.relations.items():
            given.setdefault(table, []).extend(rows_of(engine, relation))
        notes += [{"source": source.name, "rule": note.rule, "n_rows": str(note.n_rows)} for note in outcome.notes]
    for table, rows in given.items():
        wanted = expected(folder, table)
        columns = wanted[0].keys()
        assert {column for row in rows for column in row} == columns, table
        assert in_order([{column: row.get(column, "") for column in columns} for row in rows]) == in_order(wanted), (
            table
        )
    assert notes == expected(folder, "notes")
    assert {path.stem for path in (folder / "expected").glob("*.csv")} - {"notes"} == given.keys()


def test_adapters_give_columns_of_the_contract_and_all_that_it_requires(
    tables: tuple[RawTable, ...],
) -> None:
    by_name = {table.name: table for table in tables}
    for adapter in adapters().values():
        examples = {path.stem for path in (adapter.folder / "expected").glob("*.csv")} - {"notes"}
        asked = {*adapter.gives, *adapter.by_request} if adapter.name != ANY_TABLE else examples
        assert set(adapter.gives) <= examples <= asked, adapter.name
        for table in examples:
            columns = expected(adapter.folder, table)[0].keys()
            assert set(columns) <= set(by_name[table].columns), (adapter.name, table)
            assert set(by_name[table].required_columns) <= set(columns), (adapter.name, table)


# What contradicts the file -----------------------------------------------------------------------------------------


def run(
    engine: duckdb.DuckDBPyConnection, tables: Sequence[RawTable], folder: Path, adapter: str, path: str, **options: Any
) -> tuple[dict[str, Rows], tuple[Finding, ...]]:
    (source,) = declared(
        {"sources": [{"name": "given", "adapter": adapter, "path": path, "options": options}]}, folder, tables
    )
    outcome = run_source(engine, source, tables, folder)
    return {table: rows_of(engine, relation) for table, relation in outcome.relations.items()}, outcome.notes


def write(folder: Path, name: str, *lines: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def refused(
    engine: duckdb.DuckDBPyConnection, tables: Sequence[RawTable], folder: Path, adapter: str, path: str, **options: Any
) -> tuple[Finding, ...]:
    with pytest.raises(BuildError) as caught:
        run(engine, tables, folder, adapter, path, **options)
    return caught.value.findings


DATED = (
    "Timestamp,How likely are you to recommend us?,Why this score?",
    '1/2/2026 9:00:00,9,"Two',
    'lines"',
    "",
    "13/2/2026 9:00:00,8,",
    "14/2/2026 9:00:00,8,",
)


def test_a_line_that_contradicts_the_order_of_dates_is_named(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    write(tmp_path, "form.csv", *DATED)
    (finding,) = refused(engine, tables, tmp_path, "forms_csv", "form.csv", date_order="month_first")
    assert (finding.rule, finding.n_rows) == ("date_order_contradicted", 2)
    assert finding.message.startswith("line 5 of form.csv: ") and "can be day first" in finding.message
    assert "13/2" not in finding.text()
    given, _ = run(engine, tables, tmp_path, "forms_csv", "form.csv", date_order="day_first")
    assert [row["answered_at"][:10] for row in given["survey_responses"]] == ["2026-02-01", "2026-02-13", "2026-02-14"]


def test_the_line_is_that_of_its_own_file(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    write(tmp_path, "a.csv", *DATED[:3])
    write(tmp_path, "b.csv", "sep=,", *DATED)
    (finding,) = refused(engine, tables, tmp_path, "forms_csv", "*.csv", date_order="month_first")
    assert finding.message.startswith("line 6 of b.csv: ")


@pytest.mark.parametrize(
    ("date", "can_be"),
    [("1/2/2026", "day first or month first"), ("13.2.26", "day first"), ("2-13-2026 10:00", "month first")],
)
def test_dates_that_are_not_iso_want_an_order(
    date: str, can_be: str, engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    write(tmp_path, "answers.csv", "ID,Score,Response time", "1,9,2026-01-31 10:00", f"2,9,{date}")
    (finding,) = refused(engine, tables, tmp_path, "delighted_csv", "answers.csv")
    assert finding.rule == "date_order_unknown" and finding.message.endswith(f"the file can be {can_be}.")
    assert finding.message.startswith("line 3 of answers.csv: ")


def test_a_date_that_no_order_makes_stays_for_the_checks_of_the_raw_tables(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    dates = ["31/02/2026", "soon", "2026-02-31", "1/9/21", "1/9/68", "1/9/69"]
    write(tmp_path, "answers.csv", "ID,Score,Response time", *(f"{n},9,{date}" for n, date in enumerate(dates)))
    given, _ = run(engine, tables, tmp_path, "delighted_csv", "answers.csv", date_order="day_first")
    assert [row["answered_at"] for row in given["survey_responses"]] == [
        *dates[:3], "2021-09-01T00:00:00Z", "2068-09-01T00:00:00Z", "1969-09-01T00:00:00Z",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("date", "options", "rules"),
    [
        ("2026-01-31 10:00", {}, ["timezone_unknown"]),
        ("2026-01-31 10:00Z", {}, []),
        ("2026-01-31", {}, []),
        ("2026-01-31 10:00", {"timezone": "UTC"}, []),
        ("2026-10-25 02:30", {"timezone": "Europe/Berlin"}, ["time_repeated"]),
        ("2026-10-25 02:30+01:00", {"timezone": "Europe/Berlin"}, []),
        ("2026-03-29 02:30", {"timezone": "Europe/Berlin"}, ["time_skipped"]),
    ],
)
def test_times_whose_moment_nobody_knows_are_counted(
    date: str,
    options: Mapping[str, str],
    rules: Sequence[str],
    engine: duckdb.DuckDBPyConnection,
    tables: tuple[RawTable, ...],
    tmp_path: Path,
) -> None:
    write(tmp_path, "answers.csv", "ID,Score,Response time", f"1,9,{date}")
    _, notes = run(engine, tables, tmp_path, "delighted_csv", "answers.csv", **options)
    assert [note.rule for note in notes] == rules


@pytest.mark.parametrize(
    ("scores", "declared_as", "line"),
    [((11, 1, 10), "values", 4), ((3, 0, 10), "choice_codes", 5), ((3, 12, 10), "choice_codes", 5)],
)
def test_scores_that_contradict_what_they_are_said_to_be_stop_the_source(
    scores: Sequence[int],
    declared_as: str,
    line: int,
    engine: duckdb.DuckDBPyConnection,
    tables: tuple[RawTable, ...],
    tmp_path: Path,
) -> None:
    header = ("ResponseId,RecordedDate,Q1,Q1_NPS_GROUP", "Id,Date,Recommend?,Group", '"{""ImportId"":""a""}",b,c,d')
    rows = [f"R_{number},2026-03-01 10:00:00,{score},1" for number, score in enumerate(scores)]
    write(tmp_path, "export.csv", *header, *rows)
    (finding,) = refused(engine, tables, tmp_path, "qualtrics_csv", "export.csv", scores=declared_as)
    assert finding.rule == "scores_contradicted" and finding.message.startswith(f"line {line} of export.csv: ")


def test_scores_of_answers_as_rows_contradict_too(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    write(tmp_path, "q/survey.csv", "id", "SV_1")
    write(tmp_path, "q/question.csv", "id,survey_id,selector", "Q1,SV_1,NPS")
    write(tmp_path, "q/survey_response.csv", "id,survey_id,recorded_date", "R1,SV_1,2026-03-01", "R2,SV_1,2026-03-01")
    write(tmp_path, "q/question_response.csv", "response_id,question_id,value", "R1,Q1,11", "R2,Q1,1")
    (finding,) = refused(engine, tables, tmp_path, "qualtrics_fivetran", "q")
    assert finding.rule == "scores_contradicted"
    given, _ = run(engine, tables, tmp_path, "qualtrics_fivetran", "q", scores="choice_codes")
    assert [row["score"] for row in given["survey_responses"]] == ["10", "0"]


@pytest.mark.parametrize(
    ("amount", "currency", "rule"), [("100", "xyz", "currency_unknown"), ("9.5", "usd", "amounts_not_whole")]
)
def test_money_whose_unit_nobody_knows_stops_the_source(
    amount: str,
    currency: str,
    rule: str,
    engine: duckdb.DuckDBPyConnection,
    tables: tuple[RawTable, ...],
    tmp_path: Path,
) -> None:
    write(tmp_path, "s/customer.csv", "id", "cus_1")
    write(tmp_path, "s/invoice.csv", "id,customer_id,status", "in_1,cus_1,paid")
    write(
        tmp_path,
        "s/invoice_line_item.csv",
        "id,invoice_id,amount,currency,period_start,period_end",
        f"il_1,in_1,{amount},{currency},2026-01-01 00:00:00,2026-02-01 00:00:00",
    )
    assert [finding.rule for finding in refused(engine, tables, tmp_path, "stripe_fivetran", "s")] == [rule]


# Reading -----------------------------------------------------------------------------------------------------------


def test_a_column_that_is_missing_or_may_be_another_is_named(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    write(tmp_path, "a.csv", "ID,Scores,Respose time", "1,9,2026-01-31")
    findings = refused(engine, tables, tmp_path, "delighted_csv", "a.csv")
    assert [(finding.rule, finding.message.partition("nearest is ")[2]) for finding in findings] == [
        ("required_column_missing", "'Scores'."),
        ("required_column_missing", "'Respose time'."),
    ]
    write(tmp_path, "b.csv", "Timestamp,Likely to recommend us?,Likely to recommend the shop?", "2026-01-31,9,3")
    (finding,) = refused(engine, tables, tmp_path, "forms_csv", "b.csv")
    assert finding.rule == "ambiguous_column" and finding.examples == (
        "Likely to recommend us?",
        "Likely to recommend the shop?",
    )
    given, _ = run(engine, tables, tmp_path, "forms_csv", "b.csv", columns={"score": "Likely to recommend the shop?"})
    assert [row["score"] for row in given["survey_responses"]] == ["3"]


def test_a_source_that_is_not_there_or_not_whole_is_named(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    for path in ("none.csv", "none/*.csv", "none"):
        assert [each.rule for each in refused(engine, tables, tmp_path, "delighted_csv", path)] == ["source_empty"]
    assert [each.rule for each in refused(engine, tables, tmp_path, "stripe_fivetran", "none")] == ["source_empty"]
    write(tmp_path, "s/customer.csv", "id", "cus_1")
    write(tmp_path, "s/invoices.csv", "id,customer_id", "in_1,cus_1")
    messages = [each.message for each in refused(engine, tables, tmp_path, "stripe_fivetran", "s")]
    assert messages[0] == "there is no invoice at s; the nearest is 'invoices'." and len(messages) == 2
    write(tmp_path, "cut.csv", "ID,Score,Response time", '1,9,"2026-01-31')
    assert [each.rule for each in refused(engine, tables, tmp_path, "delighted_csv", "cut.csv")] == ["malformed_rows"]


def test_one_table_reads_the_same_in_every_format(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    rows = "('1', 9, timestamp '2026-01-31 10:00:00', {'plan': 'pro'}), ('2', null, null, null)"
    engine.execute(f"create table answers as from (values {rows}) as t(id, score, created_at, person_properties)")
    engine.execute("alter table answers add column survey_type varchar default 'nps'")
    for file, options in {
        "a.parquet": "format parquet",
        "a.jsonl": "format json",
        "a.csv": "format csv, header",
    }.items():
        selected = "* replace (to_json(person_properties) as person_properties)" if file == "a.csv" else "*"
        engine.execute(f"copy (select {selected} from answers) to '{tmp_path / file}' ({options})")
    given = [
        run(engine, tables, tmp_path, "delighted_airbyte", file, account_property="plan")[0]["survey_responses"]
        for file in ("a.parquet", "a.jsonl", "a.csv")
    ]
    assert given[0] == given[1] == given[2]
    assert [(row["answered_at"], row["account_id"]) for row in given[0]] == [("2026-01-31T10:00:00Z", "pro"), ("", "")]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def test_files_at_a_url_are_fetched(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    examples, scratch = adapters()["delighted_csv"].folder.parent, tmp_path / "scratch"
    scratch.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(examples)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        given, _ = run(engine, tables, scratch, "delighted_csv", f"{address}/delighted_csv/example/second.csv")
        assert [row["response_id"] for row in given["survey_responses"]] == ["601"]
        given, _ = run(engine, tables, scratch, "stripe_fivetran", f"{address}/stripe_fivetran/example/tables")
        assert len(given["crm_revenue"]) == len(expected(examples / "stripe_fivetran", "crm_revenue"))
        (finding,) = refused(engine, tables, scratch, "delighted_csv", f"{address}/none.csv")
        assert finding.rule == "source_empty"
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(PassingFaultError):
        run(engine, tables, scratch, "delighted_csv", f"{address}/delighted_csv/example/second.csv")


# In PostgreSQL -----------------------------------------------------------------------------------------------------

TYPES = {
    "amount": "bigint", "period_start": "timestamp", "period_end": "timestamp", "created": "timestamptz",
    "livemode": "boolean", "is_deleted": "boolean", "is_won": "boolean", "_fivetran_active": "boolean",
    "metadata": "jsonb", "close_date": "date",
}  # fmt: skip


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


def load_schema(server: PostgresServer, schema: str, folder: Path, types: Mapping[str, str]) -> None:
    """The files of an example as tables, with types as a loader gives them."""
    server.run(f"create schema {schema}")
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        columns = ", ".join(f'"{name}" {types.get(name, "text")}' for name in rows[0])
        server.run(f'create table {schema}."{file.stem}" ({columns})')
        for row in rows:
            values = ", ".join("'" + value.replace("'", "''") + "'" if value else "null" for value in row.values())
            server.run(f'insert into {schema}."{file.stem}" values ({values})')


@pytest.mark.parametrize(
    ("name", "types"), [("stripe_fivetran", TYPES), ("salesforce_fivetran", TYPES | {"amount": "numeric"})]
)
def test_a_schema_of_postgresql_gives_what_its_files_give(
    name: str,
    types: Mapping[str, str],
    postgres: PostgresServer,
    engine: duckdb.DuckDBPyConnection,
    tables: tuple[RawTable, ...],
    tmp_path: Path,
) -> None:
    folder = adapters()[name].folder
    load_schema(postgres, name, folder / "example" / "tables", types)
    said = yaml.safe_load((folder / "example" / "sources.yml").read_text(encoding="utf-8"))["sources"][0]
    said["path"] = postgres.url(database=f"postgres/{name}")
    recognised = matches(engine, said["path"], tmp_path, "given", tmp_path)[0]
    assert recognised.is_whole and recognised.source.adapter.name == name
    (source,) = declared({"sources": [said]}, tmp_path, tables)
    outcome = run_source(engine, source, tables, tmp_path)
    for table, relation in outcome.relations.items():
        columns = expected(folder, table)[0].keys()
        rows = [{column: row.get(column, "") for column in columns} for row in rows_of(engine, relation)]
        assert in_order(rows) == in_order(expected(folder, table)), table


def test_a_schema_or_a_server_that_is_not_there_is_named_without_its_password(
    postgres: PostgresServer, engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    rules = {
        each.rule
        for each in refused(engine, tables, tmp_path, "stripe_fivetran", postgres.url(database="postgres/none"))
    }
    assert rules == {"input_missing"}
    address = f"postgres://someone:s3cret@/postgres/public?host={tmp_path}"
    (finding,) = refused(engine, tables, tmp_path, "stripe_fivetran", address)
    assert finding.rule == "source_unreachable" and "s3cret" not in finding.text()


# What sources.yml may say ------------------------------------------------------------------------------------------

RIGHT = {"name": "a", "adapter": "delighted_csv", "path": "a.csv"}


@pytest.mark.parametrize(
    ("said", "rule", "words"),
    [
        ({"source": []}, "sources_invalid", "no list 'sources'"),
        ({"sources": [], "source": "x"}, "unknown_key", "'source'; the nearest is 'sources'"),
        ({"sources": [RIGHT | {"adaptor": "x"}]}, "unknown_key", "'adaptor'; the nearest is 'adapter'"),
        ({"sources": [RIGHT | {"adapter": "delighted"}]}, "unknown_adapter", "'delighted'; the nearest is 'delighted_"),
        ({"sources": [RIGHT | {"options": {"time_zone": "UTC"}}]}, "unknown_option", "the nearest is 'timezone'"),
        ({"sources": [RIGHT | {"options": {"timezone": "Berlin"}}]}, "option_invalid", "'Berlin'"),
        ({"sources": [RIGHT | {"options": {"date_order": "us"}}]}, "option_invalid", "'us'"),
        ({"sources": [RIGHT | {"options": {"columns": {"scor": "x"}}}]}, "unknown_column", "the nearest is 'score'"),
        ({"sources": [RIGHT | {"options": {"columns": {"score": False}}}]}, "option_invalid", "no text"),
        (
            {"sources": [RIGHT | {"options": {"tables": ["survey_response"]}}]},
            "unknown_raw_table",
            "'survey_responses'",
        ),
        ({"sources": [RIGHT | {"name": "a b"}]}, "sources_invalid", "a name that is no name"),
        ({"sources": [RIGHT, RIGHT]}, "sources_invalid", "two sources are named a"),
        ({"sources": [{"name": "a", "adapter": "delighted_csv"}]}, "sources_invalid", "has no path"),
        ({"sources": [RIGHT | {"adapter": "columns"}]}, "option_missing", "option table"),
        (
            {"sources": [RIGHT | {"adapter": "columns", "options": {"table": "revenue"}}]},
            "unknown_table",
            "the nearest is 'crm_revenue'",
        ),
    ],
)
def test_what_is_wrong_in_a_declaration_is_named(
    said: object, rule: str, words: str, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    with pytest.raises(BuildError) as caught:
        declared(said, tmp_path, tables)
    found = [finding for finding in caught.value.findings if finding.rule == rule]
    assert len(caught.value.findings) == 1 and re.search(re.escape(words), found[0].text()), caught.value


@pytest.mark.parametrize("third", ["   adapter: b", "    name: b"])
def test_a_file_that_is_no_yaml_or_says_a_key_twice_is_named_with_the_line(
    tables: tuple[RawTable, ...], tmp_path: Path, third: str
) -> None:
    write(tmp_path, "sources.yml", "sources:", "  - name: a", third)
    with pytest.raises(BuildError, match=r"is no YAML in line 3"):
        read_sources(tmp_path / "sources.yml", tables)


def test_a_source_is_shown_without_its_password(tables: tuple[RawTable, ...], tmp_path: Path) -> None:
    said = {"sources": [RIGHT | {"adapter": "stripe_fivetran", "path": "postgres://me:s3cret@host:5432/db/stripe"}]}
    (source,) = declared(said, tmp_path, tables)
    assert isinstance(source, Source) and source.place == "postgres://me@host:5432/db/stripe"


# The walk of the data ----------------------------------------------------------------------------------------------

ANSWERS = ("ID,Score,Response time", "1,9,2026-01-31 10:00", "2,x,2026-01-31 10:00")
SOURCES = (
    "sources:",
    "  - {name: mails, adapter: delighted_csv, path: in/*.csv}",
    "  - {name: till, adapter: columns, path: till.csv, options: {table: crm_revenue}}",
)
LEDGER = ("revenue_id,account_id,period_start,period_end,amount", "1,c-1,2026-01-01,2026-01-31,10")


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "company"
    write(folder, "sources.yml", *SOURCES)
    write(folder, "in/a.csv", *ANSWERS)
    write(folder, "till.csv", *LEDGER)
    return folder


def times(home: Path) -> dict[str, int]:
    return {path.parent.name: path.stat().st_mtime_ns for path in home.glob("*/made.json")}


def test_a_source_is_read_again_only_where_it_changed(
    company: Path, tmp_path: Path, tables: tuple[RawTable, ...]
) -> None:
    home = tmp_path / "home" / "sources"
    first = arrive(company, home, tables, "1GB")
    assert sorted(first.files) == ["crm_revenue", "survey_definitions", "survey_responses"]
    assert [file.name for file in first.files["survey_responses"]] == ["mails (in/*.csv)"]
    made = times(home)
    assert arrive(company, home, tables, "1GB") == first and times(home) == made
    assert arrived(home) == first.files

    write(company, "in/b.csv", ANSWERS[0], "3,5,2026-02-28 10:00")
    arrive(company, home, tables, "1GB")
    now = times(home)
    assert now["till"] == made["till"] and now["mails"] != made["mails"]
    # What was written down is damaged.
    (home / "till" / "crm_revenue.parquet").write_bytes(b"PAR1")
    arrive(company, home, tables, "1GB")
    assert times(home)["till"] != made["till"]
    # A source that is not declared any more leaves with its rows.
    write(company, "sources.yml", *SOURCES[:2])
    assert "crm_revenue" not in arrive(company, home, tables, "1GB").files and sorted(times(home)) == ["mails"]
    (company / "sources.yml").unlink()
    assert arrive(company, home, tables, "1GB").files == {} and arrived(home) == {}


def test_what_sources_give_is_written_down_without_who_was_forgotten(
    company: Path, tmp_path: Path, tables: tuple[RawTable, ...], engine: duckdb.DuckDBPyConnection
) -> None:
    home = tmp_path / "home" / "sources"
    answers = ("ID,Score,Response time,Email,Comment", "1,9,2026-01-05 10:00,ada@firma.de,Call ada@firma.de")
    write(company, "in/a.csv", *answers, "2,7,2026-01-06 10:00,bo@firma.de,Fine")
    query = "select response_id, contact_email, verbatim_reason from read_parquet('{}') order by 1"

    def written(without: People) -> list[tuple[object, ...]]:
        (file,) = arrive(company, home, tables, "1GB", without).files["survey_responses"]
        return engine.execute(query.format(file.address)).fetchall()

    key = People(key=b"k" * 32)
    assert written(key)[0] == ("1", "ada@firma.de", "Call ada@firma.de")
    (_, address, comment), other = written(key.with_hashes([key.hash_of("ada@firma.de")], (), ()))
    assert "ada" not in str(address) and comment is None
    assert other == ("2", "bo@firma.de", "Fine")


def test_all_sources_that_cannot_be_read_are_named_at_once(
    company: Path, tmp_path: Path, tables: tuple[RawTable, ...]
) -> None:
    write(company, "in/a.csv", "ID,Score,Response time", "1,9,1/2/2026")
    (company / "till.csv").unlink()
    with pytest.raises(BuildError) as caught:
        arrive(company, tmp_path / "sources", tables, "1GB")
    assert [finding.rule for finding in caught.value.findings] == ["date_order_unknown", "source_empty"]


def test_what_sources_give_lands_beside_raw_files(
    company: Path, tmp_path: Path, tables: tuple[RawTable, ...], engine: duckdb.DuckDBPyConnection
) -> None:
    write(tmp_path, "raw/crm_accounts.csv", "account_id,account_name", "c-1,One")
    write(tmp_path, "raw/crm_revenue.csv", *LEDGER[:1], "7,c-1,2026-01-01,2026-01-31,70")
    given = arrive(company, tmp_path / "sources", tables, "1GB").files
    landing = land(engine, str(tmp_path / "raw"), tables, given=given)
    rows = {table.name: table.rows for table in landing.tables if table.rows}
    assert rows == {"crm_accounts": 1, "crm_revenue": 2, "survey_definitions": 1, "survey_responses": 2}
    assert engine.sql("select revenue_id, _source_file, _row_number from raw.crm_revenue order by 3").fetchall() == [
        ("7", "crm_revenue.csv", 1), ("1", "till (till.csv)", 2),
    ]  # fmt: skip
    assert {table.files_read for table in land(engine, str(tmp_path / "raw"), tables, given=given).tables} == {0}
    check_in_place(engine, str(tmp_path / "raw"), tables, given)
    Path(given["survey_responses"][0].address).write_bytes(b"")
    with pytest.raises(BuildError, match="mails"):
        check_in_place(engine, str(tmp_path / "raw"), tables, given)


def test_a_company_of_sources_alone_needs_no_raw_folder(
    company: Path, tmp_path: Path, tables: tuple[RawTable, ...], engine: duckdb.DuckDBPyConnection
) -> None:
    given = arrive(company, tmp_path / "sources", tables, "1GB").files
    with pytest.raises(BuildError) as caught:
        land(engine, str(tmp_path / "raw"), tables, given=given, may_be_missing=True)
    assert [(each.rule, each.table) for each in caught.value.findings] == [("required_table_missing", "crm_accounts")]


def test_a_night_reads_the_sources_of_the_company_and_says_what_is_to_be_said(company: Path, tmp_path: Path) -> None:
    write(company, "raw/crm_accounts.csv", "account_id,account_name", "c-1,One")
    write(company, "in/a.csv", "ID,Score,Response time", "1,9,2026-03-29 02:30")
    write(company, "sources.yml", *SOURCES[:1], SOURCES[1][:-1] + ", options: {timezone: Europe/Berlin}}", SOURCES[2])
    settings = load_settings(
        {"NPS_COMPANY": str(company), "NPS_HOME": str(tmp_path / "home"), "NPS_AS_OF": "2026-07-01"}
    )
    record = BuildRecord(settings.record_file)
    record.begin(build_id="one", started_at="2026-07-01", phase_seconds={}, repairs=[])
    done = dg.materialize([raw_tables], resources={"build": Build(settings, record, 0, None)})
    assert done.success
    found = record.read()["raw"]
    assert found["tables"]["survey_responses"] == 1 and found["tables"]["crm_revenue"] == 1
    (warning,) = (said for said in found["warnings"] if said.startswith("source "))
    assert warning.startswith(
        "source mails: 1 times in column 'Response time' do not exist on the clock of Europe/Berlin"
    )
    assert settings.sources_folder in private_folders(settings)


def test_the_documentation_lists_the_adapters_as_they_are() -> None:
    """If this fails: python -m tests.adapters_doc."""
    assert adapters_doc.FILE.read_text(encoding="utf-8") == adapters_doc.documented()


# What a file is ----------------------------------------------------------------------------------------------------


def recognisable() -> Iterator[tuple[str, str]]:
    """Each adapter with each source of its example; the columns of a user's own are not recognised."""
    for adapter in adapters().values():
        said = yaml.safe_load((adapter.folder / "example" / "sources.yml").read_text(encoding="utf-8"))
        for source in said["sources"]:
            if adapter.name != ANY_TABLE and "score" not in source["options"].get("columns", {}):
                yield adapter.name, source["path"]


@pytest.mark.parametrize(("name", "path"), list(recognisable()))
def test_the_adapter_that_reads_a_file_is_found(
    name: str, path: str, engine: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    found = matches(engine, path, adapters()[name].folder / "example", "given", tmp_path)
    assert found[0].is_whole and found[0].source.adapter.name == name


def test_a_file_that_nobody_knows_gets_a_draft_of_its_columns(tables: tuple[RawTable, ...], tmp_path: Path) -> None:
    write(
        tmp_path,
        "bills.csv",
        "Revenue ID;Customer;Period start;Period end;Amount;Account",
        "1;x;2026-01-01;2026-01-31;9;c-1",
    )
    settings = load_settings({"NPS_COMPANY": str(tmp_path), "NPS_HOME": str(tmp_path / "home")})
    seen = inspect("bills.csv", settings, tables, {})
    assert "no adapter reads it as it is" in seen.lines[0]
    (source,) = declared(yaml.safe_load(seen.draft), tmp_path, tables)
    assert source.tables == ("crm_revenue",) and source.options["columns"] == {
        "revenue_id": "Revenue ID", "account_id": "Account", "period_start": "Period start", "period_end": "Period end",
        "amount": "Amount",
    }  # fmt: skip
    assert write_draft(tmp_path, seen.draft).name == "sources.yml"
    assert write_draft(tmp_path, seen.draft).name == "draft.sources.yml"


def test_a_file_is_shown_as_it_would_arrive_and_be_judged(tables: tuple[RawTable, ...], tmp_path: Path) -> None:
    write(tmp_path, "raw/crm_accounts.csv", "account_id,account_name", "c-1,One")
    rows = ["1,9,13/2/2024 10:00,c-1,ann@example.com", "2,x,1/2/2024 10:00,c-1,", "3,10,1/2/2024 11:00,c-9,"]
    write(tmp_path, "a.csv", "ID,Score,Response time,Account ID,Email", *rows)
    settings = load_settings(
        {"NPS_COMPANY": str(tmp_path), "NPS_HOME": str(tmp_path / "home"), "NPS_AS_OF": "2024-07-01"}
    )
    seen = inspect("a.csv", settings, tables, {("raw", "survey_responses"): {"contact_email"}})
    said = "\n".join(seen.lines)
    assert "is read by the adapter delighted_csv" in said and "answered_at=2024-02-13T10:00:00Z" in said
    assert "contact_email=(not shown)" in said and "ann@example.com" not in said
    assert "survey_responses: 1 as score_not_a_number" in said
    assert "  account: 1" in said and "  unlinked: 1" in said
    (source,) = declared(yaml.safe_load(seen.draft), tmp_path, tables)
    assert (source.adapter.name, source.options["date_order"]) == ("delighted_csv", "day_first")


# Fields of a company's own -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("adapter", "path", "table", "header", "values"),
    [
        ("delighted_csv", "responses.csv", "survey_responses", "Plan", {"pro", "free", ""}),
        ("delighted_airbyte", "survey_responses.jsonl", "survey_responses", "Company ID", {"c-1", "c-9", ""}),
        ("qualtrics_fivetran", "tables", "survey_responses", "crm_id", {"c-1", "c-2", ""}),
        ("salesforce_csv", "export", "crm_accounts", "Tier__c", {"gold", ""}),
        ("salesforce_fivetran", "tables", "crm_accounts", "Segment__c", {"gold", "silver", "bronze", ""}),
        ("hubspot_fivetran", "tables", "crm_accounts", "property_tier", {"gold", "silver", ""}),
    ],
)
def test_a_field_of_the_company_is_read_from_the_column_that_it_names(
    adapter: str,
    path: str,
    table: str,
    header: str,
    values: set[str],
    engine: duckdb.DuckDBPyConnection,
    tables: tuple[RawTable, ...],
) -> None:
    own = [replace(each, columns=(*each.columns, "plan_tier")) if each.name == table else each for each in tables]
    given, _ = run(engine, own, adapters()[adapter].folder / "example", adapter, path, columns={"plan_tier": header})
    assert {row["plan_tier"] for row in given[table]} == values
    with pytest.raises(BuildError, match="there is no column 'plan_tier'"):
        run(engine, tables, adapters()[adapter].folder / "example", adapter, path, columns={"plan_tier": header})


def test_what_lies_in_the_raw_folder_and_is_no_raw_table_is_recognised(tmp_path: Path) -> None:
    write(tmp_path, "raw/export.csv", "ID,Score,Response time", "1,9,2026-01-31")
    write(tmp_path, "raw/notes.csv", "a,b", "1,2")
    settings = load_settings({"NPS_RAW": str(tmp_path / "raw"), "NPS_HOME": str(tmp_path / "home")})
    record = BuildRecord(settings.record_file)
    record.begin(build_id="one", started_at="2026-07-01", phase_seconds={}, repairs=[])
    with pytest.raises(dg.Failure) as caught:
        dg.materialize([raw_tables], resources={"build": Build(settings, record, 0, None)})
    assert "source_in_raw_folder on export.csv: it is no raw table; the adapter delighted_csv reads it." in str(
        caught.value.description
    )
    assert "on notes.csv" not in str(caught.value.description)


def test_a_company_whose_sources_lack_a_table_and_that_has_no_raw_folder_is_told_which(
    company: Path, tmp_path: Path
) -> None:
    settings = load_settings({"NPS_COMPANY": str(company), "NPS_HOME": str(tmp_path / "home")})
    record = BuildRecord(settings.record_file)
    record.begin(build_id="one", started_at="2026-07-01", phase_seconds={}, repairs=[])
    with pytest.raises(dg.Failure) as caught:
        dg.materialize([raw_tables], resources={"build": Build(settings, record, 0, None)})
    assert "required_table_missing on crm_accounts" in str(caught.value.description)


def test_scores_of_any_table_are_on_any_scale_unless_they_are_said_to_be_codes(
    engine: duckdb.DuckDBPyConnection, tables: tuple[RawTable, ...], tmp_path: Path
) -> None:
    write(tmp_path, "a.csv", "response_id,answered_at,score", "1,2026-01-31,11", "2,2026-01-31,70")
    given, _ = run(engine, tables, tmp_path, "columns", "a.csv", table="survey_responses")
    assert [row["score"] for row in given["survey_responses"]] == ["11", "70"]
    said = refused(engine, tables, tmp_path, "columns", "a.csv", table="survey_responses", scores="choice_codes")
    assert [finding.message.partition(":")[0] for finding in said] == ["line 3 of a.csv"]
