"""Where a release is served besides the published file: made ready in all places first, then switched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from orchestration.release.serving import parquet, postgres
from orchestration.settings import Destination, PostgresDestination

# Lets the readers of one destination see what was made ready there.
Switch = Callable[[], None]


@contextmanager
def ready(
    destinations: Sequence[Destination], release_file: Path, build: Mapping[str, Any]
) -> Iterator[dict[str, Switch]]:
    """Write a release to every destination, unseen; what each needs to show it, by name.

    Whatever has not been switched at the end is undone.
    """
    with ExitStack() as stack:
        yield {
            destination.name: stack.enter_context(
                postgres.ready(destination, release_file, build)
                if isinstance(destination, PostgresDestination)
                else parquet.ready(destination, release_file, build)
            )
            for destination in destinations
        }
