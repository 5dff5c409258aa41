"""Expectations with business names: what a score, a share, a count or an NPS may be. Every bound stands here, once.

Each function returns a Great Expectations object that says in ``description`` what must hold. Its ``meta`` carries the
name of the rule, the columns that an example shows, and what to do when the rule is broken. A null is "no value" and
breaks no rule unless the rule says so. A query that feeds these rules rounds its numbers (``rounded``), so that the
last bit of a 64-bit sum is not mistaken for a broken rule. A rule on a share, which is read as one row of totals, is
told which totals count the rows that break it and the rows there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
    ExpectColumnPairValuesAToBeGreaterThanB,
)
from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import ExpectColumnPairValuesToBeEqual
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_in_set import ExpectColumnValuesToBeInSet
from great_expectations.expectations.core.expect_column_values_to_be_null import ExpectColumnValuesToBeNull
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.row_conditions import Column

Severity = Literal["critical", "warning"]

SCORES = tuple(range(11))
POINTS_OF_CATEGORY = {"promoter": 100, "passive": 0, "detractor": -100}
NPS_LOWEST, NPS_HIGHEST = -100, 100
MONEY_TOLERANCE = 0.01
SENTIMENT_LOWEST, SENTIMENT_HIGHEST = -1, 1

# What in a published comment looks like a way to a person (RE2). A telephone number is told from an amount by a plus,
# or by three groups of which the last has four digits.
PERSONAL_PATTERNS = {
    "an e-mail address": "[^ ]@[^ ]+[.][A-Za-z]",
    "a card number": "(^|[^0-9])([0-9]{4}[ -]){3}[0-9]{1,7}([^0-9]|$)",
    "a telephone number": "[+][0-9]([ ()./-]*[0-9]){7}|(^|[^0-9])[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}([^0-9]|$)",
    "a link": "https?://|www[.][a-z]",
}

# What is odd enough to warn of, and never blocks.
READABLE_SCORES_AT_LEAST = 0.95
COMMENTS_MISSING_AT_MOST = 0.95
QUARANTINED_AT_MOST = 0.05
VOLUME_AT_LEAST, VOLUME_AT_MOST = 0.9, 1.5
NPS_MOVES_AT_MOST = 15
CLOSED_MONTH_MOVES_AT_MOST = 5
LINKED_SHARE_FALLS_AT_MOST = 10
# Scores from fewer answers move by chance alone, so drift says nothing about them.
DRIFT_NEEDS_ANSWERS = 30

_DECIMALS = 9


def rounded(expression: str) -> str:
    """SQL: a number as the rules want it, 64-bit and rounded; "not a number" turns infinite: no bound lets it by."""
    number = f"cast({expression} as double)"
    return f"case when isnan({number}) then cast('infinity' as double) else round({number}, {_DECIMALS}) end"


def points_of_category(column: str) -> str:
    """SQL: the points that belong to a category; null for a category that is not one of the three."""
    cases = " ".join(f"when '{category}' then {points}" for category, points in POINTS_OF_CATEGORY.items())
    return f"case {column} {cases} end"


def nps(column: str) -> Expectation:
    """An NPS, or the points of an account: between -100 and 100."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=NPS_LOWEST,
        max_value=NPS_HIGHEST,
        **_stated(
            "nps_within_bounds",
            column,
            f"{column} lies between {NPS_LOWEST} and {NPS_HIGHEST}",
            "An average of points cannot leave these bounds: look for edited points in seeds/reference/nps_scale.csv, "
            "or for a sum where the model should divide by the number of scored answers.",
        ),
    )


def nps_difference(column: str) -> Expectation:
    """The difference of two scores: between -200 and 200."""
    reach = NPS_HIGHEST - NPS_LOWEST
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=-reach,
        max_value=reach,
        **_stated(
            "nps_difference_within_bounds",
            column,
            f"{column} lies between {-reach} and {reach}",
            "Two scores are never further apart than their bounds: check that both sides are scores in points.",
        ),
    )


def score(column: str) -> Expectation:
    """An answer to the question: a whole number from 0 to 10."""
    return ExpectColumnValuesToBeInSet(
        column=column,
        value_set=list(SCORES),
        **_stated(
            "score_whole_0_to_10",
            column,
            f"{column} is a whole number from {SCORES[0]} to {SCORES[-1]}",
            "Such an answer belongs in quarantine (score_not_whole, score_out_of_range): follow it from "
            "stg_survey__responses.",
        ),
    )


def points(column: str) -> Expectation:
    """The points of one answer: 100, 0 or -100."""
    allowed = sorted(POINTS_OF_CATEGORY.values(), reverse=True)
    return ExpectColumnValuesToBeInSet(
        column=column,
        value_set=allowed,
        **_stated(
            "points_100_0_or_minus_100",
            column,
            f"{column} is one of {', '.join(str(value) for value in allowed)}",
            "Points come from seeds/reference/nps_scale.csv alone: restore the points of its categories.",
        ),
    )


def points_match_category(column: str, points_by_category: str) -> Expectation:
    """The points of an answer are those of its category (promoter 100, passive 0, detractor -100)."""
    told = ", ".join(f"{category} {value}" for category, value in POINTS_OF_CATEGORY.items())
    return ExpectColumnPairValuesToBeEqual(
        column_A=column,
        column_B=points_by_category,
        ignore_row_if="both_values_are_missing",
        **_stated(
            "points_match_category",
            column,
            f"{column} is that of the category ({told})",
            "Compare seeds/reference/nps_scale.csv with this rule: its categories and points no longer fit.",
            points_by_category,
        ),
    )


def share(column: str) -> Expectation:
    """A share or a rate: between 0 and 1."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=0,
        max_value=1,
        **_stated(
            "share_within_0_and_1",
            column,
            f"{column} lies between 0 and 1",
            "Check that the part is counted inside the whole, and that it is a share and not a percentage.",
        ),
    )


def sentiment(column: str) -> Expectation:
    """The tone of a comment: between -1 and 1."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=SENTIMENT_LOWEST,
        max_value=SENTIMENT_HIGHEST,
        **_stated(
            "sentiment_within_bounds",
            column,
            f"{column} lies between {SENTIMENT_LOWEST} and {SENTIMENT_HIGHEST}",
            "It is the compound score of the library, or an average of it: look for a sum, or for another scale.",
        ),
    )


def nothing_personal(column: str) -> Expectation:
    """No published comment looks like it holds an address or a number of a person; the rows read are those that do."""
    return ExpectColumnValuesToBeNull(
        column=column,
        **_stated(
            "nothing_personal_in_comments",
            column,
            f"No published comment holds {', '.join(PERSONAL_PATTERNS)}",
            "Read the comment in the build file and add it to tests/comments/redaction_cases.csv; then mend "
            "orchestration/comments/redaction.py and raise READING in reading.py.",
        ),
    )


def counts(columns: Sequence[str], least: str) -> Expectation:
    """The counts of a row, read as the least of them: never below 0."""
    named = ", ".join(columns)
    stated = _stated(
        "counts_not_negative",
        named,
        f"{named} {'is' if len(columns) == 1 else 'are'} never below 0",
        "Look for a difference of counts, or for a running count that lets more rows go than came.",
    )
    stated["meta"]["shown"] = list(columns)
    return ExpectColumnValuesToBeBetween(column=least, min_value=0, **stated)


def exactly_one(column: str, sentence: str, advice: str) -> Expectation:
    """A count that is always 1."""
    return ExpectColumnValuesToBeInSet(column=column, value_set=[1], **_stated("exactly_one", column, sentence, advice))


def parts_add_up(whole: str, parts: str, sentence: str) -> Expectation:
    """A whole equals the sum of its parts."""
    return ExpectColumnPairValuesToBeEqual(
        column_A=whole,
        column_B=parts,
        ignore_row_if="both_values_are_missing",
        **_stated(
            "parts_add_up",
            whole,
            sentence,
            "A row is lost or counted twice between the parts and the whole: look for a join that fans out or filters.",
            parts,
        ),
    )


def at_most(part: str, whole: str) -> Expectation:
    """A part is not larger than its whole."""
    return ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=whole,
        column_B=part,
        or_equal=True,
        ignore_row_if="either_value_is_missing",
        **_stated(
            "part_within_whole",
            part,
            f"{part} is at most {whole}",
            "The part counts what the whole leaves out: give both the same rows to count.",
            whole,
        ),
    )


def interval_ordered(low: str, high: str) -> Expectation:
    """The low end of an interval is not above its high end."""
    return ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=high,
        column_B=low,
        or_equal=True,
        ignore_row_if="either_value_is_missing",
        **_stated("interval_ordered", low, f"{low} is at most {high}", _INTERVAL_ADVICE, high),
    )


def interval_encloses(low: str, estimate: str, high: str) -> tuple[Expectation, Expectation]:
    """An interval holds the estimate that it belongs to."""
    return (
        ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=estimate,
            column_B=low,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            **_stated("interval_encloses", low, f"{low} is at most {estimate}", _INTERVAL_ADVICE, estimate, high),
        ),
        ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=high,
            column_B=estimate,
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            **_stated("interval_encloses", high, f"{high} is at least {estimate}", _INTERVAL_ADVICE, estimate, low),
        ),
    )


def empty_without_answers(column: str, n: str) -> Expectation:
    """Where nobody answered there is no score: null, not 0."""
    return ExpectColumnValuesToBeNull(
        column=column,
        row_condition=Column(n) == 0,
        **_stated(
            "no_score_without_answers",
            column,
            f"{column} is empty where {n} is 0",
            "No answer is not a score of 0: divide by nullif(n, 0).",
            n,
        ),
    )


def money_reconciled(difference: str, sentence: str, *shown: str) -> Expectation:
    """Two ways to the same money differ by at most a cent."""
    return ExpectColumnValuesToBeBetween(
        column=difference,
        min_value=-MONEY_TOLERANCE,
        max_value=MONEY_TOLERANCE,
        **_stated(
            "money_reconciled",
            difference,
            f"{sentence}, within {MONEY_TOLERANCE}",
            "Money is never lost: look for a join that drops or repeats ledger lines, or for a month without a rate.",
            *shown,
        ),
    )


def readable_scores(column: str, broken: str, rows: str) -> Expectation:
    """Warns when too many of the scores that came are not whole numbers from 0 to 10."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=READABLE_SCORES_AT_LEAST,
        **_stated(
            "scores_readable",
            column,
            f"At least {READABLE_SCORES_AT_LEAST:.0%} of the scores that came read as whole numbers from 0 to 10",
            "Look at quarantine_summary: another scale, or a blank stored as a number, shows there.",
            severity="warning",
            counted=(broken, rows),
        ),
    )


def few_without_comment(column: str, broken: str, rows: str) -> Expectation:
    """Warns when hardly any answer carries a comment."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        max_value=COMMENTS_MISSING_AT_MOST,
        **_stated(
            "comments_present",
            column,
            f"At most {COMMENTS_MISSING_AT_MOST:.0%} of the scored answers come without a comment",
            "Check that the export still carries verbatim_reason and verbatim_improve.",
            severity="warning",
            counted=(broken, rows),
        ),
    )


def few_quarantined(column: str, broken: str, rows: str) -> Expectation:
    """Warns when a large share of what came is quarantined."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        max_value=QUARANTINED_AT_MOST,
        **_stated(
            "few_quarantined",
            column,
            f"At most {QUARANTINED_AT_MOST:.0%} of the rows are quarantined",
            "quarantine_summary gives the reasons, quality.quarantined_rows in the build file the rows themselves.",
            severity="warning",
            counted=(broken, rows),
        ),
    )


def volume_steady(column: str, now: str, before: str) -> Expectation:
    """Warns when there is far less, or far more, than at the last published build."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=VOLUME_AT_LEAST,
        max_value=VOLUME_AT_MOST,
        **_stated(
            "volume_steady",
            column,
            f"There are {VOLUME_AT_LEAST:g} to {VOLUME_AT_MOST:g} times as many rows as at the last published build",
            "Fewer rows point to a truncated export, many more to one that was loaded twice.",
            now,
            before,
            severity="warning",
        ),
    )


def links_steady(column: str, now: str, before: str) -> Expectation:
    """Warns when far fewer of a month's answers find their account than at the last published build."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        max_value=LINKED_SHARE_FALLS_AT_MOST,
        **_stated(
            "links_steady",
            column,
            f"The share of answers that find their account is at most {LINKED_SHARE_FALLS_AT_MOST} points below "
            "that of the last published build",
            "link_quality says which way found fewer: look at account_id, contact_id and contact_email of the newest "
            "answers, and at crm_accounts, crm_contacts and account_links.",
            now,
            before,
            severity="warning",
        ),
    )


def nps_steady(column: str, now: str, before: str) -> Expectation:
    """Warns when the standing score moved further than it usually does from one build to the next."""
    return _nps_moved_little(
        "nps_steady", column, now, before, NPS_MOVES_AT_MOST, "The standing NPS", "the answers of the last days"
    )


def closed_month_steady(column: str, now: str, before: str) -> Expectation:
    """Warns when the score of a month that was published already is another one now."""
    return _nps_moved_little(
        "closed_month_steady",
        column,
        now,
        before,
        CLOSED_MONTH_MOVES_AT_MOST,
        "The NPS of a published month",
        "late, corrected or deleted answers of that month",
    )


def _nps_moved_little(
    rule: str, column: str, now: str, before: str, limit: int, subject: str, cause: str
) -> Expectation:
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=-limit,
        max_value=limit,
        **_stated(
            rule,
            column,
            f"{subject} is within {limit} points of the last published build",
            f"See whether {cause} explain the move before the figure is passed on.",
            now,
            before,
            severity="warning",
        ),
    )


_INTERVAL_ADVICE = "Intervals come from the statistics macros alone: estimate and interval must be of the same rows."


def _stated(
    rule: str,
    column: str,
    sentence: str,
    advice: str,
    *shown: str,
    severity: Severity = "critical",
    counted: tuple[str, str] | tuple[()] = (),
) -> dict[str, Any]:
    meta = {
        "rule": rule,
        "column": column,
        "shown": [column, *counted, *shown],
        "counted": list(counted),
        "advice": advice,
    }
    return {"description": sentence, "severity": severity, "meta": meta}
