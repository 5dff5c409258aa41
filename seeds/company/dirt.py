"""Versions, duplicates, deletions and bad rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seeds.company.drawing import either, flags, money, morning_after, stamps
from seeds.company.time import CLOSES, DAY, OPENS, Ints, Mask

Row = dict[str, Any]
Value = str | bool | Decimal | date | datetime | None | Callable[[Row], Any]
LATER, TOO_LATE = datetime(2026, 9, 14, 10, 30), datetime(2031, 1, 1)
NOT_A_DATE = ("soon", "2025-13-01", "31.02.2025")


def before(column: str, days: int) -> Callable[[Row], Any]:
    """The row's own value, some days earlier."""
    return lambda row: row[column] - timedelta(days=days)


# table, reason, the values that make a copy of a good row bad (they take turns)
BAD_ROWS: tuple[tuple[str, str, dict[str, Sequence[Value]]], ...] = (
    ("survey_responses", "answered_in_future", {"answered_at": (LATER, TOO_LATE)}),
    ("survey_responses", "unknown_survey", {"survey_id": ("zzz", "rel2")}),
    ("survey_responses", "answered_before_invitation", {"answered_at": (before("answered_at", 200),)}),
    ("survey_responses", "score_not_a_number", {"score": ("n/a", "ten", "9/10")}),
    ("survey_responses", "score_not_whole", {"score": ("6.5", "8.5", "7.25")}),
    ("survey_responses", "score_out_of_range", {"score": ("11", "-1", "99")}),
    ("survey_invitations", "sent_in_future", {"sent_at": (LATER, TOO_LATE)}),
    ("crm_revenue", "period_invalid", {"period_end": (before("period_start", 30),)}),
    ("crm_revenue", "unknown_account", {"account_id": ("A0", "A9999999")}),
    ("crm_revenue", "unknown_currency", {"currency": ("GBP", "XXX")}),
    ("crm_contracts", "unknown_account", {"account_id": ("A0", "A9999999")}),
    ("crm_cases", "unknown_response", {"response_id": ("R0", "R9999999")}),
    ("crm_check_ins", "unknown_account", {"account_id": ("A0", "A9999999")}),
    ("crm_referrals", "unknown_account", {"referrer_account_id": ("A0", "A9999999")}),
)
BAD_TEXTS: tuple[tuple[str, str, dict[str, Sequence[str]]], ...] = (
    ("survey_responses", "answered_at_invalid", {"answered_at": ("yesterday", "2025-02-30T10:00:00Z", "14.3.25 10h")}),
    ("survey_invitations", "sent_at_invalid", {"sent_at": NOT_A_DATE}),
    ("crm_revenue", "amount_not_a_number", {"amount": ("12O.50", "tbd", "1200 USD")}),
    ("crm_revenue", "period_invalid", {"period_start": NOT_A_DATE}),
    ("crm_contracts", "start_date_invalid", {"start_date": NOT_A_DATE}),
    ("crm_contracts", "end_date_invalid", {"end_date": NOT_A_DATE}),
    ("crm_cases", "opened_at_invalid", {"opened_at": NOT_A_DATE}),
    ("crm_check_ins", "scheduled_at_invalid", {"scheduled_at": NOT_A_DATE}),
    ("crm_referrals", "referred_at_invalid", {"referred_at": NOT_A_DATE}),
    ("feedback_actions", "started_at_invalid", {"started_at": NOT_A_DATE}),
    ("exchange_rates", "month_invalid", {"month": ("2025-13-01", "July", "31.02.2025")}),
    ("exchange_rates", "rate_invalid", {"rate": ("n/a", "1,08", "?")}),
)
# Entries that were made by mistake and deleted again; nothing refers to them.
DELETED_ROWS: tuple[tuple[str, str, dict[str, Sequence[Value]]], ...] = tuple(
    (table, "deleted", {"is_deleted": (True,)}) for table in ("crm_accounts", "crm_contacts")
)
SURVEYS_TO_SPOIL = ("rel", "sup", "pur")  # plain NPS on 0-10, always with an invitation
CORRECTED_SHARE, DELETED_SHARE, DUPLICATE_SHARE = 0.010, 0.004, 0.005


@dataclass
class Company:
    """The finished tables, the rows that only text can hold, and how many rows of each (table, reason) are planted.

    `unparseable` has, per table, a good row and the text that replaces some of its values; only CSV shows them.
    Besides the reasons of quarantine, the manifest counts `older_version`, `duplicate` and `deleted`.
    """

    rng: np.random.Generator
    few: int  # bad rows of each kind
    tables: dict[str, pa.Table] = field(default_factory=dict)
    unparseable: dict[str, list[tuple[Row, dict[str, str]]]] = field(default_factory=dict)
    clean: dict[str, pa.Table] = field(default_factory=dict)  # the tables before they were made dirty
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    planted_as_text: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_copies: int = 0

    def manifest(self, file_format: str) -> dict[tuple[str, str], int]:
        """How many rows of each (table, reason) a folder of this format holds."""
        return dict(self.planted + self.planted_as_text if file_format == "csv" else self.planted)

    def append(self, name: str, rows: pa.Table, reason: str) -> None:
        """Add rows to a table and to the manifest."""
        self.tables[name] = pa.concat_tables([self.tables[name], rows])
        self.planted[name, reason] += rows.num_rows

    def copies(self, name: str) -> list[Row]:
        """A few good rows under keys that nothing else has, to be spoilt."""
        table = self.clean[name]
        if name == "survey_responses":
            is_plain = pc.is_in(table["survey_id"], pa.array(SURVEYS_TO_SPOIL))
            is_good = pc.and_(pc.is_in(table["score"], pa.array([str(score) for score in range(11)])), is_plain)
            table = table.filter(pc.and_(pc.and_(is_good, table["is_complete"]), pc.is_null(table["is_excluded"])))
        if name == "exchange_rates":  # other months of a currency that no line uses
            rows: list[Row] = table.slice(0, min(self.few, table.num_rows)).to_pylist()
            return [row | {"currency": "CHF"} for row in rows]
        rows = table.take(pa.array(self.rng.integers(0, table.num_rows, self.few))).to_pylist()
        key = table.column_names[0]
        for row in rows:
            self.n_copies += 1
            row[key] = f"{row[key][0]}X{self.n_copies}"
        return rows

    def spoil(self, name: str, reason: str, values: dict[str, Sequence[Value]]) -> None:
        """Plant a few copies with these values, which the column's type can hold."""
        rows = self.copies(name)
        for turn, row in enumerate(rows):
            for column, options in values.items():
                value = options[turn % len(options)]
                row[column] = value(row) if callable(value) else value
        self.append(name, pa.Table.from_pylist(rows, self.tables[name].schema), reason)

    def spoil_text(self, name: str, reason: str, values: dict[str, Sequence[str]]) -> None:
        """Plant a few copies with text that the column's type cannot hold."""
        for turn, row in enumerate(self.copies(name)):
            patch = {column: options[turn % len(options)] for column, options in values.items()}
            self.unparseable.setdefault(name, []).append((row, patch))
            self.planted_as_text[name, reason] += 1

    def revise(self, name: str, event: Ints, may_vanish: Mask, correct: Callable[[pa.Table], pa.Table]) -> None:
        """Add later versions of some rows: corrected (some twice), deleted, or the same again.

        event: seconds at which each row came to be; may_vanish: rows to which nothing refers.
        """
        table, rng = self.tables[name], self.rng
        corrected, vanished, doubled = (
            max(round(share * table.num_rows), 2) for share in (CORRECTED_SHARE, DELETED_SHARE, DUPLICATE_SHARE)
        )
        old = rng.permutation(np.flatnonzero(event < (CLOSES - 60) * DAY))
        first, rest, twice = old[:corrected], old[corrected:-doubled], old[-doubled:]
        gone = rest[may_vanish[rest]][:vanished]
        once_more = correct(table.take(first))
        again = first[: corrected // 5]
        self.append(name, later(rng, once_more, event[first], 3), "older_version")
        second = later(rng, correct(once_more.slice(0, len(again))), event[again], 30)
        self.append(name, second, "older_version")
        is_gone = with_column(table.take(gone), "is_deleted", flags(np.ones(len(gone), dtype=bool)))
        self.append(name, later(rng, is_gone, event[gone], 3), "deleted")
        self.planted[name, "older_version"] += len(gone)
        self.append(name, table.take(twice), "duplicate")


def with_column(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    """The table with one column replaced."""
    return table.set_column(table.column_names.index(column), column, values)


def later(rng: np.random.Generator, table: pa.Table, event: Ints, days: int) -> pa.Table:
    """The rows as versions written at least this many days after the event."""
    updated = event + days * DAY + rng.integers(0, 20 * DAY, len(event))
    table = with_column(table, "updated_at", stamps(updated))
    return with_column(table, "loaded_at", stamps(morning_after(rng, updated)))


def correct_score(table: pa.Table) -> pa.Table:
    """One lower, or one higher at the foot of the scale."""
    score = np.array([int(text) if text and text.strip() else 7 for text in table["score"].to_pylist()])
    return with_column(table, "score", pc.cast(pa.array(either(score > 1, score - 1, score + 1)), pa.string()))


def correct_amount(table: pa.Table) -> pa.Table:
    """Five per cent less."""
    amount = np.array([float(value) for value in table["amount"].to_pylist()])
    return with_column(table, "amount", money(np.round(0.95 * amount, 2)))


def correct_role(table: pa.Table) -> pa.Table:
    """The contact decides now."""
    return with_column(table, "buying_role", pa.array(["decision_maker"] * table.num_rows, pa.string()))


def seconds_of(column: pa.ChunkedArray) -> Ints:
    """Seconds since 1970 of a timestamp or date column without nulls."""
    return np.asarray(column.cast(pa.timestamp("s")).cast(pa.int64()).to_numpy())


def make_dirty(company: Company, cases: pd.DataFrame) -> None:
    """Versions first, then bad rows, so that no bad row has a second version."""
    company.clean = dict(company.tables)
    responses = company.tables["survey_responses"]
    has_case = np.zeros(responses.num_rows, dtype=bool)
    has_case[cases["answer"].to_numpy()] = True
    company.revise("survey_responses", seconds_of(responses["answered_at"]), ~has_case, correct_score)
    for name, column, correct in (
        ("crm_revenue", "period_start", correct_amount),
        ("crm_contacts", "created_at", correct_role),
    ):
        event = np.maximum(seconds_of(company.tables[name][column]), OPENS * DAY)
        nothing_refers = np.full(len(event), name == "crm_revenue")
        company.revise(name, event, nothing_refers, correct)
    for name in ("survey_invitations", "crm_accounts", "crm_contracts"):
        table = company.tables[name]
        company.append(name, table.take(pa.array(np.arange(company.few) * 7)), "duplicate")
    for name, table in company.clean.items():
        company.spoil(name, "key_missing", {table.column_names[0]: (None,)})
    for name, reason, values in (*BAD_ROWS, *DELETED_ROWS):
        company.spoil(name, reason, values)
    for name, reason, texts in BAD_TEXTS:
        company.spoil_text(name, reason, texts)
