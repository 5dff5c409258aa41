"""Takes the names of a person's own record out of that person's comment: theirs, and that of their account.

A name has no form, but the CRM says what the one is called who answered. Only an answer's own names are looked for: a
name that is on no record stays, and so does that of another customer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

import duckdb
import pyarrow as pa

from orchestration.comments.enrichment import SCHEMA
from orchestration.raw.tables import RAW_SCHEMA

TABLE = "named_comments"
SOURCES = ("survey_responses", "survey_invitations", "crm_contacts", "crm_accounts")
# Raised with every change of what is taken for a name.
VERSION = 1
COLUMNS = ("response_id", "comment_hash", "comment_redacted")
NAME, ACCOUNT = "[name]", "[account]"

# Shorter parts ("Li", "de") are looked for beside the others alone.
_SHORTEST_PART = 3
# Names that are words as well. Alone they are a name where they are written as on record, with a capital, and no
# sentence begins with them.
_WORDS = re.compile(
    r"may|will|rose|grant|mark|art|bill|pat|sue|faith|hope|grace|joy|summer|april|june|august|frank|jack|rich|dean|drew"
    r"|chase|miles|max|ray|rob|skip|young|long|short|brown|white|black|green|gray|grey|king|price|best|good|day|field|hall"
    r"|hill|wood|stone|rivers?|banks?|case|cook|cooper|baker|carter|page|park|parks|post|power|ross|speaker|train|west"
    r"|north|south|east|love|sharp|swift|strong|stark|klein|lang|kurz|gross|groß|schnell|gut|jung|neu|weiß|weiss"
    r"|schwarz|braun|roth|rot|grün|blau|kaiser|könig|winter|sommer|herbst|mai|ernst|wolf|vogel|bach|berg|stein|wald"
    r"|petit|grand|leblanc|noir|roy|blanc|marin|martin|clair|claire"
    r"|belle|rosa|luz|paz|mar|cruz|reyes|rey|rico|bueno|bravo|leon|león|flores|campo|torres|rojo|blanco|delgado"
    r"|apple|target|amazon|oracle|shell|orange|gap|visa|express|square|stripe|slack|zoom|box|block|unity|compass|meta|match"
    r"|progressive|general|national|united|delta|alphabet|signal|notion|support|service|sales|team|account|customer|company"
    r"|world|global|digital|data|cloud|first|next|one|new|solar|energy|capital|health|home|market|media|network|point"
)
_LEGAL_FORMS = re.compile(
    r"[ ,]+(?:gmbh(?: ?& ?co\.? ?kg)?|ag|kg|ohg|se|e\.? ?v\.?|inc\.?|llc|ltd\.?|limited|corp\.?|corporation"
    r"|co\.?|company|plc|llp"
    r"|s\.?a\.?r?\.?l?\.?|sas|s\.?p\.?a\.?|s\.?r\.?l\.?|b\.?v\.?|n\.?v\.?|a/s|aps|ab|oy|asa|as|sp\. ?z ?o\.? ?o\.?"
    r"|s\.?l\.?u?\.?|pty|pvt|private|k\.?k\.?|ltda\.?)$",
    re.IGNORECASE,
)
_PART = re.compile(r"[^\W\d_][\w’'-]*")
_SENTENCE_BEGINS = re.compile(r"(?:^|(?<!\b\w)[.!?:;\n–-])[\s\"'»“(]*$")


def without_names(comment: str, people: Iterable[str], accounts: Iterable[str]) -> str:
    """The comment with a word in brackets in the place of each name of a person and of an account.

    Whole words, whatever their accents; capitals count only where a name is a word as well.
    """
    folded = _folded(comment)
    spans: list[tuple[int, int, str]] = []
    for kind, pattern in (
        *((ACCOUNT, _account_pattern(name)) for name in accounts),
        *((NAME, _person_pattern(name)) for name in people),
    ):
        if pattern is None:
            continue
        for match in pattern.finditer(folded):
            start, end = match.span()
            is_taken = any(start < last and first < end for first, last, _ in spans)
            if not is_taken and _is_name(comment, start, end):
                spans.append((start, end, kind))
    for start, end, kind in sorted(spans, reverse=True):
        comment = comment[:start] + kind + comment[end:]
    return comment


def _is_name(comment: str, start: int, end: int) -> bool:
    """Whether what is called like the person is meant: a word of the language has to look like a name."""
    if comment[max(0, start - 1) : start] == "[":
        return False
    found = comment[start:end]
    if not _WORDS.fullmatch(found.lower()):
        return True
    return found[:1].isupper() and not _SENTENCE_BEGINS.search(comment[:start])


@lru_cache(maxsize=65_536)
def _person_pattern(name: str) -> re.Pattern[str] | None:
    parts = [_folded(part) for part in _PART.findall(name)]
    long = [part for part in parts if len(part) >= _SHORTEST_PART]
    if not long:
        return _whole_words([" ".join(parts)]) if len(parts) > 1 else None
    whole = r"[ ,.-]{1,2}".join(map(re.escape, parts))
    turned = r"[ ,]{1,2}".join(map(re.escape, [parts[-1], *parts[:-1]]))
    return _alternatives([whole, turned, *(re.escape(part) for part in sorted(long, key=len, reverse=True))])


@lru_cache(maxsize=65_536)
def _account_pattern(name: str) -> re.Pattern[str] | None:
    whole = " ".join(name.split())
    short = _LEGAL_FORMS.sub("", whole)
    names = [_folded(each) for each in dict.fromkeys((whole, short)) if len(each) >= _SHORTEST_PART]
    return _whole_words(names) if names else None


def _whole_words(names: Sequence[str]) -> re.Pattern[str]:
    return _alternatives([re.escape(name).replace(r"\ ", r"\s+") for name in names])


def _alternatives(patterns: Sequence[str]) -> re.Pattern[str]:
    # The s of a possessive is the name's, and so is that of other languages.
    return re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})(?=(?:['’]?s)?(?!\w))")


class _FoldedCharacters(dict[int, str]):
    """Each character without its accent and in lower case, one for one."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFKD", chr(code))[:1].lower()[:1] or chr(code)
        self[code] = base
        return base


_FOLDED = _FoldedCharacters()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).translate(_FOLDED)


def folded_words(text: str) -> list[str]:
    """The words of a name or a text, without accents, in lower case."""
    return _PART.findall(_folded(text))


def _key(column: str) -> str:
    return f"nullif(lower(trim(cast({column} as varchar))), '')"


def _parts(column: str) -> str:
    return f"regexp_extract_all(strip_accents(lower(cast({column} as varchar))), '[^\\s,.()&/]{{2,}}')"


# Whose answer it is, by every way by which an answer names a person or an account, and what these are called, in every
# version on record. Only comments that hold a part of such a name are looked at closely.
_CANDIDATES = f"""
with

answers as (
    select
        trim(cast(response_id as varchar)) as response_id,
        {_key("invitation_id")} as invitation_id,
        {_key("contact_id")} as contact_id,
        {_key("contact_email")} as email,
        {_key("account_id")} as account_id,
        nullif(trim(cast(verbatim_reason as varchar)), '') as reason,
        nullif(trim(cast(verbatim_improve as varchar)), '') as improve,
        coalesce(trim(cast(language as varchar)), '') as language
    from {RAW_SCHEMA}.survey_responses
),

invitations as (
    select
        {_key("invitation_id")} as invitation_id,
        {_key("contact_id")} as contact_id,
        {_key("contact_email")} as email,
        {_key("account_id")} as account_id
    from {RAW_SCHEMA}.survey_invitations
),

contacts as (
    select distinct
        {_key("contact_id")} as contact_id,
        {_key("email")} as email,
        {_key("account_id")} as account_id,
        nullif(trim(cast(full_name as varchar)), '') as full_name,
        {_parts("full_name")} as parts
    from {RAW_SCHEMA}.crm_contacts
),

accounts as (
    select distinct
        {_key("account_id")} as account_id,
        nullif(trim(cast(account_name as varchar)), '') as account_name,
        {_parts("account_name")} as parts
    from {RAW_SCHEMA}.crm_accounts
),

named as (
    select response_id, contact_id, email, account_id from answers
    union all
    select answers.response_id, invitations.contact_id, invitations.email, invitations.account_id
    from answers
    inner join invitations on answers.invitation_id = invitations.invitation_id
),

people as (
    select named.response_id, contacts.full_name, contacts.parts, contacts.account_id
    from named
    inner join contacts on named.contact_id = contacts.contact_id
    union all
    select named.response_id, contacts.full_name, contacts.parts, contacts.account_id
    from named
    inner join contacts on named.email = contacts.email
),

names as (
    select response_id, full_name as name, parts, false as is_account from people
    where full_name is not null
    union all
    select found.response_id, accounts.account_name, accounts.parts, true
    from (
        select response_id, account_id from named
        union
        select response_id, account_id from people
    ) as found
    inner join accounts on found.account_id = accounts.account_id
    where accounts.account_name is not null
),

said as (
    select response_id, md5(language || '|' || reason) as comment_hash from answers
    where reason is not null
    union
    select response_id, md5(language || '|' || improve) from answers
    where improve is not null
),

comments as (
    select comment_hash, comment_redacted, strip_accents(lower(comment_redacted)) as folded from {SCHEMA}.comments
),

texts as (
    select said.response_id, comments.*
    from said
    inner join comments on said.comment_hash = comments.comment_hash
)

select
    texts.response_id,
    texts.comment_hash,
    texts.comment_redacted,
    list(distinct names.name order by names.name) filter (where not names.is_account) as people,
    list(distinct names.name order by names.name) filter (where names.is_account) as accounts
from texts
inner join names on texts.response_id = names.response_id
where len(list_filter(names.parts, lambda part: contains(texts.folded, part))) > 0
group by texts.response_id, texts.comment_hash, texts.comment_redacted
order by texts.response_id, texts.comment_hash
"""
_BATCH = 10_000


def is_landed(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the table stands, as a night before has left it."""
    found = connection.execute(
        "select table_name from duckdb_tables() where schema_name = ? and table_name = ?", [SCHEMA, TABLE]
    )
    return bool(found.fetchall())


def land_named_comments(connection: duckdb.DuckDBPyConnection) -> str:
    """Land ``enrichment.named_comments``: the comments that hold a name of their own record, without it.

    One row per answer and comment, since the same words are a name in the one and none in another. Returns the hash of
    what was landed. Needs the comments as they were read (``enrich``).
    """
    columns = ", ".join(f"{column} varchar" for column in COLUMNS)
    connection.execute(f"create or replace table {SCHEMA}.{TABLE} ({columns})")
    found = connection.cursor().execute(_CANDIDATES)
    while rows := found.fetchmany(_BATCH):
        changed = [
            (response_id, comment_hash, without)
            for response_id, comment_hash, comment, people, accounts in rows
            if (without := without_names(comment, people or (), accounts or ())) != comment
        ]
        if changed:
            batch = pa.table(dict(zip(COLUMNS, zip(*changed, strict=True), strict=True)))
            connection.register("batch_named", batch)
            connection.execute(f"insert into {SCHEMA}.{TABLE} by name from batch_named")
            connection.unregister("batch_named")
    row = connection.execute(
        f"""
        select md5(coalesce(string_agg(row_hash, '' order by row_hash), ''))
        from (select md5(concat_ws('|', {", ".join(COLUMNS)})) as row_hash from {SCHEMA}.{TABLE})
        """
    ).fetchone()
    return str(row[0]) if row else ""
