"""Runs the suites on a build file and leaves their pages: the only module that knows how Great Expectations is plumbed.

Batches are dataframes of just the columns that the rules need, read from the build file, which is opened read-only. The
last published file is attached read-only beside it, for the rules on drift. Nothing leaves the machine: the context
lives in memory, its analytics are off, and the pages are our own (expectations/pages.py).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
import pandas as pd
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.expectations.expectation import Expectation

from expectations.conventions import quoted
from expectations.pages import write_pages
from expectations.results import CheckResult, ValidationOutcome
from expectations.suites import collect
from expectations.tables import PUBLISHED, Batch, Suite, Table, Warehouse
from orchestration.findings import EXAMPLES_SHOWN, example_text
from orchestration.privacy.masking import masked
from orchestration.release.warehouse import open_read_only

MISSING = "table_and_columns_exist"
# Counts and the first broken rows. COMPLETE would list every broken row one by one: minutes, at two million answers.
RESULT_FORMAT = {
    "result_format": "BASIC",
    "partial_unexpected_count": EXAMPLES_SHOWN,
    "include_unexpected_rows": True,
}

# About a million rows, of the 2,048 in which the engine hands them out.
VECTORS_AT_ONCE = 512


def validate(
    build_file: Path,
    published_file: Path | None,
    as_of: date,
    pages_folder: Path,
    memory_limit: str | None = None,
    private: Collection[str] = (),
) -> ValidationOutcome:
    """Check the build file, against the last published file where there is one, and write the pages.

    Values of columns that are ``private``, and those that look personal, are hidden in what is said.
    """
    with open_read_only(build_file, memory_limit) as connection:
        published = Warehouse({})
        if published_file is not None:
            connection.execute(f"attach {_literal(str(published_file))} as {PUBLISHED} (read_only)")
            published = describe(connection, PUBLISHED)
        build = describe(connection, _current_catalog(connection))
        frames = _pandas_batches()
        results = [
            result
            for suite in collect(build, published)
            for batch in suite.batches
            for result in _run(connection, frames, suite, batch, private)
        ]
    outcome = ValidationOutcome(results)
    write_pages(outcome, as_of, pages_folder)
    return outcome


def describe(connection: duckdb.DuckDBPyConnection, catalog: str) -> Warehouse:
    """The tables and views of one attached file."""
    rows = connection.execute(
        """
        select table_schema, table_name, column_name, data_type
        from information_schema.columns
        where table_catalog = ?
        order by table_schema, table_name, ordinal_position
        """,
        [catalog],
    ).fetchall()
    columns: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        columns.setdefault((schema, table), {})[column] = kind
    tables = [Table(schema, name, found) for (schema, name), found in columns.items()]
    return Warehouse({table.full_name: table for table in tables})


def _pandas_batches() -> BatchDefinition[Any]:
    # Great Expectations logs each progress bar and each result; the results are all that is wanted.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(enable=False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("warehouse")
    return source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("rows")


def _run(
    connection: duckdb.DuckDBPyConnection,
    frames: BatchDefinition[Any],
    suite: Suite,
    batch: Batch,
    private: Collection[str],
) -> Iterator[CheckResult]:
    # Our own order: Great Expectations groups its results by the columns that a rule reads.
    for position, expectation in enumerate(batch.expectations):
        expectation.meta = {**(expectation.meta or {}), "position": str(position)}
    rules = gx.ExpectationSuite(name=suite.table, expectations=list(batch.expectations))

    def checked(query: str) -> list[CheckResult]:
        parts = []
        for frame in _frames(connection, query, batch):
            found = frames.get_batch(batch_parameters={"dataframe": frame}).validate(rules, result_format=RESULT_FORMAT)
            by_position = {_meta(result)["position"]: result for result in found.results}
            parts.append(
                [
                    _translated(suite, batch, expectation, by_position[str(position)], frame, private)
                    for position, expectation in enumerate(batch.expectations)
                ]
            )
        return [_together(results) for results in zip(*parts, strict=True)]

    unread = f" exclude ({', '.join(map(quoted, batch.names))})" if batch.names else ""
    read = f"select *{unread} from ({batch.query})"
    try:
        # Rows that hold the same are as right or as wrong as each other: one of each kind is looked at.
        results = checked(f"select distinct * from ({read})" if batch.is_of_single_rows else read)
        is_right = all(result.success for result in results)
        if batch.is_of_single_rows and is_right:
            n_rows = _count(connection, batch.query)
            results = [_of_rows(result, n_rows) for result in results]
        elif (batch.is_of_single_rows or batch.names) and not is_right:
            results = checked(batch.query)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        yield _missing(suite, str(error))
        return
    yield from results


def _frames(connection: duckdb.DuckDBPyConnection, query: str, batch: Batch) -> Iterator[pd.DataFrame]:
    """The rows to look at, all at once, or a part after the other where each row is looked at alone."""
    rows = connection.execute(query)
    if not batch.is_of_single_rows:
        yield rows.df()
        return
    frame = rows.fetch_df_chunk(VECTORS_AT_ONCE)
    yield frame
    while len(frame := rows.fetch_df_chunk(VECTORS_AT_ONCE)):
        yield frame


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    row = connection.execute(f"select count(*) from ({query})").fetchone()
    return 0 if row is None else int(row[0])


def _of_rows(found: CheckResult, n_rows: int) -> CheckResult:
    whole = replace(found, n_rows=n_rows)
    return replace(whole, message=_message(asdict(whole)))


def _together(parts: Sequence[CheckResult]) -> CheckResult:
    """What a rule found in all parts of the rows; it says what the first part says that breaks it."""
    said = next((part for part in parts if not part.success), parts[0])
    whole = replace(
        said,
        n_unexpected=sum(part.n_unexpected for part in parts),
        examples=[example for part in parts for example in part.examples][:EXAMPLES_SHOWN],
    )
    return _of_rows(whole, sum(part.n_rows for part in parts))


def _translated(
    suite: Suite,
    batch: Batch,
    expectation: Expectation,
    found: ExpectationValidationResult,
    frame: pd.DataFrame,
    private: Collection[str],
) -> CheckResult:
    meta = expectation.meta or {}
    success = bool(found.success)
    details = found.result
    trouble = _exceptions(found)
    n_rows = int(details.get("element_count", len(frame)))
    n_unexpected = 0 if success else int(details.get("unexpected_count") or n_rows)
    if meta["counted"]:
        broken, rows = meta["counted"]
        n_rows = int(frame[rows].sum())
        n_unexpected = 0 if success else int(frame[broken].sum())
    keys = [key for key in batch.keys if key in frame.columns]
    rows = [] if success else _examples(details.get("unexpected_rows"), [*keys, *meta["shown"]])
    examples = [masked(row, private) for row in rows]
    result = {
        "suite": suite.name,
        "table": suite.table,
        "rule": meta["rule"],
        "column": meta["column"],
        "severity": "warning" if expectation.severity == "warning" else "error",
        "success": success,
        "n_unexpected": n_unexpected,
        "n_rows": n_rows,
        "examples": examples,
        "sentence": str(expectation.description),
        "advice": trouble or meta["advice"],
    }
    return CheckResult(**result, message=_message(result))


def _missing(suite: Suite, error: str) -> CheckResult:
    reason = error.strip().splitlines()[0]
    advice = "Build the model that is missing, or follow its new name in expectations/suites."
    return CheckResult(
        suite=suite.name,
        table=suite.table,
        rule=MISSING,
        column="",
        severity="error",
        success=False,
        n_unexpected=0,
        n_rows=0,
        examples=[],
        message=f"{suite.table}, rule {MISSING}: the suite cannot read what it checks. {reason} Next: {advice}",
        sentence="The tables and columns that the suite reads exist",
        advice=f"{reason} {advice}",
    )


def _message(result: Mapping[str, Any]) -> str:
    if result["success"]:
        return f"{result['table']}: {result['sentence']}; {result['n_rows']:,} rows looked at."
    parts = [
        f"{result['table']}, rule {result['rule']}: {result['n_unexpected']:,} of {result['n_rows']:,} rows break "
        f'"{result["sentence"]}".'
    ]
    if result["examples"]:
        parts.append(f"Example: {example_text(result['examples'][0])}.")
    parts.append(f"Next: {result['advice']}")
    return " ".join(parts)


def _examples(rows: object, columns: Sequence[str]) -> list[dict[str, Any]]:
    if not isinstance(rows, pd.DataFrame):
        return []
    wanted = list(dict.fromkeys(columns))
    return [
        {column: _plain(row[column]) for column in wanted}
        for row in rows[wanted].head(EXAMPLES_SHOWN).astype(object).to_dict("records")
    ]


def _plain(value: Any) -> Any:
    """A value as JSON knows it: dates as ISO text, whole floats as integers, a null as None."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value == value.normalize() else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float):
        if not isfinite(plain):
            return "not a number"
        return int(plain) if plain.is_integer() else round(plain, 6)
    return plain


def _exceptions(found: ExpectationValidationResult) -> str:
    """What went wrong in the rule itself, such as a column of another type than it can compare."""
    info = found.exception_info or {}
    raised = info.values() if all(isinstance(value, dict) for value in info.values()) else [info]
    return "; ".join(sorted({str(one["exception_message"]) for one in raised if one.get("raised_exception")}))


def _meta(found: ExpectationValidationResult) -> dict[str, Any]:
    config = found.expectation_config
    return {} if config is None else dict(config.meta or {})


def _current_catalog(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute("select current_catalog()").fetchone()
    return "" if row is None else str(row[0])


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
