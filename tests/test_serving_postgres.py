"""A release in PostgreSQL: the same rows, seen whole by whoever reads, whatever goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from threading import Event, Thread
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from adbc_driver_postgresql import dbapi

from orchestration.findings import BuildError, PassingFaultError
from orchestration.forgetting.values import Values
from orchestration.release.serving import postgres
from orchestration.release.warehouse import open_read_only
from orchestration.settings import REPOSITORY, PostgresDestination
from tests.conftest import TINY_AS_OF, run_cli, run_nightly, write_tiny_raw
from tests.postgres_server import PostgresServer, postgres_server

KEYS = {"marts.scores": ["score_id"], "marts.builds": ["build_id"], "employee.employee_nps": ["team"]}


@pytest.fixture(scope="module")
def running() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def server(running: PostgresServer) -> Iterator[PostgresServer]:
    """The server, as empty as it was."""
    yield running
    roles = ("nps_reader", "nps_employee_reader", "nps_people_reader", "analyst", "guarded", "publisher")
    running.run(
        "drop schema if exists marts, employee, people, bi cascade",
        *(
            f"do $$ begin if to_regrole('{role}') is not null then "
            f"execute 'drop owned by {role}'; execute 'drop role {role}'; end if; end $$"
            for role in roles
        ),
    )


@pytest.fixture
def destination(server: PostgresServer) -> PostgresDestination:
    """As a role that may do what docs/serving.md says, and no more."""
    server.run("create role publisher login createrole", "grant create, temporary on database postgres to publisher")
    return PostgresDestination(server.url("publisher"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock is not waited for as long as at night."""
    monkeypatch.setattr(postgres, "LOCK_TIMEOUT", "200ms")
    monkeypatch.setattr(postgres, "LOCK_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(postgres, "LOCK_ATTEMPTS", 3)


def write_release(folder: Path, number: int, *statements: str) -> tuple[Path, dict[str, Any]]:
    """A release all of whose rows say its number; every row of ``scores`` whose id is even is the same in all."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{number}.duckdb"
    with duckdb.connect(file) as connection:
        for statement in (
            "create schema marts",
            "create schema employee",
            f"create table marts.builds as select '{number}' as build_id, 500::bigint as n_scores",
            f"""
            create table marts.scores as
            select
                'r' || range as score_id,
                if(range % 2 = 0, 0, {number})::integer as number,
                (range / 7.0)::double as nps,
                (range * {number} * 1.000001)::decimal(18, 6) as revenue
            from range(500)
            """,
            "comment on table marts.scores is 'One row per score; it''s small.'",
            "comment on column marts.scores.nps is 'Net $comments$ Score'",
            f"create table employee.employee_nps as select 'team {number}' as team, 10::bigint as n_bucketed",
            *statements,
        ):
            connection.execute(statement)
    return file, {"build_id": f"2026070{number}T000000Z", "as_of": f"2026-07-0{number}", "keys": KEYS}


def publish(destination: PostgresDestination, release: tuple[Path, dict[str, Any]]) -> None:
    with postgres.ready(destination, *release) as switch:
        switch()


def shown(server: PostgresServer, user: str = "postgres") -> set[int]:
    """Of which releases rows are seen: one, unless something is wrong."""
    builds = {int(build_id) for (build_id,) in server.rows("select build_id from marts.builds", user)}
    return builds | {number for (number,) in server.rows("select distinct number from marts.scores", user)} - {0}


def bits(column: pa.ChunkedArray) -> pa.Array:
    """A column to be compared to the last bit: 0.0 is not -0.0."""
    values = column.combine_chunks()
    return values.view(pa.int64()) if values.type == pa.float64() else values


def test_a_person_is_found_in_the_tables_that_are_ours(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    people = (
        "create table marts.answers as select * from (values ('r1', 'c-1042', 'x'), ('r2', 'c2', 'Of ANNA@firma.de'), "
        "('c-1042', 'c3', null)) as rows (response_id, contact_id, region)"
    )
    publish(destination, write_release(tmp_path, 1, people))
    values = Values(frozenset({"c-1042"}), frozenset({"anna@firma.de"}))
    found = postgres.columns_with(destination, values.held_by)
    assert found == [("marts.answers.contact_id", 1), ("marts.answers.region", 1)]
    publish(destination, write_release(tmp_path, 2))
    assert postgres.columns_with(destination, values.held_by) == []


# What is published ---------------------------------------------------------------------------------------------------


def test_the_sample_is_published_row_for_row_and_bit_for_bit(
    server: PostgresServer, destination: PostgresDestination, sample_release: Path
) -> None:
    published = sample_release / "published"
    build = json.loads((published / "build.json").read_text())
    publish(destination, (published / "nps.duckdb", build))
    tables = set()
    with open_read_only(published / "nps.duckdb") as release:
        for schema, table, columns in release.execute(
            "select schema_name, table_name, list((column_name, data_type) order by column_index) "
            "from duckdb_columns() where not internal group by all"
        ).fetchall():
            keys = ", ".join(build["keys"][f"{schema}.{table}"])
            listed = ", ".join(
                f"{name}::text as {name}" if kind.startswith("DECIMAL") else name for name, kind in columns
            )
            query = f"select {listed} from {schema}.{table} order by {keys}"
            found, wanted = server.arrow(query), release.execute(query).to_arrow_table()
            assert found.num_rows == build["rows_out"][f"{schema}.{table}"]
            for name in wanted.column_names:
                assert bits(found[name]).equals(bits(wanted[name])), (table, name)
            primary = server.rows(
                f"select pg_get_constraintdef(oid) from pg_constraint "
                f"where conrelid = '{schema}.{table}'::regclass and contype = 'p'"
            )
            assert primary == [(f"PRIMARY KEY ({keys})",)]
            comments = server.rows(
                f"select attname::text, col_description(attrelid, attnum) from pg_attribute "
                f"where attrelid = '{schema}.{table}'::regclass and attnum > 0"
            )
            assert all(said for _, said in comments) and len(comments) == len(columns)
            tables.add(f"{schema}.{table}")
    assert tables == set(build["rows_out"])


def test_values_at_the_edge_are_published_exactly(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    numbers = [sign * (10**high + 10**low) for sign in (1, -1) for high in range(18) for low in range(18)]
    numbers = sorted({number for number in numbers if abs(number) < 10**18} | {0, 10**18 - 1, 1 - 10**18})
    texts = [
        "",
        " ",
        "\\N",
        "\\.",
        'a "b", c',
        "line\nline\r\n\\.\n",
        "tab\t",
        "ü 日本 🙂",
        "'; drop table x; --",
        "null",
    ]
    floats = ["-0.0", "nan", "inf", "-inf", "5e-324", "1.7976931348623157e308", "0.1", "123456789.12345679"]
    statements = [
        "create table marts.money (n bigint, amount decimal(18, 6), long decimal(38, 9))",
        "insert into marts.money values "
        + ", ".join(
            f"({n}, '{Decimal(n).scaleb(-6):f}'::decimal(18, 6), '{n}.000000001'::decimal(38, 9))" for n in numbers
        ),
        "create table marts.edges (t varchar, x double, d date, u timestamp, z timestamptz, b boolean, f float)",
        *(
            "insert into marts.edges values ('" + text.replace("'", "''") + f"', '{x}'::double, date '{day}', "
            f"timestamp '{day} 23:59:59.999999', timestamptz '{day} 01:00:00+00', {flag}, 0.1)"
            for text, x, day, flag in zip(
                texts, [*floats, "0", "1"], ["0001-01-01", "9999-12-31"] * 5, ["true", "false"] * 5, strict=True
            )
        ),
        "insert into marts.edges values (null, null, null, null, null, null, null)",
        "insert into marts.edges (t) values ('a' || chr(0) || 'b')",
    ]
    edges = "select {}, x, d, u, z at time zone 'UTC', b, f from marts.edges"
    release = write_release(tmp_path, 1, *statements)
    publish(destination, release)
    assert server.rows("select n from marts.money where amount * 1000000 <> n") == []
    with open_read_only(release[0]) as connection:
        money = connection.execute("select n, amount::varchar, long::varchar from marts.money").fetchall()
        wanted = connection.execute(edges.format("replace(t, chr(0), '')")).fetchall()
    assert sorted(server.rows("select n, amount, long from marts.money")) == sorted(money)
    # As texts, by which 0.0 is not -0.0.
    assert sorted(map(repr, server.rows(edges.format("t")))) == sorted(map(repr, wanted))


def test_a_type_without_a_place_is_named(destination: PostgresDestination, tmp_path: Path) -> None:
    release = write_release(tmp_path, 1, "create table marts.total as select sum(n_scores) as n_all from marts.builds")
    with pytest.raises(BuildError, match=r"on marts\.total: column n_all is HUGEINT.*\n  next: Cast it in the model"):
        publish(destination, release)


def test_only_what_changed_is_written(server: PostgresServer, destination: PostgresDestination, tmp_path: Path) -> None:
    unchanged = "select count(*) from marts.scores where score_id in ('r0', 'r2', 'r498') and xmin::text = '{}'"
    publish(destination, write_release(tmp_path, 1))
    ((first,),) = server.rows("select distinct xmin::text from marts.scores")
    publish(destination, write_release(tmp_path, 2, "update marts.scores set revenue = 1 where number = 0"))
    publish(destination, write_release(tmp_path, 3, "update marts.scores set revenue = 1 where number = 0"))
    assert shown(server) == {3}
    assert server.rows(unchanged.format(first)) == [(0,)]
    ((number_of_writes,),) = server.rows("select count(distinct xmin::text) from marts.scores")
    assert number_of_writes == 2
    assert server.rows("select obj_description('marts'::regnamespace)") == [
        ("NPS warehouse, release 20260703T000000Z, as of 2026-07-03",)
    ]


# Who reads -----------------------------------------------------------------------------------------------------------


def test_a_reader_sees_one_release_whole_at_any_time(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    releases = [write_release(tmp_path, number) for number in (1, 2)]
    publish(destination, releases[0])
    seen: list[tuple[Any, ...]] = []
    ended = Event()

    def read() -> None:
        with dbapi.connect(server.url(), autocommit=True) as connection, connection.cursor() as cursor:
            while not ended.is_set():
                cursor.execute(
                    """
                    select build_id::integer, min(number), max(number), count(*)
                    from marts.builds
                    left join marts.scores on number <> 0
                    group by build_id
                    """
                )
                seen.extend(cursor.fetchall())

    reader = Thread(target=read)
    reader.start()
    try:
        for release in releases[::-1] * 10:
            publish(destination, release)
    finally:
        ended.set()
        reader.join()
    assert set(seen) == {(number, number, number, 250) for number in (1, 2)}


def test_a_long_query_neither_waits_nor_is_waited_for_nor_is_it_broken(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1))
    with dbapi.connect(server.url()) as connection, connection.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        for number in (2, 3):
            cursor.execute("select distinct number from marts.scores where number <> 0")
            assert cursor.fetchall() == [(1,)]
            # The reader has not come to builds yet, so its columns may change.
            changed = "alter table marts.builds add column n_more bigint"
            publish(destination, write_release(tmp_path, number, *[changed] * (number == 3)))
            assert shown(server) == {number}
        cursor.execute("select build_id from marts.builds")
        assert cursor.fetchall() == [("1",)]
        connection.commit()


def test_the_reading_role_reads_the_marts_and_nothing_else(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1))
    server.run("create role analyst login", "grant nps_reader to analyst")
    publish(destination, write_release(tmp_path, 2, "create table marts.fresh as select 2 as number"))
    assert shown(server, "analyst") == {2}
    assert server.rows("select number from marts.fresh", "analyst") == [(2,)]
    for forbidden in (
        "delete from marts.scores",
        "update marts.scores set number = 1",
        "insert into marts.builds values ('x', 1)",
        "create table marts.mine (x integer)",
        "select * from employee.employee_nps",
    ):
        with pytest.raises(dbapi.ProgrammingError, match="permission denied"):
            server.run(forbidden, user="analyst")
    server.run("grant nps_employee_reader to analyst")
    publish(destination, write_release(tmp_path, 3))
    assert server.rows("select team from employee.employee_nps", "analyst") == [("team 3",)]
    assert server.rows("select rolcanlogin from pg_roles where rolname like 'nps%'") == [(False,), (False,)]


# Views, and columns that change --------------------------------------------------------------------------------------


def test_views_and_grants_of_others_stay(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1))
    server.run(
        "create role analyst login",
        "create schema bi authorization analyst",
        "grant usage on schema marts to analyst",
        "grant select on marts.scores to analyst",
    )
    server.run("create view bi.v as select max(number) as number from marts.scores", user="analyst")
    server.run("create materialized view bi.m as select max(number) as number from marts.scores", user="analyst")
    changed = (
        "alter table marts.scores drop column revenue",
        "alter table marts.scores alter column nps type decimal(18, 6)",
        "alter table marts.scores add column theme varchar default 'price'",
        "drop table marts.builds",
        "create table marts.builds as select '2' as build_id",
    )
    publish(destination, write_release(tmp_path, 2, *changed))
    assert server.rows("select number from bi.v", "analyst") == [(2,)]
    assert server.rows("select number from bi.m", "analyst") == [(1,)]
    server.run("refresh materialized view bi.m", user="analyst")
    assert server.rows("select number from bi.m", "analyst") == [(2,)]
    assert server.rows("select nps, theme from marts.scores where score_id = 'r7'", "analyst") == [
        ("1.000000", "price")
    ]
    # Once changed, the table is changed in place again.
    ((before,),) = server.rows("select pg_relation_filenode('marts.scores')::bigint")
    publish(destination, write_release(tmp_path, 3, *changed[:3]))
    assert server.rows("select pg_relation_filenode('marts.scores')::bigint") == [(before,)]
    assert server.rows("select number from bi.v", "analyst") == [(3,)]


def test_a_view_of_a_column_that_is_gone_stops_the_publication_and_is_named(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1))
    server.run("create schema bi", "create view bi.earnings as select sum(revenue) as revenue from marts.scores")
    release = write_release(tmp_path, 2, "alter table marts.scores drop column revenue")
    with pytest.raises(BuildError, match=r"view bi\.earnings depends on column revenue.*\n  next: Change the views"):
        publish(destination, release)
    assert shown(server) == {1}
    server.run("drop view bi.earnings")
    publish(destination, release)
    assert shown(server) == {2}


def test_a_table_that_is_no_longer_released_goes_and_one_of_somebody_else_stays(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1, "create table marts.old as select 1 as number"))
    server.run(
        "create role analyst login",
        "grant create, usage on schema marts to analyst",
    )
    server.run("create table marts.mine (x integer)", user="analyst")
    publish(destination, write_release(tmp_path, 2))
    assert server.rows(
        "select relname::text from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'r' order by 1"
    ) == [("builds",), ("mine",), ("scores",)]


def test_a_changed_table_that_is_read_is_waited_for_and_then_given_up(
    server: PostgresServer,
    destination: PostgresDestination,
    tmp_path: Path,
    impatient: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(destination, write_release(tmp_path, 1))
    release = write_release(tmp_path, 2, "alter table marts.scores add column theme varchar")
    with dbapi.connect(server.url()) as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from marts.scores")
        with pytest.raises(PassingFaultError, match=r"lock timeout.*\n  next: End the query that holds the lock"):
            publish(destination, release)
        # Others read meanwhile.
        assert shown(server) == {1}

        def release_the_table(seconds: float) -> None:
            connection.commit()

        monkeypatch.setattr("orchestration.release.serving.postgres.time.sleep", release_the_table)
        publish(destination, release)
    assert shown(server) == {2}


# What goes wrong -----------------------------------------------------------------------------------------------------


def test_a_publication_that_is_not_switched_leaves_what_was(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1))
    with pytest.raises(ZeroDivisionError), postgres.ready(destination, *write_release(tmp_path, 2)):
        raise ZeroDivisionError
    twice = "insert into marts.scores from marts.scores where score_id = '{}'"
    with pytest.raises(BuildError, match=r"duplicate key"):
        publish(destination, write_release(tmp_path, 3, twice.format("r1")))
    with pytest.raises(BuildError, match=r"rows and sums are \(500, .*, \(501, "):
        publish(destination, write_release(tmp_path, 5, twice.format("r0")))
    assert shown(server) == {1}
    publish(destination, write_release(tmp_path, 4))
    assert shown(server) == {4}


def test_a_connection_that_is_lost_at_the_switch_leaves_what_was(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path
) -> None:
    publish(destination, write_release(tmp_path, 1))
    second = write_release(tmp_path, 2)
    with postgres.ready(destination, *second) as switch:
        server.run("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'nps_warehouse'")
        with pytest.raises(PassingFaultError, match=r"connection.*\n  next: When the database can be written to"):
            switch()
    assert shown(server) == {1}
    publish(destination, second)
    assert shown(server) == {2}


KILLED = """
import sys, time
from pathlib import Path
from orchestration.release.serving import postgres
from orchestration.settings import PostgresDestination
with postgres.ready(PostgresDestination(sys.argv[1]), Path(sys.argv[2]), {"build_id": "2", "as_of": "2026-07-02"}):
    print("ready", flush=True)
    time.sleep(600)
"""


def test_a_killed_publication_leaves_what_was_and_no_litter(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path, impatient: None
) -> None:
    publish(destination, write_release(tmp_path, 1))
    second = write_release(tmp_path, 2)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, destination.url, str(second[0])],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(PassingFaultError, match=r"lock timeout"):
            publish(destination, second)
        os.kill(process.pid, signal.SIGKILL)
    assert shown(server) == {1}
    while server.rows("select from pg_stat_activity where application_name = 'nps_warehouse'"):
        pass
    assert server.rows("select relname::text from pg_class where relpersistence = 't'") == []
    publish(destination, second)
    assert shown(server) == {2}


def test_numbers_that_were_packed_wrongly_are_found(
    server: PostgresServer, destination: PostgresDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(destination, write_release(tmp_path, 1))
    sent = postgres._sent

    def wrong(column: Any) -> str:
        return sent(column) if column.name != "revenue" else "(revenue * 10)::decimal(18, 6) as revenue"

    monkeypatch.setattr(postgres, "_sent", wrong)
    with pytest.raises(BuildError, match=r"on marts\.scores: rows and sums are \(500, '2495002\.495.*'249500\.249"):
        publish(destination, write_release(tmp_path, 2))
    assert shown(server) == {1}


def test_a_role_that_may_not_is_told_what_is_missing(server: PostgresServer, tmp_path: Path) -> None:
    server.run("create role publisher login")
    destination, release = PostgresDestination(server.url("publisher")), write_release(tmp_path, 1)
    with pytest.raises(BuildError, match=r"permission denied for database.*\n  next: Give the publishing role"):
        publish(destination, release)
    server.run("grant create on database postgres to publisher")
    with pytest.raises(BuildError, match=r"permission denied to create role.*\n  next: Give the publishing role"):
        publish(destination, release)
    server.run("create role nps_reader", "create role nps_employee_reader")
    publish(destination, release)
    assert shown(server) == {1}


def test_the_password_is_used_and_not_said(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.run("create role guarded superuser login password 's%cret'")
    bare = server.url("guarded")
    right = PostgresDestination(bare.replace("guarded@", "guarded:s%25cret@"))
    publish(right, write_release(tmp_path, 1))
    wrong = {
        PostgresDestination(bare.replace("guarded@", "guarded:wr%25ng@")): "password authentication failed",
        PostgresDestination(bare.replace("guarded@", "guarded:wr%ng@")): "invalid percent-encoded token",
        PostgresDestination(bare + "&password=wr%25ng"): "password authentication failed",
        PostgresDestination(bare): "no password supplied",
    }
    second = write_release(tmp_path, 2)
    for destination, said in wrong.items():
        with pytest.raises(BuildError, match=said) as caught:
            publish(destination, second)
        assert "wr" not in str(caught.value).replace("written", "")
    monkeypatch.setenv("PGPASSWORD", "s%cret")
    publish(PostgresDestination(bare), write_release(tmp_path, 3))
    assert shown(server) == {3}


def test_a_driver_that_is_missing_says_what_to_install(
    destination: PostgresDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(BuildError, match=r"driver of PostgreSQL is not installed.*\n  next: Run make \.venv/postgres"):
        publish(destination, write_release(tmp_path, 1))


# Through the nightly job ---------------------------------------------------------------------------------------------


def test_a_database_that_is_down_stops_the_night_and_is_caught_up_with_by_one_command(
    tiny_release: Path, tmp_path: Path
) -> None:
    home, raw, folder = tmp_path / "home", write_tiny_raw(tmp_path / "raw"), tmp_path / "parquet"
    shutil.copytree(tiny_release, home)
    before = json.loads((home / "published" / "build.json").read_text())
    with postgres_server() as server:
        url = server.url().replace("postgres@", "postgres:s3cret@")
        settings = {"NPS_AS_OF": TINY_AS_OF, "NPS_PUBLISH": f"{url} parquet:{folder}"}
        server.stop()
        done = run_nightly(home, raw, **settings)
        assert done.code == 1
        assert "Nothing was published in " in done.stderr
        assert "FAILED destination on postgres://postgres@/postgres: " in done.last_lines
        assert "Is the server running locally and accepting connections on that socket?" in done.last_lines
        assert (
            done.last_lines.splitlines()[-1].strip() == "next: When the database can be written to, run: make publish."
        )
        assert json.loads((home / "published" / "build.json").read_text()) == before
        assert not (folder / "current").exists()

        server.start()
        done = run_cli(home, raw, "publish", **settings)
        assert done.code == 0, done.stderr
        build = json.loads((home / "published" / "build.json").read_text())
        assert build["build_id"] > before["build_id"]
        assert done.stdout.splitlines() == [
            f"published {build['build_id']} (as of {TINY_AS_OF}) in place of {before['build_id']}",
            f"  in {home / 'published'}",
            "  in postgres://postgres@/postgres",
            f"  in parquet:{folder}",
        ]
        described = "select obj_description('marts'::regnamespace)"
        assert build["build_id"] in server.rows(described)[0][0]
        assert json.loads((folder / "current.json").read_text())["build_id"] == build["build_id"]
        assert server.rows("select count(*) from marts.fct_nps_responses") == [(40,)]

        assert run_cli(home, raw, "rollback", **settings).code == 0
        assert before["build_id"] in server.rows(described)[0][0]
        assert json.loads((folder / "current.json").read_text())["build_id"] == before["build_id"]
        assert json.loads((home / "published" / "build.json").read_text()) == before
    kept = [path for path in home.rglob("*") if path.is_file() and b"s3cret" in path.read_bytes()]
    assert kept == []
