"""The audit before publication: each rule stops what it should, lets the rest by, and its pages stay on the machine."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import Callable, Iterable
from datetime import date
from html.parser import HTMLParser
from inspect import getmembers, isfunction
from pathlib import Path
from typing import Any

import duckdb
import great_expectations as gx
import pandas as pd
import pytest
import yaml
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.expectations.expectation import Expectation

from expectations import vocabulary
from expectations.pages import SECTIONS
from expectations.results import CheckResult, ValidationOutcome
from expectations.suites import ARRIVING, BELIEVED, written_suites
from expectations.tables import PUBLISHED
from expectations.validate import MISSING, describe, validate
from orchestration.settings import REPOSITORY

AS_OF = date(2026, 7, 1)
DBT_PROJECT = REPOSITORY / "dbt_project"
DRIFT = {"volume_steady", "nps_steady", "closed_month_steady", "links_steady"}

# A small warehouse that is right: two accounts, one of them paying in euro for two months at once.
GOOD = """
create schema staging; create schema intermediate; create schema reference; create schema marts;

create table staging.stg_crm__revenue as
select * from (values
    (date '2026-01-01', date '2026-01-31', 'USD', 100.00::decimal(20, 4), 'accepted'),
    (date '2026-01-01', date '2026-02-28', 'EUR', 62.00::decimal(20, 4), 'accepted'),
    (null, null, 'USD', null, 'quarantined')
) t(period_start, period_end, currency, amount, verdict);
alter table staging.stg_crm__revenue add column reverses_revenue_id varchar;
insert into staging.stg_crm__revenue
select date '2025-01-01', date '2025-01-31', 'USD', 0, 'accepted', null from range(40);

create table intermediate.int_revenue_reversals_dated (
    period_start date, period_end date, earned_start date, currency varchar, amount decimal(28, 9)
);

create table staging.stg_finance__exchange_rates as
select * from (values
    (date '2026-01-01', 'EUR', 1.1::decimal(18, 8), 'accepted'),
    (date '2026-02-01', 'EUR', 1.2::decimal(18, 8), 'accepted')
) t(month_start, currency, rate, verdict);

create table staging.stg_survey__definitions as
select * from (values ('s1', 'nps', 'accepted'), ('s2', 'csat', 'accepted')) t(survey_id, metric, verdict);

create table staging.stg_survey__responses as
select 's1' as survey_id, cast(range % 11 as varchar) as score_text, 'accepted' as verdict, 'why' as verbatim_reason,
    null::varchar as verbatim_improve
from range(100)
union all
select 's2', '4711', 'accepted', null, null from range(100);

create table reference.nps_scale as
select
    range::int as score,
    case when range > 8 then 'promoter' when range > 6 then 'passive' else 'detractor' end as nps_category,
    case when range > 8 then 100 when range > 6 then 0 else -100 end as nps_points
from range(11);

create table marts.fct_nps_responses as
select 'r' || range as response_id, 'relationship' as program_type, nps_category, score, nps_points,
    case when range > 10 then score end as previous_score
from range(44) join reference.nps_scale on score = range % 11;

create table marts.link_quality as
select * from (values
    (date '2026-02-01', 'account', 34),
    (date '2026-02-01', 'unlinked', 6),
    (date '2026-03-01', 'unlinked', 40)
) t(month_start, link_method, n_answers);

create table marts.fct_response_comments as
select 'r1' as response_id, 'reason' as question, 0.5e0 as sentiment,
    'Order 4711 of 2026-01-05 for 1.250,00, ask [email] or [phone] @ 5' as comment_redacted;

create table marts.fct_account_revenue_months as
select * replace (revenue::decimal(28, 9) as revenue) from (values
    ('a1', date '2025-01-01', 'subscription', 'USD', 0.0),
    ('a1', date '2026-01-01', 'subscription', 'USD', 100.0),
    ('a2', date '2026-01-01', 'subscription', 'USD', 62.0 * 31 / 59 * 1.1),
    ('a2', date '2026-02-01', 'subscription', 'USD', 62.0 * 28 / 59 * 1.2)
) t(account_id, month_start, revenue_type, currency, revenue);

create table marts.revenue_by_nps_group as
select month_start, 'promoter' as nps_group, revenue_type, sum(revenue) as revenue, 1e0 as share_of_revenue
from marts.fct_account_revenue_months group by all;

create table marts.account_coverage as
select date '2026-01-01' as month_start, 'all' as dimension, 'all' as dimension_value, 9::bigint as n_accounts,
    5::bigint as n_invited, 3::bigint as n_answered;

create table marts.row_reconciliation as
select * from (values
    ('survey_responses', 200, 0, 0, 0, 200), ('crm_revenue', 43, 0, 0, 1, 42)
) t(raw_table, n_raw, n_superseded, n_deleted, n_quarantined, n_accepted);

create table marts.nps_by_month as
select month_start::date as month_start, 'relationship' as program_type, 'all' as dimension, 'all' as dimension_value,
    'contact_latest' as nps_rule, 40 as n_scored, 20 as n_promoters, 12 as n_passives, 8 as n_detractors,
    30e0 as nps, 10e0 as ci_low, 48e0 as ci_high
from generate_series(date '2026-01-01', date '2026-03-01', interval 1 month) t(month_start);

create table marts.nps_rolling as
select date_day::date as date_day, 'relationship' as program_type, 'all' as dimension, 'all' as dimension_value,
    40 as n_scored, 20 as n_promoters, 12 as n_passives, 8 as n_detractors, 30e0 as nps, 10e0 as ci_low, 48e0 as ci_high
from generate_series(date '2026-01-01', date '2026-01-05', interval 1 day) t(date_day);
"""

Check = Callable[..., ValidationOutcome]


@pytest.fixture(scope="module")
def good_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "warehouse.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(GOOD)
    return path


@pytest.fixture
def check(good_file: Path, tmp_path: Path) -> Check:
    """Validates the good warehouse after some statements, against one published before, the good one after others."""

    def run(*statements: str, published: Iterable[str] | None = None) -> ValidationOutcome:
        before = None
        if published is not None:
            before = _changed(good_file, tmp_path / "published.duckdb", published)
        build = _changed(good_file, tmp_path / "build.duckdb", statements)
        return validate(build, before, AS_OF, tmp_path / "pages")

    return run


def _changed(source: Path, target: Path, statements: Iterable[str]) -> Path:
    shutil.copyfile(source, target)
    with duckdb.connect(target) as connection:
        for statement in statements:
            connection.execute(statement)
    return target


def _broken(outcome: ValidationOutcome) -> dict[tuple[str, str], CheckResult]:
    return {(result.table, result.rule): result for result in outcome.results if not result.success}


# The words -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frames() -> BatchDefinition[Any]:
    context = gx.get_context(mode="ephemeral")
    source = context.data_sources.add_pandas("frames")
    return source.add_dataframe_asset("frames").add_batch_definition_whole_dataframe("frames")


Row = dict[str, float | None]
WORDS: list[tuple[str, Iterable[Expectation], Row, Row]] = [
    ("nps", [vocabulary.nps("x")], {"x": -100}, {"x": 100.5}),
    ("nps_difference", [vocabulary.nps_difference("x")], {"x": -180}, {"x": 201}),
    ("score", [vocabulary.score("x")], {"x": 10}, {"x": 11}),
    ("score", [vocabulary.score("x")], {"x": 0}, {"x": 6.5}),
    ("points", [vocabulary.points("x")], {"x": -100}, {"x": 50}),
    ("points_match_category", [vocabulary.points_match_category("x", "y")], {"x": 0, "y": 0}, {"x": 100, "y": 0}),
    ("points_match_category", [vocabulary.points_match_category("x", "y")], {"x": 0, "y": 0}, {"x": 0, "y": None}),
    ("share", [vocabulary.share("x")], {"x": 1}, {"x": 1.01}),
    ("sentiment", [vocabulary.sentiment("x")], {"x": -1}, {"x": 1.1}),
    ("nothing_personal", [vocabulary.nothing_personal("x")], {"x": None}, {"x": 1}),
    ("counts", [vocabulary.counts(["n_x", "n_y"], "x")], {"x": 0}, {"x": -1}),
    ("exactly_one", [vocabulary.exactly_one("x", "once", "mend")], {"x": 1}, {"x": 2}),
    ("parts_add_up", [vocabulary.parts_add_up("x", "y", "sum")], {"x": 3, "y": 3}, {"x": 3, "y": 4}),
    ("at_most", [vocabulary.at_most("x", "y")], {"x": 3, "y": 3}, {"x": 4, "y": 3}),
    ("interval_ordered", [vocabulary.interval_ordered("x", "y")], {"x": 1, "y": 1}, {"x": 2, "y": 1}),
    (
        "interval_encloses",
        vocabulary.interval_encloses("x", "y", "z"),
        {"x": 1, "y": 1, "z": 2},
        {"x": 1, "y": 3, "z": 2},
    ),
    (
        "interval_encloses",
        vocabulary.interval_encloses("x", "y", "z"),
        {"x": 1, "y": 2, "z": 2},
        {"x": 1, "y": 0, "z": 2},
    ),
    ("empty_without_answers", [vocabulary.empty_without_answers("x", "n")], {"x": None, "n": 0}, {"x": 0, "n": 0}),
    ("money_reconciled", [vocabulary.money_reconciled("x", "same")], {"x": -0.01}, {"x": 0.011}),
    ("readable_scores", [vocabulary.readable_scores("x", "y", "z")], {"x": 0.95}, {"x": 0.9}),
    ("few_without_comment", [vocabulary.few_without_comment("x", "y", "z")], {"x": 0.6}, {"x": 0.99}),
    ("few_quarantined", [vocabulary.few_quarantined("x", "y", "z")], {"x": 0.05}, {"x": 0.06}),
    ("volume_steady", [vocabulary.volume_steady("x", "y", "z")], {"x": 1.2}, {"x": 0.5}),
    ("volume_steady", [vocabulary.volume_steady("x", "y", "z")], {"x": 1}, {"x": 2}),
    ("links_steady", [vocabulary.links_steady("x", "y", "z")], {"x": 10}, {"x": 10.5}),
    ("nps_steady", [vocabulary.nps_steady("x", "y", "z")], {"x": -15}, {"x": -15.5}),
    ("closed_month_steady", [vocabulary.closed_month_steady("x", "y", "z")], {"x": 5}, {"x": 6}),
]


@pytest.mark.parametrize(("word", "expectations", "good", "bad"), WORDS)
def test_each_word_holds_on_good_rows_and_fails_on_bad_ones(
    frames: BatchDefinition[Any], word: str, expectations: Iterable[Expectation], good: Row, bad: Row
) -> None:
    rules = gx.ExpectationSuite(name=word, expectations=list(expectations))
    nothing: Row = dict.fromkeys(good)
    good_rows = pd.DataFrame([good, nothing], dtype="float64")
    bad_rows = pd.DataFrame([good, bad], dtype="float64")
    assert frames.get_batch({"dataframe": good_rows}).validate(rules).success
    assert not frames.get_batch({"dataframe": bad_rows}).validate(rules).success


def test_every_word_of_the_vocabulary_is_tried() -> None:
    words = {
        name
        for name, function in getmembers(vocabulary, isfunction)
        if function.__module__ == vocabulary.__name__ and "Expectation" in str(function.__annotations__["return"])
    }
    assert {word for word in words if not word.startswith("_")} == {word for word, *_ in WORDS}


# A build that is right -----------------------------------------------------------------------------------------------


def test_a_build_that_is_right_passes(check: Check) -> None:
    outcome = check()
    assert _broken(outcome) == {}
    assert (outcome.warned, outcome.failed) == (0, 0)
    assert outcome.passed == len(outcome.results)
    assert {result.table.split(".")[0] for result in outcome.results} == {"staging", "reference", "marts"}


def test_a_build_like_the_published_one_passes(check: Check) -> None:
    outcome = check(published=[])
    assert _broken(outcome) == {}
    assert {result.rule for result in outcome.results} > DRIFT


def test_nothing_is_said_of_drift_before_the_first_publication(check: Check) -> None:
    assert not {result.rule for result in check().results} & DRIFT


# Names promise -------------------------------------------------------------------------------------------------------


def test_a_new_mart_with_an_nps_is_held_to_its_bounds(check: Check) -> None:
    outcome = check(
        """
        create table marts.nps_by_moon as
        select date '2026-01-01' as month_start, 'moon' as dimension, value as dimension_value, nps
        from (values ('full', 40e0), ('new', 101e0), ('half', null)) t(value, nps)
        """
    )
    found = _broken(outcome)[("marts.nps_by_moon", "nps_within_bounds")]
    assert outcome.failed == 1
    assert (found.suite, found.column, found.severity) == ("nps_by_moon", "nps", "error")
    assert (found.n_unexpected, found.n_rows) == (1, 3)
    named = {"month_start": "2026-01-01", "dimension": "moon", "dimension_value": "new", "nps": 101}
    assert found.examples == [named]
    for words in ("marts.nps_by_moon", "nps_within_bounds", "1 of 3 rows", "dimension_value=new, nps=101", "Next: "):
        assert words in found.message


PROMISES = {
    "-100.5e0 as nps": "nps_within_bounds",
    "'nan'::double as nps": "nps_within_bounds",
    "120.25::decimal(9, 2) as nps_weighted": "nps_within_bounds",
    "101::int as account_points": "nps_within_bounds",
    "250e0 as nps_change_yoy": "nps_difference_within_bounds",
    "50 as nps_points": "points_100_0_or_minus_100",
    "'promoter' as nps_category, 0 as nps_points": "points_match_category",
    "'fan' as nps_category, 100 as nps_points": "points_match_category",
    "11 as score": "score_whole_0_to_10",
    "6.5e0 as score": "score_whole_0_to_10",
    "1.2e0 as share_met": "share_within_0_and_1",
    "-0.1e0 as response_rate": "share_within_0_and_1",
    "-1.1e0 as sentiment": "sentiment_within_bounds",
    "2::int as avg_sentiment": "sentiment_within_bounds",
    "3e0 as impact, 4e0 as ci_low, 5e0 as ci_high": "interval_encloses",
    "-1::bigint as n_answers": "counts_not_negative",
    "-1::hugeint as nps_n": "counts_not_negative",
    "5 as n_scored, 2 as n_promoters, 2 as n_passives, 2 as n_detractors": "parts_add_up",
    "0 as n_scored, 0e0 as nps": "no_score_without_answers",
    "20e0 as nps, 21e0 as ci_low, 40e0 as ci_high": "interval_encloses",
    "20e0 as nps, 1e0 as ci_low, 19e0 as ci_high": "interval_encloses",
    "20e0 as nps, -120e0 as ci_low, 30e0 as ci_high": "nps_within_bounds",
    "20e0 as nps, 21e0 as nps_ci_low, 30e0 as nps_ci_high": "interval_encloses",
    "3e0 as csat_ci_low, 2e0 as csat_ci_high": "interval_ordered",
    "20e0 as nps, 5e0 as gap, 6e0 as ci_low, 8e0 as ci_high": "interval_encloses",
}
KEPT = (
    "null::double as nps, 0 as n_scored, null::double as ci_low, null::double as ci_high",
    "100e0 + 1e-12 as nps, 3e0 as ci_low, 100e0 as ci_high",
    "-1.4e0 as earned_growth_rate, 1.7e0 as exchange_rate",
    "20e0 as nps, -5e0 as gap, -9e0 as ci_low, -1e0 as ci_high",
    "'all_responses' as nps_rule, 'promoter' as nps_group, 'high' as score",
    "1.3e0 as net_revenue_retention, -500e0 as revenue",
)


@pytest.fixture(scope="module")
def broken_promises(good_file: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that each selection of columns breaks, as a mart of its own; all in one build."""
    folder = tmp_path_factory.mktemp("promises")
    names = {columns: f"fresh_{position}" for position, columns in enumerate((*PROMISES, *KEPT))}
    statements = [f"create table marts.{name} as select 'x' as theme, {columns}" for columns, name in names.items()]
    build = _changed(good_file, folder / "build.duckdb", statements)
    broken = _broken(validate(build, None, AS_OF, folder / "pages"))
    return {columns: {rule for table, rule in broken if table == f"marts.{name}"} for columns, name in names.items()}


@pytest.mark.parametrize(("columns", "rule"), PROMISES.items())
def test_a_column_is_held_to_what_its_name_promises(
    broken_promises: dict[str, set[str]], columns: str, rule: str
) -> None:
    assert broken_promises[columns] == {rule}


@pytest.mark.parametrize("columns", KEPT)
def test_a_name_promises_no_more_than_it_says(broken_promises: dict[str, set[str]], columns: str) -> None:
    assert broken_promises[columns] == set()


def test_a_row_of_an_entity_is_named_by_its_id(check: Check) -> None:
    found = _broken(check("update marts.fct_nps_responses set score = 42 where response_id = 'r7'"))
    assert found[("marts.fct_nps_responses", "score_whole_0_to_10")].examples == [{"response_id": "r7", "score": 42}]


def test_rows_that_hold_the_same_are_each_counted(check: Check) -> None:
    found = check("create table marts.fresh as select 'x' || n as theme, n % 3 as nps from range(5000) as t (n)")
    assert {(result.success, result.n_rows) for result in found.results if result.table == "marts.fresh"} == {
        (True, 5000)
    }


def test_rows_that_are_looked_at_in_parts_are_counted_and_named_together(
    check: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("expectations.validate.VECTORS_AT_ONCE", 1)
    score = "case when n in (2500, 4500, 4501) then 101 else 7 end"
    rows = f"select 'x' || n as theme, {score} as nps from range(5000) as t (n)"
    found = check(f"create table marts.fresh as {rows}")
    of_table = [result for result in found.results if result.table == "marts.fresh"]
    (broken,) = [result for result in of_table if not result.success]
    assert {result.n_rows for result in of_table} == {5000}
    assert broken.n_unexpected == 3
    assert [example["nps"] for example in broken.examples] == [101, 101, 101]
    assert broken.message.startswith("marts.fresh, rule nps_within_bounds: 3 of 5,000 rows break")


def test_examples_are_few_however_many_rows_are_broken(check: Check) -> None:
    found = _broken(check("update marts.fct_nps_responses set nps_points = 7"))
    result = found[("marts.fct_nps_responses", "points_100_0_or_minus_100")]
    assert (result.n_unexpected, len(result.examples)) == (44, 3)


def test_the_employee_programme_is_held_to_the_same_names(check: Check) -> None:
    outcome = check(
        "create schema employee",
        "create table employee.employee_nps as select date '2026-01-01' as month_start, 'Care' as team, 130e0 as nps",
    )
    assert _broken(outcome).keys() == {("employee.employee_nps", "nps_within_bounds")}


# What no name can say ------------------------------------------------------------------------------------------------


def test_an_edited_scale_stops_the_build(check: Check) -> None:
    outcome = check(
        "update reference.nps_scale set nps_points = 150 where nps_category = 'promoter'",
        "update marts.fct_nps_responses set nps_points = 150 where nps_category = 'promoter'",
        "update marts.nps_by_month set nps = 120",
    )
    assert outcome.failed
    assert _broken(outcome).keys() >= {
        ("reference.nps_scale", "points_100_0_or_minus_100"),
        ("reference.nps_scale", "points_match_category"),
        ("marts.fct_nps_responses", "points_100_0_or_minus_100"),
        ("marts.nps_by_month", "nps_within_bounds"),
    }
    scale = _broken(outcome)[("reference.nps_scale", "points_100_0_or_minus_100")]
    assert scale.examples[0] == {"score": 9, "nps_points": 150}
    assert "seeds/reference/nps_scale.csv" in scale.message


LOST = {
    ("reference.nps_scale", "exactly_one"): "delete from reference.nps_scale where score = 7",
    ("marts.fct_account_revenue_months", "money_reconciled"): """
        update marts.fct_account_revenue_months set revenue = 99.98 where revenue = 100
    """,
    ("marts.account_coverage", "part_within_whole"): "update marts.account_coverage set n_answered = 6",
    ("marts.row_reconciliation", "parts_add_up"): "update marts.row_reconciliation set n_accepted = 7",
}
COUNTED_TWICE = {
    ("reference.nps_scale", "exactly_one"): "insert into reference.nps_scale values (7, 'passive', 0)",
    ("marts.fct_account_revenue_months", "money_reconciled"): """
        insert into marts.fct_account_revenue_months values ('a9', '2026-03-01', 'sales', 'USD', 0.02)
    """,
    ("marts.account_coverage", "part_within_whole"): "update marts.account_coverage set n_invited = 10",
    ("marts.row_reconciliation", "parts_add_up"): "update marts.row_reconciliation set n_accepted = 500",
}


@pytest.mark.parametrize("faults", [LOST, COUNTED_TWICE], ids=["lost", "counted_twice"])
def test_what_is_lost_or_counted_twice_stops_the_build(check: Check, faults: dict[tuple[str, str], str]) -> None:
    outcome = check(*faults.values())
    assert _broken(outcome).keys() == faults.keys()
    assert outcome.failed == len(faults)
    assert all(found.examples for found in _broken(outcome).values())


def test_money_converted_at_another_rate_stops_the_build(check: Check) -> None:
    found = _broken(check("update staging.stg_finance__exchange_rates set rate = 1.3 where rate = 1.2"))
    assert found.keys() == {("marts.fct_account_revenue_months", "money_reconciled")}
    (example,) = found[("marts.fct_account_revenue_months", "money_reconciled")].examples
    assert example["month_start"] == "2026-02-01"
    assert example["difference"] == pytest.approx(62 * 28 / 59 * -0.1, abs=1e-6)


def test_money_is_compared_to_the_cent_in_sums_that_no_float_holds(check: Check) -> None:
    lines = (
        "insert into staging.stg_crm__revenue select date '2026-01-01', date '2026-12-31', 'USD', "
        "999999999999999.99::decimal(20, 4), 'accepted', null from range(1000)"
    )
    booked = (
        "insert into marts.fct_account_revenue_months select 'a2', unnest(range(date '2026-01-01', date '2027-01-01', "
        "interval 1 month))::date as month_start, 'sales', 'USD', (999999999999999990000000000 * "
        "day(last_day(month_start))::hugeint // 365)::decimal(38, 0) * 0.000000001::decimal(9, 9)"
    )
    assert _broken(check(lines, booked)) == {}

    found = _broken(
        check(
            lines,
            booked,
            "update marts.fct_account_revenue_months set revenue = revenue + 0.011 "
            "where account_id = 'a2' and month_start = '2026-05-01'",
        )
    )
    (example,) = found[("marts.fct_account_revenue_months", "money_reconciled")].examples
    assert example["month_start"] == "2026-05-01"
    assert example["difference"] == pytest.approx(0.011, abs=1e-6)


def test_a_month_without_its_own_rate_takes_the_newest(check: Check) -> None:
    outcome = check(
        "insert into staging.stg_crm__revenue values "
        "(date '2026-09-01', date '2026-09-30', 'EUR', 10, 'accepted', null)",
        "insert into marts.fct_account_revenue_months values ('a2', date '2026-09-01', 'sales', 'USD', 12)",
    )
    assert _broken(outcome) == {}


@pytest.mark.parametrize(
    ("comment", "kind"),
    [
        ("write to kim@example.com", "an e-mail address"),
        ("4111 1111 1111 1111 was charged", "a card number"),
        ("4111-1111-1111-1111", "a card number"),
        ("+49 (0)30 1234567", "a telephone number"),
        ("555 010 0199", "a telephone number"),
        ("555-010-0199 please", "a telephone number"),
        ("see https://example.com/t/4711", "a link"),
        ("www.example.com", "a link"),
    ],
)
def test_a_comment_that_reaches_a_person_stops_the_build_and_is_not_repeated(
    check: Check, comment: str, kind: str
) -> None:
    outcome = check(f"insert into marts.fct_response_comments values ('r9', 'improve', null, '{comment}')")
    found = _broken(outcome)
    assert found.keys() == {("marts.fct_response_comments", "nothing_personal_in_comments")}
    result = found[("marts.fct_response_comments", "nothing_personal_in_comments")]
    assert (outcome.failed, result.examples) == (1, [{"response_id": "r9", "question": "improve", "looks_like": kind}])
    assert comment not in result.message


def test_odd_arrivals_warn_and_do_not_stop_the_build(check: Check) -> None:
    table = "staging.stg_survey__responses"
    outcome = check(
        f"insert into {table} select null, '6.5', 'quarantined', 'why', null from range(20)",
        f"update {table} set verbatim_reason = null",
    )
    found = {rule: (one.severity, one.n_unexpected, one.n_rows) for (_, rule), one in _broken(outcome).items()}
    assert found == {
        "few_quarantined": ("warning", 20, 220),
        "scores_readable": ("warning", 20, 120),
        "comments_present": ("warning", 100, 100),
    }
    assert (outcome.warned, outcome.failed) == (3, 0)


def test_drift_warns_and_does_not_stop_the_build(check: Check) -> None:
    drifted = {
        ("staging.stg_survey__responses", "volume_steady"): """
            update marts.row_reconciliation set n_raw = 900 where raw_table = 'survey_responses'
        """,
        ("staging.stg_finance__exchange_rates", "volume_steady"): """
            insert into marts.row_reconciliation values ('exchange_rates', 1, 0, 0, 0, 1)
        """,
        ("marts.fct_nps_responses", "volume_steady"): """
            insert into marts.fct_nps_responses values ('x', 'transactional', 'passive', 7, 0, null)
        """,
        ("marts.link_quality", "links_steady"): """
            update marts.link_quality set n_answers = 39 where link_method = 'account';
            update marts.link_quality set n_answers = 1 where link_method = 'unlinked'
        """,
        ("marts.nps_rolling", "nps_steady"): "update marts.nps_rolling set nps = 5",
        ("marts.nps_by_month", "closed_month_steady"): """
            update marts.nps_by_month set nps = 36 where month_start = '2026-02-01'
        """,
    }
    outcome = check(published=drifted.values())
    assert _broken(outcome).keys() == drifted.keys()
    assert (outcome.warned, outcome.failed) == (len(drifted), 0)
    assert all("last published build" in found.message for found in _broken(outcome).values())


@pytest.mark.parametrize(
    "published",
    [
        # The newest month was still under way, and only the last day of a rolling score is the headline.
        [
            "update marts.nps_by_month set nps = 90 where month_start = '2026-03-01'",
            "update marts.nps_rolling set nps = 90 where date_day < '2026-01-05'",
        ],
        # Few answers move by chance.
        ["update marts.nps_by_month set nps = 90, n_scored = 12"],
        # What was published by an older version may lack what is compared.
        ["alter table marts.nps_rolling drop column n_scored", "drop table marts.row_reconciliation"],
    ],
)
def test_what_is_no_drift_is_not_called_drift(check: Check, published: list[str]) -> None:
    assert _broken(check(published=published)) == {}


def test_a_suite_whose_table_is_gone_says_so(check: Check) -> None:
    outcome = check("drop table marts.row_reconciliation", "alter table marts.account_coverage drop column n_invited")
    assert _broken(outcome).keys() == {("marts.row_reconciliation", MISSING), ("marts.account_coverage", MISSING)}
    assert outcome.failed == 2
    assert "row_reconciliation does not exist" in _broken(outcome)[("marts.row_reconciliation", MISSING)].message


def test_the_files_are_only_read(check: Check, tmp_path: Path) -> None:
    check(published=[])
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.duckdb*")}
    validate(tmp_path / "build.duckdb", tmp_path / "published.duckdb", AS_OF, tmp_path / "pages")
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.duckdb*")} == before


def test_suites_name_real_columns(tmp_path: Path) -> None:
    """Each query of a written suite binds to the tables as the dbt project declares them."""
    path = tmp_path / "declared.duckdb"
    with duckdb.connect(path) as connection:
        connection.execute(f"attach ':memory:' as {PUBLISHED}")
        for full_name, columns in _declared_tables().items():
            definition = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            for catalog in (path.stem, PUBLISHED):
                connection.execute(f"create schema if not exists {catalog}.{full_name.split('.')[0]}")
                connection.execute(f"create table {catalog}.{full_name} ({definition})")
        published = describe(connection, PUBLISHED)
        suites = written_suites()
        assert suites.keys() <= published.tables.keys()
        for module in suites.values():
            batches = module.batches(published)
            assert batches
            for batch in batches:
                found = connection.execute(batch.query).df().columns
                shown = {name for one in batch.expectations for name in (one.meta or {})["shown"]}
                assert {*batch.keys, *shown} <= set(found)


def _declared_tables() -> dict[str, dict[str, str]]:
    """Tables with their columns: types where a contract gives them, else what the name of the column tells."""
    tables: dict[str, dict[str, str]] = {}
    for file in sorted((DBT_PROJECT / "models").rglob("*.yml")):
        declared = yaml.safe_load(file.read_text(encoding="utf-8"))
        schema = file.relative_to(DBT_PROJECT / "models").parts[0]
        for model in declared.get("models", []):
            tables[f"{schema}.{model['name']}"] = {
                column["name"]: column.get("data_type") or _type_by_name(column["name"]) for column in model["columns"]
            }
    for file in sorted((REPOSITORY / "seeds" / "reference").glob("*.csv")):
        header = file.read_text(encoding="utf-8").splitlines()[0].split(",")
        tables[f"reference.{file.stem}"] = {column: _type_by_name(column) for column in header}
    return tables


def _type_by_name(column: str) -> str:
    if column.endswith(("_start", "_end", "_date")):
        return "date"
    return "decimal(18, 4)" if column in {"amount", "rate", "score", "nps_points"} else "varchar"


# The pages -----------------------------------------------------------------------------------------------------------

REMOTE = re.compile(r"\s*(\w+:)?//", re.IGNORECASE)


class _Fetched(HTMLParser):
    """Collects what a page would fetch or link to."""

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.references += [
            value or "" for name, value in attrs if name in {"src", "href", "srcset", "style", "action"}
        ]


def test_pages_refer_to_nothing_outside_their_folder(check: Check, tmp_path: Path) -> None:
    check("update marts.nps_by_month set nps = 101")
    pages = tmp_path / "pages"
    assert {path.suffix for path in pages.iterdir()} == {".html", ".css"}
    for page in pages.glob("*.html"):
        fetched = _Fetched()
        fetched.feed(page.read_text(encoding="utf-8"))
        assert not fetched.tags & {"script", "iframe", "img", "object"}
        for reference in fetched.references:
            assert not REMOTE.match(reference)
            assert reference == "data:," or (pages / reference).is_file()
    style = (pages / "style.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style


def test_pages_say_what_held_and_what_did_not(check: Check, tmp_path: Path) -> None:
    outcome = check("update marts.nps_by_month set nps = 101 where month_start = date '2026-02-01'")
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    page = (tmp_path / "pages" / "marts.nps_by_month.html").read_text(encoding="utf-8")
    for table in {result.table for result in outcome.results}:
        assert f'href="{table}.html"' in index
    assert f"{outcome.failed} rules failed" in index
    for text in (index, page):
        assert "2026-02-01" in text
        assert ">101<" in text
        assert AS_OF.isoformat() in text


def test_pages_are_the_same_bytes_for_the_same_build_and_name_no_place_on_the_machine(
    check: Check, tmp_path: Path
) -> None:
    def pages() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (tmp_path / "pages").iterdir()}

    check("update marts.nps_by_month set nps = 101", published=[])
    first = pages()
    (tmp_path / "pages" / "left-behind.html").write_text("old", encoding="utf-8")
    check("update marts.nps_by_month set nps = 101", published=[])
    assert pages() == first
    assert not [name for name, content in first.items() if str(tmp_path).encode() in content]


def test_text_from_the_data_is_not_markup_on_the_pages(check: Check, tmp_path: Path) -> None:
    check("create table marts.fresh as select '<script>alert(1)</script>' as theme, 101e0 as nps")
    page = (tmp_path / "pages" / "marts.fresh.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_nothing_leaves_the_machine(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[object] = []

    def refuse(*arguments: object, **_: object) -> None:
        reached.append(arguments)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert check(published=[]).failed == 0
    assert reached == []


def test_every_schema_that_is_checked_has_its_place_on_the_pages() -> None:
    assert {ARRIVING, *BELIEVED} == set(SECTIONS)
