"""National identity numbers, bank accounts and cards, by their check digits (python-stdnum)."""

from __future__ import annotations

import re
from collections.abc import Callable

from stdnum import iban, luhn
from stdnum.ar import cuit
from stdnum.at import vnr
from stdnum.au import tfn
from stdnum.be import nn
from stdnum.bg import egn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.ch import ssn as ahv
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.cz import rc
from stdnum.de import idnr
from stdnum.dk import cpr
from stdnum.ec import ci
from stdnum.ee import ik
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.id import nik
from stdnum.ie import pps
from stdnum.il import idnr as israeli
from stdnum.in_ import aadhaar, pan
from stdnum.it import codicefiscale
from stdnum.jp import in_ as my_number
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.my import nric
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.nz import ird
from stdnum.pl import pesel
from stdnum.pt import cc, nif
from stdnum.ro import cnp
from stdnum.ru import inn
from stdnum.se import personnummer
from stdnum.th import pin
from stdnum.tr import tckimlik
from stdnum.ua import rntrc
from stdnum.us import itin, ssn
from stdnum.za import idnr as south_african

Check = Callable[[str], bool]

# Signs that write words without blanks between them may stand beside a number.
_LETTERS = "0-9A-Za-zÀ-ɏЀ-ӿ_"
_ALONE, _ENDS = rf"(?<![{_LETTERS}.,#-])", rf"(?![{_LETTERS}]|[.,-]\d)"


def _snils(number: str) -> bool:
    """The insurance number of Russia, whose last two digits are a weighted sum of the nine before."""
    digits = [int(digit) for digit in re.sub(r"\D", "", number)]
    weighed = sum(digit * weight for digit, weight in zip(digits[:9], range(9, 0, -1), strict=True))
    return weighed % 101 % 100 == digits[9] * 10 + digits[10]


def _nino(number: str) -> bool:
    """The insurance number of the United Kingdom has no check digit, but prefixes that are not given."""
    plain = re.sub(r"\W", "", number).upper()
    return plain[:2] not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ") and not re.match(r"[DFIQUV]|.[DFIQUVO]", plain)


# In a form that nothing else has, the check digits are enough.
FORMED: tuple[tuple[re.Pattern[str], tuple[Check, ...]], ...] = tuple(
    (re.compile(_ALONE + pattern + _ENDS, re.IGNORECASE), checks)
    for pattern, checks in (
        (r"\d{3}\.\d{3}\.\d{3}-\d{2}", (cpf.is_valid,)),
        (r"\d{3}-\d{2}-\d{4}", (ssn.is_valid, itin.is_valid)),
        (r"\d{3}-\d{3}-\d{3}[ -]\d{2}", (_snils,)),
        (r"[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]", (_nino,)),
        (r"\d{2}\.?\d{3}\.?\d{3}[ -]?[A-Z]", (dni.is_valid,)),
        (r"[XYZ][ -]?\d{7}[ -]?[A-Z]", (nie.is_valid,)),
        (r"[A-Z]{3} ?[A-Z]{3} ?[\dLMNPQRSTUV]{2}[A-EHLMPRST][\dLMNPQRSTUV]{2} ?[A-Z][\dLMNPQRSTUV]{3}[A-Z]",
         (codicefiscale.is_valid,)),
        (r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", (ahv.is_valid,)),
        (r"\d{2}\.\d{2}\.\d{2}[ -]\d{3}[.-]\d{2}", (nn.is_valid,)),
        (r"\d{6}[-+A]\d{3}[\dA-Z]", (hetu.is_valid, personnummer.is_valid, cpr.is_valid)),
        (r"\d{6}[-/ ]\d{3,4}", (personnummer.is_valid, cpr.is_valid, rc.is_valid)),
        (r"(?:19|20)\d{6}-?\d{4}", (personnummer.is_valid,)),
        (r"\d{6} \d{5}", (fodselsnummer.is_valid,)),
        (r"[1-478] ?\d{2} ?[0-9]{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", (nir.is_valid,)),
        (r"\d{2} \d{3} \d{3} \d{3}", (idnr.is_valid,)),
        (r"\d{4}[ -]\d{4}[ -]\d{4}", (aadhaar.is_valid, my_number.is_valid)),
        (r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", (pan.is_valid,)),
        (r"\d{17}[\dX]", (ric.is_valid,)),
        (r"\d{6} ?(?:19|20)\d{6} ?\d{3}[\dX]", (ric.is_valid,)),
        (r"\d{6}-\d{7}", (rrn.is_valid,)),
        (r"\d{6}-\d{2}-\d{4}", (nric.is_valid,)),
        (r"[A-Z]{4}\d{6}[HMX][A-Z]{5}[\dA-Z]\d", (curp.is_valid,)),
        (r"\d{2}-\d{8}-\d", (cuit.is_valid,)),
        (r"\d{1,2}\.\d{3}\.\d{3}-[\dK]", (rut.is_valid,)),
        (r"\d{7}[A-W][A-IW]?", (pps.is_valid,)),
        (r"\d{8} ?\d [A-Z]{2}\d", (cc.is_valid,)),
        (r"\d-\d{4}-\d{5}-\d{2}-\d", (pin.is_valid,)),
    )
)  # fmt: skip
# Digits alone, by their number: those of two check digits, or with a day of birth in them, hardly occur by chance.
_DIGITS = re.compile(_ALONE + r"\d{10,18}" + _ENDS)
_SURE_DIGITS: dict[int, tuple[Check, ...]] = {
    10: (egn.is_valid,),
    11: (
        pesel.is_valid, fodselsnummer.is_valid, tckimlik.is_valid, cpf.is_valid, idnr.is_valid, nn.is_valid,
        ik.is_valid, amka.is_valid,
    ),
    13: (cnp.is_valid, south_african.is_valid, rrn.is_valid),
    15: (nir.is_valid,),
    16: (nik.is_valid,),
}  # fmt: skip
# Few digits, or one check digit: an identity where a word before it says so.
_WEAK = re.compile(_ALONE + r"[A-Z]{0,2}[ -]?\d(?:[ ./-]?\d){6,13}[ -]?[A-Z]{0,2}\d?" + _ENDS, re.IGNORECASE)
_WEAK_CHECKS: tuple[Check, ...] = (
    bsn.is_valid, sin.is_valid, tfn.is_valid, nif.is_valid, israeli.is_valid, oib.is_valid, vnr.is_valid, nhs.is_valid,
    ird.is_valid, rntrc.is_valid, inn.is_valid, ci.is_valid, rut.is_valid, aadhaar.is_valid, my_number.is_valid,
    cpr.is_valid, rc.is_valid, personnummer.is_valid, ssn.is_valid,
)  # fmt: skip
# Where one of these stands before it, a number goes even with a slip in it. Short ones are words as well: in capitals.
_WORDS = (
    r"(?:\b(?:social security|national insurance|passport|driver'?s? licen[sc]e|identity card|id card|national id\w*"
    r"|personal id\w*|tax id\w*|tax file|medicare|social insurance|aadhaa?r|steuer-?id\w*|steueridentifikationsnummer"
    r"|steuernummer|sozialversicherung\w*|versicherungsnummer|versichertennummer|rentenversicherung\w*"
    r"|personalausweis\w*|ausweis\w*|reisepass\w*|ahv(?:-?n\w*)?|s[ée]curit[ée] sociale|num[ée]ro de s[ée]cu"
    r"|carte d.identit[ée]"
    r"|passeport|pasaporte|c[ée]dula|seguridad social|codice fiscale|carta d.identit[àa]|passaporto"
    r"|cart[ãa]o de cidad[ãa]o"
    r"|burgerservicenummer|rijksregister\w*|paspoort\w*|dow[óo]d\w*|paszport\w*|personnummer|samordningsnummer"
    r"|cpr-?(?:nummer|nr)|f[øo]dselsnummer|henkil[öo]tunnus|rodn[ée] [čc][íi]slo|kimlik|снилс|паспорт\w*|рнокпп"
    r"|(?-i:SSN|ssn|NINO|NI|NHS|TIN|TFN|SIN|PAN|IdNr|SVNR|SV-Nummer|NIR|DNI|dni|NIE|NIF|nif|CURP|RUT|CUIL|CUIT"
    r"|CPF|cpf|RG"
    r"|BSN|bsn|PESEL|pesel|CPR|HETU|OIB|CNP|EGN|PPS|AMKA|AFM|TC|ИНН|ІПН))\b|身份证号?码?|身分證|주민등록번호|マイナンバー)"
)
_WORDED = re.compile(
    _WORDS + r"[^\d]{0,24}?(?P<number>(?<![A-Z0-9])(?:[A-Z]{0,6}-?|(?-i:[A-Z]{1,3}) )"
    r"\d(?:[ ./-]?[A-Z]{0,2}\d){4,17}(?:-?[A-Z])?(?![A-Z0-9]))",
    re.IGNORECASE,
)
_BEFORE = re.compile(_WORDS + r"[^\d]{0,24}$", re.IGNORECASE)
_AFTER = re.compile(
    r"\W{0,3}(?:is|ist|es|est|är|er|to|é|è)?\W*(?:my|meine?|mi|mon|ma|min|mitt|moj\w*|il mio|o meu)\W+" + _WORDS,
    re.IGNORECASE,
)
_DAY = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")


def _is_told(match: re.Match[str]) -> bool:
    """Whether a word beside it says that a number is that of a person."""
    before = match.string[max(0, match.start() - 64) : match.start()]
    return bool(_BEFORE.search(before) or _AFTER.match(match.string, match.end()))


def find_identities(text: str, is_ordered: Callable[[str, int], bool]) -> list[tuple[int, int]]:
    """Where identity numbers stand; ``is_ordered`` tells a place before which an order or the like is named."""
    found = [match.span("number") for match in _WORDED.finditer(text) if not _DAY.fullmatch(match["number"])]
    for pattern, checks in FORMED:
        found += [
            match.span()
            for match in pattern.finditer(text)
            if any(check(match[0]) for check in checks) and not is_ordered(text, match.start())
        ]
    for match in _DIGITS.finditer(text):
        if any(check(match[0]) for check in _SURE_DIGITS.get(len(match[0]), ())) and not is_ordered(
            text, match.start()
        ):
            found.append(match.span())
    for match in _WEAK.finditer(text):
        if _is_told(match) and any(check(match[0]) for check in _WEAK_CHECKS):
            found.append(match.span())
    return found


_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}[ -]?\d{2}(?:[ .-]{0,2}[A-Z0-9]{1,34}){2,12}(?!\w)", re.IGNORECASE)
_IBAN_WORD = re.compile(r"\biban\b[^\d]{0,12}$", re.IGNORECASE)
_IBAN_SHAPE = re.compile(r"[A-Z]{2}[ -]?\d{2}(?:[ .-]?[A-Z0-9]{4}){2,7}(?:[ .-]?[A-Z0-9]{1,3}\b)?", re.IGNORECASE)
_IBAN_AT_LEAST = 15


def find_ibans(text: str) -> list[tuple[int, int]]:
    """Where bank accounts stand: by the check digits and the length of their country, or after the word."""
    found = []
    for match in _IBAN.finditer(text):
        ends = [match.start() + piece.end() for piece in re.finditer(r"[A-Z0-9]+", match[0], re.IGNORECASE)]
        # Words that follow are of the same letters: the longest beginning that is an account is the account.
        for end in reversed(ends):
            account = re.sub(r"\W", "", text[match.start() : end])
            if len(account) >= _IBAN_AT_LEAST and iban.is_valid(account, check_country=False):
                found.append((match.start(), end))
                break
        else:
            shape = _IBAN_SHAPE.match(text, match.start())
            if shape and _IBAN_WORD.search(text[max(0, match.start() - 20) : match.start()]):
                found.append(shape.span())
    return found


CARD = re.compile(rf"(?<![{_LETTERS}.,])\d(?:[ .-]{{0,2}}\d){{12,18}}(?![{_LETTERS}]|[.,]\d)")
_CARD_SHAPE = re.compile(r"\d{4}([ .-]{1,2})\d{4}\1\d{4}\1\d{1,7}|\d{4}([ .-]{1,2})\d{6}\2\d{4,5}")
_CARD_WORD = re.compile(
    r"\b(?:card|visa|master ?card|amex|american express|maestro|karte\w*|kreditkarte\w*|carte|tarjeta|carta|cart[ãa]o"
    r"|creditcard\w*|kaart\w*|kort\w*|kart[aęy]\w*|карт\w*)\b[^\d]{0,24}$|卡号?[^\d]{0,6}$",
    re.IGNORECASE,
)
# The first digits and the lengths of the cards that are in use.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[0689]\d{12}|6\d{15,18}|35\d{14}"
    r"|50\d{14,17}|5[6-9]\d{10,17}"
)


def is_card(match: re.Match[str], is_ordered: Callable[[str, int], bool]) -> bool:
    """By the groups in which cards are printed, even with a slip in it; without groups by issuer and check digit."""
    digits = re.sub(r"\D", "", match[0])
    if _CARD_WORD.search(match.string[max(0, match.start() - 40) : match.start()]):
        return True
    if is_ordered(match.string, match.start()):
        return False
    return bool(_CARD_SHAPE.fullmatch(match[0])) or bool(_ISSUED.fullmatch(digits) and luhn.is_valid(digits))
