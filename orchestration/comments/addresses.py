"""E-mail addresses, links, handles and addresses of the net, as people write them into a comment."""

from __future__ import annotations

import ipaddress
import re

LINK = re.compile(
    r"(?:\b(?:h(?:tt|xx)ps?|s?ftp)://|\bwww\.)[^\s<>\"]+"
    # Without a scheme it is a link where something follows the host; a bare host names a company.
    r"|(?<![@\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d{2,5})?/[^\s<>\"]+",
    re.IGNORECASE,
)
LINK_END = ".,;:!?)]}'"

# Domains as they are written out; without the sign for "at" only a known one ends an address.
_DOMAIN = (
    r"(?:com|net|org|edu|gov|info|biz|io|co|ai|app|dev|cloud|online|shop|me|tv|eu|de|at|ch|li|fr|be|lu|es|pt|it"
    r"|nl|uk|ie"
    r"|us|ca|au|nz|mx|ar|cl|pe|br|in|cn|jp|kr|tw|hk|sg|ru|ua|kz|pl|cz|sk|hu|ro|bg|gr|tr|se|no|dk|fi|is|ee|lv|lt|hr|si"
    r"|rs|il|ae|sa|za|example|test|invalid|рф)\b"
)
_SAID_DOT = (
    r"(?:dot|punkt|point|punto|ponto|punt|prik|punktum|piste|kropka|te[cč]ka|bodka|pont|nokta|τελεία|точка|крапка|点)"
)
_SAID_AT = (
    r"(?:arroba|arobase?|arobas|klammeraffe|affenschwanz|snabel-?a|ma[łl]pa|apenstaart(?:je)?|chiocciola|собака"
    r"|zavin[aá][cč]|kukac|kanelbulle|kr[øo]llalfa|alfakr[øo]ll|miukumauku|παπάκι|at[- ](?:sign|zeichen)|ät)"
)
# Words that say a place as well: "anna bei firma.de", and "cheaper bei firma.de".
_PLACE = r"(?:at|bei|chez|hos|bij|presso|på|hjá|u)"
_OPEN, _CLOSE = r"[(\[{<]", r"[)\]}>]"
_DOT = rf"(?: ?{_OPEN} ?(?:{_SAID_DOT}|\.) ?{_CLOSE} ?|[ _-]{_SAID_DOT}[ _-]|\.| \. )"
_SPOKEN_DOT = rf"(?: ?{_OPEN} ?{_SAID_DOT} ?{_CLOSE} ?|[ _-]{_SAID_DOT}[ _-])"
_LABEL = r"[^\W_][\w-]{0,62}"
# Each begins where a word does and takes it whole, so that a comment of one endless word costs no more than another.
_LOCAL = rf"(?<![\w.+-])[\w.+-]++(?: {_SAID_DOT} [\w+-]++){{0,2}}"
_HOST = rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}(?:{_DOMAIN}|[a-z]{{2,}}\b)"
_KNOWN_HOST = rf"{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}{_DOMAIN}"
EMAIL = re.compile(
    r"(?<![^\s@<>()\[\]{},;:\"|])[^\s@<>()\[\]{},;:\"|]++@[\w-]+(?:\.[\w-]+)+"
    # A slip: a comma in the place of the dot.
    rf"|(?<![\w.+-])[\w.+-]++@[\w-]+,{_DOMAIN}"
    rf"|{_LOCAL} ?@ ?{_KNOWN_HOST}"
    rf"|(?<![\w.+-])[\w.+-]++ ?@ [\w-]+(?:\.[\w-]+)*\.[a-z]{{2,}}\b"
    rf"|{_LOCAL} ?{_OPEN} ?(?:at|ät|æt|ad|@|{_SAID_AT}|chez|bei) ?{_CLOSE} ?{_HOST}"
    rf"|{_LOCAL}{_OPEN}a{_CLOSE}{_HOST}"
    rf"|{_LOCAL}(?: {_SAID_AT} |[*/|~-]+at[*/|~-]+){_HOST}"
    rf"|(?<![\w.+-])[^\W_][\w.+]{{0,63}}?_at_\w{{1,63}}?_{_SAID_DOT}_{_DOMAIN}",
    re.IGNORECASE,
)
# Written with a word that says a place as well; whether it is an address is for ``is_written_out``.
WRITTEN_OUT = re.compile(
    rf"(?P<local>{_LOCAL}) (?P<at>{_PLACE}) (?P<host>{_LABEL}(?:{_DOT}{_LABEL}){{0,3}}{_DOT}{_DOMAIN})", re.IGNORECASE
)
# Without one of these there is no address, which spares most comments the search for it.
AT = re.compile(rf"@|{_OPEN} ?(?:at?|ät|æt|ad|chez|bei)\b|_at_|[*/|~-]at[*/|~-]|\b{_SAID_AT}\b", re.IGNORECASE)
AT_PLACE = re.compile(rf"\b{_PLACE} {_LABEL}(?:\.| (?:\.|{_SAID_DOT}|{_OPEN}))", re.IGNORECASE)

_SPOKEN = re.compile(_SPOKEN_DOT, re.IGNORECASE)
_ABOUT_MAIL = re.compile(
    r"\b(?:e-?mail\w*|mail\w*|adress\w*|address\w*|wr[io]te|reach|contact\w*|send|reply|answer|schreib\w*"
    r"|kontakt\w*|erreich\w*"
    r"|meld\w*|antwort\w*|[ée]cri\w*|contacte\w*|courriel|joindre|escr[ií]b\w*|correo|contact\w*|scriv\w*"
    r"|indirizzo|escrev\w*"
    r"|schrijf|stuur|bereik\w*|skriv\w*|napisz|pisz)\b",
    re.IGNORECASE,
)
_DETERMINERS = re.compile(
    r"the|a|this|that|these|those|your|our|their|its|his|her|my|any|every|each|no|all|some|der|die|das|den|dem"
    r"|des|ein|eine|einen|einem|eure|ihre|unsere|le|la|les|l|un|une|votre|vos|notre|nos|leur|el|los|las|una|su"
    r"|sus|nuestro|il|lo|gli|o|os|as|uma|het|de|een"
)
# What stands before "at" and is nobody.
_NO_LOCALS = re.compile(
    r"i|you|he|she|it|we|they|me|us|them|and|or|but|not|look|see|seen|saw|found|find|available|buy|bought|shop"
    r"|sold|work|works|is|are|was|were|be|been|am|staff|people|customers|users|support|help|helpdesk|docs|page"
    r"|site|website|portal|prices|price|pricing|products|product|offers|order|orders|stuff|things|service"
    r"|services|team|office|store|account|accounts|cheaper|better|worse|best|here|there|now|later|also|only|just"
    r"|still|always|never|up|out|down|in|on|off|even|than|more|less|again|already|today|stay|live|signed|sign"
    r"|register|book|booked|stop|start|meet|met|call|go|went|got|get|as|nothing|everything|something|ich|du|er"
    r"|sie|es|wir|ihr|mich|dich|uns|war|waren|ist|sind|bin|gibt|kaufe|kaufen|gekauft|bestellt|arbeite|preise"
    r"|preis|auch|nur|schon|wie|als|billiger|besser|je|tu|il|elle|nous|vous|ils|moi|est|suis|sont|travaille|comme"
    r"|moins|plus|aussi|yo|soy|son"
)


def is_written_out(match: re.Match[str]) -> bool:
    """Whether "anna at firma.de" is an address, and not "cheaper at firma.de"."""
    local, text = match["local"].lower(), match.string
    if re.search(r"[._\d]", local.strip(".-_")) or " " in local:
        return True
    before = text[max(0, match.start() - 60) : match.start()]
    if _NO_LOCALS.fullmatch(local) or local.endswith(("ing", "ed")):
        return False
    words_before = before.lower().replace("'", " ").split()[-2:]
    if any(map(_DETERMINERS.fullmatch, words_before)) and not _ABOUT_MAIL.search(before):
        return False
    if match["at"].lower() == "at" or _SPOKEN.search(match["host"]):
        return True
    return not before.strip() or bool(_ABOUT_MAIL.search(before))


HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z][\w.]+\w|(?<![\w#])[a-z][\w.]{1,31}#\d{4}(?!\d)", re.IGNORECASE)
NAMED_HANDLE = re.compile(
    r"\b(?:telegram|instagram|insta|twitter|skype|snapchat|discord|wechat|tiktok|linkedin|facebook|line id|signal id"
    r"|mastodon|viber)(?: (?:handle|name|user(?:name)?|id|nick|account|ist|is|es|est))* ?[:=] ?"
    r"(?P<handle>[\w.:-]{3,32}\w)",
    re.IGNORECASE,
)
OWN_HANDLE = re.compile(
    r"\b(?:handle|nick(?:name)?|username|benutzername|pseudo|usuario) ?(?:[:=]|is|ist|est|es) ?"
    r"(?P<handle>[\w.-]{3,32}\w)",
    re.IGNORECASE,
)

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
IPV4 = re.compile(rf"(?<![\w.])(?:{_OCTET}\.){{3}}{_OCTET}(?:/\d{{1,2}}|:\d{{1,5}})?(?![\w-]|\.\d)")
IPV6 = re.compile(r"(?<![\w:.])(?=[0-9a-f:]*[0-9a-f]:)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_ABOUT_IP = re.compile(r"\b(?:ip(?:v4)?|host|server|login|logged|proxy|vpn|client)\b", re.IGNORECASE)
_ABOUT_VERSION = re.compile(
    r"(?:\b(?:v|ver|version\w*|versi[oó]n|vers[aã]o|release|build|firmware|update\w*|upgrade\w*|patch|rev"
    r"|driver|app|sdk|api"
    r"|section|chapter|kapitel|abschnitt|node|java|chrome|windows|ios|android)\b[^\d]{0,20}|\bv)$",
    re.IGNORECASE,
)
# A version counts up from small numbers.
_LARGE_PART = 32


def is_ipv4(match: re.Match[str]) -> bool:
    """Whether four numbers are an address of the net, and not a version."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    if _ABOUT_VERSION.search(before):
        return False
    parts = [int(part) for part in re.split(r"[./:]", match[0])[:4]]
    return max(parts) >= _LARGE_PART or bool(_ABOUT_IP.search(before))


def is_ipv6(match: re.Match[str]) -> bool:
    """Whether it is an address of the net, and not a time or a path of a program."""
    try:
        address = ipaddress.IPv6Address(match[0])
    except ValueError:
        return False
    return sum(character.isalnum() for character in match[0]) >= 4 and int(address) > 0xFFFF
