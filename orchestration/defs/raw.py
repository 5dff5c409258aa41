"""The raw tables: landed from NPS_RAW and the company's sources into the build file, each with its freshness."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg

from orchestration.defs.project import MANIFEST, SOURCES, asset_key, owned_by
from orchestration.defs.resources import POOL, Build, explained
from orchestration.findings import Finding, RawInputError
from orchestration.forgetting.forget import taken_in_again
from orchestration.forgetting.people import read_people
from orchestration.raw import ignored
from orchestration.raw.files import group_by_table, names_below
from orchestration.raw.landing import LandedTable, Landing, land
from orchestration.raw.ledger import forget_files
from orchestration.raw.tables import RawTable, tables_from_manifest
from orchestration.raw.texts import nearest
from orchestration.release.warehouse import open_build
from orchestration.settings import Settings
from orchestration.sources.arrivals import arrive
from orchestration.sources.recognition import adapter_of

FRESHNESS = "freshness"
# Bytes of a file that is no raw table.
LARGEST_LOOKED_INTO = 64_000_000

TABLES = tables_from_manifest(MANIFEST)
BY_NAME = {table.name: table for table in TABLES}
KEYS = {source["name"]: asset_key(unique_id) for unique_id, source in MANIFEST["sources"].items()}
IGNORED = KEYS[ignored.TABLE]


def lateness(table: RawTable, newest: datetime | None, as_of: date, timezone: str) -> str | None:
    """What is said of a table whose newest row is too old; None if it is not, or if no row says when it was loaded."""
    end = datetime.combine(as_of + timedelta(days=1), time(), ZoneInfo(timezone))
    if newest is None or newest.replace(tzinfo=UTC) >= end - timedelta(hours=table.fresh_hours):
        return None
    return (
        f"{table.name}: newest row loaded {newest:%Y-%m-%d %H:%M} UTC, "
        f"more than {table.fresh_hours:g} hours before the end of {as_of}"
    )


def warnings_of(landing: Landing, adapters: Mapping[str, str]) -> list[str]:
    """What was found and not landed; ``adapters`` has those that read files which are no raw tables."""
    return [
        f"{table.name}: column {column} is not in the contract and was ignored"
        for table in landing.tables
        for column in table.extra_columns
    ] + [f"{name}: matches no raw table and was ignored{_meant(name, adapters)}" for name in landing.unknown_files]


def read_by_adapters(raw: str, names: Iterable[str], memory_limit: str) -> dict[str, str]:
    """Of files in the raw folder that are no raw tables: the adapter that reads each, where there is one.

    Large files are not looked into, which would take the time of a night.
    """
    files = {name: Path(raw) / name for name in names}
    small = {
        name: path for name, path in files.items() if path.is_file() and path.stat().st_size <= LARGEST_LOOKED_INTO
    }
    found = {name: adapter_of(path, memory_limit) for name, path in small.items()}
    return {name: adapter for name, adapter in found.items() if adapter is not None}


def _with_adapters(error: RawInputError, settings: Settings) -> RawInputError:
    """The error, with the adapter of each file beside a raw table that is missing."""
    is_missing = any(finding.rule == "required_table_missing" for finding in error.findings)
    if not is_missing or not Path(settings.raw).is_dir():
        return error
    unknown = group_by_table(names_below(Path(settings.raw), BY_NAME), BY_NAME)[1]
    found = read_by_adapters(settings.raw, unknown, settings.memory_limit)
    hints = [
        Finding(
            "source_in_raw_folder",
            name,
            f"it is no raw table; the adapter {adapter} reads it.",
            next_step="Declare it in sources.yml of a company's folder (docs/sources.md); make inspect drafts it.",
        )
        for name, adapter in found.items()
    ]
    return RawInputError(*error.findings, *hints)


def _meant(name: str, adapters: Mapping[str, str]) -> str:
    if name in adapters:
        return f"; the adapter {adapters[name]} reads it (docs/sources.md)"
    near = nearest(name.partition(".")[0], BY_NAME)
    return f"; the nearest is {near}" if near else ""


@dg.multi_asset(
    name="raw_tables",
    specs=[
        dg.AssetSpec(
            KEYS[table.name],
            group_name="raw",
            kinds={"duckdb"},
            owners=[SOURCES],
            description=f"{'Required' if table.is_required else 'Optional'} raw table {table.name}.",
        )
        for table in TABLES
    ]
    + [
        dg.AssetSpec(
            IGNORED,
            deps=[KEYS[table.name] for table in TABLES],
            group_name="raw",
            kinds={"duckdb"},
            owners=[SOURCES],
            description="What ignored columns hold whose name says that they decide whether a row counts.",
        )
    ],
    check_specs=[
        dg.AssetCheckSpec(
            FRESHNESS,
            asset=KEYS[table.name],
            description=f"A row loaded in the {table.fresh_hours:g} hours before the end of the as-of date.",
            metadata=owned_by(SOURCES),
        )
        for table in TABLES
    ],
    can_subset=True,
    pool=POOL,
)
def raw_tables(context: dg.AssetExecutionContext, build: dg.ResourceParam[Build]) -> Iterator[Any]:
    selected = [table.name for table in TABLES if KEYS[table.name] in context.selected_asset_keys]
    record, settings = build.record, build.settings
    with explained(settings), record.phase("raw"):
        before = record.read().get("raw", {}) if len(selected) < len(TABLES) else {}
        landed_before, contents_before = before.get("tables", {}), before.get("contents", {})
        record.invalidate("raw")
        people = read_people(settings)
        if people:
            people, said = taken_in_again(settings, MANIFEST, people)
            for sentence in said:
                record.say(sentence)
        arrivals = arrive(settings.company, settings.sources_folder, TABLES, settings.memory_limit, people)
        with open_build(settings, record.say) as connection:
            if settings.backfill is not None:
                forget_files(connection)
            is_optional = settings.is_raw_optional and bool(arrivals.files)
            try:
                landing = land(connection, settings.raw, TABLES, selected, arrivals.files, is_optional, people)
            except RawInputError as error:
                raise _with_adapters(error, settings) from error
    late = {
        table.name: lateness(BY_NAME[table.name], table.newest_loaded_at, settings.as_of, settings.timezone)
        for table in landing.tables
    }
    adapters = read_by_adapters(settings.raw, landing.unknown_files, settings.memory_limit)
    warnings = [*arrivals.notes, *warnings_of(landing, adapters)]
    record.write(
        "raw",
        {
            "tables": landed_before | {table.name: table.rows for table in landing.tables},
            "warnings": warnings,
            "events": [event for table in landing.tables for event in table.events],
            "contents": contents_before
            | {table.name: table.content_hash for table in landing.tables}
            | {ignored.TABLE: landing.ignored_hash},
            "late": [said for said in late.values() if said],
            "checks": len(landing.tables),
        },
    )
    for warning in [*warnings, *(event for table in landing.tables for event in table.events)]:
        context.log.warning(warning)
    for table in landing.tables:
        yield dg.MaterializeResult(KEYS[table.name], metadata=_metadata(table))
        if dg.AssetCheckKey(KEYS[table.name], FRESHNESS) in context.selected_asset_check_keys:
            yield dg.AssetCheckResult(
                passed=late[table.name] is None,
                asset_key=KEYS[table.name],
                check_name=FRESHNESS,
                severity=dg.AssetCheckSeverity.WARN,
                description=late[table.name],
                metadata={"newest loaded_at": str(table.newest_loaded_at or "unknown")},
            )
    if IGNORED in context.selected_asset_keys:
        yield dg.MaterializeResult(IGNORED)


def _metadata(table: LandedTable) -> dict[str, Any]:
    return {
        "dagster/row_count": table.rows,
        "files": table.files,
        "files read": table.files_read,
        "newest loaded_at": str(table.newest_loaded_at or "unknown"),
        "extra columns": ", ".join(table.extra_columns) or "none",
    }
