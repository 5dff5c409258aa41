"""Columns that are ignored although their name says that they decide whether a row counts: what they hold is counted.

Nothing is left out for what they say; the counts stand in ``landing.ignored_columns``, so that it can be seen what was
passed over. No value is kept that may say who a person is.
"""

from __future__ import annotations

import hashlib

import duckdb

from orchestration.raw.ledger import SCHEMA as LEDGER_SCHEMA
from orchestration.raw.texts import squeezed

SCHEMA = "landing"
TABLE = "ignored_columns"
# A column, a value of it (null for all others), and in how many rows it stands.
Counted = tuple[str, str | None, int]
VALUES_KEPT = 50
VALUE_LENGTH = 40

# What such a column may be called, in any spelling, with or without is_ before it.
DECIDING = frozenset(
    {
        "active", "archived", "canceled", "cancelled", "deleted", "deletedat", "disqualified", "distributionchannel",
        "duplicate", "excluded", "finished", "fivetrandeleted", "preview", "removed", "spam", "status", "test", "void",
        "voided",
    }
)  # fmt: skip

# Beyond so many values a column of words with blanks between them holds names or sentences.
WORDS = "regexp_matches(value, '[[:alpha:]] +[[:alpha:]]')"


def decides(name: str) -> bool:
    """Whether the name of a column says that its values decide whether a row counts."""
    return squeezed(name).removeprefix("is") in DECIDING


def counts_query(relation: str, column: str) -> str:
    """How many rows of each file have which value of a column: _source_file, value, n_rows.

    A blank is the empty text. At most 50 values of a file are kept; the rows of all others are counted under null, as
    are all that are not blank where one looks like an address, or the values are many and look like names or sentences.
    """
    return f"""
        with counted as (
            select _source_file, coalesce(left(trim(cast({column} as varchar)), {VALUE_LENGTH}), '') as value,
                count(*) as n_rows
            from {relation} group by all
        ),
        judged as (
            select *,
                count(*) over file > {VALUES_KEPT} and avg(cast({WORDS} as integer)) over file > 0.5
                    or bool_or(contains(value, '@')) over file as is_personal,
                row_number() over (partition by _source_file order by value = '' desc, n_rows desc, value) as place
            from counted
            window file as (partition by _source_file)
        )
        select _source_file,
            case when value = '' or place <= {VALUES_KEPT} and not is_personal then value end as value,
            cast(sum(n_rows) as bigint) as n_rows
        from judged group by all"""


def land_ignored_columns(connection: duckdb.DuckDBPyConnection) -> str:
    """Sum up, from the ledger, what the ignored columns of all files hold; the hash of it."""
    connection.execute(
        f"create schema if not exists {SCHEMA}; create or replace table {SCHEMA}.{TABLE} "
        "(raw_table varchar not null, column_name varchar not null, value varchar, n_rows bigint not null)"
    )
    connection.execute(f"""
        insert into {SCHEMA}.{TABLE}
        with summed as (
            select raw_table, column_name, value, sum(n_rows) as n_rows
            from {LEDGER_SCHEMA}.ignored_values group by all
        ),
        ranked as (
            select *, row_number() over (
                partition by raw_table, column_name order by value is null, value = '' desc, n_rows desc, value
            ) as place
            from summed
        )
        select raw_table, column_name, case when place <= {VALUES_KEPT} then value end as value, sum(n_rows)
        from ranked group by all order by all""")
    rows = connection.execute(f"select * from {SCHEMA}.{TABLE} order by all").fetchall()
    return hashlib.sha256(repr(rows).encode()).hexdigest()
