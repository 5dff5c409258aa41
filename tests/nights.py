"""Nights of a tiny company whose raw files arrive, are corrected, sent again and withdrawn; the same by the seed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

import duckdb

HEADERS = {
    "survey_responses": "response_id,survey_id,invitation_id,account_id,contact_id,contact_email,agent_id,channel,"
    "answered_at,score,verbatim_reason,is_deleted,updated_at,loaded_at",
    "survey_invitations": "invitation_id,survey_id,contact_id,contact_email,account_id,agent_id,channel,sent_at,"
    "delivered_at",
    "survey_definitions": "survey_id,survey_name,program_type,metric,question_text,scale_min,scale_max,"
    "scale_direction,counts_as_nps",
    "crm_accounts": "account_id,account_name,parent_account_id,segment,size_band,region,created_at,updated_at,"
    "email_domains,merged_into_id,is_deleted,churned_at",
    "crm_contacts": "contact_id,account_id,buying_role,last_active_at,updated_at,email,merged_into_id,is_deleted",
    "account_links": "source,source_account_id,account_id,valid_from",
    "crm_users": "user_id,user_name,team",
    "crm_cases": "case_id,response_id,owner_id,opened_at,first_contact_at,closed_at,was_reached,updated_at",
    "crm_contracts": "contract_id,account_id,start_date,end_date",
    "crm_referrals": "referral_id,referrer_account_id,referred_account_id,referred_at,converted_at",
    "feedback_actions": "action_id,theme,polarity,action_text,outcome_metric,started_at,shipped_at",
    "crm_revenue": "revenue_id,account_id,period_start,period_end,amount,currency,revenue_type,updated_at,"
    "reverses_revenue_id",
    "exchange_rates": "month,currency,rate",
}
FIRST_DAY = date(2023, 1, 1)
ACCOUNTS = 12
# After so many days what an action did is known (dbt_project.yml).
ACTION_WINDOW_DAYS = 180


class Company:
    """The raw folder of a company, and its nights. ``as_of`` is the date as of which the next night builds."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.seed = seed
        self.as_of = date(2024, 7, 1)
        self._random = Random(seed)
        self._responses: list[str] = []
        self._invitations: list[str] = []
        self._lines: list[tuple[str, int, str]] = []
        self._accounts_lost: set[int] = set()
        self._n_files = 0
        surveys = [
            "rel,Relationship,relationship,nps,Would you?,0,10,higher_is_better,true",
            "sup,Support,transactional,csat,How satisfied?,0,10,higher_is_better,false",
        ]
        self._write("survey_definitions", "surveys", surveys)
        self._write("crm_accounts", "accounts", [self._account(n, "small", "2023-01-01") for n in range(ACCOUNTS)])
        self._write("crm_contacts", "contacts", [self._contact(n, n % ACCOUNTS) for n in range(ACCOUNTS * 2)])
        self._write("crm_users", "users", ["u0,Ada,desk", "u1,Ben,field"])
        self._write("crm_contracts", "contracts", [f"k{n},a{n},2024-01-01,2024-12-31" for n in range(ACCOUNTS)])
        self._write("exchange_rates", "rates", self._rates("1.1"))
        # Two of each person: what comes later falls between answers of the same one.
        self.arrive(ACCOUNTS * 4)
        self.invite()
        # From the first month on, so that there are years of which growth can be said.
        self._write(
            "crm_revenue", "ledger", [f"v{n},a{n},{FIRST_DAY},2023-12-31,1200,USD,,," for n in range(ACCOUNTS // 2)]
        )
        self.bill()

    def night(self, *named: str) -> str:
        """Let the named events happen or, if none is, some by chance and mostly answers arrive; what happened."""
        if named:
            for name in named:
                getattr(self, name)()
            return ", ".join(named)
        events = [
            self.correct, self.delete, self.send_again, self.withdraw, self.invite, self.bill,
            self.refund, self.correct_lines,
            self.move_account, self.lose_account, self.change_rates, self.learn_of_contacts, self.move_contact,
            self.renew, self.follow_up, self.move_agent, self.churn, self.refer, self.act, self.pass_a_day,
            self.pass_months, self.stay, self.merge_account, self.merge_contact, self.correct_email, self.link_account,
            self.own_domain,
        ]  # fmt: skip
        happened = self._random.sample(events, self._random.randint(1, 3))
        if self._random.random() < 0.8:
            happened.append(self.arrive)
        for event in happened:
            event()
        return ", ".join(event.__name__ for event in happened)

    # What may happen -----------------------------------------------------------------------------------------------

    def arrive(self, n_answers: int | None = None) -> None:
        """Answers, some of them late, of strangers, or of no score."""
        n_answers = n_answers or self._random.randint(1, 30)
        keys = [f"r{len(self._responses) + n}" for n in range(n_answers)]
        self._responses += keys
        self._write("survey_responses", "answers", [self._answer(key) for key in keys])

    def correct(self) -> None:
        """Newer versions of answers."""
        keys = self._random.sample(self._responses, min(3, len(self._responses)))
        self._write("survey_responses", "corrections", [self._answer(key, version=self._n_files) for key in keys])

    def delete(self) -> None:
        key = self._random.choice(self._responses)
        self._write("survey_responses", "deletions", [self._answer(key, version=self._n_files, deleted="true")])

    def send_again(self) -> None:
        """A file of answers with other rows than before."""
        file = self._random.choice(sorted((self.folder / "survey_responses").iterdir()))
        header, *rows = file.read_text(encoding="utf-8").splitlines()
        kept = rows[self._random.randint(0, 1) :]
        lines = [header, *kept, self._answer(self._random.choice(self._responses))]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")

    def withdraw(self) -> None:
        """A file of answers that is not there any more; the last one stays, because the table is required."""
        files = sorted((self.folder / "survey_responses").iterdir())
        if len(files) > 1:
            self._random.choice(files).unlink()

    def invite(self) -> None:
        rows = []
        for n in range(10):
            contact, day = self._random.randrange(ACCOUNTS * 2), self._day()
            key = f"i{self._n_files}-{n}"
            address = self._random.choice(["", f"p{contact % 7}@d{contact % 4}.example"])
            named = self._random.choice([f"c{contact}", f"c{contact}", ""])
            who = f"{named},{address},{self._account_named(contact)},u{n % 3}"
            rows.append(f"{key},rel,{who},email,{day}T08:00:00Z,{day}T08:01:00Z")
            self._invitations.append(key)
        self._write("survey_invitations", "invitations", rows)

    def bill(self) -> None:
        """Revenue of some accounts, in two currencies, for a month or a year, and a credit."""
        rows = []
        for n in range(12):
            start = self._day().replace(day=1)
            end = start + timedelta(days=self._random.choice([27, 364]))
            amount, currency = self._random.choice([1200, 90, -30]), self._random.choice(["USD", "EUR"])
            account = self._random.randrange(ACCOUNTS + 1)
            named = self._account_named(account) or "a0"
            rows.append(f"v{self._n_files}-{n},{named},{start},{end},{amount},{currency},subscription,,")
            self._lines.append((f"v{self._n_files}-{n}", account, currency))
        self._write("crm_revenue", "ledger", rows)

    def refund(self) -> None:
        """Lines that take back others, in part or whole, or that name nobody; and lines that take back them."""
        rows = []
        for n, (key, account, currency) in enumerate(self._random.sample(self._lines, min(5, len(self._lines)))):
            start, refund = self._day(), f"x{self._n_files}-{n}"
            amount = self._random.choice([-1200, -400, -90, 30])
            original = self._random.choice([key, key, "nobody"])
            rows.append(f"{refund},a{account},{start},{start},{amount},{currency},,,{original}")
            start = self._day()
            rows.append(f"{refund}b,a{account},{start},{start},{-amount / 2},{currency},,,{refund}")
        self._write("crm_revenue", "refunds", rows)

    def correct_lines(self) -> None:
        """Newer versions of lines of the ledger, at another time, and some at another account."""
        rows = []
        for key, account, currency in self._random.sample(self._lines, min(4, len(self._lines))):
            owner = self._random.choice([account, account, (account + 1) % ACCOUNTS])
            start = self._day()
            period, at = f"{start},{start + timedelta(days=200)}", f"{self.as_of}T00:00:{self._n_files % 60:02d}Z"
            rows.append(f"{key},a{owner},{period},600,{currency},,{at},")
        self._write("crm_revenue", "corrections", rows)

    def move_account(self) -> None:
        """An account in another segment, from a day on."""
        segment = self._random.choice(["small", "large", "huge"])
        account = self._random.randrange(ACCOUNTS)
        self._write("crm_accounts", "moves", [self._account(account, segment, f"{self._day()}")])

    def change_rates(self) -> None:
        (file,) = (self.folder / "exchange_rates").iterdir()
        rows = [HEADERS["exchange_rates"], *self._rates(f"1.{self._random.randint(1, 9)}")]
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")

    def learn_of_contacts(self) -> None:
        self._write("crm_contacts", "contacts", [self._contact(ACCOUNTS * 2 + self._random.randrange(4), 1)])

    def move_contact(self) -> None:
        """A person at another account, in another role, active since."""
        contact, account = self._random.randrange(ACCOUNTS * 2), self._random.randrange(ACCOUNTS)
        self._write("crm_contacts", "moves", [self._contact(contact, account, "decision_maker", f"{self._day()}")])

    def merge_account(self) -> None:
        """An account merged into another, deleted with it or not, or a merge that is undone; circles come about."""
        loser, survivor = self._random.sample(range(ACCOUNTS), 2)
        into, deleted = self._random.choice([(f"a{survivor}", "true"), (f"a{survivor}", ""), ("", "true"), ("", "")])
        self._write("crm_accounts", "merges", [self._account(loser, "small", f"{self.as_of}", into, deleted)])

    def merge_contact(self) -> None:
        """A person merged into another, or not any more."""
        loser, survivor = self._random.sample(range(ACCOUNTS * 2), 2)
        into, deleted = self._random.choice([(f"c{survivor}", "true"), (f"c{survivor}", ""), ("", "")])
        row = self._contact(loser, loser % ACCOUNTS, "user", f"{self.as_of}", into, deleted)
        self._write("crm_contacts", "merges", [row])

    def correct_email(self) -> None:
        """A person with another address, which others may have too."""
        contact = self._random.randrange(ACCOUNTS * 2)
        row = self._contact(contact, contact % ACCOUNTS, "user", f"{self.as_of}")
        address = f"P{self._random.randrange(7)}@d{self._random.randrange(4)}.example"
        self._write("crm_contacts", "addresses", [row.replace(f"p{contact}@d{contact % 4}.example", address)])

    def link_account(self) -> None:
        """Keys of another system, from a day on or ever since."""
        rows = []
        for source in ("billing", "survey"):
            since = self._random.choice(["", f"{self._day()}"])
            key = self._random.choice([f"a{ACCOUNTS}", "x0", "x1", "x2"])
            rows.append(f"{source},{key},a{self._random.randrange(ACCOUNTS)},{since}")
        self._write("account_links", "links", rows)

    def own_domain(self) -> None:
        """An account with domains of its own, which another may have too, and with a parent."""
        row = self._account(self._random.randrange(ACCOUNTS), "small", f"{self.as_of}")
        domains = f",d{self._random.randrange(4)}.example d{self._random.randrange(4)}.example,,,"
        named = row.replace(",,", f",a{self._random.randrange(ACCOUNTS)},", 1)
        self._write("crm_accounts", "domains", [named.removesuffix(",,,,") + domains])

    def lose_account(self) -> None:
        """An account that the CRM has no more, or has again."""
        self._accounts_lost ^= {self._random.randrange(ACCOUNTS)}
        (file,) = (self.folder / "crm_accounts").glob("*-accounts.csv")
        rows = [self._account(n, "small", "2023-01-01") for n in range(ACCOUNTS) if n not in self._accounts_lost]
        file.write_text("\n".join([HEADERS["crm_accounts"], *rows]) + "\n", encoding="utf-8")

    def renew(self) -> None:
        """A contract that ends another day than it did."""
        account = self._random.randrange(ACCOUNTS)
        self._write("crm_contracts", "renewals", [f"k{account},a{account},2024-01-01,{self._day()}"])

    def follow_up(self) -> None:
        """Cases of answers, opened and perhaps closed."""
        rows = []
        for key in self._random.sample(self._responses, min(4, len(self._responses))):
            day = self._day()
            closed = self._random.choice(["", f"{day + timedelta(days=3)}T12:00:00Z"])
            rows.append(
                f"k-{key},{key},u{self._random.randrange(3)},{day}T09:00:00Z,{day}T12:00:00Z,{closed},true,{day}T12:00:00Z"
            )
        self._write("crm_cases", "cases", rows)

    def move_agent(self) -> None:
        """An agent in another team."""
        (file,) = (self.folder / "crm_users").iterdir()
        teams = [f"u{n},Agent {n},{self._random.choice(['desk', 'field'])}" for n in range(3)]
        file.write_text("\n".join([HEADERS["crm_users"], *teams]) + "\n", encoding="utf-8")

    def churn(self) -> None:
        """An account that has left."""
        day = self._day()
        account = self._account(self._random.randrange(ACCOUNTS), "small", f"{day}")
        self._write("crm_accounts", "churn", [f"{account}{day}"])

    def refer(self) -> None:
        """An account that was won by another."""
        referrer, referred = self._random.sample(range(ACCOUNTS), 2)
        self._write(
            "crm_referrals", "referrals", [f"f{self._n_files},a{referrer},a{referred},{FIRST_DAY},{self._day()}"]
        )

    def act(self) -> None:
        """Actions on feedback, shipped or not; of the last of them is known on the next day what it did."""
        rows = []
        lately = self.as_of - timedelta(days=ACTION_WINDOW_DAYS - 2)
        for metric, day in (("nps", self._day()), ("csat", self._day()), ("", lately)):
            shipped = self._random.choice(["", f"{day}"]) if metric else f"{day}"
            rows.append(f"x{self._n_files}-{metric},Speed,negative,Hire,{metric},{FIRST_DAY},{shipped}")
        self._write("feedback_actions", "actions", rows)

    def pass_a_day(self) -> None:
        self.as_of += timedelta(days=1)

    def pass_months(self) -> None:
        """A month, or as many as bring the first night into another year."""
        self.as_of += timedelta(days=self._random.choice([31, 184]))

    def stay(self) -> None:
        """Nothing, but a file that is touched."""
        next((self.folder / "crm_contracts").iterdir()).touch()

    # Rows and files ------------------------------------------------------------------------------------------------

    def _write(self, table: str, name: str, rows: list[str]) -> None:
        self._n_files += 1
        # New files come after those that were read: what is between them makes its table anew.
        path = self.folder / table / f"{self._n_files:03d}-{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([HEADERS[table], *rows]) + "\n", encoding="utf-8")

    def _day(self) -> date:
        return FIRST_DAY + timedelta(days=self._random.randrange((self.as_of - FIRST_DAY).days + 3))

    def _answer(self, key: str, version: int = 0, deleted: str = "") -> str:
        contact = self._random.randrange(ACCOUNTS * 2 + 4)
        domain = f"d{contact % 4}.example"
        answered = f"{self._day()}T{self._random.randrange(24):02d}:00:00Z"
        fields = [
            key,
            self._random.choice(["rel", "rel", "rel", "sup"]),
            self._random.choice(["", *self._invitations[-20:]]),
            self._account_named(contact),
            self._random.choice([f"c{contact}", f"c{contact}", "", f"New{contact}@d0.example"]),
            self._random.choice(["", "", f"p{contact}@{domain}", f"q{contact % 5}@{domain}"]),
            self._random.choice(["", "u0", "u1", "u2"]),
            self._random.choice(["email", "shop"]),
            answered,
            # Of scores that cannot be read about as many that the survey is withheld in some nights.
            self._random.choice(["0", "6", "7", "8", "9", "10", ""] * 5 + ["11", "6.5"]),
            self._random.choice(["", "Too slow", "Love the support"]),
            deleted,
            f"2024-06-01T{version % 24:02d}:{version % 60:02d}:00Z",
            answered,
        ]
        return ",".join(fields)

    def _account_named(self, number: int) -> str:
        """An account as an answer or a line names it: by its own id, by a key of another system, or not at all."""
        own = f"a{number % (ACCOUNTS + 1)}"
        return self._random.choice([own, own, own, "", f"x{number % 3}"])

    @staticmethod
    def _contact(
        number: int, account: int, role: str = "user", active: str = "", into: str = "", deleted: str = ""
    ) -> str:
        return f"c{number},a{account},{role},{active},{active},p{number}@d{number % 4}.example,{into},{deleted}"

    @staticmethod
    def _account(number: int, segment: str, since: str, into: str = "", deleted: str = "") -> str:
        return f"a{number},Account {number},,{segment},1-49,emea,2023-01-01,{since}T00:00:00Z,,{into},{deleted},"

    @staticmethod
    def _rates(rate: str) -> list[str]:
        return [f"{year}-{month:02d}-01,EUR,{rate}" for year in (2023, 2024, 2025) for month in range(1, 13)]


def contents(home: Path) -> dict[str, str]:
    """A hash of each published table's rows."""
    return _contents(home / "published" / "nps.duckdb", "true")


def built_contents(home: Path) -> dict[str, str]:
    """A hash of the rows of each table that dbt has made, published or not."""
    made = "schema_name in ('staging', 'intermediate', 'marts', 'employee', 'people', 'quality')"
    return _contents(home / "build" / "warehouse.duckdb", made)


def _contents(file: Path, condition: str) -> dict[str, str]:
    with duckdb.connect(file, read_only=True) as connection:
        tables = connection.sql(
            f"select schema_name || '.' || table_name from duckdb_tables() where {condition} order by 1"
        ).fetchall()
        return {
            table: str(connection.sql(f"select md5(string_agg(row, '|' order by row)) from ({rows})").fetchone())
            for (table,) in tables
            for rows in [f"select cast(t as varchar) as row from {table} as t"]
        }
