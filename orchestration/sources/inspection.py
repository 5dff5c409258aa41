"""What a file, a folder or a schema is, before any build: which adapter reads it, and how its rows would arrive."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.findings import BuildError, Finding
from orchestration.raw.files import RawFile
from orchestration.raw.landing import land
from orchestration.raw.tables import RAW_SCHEMA, RawTable
from orchestration.release.warehouse import example_rows, identifier, in_memory, open_build, quoted
from orchestration.settings import Settings, now
from orchestration.sources.adapters import ANY_TABLE
from orchestration.sources.arrivals import DECLARATION, arrive, said
from orchestration.sources.declared import Source, declared
from orchestration.sources.recognition import labels_at, matches, nearest_table
from orchestration.sources.run import run_source
from orchestration.transform import dbt_cli
from orchestration.transform.account_history import keep_account_versions

ROWS_SHOWN = 3
CELL_LENGTH = 40
# What is made to see which rows would be set aside, and how answers would find their accounts.
JUDGED = ("+quarantine_summary", "+link_quality")
# Reasons that say nothing while the accounts, or the answers, are not there yet.
NEEDS = {"unknown_account": "crm_accounts", "unknown_response": "survey_responses"}


@dataclass(frozen=True)
class Inspection:
    """What was seen, in lines, and the draft of a source."""

    lines: tuple[str, ...]
    draft: str


def inspect(
    address: str, settings: Settings, tables: Sequence[RawTable], personal: Mapping[tuple[str, str], Collection[str]]
) -> Inspection:
    """Look at a file, a folder, a pattern, a URL or a schema.

    ``personal`` has the columns that are not shown, by schema and name of the raw table.

    A BuildError where nothing is there, or where it cannot be read.
    """
    folder = settings.company or Path.cwd()
    address = _below(address, folder)
    name = _name(address)
    with tempfile.TemporaryDirectory(prefix="nps-inspect-") as scratch:
        with in_memory(settings.memory_limit, Path(scratch)) as connection:
            found = matches(connection, address, folder, name, Path(scratch))
            whole = next((match for match in found if match.is_whole), None)
            if whole is None:
                lines, draft = _unknown(connection, address, folder, name, Path(scratch), found, tables)
                return Inspection(tuple(lines), draft)
            adapter = whole.source.adapter
            lines = [f"{whole.source.place} is read by the adapter {adapter.name}: {adapter.title}."]
            options, problems = _options(connection, whole.source, tables, Path(scratch))
            source = replace(whole.source, options=dict(whole.source.options) | options)
            draft = _draft(source, address, options)
            if problems:
                lines += ["It cannot be read yet:", *(problem.text() for problem in problems)]
                return Inspection(tuple(lines), draft)
            outcome = run_source(connection, source, tables, Path(scratch))
            files = {}
            for table, relation in outcome.relations.items():
                lines += _arriving(connection, table, relation, personal.get((RAW_SCHEMA, table), ()))
                file = Path(scratch) / f"{table}.parquet"
                connection.execute(f"copy (select * from {relation}) to {quoted(str(file))} (format parquet)")
                files[table] = [RawFile(name, str(file), "parquet", is_given=True)]
            lines += ["", *(said(source, note) for note in outcome.notes)]
        lines += _judged(settings, tables, files, Path(scratch))
    return Inspection(tuple(lines), draft)


def write_draft(company: Path, draft: str) -> Path:
    """Write a draft into a company's folder: as its sources.yml where it has none, else beside it."""
    file = company / DECLARATION
    if file.exists():
        file = company / f"draft.{DECLARATION}"
    file.write_text(draft, encoding="utf-8")
    return file


def _below(address: str, folder: Path) -> str:
    """An address as sources.yml of a folder writes it: what lies where the user is, by its path from there."""
    here = Path(address).expanduser().absolute()
    if "://" in address or not here.exists():
        return address
    return here.relative_to(folder).as_posix() if here.is_relative_to(folder) else str(here)


def _name(address: str) -> str:
    """A name for the source: that of its file, folder or schema."""
    stem = Path(address.partition("?")[0].rstrip("/*.")).name.partition(".")[0]
    name = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_").lower()
    return name if name[:1].isalpha() else f"source_{name}".rstrip("_")


def _options(
    connection: duckdb.DuckDBPyConnection, source: Source, tables: Sequence[RawTable], scratch: Path
) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The options without which the source cannot be read, as far as the file tells; and what it does not tell."""
    options: dict[str, Any] = {}
    problems: tuple[Finding, ...] = ()
    guesses: dict[str, Callable[[Finding], dict[str, Any]]] = {
        "date_order_unknown": lambda finding: {
            "date_order": "month_first" if finding.message.endswith("can be month first.") else "day_first"
        },
        "scores_contradicted": lambda _: {"scores": "choice_codes"},
    }
    for _ in range(len(guesses) + 1):
        try:
            run_source(connection, replace(source, options=dict(source.options) | options), tables, scratch)
        except BuildError as error:
            problems = error.findings
            guessed: dict[str, Any] = {}
            for finding in problems:
                guessed |= guesses[finding.rule](finding) if finding.rule in guesses else {}
            if not guessed or guessed.items() <= options.items():
                break
            options |= guessed
        else:
            return options, ()
    return options, problems


def _draft(source: Source, address: str, options: Mapping[str, Any]) -> str:
    declaration: dict[str, Any] = {"name": source.name, "adapter": source.adapter.name, "path": address}
    if options:
        declaration["options"] = dict(options)
    lines = [yaml.safe_dump({"sources": [declaration]}, sort_keys=False, allow_unicode=True, width=120).rstrip()]
    for option in source.adapter.options.values():
        if option.name not in options and option.name != "tables":
            lines.append(f"    #   {option.name}: {option.meaning}")
    if "date_order" in options:
        lines.append("    # date_order is a guess where no line of the file tells: see that the months are right.")
    return "\n".join(lines) + "\n"


def _unknown(
    connection: duckdb.DuckDBPyConnection,
    address: str,
    folder: Path,
    name: str,
    scratch: Path,
    found: Sequence[Any],
    tables: Sequence[RawTable],
) -> tuple[list[str], str]:
    """What is said of what no adapter reads whole: the nearest one, and a draft with the adapter for any table."""
    lines = [f"{address}: no adapter reads it as it is."]
    if found and found[0].n_found:
        best = found[0]
        nearest = f"{best.source.adapter.name} ({best.source.adapter.title})"
        lines.append(f"The nearest is {nearest}; it misses {', '.join(best.missing)}.")
    (any_table,) = declared(
        {"sources": [{"name": name, "adapter": ANY_TABLE, "path": address, "options": {"table": tables[0].name}}]},
        folder,
        tables,
    )
    labels = labels_at(connection, any_table, scratch)
    table, columns = nearest_table(labels, tables)
    lines.append(f"Of the raw tables it is most like {table.name}; the draft maps what is alike.")
    missing = [column for column in table.required_columns if column not in columns]
    if missing:
        lines.append(f"Say which columns are: {', '.join(missing)}.")
    options = {"table": table.name, "columns": columns | dict.fromkeys(missing, "?")}
    return lines, _draft(replace(any_table, options=options), address, options)


def _arriving(
    connection: duckdb.DuckDBPyConnection, table: str, relation: str, personal: Collection[str]
) -> Iterator[str]:
    """The first rows of a raw table as they would arrive; what may say who a person is, is not shown."""
    ((n_rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
    yield f"\n{table}: {n_rows:,} row{'' if n_rows == 1 else 's'}"
    names = [column[0] for column in connection.execute(f"describe select * from {relation}").fetchall()]
    rows = connection.execute(
        f"select {', '.join(map(identifier, names))} from {relation} limit {ROWS_SHOWN}"
    ).fetchall()
    for row in rows:
        cells = [
            f"{name}={'(not shown)' if name in personal else ' '.join(str(value).split())[:CELL_LENGTH]}"
            for name, value in zip(names, row, strict=True)
            if value is not None
        ]
        yield "  " + ", ".join(cells)


def _judged(
    settings: Settings, tables: Sequence[RawTable], files: Mapping[str, list[RawFile]], scratch: Path
) -> Iterator[str]:
    """How many rows would be set aside and why, and how answers would find their accounts, beside what is there."""
    home = scratch / "home"
    # Without a company the settings are the sample's, whose last day says nothing of other files.
    as_of = settings.as_of if settings.company is not None else now().date()
    own = replace(settings, home=home, company=None, variables={}, destinations=(), as_of=as_of)
    there: dict[str, list[RawFile]] = {}
    if settings.company is not None and (settings.company / DECLARATION).is_file():
        there = {
            table: list(given)
            for table, given in arrive(settings.company, home / "sources", tables, settings.memory_limit).files.items()
        }
    for table, given in files.items():
        there.setdefault(table, []).extend(given)
    raw = settings.raw if settings.company is not None else str(scratch / "nothing")
    with open_build(own) as connection:
        optional = [replace(table, is_required=False) for table in tables]
        landing = land(connection, raw, optional, given=there, may_be_missing=True)
        keep_account_versions(connection, own.history_folder, own.as_of, own.as_of)
    landed = {table.name for table in landing.tables if table.rows}
    verb = ["build", "--select", *JUDGED, "--exclude-resource-type", "unit_test", "test"]
    dbt_cli.DbtRun(dbt_cli.command(own, verb, dbt_cli.prepare_target(own)), own).finish()
    yield "\nWould be set aside:"
    reasons = [
        row
        for row in example_rows(
            own.build_file, "select raw_table, reason, n_rows from marts.quarantine_summary order by all"
        )
        if row["raw_table"] in files and NEEDS.get(row["reason"], "") in ({""} | landed)
    ]
    yield from (f"  {row['raw_table']}: {row['n_rows']:,} as {row['reason']}" for row in reasons)
    if not reasons:
        yield "  nothing"
    if "survey_responses" not in files:
        return
    if "crm_accounts" not in landed:
        yield "There are no accounts yet to which answers could be linked."
        return
    yield "How answers would find their accounts:"
    query = "select link_method, sum(n_answers) as n_answers from marts.link_quality group by all order by 2 desc"
    yield from (f"  {row['link_method']}: {row['n_answers']:,}" for row in example_rows(own.build_file, query))
