"""A release file small enough to write down: the tables of the contracts, with the rows that a test is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from orchestration.settings import REPOSITORY

MARTS = REPOSITORY / "dbt_project" / "models" / "marts"
AS_OF = date(2026, 7, 1)
A_YEAR_BEFORE = date(2025, 7, 1)
BUILD: Mapping[str, Any] = {
    "build_id": "20260701T020000Z",
    "as_of": AS_OF.isoformat(),
    "git_revision": "0123456789abcdef",
    "started_at": "2026-07-02T02:00:00+00:00",
    "finished_at": "2026-07-02T02:00:41+00:00",
    "timezone": "UTC",
    "currency": "USD",
    "rows_out": {"marts.account_nps": 5},
    "checks": {"passed": 41, "warned": 1, "failed": 0},
    "warned": ["crm_users: newest row is 2 days too old"],
    "warnings": ["survey_responses: column mood is not in the contract and was ignored"],
    "versions": {"duckdb": "1.5.5"},
}

Rows = Sequence[Mapping[str, Any]]


def write_release(path: Path, tables: Mapping[str, Rows]) -> Path:
    """A file with every mart that has a contract, empty but for the rows given; a column that is not given is null."""
    with duckdb.connect(path) as connection:
        connection.execute("create schema marts")
        for name, columns in _contracts().items():
            listed = ", ".join(f'"{column}" {data_type}' for column, data_type in columns.items())
            connection.execute(f"create table marts.{name} ({listed})")
            _insert(connection, name, tables.get(name, ()))
    return path


def _insert(connection: duckdb.DuckDBPyConnection, table: str, rows: Rows) -> None:
    if rows:
        columns = sorted({column for row in rows for column in row})
        marks = ", ".join(f"({', '.join('?' for _ in columns)})" for _ in rows)
        values = [row.get(column) for row in rows for column in columns]
        connection.execute(f"insert into marts.{table} ({', '.join(columns)}) values {marks}", values)


@cache
def _contracts() -> Mapping[str, Mapping[str, str]]:
    models = [
        model
        for path in sorted(MARTS.rglob("*.yml"))
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", ())
    ]
    return {model["name"]: {column["name"]: column["data_type"] for column in model["columns"]} for model in models}


def score(nps: float | None, n_scored: int, margin: float = 10.0, **given: Any) -> dict[str, Any]:
    """The columns of a score as the marts fill them: no interval under 5 answers, a small sample under 30."""
    is_shown = nps is not None and n_scored >= 5
    small = "suppressed" if n_scored < 5 else "low_sample" if n_scored < 30 else None
    return {
        "nps": nps,
        "n_scored": n_scored,
        "ci_low": nps - margin if nps is not None and is_shown else None,
        "ci_high": nps + margin if nps is not None and is_shown else None,
        "ci_method": "account_jackknife" if is_shown else None,
        "suppression_reason": "no_answers" if n_scored == 0 else small,
        "is_reportable": n_scored >= 30,
        **given,
    }


def rolling(
    day: date, nps: float | None, n_scored: int, dimension: str = "all", value: str = "all", **given: Any
) -> dict[str, Any]:
    """A row of nps_rolling."""
    return {
        "date_day": day,
        "program_type": "relationship",
        "dimension": dimension,
        "dimension_value": value,
        "window_days": 90,
        "n_promoters": n_scored // 2,
        "n_passives": n_scored - n_scored // 2 - n_scored // 5,
        "n_detractors": n_scored // 5,
        **score(nps, n_scored),
        **given,
    }


def company(segment: str = "enterprise") -> dict[str, Rows]:
    """Two years of a score, one small and one suppressed slice, five accounts, revenue, and one quarantined row."""
    days = [A_YEAR_BEFORE + timedelta(days=7 * week) for week in range(53)]
    groups = ("promoter", "passive", "detractor", "no_response", "not_invited")
    risks = ("safe", "watch", "at_risk", "unknown", "unknown")
    rules = ("all_responses", "contact_latest", "account_mean", "account_waterfall", "revenue_weighted")
    trend = [rolling(day, 20.0 + index / 10, 120) for index, day in enumerate(days) if day < AS_OF]
    return {
        "nps_rolling": [
            *trend,
            rolling(AS_OF, 31.25, 128),
            rolling(AS_OF, 44.0, 100, "segment", segment),
            rolling(AS_OF, -12.5, 16, "segment", "mid_market"),
            rolling(AS_OF, 61.2345, 3, "segment", "small_business"),
            rolling(AS_OF, 31.25, 128, "channel", "email"),
            rolling(AS_OF, -50.0, 4, program_type="on_demand"),
        ],
        "nps_by_month": [
            {
                "month_start": date(2026, 6, 1),
                "program_type": "relationship",
                "dimension": "all",
                "dimension_value": "all",
                "nps_rule": rule,
                "effective_n": 40.5,
                **score(30.0 + index, 60),
            }
            for index, rule in enumerate(rules)
        ],
        "nps_power": [seen()],
        "account_nps": [
            {
                "account_id": f"A{index}",
                "as_of_date": AS_OF,
                "nps_group": group,
                "risk_status": risk,
                "currency": "USD",
                "trailing_revenue_12m": Decimal(1000 * (index + 1)),
                "is_expired": group == "no_response",
            }
            for index, (group, risk) in enumerate(zip(groups, risks, strict=True))
        ],
        "dim_accounts": [
            {"account_id": f"A{index}", "account_name": f"Account {index}", "is_active": index < 4}
            for index in range(5)
        ],
        "revenue_by_nps_group": [
            {
                "month_start": date(2026, month, 1),
                "nps_group": group,
                "revenue_type": "subscription",
                "currency": "USD",
                "n_accounts": 1,
                "revenue": Decimal(-50 if group == "detractor" else 100 * month),
                "profit": None,
                "share_of_revenue": 0.2,
            }
            for month in (4, 5, 6)
            for group in groups
        ],
        "account_coverage": [
            {
                "month_start": date(2026, 6, 1),
                "dimension": dimension,
                "dimension_value": value,
                "currency": "USD",
                "window_days": 180,
                "n_accounts": 4,
                "n_invited": 3,
                "n_answered": 2,
                "revenue": Decimal(2000),
                "revenue_invited": Decimal(1500),
                "revenue_answered": Decimal(1200),
            }
            for dimension, value in (("all", "all"), ("segment", segment))
        ],
        "nps_revenue_trend": [
            {
                "quarter_start": date(2025, 4, 1) if index == 0 else date(2026, 4, 1),
                "evidence": "association only",
                "currency": "USD",
                "nps_change_yoy": None if index == 0 else 11.25,
                "revenue": Decimal(5000 + index),
                "revenue_growth_yoy": None if index == 0 else 0.0524,
                **score(20.0 + 11.25 * index, 100),
            }
            for index in range(2)
        ],
        **money(segment),
        **loop(),
        **moved(segment),
        **beside(),
        "row_reconciliation": [
            {
                "raw_table": "survey_responses",
                "n_raw": 1010,
                "n_accepted": 1000,
                "n_superseded": 6,
                "n_deleted": 3,
                "n_quarantined": 1,
            }
        ],
        "source_checks": [
            arrived("survey_responses", "scores_readable", "label", "failed", 13, "13 of 22 scores cannot be read."),
            arrived("crm_revenue", "periods_follow", "all", "warned", 186, "186 periods touch the next.", 0.12),
            arrived("survey_responses", "scores_readable", "base", "passed", 0, "Every score can be read."),
        ],
        "quarantine_summary": [
            {"raw_table": "survey_responses", "reason": "score_not_whole", "n_rows": 1, "example_key": "R-77"}
        ],
    }


def arrived(
    table: str, check: str, subject: str, verdict: str, n_flagged: int, message: str, amount: float | None = None
) -> dict[str, Any]:
    """A row of source_checks."""
    return {
        "raw_table": table,
        "check_name": check,
        "subject": subject,
        "verdict": verdict,
        "message": message,
        "example_key": None,
        "n_rows": 22,
        "n_flagged": n_flagged,
        "share_flagged": n_flagged / 22,
        "amount_flagged": None,
        "share_of_amount": amount,
    }


def seen(**given: Any) -> dict[str, Any]:
    """A row of nps_power for the company."""
    return {
        "as_of_date": AS_OF,
        "program_type": "relationship",
        "dimension": "all",
        "dimension_value": "all",
        "currency": "USD",
        "n_scored": 128,
        "n_quarters": 4,
        "smallest_change_seen": 28.0162,
        "smallest_paired_change_seen": 21.44,
        "answers_for_5_points": 4019,
        "smallest_value_seen": 4300.4,
        "accounts_for_value": 230,
        "is_reportable": True,
        **given,
    }


def point_value(method: str, path: str, months: int, value: float | None, **given: Any) -> dict[str, Any]:
    """A row of nps_point_value for the company: an estimate with an interval, or a refusal."""
    is_refused = value is None
    return {
        "as_of_date": AS_OF,
        "dimension": "all",
        "dimension_value": "all",
        "method": method,
        "path": path,
        "horizon_months": months,
        "currency": "USD",
        "value_per_point": value,
        "ci_low": None if value is None else value - 3000.0,
        "ci_high": None if value is None else value + 3000.0,
        "n_accounts": 310,
        "n_observations": 1200,
        "base_revenue": Decimal(4_000_000),
        "revenue_coverage": 0.712,
        "evidence_grade": "R" if is_refused else "C",
        "refusal_reason": "too_few_accounts" if is_refused else None,
        "grade_reason": "too_few_accounts" if is_refused else "interval_holds_zero",
        "is_likely_too_small": False,
        "cluster_level": None if is_refused else "account",
        "quarters_of": "all",
        **given,
    }


def money(segment: str) -> dict[str, Rows]:
    """The value of a point by three methods, one of them refused; retention; five accounts with their risk."""
    paths = ("detractor_to_passive", "passive_to_promoter", "detractor_to_promoter")
    checks = (
        ("lead", 0.83, 0.41, "passed"),
        ("lag", 0.4, 0.69, "passed"),
        ("pre_trend", 1.1, 0.36, "passed"),
        ("dose_response", -2.4, 0.016, "failed"),
        ("reliability", 0.62, None, "passed"),
        ("group_overlap", None, None, "not_applicable"),
    )
    groups = ("promoter", "passive", "detractor", "no_response", "not_invited")
    risks = ("safe", "watch", "at_risk", "at_risk", "unknown")
    return {
        "nps_point_value": [
            point_value(
                "within_account", "all_accounts", 12, 5000.0, evidence_grade="B", grade_reason="not_randomised"
            ),
            point_value("within_account", "all_accounts", 3, 1000.0),
            point_value("adjusted_association", "all_accounts", 12, 9000.0, grade_reason="association_only"),
            *(point_value("group_retention", path, 12, None) for path in paths),
            point_value(
                "lifetime_value", "detractor_to_promoter", 60, 14000.0, evidence_grade="D", grade_reason="descriptive"
            ),
            point_value("within_account", "all_accounts", 12, 777.0)
            | {"dimension": "segment", "dimension_value": segment},
        ],
        "nps_point_value_path": [
            {
                "as_of_date": AS_OF,
                "dimension": "all",
                "dimension_value": "all",
                "event_quarter": quarter,
                "slope_per_point": None if quarter == 4 else 0.0002 * max(quarter, 0),
                "slope_ci_low": None if quarter == 4 else 0.0002 * max(quarter, 0) - 0.0003,
                "slope_ci_high": None if quarter == 4 else 0.0002 * max(quarter, 0) + 0.0003,
                "n_accounts": 12 if quarter == 4 else 290,
                "is_reportable": quarter != 4,
                "suppression_reason": "too_few_accounts" if quarter == 4 else None,
            }
            for quarter in (-4, -3, -2, -1, 1, 2, 3, 4)
        ],
        "nps_point_value_checks": [
            {
                "as_of_date": AS_OF,
                "dimension": "all",
                "dimension_value": "all",
                "method": "within_account",
                "path": "all_accounts",
                "horizon_months": 12,
                "check_name": check,
                "statistic": statistic,
                "p_value": p_value,
                "verdict": verdict,
            }
            for check, statistic, p_value, verdict in checks
        ],
        "growth_by_points_band": [
            {
                "horizon_months": 12,
                "points_band": band,
                "n_accounts": 40 if band != 2 else 3,
                "net_revenue_retention": 0.9 + band / 20,
                "ci_low": 0.8 + band / 20 if band != 2 else None,
                "ci_high": 1.0 + band / 20 if band != 2 else None,
                "is_reportable": band != 2,
            }
            for band in (1, 2, 3, 5)
        ],
        "nps_group_retention": [
            {
                "as_of_date": A_YEAR_BEFORE,
                "horizon_months": 12,
                "nps_group": group,
                "dimension": "all",
                "dimension_value": "all",
                "n_accounts": 40 if index < 4 else 3,
                "base_revenue": Decimal(100_000),
                "net_revenue_retention": 1.12 - index / 10 if index < 4 else None,
                "is_reportable": index < 4,
                "gross_revenue_retention": 0.9,
                "logo_retention": 0.95,
                "ci_low": 1.02 - index / 10 if index < 4 else None,
                "ci_high": 1.22 - index / 10 if index < 4 else None,
            }
            for index, group in enumerate(groups)
        ],
        "revenue_at_risk": [
            {
                "account_id": f"A{index}",
                "as_of_date": AS_OF,
                "owner_id": "u1",
                "nps_group": group,
                "risk_status": risk,
                "risk_reason": "account NPS below 0" if risk == "at_risk" else "neither",
                "currency": "USD",
                "trailing_revenue_12m": Decimal(1000 * (index + 1)),
                "expected_loss": None if group == "no_response" else Decimal(120),
                "ci_low": None if group == "no_response" else 40.0,
                "ci_high": None if group == "no_response" else 200.0,
                "is_reportable": group != "no_response",
                "next_renewal_date": date(2026, 9, 30) if index == 2 else None,
            }
            for index, (group, risk) in enumerate(zip(groups, risks, strict=True))
        ],
        "promoter_economics": [
            {
                "as_of_date": AS_OF,
                "nps_group": "promoter",
                "currency": "USD",
                "annual_revenue": 1000.0,
                "annual_margin": 400.0,
                "retention": 0.92,
                "lifetime_value": 1444.0,
                "lifetime_value_ci_low": 1344.0,
                "lifetime_value_ci_high": 1544.0,
                "referral_value": 50.0,
                "total_worth": 1494.0,
                "ci_low": 1394.0,
                "ci_high": 1594.0,
            }
        ],
        "earned_growth": [
            {
                "year": 2025,
                "currency": "USD",
                "earned_new_revenue": Decimal(25),
                "bought_new_revenue": Decimal(20),
                "unknown_new_revenue": Decimal(5),
                "net_revenue_retention": 0.85,
                "net_revenue_retention_ci_low": 0.8,
                "net_revenue_retention_ci_high": 0.9,
                "revenue_growth": 0.3,
                "earned_growth_rate": 0.1,
                "earned_growth_rate_ci_low": 0.05,
                "earned_growth_rate_ci_high": 0.14,
                "earned_growth_rate_high": 0.15,
                "earned_growth_ratio": 1 / 3,
                "earned_growth_ratio_high": 0.5,
            }
        ],
        "claims_vs_evidence": [
            {
                "claim": "shop_scores_above_bot",
                "entity": "UPC",
                "source": "article 002",
                "statistic": "difference",
                "unit": "NPS points",
                "comparability": "one company",
                "verdict": "supported",
                "evidence_grade": "D",
                "own_estimate": 10.0,
                "ci_low": 2.0,
                "ci_high": 18.0,
                "is_reportable": True,
            },
            {
                "claim": "hour_of_calling",
                "entity": "Apple",
                "source": "article 000",
                "statistic": "revenue per hour",
                "unit": "USD per hour",
                "comparability": "no comparison group",
                "verdict": "not_measured",
                "suppression_reason": "not_measured",
                "claimed_value": 1000.0,
                "is_reportable": False,
            },
        ],
    }


def loop() -> dict[str, Rows]:
    """Two weeks of calls, an uplift and a refusal, two answers of the last day, three agents and one who is far out."""
    week = date(2026, 6, 22)
    calls = (
        (timedelta(0), 24, 40, 20, 0.35, 0.65),
        (timedelta(0), 48, 40, 30, 0.6, 0.87),
        (timedelta(7), 24, 3, 1, None, None),
        (timedelta(7), 48, 2, 1, None, None),
    )
    answer = {"currency": "USD", "program_type": "relationship", "touchpoint": "support", "answered_date": AS_OF}
    called = {
        "response_id": "R1",
        "account_id": "A2",
        "owner_id": "u1",
        "score": 3,
        "previous_score": 9,
        "trailing_revenue_12m": Decimal(3000),
        "days_to_renewal": 12,
        "priority": 1,
        "priority_reason": "gave 3, contract ends in 12 days",
        "comment_redacted": "Nobody calls back.",
        "is_contacted": False,
        "is_call_due": True,
        **answer,
    }
    happy = {"response_id": "R2", "account_id": "A1", "score": 10, "priority": 2, "is_contacted": False, **answer}
    return {
        "daily_standup": [called, happy | {"is_call_due": False}],
        "call_list": [
            {name: value for name, value in called.items() if name not in ("is_contacted", "is_call_due")}
            | {"hours_waiting": 75.0}
        ],
        "closed_loop_sla": [
            {
                "week_start": week + later,
                "team": team,
                "owner_id": "all",
                "sla_hours": hours,
                "n_due": n_due,
                "n_met": n_met,
                "n_without_case": 2,
                "n_not_due": 1,
                "n_open": 4,
                "share_met": n_met / n_due,
                "ci_low": low,
                "ci_high": high,
                "median_hours": 20.4,
                "p90_hours": 60.2,
            }
            for later, hours, n_due, n_met, low, high in calls
            for team in ("all", "field_east")
        ],
        "closed_loop_uplift": [
            {
                "as_of_date": AS_OF,
                "exposure": "attempted",
                "n_treated": 430,
                "n_control": 349,
                "retention_treated": 0.872,
                "retention_control": 0.852,
                "uplift": 0.02,
                "ci_low": -0.021,
                "ci_high": 0.061,
                "is_reportable": True,
            },
            {
                "as_of_date": AS_OF,
                "exposure": "reached",
                "n_treated": 9,
                "n_control": 700,
                "is_reportable": False,
                "suppression_reason": "too_few_accounts",
                "data_needed": "30 accounts in each group; the smaller has 9",
            },
        ],
        "follow_up_value": [
            {
                "as_of_date": AS_OF,
                "dimension": dimension,
                "dimension_value": value,
                "currency": "USD",
                "n_follow_ups": 952,
                "hours_spent": 665.2,
                "claimed_per_hour": 138.0,
                "claimed_per_hour_ci_low": 110.0,
                "claimed_per_hour_ci_high": 166.0,
                "revenue_per_hour": estimate,
                "ci_low": None if estimate is None else estimate - 3500.0,
                "ci_high": None if estimate is None else estimate + 3500.0,
                "suppression_reason": None if estimate is not None else "too_few_accounts",
            }
            for dimension, value, estimate in (("all", "all", -714.0), ("team", "field_east", None))
        ],
        "agent_leaderboard": [
            {
                "week_start": week,
                "agent_id": f"g{rank}",
                "team": "support_desk",
                "achievements": "In time" if rank == 1 else None,
                "rank": rank if rank < 3 else None,
                "points": 30 // rank,
                "n_closed": 1,
                "n_answers": 9,
                "n_due": 4,
                "share_within_sla": 0.75,
                "is_ranked": rank < 3,
                **score(40.0, 8 if rank == 1 else 3),
            }
            for rank in (1, 2, 3)
        ],
        "agent_gaming_checks": [
            {
                "as_of_date": AS_OF,
                "agent_id": agent,
                "check_name": "promoter_share",
                "description": "share of the agent's answers at 9 or 10",
                "verdict": verdict,
                "n_observed": 60,
                "share_observed": found,
                "share_of_peers": 0.5,
                "difference": found - 0.5,
                "ci_low": found - 0.6,
                "ci_high": found - 0.4,
                "p_value": 0.001 if verdict == "look_into_it" else 0.8,
                "is_reportable": True,
            }
            for agent, verdict, found in (("g1", "look_into_it", 0.95), ("g2", "usual", 0.52))
        ],
    }


def change(comparison: str, dimension: str = "all", value: str = "all", **given: Any) -> dict[str, Any]:
    """A row of nps_change_decomposition: the headline programme, from 22.45 to 37.45, with an interval."""
    return {
        "comparison": comparison,
        "program_type": "relationship",
        "dimension": dimension,
        "dimension_value": value,
        "period_from": date(2026, 1, 1),
        "period_to": date(2026, 4, 1),
        "n_from": 1000,
        "n_to": 1000,
        "weight_from": 1.0,
        "weight_to": 1.0,
        "nps_from": 22.45,
        "nps_to": 37.45,
        "rate_effect": 15.0,
        "mix_effect": 0.0,
        "is_one_sided": False,
        "nps_total_from": 22.45,
        "nps_total_to": 37.45,
        "change": 15.0,
        "ci_low": 5.0,
        "ci_high": 25.0,
        "is_reportable": True,
        **given,
    }


def moved(segment: str) -> dict[str, Rows]:
    """A change by channel of which the parts are known, by segment a dull one; three themes; one survey's funnel."""
    none: dict[str, Any] = {"ci_low": None, "ci_high": None, "is_reportable": False}
    channels = (
        ("shop", 0.25, 0.15, 40.0, 55.0, 3.0, -1.755),
        ("call_centre", 0.60, 0.35, 20.0, 42.0, 10.45, -0.2625),
        ("app", 0.13, 0.40, 5.0, 32.0, 7.155, -3.0915),
        ("bot", 0.02, 0.10, -10.0, 17.0, 1.62, -2.116),
    )
    names = ("weight_from", "weight_to", "nps_from", "nps_to", "rate_effect", "mix_effect")
    june = {"period_from": date(2026, 5, 1), "period_to": date(2026, 6, 1)}
    month = {"month_start": date(2026, 6, 1), "question": "all", "currency": "USD", "n_scored": 100, "nps": 40.0}
    themes = (
        ("price", 25, -6.5, -12.0, -1.0, 2.0),
        ("support_speed", 40, 3.0, -1.0, 7.0, 8.0),
        ("billing", 19, None, None, None, -1.0),
        ("no_theme", 30, 9.0, 4.0, 14.0, 31.0),
    )
    comments = (
        ("R10", 3, "Too expensive for what it does, ask [email]"),
        ("R11", 9, "Worth every cent"),
        ("R12", 2, "<b>Dear</b>"),
    )
    funnel: dict[str, Any] = {
        "month_start": date(2026, 6, 1),
        "survey_id": "rel",
        "program_type": "relationship",
        "n_invited": 200,
        "n_delivered": 190,
        "n_opened": 100,
        "n_answered": 60,
        "n_scored": 57,
        "n_cooldown_breaches": 8,
        "response_rate": 0.3,
        "nps_raw": 35.0,
        "nps_weighted": 11.0,
        "effective_n": 34.9,
        "nps_bound_low": -59.5,
        "nps_bound_high": 80.5,
        "n_accounts_invited": 50,
        "n_accounts_scored": 20,
        "share_accounts_scored": 0.4,
        "revenue_share_scored": 0.55,
        "is_reportable": True,
    }
    return {
        "nps_change_decomposition": [
            change("month_on_month", n_from=208, n_to=2, nps_total_to=86.4, suppression_reason="suppressed")
            | june
            | none,
            change("quarter_on_quarter"),
            *(
                change("quarter_on_quarter", "channel", channel, **dict(zip(names, numbers, strict=True)))
                | {"n_from": round(1000 * numbers[0]), "n_to": round(1000 * numbers[1])}
                for channel, *numbers in channels
            ),
            *(
                change("quarter_on_quarter", "segment", value, weight_from=0.5, weight_to=0.5, rate_effect=7.5)
                | {"n_from": 500, "n_to": 500}
                for value in (segment, "mid_market")
            ),
            change("year_on_year", suppression_reason="low_sample", n_to=20, ci_low=-3.0, ci_high=33.0)
            | {"period_from": date(2025, 4, 1), "is_reportable": False},
            change("quarter_on_quarter", suppression_reason="one_account", program_type="transactional") | none,
        ],
        "theme_impact": [
            month
            | {
                "theme": theme,
                "n_answers": n,
                "nps_with_theme": 17.5,
                "impact": impact,
                "ci_low": low,
                "ci_high": high,
                "contribution": contribution,
                "avg_sentiment": -0.25 if theme == "price" else None,
                "revenue_exposed": Decimal(1234),
                "is_reportable": impact is not None,
                "suppression_reason": None if impact is not None else "too_few_answers",
            }
            for theme, n, impact, low, high, contribution in themes
        ],
        "fct_response_themes": [
            {"response_id": response_id, "theme": "price", "question": "reason"} for response_id, *_ in comments
        ],
        "fct_response_comments": [
            {"response_id": response_id, "question": "reason", "comment_redacted": text}
            for response_id, _, text in comments
        ],
        "fct_nps_responses": [
            {
                "response_id": response_id,
                "program_type": "relationship",
                "channel": "email",
                "score": score,
                "answered_date": date(2026, 6, 10),
            }
            for response_id, score, _ in comments
        ],
        "dim_surveys": [{"survey_id": "rel", "survey_name": "Relationship survey"}],
        "response_funnel": [
            {**funnel, "dimension": "all", "dimension_value": "all"},
            {**funnel, "dimension": "segment", "dimension_value": segment, "n_delivered": 95, "response_rate": 0.6},
        ],
        "retention_by_response": [
            {
                "horizon_months": 12,
                "response_status": status,
                "n_accounts": 40,
                "net_revenue_retention": kept,
                "ci_low": None if kept is None else kept - 0.05,
                "ci_high": None if kept is None else kept + 0.05,
                "answered_less_this": less,
                "answered_less_this_ci_low": None if less is None else less - 0.04,
                "answered_less_this_ci_high": None if less is None else less + 0.04,
            }
            for status, kept, less in (("answered", 1.1, None), ("silent", 1.0, 0.1), ("not_invited", None, None))
        ],
        **planned(),
    }


def target(entity: str, period: str, status: str, nps: float | None, **given: Any) -> dict[str, Any]:
    """A row of nps_target_attainment with a range from 21 to 23."""
    return {
        "entity": entity,
        "program_type": "relationship",
        "dimension": "all" if entity == "company" else entity.split("=")[0],
        "dimension_value": "all" if entity == "company" else entity.split("=")[1],
        "period": period,
        "period_start": date(int(period[:4]), 1, 1),
        "period_end": date(int(period[:4]), 12, 31),
        "source": "annual plan",
        "status": status,
        "target_low": 21.0,
        "target_high": 23.0,
        "n_scored": 3 if nps is None else 400,
        "nps": nps,
        "nps_ci_low": None if nps is None else nps - 1.5,
        "nps_ci_high": None if nps is None else nps + 1.5,
        "gap": None if nps is None else nps - 21.0,
        "ci_low": None if nps is None else nps - 22.5,
        "ci_high": None if nps is None else nps - 19.5,
        "is_reportable": nps is not None,
        **given,
    }


def planned() -> dict[str, Rows]:
    """Targets that were missed, reached within the margin, are open and cannot be judged; benchmarks; three schemes."""
    figures = (
        ("Technology", "industry", "one paper", "score", 60.0, True, "Same industry."),
        ("Software", "industry", "another paper", "score", 40.0, True, "Same industry."),
        ("Fruit", "company", "one paper", "score", 89.0, False, "One company. Another source says 47."),
        ("Fruit", "company", "another paper", "score", 47.0, False, "One company. Another source says 89."),
        ("Shops", "industry", "one paper", "top_quartile_min", 72.0, False, "Another industry."),
    )
    ours = {"nps": 31.25, "nps_ci_low": 21.25, "nps_ci_high": 41.25, "n_scored": 128}
    schemes = (
        ("round numbers", "good", "good", "good"),
        ("wide steps", None, "good", "excellent"),
        ("with gaps", None, None, None),
    )
    return {
        "nps_target_attainment": [
            target("company", "2024", "missed", 19.0),
            target("company", "2025", "within_margin", 22.0),
            target("company", "2026", "open", 24.0, target_high=None),
            target("region=europe", "2025", "not_enough_data", None),
        ],
        "nps_benchmark_position": [
            {
                "industry": entity,
                "publisher": publisher,
                "statistic": statistic,
                "entity": entity,
                "entity_kind": kind,
                "is_comparable": is_comparable,
                "comparability": comparability,
                "benchmark_value": value,
                "n_comparable": 2,
                "comparable_low": 40.0,
                "comparable_high": 60.0,
                "gap": 31.25 - value,
                "ci_low": 21.25 - value,
                "ci_high": 41.25 - value,
                "quartile_position": "bottom_quartile" if statistic != "score" else None,
                **ours,
            }
            for entity, kind, publisher, statistic, value, is_comparable, comparability in figures
        ],
        "nps_band_position": [
            {
                "as_of_date": AS_OF,
                "program_type": "relationship",
                "band_scheme": scheme,
                "source": "one paper",
                "n_scored": 128,
                "nps": 31.25,
                "ci_low": 21.25,
                "ci_high": 41.25,
                "band": band,
                "low_band": low,
                "high_band": high,
                "is_reportable": True,
            }
            for scheme, band, low, high in schemes
        ],
    }


def beside() -> dict[str, Rows]:
    """Two months of satisfaction and effort, one of them too small; two cohorts; actions of every fate."""
    empty = {"nps_n": 0, "csat_n": 3, "ces_n": 0, "csat_suppression_reason": "suppressed"}
    told: dict[str, Any] = {
        "nps_n": 60,
        "nps": 25.0,
        "nps_ci_low": 5.0,
        "nps_ci_high": 45.0,
        "csat_n": 20,
        "csat_top2": 0.75,
        "csat_top2_ci_low": 0.5,
        "csat_top2_ci_high": 0.9,
        "csat_suppression_reason": "low_sample",
        "ces_n": 35,
        "ces_mean": 0.625,
        "ces_mean_ci_low": 0.5,
        "ces_mean_ci_high": 0.75,
        "ces_direction": "mixed",
    }
    cohort: dict[str, Any] = {
        "n_accounts": 12,
        "n_onboarded": 10,
        "share_two_check_ins": 0.8,
        "share_two_check_ins_ci_low": 0.5,
        "share_two_check_ins_ci_high": 0.95,
        "n_answers_day_60": 2,
        "nps_day_60": 50.0,
        "n_observed_12m": 0,
        "is_onboarding_complete": False,
    }
    fates = (
        ("K1", "nps", -6.0, 2.0, None),
        ("K2", "csat", -0.02, 0.12, None),
        ("K3", "ces", 0.05, 0.15, "low_sample"),
        ("K4", "nps", None, None, "not_shipped"),
    )
    return {
        "experience_by_month": [
            {
                "program_type": "transactional",
                "month_start": day,
                "dimension": dimension,
                "dimension_value": value,
                **row,
            }
            for day, dimension, value, row in (
                (date(2026, 5, 1), "all", "all", empty),
                (date(2026, 6, 1), "all", "all", told),
                (date(2026, 6, 1), "touchpoint", "support", told),
                (date(2026, 6, 1), "channel", "bot", empty),
            )
        ],
        "onboarding_outcomes": [
            {"cohort_start": date(2026, 4, 1), **cohort},
            {
                "cohort_start": date(2025, 4, 1),
                **cohort,
                "is_onboarding_complete": True,
                "n_observed_12m": 12,
                "retention_12m": 0.75,
                "retention_12m_ci_low": 0.46,
                "retention_12m_ci_high": 0.92,
            },
        ],
        "action_outcomes": [
            {
                "action_id": action,
                "theme": "shipping",
                "polarity": "negative",
                "outcome_metric": metric,
                "shipped_date": None if low is None else date(2025, 6, 1),
                "n_baseline": 50,
                "n_actual": 60,
                "baseline": None if low is None else 0.5,
                "actual": None if low is None or high is None else 0.5 + (low + high) / 2,
                "change": None if low is None or high is None else (low + high) / 2,
                "ci_low": low,
                "ci_high": high,
                "suppression_reason": reason,
            }
            for action, metric, low, high, reason in fates
        ],
    }
