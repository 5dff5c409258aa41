"""The nightly job on the sample company: what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from orchestration.release.warehouse import open_read_only
from orchestration.runs.instance import open_instance
from orchestration.settings import load_settings
from orchestration.transform.dbt_cli import load_manifest


@pytest.fixture
def build(sample_release: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((sample_release / "published" / "build.json").read_text())
    return content


def data_tests() -> set[str]:
    return {node["name"] for node in load_manifest()["nodes"].values() if node["resource_type"] == "test"}


def test_only_what_the_contract_names_is_published(sample_release: Path) -> None:
    names = {path.name for path in (sample_release / "published").iterdir()}
    assert names == {"nps.duckdb", "report", "validation", "build.json"}
    assert (sample_release / "published" / "validation" / "index.html").is_file()


def test_the_release_holds_every_published_model_and_nothing_else(sample_release: Path, build: dict[str, Any]) -> None:
    wanted = {
        f"{node['schema']}.{node['alias']}"
        for node in load_manifest()["nodes"].values()
        if node["resource_type"] == "model" and "published" in node["tags"]
    }
    with open_read_only(sample_release / "published" / "nps.duckdb") as connection:
        rows = connection.execute(
            "select schema_name || '.' || table_name, estimated_size from duckdb_tables()"
        ).fetchall()
        assert connection.execute("select count(*) from duckdb_views() where not internal").fetchone() == (0,)
    assert dict(rows) == build["rows_out"]
    assert set(build["rows_out"]) == wanted


def test_every_raw_row_is_accounted_for(build: dict[str, Any]) -> None:
    assert set(build["rows_in"]) == set(build["reconciliation"])
    for table, counts in build["reconciliation"].items():
        assert counts["n_raw"] == build["rows_in"][table]
        parts = ("n_accepted", "n_superseded", "n_deleted", "n_quarantined")
        assert counts["n_raw"] == sum(counts[part] for part in parts)


def test_the_build_says_what_it_was(build: dict[str, Any]) -> None:
    assert build["as_of"] == "2026-07-01"
    assert build["started_at"] < build["finished_at"]
    assert build["build_id"].startswith(build["started_at"][:10].replace("-", ""))
    assert build["checks"]["failed"] == 0
    assert build["checks"]["passed"] > len(data_tests())
    assert build["checks"]["warned"] == len(build["warned"])
    assert build["warnings"] == []
    assert build["keys"].keys() == build["rows_out"].keys()
    assert build["keys"]["marts.dim_accounts"] == ["account_id"]
    assert set(build["phase_seconds"]) == {"raw", "enrichment", "dbt", "validation", "publish", "report"}
    assert build["versions"]["duckdb"] == "1.5.5"


def test_the_run_and_its_checks_stand_in_the_history(sample_release: Path) -> None:
    from orchestration.defs.project import asset_key

    with open_instance(load_settings({"NPS_HOME": str(sample_release)})) as instance:
        (run,) = instance.get_runs()
        assert (run.job_name, run.status) == ("nightly", dg.DagsterRunStatus.SUCCESS)
        manifest = load_manifest()
        source = next(name for name in manifest["sources"] if name.endswith("crm_revenue"))
        event = instance.get_latest_materialization_event(asset_key(source))
        assert event is not None and event.asset_materialization is not None
        metadata = event.asset_materialization.metadata
        assert int(metadata["dagster/row_count"].value) > 20_000  # type: ignore[arg-type]
        assert {"files", "newest loaded_at", "extra columns"} <= set(metadata)
        records = [record for record in instance.all_logs(run.run_id) if record.is_dagster_event]
    evaluated = {
        record.get_dagster_event().asset_check_evaluation_data.check_name
        for record in records
        if record.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION
    }
    assert data_tests() <= evaluated
    assert {"freshness", "marts__nps_by_month"} <= evaluated
