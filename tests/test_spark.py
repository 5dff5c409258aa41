"""The same company on DuckDB and on Spark: the same tables. In dbt's own process, and on a cluster of this machine."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import duckdb
import pytest

from orchestration.release.warehouse import PublishedTable, published_tables
from orchestration.settings import REPOSITORY, SAMPLE_RAW, Settings, load_settings
from orchestration.spark import configuration, handover
from orchestration.spark.cluster import web_page
from orchestration.transform.dbt_cli import DbtRun, command, load_manifest
from seeds import generate_company
from tests.conftest import TINY_AS_OF, build_environment, run_cli, run_nightly, write_tiny_raw

pytestmark = pytest.mark.spark

# The sample's own day; other folders than the sample's are built as of today.
AS_OF = "2026-07-01"
# Tables that stay text, with what does not parse in it. The others are typed, each a folder of Parquet.
TEXT = ("survey_responses", "survey_definitions", "crm_revenue", "crm_cases", "feedback_actions", "exchange_rates")
SERVER = "127.0.0.1:10987"
# Of tables this small, making code and planning anew at each stage take longer than what they save. With one compiler
# the engine sets aside a fifth of the usual room for its code, and cannot link a call where there is none.
BRISK = {
    "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC",
    "PYSPARK_SUBMIT_ARGS": (
        "--conf spark.sql.adaptive.enabled=false --conf spark.sql.codegen.wholeStage=false "
        "--conf spark.sql.codegen.factoryMode=NO_CODEGEN pyspark-shell"
    ),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample company, half of it as Parquet."""
    raw = tmp_path_factory.mktemp("raw")
    generate_company.main(["--output", str(raw), "--format", "parquet"])
    for file in sorted(raw.glob("*.parquet")):
        if file.stem in TEXT:
            file.unlink()
            shutil.copy2(SAMPLE_RAW / f"{file.stem}.csv", raw)
        else:
            (raw / file.stem).mkdir()
            file.rename(raw / file.stem / "part-00000.parquet")
    return raw


@pytest.fixture(scope="module")
def on_duckdb(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("duckdb"), sample, NPS_AS_OF=AS_OF)


@pytest.fixture(scope="module")
def on_spark(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("spark"), sample, NPS_AS_OF=AS_OF, NPS_TARGET="spark", **BRISK)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """NPS_HOME of a cluster that is up."""
    home = tmp_path_factory.mktemp("cluster")
    host, _, port = SERVER.partition(":")
    up = run_cli(home, home, "spark-up", NPS_SPARK_SERVER=SERVER, **BRISK)
    assert up.code == 0, up.stderr
    yield home
    assert run_cli(home, home, "spark-down", NPS_SPARK_SERVER=SERVER).code == 0
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0


def built(home: Path, raw: Path, **settings: str) -> Path:
    done = run_nightly(home, raw, **settings)
    assert done.code == 0, done.stderr
    return home


def test_every_published_table_equals_that_of_duckdb(on_duckdb: Path, on_spark: Path) -> None:
    assert differences(on_duckdb, on_spark) == []


def test_what_was_published_says_the_same_of_its_rows(on_duckdb: Path, on_spark: Path) -> None:
    ours, theirs = (json.loads((home / "published" / "build.json").read_text()) for home in (on_duckdb, on_spark))

    for what in ("as_of", "rows_in", "rows_out", "reconciliation", "checks"):
        assert theirs[what] == ours[what]
    assert theirs["versions"]["pyspark"]


def test_the_unit_tests_pass_on_spark(on_spark: Path, tmp_path: Path) -> None:
    project = REPOSITORY / "dbt_project"
    command = [
        str(Path(sys.executable).with_name("dbt")),
        "test",
        "--select",
        "test_type:unit",
        "--exclude",
        "tag:list_literals",
    ]
    command += ["--quiet", "--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    settings = load_settings({"NPS_HOME": str(on_spark), "NPS_TARGET": "spark"})

    done = subprocess.run(
        command,
        env=build_environment(on_spark, on_spark, **settings.environment(), **BRISK),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_the_page_of_a_cluster_shows_its_workers_and_its_server(cluster: Path) -> None:
    page = web_page(load_settings({"NPS_HOME": str(cluster), "NPS_SPARK_SERVER": SERVER}))
    assert page is not None
    with urlopen(page) as answer:
        said = answer.read().decode()

    assert len(re.findall(r"<td>\s*ALIVE\s*</td>", said)) == 2
    assert "SparkSQL::127.0.0.1" in said


def test_answers_built_on_a_cluster_are_those_of_duckdb(cluster: Path) -> None:
    built(cluster, write_tiny_raw(cluster / "raw"), NPS_AS_OF=TINY_AS_OF)
    settings = load_settings(
        {"NPS_HOME": str(cluster), "NPS_TARGET": "spark", "NPS_SPARK_SERVER": SERVER, "NPS_AS_OF": TINY_AS_OF}
    )

    # Of a build that was killed: a folder of which the catalog does not know.
    left = configuration.warehouse_folder(settings) / "marts.db" / "fct_nps_responses" / "part-00000.parquet"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a file")

    # The landing is still in the build file.
    ways, found = built_in_part(settings, cluster / "published", "fct_nps_responses")

    assert ways["fct_nps_responses"] == "OK"
    assert found == []
    again, found = built_in_part(settings, cluster / "published", "fct_nps_responses")
    assert again["fct_nps_responses"] == "UNCHANGED"
    assert found == []


# An answer in a month in which nobody answered, and a version of it which says that it is not to count.
LATE = "response_id,account_id,contact_id,answered_at,score,is_deleted,updated_at\n{}\n"
ARRIVALS = {
    "2.csv": LATE.format("late,a0,c0,2023-11-20T10:00:00Z,0,false,2023-11-20T10:00:00Z"),
    "3.csv": LATE.format("late,a0,c0,2023-11-20T10:00:00Z,0,true,2024-06-01T10:00:00Z"),
}


def test_nights_on_spark_overwrite_what_is_touched_and_leave_the_tables_of_duckdb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in BRISK.items():
        monkeypatch.setenv(name, value)
    home, other = tmp_path / "home", tmp_path / "other"
    raw = write_tiny_raw(home / "raw")
    answers = raw / "survey_responses"
    answers.mkdir()
    (raw / "survey_responses.csv").rename(answers / "1.csv")
    # An early answer, so that the calendar has the month that somebody is late for.
    with (answers / "1.csv").open("a", encoding="utf-8") as first:
        first.write("early,a1,c1,2023-10-15T10:00:00Z,9,Early\n")
    # So small a company is touched in most of its parts; its tables are to be recomputed in part all the same.
    told = {"NPS_AS_OF": TINY_AS_OF, "NPS_RECOMPUTED_SHARE": "1"}
    settings = load_settings({"NPS_HOME": str(other), "NPS_TARGET": "spark", **told})
    months = configuration.warehouse_folder(settings) / "marts.db" / "nps_by_month"

    def night() -> dict[str, str]:
        built(home, raw, **told)
        settings.build_file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(home / "build" / "warehouse.duckdb", settings.build_file)
        ways, found = built_in_part(settings, home / "published", "nps_by_month")
        assert found == []
        return ways

    assert set(night().values()) == {"OK"}
    untouched = files_of(months, "2024-03-01")
    assert untouched
    for file, rows in ARRIVALS.items():
        (answers / file).write_text(rows, encoding="utf-8")
        ways = night()
        followed = ("stg_survey__responses", "int_survey_responses_described", "fct_nps_responses", "nps_by_month")
        assert {model: ways[model] for model in followed} == dict.fromkeys(followed, "RECOMPUTED")
        assert (ways["stg_crm__revenue"], ways["fct_account_revenue_months"]) == ("UNCHANGED", "UNCHANGED")
        assert files_of(months, "2024-03-01") == untouched
        assert bool(files_of(months, "2023-11-01")) == (file == "2.csv")


def files_of(table: Path, month: str) -> dict[str, int]:
    return {file.name: file.stat().st_mtime_ns for file in table.glob(f"month_start={month}/*.parquet")}


def built_in_part(settings: Settings, published: Path, model: str) -> tuple[dict[str, str], list[str]]:
    """Build a model on Spark with all that it is made of: how each came about, and where it differs from a release."""
    target = settings.home / "target"
    handover.hand_over(settings)
    verb = ["build", "--select", f"+{model}", "--exclude-resource-type", "test", "unit_test"]
    DbtRun(command(settings, verb, target), settings).finish()
    handover.note_end(settings)

    results = json.loads((target / "run_results.json").read_text(encoding="utf-8"))["results"]
    nodes = load_manifest(target / "manifest.json")["nodes"]
    done = {result["unique_id"]: nodes[result["unique_id"]] for result in results if result["unique_id"] in nodes}
    handover.take_back(settings, {"nodes": done})
    (table,) = (table for table in published_tables({"nodes": nodes}) if table.name == model)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{published}/nps.duckdb' as home (read_only)")
        connection.execute(f"attach '{settings.build_file}' as other (read_only)")
        ways = {
            nodes[unique_id]["name"]: str(result["message"]).split()[0]
            for result in results
            if (unique_id := result["unique_id"]).startswith("model.")
        }
        return ways, list(table_differences(connection, table))


def differences(home: Path, other: Path) -> list[str]:
    """Where two releases differ: keys, texts, days and counts exactly, money by a cent, other numbers by 1e-9."""
    manifest = load_manifest()
    with duckdb.connect() as connection:
        for name, place in (("home", home), ("other", other)):
            connection.execute(f"attach '{place}/published/nps.duckdb' as {name} (read_only)")
        return [
            difference for table in published_tables(manifest) for difference in table_differences(connection, table)
        ]


def table_differences(connection: duckdb.DuckDBPyConnection, table: PublishedTable) -> Iterator[str]:
    address = f"{table.schema}.{table.name}"
    ours, theirs = (
        connection.execute(f"select column_name, column_type from (describe {catalog}.{address})").fetchall()
        for catalog in ("home", "other")
    )
    if ours != theirs:
        yield f"{address}: columns {sorted(set(ours) ^ set(theirs))}"
        return
    on = " and ".join(f"a.{key} is not distinct from b.{key}" for key in table.keys)
    sides = (f"(select true as is_there, * from {catalog}.{address})" for catalog in ("home", "other"))
    joined = f"from {next(sides)} as a full join {next(sides)} as b on {on}"
    ((unmatched,),) = connection.execute(
        f"select count(*) {joined} where a.is_there is null or b.is_there is null"
    ).fetchall()
    if unmatched:
        yield f"{address}: {unmatched} rows of one release alone"
    for column, kind in ours:
        a, b = f'a."{column}"', f'b."{column}"'
        limit = "0.005" if kind.startswith("DECIMAL") else f"1e-9 * greatest(1, abs({a}))"
        is_number = kind == "DOUBLE" or kind.startswith("DECIMAL")
        apart = (
            f"abs({a} - {b}) > {limit} or ({a} is null) <> ({b} is null)" if is_number else f"{a} is distinct from {b}"
        )
        ((count, one, other),) = connection.execute(
            f"select count(*), any_value({a}), any_value({b}) {joined} where {apart}"
        ).fetchall()
        if count:
            yield f"{address}.{column}: {count} rows, such as {one} and {other}"
