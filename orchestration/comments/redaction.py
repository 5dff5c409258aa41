"""Takes what is personal out of a comment: what has a form, and the names of the person's own record.

A form has an address (``addresses``), a number of an identity, an account or a card (``identities``), a telephone
(``telephones``) or a day of birth beside its word. Other names and postal addresses have none and stay. Order numbers,
amounts, versions and dates stay readable. In doubt it goes (tests/comments/redaction_cases.csv, personal_data.csv).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from orchestration.comments import addresses, identities, telephones
from orchestration.comments.plain import plain_text, written_span

EMAIL, LINK, HANDLE, IBAN, CARD, PHONE = "[email]", "[link]", "[handle]", "[iban]", "[card]", "[phone]"
IDENTITY, NET_ADDRESS, BIRTH = "[id]", "[ip]", "[date of birth]"

# What was found is read as the end of a line from then on, which is in no address and no number.
_TAKEN = "\n"

_MONTHS = (
    r"(?:jan|feb|m[aä]r|mar|apr|ma[iyj]|jun|jul|aug|sep|o[ck]t|nov|de[czs]|ene|abr|ago|dic|janv|f[ée]v|avr|juin"
    r"|juil|ao[uû]"
    r"|d[ée]c|gen|mag|giu|lug|set|ott|fev|out|dez|maj|st[yc]|lut|kwi|cze|lip|sie|wrz|pa[zź]|lis|gru"
    r"|янв|фев|мар|апр|ма[яй]|июн|июл|авг|сен|окт|ноя|дек)\w*\.?"
)
_DAY = (
    r"(?:(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:[0-2]?\d|3[01])|(?:[0-2]?\d|3[01])[-./ ]{1,2}(?:[0-2]?\d"
    r"|3[01])[-./ ]{1,2}(?:(?:19|20)\d\d|\d\d)"
    rf"|(?:[0-2]?\d|3[01])(?:st|nd|rd|th|er|º|\.)?[ -](?:of |de |di )?{_MONTHS}[ ,-]{{1,2}}(?:de |del )?(?:19|20)?\d\d"
    rf"|{_MONTHS} (?:[0-2]?\d|3[01])(?:st|nd|rd|th)?,? (?:19|20)\d\d|(?:19"
    rf"|20)\d{{2}} ?年 ?\d{{1,2}} ?月 ?\d{{1,2}} ?日?|(?:19|20)\d{{6}})(?!\d)"
)
_BIRTH_WORD = (
    r"(?:\b(?:born|birth(?:day|date)?|d\.?o\.?b|geboren\w*|geb|geburts\w+|n[ée]e?|naissance|anniversaire"
    r"|nacid[oa]|nac[ií]"
    r"|nacimiento|cumplea[ñn]os|nat[oa]|nascita|compleanno|nascid[oa]|nasci|nascimento|anivers[áa]rio"
    r"|geboorte\w*|verjaardag"
    r"|f[øo]dt|f[øo]dsels\w*|f[öo]dd|f[öo]delse\w*|syntynyt|urodz\w*|ur|naroz\w*|родил\w*|рождени\w*|народ\w*"
    r"|do[ğg]um\w*"
    r"|syntym\w*)\b|生日|出生|生年月日|생년월일|생일)"
)
_BORN = re.compile(rf"{_BIRTH_WORD}[^\d\n]{{0,24}}?(?<!\d)(?P<day>{_DAY})", re.IGNORECASE)
_BORN_AFTER = re.compile(
    rf"(?<![\d.,])(?P<day>{_DAY})[ ,:(=-]{{1,3}}(?:(?:is|was|ist|est|es|è|é|är|er|to|das ist) )?(?:(?:my|her"
    rf"|his|the|mein\w*|ma|mon|mi|meu|la) )?"
    rf"(?:date (?:of|de) |data (?:de|di) |fecha de |as )?{_BIRTH_WORD}",
    re.IGNORECASE,
)
_BIRTH = re.compile(_BIRTH_WORD, re.IGNORECASE)

_DIGIT_WORDS = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple"
    r"|null|eins|zwei|zwo|drei|vier|fünf|sechs|sieben|acht|neun"
    r"|zéro|un|deux|trois|quatre|cinq|sept|huit|neuf"
    r"|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve)"
)
_SPELT = re.compile(rf"\b{_DIGIT_WORDS}(?:[ ,-]{{1,2}}{_DIGIT_WORDS}){{6,}}\b", re.IGNORECASE)
_SPELT_START = re.compile(rf"\b{_DIGIT_WORDS}[ ,-]{{1,2}}{_DIGIT_WORDS}[ ,-]", re.IGNORECASE)
_DIGIT = re.compile(r"\d")

Found = tuple[int, int, str]


class _Search:
    """A plain text, of which each thing that is found is hidden from the searches after it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Found] = []

    def take(self, kind: str, spans: Iterable[tuple[int, int]]) -> None:
        for start, end in spans:
            if _TAKEN in self.text[start:end]:
                continue
            self.found.append((start, end, kind))
            self.text = self.text[:start] + _TAKEN * (end - start) + self.text[end:]

    def take_matches(
        self,
        kind: str,
        pattern: re.Pattern[str],
        holds: Callable[[re.Match[str]], bool] | None = None,
        group: str | int = 0,
    ) -> None:
        self.take(kind, [match.span(group) for match in pattern.finditer(self.text) if holds is None or holds(match)])


def personal_data(plain: str, language: str | None = None) -> list[Found]:
    """What is personal by its form: where it begins and ends in the plain text, and its kind."""
    search = _Search(plain)
    if "/" in plain or "www." in plain.lower():
        search.take(LINK, map(_without_end, addresses.LINK.finditer(plain)))
    if addresses.AT.search(plain):
        search.take_matches(EMAIL, addresses.EMAIL)
        search.take_matches(HANDLE, addresses.HANDLE)
    if addresses.AT_PLACE.search(plain):
        search.take_matches(EMAIL, addresses.WRITTEN_OUT, addresses.is_written_out)
    if _SPELT_START.search(plain):
        search.take_matches(PHONE, _SPELT)
    if ":" in plain or "=" in plain or "handle" in plain.lower():
        search.take_matches(HANDLE, addresses.NAMED_HANDLE, group="handle")
        search.take_matches(HANDLE, addresses.OWN_HANDLE, group="handle")
    if not _DIGIT.search(search.text):
        return search.found
    search.take_matches(HANDLE, addresses.HANDLE, lambda match: "#" in match[0])
    if "." in plain:
        search.take_matches(NET_ADDRESS, addresses.IPV4, addresses.is_ipv4)
    if ":" in plain:
        search.take_matches(NET_ADDRESS, addresses.IPV6, addresses.is_ipv6)
    if _BIRTH.search(search.text):
        search.take_matches(BIRTH, _BORN, group="day")
        search.take_matches(BIRTH, _BORN_AFTER, group="day")
    if not has_long_number(search.text):
        return search.found
    search.take(IBAN, identities.find_ibans(search.text))
    search.take_matches(CARD, identities.CARD, lambda match: identities.is_card(match, telephones.is_ordered))
    search.take(IDENTITY, identities.find_identities(search.text, telephones.is_ordered))
    search.take_matches(PHONE, telephones.NUMBER, lambda match: telephones.is_telephone(match, language))
    return search.found


_LONG_NUMBER = re.compile(r"\d(?:[^\d\n]{0,4}\d){3}")


def has_long_number(text: str) -> bool:
    """Whether four digits or more stand close together: fewer are no number of a person."""
    return bool(_LONG_NUMBER.search(text))


def redacted(comment: str, language: str | None = None) -> str:
    """The comment with a word in brackets in the place of each link, address and number of a person.

    ``language`` is that of the comment, as a tag of two or three letters; None where it is not known.
    """
    plain, places = plain_text(comment)
    text = comment
    for start, end, kind in sorted(personal_data(plain, language), reverse=True):
        first, last = written_span(places, start, end)
        text = text[:first] + kind + text[last:]
    return text


def _without_end(match: re.Match[str]) -> tuple[int, int]:
    """What ends a sentence ends the link before it."""
    return match.start(), match.start() + len(match[0].rstrip(addresses.LINK_END))
