"""The command line: python -m orchestration nightly, backfill, dev, publish, rollback, backup, serve, health, …"""

from __future__ import annotations

import argparse
import io
import logging
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from orchestration.company.folder import CompanyError
from orchestration.company.skeleton import write_skeleton
from orchestration.console import PACKAGE, console, what_was_published, why_it_failed
from orchestration.faults import FAULTY, faults_said, make_room_for_files, signals_as_interrupts
from orchestration.findings import BuildError
from orchestration.privacy.files import keep_private
from orchestration.privacy.tags import tagged_columns
from orchestration.raw.tables import tables_from_manifest
from orchestration.release.backup import backup, restore
from orchestration.release.export import FORMATS, export
from orchestration.release.publication import (
    NoReleaseError,
    mend_published,
    publish_again,
    published_build,
    releases,
    rollback,
)
from orchestration.release.warehouse import LockTimeoutError, headline, writer_lock
from orchestration.report.release import Rules
from orchestration.runs import notices
from orchestration.runs.exporter import Exporter
from orchestration.runs.health import Ending, ending_noted
from orchestration.runs.layout import check_layout, take_over
from orchestration.runs.setup import report_setup
from orchestration.settings import Settings, SettingsError, backfill_days, load_settings, process_environment
from orchestration.sources.arrivals import DECLARATION
from orchestration.sources.inspection import inspect, write_draft
from orchestration.spark import cluster
from orchestration.transform import dbt_cli
from orchestration.transform.compare import as_text, compare
from orchestration.transform.dev import how_to_go_on, make_dev

logger = logging.getLogger(PACKAGE)

EXIT_FAILED = 1
EXIT_USAGE = 2
# As shells have it of a command that Ctrl-C ended.
EXIT_INTERRUPTED = 130
PAGE_PORT, HEALTH_PORT = 3000, 3001


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    verbs = {
        "nightly": nightly,
        "backfill": backfill,
        "company": make_company,
        "inspect": inspect_source,
        "dev": dev,
        "compare": compare_tables,
        "parse": parse,
        "docs": docs,
        "publish": publish,
        "rollback": roll_back,
        "export": export_tables,
        "backup": back_up,
        "restore": put_back,
        "forget": forget_person,
        "serve": serve,
        "health": health,
        "check-setup": check_setup,
        "spark-up": spark_up,
        "spark-down": spark_down,
    }
    for stream in (sys.stdout, sys.stderr):
        # A terminal that has no letter for a character of a name shows its number.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    try:
        with faults_said(settings.home, *FAULTY), signals_as_interrupts():
            if verbs[options.verb] not in (health, check_setup):
                # These two only look.
                check_layout(settings)
                keep_private(settings)
            return verbs[options.verb](settings, options)
    except KeyboardInterrupt:
        shown = published_build(settings)
        said = f"build {shown['build_id']}, whole" if shown else "nothing yet"
        print(f"{options.verb} was interrupted. Readers see {said}. Start it again when you like.", file=sys.stderr)
        return EXIT_INTERRUPTED
    except SettingsError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    except (BuildError, NoReleaseError, LockTimeoutError, dbt_cli.ManifestMissingError) as error:
        print(error, file=sys.stderr)
        if verbs[options.verb] in (nightly, backfill):
            # What fails outside the job: a project that does not parse, a machine without room.
            for sentence in notices.tell(settings, notices.failed, str(error)):
                print(sentence, file=sys.stderr)
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m orchestration", description="The NPS warehouse.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    build = verbs.add_parser("nightly", help="build, audit and publish the warehouse")
    build.add_argument("--verbose", action="store_true", help="everything that Dagster and dbt log, on the console")
    again = verbs.add_parser("backfill", help="read all raw files again, and compute what is of some days again")
    again.add_argument("--from", dest="first_day", metavar="DAY", required=True, help="the first day, as 2026-01-01")
    again.add_argument("--to", dest="last_day", metavar="DAY", required=True, help="the last day")
    again.add_argument("--verbose", action="store_true", help="everything that Dagster and dbt log, on the console")
    own = verbs.add_parser("company", help="write the folder of a company, to be filled in")
    own.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="a new folder")
    seen = verbs.add_parser("inspect", help="say what a file, a folder or a schema is, and how its rows would arrive")
    seen.add_argument(
        "address", metavar="FILE", help="a file, a folder, a URL, or postgres://user@host/database/schema"
    )
    verbs.add_parser("dev", help="copy the last build into a file for private work, and say how to go on")
    against = verbs.add_parser("compare", help="tables of the private copy against those of the last build")
    against.add_argument(
        "--models", nargs="*", default=(), metavar="MODEL", help="these and what hangs on them; else all"
    )
    verbs.add_parser("parse", help="parse the dbt project, from which the assets are defined")
    verbs.add_parser("docs", help="write the pages of all tables and columns")
    newest = verbs.add_parser("publish", help="publish the newest release that is kept, wherever NPS_PUBLISH says")
    newest.add_argument("--to", metavar="BUILD_ID", help="this release instead")
    back = verbs.add_parser("rollback", help="publish the release before the published one")
    back.add_argument("--to", metavar="BUILD_ID", help="this release instead")
    sheets = verbs.add_parser("export", help="write published tables as files that a spreadsheet may open")
    sheets.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where to write them")
    sheets.add_argument("--format", choices=FORMATS, default="csv", help="csv, or xlsx")
    sheets.add_argument("--tables", nargs="*", default=(), metavar="TABLE", help="these of schema marts; else all")
    kept = verbs.add_parser("backup", help="write what cannot be built again into one file")
    kept.add_argument("--to", metavar="FOLDER", type=Path, required=True, help="where to write it")
    old = verbs.add_parser("restore", help="put a backup into an empty home, and publish its newest release")
    old.add_argument("--from", dest="file", metavar="FILE", type=Path, required=True, help="the backup")
    person = verbs.add_parser("forget", help="take a person out of everything but the raw files, and keep them out")
    person.add_argument("--contact", required=True, help="the contact id, or an e-mail address")
    web = verbs.add_parser("serve", help="the web page and the scheduler, on localhost")
    web.add_argument("--host", default="127.0.0.1", help="the address on which both listen")
    web.add_argument("--port", type=int, default=PAGE_PORT, help=f"of the page; default {PAGE_PORT}")
    web.add_argument("--health-port", type=int, default=HEALTH_PORT, help=f"of health; default {HEALTH_PORT}")
    watched = verbs.add_parser("health", help="how the last night ended, over HTTP: /healthz and /metrics")
    watched.add_argument("--host", default="127.0.0.1", help="the address on which it listens")
    watched.add_argument("--port", type=int, default=HEALTH_PORT, help=f"default {HEALTH_PORT}")
    watched.add_argument("--parent", type=int, help="end when this process is not the parent any more")
    before = verbs.add_parser("check-setup", help="what is missing before a night can run here")
    before.add_argument("--port", type=int, default=PAGE_PORT, help="the port that serve is to have for its page")
    before.add_argument("--health-port", type=int, default=HEALTH_PORT, help="and that for health")
    verbs.add_parser("spark-up", help="start a Spark cluster on this machine")
    verbs.add_parser("spark-down", help="stop it")
    return parser


def nightly(settings: Settings, options: argparse.Namespace) -> int:
    with ending_noted(settings, EXIT_FAILED, EXIT_INTERRUPTED) as ending:
        return _build(settings, options, ending)


def backfill(settings: Settings, options: argparse.Namespace) -> int:
    days = backfill_days(options.first_day, options.last_day)
    with ending_noted(settings, EXIT_FAILED, EXIT_INTERRUPTED) as ending:
        return _build(settings, options, ending, days)


def _build(
    settings: Settings, options: argparse.Namespace, ending: Ending, days: tuple[date, date] | None = None
) -> int:
    make_room_for_files()
    with console(settings.logs_folder / "nightly.log", options.verbose, settings.nights_kept) as shown:
        if dbt_cli.parse(settings, only_if_stale=True):
            logger.info("parsed the dbt project, which had changed")
        failure = _run_job(settings, options.verbose, days)
        if failure is not None:
            said = f"Nothing was published in {settings.published_folder}. The full log is in {settings.logs_folder}."
            print(f"\n{said}\n{failure}", file=shown)
            if not options.verbose:
                # Within, this goes to the log.
                print(f"{said}\n{failure}", flush=True)
            notices.tell(settings, notices.failed, failure)
            ending.failed(failure)
            return EXIT_FAILED
        build = published_build(settings)
        assert build is not None
        ending.published(build)
        score = headline(settings.published_file, Rules.load(settings.variables).headline_program_type, build["as_of"])
        places = [destination.name for destination in settings.destinations]
        said = what_was_published(build, score, settings.published_folder, places)
        if not options.verbose:
            print(said, flush=True)
    for sentence in notices.tell(settings, notices.ended, build):
        print(sentence, file=sys.stderr)
    print(said)
    return 0


def _run_job(settings: Settings, verbose: bool, days: tuple[date, date] | None) -> str | None:
    """Run a night, or a backfill of days, in this process, recorded in the Dagster instance; why it failed, or None."""
    # The code location can be imported once the project is parsed, and takes seconds that other verbs do not need.
    from dagster import DagsterError
    from sqlalchemy.exc import SQLAlchemyError

    from orchestration.definitions import defs
    from orchestration.defs.automation import BACKFILL, FROM_CONSOLE, NIGHTLY, backfill_config
    from orchestration.defs.resources import fail_abandoned_runs
    from orchestration.runs.instance import open_instance

    with faults_said(settings.dagster_home, SQLAlchemyError, DagsterError), open_instance(settings) as instance:
        fail_abandoned_runs(instance)
        config = backfill_config(days[0].isoformat(), days[1].isoformat()) if days else {}
        result = defs.resolve_job_def(BACKFILL if days else NIGHTLY).execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags={FROM_CONSOLE: "true"},
            run_config=config | {"loggers": {"console": {"config": {"log_level": "DEBUG" if verbose else "CRITICAL"}}}},
        )
    return None if result.success else why_it_failed(result.all_events, settings.home)


def make_company(settings: Settings, options: argparse.Namespace) -> int:
    folder = options.to.expanduser().resolve()
    try:
        write_skeleton(folder)
    except CompanyError as error:
        print(error, file=sys.stderr)
        return EXIT_FAILED
    print(f"{folder} is the folder of a company. Put raw tables into {folder / 'raw'} and see README.md there; then:")
    print(f"  NPS_COMPANY={shlex.quote(str(folder))} make nightly")
    return 0


def inspect_source(settings: Settings, options: argparse.Namespace) -> int:
    dbt_cli.parse(settings, only_if_stale=True)
    manifest = dbt_cli.load_manifest(dbt_cli.manifest_file(settings))
    seen = inspect(options.address, settings, tables_from_manifest(manifest), tagged_columns(manifest))
    print(*seen.lines, sep="\n")
    print(f"\nA draft of {DECLARATION}:\n\n{seen.draft}", end="")
    if settings.company is not None:
        print(f"\nwrote {write_draft(settings.company, seen.draft)}")
    return 0


def dev(settings: Settings, options: argparse.Namespace) -> int:
    print(how_to_go_on(settings, make_dev(settings)))
    return 0


def compare_tables(settings: Settings, options: argparse.Namespace) -> int:
    print(as_text(compare(settings, options.models)))
    return 0


def parse(settings: Settings, options: argparse.Namespace) -> int:
    dbt_cli.parse(settings)
    print(f"parsed {dbt_cli.manifest_file(settings)}")
    return 0


def docs(settings: Settings, options: argparse.Namespace) -> int:
    pages = settings.home / "docs"
    with writer_lock(settings, f"process {os.getpid()}, documentation") as held:
        dbt_cli.DbtRun(dbt_cli.command(settings, dbt_cli.docs_verb(settings), pages), settings, held=[held]).finish()
    print(f"wrote {pages / 'static_index.html'}")
    return 0


def publish(settings: Settings, options: argparse.Namespace) -> int:
    return _publish(settings, options, publish_again, "a publication")


def roll_back(settings: Settings, options: argparse.Namespace) -> int:
    return _publish(settings, options, rollback, "a rollback")


def _publish(
    settings: Settings,
    options: argparse.Namespace,
    publication: Callable[[Settings, str | None], Mapping[str, Any]],
    called: str,
) -> int:
    with writer_lock(settings, f"process {os.getpid()}, {called}"):
        for sentence in (*take_over(settings), *mend_published(settings).said):
            print(sentence, file=sys.stderr)
        before = published_build(settings)
        build = publication(settings, options.to)
    said = before["build_id"] if before else "nothing"
    print(f"published {build['build_id']} (as of {build['as_of']}) in place of {said}")
    for place in (settings.published_folder, *(destination.name for destination in settings.destinations)):
        print(f"  in {place}")
    return 0


def export_tables(settings: Settings, options: argparse.Namespace) -> int:
    if not settings.published_file.is_file():
        print("Nothing is published yet. Run: make nightly.", file=sys.stderr)
        return EXIT_FAILED
    files = export(settings.published_file, options.to, options.format, options.tables)
    print(f"wrote {len(files)} file{'' if len(files) == 1 else 's'} to {options.to}")
    return 0


def back_up(settings: Settings, options: argparse.Namespace) -> int:
    with writer_lock(settings, f"process {os.getpid()}, a backup"):
        file = backup(settings, options.to)
    print(f"wrote {file}: the history of accounts, the comments that were read, {len(releases(settings))} releases")
    print("Keep the raw files and the settings as well; what the settings were stands in backup.json in it.")
    return 0


def put_back(settings: Settings, options: argparse.Namespace) -> int:
    # Of what reads raw files and renders reports, which other verbs need not load.
    from orchestration.forgetting.clearing import clear
    from orchestration.forgetting.people import read_people
    from orchestration.forgetting.values import Values

    with writer_lock(settings, f"process {os.getpid()}, a restore"):
        told = restore(settings, options.file)
        people = read_people(settings)
        # The backup may be older than what was forgotten in this home.
        for sentence in clear(settings, people, Values(), ()) if people else ():
            print(sentence)
        build = publish_again(settings)
    print(f"published {build['build_id']} (as of {build['as_of']}) in {settings.published_folder}")
    before = {name: value for name, value in told["settings"].items() if value}
    print("The settings were:", *(f"  {name}={value}" for name, value in before.items()), sep="\n")
    print("The next night builds everything from the raw files, with the history that was restored.")
    print("Who was forgotten after this backup was made is in it: run make forget for them again.")
    return 0


def forget_person(settings: Settings, options: argparse.Namespace) -> int:
    # It reads raw files and renders reports, which other verbs need not load.
    from orchestration.forgetting.forget import forget

    if not options.contact.strip():
        raise SettingsError("CONTACT is empty; write make forget CONTACT=<contact id or e-mail address>.")
    dbt_cli.parse(settings, only_if_stale=True)
    manifest = dbt_cli.load_manifest(dbt_cli.manifest_file(settings))
    with writer_lock(settings, f"process {os.getpid()}, a person to be forgotten"):
        for sentence in (*take_over(settings), *mend_published(settings).said):
            print(sentence, file=sys.stderr)
        for sentence in forget(settings, manifest, options.contact):
            print(sentence)
    print("Raw files, exports and backups are yours: take the person out of them, too.")
    print("As long as raw files hold the person, every night leaves them out.")
    return 0


def serve(settings: Settings, options: argparse.Namespace) -> int:
    """The web page, the daemon and health, in one process group on localhost; Ctrl-C ends them all."""
    from orchestration.defs.resources import fail_abandoned_runs
    from orchestration.runs.instance import open_instance

    dbt_cli.parse(settings, only_if_stale=True)
    with open_instance(settings) as instance:
        fail_abandoned_runs(instance)
    dagster = str(Path(sys.executable).with_name("dagster"))
    arguments = [dagster, "dev", "-m", "orchestration.definitions", "-h", options.host, "-p", str(options.port)]
    # Else its daemon says twice a minute of each sensor that there is nothing to do.
    arguments += ["--log-level", "warning"]
    print(f"http://{options.host}:{options.port} is Dagster's page, in some seconds; Ctrl-C ends it", flush=True)
    watched = ["health", "--host", options.host, "--port", str(options.health_port), "--parent", str(os.getpid())]
    # Dagster ends its processes by SIGINT, which a script's shell lets them ignore.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    subprocess.Popen([sys.executable, "-m", PACKAGE, *watched])
    # Dagster warns of a successor of this command that is for projects laid out by its own tool.
    quiet = {"DAGSTER_HOME": str(settings.dagster_home), "PYTHONWARNINGS": "ignore"}
    os.execve(dagster, arguments, process_environment() | quiet)


def health(settings: Settings, options: argparse.Namespace) -> int:
    try:
        server = Exporter(settings, options.host, options.port, options.parent)
    except OSError as error:
        print(
            f"Nothing can listen on {options.host}:{options.port} ({error.strerror}); say another port.",
            file=sys.stderr,
        )
        return EXIT_FAILED
    with server, suppress(KeyboardInterrupt):
        address = f"http://{options.host}:{server.server_port}"
        print(f"{address}/healthz and /metrics tell of {settings.home}", flush=True)
        server.serve_forever()
    return 0


def check_setup(settings: Settings, options: argparse.Namespace) -> int:
    return EXIT_FAILED if report_setup(settings, (options.port, options.health_port)) else 0


def spark_up(settings: Settings, options: argparse.Namespace) -> int:
    server = cluster.up(settings)
    page = cluster.web_page(settings)
    print(f"A Spark cluster of {cluster.N_WORKERS} workers is up{f'; its page is {page}' if page else ''}.")
    print("To build on it:")
    print(f"  NPS_TARGET=spark NPS_SPARK_SERVER={server} make nightly")
    return 0


def spark_down(settings: Settings, options: argparse.Namespace) -> int:
    stopped = cluster.down(settings)
    print(f"stopped {', '.join(stopped)}" if stopped else f"nothing runs of {cluster.process_folder(settings)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
