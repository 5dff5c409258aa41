"""Why it moved: who answered and what they said, which themes pull the score, and who kept silent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from markupsafe import Markup

from orchestration.report import charts
from orchestration.report.document import (
    Block,
    Cell,
    Chart,
    Column,
    Figure,
    Figures,
    Legend,
    Page,
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
    interval,
    long_date,
    money,
    month,
    name,
    phrase,
    points,
    quarter,
    ratio,
    share,
    share_interval,
    signed_hundredths,
    signed_points,
    signed_share,
    whole_points,
)
from orchestration.report.release import Build, Release, Rules, literal
from orchestration.report.scores import LOW_SAMPLE, Estimate, interval_of

COMPARISONS = {
    "month_on_month": "Month on month",
    "quarter_on_quarter": "Quarter on quarter",
    "year_on_year": "Year on year",
}
# A dimension with more values than these does not fit into a picture.
MOST_VALUES = 10
MOST_STEPS = 8
# No theme was found, or nothing was written.
NO_THEME = "no_theme"
THEMES_QUOTED = 3
COMMENTS_QUOTED = 2
COMMENT_SHOWN = 180
SILENCE_BY = ("segment", "region")
HEADLINE_MONTHS = 12
STATUSES = {
    "answered": ("Answered", "a score stood at the quarter end"),
    "silent": ("Asked, no answer", "asked, and no answer stood"),
    "not_invited": ("Not asked", ""),
}
STAGES = (
    ("n_invited", "Invited"),
    ("n_delivered", "Delivered"),
    ("n_opened", "Opened"),
    ("n_answered", "Answered"),
    ("n_scored", "Scored"),
)
EFFECTS = (Legend("up", "lifts the score"), Legend("down", "lowers it"))

Given = Mapping[str, Any]


def page(release: Release, build: Build) -> Page:
    changes = _changes(release)
    headline = [row for row in changes if row["program_type"] == release.rules.headline_program_type]
    return Page(
        "why",
        "Why it moved",
        [
            _moved(release, changes),
            _parts(release, headline),
            _themes(release, build),
            _silent(release),
            _kept(release),
        ],
        lead="A score moves because people say something else, because other people answer, or by chance. Chance comes "
        "first: a change whose interval holds 0 needs no reason.",
    )


# The change --------------------------------------------------------------------------------------------------------


def _changes(release: Release) -> list[dict[str, Any]]:
    """The latest change of every programme and comparison."""
    return release.rows(
        """
        select *
        from marts.nps_change_decomposition
        where dimension = 'all'
        qualify period_to = max(period_to) over (partition by program_type, comparison)
        order by program_type, comparison
        """
    )


def _period(comparison: str, day: date) -> str:
    return month(day) if comparison == "month_on_month" else quarter(day)


def _periods(row: Given) -> str:
    return f"{_period(row['comparison'], row['period_from'])} to {_period(row['comparison'], row['period_to'])}"


def _compared(comparison: str) -> str:
    return COMPARISONS.get(comparison, phrase(comparison))


def _change_of(row: Given) -> Estimate:
    return Estimate(interval_of(row, "change"), row["suppression_reason"] == LOW_SAMPLE)


def not_shown(row: Given, rules: Rules) -> str:
    """Why a change is not shown, and what would lift it."""
    answers = f"{count(row['n_from'])} and {counted(row['n_to'], 'answer')}"
    reasons = {
        "suppressed": f"needs {rules.minimum_scored_answers} in each period",
        "one_account": "all of one account; it takes answers of a second one",
        "no_variation": "every account moved alike, so that no interval can be made; it takes more answers",
    }
    return f"not shown: {answers}; {reasons.get(row['suppression_reason'] or '', 'no interval')}"


def _moved(release: Release, changes: Sequence[Given]) -> Section:
    slug, title = "moved", "Did it move"
    if not changes:
        refusal = Refusal("There is no change to explain: it takes answers in two whole months one after the other.")
        return Section(slug, title, [refusal])
    shown = [change.shown for row in changes if (change := _change_of(row)).shown is not None]
    scale = charts.Scale.around([-10.0, 10.0, *(end for ends in shown for end in ends)], 4)
    first = release.rules.headline_program_type
    drawn: list[Row] = []
    for program_type in sorted({row["program_type"] for row in changes}, key=lambda found: (found != first, found)):
        drawn.append(Row([Cell(phrase(program_type))], is_heading=True))
        of_program = {row["comparison"]: row for row in changes if row["program_type"] == program_type}
        drawn += [_change_row(of_program[key], scale, release.rules) for key in _in_order(of_program)]
    columns = [
        Column(""),
        Column("Change", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, whole_points)),
        Column("From", "number"),
        Column("To", "number"),
    ]
    source = Source(
        "marts.nps_change_decomposition",
        "dimension = 'all', the last period_to of each comparison",
        "each person’s last answer in the period; accounts that answered in both are paired",
    )
    return Section(
        slug,
        title,
        [_verdict(changes, first), Table("The latest whole periods, compared", columns, drawn, source=source)],
        lead="Three ways to compare, since none suits every programme: where everybody is asked twice a year, one "
        "month is not like the next, and the same quarter of the year before is the fairest measure.",
    )


def _in_order(found: Mapping[str, Given]) -> list[str]:
    known = [key for key in COMPARISONS if key in found]
    return [*known, *sorted(key for key in found if key not in COMPARISONS)]


def _change_row(row: Given, scale: charts.Scale, rules: Rules) -> Row:
    first = Cell(_compared(row["comparison"]), note=_periods(row))
    change = _change_of(row)
    if change.shown is None:
        return Row([first, Cell(not_shown(row, rules), is_quiet=True, spans=4)])
    value, low, high = change.shown
    words = f"{first.text}, {_periods(row)}: {signed_points(value)} (95 % interval {interval(low, high)})"
    return Row(
        [
            first,
            Cell(
                signed_points(value),
                note=f"{interval(low, high)}{', small sample' if change.is_low_sample else ''}",
            ),
            Cell(drawing=charts.span(change.shown, scale, words, is_weak=change.is_low_sample)),
            Cell(signed_points(row["nps_total_from"]), note=counted(row["n_from"], "answer")),
            Cell(signed_points(row["nps_total_to"]), note=counted(row["n_to"], "answer")),
        ]
    )


def _verdict(changes: Sequence[Given], program_type: str) -> Block:
    of_program = [row for row in changes if row["program_type"] == program_type]
    shown = [(row, change) for row in of_program if (change := _change_of(row).shown) is not None]
    if not shown:
        return Refusal(f"Whether the score of the {phrase(program_type).lower()} programme moved cannot be said yet.")
    moved = [
        f"{_compared(row['comparison']).lower()} by {signed_points(change[0])}"
        for row, change in shown
        if change[1] > 0 or change[2] < 0
    ]
    if moved:
        return Text(f"The score of the {phrase(program_type).lower()} programme moved {' and '.join(moved)}.")
    return Text(
        f"No interval of the {phrase(program_type).lower()} programme excludes 0: chance alone may have made these "
        "changes. What follows takes them apart all the same; it is arithmetic, and no finding."
    )


# Its parts ---------------------------------------------------------------------------------------------------------


def _parts(release: Release, headline: Sequence[Given]) -> Section:
    slug, title = "parts", "Who answered, and what they said"
    by_comparison = {row["comparison"]: row for row in headline}
    blocks: list[Block] = []
    for comparison in _in_order(by_comparison):
        blocks += _waterfall(release, by_comparison[comparison])
    if not blocks:
        blocks = [Refusal("There is no change to take apart.")]
    return Section(
        slug,
        title,
        blocks,
        lead="Rate is what a group’s own score did to the total; mix is what its larger or smaller share did. They add "
        "up to the change exactly. The parts have no interval of their own: trust them no further than the change. "
        f"Drawn is the dimension, of those with up to {MOST_VALUES} values, whose values moved least alike.",
    )


def _waterfall(release: Release, total: Given) -> list[Block]:
    what = f"{_compared(total['comparison'])}, {_periods(total)}"
    source = Source(
        "marts.nps_change_decomposition",
        f"comparison = '{total['comparison']}', program_type = '{total['program_type']}', "
        f"period_to = {total['period_to']}",
    )
    if _change_of(total).shown is None:
        return [Refusal(f"{what}, {not_shown(total, release.rules)}.", source=source)]
    rows = release.rows(
        f"""
        select *
        from marts.nps_change_decomposition
        where
            comparison = {literal(total["comparison"])}
            and program_type = {literal(total["program_type"])}
            and period_to = {literal(total["period_to"])}
            and dimension <> 'all'
        qualify count(*) over (partition by dimension) between 2 and {MOST_VALUES}
        order by dimension, abs(rate_effect) desc, dimension_value
        """
    )
    dimension = least_alike(rows, release.rules.minimum_scored_answers)
    if dimension is None:
        return [Refusal(f"{what}: no dimension has two values with enough answers in both periods.", source=source)]
    values = [row for row in rows if row["dimension"] == dimension]
    steps = _steps(total, values, release.rules)
    words = ", ".join(f"{step.label} {signed_points(step.amount)}" for step in steps)
    rows_drawn = f"{source.rows}, dimension = '{dimension}'"
    return [
        Chart(
            f"{what}, by {phrase(dimension).lower()}",
            charts.waterfall(steps, f"Waterfall of the score. {words}."),
            legend=EFFECTS,
        ),
        _values_table(values, total, dimension, replace(source, rows=rows_drawn), release.rules),
    ]


def least_alike(rows: Sequence[Given], minimum: int) -> str | None:
    """The dimension whose values moved least alike, for its number of values and of answers.

    How far the effect of a value lies from its share of the change is squared, in units of what chance makes of as
    many answers, and averaged over the values; so a dimension does not win by having many small ones.
    """
    found: dict[str, list[float]] = {}
    for row in rows:
        weight = (row["weight_from"] + row["weight_to"]) / 2
        if min(row["n_from"], row["n_to"]) >= minimum:
            apart = (row["rate_effect"] + row["mix_effect"]) / weight - row["change"]
            answers = row["n_from"] * row["n_to"] / (row["n_from"] + row["n_to"])
            found.setdefault(row["dimension"], []).append(apart * apart * answers)
    judged = {key: math.fsum(parts) / (len(parts) - 1) for key, parts in found.items() if len(parts) > 1}
    return max(sorted(judged), key=lambda key: judged[key], default=None)


def _steps(total: Given, values: Sequence[Given], rules: Rules) -> list[charts.Step]:
    """From the score before, over what each value said and who answered, to the score after."""
    enough = [row for row in values if min(row["n_from"], row["n_to"]) >= rules.minimum_scored_answers][:MOST_STEPS]
    rest = [row for row in values if row not in enough]
    steps = [charts.Step(_period(total["comparison"], total["period_from"]), total["nps_total_from"], is_total=True)]
    steps += [charts.Step(name(row["dimension_value"]), row["rate_effect"]) for row in enough]
    if rest:
        label = f"{count(len(rest))} with few answers"
        steps.append(charts.Step(label, math.fsum(row["rate_effect"] for row in rest)))
    steps.append(charts.Step("Mix: who answered", math.fsum(row["mix_effect"] for row in values)))
    steps.append(charts.Step(_period(total["comparison"], total["period_to"]), total["nps_total_to"], is_total=True))
    return steps


def _values_table(values: Sequence[Given], total: Given, dimension: str, source: Source, rules: Rules) -> Table:
    drawn = [
        Row(
            [
                Cell(name(row["dimension_value"]), note="in one period only" if row["is_one_sided"] else ""),
                *(_side(row, side, rules) for side in ("from", "to")),
                Cell(signed_points(row["rate_effect"])),
                Cell(signed_points(row["mix_effect"])),
            ]
        )
        for row in values
    ]
    rate, mix = (math.fsum(row[f"{part}_effect"] for row in values) for part in ("rate", "mix"))
    drawn.append(
        Row(
            [
                Cell("All", note=f"change {signed_points(total['change'])}: rate and mix"),
                Cell(signed_points(total["nps_total_from"]), note=counted(total["n_from"], "answer")),
                Cell(signed_points(total["nps_total_to"]), note=counted(total["n_to"], "answer")),
                Cell(signed_points(rate)),
                Cell(signed_points(mix)),
            ],
            is_total=True,
        )
    )
    columns = [
        Column(phrase(dimension)),
        Column(_period(total["comparison"], total["period_from"]), "number", note="score, share of answers"),
        Column(_period(total["comparison"], total["period_to"]), "number", note="score, share of answers"),
        Column("Rate", "number", note="points"),
        Column("Mix", "number", note="points"),
    ]
    return Table(f"The same in numbers, {_periods(total)}", columns, drawn, source=source)


def _side(row: Given, side: str, rules: Rules) -> Cell:
    n = row[f"n_{side}"]
    if n < rules.minimum_scored_answers:
        return Cell("not shown" if n else NOTHING, note=counted(n, "answer"), is_quiet=True)
    return Cell(signed_points(row[f"nps_{side}"]), note=f"{share(row[f'weight_{side}'])}, {counted(n, 'answer')}")


# Themes ------------------------------------------------------------------------------------------------------------


def _themes(release: Release, build: Build) -> Section:
    slug, title = "themes", "What they spoke of"
    rows = release.rows(
        f"""
        with whole_months as (
            select *
            from marts.theme_impact
            where question = 'all' and month_start + interval 1 month <= date {literal(build.as_of)} + interval 1 day
        ),

        -- The last month in which the impact of a theme may be shown; without any, the last month.
        chosen as (
            select month_start
            from whole_months
            group by month_start
            order by bool_or(is_reportable and theme <> {literal(NO_THEME)}) desc, month_start desc
            limit 1
        )

        select whole_months.*
        from whole_months
        inner join chosen using (month_start)
        order by impact nulls last, n_answers desc, theme
        """
    )
    if not rows:
        return Section(slug, title, [Refusal("No whole month has a scored answer, so no theme can be weighed.")])
    day, minimum = rows[0]["month_start"], release.rules.minimum_theme_answers
    source = Source(
        "marts.theme_impact",
        f"month_start = {day}, question = 'all'",
        f"seeds/reference/theme_keywords.csv; an impact from {minimum} answers on",
    )
    themes = [row for row in rows if row["theme"] != NO_THEME]
    if not themes:
        refusal = Refusal(f"No comment of {month(day)} names a theme: it takes comments.", source=source)
        return Section(slug, title, [refusal])
    blocks: list[Block] = [_impacts(themes, day, source, minimum), _contributions(rows, day, source, minimum)]
    blocks += _comments(release, themes, day)
    return Section(
        slug,
        title,
        blocks,
        lead="The impact of a theme is the score less what it would be without those who speak of it. Who speaks of "
        "two themes counts in both: themes overlap, and neither impacts nor revenue may be added up. Nobody chose a "
        "theme at random, so an impact does not say what mending it would bring.",
    )


def _theme(row: Given) -> str:
    return "No theme or comment" if row["theme"] == NO_THEME else phrase(row["theme"])


def _impacts(themes: Sequence[Given], day: date, source: Source, minimum: int) -> Block:
    shown = [row for row in themes if row["is_reportable"] and row["impact"] is not None]
    few = [row for row in themes if row not in shown]
    if not shown:
        most = max(row["n_answers"] for row in themes)
        told = f"No theme of {month(day)} has {minimum} answers; the most spoken of has {count(most)}."
        return Refusal(told, source=source)
    ends = [row[end] for row in shown for end in ("ci_low", "ci_high")]
    scale = charts.Scale.around([-5.0, 5.0, *ends], 4)
    drawn = []
    for row in shown:
        words = (
            f"{_theme(row)}: impact {signed_points(row['impact'])} "
            f"(95 % interval {interval(row['ci_low'], row['ci_high'])})"
        )
        tone = row["avg_sentiment"]
        drawn.append(
            Row(
                [
                    Cell(_theme(row), note=counted(row["n_answers"], "answer")),
                    Cell(signed_points(row["impact"]), note=interval(row["ci_low"], row["ci_high"])),
                    Cell(drawing=charts.span((row["impact"], row["ci_low"], row["ci_high"]), scale, words)),
                    Cell(signed_points(row["nps_with_theme"])),
                    Cell(NOTHING if tone is None else signed_hundredths(tone)),
                    Cell(NOTHING if row["revenue_exposed"] is None else money(row["revenue_exposed"])),
                ]
            )
        )
    if few:
        names = ", ".join(_theme(row).lower() for row in sorted(few, key=lambda row: (-row["n_answers"], row["theme"])))
        told = f"not shown, under {minimum} answers: {names}"
        drawn.append(Row([Cell(counted(len(few), "more theme")), Cell(told, is_quiet=True, spans=5)]))
    columns = [
        Column("Theme"),
        Column("Impact", "number", note="points, 95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, whole_points)),
        Column("Their score", "number"),
        Column("Tone", "number", note="−1 to 1"),
        Column(f"Revenue, {themes[0]['currency']}", "number", note="of who speaks of it"),
    ]
    total = f"score {signed_points(themes[0]['nps'])} of {counted(themes[0]['n_scored'], 'answer')}"
    return Table(f"Themes of {month(day)}; {total}", columns, drawn, source=source)


def _contributions(rows: Sequence[Given], day: date, source: Source, minimum: int) -> Block:
    """The month's score as the sum of what each theme brings to it."""
    enough = [row for row in rows if row["n_answers"] >= minimum]
    few = [row for row in rows if row["n_answers"] < minimum]
    steps = [
        charts.Step(_theme(row), row["contribution"])
        for row in sorted(enough, key=lambda row: (-row["contribution"], row["theme"]))
    ]
    if few:
        label = f"{count(len(few))} spoken of less"
        steps.append(charts.Step(label, math.fsum(row["contribution"] for row in few)))
    steps.append(charts.Step(f"Score, {day:%b %Y}", rows[0]["nps"], is_total=True))
    words = ", ".join(f"{step.label} {signed_points(step.amount)}" for step in steps)
    return Chart(
        "Where the points of the score come from",
        charts.waterfall(steps, f"Contributions. {words}."),
        legend=EFFECTS,
        note="Here nothing overlaps: the points of an answer are split equally over its themes, so that the parts add "
        "up to the score. They have no interval of their own.",
        source=source,
    )


def _comments(release: Release, themes: Sequence[Given], day: date) -> list[Block]:
    """What those wrote who speak of the themes with the greatest impact."""
    judged = [row for row in themes if row["impact"] is not None]
    chosen = sorted(judged, key=lambda row: (-abs(row["impact"]), row["theme"]))[:THEMES_QUOTED]
    if not chosen:
        return []
    listed = ", ".join(literal(row["theme"]) for row in chosen)
    rows = release.rows(
        f"""
        select
            themes.theme,
            comments.question,
            answers.score,
            answers.channel,
            answers.answered_date,
            comments.comment_redacted
        from marts.fct_response_themes as themes
        inner join marts.fct_response_comments as comments using (response_id, question)
        inner join marts.fct_nps_responses as answers using (response_id)
        where
            themes.theme in ({listed})
            and answers.program_type = {literal(release.rules.headline_program_type)}
            and date_trunc('month', answers.answered_date) = date {literal(day)}
        -- Each wording once, the longest first: it says most.
        qualify row_number() over (partition by themes.theme, comments.comment_redacted order by response_id) = 1
        order by length(comments.comment_redacted) desc, response_id
        """
    )
    drawn: list[Row] = []
    for theme in chosen:
        found = [row for row in rows if row["theme"] == theme["theme"]]
        # Who is unhappy and who is not: one side alone would be half of what was said.
        told = [
            row
            for side in (range(7), range(7, 11))
            for row in [row for row in found if row["score"] in side][:COMMENTS_QUOTED]
        ]
        if told:
            drawn.append(Row([Cell(_theme(theme))], is_heading=True))
            drawn += [
                Row(
                    [
                        Cell(long_date(row["answered_date"]), note=name(row["channel"] or "")),
                        Cell(str(row["score"])),
                        Cell(_cut(row["comment_redacted"])),
                    ]
                )
                for row in told
            ]
    if not drawn:
        return []
    source = Source(
        "marts.fct_response_comments",
        f"answers of {month(day)} that speak of the theme, the longest first",
        "redacted before publication",
    )
    columns = [Column("Answered"), Column("Score", "number"), Column("What they wrote")]
    return [Table("In their words: two of the unhappy, two of the others", columns, drawn, source=source)]


def _cut(text: str) -> str:
    return text if len(text) <= COMMENT_SHOWN else text[: COMMENT_SHOWN - 1].rstrip() + "…"


# Who did not answer ------------------------------------------------------------------------------------------------


def _silent(release: Release) -> Section:
    slug, title = "silent", "Who did not answer"
    rows = release.rows(
        f"""
        with of_program as (
            select * from marts.response_funnel where program_type = {literal(release.rules.headline_program_type)}
        ),

        -- The last survey month with enough answers; without any, the last that sent anything.
        chosen as (
            select month_start, survey_id
            from of_program
            where dimension = 'all' and n_invited > 0
            order by is_reportable desc, month_start desc, n_invited desc, survey_id
            limit 1
        )

        select
            of_program.*,
            dim_surveys.survey_name
        from of_program
        inner join chosen using (month_start, survey_id)
        left join marts.dim_surveys using (survey_id)
        order by dimension, n_invited desc, dimension_value
        """
    )
    total = next((row for row in rows if row["dimension"] == "all"), None)
    if total is None:
        refusal = Refusal("No invitation is on record: it takes the table survey_invitations.")
        return Section(slug, title, [refusal])
    source = Source(
        "marts.response_funnel", f"month_start = {total['month_start']}, survey_id = '{total['survey_id']}'"
    )
    figures = [
        Figure("Response rate", share(total["response_rate"]), "scored of delivered"),
        Figure(
            "Accounts that answered",
            share(total["share_accounts_scored"]),
            f"{count(total['n_accounts_scored'] or 0)} of {count(total['n_accounts_invited'] or 0)}",
        ),
        Figure("Their revenue", share(total["revenue_share_scored"]), "of that of the accounts invited"),
        Figure(
            f"Asked again within {release.rules.cooldown_days} days",
            share(ratio(total["n_cooldown_breaches"], total["n_invited"])),
            counted(total["n_cooldown_breaches"], "invitation"),
            tone="warn" if total["n_cooldown_breaches"] else "good",
        ),
    ]
    drawn = [
        Row(
            [
                Cell(label),
                Cell(count(total[key])),
                Cell(share(ratio(total[key], total["n_invited"]))),
                Cell(drawing=_bar_of(total[key], total["n_invited"], label)),
            ]
        )
        for key, label in STAGES
    ]
    columns = [Column("Invitations"), Column("Number", "number"), Column("Share", "number"), Column("", "chart")]
    sent = f"{total['survey_name'] or name(total['survey_id'])}, sent in {month(total['month_start'])}"
    blocks: list[Block] = [
        Figures(figures, source=source),
        Table(f"From the invitation to the score: {sent}", columns, drawn, source=source),
        _weighted(total, source),
    ]
    if by := [row for row in rows if row["dimension"] in SILENCE_BY]:
        blocks.append(_rates(by, source))
    return Section(
        slug,
        title,
        blocks,
        lead="A score speaks for those who answered. What the others think is not known; how much hangs on it is.",
    )


def _bar_of(part: int, whole: int, label: str) -> Markup | None:
    parts = [charts.Part("amount", label, float(part)), charts.Part("rest", "", float(whole - part))]
    return charts.bar(parts, f"{label}: {share(ratio(part, whole))}") if whole else None


def _weighted(total: Given, source: Source) -> Block:
    if total["nps_raw"] is None or not total["is_reportable"]:
        return Refusal("Too few of these invitations were scored to weigh them or to bound the score.", source=source)
    scale = charts.Scale(charts.LOWEST, charts.HIGHEST, 50)
    raw, weighted = total["nps_raw"], total["nps_weighted"]
    bounds = (raw, total["nps_bound_low"], total["nps_bound_high"])
    told = f"if all who kept silent were detractors, and if all were promoters: {interval(*bounds[1:])}"
    drawn = [
        Row(
            [
                Cell("As they came", note=counted(total["n_scored"], "scored invitation")),
                Cell(signed_points(raw)),
                Cell(drawing=charts.span((raw, raw, raw), scale, f"As they came {signed_points(raw)}")),
            ]
        )
    ]
    if weighted is not None:
        words = f"Weighted {signed_points(weighted)}"
        drawn.append(
            Row(
                [
                    Cell("Weighted", note=f"by segment and size; effective number {points(total['effective_n'])}"),
                    Cell(signed_points(weighted)),
                    Cell(drawing=charts.span((weighted, weighted, weighted), scale, words)),
                ]
            )
        )
    drawn.append(
        Row(
            [
                Cell("Whatever the silent think", note="bounds without assumptions"),
                Cell(f"{signed_points(bounds[1])} to {signed_points(bounds[2])}"),
                Cell(drawing=charts.span(bounds, scale, told, is_weak=True)),
            ]
        )
    )
    columns = [Column(""), Column("NPS", "number"), Column("", "chart", drawing=charts.interval_axis())]
    return Table("The score of these answers, and how far silence may bend it", columns, drawn, source=source)


def _rates(rows: Sequence[Given], source: Source) -> Table:
    drawn: list[Row] = []
    for dimension in SILENCE_BY:
        found = [row for row in rows if row["dimension"] == dimension][:MOST_VALUES]
        if found:
            drawn.append(Row([Cell(f"By {phrase(dimension).lower()}")], is_heading=True))
        drawn += [
            Row(
                [
                    Cell(name(row["dimension_value"]), note=f"{count(row['n_delivered'])} delivered"),
                    Cell(count(row["n_scored"])),
                    Cell(share(row["response_rate"])),
                    Cell(drawing=_bar_of(row["n_scored"], row["n_delivered"], name(row["dimension_value"]))),
                ]
            )
            for row in found
        ]
    columns = [Column(""), Column("Scored", "number"), Column("Rate", "number"), Column("", "chart")]
    return Table("Response rate", columns, drawn, source=source)


def _kept(release: Release) -> Section:
    slug, title = "kept", "What the silent did next"
    rows = release.rows(
        f"select * from marts.retention_by_response where horizon_months = {HEADLINE_MONTHS} order by response_status"
    )
    shown = [found for row in rows if (found := interval_of(row, "net_revenue_retention")) is not None]
    if not shown:
        refusal = Refusal(
            f"It takes a quarter end with a year of revenue before and {HEADLINE_MONTHS} months after it, and accounts "
            "that were asked."
        )
        return Section(slug, title, [refusal])
    scale = charts.Scale.around([1.0, *(end for ends in shown for end in ends)], 4)
    by_status = {row["response_status"]: row for row in rows}
    drawn = []
    for status in [key for key in STATUSES if key in by_status]:
        row, (label, explained) = by_status[status], STATUSES[status]
        found, less = (
            interval_of(row, "net_revenue_retention"),
            interval_of(row, "answered_less_this", "answered_less_this_ci_low", "answered_less_this_ci_high"),
        )
        first = Cell(label, note="; ".join(filter(None, [explained, counted(row["n_accounts"], "account")])))
        if found is None:
            drawn.append(Row([first, Cell("not shown: too few accounts", is_quiet=True, spans=3)]))
            continue
        words = f"{label}: {share(found[0])} (95 % interval {share_interval(*found[1:])})"
        drawn.append(
            Row(
                [
                    first,
                    Cell(share(found[0]), note=share_interval(*found[1:])),
                    Cell(
                        drawing=charts.span(found, scale, words, 1.0, is_weak=row["suppression_reason"] == LOW_SAMPLE)
                    ),
                    Cell(NOTHING)
                    if less is None
                    else Cell(signed_share(less[0]), note=f"{signed_share(less[1])} to {signed_share(less[2])}"),
                ]
            )
        )
    columns = [
        Column("Accounts that"),
        Column("Revenue kept", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, lambda value: share(value, 0), 1.0)),
        Column("Answered, less these", "number", note="95 % interval"),
    ]
    source = Source("marts.retention_by_response", f"horizon_months = {HEADLINE_MONTHS}, all complete quarter ends")
    return Section(
        slug,
        title,
        [Table(f"Revenue kept over {HEADLINE_MONTHS} months, by answer", columns, drawn, source=source)],
        lead="Silence is said to be the worst answer. Whether it was here stands in the last column; who answers is "
        "not drawn at random, so it describes and does not explain.",
    )
