"""Fields of a company's own: columns of its raw tables that become dimensions, without a file of ours being edited.

The SQL of our models has a place for them (the variables account_fields and response_fields). What describes columns,
and so the contracts of the marts, is written anew in the company's project.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestration.company.folder import FIELD_VARIABLES
from orchestration.findings import BuildError, Finding
from orchestration.settings import PROJECT

MODELS = PROJECT / "models"
CORE = MODELS / "marts" / "core"
# A dimension of more values than these is refused.
MOST_VALUES = 500


@dataclass(frozen=True)
class Listed:
    """A table whose columns a yml file lists, and the column that a field of it is like.

    Of a raw table the field is required; where it is staged, its values are counted.
    """

    file: Path
    table: str
    like: str
    is_raw: bool = False
    is_staged: bool = False


LISTED = {
    "accounts": (
        Listed(MODELS / "staging/crm/_crm__sources.yml", "crm_accounts", "industry", is_raw=True),
        Listed(MODELS / "staging/history/_history__sources.yml", "account_versions", "industry"),
        Listed(MODELS / "staging/crm/stg_crm__accounts.yml", "stg_crm__accounts", "industry", is_staged=True),
        *(
            Listed(CORE / f"{table}.yml", table, "industry")
            for table in (
                "dim_account_history",
                "dim_accounts",
                "fct_account_periods",
                "fct_nps_responses",
                "fct_experience_responses",
            )
        ),
    ),
    "responses": (
        Listed(MODELS / "staging/survey/_survey__sources.yml", "survey_responses", "resolution_mode", is_raw=True),
        Listed(
            MODELS / "staging/survey/stg_survey__responses.yml",
            "stg_survey__responses",
            "resolution_mode",
            is_staged=True,
        ),
        *(
            Listed(CORE / f"{table}.yml", table, "resolution_mode")
            for table in ("fct_nps_responses", "fct_experience_responses")
        ),
    ),
}


def add_fields(variables: MutableMapping[str, Any], fields: Mapping[str, Sequence[str]]) -> None:
    """Make the fields dimensions, among the variables of a dbt project."""
    for kind, names in fields.items():
        variables[FIELD_VARIABLES[kind]] = list(names)
        variables["answer_dimensions"] = [*variables["answer_dimensions"], *names]
    variables["account_dimensions"] = [*variables["account_dimensions"], *fields.get("accounts", ())]
    # Who did not answer has none of these.
    alone = "dimensions_of_the_answer_alone"
    variables[alone] = [*variables[alone], *fields.get("responses", ())]


def with_fields(fields: Mapping[str, Sequence[str]]) -> dict[Path, str]:
    """The yml files that list columns, with those of the fields; nothing where there are none."""
    contents: dict[Path, dict[str, Any]] = {}
    for kind, names in fields.items():
        for listed in LISTED[kind]:
            if listed.file not in contents:
                contents[listed.file] = yaml.safe_load(listed.file.read_text(encoding="utf-8"))
            columns = _table(contents[listed.file], listed.table)["columns"]
            _check_names(names, columns, listed.table)
            pattern = next(column for column in columns if column["name"] == listed.like)
            columns += [_described(listed, pattern, name) for name in names]
    return {
        path: yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
        for path, content in contents.items()
    }


def _table(content: Mapping[str, Any], name: str) -> dict[str, Any]:
    tables = [
        *content.get("models", ()),
        *(table for source in content.get("sources", ()) for table in source["tables"]),
    ]
    (found,) = (table for table in tables if table["name"] == name)
    return dict(found)


def _described(listed: Listed, pattern: Mapping[str, Any], name: str) -> dict[str, Any]:
    described: dict[str, Any] = copy.deepcopy(dict(pattern)) | {"name": name}
    described.pop("data_tests", None)
    if "description" in described:
        described["description"] = "A field of the company's own (company.yml)."
    if listed.is_raw:
        described["config"] = {"meta": {"required": True}}
    if listed.is_staged:
        described["data_tests"] = [{"few_values": {"arguments": {"at_most": MOST_VALUES}}}]
    return described


def _check_names(names: Sequence[str], columns: Sequence[Mapping[str, Any]], table: str) -> None:
    taken = {column["name"] for column in columns}
    for name in names:
        if name in taken:
            raise BuildError(
                Finding(
                    "field_name",
                    "company.yml",
                    f"fields: {table} has a column {name} already.",
                    next_step="Take it out; if it is another thing, load it under another name.",
                )
            )
