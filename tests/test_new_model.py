"""The model of CONTRIBUTING.md, its two files and no other, is built, tested, an asset, audited and published."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import REPOSITORY
from tests.conftest import TINY_AS_OF, build_environment, write_tiny_raw

MODEL = "nps_by_region"


def guide_block(language: str) -> str:
    text = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)
    assert found, language
    return found[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository with the guide's model added, built by its own nightly job."""
    copy = tmp_path_factory.mktemp("copy")
    for part in ("dbt_project", "orchestration", "expectations", "seeds/reference"):
        shutil.copytree(REPOSITORY / part, copy / part, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    score = copy / "dbt_project" / "models" / "marts" / "score"
    (score / f"{MODEL}.sql").write_text(guide_block("sql"), encoding="utf-8")
    (score / f"{MODEL}.yml").write_text(guide_block("yaml"), encoding="utf-8")
    home = tmp_path_factory.mktemp("home")
    raw = write_tiny_raw(tmp_path_factory.mktemp("raw"))
    environment = build_environment(home, raw, NPS_AS_OF=TINY_AS_OF, PYTHONPATH=str(copy))
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", "nightly"],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assets = subprocess.run(
        [sys.executable, "-c", "from orchestration.definitions import defs; print(defs.resolve_all_asset_keys())"],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (home / "assets.txt").write_text(assets.stdout, encoding="utf-8")
    return home


def test_it_is_published_with_its_numbers(home: Path) -> None:
    with duckdb.connect(str(home / "published" / "nps.duckdb"), read_only=True) as connection:
        ours = connection.sql(f"select * from marts.{MODEL}").fetchall()
        expected = connection.sql(
            "select region, count(*), avg(nps_points) from marts.fct_nps_responses group by region"
        ).fetchall()

    assert sorted(ours, key=str) == sorted(expected, key=str)
    assert ours != []


def test_it_is_an_asset(home: Path) -> None:
    assert MODEL in (home / "assets.txt").read_text(encoding="utf-8")


def test_its_score_is_audited(home: Path) -> None:
    pages = "".join(path.name for path in (home / "published" / "validation").rglob("*.html"))

    assert MODEL in pages


def test_its_rows_are_in_the_record_of_the_build(home: Path) -> None:
    build = json.loads((home / "published" / "build.json").read_text(encoding="utf-8"))

    assert f"marts.{MODEL}" in build["rows_out"]
