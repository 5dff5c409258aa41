"""Homes of other revisions: an older one's is taken over, a newer one's left alone; what is kept has a description."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.__main__ import main
from orchestration.findings import BuildError
from orchestration.release.integrity import BrokenReleaseError
from orchestration.release.publication import publish_again
from orchestration.release.trust import is_as_left, note_left
from orchestration.runs import layout
from orchestration.runs.layout import STEPS, check_layout, take_over
from orchestration.settings import LAYOUT, Settings, load_settings
from tests.conftest import TINY_AS_OF, run_nightly
from tests.kept import FILE, described
from tests.nights import contents
from tests.test_integrity import FIRST, SECOND, release, write
from tests.test_publish import publish_number, what_is_published

NEWER = LAYOUT + 1


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path / "home")})


def say(path: Path, number: object) -> None:
    """Let a JSON file say of which layout it is, and nothing else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.chmod(0o644)
    content = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(content | {"layout": number}))


def tree(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


# When the number is to be raised -----------------------------------------------------------------------------------


def test_what_is_kept_is_what_its_layout_says(tiny_release: Path) -> None:
    """If this fails: raise LAYOUT, add a step to runs/layout.py, and write the description (CONTRIBUTING.md)."""
    assert described(tiny_release) == yaml.safe_load(FILE.read_text(encoding="utf-8"))


def test_each_layout_has_a_step_and_a_description() -> None:
    assert len(STEPS) == LAYOUT
    assert {path.stem for path in FILE.parent.iterdir()} == {str(number) for number in range(1, LAYOUT + 1)}


# A newer one -------------------------------------------------------------------------------------------------------

VERBS = (
    ["nightly"], ["backfill", "--from", "2024-01-01", "--to", "2024-01-02"], ["dev"], ["parse"], ["docs"], ["publish"],
    ["publish", "--to", FIRST], ["rollback"], ["serve"], ["spark-up"], ["spark-down"],
)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_verb_leaves_a_home_of_a_newer_revision_alone(
    settings: Settings, verb: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_number(settings, 1)
    say(settings.home / "layout.json", NEWER)
    before = tree(settings.home)
    monkeypatch.setenv("NPS_HOME", str(settings.home))

    assert main(verb) == 1

    said = capsys.readouterr().err
    assert f"FAILED newer_home on {settings.home}: a newer revision of this project keeps it (layout {NEWER};" in said
    assert "Use the newer checkout, or say another folder in NPS_HOME." in said
    assert tree(settings.home) == before


@pytest.mark.parametrize("lost", ["", "{", "[]", '{"layout": "2"}', '{"layout": true}', '{"layout": -1}'])
def test_without_the_number_releases_tell_of_a_newer_revision(settings: Settings, lost: str) -> None:
    publish_number(settings, 1)
    check_layout(settings)
    (settings.home / "layout.json").write_text(lost)
    check_layout(settings)
    say(release(settings, FIRST) / "build.json", NEWER)
    with pytest.raises(BuildError, match=f"layout {NEWER}; this one knows {LAYOUT}"):
        check_layout(settings)


def test_what_a_newer_revision_published_is_not_taken_for_damaged(settings: Settings) -> None:
    publish_number(settings, 1)
    say(settings.home / "layout.json", LAYOUT)
    say(settings.published_folder / "build.json", NEWER)
    with pytest.raises(BuildError, match="newer_home"):
        take_over(settings)


def test_a_release_of_a_newer_revision_is_passed_over_and_refused_by_name(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        publish_number(settings, number)
    say(release(settings, SECOND) / "build.json", NEWER)
    assert publish_again(settings)["build_id"] == FIRST
    assert f"passed over release {SECOND}: build.json is of a newer revision of this project (layout " in caplog.text
    with pytest.raises(BrokenReleaseError, match="newer revision"):
        publish_again(settings, SECOND)
    assert what_is_published(settings) == (1, "report 1", FIRST)


# An older one ------------------------------------------------------------------------------------------------------


def test_a_home_is_marked_when_it_is_first_used(settings: Settings) -> None:
    assert take_over(settings) == []
    assert json.loads((settings.home / "layout.json").read_text()) == {"layout": LAYOUT}
    assert take_over(settings) == []


def test_a_damaged_number_is_kept_and_the_home_taken_for_an_older_one(settings: Settings) -> None:
    publish_number(settings, 1)
    (settings.home / "layout.json").write_text("{")
    said = take_over(settings)
    assert said[0] == "layout.json was damaged and is kept as layout.json.damaged-1"
    assert "an older revision left this home" in said[1]
    assert take_over(settings) == []


def test_a_takeover_that_broke_off_goes_on_where_it_ended(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def step(name: str, *, breaks: bool = False) -> Callable[[Settings], list[str]]:
        def take(settings: Settings) -> list[str]:
            done.append(name)
            if breaks and done.count(name) == 1:
                raise KeyboardInterrupt
            return [name]

        return take

    publish_number(settings, 1)
    monkeypatch.setattr(layout, "STEPS", (step("first"), step("second", breaks=True), step("third")))
    with pytest.raises(KeyboardInterrupt):
        take_over(settings)
    assert take_over(settings) == ["second", "third"]
    assert done == ["first", "second", "second", "third"]


def without_hashes(home: Path) -> None:
    for build in (home / "published" / "build.json", *(home / "releases").glob("*/build.json")):
        content = json.loads(build.read_text())
        for key in ("files", "sha256", "layout", "fingerprints", "repairs"):
            del content[key]
        write(build, json.dumps(content).encode())


def published_as_a_folder(home: Path) -> None:
    folder = (home / "published").resolve()
    (home / "published").unlink()
    folder.rename(home / "published")
    shutil.rmtree(home / ".published")


def comments_without_themes(home: Path) -> None:
    store = home / "enrichment" / "comments.parquet"
    pq.write_table(pq.read_table(store).drop(["themes", "searched_by"]), store)


def in_build_file(*statements: str) -> Callable[[Path], None]:
    def change(home: Path) -> None:
        with duckdb.connect(home / "build" / "warehouse.duckdb") as connection:
            for statement in statements:
                connection.execute(statement)

    return change


def without(*names: str) -> Callable[[Path], None]:
    def remove(home: Path) -> None:
        for name in names:
            (home / name).unlink()

    return remove


def counted_wrongly(home: Path) -> None:
    """A table that the older revision made wrongly, and wrote down as it is."""
    file = home / "build" / "warehouse.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("update marts.nps_by_month set nps = 99")
        ((found,),) = connection.execute("select sum(hash(*columns(*))) from marts.nps_by_month").fetchall()
        connection.execute(
            "update upkeep.tables set fingerprint = regexp_replace(fingerprint, '^[0-9]+', ?), hash_sum = ? "
            "where table_name = 'nps_by_month'",
            [str(found), found],
        )
    note_left(load_settings({"NPS_HOME": str(home)}))


# As revisions left it, the newest first: each in its own words what it did not know yet.
OLDER: dict[str, tuple[Callable[[Path], None], ...]] = {
    "no layout, no hashes, no left.json, fewer columns and tables, no themes": (
        counted_wrongly,
        without_hashes,
        published_as_a_folder,
        comments_without_themes,
        in_build_file(
            "alter table upkeep.tables drop column schema_name",
            "alter table upkeep.tables drop column table_name",
            "drop table ledger.ignored_values",
            "update marts.nps_by_month set nps = 99",
        ),
        without("build/left.json", "layout.json"),
    ),
}


@pytest.mark.parametrize("left", OLDER)
def test_a_home_that_an_older_revision_left_is_taken_over(tiny_release: Path, tmp_path: Path, left: str) -> None:
    home = Path(shutil.copytree(tiny_release, tmp_path / "home", symlinks=True))
    for step in OLDER[left]:
        step(home)

    done = run_nightly(home, home / "raw", NPS_AS_OF=TINY_AS_OF)

    assert done.code == 0, done.stderr
    assert "an older revision left this home: raw files are read and tables built anew" in done.stderr
    assert "was damaged" not in done.stderr
    assert contents(home) == contents(tiny_release)
    # The folder that was published before stays for its readers until the next night.
    now, wanted = described(home), described(tiny_release)
    assert now | {"files": wanted["files"]} == wanted
    build = json.loads((home / "published" / "build.json").read_text())
    assert build["repairs"][0].startswith("an older revision left this home")
    assert len(list((home / "releases").iterdir())) == 2


def test_of_a_build_file_that_knew_of_no_upkeep_the_history_alone_is_kept(tiny_release: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(tiny_release, tmp_path / "home", symlinks=True))
    in_build_file("drop schema upkeep cascade", "drop schema ledger cascade")(home)
    without("build/left.json", "build/built.json", "layout.json")(home)
    settings = load_settings({"NPS_HOME": str(home)})

    take_over(settings)

    with duckdb.connect(settings.build_file, read_only=True) as connection:
        made = "schema_name not in ('raw', 'landing', 'enrichment')"
        kept = connection.sql(f"select schema_name from duckdb_tables() where {made}").fetchall()
    assert kept == [("history",)]
    assert is_as_left(settings)
