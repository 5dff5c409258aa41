"""What a person sees of a build: its phases while it runs, then what was published, or why nothing was."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from orchestration.faults import fault_in
from orchestration.findings import BuildError, PassingFaultError

if TYPE_CHECKING:
    import dagster as dg
    from dagster_shared.error import SerializableErrorInfo

PACKAGE = "orchestration"
INTERRUPTED = "DagsterExecutionInterruptedError"
ROW_PARTS = ("accepted", "superseded", "deleted", "quarantined")


@contextmanager
def console(log: Path, verbose: bool, logs_kept: int = 1) -> Iterator[TextIO]:
    """The phases on standard error, and with all else that is written in a log, unless that is wanted here.

    ``logs_kept`` says how many logs are kept, this one counted.
    Descriptors are swapped, not Python's streams: Dagster's and the engines' child processes write too.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    logger = logging.getLogger(PACKAGE)
    logger.setLevel(logging.INFO)
    with ExitStack() as stack:
        shown = stack.enter_context(os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1))
        handlers = [_handler(shown, "%H:%M:%S")]
        kept = [os.dup(descriptor) for descriptor in (1, 2)]
        if not verbose:
            _make_way(log, logs_kept)
            file = stack.enter_context(log.open("w", buffering=1, encoding="utf-8"))
            handlers.append(_handler(file, "%Y-%m-%d %H:%M:%S"))
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        for handler in handlers:
            logger.addHandler(handler)
        try:
            yield shown
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), kept, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
            for handler in handlers:
                logger.removeHandler(handler)


def _handler(stream: TextIO, date_format: str) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", datefmt=date_format))
    return handler


def _make_way(log: Path, n_kept: int) -> None:
    """Keep the log before under the time of its end; the oldest go."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.is_file():
        ended = datetime.fromtimestamp(log.stat().st_mtime, UTC)
        log.replace(log.with_name(f"{log.stem}-{ended:%Y%m%dT%H%M%S.%fZ}{log.suffix}"))
    for old in sorted(log.parent.glob(f"{log.stem}-*{log.suffix}"), reverse=True)[n_kept - 1 :]:
        old.unlink()


def why_it_failed(events: Sequence[dg.DagsterEvent], place: Path) -> str:
    """The reason of the first failure among a run's events: its own words where it gave them, else the error.

    ``place`` is named where the machine failed and the error names no file.
    """
    for event in events:
        if event.is_step_failure:
            failure = event.step_failure_data.user_failure_data
            if failure is not None and failure.description:
                return failure.description
    errors = [getattr(event.event_specific_data, "error", None) for event in events if event.is_failure]
    roots = [_root(error) for error in errors if error is not None]
    if not roots:
        return "FAILED: the run ended before it could say why; see the log."
    if roots[0].cls_name == INTERRUPTED:
        raise KeyboardInterrupt
    if roots[0].cls_name in (BuildError.__name__, PassingFaultError.__name__):
        return roots[0].message.partition(": ")[2].strip()
    found = fault_in(roots[0].message, place)
    return found.text() if found is not None else f"FAILED: {roots[0].message.strip()}"


def _root(error: SerializableErrorInfo) -> SerializableErrorInfo:
    return error if error.cause is None else _root(error.cause)


def _headline(score: Mapping[str, Any] | None) -> str:
    if score is None:
        return "nobody has answered"
    if score["ci_low"] is None:
        return f"not shown: {score['n_scored']} answers"
    return (
        f"{score['nps']:+.1f} (95 % interval {score['ci_low']:.1f} to {score['ci_high']:.1f}), "
        f"{score['program_type']}, {score['n_scored']:,} answers"
    )


def _what_arrived(check: Mapping[str, str]) -> str:
    """What was seen of what arrived; what failed is withheld from the numbers."""
    word = "withheld" if check["verdict"] == "failed" else "warning"
    return f"  {word:<12}{check['raw_table']}, {check['subject']} ({check['check_name']}): {check['message']}"


def what_was_published(
    build: Mapping[str, Any], score: Mapping[str, Any] | None, folder: Path, places: Sequence[str] = ()
) -> str:
    """The summary of a published build: what and where, the headline, the rows, what warned."""
    counts = build["reconciliation"].values()
    parts = ", ".join(f"{sum(count[f'n_{part}'] for count in counts):,} {part}" for part in ROW_PARTS)
    lines = [
        f"Published {build['build_id']}, as of {build['as_of']}, in {folder}",
        f"  NPS         {_headline(score)}",
        f"  nps.duckdb  {len(build['rows_out'])} tables, {sum(build['rows_out'].values()):,} rows",
        f"  report      {folder / 'report' / 'index.html'}",
        f"  validation  {folder / 'validation' / 'index.html'}",
        *(f"  also in     {place}" for place in places),
        f"  raw rows    {sum(count['n_raw'] for count in counts):,}: {parts}",
        f"  checks      {build['checks']['passed']:,} passed, {build['checks']['warned']:,} warned",
    ]
    lines += [f"  raw file    {event}" for event in build["raw_events"]]
    lines += [f"  repaired    {sentence}" for sentence in build.get("repairs", ())]
    lines += [_what_arrived(check) for check in build["arrived"]]
    return "\n".join([*lines, *(f"  warning     {warning}" for warning in [*build["warnings"], *build["warned"]])])
