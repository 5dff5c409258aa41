"""Telephone numbers in a comment, by the plans of ``phonenumbers``, their groups, and the words beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# Where people live who write a language. A number of few digits, or without groups, is looked up there alone.
REGIONS_OF_LANGUAGE = {
    "en": ("US", "GB", "IE", "AU", "NZ", "ZA", "IN", "SG"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH", "LU", "CA"),
    "es": ("ES", "MX", "AR", "CO", "CL", "PE"),
    "it": ("IT", "CH"),
    "pt": ("PT", "BR"),
    "nl": ("NL", "BE"),
    "pl": ("PL",),
    "sv": ("SE", "FI"),
    "da": ("DK",),
    "no": ("NO",),
    "nb": ("NO",),
    "nn": ("NO",),
    "fi": ("FI",),
    "cs": ("CZ",),
    "sk": ("SK",),
    "hu": ("HU",),
    "ro": ("RO",),
    "bg": ("BG",),
    "el": ("GR",),
    "hr": ("HR",),
    "sl": ("SI",),
    "sr": ("RS",),
    "et": ("EE",),
    "lv": ("LV",),
    "lt": ("LT",),
    "tr": ("TR",),
    "ru": ("RU", "KZ", "BY"),
    "uk": ("UA",),
    "zh": ("CN", "TW", "HK", "SG"),
    "ja": ("JP",),
    "ko": ("KR",),
    "hi": ("IN",),
    "id": ("ID",),
    "ms": ("MY",),
    "th": ("TH",),
    "vi": ("VN",),
    "ar": ("AE", "SA", "EG"),
    "he": ("IL",),
}
# A number in the groups of one of these is one in any language; those with most people first.
_REGIONS = tuple(dict.fromkeys(region for regions in REGIONS_OF_LANGUAGE.values() for region in regions))
_FEWEST_ANYWHERE = 9
_FEWEST_AT_HOME = 8

NUMBER = re.compile(r"(?<![0-9A-Za-zÀ-ɏЀ-ӿ_#,])(?<!\d\.)[+(]{0,2}\d(?:[ ()./-]{0,3}\d){6,16}(?![0-9A-Za-zÀ-ɏЀ-ӿ_])")
_NOUNS = (
    r"(?:tele?phone|phone|tel|cell(?:phone)?|mobile|fax|sms|whatsapp|viber|landline|hotline|handy\w*|telefon\w*"
    r"|mobil\w*"
    r"|rufnummer\w*|festnetz\w*|durchwahl|portable|t[ée]l[ée]phone\w*|t[ée]l|fixe|tel[ée]fono|m[óo]vil|celular|cel|fijo"
    r"|telem[óo]vel|telefone|telemovel|contato|contacto|cellulare|mobiel\w*|gsm|komórk\w*|komork\w*|kom|numer tel\w*"
    r"|tlf|telefonnummer|puh|puhelin\w*|matkapuhelin|τηλ\w*|κινητ\w*|тел|телефон\w*|мобильн\w*|сотов\w*"
    r"|номер\w*|cep|gsm"
    r"|phone no|phone number|contact number)"
)
_WORDS = (
    rf"(?:\b(?:{_NOUNS}|call\w*|ring|dial|text|reach|ruf\w*|anruf\w*|ruft|erreich\w*|melde\w*|appel\w*"
    rf"|rappel\w*|joign\w*"
    r"|joindre|ll[aá]m\w*|marc[aá]\w*|escr[ií]b\w*|lig\w*|chiam\w*|telefonare|bel|bellen|belt|zadzwo\w*|dzwo\w*"
    r"|ringa|ringe"
    r"|ring|soita\w*|volej\w*|zavolej\w*|hívj\w*|sunați|позвон\w*|звон\w*|перезвон\w*|ara\w*|hubungi|telpon|gọi)\b"
    r"|电话|電話|手机|手機|联系|致电|打给|微信|携帯|전화|휴대폰|फ़ोन|फोन|मोबाइल|कॉल|هاتف|جوال|טלפון|נייד|โทร)"
)
_BEFORE = re.compile(
    rf"{_WORDS}(?P<between>[^\d]{{0,24}})$"
    r"|\b(?:my|our|his|her|mein\w*|mi|mon|meu|o meu|mio|mijn|mój|min|mitt|мой|у меня) "
    r"(?:number|no|nr|nummer|n[uú]mero|numero|numer)\.?(?: (?:is|ist|es|est|è|é|to|är|er))?\W*$",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\W{0,3}(?:(?:is|ist|es|est|är|er|to|jest|é|è|это) )?(?:(?:my|our|mein\w*|unser\w*|mi|mon|notre|meu|mio"
    r"|mijn|mój|moj\w*"
    rf"|min|mitt|the|die|el|le|o|мой) )?(?:{_NOUNS}\b|(?:direct |mobile |cell )?(?:number|nummer|numéro|número"
    rf"|numer|номер)\b"
    r"|anrufen|zurückrufen|erreich\w*)",
    re.IGNORECASE,
)
_ORDERS = (
    r"(?:\w{3,}nummer|order\w*|ticket|invoice|case|ref|reference|request|serial|article|item|sku|ean|isbn|issn"
    r"|asin|imei|vin|po"
    r"|contract|customer|tracking|parcel|shipment|account|acct|booking|reservation|policy|claim|licen[sc]e|key"
    r"|code|batch|lot"
    r"|part|model|typ|type|modell|asset|quote|rma|version|firmware|build|error|bestell\w*|auftrag\w*"
    r"|rechnung\w*|kunden\w*|vertrag\w*|sendung\w*|artikel\w*"
    r"|vorgang\w*|serien\w*|konto\w*|buchung\w*|fall\w*|commande|facture|contrat|dossier|colis|client|devis"
    r"|r[ée]f(?:[ée]ren[cz]\w*|s)?|pedido"
    r"|factura|contrato|cliente|env[íi]o|referencia|fatura|encomenda|ordine|fattura|contratto|pratica"
    r"|spedizione|bestelling"
    r"|factuur|zending|klant\w*|zam[óo]wieni\w*|faktur\w*|umow\w*|przesy[łl]k\w*|ordren?|faktura|bestilling|sak"
    r"|best[äa]llning\w*|[äa]rende\w*|заказ\w*|счет\w*|счёт\w*|договор\w*)"
)
ORDERED = re.compile(
    # "No" and "number" alone may be those of a telephone, and "no" is a word of many languages.
    rf"(?:#|№|\bn°|\b(?:nr|no)\.|\b{_ORDERS}\b"
    r"[^\w#]{0,3}(?:(?:number|numbers|nummer|n[uú]mero|num[ée]ro|numer|номер|no|nr|id|num|n°|is|ist|est"
    r"|es)\b[^\w+]{0,3}){0,2})"
    r"[^\w+]{0,3}$|(?:订单|訂單|单号|発票|注文|주문)[^\d]{0,6}$",
    re.IGNORECASE,
)
_ORDER = re.compile(rf"#|\b{_ORDERS}\b", re.IGNORECASE)
_MONEY_BEFORE = re.compile(
    r"(?:[$€£¥₹₽₩₺]|\b(?:usd|eur|gbp|chf|jpy|inr|cny|pln|sek|nok|dkk|brl|rub|czk|aud|cad|rs|kr|zł))\.? ?$",
    re.IGNORECASE,
)
_MONEY_AFTER = re.compile(
    r" ?(?:[$€£¥%₹₽₩₺]|(?:usd|eur|gbp|chf|jpy|inr|cny|pln|sek|nok|dkk|brl|rub|czk|aud|cad|euros?|dollars?"
    r"|pounds|rupees|kr|zł"
    r"|z[łl]oty\w*|reais|руб\w*|rows|records|users|seats|lines|units|items|requests|events|zeilen|stück|lignes"
    r"|filas)\b)",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./]\d{1,2}(?:[ T]\d{1,2}.*)?|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d(?: .*)?"
    r"|(?:19|20)\d\d(?: ?[-–/] ?| )(?:19|20)\d\d(?:[ -]+(?:19|20)\d\d)*|[012]\d[0-5]0[-–][012]\d[0-5]0"
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|\d{1,2}[./-]\d{1,2}[./-]\d\d(?: .*)?"
)
_AMOUNT = re.compile(r"\d{1,3}(?:[ .]\d{3})*[ .]0?00")
_SHAPE = re.compile(
    r"1?[ .-]?\(?\d{3}\)?[ .-]{1,2}\d{3}[ .-]\d{4}|\d{3}[.-]\d{4}"
    r"|[679]\d{2}[ -]\d{3}[ -]\d{3}|[679]\d{2}(?: \d{2}){3}|\d{10,11}"
)
_LOCAL_TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def is_ordered(text: str, start: int) -> bool:
    """Whether an order, an invoice or the like is named just before a place."""
    return bool(ORDERED.search(text[max(0, start - 48) : start]))


def is_date(text: str) -> bool:
    """Whether digits and what stands between them are a day, a span of years or hours."""
    return bool(_DATE.fullmatch(text))


def is_telephone(match: re.Match[str], language: str | None) -> bool:
    """Whether a number is one of a telephone; ``language`` is that of the comment, None where it is not known."""
    text, number = match.string, match[0]
    if number.lstrip("(").startswith("+"):
        return True
    before = text[max(0, match.start() - 48) : match.start()]
    if is_date(number) or _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(text, match.end()):
        return False
    told = _BEFORE.search(before)
    if told and not _ORDER.search(told["between"] or ""):
        return True
    if is_ordered(text, match.start()):
        return False
    if _AFTER.match(text, match.end()):
        return True
    n_digits = sum(character.isdigit() for character in number)
    # Abroad by 00, else by the zero of the trunk line.
    if (number.lstrip("(").startswith("0") and n_digits >= _FEWEST_ANYWHERE) or _SHAPE.fullmatch(number):
        return True
    return not _AMOUNT.fullmatch(number) and is_of_a_plan(number, language)


def is_of_a_plan(number: str, language: str | None) -> bool:
    """Whether the digits are a valid number of a region, in the groups in which it is written there."""
    groups = tuple(re.findall(r"\d+", number))
    own = REGIONS_OF_LANGUAGE.get(language or "", ())
    if len(groups) == 1:
        return language != "en" and any(_is_mobile(number, region) for region in own)
    n_digits = sum(map(len, groups))
    # At home people group as they like.
    is_free = len(groups) > 2 and n_digits >= _FEWEST_AT_HOME and language != "en"
    if is_free and any(_parsed(number, region) for region in own):
        return True
    anywhere = _REGIONS if n_digits >= _FEWEST_ANYWHERE else ()
    return any(_in_groups(groups, region) for region in dict.fromkeys((*own, *anywhere)))


def _parsed(number: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
    return parsed if phonenumbers.is_valid_number_for_region(parsed, region) else None


def _is_mobile(number: str, region: str) -> bool:
    parsed = _parsed(number, region)
    return parsed is not None and phonenumbers.number_type(parsed) in _LOCAL_TYPES


@lru_cache(maxsize=4096)
def _in_groups(groups: Sequence[str], region: str) -> bool:
    parsed = _parsed(" ".join(groups), region)
    if parsed is None:
        return False
    forms = (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL)
    return any(
        groups == tuple(re.findall(r"\d+", phonenumbers.format_number(parsed, form)))[-len(groups) :]
        and len("".join(groups)) >= len(str(parsed.national_number))
        for form in forms
    )
