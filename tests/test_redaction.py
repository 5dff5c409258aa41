"""What is taken out of a comment before it is published, and what stays.

Two files: cases with the exact text that must come out (``redaction_cases.csv``), each miss named by its case, and a
labelled set of what must go in many languages (``personal_data.csv``), of which shares are asked. All of it is made
up: published test numbers, the registry's sample accounts, identities of nobody whose check digits were computed.
"""

from __future__ import annotations

import csv
import time
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from orchestration.comments.redaction import redacted

COMMENTS = Path(__file__).parent / "comments"


def read_cases(name: str) -> list[dict[str, str]]:
    with (COMMENTS / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


CASES = read_cases("redaction_cases.csv")
LABELLED = read_cases("personal_data.csv")
RECALL = {"email": 0.95, "phone": 0.95, "card": 0.95, "iban": 0.95, "national_id": 0.85}
# Kinds with a few comments in the set: one may be missed.
RECALL_OF_OTHERS = 0.8
FALSELY_REDACTED_AT_MOST = 0.01
# Languages with fewer comments of a kind say little of it.
SAYS_SOMETHING = 8


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['kind']}: {case['text']}")
def test_personal_data_goes_and_the_rest_stays(case: dict[str, str]) -> None:
    assert redacted(case["text"]) == case["expected"]


def test_there_are_cases_of_each_kind_to_find_and_to_keep() -> None:
    kinds = [case["kind"] for case in CASES]
    assert len(kinds) >= 60
    assert {"email", "phone", "card", "iban", "link", "handle", "keep"} <= set(kinds)
    assert kinds.count("keep") >= 20


def is_right(comment: dict[str, str]) -> bool:
    """Whether all that must go is gone, and nothing else of a clean comment."""
    after = redacted(comment["text"], comment["language"])
    if comment["kind"] == "clean":
        return after == comment["text"]
    return not any(told in after for told in comment["must_go"].split("|"))


def test_the_labelled_set_is_large_and_half_of_it_is_held_out() -> None:
    parts = Counter(comment["part"] for comment in LABELLED)
    kinds = Counter(comment["kind"] for comment in LABELLED)

    assert len(LABELLED) >= 600
    assert parts["held_out"] + parts["later"] >= len(LABELLED) / 2
    assert kinds["clean"] >= 200 and all(kinds[kind] >= 40 for kind in RECALL)
    assert len({comment["language"] for comment in LABELLED}) >= 15


@pytest.mark.parametrize("part", ["tuning", "held_out", "later"])
def test_what_is_personal_is_found_by_kind_and_language(part: str) -> None:
    told: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for comment in LABELLED:
        if comment["part"] == part and comment["kind"] != "clean":
            told[comment["kind"], "all"].append(is_right(comment))
            told[comment["kind"], comment["language"]].append(is_right(comment))
    recall = {
        cell: sum(found) / len(found)
        for cell, found in told.items()
        if cell[1] == "all" or len(found) >= SAYS_SOMETHING
    }
    too_low = {cell: share for cell, share in recall.items() if share < RECALL.get(cell[0], RECALL_OF_OTHERS)}

    assert {kind for kind, _ in recall} >= {"email", "phone", "card", "iban"}
    assert too_low == {}


def test_hardly_anything_goes_that_should_stay() -> None:
    clean = [comment for comment in LABELLED if comment["kind"] == "clean"]
    wrong = [comment["text"] for comment in clean if not is_right(comment)]

    assert len(wrong) <= FALSELY_REDACTED_AT_MOST * len(clean), wrong


def test_what_stays_keeps_its_characters() -> None:
    # Full-width digits, narrow blanks and a ligature are read as plain text, and only what is found is replaced.
    assert redacted("Ｏｋ ﬁnal​ly: ０７８ １２３ ４４ ０２ — tel. ５", "fr") == "Ｏｋ ﬁnal​ly: [phone] — tel. ５"


@pytest.mark.parametrize("case", [*CASES, *LABELLED], ids=lambda case: case["text"])
def test_redaction_has_nothing_to_do_a_second_time(case: dict[str, str]) -> None:
    once = redacted(case["text"], case.get("language"))
    assert redacted(once, case.get("language")) == once


@pytest.mark.parametrize(
    "word",
    ["a", "1", "a.", "1 ", "a@", "+1-", "a at ", "a/", "@a", "AB12 ", "a_at_", "a dot ", "DE12 ", "12 mar ", "1:"],
)
def test_a_comment_of_one_endless_word_takes_no_time(word: str) -> None:
    started = time.perf_counter()
    redacted(word * 10_000)
    # Milliseconds where time grows with the length, minutes where it grows with its square.
    assert time.perf_counter() - started < 5
