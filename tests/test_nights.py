"""Night after night in one home: what is published equals what a build from nothing would publish."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from orchestration.runs.instance import open_instance
from orchestration.settings import load_settings
from tests.conftest import TINY_AS_OF, run_nightly
from tests.habits import Habits
from tests.nights import Company, contents
from tests.verify_incremental import differences


def build(home: Path) -> dict[str, object]:
    content: dict[str, object] = json.loads((home / "published" / "build.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture
def home(tiny_release: Path, tmp_path: Path) -> Path:
    """The home of the tiny company, after its first night."""
    return Path(shutil.copytree(tiny_release, tmp_path / "home"))


def test_a_night_in_which_nothing_arrived_builds_nothing_and_publishes_the_same(home: Path) -> None:
    before, said_before = contents(home), build(home)
    raw = home / "raw"
    # The copy of the raw files lies elsewhere, so they are read anew: they hold what they held.
    done = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)

    assert done.code == 0, done.stderr
    assert "changed since the last build: nothing" in done.stderr
    assert contents(home) == before
    said = build(home)
    assert said["dbt_node_seconds"] == 0
    assert said["rows_out"] == said_before["rows_out"]
    assert said["checks"]["passed"] >= said_before["checks"]["passed"]  # type: ignore[index]
    assert said["raw_events"] == []
    evaluated, expected = words_of_checks(home)
    assert len(expected) > 300 and expected - evaluated == set()
    assert "emitted no result" not in (home / "build" / "logs" / "nightly.log").read_text(encoding="utf-8")


def words_of_checks(home: Path) -> tuple[set[str], set[str]]:
    """The checks that the last run evaluated, and those that it was to evaluate."""
    with open_instance(load_settings({"NPS_HOME": str(home)})) as instance:
        (run_id,) = instance.get_run_ids(limit=1)
        events = [entry.get_dagster_event() for entry in instance.all_logs(run_id) if entry.is_dagster_event]
    kinds = ("ASSET_CHECK_EVALUATION", "ASSET_CHECK_EVALUATION_PLANNED")
    evaluated, planned = (
        {str(event.event_specific_data.asset_check_key) for event in events if event.event_type_value == kind}  # type: ignore[union-attr]
        for kind in kinds
    )
    return evaluated, planned


def test_in_another_home_the_project_is_not_parsed_again(home: Path) -> None:
    said = (home / "build" / "logs" / "dbt.log").read_text(encoding="utf-8")

    assert "data tests" in said
    # Of the profile, or of variables: as dbt says why it parses all.
    assert "has changed" not in said and "have changed" not in said


def test_what_changed_is_built_and_a_changed_file_is_reported(home: Path, tmp_path: Path) -> None:
    raw = home / "raw"
    run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)
    (raw / "crm_users.csv").write_text("user_id,user_name,team\nu1,Somebody,desk\n")
    responses = raw / "survey_responses.csv"
    answer = "r0,a0,c0,2024-01-15T10:00:00Z,"
    responses.write_text(responses.read_text().replace(f"{answer}10", f"{answer}0"))

    done = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)

    assert done.code == 0, done.stderr
    assert "changed since the last build: comments" not in done.stderr
    assert "changed since the last build: crm_users, survey_responses" in done.stderr
    event = "survey_responses: survey_responses.csv is not what it was, and its 40 rows are replaced"
    assert build(home)["raw_events"] == [event]
    assert event in done.stdout
    afresh = tmp_path / "afresh"
    assert run_nightly(afresh, raw, NPS_AS_OF=TINY_AS_OF).code == 0
    assert contents(home) == contents(afresh)


def test_a_build_that_failed_is_followed_by_a_whole_one_whatever_was_done_by_hand(home: Path, tmp_path: Path) -> None:
    raw = home / "raw"
    before = contents(home)
    run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)
    ledger = raw / "crm_revenue.csv"
    written = ledger.read_text()
    # A month of over 1e19 does not fit into money.
    huge = "".join(f"huge{n},a1,2024-01-01,2024-01-31,9999999999999999,subscription\n" for n in range(1_100))
    ledger.write_text(written + huge)
    failed = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)
    assert failed.code == 1
    assert contents(home) == before
    ledger.write_text(written)
    settings = load_settings({"NPS_HOME": str(home), "NPS_AS_OF": TINY_AS_OF})
    Habits(tmp_path, settings, seed=1).befall("edit_and_revert", "change_rows_and_run", "change_raw_rows")

    mended = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)

    assert mended.code == 0, mended.stderr
    assert "dbt was run by hand on the build file: every table is built anew" in mended.stderr
    assert "changed since the last build" not in mended.stderr
    assert contents(home) == before


def test_nights_of_arrivals_and_corrections_equal_a_build_from_nothing(tmp_path: Path) -> None:
    """No file is changed or withdrawn: that would make tables anew, and hide what was wrong in them."""
    nights = [
        ("arrive", "correct", "invite", "move_contact", "act", "pass_a_day"),
        ("arrive", "delete", "bill", "follow_up", "refer", "learn_of_contacts"),
        ("correct", "invite", "bill", "refund", "move_account", "churn", "pass_months", "act"),
        ("refund", "correct_lines"),
        # A day alone: what hangs on the date is not touched by anything else.
        ("pass_a_day",),
    ]

    assert differences(Company(tmp_path / "raw", seed=1), tmp_path, nights)[1] == []


def test_nights_of_merges_addresses_and_links_equal_a_build_from_nothing(tmp_path: Path) -> None:
    nights = [
        ("merge_account", "correct_email", "link_account"),
        ("merge_contact", "own_domain", "move_contact"),
        # A merge alone: no new line of the ledger brings the account's other lines along.
        ("merge_account",),
    ]

    assert differences(Company(tmp_path / "raw", seed=3), tmp_path, nights)[1] == []
