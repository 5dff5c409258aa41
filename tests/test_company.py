"""A company's folder: what it may say, what is said of what it may not, and the night that is made of it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt_common.exceptions import DbtRuntimeError

from orchestration.__main__ import main
from orchestration.company.project import compose, project_sources
from orchestration.findings import BuildError
from orchestration.settings import PROJECT, REFERENCE, REPOSITORY, SAMPLE, SettingsError, load_settings
from orchestration.transform.gate import Plugin
from tests.conftest import run_cli, write_tiny_raw

MODEL = "select region, cast(count(*) as bigint) as n_answers from {{ ref('fct_nps_responses') }} group by region\n"
MODEL_YML = """
models:
  - name: answers_by_region
    description: One row per region. How many answered.
    columns:
      - {name: region, data_type: varchar, description: The region., data_tests: [unique, not_null]}
      - {name: n_answers, data_type: bigint, description: Its answers.}
"""
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2"><circle r="1" cx="1" cy="1"/></svg>'


@pytest.fixture
def company(tmp_path: Path) -> Callable[..., Path]:
    """Writes files of a company's folder, by their paths, and gives the folder."""

    def write(**files: str) -> Path:
        folder = tmp_path / "a company's [own]"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            path = folder / re.sub(r"_(yml|sql|csv)$", r".\1", name.replace("__", "/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write


def test_what_the_folder_says_holds_and_the_environment_wins(company: Callable[..., Path]) -> None:
    folder = company(
        company_yml="name: Acme\nsettings: {timezone: Europe/Berlin, currency: EUR, publish: ['parquet:/srv/p']}\n"
        "variables: {trend_window_days: 180, sla_hours: [24, 72]}\n"
        "notify: {on: [failed, published], to: ['mailto://night@example.org']}\n"
    )
    found = load_settings({"NPS_COMPANY": str(folder), "NPS_CURRENCY": "CHF"})
    assert (found.name, found.timezone, found.currency) == ("Acme", "Europe/Berlin", "CHF")
    assert (found.raw, found.home) == (str(folder / "raw"), folder / "var")
    assert [destination.name for destination in found.destinations] == ["parquet:/srv/p"]
    assert found.variables == {"trend_window_days": 180, "sla_hours": [24, 72]}
    assert (found.notify, found.notify_on) == (("mailto://night@example.org",), ("failed", "published"))


def test_the_sample_is_such_a_folder() -> None:
    named, unnamed = load_settings({"NPS_COMPANY": str(SAMPLE)}), load_settings({})
    assert named.as_of == unnamed.as_of
    assert (named.home, named.raw, named.name) == (unnamed.home, unnamed.raw, unnamed.name)
    assert named.project_folder == PROJECT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nme: Acme", "'nme' is not one of its keys; did you mean name?"),
        ("settings: {timezon: UTC}", "settings: 'timezon' is none; did you mean timezone?"),
        ("settings: {company: other}", "settings: 'company' is none"),
        ("settings: {timezone: Mars}", "settings: timezone='Mars' is not a time zone"),
        ("settings: {publish: oracle}", "settings: publish: 'oracle' is not a kind of destination"),
        ("settings: [UTC]", "settings is ['UTC']; write keys and values below it"),
        ("variables: {trend_window: 3}", "variables: trend_window is none; did you mean trend_window_days?"),
        ("variables: {trend_window_days: long}", "trend_window_days is 'long'; write a value like 90"),
        ("variables: {trend_window_days: true}", "trend_window_days is True; write a value like 90"),
        ("variables: {sla_hours: 24}", "sla_hours is 24; write a value like [24, 48]"),
        ("variables: {as_of_date: 2026-01-01}", "as_of_date is a setting; write as_of under settings"),
        ("notify: {onn: [failed]}", "notify: 'onn' is not one of its keys; did you mean on?"),
        ("name: Acme\nname: Bcme", "line 2 is not YAML: 'name' is given twice"),
        ("notify: {to: [mailto://u:secret@h", "company.yml, line 1 is not YAML"),
        ("- name", "holds no keys"),
    ],
)
def test_what_it_may_not_say_is_named_with_what_was_meant(company: Callable[..., Path], text: str, said: str) -> None:
    folder = company(company_yml=text)
    with pytest.raises(SettingsError) as raised:
        load_settings({"NPS_COMPANY": str(folder)})
    assert said in str(raised.value)
    assert "company.yml" in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_folder_that_is_not_there_and_a_file_of_another_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not a folder; make one: make company TO="):
        load_settings({"NPS_COMPANY": str(tmp_path / "nowhere")})
    (tmp_path / "company.yaml").write_text("name: Acme")
    with pytest.raises(SettingsError, match=r"company\.yaml is not read; name it company\.yml"):
        load_settings({"NPS_COMPANY": str(tmp_path)})


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"models__x_sql": MODEL}, "nobody can tell whether it is published"),
        ({"models__charts__x_sql": MODEL}, "nobody can tell whether it is published"),
        ({"models__marts__x_sql": MODEL}, "no yml file under models describes it"),
        (
            {"models__marts__x_sql": MODEL, "models__marts__x_yml": "models: [{name: x, description: Answers.}]"},
            "its description does not say what one row is",
        ),
        (
            {"models__marts__x_sql": MODEL, "models__marts__x_yml": "models: [{name: x, description: One row per x.}]"},
            "no test says which columns name one row",
        ),
        (
            {
                "models__marts__answers_by_region_sql": "select 1 as region from {{ source('crm', 'crm_accounts') }}",
                "models__marts__answers_by_region_yml": MODEL_YML,
            },
            "it reads raw rows",
        ),
        ({"models__marts__nps_by_month_sql": MODEL}, "the project has a table of this name"),
        ({"models__marts__x_sql": MODEL, "models__marts__x_yml": "models: ["}, "it is not YAML in line"),
        ({"reference__nps_target_csv": "a,b\n"}, "did you mean nps_targets?"),
        ({"reference__nps_targets_csv": "entity,low\n"}, "its columns are entity, low; the table has"),
    ],
)
def test_what_cannot_be_part_of_the_project_is_named(
    company: Callable[..., Path], files: dict[str, str], said: str
) -> None:
    settings = load_settings({"NPS_COMPANY": str(company(**files))})
    with pytest.raises(BuildError) as raised:
        compose(settings)
    assert said in str(raised.value)


def test_dbt_by_hand_says_at_once_what_cannot_be_part_of_the_project(
    company: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "dev" / "warehouse.duckdb"
    file.parent.mkdir()
    duckdb.connect(file).close()
    monkeypatch.setenv("NPS_COMPANY", str(company(models__marts__x_sql=MODEL)))
    with pytest.raises(DbtRuntimeError, match="no yml file under models describes it"):
        Plugin("gate", {}).update_connection_config(DuckDBCredentials(database="d", schema="main", path=str(file)), {})


def test_the_project_is_made_once_and_again_when_it_has_to_be_another(company: Callable[..., Path]) -> None:
    targets = (REFERENCE / "nps_targets.csv").read_text(encoding="utf-8")
    folder = company(company_yml="variables: {trend_window_days: 180}", reference__nps_targets_csv=targets)
    settings = load_settings({"NPS_COMPANY": str(folder)})
    compose(settings)
    project = settings.project_folder
    stood = (project / "dbt_project.yml").stat().st_mtime_ns
    assert (project / "seeds" / "nps_targets.csv").resolve() == folder / "reference" / "nps_targets.csv"
    assert (project / "seeds" / "claims.csv").resolve() == REFERENCE / "claims.csv"
    assert "trend_window_days: 180" in (project / "dbt_project.yml").read_text(encoding="utf-8")
    compose(settings)
    assert (project / "dbt_project.yml").stat().st_mtime_ns == stood
    company(models__marts__answers_by_region_sql=MODEL, models__marts__answers_by_region_yml=MODEL_YML)
    compose(settings)
    assert (project / "company" / "marts" / "answers_by_region.sql").is_file()
    assert folder / "models" / "marts" / "answers_by_region.sql" in set(project_sources(settings))


def _add_column(file: Path, name: str, values: Sequence[str], rows: int | None = None) -> None:
    """Give a raw file a column, its values in turn; with ``rows``, as many rows as these, like the first."""
    with file.open(encoding="utf-8", newline="") as text:
        found = list(csv.DictReader(text))
    found = [{**found[0], "account_id": f"a{number}"} for number in range(rows)] if rows else found
    given = [{**row, name: values[number % len(values)]} for number, row in enumerate(found)]
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(given[0]))
        writer.writeheader()
        writer.writerows(given)


def test_a_field_that_is_no_column_or_one_of_ours_is_named(company: Callable[..., Path]) -> None:
    settings = load_settings({"NPS_COMPANY": str(company(company_yml="fields: {accounts: [segment]}"))})
    with pytest.raises(BuildError, match="crm_accounts has a column segment already"):
        compose(settings)
    for text, said in (
        ("fields: {account: [tier]}", "'account' has none; did you mean accounts?"),
        ("fields: {accounts: [Plan Tier]}", "'Plan Tier' is no name of a column"),
        ("fields: {accounts: [tier], responses: [tier]}", "'tier' is named twice"),
        ("variables: {account_fields: [tier]}", "is made of the fields; name them under fields"),
    ):
        with pytest.raises(SettingsError, match=re.escape(said)):
            load_settings({"NPS_COMPANY": str(company(company_yml=text))})


def test_a_night_of_a_company_of_its_own(company: Callable[..., Path], tmp_path: Path) -> None:
    targets = (REFERENCE / "nps_targets.csv").read_text(encoding="utf-8").splitlines()
    folder = company(
        company_yml="name: Acme & Sons\nsettings: {as_of: 2024-07-01}\nvariables: {trend_window_days: 180}\n"
        "fields: {accounts: [plan_tier], responses: [product]}",
        reference__nps_targets_csv=targets[0] + "\n",
        models__marts__answers_by_region_sql=MODEL,
        models__marts__answers_by_region_yml=MODEL_YML,
        logo="",
    )
    (folder / "logo").rename(folder / "logo.svg")
    (folder / "logo.svg").write_text(LOGO, encoding="utf-8")
    raw = write_tiny_raw(folder / "raw")
    _add_column(raw / "crm_accounts.csv", "plan_tier", ("gold", "silver"))
    _add_column(raw / "survey_responses.csv", "product", ("app", "web", ""))
    before = {path: path.stat().st_mtime_ns for path in (REPOSITORY / "dbt_project" / "models").rglob("*")}
    done = run_cli(folder / "var", folder / "raw", "nightly", NPS_COMPANY=str(folder))
    assert done.code == 0, done.stderr
    assert before == {path: path.stat().st_mtime_ns for path in (REPOSITORY / "dbt_project" / "models").rglob("*")}
    published = folder / "var" / "published"
    with duckdb.connect(published / "nps.duckdb", read_only=True) as connection:
        assert connection.sql("select region, n_answers from marts.answers_by_region").fetchall() == [("emea", 40)]
        # An account of an even number is gold and a small business, one of an odd number silver and an enterprise.
        by_value = "select dimension_value, sum(n_scored) from marts.nps_by_month where dimension = ? group by all"
        scored = {
            dimension: dict(connection.execute(by_value, [dimension]).fetchall())
            for dimension in ("segment", "plan_tier", "product", "all")
        }
        assert scored["plan_tier"] == {
            "gold": scored["segment"]["small_business"],
            "silver": scored["segment"]["enterprise"],
        }
        assert scored["product"].keys() == {"app", "web", "unknown"}
        assert sum(scored["product"].values()) == scored["all"]["all"]
        dimensions = "select distinct dimension from marts.nps_point_value_checks"
        assert ("plan_tier",) in connection.sql(dimensions).fetchall()
        assert connection.sql("select plan_tier from marts.dim_accounts where account_id = 'a1'").fetchall() == [
            ("silver",)
        ]
    with duckdb.connect(folder / "var" / "build" / "warehouse.duckdb", read_only=True) as connection:
        assert connection.sql("select count(*) from reference.nps_targets").fetchall() == [(0,)]
    build = json.loads((published / "build.json").read_text(encoding="utf-8"))
    assert (build["company"], build["rows_out"]["marts.answers_by_region"]) == ("Acme & Sons", 1)
    page = (published / "report" / "index.html").read_text(encoding="utf-8")
    assert "<h1>Acme &amp; Sons: Net Promoter Score" in page
    assert 'src="data:image/svg+xml;base64,' in page
    assert "the last answers of 180 days" in page
    _add_column(raw / "crm_accounts.csv", "plan_tier", tuple(f"tier {number}" for number in range(501)), rows=501)
    done = run_cli(folder / "var", folder / "raw", "nightly", NPS_COMPANY=str(folder))
    assert (done.code, "few_values" in done.stderr, "n_values=501" in done.stderr) == (1, True, True)


def test_the_skeleton_is_a_company_that_says_nothing_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPS_HOME", str(tmp_path / "home"))
    folder = tmp_path / "its own" / "acme"
    assert main(["company", "--to", str(folder)]) == 0
    assert f"NPS_COMPANY='{folder}' make nightly" in capsys.readouterr().out
    found = load_settings({"NPS_COMPANY": str(folder)})
    assert (found.raw, found.home, found.project_folder) == (str(folder / "raw"), folder / "var", PROJECT)
    # Every line that is commented out can be used as it stands.
    lines = (folder / "company.yml").read_text(encoding="utf-8").splitlines()[3:]
    (folder / "company.yml").write_text("\n".join(line.removeprefix("# ") for line in lines), encoding="utf-8")
    found = load_settings({"NPS_COMPANY": str(folder)})
    assert (found.name, found.currency, found.variables["sla_hours"]) == ("Acme", "EUR", [24, 72])
    assert main(["company", "--to", str(folder)]) == 1
    assert "is not empty" in capsys.readouterr().err
