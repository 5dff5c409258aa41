"""What is taken out of a comment before it is published, and what stays; each miss is named by its case.

The held-out half was written when the rules stood. Of its 30 cases four were missed at first, two of which were mended
since; the other two are what the rules still miss.
"""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from orchestration.comments.redaction import redacted

CASES = list(
    csv.DictReader(
        (Path(__file__).parent / "comments" / "redaction_cases.csv").read_text(encoding="utf-8").splitlines()
    )
)
# A slip in the address itself, and a number that is spelt out.
MISSED = {"kim@example,com (typo, sorry)", "five five five zero one four two"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['text']}")
def test_personal_data_goes_and_the_rest_stays(case: dict[str, str]) -> None:
    if case["text"] in MISSED:
        assert redacted(case["text"]) != case["expected"], "no longer missed: take it off the list"
    else:
        assert redacted(case["text"]) == case["expected"]


def test_there_are_cases_of_each_kind_to_find_and_to_keep() -> None:
    kinds = [case["kind"] for case in CASES]
    assert len(kinds) >= 60
    assert {"email", "phone", "card", "iban", "link", "handle", "keep"} <= set(kinds)
    assert kinds.count("keep") >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_redaction_has_nothing_to_do_a_second_time(case: dict[str, str]) -> None:
    once = redacted(case["text"])
    assert redacted(once) == once


@pytest.mark.parametrize("word", ["a", "1", "a.", "1 ", "a@", "+1-", "a at ", "a/", "@a", "AB12 "])
def test_a_comment_of_one_endless_word_takes_no_time(word: str) -> None:
    started = time.perf_counter()
    redacted(word * 10_000)
    # Milliseconds where time grows with the length, minutes where it grows with its square.
    assert time.perf_counter() - started < 5
