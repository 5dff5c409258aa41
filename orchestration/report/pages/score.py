"""The score: what it is, how sure, whether it moved, where it differs, and what other rules would make of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.report import charts
from orchestration.report.document import (
    Block,
    Cell,
    Chart,
    Column,
    Headline,
    Legend,
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
    NO_BREAK_SPACE,
    count,
    counted,
    interval,
    long_date,
    month,
    name,
    phrase,
    points,
    share,
    signed_points,
)
from orchestration.report.release import Build, Release, Rules, literal
from orchestration.report.scores import Score

DIMENSIONS = ("segment", "region", "channel")
MOST_VALUES = 12
WHAT_NPS_IS = "The share of promoters less the share of detractors, from −100 to 100."
CATEGORIES = (
    Legend("promoter", "Promoters, 9 or 10"),
    Legend("passive", "Passives, 7 or 8"),
    Legend("detractor", "Detractors, 0 to 6"),
)


@dataclass(frozen=True)
class NpsRule:
    """A way to count when accounts answer several times: what it averages, and what it counts."""

    name: str
    averages: str
    unit: str


# Why it is not said how small a change can be seen, and what would lift that.
UNSEEN = {
    "no_answers": "nobody answered in the last four whole quarters",
    "suppressed": "too few answers come in a quarter; it takes {minimum}",
    "one_account": "all answers are of one account; it takes answers of a second one",
    "no_variation": "all accounts answer alike, so every change would seem to be one",
    "beyond_the_scale": "not even a change from −100 to 100 would be seen; it takes answers of more accounts",
}

NPS_RULES = (
    NpsRule(
        "all_responses", "Every scored answer counts once, however often a person or an account answers.", "answer"
    ),
    NpsRule(
        "contact_latest", "Each person counts once, by their last answer; the rule of the company score.", "answer"
    ),
    NpsRule("account_mean", "Each account counts once, by the mean of its people’s last answers.", "account"),
    NpsRule(
        "account_waterfall",
        "Each account counts once, by its most senior voice: decision maker, then influencer, then user.",
        "account",
    ),
    NpsRule(
        "revenue_weighted",
        "Each account counts by its revenue of the 12 months before; accounts without revenue do not count.",
        "account",
    ),
)


@dataclass(frozen=True)
class Programme:
    """The standing score of one programme, day by day up to the as-of date."""

    program_type: str
    window_days: int
    days: Sequence[charts.Day]
    counts: Mapping[str, int]

    @property
    def score(self) -> Score:
        return self.days[-1].score

    def score_on(self, day: date) -> Score | None:
        return next((found.score for found in self.days if found.date == day), None)


def page(release: Release, build: Build) -> Page:
    programmes = _programmes(release)
    headline = next((found for found in programmes if found.program_type == release.rules.headline_program_type), None)
    return Page(
        "score",
        "Score",
        [
            _headline(release, build, headline),
            _programmes_side_by_side(release, programmes),
            _change(release, build, headline),
            _power(release),
            _slices(release, headline),
            _rules(release, build),
        ],
    )


# Reading -----------------------------------------------------------------------------------------------------------


def _programmes(release: Release) -> list[Programme]:
    rows = release.rows(
        """
        select
            program_type, date_day, window_days, nps, ci_low, ci_high, ci_method, suppression_reason,
            n_scored, n_promoters, n_passives, n_detractors
        from marts.nps_rolling
        where dimension = 'all' and dimension_value = 'all'
        order by program_type, date_day
        """
    )
    by_program: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_program.setdefault(row["program_type"], []).append(row)
    minimum, first = release.rules.minimum_scored_answers, release.rules.headline_program_type
    return [
        Programme(
            program_type,
            days[-1]["window_days"],
            [charts.Day(row["date_day"], Score.of(row, minimum)) for row in days],
            {key: days[-1][f"n_{key}s"] for key in ("promoter", "passive", "detractor")},
        )
        for program_type, days in sorted(by_program.items(), key=lambda item: (item[0] != first, item[0]))
    ]


def _rolling_source(program_type: str, rows: str, window_days: int) -> Source:
    return Source(
        "marts.nps_rolling",
        f"program_type = '{program_type}', {rows}",
        f"each person’s last answer within {window_days} days",
    )


def _total(day: date) -> str:
    return f"dimension = 'all', date_day = {day}"


# Sections ----------------------------------------------------------------------------------------------------------


def _headline(release: Release, build: Build, programme: Programme | None) -> Section:
    title = "How likely customers are to recommend us"
    program_type, window = release.rules.headline_program_type, release.rules.trend_window_days
    if programme is None:
        empty = Score(None, None, None, 0, None, None, release.rules.minimum_scored_answers)
        source = _rolling_source(program_type, _total(build.as_of), window)
        note = Text(f"The release holds no scored answer of the {_lower(program_type)} programme.")
        return Section("headline", title, [_headline_block(program_type, empty, build.as_of, window, {}, source), note])
    day = programme.days[-1].date
    source = _rolling_source(program_type, _total(day), programme.window_days)
    blocks: list[Block] = [
        _headline_block(program_type, programme.score, day, programme.window_days, programme.counts, source)
    ]
    if not programme.score.is_shown:
        blocks += _last_standing(programme)
    if (scale := charts.trend_range(programme.days)) is not None:
        what = f"NPS of the {_lower(program_type)} programme by day"
        blocks.append(
            Chart(
                f"Day by day: the last answers of {programme.window_days} days, with their 95 % interval",
                charts.trend(programme.days, scale, charts.trend_label(what, programme.days)),
                note=_limits_of_trend(programme, scale),
                source=_rolling_source(program_type, "dimension = 'all', every date_day", programme.window_days),
            )
        )
    return Section("headline", title, blocks, WHAT_NPS_IS)


def _headline_block(
    program_type: str, score: Score, day: date, window_days: int, counts: Mapping[str, int], source: Source
) -> Headline:
    details = [
        ("Programme", phrase(program_type)),
        ("Counts", f"each person’s last answer in the {window_days} days up to {long_date(day)}"),
        ("Answers", counted(score.n_scored, "scored answer")),
    ]
    drawing = None
    if score.shown is not None:
        details.append(("Interval", f"{score.method}: {score.method_explained}"))
        parts = [charts.Part(legend.key, legend.label, counts[legend.key]) for legend in CATEGORIES]
        words = ", ".join(
            f"{counted(counts[legend.key], legend.key)} ({share(counts[legend.key] / score.n_scored)})"
            for legend in CATEGORIES
        )
        drawing = charts.bar(parts, f"Answers: {words}")
    if score.is_low_sample:
        details.append(("Caution", "a small sample: the interval counts, not the number"))
    return Headline(
        label="Net Promoter Score",
        score=score,
        date=day.isoformat(),
        program_type=program_type,
        value=score.refusal() if score.shown is None else signed_points(score.shown[0]),
        interval="" if score.shown is None else f"95{NO_BREAK_SPACE}% interval {interval(*score.shown[1:])}",
        details=details,
        drawing=drawing,
        legend=[Legend(legend.key, f"{legend.label}: {count(counts[legend.key])}") for legend in CATEGORIES]
        if drawing is not None
        else (),
        source=source,
    )


def _last_standing(programme: Programme) -> list[Block]:
    shown = [day for day in programme.days if day.score.is_shown]
    if not shown:
        return [Refusal("On no day did enough answers stand for a score to be shown.")]
    last = shown[-1]
    return [Text(f"The last score that could be shown stood on {long_date(last.date)}: {last.score.sentence()}.")]


def _limits_of_trend(programme: Programme, scale: charts.Scale) -> str:
    hidden = sum(not day.score.is_shown for day in programme.days)
    beyond = charts.beyond(programme.days, scale)
    notes = []
    if hidden:
        notes.append(f"Gaps: on {counted(hidden, 'day')} too few answers stood for a score to be shown.")
    if beyond:
        notes.append(f"On {counted(beyond, 'day')} with few answers the interval reaches beyond the frame.")
    return " ".join(notes)


def _programmes_side_by_side(release: Release, programmes: Sequence[Programme]) -> Section:
    blocks: list[Block] = []
    scale = charts.trend_range(*(programme.days for programme in programmes))
    panels = []
    for programme in programmes:
        score = programme.score
        what = f"NPS of the {_lower(programme.program_type)} programme by day"
        panels.append(
            Panel(
                phrase(programme.program_type),
                score.refusal() if score.shown is None else signed_points(score.shown[0]),
                f"{interval(*score.shown[1:])} · n {count(score.n_scored)}" if score.shown else "",
                None
                if scale is None
                else charts.trend(programme.days, scale, charts.trend_label(what, programme.days), 130, is_small=True),
            )
        )
    if panels:
        source = Source(
            "marts.nps_rolling",
            "dimension = 'all', each program_type, every date_day",
            f"each person’s last answer within {programmes[0].window_days} days",
        )
        blocks.append(Panels(panels, source=source))
    else:
        blocks.append(Refusal("No programme has a scored answer."))
    return Section(
        "programmes",
        "Programme by programme",
        blocks,
        lead="A relationship survey asks about the company, a transactional one about the last contact with it. They "
        "are different questions, so they stand side by side, on one scale, and are never pooled.",
    )


def _change(release: Release, build: Build, programme: Programme | None) -> Section:
    title = "Against a year before"
    if programme is None:
        return Section("change", title, [Refusal("There is no score to compare.")])
    now = programme.days[-1]
    then_date = _a_year_before(now.date)
    then = programme.score_on(then_date)
    source = _rolling_source(
        programme.program_type, f"dimension = 'all', date_day in ({then_date}, {now.date})", programme.window_days
    )
    if then is None:
        first = long_date(programme.days[0].date)
        return Section(
            "change",
            title,
            [Refusal(f"A year before there was no score: the first answer is of {first}.", source=source)],
        )
    if now.score.shown is None or then.shown is None:
        words = f"{long_date(now.date)}: {now.score.sentence()}. {long_date(then_date)}: {then.sentence()}."
        return Section("change", title, [Refusal(f"No change is given. {words}", source=source)])
    (nps, low, high), (nps_then, low_then, high_then) = now.score.shown, then.shown
    lowest, highest = low - high_then, high - low_then
    rows = [
        Row([_named(long_date(now.date), now.score), *_score_cells(now.score)]),
        Row([_named(long_date(then_date), then), *_score_cells(then)]),
        Row(
            [
                Cell("Change", note="and its widest range"),
                Cell(signed_points(nps - nps_then), note=interval(lowest, highest)),
                Cell(),
            ],
            is_total=True,
        ),
    ]
    is_settled = lowest > 0 or highest < 0
    settled = "does not hold 0, so the score moved" if is_settled else "holds 0, so this alone does not show a move"
    return Section(
        "change",
        title,
        [
            Table("Standing score, now and a year before", _score_columns("Day"), rows, source=source),
            Text(
                "The widest range takes the ends of the two intervals that are furthest apart. An interval paired by "
                f"account would be narrower; the release does not hold one. The range {settled}."
            ),
        ],
    )


def _power(release: Release) -> Section:
    slug, title = "power", "How small a change can be seen"
    program_type = release.rules.headline_program_type
    rows = release.rows(
        f"""
        select *
        from marts.nps_power
        where program_type = {literal(program_type)} and dimension = 'all'
        """
    )
    if not rows:
        return Section(slug, title, [Refusal(f"The {_lower(program_type)} programme has no answers.")])
    row = rows[0]
    source = Source(
        "marts.nps_power",
        f"program_type = '{program_type}', dimension = 'all'",
        "each person’s last answer of a quarter, over the last four whole quarters",
    )
    if row["smallest_change_seen"] is None:
        return Section(
            slug,
            title,
            [Refusal(f"It is not said: {unseen(row['suppression_reason'], release.rules)}.", source=source)],
        )
    paired = row["smallest_paired_change_seen"]
    by_account = "" if paired is None else f", and one of {points(paired)} where quarters are compared by account"
    caution = " That is a small sample." if row["suppression_reason"] else ""
    answers, change = counted(row["n_scored"], "answer"), points(row["smallest_change_seen"])
    words = (
        f"With {answers} a quarter a change of {change} points can be seen{by_account}. To see 5 points it takes "
        f"{count(row['answers_for_5_points'])} answers a quarter.{caution}"
    )
    return Section(
        slug,
        title,
        [Text(words, source=source)],
        lead="Seen means that four of five such changes are told from chance, by a test that errs in one of twenty "
        "quarters without a change.",
    )


def unseen(reason: str | None, rules: Rules) -> str:
    """Why it is not said how small a change can be seen."""
    return UNSEEN[reason or "no_answers"].format(minimum=rules.minimum_scored_answers)


def _a_year_before(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


def _score_columns(first: str) -> list[Column]:
    return [
        Column(first),
        Column("NPS", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.interval_axis()),
    ]


def _named(label: str, score: Score) -> Cell:
    return Cell(label, note=counted(score.n_scored, "answer"))


def _score_cells(score: Score, reference: float | None = None, unit: str = "answer") -> list[Cell]:
    """The number with its interval, and its drawing; or one refusal in the place of both."""
    if score.shown is None:
        return [Cell(score.refusal(unit), is_quiet=True, spans=2)]
    nps, low, high = score.shown
    note = f"{interval(low, high)}{', small sample' if score.is_low_sample else ''}"
    return [
        Cell(signed_points(nps), note=note),
        Cell(drawing=charts.interval(score, reference, score.sentence(unit))),
    ]


def _slices(release: Release, programme: Programme | None) -> Section:
    slug, title = "slices", "Where it differs"
    if programme is None or programme.score.n_scored == 0:
        return Section(slug, title, [Refusal("No scored answer in the window, so there is nothing to cut.")])
    day = programme.days[-1].date
    rows = release.rows(
        f"""
        select dimension, dimension_value, nps, ci_low, ci_high, ci_method, suppression_reason, n_scored
        from marts.nps_rolling
        where
            program_type = {literal(programme.program_type)}
            and date_day = {literal(day)}
            and dimension in ({", ".join(literal(dimension) for dimension in DIMENSIONS)})
            and n_scored > 0
        order by n_scored desc, dimension_value
        """
    )
    reference = programme.score.shown[0] if programme.score.shown is not None else None
    drawn: list[Row] = []
    for dimension in DIMENSIONS:
        found = [row for row in rows if row["dimension"] == dimension]
        shown = [
            (name(row["dimension_value"]), Score.of(row, release.rules.minimum_scored_answers))
            for row in found[:MOST_VALUES]
        ]
        more = len(found) - len(shown)
        note = f"the {MOST_VALUES} with the most answers; {more} more in the table" if more else ""
        drawn.append(Row([Cell(f"By {dimension}", note=note)], is_heading=True))
        drawn += [Row([_named(label, score), *_score_cells(score, reference)]) for label, score in shown]
    minimum, reportable = release.rules.minimum_scored_answers, release.rules.reportable_scored_answers
    caption = f"{phrase(programme.program_type)} programme on {long_date(day)}"
    source = _rolling_source(
        programme.program_type,
        f"dimension in ({', '.join(literal(dimension) for dimension in DIMENSIONS)}), date_day = {day}",
        programme.window_days,
    )
    return Section(
        slug,
        title,
        [Table(caption, _score_columns(""), drawn, source=source)],
        lead="Dots are scores, lines their 95 % intervals, hollow and dotted where the sample is small; the dashed line"
        f" is the whole programme. Under {minimum} answers nothing is shown, under {reportable} the sample is small. "
        "Of many intervals one in twenty misses by chance.",
    )


def _rules(release: Release, build: Build) -> Section:
    program_type = release.rules.headline_program_type
    rows = release.rows(
        f"""
        with whole_months as (
            select *
            from marts.nps_by_month
            where
                program_type = {literal(program_type)}
                and dimension = 'all'
                and dimension_value = 'all'
                and month_start + interval 1 month <= date {literal(build.as_of)} + interval 1 day
        ),

        -- The last month in which something may be shown; without any, the last month.
        chosen as (
            select month_start
            from whole_months
            group by month_start
            order by count(ci_low) > 0 desc, month_start desc
            limit 1
        )

        select
            month_start, nps_rule, nps, ci_low, ci_high, ci_method, suppression_reason, n_scored, effective_n
        from whole_months
        inner join chosen using (month_start)
        """
    )
    slug, title = "rules", "Five ways to count the same answers"
    if not rows:
        return Section(slug, title, [Refusal(f"No whole month has an answer of the {_lower(program_type)} programme.")])
    by_rule = {row["nps_rule"]: row for row in rows}
    month_start = rows[0]["month_start"]
    is_enough = any(row["ci_low"] is not None for row in rows)
    caption = f"Answers of {month(month_start)}{', the last whole month with enough of them' if is_enough else ''}"
    drawn = []
    for rule in NPS_RULES:
        score = Score.of(by_rule[rule.name], release.rules.minimum_scored_answers)
        effective = by_rule[rule.name]["effective_n"]
        effective_n = f", effective number {effective:,.1f}" if score.is_shown and effective else ""
        note = f"{rule.averages} {counted(score.n_scored, rule.unit)}{effective_n}."
        drawn.append(Row([Cell(phrase(rule.name), note=note), *_score_cells(score, unit=rule.unit)]))
    source = Source(
        "marts.nps_by_month",
        f"program_type = '{program_type}', dimension = 'all', month_start = {month_start}, each nps_rule",
    )
    return Section(
        slug,
        title,
        [Table(caption, _score_columns("Rule"), drawn, source=source)],
        lead="When an account answers several times, the score depends on what is averaged. None of the five is wrong; "
        "a number without its rule is.",
    )


def _lower(program_type: str) -> str:
    return phrase(program_type).lower()
