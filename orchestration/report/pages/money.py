"""What a point is worth: by every method, how sure, and what it rests on; what groups keep; what is at risk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
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
    NO_BREAK_SPACE,
    NOTHING,
    count,
    counted,
    long_date,
    money,
    money_interval,
    money_with_currency,
    phrase,
    ratio,
    share,
    share_interval,
    short_money,
    signed_money,
    signed_share,
)
from orchestration.report.pages.revenue import GROUPS
from orchestration.report.release import Build, Release, Rules, literal
from orchestration.report.scores import interval_of

METHODS = {
    "within_account": "Accounts against themselves",
    "within_account_iv": "Accounts against themselves, noise taken out",
    "adjusted_association": "Accounts against their like",
    "group_retention": "Groups against each other",
    "lifetime_value": "Lifetime value of groups",
}
METHODS_EXPLAINED = {
    "within_account": "each account’s growth when its score was higher against when it was lower, less what all did",
    "within_account_iv": "the same on what both halves of an account’s people say alike",
    "adjusted_association": "growth on score among accounts of one segment, size and quarter",
    "group_retention": "what groups kept of their revenue, on the company’s mix of segments and sizes",
    "lifetime_value": "margin and retention of each group, discounted, over five years",
}
PATHS = {
    "all_accounts": "every account one point higher",
    "detractor_to_passive": "detractors become passives",
    "passive_to_promoter": "passives become promoters",
    "detractor_to_promoter": "detractors become promoters",
}
GRADES = {
    "A": "randomised or staggered",
    "B": "accounts against themselves; the score does not follow growth, 0 outside the interval, many looks counted",
    "C": "association",
    "D": "descriptive",
    "R": "refused",
}
# Why a grade is no better; a refusal has its own words.
REASONS = {
    "follows_past_growth": "the score follows growth that has already been made",
    "lead_failed": "growth goes with scores that were given after it",
    "order_unknown": "too little lies before the scores to see which came first, score or growth",
    "interval_holds_zero": "the interval holds 0",
    "many_looks": "of as many estimates as were looked at, some lie this far from 0 by chance",
    "association_only": "accounts are compared with each other, not with themselves",
    "descriptive": "it describes groups",
    "part_of_an_estimate": "it says where the estimate lies, and is no look of its own",
    "beside_an_estimate": "it stands beside the estimate that is graded, of the same accounts",
}
CHECKS = {
    "lag": (
        "Quarter before",
        "growth in the quarter before a score must not go with it, beyond the effect of earlier scores; p under .05 "
        "caps the grade at C",
    ),
    "pre_trend": ("Year before", "the same of the four quarters before, together; p under .05 caps the grade at C"),
    "lead": (
        "Lead",
        "growth must not go with scores that are given after it; |t| over 2 over the shortest time caps the grade at "
        "C where at least half of the score is known to be no noise",
    ),
    "dose_response": ("Dose and response", "growth should rise from detractors over passives to promoters"),
    "reliability": ("Reliability", "share of the differences in score that is not the noise of few people"),
    "top_account_share": ("Largest account", "its share of the revenue behind the estimate"),
    "group_overlap": ("Overlap of groups", "share of the revenue in cells where the compared groups meet"),
}
# It has the checks of the estimate beside which it stands.
BESIDE = "within_account_iv"
# A check that a method cannot have is left out; one that it cannot have yet is shown.
NOT_OF_THE_METHOD = ("not_within_accounts", "no_groups_compared", "no_slope_on_points")
BANDS = {
    1: ("−100", "everybody a detractor"),
    2: ("−99 to −1", "more detractors than promoters"),
    3: ("0", "passive, or as many of both"),
    4: ("1 to 99", "more promoters than detractors"),
    5: ("100", "everybody a promoter"),
}
VERDICTS = {
    "supported": "supported",
    "compatible": "compatible, not shown",
    "contradicted": "contradicted",
    "not_enough_data": "not enough data",
    "not_measured": "not measured here",
}
RISKS = (
    Legend("at_risk", "At risk"),
    Legend("watch", "Watch"),
    Legend("safe", "Safe"),
    Legend("unknown", "Unknown"),
)
RISKS_EXPLAINED = {
    "at_risk": "the account’s score is below 0, or a decision maker gave 6 or less, or someone fell by 3 or more",
    "watch": "answered, and neither at risk nor safe",
    "safe": "the account’s score is 50 or more, and its decision maker, if any answered, gave 7 or more",
    "unknown": "silent, or the last answer has expired",
}
QUARTERS = {-1: "the quarter that ends with the score", 1: "the quarter that begins with it"}
HEADLINE_MONTHS = 12
ACCOUNTS_SHOWN = 12
NO_ACCOUNT = "The release holds no account."

Given = Mapping[str, Any]


def page(release: Release, build: Build) -> Page:
    values = release.rows(
        """
        select *
        from marts.nps_point_value
        where dimension = 'all'
        order by horizon_months desc, method, path
        """
    )
    return Page(
        "money",
        "Value of a point",
        [
            _value(release, values),
            _path(release),
            _checks(release, values),
            _dose(release),
            _retention(release),
            _risk(release, build),
            _accounts_at_risk(release),
            _economics(release),
            _earned(release),
            _claims(release),
        ],
        lead="What goes with one point more of Net Promoter Score, in money. No single method is right, so they stand "
        "side by side, each with its interval, what it rests on and a grade. What the data cannot carry is refused.",
    )


def _scale(shown: Sequence[tuple[float, float, float] | None], middle: float = 0.0) -> charts.Scale:
    ends = [end for one in shown if one is not None for end in one]
    return charts.Scale.around([middle, *ends, *([] if ends else [middle + 1])], 4)


# The value of a point ----------------------------------------------------------------------------------------------


def lifted(reason: str | None, rules: Rules) -> str:
    """Why an estimate is refused, and what data would lift the refusal."""
    words = {
        "revenue_withheld": "a check of the revenue ledger failed; it takes what Data and checks says",
        "no_complete_window": "no quarter end has both a whole base before it and a complete outcome after it; it "
        "takes a ledger of twice the horizon, and time",
        "no_base_revenue": "no account had revenue in a base window; it takes accounts that pay",
        "no_answers": "no account with revenue has a score; it takes answers that can be joined to accounts",
        "too_few_accounts": f"fewer than {rules.minimum_effective_accounts} accounts, or than "
        f"{rules.minimum_compared_accounts} in a group that is compared; it takes answers of more accounts",
        "no_variation": "no account’s score changed, or all are alike; it takes answers over a longer time",
        "top_account_too_large": f"one account holds over {share(rules.maximum_top_account_share, 0)} of the revenue; "
        "it takes answers of other large accounts",
        "too_few_effective_accounts": f"fewer than {rules.minimum_effective_accounts} effective accounts; it takes "
        "answers of more of the large accounts",
        "coverage_too_low": f"under {share(rules.minimum_revenue_coverage, 0)} of the revenue has a score; it takes "
        "answers of accounts with revenue",
        "no_error": "all of the variation is in one account; it takes answers of more accounts",
    }
    code = reason or ""
    return words.get(code, phrase(code).lower() or "not estimated")


def _value(release: Release, values: Sequence[Given]) -> Section:
    slug, title = "value", "One point, by every method"
    if not values:
        return Section(slug, title, [Refusal("The release holds no estimate and no refusal.")])
    of_revenue = [row for row in values if row["method"] != "lifetime_value"]
    of_life = [row for row in values if row["method"] == "lifetime_value"]
    headline = [row for row in of_revenue if row["horizon_months"] == HEADLINE_MONTHS]
    shorter = [row for row in of_revenue if row["horizon_months"] < HEADLINE_MONTHS and row["path"] == "all_accounts"]
    blocks: list[Block] = [
        _sentence(of_revenue),
        *_told_of_usual_accounts(values),
        *_told_from_nothing(release, headline),
    ]
    for rows, caption in (
        (headline, f"One point over {HEADLINE_MONTHS} months, the company"),
        (shorter, "The same over shorter times, every account one point higher"),
        (of_life, "One point in lifetime value: margin and retention, discounted"),
    ):
        if rows:
            blocks.append(_value_table(rows, caption, release.rules))
    grades = "; ".join(f"{grade} {words}" for grade, words in GRADES.items())
    return Section(
        slug,
        title,
        blocks,
        lead="Growth that goes with one point more, times the revenue of the accounts in the estimate. Hollow and "
        f"dotted: grade C or D. Grades: {grades}.",
    )


def best_estimate(values: Sequence[Given]) -> Given | None:
    """The estimate with the best grade, of several the one over the longest time; None where all are refused."""
    methods, paths = list(METHODS), list(PATHS)
    shown = [row for row in values if interval_of(row, "value_per_point") is not None and row["evidence_grade"] != "R"]
    return min(
        shown,
        key=lambda row: (
            row["evidence_grade"],
            -row["horizon_months"],
            methods.index(row["method"]),
            paths.index(row["path"]),
        ),
        default=None,
    )


def _sentence(values: Sequence[Given]) -> Block:
    """The sentence of the best estimate."""
    best = best_estimate(values)
    if best is None:
        return Refusal("No method can put a value on a point yet. The reasons stand below, with what would lift them.")
    source = Source(
        "marts.nps_point_value",
        f"dimension = 'all', method = {literal(best['method'])}, path = {literal(best['path'])}, horizon_months = "
        f"{best['horizon_months']}",
    )
    return Text(told(best, values), source=source)


def _without_noise(row: Given, values: Sequence[Given]) -> str:
    """What noise takes from the estimate, where most of the score is noise and several people answer for an account."""
    if (row["method"], row["path"]) != ("within_account", "all_accounts"):
        return ""
    for other in values:
        is_of_it = (other["method"], other["horizon_months"]) == (BESIDE, row["horizon_months"])
        if is_of_it and other["value_per_point"] is not None:
            value, low, high = (money(other[key]) for key in ("value_per_point", "ci_low", "ci_high"))
            return f" With the noise taken out it is {value} ({low} to {high})."
    return ""


def _told_of_usual_accounts(values: Sequence[Given]) -> list[Block]:
    """The growth of a usual account, where every account weighs alike; nothing where it is refused."""
    columns = ("unweighted_slope_per_point", "unweighted_slope_ci_low", "unweighted_slope_ci_high")
    rows = [row for row in values if row[columns[0]] is not None]
    if not rows:
        return []
    row = max(rows, key=lambda row: row["horizon_months"])
    growth, low, high = (signed_share(100 * row[key]) for key in columns)
    source = Source(
        "marts.nps_point_value",
        f"dimension = 'all', method = {literal(row['method'])}, horizon_months = {row['horizon_months']}",
    )
    return [
        Text(
            f"With every account weighing alike, 100 points go with {growth} growth over {row['horizon_months']} "
            f"months (95 % interval {low} to {high}). What that is in money depends on which accounts it is.",
            source=source,
        )
    ]


def _told_from_nothing(release: Release, values: Sequence[Given]) -> list[Block]:
    """How small a value the accounts could tell from 0; nothing where the estimate is refused, which is told below."""
    rows = release.rows(
        f"""
        select *
        from marts.nps_power
        where
            program_type = {literal(release.rules.headline_program_type)}
            and dimension = 'all'
            and smallest_value_seen is not null
        """
    )
    estimates = [
        row
        for row in values
        if (row["method"], row["path"]) == ("within_account", "all_accounts") and row["value_per_point"] is not None
    ]
    if not rows or not estimates:
        return []
    (row, *_), (estimate, *_) = rows, estimates
    smallest = money_with_currency(row["smallest_value_seen"], row["currency"])
    said = [
        f"Accounts against themselves over {HEADLINE_MONTHS} months: {counted(estimate['n_accounts'], 'account')} tell "
        f"a value of {smallest} a point from 0 in four of five cases."
    ]
    if row["accounts_for_value"] is not None:
        said.append(
            f"To tell the present estimate of {money(estimate['value_per_point'])} from 0 as surely, it takes "
            f"{counted(row['accounts_for_value'], 'account')} like these."
        )
    source = Source("marts.nps_power", f"program_type = '{row['program_type']}', dimension = 'all'")
    return [Text(" ".join(said), source=source)]


def told(row: Given, beside: Sequence[Given] = ()) -> str:
    """What may be said of an estimate, and what may not; with what those beside it say of its noise."""
    value, low, high = (money(row[key]) for key in ("value_per_point", "ci_low", "ci_high"))
    months = row["horizon_months"]
    revenue = "annual revenue" if months == 12 else f"revenue over {months} months"
    because = f": {reason(row)}" if reason(row) else ""
    said = [
        f"One NPS point is associated with {row['currency']}{NO_BREAK_SPACE}{value} (95 % interval {low} to {high}) "
        f"of {revenue} over {counted(row['n_accounts'], 'account')} covering {share(row['revenue_coverage'])} of "
        f"revenue; method {phrase(row['method']).lower()}, grade {row['evidence_grade']}{because}."
    ]
    if row["ci_high"] < 0:
        said.append("More points go with less growth here.")
    if row["is_likely_too_small"]:
        said.append(
            "Noise alone makes the figure likely too small: few people speak for an account, and most of the "
            f"differences in score are chance.{_without_noise(row, beside)}"
        )
    if row["quarters_of"] not in (None, "all"):
        said.append(f"Accounts are compared within each {row['quarters_of'].replace('_', ' ')}.")
    if row["cluster_level"] != "account":
        said.append(f"The interval allows for what the accounts of one {row['cluster_level']} share.")
    return " ".join([*said, "This does not show that raising NPS by one point causes it."])


def reason(row: Given) -> str:
    """Why the grade is no better; nothing where it is as good as data without an experiment can be."""
    code = row["grade_reason"]
    return "" if code in (None, "not_randomised") else REASONS.get(code, phrase(code).lower())


def _value_table(rows: Sequence[Given], caption: str, rules: Rules) -> Table:
    order = list(METHODS)
    shown = {id(row): interval_of(row, "value_per_point") for row in rows}
    scale = _scale(list(shown.values()))
    drawn: list[Row] = []
    horizons = sorted({row["horizon_months"] for row in rows}, key=lambda months: (months != HEADLINE_MONTHS, -months))
    for months in horizons:
        if len(horizons) > 1:
            drawn.append(Row([Cell(f"{months} months")], is_heading=True))
        found = [row for row in rows if row["horizon_months"] == months]
        for row in sorted(found, key=lambda row: (order.index(row["method"]), list(PATHS).index(row["path"]))):
            drawn.append(_value_row(row, shown[id(row)], scale, rules))
    columns = [
        Column("Method"),
        Column(f"One point, {rows[0]['currency']}", "number", note="95 % interval"),
        Column("Grade"),
        Column("", "chart", drawing=charts.axis(scale, short_money)),
        Column("Accounts", "number", note="of revenue"),
    ]
    source = Source("marts.nps_point_value", f"as_of_date = {rows[0]['as_of_date']}, dimension = 'all'")
    return Table(caption, columns, drawn, source=source)


def _value_row(row: Given, shown: tuple[float, float, float] | None, scale: charts.Scale, rules: Rules) -> Row:
    method, path = METHODS[row["method"]], PATHS[row["path"]]
    label = Cell(method, note=METHODS_EXPLAINED[row["method"]] if row["path"] == "all_accounts" else path)
    accounts = Cell(count(row["n_accounts"] or 0), note=share(row["revenue_coverage"]))
    if shown is None:
        refusal = f"refused: {lifted(row['refusal_reason'], rules)}"
        return Row([label, Cell(refusal, is_quiet=True, spans=3), accounts])
    value, low, high = shown
    words = f"{method}, {path}: {money(value)} (95 % interval {money_interval(low, high)})"
    is_weak = row["evidence_grade"] not in ("A", "B")
    return Row(
        [
            label,
            Cell(signed_money(value), note=money_interval(low, high)),
            Cell(row["evidence_grade"], note=_grade_note(row)),
            Cell(drawing=charts.span(shown, scale, words, is_weak=is_weak)),
            accounts,
        ]
    )


def _grade_note(row: Given) -> str:
    noise = "noise alone makes it likely too small" if row["is_likely_too_small"] else ""
    return "; ".join(words for words in (reason(row), noise) if words)


def _path(release: Release) -> Section:
    slug, title = "path", "Which came first, the score or the growth?"
    rows = release.rows(
        """
        select *
        from marts.nps_point_value_path
        where dimension = 'all'
        order by event_quarter
        """
    )
    shown = [None if row["suppression_reason"] else _slope(row) for row in rows]
    if not any(shown):
        why = "it takes a ledger of over a year, and accounts that answer again"
        if any(row["suppression_reason"] == "revenue_withheld" for row in rows):
            why = lifted("revenue_withheld", release.rules)
        return Section(slug, title, [Refusal(f"No path can be shown: {why}.")])
    scale = _scale(shown)
    drawn = []
    for row, found in zip(rows, shown, strict=True):
        quarter = row["event_quarter"]
        label = Cell(f"{abs(quarter)} before" if quarter < 0 else f"{quarter} after", note=QUARTERS.get(quarter, ""))
        if found is None:
            drawn.append(
                Row([label, Cell(f"not shown: {phrase(row['suppression_reason']).lower()}", is_quiet=True, spans=3)])
            )
            continue
        value, low, high = (signed_share(end) for end in found)
        drawn.append(
            Row(
                [
                    label,
                    Cell(value, note=f"{low} to {high}"),
                    Cell(drawing=charts.span(found, scale, f"{label.text}: {value} (95 % interval {low} to {high})")),
                    Cell(count(row["n_accounts"])),
                ]
            )
        )
    columns = [
        Column("Quarter"),
        Column("Growth for 100 points", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, lambda value: share(value, 0))),
        Column("Accounts", "number"),
    ]
    source = Source("marts.nps_point_value_path", "dimension = 'all', each event_quarter")
    return Section(
        slug,
        title,
        [
            Table(
                "Growth by quarter before and after a score, accounts against themselves", columns, drawn, source=source
            )
        ],
        lead="Where a score makes growth, growth after it stands out. Where growth before it stands out, the score may "
        "follow it, or earlier scores may have made it: the checks Quarter before and Year before tell these apart.",
    )


def _slope(row: Given) -> tuple[float, float, float]:
    """Growth for a hundred points, and the ends of its interval."""
    return 100 * row["slope_per_point"], 100 * row["slope_ci_low"], 100 * row["slope_ci_high"]


def _checks(release: Release, values: Sequence[Given]) -> Section:
    slug, title = "checks", "Does the estimate hold"
    rows = release.rows(
        f"""
        select *
        from marts.nps_point_value_checks
        where
            dimension = 'all'
            and horizon_months = {HEADLINE_MONTHS}
            and method not in ('lifetime_value', {literal(BESIDE)})
            and coalesce(reason, '') not in ({", ".join(literal(reason) for reason in NOT_OF_THE_METHOD)})
        order by method, path, check_name
        """
    )
    if not rows:
        return Section(slug, title, [Refusal("No estimate was checked.")])
    drawn: list[Row] = []
    for method in METHODS:
        found = [
            row for row in rows if row["method"] == method and row["path"] in ("all_accounts", "detractor_to_promoter")
        ]
        if not found:
            continue
        drawn.append(Row([Cell(METHODS[method])], is_heading=True))
        known = list(CHECKS)
        for row in sorted(
            found, key=lambda row: known.index(row["check_name"]) if row["check_name"] in known else len(known)
        ):
            label, explained = CHECKS.get(row["check_name"], (phrase(row["check_name"]), ""))
            drawn.append(
                Row(
                    [
                        Cell(label, note=explained),
                        _verdict(row),
                        Cell(NOTHING if row["statistic"] is None else f"{row['statistic']:.3g}".replace("-", "−")),
                        Cell(NOTHING if row["p_value"] is None else f"{row['p_value']:.3f}"),
                    ]
                )
            )
    columns = [Column("Check"), Column("Verdict"), Column("Statistic", "number"), Column("p", "number")]
    source = Source("marts.nps_point_value_checks", f"dimension = 'all', horizon_months = {HEADLINE_MONTHS}")
    return Section(
        slug,
        title,
        [Table(f"Checks of the estimates over {HEADLINE_MONTHS} months", columns, drawn, source=source)],
        lead="The first three cap the grade, as they say; the others tell how to read the estimate. One that passes "
        "them all is not proven by it.",
    )


def _verdict(row: Given) -> Cell:
    if row["verdict"] == "not_applicable":
        return Cell("not applicable", note=phrase(row["reason"] or "").lower(), is_quiet=True)
    corrected = row["slope_per_point_corrected"]
    note = "" if corrected is None else f"corrected for it, {share(corrected, 3)} growth per point"
    return Cell(phrase(row["verdict"]).lower(), note=note)


# What groups keep --------------------------------------------------------------------------------------------------


def _dose(release: Release) -> Section:
    slug, title = "dose", "More points, more growth?"
    rows = release.rows(
        """
        select *
        from marts.growth_by_points_band
        where horizon_months = (select max(horizon_months) from marts.growth_by_points_band where ci_low is not null)
        order by points_band
        """
    )
    if not rows:
        return Section(
            slug,
            title,
            [Refusal("No band can be shown: it takes accounts with a score, a whole base and a complete outcome.")],
        )
    shown = [interval_of(row, "net_revenue_retention") for row in rows]
    scale = _scale(shown, 1.0)
    drawn = []
    for row, interval in zip(rows, shown, strict=True):
        band, words = BANDS[row["points_band"]]
        label = Cell(band, note=f"{words}; {counted(row['n_accounts'], 'account')}")
        if interval is None:
            drawn.append(Row([label, Cell("not shown: too few accounts", is_quiet=True, spans=2)]))
            continue
        value, low, high = interval
        said = f"Points {band}: {signed_share(value - 1)} (95 % interval {signed_share(low - 1)} to "
        f"{signed_share(high - 1)})"
        drawn.append(
            Row(
                [
                    label,
                    Cell(signed_share(value - 1), note=f"{signed_share(low - 1)} to {signed_share(high - 1)}"),
                    Cell(drawing=charts.span(interval, scale, said, reference=1.0, is_weak=not row["is_reportable"])),
                ]
            )
        )
    columns = [
        Column("Points of the account"),
        Column("Growth", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, lambda value: share(value - 1, 0), 1.0)),
    ]
    months = rows[0]["horizon_months"]
    source = Source("marts.growth_by_points_band", f"horizon_months = {months}, each points_band")
    return Section(
        slug,
        title,
        [Table(f"Growth over {months} months by score before, all quarters", columns, drawn, source=source)],
        lead="If a score speaks of growth, growth should rise with it, step by step. One that only rises at an end "
        "says that a point is not one thing.",
    )


def _retention(release: Release) -> Section:
    slug, title = "retention", "What each group kept and grew"
    rows = release.rows(
        """
        with complete as (
            select * from marts.nps_group_retention
            where dimension = 'all' and ci_low is not null
        ),

        newest as (
            select horizon_months, as_of_date
            from complete
            order by horizon_months desc, as_of_date desc
            limit 1
        )

        select nps_group_retention.*
        from marts.nps_group_retention
        inner join newest using (horizon_months, as_of_date)
        where dimension = 'all'
        """
    )
    if not rows:
        return Section(
            slug,
            title,
            [
                Refusal(
                    "No group has a retention yet: it takes a quarter end with a whole base before it and a complete "
                    "outcome after it."
                )
            ],
        )
    day, months = rows[0]["as_of_date"], rows[0]["horizon_months"]
    by_group = {row["nps_group"]: row for row in rows}
    shown = {group.key: _retained(by_group.get(group.key)) for group in GROUPS}
    scale = _scale(list(shown.values()), 1.0)
    drawn = [
        _retention_row(group, by_group[group.key], shown[group.key], scale) for group in GROUPS if group.key in by_group
    ]
    columns = [
        Column("Group"),
        Column("Net retention", "number", note="95 % interval"),
        Column("", "chart", drawing=charts.axis(scale, lambda value: share(value, 0), 1.0)),
        Column("Gross", "number"),
        Column("Accounts kept", "number"),
        Column("Base revenue", "number", note=rows[0]["currency"] or ""),
    ]
    source = Source(
        "marts.nps_group_retention", f"as_of_date = {day}, horizon_months = {months}, dimension = 'all', each nps_group"
    )
    return Section(
        slug,
        title,
        [Table(f"{months} months from {long_date(day)}, by the group of that day", columns, drawn, source=source)],
        lead="Revenue of the months after over that of the months before, of the same accounts. Who left counts with "
        "0, who came is not in it. The more a group’s score, the more it should keep; that it does is association.",
    )


def _retained(row: Given | None) -> tuple[float, float, float] | None:
    return None if row is None else interval_of(row, "net_revenue_retention")


def _retention_row(group: Legend, row: Given, shown: tuple[float, float, float] | None, scale: charts.Scale) -> Row:
    label = Cell(group.label, key=group.key, note=counted(row["n_accounts"] or 0, "account"))
    rest = [
        Cell(share(row["gross_revenue_retention"])),
        Cell(share(row["logo_retention"])),
        Cell(NOTHING if row["base_revenue"] is None else money(row["base_revenue"])),
    ]
    if shown is None:
        return Row([label, Cell("not shown: too little carries it", is_quiet=True, spans=2), *rest])
    value, low, high = shown
    words = f"{group.label}: {share(value)} (95 % interval {share_interval(low, high)})"
    return Row(
        [
            label,
            Cell(share(value), note=share_interval(low, high)),
            Cell(drawing=charts.span(shown, scale, words, reference=1.0, is_weak=not row["is_reportable"])),
            *rest,
        ]
    )


# What is at risk ---------------------------------------------------------------------------------------------------


def _risk(release: Release, build: Build) -> Section:
    slug, title = "risk", "Revenue at risk"
    rows = release.rows(
        """
        select
            risk_status,
            any_value(currency) as currency,
            any_value(as_of_date) as as_of_date,
            count(*) as n_accounts,
            count(expected_loss) as n_expected,
            sum(trailing_revenue_12m) as revenue,
            sum(expected_loss) as expected_loss,
            sum(ci_low) as ci_low,
            sum(ci_high) as ci_high
        from marts.revenue_at_risk
        group by risk_status
        """
    )
    if not rows:
        return Section(slug, title, [Refusal(NO_ACCOUNT)])
    by_status = {row["risk_status"]: row for row in rows}
    currency, day = rows[0]["currency"], rows[0]["as_of_date"]
    total = sum((row["revenue"] or Decimal(0) for row in rows), Decimal(0))
    blocks: list[Block] = []
    parts = [
        charts.Part(risk.key, risk.label, float(by_status[risk.key]["revenue"] or 0))
        for risk in RISKS
        if risk.key in by_status
    ]
    if total > 0:
        words = ", ".join(f"{part.label} {share(ratio(part.amount, total))}" for part in parts)
        blocks.append(Chart("Share of revenue", charts.bar(parts, f"Share of revenue: {words}"), legend=RISKS))
    else:
        blocks.append(Refusal("No account had revenue in the last 12 months."))
    drawn = []
    for risk in RISKS:
        row = by_status.get(risk.key)
        revenue = row["revenue"] if row else Decimal(0)
        drawn.append(
            Row(
                [
                    Cell(risk.label, key=risk.key, note=RISKS_EXPLAINED[risk.key]),
                    Cell(count(row["n_accounts"] if row else 0)),
                    Cell(money(revenue), note=share(ratio(revenue, total))),
                    _expected(row),
                ]
            )
        )
    drawn.append(
        Row(
            [
                Cell("All"),
                Cell(count(sum(row["n_accounts"] for row in rows))),
                Cell(money(total)),
                Cell(),
            ],
            is_total=True,
        )
    )
    columns = [
        Column("Status"),
        Column("Accounts", "number"),
        Column(f"Revenue, {currency}", "number", note="last 12 months"),
        Column("Expected loss", "number", note="in a year, 95 % interval"),
    ]
    source = Source(
        "marts.revenue_at_risk",
        f"as_of_date = {day}, summed by risk_status",
        "expected loss: revenue times (1 − net retention of the account’s group)",
    )
    blocks.append(Table(f"Accounts on {long_date(day)} by what their answers say", columns, drawn, source=source))
    at_risk = by_status.get("at_risk")
    held = money_with_currency(at_risk["revenue"] if at_risk else 0, currency)
    return Section(
        slug,
        title,
        blocks,
        lead=f"{held} is held by accounts at risk. That is exposure, what is in question, and not a loss. The "
        "expected loss is what groups like theirs lost on average; below 0 they grew. Ends of intervals are added up, "
        "which is as wide as the sum can be.",
    )


def _expected(row: Given | None) -> Cell:
    if row is None or row["expected_loss"] is None:
        return Cell(NOTHING if row is None else "not known", is_quiet=True)
    missing = row["n_accounts"] - row["n_expected"]
    without = f"; {counted(missing, 'account')} not known" if missing else ""
    return Cell(signed_money(row["expected_loss"]), note=f"{money_interval(row['ci_low'], row['ci_high'])}{without}")


def _accounts_at_risk(release: Release) -> Section:
    slug, title = "accounts", "The accounts with most at risk"
    rows = release.rows(
        f"""
        select
            revenue_at_risk.*,
            dim_accounts.account_name
        from marts.revenue_at_risk
        inner join marts.dim_accounts using (account_id)
        where revenue_at_risk.risk_status = 'at_risk' and revenue_at_risk.trailing_revenue_12m > 0
        order by revenue_at_risk.trailing_revenue_12m desc, account_id
        limit {ACCOUNTS_SHOWN}
        """
    )
    source = Source(
        "marts.revenue_at_risk", f"risk_status = 'at_risk', the {ACCOUNTS_SHOWN} with the most trailing_revenue_12m"
    )
    if not rows:
        return Section(slug, title, [Refusal("No account with revenue is at risk by its answers.", source=source)])
    drawn = [
        Row(
            [
                Cell(row["account_name"] or row["account_id"], note=row["risk_reason"]),
                Cell(money(row["trailing_revenue_12m"])),
                _loss_of(row),
                Cell(_day(row["next_renewal_date"])),
                Cell(row["owner_id"] or NOTHING),
            ]
        )
        for row in rows
    ]
    columns = [
        Column("Account"),
        Column(f"Revenue, {rows[0]['currency']}", "number", note="last 12 months"),
        Column("Expected loss", "number", note="of its group, 95 % interval"),
        Column("Renewal", "number"),
        Column("Owner", "code"),
    ]
    return Section(
        slug,
        title,
        [Table("By revenue, the reason under the name", columns, drawn, source=source)],
        lead="Whom to call first. The expected loss is the average of the account’s group, not a forecast of the "
        "account.",
    )


def _loss_of(row: Given) -> Cell:
    shown = interval_of(row, "expected_loss")
    if shown is None:
        return Cell("not known", is_quiet=True)
    return Cell(signed_money(shown[0]), note=money_interval(*shown[1:]))


def _day(day: date | None) -> str:
    return NOTHING if day is None else long_date(day)


# What customers bring ----------------------------------------------------------------------------------------------


def _economics(release: Release) -> Section:
    slug, title = "economics", "What a customer of each group brings"
    rows = release.rows("select * from marts.promoter_economics order by nps_group")
    if not rows or all(row["lifetime_value"] is None for row in rows):
        return Section(
            slug,
            title,
            [
                Refusal(
                    "No lifetime value can be given: it takes a margin and a retention of each group over 12 months."
                )
            ],
        )
    by_group = {row["nps_group"]: row for row in rows}
    drawn = []
    for group in GROUPS:
        row = by_group.get(group.key)
        if row is None:
            continue
        lifetime = interval_of(row, "lifetime_value", "lifetime_value_ci_low", "lifetime_value_ci_high")
        worth = interval_of(row, "total_worth")
        drawn.append(
            Row(
                [
                    Cell(group.label, key=group.key),
                    Cell(_amount(row["annual_revenue"])),
                    Cell(_amount(row["annual_margin"])),
                    Cell(share(row["retention"])),
                    Cell(_amount(row["lifetime_value"]), note=money_interval(*lifetime[1:]) if lifetime else ""),
                    Cell(_amount(row["referral_value"])),
                    Cell(_amount(row["total_worth"]), note=money_interval(*worth[1:]) if worth else ""),
                ]
            )
        )
    columns = [
        Column("Group"),
        Column("Revenue", "number", note="a year"),
        Column("Margin", "number", note="a year"),
        Column("Kept", "number"),
        Column("Lifetime value", "number", note="95 % interval"),
        Column("By referral", "number"),
        Column("Worth", "number", note="95 % interval"),
    ]
    currency = rows[0]["currency"]
    source = Source("marts.promoter_economics", f"as_of_date = {rows[0]['as_of_date']}, each nps_group")
    return Section(
        slug,
        title,
        [Table(f"An account of each group, {currency}", columns, drawn, source=source)],
        lead="Averages of the groups as they are. A detractor that becomes a promoter does not become the average "
        "promoter.",
    )


def _amount(amount: Decimal | float | None) -> str:
    return NOTHING if amount is None else money(amount)


def _earned(release: Release) -> Section:
    slug, title = "earned", "Growth that was earned"
    rows = release.rows("select * from marts.earned_growth order by year desc")
    if not rows:
        return Section(
            slug,
            title,
            [Refusal("It takes a calendar year that is over, after one that the ledger covers from January.")],
        )
    drawn = [
        Row(
            [
                Cell(str(row["year"])),
                Cell(signed_share(row["revenue_growth"])),
                Cell(share(row["net_revenue_retention"]), note=_between(row, "net_revenue_retention")),
                Cell(money(row["earned_new_revenue"])),
                Cell(money(row["bought_new_revenue"])),
                Cell(money(row["unknown_new_revenue"])),
                Cell(signed_share(row["earned_growth_rate"]), note=_between(row, "earned_growth_rate")),
                Cell(signed_share(row["earned_growth_rate_high"])),
                Cell(share(row["earned_growth_ratio"], 0), note=_up_to(row, "earned_growth_ratio")),
            ]
        )
        for row in rows
    ]
    currency = rows[0]["currency"]
    columns = [
        Column("Year"),
        Column("Growth", "number"),
        Column("Net retention", "number", note="95 % interval"),
        Column("New by referral", "number", note=currency),
        Column("New, bought", "number", note=currency),
        Column("New, unknown", "number", note=currency),
        Column("Earned growth", "number", note="95 % interval"),
        Column("Unknown too", "number", note="as earned"),
        Column("Of all growth", "number"),
    ]
    return Section(
        slug,
        title,
        [Table("Growth by where it came from", columns, drawn, source=Source("marts.earned_growth"))],
        lead="Earned is what customers brought by staying, growing and recommending; the rest was bought. New "
        "customers of unknown origin are not counted; “up to” counts them all as earned.",
    )


def _between(row: Given, rate: str) -> str:
    low, high = row[f"{rate}_ci_low"], row[f"{rate}_ci_high"]
    return "" if low is None or high is None else share_interval(low, high)


def _up_to(row: Given, rate: str) -> str:
    high = row[f"{rate}_high"]
    return "" if high is None or high == row[rate] else f"up to {share(high)}"


def _claims(release: Release) -> Section:
    slug, title = "claims", "What others claim, beside our own numbers"
    rows = release.rows("select * from marts.claims_vs_evidence order by is_reportable desc, suppression_reason, claim")
    if not rows:
        return Section(slug, title, [Refusal("No claim is on record.")])
    drawn = [
        Row(
            [
                Cell(phrase(row["claim"]), note=f"{row['entity']}: {row['statistic']} ({row['source']})"),
                Cell(
                    VERDICTS.get(row["verdict"], row["verdict"]),
                    note=row["comparability"],
                    is_quiet=not row["is_reportable"],
                ),
                Cell(NOTHING if row["claimed_value"] is None else _measured(row["claimed_value"], row["unit"])),
                _own(row),
            ]
        )
        for row in rows
    ]
    columns = [
        Column("Claim"),
        Column("Verdict"),
        Column("Claimed", "number"),
        Column("Ours", "number", note="95 % interval"),
    ]
    return Section(
        slug,
        title,
        [Table("Published claims", columns, drawn, source=Source("marts.claims_vs_evidence"))],
        lead="A claim is never an input. It is supported where our interval holds its figure, lies above 0 and is no "
        "wider than the figure, with at least 30 behind it and grade C or better; a provable value takes a B. "
        "Compatible: not contradicted, and not shown.",
    )


def _own(row: Given) -> Cell:
    shown = interval_of(row, "own_estimate")
    if shown is None:
        return Cell(NOTHING)
    value, low, high = (_measured(end, row["unit"]) for end in shown)
    return Cell(value, note=f"{low} to {high}; grade {row['evidence_grade']}")


def _measured(value: float, unit: str) -> str:
    if unit == "growth per point":
        return share(value, 2)
    if unit == "share":
        return share(value)
    if unit == "NPS points":
        return f"{value:.1f}".replace("-", "−")
    return money(value)
