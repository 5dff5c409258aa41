"""Calling against planted truth, and the monitor for gaming against teams that are honest and teams that are not."""

from __future__ import annotations

import pytest

from tests.compiled_models import CompiledModels
from tests.loops import gaming_models, uplift_models
from tests.verify_loop import SMALL_TEAMS, Finding, measured, problems, problems_of_alarms, watched
from tests.verify_statistics import SMALL


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    return measured(uplift_models(tmp_path_factory.mktemp("uplift")), SMALL)


@pytest.fixture(scope="module")
def monitor(tmp_path_factory: pytest.TempPathFactory) -> CompiledModels:
    return gaming_models(tmp_path_factory.mktemp("gaming"))


def test_an_effect_of_calling_is_found_and_no_effect_is_not(findings: list[Finding]) -> None:
    assert problems(findings, SMALL) == []


def test_ever_against_never_called_finds_an_effect_where_there_is_none(findings: list[Finding]) -> None:
    """Whoever stays longer has more time to be called: what the landmark takes away."""
    by_kind = {finding.kind: finding for finding in findings}
    nothing = by_kind["no effect"]

    assert nothing.truth == 0
    assert nothing.naive_mean > 0.15
    assert abs(nothing.mean) < 0.03


def test_one_who_games_is_found_and_honest_agents_are_left_alone(monitor: CompiledModels) -> None:
    assert problems_of_alarms(watched(monitor, SMALL_TEAMS)) == []
