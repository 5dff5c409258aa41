"""Takes personal data that has a form out of a comment: links, e-mails, handles, bank accounts, cards and telephones.

Names and postal addresses have no form and stay. Order numbers, amounts and dates stay readable: a number is taken for
a telephone or a card by its shape or by the words before it (tests/comments/redaction_cases.csv). In doubt it goes.
"""

from __future__ import annotations

import re

EMAIL, LINK, HANDLE, IBAN, CARD, PHONE = "[email]", "[link]", "[handle]", "[iban]", "[card]", "[phone]"

_LINK = re.compile(
    r"(?:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"]+"
    # Without a scheme it is a link where something follows the host; a bare host names a company.
    r"|\b(?<!@)(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s<>\"]+",
    re.IGNORECASE,
)
_LINK_END = ".,;:!?)]}'"
# Each begins where a word does and takes it whole, so that a comment of one endless word costs no more than another.
_EMAIL = re.compile(
    r"(?<![^\s@<>()\[\]{},;:\"|])[^\s@<>()\[\]{},;:\"|]++@[\w-]+(?:\.[\w-]+)+"
    r"|(?<![\w.+-])[\w.+-]++ ?@ [\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b"
    r"|(?<![\w.+-])[\w.+-]++ ?[(\[{] ?at ?[)\]}] ?[\w-]+(?: ?(?:[(\[{] ?dot ?[)\]}]|\.) ?[\w-]+)+"
    r"|(?<![\w.+-])[\w.+-]++ at [\w-]+ dot (?:com|net|org|eu|de|fr|es|io|co|uk|info|biz)\b",
    re.IGNORECASE,
)
# Without one of these there is no address, which spares most comments the search for it.
_AT = re.compile(r"@|[(\[{] ?at\b|\bdot\b", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z][\w.]+\w")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?\b", re.IGNORECASE)
_CARD = re.compile(r"(?<![\w.,])\d(?:[ -]?\d){12,18}(?![\w])")
_CARD_SHAPE = re.compile(r"\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5}")
_NUMBER = re.compile(r"(?<![\w#.,])\+?\(?\d(?:[ \u00a0()./\u2013-]{0,3}\d){6,14}(?!\w)")

_PHONE_WORDS = re.compile(
    r"(?:\b(?:phone|tel|telephone|cell|mobile|call|ring|dial|fax|sms|text|whatsapp|reach|handy|telefon|mobil|ruf\w*"
    r"|anruf\w*|portable|t[ée]l[ée]phone|appel\w*|tel[ée]fono|m[óo]vil|ll[aá]m\w*)\b[^\d]{0,16}"
    r"|\bmy number(?: is)?\W*)$",
    re.IGNORECASE,
)
_OTHER_WORDS = re.compile(
    r"(?:#|\b(?:order|ticket|invoice|case|ref|reference|request|serial|article|item|sku|po|contract|customer|tracking"
    r"|version|bestell\w*|auftrag\w*|rechnung\w*|kunden\w*|vertrag\w*|commande|facture|contrat|pedido|factura|contrato"
    r"|n[uú]m\w*|nr|no|n°)\b[^\w#]{0,3}(?:number|numbers|no|nr|id|num|n°)?[^\w+]{0,3})$",
    re.IGNORECASE,
)
_MONEY_BEFORE = re.compile(r"(?:[$€£¥]|\b(?:usd|eur|gbp|chf))\s?$", re.IGNORECASE)
_MONEY_AFTER = re.compile(r"\s?(?:[$€£¥%]|(?:usd|eur|gbp|chf|euros?|dollars?)\b)", re.IGNORECASE)
_DATE = re.compile(
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./]\d{1,2}(?:[ T]\d{1,2}.*)?|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d(?: .*)?"
    r"|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d|[012]\d[0-5]0[-–][012]\d[0-5]0"
)
_PHONE_SHAPE = re.compile(
    r"1?[ .-]?\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}|\d{3}[.-]\d{4}"
    r"|[679]\d{2}[ -]\d{3}[ -]\d{3}|[679]\d{2}(?: \d{2}){3}|\d{10,11}"
)


def redacted(comment: str) -> str:
    """The comment with a word in brackets in the place of each link, address and number of a person."""
    text = _LINK.sub(_without_end, comment) if "/" in comment or "www." in comment.lower() else comment
    if _AT.search(text):
        text = _HANDLE.sub(HANDLE, _EMAIL.sub(EMAIL, text))
    if not any(character.isdigit() for character in text):
        return text
    text = _IBAN.sub(lambda match: IBAN if _is_iban(match[0]) else match[0], text)
    text = _CARD.sub(lambda match: CARD if _is_card(match) else match[0], text)
    return _NUMBER.sub(lambda match: PHONE if _is_phone(match) else match[0], text)


def _without_end(match: re.Match[str]) -> str:
    """What ends a sentence ends the link before it."""
    return LINK + match[0][len(match[0].rstrip(_LINK_END)) :]


def _is_iban(text: str) -> bool:
    """By its check digits (ISO 7064, modulo 97)."""
    plain = re.sub(r"\W", "", text).upper()
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def _is_card(match: re.Match[str]) -> bool:
    """By the groups in which cards are printed, even with a slip in it; without groups by its check digit (Luhn)."""
    if _CARD_SHAPE.fullmatch(match[0]):
        return True
    digits = [int(digit) for digit in match[0] if digit.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return digits[0] in (3, 4, 5, 6) and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_phone(match: re.Match[str]) -> bool:
    text, number = match.string, match[0]
    before = text[max(0, match.start() - 32) : match.start()]
    n_digits = sum(character.isdigit() for character in number)
    if number.startswith("+"):
        return True
    if _DATE.fullmatch(number) or _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(text, match.end()):
        return False
    if _PHONE_WORDS.search(before):
        return True
    if _OTHER_WORDS.search(before):
        return False
    # Abroad by 00, else by the zero of the trunk line.
    return (number.lstrip("(").startswith("0") and n_digits >= 9) or bool(_PHONE_SHAPE.fullmatch(number))
