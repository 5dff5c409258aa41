"""The rules that follow from the name of a column or of a table, so that a new model is checked once it exists."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile

from great_expectations.expectations.expectation import Expectation

from expectations import vocabulary
from expectations.tables import PUBLISHED, Batch, Table, Warehouse

_NUMBER = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|REAL|DOUBLE|DECIMAL\(.*\))", re.IGNORECASE)

# The contract's names of a grain. Where a table begins with an id, that id names the row, with the parts behind it.
_PERIODS = (
    "date_day",
    "week_start",
    "month_start",
    "quarter_start",
    "year",
    "as_of_date",
    "period_start",
    "period_from",
    "period_to",
    "cohort_start",
)
_PARTS_OF_AN_ENTITY = ("revenue_type", "theme", "question", "valid_from")
_GRAIN = (
    "comparison",
    *_PERIODS,
    "program_type",
    "survey_id",
    "dimension",
    "dimension_value",
    "nps_rule",
    "nps_group",
    "revenue_type",
    "horizon_months",
    "method",
    "path",
    "check_name",
    "theme",
    "question",
    "team",
    "owner_id",
    "agent_id",
    "sla_hours",
    "exposure",
    "claim",
    "entity",
    "industry",
    "publisher",
    "statistic",
    "response_status",
    "band_scheme",
    "raw_table",
    "reason",
)


@dataclass(frozen=True)
class Convention:
    """What every numeric column of such a name must be."""

    name: re.Pattern[str]
    expectation: Callable[[str], Expectation] | None


COUNT = re.compile(r"n_.+|.+_n")
# The first that fits applies; None says that a name looks like one of the next but is another thing.
CONVENTIONS = (
    Convention(COUNT, None),
    Convention(re.compile(r"nps_points"), vocabulary.points),
    Convention(re.compile(r"nps_change.*"), vocabulary.nps_difference),
    Convention(re.compile(r"nps|nps_.+|.+_nps|(account|waterfall|previous)_points"), vocabulary.nps),
    Convention(re.compile(r".*(growth|exchange)_rate"), None),
    Convention(re.compile(r"share|share_.+|.+_share|.+_rate|csat_top2|ces_mean|retention_12m"), vocabulary.share),
    Convention(re.compile(r"score|previous_score"), vocabulary.score),
    Convention(re.compile(r"(avg_)?sentiment"), vocabulary.sentiment),
)

# What an interval without a prefix is of, the first that the table has.
_ESTIMATES = (
    "gap",
    "change",
    "impact",
    "difference",
    "uplift",
    "value_per_point",
    "expected_loss",
    "own_estimate",
    "net_revenue_retention",
    "total_worth",
    "revenue_per_hour",
    "share_met",
    "nps",
)

_CATEGORIES = ("n_promoters", "n_passives", "n_detractors")


def by_column_name(table: Table) -> Batch | None:
    """What the names of a table's columns promise; None where they promise nothing."""
    numbers = [column for column, kind in table.columns.items() if _NUMBER.fullmatch(kind)]
    expectations: list[Expectation] = []
    used: dict[str, str] = {}

    for column in numbers:
        convention = next((one for one in CONVENTIONS if one.name.fullmatch(column)), None)
        if convention is not None and convention.expectation is not None:
            expectations.append(convention.expectation(column))
            used[column] = vocabulary.rounded(quoted(column))

    counts = [column for column in numbers if COUNT.fullmatch(column)]
    if counts:
        expectations.append(vocabulary.counts(counts, "least_count"))
        used |= {column: vocabulary.rounded(quoted(column)) for column in counts}
        used["least_count"] = vocabulary.rounded(f"least({', '.join(quoted(column) for column in counts)})")

    if "nps_points" in numbers and "nps_category" in table.columns:
        expectations.append(vocabulary.points_match_category("nps_points", "points_of_category"))
        used["points_of_category"] = vocabulary.rounded(vocabulary.points_of_category(quoted("nps_category")))

    if "n_scored" in numbers and all(column in numbers for column in _CATEGORIES):
        expectations.append(
            vocabulary.parts_add_up(
                "n_scored", "sum_of_categories", "n_scored is the sum of n_promoters, n_passives and n_detractors"
            )
        )
        used["sum_of_categories"] = vocabulary.rounded(" + ".join(quoted(column) for column in _CATEGORIES))

    for score, n in (("nps", "n_scored"), ("nps", "nps_n")):
        if score in numbers and n in numbers:
            expectations.append(vocabulary.empty_without_answers(score, n))

    for low, estimate, high in _intervals(numbers):
        used |= {column: vocabulary.rounded(quoted(column)) for column in (low, high)}
        if estimate is None:
            expectations.append(vocabulary.interval_ordered(low, high))
            continue
        used[estimate] = vocabulary.rounded(quoted(estimate))
        expectations.extend(vocabulary.interval_encloses(low, estimate, high))
        if estimate == "nps":
            expectations.extend(vocabulary.nps(end) for end in (low, high))

    if not expectations:
        return None
    keys = keys_of(table)
    names = tuple(key for key in keys if key not in used)
    selected = [quoted(key) for key in names]
    selected += [f"{expression} as {quoted(column)}" for column, expression in used.items()]
    return Batch(f"select {', '.join(selected)} from {table.full_name}", keys, tuple(expectations), names, True)


def arrivals(table: Table, published: Warehouse) -> Batch:
    """What may be said of anything that arrives: how much is quarantined, and how much came beside the last time."""
    _, _, plural = table.name.partition("__")
    source = table.name.removeprefix("stg_").replace("__", "_")
    query = f"""
        select
            count(*) as n_rows,
            count(*) filter (where verdict = 'quarantined') as n_quarantined,
            n_quarantined / nullif(n_rows, 0) as share_quarantined
        from {table.full_name}
    """
    expectations = [vocabulary.few_quarantined("share_quarantined", "n_quarantined", "n_rows")]
    if published.has("marts.row_reconciliation", "raw_table", "n_raw"):
        query = f"""
            select arrived.*, before.n_raw as n_before, arrived.n_rows / nullif(before.n_raw, 0) as volume_ratio
            from ({query}) as arrived
            left join {PUBLISHED}.marts.row_reconciliation as before on before.raw_table in ('{source}', '{plural}')
        """
        expectations.append(vocabulary.volume_steady("volume_ratio", "n_rows", "n_before"))
    return Batch(query, (), tuple(expectations))


def keys_of(table: Table) -> tuple[str, ...]:
    """The columns that name a row of the table, for examples."""
    first, *others = table.columns
    if first.endswith("_id"):
        return (first, *takewhile((*_PERIODS, *_PARTS_OF_AN_ENTITY).__contains__, others))
    return tuple(key for key in _GRAIN if key in table.columns) or (first,)


def quoted(column: str) -> str:
    """SQL: a column's name as an identifier."""
    return '"' + column.replace('"', '""') + '"'


def _intervals(numbers: list[str]) -> list[tuple[str, str | None, str]]:
    """The intervals of a table with the estimate that each is of, where the names say which."""
    found = []
    for low in numbers:
        prefix = low.removesuffix("ci_low")
        high = f"{prefix}ci_high"
        if not low.endswith("ci_low") or high not in numbers:
            continue
        # Beside a gap or a change, the interval is that of the difference and not of the score.
        candidates = (prefix.removesuffix("_"),) if prefix else _ESTIMATES
        found.append((low, next((one for one in candidates if one in numbers), None), high))
    return found
