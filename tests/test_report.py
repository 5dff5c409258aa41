"""The report: it shows what the release holds, refuses what too few answers support, and asks nothing of anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.report import charts, numbers, render
from orchestration.report.pages.money import REASONS, lifted
from orchestration.report.pages.score import UNSEEN
from orchestration.report.release import Rules
from orchestration.report.scores import Score
from tests.small_release import AS_OF, BUILD, MARTS, Rows, company, point_value, rolling, score, seen, write_release

REFERENCE = re.compile(r"""(?:src|href|xlink:href|action|data|poster|srcset)\s*=\s*["']?\s*([^"'\s>]*)""")
CALL = re.compile(r"url\(|@import|<script|<iframe|<object|<embed|<link(?! rel=\"icon\" href=\"data:,\")")


class Page(HTMLParser):
    """The words of a page, its elements, and what carries an id."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.unclosed: list[str] = []
        self.feed(html)
        self.close()
        self.unclosed += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "link", "br"}:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)

    @property
    def text(self) -> str:
        joined = " ".join(" ".join(self.words).split())
        return joined.replace(numbers.NARROW_SPACE, " ").replace(numbers.NO_BREAK_SPACE, " ")

    def with_id(self, element_id: str) -> dict[str, str | None]:
        found = [attributes for _, attributes in self.tags if attributes.get("id") == element_id]
        assert len(found) == 1, f"{len(found)} elements have the id {element_id}"
        return found[0]


def report(folder: Path, tables: Mapping[str, Rows], build: Mapping[str, Any] = BUILD) -> Page:
    release, output = folder / "nps.duckdb", folder / "index.html"
    release.unlink(missing_ok=True)
    render(write_release(release, tables), build, output)
    return Page(output.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return report(tmp_path_factory.mktemp("report"), company())


# What it says ------------------------------------------------------------------------------------------------------


def test_headline_is_the_headline_programme_with_its_interval(page: Page) -> None:
    headline = page.with_id("headline-nps")
    assert headline["data-nps"] == "31.25"
    assert (headline["data-ci-low"], headline["data-ci-high"]) == ("21.25", "41.25")
    assert (headline["data-n-scored"], headline["data-date-day"]) == ("128", "2026-07-01")
    assert headline["data-program-type"] == "relationship"
    assert "+31.3 95 % interval 21.3 to 41.3" in page.text
    assert "128 scored answers" in page.text
    assert "account jackknife" in page.text


def test_suppressed_slice_is_refused_and_its_score_is_nowhere(page: Page) -> None:
    assert "Small Business 3 answers not shown: 3 answers; needs 5" in page.text
    assert "61.2" not in page.text
    assert "61.2345" not in page.html


def test_suppressed_programme_is_refused_beside_the_others(page: Page) -> None:
    assert "On demand not shown: 4 answers; needs 5" in page.text
    assert "−50.0" not in page.text


def test_small_sample_is_shown_and_marked(page: Page) -> None:
    assert "Mid Market 16 answers −12.5 −22.5 to −2.5, small sample" in page.text


def test_change_against_a_year_before_has_the_widest_range(page: Page) -> None:
    assert "1 July 2025 120 answers +20.0 10.0 to 30.0" in page.text
    assert "Change and its widest range +11.3 −8.8 to 31.3" in page.text
    assert "The range holds 0" in page.text


def test_change_is_refused_without_a_score_a_year_before(tmp_path: Path) -> None:
    young = report(tmp_path, company() | {"nps_rolling": [rolling(AS_OF, 40.0, 50)]})
    assert "A year before there was no score: the first answer is of 1 July 2026." in young.text


def test_how_small_a_change_can_be_seen_is_said(page: Page, tmp_path: Path) -> None:
    assert (
        "With 128 answers a quarter a change of 28.0 points can be seen, and one of 21.4 where quarters are compared "
        "by account. To see 5 points it takes 4,019 answers a quarter."
    ) in page.text
    few = seen(suppression_reason="low_sample", is_reportable=False, smallest_paired_change_seen=None)
    text = report(tmp_path, company() | {"nps_power": [few]}).text
    assert "a change of 28.0 points can be seen. To see 5 points it takes 4,019 answers a quarter. That is a" in text
    none = seen(suppression_reason="suppressed", smallest_change_seen=None, answers_for_5_points=None, n_scored=3)
    text = report(tmp_path, company() | {"nps_power": [none]}).text
    assert "It is not said: too few answers come in a quarter; it takes 5." in text


def test_each_reason_why_no_change_is_seen_has_words() -> None:
    contract = yaml.safe_load((MARTS / "score" / "nps_power.yml").read_text(encoding="utf-8"))["models"][0]
    (column,) = (column for column in contract["columns"] if column["name"] == "suppression_reason")
    (reasons,) = (test["accepted_values"]["arguments"]["values"] for test in column["data_tests"])
    assert set(UNSEEN) | {"low_sample"} == set(reasons)


def test_five_rules_stand_side_by_side(page: Page) -> None:
    for rule in ("All responses", "Contact latest", "Account mean", "Account waterfall", "Revenue weighted"):
        assert rule in page.text
    assert "60 accounts, effective number 40.5." in page.text


def test_revenue_of_a_group_with_credits_stays_negative_in_the_table(page: Page) -> None:
    assert "Detractors −50" in page.text


def test_share_of_no_revenue_is_a_dash_not_a_zero(tmp_path: Path) -> None:
    tables = company()
    unpaid = [dict(row) | {"trailing_revenue_12m": Decimal(0)} for row in tables["account_nps"]]
    page = report(tmp_path, tables | {"account_nps": unpaid})
    assert "No account had revenue in the last 12 months." in page.text
    assert "Promoters 1 20.0 % 0 –" in page.text


def test_quarters_are_called_association_only(page: Page) -> None:
    assert "Association only" in page.text
    assert "Q2 2026 +31.3 21.3 to 41.3 100 +11.3 5,001 +5.2 %" in page.text


def test_every_row_of_the_raw_tables_has_its_verdict(page: Page) -> None:
    assert "survey_responses 1,010 1,000 6 3 1 0.10 %" in page.text
    assert "survey_responses Score not whole 1 R-77" in page.text


def test_build_and_its_warnings_are_told(page: Page) -> None:
    assert "Checks passed 41 Warned 1 Failed 0" in page.text
    for words in (*BUILD["warned"], *BUILD["warnings"], BUILD["build_id"], BUILD["git_revision"], "duckdb 1.5.5"):
        assert words in page.text
    paths = {attributes.get("href") for tag, attributes in page.tags if tag == "a"}
    assert {"../validation/index.html", "../nps.duckdb"} <= paths


def test_every_section_with_a_number_names_its_source(page: Page) -> None:
    sections = re.findall(r'<section id="([^"]+)">(.*?)</section>', page.html, re.DOTALL)
    assert len(sections) > 10
    assert [name for name, html in sections if 'class="source"' not in html] == []


# The value of a point ----------------------------------------------------------------------------------------------


def test_sentence_is_that_of_the_best_grade_and_claims_no_cause(page: Page) -> None:
    assert (
        "One NPS point is associated with USD 5,000 (95 % interval 2,000 to 8,000) of annual revenue over 310 accounts "
        "covering 71.2 % of revenue; method within account, grade B. This does not show that raising NPS by one point "
        "causes it."
    ) in page.text
    assert page.text.count("One NPS point is associated with") == 1


def test_how_small_a_value_is_told_from_nothing_is_said(page: Page, tmp_path: Path) -> None:
    first = "310 accounts tell a value of USD 4,300 a point from 0 in four of five cases."
    second = "To tell the present estimate of 5,000 from 0 as surely, it takes 230 accounts like these."
    assert f"Accounts against themselves over 12 months: {first} {second}" in page.text
    of_nothing = report(tmp_path, company() | {"nps_power": [seen(accounts_for_value=None)]}).text
    assert first in of_nothing and "To tell the present estimate" not in of_nothing
    refused = report(tmp_path, company() | {"nps_power": [seen(smallest_value_seen=None)]}).text
    assert "Accounts against themselves over 12 months" not in refused


def test_methods_stand_side_by_side_with_their_intervals(page: Page) -> None:
    assert "less what all did +5,000 2,000 to 8,000 B 310 71.2 %" in page.text
    assert (
        "one segment, size and quarter +9,000 6,000 to 12,000 C accounts are compared with each other, not with "
        "themselves 310 71.2 %"
    ) in page.text
    assert "777" not in page.text


def test_refused_method_says_what_would_lift_it(page: Page) -> None:
    refusal = (
        "refused: fewer than 8 accounts, or than 30 in a group that is compared; it takes answers of more accounts"
    )
    assert f"detractors become passives {refusal} 310 71.2 %" in page.text


def test_every_method_refused_leaves_no_sentence(tmp_path: Path) -> None:
    refused = [point_value("within_account", "all_accounts", 12, None, refusal_reason="no_complete_window")]
    page = report(tmp_path, company() | {"nps_point_value": refused})
    assert "No method can put a value on a point yet." in page.text
    assert "One NPS point is associated with" not in page.text
    assert "it takes a ledger of twice the horizon, and time" in page.text


def test_each_reason_for_a_refusal_has_words() -> None:
    contract = yaml.safe_load((MARTS / "money" / "nps_point_value.yml").read_text(encoding="utf-8"))
    (described,) = (c["description"] for c in contract["models"][0]["columns"] if c["name"] == "refusal_reason")
    reasons = re.findall(r"`(\w+)`", described)
    rules = Rules.load()
    assert len(reasons) > 4
    assert [reason for reason in reasons if "it takes" not in lifted(reason, rules)] == []


def test_each_reason_for_a_grade_has_words() -> None:
    contract = yaml.safe_load((MARTS / "money" / "nps_point_value.yml").read_text(encoding="utf-8"))
    (described,) = (c["description"] for c in contract["models"][0]["columns"] if c["name"] == "grade_reason")
    codes = set(re.findall(r"`(\w+)`", described)) - {"refusal_reason", "lag", "pre_trend", "q_value", "not_randomised"}
    assert codes == set(REASONS)


def test_the_sentence_says_why_the_grade_is_no_better(tmp_path: Path) -> None:
    given = point_value(
        "within_account",
        "all_accounts",
        12,
        -5000.0,
        grade_reason="follows_past_growth",
        is_likely_too_small=True,
        cluster_level="owner",
        quarters_of="region",
    )
    page = report(tmp_path, company() | {"nps_point_value": [given]})
    assert "grade C: the score follows growth that has already been made. More points go with less growth" in page.text
    assert "Noise alone makes the figure likely too small" in page.text
    assert "Accounts are compared within each region." in page.text
    assert "The interval allows for what the accounts of one owner share." in page.text
    assert "C the score follows growth that has already been made; noise alone makes it likely too" in page.text


@pytest.mark.parametrize("is_noisy", [True, False])
def test_what_noise_takes_from_an_estimate_is_told_beside_it(tmp_path: Path, is_noisy: bool) -> None:
    values = [
        point_value("within_account", "all_accounts", 12, 5000.0, is_likely_too_small=is_noisy),
        point_value("within_account_iv", "all_accounts", 12, 15000.0, grade_reason="beside_an_estimate"),
        point_value("within_account_iv", "all_accounts", 3, 777.0),
    ]
    page = report(tmp_path, company() | {"nps_point_value": values})
    assert ("With the noise taken out it is 15,000 (12,000 to 18,000)." in page.text) is is_noisy
    assert "Accounts against themselves, noise taken out" in page.text


def test_a_usual_account_has_growth_and_no_money(tmp_path: Path) -> None:
    refused = point_value("within_account", "all_accounts", 12, None, refusal_reason="too_few_effective_accounts") | {
        "unweighted_slope_per_point": 0.0004,
        "unweighted_slope_ci_low": 0.0001,
        "unweighted_slope_ci_high": 0.0007,
    }
    page = report(tmp_path, company() | {"nps_point_value": [refused]})
    assert "100 points go with +4.0 % growth over 12 months (95 % interval +1.0 % to +7.0 %)" in page.text
    assert "One NPS point is associated with" not in page.text


def test_the_path_shows_each_quarter_or_why_not(page: Page) -> None:
    assert "1 before the quarter that ends with the score 0.0 % −3.0 % to +3.0 % 290" in page.text
    assert "3 after +6.0 % +3.0 % to +9.0 % 290" in page.text
    assert "4 after not shown: too few accounts" in page.text


@pytest.mark.parametrize(
    ("reason", "words"),
    [("no_variation", "it takes a ledger of over"), ("revenue_withheld", "a check of the revenue ledger failed")],
)
def test_a_path_of_which_nothing_is_known_says_why(tmp_path: Path, reason: str, words: str) -> None:
    empty: dict[str, Any] = dict.fromkeys(("slope_per_point", "slope_ci_low", "slope_ci_high"))
    path = [
        {**row, **empty, "suppression_reason": reason, "is_reportable": False}
        for row in company()["nps_point_value_path"]
    ]
    page = report(tmp_path, company() | {"nps_point_value_path": path})
    assert f"No path can be shown: {words}" in page.text


def test_a_failed_check_is_told(page: Page) -> None:
    assert "growth should rise from detractors over passives to promoters failed −2.4 0.016" in page.text
    assert "beyond the effect of earlier scores; p under .05 caps the grade at C passed 0.4 0.690" in page.text


def test_growth_rises_with_the_dose_and_a_small_band_is_refused(page: Page) -> None:
    assert "−100 everybody a detractor; 40 accounts −5.0 % −15.0 % to +5.0 %" in page.text
    assert "more detractors than promoters; 3 accounts not shown: too few accounts" in page.text


def test_retention_of_a_group_that_cannot_carry_it_is_not_shown(page: Page) -> None:
    assert "Promoters 40 accounts 112.0 % 102.0 % to 122.0 %" in page.text
    assert "Not asked 3 accounts not shown: too little carries it" in page.text


def test_parts_of_the_risk_add_up_and_expected_loss_is_no_exposure(page: Page) -> None:
    assert (
        "gave 6 or less, or someone fell by 3 or more 2 7,000 46.7 % +120 40 to 200; 1 account not known" in page.text
    )
    assert "All 5 15,000" in page.text
    assert "USD 7,000 is held by accounts at risk. That is exposure" in page.text


def test_accounts_at_risk_come_by_revenue_with_their_reason(page: Page) -> None:
    assert "Account 3 account NPS below 0 4,000 not known – u1 Account 2 account NPS below 0 3,000 +120" in page.text


def test_worth_of_a_group_has_its_intervals(page: Page) -> None:
    assert "Promoters 1,000 400 92.0 % 1,444 1,344 to 1,544 50 1,494 1,394 to 1,594" in page.text


def test_earned_growth_has_its_intervals_and_its_bound(page: Page) -> None:
    assert "2025 +30.0 % 85.0 % 80.0 % to 90.0 % 25 20 5 +10.0 % 5.0 % to 14.0 % +15.0 % 33 % up to 50.0 %" in page.text


def test_claims_stand_beside_our_own_estimate(page: Page) -> None:
    assert (
        "Shop scores above bot UPC: difference (article 002) supported one company – 10.0 2.0 to 18.0; grade D"
        in page.text
    )
    assert (
        "Hour of calling Apple: revenue per hour (article 000) not measured here no comparison group 1,000 –"
        in page.text
    )


# The loop ----------------------------------------------------------------------------------------------------------


def test_whoever_is_to_be_called_comes_with_the_reason_and_the_comment(page: Page) -> None:
    assert "Answers 2 1 detractor To call 1 Contacted already 0 Revenue behind the calls, USD 3,000" in page.text
    assert (
        "1. Account 2 gave 3, contract ends in 12 days (Support) 3 9 before Nobody calls back. 3,000 12 u1"
    ) in page.text
    assert "waiting 3 days" in page.text


def test_calls_in_time_have_their_interval_and_few_are_not_shown(page: Page) -> None:
    assert "22 June 2026 50 % 35.0 % to 65.0 % 75 % 60.0 % to 87.0 % 40 20 60 4" in page.text
    assert "29 June 2026 not shown 3 answers not shown 2 answers" in page.text
    assert "In time, 48 hours 73.8 % 31 of 42 in 2 weeks" in page.text


def test_uplift_is_no_effect_where_its_interval_holds_0_and_a_refusal_says_what_it_takes(page: Page) -> None:
    assert "No effect of calling can be told from none: the difference lies between −2.1 % and +6.1 %" in page.text
    assert "refused: too few accounts; it takes 30 accounts in each group; the smaller has 9" in page.text


def test_claimed_revenue_of_an_hour_stands_beside_the_estimate(page: Page) -> None:
    assert "Field East 665 952 138 110 to 166 refused: too few accounts" in page.text
    assert "All 665 952 138 110 to 166 −714 −4,214 to 2,786" in page.text


def test_agents_with_few_answers_have_no_rank(page: Page) -> None:
    assert "1. g1 Support Desk 30 In time 1 75 % of 4 +40.0 30.0 to 50.0" in page.text
    assert "1 agent is not ranked: too few answers." in page.text
    assert "3. g3" not in page.text


def test_whoever_is_far_from_the_others_is_named_and_nobody_else(page: Page) -> None:
    assert (
        "g1 look into it share of the agent's answers at 9 or 10 95 % of 60 50 % +45.0 % 35.0 % to 55.0 %" in page.text
    )
    assert "g2 usual" not in page.text


# The poor ----------------------------------------------------------------------------------------------------------


def test_company_without_anything_gets_a_report(tmp_path: Path) -> None:
    empty = report(tmp_path, {}, {"as_of": "2026-07-01"})
    headline = empty.with_id("headline-nps")
    assert headline["data-is-shown"] == "false"
    assert "data-nps" not in headline
    for words in ("no scored answer", "The release holds no revenue.", "No row arrived.", "not recorded"):
        assert words in empty.text


def test_company_whose_answers_have_expired_is_told_when_the_last_stood(tmp_path: Path) -> None:
    expired = report(tmp_path, {"nps_rolling": [rolling(date(2026, 3, 1), 25.0, 40), rolling(AS_OF, None, 0)]})
    assert expired.with_id("headline-nps")["data-is-shown"] == "false"
    assert "The last score that could be shown stood on 1 March 2026: +25.0 (95 % interval 15.0 to 35.0, n 40" in (
        expired.text
    )


def test_one_account_that_gave_all_answers_is_refused(tmp_path: Path) -> None:
    alone = rolling(AS_OF, 30.0, 9, suppression_reason="one_account", ci_low=None, ci_high=None, ci_method=None)
    page = report(tmp_path, {"nps_rolling": [alone]})
    assert "not shown: 9 answers, of one account" in page.text


def test_other_programmes_are_shown_where_the_headline_programme_is_absent(tmp_path: Path) -> None:
    page = report(tmp_path, {"nps_rolling": [rolling(AS_OF, 12.0, 300, program_type="transactional")]})
    assert page.with_id("headline-nps")["data-is-shown"] == "false"
    assert "Transactional +12.0 2.0 to 22.0 · n 300" in page.text


# What it is --------------------------------------------------------------------------------------------------------


def test_names_from_the_data_are_escaped(tmp_path: Path) -> None:
    hostile = '<script>alert("x")</script>'
    build = dict(BUILD) | {"warnings": [hostile], "git_revision": hostile}
    tables = company(hostile)
    tables["quarantine_summary"] = [{"raw_table": hostile, "reason": hostile, "n_rows": 1, "example_key": hostile}]
    page = report(tmp_path, tables, build)
    assert "<script" not in page.html
    assert hostile in page.text


def test_nothing_is_fetched(page: Page) -> None:
    references = [found for found in REFERENCE.findall(page.html) if not found.startswith(("#", "../", "data:,"))]
    assert [found for found in references if "://" in found or found.startswith("//")] == []
    assert CALL.findall(page.html) == []
    assert "http" not in page.html


def test_same_input_is_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        written.append(report(tmp_path / name, company()).html)
    assert written[0] == written[1]


def test_page_is_well_formed_and_says_what_it_draws(page: Page) -> None:
    assert page.unclosed == []
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {
        str(attributes["href"])[1:] for tag, attributes in page.tags if str(attributes.get("href")).startswith("#")
    }
    assert targets <= set(ids)
    drawings = [attributes for tag, attributes in page.tags if tag == "svg" and attributes.get("role") == "img"]
    assert drawings
    assert all(attributes["aria-label"] for attributes in drawings)
    assert page.html.count("<table") == page.html.count("<caption")
    assert [tag for tag, _ in page.tags].count("h1") == 1


def test_headings_descend_one_level_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


# Numbers and scales ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "written"), [(31.25, "+31.3"), (-31.25, "−31.3"), (-0.04, "0.0"), (0.0, "0.0"), (100.0, "+100.0")]
)
def test_points_carry_their_sign_and_round_as_sql_does(value: float, written: str) -> None:
    assert numbers.signed_points(value) == written


def test_score_in_a_sentence() -> None:
    told = Score.of(score(31.2, 2746, margin=3.2), minimum=5)
    assert told.sentence() == "+31.2 (95 % interval 28.0 to 34.4, n 2,746, account jackknife)"


def test_reason_for_suppression_stands_even_beside_an_interval() -> None:
    row = score(61.2, 40) | {"suppression_reason": "suppressed", "n_scored": 3}
    assert not Score.of(row, minimum=5).is_shown


@pytest.mark.parametrize(
    ("value", "written"),
    [("north_america", "North America"), ("sms", "SMS"), ("EMEA North", "EMEA North"), ("1000+", "1000+"), ("", "")],
)
def test_values_of_the_data_are_written_as_names(value: str, written: str) -> None:
    assert numbers.name(value) == written


@pytest.mark.parametrize("values", [[-100.0, 100.0], [31.0, 31.0], [99.0, 100.0], [-100.0, -100.0], [8.2, 56.1]])
def test_scale_of_scores_holds_the_scores_and_stays_in_bounds(values: list[float]) -> None:
    scale = charts.Scale.of_scores(values)
    assert scale.holds(*values)
    assert scale.low >= -100
    assert scale.high <= 100
    assert 2 <= len(scale.ticks) <= 7


@pytest.mark.parametrize("values", [[0.0, 1_295_324.0], [-50.0, 1200.0], [0.0, 0.01], [-3e6, 0.0], [0.0, 9.99e9]])
def test_scale_of_amounts_holds_the_amounts(values: list[float]) -> None:
    scale = charts.Scale.around(values, 4)
    assert scale.low <= min(values)
    assert scale.high >= max(values)
    assert len(scale.ticks) <= 7
