"""The house's conventions, read off the parsed project: each test lists its offenders."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.settings import REPOSITORY

PROJECT = REPOSITORY / "dbt_project"
# They count and keep raw rows, and would prove nothing if they read what staging made of them.
RAW_READERS = {"quarantined_rows", "row_reconciliation"}
TYPES_BY_NAME = [
    (r"^(is|has|was)_", {"boolean"}),
    (r"^n_", {"bigint"}),
    (r"_at$", {"timestamp"}),
    (r"_date$|_start$|^valid_(from|to)$", {"date"}),
    (r"_id$", {"varchar"}),
    (r"^share_|_rate$|^ci_(low|high)$|^nps$", {"double"}),
]

Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    from orchestration.transform.dbt_cli import load_manifest

    return dict(load_manifest())


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[Node]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


@pytest.fixture(scope="module")
def marts(models: list[Node]) -> list[Node]:
    return [model for model in models if "published" in model["tags"]]


def sql_files() -> Iterator[tuple[Path, str]]:
    for folder in ("models", "macros", "tests"):
        for path in sorted((PROJECT / folder).rglob("*.sql")):
            yield path.relative_to(PROJECT), path.read_text(encoding="utf-8")


def code_of(sql: str) -> str:
    """SQL without its comments."""
    return re.sub(r"--.*?$|\{#.*?#\}", "", sql, flags=re.DOTALL | re.MULTILINE)


def test_each_description_starts_with_the_grain(models: list[Node]) -> None:
    assert [m["name"] for m in models if not m["description"].startswith("One row per ")] == []


def test_each_model_has_its_yaml_beside_it(models: list[Node]) -> None:
    offenders = [
        model["original_file_path"]
        for model in models
        if model["patch_path"] is None
        or Path(model["patch_path"].partition("://")[2]) != Path(model["original_file_path"]).with_suffix(".yml")
    ]

    assert offenders == []


def test_each_name_follows_its_folder(models: list[Node]) -> None:
    patterns = {
        # Revenue has no plural.
        "staging": r"stg_[a-z]+__([a-z_]+s|revenue)$",
        # The participle of withhold is irregular.
        "intermediate": r"int_[a-z_]+_([a-z]+ed|withheld|by_currency)$",
        "quality": r"[a-z_]+$",
        "marts": r"((fct|dim)_[a-z_]+|[a-z_]+)$",
    }
    offenders = [m["name"] for m in models if not re.match(patterns[m["fqn"][1]], m["name"])]

    assert offenders == []


def test_only_staging_and_the_row_audit_read_raw_tables(models: list[Node]) -> None:
    readers = {m["name"] for m in models if m["sources"] and m["fqn"][1] != "staging"}

    assert readers == RAW_READERS


def test_each_mart_has_a_contract_a_key_and_described_columns(manifest: dict[str, Any], marts: list[Node]) -> None:
    keyed = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "unique_key"
    }
    offenders = [
        mart["name"]
        for mart in marts
        if not mart["config"]["contract"]["enforced"]
        or mart["unique_id"] not in keyed
        or any(not column["data_type"] or not column["description"] for column in mart["columns"].values())
    ]

    assert offenders == []


def test_each_column_has_the_type_that_its_name_says(marts: list[Node]) -> None:
    offenders = [
        (mart["name"], name, column["data_type"])
        for mart in marts
        for name, column in mart["columns"].items()
        for pattern, types in TYPES_BY_NAME
        if re.search(pattern, name) and column["data_type"] not in types
    ]

    assert offenders == []


def test_money_has_its_currency_beside_it(marts: list[Node]) -> None:
    offenders = [
        mart["name"]
        for mart in marts
        if any(c["data_type"].startswith("decimal") for c in mart["columns"].values())
        and "currency" not in mart["columns"]
    ]

    assert offenders == []


def test_each_model_with_logic_has_a_unit_test(manifest: dict[str, Any], models: list[Node]) -> None:
    tested = {unit_test["model"] for unit_test in manifest["unit_tests"].values()}
    logic = re.compile(r"\b(case|group by|over|left join|union)\b")
    # Those that read raw tables are tried on whole files, which a unit test cannot give them: tests/test_quarantine.py.
    offenders = [
        m["name"]
        for m in models
        if logic.search(code_of(m["raw_code"])) and m["name"] not in tested and m["name"] not in RAW_READERS
    ]

    assert offenders == []


def test_the_published_names_stand(marts: list[Node]) -> None:
    promised = yaml.safe_load((REPOSITORY / "tests" / "published_contract.yml").read_text(encoding="utf-8"))
    columns = {mart["name"]: set(mart["columns"]) for mart in marts}
    missing = {
        table: sorted(set(names) - columns.get(table, set()))
        for table, names in promised.items()
        if not set(names) <= columns.get(table, set())
    }

    assert missing == {}


def test_no_model_reads_a_clock_or_asks_for_its_engine() -> None:
    forbidden = re.compile(r"current_date|current_timestamp|now\(\)|getdate|target\.type|random\(", re.IGNORECASE)

    assert [str(path) for path, sql in sql_files() if forbidden.search(code_of(sql))] == []


def test_each_model_ends_by_selecting_its_final_cte() -> None:
    offenders = [
        str(path)
        for path, sql in sql_files()
        if path.parts[0] == "models" and not re.search(r"\nselect \* from \w+\n?$", sql)
    ]

    assert offenders == []


def test_each_cte_begins_and_ends_a_line(models: list[Node]) -> None:
    # Where macro kept_ctes looks for them, on an engine on which not_materialized() says nothing.
    offenders = []
    for model in models:
        sql = code_of(model["raw_code"]).replace("{{ not_materialized() }}", "")
        opened = re.findall(r"^\S.* as \($", sql, flags=re.MULTILINE)
        closed = re.findall(r"^\),?$", sql, flags=re.MULTILINE)
        if not opened or len(opened) != len(closed) or len(opened) != len(re.findall(r"\bas \(\n", sql)):
            offenders.append((model["name"], len(opened), len(closed)))

    assert offenders == []


def test_each_macro_is_described(manifest: dict[str, Any]) -> None:
    adapters = r"^(default|duckdb|spark|postgres|snowflake|bigquery|databricks)__"
    offenders = [
        macro["name"]
        for macro in manifest["macros"].values()
        if macro["package_name"] == "nps_warehouse"
        and not re.match(adapters, macro["name"])
        and not macro["name"].startswith("test_")
        and not macro["description"]
    ]

    assert offenders == []


def test_each_macro_file_holds_the_macro_of_its_name() -> None:
    offenders = [
        str(path)
        for path, sql in sql_files()
        if path.parts[0] == "macros"
        and f"macro {path.stem}(" not in sql
        and not (path.stem.startswith("materialization_") and "{% materialization " in sql)
    ]

    assert offenders == []


def test_each_shared_description_is_used(manifest: dict[str, Any]) -> None:
    files = [*PROJECT.glob("models/**/*.yml"), *PROJECT.glob("macros/*.yml")]
    used = {name for path in files for name in re.findall(r"doc\('(\w+)'\)", path.read_text(encoding="utf-8"))}
    described = {doc["name"] for doc in manifest["docs"].values() if doc["package_name"] == "nps_warehouse"}

    assert sorted(described - used) == []


def test_the_guide_to_raw_tables_names_every_column(manifest: dict[str, Any]) -> None:
    rows = {
        match[1]: set(re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)", "", match[2])))
        for line in (REPOSITORY / "docs" / "raw-tables.md").read_text(encoding="utf-8").splitlines()
        if (match := re.match(r"\| `(\w+)` \| (.*\*\*.*) \|", line))
    }
    # loaded_at stands on every table and is said once.
    expected = {
        source["name"]: set(source["columns"]) - {"loaded_at"}
        for source in manifest["sources"].values()
        if source["schema"] == "raw"
    }

    assert rows == expected


def test_only_the_settings_read_the_environment_and_the_clock() -> None:
    forbidden = re.compile(r"os\.environ\b(?! \|)|getenv|datetime\.(now|utcnow|today)|date\.today|time\.time\(")
    offenders = [
        str(path.relative_to(REPOSITORY))
        for folder in ("orchestration", "expectations", "seeds")
        for path in sorted((REPOSITORY / folder).rglob("*.py"))
        if path.name != "settings.py" and forbidden.search(path.read_text(encoding="utf-8"))
    ]

    assert offenders == []


def test_the_code_of_orchestration_stands_in_rooms_that_say_what_they_are_for() -> None:
    orchestration = REPOSITORY / "orchestration"
    door = {path.name for path in orchestration.glob("*.py")}
    rooms = [path for path in orchestration.iterdir() if any(path.glob("*.py"))]
    silent = [room.name for room in rooms if not ast.get_docstring(ast.parse((room / "__init__.py").read_text()))]

    shared = {"faults.py", "files.py", "findings.py", "settings.py"}
    assert door == {"__init__.py", "__main__.py", "console.py", "definitions.py"} | shared
    assert silent == []


def test_no_raw_personal_column_is_published(marts: list[Node]) -> None:
    private = {"email", "full_name", "verbatim_reason", "verbatim_improve", "user_name", "phone"}
    offenders = [(mart["name"], column) for mart in marts for column in mart["columns"] if column in private]
    named = [mart["name"] for mart in marts if "agent_name" in mart["columns"]]

    assert offenders == []
    # The column of dim_agents is null: names are granted apart.
    assert sorted(named) == ["agent_names", "dim_agents"]


def test_models_are_never_chosen_by_name_in_python(models: list[Node]) -> None:
    names = {model["name"] for model in models}
    found = [
        (str(path.relative_to(REPOSITORY)), name)
        for path in sorted((REPOSITORY / "orchestration" / "defs").rglob("*.py"))
        for name in re.findall(r"[\"'](\w+)[\"']", path.read_text(encoding="utf-8"))
        if name in names
    ]

    assert json.dumps(found) == "[]"
