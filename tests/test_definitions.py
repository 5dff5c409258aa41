"""The code location: what it holds, that it loads anywhere, and what it does with what goes wrong."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteRepositoryOrigin
from dagster._core.run_coordinator import SubmitRunContext
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.findings import BuildError, Finding, PassingFaultError
from orchestration.raw.tables import RawTable, tables_from_manifest
from orchestration.runs.history import RunHistory
from orchestration.runs.instance import open_instance, prepare_home
from orchestration.settings import REPOSITORY, Settings, load_settings
from orchestration.transform import dbt_cli
from orchestration.transform.dbt_cli import (
    ManifestMissingError,
    attach_tests,
    build_verb,
    child_environment,
    command,
    is_fresh,
    load_manifest,
    seconds_executing,
)


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    dbt_cli.parse(load_settings({}), only_if_stale=True)
    return load_manifest()


@pytest.fixture(scope="module")
def defs(manifest: dict[str, Any]) -> dg.Definitions:
    from orchestration.definitions import defs

    return defs


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path)})


# Loading -----------------------------------------------------------------------------------------------------------

# The code location is loaded with every door watched: no file is written, no connection made, no process started.
WATCHED_IMPORT = """
import sys

def watch(event, arguments):
    if event in ("socket.connect", "subprocess.Popen", "os.mkdir", "os.rename", "os.remove"):
        raise SystemExit(f"{event} {arguments}")
    if event == "open" and any(mode in str(arguments[1]) for mode in "wax+"):
        raise SystemExit(f"{event} {arguments}")

import dagster, dagster_dbt, dbt.version
sys.dont_write_bytecode = True
sys.addaudithook(watch)
from orchestration.definitions import defs
schedule = defs.resolve_schedule_def("nightly_schedule")
print(schedule.cron_schedule, schedule.execution_timezone, schedule.default_status.value, schedule.job_name)
"""


def load_in_a_process(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WATCHED_IMPORT],
        env=environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_loads_with_an_empty_environment_and_touches_nothing(manifest: dict[str, Any]) -> None:
    done = load_in_a_process()
    assert (done.returncode, done.stdout) == (0, "0 2 * * * UTC RUNNING nightly\n"), done.stderr


def test_the_schedule_follows_the_settings(manifest: dict[str, Any]) -> None:
    done = load_in_a_process(NPS_SCHEDULE="30 5 * * 1-5", NPS_TIMEZONE="Asia/Tokyo")
    assert (done.returncode, done.stdout) == (0, "30 5 * * 1-5 Asia/Tokyo RUNNING nightly\n"), done.stderr


def test_a_project_that_was_not_parsed_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ManifestMissingError, match="make parse"):
        load_manifest(tmp_path / "manifest.json")


# What it holds -----------------------------------------------------------------------------------------------------


def nodes(manifest: dict[str, Any], *kinds: str) -> dict[str, Any]:
    return {name: node for name, node in manifest["nodes"].items() if node["resource_type"] in kinds}


def test_every_dbt_model_and_seed_and_source_is_an_asset_of_the_nightly_job(
    manifest: dict[str, Any], defs: dg.Definitions
) -> None:
    from orchestration.defs.project import asset_key

    wanted = {asset_key(name) for name in [*nodes(manifest, "model", "seed"), *manifest["sources"]]}
    assert len(wanted) > 50
    keys = set(defs.resolve_job_def("nightly").asset_layer.executable_asset_keys)
    assert wanted <= keys
    assert keys - wanted == {dg.AssetKey(name) for name in ("validation", "release", "report", "publication")}


def test_every_dbt_test_is_an_asset_check(manifest: dict[str, Any], defs: dg.Definitions) -> None:
    names = {key.name for key in defs.resolve_asset_graph().asset_check_keys}
    assert set() == {node["name"] for node in nodes(manifest, "test").values()} - names


def test_every_asset_and_check_says_what_it_is_and_who_is_asked(manifest: dict[str, Any], defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    assets = [graph.get(key) for key in graph.get_all_asset_keys()]
    checks = [graph.get_check_spec(key) for key in graph.asset_check_keys]
    assert [str(asset.key) for asset in assets if not asset.description or not asset.owners] == []
    # A description that is the name once more tells nothing.
    silent = [check.name for check in checks if not check.description or check.description == check.name]
    assert silent == []
    assert [check.name for check in checks if not check.metadata.get("owner")] == []
    assert {asset.group_name for asset in assets} == {
        "raw", "enrichment", "staging", "intermediate", "quality", "marts", "reference", "publication",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ({"description": "Nobody is two people.", "name": "t"}, "Nobody is two people."),
        (
            {"name": "t", "test_metadata": {"name": "unique_key", "kwargs": {"columns": ["month_start", "team"]}}},
            "No two rows have the same month_start, team, and none lacks a part of it.",
        ),
        (
            {"name": "t", "raw_code": "{{ config(severity='warn') }}\n\n-- A theme\n-- is known.\nwith\n-- Not this."},
            "A theme is known.",
        ),
        ({"name": "own", "test_metadata": {"name": "unique", "kwargs": {"x": 1}}, "raw_code": "select 1"}, "Own."),
        ({"name": "assert_no_revenue_is_lost", "raw_code": "select 1"}, "Assert no revenue is lost."),
        (
            {"name": "a_kind_of_ones_own", "test_metadata": {"name": "even", "kwargs": {}}, "raw_code": "{{ even() }}"},
            "A kind of ones own.",
        ),
    ],
)
def test_a_check_is_described_by_what_its_test_says(manifest: dict[str, Any], test: dict[str, Any], said: str) -> None:
    from orchestration.defs.project import description_of_test

    assert description_of_test(test) == said


def test_every_raw_table_has_a_freshness_check(manifest: dict[str, Any], defs: dg.Definitions) -> None:
    from orchestration.defs.project import asset_key

    checks = defs.resolve_asset_graph().asset_check_keys
    raw = {asset_key(name) for name, source in manifest["sources"].items() if source["schema"] == "raw"}
    assert {key.asset_key for key in checks if key.name == "freshness"} == raw


def test_every_published_table_is_audited_before_it_is_released(manifest: dict[str, Any], defs: dg.Definitions) -> None:
    from orchestration.defs.project import asset_key

    graph = defs.resolve_asset_graph()
    published = {asset_key(name) for name, node in nodes(manifest, "model").items() if "published" in node["tags"]}
    audit = graph.get(dg.AssetKey("validation"))
    assert published <= audit.parent_keys
    assert all(graph.get(key).blocking for key in audit.check_keys)
    order = ["validation", "release", "report", "publication"]
    for before, after in pairwise(order):
        assert dg.AssetKey(before) in graph.get(dg.AssetKey(after)).parent_keys


def test_comments_are_read_after_they_are_landed_and_before_the_models(
    manifest: dict[str, Any], defs: dg.Definitions
) -> None:
    from orchestration.defs.project import asset_key

    graph = defs.resolve_asset_graph()
    landed = asset_key("source.nps_warehouse.survey.survey_responses")
    read = asset_key("source.nps_warehouse.enrichment.comments")
    assert graph.get(read).parent_keys == {landed}
    assert read in graph.get(asset_key("model.nps_warehouse.stg_enrichment__comments")).parent_keys


def test_raw_tables_are_what_the_sources_declare(manifest: dict[str, Any]) -> None:
    tables = {table.name: table for table in tables_from_manifest(manifest)}
    assert len(tables) == 14
    required = {name for name, table in tables.items() if table.is_required}
    assert required == {"survey_responses", "crm_accounts", "crm_revenue"}
    assert tables["crm_accounts"].required_columns[0] == "account_id"
    assert all(table.columns[-1] == "loaded_at" for table in tables.values())


# dbt's arguments, manifest and paths -------------------------------------------------------------------------------


def test_the_build_passes_over_unit_tests_and_gives_the_settings(settings: Settings) -> None:
    line = command(settings, build_verb(["--select", "fqn:*"]), Path("target"))
    verb = line.index("build")
    assert line[verb : verb + 5] == ["build", "--exclude-resource-type", "unit_test", "--select", "fqn:*"]
    assert json.loads(line[line.index("--vars") + 1]) == settings.dbt_vars()
    # The next night is called in the same words, so that dbt does not parse the project again.
    next_night = replace(settings, as_of=settings.as_of + timedelta(days=1))
    assert command(next_night, build_verb(["--select", "fqn:*"]), Path("target")) == line
    assert child_environment(next_night)["NPS_AS_OF"] == next_night.as_of.isoformat()
    assert line[line.index("--target") + 1] == "duckdb"
    assert line[line.index("--target-path") + 1] == "target"
    assert str(settings.home) in line[line.index("--log-path") + 1]


def test_a_test_over_several_models_belongs_to_the_one_furthest_down() -> None:
    def node(kind: str, *parents: str, **more: Any) -> dict[str, Any]:
        return {"resource_type": kind, "depends_on": {"nodes": list(parents)}, **more}

    manifest = {
        "nodes": {
            "seed.s": node("seed"),
            "model.a": node("model", "source.x"),
            "model.b": node("model", "model.a"),
            "model.c": node("model", "source.x", "seed.s"),
            "test.singular": node("test", "model.c", "model.b"),
            "test.generic": node("test", "model.a", "model.b", attached_node="model.a"),
            "test.alone": node("test"),
        }
    }
    attached = {name: found.get("attached_node") for name, found in attach_tests(manifest)["nodes"].items()}
    assert attached["test.singular"] == "model.b"
    assert attached["test.generic"] == "model.a"
    assert attached["test.alone"] is None


def test_a_manifest_older_than_a_source_is_stale(tmp_path: Path) -> None:
    parsed, source = tmp_path / "manifest.json", tmp_path / "model.sql"
    source.touch()
    assert not is_fresh(parsed, [source])
    parsed.touch()
    os.utime(source, (1000, 1000))
    os.utime(parsed, (1001, 1001))
    assert is_fresh(parsed, [source])
    os.utime(source, (1001, 1001))
    assert not is_fresh(parsed, [source])


# What is done with what goes wrong ---------------------------------------------------------------------------------


def test_wrong_data_fails_for_good_and_a_passing_fault_is_tried_again(defs: dg.Definitions) -> None:
    from orchestration.defs.resources import explained

    with (
        pytest.raises(dg.Failure, match=r"FAILED no_rows on marts\.x \(2 rows\): there are none") as failed,
        explained(),
    ):
        raise BuildError(Finding("no_rows", "marts.x", "there are none.", 2))
    assert failed.value.allow_retries is False
    with pytest.raises(dg.RetryRequested), explained():
        raise duckdb.IOException("Could not set lock on file")
    with pytest.raises(dg.RetryRequested), explained():
        raise PassingFaultError(Finding("destination", "postgres://db/bi", "the server is starting up."))
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("loaded", "timezone", "is_late"),
    [
        (None, "UTC", False),
        (datetime(2026, 6, 30, 12), "UTC", False),
        (datetime(2026, 6, 30, 11, 59), "UTC", True),
        (datetime(2026, 6, 30, 11, 59), "Asia/Tokyo", False),
    ],
)
def test_a_raw_table_is_late_by_the_end_of_the_as_of_date(
    defs: dg.Definitions, loaded: datetime | None, timezone: str, is_late: bool
) -> None:
    from orchestration.defs.raw import lateness

    said = lateness(RawTable("crm", "crm_users", False, (), ()), loaded, date(2026, 7, 1), timezone)
    assert (said is not None) == is_late
    assert said is None or "crm_users: newest row loaded 2026-06-30 11:59 UTC, more than 36 hours" in said


def test_a_source_may_promise_another_freshness(manifest: dict[str, Any]) -> None:
    source = manifest["sources"]["source.nps_warehouse.crm.crm_users"]
    days = source | {"freshness": {"warn_after": {"count": 2, "period": "day"}}}
    assert tables_from_manifest({"sources": {"x": days}})[0].fresh_hours == 48


def test_a_run_whose_process_is_gone_is_marked_as_failed(defs: dg.Definitions, settings: Settings) -> None:
    from orchestration.defs.resources import PROCESS_TAG, fail_abandoned_runs

    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    job = defs.resolve_job_def("nightly")
    with open_instance(settings) as instance:
        runs = {
            process: instance.create_run_for_job(
                job, status=dg.DagsterRunStatus.STARTED, tags={PROCESS_TAG: str(process)}
            ).run_id
            for process in (ended.pid, os.getpid())
        }
        fail_abandoned_runs(instance)
        statuses = {process: instance.get_run_by_id(run).status for process, run in runs.items()}  # type: ignore[union-attr]
    assert statuses == {ended.pid: dg.DagsterRunStatus.FAILURE, os.getpid(): dg.DagsterRunStatus.STARTED}


# The instance ------------------------------------------------------------------------------------------------------


def test_the_instance_runs_one_build_at_a_time_and_tells_nobody(settings: Settings) -> None:
    with open_instance(settings) as instance:
        assert not instance.telemetry_enabled
        concurrency = instance.get_concurrency_config()
        assert concurrency.run_queue_config is not None
        assert concurrency.run_queue_config.max_concurrent_runs == 1
        assert concurrency.pool_config.default_pool_limit == 1
        assert isinstance(instance.event_log_storage, RunHistory)


def submitted(instance: dg.DagsterInstance, job: dg.JobDefinition) -> dg.DagsterRunStatus:
    """Ask the queue for one more run; how it then stands."""
    origin = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("orchestration"), "__repository__")
    run = instance.create_run_for_job(job, remote_job_origin=origin.get_job_origin(job.name))
    # What a queue is told of the workspace besides, it does not look at.
    return instance.run_coordinator.submit_run(SubmitRunContext(run, None)).status  # type: ignore[arg-type]


def test_one_run_waits_at_most_wherever_it_is_asked_for(defs: dg.Definitions, settings: Settings) -> None:
    job = defs.resolve_job_def("nightly")
    schedule = defs.resolve_schedule_def("nightly_schedule")

    def tick() -> object:
        context = dg.build_schedule_context(instance, scheduled_execution_time=datetime(2026, 7, 1, 2))
        data = schedule.evaluate_tick(context)
        return data.skip_message or len(data.run_requests or ())

    with open_instance(settings) as instance:
        # One is at work.
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert tick() == 1
        assert submitted(instance, job) == dg.DagsterRunStatus.QUEUED
        assert tick() == "A run is waiting already, and does what this one would."
        assert submitted(instance, job) == dg.DagsterRunStatus.CANCELED
        assert submitted(instance, defs.resolve_job_def("backfill")) == dg.DagsterRunStatus.CANCELED
        waiting = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED]))
        assert len(waiting) == 1
        # It begins, and the next may wait.
        instance.report_run_canceled(waiting[0])
        assert submitted(instance, job) == dg.DagsterRunStatus.QUEUED


def test_ticks_are_purged_after_a_week(settings: Settings) -> None:
    with open_instance(settings) as instance:
        for kind in (InstigatorType.SCHEDULE, InstigatorType.SENSOR):
            assert set(instance.get_tick_retention_settings(kind).values()) == {7}


def test_the_configuration_is_written_once(settings: Settings) -> None:
    path = prepare_home(settings) / "dagster.yaml"
    os.utime(path, (1000, 1000))
    prepare_home(settings)
    assert path.stat().st_mtime == 1000
    path.write_text("telemetry: {enabled: true}\n")
    prepare_home(settings)
    assert "enabled: false" in path.read_text()


def test_the_history_is_what_dagsters_own_storage_reads(settings: Settings) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="thing")])
    def thing() -> Iterator[Any]:
        yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="holds")])

    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    with open_instance(settings) as instance:
        run_id = dg.materialize([thing], instance=instance).run_id
        ours = [entry.dagster_event_type for entry in instance.all_logs(run_id)]
    own = SqliteEventLogStorage(str(settings.dagster_home / "history" / "runs"))
    assert [entry.dagster_event_type for entry in own.get_logs_for_run(run_id)] == ours
    assert dg.DagsterEventType.ASSET_CHECK_EVALUATION in ours
    assert list(own.get_latest_materialization_events([dg.AssetKey("thing")])) == [dg.AssetKey("thing")]


def test_seconds_in_which_nodes_overlap_count_once() -> None:
    def ran(started: int, completed: int) -> dict[str, Any]:
        span = {"started_at": f"2026-01-01T00:00:{started:02}Z", "completed_at": f"2026-01-01T00:00:{completed:02}Z"}
        compiled = {"name": "compile", "started_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T00:00:59Z"}
        return {"timing": [compiled, {"name": "execute", **span}]}

    skipped: dict[str, Any] = {"timing": []}
    assert seconds_executing([ran(10, 20), skipped, ran(1, 4), ran(12, 15), ran(18, 25)]) == 18.0
