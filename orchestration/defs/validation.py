"""The audit: what people would believe is checked before anybody sees it. One check per suite, blocking."""

import shutil
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from expectations.results import CheckResult
from orchestration.defs.project import MANIFEST, WAREHOUSE, asset_key, owned_by
from orchestration.defs.resources import POOL, Build, explained
from orchestration.findings import BuildError, Finding, example_text
from orchestration.privacy.tags import private_columns
from orchestration.release.integrity import VALIDATION
from orchestration.release.warehouse import PUBLISHED_TAG
from orchestration.transform.built import is_made

AUDIT = dg.AssetKey("validation")
# Suites exist for what arrives, for what is published and for what users edit.
AUDITED_TAGS = {"staging", "reference", PUBLISHED_TAG}


def check_name(table: str) -> str:
    return table.replace(".", "__")


AUDITED = {
    f"{node['schema']}.{node['alias']}": asset_key(unique_id)
    for unique_id, node in sorted(MANIFEST["nodes"].items())
    if is_made(node) and AUDITED_TAGS & set(node["tags"])
}


@dg.multi_asset(
    name="validation",
    specs=[
        dg.AssetSpec(
            AUDIT,
            deps=AUDITED.values(),
            group_name="publication",
            kinds={"great_expectations"},
            owners=[WAREHOUSE],
            description="Great Expectations suites on the build file, with their pages.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            check_name(table),
            asset=AUDIT,
            blocking=True,
            description=f"Every expectation of the audit about {table} holds.",
            metadata=owned_by(WAREHOUSE),
        )
        for table in AUDITED
    ],
    can_subset=True,
    pool=POOL,
)
def validation(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> Iterator[Any]:
    record, settings = build.record, build.settings
    with explained(settings), record.phase("validation"):
        # Importing Great Expectations takes seconds, which loading the code location should not.
        from expectations.validate import validate

        record.section("dbt")
        record.invalidate("validation")
        shutil.rmtree(settings.staged_folder, ignore_errors=True)
        pages = settings.staged_folder / VALIDATION
        pages.mkdir(parents=True)
        found = validate(
            settings.build_file,
            build.published,
            settings.as_of,
            pages,
            settings.memory_limit,
            private_columns(MANIFEST),
        )
    by_table: dict[str, list[CheckResult]] = {}
    for result in found.results:
        by_table.setdefault(result.table, []).append(result)
    # A table about which no rule stands has its word, too: Dagster takes a check without one for skipped.
    for table in AUDITED:
        if dg.AssetCheckKey(AUDIT, check_name(table)) in context.selected_asset_check_keys:
            yield check_result(table, by_table.get(table, ()))
    with explained():
        failures = [result for result in found.results if not result.success and result.severity == "error"]
        if failures:
            raise BuildError(*(_finding(result) for result in failures))
    warned = [result.message for result in found.results if not result.success]
    record.write("validation", {"passed": found.passed, "warned": warned})
    yield dg.MaterializeResult(
        AUDIT, metadata={"passed": found.passed, "warned": found.warned, "pages": dg.MetadataValue.path(str(pages))}
    )


def check_result(table: str, results: "Sequence[CheckResult]") -> dg.AssetCheckResult:
    """One check for all rules of a table, as severe as the worst of those that do not hold."""
    broken = [result for result in results if not result.success]
    is_error = any(result.severity == "error" for result in broken)
    return dg.AssetCheckResult(
        passed=not broken,
        asset_key=AUDIT,
        check_name=check_name(table),
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        description="\n".join(result.message for result in broken) or (None if results else "No rule is about it."),
        metadata={"rules": len(results), "broken": len(broken)},
    )


def _finding(result: "CheckResult") -> Finding:
    about = f"{result.column}: " if result.column else ""
    return Finding(
        result.rule,
        result.table,
        f"{about}{result.sentence or result.message}",
        result.n_unexpected or None,
        tuple(example_text(row) for row in result.examples),
        result.advice,
    )
