"""What is published is what was built: files that are damaged or changed are found, said, kept out and replaced."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import dagster as dg
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.findings import BuildError
from orchestration.raw import ledger
from orchestration.release.integrity import BrokenReleaseError, check, copy_database
from orchestration.release.publication import (
    NoReleaseError,
    keep_staged,
    mend_published,
    publish,
    publish_again,
    published_build,
    releases,
    rollback,
)
from orchestration.release.warehouse import PublishedTable, Upkeep, open_build, write_release
from orchestration.runs.instance import STORES, open_instance, prepare_home
from orchestration.runs.mending import mended
from orchestration.runs.record import BuildRecord
from orchestration.settings import Settings, load_settings
from orchestration.transform.built import read_built
from tests.conftest import TINY_AS_OF, run_cli, run_nightly
from tests.test_publish import publish_number, stage, what_is_published

FIRST, SECOND = "20260701T000000Z", "20260702T000000Z"


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody cuts the power; waiting for the disk takes most of the time here."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"NPS_HOME": str(tmp_path / "home")})


def write(path: Path, content: bytes = b"other") -> None:
    """Write to a file that may be read-only, through whatever links lead to it."""
    path.chmod(0o644)
    path.write_bytes(content)


def change_number(database: Path) -> None:
    """As a client does who opens what is published to write."""
    database.chmod(0o644)
    with duckdb.connect(database) as connection:
        connection.execute("update marts.build set number = 99")


def release(settings: Settings, build_id: str) -> Path:
    return settings.releases_folder / build_id


def in_home(settings: Settings) -> set[str]:
    """The names that stand where releases are published, but for the copies of releases."""
    store = settings.home / ".published"
    names = {path.name for path in (*settings.home.iterdir(), *(store.iterdir() if store.is_dir() else ()))}
    return {name for name in names if not name.startswith("2026")}


# What build.json says ----------------------------------------------------------------------------------------------


def test_build_json_lists_every_file_with_its_hash_and_the_rows_of_the_database(settings: Settings) -> None:
    keep_staged(settings, stage(settings, 1) | {"rows_out": {"marts.build": 1}})
    publish(settings, FIRST)
    files = json.loads((settings.published_folder / "build.json").read_text())["files"]
    assert set(files) == {"nps.duckdb", "report/index.html", "validation/index.html"}
    for name, file in files.items():
        content = (settings.published_folder / name).read_bytes()
        rows = 1 if name == "nps.duckdb" else None
        assert file == {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "rows": rows}


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda folder: write(folder / "nps.duckdb", b""), "nps.duckdb has 0 bytes and was written with"),
    "changed": (lambda folder: write(folder / "report" / "index.html", b"report 9"), "index.html has another content"),
    "gone": (lambda folder: (folder / "validation" / "index.html").unlink(), "validation/index.html is missing"),
    "a folder": (lambda folder: make_folder(folder / "nps.duckdb"), "nps.duckdb is missing"),
    "a log": (lambda folder: write_new(folder / "nps.duckdb.wal"), "nps.duckdb.wal is not of the release"),
    "a page": (lambda folder: write_new(folder / "report" / "old.html"), "report/old.html is not of the release"),
    "empty": (lambda folder: write(folder / "build.json", b""), "build.json is not JSON"),
    "cut off": (lambda folder: write(folder / "build.json", b'{"build_id": "2'), "build.json is not JSON"),
    "no text": (lambda folder: write(folder / "build.json", b"\xff\xfe"), "build.json is not JSON"),
    "a list": (lambda folder: write(folder / "build.json", b"[1]"), "build.json does not say which build it is of"),
    "no id": (lambda folder: write(folder / "build.json", b"{}"), "build.json does not say which build it is of"),
    "no build.json": (lambda folder: (folder / "build.json").unlink(), "build.json is missing"),
    "edited": (lambda folder: edit(folder / "build.json"), "build.json was changed after it was written"),
}


def make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def write_new(path: Path) -> None:
    path.write_text("of somebody else")


def edit(path: Path) -> None:
    """Say of the release that it is of another day."""
    write(path, path.read_bytes().replace(b'"as_of": "2026-07-0', b'"as_of": "2027-07-0'))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_release_is_neither_published_nor_built_upon(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    for number in (1, 2):
        publish_number(settings, number)
    rollback(settings)
    do, said = DAMAGE[damage]
    do(release(settings, SECOND))
    with pytest.raises(BrokenReleaseError, match=f"broken_release on {SECOND}: .*{said}"):
        publish_again(settings, SECOND)
    with pytest.raises(BrokenReleaseError, match=said):
        copy_database(release(settings, SECOND), tmp_path / "nps.duckdb")
    assert not (tmp_path / "nps.duckdb").exists()
    if "is not of the release" not in said:
        # As a night does, which has looked at its release a moment ago; only what is listed is copied.
        with pytest.raises(BrokenReleaseError, match=said):
            publish(settings, SECOND)
    assert publish_again(settings)["build_id"] == FIRST
    assert f"passed over release {SECOND}: " in caplog.text and said in caplog.text
    assert what_is_published(settings) == (1, "report 1", FIRST)


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_published_and_was_changed_is_said_by_name_and_replaced(settings: Settings, damage: str) -> None:
    for number in (1, 2):
        publish_number(settings, number)
    rollback(settings)
    do, said = DAMAGE[damage]
    do(settings.published_folder)
    standing = mend_published(settings)
    assert standing.is_whole
    assert said in standing.said[0] and standing.said[0].startswith("published/")
    assert standing.said[-1] == f"published shows release {FIRST} again, from the copy that is kept"
    assert what_is_published(settings) == (1, "report 1", FIRST)
    assert check(settings.published_folder).damage == ()
    assert mend_published(settings).said == ()


def test_a_client_who_writes_to_what_is_published_reaches_no_release(settings: Settings) -> None:
    publish_number(settings, 1)
    change_number(settings.published_file)
    assert what_is_published(settings)[0] == 99
    assert check(release(settings, FIRST)).damage == ()
    mend_published(settings)
    assert what_is_published(settings)[0] == 1


def test_what_was_changed_stays_and_is_said_where_its_release_is_not_kept(settings: Settings) -> None:
    publish_number(settings, 1)
    change_number(settings.published_file)
    shutil.rmtree(release(settings, FIRST))
    standing = mend_published(settings)
    assert not standing.is_whole
    assert standing.said[-1] == "published stays as it is until the next publication: its release is not kept"
    publish_number(settings, 2)
    assert mend_published(settings).is_whole
    assert what_is_published(settings) == (2, "report 2", SECOND)


def test_where_no_release_is_whole_none_is_published(settings: Settings) -> None:
    publish_number(settings, 1)
    write(release(settings, FIRST) / "nps.duckdb")
    with pytest.raises(NoReleaseError, match=r"There is no release that is whole\. Kept are: 20260701T000000Z"):
        publish_again(settings)
    assert what_is_published(settings) == (1, "report 1", FIRST)


def test_folders_of_others_are_no_releases(settings: Settings) -> None:
    publish_number(settings, 1)
    for name in ("backup", f"{FIRST} copy", "zzz"):
        shutil.copytree(release(settings, FIRST), release(settings, name))
    assert releases(settings) == [FIRST]


def test_a_release_of_an_older_revision_is_published_if_it_opens_and_not_built_upon(
    settings: Settings, tmp_path: Path
) -> None:
    for number in (1, 2):
        publish_number(settings, number)
        older = json.dumps({"build_id": f"2026070{number}T000000Z", "as_of": f"2026-07-0{number}"})
        write(release(settings, f"2026070{number}T000000Z") / "build.json", older.encode())
    assert rollback(settings)["build_id"] == FIRST
    assert what_is_published(settings) == (1, "report 1", FIRST)
    with pytest.raises(BrokenReleaseError, match=r"build\.json of an older revision lists no files"):
        copy_database(release(settings, FIRST), tmp_path / "nps.duckdb")
    write(release(settings, SECOND) / "nps.duckdb", b"not a database")
    with pytest.raises(BrokenReleaseError, match=r"nps\.duckdb cannot be opened"):
        publish_again(settings, SECOND)


# The release and the build file ------------------------------------------------------------------------------------

TABLE = PublishedTable("marts", "scores", ("key",))


def test_a_table_that_was_changed_behind_the_builds_back_is_not_released(settings: Settings, tmp_path: Path) -> None:
    with open_build(settings) as connection:
        connection.execute("create schema marts; create table marts.scores as select 1 as key, 40.0 as nps")
        ((hash_sum, n_rows),) = connection.sql("select sum(hash(key, nps)), count(*) from marts.scores").fetchall()
        upkeep = {"scores": Upkeep(f"{hash_sum}:{n_rows}:columns", None)}
    file = tmp_path / "nps.duckdb"
    write_release(settings.build_file, file, [TABLE], upkeep)
    with open_build(settings) as connection:
        connection.execute("update marts.scores set nps = 99")
    with pytest.raises(BuildError, match=r"release_differs on marts\.scores: its rows are not those that dbt left"):
        write_release(settings.build_file, file, [TABLE], upkeep)


def test_a_table_that_is_short_of_rows_is_written_anew(settings: Settings, tmp_path: Path) -> None:
    with open_build(settings) as connection:
        connection.execute("create schema marts; create table marts.scores as select range as key from range(9)")
        ((hash_sum,),) = connection.sql("select sum(hash(key)) from marts.scores").fetchall()
    fingerprint, file = f"{hash_sum}:9:columns", tmp_path / "nps.duckdb"
    for delete in ("delete from marts.scores where key = 3", "drop table marts.scores"):
        write_release(settings.build_file, file, [TABLE], {"scores": Upkeep(fingerprint, None)})
        with duckdb.connect(file) as connection:
            connection.execute(delete)
        upkeep = {"scores": Upkeep(fingerprint, None)}
        rows = write_release(settings.build_file, file, [TABLE], upkeep, {"marts.scores": fingerprint})
        assert rows == {"marts.scores": 9}


# One pointer -------------------------------------------------------------------------------------------------------


def a_link(settings: Settings) -> None:
    """Nothing has to be done: this is how it is."""


def a_folder(settings: Settings) -> None:
    """As an older revision left it."""
    copy = settings.published_folder.resolve()
    settings.published_folder.unlink()
    copy.rename(settings.published_folder)
    shutil.rmtree(settings.home / ".published")


def a_link_of_the_user(settings: Settings) -> None:
    elsewhere = settings.home.parent / "elsewhere"
    settings.published_folder.resolve().rename(elsewhere)
    settings.published_folder.unlink()
    settings.published_folder.symlink_to(elsewhere)
    shutil.rmtree(settings.home / ".published")


class Crash(BaseException):
    """The process ends here."""


CHANGES = ("replace", "rename", "symlink", "link", "unlink", "chmod", "mkdir", "rmdir", "fsync")


@contextmanager
def broken_at(step: int, error: BaseException, *, is_end: bool) -> Iterator[list[str]]:
    """Within, a change of the file system fails, the one of this number, and all after it if it is the end."""
    made: list[str] = []

    def counted(change: Callable[..., object], name: str) -> Callable[..., object]:
        def call(*arguments: object, **options: object) -> object:
            made.append(name)
            if len(made) == step + 1 or (is_end and len(made) > step):
                raise error
            return change(*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patched:
        for name in CHANGES:
            patched.setattr(os, name, counted(getattr(os, name), name))
        yield made


@pytest.fixture
def template(tmp_path: Path) -> Settings:
    """One release is published, and another is kept."""
    settings = load_settings({"NPS_HOME": str(tmp_path / "template" / "home")})
    publish_number(settings, 1)
    keep_staged(settings, stage(settings, 2))
    return settings


def copy_of(template: Settings, folder: Path, place: Callable[[Settings], None]) -> Settings:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template.home, folder / "home", symlinks=True)
    settings = load_settings({"NPS_HOME": str(folder / "home")})
    place(settings)
    return settings


@pytest.mark.parametrize("place", [a_link, a_folder, a_link_of_the_user])
def test_a_publication_that_ends_anywhere_leaves_one_whole_release_and_the_next_one_is_right(
    template: Settings, tmp_path: Path, place: Callable[[Settings], None]
) -> None:
    seen = []
    for step in count():
        settings = copy_of(template, tmp_path / "company", place)
        with broken_at(step, Crash(), is_end=True) as made, suppress(Crash):
            publish(settings, SECOND)
        mend_published(settings)
        seen.append(what_is_published(settings))
        assert check(settings.published_folder).damage == ()
        publish_again(settings)
        assert what_is_published(settings) == (2, "report 2", SECOND)
        parts = {path.name for path in settings.published_folder.iterdir()}
        assert parts == {"nps.duckdb", "report", "validation", "build.json"}
        assert in_home(settings) <= {"releases", "published", ".published", "build", "taken-over"}
        if len(made) <= step:
            break
    assert len(seen) > 10
    assert set(seen) == {(1, "report 1", FIRST), (2, "report 2", SECOND)}


@pytest.mark.parametrize("place", [a_link, a_folder, a_link_of_the_user])
def test_a_publication_that_fails_anywhere_changes_nothing_for_readers(
    template: Settings, tmp_path: Path, place: Callable[[Settings], None]
) -> None:
    n_failed = 0
    for step in count():
        settings = copy_of(template, tmp_path / "company", place)
        wanted, said = (2, "report 2", SECOND), ""
        with broken_at(step, OSError("the disk is full"), is_end=False) as made:
            try:
                publish(settings, SECOND)
            except BuildError as error:
                wanted, said = (1, "report 1", FIRST), str(error)
                n_failed += 1
        assert what_is_published(settings) == wanted, made[-1]
        assert ("the disk is full. Readers there see what they saw before." in said) == (wanted[0] == 1)
        assert check(settings.published_folder).damage == ()
        if len(made) <= step:
            break
    assert n_failed > 10
    publish_again(settings)
    assert what_is_published(settings) == (2, "report 2", SECOND)


def test_publishing_what_is_published_touches_nothing(settings: Settings) -> None:
    publish_number(settings, 1)

    def state() -> dict[str, tuple[int, int]]:
        return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in settings.home.rglob("*")}

    before = state()
    publish_again(settings)
    assert state() == before


def test_the_copy_before_the_last_is_let_go(settings: Settings) -> None:
    for number in (1, 2, 3):
        publish_number(settings, number)
    assert {path.name for path in (settings.home / ".published").iterdir()} == {SECOND, "20260703T000000Z"}


def test_a_folder_that_an_older_revision_left_is_taken_over_and_what_is_of_others_kept(settings: Settings) -> None:
    publish_number(settings, 1)
    a_folder(settings)
    (settings.published_folder / "notes.txt").write_text("mine")
    publish_number(settings, 2)
    assert settings.published_folder.readlink() == Path(".published") / SECOND
    assert (settings.home / "published.before-1" / "notes.txt").read_text() == "mine"
    assert what_is_published(settings) == (2, "report 2", SECOND)


def test_a_link_of_the_user_is_followed_and_what_is_of_others_stays(settings: Settings) -> None:
    publish_number(settings, 1)
    a_link_of_the_user(settings)
    folder = settings.home.parent / "elsewhere"
    (folder / "notes.txt").write_text("mine")
    write_new(folder / "validation" / "stale.html")
    make_folder(folder / "report" / "index.html")
    publish_number(settings, 2)
    assert settings.published_folder.readlink() == folder
    assert {path.name for path in folder.iterdir()} == {"nps.duckdb", "report", "validation", "build.json", "notes.txt"}
    assert [path.name for path in (folder / "validation").iterdir()] == ["index.html"]
    shutil.rmtree(folder / "report" / "index.html.damaged-1")
    assert what_is_published(settings) == (2, "report 2", SECOND)


@pytest.mark.parametrize("is_mount", [True, False])
def test_where_no_link_can_stand_files_are_replaced(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, *, is_mount: bool
) -> None:
    def no_link(*arguments: object, **options: object) -> None:
        raise OSError("links are not supported")

    if is_mount:
        settings.published_folder.mkdir(parents=True)
        monkeypatch.setattr(Path, "is_mount", lambda path: path == settings.published_folder)
    else:
        monkeypatch.setattr(os, "symlink", no_link)
        monkeypatch.setattr(os, "link", no_link)
    for number in (1, 2):
        publish_number(settings, number)
    assert not settings.published_folder.is_symlink()
    assert what_is_published(settings) == (2, "report 2", SECOND)
    parts = {path.name for path in settings.published_folder.iterdir()}
    assert parts == {"nps.duckdb", "report", "validation", "build.json"}
    change_number(settings.published_file)
    assert mend_published(settings).is_whole
    assert what_is_published(settings) == (2, "report 2", SECOND)


def test_a_home_that_was_moved_shows_what_it_showed(settings: Settings, tmp_path: Path) -> None:
    publish_number(settings, 1)
    settings.home.rename(tmp_path / "moved")
    assert what_is_published(load_settings({"NPS_HOME": str(tmp_path / "moved")})) == (1, "report 1", FIRST)


# Files of ours that are damaged ------------------------------------------------------------------------------------


def home_like(template: Path, home: Path, *without: str) -> Settings:
    """A home that the nightly job left, to be damaged."""
    shutil.copytree(template, home, symlinks=True, ignore=shutil.ignore_patterns("dagster", "logs", *without))
    return load_settings({"NPS_HOME": str(home), "NPS_AS_OF": TINY_AS_OF})


@pytest.fixture
def company(tiny_release: Path, tmp_path: Path) -> Settings:
    settings = home_like(tiny_release, tmp_path / "tiny", "releases", ".published", "dbt")
    settings.dbt_target_folder.mkdir()
    (settings.dbt_target_folder / "manifest.json").write_text('{"nodes": {}}\n')
    return settings


WAYS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "garbage": lambda path: path.write_bytes(bytes(range(256)) * 64),
    "another shape": lambda path: path.write_text('{"inputs": 1, "tests": [], "raw": 7, "phase_seconds": "many"}'),
    "a list": lambda path: path.write_text("[1, 2]"),
    "a folder": make_folder,
}


@pytest.mark.parametrize(
    ("name", "without_it"),
    [
        ("build/record.json", "what it said of the last build is lost"),
        ("build/built.json", "dbt looks at every table again"),
        ("build/warehouse.duckdb", "everything is built anew"),
        ("enrichment/comments.parquet", "every comment is read again"),
        ("history/account_versions.parquet", "it is made again from the build file, as the last night left it on 2024"),
    ],
)
def test_a_damaged_file_is_said_and_kept_and_done_without(company: Settings, name: str, without_it: str) -> None:
    file = company.home / name
    whole = file.read_bytes()
    assert mended(company) == []
    for number, damage in enumerate(WAYS.values(), start=1):
        damage(file)
        (said,) = mended(company)
        assert said.startswith(f"{name} was damaged and is kept as {file.name}.damaged-{number}: {without_it}")
        assert file.with_name(f"{file.name}.damaged-{number}").exists()
        assert mended(company) == []
        # What the next steps begin with.
        BuildRecord(company.record_file).begin(build_id="next")
        assert name != "build/built.json" or read_built(company) is None
        file.write_bytes(whole)


def test_a_build_file_that_is_set_aside_takes_what_was_known_of_it_along(company: Settings) -> None:
    company.build_file.write_bytes(b"")
    log = company.build_file.with_name("warehouse.duckdb.wal")
    log.write_text("of that file")
    mended(company)
    assert not company.built_file.exists() and not company.record_file.exists() and not log.exists()
    assert company.build_file.with_name("warehouse.duckdb.damaged-1.wal").read_text() == "of that file"


def test_a_log_without_its_file_and_one_that_is_a_folder_are_not_in_the_way(company: Settings) -> None:
    log = company.build_file.with_name("warehouse.duckdb.wal")
    log.mkdir()
    (said,) = mended(company)
    assert said.startswith("build/warehouse.duckdb was damaged")
    log.write_text("of a file that is gone")
    (said,) = mended(company)
    assert said.startswith("build/warehouse.duckdb.wal was damaged and is kept as warehouse.duckdb.wal.damaged-1: its")


def test_a_block_that_turns_out_to_be_damaged_sets_the_build_file_aside(company: Settings) -> None:
    from orchestration.defs.resources import explained

    company.build_file.unlink()
    with open_build(company) as connection:
        connection.execute("create table numbers as select random() as number from range(2000000)")
    with company.build_file.open("r+b") as file:
        file.seek(company.build_file.stat().st_size // 2)
        file.write(bytes(100))
    assert mended(company) == []
    with (
        pytest.raises(
            dg.Failure, match=r"a block in it is not what was written; the file is kept as warehouse\.duckdb"
        ),
        explained(company),
        open_build(company) as connection,
    ):
        connection.execute("select sum(number) from numbers")
    assert not company.build_file.exists() and not company.built_file.exists()
    assert company.build_file.with_name("warehouse.duckdb.damaged-1").is_file()


def test_a_build_file_that_somebody_reads_is_not_damaged(company: Settings) -> None:
    query = "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", query, str(company.build_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None and reader.stdout.readline() == "open\n"
        assert mended(company) == []
        reader.communicate("\n")


@pytest.mark.parametrize("way", ["empty", "truncated", "garbage", "a folder", "gone"])
def test_without_dbts_manifest_every_table_is_looked_at_again(company: Settings, way: str) -> None:
    manifest = company.dbt_target_folder / "manifest.json"
    assert mended(company) == []
    WAYS.get(way, Path.unlink)(manifest)
    (said,) = mended(company)
    assert said.startswith("dbt/manifest.json ") and said.endswith(": dbt looks at every table again")
    assert read_built(company) is None
    assert mended(company) == []


@pytest.mark.parametrize("way", ["garbage", "a list", "a folder"])
@pytest.mark.parametrize("store", STORES)
def test_a_damaged_store_of_dagsters_is_begun_again(
    settings: Settings, caplog: pytest.LogCaptureFixture, store: str, way: str
) -> None:
    file = prepare_home(settings) / store
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    WAYS[way](file)
    with open_instance(settings) as instance:
        assert instance.get_runs() == []
    assert f"dagster/{store} was damaged and is kept as {file.name}.damaged-1" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        "drop table ledger.raw_files",
        "alter table ledger.raw_tables drop column read_by",
        "drop table ledger.raw_files; create table ledger.raw_files (name varchar)",
    ],
)
def test_a_damaged_ledger_is_begun_again(company: Settings, damage: str) -> None:
    with open_build(company) as connection:
        connection.execute(damage)
    assert mended(company) == ["the ledger in build/warehouse.duckdb was damaged: every raw file is read again"]
    with open_build(company) as connection:
        assert ledger.read_files(connection, "crm_accounts", "anywhere", "anybody") is None
    assert mended(company) == []


def test_the_history_of_accounts_comes_back_from_the_build_file(company: Settings) -> None:
    store = company.history_folder / "account_versions.parquet"
    before = pq.read_table(store)
    assert before.num_rows > 0
    store.unlink()
    (said,) = mended(company)
    assert said.startswith("history/account_versions.parquet is missing: it is made again from the build file")
    assert pq.read_table(store).equals(before)


def test_it_is_said_what_is_lost_where_nothing_has_the_history(company: Settings) -> None:
    store = company.history_folder / "account_versions.parquet"
    pq.write_table(pa.table({"account_id": ["a"]}), store)
    company.build_file.unlink()
    (said,) = mended(company)
    assert "what nights saw of accounts, and a CRM load has overwritten since, is lost" in said
    assert store.with_name("account_versions.parquet.damaged-1").is_file()


def test_a_night_after_all_that_is_right_and_says_it(tiny_release: Path, tmp_path: Path) -> None:
    company = home_like(tiny_release, tmp_path / "tiny")
    record, store = company.record_file, company.history_folder / "account_versions.parquet"
    newest = release(company, releases(company)[-1])
    record.write_text("")
    os.truncate(store, 50)
    write(newest / "nps.duckdb")
    change = "update marts.nps_by_month set nps = 99 where nps is not null"
    company.published_file.chmod(0o644)
    with duckdb.connect(company.published_file) as connection:
        connection.execute(change)
    done = run_nightly(company.home, company.home / "raw", NPS_AS_OF=TINY_AS_OF)
    assert done.code == 0, done.stderr
    build = published_build(company)
    assert build is not None
    said = "\n".join(build["repairs"])
    for name in (
        "build/record.json was damaged",
        "history/account_versions.parquet was damaged",
        "published/nps.duckdb has",
    ):
        assert name in said and name in done.stderr and name in done.stdout
    assert f"release {newest.name} is not built upon, all tables are written anew: nps.duckdb has" in said
    assert "published stays as it is until the next publication" in said
    with duckdb.connect(company.published_file, read_only=True) as connection:
        assert connection.sql("select count(*) from marts.nps_by_month where nps = 99").fetchall() == [(0,)]
    assert check(company.published_folder).damage == check(release(company, build["build_id"])).damage == ()
    back = run_cli(company.home, company.home / "raw", "publish", "--to", newest.name)
    assert back.code == 1
    assert f"FAILED broken_release on {newest.name}: nps.duckdb has 5 bytes" in back.stderr
