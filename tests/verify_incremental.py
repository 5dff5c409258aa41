"""Random nights of a company: after the last of them, every table equals what a build from nothing makes.

    python -m tests.verify_incremental [sequences [first]] [habits]

works on as many sequences at once as there are processors, from number ``first`` on, and prints what happened in each;
ends with 1 if a table differs in one of them. With ``habits``, people work on the build file by hand between nights.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

from orchestration.comments.enrichment import enrich
from orchestration.comments.names import TABLE, land_named_comments
from orchestration.company.project import reference_file
from orchestration.files import file_hash
from orchestration.findings import BuildError
from orchestration.raw.ignored import TABLE as IGNORED
from orchestration.raw.landing import land
from orchestration.raw.tables import tables_from_manifest
from orchestration.release.trust import note_left
from orchestration.release.warehouse import open_build, writer_lock
from orchestration.settings import Settings, load_settings
from orchestration.transform import dbt_cli
from orchestration.transform.account_history import keep_account_versions
from orchestration.transform.upkeep import note_sources
from tests.conftest import build_environment
from tests.habits import Habits
from tests.nights import Company, built_contents

SEQUENCES = 50
# At least so many nights in each, and at most.
NIGHTS = (2, 4)


def differences(
    company: Company,
    folder: Path,
    nights: Sequence[Sequence[str]],
    habits: Sequence[Sequence[str]] = (),
) -> tuple[list[str], list[str]]:
    """Build a first night and the others; what happened in each, and the tables that a build from nothing makes other.

    ``nights`` has the events of each, by the names of their methods; of a night without any, chance decides. To a build
    from nothing the history of the accounts is given, which no raw file tells any more. ``habits`` has what is done by
    hand before each of the first nights, by the names of the methods; of one without any, chance decides.
    """
    home, afresh = folder / "home", folder / "afresh"
    # So small a company is touched in most of its parts; its tables are to be recomputed in part all the same.
    in_part = {"NPS_RECOMPUTED_SHARE": "1"}
    _build(home, company, **in_part)
    happened = []
    hands = Habits(folder, _settings(home, company), company.seed) if habits else None
    for number, named in enumerate(nights):
        done = [hands.befall(*habits[number])] if hands is not None and number < len(habits) else []
        happened.append(", ".join([*done, company.night(*named)]))
        _build(home, company, **in_part)
    shutil.copytree(home / "history", afresh / "history")
    _build(afresh, company)
    return happened, different_tables(home, afresh)


def different_tables(home: Path, afresh: Path) -> list[str]:
    """The tables that are not the same in both, published or not."""
    ours, wanted = built_contents(home), built_contents(afresh)
    return sorted(table for table in ours.keys() | wanted.keys() if ours.get(table) != wanted.get(table))


def _settings(home: Path, company: Company, **given: str) -> Settings:
    return load_settings(build_environment(home, company.folder, NPS_AS_OF=company.as_of.isoformat(), **given))


def _build(home: Path, company: Company, **given: str) -> None:
    """The tables of a night. Its tests, audit and publication take half of the time and change none of them."""
    settings = _settings(home, company, **given)
    dbt_cli.parse(settings, only_if_stale=True)
    # Can be imported once the project is parsed.
    from orchestration.defs.enrichment import stores

    manifest = dbt_cli.load_manifest(dbt_cli.manifest_file(settings))
    with open_build(settings) as connection:
        landing = land(connection, settings.raw, tables_from_manifest(manifest))
        enrich(connection, settings.enrichment_folder, reference_file(settings, "theme_keywords"))
        named = {TABLE: land_named_comments(connection)}
        keep_account_versions(connection, settings.history_folder, settings.as_of)
        kept = {name: file_hash(store) for name, store in stores(settings).items()}
        contents = (
            {table.name: table.content_hash for table in landing.tables}
            | {IGNORED: landing.ignored_hash}
            | kept
            | named
        )
        note_sources(connection, manifest, contents)
    models = ["build", "--resource-type", "seed", "--resource-type", "model"]
    with writer_lock(settings, "a night"):
        dbt_cli.DbtRun(dbt_cli.command(settings, models, dbt_cli.prepare_target(settings)), settings).finish()
        note_left(settings)


def sequence(folder: Path, seed: int, *, with_habits: bool = False) -> tuple[list[str], list[str]]:
    """The differences of random nights."""
    ours = folder / str(seed)
    try:
        nights = [()] * Random(seed).randint(*NIGHTS)
        return differences(Company(ours / "raw", seed), ours, nights, nights if with_habits else ())
    except BuildError as error:
        error.add_note(f"This was in sequence {seed}.")
        raise
    finally:
        shutil.rmtree(ours)


def main(sequences: int = SEQUENCES, first: int = 0, *, with_habits: bool = False) -> int:
    seeds = range(first, first + sequences)
    is_off = False
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(os.cpu_count()) as processes:
        found_in_each = processes.map(partial(sequence, Path(folder), with_habits=with_habits), seeds)
        for seed, (happened, found) in zip(seeds, found_in_each, strict=True):
            print(f"sequence {seed}: {'differs: ' + ', '.join(found) if found else 'equal'}")
            for number, events in enumerate(happened, start=1):
                print(f"  night {number}: {events}", flush=True)
            is_off = is_off or bool(found)
    return 1 if is_off else 0


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:] if argument != "habits"]
    sys.exit(main(*numbers, with_habits="habits" in sys.argv[1:]))
