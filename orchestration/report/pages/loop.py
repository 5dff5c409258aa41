"""The loop: were customers called in time, did calling go with staying, and who did the work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
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
    long_date,
    money,
    money_interval,
    name,
    phrase,
    ratio,
    share,
    share_interval,
    short_money,
    signed_money,
    signed_points,
    signed_share,
)
from orchestration.report.numbers import interval as points_interval
from orchestration.report.release import Build, Release
from orchestration.report.scores import Score

WEEKS_SHOWN = 13
AGENTS_SHOWN = 15
IN_TIME = (
    Legend("in_time", "Within {first} hours"),
    Legend("in_second", "Within {last} hours"),
    Legend("late", "Later, or not at all"),
)
EXPOSURES = {
    "attempted": ("Called", "first contact within {hours} hours, reached or not"),
    "reached": ("Reached", "and spoken to within {hours} hours"),
}
NO_AXIS = Markup("")
NO_LOOP = "No case is on record, so there is no loop to judge: it takes the table crm_cases."

Given = Mapping[str, Any]


def page(release: Release, build: Build) -> Page:
    return Page(
        "loop",
        "The loop",
        [
            _in_time(release),
            _teams(release),
            _uplift(release),
            _hours(release),
            _leaderboard(release, build),
            _monitor(release),
        ],
        lead="A customer who is unhappy is called. Were they called in time, did it go with their staying, and what "
        "did an hour of it bring?",
    )


# In time -----------------------------------------------------------------------------------------------------------


def _weeks(release: Release) -> list[dict[str, Any]]:
    return release.rows(
        f"""
        select *
        from marts.closed_loop_sla
        where
            team = 'all'
            and week_start > (select max(week_start) from marts.closed_loop_sla) - {7 * WEEKS_SHOWN}
        order by week_start, sla_hours
        """
    )


def _in_time(release: Release) -> Section:
    slug, title = "sla", "Called in time"
    rows = _weeks(release)
    if not rows:
        return Section(slug, title, [Refusal(NO_LOOP)])
    hours = sorted({row["sla_hours"] for row in rows})
    first, last = hours[0], hours[-1]
    by_week = {(row["week_start"], row["sla_hours"]): row for row in rows}
    weeks = sorted({row["week_start"] for row in rows})
    legend = [Legend(item.key, item.label.format(first=first, last=last)) for item in IN_TIME]
    stacks = []
    for week in weeks:
        soon, later = by_week[week, first], by_week[week, last]
        amounts = (soon["n_met"], later["n_met"] - soon["n_met"], later["n_due"] - later["n_met"])
        stacks.append(
            charts.Stack(
                f"{week.day}",
                [charts.Part(item.key, item.label, float(n)) for item, n in zip(legend, amounts, strict=True)],
                f"{week:%b}" if week == weeks[0] or week.day <= 7 else "",
            )
        )
    final = [by_week[week, last] for week in weeks]
    due, met = sum(row["n_due"] for row in final), sum(row["n_met"] for row in final)
    words = "; ".join(
        f"week of {long_date(week)} {by_week[week, first]['n_met']} within {first}, {by_week[week, last]['n_met']} "
        f"within {last} of {by_week[week, last]['n_due']}"
        for week in weeks
    )
    figures = [
        Figure(f"In time, {last} hours", share(ratio(met, due)), f"{count(met)} of {count(due)} in {len(weeks)} weeks"),
        Figure("Cases still open", count(sum(row["n_open"] for row in final)), "not closed"),
        Figure("Without a case", count(sum(row["n_without_case"] for row in final)), "nobody opened one"),
        Figure("Not due yet", count(sum(row["n_not_due"] for row in final)), f"under {last} hours old"),
    ]
    table_rows = [_week_row(by_week, week, hours) for week in reversed(weeks)]
    columns = [
        Column("Week of"),
        *(Column(f"Within {limit} h", "number", note="95 % interval") for limit in hours),
        Column("Due", "number"),
        Column("Median", "number", note="hours, of those called"),
        Column("90 %", "number", note="hours"),
        Column("Open", "number"),
    ]
    source = Source(
        "marts.closed_loop_sla",
        f"team = 'all', week_start from {weeks[0]} to {weeks[-1]}",
        "the clock starts at the answer; open cases older than the limit are missed, younger ones left out",
    )
    return Section(
        slug,
        title,
        [
            Figures(figures),
            Chart(
                "Answers to be followed up, by week", charts.stacked_columns(stacks, f"Called: {words}"), legend=legend
            ),
            Table(
                f"The last {counted(len(weeks), 'week')} with answers to follow up", columns, table_rows, source=source
            ),
        ],
        lead="Detractors whose account is known, and others with a case. One for whom nobody opened a case was not "
        "called either, and counts as missed.",
    )


def _week_row(by_week: Mapping[tuple[Any, int], Given], week: Any, hours: Sequence[int]) -> Row:
    last = by_week[week, hours[-1]]
    return Row(
        [
            Cell(long_date(week)),
            *(_share_met(by_week[week, limit]) for limit in hours),
            Cell(count(last["n_due"])),
            Cell(_hours_of(last["median_hours"])),
            Cell(_hours_of(last["p90_hours"])),
            Cell(count(last["n_open"])),
        ]
    )


def _share_met(row: Given) -> Cell:
    if row["ci_low"] is None:
        return Cell("not shown" if row["n_due"] else NOTHING, note=_too_few(row["n_due"]), is_quiet=True)
    return Cell(share(row["share_met"], 0), note=share_interval(row["ci_low"], row["ci_high"]))


def _too_few(n: int) -> str:
    return counted(n, "answer") if n else ""


def _hours_of(hours: float | None) -> str:
    return NOTHING if hours is None else f"{hours:.0f}"


def _teams(release: Release) -> Section:
    slug, title = "teams", "By team"
    rows = release.rows(
        f"""
        select
            team,
            sla_hours,
            sum(n_due) as n_due,
            sum(n_met) as n_met,
            sum(n_open) as n_open,
            sum(n_without_case) as n_without_case
        from marts.closed_loop_sla
        where
            owner_id = 'all'
            and team <> 'all'
            and week_start > (select max(week_start) from marts.closed_loop_sla) - {7 * WEEKS_SHOWN}
        group by team, sla_hours
        order by team, sla_hours
        """
    )
    if not rows:
        return Section(slug, title, [Refusal(NO_LOOP)])
    hours = sorted({row["sla_hours"] for row in rows})
    by_team = {(row["team"], row["sla_hours"]): row for row in rows}
    drawn = []
    for team in sorted({row["team"] for row in rows}):
        found = [by_team[team, limit] for limit in hours]
        counts = (
            found[0]["n_met"],
            found[-1]["n_met"] - found[0]["n_met"],
            found[-1]["n_due"] - found[-1]["n_met"],
        )
        parts = [charts.Part(item.key, "", float(n)) for item, n in zip(IN_TIME, counts, strict=True)]
        words = ", ".join(
            f"within {row['sla_hours']} hours {share(ratio(row['n_met'], row['n_due']))}" for row in found
        )
        drawn.append(
            Row(
                [
                    Cell(name(team)),
                    Cell(
                        drawing=charts.bar(parts, f"{name(team)}: {words}", has_shares=False) if sum(counts) else None
                    ),
                    *(Cell(share(ratio(row["n_met"], row["n_due"]), 0)) for row in found),
                    Cell(count(found[-1]["n_due"])),
                    Cell(count(found[-1]["n_without_case"])),
                    Cell(count(found[-1]["n_open"])),
                ]
            )
        )
    columns = [
        Column("Team"),
        Column("", "chart", drawing=NO_AXIS),
        *(Column(f"Within {limit} h", "number") for limit in hours),
        Column("Due", "number"),
        Column("Without a case", "number"),
        Column("Open", "number"),
    ]
    source = Source("marts.closed_loop_sla", f"owner_id = 'all', the last {WEEKS_SHOWN} weeks summed by team")
    return Section(
        slug,
        title,
        [Table(f"The last {WEEKS_SHOWN} weeks, by who follows up", columns, drawn, source=source)],
        lead=f"In the same colours: within {hours[0]} hours, within {hours[-1]}, and later or not at all.",
    )


# Did it help -------------------------------------------------------------------------------------------------------


def _uplift(release: Release) -> Section:
    slug, title = "uplift", "Did calling go with staying"
    rows = release.rows("select * from marts.closed_loop_uplift order by exposure")
    if not rows:
        return Section(slug, title, [Refusal(NO_LOOP)])
    hours = release.rules.landmark_hours
    shown = [row for row in rows if row["uplift"] is not None]
    scale = charts.Scale.around([0.0, *(end for row in shown for end in (row["ci_low"], row["ci_high"])), 0.01], 4)
    drawn = []
    for row in rows:
        label, explained = EXPOSURES.get(row["exposure"], (phrase(row["exposure"]), ""))
        first = Cell(label, note=explained.format(hours=hours))
        if row["uplift"] is None:
            told = f"refused: {phrase(row['suppression_reason'] or '').lower()}; it takes {row['data_needed']}"
            drawn.append(Row([first, Cell(told, is_quiet=True, spans=4)]))
            continue
        words = (
            f"{label}: {signed_share(row['uplift'])} (95 % interval {share_interval(row['ci_low'], row['ci_high'])})"
        )
        drawn.append(
            Row(
                [
                    first,
                    Cell(share(row["retention_treated"]), note=counted(row["n_treated"], "answer")),
                    Cell(share(row["retention_control"]), note=counted(row["n_control"], "answer")),
                    Cell(signed_share(row["uplift"]), note=share_interval(row["ci_low"], row["ci_high"])),
                    Cell(
                        drawing=charts.span((row["uplift"], row["ci_low"], row["ci_high"]), scale, words, is_weak=True)
                    ),
                ]
            )
        )
    columns = [
        Column("Who was"),
        Column("stayed a year", "number"),
        Column("of the others", "number"),
        Column("Difference", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, lambda value: share(value, 0))),
    ]
    source = Source(
        "marts.closed_loop_uplift",
        f"as_of_date = {rows[0]['as_of_date']}",
        f"who was called is fixed {hours} hours after the answer, among those still customers then",
    )
    blocks: list[Block] = [Table("Detractors who were called in time, and who were not", columns, drawn, source=source)]
    blocks.insert(0, _verdict(rows))
    return Section(
        slug,
        title,
        blocks,
        lead="Compared within segment, size and severity of the answer. Comparing those called ever with those never "
        "called would flatter calling, since who stays longer has more time to be called. An association still: what "
        "decides whom to call may also decide who stays.",
    )


def _verdict(rows: Sequence[Given]) -> Block:
    row = next((one for one in rows if one["exposure"] == "attempted"), rows[0])
    if row["uplift"] is None:
        return Refusal("Whether calling helps cannot be said yet. The reasons stand below, with what would lift them.")
    between = f"between {signed_share(row['ci_low'])} and {signed_share(row['ci_high'])}"
    if row["ci_low"] > 0:
        return Text(f"More of those who were called in time stayed: {between} (95 % interval).")
    if row["ci_high"] < 0:
        return Text(f"Fewer of those who were called in time stayed: {between} (95 % interval).")
    return Text(f"No effect of calling can be told from none: the difference lies {between} (95 % interval).")


def _hours(release: Release) -> Section:
    slug, title = "hours", "What an hour of calling brought"
    rows = release.rows(
        "select * from marts.follow_up_value where dimension in ('all', 'team') order by dimension, dimension_value"
    )
    if not rows:
        return Section(slug, title, [Refusal(NO_LOOP)])
    currency = rows[0]["currency"]
    shown = [row for row in rows if row["revenue_per_hour"] is not None]
    ends = [float(end) for row in shown for end in (row["ci_low"], row["ci_high"])]
    scale = charts.Scale.around([0.0, *ends, *([] if ends else [1.0])], 4)
    drawn = [_hour_row(row, scale) for row in sorted(rows, key=lambda row: (row["dimension"] == "all", 0))]
    columns = [
        Column("Team"),
        Column("Hours", "number", note="follow-ups"),
        Column("Claimed an hour", "number", note="by the owners of the cases"),
        Column("Our estimate", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, short_money)),
    ]
    return Section(
        slug,
        title,
        [Table(f"Revenue an hour, {currency}", columns, drawn, source=Source("marts.follow_up_value"))],
        lead="The claim is what owners put down to their calls. The estimate is what accounts that were called kept of "
        "their revenue beyond those that were not, over the hours spent; it may lie below 0.",
    )


def _hour_row(row: Given, scale: charts.Scale) -> Row:
    is_all = row["dimension"] == "all"
    label = Cell("All" if is_all else name(row["dimension_value"]))
    hours = Cell(f"{row['hours_spent']:,.0f}", note=count(row["n_follow_ups"]))
    low, high = row["claimed_per_hour_ci_low"], row["claimed_per_hour_ci_high"]
    claimed = Cell(
        NOTHING if row["claimed_per_hour"] is None else money(row["claimed_per_hour"]),
        note="" if low is None else money_interval(low, high),
    )
    if row["revenue_per_hour"] is None:
        told = f"refused: {phrase(row['suppression_reason'] or '').lower()}"
        return Row([label, hours, claimed, Cell(told, is_quiet=True, spans=2)], is_total=is_all)
    shown = (float(row["revenue_per_hour"]), float(row["ci_low"]), float(row["ci_high"]))
    words = f"{label.text}: {money(shown[0])} (95 % interval {money_interval(*shown[1:])})"
    return Row(
        [
            label,
            hours,
            claimed,
            Cell(signed_money(shown[0]), note=money_interval(*shown[1:])),
            Cell(drawing=charts.span(shown, scale, words, is_weak=True)),
        ],
        is_total=is_all,
    )


# Who did it --------------------------------------------------------------------------------------------------------


def _leaderboard(release: Release, build: Build) -> Section:
    slug, title = "leaderboard", "Leaderboard of the week"
    weeks = release.rows(
        f"""
        select max(week_start) as week_start
        from marts.agent_leaderboard
        where points > 0 and week_start + 7 <= date '{build.as_of}'
        """
    )
    week = weeks[0]["week_start"] if weeks else None
    if week is None:
        return Section(slug, title, [Refusal("Nobody has earned a point in a whole week of the last year.")])
    rows = release.rows(
        f"""
        select *
        from marts.agent_leaderboard
        where week_start = date '{week}'
        order by rank nulls last, points desc, agent_id
        """
    )
    ranked = [row for row in rows if row["rank"] is not None]
    most = max((row["points"] for row in ranked), default=0)
    drawn = []
    for row in ranked[:AGENTS_SHOWN]:
        score = Score.of(row, release.rules.minimum_scored_answers)
        points = [charts.Part("amount", "", float(row["points"])), charts.Part("rest", "", float(most - row["points"]))]
        drawn.append(
            Row(
                [
                    Cell(f"{row['rank']}. {row['agent_id']}", note=name(row["team"] or "")),
                    Cell(count(row["points"]), note=row["achievements"] or ""),
                    Cell(drawing=charts.bar(points, f"{row['points']} points", has_shares=False) if most else None),
                    Cell(count(row["n_closed"])),
                    Cell(share(row["share_within_sla"], 0), note=f"of {count(row['n_due'])}"),
                    Cell(NOTHING)
                    if score.shown is None
                    else Cell(signed_points(score.shown[0]), note=points_interval(*score.shown[1:])),
                ]
            )
        )
    days = release.rules.agent_window_days
    columns = [
        Column("Agent"),
        Column("Points", "number"),
        Column("", "chart", drawing=NO_AXIS),
        Column("Closed", "number", note="in the week"),
        Column("In time", "number", note=f"{days} days"),
        Column("NPS", "number", note=f"{days} days, 95 % interval"),
    ]
    source = Source("marts.agent_leaderboard", f"week_start = {week}", "seeds/reference/leaderboard_rules.csv")
    blocks: list[Block] = [Table(f"Week of {long_date(week)}", columns, drawn, source=source)]
    if not ranked:
        blocks = [Refusal("Nobody has enough answers to be ranked.", source=source)]
    unranked = len(rows) - len(ranked)
    rest = f" {counted(unranked, 'agent is', 'agents are')} not ranked: too few answers." if unranked else ""
    return Section(
        slug,
        title,
        blocks,
        lead=f"Week of {long_date(week)} to {long_date(week + timedelta(days=6))}: points for closed cases, customers "
        f"reached and calls in time. The NPS is of few answers; look at its interval before its value.{rest}",
    )


def _monitor(release: Release) -> Section:
    slug, title = "monitor", "Is a score being gamed"
    rows = release.rows("select * from marts.agent_gaming_checks order by p_value, agent_id, check_name")
    if not rows:
        return Section(slug, title, [Refusal("No answer names an agent, and no case has an owner.")])
    judged = [row for row in rows if row["is_reportable"]]
    far = [row for row in judged if row["verdict"] != "usual"]
    source = Source("marts.agent_gaming_checks", f"as_of_date = {rows[0]['as_of_date']}")
    agents = len({row["agent_id"] for row in judged})
    looked = f"{counted(len(judged), 'comparison')} of {counted(agents, 'agent')} with all others"
    blocks: list[Block] = []
    if not judged:
        blocks.append(Refusal("Too few answers, or too few agents, to compare one with the others.", source=source))
    elif not far:
        blocks.append(
            Text(f"{looked}: none lies further out than chance and honest differences explain.", source=source)
        )
    else:
        drawn = [
            Row(
                [
                    Cell(row["agent_id"], note=name(row["team"] or "")),
                    Cell("look into it" if row["verdict"] == "look_into_it" else "unusual", note=row["description"]),
                    Cell(share(row["share_observed"], 0), note=f"of {count(row['n_observed'])}"),
                    Cell(share(row["share_of_peers"], 0)),
                    Cell(signed_share(row["difference"]), note=share_interval(row["ci_low"], row["ci_high"])),
                ]
            )
            for row in far
        ]
        columns = [
            Column("Agent"),
            Column("Verdict"),
            Column("Agent", "number"),
            Column("Others", "number"),
            Column("Difference", "number", note="95 % interval"),
        ]
        blocks.append(Table(f"Far from the others, of {looked}", columns, drawn, source=source))
    return Section(
        slug,
        title,
        blocks,
        lead="Habits that lift a score without lifting a customer: only the happy are asked, at the right moment, or "
        "told what to answer. A line here is a reason to look, never a proof.",
    )
