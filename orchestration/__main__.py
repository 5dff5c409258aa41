"""The command line: python -m orchestration nightly | parse | docs | rollback | serve | bench."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import dbt_cli
from orchestration.bench import SCALE, bench
from orchestration.findings import BuildError
from orchestration.publication import RollbackError, published_build, rollback
from orchestration.report.release import Rules
from orchestration.settings import Settings, SettingsError, load_settings, process_environment
from orchestration.warehouse import LockTimeoutError, headline, writer_lock

if TYPE_CHECKING:
    import dagster as dg

logger = logging.getLogger("orchestration")

EXIT_FAILED = 1
EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        verbs = {
            "nightly": nightly,
            "parse": parse,
            "docs": docs,
            "rollback": roll_back,
            "serve": serve,
            "bench": measure,
        }
        return verbs[options.verb](settings, options)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (BuildError, RollbackError, LockTimeoutError, dbt_cli.ManifestMissingError) as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description="The NPS warehouse.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    build = verbs.add_parser("nightly", help="build, audit and publish the warehouse")
    build.add_argument("--verbose", action="store_true", help="everything that Dagster logs, on the console")
    verbs.add_parser("parse", help="parse the dbt project, from which the assets are defined")
    verbs.add_parser("docs", help="write the pages of all tables and columns")
    back = verbs.add_parser("rollback", help="publish the release before the published one")
    back.add_argument("--to", metavar="BUILD_ID", help="this release instead")
    measured = verbs.add_parser("bench", help="times and memory of the sample and of the company at scale")
    measured.add_argument("--scale", type=float, default=SCALE, help="0: the sample alone")
    web = verbs.add_parser("serve", help="the web page and the scheduler, on localhost")
    web.add_argument("--port", type=int, default=3000)
    return parser


def parse(settings: Settings, options: argparse.Namespace) -> int:
    dbt_cli.parse(settings)
    print(f"parsed {dbt_cli.MANIFEST}")
    return 0


def docs(settings: Settings, options: argparse.Namespace) -> int:
    pages = settings.home / "docs"
    with writer_lock(settings, f"process {os.getpid()}, documentation") as held:
        dbt_cli.DbtRun(dbt_cli.command(settings, dbt_cli.docs_verb(settings), pages), settings, held=[held]).finish()
    print(f"wrote {pages / 'static_index.html'}")
    return 0


def roll_back(settings: Settings, options: argparse.Namespace) -> int:
    before = published_build(settings)
    with writer_lock(settings, f"process {os.getpid()}, a rollback"):
        restored = rollback(settings, options.to)
    said = before["build_id"] if before else "nothing"
    print(f"published {restored['build_id']} (as of {restored['as_of']}) in place of {said}")
    print(f"  in {settings.published_folder}")
    return 0


def nightly(settings: Settings, options: argparse.Namespace) -> int:
    with _console(settings, options.verbose) as console:
        if dbt_cli.parse(settings, only_if_stale=True):
            logger.info("parsed the dbt project, which had changed")
        failure = _run_job(settings, options.verbose)
        if failure is not None:
            print(f"\nNothing was published. The full log is in {settings.logs_folder}.\n{failure}", file=console)
            return EXIT_FAILED
        said = _published(settings)
    print(said)
    return 0


def _run_job(settings: Settings, verbose: bool) -> str | None:
    """Run the job in this process, recorded in the Dagster instance; why it failed, or None."""
    from orchestration.definitions import defs
    from orchestration.defs.automation import NIGHTLY
    from orchestration.defs.resources import fail_abandoned_runs
    from orchestration.instance import open_instance

    with open_instance(settings) as instance:
        fail_abandoned_runs(instance)
        result = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "DEBUG" if verbose else "CRITICAL"}}}},
        )
    return None if result.success else _why(result.all_events)


def _why(events: Sequence[dg.DagsterEvent]) -> str:
    """The reason of the first step that failed: its own words where it gave them, else the error."""
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None and data.user_failure_data.description:
                return data.user_failure_data.description
            if data.error is not None:
                return f"FAILED {event.step_key}: {_innermost(data.error)}"
    for event in events:
        if event.is_failure and event.event_specific_data is not None:
            error = getattr(event.event_specific_data, "error", None)
            if error is not None:
                return f"FAILED {event.step_key or 'the run'}: {_innermost(error)}"
    return "FAILED: the run ended without a reason; see the log."


def _innermost(error: Any) -> str:
    while error.cause is not None:
        error = error.cause
    return str(error.message).strip()


def _published(settings: Settings) -> str:
    build = published_build(settings)
    assert build is not None
    score = headline(settings.published_file, Rules.load().headline_program_type, build["as_of"])
    totals = {
        part: sum(counts[part] for counts in build["reconciliation"].values())
        for part in ("n_raw", "n_accepted", "n_superseded", "n_deleted", "n_quarantined")
    }
    lines = [
        "",
        f"Published {build['build_id']}, as of {build['as_of']}, in {settings.published_folder}",
        f"  tables    {len(build['rows_out'])} with {sum(build['rows_out'].values()):,} rows: nps.duckdb",
        f"  report    {settings.published_folder / 'report' / 'index.html'}",
    ]
    if score is None or score["ci_low"] is None:
        reason = "nobody has answered" if score is None else f"not shown: {score['n_scored']} answers"
        lines.append(f"  NPS       {reason}")
    else:
        lines.append(
            f"  NPS       {score['nps']:+.1f} (95 % interval {score['ci_low']:.1f} to {score['ci_high']:.1f}), "
            f"{score['program_type']}, {score['n_scored']:,} answers"
        )
    lines += [
        f"  raw rows  {totals['n_raw']:,}: {totals['n_accepted']:,} accepted, {totals['n_superseded']:,} superseded, "
        f"{totals['n_deleted']:,} deleted, {totals['n_quarantined']:,} quarantined",
        f"  checks    {build['checks']['passed']:,} passed, {build['checks']['warned']:,} warned",
    ]
    lines += [f"  warning   {warning}" for warning in [*build["warnings"], *build["warned"]]]
    return "\n".join(lines)


def measure(settings: Settings, options: argparse.Namespace) -> int:
    print(bench(options.scale))
    return 0


def serve(settings: Settings, options: argparse.Namespace) -> int:
    """The web page and the daemon, in one process group on localhost; Ctrl-C ends both."""
    from orchestration.defs.resources import fail_abandoned_runs
    from orchestration.instance import open_instance

    dbt_cli.parse(settings, only_if_stale=True)
    with open_instance(settings) as instance:
        fail_abandoned_runs(instance)
    dagster = str(Path(sys.executable).with_name("dagster"))
    arguments = [dagster, "dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(options.port)]
    # Dagster warns of a successor of this command that is for projects laid out by its own tool.
    quiet = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONWARNINGS": "ignore"}
    os.execve(dagster, arguments, process_environment() | quiet)


@contextmanager
def _console(settings: Settings, verbose: bool) -> Iterator[Any]:
    """The phases on the console; all else that is written goes to a log, unless it was asked for."""
    settings.logs_folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1) as console:
        handler = logging.StreamHandler(console)
        handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", datefmt="%H:%M:%S"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        kept = [os.dup(descriptor) for descriptor in (1, 2)]
        if not verbose:
            log = os.open(settings.logs_folder / "nightly.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.dup2(log, 1)
            os.dup2(log, 2)
            os.close(log)
        try:
            yield console
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, original in zip((1, 2), kept, strict=True):
                os.dup2(original, descriptor)
                os.close(original)
            logger.removeHandler(handler)


if __name__ == "__main__":
    sys.exit(main())
