"""A tenth of the campaign of faults (make verify-faults), evenly over their kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verify_faults import Company, Trial, build_company, trials, tried


@pytest.fixture(scope="module")
def company(tiny_release: Path, tmp_path_factory: pytest.TempPathFactory) -> Company:
    return build_company(tmp_path_factory.mktemp("company"), first=tiny_release)


@pytest.mark.parametrize("trial", [trial for trial in trials() if trial.is_in_ci], ids=lambda trial: trial.name)
def test_the_promises_hold(company: Company, tmp_path: Path, trial: Trial) -> None:
    outcome = tried(company, trial, tmp_path / "trial")
    assert outcome.is_reached
    assert outcome.broken == []
