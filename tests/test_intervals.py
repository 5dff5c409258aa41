"""Intervals of ratios that a few large accounts carry hold a truth that is known, as often as they should."""

from __future__ import annotations

from pathlib import Path

from tests.verify_intervals import SMALL, Models, measured, problems


def test_intervals_weighted_by_revenue_cover_where_few_accounts_have_most_of_it(tmp_path: Path) -> None:
    findings = measured(Models.compiled(tmp_path), SMALL)

    assert problems(findings, SMALL) == []
    assert len(findings) == 3
