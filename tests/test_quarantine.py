"""A raw row is accepted, superseded, deleted or set aside with the one reason that the contract names; none is lost."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from orchestration.raw.landing import land
from orchestration.raw.tables import tables_from_manifest
from orchestration.release.warehouse import open_build, open_read_only
from orchestration.settings import REPOSITORY, Settings, load_settings
from orchestration.transform.dbt_cli import DbtRun, command, load_manifest, parse

AS_OF = "2026-07-01"
ACCEPTED, SUPERSEDED, DELETED = "accepted", "superseded", "deleted"

# The reasons of the contract, in its order, and `scale_..._invalid`, for a scale is never guessed.
REASONS = {
    "survey_definitions": ["key_missing", "scale_min_invalid", "scale_max_invalid"],
    "survey_invitations": ["key_missing", "sent_at_invalid", "sent_in_future"],
    "survey_responses": [
        *("key_missing", "answered_at_invalid", "answered_in_future", "unknown_survey", "answered_before_invitation"),
        *("score_not_a_number", "score_not_whole", "score_out_of_range"),
    ],
    "crm_accounts": ["key_missing"],
    "crm_contacts": ["key_missing"],
    "crm_users": ["key_missing"],
    "crm_contracts": ["key_missing", "start_date_invalid", "end_date_invalid", "unknown_account"],
    "crm_revenue": ["key_missing", "amount_not_a_number", "period_invalid", "unknown_account", "unknown_currency"],
    "crm_cases": ["key_missing", "opened_at_invalid", "unknown_response"],
    "crm_check_ins": ["key_missing", "scheduled_at_invalid", "unknown_account"],
    "crm_referrals": ["key_missing", "referred_at_invalid", "unknown_account"],
    "account_links": ["key_missing", "valid_from_invalid", "unknown_account"],
    "feedback_actions": ["key_missing", "started_at_invalid"],
    "exchange_rates": ["key_missing", "month_invalid", "rate_invalid"],
}

# Of each raw table its columns and rows; the last value of a row is what must become of it: a verdict or a reason.
PLANTED: dict[str, list[tuple[str, ...]]] = {
    "survey_definitions": [
        (
            *("survey_id", "survey_name", "program_type", "metric", "question_text"),
            *("scale_min", "scale_max", "scale_direction", "updated_at"),
        ),
        ("S1", "Yearly", "relationship", "nps", "Likely?", "0", "ten", "higher_is_better", "2025-01-01", SUPERSEDED),
        ("S1", "Yearly", "relationship", "nps", "Likely?", "0", "10", "higher_is_better", "2025-02-01", ACCEPTED),
        ("EMOJI", "Smile", "transactional", "csat", "How was it?", "1", "4", "higher_is_better", "", ACCEPTED),
        ("S3", "Broken", "relationship", "nps", "Likely?", "", "10", "higher_is_better", "", "scale_min_invalid"),
        ("S4", "Broken", "relationship", "nps", "Likely?", "0", "ten", "higher_is_better", "", "scale_max_invalid"),
        (" ", "Nameless", "relationship", "nps", "Likely?", "0", "10", "higher_is_better", "", "key_missing"),
    ],
    "survey_invitations": [
        ("invitation_id", "survey_id", "channel", "sent_at"),
        ("I1", "S1", "email", "2026-01-10T12:00:00Z", ACCEPTED),
        ("I2", "S1", "email", "2026-01-10T12:00:00Z", SUPERSEDED),
        ("I2", "S1", "email", "2026-01-10T12:00:00Z", ACCEPTED),
        ("I3", "S1", "email", "tomorrow", "sent_at_invalid"),
        ("I4", "S1", "email", "2026-07-02", "sent_in_future"),
        ("", "S1", "email", "2026-01-10", "key_missing"),
    ],
    "survey_responses": [
        (
            *("response_id", "survey_id", "invitation_id", "account_id", "answered_at", "score"),
            *("is_complete", "is_excluded", "is_deleted", "updated_at", "verbatim_reason"),
        ),
        ("R1", "S1", "I1", "A1", "2026-01-10T12:00:00Z", "9", "", "", "", "", "Kind, quick", ACCEPTED),
        ("R2", "S1", "", "A1", "2026-01-12", "8.0", "", "", "", "", "", ACCEPTED),
        ("R3", "S1", "", "A1", "2026-01-12", "", "", "", "", "", "No score", ACCEPTED),
        ("R4", "S1", "", "NOBODY", "2026-01-12", "9", "", "", "", "", "", ACCEPTED),
        ("R5", "S1", "", "A1", "2026-01-12", "9", "false", "", "", "", "", ACCEPTED),
        ("R6", "S1", "", "A1", "2026-01-12", "9", "", "true", "", "", "", ACCEPTED),
        ("R7", "S1", "", "A1", "2026-01-12", "3", "", "", "", "2026-01-12T10:00:00Z", "", SUPERSEDED),
        ("R7", "S1", "", "A1", "2026-01-12", "4", "", "", "", "2026-01-12T11:00:00+02:00", "", SUPERSEDED),
        ("R7", "S1", "", "A1", "2026-01-12", "5", "", "", "", "2026-01-12T10:00:01Z", "", ACCEPTED),
        ("R8", "S1", "", "A1", "2026-01-12", "n/a", "", "", "", "2026-01-12", "", SUPERSEDED),
        ("R8", "S1", "", "A1", "2026-01-12", "11", "", "", "true", "2026-01-13", "", DELETED),
        ("", "S1", "", "A1", "2026-01-12", "9", "", "", "", "", 'Says "no key"', "key_missing"),
        ("R10", "S1", "", "A1", "12 January", "9", "", "", "", "", "", "answered_at_invalid"),
        ("R11", "S1", "", "A1", "2026-07-02T00:00:00Z", "9", "", "", "", "", "", "answered_in_future"),
        ("R12", "S9", "", "A1", "2026-01-12", "9", "", "", "", "", "", "unknown_survey"),
        ("R13", "S1", "I1", "A1", "2026-01-10T11:59:59Z", "9", "", "", "", "", "", "answered_before_invitation"),
        ("R14", "S1", "", "A1", "2026-01-12", "n/a", "", "", "", "", "", "score_not_a_number"),
        ("R15", "S1", "", "A1", "2026-01-12", "6.5", "", "", "", "", "", "score_not_whole"),
        ("R16", "S1", "", "A1", "2026-01-12", "11", "", "", "", "", "Two\nlines", "score_out_of_range"),
        ("R17", "EMOJI", "", "A1", "2026-01-12", "5", "", "", "", "", "", "score_out_of_range"),
    ],
    "crm_accounts": [
        ("account_id", "account_name", "segment", "merged_into_id", "is_deleted", "updated_at", "loaded_at"),
        ("A1", "Ash", "small", "", "", "2025-01-01", "", SUPERSEDED),
        ("A1", "Ash", "large", "", "", "2026-01-01", "2026-01-02", ACCEPTED),
        ("A2", "Birch", "small", "", "true", "", "", DELETED),
        ("", "Cedar", "small", "", "", "", "2026-01-03T04:05:06Z", "key_missing"),
        ("A3", "Ash tree", "small", "A1", "", "", "", DELETED),
    ],
    "crm_contacts": [
        ("contact_id", "account_id", "email", "is_deleted"),
        ("C1", "A1", "one@example.com", "", ACCEPTED),
        ("C2", "NOBODY", "two@example.com", "", ACCEPTED),
        ("C3", "A1", "three@example.com", "yes", DELETED),
        ("", "A1", "four@example.com", "", "key_missing"),
    ],
    "crm_users": [
        ("user_id", "user_name"),
        ("U1", "Ida", ACCEPTED),
        ("", "Ole", "key_missing"),
    ],
    "crm_contracts": [
        ("contract_id", "account_id", "start_date", "end_date"),
        ("K1", "A1", "2026-01-01", "2026-12-31", ACCEPTED),
        ("K2", "A1", "2026-02-30", "2026-12-31", "start_date_invalid"),
        ("K3", "A1", "2026-01-01", "", "end_date_invalid"),
        ("K4", "A2", "2026-01-01", "2026-12-31", "unknown_account"),
        ("", "A1", "2026-01-01", "2026-12-31", "key_missing"),
    ],
    "crm_revenue": [
        ("revenue_id", "account_id", "period_start", "period_end", "amount", "currency", "is_deleted", "updated_at"),
        ("V1", "A1", "2026-01-01", "2026-01-31", "100.25", "", "", "", ACCEPTED),
        ("V2", "A1", "2026-01-01", "2026-01-01", "-40", "EUR", "", "", ACCEPTED),
        ("V3", "A1", "2026-01-01", "2026-01-31", "1000", "USD", "", "2026-01-01", SUPERSEDED),
        ("V3", "A1", "2026-01-01", "2026-01-31", "2000", "USD", "1", "2026-01-02", DELETED),
        ("V4", "A1", "2026-01-01", "2026-01-31", "1,200", "USD", "", "", "amount_not_a_number"),
        ("V5", "A1", "2026-02-01", "2026-01-31", "7", "USD", "", "", "period_invalid"),
        ("V6", "A1", "2026-02-01", "never", "11", "USD", "", "", "period_invalid"),
        ("V7", "A2", "2026-01-01", "2026-01-31", "13", "USD", "", "", "unknown_account"),
        ("V8", "A1", "2026-01-01", "2026-02-28", "17", "EUR", "", "", "unknown_currency"),
        ("V9", "A1", "2026-01-01", "2026-01-31", "19", "XXX", "", "", "unknown_currency"),
        ("", "A1", "2026-01-01", "2026-01-31", "23", "USD", "", "", "key_missing"),
    ],
    "crm_cases": [
        ("case_id", "response_id", "opened_at"),
        ("F1", "R1", "2026-01-11", ACCEPTED),
        ("F2", "R1", "soon", "opened_at_invalid"),
        ("F3", "R16", "2026-01-13", "unknown_response"),
        ("", "R1", "2026-01-11", "key_missing"),
    ],
    "crm_check_ins": [
        ("check_in_id", "account_id", "kind", "scheduled_at"),
        ("H1", "A1", "onboarding", "2026-01-11", ACCEPTED),
        ("H2", "A1", "onboarding", "", "scheduled_at_invalid"),
        ("H3", "A9", "onboarding", "2026-01-11", "unknown_account"),
        ("", "A1", "onboarding", "2026-01-11", "key_missing"),
    ],
    "crm_referrals": [
        ("referral_id", "referrer_account_id", "referred_account_id", "referred_at"),
        ("G1", "A1", "A9", "2026-01-11", ACCEPTED),
        ("G2", "A1", "", "2026-13-11", "referred_at_invalid"),
        ("G3", "", "A1", "2026-01-11", "unknown_account"),
        ("", "A1", "", "2026-01-11", "key_missing"),
    ],
    "account_links": [
        ("source", "source_account_id", "account_id", "valid_from", "loaded_at"),
        ("billing", "K-1", "A1", "", "2026-01-01", SUPERSEDED),
        ("billing", "K-1", "A1", "", "2026-01-02", ACCEPTED),
        ("billing", "K-1", "A1", "2026-02-01", "", ACCEPTED),
        ("billing", "K-2", "A2", "", "", "unknown_account"),
        ("billing", "K-3", "A1", "in spring", "", "valid_from_invalid"),
        ("", "K-4", "A1", "", "", "key_missing"),
        ("billing", "", "A1", "", "", "key_missing"),
    ],
    "feedback_actions": [
        ("action_id", "theme", "polarity", "action_text", "started_at"),
        ("B1", "packaging", "negative", "Paper, not plastic", "2026-01-11", ACCEPTED),
        ("B2", "packaging", "negative", "Less of it", "not yet", "started_at_invalid"),
        ("", "packaging", "negative", "None at all", "2026-01-11", "key_missing"),
    ],
    "exchange_rates": [
        ("month", "currency", "rate"),
        ("2026-01-01", "EUR", "1.1", ACCEPTED),
        ("2026-02-01", "EUR", "zero", "rate_invalid"),
        ("2026-03-01", "EUR", "0", "rate_invalid"),
        ("2026-14-01", "EUR", "1.1", "month_invalid"),
        ("2026-01-01", "", "1.1", "key_missing"),
        ("", "EUR", "1.1", "key_missing"),
    ],
}

# Columns that are cast: those of dates and times, and others. Of each, a value that does not parse, and a date out of
# the span of a company's records, are planted in rows that are right otherwise.
MOMENTS = {
    "survey_definitions": ["updated_at", "loaded_at"],
    "survey_invitations": ["sent_at", "delivered_at", "opened_at", "bounced_at", "loaded_at"],
    "survey_responses": ["answered_at", "updated_at", "loaded_at"],
    "crm_accounts": ["created_at", "churned_at", "updated_at", "loaded_at"],
    "crm_contacts": ["created_at", "last_active_at", "unsubscribed_at", "updated_at", "loaded_at"],
    "crm_users": ["updated_at", "loaded_at"],
    "crm_contracts": ["start_date", "end_date", "updated_at", "loaded_at"],
    "crm_revenue": ["period_start", "period_end", "invoiced_at", "updated_at", "loaded_at"],
    "crm_cases": ["opened_at", "first_contact_at", "closed_at", "updated_at", "loaded_at"],
    "crm_check_ins": ["scheduled_at", "completed_at", "updated_at", "loaded_at"],
    "crm_referrals": ["referred_at", "converted_at", "updated_at", "loaded_at"],
    "feedback_actions": ["started_at", "shipped_at", "updated_at", "loaded_at"],
    "account_links": ["valid_from", "loaded_at"],
    "exchange_rates": ["month", "loaded_at"],
}
OTHERS = {
    "survey_definitions": ["program_type", "metric", "scale_direction", "counts_as_nps"],
    "survey_invitations": ["has_incentive"],
    "survey_responses": ["is_complete", "is_excluded", "is_deleted"],
    "crm_accounts": ["is_deleted"],
    "crm_contacts": ["is_deleted"],
    "crm_users": ["hourly_cost", "is_active"],
    "crm_contracts": ["annual_amount"],
    "crm_revenue": ["cost", "is_deleted"],
    "crm_cases": ["was_reached", "minutes_spent", "attributed_revenue"],
    "feedback_actions": ["polarity"],
}
# What people really have in place of an ISO date or of a word that is known.
NOT_DATES = [
    "1/6/26",
    "31/03/2026",
    "1775000000",
    "20260105",
    "2026-02-30",
    "10:00",
    "45000",
    "\uff12\uff10\uff12\uff16-01-05",
    "2026-1-5",
]
FAR_DATES = ["0001-01-01", "1066-10-14", "2999-12-31", "290309-12-22 (BC) 00:00:00", "12026-01-05", "-0044-03-15"]
NOT_WORDS = ["perhaps", "1_500", "12.500,00", "100-", "0x10", "\uff11\uff12"]


def plant_values() -> None:
    """Add to each table a row for every value that does not parse, right but for that value."""
    for table, moments in MOMENTS.items():
        header, *rows = PLANTED[table]
        others = OTHERS.get(table, [])
        columns = [*header, *(column for column in [*moments, *others] if column not in header)]
        padding = ("",) * (len(columns) - len(header))
        right = dict(zip(header, next(row for row in rows if row[-1] == ACCEPTED), strict=False))
        wrong = [
            *((column, value, f"{column}_invalid") for column in moments for value in NOT_DATES),
            *((column, value, f"{column}_implausible") for column in moments for value in FAR_DATES),
            *((column, value, f"{column}_invalid") for column in others for value in NOT_WORDS),
        ]
        planted = []
        for n, (column, value, reason) in enumerate(wrong):
            row = right | {header[0]: f"value-{n}", column: value}
            if table == "exchange_rates":
                row = right | {"currency": f"X{n:02d}", column: value}
            outcome = "period_invalid" if reason in ("period_start_invalid", "period_end_invalid") else reason
            planted.append((*(row.get(name, "") for name in columns), outcome))
        PLANTED[table] = [tuple(columns), *((*row[:-1], *padding, row[-1]) for row in rows), *planted]
        REASONS[table] = [*REASONS[table], *dict.fromkeys(row[-1] for row in planted)]


plant_values()


def outcomes(table: str) -> list[str]:
    return [row[-1] for row in PLANTED[table][1:]]


def expected_reasons(table: str) -> list[tuple[int, str]]:
    """The rows to be set aside, counted from 1, each with its reason."""
    return [(n, reason) for n, reason in enumerate(outcomes(table), start=1) if reason in REASONS[table]]


def write_csv(folder: Path) -> None:
    for name, (columns, *rows) in PLANTED.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(row[:-1] for row in rows)


def write_parquet(folder: Path) -> None:
    """The same rows with the types that their values allow."""
    write_csv(folder)
    with duckdb.connect() as connection:
        for name in PLANTED:
            source = folder / f"{name}.csv"
            connection.read_csv(source, sample_size=-1).write_parquet(str(source.with_suffix(".parquet")))
            source.unlink()


def judge(home: Path, raw: Path) -> Settings:
    """Land the raw files and let dbt judge their rows."""
    settings = load_settings({"NPS_HOME": str(home), "NPS_RAW": str(raw), "NPS_AS_OF": AS_OF})
    parse(settings, only_if_stale=True)
    with open_build(settings) as connection:
        land(connection, settings.raw, tables_from_manifest(load_manifest()))
    selection = ["--select", "+row_reconciliation", "+quarantine_summary", "--indirect-selection", "cautious"]
    verb = ["build", "--exclude-resource-type", "unit_test", *selection]
    run = DbtRun(command(settings, verb, settings.dbt_target_folder), settings)
    run.finish()
    return settings


@pytest.fixture(scope="module")
def judged_csv(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    raw = tmp_path_factory.mktemp("raw")
    write_csv(raw)
    return judge(tmp_path_factory.mktemp("home"), raw)


@pytest.fixture(scope="module")
def judged_parquet(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    raw = tmp_path_factory.mktemp("raw")
    write_parquet(raw)
    return judge(tmp_path_factory.mktemp("home"), raw)


@pytest.fixture(scope="module", params=["judged_csv", "judged_parquet"])
def judged(request: pytest.FixtureRequest) -> Settings:
    settings: Settings = request.getfixturevalue(request.param)
    return settings


@pytest.fixture(scope="module")
def warehouse(judged: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_read_only(judged.build_file) as connection:
        yield connection


def test_every_reason_of_every_table_is_planted() -> None:
    declared = {
        model["name"]: column["data_tests"][0]["accepted_values"]["arguments"]["values"]
        for path in (REPOSITORY / "dbt_project" / "models" / "staging").rglob("stg_*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for column in model["columns"]
        if column["name"] == "quarantine_reason"
    }
    judged = {model.split("__")[1]: set(reasons) for model, reasons in declared.items()}
    planted = {name: {reason for _, reason in expected_reasons(name)} for name in PLANTED}

    assert planted == {name: set(reasons) for name, reasons in REASONS.items()}
    assert {
        table.removeprefix("survey_").removeprefix("crm_").removeprefix("feedback_"): reasons
        for table, reasons in planted.items()
    } == judged


@pytest.mark.parametrize("table", PLANTED)
def test_exactly_the_planted_rows_are_set_aside(warehouse: duckdb.DuckDBPyConnection, table: str) -> None:
    found = warehouse.execute(
        "select _row_number, reason from quality.quarantined_rows where raw_table = ? order by _row_number", [table]
    ).fetchall()

    assert found == expected_reasons(table)


def test_the_verdicts_add_up_to_the_raw_rows(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = {
        row[0]: row[1:]
        for row in warehouse.execute(
            "select raw_table, n_raw, n_superseded, n_deleted, n_quarantined, n_accepted from marts.row_reconciliation"
        ).fetchall()
    }

    assert found == {
        table: (
            len(outcomes(table)),
            outcomes(table).count(SUPERSEDED),
            outcomes(table).count(DELETED),
            len(expected_reasons(table)),
            outcomes(table).count(ACCEPTED),
        )
        for table in PLANTED
    }


def test_every_source_is_reconciled(warehouse: duckdb.DuckDBPyConnection) -> None:
    tables = warehouse.execute("select raw_table from marts.row_reconciliation").fetchall()

    assert sorted(table for (table,) in tables) == sorted(table.name for table in tables_from_manifest(load_manifest()))


def test_the_summary_counts_the_reasons(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute("select raw_table, reason, n_rows from marts.quarantine_summary").fetchall()

    planted = Counter((table, reason) for table in PLANTED for _, reason in expected_reasons(table))
    assert {(table, reason): n for table, reason, n in found} == planted


def test_the_summary_gives_the_first_load_and_an_example(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        """
        select raw_table, reason, example_key, cast(first_seen as varchar)
        from marts.quarantine_summary
        where (raw_table, reason) in (
            ('crm_accounts', 'key_missing'), ('crm_revenue', 'period_invalid'), ('exchange_rates', 'rate_invalid')
        )
        order by raw_table
        """
    ).fetchall()

    assert [row[:2] for row in found] == [
        ("crm_accounts", "key_missing"),
        ("crm_revenue", "period_invalid"),
        ("exchange_rates", "rate_invalid"),
    ]
    assert [row[2] for row in found[:2]] == [None, "V5"]
    assert found[2][2].startswith("2026-02-01") and found[2][2].endswith("EUR")
    assert [row[3] for row in found] == ["2026-01-03 04:05:06", None, None]


def test_no_money_is_lost(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "select verdict, cast(sum(amount) as double) from staging.stg_crm__revenue "
        "where revenue_id not like 'value-%' or revenue_id is null group by verdict"
    ).fetchall()

    # 100.25 - 40 accepted; 7 + 11 + 13 + 17 + 19 + 23 set aside, beside one amount that is no number.
    assert dict(found) == {ACCEPTED: 60.25, SUPERSEDED: 1000, DELETED: 2000, "quarantined": 90}


def test_a_row_that_is_set_aside_is_kept_as_it_came(judged_csv: Settings) -> None:
    with open_read_only(judged_csv.build_file) as connection:
        kept = connection.execute(
            "select raw_table, _row_number, source_file, raw_row from quality.quarantined_rows"
        ).fetchall()

    assert len(kept) == sum(len(expected_reasons(table)) for table in PLANTED)
    for table, number, source_file, raw_row in kept:
        columns, *rows = PLANTED[table]
        row: dict[str, Any] = json.loads(raw_row)
        assert source_file == f"{table}.csv"
        assert [row[column] or "" for column in columns] == list(rows[number - 1][:-1])
