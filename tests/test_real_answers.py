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


def write_raw(answers: Path, raw: Path) -> None:
    tables = {
        "survey_responses": (["response_id", "survey_id", "answered_at", "score"], list(raw_answers(answers))),
        "crm_accounts": (["account_id", "account_name"], []),
        "crm_revenue": (["revenue_id", "account_id", "period_start", "period_end", "amount"], []),
    }
    for name, (columns, rows) in tables.items():
        with (raw / f"{name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.DictWriter(target, columns)
            writer.writeheader()
            writer.writerows(rows)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    from tests.conftest import run_nightly

    raw, home = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("home")
    write_raw(Path(os.environ["REAL_ANSWERS"]), raw)
    done = run_nightly(home, raw, NPS_AS_OF="2019-06-30")
    assert done.code == 0, done.stderr
    with duckdb.connect(str(home / "published" / "nps.duckdb"), read_only=True) as connection:
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


def test_elevens_are_set_aside_and_blanks_are_counted(published: duckdb.DuckDBPyConnection) -> None:
    raw, quarantined, accepted = published.execute(
        "select n_raw, n_quarantined, n_accepted from marts.row_reconciliation where raw_table = 'survey_responses'"
    ).fetchall()[0]
    reasons = published.execute("select reason, n_rows from marts.quarantine_summary").fetchall()
    unscored = published.execute(
        "select sum(n_unscored) from marts.nps_by_month where dimension = 'all' and nps_rule = 'all_responses'"
    ).fetchall()[0][0]

    # Airport passengers wrote 11 for "no answer": 84 in 2017 and 159 in 2018. One form of 2017 is blank, and 342 of the
    # shop's.
    assert reasons == [("score_out_of_range", 84 + 159)]
    assert (raw, quarantined, accepted) == (2831 + 2809 + 13954, 243, 2831 + 2809 + 13954 - 243)
    assert unscored == 1 + 342
