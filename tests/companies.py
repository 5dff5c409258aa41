"""Raw tables of small companies, made to be built: the three required ones, month by month, with no randomness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

FIRST_MONTH = date(2022, 7, 1)
# Two years later: every horizon has quarter ends with a whole base and a complete outcome.
AS_OF = "2024-07-01"
N_MONTHS = 24


def month(index: int) -> date:
    """A month counted from the first one of the ledger."""
    at = FIRST_MONTH.month - 1 + index
    return date(FIRST_MONTH.year + at // 12, at % 12 + 1, 1)


def some_number(*parts: int) -> int:
    """0 to 9, in no order that a model could lean on."""
    total = 17
    for part in parts:
        total = (total * 7_919 + part * 104_729 + 31) % 1_000_003
    return total % 10


def usual_revenue(account: int, at: int) -> float:
    """A few hundred a month, now more and now less."""
    return 100.0 * (1 + account % 5) * (1 + some_number(account, at) / 20)


def usual_score(account: int, at: int) -> int:
    """Any answer on the scale, a good one more often than not."""
    return (10, 9, 3, 8, 10, 7, 9, 0, 6, 10)[some_number(account, at, 3)]


@dataclass(frozen=True)
class RawCompany:
    """Accounts that are billed monthly and answer once a quarter; ``is_billed`` and ``is_heard`` leave months out."""

    n_accounts: int
    revenue: Callable[[int, int], float] = usual_revenue
    score: Callable[[int, int], int] = usual_score
    is_billed: Callable[[int], bool] = lambda at: True
    is_heard: bool = True

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        self._write(
            folder / "crm_accounts.csv",
            "account_id,account_name,segment,size_band,region,created_at",
            (f"a{n},Account {n},{('small', 'large')[n % 2]},50-249,emea,2022-01-01" for n in self._accounts),
        )
        self._write(
            folder / "survey_responses.csv",
            "response_id,account_id,contact_id,answered_at,score",
            (
                f"r{n}-{at},a{n},c{n},{month(at):%Y-%m}-15T10:00:00Z,{self.score(n, at)}"
                for n in self._accounts
                for at in range(2, N_MONTHS, 3)
                if self.is_heard
            ),
        )
        self._write(
            folder / "crm_revenue.csv",
            "revenue_id,account_id,period_start,period_end,amount",
            (
                f"v{n}-{at},a{n},{month(at)},{month(at)},{self.revenue(n, at):.2f}"
                for n in self._accounts
                for at in range(N_MONTHS)
                if self.is_billed(at)
            ),
        )
        return folder

    @property
    def _accounts(self) -> range:
        return range(self.n_accounts)

    @staticmethod
    def _write(path: Path, header: str, lines: Iterable[str]) -> None:
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


THREE_ACCOUNTS = RawCompany(3)
ONE_DOMINATES = RawCompany(120, revenue=lambda account, at: usual_revenue(account, at) * (2_500 if account == 1 else 1))
WITHOUT_REVENUE = RawCompany(60, is_billed=lambda at: False)
WITHOUT_ANSWERS = RawCompany(60, is_heard=False)
ONE_MONTH_OF_REVENUE = RawCompany(60, is_billed=lambda at: at == N_MONTHS - 2)
