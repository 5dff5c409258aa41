"""Searches what is about to be published for personal data, in every text column, by the searches of comments.

Comments lose what is found; a column of anything else must not hold it, and stops the night. Only distinct values are
looked at, and only of tables that are not what they were when they were found clean. Messages have counts, columns and
rows, and never a value.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.comments import redaction
from orchestration.comments.names import folded_words
from orchestration.comments.plain import plain_text
from orchestration.comments.reading import READING
from orchestration.files import write_json
from orchestration.findings import EXAMPLES_SHOWN, BuildError, Finding
from orchestration.privacy.tags import allowed_kinds
from orchestration.raw.tables import RAW_SCHEMA
from orchestration.release.warehouse import PublishedTable, identifier, open_read_only
from orchestration.settings import Settings

STORE = "searched.json"
KINDS = {
    redaction.EMAIL: "email",
    redaction.PHONE: "phone",
    redaction.LINK: "link",
    redaction.HANDLE: "handle",
    redaction.CARD: "card",
    redaction.IBAN: "iban",
    redaction.IDENTITY: "identity",
    redaction.NET_ADDRESS: "net_address",
    redaction.BIRTH: "birth",
}
SAID = {
    "email": "like an e-mail address",
    "phone": "like a telephone number",
    "link": "like a link",
    "handle": "like a handle",
    "card": "like a card number",
    "iban": "like a bank account",
    "identity": "like a national identity number",
    "net_address": "like an address of the net",
    "birth": "like a day of birth",
    "name": "with the full name of a contact or a member of staff",
}
# An id is made of digits that look like anything; what it must not be is an address.
_ID = re.compile(r"(^|_)(id|hash|key)$")
_FREE_TEXT = re.compile(r"^comment_redacted$")
# Without one of these nothing is found, which spares most values the search.
_SUSPECT = (
    r"(?i)[@\x{FF20}\x{FE6B}/=:#]|www\.|(\p{Nd}\P{Nd}{0,4}){3}\p{Nd}|[(\[{<_*|~-] ?(a|at|ät|æt|ad|chez|bei)"
    r"|(^|[^a-z])(at|bei|chez|hos|bij|presso|u) |arroba|arob|klammer|affenschw|snabel|ma[łl]pa|apenstaart|chiocciola"
    r"|собака|zavin|kukac|kanelbulle|krøllalfa|ät|handle|nick|user"
)
# A band of sizes has the form of a short telephone number.
_BAND = re.compile(r"\D*\d{1,5} ?- ?\d{1,7}\D*")
_LONGEST_NAME = 5


@dataclass(frozen=True)
class _Found:
    """What was found in a column: how many values of each kind, and these values."""

    column: str
    kinds: Mapping[str, int]
    values: Sequence[str]


def check_release(
    settings: Settings,
    manifest: Mapping[str, Any],
    release_file: Path,
    tables: Sequence[PublishedTable],
    fingerprints: Mapping[str, str],
    contents: Mapping[str, str | None],
) -> int:
    """Search a release file before it is published; how many tables were looked at. An error where something is found.

    ``fingerprints`` has those of tables by address, ``contents`` the hash of each source by its name.
    """
    nodes = {
        f"{node['schema']}.{node['alias']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    allowed = {table.address: allowed_kinds(nodes[table.address]) for table in tables}
    searched_by = _version(allowed, [contents.get(name) for name in ("crm_contacts", "crm_users")])
    store = settings.build_folder / STORE
    clean = _read(store, searched_by)
    unlike = [
        table
        for table in tables
        if fingerprints.get(table.address) is None or clean.get(table.address) != fingerprints[table.address]
    ]
    findings: list[Finding] = []
    with open_read_only(settings.build_file, settings.memory_limit) as build, open_read_only(release_file) as release:
        names = _Names(build)
        for table in unlike:
            found = list(_search(release, table, allowed[table.address], names))
            findings += [_finding(release, build, table, column) for column in found]
            if not found and table.address in fingerprints:
                clean[table.address] = fingerprints[table.address]
    addresses = {table.address for table in tables}
    write_json(store, {"by": searched_by, "clean": {name: of for name, of in clean.items() if name in addresses}})
    if findings:
        raise BuildError(*findings)
    return len(unlike)


class _Names:
    """The full names of contacts and staff, read when they are first asked for."""

    def __init__(self, build: duckdb.DuckDBPyConnection) -> None:
        self._build = build

    @cached_property
    def _full(self) -> frozenset[str]:
        rows = self._build.execute(
            f"select distinct full_name from {RAW_SCHEMA}.crm_contacts where full_name is not null "
            f"union select distinct user_name from {RAW_SCHEMA}.crm_users where user_name is not null"
        ).fetchall()
        names = (folded_words(str(name)) for (name,) in rows)
        return frozenset(" ".join(words) for words in names if len(words) > 1)

    def are_in(self, value: str) -> bool:
        """Whether words that follow each other are a full name."""
        words = folded_words(value)
        return len(words) > 1 and any(
            " ".join(words[first:last]) in self._full
            for first in range(len(words) - 1)
            for last in range(first + 2, min(first + _LONGEST_NAME, len(words)) + 1)
        )


def _search(
    release: duckdb.DuckDBPyConnection,
    table: PublishedTable,
    allowed: Mapping[str, Mapping[str, str]],
    names: _Names,
) -> Iterator[_Found]:
    columns = release.execute(
        "select column_name from duckdb_columns() "
        "where schema_name = ? and table_name = ? and contains(data_type, 'VARCHAR') order by column_index",
        [table.schema, table.name],
    ).fetchall()
    for (column,) in columns:
        is_id, is_free = bool(_ID.search(column)), bool(_FREE_TEXT.search(column))
        suspect = "contains(value, '@')" if is_id else "regexp_matches(value, ?)"
        if not (is_id or is_free):
            # A name has no form.
            suspect += " or contains(trim(value), ' ')"
        values = release.execute(
            f"select distinct value from (select cast({identifier(column)} as varchar) as value from {table.sql}) "
            f"where {suspect}",
            [] if is_id else [_SUSPECT],
        )
        kinds, held = Counter[str](), list[str]()
        for value in _values(values):
            found = kinds_in(value) & {"email"} if is_id else kinds_in(value)
            if not (is_id or is_free) and "name" not in allowed.get(column, {}) and names.are_in(value):
                found.add("name")
            found -= set(allowed.get(column, {}))
            if found:
                kinds.update(found)
                held.append(value)
        if held:
            yield _Found(column, kinds, held)


def _values(result: duckdb.DuckDBPyConnection) -> Iterator[str]:
    while rows := result.fetchmany(10_000):
        yield from (value for (value,) in rows)


def kinds_in(value: str) -> set[str]:
    """The kinds of personal data that have a form, in a value."""
    plain, _ = plain_text(value)
    found = {KINDS[kind] for _, _, kind in redaction.personal_data(plain)}
    return found - {"phone"} if _BAND.fullmatch(plain) else found


def _finding(
    release: duckdb.DuckDBPyConnection, build: duckdb.DuckDBPyConnection, table: PublishedTable, found: _Found
) -> Finding:
    keys = ", ".join(identifier(key) for key in table.keys) or identifier(found.column)
    key_hash = f"substr(md5(concat_ws('|', {keys})), 1, 12)"
    is_held = f"list_contains(?, cast({identifier(found.column)} as varchar))"
    (n_rows,) = release.execute(f"select count(*) from {table.sql} where {is_held}", [found.values]).fetchone() or (0,)
    hashes = release.execute(
        f"select distinct {key_hash} from {table.sql} where {is_held} order by 1 limit {EXAMPLES_SHOWN}", [found.values]
    ).fetchall()
    counted = ", ".join(f"{n:,} {SAID[kind]}" for kind, n in sorted(found.kinds.items()))
    sources = list(_came_from(build, found.values))
    came = f" It came from {'; '.join(sources)}." if sources else ""
    kind = min(found.kinds)
    return Finding(
        "private_value_published",
        table.address,
        f"column {found.column} has values {counted}.{came}",
        n_rows,
        tuple(f"row with the key's hash {key_hash}" for (key_hash,) in hashes),
        "Correct these rows where they come from. If readers are meant to see such values, say why in the yml of the "
        f"model: column {found.column}, config: {{meta: {{may_hold: {{{kind}: <reason>}}}}}}.",
    )


def _came_from(build: duckdb.DuckDBPyConnection, values: Sequence[str]) -> Iterator[str]:
    """The raw columns that hold one of the values, with the numbers of the first rows that do."""
    for table, column in build.execute(
        "select table_name, column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and data_type = 'VARCHAR' and not starts_with(column_name, '_') order by 1, column_index",
        [RAW_SCHEMA],
    ).fetchall():
        rows = build.execute(
            f"select _row_number from {RAW_SCHEMA}.{identifier(table)} "
            f"where list_contains(?, trim({identifier(column)})) order by 1 limit {EXAMPLES_SHOWN + 1}",
            [list(values)],
        ).fetchall()
        if rows:
            numbers = ", ".join(str(row) for (row,) in rows[:EXAMPLES_SHOWN])
            more = " and others" if len(rows) > EXAMPLES_SHOWN else ""
            yield f"{RAW_SCHEMA}.{table}.{column} (_row_number {numbers}{more})"


def _version(allowed: Mapping[str, object], names: Iterable[str | None]) -> str:
    """What decides whether a table is found clean, beside its rows."""
    parts = [READING, version("phonenumbers"), version("python-stdnum"), _SUSPECT, allowed, list(names)]
    return hashlib.sha256(json.dumps(parts, default=str, sort_keys=True).encode()).hexdigest()


def _read(store: Path, searched_by: str) -> dict[str, str]:
    """The fingerprints of the tables that were found clean by the same search."""
    try:
        content: dict[str, Any] = json.loads(store.read_text(encoding="utf-8"))
        found: dict[str, str] = dict(content["clean"]) if content["by"] == searched_by else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found
