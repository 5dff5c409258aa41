"""The names of an answer's own person and account are taken out of its comment, and no other's."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from orchestration.comments.names import land_named_comments, without_names


@pytest.mark.parametrize(
    ("comment", "person", "expected"),
    [
        ("Ask Anna Lund, she knows", "Anna Lund", "Ask [name], she knows"),
        ("Lund, Anna here", "Anna Lund", "[name] here"),
        ("anna told you twice", "Anna Lund", "[name] told you twice"),
        ("Grüße, A. Müller", "Anton Muller", "Grüße, A. [name]"),
        ("Jose's order", "José Núñez", "[name]'s order"),
        ("regards, ANNA-LENA", "Anna-Lena Ek", "regards, [name]"),
        ("We annalise data", "Anna Lund", "We annalise data"),
        # A name that is a word as well is one where it is written as one.
        ("It may rain", "May Grant", "It may rain"),
        ("May we have a grant?", "May Grant", "May we have a grant?"),
        ("Please ask for May", "May Grant", "Please ask for [name]"),
        ("call May Grant", "May Grant", "call [name]"),
        # Two letters are a name beside the other part alone.
        ("Li Na called, li", "Li Na", "[name] called, li"),
        ("Nobody called", "", "Nobody called"),
    ],
)
def test_a_name_of_the_person_goes(comment: str, person: str, expected: str) -> None:
    assert without_names(comment, [person], []) == expected


@pytest.mark.parametrize(
    ("comment", "account", "expected"),
    [
        ("We at Nordwind use it", "Nordwind GmbH & Co. KG", "We at [account] use it"),
        ("NORDWIND GMBH pays", "Nordwind GmbH", "[account] pays"),
        ("here at Apple we like it", "Apple", "here at [account] we like it"),
        ("an apple a day", "Apple", "an apple a day"),
        ("Target was missed. The target moved", "Target Corp", "Target was missed. The target moved"),
        ("Global data is slow at Global Data", "Global Data Ltd.", "[account] is slow at [account]"),
        ("Nordwinds team", "Nordwind", "[account]s team"),
    ],
)
def test_the_name_of_the_account_goes(comment: str, account: str, expected: str) -> None:
    assert without_names(comment, [], [account]) == expected


def test_what_is_redacted_is_no_name() -> None:
    assert without_names("write to [email]", ["Emma Email"], []) == "write to [email]"


@pytest.fixture
def build() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema raw;
            create schema enrichment;
            create table raw.crm_accounts as select * from (values
                ('A1', 'Nordwind GmbH'), ('A1', 'Nordwind AG'), ('A2', 'Südmeer')) as t (account_id, account_name);
            create table raw.crm_contacts as select * from (values
                ('C1', 'Anna.Lund@nordwind.example', 'Anna Lund', 'A1'), ('C2', null, 'Bo Ek', 'A2'))
                as t (contact_id, email, full_name, account_id);
            create table raw.survey_invitations as select * from (values
                ('I1', 'C1', null, null), ('I2', null, 'anna.lund@NORDWIND.example', null))
                as t (invitation_id, contact_id, contact_email, account_id);
            create table raw.survey_responses as select * from (values
                ('by contact', null, ' c1 ', null, null, 'Lund here', null),
                ('by invitation', 'I1', null, null, null, 'Lund here', null),
                ('by mail of the invitation', 'I2', null, null, null, 'Fine', 'Nordwind grows'),
                ('by mail', null, null, 'ANNA.LUND@nordwind.example', null, 'Lund here', null),
                ('by account', null, null, null, 'A2', 'Südmeer waits', null),
                ('of another', null, 'C2', null, null, 'Lund here', null),
                ('of nobody', null, null, null, null, 'Lund here', null))
                as t (response_id, invitation_id, contact_id, contact_email, account_id, verbatim_reason,
                    verbatim_improve);
            alter table raw.survey_responses add column language varchar;
            create table enrichment.comments as
                select distinct md5('|' || comment) as comment_hash, comment as comment_redacted
                from (
                    select verbatim_reason as comment from raw.survey_responses
                    union all select verbatim_improve from raw.survey_responses
                ) where comment is not null;
            """
        )
        yield connection


def test_an_answer_loses_the_names_of_its_own_record_by_every_way_to_it(build: duckdb.DuckDBPyConnection) -> None:
    land_named_comments(build)
    found = build.execute("select response_id, comment_redacted from enrichment.named_comments order by all").fetchall()

    assert found == [
        ("by account", "[account] waits"),
        ("by contact", "[name] here"),
        ("by invitation", "[name] here"),
        ("by mail", "[name] here"),
        ("by mail of the invitation", "[account] grows"),
    ]


def test_the_hash_says_whether_anything_is_another(build: duckdb.DuckDBPyConnection) -> None:
    before = land_named_comments(build)
    assert land_named_comments(build) == before
    build.execute("update raw.crm_contacts set full_name = 'Anna Berg'")
    assert land_named_comments(build) != before
