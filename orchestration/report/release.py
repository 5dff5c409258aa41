"""What the pages read: the tables of a release, the facts of its build, and the rules that its numbers follow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import duckdb

from orchestration.settings import project_variables


def literal(value: str | date) -> str:
    """A value as SQL writes it. Bound parameters would make the engine load pandas: two seconds for nothing."""
    return "'" + str(value).replace("'", "''") + "'"


@dataclass(frozen=True)
class Rules:
    """The variables of the dbt project by which the marts were made; a threshold is written nowhere else."""

    headline_program_type: str
    trend_window_days: int
    account_window_days: int
    minimum_scored_answers: int
    reportable_scored_answers: int
    minimum_compared_accounts: int
    minimum_effective_accounts: int
    maximum_top_account_share: float
    minimum_revenue_coverage: float
    landmark_hours: int
    call_list_days: int
    agent_window_days: int
    minimum_theme_answers: int
    cooldown_days: int
    action_window_days: int
    onboarding_days: int
    onboarding_check_ins: int

    @classmethod
    def load(cls, own: Mapping[str, Any] | None = None) -> Rules:
        """Those of the project, and of a company in their place (``Settings.variables``)."""
        variables = {**project_variables(), **(own or {})}
        return cls(**{field: variables[field] for field in cls.__dataclass_fields__})


@dataclass(frozen=True)
class Build:
    """The content of build.json, as far as it has come; what it does not hold is empty."""

    content: Mapping[str, Any]

    @cached_property
    def as_of(self) -> date:
        return date.fromisoformat(str(self.content["as_of"]))

    def fact(self, key: str) -> str:
        value = self.content.get(key)
        return "" if value is None else str(value)

    def mapping(self, key: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.content.get(key) or {}
        return found

    def texts(self, key: str) -> Sequence[str]:
        return [str(item) for item in self.content.get(key) or ()]


@dataclass(frozen=True)
class Release:
    """A read-only connection to the release file."""

    connection: duckdb.DuckDBPyConnection
    rules: Rules

    def rows(self, query: str) -> list[dict[str, Any]]:
        result = self.connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
