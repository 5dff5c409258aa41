"""What no build has left in the build file, and models of every kind: no table is stale, and none is published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.findings import BuildError
from orchestration.release.trust import OTHERS, check_as_left, is_as_left, state, tables_unlike_their_record
from orchestration.release.warehouse import PublishedTable, open_build, open_read_only, write_release
from orchestration.settings import Settings, load_settings
from orchestration.transform.built import unaffected
from orchestration.transform.dbt_cli import load_manifest
from orchestration.transform.upkeep import check_hooks, drop_what_no_model_makes
from tests.conftest import TINY_AS_OF, copy_project, run_dbt, run_nightly
from tests.nights import contents


@pytest.fixture
def home(tiny_release: Path, tmp_path: Path) -> Path:
    """The home of the tiny company, after its first night."""
    return Path(shutil.copytree(tiny_release, tmp_path / "home"))


@pytest.fixture
def settings(home: Path) -> Settings:
    return load_settings({"NPS_HOME": str(home)})


def by_hand(settings: Settings, *statements: str) -> None:
    with duckdb.connect(settings.build_file) as connection:
        for statement in statements:
            connection.execute(statement)


def recorded(settings: Settings) -> set[str]:
    """The tables of which it is written down what they hold, after a build has opened the file."""
    with open_build(settings) as connection:
        rows = connection.sql("select table_name from upkeep.tables").fetchall()
    return {name for (name,) in rows}


def test_rows_changed_by_hand_anywhere_do_not_reach_a_release(tiny_release: Path, home: Path) -> None:
    settings = load_settings({"NPS_HOME": str(home)})
    by_hand(
        settings,
        "update raw.survey_responses set score = '0'",
        "update reference.nps_scale set nps_points = 7",
        "delete from staging.stg_crm__accounts where account_id = 'a1'",
        "update marts.nps_by_month set nps = 99",
        "alter table marts.dim_accounts add column private integer",
    )

    done = run_nightly(home, home / "raw", NPS_AS_OF=TINY_AS_OF)

    assert done.code == 0, done.stderr
    assert "the build file is not what the last build left" in done.stderr
    for table in ("staging.stg_crm__accounts", "marts.nps_by_month", "marts.dim_accounts"):
        assert f"{table}: its rows are not those that the last build left; it is built anew" in done.stderr
    assert "fct_nps_responses: its rows" not in done.stderr
    repairs = json.loads((home / "published" / "build.json").read_text())["repairs"]
    assert repairs[0].startswith("the build file is not what the last build left")
    assert repairs[-1].endswith("its rows are not those that the last build left; it is built anew")
    assert contents(home) == contents(tiny_release)


def test_a_file_that_was_only_read_is_trusted(settings: Settings) -> None:
    before = recorded(settings)
    by_hand(settings, "from marts.nps_by_month", "update marts.nps_by_month set nps = 99 where false")

    assert is_as_left(settings)
    assert settings.built_file.is_file()
    assert recorded(settings) == before


def test_what_hangs_on_a_changed_table_is_made_anew_with_it(settings: Settings) -> None:
    before = recorded(settings)
    by_hand(settings, "insert into staging.stg_survey__responses from staging.stg_survey__responses limit 1")

    after = recorded(settings)

    assert {"stg_survey__responses", "fct_nps_responses", "nps_by_month"} <= before - after
    assert "stg_crm__accounts" in after
    assert not settings.built_file.is_file()
    # What is known now is known of the file as it is.
    assert is_as_left(settings)


@pytest.mark.parametrize(
    "done_to_it",
    [
        pytest.param(lambda file: file.with_name("left.json").unlink(), id="an older revision wrote nothing down"),
        pytest.param(lambda file: file.with_name("left.json").write_text("{"), id="what was written down is damaged"),
        pytest.param(
            lambda file: file.with_name("left.json").write_text(json.dumps({"state": state(file)})),
            id="a revision has been here that knows of no layout",
        ),
        pytest.param(lambda file: file.with_name(f"{file.name}.wal").write_text("log"), id="it was not closed"),
    ],
)
def test_a_file_of_which_nobody_can_tell_is_not_trusted(
    settings: Settings, done_to_it: Callable[[Path], object]
) -> None:
    assert is_as_left(settings)
    done_to_it(settings.build_file)

    with pytest.raises(BuildError, match="somebody else wrote to it"):
        check_as_left(settings)


def test_after_dbt_by_hand_nothing_that_was_written_down_counts(settings: Settings) -> None:
    by_hand(settings, "create table upkeep.by_hand as select 'x' as invocation_id")

    assert recorded(settings) == set()


def test_a_file_of_an_older_revision_is_built_anew(settings: Settings) -> None:
    by_hand(settings, "alter table upkeep.tables drop column table_name")

    with open_build(settings) as connection:
        assert connection.sql("from duckdb_tables() where schema_name in ('marts', 'reference')").fetchall() == []


def test_no_source_is_taken_for_a_table_of_dbt() -> None:
    assert {source["schema"] for source in load_manifest()["sources"].values()} < set(OTHERS)


def test_an_ephemeral_model_is_no_table_of_which_a_night_could_speak() -> None:
    kinds = {"model.stays": "table", "model.passed_on": "ephemeral", "seed.words": "seed"}
    manifest = {
        "nodes": {
            unique_id: {"resource_type": unique_id.split(".")[0], "config": {"materialized": kind}}
            for unique_id, kind in kinds.items()
        },
        "child_map": {"seed.words": ["model.passed_on"], "model.passed_on": ["model.stays"], "model.stays": []},
        "parent_map": {"seed.words": [], "model.passed_on": ["seed.words"], "model.stays": ["model.passed_on"]},
    }

    assert unaffected(manifest, []) == ["seed.words", "model.stays"]


# Models of every kind -----------------------------------------------------------------------------------------------

PLAIN = "{{ config(contract={'enforced': false}) }} "
SCORES = "select dimension, nps from {{ ref('nps_by_month') }}"
MODELS = {
    "marts/score/turned": PLAIN + SCORES,
    "marts/score/moved": PLAIN + SCORES,
    "marts/score/grown": PLAIN + "{{ config(materialized='incremental') }} " + SCORES,
    "marts/score/hooked": PLAIN
    + "{{ config(post_hook=[\"delete from {{ this }} where dimension <> 'all'\"]) }} "
    + SCORES,
    "intermediate/passed_on": "{{ config(materialized='ephemeral') }} select * from {{ ref('nps_by_month') }}",
    "marts/score/of_ephemeral": PLAIN + "select dimension, nps from {{ ref('passed_on') }}",
    "marts/score/of_file": PLAIN + "select * from read_csv('private.csv')",
    "marts/score/of_path": PLAIN + "select * from 'private.parquet'",
    "marts/score/of_literal": PLAIN + "select nps from marts.nps_by_month",
    "marts/score/of_pivot": PLAIN + "select * from (pivot {{ ref('nps_by_month') }} on dimension using sum(nps))",
    "marts/score/of_clock": PLAIN + "{{ config(materialized='view') }} select current_date as today",
    "marts/score/of_chance": PLAIN + "{{ config(materialized='incremental') }} select random() as nps",
}
REFUSED = {"of_file": "read_csv()", "of_path": "private.parquet", "of_literal": "marts.nps_by_month",
           "of_clock": "current_date", "of_chance": "random()",
           "of_pivot": "what DuckDB cannot name (a pivot over values found in the data)"}  # fmt: skip


def test_a_model_of_any_kind_is_what_dbt_says_or_is_refused(tiny_release: Path, tmp_path: Path) -> None:
    """One project, changed between nights: each call of dbt takes seconds."""
    file, project = tmp_path / "warehouse.duckdb", copy_project(tmp_path)
    shutil.copyfile(tiny_release / "build" / "warehouse.duckdb", file)

    def write(name: str, text: str) -> None:
        (project / "models" / f"{name}.sql").write_text(text, encoding="utf-8")

    def night(*selection: str) -> str:
        selected = ["--select", *(selection or ["nps_by_month+1"])]
        return run_dbt(tmp_path, "run", *selected, project=project, as_job=True, NPS_AS_OF=TINY_AS_OF).stdout

    def rows(query: str) -> list[tuple[object, ...]]:
        with open_read_only(file) as connection:
            return connection.sql(query).fetchall()

    for name, text in MODELS.items():
        write(name, text)
    said = night(*(name.rpartition("/")[2] for name in MODELS))

    for name, read in REFUSED.items():
        assert f"{name} reads {read}: a night could not tell that it has changed." in said, said
    made = {"turned", "moved", "grown", "hooked", "of_ephemeral"}
    found = rows("select table_name from duckdb_tables() where schema_name = 'marts'")
    assert {name for (name,) in found} & {name.rpartition("/")[2] for name in MODELS} == made
    with duckdb.connect(file) as connection:
        assert tables_unlike_their_record(connection) == {}
        check_hooks(connection, load_manifest(tmp_path / "target" / "manifest.json"))
        connection.execute("update marts.moved set nps = 99")

    # A table becomes a view, another goes elsewhere; the rows of their parent change.
    for name in REFUSED:
        (project / "models" / "marts" / "score" / f"{name}.sql").unlink()
    write("marts/score/turned", "{{ config(materialized='view') }} " + MODELS["marts/score/turned"])
    write("marts/score/moved", "{{ config(schema='elsewhere') }} " + MODELS["marts/score/moved"])
    night("turned", "moved", "hooked")
    scores = rows("select dimension, nps from marts.nps_by_month order by all")
    assert rows("from marts.turned order by all") == rows("from elsewhere.moved order by all") == scores
    assert rows("from marts.hooked order by all") == [row for row in scores if row[0] == "all"]
    assert rows("select count(*) from upkeep.tables where table_name = 'turned'") == [(0,)]
    assert write_release(file, tmp_path / "release.duckdb", [PublishedTable("marts", "turned", ())]) == {
        "marts.turned": len(scores)
    }

    # And back: what stood there before is not what the model makes.
    write("marts/score/moved", MODELS["marts/score/moved"])
    night("moved")
    assert rows("from marts.moved order by all") == scores
    with duckdb.connect(file) as connection:
        drop_what_no_model_makes(connection, load_manifest(tmp_path / "target" / "manifest.json"))
        assert connection.sql("from duckdb_tables() where schema_name = 'elsewhere'").fetchall() == []
        # A hook on one table that changes another.
        connection.execute("delete from marts.moved")
        with pytest.raises(BuildError, match="a hook of hooked changed them"):
            check_hooks(connection, load_manifest(tmp_path / "target" / "manifest.json"))
        assert connection.sql("from upkeep.tables where table_name = 'moved'").fetchall() == []
