"""Which form of NPS_HOME this revision knows, by a number, and what it does with a home of another form.

The number (``LAYOUT``) stands in ``layout.json`` of the home and in the build.json of each release. A home of an older
number, or of none, is taken over step by step; one of a newer number is neither written nor read. What the form is,
tests/layouts say; a test fails when it has become another and the number has not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.comments import enrichment
from orchestration.files import set_aside, write_json
from orchestration.findings import BuildError, Finding
from orchestration.release.integrity import BUILD, layout_of
from orchestration.release.publication import releases
from orchestration.release.trust import LEDGER, UPKEEP, drop_all_but
from orchestration.release.warehouse import open_build
from orchestration.settings import LAYOUT, Settings
from orchestration.transform.built import forget_built

FILE = "layout.json"


def check_layout(settings: Settings) -> None:
    """A BuildError where a newer revision has written to the home. Nothing is written here."""
    found = max(_numbers(settings))
    if found > LAYOUT:
        raise BuildError(
            Finding(
                "newer_home",
                str(settings.home),
                f"a newer revision of this project keeps it (layout {found}; this one knows {LAYOUT}). "
                "Nothing in it was read or changed.",
                next_step="Use the newer checkout, or say another folder in NPS_HOME.",
            )
        )


def _numbers(settings: Settings) -> Iterator[int]:
    number = layout_of(settings.home / FILE)
    yield number
    yield layout_of(settings.published_folder / BUILD)
    if not number:
        # Of a file that is lost or damaged the releases tell.
        yield from (layout_of(settings.releases_folder / build_id / BUILD) for build_id in releases(settings))


def take_over(settings: Settings) -> list[str]:
    """Bring a home to the layout of this revision; what was done, in sentences, and nothing where it is so already.

    For who holds the writer's lock. Interrupted anywhere, it can be run again.
    """
    check_layout(settings)
    file = settings.home / FILE
    number, said = layout_of(file), list[str]()
    if not number and os.path.lexists(file):
        if file.is_file():
            # What cannot be read just now is not damaged.
            file.read_bytes()
        said.append(f"{FILE} was damaged and is kept as {set_aside(file).name}")
    if not number and not _is_used(settings):
        write_json(file, {"layout": LAYOUT})
    else:
        for step in STEPS[number:]:
            said += step(settings)
            number += 1
            write_json(file, {"layout": number})
    return said


def _is_used(settings: Settings) -> bool:
    """Whether anything lies in the home that a night has left there."""
    left = (
        settings.build_file,
        settings.published_folder,
        settings.releases_folder,
        settings.history_folder,
        settings.enrichment_folder,
    )
    return any(os.path.lexists(path) for path in left)


# One step per number -----------------------------------------------------------------------------------------------


def _from_no_number(settings: Settings) -> Iterator[str]:
    """Of a revision without a number nobody knows how it wrote down what its tables hold, or what it read wrongly."""
    if os.path.lexists(settings.build_file) or os.path.lexists(settings.published_folder):
        yield (
            "an older revision left this home: raw files are read and tables built anew; "
            "the history of accounts and the releases are kept"
        )
    forget_built(settings)
    for path in (settings.record_file, settings.left_file):
        if path.is_file():
            path.unlink()
    # One that is damaged is set aside by the next step of the run.
    with suppress(duckdb.Error):
        _empty_build_file(settings)
    store = settings.enrichment_folder / enrichment.STORE
    if _lacks_columns(store):
        store.unlink()
        yield f"{store.parent.name}/{store.name} has another form: every comment is read again"


def _empty_build_file(settings: Settings) -> None:
    """All but the history of accounts, which is made again from there if its own file is lost."""
    if settings.build_file.is_file():
        with open_build(settings, lambda doubt: None) as connection:
            for schema in (LEDGER, UPKEEP):
                connection.execute(f"drop schema if exists {schema} cascade")
            drop_all_but(connection, ())


def _lacks_columns(store: Path) -> bool:
    try:
        return store.is_file() and not set(enrichment.COLUMNS) <= set(pq.read_schema(store).names)
    except (pa.ArrowException, OSError):
        # Damaged, which is looked at next.
        return False


# The first brings a home of no number to layout 1, the second one of layout 1 to layout 2, and so on.
STEPS: tuple[Callable[[Settings], Iterator[str]], ...] = (_from_no_number,)
