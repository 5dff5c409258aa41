"""Intervals that few accounts carry hold a truth that is known, as often as they should, and are given."""

from __future__ import annotations

from pathlib import Path

from tests.panels import HORIZONS, compiled_estimator
from tests.verify_intervals import FEW_ACCOUNTS, SMALL, Models, measured, problems, problems_of_few
from tests.verify_statistics import SMALL as SMALL_GRADES
from tests.verify_statistics import graded


def test_intervals_weighted_by_revenue_cover_where_few_accounts_have_most_of_it(tmp_path: Path) -> None:
    findings = measured(Models.compiled(tmp_path), SMALL)

    assert problems(findings, SMALL) == []
    assert len(findings) == 3


def test_small_companies_are_given_a_value_where_its_interval_covers(tmp_path: Path) -> None:
    kinds = {kind: FEW_ACCOUNTS[kind] for kind in ("30 accounts", "60, sigma 1.5", "60, sigma 1.5, follows")}

    gradings = graded(compiled_estimator(tmp_path, HORIZONS), SMALL_GRADES, kinds)

    assert problems_of_few(gradings, SMALL_GRADES) == []
