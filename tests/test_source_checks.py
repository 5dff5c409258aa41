"""Dirt that arrives is seen: one company with a trap in each survey, and one whose ledger is not to be believed.

Every trap alone would give a wrong score or wrong money, and each is told apart from the survey without a trap.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.release.warehouse import rows_as_dicts
from tests.conftest import Finished, run_nightly
from tests.verify_source_checks import checks_of

AS_OF = "2026-07-01"
ACCOUNTS = [f"K{n:02d}" for n in range(40)]
CLEAN = (10, 9, 10, 8, 7, 9, 10, 3, 9, 6)


def day(n: int, hour: int = 12) -> str:
    return (datetime(2026, 4, 1, hour, 7, tzinfo=UTC) + timedelta(days=n % 80)).strftime("%Y-%m-%dT%H:%M:%SZ")


def answers(survey: str, scores: Iterable[object], **given: Any) -> list[dict[str, object]]:
    """An answer per score, of a person each; what is given stands in place of what an answer has by itself."""
    return [
        {
            "response_id": f"{survey or 'none'}-{n}",
            "survey_id": survey,
            "account_id": ACCOUNTS[n % len(ACCOUNTS)],
            "contact_id": f"{survey or 'none'}-p{n}",
            "answered_at": day(n),
            "score": score,
        }
        | {column: value(n) if callable(value) else value for column, value in given.items()}
        for n, score in enumerate(scores)
    ]


def traps() -> list[dict[str, object]]:
    """By survey: 60 clean answers (NPS +40), and the same with one trap each."""
    clean = [CLEAN[n % 10] for n in range(60)]
    labels = {10: "10: Completely", 9: "9", 0: "0 (not at all)"}
    local = [day(n, hour=9).replace("Z", "").replace("T", " ") for n in range(60)]
    twice = answers("twice", clean)
    return [
        *answers("clean", clean),
        *answers("labelled", [labels.get(score, score) for score in clean]),
        *answers("worded", ["ten" if n % 10 == 0 else score for n, score in enumerate(clean)]),
        *answers("elevens", [11 if n % 15 == 0 else score for n, score in enumerate(clean)]),
        *answers("declared", [11 if n % 15 == 0 else score for n, score in enumerate(clean)]),
        *answers("stars", [1 + score // 2 if score < 10 else 5 for score in clean]),
        *answers("no_nine", [score for score in range(11) if score != 9] * 20),
        *answers("local", clean, answered_at=lambda n: local[n], invitation_id=lambda n: f"i{n}"),
        *answers("seconds", clean, answered_at=lambda n: 1_775_000_000 + n * 3600 if n % 4 == 0 else day(n)),
        *answers("partly", clean, is_complete=lambda n: "Screened out" if n % 2 else "Completed"),
        *answers("unheard_of", clean, is_complete=lambda n: "perhaps" if n % 2 else "yes"),
        *twice,
        *({**answer, "response_id": f"{answer['response_id']}-again"} for answer in twice[:20]),
        *answers("", [5, 4, 5, 3] * 6),
    ]


def write(folder: Path, name: str, rows: list[dict[str, object]]) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [",".join(columns), *(",".join(str(row.get(column, "")) for column in columns) for row in rows)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def ledger(accounts: Iterable[str], amount: object = "1000.00", **given: object) -> list[dict[str, object]]:
    return [
        {
            "revenue_id": f"{account}-{month}",
            "account_id": account,
            "period_start": f"2026-{month:02d}-01",
            "period_end": f"2026-{month:02d}-28",
            "amount": amount,
        }
        | given
        for account in accounts
        for month in range(1, 7)
    ]


def definitions(surveys: Iterable[str]) -> list[dict[str, object]]:
    return [
        {
            "survey_id": survey,
            "survey_name": survey,
            "program_type": "relationship",
            "metric": "nps",
            "question_text": "How likely?",
            "scale_min": 0,
            "scale_max": 10,
            "scale_direction": "higher_is_better",
            "blank_scores": "11 99" if survey == "declared" else "",
        }
        for survey in surveys
    ]


def accounts() -> list[dict[str, object]]:
    return [{"account_id": account, "account_name": account, "created_at": "2024-01-01"} for account in ACCOUNTS]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, Path]:
    """The company of traps, as published: what the night said, and the release."""
    folder, home = tmp_path_factory.mktemp("traps"), tmp_path_factory.mktemp("home")
    rows = traps()
    write(folder, "survey_responses", rows)
    write(folder, "survey_definitions", definitions(sorted({str(row["survey_id"]) for row in rows} - {""})))
    write(folder, "crm_accounts", accounts())
    write(folder, "crm_revenue", ledger(ACCOUNTS))
    invitations: list[dict[str, object]] = [
        {"invitation_id": f"i{n}", "survey_id": "local", "channel": "email", "sent_at": day(n, hour=9 + n % 6)}
        for n in range(60)
    ]
    write(folder, "survey_invitations", invitations)
    done = run_nightly(home, folder, NPS_AS_OF=AS_OF)
    assert done.code == 0, done.stderr
    return done, home / "published" / "nps.duckdb"


@pytest.fixture
def scores(company: tuple[Finished, Path]) -> dict[str, float]:
    rows = rows_as_dicts(
        company[1],
        "select dimension_value, sum(points_sum) / sum(n_scored) as nps from marts.nps_by_month "
        "where dimension = 'survey_id' and nps_rule = 'all_responses' "
        "group by dimension_value having sum(n_scored) > 0",
    )
    return {row["dimension_value"]: row["nps"] for row in rows}


@pytest.fixture
def checks(company: tuple[Finished, Path]) -> dict[tuple[str, str], dict[str, Any]]:
    """What did not pass, by check and subject."""
    rows = rows_as_dicts(company[1], "select * from marts.source_checks where verdict <> 'passed'")
    return {(row["check_name"], row["subject"]): row for row in rows}


CLEAN_NPS = 100 * (6 - 2) / 10


def test_every_survey_has_its_right_score_or_none(scores: dict[str, float]) -> None:
    elevens = [score for n, score in enumerate(CLEAN * 6) if n % 15]
    without = 100 * (sum(s >= 9 for s in elevens) - sum(s <= 6 for s in elevens)) / len(elevens)
    partly = 100 * sum((s >= 9) - (s <= 6) for n, s in enumerate(CLEAN * 6) if n % 2 == 0) / 30
    dated = 100 * sum((s >= 9) - (s <= 6) for n, s in enumerate(CLEAN * 6) if n % 4) / 45

    assert scores == pytest.approx(
        {
            "clean": CLEAN_NPS,
            "labelled": CLEAN_NPS,
            "declared": without,
            # Four of sixty: said, and left.
            "elevens": without,
            "partly": partly,
            # What has no date or no known word is set aside, and said; the rest keeps its score.
            "seconds": dated,
            "unheard_of": partly,
        }
    )


@pytest.mark.parametrize(
    ("check", "survey", "verdict", "words"),
    [
        ("scores_readable", "worded", "failed", "6 of 60 answers (10.0 %)"),
        ("scores_readable", "elevens", "warned", "4 of them the score 11, which often means blank"),
        ("scale_as_declared", "stars", "failed", "The highest of 60 scores is 5"),
        ("scale_points_used", "no_nine", "failed", "Nobody ever gave a 9"),
        ("answers_after_invitation", "local", "failed", "a time zone"),
        ("answers_once", "twice", "failed", "20 of 80 answers"),
        ("survey_named", "unspecified", "failed", "24 answers name no survey"),
        ("values_readable", "answered_at", "warned", "Unix seconds"),
        ("values_readable", "is_complete", "warned", "value_words"),
    ],
)
def test_each_trap_is_said(
    checks: dict[tuple[str, str], dict[str, Any]], check: str, survey: str, verdict: str, words: str
) -> None:
    found = checks[check, survey]

    assert found["verdict"] == verdict
    assert words in found["message"]


# The ledger --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ledger_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company of which a fifth of the money is of accounts that nobody sent, and some periods end a day late."""
    folder, home = tmp_path_factory.mktemp("ledger"), tmp_path_factory.mktemp("home")
    write(folder, "survey_responses", answers("clean", [CLEAN[n % 10] for n in range(120)]))
    write(folder, "crm_accounts", accounts())
    exclusive = [
        line
        | {
            "revenue_id": f"x{line['revenue_id']}-{month}",
            "period_start": f"2026-{month:02d}-01",
            "period_end": f"2026-{month + 1:02d}-01",
        }
        for month in range(1, 6)
        for line in ledger(ACCOUNTS[:2], revenue_type="services")[:12:6]
    ]
    lost = ledger(["GONE"], amount="10000")
    alike = ledger([ACCOUNTS[5].lower()], amount="10")
    write(folder, "crm_revenue", [*ledger(ACCOUNTS), *exclusive, *lost, *alike])
    done = run_nightly(home, folder, NPS_AS_OF=AS_OF)
    assert done.code == 0, done.stderr
    assert "withheld    crm_revenue, unknown_account (amounts_accepted)" in done.stdout
    return home / "published" / "nps.duckdb"


def test_money_that_is_set_aside_refuses_estimates_and_leaves_the_score(ledger_release: Path) -> None:
    reasons = rows_as_dicts(
        ledger_release, "select distinct refusal_reason, slope_per_point from marts.nps_point_value"
    )
    retained = rows_as_dicts(
        ledger_release,
        "select distinct suppression_reason, net_revenue_retention, standardised_share from marts.nps_group_retention",
    )
    (score,) = rows_as_dicts(
        ledger_release,
        "select sum(points_sum) / sum(n_scored) as nps from marts.nps_by_month "
        "where dimension = 'all' and nps_rule = 'all_responses'",
    )

    assert reasons == [{"refusal_reason": "revenue_withheld", "slope_per_point": None}]
    assert [tuple(row.values()) for row in retained] in ([], [("revenue_withheld", None, None)])
    assert score["nps"] == pytest.approx(CLEAN_NPS)


def test_what_is_wrong_with_the_ledger_is_said_by_money(ledger_release: Path) -> None:
    rows = rows_as_dicts(ledger_release, "select * from marts.source_checks where verdict <> 'passed'")
    found = {(row["raw_table"], row["check_name"], row["subject"]): row for row in rows}

    lost = found["crm_revenue", "amounts_accepted", "unknown_account"]
    assert lost["verdict"] == "failed"
    # 40 accounts of 6,000, one of 60,000 and one of 60 that nobody knows, and 10,000 in periods of their own.
    assert lost["share_of_amount"] == pytest.approx(60_060 / (240_000 + 60_060 + 10_000))
    assert found["crm_revenue", "periods_follow", "all"]["n_flagged"] == 2 * 4
    assert found["crm_revenue", "ids_in_one_form", "all"]["n_flagged"] == 6


def test_a_night_stops_where_no_survey_of_the_headline_programme_can_be_scored(tmp_path: Path) -> None:
    folder = tmp_path / "raw"
    write(folder, "survey_responses", answers("only", ["ten" if n % 5 == 0 else 9 for n in range(60)]))
    write(folder, "crm_accounts", accounts())
    write(folder, "crm_revenue", ledger(ACCOUNTS))

    done = run_nightly(tmp_path / "home", folder, NPS_AS_OF=AS_OF)

    assert done.code != 0
    assert "assert_the_headline_programme_is_not_withheld_whole" in done.stderr
    assert "12 of 60 answers (20.0 %) have a score that cannot be read" in done.stderr


@pytest.mark.parametrize("seed", [2, 19], ids=["all tables", "the required tables"])
def test_a_company_without_dirt_raises_no_alarm(seed: int, tmp_path: Path) -> None:
    """Two of those that ``make verify-source-checks`` draws."""
    _, alarms, n_checks = checks_of(tmp_path, seed)
    assert not alarms
    assert n_checks
