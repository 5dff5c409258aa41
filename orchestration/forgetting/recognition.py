"""Who is meant: the ids and addresses of a person, as the raw files know them.

Contacts who share an address, or were merged, are one person, as in the models. Not so where an address is the mailbox
of a role, or is shared by contacts at many accounts: such an address is nobody's own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from orchestration.company.project import reference_file
from orchestration.forgetting.people import People, is_answer_theirs, published_id, published_id_sql
from orchestration.raw.landing import land
from orchestration.raw.tables import RAW_SCHEMA, RawTable, tables_from_manifest
from orchestration.release.warehouse import quoted, quoted_path
from orchestration.settings import Settings, project_variables
from orchestration.sources.arrivals import arrive

CONTACTS, ACCOUNTS = "crm_contacts", "crm_accounts"
ANSWERS, INVITATIONS = "survey_responses", "survey_invitations"

# By what a row calls a person. Only contacts are merged, and only among them an address leads to an id.
_LINKS = f"""
create or replace temp table links as
select distinct
    trim(cast(contact_id as varchar)) as id,
    trim(cast(merged_into_id as varchar)) as merged_into,
    trim(cast(email as varchar)) as address,
    lower(trim(cast(email as varchar))) as plain_address,
    trim(cast(account_id as varchar)) as account_id,
    trim(cast(full_name as varchar)) as full_name,
    true as is_contact
from {RAW_SCHEMA}.{CONTACTS}
"""
_SHARED = """
create or replace temp table shared as
select
    links.plain_address as address,
    bool_or(role_mailboxes.mailbox is not null) as is_of_role
from links
left join read_csv({mailboxes}, all_varchar = true) as role_mailboxes
    on regexp_replace(links.plain_address, '[+@].*$', '') = role_mailboxes.mailbox
where links.is_contact and links.plain_address is not null
group by links.plain_address
having
    count(distinct links.id) > 1
    and (is_of_role or count(distinct links.account_id) > {most})
"""


@dataclass(frozen=True)
class Found:
    """The list with all that a person is called by; and these values themselves, to be looked for and never said."""

    people: People
    ids: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset()
    responses: frozenset[str] = frozenset()
    n_contacts: int = 0


def recognised(settings: Settings, manifest: Mapping[str, Any], people: People, *, by_contacts_alone: bool) -> Found:
    """Who is on the list, by what the raw files say now."""
    wanted = (CONTACTS, ACCOUNTS) if by_contacts_alone else (CONTACTS, ACCOUNTS, ANSWERS, INVITATIONS)
    tables = [table for table in tables_from_manifest(manifest) if table.name in wanted]
    settings.home.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=settings.home, prefix=".sources.") as scratch,
        duckdb.connect() as connection,
    ):
        connection.execute(f"set TimeZone = 'UTC'; set memory_limit = {quoted(settings.memory_limit)}")
        # As they come, and not as the last night wrote them down, without who was forgotten before.
        every = tables_from_manifest(manifest)
        arrivals = arrive(settings.company, Path(scratch, "sources"), every, settings.memory_limit)
        land(connection, settings.raw, tables, None, arrivals.files, settings.is_raw_optional and bool(arrivals.files))
        variables = {**project_variables(), **settings.variables}
        mailboxes, most = reference_file(settings, "role_mailboxes"), int(variables["maximum_accounts_of_person"])
        return recognised_in(connection, tables, people, mailboxes, most)


def recognised_in(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[RawTable],
    people: People,
    mailboxes: Path,
    most_accounts: int,
) -> Found:
    """Who is on the list, by the raw tables of a connection, as they came; ``crm_contacts`` is one of them.

    ``mailboxes`` has those of roles. At more accounts than ``most_accounts`` an address is shared.
    """
    names = {table.name for table in tables}
    connection.execute(_LINKS)
    for table in sorted({ANSWERS, INVITATIONS} & names):
        connection.execute(
            "insert into links select distinct trim(cast(contact_id as varchar)), null, "
            "trim(cast(contact_email as varchar)), lower(trim(cast(contact_email as varchar))), null, null, false "
            f"from {RAW_SCHEMA}.{table} where contact_id is not null or contact_email is not null"
        )
    connection.execute(_SHARED.format(mailboxes=quoted_path(mailboxes), most=most_accounts))
    while True:
        grown = _grown(connection, people)
        if grown == people:
            break
        people = grown
    theirs = _is_theirs(people)
    responses, comments = _said(connection, people) if ANSWERS in names else (frozenset[str](), frozenset[str]())
    return Found(
        people,
        _texts(connection, f"select id from links where {people.is_theirs('id')}"),
        _texts(connection, f"select lower(address) from links where {people.is_theirs('address')}"),
        _texts(connection, f"select full_name from links where is_contact and ({theirs})"),
        comments,
        responses,
        len(_texts(connection, f"select id from links where is_contact and ({theirs})")),
    )


def _is_theirs(people: People) -> str:
    """Whether a row of ``links`` is of somebody on the list."""
    return " or ".join(people.is_theirs(name) for name in ("id", "address", "merged_into", published_id_sql("address")))


def _grown(connection: duckdb.DuckDBPyConnection, people: People) -> People:
    """The list with what else those on it are called."""
    ids = _texts(connection, f"select unnest([id, merged_into]) from links where is_contact and ({_is_theirs(people)})")
    # An address beside their id is theirs, unless it is that of several people, or of another contact.
    addresses = _texts(
        connection,
        f"""
        select address from links
        where
            ({people.is_theirs("id")} or {people.is_theirs(published_id_sql("address"))})
            and plain_address not in (select address from shared)
            and (is_contact or plain_address not in (
                select plain_address from links
                where is_contact and plain_address is not null and not {people.is_theirs("id")}
            ))
        union all
        select address from links where {people.is_theirs("address")}
        """,
    )
    of_roles = _texts(connection, f"select address from shared where is_of_role and {people.is_theirs('address')}")
    mailboxes = {people.hash_of(address) for address in of_roles}
    domains = {address.lower().partition("@")[2] for address in addresses}
    grown = people.with_hashes(
        [people.hash_of(name) for address in addresses for name in (address, published_id(address))]
        + [people.hash_of(name) for name in ids],
        mailboxes,
        _of_accounts(connection, domains),
    )
    return replace(grown, hashes=grown.hashes - grown.mailboxes)


def _of_accounts(connection: duckdb.DuckDBPyConnection, domains: Iterable[str]) -> frozenset[str]:
    """Of some domains those by which an account on record is found."""
    said = "lower(concat_ws(' ', cast(website as varchar), cast(email_domains as varchar)))"
    known = f"select unnest(regexp_extract_all({said}, '[^\\s/:@,;]+')) from {RAW_SCHEMA}.{ACCOUNTS}"
    return frozenset(domains) & {domain.removeprefix("www.") for domain in _texts(connection, known)}


def _said(connection: duckdb.DuckDBPyConnection, people: People) -> tuple[frozenset[str], frozenset[str]]:
    """The ids of their answers, and what they wrote in them."""
    theirs = is_answer_theirs(people, f"select * from {RAW_SCHEMA}.{INVITATIONS}")
    rows = connection.execute(
        f"select cast(response_id as varchar), cast(verbatim_reason as varchar), cast(verbatim_improve as varchar) "
        f"from {RAW_SCHEMA}.{ANSWERS} where {theirs}"
    ).fetchall()
    comments = (comment.strip() for _, *said in rows for comment in said if comment is not None)
    return frozenset(response.strip() for response, *_ in rows if response), frozenset(filter(None, comments))


def _texts(connection: duckdb.DuckDBPyConnection, query: str) -> frozenset[str]:
    """The distinct texts of a query's only column, without null and the empty one."""
    return frozenset(text for (text,) in connection.execute(f"select distinct * from ({query})").fetchall() if text)
