"""Targets and benchmarks: did we reach what was planned, and where do we stand among what others publish."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.report import charts
from orchestration.report.document import (
    Block,
    Cell,
    Chart,
    Column,
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
    counted,
    interval,
    long_date,
    name,
    phrase,
    signed_points,
    whole_points,
)
from orchestration.report.release import Build, Release
from orchestration.report.scores import Estimate, Shown, interval_of

STATUSES = {
    "met": "met",
    "missed": "missed",
    "within_margin": "within the margin",
    "open": "still open",
    "not_enough_data": "not enough answers",
}
QUARTILES = {
    "top_quartile": "in the top quarter of it",
    "third_quartile": "in the quarter above its median",
    "second_quartile": "in the quarter below its median",
    "bottom_quartile": "in the bottom quarter of it",
    "above_median": "above its median",
    "below_median": "below its median",
}
STATISTICS = {
    "score": "",
    "bottom_quartile_max": "bottom quarter up to",
    "top_quartile_min": "top quarter from",
    "range_low": "from",
    "range_high": "to",
}
SENTENCE_END = re.compile(r"(?<=\.) ")
OTHER_SOURCES = re.compile(r"\bsources? says?\b")
WHOLE_COMPANY = "company"
ALL_SCORES = charts.Scale(charts.LOWEST, charts.HIGHEST, 50)
NO_BAND = "no band"

Given = Mapping[str, Any]


def page(release: Release, build: Build) -> Page:
    benchmarks = release.rows(
        """
        select *
        from marts.nps_benchmark_position
        order by entity_kind = 'company', entity, benchmark_value, publisher, statistic
        """
    )
    return Page(
        "targets",
        "Targets and benchmarks",
        [
            _targets(release),
            _comparable(benchmarks),
            _others(benchmarks),
            _bands(release),
        ],
        lead="A target is a range with a period, and a score has a margin: reaching the one within the other is no "
        "feat, and missing it no failure. What others publish is kept as they publish it, also where they contradict "
        "each other.",
        short="Targets",
    )


# Targets -----------------------------------------------------------------------------------------------------------


def _targets(release: Release) -> Section:
    slug, title = "targets", "Against our own targets"
    rows = release.rows(
        """
        select *
        from marts.nps_target_attainment
        order by program_type, entity, period_start, period_end
        """
    )
    if not rows:
        return Section(slug, title, [Refusal("No target is set: it takes lines in seeds/reference/nps_targets.csv.")])
    first = release.rules.headline_program_type
    rows.sort(key=lambda row: (row["program_type"] != first, row["program_type"], row["entity"] != WHOLE_COMPANY))
    scale = _scale(rows)
    blocks: list[Block] = []
    company = [row for row in rows if row["entity"] == WHOLE_COMPANY and row["program_type"] == first]
    if any(_score_of(row).shown is not None for row in company):
        blocks.append(_company(company, first))
    drawn: list[Row] = []
    for program_type, entity in dict.fromkeys((row["program_type"], row["entity"]) for row in rows):
        found = [row for row in rows if (row["program_type"], row["entity"]) == (program_type, entity)]
        drawn.append(Row([Cell(_entity(found[0]), note=phrase(program_type))], is_heading=True))
        drawn += [_target_row(row, scale) for row in found]
    columns = [
        Column("Period"),
        Column("Target", "number"),
        Column("NPS", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, whole_points)),
        Column("Gap", "number", note="to the low end"),
        Column("Set by"),
    ]
    blocks.append(Table("Every target", columns, drawn, source=_target_source()))
    return Section(
        slug,
        title,
        blocks,
        lead="Met or missed is said only where the whole interval of the gap lies on that side of the low end of the "
        "range. Shaded is the target; the dot is the score on its interval.",
    )


def _target_source() -> Source:
    return Source(
        "marts.nps_target_attainment", "", "seeds/reference/nps_targets.csv; each person’s last answer of a period"
    )


def _range(row: Given) -> tuple[float, float]:
    """A target without a high end reaches to the top of the scale."""
    return row["target_low"], row["target_high"] if row["target_high"] is not None else charts.HIGHEST


def _scale(rows: Sequence[Given]) -> charts.Scale:
    """One scale for the targets that end and for the scores with their intervals."""
    ends = [end for row in rows for end in (*_range(row), *(_score_of(row).shown or ())) if end < charts.HIGHEST]
    return charts.Scale.of_scores(ends)


def _score_of(row: Given) -> Estimate:
    return Estimate(interval_of(row, "nps", "nps_ci_low", "nps_ci_high"), not row["is_reportable"])


def _entity(row: Given) -> str:
    if row["entity"] == WHOLE_COMPANY:
        return "The company"
    return f"{phrase(row['dimension'])}: {name(row['dimension_value'])}"


def _written_range(row: Given) -> str:
    if row["target_high"] is None:
        return f"{whole_points(row['target_low'])} or more"
    return f"{whole_points(row['target_low'])} to {whole_points(row['target_high'])}"


def _company(rows: Sequence[Given], program_type: str) -> Chart:
    scores = [_score_of(row) for row in rows]
    scale = _scale(rows)
    targets = [(max(low, scale.low), min(high, scale.high)) for low, high in map(_range, rows)]
    words = "; ".join(
        f"{row['period']} target {_written_range(row)}, "
        + (
            "no score"
            if score.shown is None
            else f"score {signed_points(score.shown[0])} ({interval(*score.shown[1:])})"
        )
        for row, score in zip(rows, scores, strict=True)
    )
    labels = [(row["period"][:4], row["period"][5:] or "year") for row in rows]
    return Chart(
        f"The {phrase(program_type).lower()} programme against its targets",
        charts.score_columns(
            labels, scores, scale, f"Targets and scores with 95 % intervals. {words}.", targets=targets
        ),
        legend=[Legend("target", "Target"), Legend("amount", "Score with its 95 % interval")],
        source=_target_source(),
    )


def _target_row(row: Given, scale: charts.Scale) -> Row:
    score, gap = _score_of(row), interval_of(row, "gap")
    ends = f", ends {long_date(row['period_end'])}" if row["status"] == "open" else ""
    status = STATUSES.get(row["status"], phrase(row["status"]).lower()) + ends
    first = [Cell(row["period"], note=status), Cell(_written_range(row))]
    last = Cell(row["source"] or NOTHING, is_quiet=True)
    if score.shown is None or gap is None:
        return Row(
            [*first, Cell(f"not shown: {counted(row['n_scored'] or 0, 'answer')}", is_quiet=True, spans=3), last]
        )
    said = f"score {signed_points(score.shown[0])} ({interval(*score.shown[1:])})"
    drawing = charts.span(
        score.shown,
        scale,
        f"{row['period']}: target {_written_range(row)}, {said}, {status}",
        is_weak=score.is_low_sample,
        target=(max(row["target_low"], scale.low), min(_range(row)[1], scale.high)),
    )
    return Row(
        [
            *first,
            Cell(signed_points(score.shown[0]), note=interval(*score.shown[1:])),
            Cell(drawing=drawing),
            Cell(signed_points(gap[0]), note=interval(*gap[1:])),
            last,
        ]
    )


# Benchmarks --------------------------------------------------------------------------------------------------------


def _ours(benchmarks: Sequence[Given]) -> Shown | None:
    """Our standing score with its interval, the same beside every figure."""
    row = benchmarks[0]
    return interval_of(row, "nps", "nps_ci_low", "nps_ci_high")


def _comparable(benchmarks: Sequence[Given]) -> Section:
    slug, title = "benchmarks", "Against what compares"
    if not benchmarks:
        refusal = Refusal("No figure of others is on record: it takes lines in seeds/reference/nps_benchmarks.csv.")
        return Section(slug, title, [refusal])
    rows = [row for row in benchmarks if row["is_comparable"]]
    ours = _ours(benchmarks)
    source = Source(
        "marts.nps_benchmark_position", "is_comparable", "seeds/reference/nps_benchmarks.csv says what compares"
    )
    if not rows:
        refusal = Refusal("None of the published figures compares with our score, as the seed says.", source=source)
        return Section(slug, title, [refusal])
    blocks: list[Block] = [_standing(rows[0], ours), _strip_table("Figures that compare", rows, ours, source, True)]
    return Section(
        slug,
        title,
        blocks,
        lead="Hollow dots are figures of others, which come without an interval; shaded is our own interval, the "
        "dashed line our score. They are not averaged: how each was made is not known.",
    )


def _standing(row: Given, ours: Shown | None) -> Block:
    low, high = row["comparable_low"], row["comparable_high"]
    span = f"{counted(row['n_comparable'], 'figure')} of others, from {whole_points(low)} to {whole_points(high)}"
    if ours is None:
        told = f"not enough answers stand for it ({counted(row['n_scored'] or 0, 'answer')})"
        return Refusal(f"Our own score is not shown: {told}. What compares: {span}.")
    score = f"Our {signed_points(ours[0])} (95 % interval {interval(*ours[1:])})"
    if ours[1] > high:
        return Text(f"{score} lies above all that compares: {span}.")
    if ours[2] < low:
        return Text(f"{score} lies below all that compares: {span}.")
    return Text(f"{score} cannot be told from the range of what compares: {span}.")


def _others(benchmarks: Sequence[Given]) -> Section:
    slug, title = "others", "Against what does not compare"
    rows = [row for row in benchmarks if not row["is_comparable"]]
    if not rows:
        return Section(slug, title, [Refusal("No other figure is on record.")])
    source = Source("marts.nps_benchmark_position", "not is_comparable", "comparability says why")
    ours = _ours(benchmarks)
    return Section(
        slug,
        title,
        [_strip_table("Figures that do not compare", rows, ours, source, False)],
        lead="Kept because they are quoted. A line joins figures for the same company or industry that contradict each "
        "other, or that say where its quarters lie.",
    )


def _strip_table(caption: str, rows: Sequence[Given], ours: Shown | None, source: Source, is_comparable: bool) -> Table:
    drawn: list[Row] = []
    for kind in dict.fromkeys(row["entity_kind"] for row in rows):
        of_kind = [row for row in rows if row["entity_kind"] == kind]
        if not is_comparable:
            drawn.append(Row([Cell("Companies" if kind == "company" else "Industries")], is_heading=True))
        for entity in dict.fromkeys(row["entity"] for row in of_kind):
            drawn.append(_strip_row([row for row in of_kind if row["entity"] == entity], ours))
    if is_comparable and len(rows) > 1:
        drawn.append(_range_row(rows, ours))
    columns = [
        Column(""),
        Column("Published", "number", note="points"),
        Column("", "chart", drawing=charts.interval_axis()),
        Column("We less it", "number", note="interval of our score"),
        Column("What to know"),
    ]
    return Table(caption, columns, drawn, source=source)


def _said(rows: Sequence[Given]) -> str:
    """Who published what, and when: the words beside the figures of one company or industry."""
    told = []
    for publisher, year in dict.fromkeys((row["publisher"], row["year"]) for row in rows):
        found = [row for row in rows if (row["publisher"], row["year"]) == (publisher, year)]
        figures = ", ".join(
            f"{STATISTICS.get(row['statistic'], row['statistic'])} {whole_points(row['benchmark_value'])}"
            for row in found
        )
        is_plain = len(rows) == 1 and rows[0]["statistic"] == "score"
        told.append(f"{publisher}{'' if year is None else f', {year}'}{'' if is_plain else f': {figures.strip()}'}")
    return "; ".join(told)


def _what_to_know(rows: Sequence[Given]) -> str:
    """What stands between these figures and our score, each sentence once."""
    sentences = [sentence for row in rows for sentence in SENTENCE_END.split(row["comparability"])]
    # What other sources say stands in the row already, where it joins them.
    kept = [one for one in sentences if len(rows) == 1 or not OTHER_SOURCES.search(one)]
    place = next((QUARTILES.get(row["quartile_position"]) for row in rows if row["quartile_position"]), None)
    return " ".join([*dict.fromkeys(kept or sentences), *([f"We are {place}."] if place else [])])


def _strip_row(rows: Sequence[Given], ours: Shown | None) -> Row:
    values = [row["benchmark_value"] for row in rows]
    own = "" if ours is None else f"; ours {signed_points(ours[0])} ({interval(*ours[1:])})"
    return Row(
        [
            Cell(rows[0]["entity"], note=_said(rows)),
            Cell(_extent(values)),
            Cell(drawing=charts.strip(values, ALL_SCORES, f"{rows[0]['entity']}: {_extent(values)}{own}", ours)),
            _gap(rows),
            Cell(note=_what_to_know(rows)),
        ]
    )


def _extent(values: Sequence[float]) -> str:
    low, high = whole_points(min(values)), whole_points(max(values))
    return low if low == high else f"{low} to {high}"


def _gap(rows: Sequence[Given]) -> Cell:
    """Our score less the figure; of several figures from the least to the most, with the widest interval."""
    gaps = [gap for row in rows if (gap := interval_of(row, "gap")) is not None]
    if not gaps:
        return Cell(NOTHING, is_quiet=True)
    least, most = (signed_points(end(gap[0] for gap in gaps)) for end in (min, max))
    note = interval(min(gap[1] for gap in gaps), max(gap[2] for gap in gaps))
    return Cell(least, note=note) if least == most else Cell(f"{least} to {most}", note=f"{note}, widest")


def _range_row(rows: Sequence[Given], ours: Shown | None) -> Row:
    low, high = rows[0]["comparable_low"], rows[0]["comparable_high"]
    own = "" if ours is None else f"; ours {signed_points(ours[0])} ({interval(*ours[1:])})"
    return Row(
        [
            Cell("The range of these", note=counted(rows[0]["n_comparable"], "figure")),
            Cell(_extent([low, high])),
            Cell(drawing=charts.strip([low, high], ALL_SCORES, f"Range: {_extent([low, high])}{own}", ours)),
            _gap(rows),
            Cell(),
        ],
        is_total=True,
    )


# Bands -------------------------------------------------------------------------------------------------------------


def _bands(release: Release) -> Section:
    slug, title = "bands", "Is that a good score"
    rows = release.rows("select * from marts.nps_band_position order by band_scheme, program_type")
    if not rows:
        return Section(slug, title, [Refusal("No score stands on the as-of date, so no scheme can judge it.")])
    first = release.rules.headline_program_type
    drawn: list[Row] = []
    for program_type in sorted({row["program_type"] for row in rows}, key=lambda found: (found != first, found)):
        found = [row for row in rows if row["program_type"] == program_type]
        shown = interval_of(found[0], "nps")
        answers = counted(found[0]["n_scored"], "answer")
        score = (
            f"not shown: {answers}"
            if shown is None
            else f"{signed_points(shown[0])}, 95 % interval {interval(*shown[1:])}, {answers}"
        )
        drawn.append(Row([Cell(phrase(program_type), note=score)], is_heading=True))
        drawn += [_band_row(row) for row in found]
    columns = [Column("Scheme"), Column("Our band"), Column("Low end falls in"), Column("High end falls in")]
    source = Source("marts.nps_band_position", f"as_of_date = {rows[0]['as_of_date']}", "seeds/reference/nps_bands.csv")
    schemes = counted(len({row["band_scheme"] for row in rows}), "published scheme")
    return Section(
        slug,
        title,
        [Table(f"Our standing scores by {schemes}", columns, drawn, source=source)],
        lead="Published schemes of what is good disagree and leave gaps, and none is preferred. A band is given only "
        "where both ends of the interval share it.",
    )


def _band_row(row: Given) -> Row:
    year = f", {row['year']}" if row["year"] is not None else ""
    first = Cell(phrase(row["band_scheme"]), note=f"{row['source']}{year}" if year else "year not stated")
    if row["nps"] is None or row["ci_low"] is None:
        return Row([first, Cell("none: the score is not shown", is_quiet=True, spans=3)])
    low, high = row["low_band"] or NO_BAND, row["high_band"] or NO_BAND
    if row["band"] is not None:
        return Row([first, Cell(row["band"]), Cell(low), Cell(high)])
    if not row["is_reportable"]:
        why = f"none: {counted(row['n_scored'], 'answer')} are too few for one"
    elif low == high:
        why = "none: the scheme has none here"
    else:
        why = "none: the interval reaches over a border"
    return Row(
        [first, Cell(why, is_quiet=True), Cell(low, is_quiet=low == NO_BAND), Cell(high, is_quiet=high == NO_BAND)]
    )
