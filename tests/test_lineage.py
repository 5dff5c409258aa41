"""From which columns of the sources a query takes what it gives."""

from __future__ import annotations

import pytest

from orchestration.privacy.lineage import Relation, columns_of

EMAIL, NAME = "raw.contacts.email", "raw.contacts.full_name"
TABLES = {
    ("raw", "contacts"): Relation(
        (("contact_id", {}), ("email", {EMAIL: (EMAIL,)}), ("full_name", {NAME: (NAME,)}), ("account_id", {}))
    ),
    ("raw", "accounts"): Relation((("account_id", {}), ("region", {}))),
}


def origins(sql: str) -> dict[str, set[str]]:
    """What each column of a query descends from, those without personal data left out."""
    relation = columns_of(sql, TABLES)
    found = {name: set(ways) for name, ways in relation.columns if ways}
    return found | ({"*": set(relation.rest)} if relation.rest else {})


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select email from raw.contacts", {"email": {EMAIL}}),
        ("select lower(trim(cast(email as varchar))) as login from raw.contacts", {"login": {EMAIL}}),
        ('select c."email" as x from "db"."raw"."contacts" as c', {"x": {EMAIL}}),
        ("select * from raw.contacts", {"email": {EMAIL}, "full_name": {NAME}}),
        ("select c.* from raw.accounts a join raw.contacts c using (account_id)",
         {"email": {EMAIL}, "full_name": {NAME}}),
        ("select * exclude (email) from raw.contacts", {"full_name": {NAME}}),
        ("select * replace (full_name as contact_id) from raw.contacts", {
            "contact_id": {NAME}, "email": {EMAIL}, "full_name": {NAME}}),
        ("with a as (select * from raw.contacts), b as (select email as e from a) select * from b", {"e": {EMAIL}}),
        ("with b (x, y) as (select account_id, email from raw.contacts) select y from b", {"y": {EMAIL}}),
        # Columns of a union are told by their place.
        ("select region from raw.accounts union all select email from raw.contacts", {"region": {EMAIL}}),
        ("select account_id, region from raw.accounts union all by name select account_id, email as region "
         "from raw.contacts", {"region": {EMAIL}}),
        ("select (select max(email) from raw.contacts c where c.account_id = a.account_id) as m from raw.accounts a",
         {"m": {EMAIL}}),
        ("select max(full_name) over (partition by email) as n from raw.contacts", {"n": {NAME}}),
        ("select list(email order by full_name) as l from raw.contacts", {"l": {EMAIL}}),
        ("select {'who': full_name, 'id': contact_id} as s from raw.contacts", {"s": {NAME}}),
        ("with s as (select {'who': full_name} as s from raw.contacts) select s.who as w from s", {"w": {NAME}}),
        ("with l as (select list(email) as l from raw.contacts) select unnest(l) as e from l", {"e": {EMAIL}}),
        ("select u.v from (select list(email) as l from raw.contacts) t, unnest(t.l) as u(v)", {"v": {EMAIL}}),
        ("select c as whole from raw.contacts c", {"whole": {EMAIL, NAME}}),
        ("select case when region = 'x' then email else region end as k from raw.accounts join raw.contacts "
         "using (account_id)", {"k": {EMAIL}}),
        ("select coalesce(region, full_name) || '!' as k from raw.accounts join raw.contacts using (account_id)",
         {"k": {NAME}}),
        ("select email as e, upper(e) as f from raw.contacts", {"e": {EMAIL}, "f": {EMAIL}}),
        ("with recursive r as (select email from raw.contacts union all select email from r) select * from r",
         {"email": {EMAIL}}),
        ("from raw.contacts select string_agg(full_name, ', ') filter (where email is not null) as names",
         {"names": {NAME}}),
        ("select * from (pivot raw.contacts on account_id using max(email))", {"*": {EMAIL, NAME}}),
    ],
)  # fmt: skip
def test_a_tag_follows_the_value(sql: str, expected: dict[str, set[str]]) -> None:
    assert origins(sql) == expected


@pytest.mark.parametrize(
    "sql",
    [
        "select md5(email) as contact_hash, sha256(full_name) as h, hash(email) as g from raw.contacts",
        "select count(distinct email) as n, count(*) as m from raw.contacts",
        "select email is not null as has_email, email = full_name as same, length(email) as n from raw.contacts",
        "select contact_id from raw.contacts where email like '%@%' order by full_name",
        "select row_number() over (partition by email order by full_name) as n from raw.contacts",
        "select case when email is null then 'no' else 'yes' end as has_email from raw.contacts",
        "select a.region from raw.accounts a join raw.contacts c on a.account_id = c.email",
        "select region from raw.accounts except select email from raw.contacts",
    ],
)
def test_a_tag_ends_where_the_value_cannot_be_told(sql: str) -> None:
    assert origins(sql) == {}
