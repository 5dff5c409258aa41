"""Tells people how a night ended, by mail, chat or webhook; one that cannot be sent is said and fails no night.

Addresses are apprise's (``mailto://…``, ``slack://…``, ``json://…``). They may hold passwords, so none of them is
shown: what is said of one is its number in the list and its kind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from orchestration.release.publication import published_build, releases
from orchestration.release.warehouse import headline, rows_as_dicts
from orchestration.report.release import Rules
from orchestration.settings import Settings

logger = logging.getLogger(__name__)

WARNINGS_SHOWN = 5
# Of a chat that does not answer; a night has nothing else to do by then, but its lock is held.
SECONDS_TO_SEND = 60
EXTRA = "Run make .venv/notify (or: pip install 'nps-warehouse[notify]')."


@dataclass(frozen=True)
class Notice:
    """One message: what kind of ending it tells of (``failed``, ``warned``, ``published``, ``late``), and its words."""

    kind: str
    title: str
    lines: Sequence[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def failed(settings: Settings, reason: str) -> Notice:
    """A night that failed: its reason without the examples, which may be of persons, and what readers see meanwhile."""
    said = [line for line in reason.splitlines() if not line.lstrip().startswith("example:")]
    lines = [*said, "", _what_readers_see(settings), f"Log: {settings.logs_folder / 'nightly.log'}"]
    return Notice("failed", "NPS warehouse: the night failed", lines)


def ended(settings: Settings, build: Mapping[str, Any]) -> Notice:
    """A night that published: what is new in it, and what warned."""
    arrived = [f"{check['raw_table']}, {check['subject']}: {check['message']}" for check in build["arrived"]]
    warnings = [*arrived, *build["warnings"], *build["warned"]]
    lines = [
        *_digest(settings, build),
        f"Report: {settings.published_folder / 'report' / 'index.html'}",
        *(f"Repaired: {sentence}" for sentence in build.get("repairs", ())),
        *(f"Warning: {warning}" for warning in warnings[:WARNINGS_SHOWN]),
    ]
    if len(warnings) > WARNINGS_SHOWN:
        lines.append(f"and {len(warnings) - WARNINGS_SHOWN} more: {settings.published_folder / 'validation'}")
    if warnings:
        said = f"{len(warnings)} warning{'' if len(warnings) == 1 else 's'}"
        return Notice("warned", f"NPS warehouse: published as of {build['as_of']}, with {said}", lines)
    return Notice("published", f"NPS warehouse: published as of {build['as_of']}", lines)


def late(settings: Settings, due: datetime) -> Notice:
    """A night that was due and has published nothing."""
    lines = [
        f"The night of {due:%Y-%m-%d %H:%M %Z} has not published anything.",
        _what_readers_see(settings),
        "See on Dagster's page whether the schedule is on and a run is under way or hangs; then: make nightly.",
    ]
    return Notice("late", "NPS warehouse: the night is late", lines)


def tell(settings: Settings, ending: Callable[..., Notice], *about: Any) -> list[str]:
    """Make a notice of an ending, and send it where NPS_NOTIFY says; what could not be done, as sentences."""
    if not settings.notify:
        return []
    try:
        notice = ending(settings, *about)
    except (OSError, duckdb.Error) as error:
        said = f"no notice was sent: what it would tell of cannot be read ({type(error).__name__})"
        logger.warning(said)
        return [said]
    return send(settings, notice)


def is_wanted(settings: Settings, notice: Notice) -> bool:
    """A release with warnings is a release: who wants to hear of every one hears of it too."""
    kinds = {notice.kind, "published"} if notice.kind == "warned" else {notice.kind}
    return bool(kinds & set(settings.notify_on))


def send(settings: Settings, notice: Notice) -> list[str]:
    """Send a notice of a kind that is wanted wherever NPS_NOTIFY says; what could not be sent, as sentences."""
    if not is_wanted(settings, notice):
        return []
    try:
        import apprise
    except ImportError:
        return [f"no notice was sent: NPS_NOTIFY is set and apprise is not installed. {EXTRA}"]
    # What apprise logs of a failure names the address.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    kinds = {
        "failed": apprise.NotifyType.FAILURE,
        "late": apprise.NotifyType.FAILURE,
        "warned": apprise.NotifyType.WARNING,
        "published": apprise.NotifyType.SUCCESS,
    }
    said = []
    for number, address in enumerate(settings.notify, start=1):
        kind = address.partition(":")[0]
        place = apprise.Apprise()
        if not place.add(address):
            said.append(f"no notice was sent to address {number} of NPS_NOTIFY: apprise cannot read it ({kind})")
        elif not place.notify(
            title=notice.title, body=notice.text, notify_type=kinds[notice.kind], timeout=SECONDS_TO_SEND
        ):
            said.append(f"no notice was sent to address {number} of NPS_NOTIFY: {kind} did not take it")
    for sentence in said:
        logger.warning(sentence)
    return said


def _what_readers_see(settings: Settings) -> str:
    try:
        build = published_build(settings)
    except OSError as error:
        return f"Nobody can tell what readers see: {settings.published_folder} cannot be read ({error.strerror})."
    if build is None:
        return "Readers see nothing yet."
    built = f", built {build['finished_at']}" if "finished_at" in build else ""
    return f"Readers go on seeing release {build['build_id']}, as of {build['as_of']}{built}."


def _digest(settings: Settings, build: Mapping[str, Any]) -> list[str]:
    """The score, whether it is another than in the release before, revenue at risk, and whom to call first."""
    program_type = Rules.load(settings.variables).headline_program_type
    score = headline(settings.published_file, program_type, build["as_of"])
    if score is None or score["ci_low"] is None:
        lines = ["NPS: too few answers to show."]
    else:
        lines = [
            f"NPS {score['nps']:+.1f} (95 % interval {score['ci_low']:.1f} to {score['ci_high']:.1f}), {program_type}."
        ]
        lines += _change(settings, build, score, program_type)
    risk = rows_as_dicts(
        settings.published_file,
        """
        select currency, count(*) as n_accounts, cast(sum(trailing_revenue_12m) as double) as revenue
        from marts.revenue_at_risk
        where risk_status = 'at_risk'
        group by currency
        """,
    )
    lines += [
        f"At risk: {row['n_accounts']:,} accounts with {row['revenue']:,.0f} {row['currency']} in the last 12 months."
        for row in risk
        if row["revenue"] is not None
    ]
    calls = rows_as_dicts(
        settings.published_file,
        """
        select account_id, owner_id, hours_waiting, count(*) over () as n_waiting
        from marts.call_list
        order by priority, response_id
        limit 1
        """,
    )
    return lines + [
        f"Call first: account {row['account_id']}, owner {row['owner_id'] or 'unknown'}, "
        f"waiting for {row['hours_waiting']:,.0f} hours; {row['n_waiting']:,} wait in all."
        for row in calls
    ]


def _change(settings: Settings, build: Mapping[str, Any], score: Mapping[str, Any], program_type: str) -> list[str]:
    """Against the release before. Two releases share most answers, so only intervals that do not meet say a change."""
    earlier = [build_id for build_id in releases(settings) if build_id < build["build_id"]]
    if not earlier:
        return []
    file = settings.releases_folder / earlier[-1] / settings.published_file.name
    try:
        days = rows_as_dicts(file, "select cast(max(date_day) as varchar) as as_of from marts.nps_rolling")
        before = headline(file, program_type, days[0]["as_of"]) if days[0]["as_of"] else None
    except duckdb.Error:
        # It is damaged, which the night says elsewhere.
        return []
    if before is None or before["ci_low"] is None:
        return []
    is_beyond = before["ci_high"] < score["ci_low"] or score["ci_high"] < before["ci_low"]
    verdict = "a change beyond chance" if is_beyond else "no change beyond chance"
    return [f"The release before said {before['nps']:+.1f}: {verdict}."]
