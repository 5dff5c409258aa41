"""The tables of surveys: definitions, invitations and responses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seeds.company.comments import draw_comments
from seeds.company.drawing import either, flags, happens, keys, labels, morning_after, nothing, stamps, table_of
from seeds.company.time import DAY, OPENS
from seeds.company.vocabulary import CHANNELS, EMPLOYEE_TEAMS, EXCLUSIONS, MODES, SURVEY, SURVEYS, TOUCHPOINTS


def survey_definitions() -> pa.Table:
    """One row per survey."""
    names = ("survey_id", "survey_name", "program_type", "metric", "question_text", "scale_min", "scale_max",
             "scale_direction", "counts_as_nps")  # fmt: skip
    table = pa.table(dict(zip(names, map(list, zip(*SURVEYS, strict=True)), strict=True)))
    made = np.full(len(SURVEYS), (OPENS - 30) * DAY)
    return table.append_column("updated_at", stamps(made)).append_column("loaded_at", stamps(made + 7200))


def survey_invitations(rng: np.random.Generator, invitations: pd.DataFrame) -> pa.Table:
    """One row per invitation."""
    last_event = invitations[["sent", "delivered", "opened"]].max(axis=1).to_numpy()
    return table_of(
        invitation_id=keys("I", invitations.index.to_numpy()),
        survey_id=labels(list(SURVEY), invitations["survey"]),
        contact_id=keys("C", invitations["contact"]),
        account_id=keys("A", invitations["account"]),
        channel=labels(CHANNELS, invitations["channel"]),
        touchpoint=labels(TOUCHPOINTS, invitations["touchpoint"]),
        agent_id=keys("G", invitations["agent"]),
        has_incentive=flags(invitations["incentive"].to_numpy()),
        sent_at=stamps(invitations["sent"]),
        delivered_at=stamps(invitations["delivered"]),
        opened_at=stamps(invitations["opened"]),
        bounced_at=stamps(invitations["bounced"]),
        loaded_at=stamps(morning_after(rng, last_event)),
    )


def survey_responses(rng: np.random.Generator, answers: pd.DataFrame) -> pa.Table:
    """One row per answer: a few are unfinished, excluded or without a score, some arrive weeks late."""
    count = len(answers)
    is_excluded, is_blank = answers["is_excluded"].to_numpy(), answers["is_blank"].to_numpy()
    score = pc.cast(pa.array(answers["score"].to_numpy(), mask=is_blank), pa.string())
    score = pc.if_else(pa.array(is_blank & happens(rng, 0.3, count)), " ", score)  # blank either way
    reason, improve, language = draw_comments(rng, answers)
    answered = answers["answered"].to_numpy()
    arrives = answered + either(happens(rng, 0.02, count), rng.integers(5, 40, count), 0) * DAY
    stranger = answers["stranger"].to_numpy()
    return table_of(
        response_id=keys("R", answers.index.to_numpy()),
        survey_id=labels(list(SURVEY), answers["survey"]),
        invitation_id=keys("I", answers["invitation"]),
        contact_id=keys("C", either(stranger >= 0, stranger, answers["contact"])),
        account_id=keys("A", either(stranger >= 0, stranger, answers["account"])),
        channel=labels(CHANNELS, answers["channel"]),
        touchpoint=labels(TOUCHPOINTS, answers["touchpoint"]),
        agent_id=keys("G", answers["agent"]),
        resolution_mode=labels(MODES, answers["mode"]),
        answered_at=stamps(answered),
        score=score,
        is_complete=flags(~answers["is_unfinished"].to_numpy()),
        is_excluded=flags(either(is_excluded, 1)),
        exclusion_reason=labels(EXCLUSIONS, either(is_excluded, rng.integers(0, len(EXCLUSIONS), count))),
        verbatim_reason=reason,
        verbatim_improve=improve,
        language=language,
        employee_team=labels(EMPLOYEE_TEAMS, answers["team"]),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=nothing(count, pa.timestamp("us")),
        loaded_at=stamps(morning_after(rng, arrives)),
    )
