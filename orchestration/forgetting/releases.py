"""Releases that hold a person are written again: tables, report, pages, and the build.json that lists them.

A release keeps its id, its numbers and its rows; an id becomes one that leads to nobody, and what the person wrote is
null. The file is a new one, since DuckDB keeps the bytes of rows that were changed.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.files import sync
from orchestration.forgetting.people import GONE, SIGNS, People, is_stand_in, may_be_of_person
from orchestration.forgetting.values import Values, found_in
from orchestration.release import pointer
from orchestration.release.integrity import BUILD, DATABASE, REPORT, VALIDATION, check, copy_release, read_build, seal
from orchestration.release.publication import publish, published_build, releases
from orchestration.release.serving import parquet
from orchestration.release.warehouse import copy_comments, identifier, open_read_only, quoted
from orchestration.report import LOGO, render
from orchestration.settings import ParquetDestination, Settings

COMMENT, ANSWER = "comment_redacted", "response_id"
UNFINISHED, BEFORE = ".forgetting-", ".before-"


def clear_releases(settings: Settings, people: People, values: Values, responses: frozenset[str]) -> Iterator[str]:
    """Every release that is kept, and what readers see, without who is on the list; what was done, in sentences."""
    _recovered(settings)
    shown = published_build(settings)
    if shown is not None and shown["build_id"] not in releases(settings):
        # Readers see one that is kept nowhere else.
        settings.releases_folder.mkdir(parents=True, exist_ok=True)
        scratch = settings.releases_folder / f"{UNFINISHED}{shown['build_id']}"
        scratch.mkdir()
        copy_release(settings.published_folder, scratch)
        scratch.rename(settings.releases_folder / shown["build_id"])
    for build_id in releases(settings):
        release = settings.releases_folder / build_id
        if check(release).damage:
            shutil.rmtree(release)
            yield f"releases/{build_id}: damaged, and removed"
            continue
        changes = _changes_of(release / DATABASE, people, responses)
        if _may_hold(release, people, values, changes):
            _write_again(settings, release, people, values, changes)
            n_values = changes.n_values
            yield f"releases/{build_id}: written again, {n_values:,} value{'' if n_values == 1 else 's'} taken out"
    if shown is not None and shown["build_id"] in releases(settings):
        kept = read_build(settings.releases_folder / shown["build_id"])
        if kept != published_build(settings):
            publish(settings, shown["build_id"])
            yield f"{settings.published_folder.name}: shows release {shown['build_id']} as it is now"
    pointer.let_go_of_others(settings.published_folder)
    for destination in settings.destinations:
        if isinstance(destination, ParquetDestination):
            yield from _parquet(settings, destination, values)


def _recovered(settings: Settings) -> None:
    """Tidy up after a run that was interrupted."""
    for before in settings.releases_folder.glob(f"{BEFORE}*"):
        release = before.with_name(before.name.removeprefix(BEFORE))
        if release.exists():
            shutil.rmtree(before)
        else:
            before.rename(release)
    for unfinished in settings.releases_folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(unfinished)


@dataclass(frozen=True)
class _Changes:
    """By table, the expression of each column in which something has to be taken out; and of how many values."""

    values: Mapping[tuple[str, str], Mapping[str, str]]
    n_values: int


def _may_hold(release: Path, people: People, values: Values, changes: _Changes) -> bool:
    with open_read_only(release / DATABASE) as connection:
        ((n_free,),) = connection.execute(
            "select free_blocks from pragma_database_size() where database_name = current_database()"
        ).fetchall()
    # Free blocks keep the bytes of rows that an earlier release had.
    if n_free or changes.n_values:
        return True
    if any(_page_without(page, people, values) is not None for page in _pages(release)):
        return True
    return any(True for path in release.rglob("*") if path.is_file() for _ in found_in(path, values))


def _pages(release: Path) -> Iterator[Path]:
    return (path for path in (release / VALIDATION).rglob("*") if path.is_file())


def _changes_of(database: Path, people: People, responses: frozenset[str]) -> _Changes:
    with open_read_only(database) as connection:
        columns: dict[tuple[str, str], list[str]] = {}
        for schema, table, column in connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where not internal and data_type = 'VARCHAR' order by schema_name, table_name, column_index"
        ).fetchall():
            columns.setdefault((schema, table), []).append(column)
        theirs = ", ".join(map(quoted, sorted(responses | _their_answers(connection, people, columns)))) or "null"
        found, n_values = dict[tuple[str, str], dict[str, str]](), 0
        for (schema, table), names in columns.items():
            address = f"{identifier(schema)}.{identifier(table)}"
            # An expression takes longer to plan than most columns to read.
            signs = ", ".join(f"bool_or(regexp_matches({identifier(name)}, '{SIGNS}'))" for name in names)
            with_signs = connection.execute(f"select {signs} from {address}").fetchall()[0]
            values = {}
            for name, has_sign in zip(names, with_signs, strict=True):
                column = identifier(name)
                if may_be_of_person(name):
                    values[name] = people.stand_in(column)
                elif name == COMMENT and ANSWER in names:
                    values[name] = f"case when {ANSWER} is null or {ANSWER} not in ({theirs}) then {column} end"
                elif has_sign:
                    values[name] = people.without_addresses(column)
            for name, value in values.items():
                ((n_changed,),) = connection.execute(
                    f"select count(*) from {address} where {value} is distinct from {identifier(name)}"
                ).fetchall()
                if n_changed:
                    found.setdefault((schema, table), {})[name] = value
                    n_values += n_changed
    return _Changes(found, n_values)


def _their_answers(
    connection: duckdb.DuckDBPyConnection, people: People, columns: Mapping[tuple[str, str], list[str]]
) -> frozenset[str]:
    """The ids of answers that a release says are of who is on the list, or that an earlier run has said so of."""
    found = set[str]()
    for (schema, table), names in columns.items():
        if {"contact_id", ANSWER} <= set(names):
            rows = connection.execute(
                f"select {ANSWER} from {identifier(schema)}.{identifier(table)} "
                f"where {people.is_theirs('contact_id')} or {is_stand_in('contact_id')}"
            ).fetchall()
            found.update(answer for (answer,) in rows if answer is not None)
    return frozenset(found)


def _write_again(settings: Settings, release: Path, people: People, values: Values, changes: _Changes) -> None:
    """Replace a release by one without them, whole or not at all."""
    build = read_build(release)
    assert build is not None
    scratch = release.with_name(f"{UNFINISHED}{release.name}")
    scratch.mkdir()
    _copied_without(release / DATABASE, scratch / DATABASE, changes)
    told = json.loads(people.text_without(values.everything.sub(GONE, json.dumps(dict(build), ensure_ascii=False))))
    # Nothing is built upon tables that no build has left so.
    told["fingerprints"] = {}
    (scratch / REPORT).parent.mkdir()
    logo = settings.company / LOGO if settings.company else None
    render(scratch / DATABASE, told, scratch / REPORT, settings.variables, logo)
    for page in _pages(release):
        target = scratch / page.relative_to(release)
        target.parent.mkdir(parents=True, exist_ok=True)
        without = _page_without(page, people, values)
        target.write_bytes(page.read_bytes() if without is None else without)
    seal(scratch, told, sum(told.get("rows_out", {}).values()))
    before = release.with_name(f"{BEFORE}{release.name}")
    release.rename(before)
    scratch.rename(release)
    sync(release.parent)
    shutil.rmtree(before)


def _copied_without(database: Path, target: Path, changes: _Changes) -> None:
    with duckdb.connect(target) as connection:
        connection.execute(f"set TimeZone = 'UTC'; attach {quoted(str(database))} as build (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'build' order by all"
        ).fetchall()
        for schema, table in tables:
            address = f"{identifier(schema)}.{identifier(table)}"
            values = ", ".join(
                f"{value} as {identifier(name)}" for name, value in changes.values.get((schema, table), {}).items()
            )
            connection.execute(f"create schema if not exists {identifier(schema)}")
            connection.execute(
                f"create table {address} as select *{f' replace ({values})' if values else ''} from build.{address}"
            )
        copy_comments(connection)
        connection.execute("detach build")


def _page_without(page: Path, people: People, values: Values) -> bytes | None:
    """A page without them; None where it does not name them, or is no text."""
    try:
        text = page.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None
    without = people.text_without(values.everything.sub(GONE, text))
    return without.encode() if without != text else None


def _parquet(settings: Settings, destination: ParquetDestination, values: Values) -> Iterator[str]:
    """The folders of releases in a destination: from what is kept, and removed where nothing is kept."""
    for folder in sorted(path.parent for path in destination.folder.glob(f"*/{BUILD}") if not path.parent.is_symlink()):
        if not any(True for path in folder.rglob("*") if path.is_file() for _ in found_in(path, values)):
            continue
        release = settings.releases_folder / folder.name
        build = read_build(release)
        if build is None:
            shutil.rmtree(folder)
            yield f"{folder}: removed; its release is not kept"
        else:
            parquet.write_again(destination, release / DATABASE, build)
            yield f"{folder}: written again"
