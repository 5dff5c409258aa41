"""Who answered, and for which account: merged accounts, moved and merged people, addresses, keys of other systems.

One company, built by the nightly job. Each survey is one way in which a person or an account can be taken for two.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import TINY_AS_OF, run_nightly, write_tiny_raw

PEOPLE = range(6)
SURVEYS = ("rel", "key_is_address", "address_alone", "two_ids", "merged_people", "shared_mailbox")

Rows = list[tuple[Any, ...]]


def write(folder: Path, table: str, header: str, lines: list[str]) -> None:
    (folder / f"{table}.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


def two_answers(survey: str, n: int, *named: tuple[str, str]) -> list[str]:
    """An unhappy and, later in the month, a happy answer of one person under two names (contact_id, contact_email)."""
    return [
        f"{survey}-{n}-{score},{survey},,{contact},{email},2024-05-{day}T10:00:00Z,{score}"
        for (contact, email), day, score in zip(named, ("10", "20"), (2, 9), strict=True)
    ]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_tiny_raw(tmp_path_factory.mktemp("persons") / "raw")
    # Three accounts of one firm became one, in two steps. The CRM emptied the fields of the one that it deleted last:
    # where that one went stands in the version before.
    write(
        folder,
        "crm_accounts",
        "account_id,account_name,parent_account_id,created_at,updated_at,is_deleted,merged_into_id,website,email_domains",
        [
            *(f"a{n},Account {n},,2023-01-01,,,,," for n in range(8)),
            "ash,Ash,a1,2024-04-01,2024-04-01,,,,",
            "oak,Oak,,2023-01-01,2024-03-01,false,ash,,",
            "oak,,,,2024-04-01,true,,,",
            "elm,Elm,,2023-01-01,2024-02-01,true,oak,,",
            "fir,Fir,oak,2023-01-01,,,,https://www.fir.example/home,fir.test gmail.com",
        ],
    )
    revenue = (folder / "crm_revenue.csv").read_text(encoding="utf-8").splitlines()
    write(
        folder,
        "crm_revenue",
        revenue[0],
        [
            *revenue[1:],
            *(f"oak-{m},oak,2024-0{m}-01,2024-0{m}-28,50000,subscription" for m in (1, 2, 3)),
            "elm-1,elm,2024-01-01,2024-01-31,7,subscription",
            "ash-4,ash,2024-04-01,2024-04-30,50000,subscription",
            "billing-5,CUST-77,2024-05-01,2024-05-31,11,subscription",
            "billing-2,CUST-77,2024-02-01,2024-02-28,13,subscription",
        ],
    )
    write(folder, "account_links", "source,source_account_id,account_id,valid_from", ["billing,CUST-77,oak,2024-03-01"])
    definition = "relationship,nps,Would you?,0,10,higher_is_better"
    write(
        folder,
        "survey_definitions",
        "survey_id,survey_name,program_type,metric,question_text,scale_min,scale_max,scale_direction",
        [f"{survey},{survey},{definition}" for survey in SURVEYS],
    )
    write(
        folder,
        "crm_contacts",
        "contact_id,account_id,email,updated_at,is_deleted,merged_into_id",
        [
            *(f"one{n},a1,Twin{n}@ash.example,,," for n in PEOPLE),
            *(f"other{n},a2, twin{n}@ASH.example,,," for n in PEOPLE),
            *(f"kept{n},a3,kept{n}@ash.example,,," for n in PEOPLE),
            *(f"lost{n},a4,lost{n}@ash.example,,true,kept{n}" for n in PEOPLE),
            *(f"desk{n},a5,info@ash.example,,," for n in PEOPLE),
            "mover,a6,mover@ash.example,2024-01-01,,",
            "mover,elm,mover@ash.example,2024-05-01,,",
        ],
    )
    tiny = [line.split(",") for line in (folder / "survey_responses.csv").read_text(encoding="utf-8").splitlines()[1:]]
    answers = [f"{key},rel,{account},{who},,{at},{score}" for key, account, who, at, score, _ in tiny]
    for n in PEOPLE:
        answers += two_answers("key_is_address", n, (f"Bo{n}@pine.example", ""), (f" bo{n}@pine.example", ""))
        answers += two_answers("address_alone", n, ("", f"CY{n}@pine.example"), ("", f"cy{n}@Pine.example "))
        answers += two_answers("two_ids", n, (f"one{n}", ""), (f"other{n}", ""))
        answers += two_answers("merged_people", n, (f"lost{n}", ""), (f"kept{n}", ""))
        answers += two_answers("shared_mailbox", n, (f"desk{n}", ""), ("", "info@ash.example"))
    answers += [
        "oak-answer,rel,oak,,,2024-03-10T10:00:00Z,2",
        "elm-answer,rel,elm,,,2024-01-10T10:00:00Z,9",
        "moved-before,rel,,mover,,2024-04-30T10:00:00Z,9",
        "moved-after,rel,,mover,,2024-05-01T10:00:00Z,9",
        "by-key,rel,CUST-77,,,2024-05-02T10:00:00Z,9",
        "by-key-early,rel,CUST-77,,,2024-02-02T10:00:00Z,9",
        "by-address,rel,,,Mover@Ash.example,2024-05-02T10:00:00Z,9",
        "by-website,rel,,,someone@fir.example,2024-05-02T10:00:00Z,9",
        "by-list,rel,,,someone@fir.test,2024-05-02T10:00:00Z,9",
        "by-nothing,rel,,,someone@gmail.com,2024-05-02T10:00:00Z,9",
    ]
    header = "response_id,survey_id,account_id,contact_id,contact_email,answered_at,score"
    write(folder, "survey_responses", header, answers)
    home = tmp_path_factory.mktemp("home")
    done = run_nightly(home, folder, NPS_AS_OF=TINY_AS_OF)
    assert done.code == 0, done.stderr
    return home


@pytest.fixture(scope="module")
def release(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(home / "published" / "nps.duckdb"), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("survey", ["key_is_address", "address_alone", "two_ids", "merged_people"])
def test_a_person_under_two_names_counts_once(release: duckdb.DuckDBPyConnection, survey: str) -> None:
    found = release.execute(
        "select n_scored, nps from marts.nps_by_month where nps_rule = 'contact_latest' and month_start = '2024-05-01' "
        "and program_type = 'relationship' and dimension = 'survey_id' and dimension_value = ?",
        [survey],
    ).fetchall()

    assert found == [(len(PEOPLE), 100)]


def test_people_behind_one_mailbox_are_not_one_person(release: duckdb.DuckDBPyConnection) -> None:
    (found,) = release.execute(
        "select count(distinct respondent_id) from marts.fct_nps_responses where survey_id = 'shared_mailbox'"
    ).fetchall()

    assert found == (2 * len(PEOPLE),)


def test_the_survivor_of_a_merge_has_all_revenue_and_answers(release: duckdb.DuckDBPyConnection) -> None:
    revenue: Rows = release.execute(
        "select month_start::varchar, revenue::int from marts.fct_account_revenue_months "
        "where account_id = 'ash' order by 1"
    ).fetchall()
    answers: Rows = release.execute(
        "select response_id, account_id, link_method from marts.fct_nps_responses "
        "where response_id in ('oak-answer', 'elm-answer') order by 1"
    ).fetchall()

    assert revenue == [
        *(("2024-01-01", 50007), ("2024-02-01", 50000), ("2024-03-01", 50000)),
        *(("2024-04-01", 50000), ("2024-05-01", 11)),
    ]
    assert answers == [("elm-answer", "ash", "merged"), ("oak-answer", "ash", "merged")]


def test_what_was_merged_is_no_account_and_no_row_is_lost(release: duckdb.DuckDBPyConnection) -> None:
    accounts = release.execute(
        "select account_id, parent_account_id, ultimate_parent_account_id, created_date::varchar "
        "from marts.dim_accounts where account_id not like 'a_' order by 1"
    ).fetchall()
    rows = release.execute(
        "select n_raw, n_superseded, n_deleted, n_quarantined, n_accepted from marts.row_reconciliation "
        "where raw_table = 'crm_accounts'"
    ).fetchall()

    # A customer since the oldest of the three; a child of what was merged is the survivor's.
    assert accounts == [("ash", "a1", "a1", "2023-01-01"), ("fir", "ash", "a1", "2023-01-01")]
    assert rows == [(13, 1, 2, 0, 10)]


def test_a_key_of_another_system_holds_from_its_day_on(release: duckdb.DuckDBPyConnection) -> None:
    assert release.execute(
        "select reason, n_rows, example_key from marts.quarantine_summary where raw_table = 'crm_revenue'"
    ).fetchall() == [("unknown_account", 1, "billing-2")]


def test_each_answer_finds_its_account_as_of_its_day(release: duckdb.DuckDBPyConnection) -> None:
    found = release.execute(
        "select response_id, account_id, link_method from marts.fct_nps_responses "
        "where response_id like 'by-%' or response_id like 'moved-%' order by 1"
    ).fetchall()

    assert found == [
        ("by-address", "ash", "email"),
        ("by-key", "ash", "link"),
        ("by-key-early", None, "unlinked"),
        ("by-list", "fir", "domain"),
        ("by-nothing", None, "unlinked"),
        ("by-website", "fir", "domain"),
        ("moved-after", "ash", "contact"),
        ("moved-before", "a6", "contact"),
    ]


def test_the_ways_are_all_answers_of_the_month(release: duckdb.DuckDBPyConnection) -> None:
    assert (
        release.execute(
            "select sum(n_answers), sum(share_of_answers)::decimal(9, 6)::varchar from marts.link_quality "
            "where month_start = '2024-05-01'"
        ).fetchall()
        == release.execute(
            "select count(*), '1.000000' from marts.fct_nps_responses where month_start = '2024-05-01'"
        ).fetchall()
    )


def test_no_address_is_published(release: duckdb.DuckDBPyConnection) -> None:
    tables = release.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    # Without the vocabulary, none of which is a person's.
    found = [
        table
        for (table,) in tables
        for (n_rows,) in release.execute(
            f"select count(*) from (select cast(t as varchar) as row from {table} as t) where row like '%.example%'"
        ).fetchall()
        if n_rows
    ]

    assert found == []
