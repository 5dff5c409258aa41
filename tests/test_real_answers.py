"""Real surveys through the whole pipeline give the scores that are known for them.

The answers are not in the repository; `make test-real ANSWERS=<folder>` runs this where they are at hand.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

pytestmark = pytest.mark.real_answers

# survey: (file, its score column, its day column, year and month of the answers)
AIRPORT_COLUMNS = ("NETPRO", "INTDATE")
SURVEYS = {
    "airport_2017": ("airport_passengers_2017.csv", *AIRPORT_COLUMNS, "2017-05"),
    "airport_2018": ("airport_passengers_2018.csv", *AIRPORT_COLUMNS, "2018-05"),
    "garden_retail": ("garden_retail.csv", "nps", None, "2019-06"),
}


def raw_answers(folder: Path) -> Iterator[dict[str, str]]:
    """The answers as rows of survey_responses, scores as they came but for R's word for a missing value."""
    for survey, (name, score, day, month) in SURVEYS.items():
        with (folder / name).open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=1):
                yield {
                    "response_id": f"{survey}-{number}",
                    "survey_id": survey,
                    "answered_at": f"{month}-{int(row[day]) if day else 15:02d}",
                    "score": "" if row[score] == "NA" else row[score],
                }


def write_raw(answers: Path, raw: Path, blank_scores: str = "") -> None:
    """The answers, with definitions that say what means blank, or without any."""
    definition = {
        "program_type": "relationship",
        "metric": "nps",
        "question_text": "How likely?",
        "scale_min": "0",
        "scale_max": "10",
        "scale_direction": "higher_is_better",
    }
    tables = {
        "survey_definitions": (
            ["survey_id", "survey_name", *definition, "blank_scores"],
            [
                {"survey_id": survey, "survey_name": survey, **definition, "blank_scores": blank_scores}
                for survey in SURVEYS
            ],
        ),
        "survey_responses": (["response_id", "survey_id", "answered_at", "score"], list(raw_answers(answers))),
        "crm_accounts": (["account_id", "account_name"], []),
        "crm_revenue": (["revenue_id", "account_id", "period_start", "period_end", "amount"], []),
    }
    for name, (columns, rows) in tables.items():
        with (raw / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, columns)
            writer.writeheader()
            writer.writerows(rows)


def build(folder: Path, blank_scores: str) -> Path:
    """The file that a night publishes of the answers."""
    from tests.conftest import run_nightly

    raw, home = folder / "raw", folder / "home"
    raw.mkdir()
    write_raw(Path(os.environ["REAL_ANSWERS"]), raw, blank_scores)
    done = run_nightly(home, raw, NPS_AS_OF="2019-06-30")
    assert done.code == 0, done.stderr
    return home / "published" / "nps.duckdb"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Airport passengers wrote 11 for "no answer", and the definitions say so."""
    with duckdb.connect(str(build(tmp_path_factory.mktemp("declared"), "11")), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize(
    ("survey", "nps", "n_scored", "n_promoters", "n_passives", "n_detractors", "digits"),
    [
        ("airport_2017", 39.839767, 2746, 1436, 968, 342, 6),
        ("airport_2018", 30.981132, 2650, 1268, 935, 447, 6),
        ("garden_retail", 53.4161, 13612, 8465, 3953, 1194, 4),
    ],
)
def test_the_golden_scores_come_out(
    published: duckdb.DuckDBPyConnection,
    survey: str,
    nps: float,
    n_scored: int,
    n_promoters: int,
    n_passives: int,
    n_detractors: int,
    digits: int,
) -> None:
    found = published.execute(
        """
        select nps, n_scored, n_promoters, n_passives, n_detractors, ci_method, is_reportable
        from marts.nps_by_month
        where dimension = 'survey_id' and dimension_value = ? and nps_rule = 'all_responses'
        """,
        [survey],
    ).fetchall()

    assert len(found) == 1
    assert round(found[0][0], digits) == nps
    assert found[0][1:] == (n_scored, n_promoters, n_passives, n_detractors, "adjusted_wald", True)


def test_declared_elevens_are_blank_and_nothing_is_set_aside(published: duckdb.DuckDBPyConnection) -> None:
    counts = published.execute(
        "select n_raw, n_quarantined, n_accepted from marts.row_reconciliation where raw_table = 'survey_responses'"
    ).fetchall()
    unscored = published.execute(
        "select sum(n_unscored) from marts.nps_by_month where dimension = 'all' and nps_rule = 'all_responses'"
    ).fetchall()
    alarms = published.execute("select * from marts.source_checks where verdict <> 'passed'").fetchall()

    # 84 elevens in 2017 and 159 in 2018. One form of 2017 is blank, and 342 of the shop's.
    assert counts == [(2831 + 2809 + 13954, 0, 2831 + 2809 + 13954)]
    assert unscored == [(1 + 342 + 84 + 159,)]
    assert alarms == []


def test_elevens_that_nobody_declared_are_said_and_withhold_the_year_with_too_many(tmp_path: Path) -> None:
    with duckdb.connect(str(build(tmp_path, "")), read_only=True) as undeclared:
        verdicts = undeclared.execute(
            "select subject, verdict, n_flagged from marts.source_checks where verdict <> 'passed' order by subject"
        ).fetchall()
        reasons = undeclared.execute("select reason, n_rows from marts.quarantine_summary order by reason").fetchall()
        surveys = undeclared.execute(
            "select distinct dimension_value from marts.nps_by_month where dimension = 'survey_id' order by 1"
        ).fetchall()

    assert verdicts == [("airport_2017", "warned", 84), ("airport_2018", "failed", 159)]
    assert reasons == [("score_out_of_range", 84 + 159), ("survey_withheld", 2809 - 159)]
    assert surveys == [("airport_2017",), ("garden_retail",)]
