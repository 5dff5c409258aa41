"""The dbt project of a company: ours with its variables, its models beside ours, its reference tables in place of ours.

It stands under the home, of links to the checkout and to the company's folder: what is edited there is in it at once.
"""

from __future__ import annotations

import csv
import fcntl
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from orchestration.company.fields import add_fields, with_fields
from orchestration.company.folder import nearest
from orchestration.findings import BuildError, Finding
from orchestration.settings import PROJECT, REFERENCE, Settings

PROJECT_FILE = "dbt_project.yml"
LAYERS = ("staging", "intermediate", "marts")
# Beside our models, a link to the company's.
OWN = "company"
# What dbt and we ourselves write inside a project: no part of its source.
WRITTEN = ("target", "logs")
SOURCE_READ = re.compile(r"\{\{[^}]*\bsource\s*\(")
HEADER = "# Written by every night and every make dev, from the checkout and from company.yml: edit those.\n"


def compose(settings: Settings) -> None:
    """Make the project of the company where it is not what it has to be; BuildError names what cannot be part of it."""
    if not settings.has_own_project:
        return
    wanted = dict(_entries(settings))
    folder = settings.project_folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _standing(folder) == {name: str(entry) for name, entry in wanted.items()}:
            return
        scratch = folder.with_name(f".{folder.name}")
        shutil.rmtree(scratch, ignore_errors=True)
        for name, entry in wanted.items():
            path = scratch / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(entry, Path):
                path.symlink_to(entry)
            else:
                path.write_text(entry, encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        scratch.rename(folder)


def source_of(settings: Settings, original_file_path: str) -> str:
    """Where the file of a node is, for people: within the checkout, or in the company's folder."""
    if not settings.has_own_project:
        return f"{PROJECT.name}/{original_file_path}"
    found = (settings.project_folder / original_file_path).resolve()
    return str(found.relative_to(PROJECT.parent)) if found.is_relative_to(PROJECT.parent) else str(found)


def reference_file(settings: Settings, name: str) -> Path:
    """The file of a reference table: the company's, or ours."""
    own = settings.company / "reference" / f"{name}.csv" if settings.has_own_project and settings.company else None
    return own if own is not None and own.is_file() else REFERENCE / f"{name}.csv"


def project_sources(settings: Settings) -> Iterator[Path]:
    """Every file and folder that the manifest is made from."""
    for entry in PROJECT.iterdir():
        if entry.name not in WRITTEN:
            yield entry
            yield from entry.rglob("*")
    yield from REFERENCE.rglob("*")
    if settings.has_own_project and settings.company:
        yield settings.project_folder / PROJECT_FILE
        for part in ("models", "reference"):
            yield from (settings.company / part).rglob("*")


def _standing(folder: Path) -> Mapping[str, str]:
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                found[str(path.relative_to(folder))] = str(path.readlink())
            elif path.is_file():
                found[str(path.relative_to(folder))] = path.read_text(encoding="utf-8")
    return found


def _entries(settings: Settings) -> Iterator[tuple[str, Path | str]]:
    """What stands where in the project: a link, or a text."""
    assert settings.company is not None
    described = with_fields(settings.fields)
    for entry in sorted(PROJECT.iterdir()):
        if entry.name == "models" and described:
            # File by file, because some are not ours as they stand.
            for path in sorted(path for path in entry.rglob("*") if path.is_file()):
                yield str(path.relative_to(PROJECT)), described.get(path, path)
        elif entry.name not in (*WRITTEN, PROJECT_FILE):
            yield entry.name, entry
    yield PROJECT_FILE, _project_file(settings)
    models = settings.company / "models"
    if models.is_dir():
        _check_models(models)
        yield OWN, models
    _check_reference(settings.company / "reference")
    for entry in sorted(REFERENCE.iterdir()):
        yield f"seeds/{entry.name}", reference_file(settings, entry.stem) if entry.suffix == ".csv" else entry


def _project_file(settings: Settings) -> str:
    project = yaml.safe_load((PROJECT / PROJECT_FILE).read_text(encoding="utf-8"))
    variables = project["vars"]
    variables |= settings.dbt_vars() | dict(settings.variables)
    add_fields(variables, settings.fields)
    project["seed-paths"] = ["seeds"]
    # dbt follows a link that is one of these paths, and none below.
    for kind in ("model-paths", "docs-paths"):
        project[kind].append(OWN)
    return HEADER + yaml.safe_dump(project, sort_keys=False, allow_unicode=True, width=120)


# What cannot be part of it -----------------------------------------------------------------------------------------


def _refused(rule: str, path: Path, why: str, next_step: str) -> BuildError:
    return BuildError(Finding(rule, str(path), why, next_step=next_step))


def _check_models(models: Path) -> None:
    """What the night, or a reader, would stumble over later and less clearly: each model's layer, name, yml and key."""
    ours = {path.stem for path in (*(PROJECT / "models").rglob("*.sql"), *REFERENCE.glob("*.csv"))}
    seen: dict[str, Path] = {}
    described = _described(models)
    for path in sorted(models.rglob("*.sql")):
        layer = path.relative_to(models).parts[0]
        if layer not in LAYERS or path.parent == models:
            raise _refused(
                "model_without_layer",
                path,
                "nobody can tell whether it is published.",
                f"Move it below {', '.join(f'models/{name}' for name in LAYERS)}: readers see marts.",
            )
        name = path.stem.lower()
        if name in ours:
            raise _refused("model_name", path, "the project has a table of this name.", "Give the model another name.")
        if name in seen:
            raise _refused("model_name", path, f"{seen[name]} has this name, too.", "Give one of them another name.")
        seen[name] = path
        _check_model(path, layer, described.get(path.stem))


def _check_model(path: Path, layer: str, described: Mapping[str, Any] | None) -> None:
    beside = f"{path.stem}.yml beside it"
    if described is None:
        raise _refused(
            "model_without_yml",
            path,
            "no yml file under models describes it, so neither its grain nor its types are known.",
            f"Write {beside}: what a row is, its columns with data types, its tests.",
        )
    if not str(described.get("description", "")).lstrip().startswith("One row per "):
        raise _refused(
            "model_without_grain",
            path,
            "its description does not say what one row is.",
            f"Begin the description in {beside} with: One row per ….",
        )
    columns = [column for column in described.get("columns") or () if isinstance(column, dict)]
    if not any(_is_key(test) for tested in (described, *columns) for test in _tests(tested)):
        raise _refused(
            "model_without_key",
            path,
            "no test says which columns name one row, so a row could be counted twice unseen.",
            f"Add to {beside}: data_tests: [unique_key: {{arguments: {{columns: [<its key>]}}}}].",
        )
    if layer != "staging" and SOURCE_READ.search(path.read_text(encoding="utf-8", errors="replace")):
        raise _refused(
            "source_outside_staging",
            path,
            "it reads raw rows, which are neither typed nor checked.",
            "Read the staging model by ref(), or make one in models/staging.",
        )


def _tests(described: Mapping[str, Any]) -> list[Any]:
    return [*(described.get("data_tests") or ()), *(described.get("tests") or ())]


def _is_key(test: Any) -> bool:
    name = next(iter(test), "") if isinstance(test, dict) else test
    return str(name).startswith("unique")


def _described(models: Path) -> dict[str, Mapping[str, Any]]:
    """What the yml files say of each model, by its name."""
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted((*models.rglob("*.yml"), *models.rglob("*.yaml"))):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            mark = getattr(error, "problem_mark", None)
            where = f" in line {mark.line + 1}" if mark else ""
            raise _refused("yml", path, f"it is not YAML{where}.", "Mend it.") from error
        listed = content.get("models") if isinstance(content, dict) else None
        found |= {str(model["name"]): model for model in listed or () if isinstance(model, dict) and "name" in model}
    return found


def _check_reference(folder: Path) -> None:
    """Each table takes the place of one of ours, and has its columns."""
    ours = {path.stem: path for path in REFERENCE.glob("*.csv")}
    for path in sorted(folder.iterdir() if folder.is_dir() else ()):
        if path.suffix.lower() != ".csv":
            continue
        if path.stem not in ours:
            raise _refused(
                "reference_table",
                path,
                "it takes the place of no reference table.",
                f"Name it as one: {nearest(path.stem, ours)}",
            )
        given, wanted = _header(path), _header(ours[path.stem])
        if sorted(given) != sorted(wanted):
            raise _refused(
                "reference_table",
                path,
                f"its columns are {', '.join(given) or 'none'}; the table has {', '.join(wanted)}.",
                f"Begin with a copy of {ours[path.stem].relative_to(PROJECT.parent)}.",
            )


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [name.strip() for name in next(csv.reader(file), [])]
    except UnicodeDecodeError as error:
        raise _refused("reference_table", path, "it is not UTF-8.", "Save it as CSV in UTF-8.") from error
