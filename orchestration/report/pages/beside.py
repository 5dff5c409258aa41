"""Beside NPS: satisfaction and effort, what became of new customers, and what became of actions on feedback."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.report import charts
from orchestration.report.document import (
    Block,
    Cell,
    Column,
    Page,
    Panel,
    Panels,
    Refusal,
    Row,
    Section,
    Source,
    Table,
    Text,
)
from orchestration.report.numbers import (
    NOTHING,
    count,
    counted,
    hundredths,
    interval,
    long_date,
    month,
    name,
    phrase,
    points,
    quarter,
    share,
    signed_hundredths,
    signed_points,
    whole_points,
)
from orchestration.report.release import Build, Release, Rules, literal
from orchestration.report.scores import LOW_SAMPLE, Estimate, Shown, interval_of

MONTHS_SHOWN = 12
COHORTS_SHOWN = 8
UNIT = charts.Scale(0.0, 1.0, 0.25)
DIMENSIONS = ("touchpoint", "channel")
MOST_VALUES = 8
NOT_SHOWN = "not shown"

Given = Mapping[str, Any]


def _whole_share(value: float) -> str:
    return share(value, 0)


@dataclass(frozen=True)
class Metric:
    """One of the three figures: its columns, what it is, and how it is written."""

    key: str
    column: str
    title: str
    what: str
    write: Callable[[float], str]

    def of(self, row: Given) -> Estimate:
        return Estimate.of(row, self.column, row[f"{self.key}_suppression_reason"])

    def n(self, row: Given) -> int:
        return row[f"{self.key}_n"] or 0

    def between(self, shown: Shown) -> str:
        if self.key == "nps":
            return interval(*shown[1:])
        return f"{self.write(shown[1])} to {self.write(shown[2])}"


METRICS = (
    Metric("nps", "nps", "NPS", "recommendation, −100 to 100", signed_points),
    Metric("csat", "csat_top2", "CSAT", "satisfied: the two best boxes", _whole_share),
    Metric("ces", "ces_mean", "CES", "ease, 0 to 1, whatever way the question runs", hundredths),
)


def page(release: Release, build: Build) -> Page:
    return Page(
        "beside",
        "Beside NPS",
        [*_experience(release, build), _onboarding(release), _actions(release)],
        lead="Satisfaction and effort are other questions, asked of other people at other moments. They stand beside "
        "the score, each with its own answers and interval, and are never averaged with it.",
    )


# Satisfaction and effort -------------------------------------------------------------------------------------------


def _experience(release: Release, build: Build) -> list[Section]:
    slug, title = "experience", "Satisfaction and effort"
    rows = release.rows(
        f"""
        with whole_months as (
            select *
            from marts.experience_by_month
            where month_start + interval 1 month <= date {literal(build.as_of)} + interval 1 day
        )

        select *
        from whole_months
        where
            month_start > (select max(month_start) from whole_months) - to_months({MONTHS_SHOWN})
            and dimension in ('all', {", ".join(literal(dimension) for dimension in DIMENSIONS)})
        order by month_start, dimension, dimension_value
        """
    )
    asked = sorted(
        {row["program_type"] for row in rows if row["dimension"] == "all" and (row["csat_n"] or row["ces_n"])}
    )
    if not asked:
        refusal = Refusal(
            f"Nobody was asked about satisfaction or effort in the last {MONTHS_SHOWN} months: it takes surveys whose "
            "metric is csat or ces in survey_definitions."
        )
        return [Section(slug, title, [refusal])]
    sections = []
    for program_type in asked:
        of_program = [row for row in rows if row["program_type"] == program_type]
        suffix = "" if len(asked) == 1 else f"-{asked.index(program_type) + 1}"
        sections.append(_programme(f"{slug}{suffix}", title, program_type, of_program))
    return sections


def _programme(slug: str, title: str, program_type: str, rows: Sequence[Given]) -> Section:
    months = [row for row in rows if row["dimension"] == "all"]
    source = Source(
        "marts.experience_by_month",
        f"program_type = '{program_type}', dimension = 'all', month_start from {months[0]['month_start']} to "
        f"{months[-1]['month_start']}",
    )
    blocks: list[Block] = [
        Panels([_panel(metric, months) for metric in METRICS], source=source),
        _months(months, source),
    ]
    directions = sorted({row["ces_direction"] for row in months if row["ces_direction"]})
    if "mixed" in directions:
        blocks.append(
            Text(
                "Effort was asked in several ways, some where a high answer is good and some where it is bad; all are "
                "turned so that higher is better before they are put together."
            )
        )
    by = [row for row in rows if row["dimension"] in DIMENSIONS]
    last = max((row["month_start"] for row in by), default=None)
    if last is not None:
        blocks.append(_cuts([row for row in by if row["month_start"] == last], program_type))
    return Section(slug, f"{title}: {phrase(program_type).lower()}", blocks)


def _panel(metric: Metric, months: Sequence[Given]) -> Panel:
    found = [metric.of(row) for row in months]
    ends = [end for one in found if one.shown is not None for end in one.shown]
    if not ends:
        return Panel(f"{metric.title}: {metric.what}", "not shown: in no month enough answers", "")
    scale = charts.Scale.of_scores(ends) if metric.key == "nps" else UNIT
    latest = next((row, one.shown) for row, one in zip(reversed(months), reversed(found), strict=True) if one.shown)
    words = "; ".join(
        f"{month(row['month_start'])} {metric.write(one.shown[0])} ({metric.between(one.shown)})"
        for row, one in zip(months, found, strict=True)
        if one.shown is not None
    )
    labels = [
        (f"{row['month_start']:%b}", str(row["month_start"].year) if index in (0, 6) else "")
        if index % 3 == 0
        else ("", "")
        for index, row in enumerate(months)
    ]
    row, shown = latest
    drawing = charts.score_columns(
        labels,
        found,
        scale,
        f"{metric.title} by month with 95 % intervals: {words}.",
        metric.write if metric.key != "nps" else whole_points,
    )
    note = f"{metric.between(shown)} · n {count(metric.n(row))} · {month(row['month_start'])}: {metric.what}"
    return Panel(metric.title, metric.write(shown[0]), note, drawing)


def _months(months: Sequence[Given], source: Source) -> Table:
    drawn = [
        Row([Cell(month(row["month_start"])), *(cell for metric in METRICS for cell in _cells(metric, row))])
        for row in reversed(months)
    ]
    return Table("Month by month", _columns("Month"), drawn, source=source)


def _columns(first: str) -> list[Column]:
    columns = [Column(first)]
    for metric in METRICS:
        columns += [Column(metric.title, "number", note="95 % interval"), Column("Answers", "number")]
    return columns


def _cells(metric: Metric, row: Given) -> list[Cell]:
    """The figure with its interval, and its answers."""
    n, found = metric.n(row), metric.of(row)
    answers = Cell(count(n), is_quiet=n == 0)
    if found.shown is None:
        return [Cell(NOT_SHOWN if n else NOTHING, is_quiet=True), answers]
    return [
        Cell(metric.write(found.shown[0]), note=metric.between(found.shown), is_quiet=found.is_low_sample),
        answers,
    ]


def _cuts(rows: Sequence[Given], program_type: str) -> Table:
    drawn: list[Row] = []
    for dimension in DIMENSIONS:
        found = [row for row in rows if row["dimension"] == dimension and any(metric.n(row) for metric in METRICS)]
        found.sort(key=lambda row: (-sum(metric.n(row) for metric in METRICS), row["dimension_value"]))
        if found:
            more = len(found) - MOST_VALUES
            drawn.append(
                Row([Cell(f"By {dimension}", note=f"{more} more in the table" if more > 0 else "")], is_heading=True)
            )
        drawn += [
            Row([Cell(name(row["dimension_value"])), *(cell for metric in METRICS for cell in _cells(metric, row))])
            for row in found[:MOST_VALUES]
        ]
    day = rows[0]["month_start"]
    source = Source(
        "marts.experience_by_month",
        f"program_type = '{program_type}', month_start = {day}, dimension in ({', '.join(map(literal, DIMENSIONS))})",
    )
    return Table(f"Where they were asked, {month(day)}; small samples in grey", _columns(""), drawn, source=source)


# New customers -----------------------------------------------------------------------------------------------------


def _onboarding(release: Release) -> Section:
    slug, title = "onboarding", "New customers"
    rows = release.rows(f"select * from marts.onboarding_outcomes order by cohort_start desc limit {COHORTS_SHOWN}")
    rules = release.rules
    if not rows:
        return Section(
            slug, title, [Refusal("No account has a date on which it started, so there is no cohort to follow.")]
        )
    drawn = [
        Row(
            [
                Cell(quarter(row["cohort_start"]), note="" if row["is_onboarding_complete"] else "still in onboarding"),
                Cell(count(row["n_accounts"])),
                _outcome(row, "share_two_check_ins", "n_onboarded", _whole_share),
                _outcome(row, "nps_day_60", "n_answers_day_60", signed_points),
                _outcome(row, "retention_12m", "n_observed_12m", _whole_share),
            ]
        )
        for row in rows
    ]
    columns = [
        Column("Started in"),
        Column("Accounts", "number"),
        Column(f"Had {rules.onboarding_check_ins} check-ins", "number", note=f"in {rules.onboarding_days} days"),
        Column("NPS after onboarding", "number", note="95 % interval"),
        Column("There a year later", "number", note="95 % interval"),
    ]
    more = "the last eight quarters" if len(rows) == COHORTS_SHOWN else counted(len(rows), "quarter")
    return Section(
        slug,
        title,
        [
            Table(
                f"Accounts by the quarter in which they started, {more}",
                columns,
                drawn,
                source=Source("marts.onboarding_outcomes"),
            )
        ],
        lead="Each figure counts an account only once its days are over. Cohorts are small: look at the intervals "
        "before comparing two of them.",
    )


def _outcome(row: Given, column: str, n_column: str, write: Callable[[float], str]) -> Cell:
    n, found = row[n_column] or 0, interval_of(row, column, f"{column}_ci_low", f"{column}_ci_high")
    if found is None:
        return Cell(NOT_SHOWN if n else NOTHING, note=f"of {count(n)}" if n else "not yet", is_quiet=True)
    return Cell(write(found[0]), note=f"{write(found[1])} to {write(found[2])}; of {count(n)}")


# Actions -----------------------------------------------------------------------------------------------------------


def waits(reason: str | None, rules: Rules) -> str:
    """Why the outcome of an action is not shown, and what would lift it."""
    reasons = {
        "not_shipped": "not shipped yet",
        "outcome_not_complete": f"the {rules.action_window_days} days after it shipped are not over",
        "no_answers": "no answer before or after; it takes answers on both sides",
        "suppressed": f"under {rules.minimum_scored_answers} answers on one side; it takes more",
        "one_account": "all answers of one account; it takes a second one",
        "no_variation": "every account moved alike; it takes more answers",
    }
    return reasons.get(reason or "", "no interval")


def _actions(release: Release) -> Section:
    slug, title = "actions", "What became of actions on feedback"
    rows = release.rows("select * from marts.action_outcomes order by shipped_date desc nulls last, action_id")
    if not rows:
        return Section(slug, title, [Refusal("No action is on record: it takes the table feedback_actions.")])
    days = release.rules.action_window_days
    shown = [row for row in rows if interval_of(row, "change") is not None]
    waiting = [row for row in rows if row not in shown]
    blocks: list[Block] = [_found(shown)]
    for metric in sorted({row["outcome_metric"] for row in shown}, key=lambda found: (found != "nps", found)):
        blocks.append(_changed(metric, [row for row in shown if row["outcome_metric"] == metric], days))
    if waiting:
        drawn = [
            Row(
                [
                    Cell(row["action_id"], note=_what(row)),
                    Cell(waits(row["suppression_reason"], release.rules), is_quiet=True),
                ]
            )
            for row in waiting
        ]
        columns = [Column("Action"), Column("Why there is no outcome")]
        source = Source("marts.action_outcomes", "suppression_reason")
        blocks.append(Table("Not judged yet", columns, drawn, source=source))
    return Section(
        slug,
        title,
        blocks,
        lead=f"The {days} days before an action shipped against the {days} days after. Whatever else changed in that "
        "time is in it too: before and after is not cause and effect.",
    )


def _found(shown: Sequence[Given]) -> Block:
    if not shown:
        return Refusal("No action has shipped long enough ago to be judged.")
    moved = [row["action_id"] for row in shown if row["ci_low"] > 0 or row["ci_high"] < 0]
    judged = counted(len(shown), "action")
    if not moved:
        return Text(f"{judged} judged: the interval of every change holds 0, so none of them can be told from chance.")
    of_chance = "of many, one in twenty does so by chance"
    return Text(f"{judged} judged; the interval excludes 0 for {', '.join(moved)} ({of_chance}).")


def _what(row: Given) -> str:
    shipped = "" if row["shipped_date"] is None else f", shipped {long_date(row['shipped_date'])}"
    return f"{phrase(row['theme'] or 'no theme')}, {row['polarity'] or 'no'} feedback{shipped}"


def _changed(metric: str, rows: Sequence[Given], days: int) -> Table:
    """NPS in points; every other metric as its mean place on the scale, which is what is compared."""
    is_nps = metric == "nps"
    least, scale_told = (10.0, "") if is_nps else (0.1, ", as its mean place on the scale, 0 to 1, higher is better")
    found = [(row, shown) for row in rows if (shown := interval_of(row, "change")) is not None]
    scale = charts.Scale.around([-least, least, *(end for _, shown in found for end in shown)], 4)
    write, level = (signed_points, points) if is_nps else (signed_hundredths, hundredths)
    drawn = []
    for row, shown in found:
        between = interval(*shown[1:]) if is_nps else f"{write(shown[1])} to {write(shown[2])}"
        words = f"{row['action_id']}: {write(shown[0])} (95 % interval {between})"
        is_weak = row["suppression_reason"] == LOW_SAMPLE
        drawn.append(
            Row(
                [
                    Cell(row["action_id"], note=_what(row)),
                    Cell(level(row["baseline"]), note=counted(row["n_baseline"], "answer")),
                    Cell(level(row["actual"]), note=counted(row["n_actual"], "answer")),
                    Cell(write(shown[0]), note=between),
                    Cell(drawing=charts.span(shown, scale, words, is_weak=is_weak)),
                ]
            )
        )
    columns = [
        Column("Action"),
        Column("Before", "number"),
        Column("After", "number"),
        Column("Change", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, write)),
    ]
    source = Source("marts.action_outcomes", f"outcome_metric = '{metric}'", f"{days} days before and after")
    return Table(f"Meant to move {name(metric)}{scale_told}", columns, drawn, source=source)
