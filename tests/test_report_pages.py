"""The report's pages on why the score moved, on targets and benchmarks, and on what stands beside NPS."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.report import charts, numbers
from orchestration.report.pages import beside, targets, why
from orchestration.report.release import Rules
from tests.small_release import MARTS, change, company, moved
from tests.test_report import Page, report


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report(tmp_path_factory.mktemp("pages"), company())


# Why it moved ------------------------------------------------------------------------------------------------------


def test_change_has_its_interval_and_a_small_sample_is_marked(page: Page) -> None:
    assert (
        "Quarter on quarter Q1 2026 to Q2 2026 +15.0 5.0 to 25.0 +22.5 1,000 answers +37.5 1,000 answers" in page.text
    )
    assert "Year on year Q2 2025 to Q2 2026 +15.0 −3.0 to 33.0, small sample" in page.text
    assert "The score of the relationship programme moved quarter on quarter by +15.0." in page.text


def test_change_that_too_few_answers_support_is_nowhere(page: Page) -> None:
    refusal = "not shown: 208 and 2 answers; needs 5 in each period"
    assert f"Month on month May 2026 to June 2026 {refusal}" in page.text
    assert "86.4" not in " ".join([page.text, *labels(page)])


def test_change_of_one_account_says_what_would_lift_the_refusal(page: Page) -> None:
    assert "all of one account; it takes answers of a second one" in page.text


def test_waterfall_leads_from_the_score_before_over_rate_and_mix_to_the_score_after(page: Page) -> None:
    assert (
        "Waterfall of the score. Q1 2026 +22.5, Call Centre +10.5, App +7.2, Shop +3.0, Bot +1.6, "
        "Mix: who answered −7.2, Q2 2026 +37.5."
    ) in labels(page)
    assert "Call Centre +20.0 60.0 %, 600 answers +42.0 35.0 %, 350 answers +10.5 −0.3" in page.text
    assert "All change +15.0: rate and mix +22.5 1,000 answers +37.5 1,000 answers +22.2 −7.2" in page.text


def labels(page: Page) -> list[str]:
    """The words of every drawing."""
    found = [attributes.get("aria-label") or "" for tag, attributes in page.tags if tag == "svg"]
    return [" ".join(label.replace(numbers.NARROW_SPACE, " ").split()) for label in found]


def test_dimension_whose_values_moved_least_alike_is_drawn(page: Page) -> None:
    assert "Quarter on quarter, Q1 2026 to Q2 2026, by channel" in page.text
    assert "Q2 2026, by segment" not in page.text


def test_dimension_does_not_win_by_many_small_values() -> None:
    """Twenty values of 25 answers that part as chance parts them, against two of 250 that part by more."""
    half = {"weight_from": 0.5, "weight_to": 0.5, "n_from": 250, "n_to": 250, "mix_effect": 0.0, "change": 0.0}
    small = {"weight_from": 0.05, "weight_to": 0.05, "n_from": 25, "n_to": 25, "mix_effect": 0.0, "change": 0.0}
    rows: list[dict[str, Any]] = [
        {"dimension": "many", "rate_effect": 0.05 * part, **small} for part in (-20.0, 20.0) * 10
    ]
    rows += [{"dimension": "two", "rate_effect": 0.5 * part, **half} for part in (-12.0, 12.0)]
    assert why.least_alike(rows, 5) == "two"
    assert why.least_alike(rows, 251) is None


def test_value_of_few_answers_is_in_the_waterfall_without_its_score(tmp_path: Path) -> None:
    tables = company()
    rows = [
        dict(row) | ({"n_to": 4} if row["dimension_value"] == "bot" else {})
        for row in tables["nps_change_decomposition"]
    ]
    page = report(tmp_path, tables | {"nps_change_decomposition": rows})
    assert any("Shop +3.0, 1 with few answers +1.6, Mix: who answered −7.2" in label for label in labels(page))
    assert "Bot −10.0 2.0 %, 20 answers not shown 4 answers +1.6 −2.1" in page.text


def test_change_that_chance_explains_is_called_no_finding(tmp_path: Path) -> None:
    rows = [change("quarter_on_quarter", ci_low=-1.0)]
    page = report(tmp_path, company() | {"nps_change_decomposition": rows})
    assert "chance alone may have made these changes" in page.text
    assert "no dimension has two values with enough answers in both periods" in page.text


def test_theme_has_its_impact_with_interval_and_few_answers_have_none(page: Page) -> None:
    assert "Price 25 answers −6.5 −12.0 to −1.0 +17.5 −0.25 1,234" in page.text
    assert "1 more theme not shown, under 20 answers: billing" in page.text


def test_contributions_lead_to_the_score_of_the_month(page: Page) -> None:
    assert (
        "Contributions. No theme or comment +31.0, Support speed +8.0, Price +2.0, 1 spoken of less −1.0, "
        "Score, Jun 2026 +40.0."
    ) in labels(page)


def test_comments_of_both_sides_are_quoted_as_published(page: Page) -> None:
    assert "10 June 2026 Email 3 Too expensive for what it does, ask [email]" in page.text
    assert "9 Worth every cent" in page.text
    assert "&lt;b&gt;Dear&lt;/b&gt;" in page.html


def test_silence_is_bounded_and_weighed(page: Page) -> None:
    assert "Weighted by segment and size; effective number 34.9 +11.0" in page.text
    assert "Whatever the silent think bounds without assumptions −59.5 to +80.5" in page.text
    assert "Relationship survey, sent in June 2026" in page.text


def test_bounds_of_too_few_answers_are_refused(tmp_path: Path) -> None:
    tables = company()
    rows = [dict(row) | {"is_reportable": False} for row in tables["response_funnel"]]
    page = report(tmp_path, tables | {"response_funnel": rows})
    assert "Too few of these invitations were scored to weigh them or to bound the score." in page.text
    assert "−59.5" not in page.text


def test_what_the_silent_kept_has_its_intervals(page: Page) -> None:
    assert "40 accounts 100.0 % 95.0 % to 105.0 % +10.0 % +6.0 % to +14.0 %" in page.text
    assert "Not asked 40 accounts not shown: too few accounts" in page.text


# Targets and benchmarks --------------------------------------------------------------------------------------------


def test_target_is_judged_by_the_interval_of_the_gap(page: Page) -> None:
    assert "2024 missed 21 to 23 +19.0 17.5 to 20.5 −2.0 −3.5 to −0.5" in page.text
    assert "2025 within the margin 21 to 23 +22.0" in page.text
    assert "2026 still open, ends 31 December 2026 21 or more" in page.text
    assert "2025 not enough answers 21 to 23 not shown: 3 answers" in page.text


def test_targets_of_the_company_are_drawn_over_time(page: Page) -> None:
    assert (
        "Targets and scores with 95 % intervals. 2024 target 21 to 23, score +19.0 (17.5 to 20.5); "
        "2025 target 21 to 23, score +22.0 (20.5 to 23.5); 2026 target 21 or more, score +24.0 (22.5 to 25.5)."
    ) in labels(page)


def test_target_without_a_high_end_reaches_to_the_top(page: Page) -> None:
    tops = re.findall(r'<rect x="[\d.]+%" y="([\d.]+)"[^>]* class="target"/>', page.html)
    assert len(tops) == 3
    assert [top == "0" for top in tops] == [False, False, True]


def test_figures_that_contradict_each_other_stay_apart_as_a_range(page: Page) -> None:
    assert (
        "Fruit another paper: 47; one paper: 89 47 to 89 −57.8 to −15.8 −67.8 to −5.8, widest One company. "
        "Source: marts.nps_benchmark_position"
    ) in page.text


def test_what_compares_is_a_range_and_our_interval_is_set_against_it(page: Page) -> None:
    assert "cannot be told from the range of what compares: 2 figures of others, from 40 to 60" in page.text
    assert "Another industry. We are in the bottom quarter of it." in page.text


def test_no_own_score_leaves_the_figures_and_says_so(tmp_path: Path) -> None:
    tables = company()
    none = dict.fromkeys(("nps", "nps_ci_low", "nps_ci_high", "gap", "ci_low", "ci_high"))
    rows = [dict(row) | none | {"n_scored": 3} for row in tables["nps_benchmark_position"]]
    page = report(tmp_path, tables | {"nps_benchmark_position": rows})
    assert "Our own score is not shown: not enough answers stand for it (3 answers)." in page.text


def test_band_is_given_or_why_there_is_none(page: Page) -> None:
    assert "Round numbers year not stated good good good" in page.text
    assert "Wide steps year not stated none: the interval reaches over a border good excellent" in page.text
    assert "With gaps year not stated none: the scheme has none here no band no band" in page.text


# Beside NPS --------------------------------------------------------------------------------------------------------


def test_satisfaction_and_effort_have_their_own_answers_and_intervals(page: Page) -> None:
    assert "June 2026 +25.0 5.0 to 45.0 60 75 % 50 % to 90 % 20 0.63 0.50 to 0.75 35" in page.text
    assert "May 2026 – 0 not shown 3 – 0" in page.text
    assert "all are turned so that higher is better" in page.text


def test_cohort_is_counted_once_its_days_are_over(page: Page) -> None:
    assert "Q2 2026 still in onboarding 12 80 % 50 % to 95 %; of 10 not shown of 2 – not yet" in page.text
    assert "75 % 46 % to 92 %; of 12" in page.text


def test_actions_are_judged_in_their_own_metric(page: Page) -> None:
    assert "3 actions judged; the interval excludes 0 for K3" in page.text
    assert "50 answers −1.5 60 answers −2.0 −6.0 to 2.0" in page.text
    assert "Meant to move CSAT, as its mean place on the scale, 0 to 1, higher is better" in page.text
    assert "0.50 50 answers 0.55 60 answers +0.05 −0.02 to +0.12" in page.text
    assert "+0.10 +0.05 to +0.15" in page.text
    assert "K4 Shipping, negative feedback not shipped yet" in page.text


# The poor, and the words -------------------------------------------------------------------------------------------


def test_company_without_anything_is_told_what_each_page_takes(tmp_path: Path) -> None:
    empty = report(tmp_path, {}, {"as_of": "2026-07-01"})
    for words in (
        "it takes answers in two whole months one after the other",
        "No whole month has a scored answer",
        "it takes the table survey_invitations",
        "it takes lines in seeds/reference/nps_targets.csv",
        "it takes lines in seeds/reference/nps_benchmarks.csv",
        "No score stands on the as-of date",
        "it takes surveys whose metric is csat or ces",
        "so there is no cohort to follow",
        "it takes the table feedback_actions",
    ):
        assert words in empty.text


def test_themes_without_enough_answers_leave_the_contributions(tmp_path: Path) -> None:
    few = [dict(row) | {"n_answers": 7, "impact": None, "is_reportable": False} for row in moved("x")["theme_impact"]]
    page = report(tmp_path, company() | {"theme_impact": few})
    assert "No theme of June 2026 has 20 answers; the most spoken of has 7." in page.text
    assert "Contributions. 4 spoken of less +40.0, Score, Jun 2026 +40.0." in labels(page)


@pytest.mark.parametrize(
    ("mart", "column", "worded"),
    [
        ("score/nps_target_attainment", "status", targets.STATUSES),
        ("score/nps_benchmark_position", "quartile_position", targets.QUARTILES),
        ("score/nps_change_decomposition", "comparison", why.COMPARISONS),
        ("score/retention_by_response", "response_status", why.STATUSES),
    ],
)
def test_each_value_of_the_contract_has_words(mart: str, column: str, worded: dict[str, Any]) -> None:
    assert set(accepted(mart, column)) <= set(worded)


def test_each_reason_for_a_refusal_has_words() -> None:
    rules = Rules.load()
    row = {"n_from": 1, "n_to": 1}
    changes = accepted("score/nps_change_decomposition", "suppression_reason")
    actions = accepted("loop/action_outcomes", "suppression_reason")
    shown = {"low_sample"}
    assert [
        one for one in changes if why.not_shown(row | {"suppression_reason": one}, rules).endswith("; no interval")
    ] == [*shown]
    assert [one for one in actions if beside.waits(one, rules) == "no interval"] == [*shown]


def accepted(mart: str, column: str) -> list[str]:
    """The values that the contract of a mart accepts in a column."""
    contract = yaml.safe_load((MARTS / f"{mart}.yml").read_text(encoding="utf-8"))["models"][0]
    (found,) = (described for described in contract["columns"] if described["name"] == column)
    (test,) = (test["accepted_values"] for test in found["data_tests"] if "accepted_values" in test)
    values: list[str] = test["arguments"]["values"]
    return values


# Drawing -----------------------------------------------------------------------------------------------------------


def test_waterfall_joins_where_each_step_ends() -> None:
    steps = [charts.Step("a", 20.0, is_total=True), charts.Step("b", 10.0), charts.Step("c", -25.0)]
    drawn = str(charts.waterfall([*steps, charts.Step("d", 5.0, is_total=True)], "words"))
    # A range of -10 to 40: 20 lies at 60 %, 30 at 80 %, 5 at 30 %.
    assert re.findall(r'x="([\d.]+%)" y="[\d.]+" width="([\d.]+%)" height="14" class="part (up|down)"', drawn) == [
        ("60%", "20%", "up"),
        ("30%", "50%", "down"),
    ]
    assert re.findall(r'<circle cx="([\d.]+%)"', drawn) == ["60%", "30%"]


def test_waterfall_whose_way_leaves_the_scores_stays_in_its_frame() -> None:
    steps = [charts.Step("a", 95.0, is_total=True), charts.Step("b", 20.0), charts.Step("c", -20.0)]
    drawn = str(charts.waterfall([*steps, charts.Step("d", 95.0, is_total=True)], "words"))
    ends = [float(x) + float(width) for x, width in re.findall(r'x="([\d.]+)%" y="[\d.]+" width="([\d.]+)%"', drawn)]
    assert ends
    assert max(ends) <= 100


def test_month_of_a_release_that_ends_in_mid_month_is_not_whole(tmp_path: Path) -> None:
    rows = [dict(row) | {"month_start": date(2026, 7, 1)} for row in moved("x")["theme_impact"]]
    page = report(tmp_path, company() | {"theme_impact": rows})
    assert "No whole month has a scored answer" in page.text
