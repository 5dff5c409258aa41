"""Homes that older revisions left: the next night of this one makes of them what a build from nothing makes.

    python -m tests.verify_upgrades [commit ...]

For each commit of ``upgrades.yml`` (or those named) its own nightly build makes a home of a tiny company, in a work
tree of its own. Then the company has an answer more and accounts in another segment, and a night of this revision
follows. Its tables are held against a build from nothing that is given the same history of accounts. Prints a line for
each commit, and ends with 1 if a table differs, or a commit could not be tried.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml

from orchestration.settings import REPOSITORY
from tests.conftest import TINY_AS_OF, Finished, build_environment, run_nightly, write_tiny_raw
from tests.nights import contents
from tests.verify_incremental import different_tables

COMMITS = Path(__file__).with_name("upgrades.yml")
PHASE = re.compile(r"\w+ (\.\.\.|[\d.]+ s)$|parsed the dbt project|changed since|.* shows [\dTZ]+-\w+$")
NEXT_DAY = "2024-07-02"
HISTORY = Path("history") / "account_versions.parquet"


class NotTriedError(Exception):
    """The revision could not leave a home; the message says why."""


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def is_there(commit: str) -> bool:
    found = subprocess.run(
        ["git", "cat-file", "-e", f"{commit}^{{commit}}"], cwd=REPOSITORY, capture_output=True, check=False
    )
    return found.returncode == 0


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[Path]:
    """A work tree of the commit."""
    git("worktree", "add", "--detach", str(folder), commit)
    try:
        yield folder
    finally:
        git("worktree", "remove", "--force", str(folder))


def night_of(tree: Path, home: Path, raw: Path) -> None:
    """The nightly build of the revision that is checked out, with the packages of this one."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", "nightly"],
        env=build_environment(home, raw, NPS_AS_OF=TINY_AS_OF) | {"PYTHONPATH": str(tree)},
        cwd=tree,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotTriedError(f"its own night fails here: {last_line(done.stderr)}")


def last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "nothing was said")


def let_a_day_pass(raw: Path) -> None:
    """An answer more, and an account in another segment, which no file dates."""
    with (raw / "survey_responses.csv").open("a", encoding="utf-8") as answers:
        answers.write("r40,a0,c0,2024-06-20T10:00:00Z,10,It works\n")
    accounts = raw / "crm_accounts.csv"
    accounts.write_text(
        accounts.read_text(encoding="utf-8").replace("1,enterprise", "1,small_business"), encoding="utf-8"
    )


def versions(home: Path) -> set[tuple[Any, ...]]:
    """The versions of accounts that a home knows."""
    store = home / HISTORY
    return {tuple(row.values()) for row in pq.read_table(store).to_pylist()} if store.is_file() else set()


def upgraded(commit: str, folder: Path, built: dict[frozenset[Any], Path]) -> tuple[list[str], Finished]:
    """What is wrong after an older revision's home has had a night of this one, and that night as it ended.

    ``built`` has the homes that were built from nothing, by the history of accounts that they were given. Raises
    NotTriedError where the revision leaves no home.
    """
    home, raw = folder / "home", write_tiny_raw(folder / "raw")
    with checked_out(commit, folder / "tree") as tree:
        night_of(tree, home, raw)
    let_a_day_pass(raw)
    seen = versions(home)
    done = run_nightly(home, raw, NPS_AS_OF=NEXT_DAY)
    if done.code != 0:
        return [f"the night fails: {done.last_lines}"], done
    history = frozenset(versions(home))
    if history not in built:
        built[history] = build_from_nothing(folder.with_name(f"from nothing {len(built)}"), home, raw)
    wrong = differences(home, built[history])
    lost = seen - history
    return wrong + ([f"{len(lost)} versions of accounts are lost"] if lost else []), done


def build_from_nothing(afresh: Path, home: Path, raw: Path) -> Path:
    """A home that is given the history of accounts of another, and nothing else."""
    shutil.copytree(home / HISTORY.parent, afresh / HISTORY.parent)
    done = run_nightly(afresh, raw, NPS_AS_OF=NEXT_DAY)
    if done.code != 0:
        raise NotTriedError(f"the build from nothing fails: {done.last_lines}")
    return afresh


def differences(home: Path, afresh: Path) -> list[str]:
    """The tables that are not those of a build from nothing, in the build file and as they are published."""
    ours, wanted = contents(home), contents(afresh)
    published = sorted(table for table in ours.keys() | wanted.keys() if ours.get(table) != wanted.get(table))
    return [
        *(f"{table} differs" for table in different_tables(home, afresh)),
        *(f"{table} is published otherwise" for table in published),
    ]


def said(done: Finished) -> list[str]:
    """What the night says of the home, without its phases."""
    lines = [line.partition("  ")[2] for line in done.stderr.splitlines()]
    return [line for line in lines if line and not PHASE.match(line)]


def main(commits: Sequence[str] = ()) -> int:
    listed = {str(entry["commit"]): str(entry["left"]) for entry in yaml.safe_load(COMMITS.read_text(encoding="utf-8"))}
    wanted = list(commits) or list(listed)
    missing = [commit for commit in wanted if not is_there(commit)]
    if missing:
        is_shallow = git("rev-parse", "--is-shallow-repository").strip() == "true"
        why = (
            "the history of this clone is shallow (git fetch --unshallow)"
            if is_shallow
            else "they are not in this clone"
        )
        print(f"{len(missing)} of {len(wanted)} commits cannot be tried, {why}: {', '.join(missing)}")
    is_off = bool(missing)
    built: dict[frozenset[Any], Path] = {}
    with tempfile.TemporaryDirectory() as folder:
        for commit in wanted:
            if commit in missing:
                continue
            started = time.perf_counter()
            try:
                wrong, done = upgraded(commit, Path(folder) / commit, built)
            except NotTriedError as error:
                wrong, done = [f"not tried: {error}"], Finished(0, "", "")
            is_off = is_off or bool(wrong)
            what = "; ".join(wrong) or "equal"
            print(f"{commit} ({listed.get(commit, 'named')}), {time.perf_counter() - started:.0f} s: {what}")
            for line in said(done):
                print(f"    {line}", flush=True)
            # Each holds two builds.
            shutil.rmtree(Path(folder) / commit, ignore_errors=True)
    return 1 if is_off else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
