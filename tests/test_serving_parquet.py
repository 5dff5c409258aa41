"""A release as a folder of Parquet files: whole when it is seen, pointed to by one rename, seven kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.findings import BuildError
from orchestration.release.serving import parquet
from orchestration.release.warehouse import open_read_only
from orchestration.settings import ParquetDestination


@pytest.fixture
def destination(tmp_path: Path) -> ParquetDestination:
    return ParquetDestination(tmp_path / "served" / "nps")


def write_release(folder: Path, number: int) -> tuple[Path, dict[str, Any]]:
    file = folder / f"{number}.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute(
            "create schema marts; create schema employee;"
            f"create table marts.build as select {number} as number;"
            "create table employee.employee_nps as select 'a team' as team"
        )
    return file, {"build_id": f"202607{number:02}T000000Z", "as_of": f"2026-07-{number:02}"}


def publish(destination: ParquetDestination, release: tuple[Path, dict[str, Any]]) -> None:
    with parquet.ready(destination, *release) as switch:
        switch()


def shown(destination: ParquetDestination) -> tuple[int, str]:
    """The number in the files that the link points to, and the build that the pointer names."""
    pointer = json.loads((destination.folder / "current.json").read_text())
    row = duckdb.sql(f"select number from '{destination.folder}/current/marts/build.parquet'").fetchone()
    assert row is not None
    return row[0], pointer["build_id"]


def test_the_sample_is_published_row_for_row(destination: ParquetDestination, sample_release: Path) -> None:
    published = sample_release / "published"
    build = json.loads((published / "build.json").read_text())
    publish(destination, (published / "nps.duckdb", build))
    files = {str(path.relative_to(destination.folder / "current")) for path in destination.folder.glob("current/*/*")}
    assert files == {f"{table.replace('.', '/')}.parquet" for table in build["rows_out"]}
    with open_read_only(published / "nps.duckdb") as release:
        for table in build["rows_out"]:
            file = destination.folder / "current" / f"{table.replace('.', '/')}.parquet"
            schema = f"describe from {table}", f"describe from '{file}'"
            names = [[row[:2] for row in release.execute(query).fetchall()] for query in schema]
            assert names[0] == names[1]
            rows = [release.execute(f"from {source}").to_arrow_table() for source in (table, f"'{file}'")]
            assert rows[0].equals(rows[1]), table


def test_the_pointer_goes_forth_and_back(destination: ParquetDestination, tmp_path: Path) -> None:
    releases = [write_release(tmp_path, number) for number in (1, 2)]
    for release, number in ((releases[0], 1), (releases[1], 2), (releases[0], 1)):
        publish(destination, release)
        assert shown(destination) == (number, release[1]["build_id"])
    assert sorted(path.name for path in destination.folder.iterdir()) == [
        "20260701T000000Z",
        "20260702T000000Z",
        "current",
        "current.json",
    ]
    assert (destination.folder / "current").readlink() == Path("20260701T000000Z")


def test_the_pointer_is_never_missing(
    destination: ParquetDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is done to the folder, the link before and after is whole: the change is one rename."""
    publish(destination, write_release(tmp_path, 1))
    seen: list[int] = []

    def watched(name: str) -> None:
        done = getattr(Path, name)

        def act(path: Path, *arguments: Any, **named: Any) -> Any:
            seen.append(duckdb.sql(f"from '{destination.folder}/current/marts/build.parquet'").fetchall()[0][0])
            result = done(path, *arguments, **named)
            seen.append(duckdb.sql(f"from '{destination.folder}/current/marts/build.parquet'").fetchall()[0][0])
            return result

        monkeypatch.setattr(Path, name, act)

    for name in ("symlink_to", "replace", "rename", "unlink", "mkdir", "write_text"):
        watched(name)
    publish(destination, write_release(tmp_path, 2))
    monkeypatch.undo()
    assert seen == sorted(seen) and set(seen) == {1, 2}


def test_a_release_is_unseen_until_it_is_switched(destination: ParquetDestination, tmp_path: Path) -> None:
    publish(destination, write_release(tmp_path, 1))
    with pytest.raises(ZeroDivisionError), parquet.ready(destination, *write_release(tmp_path, 2)):
        raise ZeroDivisionError
    assert shown(destination) == (1, "20260701T000000Z")


def test_litter_of_a_killed_publication_is_cleared(
    destination: ParquetDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """The process ends here."""

    def killed(*arguments: object) -> None:
        raise Killed

    publish(destination, write_release(tmp_path, 1))
    second = write_release(tmp_path, 2)
    for name in ("rename", "replace"):
        with monkeypatch.context() as patched:
            patched.setattr(Path, name, killed)
            with pytest.raises(Killed):
                publish(destination, second)
        assert shown(destination) == (1, "20260701T000000Z")
    assert any(path.name.startswith(".unfinished") for path in destination.folder.iterdir())
    publish(destination, second)
    assert shown(destination) == (2, "20260702T000000Z")
    assert not any(path.name.startswith(".unfinished") for path in destination.folder.iterdir())


def test_seven_releases_are_kept_and_what_is_not_a_release_is_left_alone(
    destination: ParquetDestination, tmp_path: Path
) -> None:
    (destination.folder / "0-notes").mkdir(parents=True)
    for number in range(1, 10):
        publish(destination, write_release(tmp_path, number))
    kept = {path.name for path in destination.folder.iterdir() if not path.name.startswith("current")}
    assert kept == {"0-notes", *(f"202607{number:02}T000000Z" for number in range(3, 10))}
    # Back to one that is no longer there: written again, and kept although it is the oldest.
    publish(destination, (tmp_path / "1.duckdb", {"build_id": "20260701T000000Z", "as_of": "2026-07-01"}))
    assert shown(destination) == (1, "20260701T000000Z")


def test_a_place_without_links_has_the_pointer(
    destination: ParquetDestination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(path: Path, target: object, **named: object) -> None:
        raise OSError("links are not supported")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "symlink_to", no_link)
        publish(destination, write_release(tmp_path, 1))
    assert json.loads((destination.folder / "current.json").read_text())["build_id"] == "20260701T000000Z"
    assert not (destination.folder / "current").exists()
    publish(destination, write_release(tmp_path, 2))
    monkeypatch.setattr(Path, "symlink_to", no_link)
    with pytest.raises(BuildError, match="links are not supported"):
        publish(destination, write_release(tmp_path, 3))
    assert shown(destination) == (2, "20260702T000000Z")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    destination = ParquetDestination(tmp_path / "file" / "nps")
    with pytest.raises(BuildError, match=r"on parquet:.*/file/nps: the release could not be written.*\n  next: Make"):
        publish(destination, write_release(tmp_path, 1))
