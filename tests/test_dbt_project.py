"""The dbt project's own unit tests, and that a build is the same each time it is made."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from orchestration.settings import REPOSITORY, SAMPLE_RAW
from tests.conftest import build_environment, run_nightly
from tests.nights import contents


def test_every_unit_test_passes(sample_release: Path, tmp_path: Path) -> None:
    build_file = tmp_path / "warehouse.duckdb"
    shutil.copyfile(sample_release / "build" / "warehouse.duckdb", build_file)
    project = REPOSITORY / "dbt_project"
    command = [str(Path(sys.executable).with_name("dbt")), "test", "--select", "test_type:unit", "--quiet"]
    command += ["--project-dir", str(project), "--profiles-dir", str(project)]
    command += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]

    done = subprocess.run(
        command,
        env=build_environment(tmp_path, SAMPLE_RAW, NPS_BUILD_FILE=str(build_file)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout
    results = json.loads((tmp_path / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    manifest = json.loads((tmp_path / "target" / "manifest.json").read_text(encoding="utf-8"))
    tested = {result["unique_id"] for result in results if result["unique_id"].startswith("unit_test.")}
    assert tested == set(manifest["unit_tests"])


def test_the_same_input_gives_the_same_tables(sample_release: Path, tmp_path: Path) -> None:
    done = run_nightly(tmp_path, SAMPLE_RAW)

    assert done.code == 0, done.stderr
    assert contents(tmp_path) == contents(sample_release)
