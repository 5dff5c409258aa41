"""Invitations and answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from seeds.company.accounts import Paths
from seeds.company.drawing import either, frame, happens, look_up, weighted, weighted_rows
from seeds.company.planted import ANSWER_SPREAD, BAD_DAY, BAD_DAY_SHARE
from seeds.company.time import (
    ACCOUNTS_AT_SCALE_1,
    CLOSES,
    DAY,
    FIRST_MONTH,
    NONE,
    OPENS,
    QUARTERS,
    Floats,
    Ints,
    month_day,
)
from seeds.company.vocabulary import (
    AGENT_SD,
    CHANNEL_MODES,
    CHANNEL_RESPONSE,
    CHANNEL_SATISFACTION,
    CHANNEL_SHARES,
    CHANNELS,
    EMPLOYEE_SATISFACTION,
    EMPLOYEE_TEAM_SIZE,
    MODE_SATISFACTION,
    SURVEY,
    SURVEYS,
    TOUCHPOINT_SATISFACTION,
    TOUCHPOINT_SURVEYS,
    TOUCHPOINTS,
)


def occasions(contact: Ints, day: Ints, touchpoint: str | None) -> pd.DataFrame:
    """Reasons to invite a contact on a day; no touchpoint means the relationship survey."""
    code = NONE if touchpoint is None else TOUCHPOINTS.index(touchpoint)
    return frame(contact=contact, day=day, touchpoint=np.full(len(contact), code))


def relationship_occasions(rng: np.random.Generator, accounts: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """Three in four contacts twice a year: half of the accounts in one quarter, the other half in the next."""
    cohort = look_up(accounts, "cohort", contacts["account"].to_numpy())
    waves = []
    for wave in range(QUARTERS // 2):
        day = month_day(3 * (2 * wave + cohort)) + 20 + rng.integers(0, 30, len(contacts))
        asked = happens(rng, 0.75, len(contacts))
        waves.append(occasions(np.flatnonzero(asked), day[asked], None))
    return pd.concat(waves, ignore_index=True)


def touchpoint_occasions(
    rng: np.random.Generator, accounts: pd.DataFrame, contacts: pd.DataFrame, paths: Paths
) -> pd.DataFrame:
    """Support and purchases at any time, onboarding after the start, upgrade and downgrade when the price moves."""
    count = len(contacts)
    anytime = []
    for touchpoint, per_contact in (("support", 5.0), ("purchase", 2.0)):
        total = round(per_contact * count)
        anytime.append(occasions(rng.integers(0, count, total), rng.integers(OPENS, CLOSES, total), touchpoint))
    account = contacts["account"].to_numpy()
    start = look_up(accounts, "start_day", account)
    onboarded = np.flatnonzero((start >= OPENS) & happens(rng, 0.8, count))
    onboarding = occasions(onboarded, start[onboarded] + rng.integers(30, 50, len(onboarded)), "onboarding")

    first_contact = np.searchsorted(account, np.arange(len(accounts)))
    contacts_of = np.bincount(account, minlength=len(accounts))
    moves = paths.price[:, 1:] / paths.price[:, :-1]
    moved = []
    for touchpoint, is_move in (("upgrade", moves > 1.10), ("downgrade", moves < 0.97)):
        who, quarter = np.nonzero(is_move)
        contact = first_contact[who] + (rng.random(len(who)) * contacts_of[who]).astype(np.int64)
        moved.append(occasions(contact, month_day(3 * (quarter + 1)) + rng.integers(0, 30, len(who)), touchpoint))
    return pd.concat([*anytime, onboarding, *moved], ignore_index=True)


def reachable(occasion: pd.DataFrame, accounts: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """Those at which the contact existed, was not unsubscribed and belonged to a paying customer."""
    contact = occasion["contact"].to_numpy()
    day = occasion["day"].to_numpy()
    account = look_up(contacts, "account", contact)
    last = np.minimum(look_up(accounts, "churn_day", account), look_up(contacts, "unsubscribed", contact))
    keep = (day > look_up(contacts, "created", contact)) & (day > look_up(accounts, "start_day", account) + 14)
    kept: pd.DataFrame = occasion[keep & (day < np.minimum(last, CLOSES))]
    return kept


def rested(rng: np.random.Generator, occasion: pd.DataFrame) -> pd.DataFrame:
    """Drop most transactional invitations within 90 days of the occasion before; the rest breach the cooldown."""
    ordered = occasion.sort_values(["contact", "day", "touchpoint"], kind="stable")
    is_soon = (ordered["contact"].diff() == 0) & (ordered["day"].diff() < 90)
    spared = is_soon.to_numpy() & (ordered["touchpoint"].to_numpy() >= 0) & happens(rng, 0.8, len(ordered))
    return ordered[~spared]


def draw_invitations(
    rng: np.random.Generator, accounts: pd.DataFrame, contacts: pd.DataFrame, paths: Paths, agents: int
) -> pd.DataFrame:
    """One row per invitation in the order of sending: who, which survey, channel, agent, and seconds of sending."""
    wave, touch = relationship_occasions(rng, accounts, contacts), touchpoint_occasions(rng, accounts, contacts, paths)
    invitations = rested(rng, reachable(pd.concat([wave, touch], ignore_index=True), accounts, contacts))
    count = len(invitations)
    invitations["sent"] = invitations["day"] * DAY + rng.integers(7 * 3600, 19 * 3600, count)
    invitations = invitations.sort_values(["sent", "contact"], kind="stable", ignore_index=True)
    invitations["account"] = look_up(contacts, "account", invitations["contact"].to_numpy())
    touchpoint = invitations["touchpoint"].to_numpy()
    progress = (invitations["day"].to_numpy() - OPENS) / (CLOSES - OPENS)
    survey, channel = np.full(count, SURVEY["rel"]), np.zeros(count, dtype=np.int64)
    for name, (first, last) in CHANNEL_SHARES.items():
        rows = np.flatnonzero(touchpoint == (TOUCHPOINTS.index(name) if name in TOUCHPOINTS else NONE))
        shares = np.array(first) + progress[rows, None] * (np.array(last) - np.array(first))
        channel[rows] = weighted_rows(rng, shares)
        if name in TOUCHPOINT_SURVEYS:
            choices, odds = TOUCHPOINT_SURVEYS[name]
            survey[rows] = np.array([SURVEY[choice] for choice in choices])[weighted(rng, odds, len(rows))]
    is_support = touchpoint == TOUCHPOINTS.index("support")
    mode = weighted_rows(rng, CHANNEL_MODES[channel])
    invitations["survey"], invitations["channel"] = survey, channel
    invitations["mode"] = either(is_support, mode)
    invitations["agent"] = either(is_support & (mode > 0), rng.integers(0, agents, count))
    return invitations


def answer_invitations(
    rng: np.random.Generator, invitations: pd.DataFrame, contacts: pd.DataFrame, paths: Paths, agents: int
) -> pd.DataFrame:
    """Add what became of each invitation: delivered, opened, bounced and answered (seconds, -1 for never), felt.

    `felt` is the satisfaction at the occasion. The unhappy answer less, unhappy decision makers least.
    """
    count = len(invitations)
    contact, channel = invitations["contact"].to_numpy(), invitations["channel"].to_numpy()
    touchpoint, agent, mode = (invitations[name].to_numpy() for name in ("touchpoint", "agent", "mode"))
    sent = invitations["sent"].to_numpy()
    month = sent.astype("datetime64[s]").astype("datetime64[M]") - FIRST_MONTH
    felt = paths.satisfaction[invitations["account"].to_numpy(), month.astype(np.int64) // 3]
    felt = felt + look_up(contacts, "bias", contact) + rng.logistic(0, ANSWER_SPREAD, count)
    felt -= BAD_DAY * happens(rng, BAD_DAY_SHARE, count)
    felt += CHANNEL_SATISFACTION[channel] + np.where(touchpoint >= 0, TOUCHPOINT_SATISFACTION[touchpoint], 0)
    felt += np.where(mode >= 0, MODE_SATISFACTION[mode], 0)
    felt += np.where(agent >= 0, (AGENT_SD * rng.standard_normal(agents))[agent], 0)

    is_sour = (look_up(contacts, "role", contact) == 0) & (felt < 6.5)
    chance = np.clip(CHANNEL_RESPONSE[channel] + 0.025 * (felt - 8) - 0.14 * is_sour, 0.05, 0.9)
    incentive = happens(rng, 0.06, count)
    bounces = happens(rng, 0.03, count) & (channel <= CHANNELS.index("sms"))
    wait = either(happens(rng, 0.03, count), rng.uniform(14, 45, count) * DAY, rng.exponential(1.1 * DAY, count) + 60)
    answers = happens(rng, chance + 0.08 * incentive, count) & ~bounces & (sent + wait < CLOSES * DAY)
    answered = either(answers, sent + wait)
    opened = either(happens(rng, 0.35, count) & ~bounces, sent + rng.exponential(DAY, count) + 30)
    opened = either(answered >= 0, answered - np.minimum(rng.integers(20, 900, count), wait - 10), opened)
    invitations["felt"], invitations["answered"] = felt, answered
    invitations["incentive"] = either(incentive, 1)
    invitations["opened"] = either(opened < CLOSES * DAY, opened)
    invitations["bounced"] = either(bounces, sent + rng.integers(1, 60, count))
    invitations["delivered"] = either(~bounces, sent + rng.integers(0, 10, count))
    return invitations


def uninvited_answers(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """On-demand answers: nobody was invited and nobody said who they are; a few gave an account we do not know."""
    days = rng.integers(OPENS, CLOSES, count)
    return frame(
        survey=np.full(count, SURVEY["soc"]),
        channel=np.where(happens(rng, 0.6, count), CHANNELS.index("social"), CHANNELS.index("web")),
        answered=days * DAY + rng.integers(0, DAY, count),
        felt=rng.normal(7.6, 2.6, count),
        stranger=either(happens(rng, 0.04, count), rng.integers(900_000, 999_999, count)),
    )


def employee_answers(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    """Quarterly answers of the teams: no contact, account, agent or invitation, and only the day."""
    sizes = np.array([max(round(size * scale), 6) for size in EMPLOYEE_TEAM_SIZE[:-1]] + [EMPLOYEE_TEAM_SIZE[-1]])
    quarter, member = np.divmod(np.arange(QUARTERS * sizes.sum()), sizes.sum())
    team = np.repeat(np.arange(len(sizes)), sizes)[member]
    answers = frame(
        survey=SURVEY["emp"],
        team=team,
        answered=(month_day(3 * quarter) + rng.integers(60, 75, len(team))) * DAY,
        felt=EMPLOYEE_SATISFACTION[team] + 0.1 * quarter / 4 + rng.normal(0, 1.7, len(team)),
    )
    return answers[happens(rng, 0.72, len(team))]


def collect_answers(
    rng: np.random.Generator, invitations: pd.DataFrame, contacts: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """All answers in the order of answering, with integer columns where -1 means none."""
    invited = invitations[invitations["answered"] >= 0].copy()
    invited["invitation"] = invited.index
    invited["language"] = look_up(contacts, "language", invited["contact"].to_numpy())
    others = [uninvited_answers(rng, round(0.85 * ACCOUNTS_AT_SCALE_1 * scale)), employee_answers(rng, scale)]
    columns = ["survey", "invitation", "contact", "account", "stranger", "channel", "touchpoint", "agent", "mode",
               "answered", "felt", "team", "language"]  # fmt: skip
    parts = [part.reindex(columns=columns, fill_value=NONE) for part in (invited, *others)]
    answers = pd.concat(parts, ignore_index=True).sort_values(["answered", "felt"], kind="stable", ignore_index=True)
    answers["score"] = scores(answers["survey"].to_numpy(), answers["felt"].to_numpy())
    count = len(answers)
    answers["is_unfinished"], answers["is_excluded"] = happens(rng, 0.02, count), happens(rng, 0.012, count)
    answers["is_blank"] = happens(rng, np.where(answers["is_unfinished"], 0.5, 0.01), count)
    return answers


def scores(survey: Ints, felt: Floats) -> Ints:
    """The whole number that a feeling on 0-10 becomes on the scale of each survey."""
    low = np.array([row[5] for row in SURVEYS])[survey]
    high = np.array([row[6] for row in SURVEYS])[survey]
    is_nps = np.array([row[3] == "nps" for row in SURVEYS])[survey]
    is_reversed = np.array([row[7] == "lower_is_better" for row in SURVEYS])[survey]
    stretched = np.where(is_nps, felt, low + (felt - 1) / 9 * (high - low))
    score = np.clip(np.rint(stretched), low, high).astype(np.int64)
    return either(is_reversed, low + high - score, score)
