"""The list of who was forgotten, by which raw rows lose a person when they land.

No value stands in it: a key of the home's own, and keyed hashes (HMAC-SHA256) of contact ids and addresses. The same
hash is computed in SQL, so that a view of Parquet files tells the rows of a person as well as a table does.

A person keeps an id that leads to nobody, made of the hash: their answers stay those of one person, at one account.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestration.comments.redaction import EMAIL
from orchestration.files import write_json
from orchestration.findings import BuildError, Finding
from orchestration.release.warehouse import identifier, quoted
from orchestration.settings import LAYOUT, Settings

FILE = "list.json"
ID, MAILBOX, NOWHERE = "forgotten ", "forgotten-", "forgotten.invalid"
# In the place of what names somebody, in a text of ours; of an address in a comment the word that redaction has for it.
GONE = "[forgotten]"
# As far as a hash goes into an id.
ID_DIGITS = 24
BLOCK = 64
# Other signs of an address, which stand for the plain one.
OTHER_SIGNS = "\uff20\ufe6b"
SIGNS = f"[@{OTHER_SIGNS}]"
# Of published columns with ids those that never hold a contact's. An account may have the same id as a contact.
_IDS_OF_OTHERS = re.compile(
    r"(.*_)?(account|action|agent|case|check_in|cluster|contract|invitation|owner|referral|response|revenue|survey)_id"
)
# In free text; what surrounds an address there is no part of it.
_PART = rf"""[^\s@{OTHER_SIGNS}<>()\[\]{{}},;:"'|=]"""
ADDRESS = rf"{_PART}+{SIGNS}{_PART}*[\pL\pN]"


@dataclass(frozen=True)
class People:
    """Who was forgotten: ``hashes`` of ids and addresses, and of ``mailboxes`` that are of a role.

    ``domains`` are those of accounts on record: they stay in the address that leads nowhere, which finds its account.
    """

    key: bytes = field(default=b"", repr=False)
    hashes: frozenset[str] = frozenset()
    mailboxes: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.hashes or self.mailboxes)

    @property
    def digest(self) -> str:
        """What decides how rows land: who was forgotten, and this code. Empty where nobody was."""
        if not self:
            return ""
        told = (self.key, *(sorted(each) for each in (self.hashes, self.mailboxes, self.domains)))
        return hashlib.sha256(repr(told).encode() + Path(__file__).read_bytes()).hexdigest()

    def with_hashes(self, hashes: Iterable[str], mailboxes: Iterable[str], domains: Iterable[str]) -> People:
        return replace(
            self,
            hashes=self.hashes | set(hashes),
            mailboxes=self.mailboxes | set(mailboxes),
            domains=self.domains | set(domains),
        )

    def hash_of(self, value: str) -> str:
        """The keyed hash of an id or an address as it came."""
        return hmac.new(self.key, normal(value).encode(), "sha256").hexdigest()

    def text_without(self, text: str) -> str:
        """A text in which no word that tells of somebody is an id or an address of who was forgotten."""

        def replaced(word: re.Match[str]) -> str:
            return GONE if is_telling(word[0]) and self.hash_of(word[0]) in self.hashes | self.mailboxes else word[0]

        return _WORD.sub(replaced, text)

    # In SQL ------------------------------------------------------------------------------------------------------

    def hash_sql(self, value: str) -> str:
        """``hash_of`` as an expression over a text."""
        inner, outer = (_padded(self.key, byte) for byte in (0x36, 0x5C))
        return f"sha256(unhex('{outer}') || unhex(sha256(unhex('{inner}') || encode({_normal_sql(value)}))))"

    def is_theirs(self, value: str) -> str:
        """Whether an id or an address is of somebody who was forgotten; false of null."""
        return f"coalesce({self.hash_sql(value)} in ({_listed(self.hashes | self.mailboxes)}), false)"

    def stand_in(self, value: str) -> str:
        """An id or an address, or what stands for it where it is of somebody who was forgotten."""
        found = self.hash_sql(value)
        domain = f"regexp_extract(lower(trim({value})), '{SIGNS}(.*)$', 1)"
        address = (
            f"'{MAILBOX}' || substr({found}, 1, {ID_DIGITS}) || '@' || "
            f"if({domain} in ({_listed(self.domains)}), {domain}, '{NOWHERE}')"
        )
        theirs = f"{found} in ({_listed(self.hashes)})"
        return (
            f"case when {value} is null then null when {found} in ({_listed(self.mailboxes)}) then null "
            f"when not ({theirs}) then {value} "
            f"when regexp_matches({value}, '.{SIGNS}.') then {address} "
            f"else '{ID}' || substr({found}, 1, {ID_DIGITS}) end"
        )

    def without_addresses(self, value: str) -> str:
        """A text in which no address is of somebody who was forgotten; one that is nothing else has its stand-in."""
        form = quoted(ADDRESS)
        listed = f"[{_listed(self.hashes | self.mailboxes)}]"
        theirs = (
            f"list_filter(regexp_extract_all({value}, {form}), lambda a: list_contains({listed}, {self.hash_sql('a')}))"
        )
        replaced = f"list_reduce(list_prepend({value}, {theirs}), lambda t, a: replace(t, a, '{EMAIL}'))"
        return (
            f"case when not regexp_matches({value}, '{SIGNS}') then {value} "
            f"when regexp_full_match(trim({value}), {form}) then {self.stand_in(value)} else {replaced} end"
        )


NOBODY = People()
# Without what ends a sentence.
_WORD = re.compile(r"""[^\s<>()\[\]{},;:"'|=&/]*[^\W_]""")
# Shorter ids, and short numbers, stand in a text for many other things.
_TELLING = re.compile(r"(?=.*[^\W\d])(?=.*\d).{5,}|(?=.*[^\W\d]).{8,}|\d{9,}")


def is_telling(value: str) -> bool:
    """Whether an id or an address stands in a text for nothing else."""
    return _TELLING.fullmatch(value) is not None


def normal(value: str) -> str:
    """An id or an address in one form, as staging has it: an address without blanks around it, in lower case."""
    value = value.strip(" ").translate(str.maketrans(OTHER_SIGNS, "@" * len(OTHER_SIGNS)))
    return value.lower() if "@" in value[1:-1] else value


def published_id(address: str) -> str:
    """The key under which an address that leads to no contact is published (macro key_of_email)."""
    return f"email {hashlib.md5(normal(address).encode()).hexdigest()}"


def published_id_sql(address: str) -> str:
    return f"'email ' || md5(lower(trim({address})))"


def read_people(settings: Settings) -> People:
    """Who was forgotten; nobody where there is no list. A BuildError where there is one that cannot be read."""
    return people_in(settings.forgotten_folder / FILE)


def people_in(file: Path) -> People:
    if not file.exists():
        return NOBODY
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
        return People(
            bytes.fromhex(told["key"]),
            *(frozenset(map(str, told[name])) for name in ("hashes", "mailboxes", "domains")),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BuildError(
            Finding(
                "forgotten",
                str(file),
                "the list of who was forgotten cannot be read, and without it they would come back.",
                next_step="Put a copy of it back (it is in each backup); or remove it, and run make forget for each "
                "of them again.",
            )
        ) from error


def write_people(settings: Settings, people: People) -> None:
    """Replace the list, whole or not at all."""
    content: Mapping[str, object] = {
        "layout": LAYOUT,
        "key": people.key.hex(),
        "hashes": sorted(people.hashes),
        "mailboxes": sorted(people.mailboxes),
        "domains": sorted(people.domains),
    }
    write_json(settings.forgotten_folder / FILE, content)


def joined(ours: People, others: People) -> People:
    """Two lists as one. A BuildError where they are of two homes, whose hashes mean nothing to each other."""
    if ours and others and ours.key != others.key:
        raise BuildError(
            Finding(
                "forgotten",
                FILE,
                "this home has a list of who was forgotten, and the backup another one, of another home.",
                next_step="Restore into a new home, and run make forget again for those of this one.",
            )
        )
    return others.with_hashes(ours.hashes, ours.mailboxes, ours.domains) if others else ours


def with_key(people: People) -> People:
    return people if people.key else replace(people, key=secrets.token_bytes(32))


def landed_without(
    people: People, selection: str, table: str, columns: Mapping[str, str], private: Mapping[str, str]
) -> str:
    """The rows of a raw table that land, without who was forgotten.

    ``columns`` has the types of the table's columns, ``private`` the kinds of those that hold personal data.
    """
    keys = key_columns(columns, private)
    is_theirs = " or ".join(people.is_theirs(f"cast({identifier(name)} as varchar)") for name in keys) or "false"
    if table == "survey_responses":
        # By its invitation, as that has landed: an answer may name its person by no other way.
        invitations = (
            "select trim(cast(invitation_id as varchar)) from raw.survey_invitations "
            f"where {is_stand_in('contact_id')} or {is_stand_in('contact_email')}"
        )
        is_theirs += f" or coalesce(trim(cast(invitation_id as varchar)) in ({invitations}), false)"
    values = []
    for name, kind in columns.items():
        column = identifier(name)
        if name in keys:
            stand_in = people.stand_in(column)
            # A mailbox of several people is no address of one of them, and stays where it names another.
            is_address = private.get(name) == "email"
            value = f"case when _is_theirs and {stand_in} = {column} then null else {stand_in} end"
            values.append(f"{value if is_address else stand_in} as {column}")
        elif name in private:
            values.append(f"case when not _is_theirs then {people.without_addresses(column)} end as {column}")
        elif kind == "VARCHAR":
            values.append(f"{people.without_addresses(column)} as {column}")
    if not values:
        return selection
    return (
        f"select * exclude (_is_theirs) replace ({', '.join(values)}) "
        f"from (select *, {is_theirs} as _is_theirs from ({selection}))"
    )


def is_answer_theirs(people: People, invitations: str) -> str:
    """Whether a raw answer, as it came, is of somebody who was forgotten; ``invitations`` are a query of such rows."""
    ids = [f"cast({name} as varchar)" for name in ("contact_id", "contact_email")]
    theirs = " or ".join(map(people.is_theirs, ids))
    return (
        f"{theirs} or coalesce(trim(cast(invitation_id as varchar)) in "
        f"(select trim(cast(invitation_id as varchar)) from ({invitations}) where {theirs}), false)"
    )


def may_be_of_person(column: str) -> bool:
    """Whether a published column may hold the id of a contact, by its name."""
    return column.endswith(("_id", "_key")) and not _IDS_OF_OTHERS.fullmatch(column)


def is_stand_in(value: str) -> str:
    """Whether an id or an address stands for somebody who was forgotten, as an SQL condition; false of null."""
    text = f"cast({value} as varchar)"
    return f"coalesce(starts_with({text}, '{ID}') or starts_with({text}, '{MAILBOX}'), false)"


def key_columns(columns: Iterable[str], private: Mapping[str, str]) -> list[str]:
    """The columns of a raw table that say which person a row is of; merges are followed among contacts alone."""
    named = list(columns)
    has_id = "contact_id" in named
    ids = [name for name in named if name == "contact_id" or (name == "merged_into_id" and has_id)]
    return ids + [name for name in named if private.get(name) == "email"]


def _padded(key: bytes, byte: int) -> str:
    return bytes(each ^ byte for each in key.ljust(BLOCK, b"\0")).hex()


def _normal_sql(value: str) -> str:
    plain = f"translate(trim({value}), '{OTHER_SIGNS}', '@@')"
    return f"if({plain} like '%_@_%', lower({plain}), {plain})"


def _listed(hashes: Iterable[str]) -> str:
    return ", ".join(map(quoted, sorted(hashes))) or "null"
