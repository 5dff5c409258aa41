"""Nothing that comes later enters what went before: of the money no score, of the answers no earlier quarter.

The raw rows of the sample's build file are changed and every model is run again on them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.release.warehouse import open_read_only
from orchestration.settings import PROJECT, SAMPLE_RAW
from tests.conftest import build_environment

# The last quarter end of the sample that has an outcome of three months, and the as-of date of its build.
QUARTER_END = "2026-03-31"
AS_OF = "2026-07-01"
# What answers alone decide. One rule weights a score by the revenue before it, and is compared on its own.
SCORES = {
    "nps_rolling": "select * from marts.nps_rolling",
    "nps_by_month": "select * from marts.nps_by_month where nps_rule <> 'revenue_weighted'",
    "revenue_weighted": "select * from marts.nps_by_month "
    f"where nps_rule = 'revenue_weighted' and month_start <= date '{QUARTER_END}' + 1",
    "account_nps": "select * exclude (trailing_revenue_12m) from marts.account_nps",
    "fct_account_periods": "select account_id, as_of_date, nps_group, account_points, first_half_points, "
    "second_half_points, n_contacts_answered, n_fresh_answers, n_first_half_answers from marts.fct_account_periods",
    "fct_nps_responses": "select * exclude (trailing_revenue_12m) from marts.fct_nps_responses",
}


def rebuilt(release: Path, folder: Path, change: str) -> Path:
    """The build file of a release, with every model run again after a change of its raw rows."""
    build_file = folder / "warehouse.duckdb"
    shutil.copyfile(release / "build" / "warehouse.duckdb", build_file)
    with duckdb.connect(build_file) as connection:
        row = connection.execute(change).fetchone()
        assert row is not None and row[0] > 100, "the change met too few rows to show anything"
    # Nobody told the build file of the change.
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "run", "--full-refresh"]
    command += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target-path", str(folder / "target")]
    command += ["--log-path", str(folder / "logs"), "--vars", json.dumps({"as_of_date": AS_OF})]
    environment = build_environment(folder, SAMPLE_RAW, NPS_BUILD_FILE=str(build_file))
    subprocess.run(command, env=environment, check=True)
    return build_file


def rows(build_file: Path, query: str) -> list[tuple[object, ...]]:
    with open_read_only(build_file) as connection:
        return sorted(connection.execute(query).fetchall(), key=repr)


def test_later_revenue_changes_no_score(sample_release: Path, tmp_path: Path) -> None:
    before = sample_release / "build" / "warehouse.duckdb"
    tripled = (
        "update raw.crm_revenue set amount = try_cast(amount as decimal(18, 2)) * 3 "
        f"where period_start > '{QUARTER_END}'"
    )

    after = rebuilt(sample_release, tmp_path, tripled)

    for table, query in SCORES.items():
        assert rows(after, query) == rows(before, query), table
    outcomes = f"select account_id, next_revenue_3m from marts.fct_account_periods where as_of_date = '{QUARTER_END}'"
    assert rows(after, outcomes) != rows(before, outcomes)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("update raw.survey_responses set score = '0' where score = '10' and", id="lowest"),
        pytest.param("delete from raw.survey_responses where", id="none"),
    ],
)
def test_later_answers_change_no_earlier_quarter(sample_release: Path, tmp_path: Path, change: str) -> None:
    before = sample_release / "build" / "warehouse.duckdb"

    after = rebuilt(sample_release, tmp_path, f"{change} answered_at > '{QUARTER_END}T99'")

    quarters = "select * from marts.fct_account_periods where as_of_date"
    assert rows(after, f"{quarters} <= '{QUARTER_END}'") == rows(before, f"{quarters} <= '{QUARTER_END}'")
    assert rows(after, f"{quarters} > '{QUARTER_END}'") != rows(before, f"{quarters} > '{QUARTER_END}'")


def test_an_outcome_that_is_not_complete_is_null_and_never_0(sample_release: Path) -> None:
    build_file = sample_release / "build" / "warehouse.duckdb"
    for months in (3, 6, 12):
        counts = rows(
            build_file,
            f"""
            select
                as_of_date + interval 1 day + interval {months} months <= date '{AS_OF}' as is_complete,
                count(*) > 400,
                count(*) = count(next_revenue_{months}m),
                count(next_revenue_{months}m) = 0 and count(growth_{months}m) = 0
            from marts.fct_account_periods
            group by all
            """,
        )
        assert counts == [(False, True, False, True), (True, True, True, False)]
