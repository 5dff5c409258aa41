"""A backup, and a machine that begins again from it."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest

from orchestration.findings import BuildError
from orchestration.release.backup import CONTENTS, backup, restore
from orchestration.release.integrity import check
from orchestration.release.publication import releases
from orchestration.settings import LAYOUT, Settings, load_settings
from tests.conftest import TINY_AS_OF, run_cli, run_nightly, write_tiny_raw
from tests.nights import contents


@pytest.fixture
def settings(tiny_release: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tiny_release)})


@pytest.fixture
def file(settings: Settings, tmp_path: Path) -> Path:
    return backup(settings, tmp_path / "backups")


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path / "new")})


def rewritten(file: Path, folder: Path, **changed: bytes) -> Path:
    """A copy of a backup with members of other content, or more members."""
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="fully_trusted")
    for name, content in changed.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    with tarfile.open(folder.with_suffix(".tar"), "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.add(path, path.relative_to(folder).as_posix())
    return folder.with_suffix(".tar")


def test_what_is_restored_is_what_was_kept(settings: Settings, file: Path, empty: Settings) -> None:
    restore(empty, file)
    assert releases(empty) == releases(settings)
    for build_id in releases(settings):
        assert check(empty.releases_folder / build_id).damage == ()
    for folder in ("history", "enrichment"):
        kept = {path.name: path.read_bytes() for path in (settings.home / folder).iterdir()}
        assert {path.name: path.read_bytes() for path in (empty.home / folder).iterdir()} == kept != {}


def test_a_release_that_is_restored_can_be_written_by_nobody(file: Path, empty: Settings) -> None:
    restore(empty, file)
    modes = {oct(path.stat().st_mode & 0o777) for path in empty.releases_folder.rglob("*") if path.is_file()}
    assert modes == {"0o444"}


def test_on_an_empty_machine_readers_see_the_release_and_a_night_goes_on_from_it(
    tiny_release: Path, tmp_path: Path
) -> None:
    raw = write_tiny_raw(tmp_path / "raw")
    written = run_cli(tiny_release, raw, "backup", "--to", str(tmp_path / "backups"))
    assert written.code == 0, written.stderr
    [file] = (tmp_path / "backups").iterdir()
    home = tmp_path / "new"
    restored = run_cli(home, raw, "restore", "--from", str(file))
    assert restored.code == 0, restored.stderr
    assert f"NPS_TIMEZONE={load_settings({}).timezone}" in restored.stdout
    assert contents(home) == contents(tiny_release)
    night = run_nightly(home, raw, NPS_AS_OF=TINY_AS_OF)
    assert night.code == 0, night.stderr
    assert contents(home) == contents(tiny_release)


def test_a_home_that_is_in_use_is_left_alone(settings: Settings, file: Path, tmp_path: Path) -> None:
    home = tmp_path / "used"
    shutil.copytree(settings.history_folder, home / "history")
    with pytest.raises(BuildError, match=r"it is in use \(history\)"):
        restore(load_settings({"NPS_HOME": str(home)}), file)
    assert {path.name for path in home.iterdir()} == {"history"}


def test_a_home_without_a_release_has_no_backup(empty: Settings, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="no release to keep"):
        backup(empty, tmp_path / "backups")
    assert not (tmp_path / "backups").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"history/account_versions.parquet": b"other"},
            "history/account_versions.parquet in it is not what was written",
        ),
        ({"history/more.parquet": b"more"}, "history/more.parquet in it was never written by a backup"),
        ({CONTENTS: b"{}"}, "it is no whole backup: its backup.json is missing"),
        (
            {CONTENTS: json.dumps({"layout": LAYOUT + 1, "files": {}, "settings": {}}).encode()},
            "a newer revision wrote it",
        ),
    ],
    ids=["changed", "more", "without a list", "newer"],
)
def test_a_backup_that_is_not_whole_is_refused_and_nothing_is_written(
    file: Path, empty: Settings, tmp_path: Path, changed: dict[str, bytes], said: str
) -> None:
    with pytest.raises(BuildError, match=said):
        restore(empty, rewritten(file, tmp_path / "rewritten", **changed))
    assert list(empty.home.iterdir()) == []


def test_a_backup_that_is_cut_off_is_refused(file: Path, empty: Settings) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(BuildError, match="it is no whole backup"):
        restore(empty, file)
    assert list(empty.home.iterdir()) == []
