"""Companies of shapes that the sample is not: all answers of one account, a million accounts, no revenue, no rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

# Each company is as of this day.
AS_OF = "2024-07-01"
SCORES = "[9, 10, 7, 3, 10, 8, 9, 0, 10, 6]"

# Of each table, what a row has where the shape says nothing else; `i` numbers the rows from 0.
ACCOUNTS = {
    "account_id": "'a' || i",
    "account_name": "'Account ' || i",
    "segment": "['small', 'large'][1 + i % 2]",
    "size_band": "'50-249'",
    "region": "'emea'",
    "created_at": "'2021-01-01'",
}
RESPONSES = {
    "response_id": "'r' || i",
    "account_id": "'a' || i % {accounts}",
    "contact_id": "'c' || i",
    "answered_at": "(date '2022-08-01' + cast(i * 7 % 699 as int)) || 'T10:00:00Z'",
    "score": f"{SCORES}[1 + (i + i // {{accounts}}) % 10]",
}
# A line a month and account.
REVENUE = {
    "revenue_id": "'v' || i",
    "account_id": "'a' || i % {accounts}",
    "period_start": "date '2022-07-01' + to_months(cast(i // {accounts} as int))",
    "period_end": "date '2022-07-01' + to_months(cast(i // {accounts} as int))",
    "amount": "100 + i % 97",
}


@dataclass(frozen=True)
class Shape:
    """How many rows a company has of each table, and what its rows have that others have not, as SQL over ``i``."""

    accounts: int = 60
    responses: int = 600
    lines: int = 60 * 24
    account: Mapping[str, str] = field(default_factory=dict)
    response: Mapping[str, str] = field(default_factory=dict)
    line: Mapping[str, str] = field(default_factory=dict)
    # Further tables: the number of rows, and their columns.
    others: Mapping[str, tuple[int, Mapping[str, str]]] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """The raw tables as CSV files with headers, also where they have no row."""
        folder.mkdir(parents=True)
        tables = {
            "crm_accounts": (self.accounts, ACCOUNTS | dict(self.account)),
            "survey_responses": (self.responses, RESPONSES | dict(self.response)),
            "crm_revenue": (self.lines, REVENUE | dict(self.line)),
            **self.others,
        }
        with duckdb.connect() as connection:
            for table, (n_rows, columns) in tables.items():
                listed = ", ".join(f"{value} as {name}" for name, value in columns.items())
                rows = f"select {listed} from range({n_rows}) as rows(i)".replace("{accounts}", str(self.accounts))
                connection.execute(f"copy ({rows}) to '{folder / table}.csv' (format csv, header)")
        return folder


def surveys(n_surveys: int) -> dict[str, tuple[int, Mapping[str, str]]]:
    """Definitions of so many surveys of the headline programme."""
    columns = {
        "survey_id": "'s' || i",
        "survey_name": "'Survey ' || i",
        "program_type": "'relationship'",
        "metric": "'nps'",
        "question_text": "'Would you recommend us?'",
        "scale_min": "0",
        "scale_max": "10",
        "scale_direction": "'higher_is_better'",
    }
    return {"survey_definitions": (n_surveys, columns)}


RATES = {
    "exchange_rates": (
        24,
        {"month": "date '2022-07-01' + to_months(cast(i as int))", "currency": "'EUR'", "rate": "1.1 + i / 1000"},
    )
}
ONE_DAY = "'2024-06-05T10:00:00Z'"
MOSTLY_DETRACTORS = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 6, 5, 4, 3, 2, 1, 0, 6, 5][1 + i // {accounts} % 20]"
THIRTY_YEARS_OF_MONTHS = "date '1994-07-01' + to_months(cast(i // {accounts} as int))"
ANNUAL = {
    "account_id": "'a' || i",
    "period_start": "date '2023-07-01'",
    "period_end": "date '2024-06-29'",
    "amount": "120.00",
}
LONG = "repeat('Very long name indeed ', 23)[:490] || i"


def shapes(million: int) -> dict[str, Shape]:
    """Each shape by its name. What is large has ``million`` rows, or a hundredth or fifth of it."""
    many, hundreds = million // 100, max(million // 200, 500)
    return {
        "few accounts with many answers": Shape(
            14, 10_282, 14 * 24, response={"answered_at": ONE_DAY, "score": MOSTLY_DETRACTORS}
        ),
        "one account with a million answers": Shape(
            1, million, 24, response={"answered_at": ONE_DAY, "score": MOSTLY_DETRACTORS}
        ),
        "a million accounts with one answer": Shape(
            million, million, million, line={"period_start": "date '2024-05-01'"}
        ),
        "many annual lines": Shape(million // 5, 600, million // 5, line=ANNUAL),
        "one survey of one day": Shape(response={"answered_at": ONE_DAY, "survey_id": "'s0'"}, others=surveys(1)),
        "thirty years": Shape(
            lines=60 * 360,
            response={"answered_at": "(date '1994-08-01' + cast(i * 18 % 10900 as int)) || 'T10:00:00Z'"},
            line=dict.fromkeys(("period_start", "period_end"), THIRTY_YEARS_OF_MONTHS),
        ),
        "all answers alike": Shape(response={"score": "10"}),
        "no revenue": Shape(lines=0),
        "revenue without answers": Shape(responses=0),
        "nothing but accounts": Shape(responses=0, lines=0),
        "no row at all": Shape(0, 0, 0),
        "another currency with rates": Shape(line={"currency": "'EUR'"}, others=RATES),
        "another currency without rates": Shape(line={"currency": "'EUR'"}),
        "many surveys": Shape(responses=many * 3, response={"survey_id": f"'s' || i % {many}"}, others=surveys(many)),
        "many segments": Shape(
            hundreds * 2, hundreds * 6, hundreds * 12, account={"segment": f"'segment ' || i % {hundreds}"}
        ),
        "long names": Shape(
            account=dict.fromkeys(("account_name", "segment", "region", "industry", "owner_id"), LONG)
            | {"account_id": LONG},
            response={"account_id": LONG.replace("|| i", "|| i % {accounts}"), "response_id": LONG, "channel": LONG},
            line={"account_id": LONG.replace("|| i", "|| i % {accounts}"), "revenue_id": LONG},
        ),
        "largest amounts": Shape(line={"amount": "(999999999990000 + i)::decimal(20, 2) + 0.99"}),
        "years of largest amounts": Shape(
            lines=60, line=ANNUAL | {"amount": "(999999999990000 + i)::decimal(20, 2) + 0.99"}
        ),
    }
