"""Companies whose data cannot carry a value: each is told so, with the reason, by a build that still publishes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestration.release.warehouse import rows_as_dicts
from tests.companies import (
    AS_OF,
    ONE_DOMINATES,
    ONE_MONTH_OF_REVENUE,
    THREE_ACCOUNTS,
    WITHOUT_ANSWERS,
    WITHOUT_REVENUE,
    RawCompany,
)
from tests.conftest import run_nightly


@dataclass(frozen=True)
class Case:
    """A company and the reason that every method gives over 3 months."""

    company: RawCompany
    reason: str


METHODS = ("group_retention", "adjusted_association", "within_account")
# Takes accounts of which several people answer, and none of these companies has one.
OF_SEVERAL_PEOPLE = "within_account_iv"
CASES = {
    "three_accounts": Case(THREE_ACCOUNTS, "too_few_accounts"),
    "one_account_with_nearly_all_revenue": Case(ONE_DOMINATES, "top_account_too_large"),
    "no_revenue": Case(WITHOUT_REVENUE, "no_complete_window"),
    "no_answers": Case(WITHOUT_ANSWERS, "no_answers"),
    "revenue_in_one_month": Case(ONE_MONTH_OF_REVENUE, "no_complete_window"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_company_that_cannot_know_is_told_why(tmp_path: Path, name: str) -> None:
    case = CASES[name]

    done = run_nightly(tmp_path / "home", case.company.write(tmp_path / "raw"), NPS_AS_OF=AS_OF)

    assert done.code == 0, done.stderr
    release = tmp_path / "home" / "published" / "nps.duckdb"
    company = rows_as_dicts(release, "select * from marts.nps_point_value where dimension = 'all'")
    assert {row["horizon_months"] for row in company} >= {3, 6, 12}
    assert {row["method"] for row in company} == {*METHODS, OF_SEVERAL_PEOPLE, "lifetime_value"}
    for row in company:
        assert row["slope_per_point"] is None and row["value_per_point"] is None and row["ci_low"] is None, row
        assert row["evidence_grade"] == "R" and row["refusal_reason"], row
    found = {(row["method"], row["refusal_reason"]) for row in company if row["horizon_months"] == 3}
    fewer = case.reason if case.reason.startswith("no_") else "too_few_accounts"
    assert found == {(method, case.reason) for method in METHODS} | {(OF_SEVERAL_PEOPLE, fewer)}
    report = (tmp_path / "home" / "published" / "report" / "index.html").read_text(encoding="utf-8")
    assert "No method can put a value on a point yet." in report
    assert "One NPS point is associated with" not in report
