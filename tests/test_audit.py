"""The audit of what is locked and tracked: each of its three parts finds what it is for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from orchestration.settings import REPOSITORY
from tests.audit import licences
from tests.audit.advisories import is_affected
from tests.audit.locked import lock_files, pins

PIN = "Left_Pad==1.2.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n    # via other\nother[extra]==2.0 \\\n"
ADVISORY = {
    "id": "PYSEC-2026-1",
    "modified": "2026-01-01T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "left.pad"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.1"}, {"fixed": "1.10"}]}],
            "versions": ["0.9"],
        }
    ],
}


# Licences ----------------------------------------------------------------------------------------------------------


def test_every_locked_package_has_a_licence_that_is_accepted() -> None:
    pinned = pins(lock_files())
    assert len(pinned) > 250
    known, accepted = licences.read(licences.PACKAGES), licences.read(licences.ACCEPTED)
    assert licences.refused(pinned, licences.installed(REPOSITORY), known, accepted) == []
    assert licences.refused(pinned, {}, known, accepted) == []
    assert all(accepted.values())


def test_a_refused_and_an_unknown_licence_are_named(tmp_path: Path) -> None:
    (tmp_path / "requirements.lock").write_text(PIN, encoding="utf-8")
    pinned = pins(lock_files(tmp_path))
    assert licences.refused(pinned, {"left-pad": "AGPL-3.0-only"}, {"left-pad": "MIT"}, ["MIT"]) == [
        "left-pad 1.2.0 (requirements.lock): licence 'AGPL-3.0-only' is not accepted by tests/audit/accepted.csv",
        "other 2.0 (requirements.lock): nobody knows its licence; write it into tests/audit/packages.csv",
    ]


def test_what_a_package_says_is_read_from_its_environment(tmp_path: Path) -> None:
    packages = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    said = {
        "one": "License-Expression: MIT OR GPL-3.0-only\nLicense: other",
        "two": "Classifier: License :: OSI Approved\nClassifier: License :: OSI Approved :: BSD License",
        "three": "License: Apache 2.0",
        "four": f"License: {'the whole text ' * 9}",
    }
    for name, lines in said.items():
        (packages / f"{name}-1.dist-info").mkdir(parents=True)
        (packages / f"{name}-1.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\n{lines}\n")
    assert licences.installed(tmp_path) == {"one": "MIT OR GPL-3.0-only", "two": "BSD License", "three": "Apache 2.0"}


@pytest.mark.parametrize(
    ("licence", "is_accepted"),
    [
        ("mit", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT AND BSD", True),
        ("(MIT OR GPL-3.0-only) AND BSD", False),
        ("MITx", False),
    ],
)
def test_a_licence_is_accepted_in_all_parts_of_an_alternative(licence: str, is_accepted: bool) -> None:
    assert licences.is_accepted(licence, ["MIT", "BSD"]) is is_accepted


# Vulnerabilities ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "affected"),
    [("0.9", True), ("1.0", False), ("1.1", True), ("1.9", True), ("1.10", False), ("odd", False)],
)
def test_an_advisory_is_of_the_versions_that_it_lists_and_of_its_ranges(version: str, affected: bool) -> None:
    assert is_affected(ADVISORY, "left-pad", version) is affected
    assert not is_affected(ADVISORY | {"withdrawn": "2026-02-01T00:00:00Z"}, "left-pad", version)
    assert not is_affected(ADVISORY, "right-pad", version)


# The verb, in its own environment ----------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with two pins and a clean file."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "requirements.lock").write_text("agate==1.9.1 \\\njinja2==3.1.6 \\\n", encoding="utf-8")
    (folder / "requirements-dev.lock").write_text("jinja2==3.1.5 \\\n", encoding="utf-8")
    (folder / "settings.py").write_text("TIMEOUT = 3\n", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    folder = tmp_path / "advisories"
    folder.mkdir()
    return folder


def audit(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    python = REPOSITORY / ".venv-audit" / "bin" / "python"
    return subprocess.run(
        [str(python), "-m", "tests.audit", "--repository", str(checkout), *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.audit
def test_a_clean_checkout_is_clean(checkout: Path, database: Path) -> None:
    done = audit(checkout, "--database", str(database))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 packages in 2 lock files\nknown vulnerabilities: none" in done.stdout


@pytest.mark.audit
def test_a_vulnerable_pin_is_named_with_its_lock_file(checkout: Path, database: Path) -> None:
    advisory = json.loads(
        json.dumps(ADVISORY).replace("left.pad", "jinja2").replace('"1.1"', '"0"').replace("1.10", "3.1.6")
    )
    (database / "one.json").write_text(json.dumps(advisory), encoding="utf-8")
    done = audit(checkout, "--database", str(database))
    assert done.returncode == 1, done.stdout + done.stderr
    assert (
        "known vulnerabilities: 1\n  jinja2 3.1.5 (requirements-dev.lock): PYSEC-2026-1, mended in 3.1.6\n"
        in done.stdout
    )


@pytest.mark.audit
def test_a_planted_key_is_named_and_not_shown(checkout: Path, database: Path) -> None:
    # In two parts, so that this file holds none.
    key = "AKIA" + "IOSFODNN7EXAMPLF"
    (checkout / "settings.py").write_text(f"TIMEOUT = 3\nKEY = '{key}'\n", encoding="utf-8")
    done = audit(checkout, "--database", str(database))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "secrets in the tree: 1\n  settings.py, line 2: AWS Access Key" in done.stdout
    assert key not in done.stdout


@pytest.mark.audit
def test_a_database_that_cannot_be_asked_is_not_clean(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    done = audit(checkout)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "known vulnerabilities: NOT LOOKED AT" in done.stdout
    assert "secrets in the tree: none" in done.stdout


@pytest.mark.audit
def test_this_checkout_is_clean_where_no_advisory_is_known(database: Path) -> None:
    done = audit(REPOSITORY, "--database", str(database))
    assert done.returncode == 0, done.stdout + done.stderr
