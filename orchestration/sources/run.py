"""A source is run: its inputs are read and judged, and each raw table that it gives is a relation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from orchestration.findings import Finding, RawInputError
from orchestration.raw.files import RawFile
from orchestration.raw.tables import RawTable
from orchestration.release.warehouse import identifier, quoted
from orchestration.sources.adapters import ANY_TABLE, FOLDER, Input
from orchestration.sources.declared import Source
from orchestration.sources.inputs import Inputs, line_of, read_inputs
from orchestration.sources.values import Values

NOTES = "notes.sql"
# Of a raw table: what ends the name of a column that is a moment, a day or a number.
MOMENTS = ("_at",)
DAYS = ("_date", "period_start", "period_end", "month", "valid_from")
NUMBERS = ("amount", "cost", "rate", "minutes_spent", "revenue")
HIGHEST_SCORE = 10


@dataclass(frozen=True)
class Outcome:
    """What a source gave: a relation for each raw table, what is to be said of it, and the files that were read.

    The relations are views over temporary tables, and live as long as the connection.
    """

    relations: Mapping[str, str]
    notes: tuple[Finding, ...]
    files: tuple[RawFile, ...]


def run_source(
    connection: duckdb.DuckDBPyConnection, source: Source, tables: Sequence[RawTable], scratch: Path
) -> Outcome:
    """Read a source and give its raw tables; a BuildError where it cannot be read, or contradicts what is declared.

    ``tables`` are the raw tables of the contract; what is fetched from a URL lies in ``scratch`` meanwhile.
    """
    inputs = read_inputs(connection, source, scratch)
    values = _values(source)
    findings = [*_wrong_dates(connection, source, inputs, values), *_wrong_scores(connection, source, inputs)]
    if findings:
        raise RawInputError(*findings)
    context = _context(source, inputs, values, tables)
    templates = _templates(values)
    relations = {}
    for table in source.tables:
        name = f"{table if source.adapter.name != ANY_TABLE else 'any_table'}.sql"
        relations[table] = f'temp.main."{source.name}__gives__{table}"'
        more = source.extra.get(table, {})
        rendered = templates.get_template(f"{source.adapter.name}/{name}").render(context, more=more)
        connection.execute(f"create or replace temp view {relations[table]} as {rendered}")
    notes = [*_clock_notes(connection, source, inputs, values)]
    if (source.adapter.folder / NOTES).is_file():
        rendered = templates.get_template(f"{source.adapter.name}/{NOTES}").render(context)
        said = [_note(source, *row) for row in connection.execute(rendered).fetchall() if row[1]]
        fatal = [finding for finding, is_fatal in said if is_fatal]
        if fatal:
            raise RawInputError(*fatal)
        notes += [finding for finding, _ in said]
    files = tuple(file for found in inputs.files.values() for file in found)
    return Outcome(relations, tuple(notes), files)


def _values(source: Source) -> Values:
    options = source.options
    timezone = options.get("timezone") or "UTC"
    return Values(
        timezone, options.get("date_order") or "iso", options.get("days_in") or timezone, source.adapter.decimals
    )


def _templates(values: Values) -> Environment:
    """Templates of SQL, in which the ways to read a value are functions; a name that nothing stands for is an error."""
    # The output is SQL: what a user says comes into it as a literal or an identifier alone.
    environment = Environment(loader=FileSystemLoader(FOLDER), undefined=StrictUndefined, autoescape=False)
    environment.filters |= {"literal": _literal, "identifier": identifier}
    ways = (
        "instant",
        "day",
        "date",
        "unix",
        "money",
        "places",
        "number",
        "score",
        "salesforce_id",
        "is_true",
        "json",
    )
    environment.globals |= {way: getattr(values, way) for way in ways}
    return environment


def _literal(value: object) -> str:
    if value is None:
        return "null"
    return quoted(str(value).lower() if isinstance(value, bool) else str(value))


def _context(source: Source, inputs: Inputs, values: Values, tables: Sequence[RawTable]) -> dict[str, Any]:
    return {
        "source": source.name,
        "option": source.options,
        "input": inputs.relations,
        "found": inputs.headers,
        "asked": inputs.asked,
        "days_in": values.days_in,
        "table": source.tables[0],
        "contract": next((table.columns for table in tables if table.name == source.tables[0]), ()),
        "kind": kind,
        "read_as": lambda column, text: _read_as(values, column, text),
    }


def _read_as(values: Values, column: str, text: str) -> str:
    """An expression for a column of a raw table, by what it is."""
    ways: dict[str, Callable[[str], str]] = {
        "moment": values.instant,
        "day": values.day,
        "number": values.number,
    }
    way = ways.get(kind(column))
    return way(text) if way is not None else text


def kind(column: str) -> str:
    """Of a column of a raw table, whether it is a moment, a day, a number or a text."""
    if column.endswith(MOMENTS):
        return "moment"
    if column.endswith(DAYS):
        return "day"
    return "number" if column.endswith(NUMBERS) else "text"


def _note(source: Source, rule: str, n_rows: int, message: str, next_step: str, is_fatal: bool) -> tuple[Finding, bool]:
    return Finding(rule, source.name, message, n_rows, next_step=next_step), is_fatal


# What contradicts the file -----------------------------------------------------------------------------------------


def _dated(inputs: Inputs, source: Source) -> Iterator[tuple[Input, str, str, str]]:
    """Each input, relation, column and header of a date."""
    for name, given in source.adapter.inputs.items():
        for column, header in inputs.headers[name].items():
            if column in given.dates or (source.adapter.name == ANY_TABLE and kind(column) in ("moment", "day")):
                yield given, inputs.relations[name], column, header


def _where(
    inputs: Inputs, given: Input, relation: str, connection: duckdb.DuckDBPyConnection, condition: str
) -> str | None:
    """Where the first row stands for which a condition holds, in words; None if there is none."""
    first = connection.execute(f"select _file, _row from {relation} where {condition} order by _row limit 1").fetchall()
    if not first:
        return None
    address, row = first[0]
    file = next((file for file in inputs.files[given.name] if file.address == address), None)
    if file is None:
        return f"row {row} of {address}"
    before = connection.execute(f"select coalesce(min(_row), 1) from {relation} where _file = ?", [address]).fetchall()[
        0
    ][0]
    n_header_rows = inputs.n_header_rows.get(address, 0)
    return line_of(file, row - before + 1 + n_header_rows)


def _wrong_dates(
    connection: duckdb.DuckDBPyConnection, source: Source, inputs: Inputs, values: Values
) -> Iterator[Finding]:
    if "date_order" not in source.options:
        return
    for given, relation, column, header in _dated(inputs, source):
        text = identifier(column)
        where = _where(inputs, given, relation, connection, values.contradicts(text))
        if where is None:
            continue
        ((n_rows,),) = connection.execute(
            f"select count(*) from {relation} where {values.contradicts(text)}"
        ).fetchall()
        orders = ("day_first", "month_first")
        possible = [
            order.replace("_", " ")
            for order in orders
            if _is_without(connection, relation, Values(date_order=order).contradicts(text))
        ]
        shown = " or ".join(possible) or "neither day first nor month first"
        if values.date_order == "iso":
            yield Finding(
                "date_order_unknown",
                source.name,
                f"{where}: the date in column {header!r} is not written as ISO 8601; the file can be {shown}.",
                n_rows,
                next_step="Say which in sources.yml: options: {date_order: day_first} or month_first.",
            )
        else:
            yield Finding(
                "date_order_contradicted",
                source.name,
                f"{where}: the date in column {header!r} has no such month, if it is "
                f"{values.date_order.replace('_', ' ')}; the file can be {shown}.",
                n_rows,
                next_step="Correct date_order in sources.yml, or export the file with dates of one form.",
            )


def _is_without(connection: duckdb.DuckDBPyConnection, relation: str, condition: str) -> bool:
    return not connection.execute(f"select 1 from {relation} where {condition} limit 1").fetchall()


def _wrong_scores(connection: duckdb.DuckDBPyConnection, source: Source, inputs: Inputs) -> Iterator[Finding]:
    """Codes of choices, 1 to 11, are told from scores by an 11, and scores from codes by a 0."""
    declared = source.options.get("scores")
    for name, given in source.adapter.inputs.items():
        if declared is None or given.score is None:
            continue
        column, relation = identifier(given.score), inputs.relations[name]
        number = f"try_cast(regexp_extract({column}, '^(\\d+)([.]0+)?$', 1) as integer)"
        if declared == "choice_codes":
            where = _where(inputs, given, relation, connection, f"{number} = 0 or {number} > {HIGHEST_SCORE + 1}")
            if where is not None:
                yield Finding(
                    "scores_contradicted",
                    source.name,
                    f"{where}: this score is no code of a choice, which are 1 to 11.",
                    next_step="Correct the option scores in sources.yml: values are 0 to 10.",
                )
        # Of any table nobody knows the scale of its scores.
        elif source.adapter.name != ANY_TABLE and _is_without(connection, relation, f"{number} = 0"):
            where = _where(inputs, given, relation, connection, f"{number} = {HIGHEST_SCORE + 1}")
            if where is not None:
                yield Finding(
                    "scores_contradicted",
                    source.name,
                    f"{where}: a score is 11 and none is 0, so these are the codes 1 to 11 of the choices 0 to 10.",
                    next_step="Say so in sources.yml: options: {scores: choice_codes}; or export the values.",
                )


def _clock_notes(
    connection: duckdb.DuckDBPyConnection, source: Source, inputs: Inputs, values: Values
) -> Iterator[Finding]:
    is_said = "timezone" not in source.options or source.options["timezone"] is not None
    for _, relation, column, header in _dated(inputs, source):
        if source.adapter.name == ANY_TABLE and kind(column) == "day":
            continue
        text = identifier(column)
        bare = f"select count(*) from {relation} where {values.is_bare(text)}"
        if not is_said and (n_bare := connection.execute(bare).fetchall()[0][0]):
            yield Finding(
                "timezone_unknown",
                source.name,
                f"times in column {header!r} have no offset, and are read as UTC.",
                n_bare,
                next_step="Say their zone in sources.yml: options: {timezone: Europe/Berlin}, or UTC.",
            )
        if values.timezone == "UTC":
            continue
        counts = connection.execute(
            f"select count(*) filter ({values.skipped(text)}), count(*) filter ({values.repeated(text)}) "
            f"from {relation}"
        ).fetchall()[0]
        if counts[0]:
            yield Finding(
                "time_skipped",
                source.name,
                f"times in column {header!r} do not exist on the clock of {values.timezone}, which skips them in "
                "spring; they are read as if it did not.",
                counts[0],
                next_step="See whether the times are of another zone.",
            )
        if counts[1]:
            yield Finding(
                "time_repeated",
                source.name,
                f"times in column {header!r} come twice on the clock of {values.timezone} in autumn; "
                "they are read as the first.",
                counts[1],
                next_step="Export times with their offset, if the hour matters.",
            )
