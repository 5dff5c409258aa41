"""What ``company.yml`` says, checked: the name, settings, variables and notices of one company.

Settings are those of the environment, by their names without NPS_ and in lower case; what the environment says wins.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

FILE = "company.yml"
SECTIONS = ("name", "settings", "variables", "fields", "notify")
# What is a path is below the folder unless it is a whole one.
PATHS = ("raw", "home", "dev", "notify_file")
# Variables of the project that a setting says.
SAID_BY_SETTINGS = {"as_of_date": "as_of", "reporting_timezone": "timezone", "reporting_currency": "currency"}
# Of which raw tables a field may be, and the variable of the project that lists them.
FIELD_VARIABLES = {"accounts": "account_fields", "responses": "response_fields"}
FIELD = re.compile(r"[a-z][a-z0-9_]{0,59}")


class CompanyError(ValueError):
    """A company's folder says something that cannot be; the message names the file, the key, and what to write."""


@dataclass(frozen=True)
class Company:
    """``settings`` has texts by the names of the environment (NPS_CURRENCY); ``variables`` are of the dbt project."""

    folder: Path
    name: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        return self.folder / FILE


def load_company(folder: Path, defaults: Callable[[], Mapping[str, Any]]) -> Company:
    """Read a company's folder; ``defaults`` gives the variables of the dbt project. Raises CompanyError.

    Which settings there are, only who reads them can tell (orchestration/settings.py).
    """
    if not folder.is_dir():
        raise CompanyError(f"NPS_COMPANY={str(folder)!r} is not a folder; make one: make company TO={folder}.")
    misnamed = next((folder / name for name in ("company.yaml", "Company.yml") if (folder / name).is_file()), None)
    file = folder / FILE
    if not file.is_file():
        if misnamed:
            raise CompanyError(f"{misnamed} is not read; name it {FILE}.")
        return Company(folder)
    said = _read(file)
    for key in said:
        if key not in SECTIONS:
            raise CompanyError(f"{file}: {key!r} is not one of its keys; {nearest(key, SECTIONS)}")
    name = said.get("name")
    if name is not None and not (isinstance(name, str) and name.strip()):
        raise CompanyError(f"{file}: name is {name!r}; write the name of the company.")
    settings = _settings(file, _section(file, said, "settings"))
    settings |= _notices(file, _section(file, said, "notify"))
    variables = _section(file, said, "variables")
    return Company(
        folder,
        name,
        settings,
        _variables(file, variables, defaults()) if variables else {},
        _fields(file, _section(file, said, "fields")),
    )


def nearest(given: str, known: Collection[str]) -> str:
    """What to say of a name that is not known: the one that was meant, or all."""
    found = difflib.get_close_matches(given.lower(), known, n=1, cutoff=0.6)
    return f"did you mean {found[0]}?" if found else f"there are: {', '.join(known)}."


class _Loader(yaml.SafeLoader):
    """YAML in which no key may be given twice: the last would win unseen."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", key_node.start_mark)
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str) -> Any:
    """What a text says in YAML; a yaml.MarkedYAMLError, with its line, where it says a key twice."""
    return yaml.load(text, _Loader)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        content = load_yaml(file.read_text(encoding="utf-8-sig"))
    except yaml.MarkedYAMLError as error:
        # Not the text around it, which may be an address with its password.
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise CompanyError(f"{file}{line} is not YAML: {error.problem}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, TypeError) as error:
        raise CompanyError(f"{file} is not YAML in UTF-8.") from error
    except OSError as error:
        raise CompanyError(f"{file} cannot be read ({error.strerror}).") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise CompanyError(f"{file} holds no keys; write for example: name: Acme.")
    return {str(key): value for key, value in content.items()}


def _section(file: Path, said: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = said.get(key) or {}
    if not isinstance(section, dict):
        raise CompanyError(f"{file}: {key} is {section!r}; write keys and values below it.")
    return {str(name): value for name, value in section.items()}


def _settings(file: Path, section: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for key, value in section.items():
        if value is None:
            continue
        text = _text(value)
        if text is None:
            raise CompanyError(f"{file}: settings: {key} is {value!r}; write one value.")
        if key in PATHS and "://" not in text and not text.startswith("~"):
            text = str(file.parent / text)
        found[f"NPS_{key.upper()}"] = text
    return found


def _text(value: Any) -> str | None:
    """A value as the environment would have it; several stand apart by a blank."""
    if isinstance(value, list):
        texts = [_text(item) for item in value]
        return None if None in texts else " ".join(filter(None, texts))
    return None if isinstance(value, dict) else str(value)


def _notices(file: Path, section: Mapping[str, Any]) -> dict[str, str]:
    keys = {"on": "NPS_NOTIFY_ON", "to": "NPS_NOTIFY"}
    found = {}
    for key, value in section.items():
        # YAML takes the word on for a truth value.
        known = "on" if key == "True" else key
        text = _text(value)
        if known not in keys:
            raise CompanyError(f"{file}: notify: {key!r} is not one of its keys; {nearest(key, keys)}")
        if text is None:
            raise CompanyError(f"{file}: notify: {known} is no list of words.")
        if value is not None:
            found[keys[known]] = text
    return found


def _variables(file: Path, section: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in section.items():
        if name in FIELD_VARIABLES.values():
            _refuse(file, name, "is made of the fields; name them under fields.")
        if name in SAID_BY_SETTINGS:
            _refuse(file, name, f"is a setting; write {SAID_BY_SETTINGS[name]} under settings.")
        if name not in defaults:
            _refuse(file, name, f"is none; {nearest(name, defaults)}")
        if not _is_like(value, defaults[name]):
            _refuse(file, name, f"is {value!r}; write a value like {defaults[name]!r}.")
    return dict(section)


def _fields(file: Path, section: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, value in section.items():
        if key not in FIELD_VARIABLES:
            raise CompanyError(f"{file}: fields: {key!r} has none; {nearest(key, FIELD_VARIABLES)}")
        names = value if isinstance(value, list) else [value]
        for name in names:
            if not isinstance(name, str) or not FIELD.fullmatch(name):
                raise CompanyError(f"{file}: fields: {name!r} is no name of a column; write a-z, 0-9 and _.")
            if names.count(name) > 1 or any(name in others for others in found.values()):
                raise CompanyError(f"{file}: fields: {name!r} is named twice; each dimension has a name of its own.")
        if names:
            found[key] = tuple(names)
    return found


def _refuse(file: Path, name: str, why: str) -> NoReturn:
    raise CompanyError(f"{file}: variables: {name} {why}")


def _is_like(value: Any, default: Any) -> bool:
    """Whether a value has the type of the default; a whole number may stand for a fraction."""
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, list):
        kinds = {type(item) for item in default} or {str}
        return isinstance(value, list) and all(type(item) in kinds for item in value)
    if isinstance(default, float):
        return isinstance(value, int | float)
    return isinstance(value, type(default))
