"""make compare: what a change of a model did to its table and to those that hang on it."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from orchestration.findings import BuildError
from orchestration.release.warehouse import writer_lock
from orchestration.settings import Settings, load_settings
from orchestration.transform.compare import as_text, compare

BEFORE = """
    create schema marts;
    create table marts.scores as select * from (values
        (1, 'emea', 10.0, 'x'), (2, 'amer', 20.0, 'x'), (3, 'apac', null, 'x')) as t(id, region, nps, old);
    create table marts.totals as select 3 as n_rows, 'same' as said;
    create table marts.apart as select 1 as id;
"""
AFTER = """
    create schema marts;
    create table marts.scores as select * from (values
        (1, 'emea', 11.0, 1), (2, 'amer', 20.0, 1), (4, 'apac', 5.0, 1)) as t(id, region, nps, new);
    create table marts.totals as select 4 as n_rows, 'same' as said;
    create table marts.apart as select 1 as id;
"""


def node(name: str, **said: object) -> dict[str, object]:
    return {"resource_type": "model", "name": name, "schema": "marts", "alias": name, "config": {}, **said}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with a build, a copy of it in which another model was made, and what dbt knew of the project."""
    settings = load_settings({"NPS_HOME": str(tmp_path), "USER": "ada"})
    for file, tables in ((settings.build_file, BEFORE), (settings.dev_file, AFTER)):
        file.parent.mkdir(parents=True)
        with duckdb.connect(file) as connection:
            connection.execute(tables)
    key = {"name": "unique_key", "kwargs": {"columns": ["id"]}}
    manifest = {
        "nodes": {
            **{f"model.p.{name}": node(name) for name in ("scores", "totals", "apart")},
            "test.p.key": {
                "resource_type": "test",
                "name": "key",
                "test_metadata": key,
                "attached_node": "model.p.scores",
            },
        },
        "child_map": {
            "model.p.scores": ["model.p.totals", "test.p.key"],
            "model.p.totals": [],
            "model.p.apart": [],
            "test.p.key": [],
        },
    }
    target = settings.dev_folder / "target"
    target.mkdir()
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return settings


def test_rows_and_columns_are_compared_by_key_and_what_hangs_on_a_model_with_it(settings: Settings) -> None:
    assert as_text(compare(settings, ["scores"])).splitlines() == [
        "marts.scores: 3 rows, now 3: 1 added, 1 gone, 1 changed",
        "  new columns: new",
        "  columns gone: old",
        "  nps: another value in 1",
        # Without a key, a row that changed is one that went and one that came.
        "marts.totals: 1 rows, now 1: 1 added, 1 gone",
        "0 tables as in the last build.",
    ]


def test_all_tables_are_compared_where_none_is_named(settings: Settings) -> None:
    assert [table.is_same for table in compare(settings)] == [True, False, False]
    with duckdb.connect(settings.dev_file) as connection:
        connection.execute("drop table marts.apart")
    assert "marts.apart: not in the copy, 1 rows in the build" in as_text(compare(settings))
    with duckdb.connect(settings.build_file) as connection:
        connection.execute("drop table marts.totals")
    assert "marts.totals: new, 1 rows" in as_text(compare(settings))


def test_what_cannot_be_compared_is_said(settings: Settings) -> None:
    with pytest.raises(BuildError, match=r"there is no model score[\s\S]*did you mean scores\?"):
        compare(settings, ["score"])
    with writer_lock(settings, "a night"), pytest.raises(BuildError, match="a build is under way"):
        compare(settings)
    settings.build_file.unlink()
    with pytest.raises(BuildError, match="Run make nightly"):
        compare(settings)
    (settings.dev_folder / "target" / "manifest.json").unlink()
    with pytest.raises(BuildError, match="Run make dev"):
        compare(settings)
