"""Every setting of the warehouse, read from the environment in one place.

Nothing else in the project reads an environment variable or a clock.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from orchestration.company.folder import Company, CompanyError, load_company, nearest

REPOSITORY = Path(__file__).resolve().parent.parent
# The dbt project, and the reference tables that it loads as seeds.
PROJECT = REPOSITORY / "dbt_project"
REFERENCE = REPOSITORY / "seeds" / "reference"
# The sample company, a folder like any other's.
SAMPLE = REPOSITORY / "seeds"
SAMPLE_RAW = SAMPLE / "raw"
TARGETS = ("duckdb", "spark")
# The form of what is kept under NPS_HOME (runs/layout.py). CONTRIBUTING.md says when it is raised.
LAYOUT = 1
# Beside the build file of the nightly job, and beside no other.
LOCK_NAME = "writer.lock"
# What each field of a cron line counts, and its bounds.
CRON_FIELDS = {"minute": (0, 59), "hour": (0, 23), "day of month": (1, 31), "month": (1, 12), "day of week": (0, 7)}
CRON_ITEM = re.compile(r"(?:\*|(?P<first>\d+)(?:-(?P<last>\d+))?)(?:/(?P<step>[1-9]\d*))?")
# Between two destinations; a comma or blank before anything else belongs to the one that it stands in.
DESTINATIONS_APART = re.compile(r"[\s,]+(?=[a-z0-9]+:(?:[/.~]|file:))")
POSTGRES_URL = re.compile(r"postgres(?:ql)?://[^/\s]*/[^?\s]\S*")
MEMORY = re.compile(r"(\d+(?:\.\d+)?)\s*[KMGT]i?B", re.IGNORECASE)
NOTIFY_ADDRESS = re.compile(r"[a-z][a-z0-9]*://\S+")
NOTIFY_ON = ("failed", "warned", "published", "late")
SERVER = re.compile(r"(?P<host>[\w.-]+):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Keeping:
    """How many releases are kept, wherever they are, and for how many days; None: whatever their age."""

    number: int = 7
    days: int | None = None


class SettingsError(ValueError):
    """A setting has a value that the build cannot work with; the message says which and what to write."""


@dataclass(frozen=True)
class PostgresDestination:
    """A PostgreSQL database. Its URL may hold a password and is not shown; ``name`` is."""

    url: str = field(repr=False)

    @property
    def name(self) -> str:
        parts = urlsplit(self.url)
        user, at, host = parts.netloc.rpartition("@")
        return f"postgres://{user.partition(':')[0]}{at}{host}{parts.path}"

    def redacted(self, text: str) -> str:
        """A text of the driver's, which may quote the URL, without the password."""
        parts = urlsplit(self.url)
        passwords = [parts.password or "", *re.findall(r"(?:^|&)password=([^&]*)", parts.query)]
        for password in filter(None, passwords):
            text = text.replace(password, "***").replace(unquote(password), "***")
        return text


@dataclass(frozen=True)
class ParquetDestination:
    """A folder with a folder of Parquet files per release."""

    folder: Path
    keeping: Keeping = Keeping()

    @property
    def name(self) -> str:
        return f"parquet:{self.folder}"


Destination = PostgresDestination | ParquetDestination


@dataclass(frozen=True)
class Settings:
    """What one build works with.

    ``raw`` is a folder or a URL prefix, ``home`` the folder that holds the build and what is published, ``as_of`` the
    date as of which windows are cut, in ``timezone``; money is reported in ``currency``. ``destinations`` are where a
    release is published besides the file under ``home``.
    """

    raw: str
    home: Path
    target: str
    as_of: date
    timezone: str
    currency: str
    schedule: str
    lock_timeout: float = 3600.0
    # Of how many nights the runs, their events and the logs are kept.
    nights_kept: int = 30
    # For how many hours after the last night that published all is well; then /healthz says that it is not.
    fresh_hours: float = 26.0
    memory_limit: str = "4GB"
    destinations: tuple[Destination, ...] = ()
    keeping: Keeping = Keeping()
    # For how many days logs are kept.
    logs_kept_days: int = 30
    # Whom a night tells how it ended, as addresses of apprise, which may hold passwords; and of which endings.
    notify: tuple[str, ...] = field(default=(), repr=False)
    notify_on: tuple[str, ...] = ()
    # The Thrift server of a Spark cluster, host:port; None for a Spark in dbt's own process.
    spark_server: str | None = None
    # Up to which share of its rows a table is recomputed in part; None: as the project says (macro recomputed_share).
    recomputed_share: float | None = None
    # The first and the last day of a backfill; None in a night.
    backfill: tuple[date, date] | None = None
    # Where the private work of one developer lies; None: under ``home``, in a folder of the user's name.
    dev: Path | None = None
    user: str = "dev"
    # The folder of the company (NPS_COMPANY), its name, and the variables of the dbt project that it sets.
    company: Path | None = None
    name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    # Columns of its own that become dimensions: of accounts, of responses.
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def has_own_project(self) -> bool:
        """Whether the company has what makes another dbt project than ours (orchestration/company/project.py)."""
        if self.company is None or self.company == SAMPLE:
            return False
        files = (*(self.company / "models").rglob("*"), *(self.company / "reference").rglob("*"))
        return bool(self.variables or self.fields) or any(file.suffix in (".sql", ".csv") for file in files)

    @property
    def project_folder(self) -> Path:
        return self.home / "project" if self.has_own_project else PROJECT

    @property
    def build_folder(self) -> Path:
        return self.home / "build"

    @property
    def build_file(self) -> Path:
        return self.build_folder / "warehouse.duckdb"

    @property
    def left_file(self) -> Path:
        """In which state a build left the build file, by which it is seen that somebody else wrote to it."""
        return self.build_folder / "left.json"

    @property
    def dev_folder(self) -> Path:
        """A place for private work, of one developer; profiles.yml says the same of the target dev."""
        return self.dev or self.home / "dev" / self.user

    @property
    def dev_file(self) -> Path:
        return self.dev_folder / self.build_file.name

    @property
    def lock_file(self) -> Path:
        return self.build_folder / LOCK_NAME

    @property
    def staged_folder(self) -> Path:
        """Where a release is prepared before it is published."""
        return self.build_folder / "release"

    @property
    def record_file(self) -> Path:
        """What is known of the build file's content: phases, rows, checks."""
        return self.build_folder / "record.json"

    @property
    def built_file(self) -> Path:
        """What the build file was built from, if a build came to its end."""
        return self.build_folder / "built.json"

    @property
    def dbt_target_folder(self) -> Path:
        """Where a build's dbt leaves its manifest, results and compiled SQL."""
        return self.build_folder / "dbt"

    @property
    def logs_folder(self) -> Path:
        return self.build_folder / "logs"

    @property
    def spark_folder(self) -> Path:
        """What Spark is told, what it is handed, and what it writes; a cluster has its own."""
        return self.build_folder / "spark" / ("cluster" if self.spark_server else "session")

    @property
    def enrichment_folder(self) -> Path:
        """What was read from comments, kept from one build to the next."""
        return self.home / "enrichment"

    @property
    def sources_folder(self) -> Path:
        """What the sources of the company gave, as raw files (orchestration/sources)."""
        return self.home / "sources"

    @property
    def is_raw_optional(self) -> bool:
        """Whether there may be no raw files, because the company has sources and nobody said where others lie."""
        return self.company is not None and self.raw == str(self.company / "raw")

    @property
    def history_folder(self) -> Path:
        """What every night has seen of the accounts. Removing the build does not remove it."""
        return self.home / "history"

    @property
    def forgotten_folder(self) -> Path:
        """Who was forgotten, by keyed hashes: without it, the raw files bring them back."""
        return self.home / "forgotten"

    @property
    def published_folder(self) -> Path:
        return self.home / "published"

    @property
    def published_file(self) -> Path:
        return self.published_folder / "nps.duckdb"

    @property
    def releases_folder(self) -> Path:
        return self.home / "releases"

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    def dbt_vars(self) -> dict[str, str]:
        """The variables that every dbt command of this build is given."""
        return {
            "reporting_timezone": self.timezone,
            "reporting_currency": self.currency,
        }

    def environment(self) -> dict[str, str]:
        """The environment in which a child process (dbt) sees the same settings."""
        first_day, last_day = (day.isoformat() for day in self.backfill) if self.backfill else ("", "")
        # What may differ from night to night is no variable of dbt: with others it parses the whole project again.
        seen = {
            "NPS_TARGET": self.target,
            "NPS_AS_OF": self.as_of.isoformat(),
            "NPS_BACKFILL_FROM": first_day,
            "NPS_BACKFILL_TO": last_day,
            "NPS_RECOMPUTED_SHARE": "" if self.recomputed_share is None else str(self.recomputed_share),
            "NPS_MEMORY_LIMIT": self.memory_limit,
        }
        return seen | (self._spark_environment() if self.target == "spark" else self._duckdb_environment())

    def _duckdb_environment(self) -> dict[str, str]:
        """The build file by way of the home directory: with another path in its profile dbt would parse all again."""
        return {"HOME": str(self.build_folder), "NPS_BUILD_FILE": f"~/{self.build_file.name}"}

    def _spark_environment(self) -> dict[str, str]:
        host, _, port = (self.spark_server or ":").partition(":")
        return {
            "NPS_SPARK_FOLDER": str(self.spark_folder),
            "NPS_SPARK_HOST": host,
            "NPS_SPARK_PORT": port,
            "SPARK_CONF_DIR": str(self.spark_folder / "conf"),
        }


def load_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check the settings; raises SettingsError that names the variable, its value and what is allowed.

    What the environment does not say, the company's folder does.
    """
    given = os.environ if environment is None else environment
    company = _company(given)
    env = _Asked(given, company.settings)
    try:
        settings = _load_settings(env, company, is_own=bool(given.get("NPS_COMPANY")))
    except SettingsError as error:
        name = str(error).partition(":")[0].partition("=")[0]
        if name in company.settings and not given.get(name):
            said = f"settings: {name.removeprefix('NPS_').lower()}{str(error).removeprefix(name)}"
            raise SettingsError(f"{company.file}: {said}") from error
        raise
    for name in company.settings:
        if name not in env.asked:
            known = sorted(asked.removeprefix("NPS_").lower() for asked in env.asked if asked.startswith("NPS_"))
            said = name.removeprefix("NPS_").lower()
            raise SettingsError(f"{company.file}: settings: {said!r} is none; {nearest(said, known)}")
    return settings


class _Asked:
    """The environment before what a company says, and the names that were asked for: no other is a setting."""

    def __init__(self, environment: Mapping[str, str], company: Mapping[str, str]) -> None:
        self.asked: set[str] = set()
        self._environment, self._company = environment, company

    def get(self, name: str) -> str | None:
        self.asked.add(name)
        return self._environment.get(name) or self._company.get(name)


def _company(env: Mapping[str, str]) -> Company:
    """The folder of the company; without one the sample's, unless raw files of somebody else are to be read."""
    said, raw = env.get("NPS_COMPANY"), env.get("NPS_RAW") or str(SAMPLE_RAW)
    if not said and ("://" in raw or _folder("NPS_RAW", raw) != SAMPLE_RAW):
        return Company(SAMPLE)
    try:
        return load_company(_folder("NPS_COMPANY", said) if said else SAMPLE, project_variables)
    except CompanyError as error:
        raise SettingsError(str(error)) from error


def project_variables(project: Path = PROJECT) -> Mapping[str, Any]:
    """The variables of a dbt project, with their defaults."""
    variables: Mapping[str, Any] = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    return variables


def _load_settings(env: _Asked, company: Company, *, is_own: bool) -> Settings:
    raw = env.get("NPS_RAW") or str(company.folder / "raw")
    dev = env.get("NPS_DEV")
    timezone = _timezone(env.get("NPS_TIMEZONE") or "UTC")
    keeping = _keeping(env)
    return Settings(
        raw=raw if "://" in raw else str(_folder("NPS_RAW", raw)),
        home=_home("NPS_HOME", env.get("NPS_HOME") or str((company.folder if is_own else REPOSITORY) / "var")),
        target=_target(env.get("NPS_TARGET") or "duckdb"),
        as_of=_as_of(env.get("NPS_AS_OF"), timezone),
        timezone=timezone,
        currency=_currency(env.get("NPS_CURRENCY") or "USD"),
        schedule=_schedule(env.get("NPS_SCHEDULE") or "0 2 * * *"),
        lock_timeout=_lock_timeout(env.get("NPS_LOCK_TIMEOUT") or "3600"),
        nights_kept=_whole(env, "NPS_NIGHTS_KEPT", "nights", 30),
        fresh_hours=_fresh_hours(env.get("NPS_FRESH_HOURS") or "26"),
        memory_limit=_memory_limit(env.get("NPS_MEMORY_LIMIT") or "4GB"),
        destinations=_destinations(env.get("NPS_PUBLISH") or "", keeping),
        keeping=keeping,
        logs_kept_days=_whole(env, "NPS_LOGS_KEPT_DAYS", "days", 30),
        notify=_notify(env.get("NPS_NOTIFY") or "", env.get("NPS_NOTIFY_FILE")),
        notify_on=_notify_on(env.get("NPS_NOTIFY_ON") or "failed warned late"),
        spark_server=_spark_server(env.get("NPS_SPARK_SERVER")),
        recomputed_share=_share(env.get("NPS_RECOMPUTED_SHARE")),
        dev=_home("NPS_DEV", dev) if dev else None,
        user=env.get("USER") or "dev",
        company=company.folder if is_own else None,
        name=company.name,
        variables=company.variables,
        fields=company.fields,
    )


def backfill_days(backfill_from: str | None = None, backfill_to: str | None = None) -> tuple[date, date]:
    """The first and the last day of a backfill; raises SettingsError where these are no days in their order."""
    try:
        first, last = date.fromisoformat(backfill_from or ""), date.fromisoformat(backfill_to or "")
    except ValueError as error:
        raise SettingsError(
            f"A backfill is from a day to a day in ISO form such as 2026-01-01, not from {backfill_from!r} to "
            f"{backfill_to!r}."
        ) from error
    if first > last:
        raise SettingsError(f"A backfill from {first} to {last} has no days; give the earlier day first.")
    return first, last


def process_environment() -> dict[str, str]:
    """The environment of this process, for a child that needs more than the settings (PATH, HOME, LANG)."""
    return dict(os.environ)


def now() -> datetime:
    """The only reading of the clock: when a build started and finished, and today where no as-of date is given."""
    return datetime.now(UTC)


def _target(value: str) -> str:
    if value not in TARGETS:
        raise SettingsError(f"NPS_TARGET={value!r} is not a known target; use one of: {', '.join(TARGETS)}.")
    return value


def _folder(name: str, value: str) -> Path:
    try:
        # Whoever reads or writes the path later writes it in UTF-8.
        value.encode()
        return Path(value).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise SettingsError(
            f"{name}={value!r} is not a folder of this machine ({reason}); write its whole path."
        ) from error


def _home(name: str, value: str) -> Path:
    """A folder of databases, whose engines take some characters for more than a part of a name."""
    folder = _folder(name, value)
    found = next((character for character in "?%" if character in str(folder)), None)
    if found is not None:
        raise SettingsError(
            f"{name}={value!r} lies at {str(folder)!r}, and no database can be kept where a path has {found!r} in it; "
            "use another folder."
        )
    return folder


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettingsError(f"NPS_TIMEZONE={value!r} is not a time zone; use an IANA name such as UTC.") from error
    return value


def _as_of(value: str | None, timezone: str) -> date:
    if value:
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise SettingsError(f"NPS_AS_OF={value!r} is not a date; use ISO form such as 2026-07-01.") from error
    return now().astimezone(ZoneInfo(timezone)).date()


def _currency(value: str) -> str:
    if len(value) != 3 or not value.isascii() or not value.isalpha():
        raise SettingsError(f"NPS_CURRENCY={value!r} is not a currency; use a three-letter ISO 4217 code such as USD.")
    return value.upper()


def _schedule(value: str) -> str:
    fields = value.split()
    if len(fields) != len(CRON_FIELDS):
        raise SettingsError(f"NPS_SCHEDULE={value!r} is not a cron line of five fields; for example 0 2 * * *.")
    for part, (name, (lowest, highest)) in zip(fields, CRON_FIELDS.items(), strict=True):
        if not all(_is_cron_item(item, lowest, highest) for item in part.split(",")):
            raise SettingsError(
                f"NPS_SCHEDULE={value!r}: {part!r} is not a {name}; write numbers {lowest} to {highest}, "
                "*, ranges a-b, steps /n or lists; for example 0 2 * * *."
            )
    return value


def _is_cron_item(item: str, lowest: int, highest: int) -> bool:
    match = CRON_ITEM.fullmatch(item)
    if match is None:
        return False
    first = int(match["first"] or lowest)
    last = int(match["last"] or match["first"] or highest)
    return lowest <= first <= last <= highest


def _lock_timeout(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise SettingsError(f"NPS_LOCK_TIMEOUT={value!r} is not a number of seconds; for example 3600.")
    return seconds


def _fresh_hours(value: str) -> float:
    try:
        hours = float(value)
    except ValueError:
        hours = 0.0
    if not 0 < hours < float("inf"):
        raise SettingsError(f"NPS_FRESH_HOURS={value!r} is not a number of hours; for example 26.")
    return hours


def _memory_limit(value: str) -> str:
    amount = MEMORY.fullmatch(value)
    if amount is None or float(amount[1]) == 0:
        raise SettingsError(f"NPS_MEMORY_LIMIT={value!r} is not an amount of memory; for example 4GB.")
    return value


def _share(value: str | None) -> float | None:
    if not value:
        return None
    try:
        share = float(value)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError(f"NPS_RECOMPUTED_SHARE={value!r} is not a share; use a number from 0 to 1 such as 0.25.")
    return share


def _keeping(env: _Asked) -> Keeping:
    days = _whole(env, "NPS_RELEASES_KEPT_DAYS", "days", 30) if env.get("NPS_RELEASES_KEPT_DAYS") else None
    return Keeping(_whole(env, "NPS_RELEASES_KEPT", "releases", 7), days)


def _whole(env: _Asked, name: str, what: str, default: int) -> int:
    value = env.get(name) or str(default)
    if not re.fullmatch(r"[1-9][0-9]{0,4}", value):
        raise SettingsError(f"{name}={value!r} is not a number of {what}; use a whole number such as {default}.")
    return int(value)


def _destinations(value: str, keeping: Keeping) -> tuple[Destination, ...]:
    texts = [text for text in DESTINATIONS_APART.split(value.strip(" \t\n,")) if text]
    return tuple(dict.fromkeys(_destination(text, keeping) for text in texts))


def _destination(text: str, keeping: Keeping) -> Destination:
    """One destination; what is said of a wrong one does not repeat it, because it may hold a password."""
    scheme, _, rest = text.partition(":")
    if scheme in ("postgres", "postgresql"):
        if not _is_url(text):
            raise SettingsError(
                "NPS_PUBLISH: a PostgreSQL destination is no URL, its host or port cannot be read; write "
                "postgres://user@host:5432/database."
            )
        if not POSTGRES_URL.fullmatch(text):
            raise SettingsError(
                "NPS_PUBLISH: a PostgreSQL destination names no database; write postgres://user@host/database."
            )
        return PostgresDestination(text)
    if scheme == "parquet":
        is_url = rest.startswith(("file:", "//"))
        path = rest if not is_url else unquote(urlsplit(rest).path) if _is_url(rest) else ""
        if path and ":" not in path:
            return ParquetDestination(_folder("NPS_PUBLISH", path), keeping)
        raise SettingsError("NPS_PUBLISH: Parquet goes to a folder of this machine; write parquet:/some/folder.")
    raise SettingsError(
        f"NPS_PUBLISH: {scheme!r} is not a kind of destination; write postgres://user@host/database or "
        "parquet:/some/folder, several apart by a blank."
    )


def _notify(value: str, file: str | None) -> tuple[str, ...]:
    """The addresses of both; what is said of a wrong one does not repeat it, because it may hold a password."""
    texts = value.split()
    if file:
        try:
            lines = _folder("NPS_NOTIFY_FILE", file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"NPS_NOTIFY_FILE={file!r} cannot be read ({type(error).__name__}); write the path of a text file with "
                "an address in each line."
            ) from error
        texts += [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    for number, text in enumerate(texts, start=1):
        if not NOTIFY_ADDRESS.fullmatch(text):
            raise SettingsError(
                f"NPS_NOTIFY: address {number} of {len(texts)} is none; write for example mailto://… or slack://…, "
                "several apart by a blank."
            )
    return tuple(dict.fromkeys(texts))


def _notify_on(value: str) -> tuple[str, ...]:
    endings = re.split(r"[\s,]+", value.strip())
    for ending in endings:
        if ending not in NOTIFY_ON:
            raise SettingsError(
                f"NPS_NOTIFY_ON: {ending!r} is no ending of a night; use some of: {', '.join(NOTIFY_ON)}."
            )
    return tuple(dict.fromkeys(endings))


def _is_url(text: str) -> bool:
    """Whether the host and the port of a URL can be told."""
    try:
        return urlsplit(text).port != 0
    except ValueError:
        return False


def _spark_server(value: str | None) -> str | None:
    if value and not SERVER.fullmatch(value):
        raise SettingsError(f"NPS_SPARK_SERVER={value!r} is not a Thrift server; write host:port, as 127.0.0.1:10000.")
    return value or None
