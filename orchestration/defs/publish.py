"""Release and publication: the marts are copied into a fresh file, and that file becomes the published one."""

import json
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import dagster as dg

from orchestration.defs.resources import POOL, Build, explained
from orchestration.defs.validation import AUDIT
from orchestration.privacy.gate import check_lineage
from orchestration.privacy.search import check_release
from orchestration.release.integrity import DATABASE, BrokenReleaseError, copy_database
from orchestration.release.publication import keep_staged, publish, releases
from orchestration.release.trust import check_as_left
from orchestration.release.warehouse import (
    n_source_checks_passed,
    published_tables,
    reconciliation,
    source_checks,
    upkeep_of,
    write_release,
)
from orchestration.settings import REPOSITORY, now
from orchestration.spark.configuration import TARGET as SPARK

RELEASE = dg.AssetKey("release")
REPORT_KEY = dg.AssetKey("report")
# What made the release. What a target needs beside DuckDB, which lands, audits and releases whatever the models run on.
PACKAGES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "great-expectations")
PACKAGES_OF_TARGET = {"spark": ("dbt-spark", "pyspark")}


@dg.asset(key=RELEASE, deps=[AUDIT], group_name="publication", kinds={"duckdb"}, pool=POOL)
def release(build: dg.ResourceParam[Build]) -> dg.MaterializeResult[None]:
    """The published tables in a file of their own."""
    with explained(build.settings), build.record.phase("publish"):
        build.record.section("validation")
        settings = build.settings
        manifest = json.loads((settings.dbt_target_folder / "manifest.json").read_text(encoding="utf-8"))
        n_allowed = check_lineage(settings, manifest)
        tables = published_tables(manifest)
        # On another engine nothing is known of how its tables changed.
        upkeep = {} if settings.target == SPARK else upkeep_of(settings.build_file)
        rows = write_release(
            settings.build_file,
            settings.staged_folder / DATABASE,
            tables,
            upkeep,
            _release_before(build),
            settings.memory_limit,
        )
        # The rows that were tested and audited, and no others.
        check_as_left(settings)
        keys = {table.address: table.keys for table in tables}
        fingerprints = {table.address: upkeep[table.name].fingerprint for table in tables if table.name in upkeep}
        contents = build.record.section("raw")["contents"]
        n_searched = check_release(
            settings, manifest, settings.staged_folder / DATABASE, tables, fingerprints, contents
        )
        build.record.write("release", {"rows": rows, "keys": keys, "fingerprints": fingerprints})
    return dg.MaterializeResult(
        metadata={
            "tables": len(rows),
            "rows": sum(rows.values()),
            "tables searched for personal data": n_searched,
            "columns that may hold it": n_allowed,
        }
    )


def _release_before(build: Build) -> Mapping[str, str] | None:
    """Stage a copy of the newest release that is kept, to be brought up to date; what its tables held.

    None where there is none to build upon: the release is then written from the build file alone.
    """
    settings = build.settings
    kept = releases(settings)
    if not kept:
        return None
    try:
        before = copy_database(settings.releases_folder / kept[-1], settings.staged_folder / DATABASE)
    except BrokenReleaseError as error:
        (finding,) = error.findings
        build.record.say(f"release {kept[-1]} is not built upon, all tables are written anew: {finding.message}")
        return None
    fingerprints: Mapping[str, str] = before["fingerprints"]
    return fingerprints


@dg.asset(deps=[RELEASE, REPORT_KEY], group_name="publication", kinds={"duckdb"}, pool=POOL)
def publication(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> dg.MaterializeResult[None]:
    """What readers see: switched in every destination, the published file last, after everything else has succeeded."""
    with explained(build.settings), build.record.phase("publish"):
        build.record.section("report")
        # Of a second try the release is kept already.
        if build.settings.staged_folder.is_dir():
            keep_staged(build.settings, build_description(build))
        description = publish(build.settings, build.record.read()["build_id"])
    return dg.MaterializeResult(metadata={"build": dg.MetadataValue.json(dict(description))})


def build_description(build: Build) -> dict[str, Any]:
    """What build.json says of the build, as far as it has come."""
    settings, record = build.settings, build.record.read()
    raw, dbt, audit = record["raw"], record["dbt"], record["validation"]
    arrived = source_checks(settings.staged_folder / DATABASE)
    warned = [*raw["late"], *dbt["warned"], *audit["warned"]]
    return {
        "build_id": record["build_id"],
        "as_of": dbt["as_of"],
        "company": settings.name,
        "git_revision": git_revision(),
        "started_at": record["started_at"],
        "finished_at": now().isoformat(timespec="seconds"),
        "timezone": settings.timezone,
        "currency": settings.currency,
        "rows_in": raw["tables"],
        "rows_out": record["release"]["rows"],
        "keys": record["release"]["keys"],
        "fingerprints": record["release"]["fingerprints"],
        "reconciliation": reconciliation(settings.staged_folder / DATABASE),
        "checks": {
            "passed": raw["checks"]
            - len(raw["late"])
            + dbt["passed"]
            + audit["passed"]
            + n_source_checks_passed(settings.staged_folder / DATABASE),
            "warned": len(warned) + len(arrived),
            "failed": 0,
        },
        "warned": warned,
        "arrived": arrived,
        "warnings": raw["warnings"],
        "raw_events": raw["events"],
        "repairs": record["repairs"],
        "target": settings.target,
        "versions": {name: version(name) for name in (*PACKAGES, *PACKAGES_OF_TARGET.get(settings.target, ()))},
        "phase_seconds": record["phase_seconds"],
        "dbt_node_seconds": dbt["node_seconds"],
        "peak_memory_mib": record["peak_memory_mib"] | {"dbt": dbt["peak_memory_mib"]},
    }


def git_revision() -> str | None:
    """The commit that is checked out; None where the project is not a git repository."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return None
    return found.stdout.strip() if found.returncode == 0 else None
