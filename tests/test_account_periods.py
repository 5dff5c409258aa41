"""What a quarter end says of the people of an account, counted again from the published answers, one by one."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from orchestration.release.warehouse import open_read_only

# The programme and the days of dbt_project.yml.
HEADLINE = "relationship"
WINDOW_DAYS = 180


class Answer(NamedTuple):
    """One answer; of those of one person in one programme, in the order of time."""

    respondent: str
    account: str | None
    points: int
    is_linked: bool
    day: date

    @property
    def counts(self) -> bool:
        """Whether the answer speaks for an account while it stands."""
        return self.is_linked and self.account is not None


# (points of the first half and of the second, answers that stand, fresh ones, those of the first half), by account and
# quarter end.
Quarters = dict[tuple[str, date], tuple[float | None, float | None, int, int, int]]


@pytest.fixture(scope="module")
def published(sample_release: Path) -> Quarters:
    with open_read_only(sample_release / "published" / "nps.duckdb") as connection:
        rows = connection.execute(
            "select account_id, as_of_date, first_half_points, second_half_points, n_contacts_answered, "
            "n_fresh_answers, n_first_half_answers from marts.fct_account_periods"
        ).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


@pytest.fixture(scope="module")
def last_of_days(sample_release: Path) -> list[Answer]:
    """The last answer of each person on each day, in the order of time."""
    with open_read_only(sample_release / "published" / "nps.duckdb") as connection:
        rows = connection.execute(
            "select respondent_id, account_id, nps_points, is_linked, answered_date from marts.fct_nps_responses "
            "where program_type = ? order by answered_at, response_id",
            [HEADLINE],
        ).fetchall()
    last = {(answer.respondent, answer.day): answer for answer in (Answer(*row) for row in rows)}
    return sorted(last.values(), key=lambda answer: answer.day)


def in_first_half(answers: Iterable[Answer]) -> dict[tuple[str | None, str], bool]:
    """Whether the person is the first, third … of the account to answer, those of one day in the order of a hash."""
    first_days: dict[str | None, dict[str, date]] = defaultdict(dict)
    for answer in answers:
        if answer.counts:
            first_days[answer.account].setdefault(answer.respondent, answer.day)
    return {
        (account, person): place % 2 == 0
        for account, days in first_days.items()
        for place, person in enumerate(
            sorted(days, key=lambda person: (days[person], hashlib.md5(person.encode()).hexdigest()))
        )
    }


def mean(points: list[int]) -> float | None:
    return sum(points) / len(points) if points else None


def recounted(answers: list[Answer], quarter_ends: Iterable[date], accounts: Iterable[str]) -> Quarters:
    """The same from the answers, of each account at each quarter end."""
    found: Quarters = {}
    for end in quarter_ends:
        window = [answer for answer in answers if end - timedelta(days=WINDOW_DAYS) < answer.day <= end]
        # Nothing later decides of which half somebody is.
        is_first = in_first_half(answer for answer in answers if answer.day <= end)
        standing: dict[str | None, list[Answer]] = defaultdict(list)
        for answer in {answer.respondent: answer for answer in window}.values():
            if answer.counts:
                standing[answer.account].append(answer)
        quarter_start = date(end.year, end.month - 2, 1)
        for account in accounts:
            of_account = standing[account]
            fresh = [answer for answer in of_account if answer.day >= quarter_start]
            first = [answer.points for answer in fresh if is_first[account, answer.respondent]]
            second = [answer.points for answer in fresh if not is_first[account, answer.respondent]]
            found[account, end] = (mean(first), mean(second), len(of_account), len(fresh), len(first))
    return found


def test_halves_and_fresh_answers_equal_a_recount(published: Quarters, last_of_days: list[Answer]) -> None:
    again = recounted(last_of_days, {end for _, end in published}, {account for account, _ in published})

    # Sums of whole numbers, divided once: equal to the last bit.
    assert published == {key: again[key] for key in published}


def test_most_accounts_of_two_people_have_one_in_each_half(published: Quarters) -> None:
    """By a hash alone half of them would have both in one half, and nothing to hold it against."""
    pairs = [row for row in published.values() if row[3] == 2]
    n_in_both = sum(first is not None and second is not None for first, second, *_ in pairs)

    assert n_in_both > 0.7 * len(pairs) > 300
