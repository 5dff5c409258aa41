"""A text as a search reads it: one form of each letter, blank, dash and digit, nothing that cannot be seen.

Telephones come in full-width digits and with narrow blanks, addresses with a zero-width space in them. A search that
had to know all of these would miss some. So it reads the plain text, and says where in the written one it found what.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


class _PlainCharacters(dict[int, str]):
    """For each character that was met, what it is in plain text; none for what cannot be seen."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Cf":
            plain = ""
        elif category == "Zs":
            plain = " "
        elif category == "Pd" or character == "−":
            plain = "-"
        elif category == "Nd":
            plain = str(unicodedata.decimal(character))
        else:
            plain = unicodedata.normalize("NFKC", character)
        self[code] = plain
        return plain


_PLAIN = _PlainCharacters()


def plain_text(text: str) -> tuple[str, Sequence[int] | None]:
    """The plain text, and for each of its characters (and its end) the place in ``text``; None where it is the same."""
    if text.isascii():
        return text, None
    plain = text.translate(_PLAIN)
    if all(len(_PLAIN[ord(character)]) == 1 for character in set(text)):
        return plain, None
    places = [place for place, character in enumerate(text) for _ in _PLAIN[ord(character)]]
    return plain, [*places, len(text)]


def written_span(places: Sequence[int] | None, start: int, end: int) -> tuple[int, int]:
    """Where in the written text a span of the plain text stands, with what cannot be seen between its characters."""
    if places is None:
        return start, end
    return places[start], places[end - 1] + 1 if end > start else places[end]
