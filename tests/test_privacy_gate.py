"""A night that would publish personal data stops, by where a column comes from and by what its values look like."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.findings import BuildError
from orchestration.privacy.gate import STORE, check_lineage
from orchestration.privacy.search import STORE as SEARCHED
from orchestration.privacy.search import check_release, kinds_in
from orchestration.privacy.tags import allowed_kinds, tagged_columns
from orchestration.release.warehouse import PublishedTable
from orchestration.settings import Settings, load_settings
from orchestration.transform.dbt_cli import load_manifest
from tests.conftest import TINY_AS_OF, run_nightly, write_tiny_raw

CONTACTS = '"warehouse"."staging"."stg_crm__contacts"'
RESPONSES = '"warehouse"."staging"."stg_survey__responses"'


def manifest_of(settings: Settings) -> dict[str, Any]:
    return dict(load_manifest(settings.dbt_target_folder / "manifest.json"))


@pytest.fixture
def built(tiny_release: Path, tmp_path: Path) -> Settings:
    """A copy of the tiny company's build, whose compiled SQL may be changed."""
    shutil.copytree(tiny_release / "build", tmp_path / "build", ignore=shutil.ignore_patterns("release"))
    return load_settings({"NPS_HOME": str(tmp_path)})


def compiled(settings: Settings, model: str) -> Path:
    (found,) = (settings.dbt_target_folder / "compiled").rglob(f"models/**/{model}.sql")
    return found


def test_what_the_project_publishes_on_purpose_has_a_reason(built: Settings) -> None:
    manifest = manifest_of(built)
    allowed = {
        (node["name"], column)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        for column in allowed_kinds(node)
    }

    assert check_lineage(built, manifest) == len(allowed)
    assert allowed == {("dim_accounts", "account_name"), ("agent_names", "agent_name")}


def test_every_raw_column_that_names_a_person_is_tagged(built: Settings) -> None:
    tagged = {(table, column) for (_, table), kinds in tagged_columns(manifest_of(built)).items() for column in kinds}

    assert tagged == {
        ("crm_accounts", "account_name"),
        ("crm_contacts", "email"),
        ("crm_contacts", "full_name"),
        ("crm_users", "user_name"),
        ("feedback_actions", "action_text"),
        ("survey_invitations", "contact_email"),
        ("survey_responses", "contact_email"),
        ("survey_responses", "verbatim_reason"),
        ("survey_responses", "verbatim_improve"),
    }


@pytest.mark.parametrize(
    ("model", "sql", "said"),
    [
        ("dim_contacts", f"select contact_id, email as contact_email from {CONTACTS}", "raw.crm_contacts.email → "),
        ("dim_contacts", f"select * from {CONTACTS}", "column full_name holds the name of raw.crm_contacts"),
        (
            "dim_contacts",
            f"with c as (from {CONTACTS}) select contact_id, lower(full_name) as x from c",
            "column x holds",
        ),
        ("fct_response_comments", f"select response_id, verbatim_reason from {RESPONSES}", "free_text: <reason>"),
        ("dim_dates", f"select 'a' as t union all select contact_email from {RESPONSES}", "column t holds the e-mail"),
    ],
)
def test_a_column_that_descends_from_personal_data_stops_the_night(
    built: Settings, model: str, sql: str, said: str
) -> None:
    manifest = manifest_of(built)
    node = manifest["nodes"][f"model.nps_warehouse.{model}"]
    parent = "stg_crm__contacts" if CONTACTS in sql else "stg_survey__responses"
    node["depends_on"]["nodes"].append(f"model.nps_warehouse.{parent}")
    manifest["parent_map"][f"model.nps_warehouse.{model}"].append(f"model.nps_warehouse.{parent}")
    path = compiled(built, model)
    path.write_text(sql, encoding="utf-8")

    with pytest.raises(BuildError) as error:
        check_lineage(built, manifest)
    assert f"FAILED private_column_published on marts.{model}: " in str(error.value)
    assert said in str(error.value)


def test_a_model_is_read_once_and_again_when_its_sql_is_another(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = manifest_of(built)
    (built.build_folder / STORE).unlink(missing_ok=True)
    check_lineage(built, manifest)
    # Another as-of date is no other SQL.
    path = compiled(built, "dim_accounts")
    path.write_text(path.read_text(encoding="utf-8").replace(TINY_AS_OF, "2024-07-02"), encoding="utf-8")

    def unwanted(*_: object) -> None:
        raise AssertionError("read again")

    with monkeypatch.context() as patched:
        patched.setattr("orchestration.privacy.gate.columns_of", unwanted)
        check_lineage(built, manifest)
        path.write_text(path.read_text(encoding="utf-8") + " limit 1", encoding="utf-8")
        with pytest.raises(AssertionError, match="read again"):
            check_lineage(built, manifest)
    (built.build_folder / STORE).write_text("{", encoding="utf-8")
    check_lineage(built, manifest)


def test_a_reason_must_be_given() -> None:
    column = {"config": {"meta": {"may_hold": {"name": " "}}}}
    node = {"schema": "marts", "alias": "t", "patch_path": "p://m.yml", "columns": {"c": column}}

    with pytest.raises(BuildError, match="nothing says why"):
        allowed_kinds(node)


# The values -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = load_settings({"NPS_HOME": str(tmp_path)})
    settings.build_folder.mkdir(parents=True)
    with duckdb.connect(str(settings.build_file)) as connection:
        connection.execute(
            "create schema raw; create table raw.crm_contacts (full_name varchar, email varchar, _row_number bigint); "
            "insert into raw.crm_contacts values ('Anna Lund', 'anna@example.com', 1); "
            "create table raw.crm_users (user_name varchar, _row_number bigint); "
            "create table raw.crm_accounts (account_name varchar, region varchar, _row_number bigint)"
        )
    return settings


def release_with(settings: Settings, rows: Mapping[str, str], **may_hold: str) -> None:
    """Check a release of one table, with these values of a dimension by their key."""
    release_file = settings.home / "nps.duckdb"
    release_file.unlink(missing_ok=True)
    with duckdb.connect(str(release_file)) as connection:
        connection.execute("create schema marts; create table marts.scores (score_id varchar, dimension_value varchar)")
        connection.executemany("insert into marts.scores values (?, ?)", list(rows.items()))
    columns = {"dimension_value": {"config": {"meta": {"may_hold": may_hold}}}}
    node = {"resource_type": "model", "schema": "marts", "alias": "scores", "patch_path": "m.yml", "columns": columns}
    table = PublishedTable("marts", "scores", ("score_id",))
    fingerprint = {"marts.scores": str(sorted(rows.items()))}
    check_release(settings, {"nodes": {"m": node}}, release_file, [table], fingerprint, {})


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("anna@example.com", "like an e-mail address"),
        ("anna(at)firma.de", "like an e-mail address"),
        ("EMEA anna＠firma.de", "like an e-mail address"),
        ("+49 30 1234567", "like a telephone number"),
        ("phone 555 010 0199", "like a telephone number"),
        ("Anna Lund", "with the full name"),
        ("north: ANNA LÜND?", "with the full name"),
        ("https://example.com/u/anna", "like a link"),
        ("DE89370400440532013000", "like a bank account"),
        ("4111 1111 1111 1111", "like a card number"),
        ("219-09-9998", "like a national identity number"),
    ],
)
def test_a_value_that_looks_personal_stops_the_night(home: Settings, value: str, said: str) -> None:
    with pytest.raises(BuildError) as error:
        release_with(home, {"k1": "EMEA", "k2": value})
    text = str(error.value)

    assert "FAILED private_value_published on marts.scores (1 row): column dimension_value has values 1 " in text
    assert said in text
    assert "row with the key's hash " in text
    assert value not in text


@pytest.mark.parametrize(
    "value",
    ["EMEA", "50-249", "500-1000", "2026-06-30", "relationship", "Anna", "Lund Anna-Maria", "Q3 2025", "v10.2.0.15"],
)  # fmt: skip
def test_what_dimensions_hold_passes(home: Settings, value: str) -> None:
    release_with(home, {"k1": value})


def test_an_id_is_digits_that_look_like_anything_but_no_address(home: Settings) -> None:
    release_with(home, {"5550100199": "EMEA", "4111111111111111": "EMEA"})
    with pytest.raises(BuildError, match="column score_id has values 1 like an e-mail address"):
        release_with(home, {"anna@example.com": "EMEA"})


def test_a_reason_lets_a_kind_through_and_no_other(home: Settings) -> None:
    release_with(home, {"k1": "Anna Lund"}, name="Accounts of sole traders.")
    with pytest.raises(BuildError, match="like an e-mail address"):
        release_with(home, {"k1": "Anna Lund", "k2": "anna@example.com"}, name="Accounts of sole traders.")


def test_a_table_that_was_found_clean_is_not_searched_again(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    release_with(home, {"k1": "EMEA 1 2 3 4"})

    def unwanted(value: str) -> set[str]:
        raise AssertionError("searched again")

    monkeypatch.setattr("orchestration.privacy.search.kinds_in", unwanted)
    release_with(home, {"k1": "EMEA 1 2 3 4"})
    with pytest.raises(AssertionError, match="searched again"):
        release_with(home, {"k1": "EMEA 1 2 3 5"})
    (home.build_folder / SEARCHED).write_text("[]", encoding="utf-8")
    with pytest.raises(AssertionError, match="searched again"):
        release_with(home, {"k1": "EMEA 1 2 3 4"})


def test_a_band_of_sizes_is_no_telephone_number() -> None:
    assert kinds_in("500-1000 seats") == set()
    assert kinds_in("555-0142 ext. 4711") == {"phone"}


# The whole night ------------------------------------------------------------------------------------------------------


def test_dirt_of_the_sources_stops_the_night_and_no_value_is_said(tmp_path: Path) -> None:
    raw = write_tiny_raw(tmp_path / "raw")
    planted = {"account_name": "anna.lund@example.com", "region": "+49 30 1234567", "segment": "Bo Ek"}
    path = raw / "crm_accounts.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    rows[2] |= planted
    with path.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    (raw / "crm_contacts.csv").write_text("contact_id,account_id,full_name\nc1,a1,Bo Ek\n", encoding="utf-8")

    done = run_nightly(tmp_path / "home", raw, NPS_AS_OF=TINY_AS_OF)

    assert done.code != 0
    assert not (tmp_path / "home" / "published").exists()
    said = done.stdout + done.stderr
    assert (
        "FAILED private_value_published on marts.dim_accounts (1 row): column account_name has values 1 like an "
        in said
    )
    assert "It came from raw.crm_accounts.account_name (_row_number 3)." in said
    assert "column region has values 1 like a telephone number" in said
    assert "with the full name of a contact" in said
    assert [value for value in planted.values() if value in said] == []
