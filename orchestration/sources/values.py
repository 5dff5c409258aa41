"""How values of tools become values of the contract, as expressions of DuckDB over text.

A value that cannot be read stays as it came: the checks of the raw tables judge it, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from iso4217 import Currency

from orchestration.release.warehouse import quoted

# Of years of two digits, as POSIX has it: 69 to 99 are of the twentieth century.
FIRST_OF_1900 = 69
ISO_DATE = r"\d{4}-\d{2}-\d{2}"
ISO_TIME = ISO_DATE + r"[T ]\d{2}:\d{2}(:\d{2}([.]\d+)?)?"
# Of a time: its offset, a name for UTC, or the letters by which a zone calls its own time.
SUFFIX = r"(?:Z|(?:UTC|GMT)?[+-]\d{1,2}(?::?\d{2})?|[A-Z]{2,5})"
CLOCK = rf"(?:,?[T ]+(\d{{1,2}}):(\d{{2}})(?::(\d{{2}})([.]\d+)?)? ?([AaPp][.]?[Mm][.]?)? ?({SUFFIX})?)?"
NUMERIC_DATE = r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})"
YEAR_FIRST = r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})"
MILLISECONDS_FROM = 100_000_000_000
ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


@dataclass(frozen=True)
class Values:
    """Expressions for one source: its time zone, the order of its dates, and its smallest units of money.

    ``days_in`` is the zone in which moments are counted as days.
    """

    timezone: str = "UTC"
    date_order: str = "iso"
    days_in: str = "UTC"
    decimals: Mapping[str, int] | None = None

    # Times ---------------------------------------------------------------------------------------------------------

    def instant(self, text: str) -> str:
        """A moment in UTC, ISO 8601, as ``2026-01-31T10:00:00Z``."""
        moment = self._moment(text)
        return f"coalesce(replace(cast({moment} as varchar), ' ', 'T') || 'Z', {text})"

    def day(self, text: str) -> str:
        """A date, ISO 8601; of a moment the day in ``days_in``."""
        return f"coalesce(cast({self.date(text)} as varchar), {text})"

    def date(self, text: str) -> str:
        """As ``day``, as a date; null where it cannot be read."""
        first = f"try_cast(left({text}, 10) as date)"
        is_same = self.timezone == self.days_in
        # Of a moment without an offset the day is as written, if days are counted in the zone in which it is.
        plain = f"{ISO_DATE}|{ISO_TIME}" if is_same else ISO_DATE
        local = _local(self._moment(text), self.days_in)
        return (
            f"case when regexp_full_match({text}, '{plain}') then {first} "
            f"when regexp_full_match({text}, '{YEAR_FIRST}|{NUMERIC_DATE}') "
            f"then try_cast({self._written(text)} as date) else cast({local} as date) end"
        )

    def unix(self, text: str) -> str:
        """A moment that is seconds, or milliseconds, since 1970; one that is written as a date is read as such."""
        number = f"try_cast({text} as double)"
        seconds = f"case when abs({number}) >= {MILLISECONDS_FROM} then {number} / 1000 else {number} end"
        moment = f"make_timestamp(cast(round(({seconds}) * 1000000) as bigint))"
        return (
            f"case when regexp_full_match({text}, '-?\\d+([.]\\d+)?') "
            f"then replace(cast({moment} as varchar), ' ', 'T') || 'Z' else {self.instant(text)} end"
        )

    def _written(self, text: str) -> str:
        """A date with its time of day, if it has one, in the order of ISO 8601; null where it is no date."""
        ways = [
            (f"{ISO_DATE}|{ISO_TIME}", f"substr({text}, 1, 26)"),
            (YEAR_FIRST + CLOCK, _iso(text, YEAR_FIRST + CLOCK, 1, 2, 3)),
        ]
        if self.date_order != "iso":
            day, month = (1, 2) if self.date_order == "day_first" else (2, 1)
            ways.append((NUMERIC_DATE + CLOCK, _iso(text, NUMERIC_DATE + CLOCK, 3, month, day)))
        cases = " ".join(f"when regexp_full_match({text}, '{pattern}') then {value}" for pattern, value in ways)
        return f"case {cases} end"

    def _moment(self, text: str) -> str:
        """A timestamp in UTC."""
        names = dict.fromkeys(("Z", "UTC", "GMT"), timedelta()) | _own_names(self.timezone)
        cases = [f"when '' then {_in_utc('w', self.timezone)}"]
        cases += [
            f"when {quoted(name)} then w - to_seconds({int(offset.total_seconds())})" for name, offset in names.items()
        ]
        moment = f"case {_suffix(text)} {' '.join(cases)} else {_shifted('w', _suffix(text))} end"
        other = _let("w", f"try_cast({self._written(text)} as timestamp)", moment)
        # As most are written; the rest takes ten times as long.
        plain = _in_utc(f"try_cast({text} as timestamp)", self.timezone)
        return f"case when regexp_full_match({text}, '{ISO_DATE}|{ISO_TIME}') then {plain} else {other} end"

    def contradicts(self, text: str) -> str:
        """Whether a date cannot be meant as declared: its month would be above 12, or no order is declared."""
        is_numeric = f"coalesce(regexp_full_match({text}, '{NUMERIC_DATE}{CLOCK}'), false)"
        if self.date_order == "iso":
            return is_numeric
        place = 2 if self.date_order == "day_first" else 1
        return f"{is_numeric} and try_cast(regexp_extract({text}, '{NUMERIC_DATE}', {place}) as integer) > 12"

    def is_bare(self, text: str) -> str:
        """Whether a text has a time of day, and no offset."""
        return f"contains({text}, ':') and {_suffix(text)} = ''"

    def skipped(self, text: str) -> str:
        """Whether a time without an offset is one that the clock of the zone skips, at the beginning of summer time."""
        return self._on_change(text, f"{_local(_in_utc('w', self.timezone), self.timezone)} <> w")

    def repeated(self, text: str) -> str:
        """Whether a time without an offset is one that the clock of the zone shows twice, at the end of summer time."""
        later = f"(w at time zone {quoted(self.timezone)} at time zone 'UTC')"
        return self._on_change(text, f"{_in_utc('w', self.timezone)} <> {later}")

    def _on_change(self, text: str, condition: str) -> str:
        """Whether a condition holds for a time ``w`` without an offset on a day on which the clock changes."""
        holds = f"coalesce(case when {_is_change_day('w', self.timezone)} then {condition} end, false)"
        other = _let("w", f"try_cast({self._written(text)} as timestamp)", holds)
        # Most are written in a form of which the day can be read at once.
        elsewhere = f"not ({_is_change_day(f'try_cast(left({text}, 10) as date)', self.timezone)})"
        return (
            f"case when {text} is null then false "
            f"when regexp_full_match({text}, '{ISO_DATE}|{ISO_TIME}') and {elsewhere} then false "
            f"when {_suffix(text)} = '' then {other} else false end"
        )

    # Money ---------------------------------------------------------------------------------------------------------

    def money(self, amount: str, currency: str) -> str:
        """An amount in the smallest unit of a currency, in the currency itself: 12.30 of 1230 cents.

        Null where the amount is no whole number or the currency is not in ISO 4217.
        """
        number = f"try_cast({amount} as bigint)"
        # In whole numbers and text, which takes a fifth of the time of decimals.
        cases = [f"when 0 then cast({number} as varchar)"]
        for places in range(1, 5):
            sign = f"case when {number} < 0 then '-' else '' end"
            behind = f"lpad(cast(abs({number}) % {10**places} as varchar), {places}, '0')"
            # To a check of the ledger, amounts that all have three decimals look like thousands.
            behind += " || '0'" if places == 3 else ""
            cases.append(f"when {places} then concat({sign}, abs({number}) // {10**places}, '.', {behind})")
        value = f"case {self.places(currency)} {' '.join(cases)} end"
        return f"case when regexp_full_match({amount}, '-?\\d+([.]0+)?') then {value} end"

    def places(self, currency: str) -> str:
        """How many digits behind the point the smallest unit of a currency has; null where it is not in ISO 4217."""
        codes: dict[int, list[str]] = {}
        for code, places in ({each.code: each.exponent for each in Currency} | dict(self.decimals or {})).items():
            if places is not None:
                codes.setdefault(places, []).append(quoted(code))
        cases = " ".join(
            f"when upper({currency}) in ({', '.join(sorted(known))}) then {places}"
            for places, known in sorted(codes.items())
        )
        return f"case {cases} end"

    def number(self, text: str, decimal: str = ".") -> str:
        """A number without marks of thousands and with a decimal point."""
        if decimal == ".":
            marked = r"[+-]?\d{1,3}(,\d{3})+([.]\d+)?"
            return f"case when regexp_full_match({text}, '{marked}') then replace({text}, ',', '') else {text} end"
        plain = r"[+-]?(\d+|\d{1,3}([. ’ ]\d{3})+)(,\d+)?"
        return (
            f"case when regexp_full_match({text}, '{plain}') "
            f"then replace(regexp_replace({text}, '[. ’ ]', '', 'g'), ',', '.') else {text} end"
        )

    # Scores and keys -----------------------------------------------------------------------------------------------

    def score(self, text: str, are_codes: bool = False) -> str:
        """A score; where its number stands behind its label, the number. Codes 1 to 11 are scores 0 to 10."""
        behind = r"[^0-9]*[^0-9 ][ ]*[-–—:=(][ ]*([0-9]{1,2})[)]?"
        number = f"regexp_extract({text}, '{behind}', 1)"
        value = f"case when regexp_full_match({text}, '{behind}') then {number} else {text} end"
        if not are_codes:
            return value
        number = f"try_cast(regexp_extract({value}, '^([0-9]{{1,2}})([.]0+)?$', 1) as integer)"
        return f"coalesce(cast({number} - 1 as varchar), {value})"

    def salesforce_id(self, text: str) -> str:
        """An id of Salesforce with 18 characters, of which the last three say which of the others are capitals."""
        ends = []
        for first in (1, 6, 11):
            bits = " + ".join(
                f"case when substr({text}, {first + place}, 1) between 'A' and 'Z' then {1 << place} else 0 end"
                for place in range(5)
            )
            ends.append(f"substr('{ID_LETTERS}', 1 + {bits}, 1)")
        is_id = f"regexp_full_match({text}, '[A-Za-z0-9]{{15}}([A-Z0-5]{{3}})?')"
        return f"case when {is_id} then left({text}, 15) || {' || '.join(ends)} else {text} end"

    def is_true(self, text: str) -> str:
        """Whether a text is a yes; null is no."""
        return f"coalesce(lower({text}) in ('true', 't', '1', 'yes', 'y'), false)"

    def json(self, text: str, key: str) -> str:
        """The value of a key in an object of JSON, as text; neither case nor blanks of the key matter."""
        path = "$." + '"' + key.replace('"', '\\"') + '"'
        return f"nullif(trim(case when json_valid({text}) then {text} ->> {quoted(path)} end), '')"


def _let(name: str, value: str, expression: str) -> str:
    """An expression in which a name stands for a value: within a case the engine would work it out again each time."""
    return f"list_transform([{value}], lambda {name}: {expression})[1]"


def _iso(text: str, pattern: str, year: int, month: int, day: int) -> str:
    """A date of numbers, and its time of day, as ISO 8601 writes them; the clock has the groups from the fourth on."""
    groups = ", ".join(f"'g{number}'" for number in range(1, 10))
    parts = f"regexp_extract({text}, '^{pattern}$', [{groups}])"
    hour = (
        "case lower(g.g8[1]) when 'p' then cast(try_cast(g.g4 as integer) % 12 + 12 as varchar) "
        "when 'a' then cast(try_cast(g.g4 as integer) % 12 as varchar) else g.g4 end"
    )
    century = f"case when length(g.g{year}) = 4 then '' when g.g{year} >= '{FIRST_OF_1900}' then '19' else '20' end"
    written = (
        f"{century} || g.g{year} || '-' || lpad(g.g{month}, 2, '0') || '-' || lpad(g.g{day}, 2, '0') || ' ' || "
        f"lpad({hour}, 2, '0') || ':' || lpad(g.g5, 2, '0') || ':' || lpad(g.g6, 2, '0') || g.g7"
    )
    return _let("g", parts, written)


def _suffix(text: str) -> str:
    """What follows the time of day: an offset, or letters; empty where nothing does."""
    return f"regexp_extract({text}, ':\\d{{2}}([.]\\d+)? ?([AaPp][.]?[Mm][.]?)? ?({SUFFIX})?$', 3)"


def _in_utc(written: str, zone: str) -> str:
    """The moment at which the clock of a zone shows a time; the first of two.

    The engine takes the second; and of a time that the clock skips, the moment as long after the change.
    """
    if zone == "UTC":
        return written
    name = quoted(zone)
    later = f"({written} at time zone {name} at time zone 'UTC')"
    cases = " ".join(
        f"when (l - interval {seconds} seconds) at time zone 'UTC' at time zone {name} = {written} "
        f"then l - interval {seconds} seconds"
        for seconds in _set_back(zone)
    )
    if not cases:
        return later
    earlier = _let("l", later, f"case {cases} else l end")
    return f"case when {_is_change_day(written, zone)} then {earlier} else {later} end"


def _is_change_day(written: str, zone: str) -> str:
    """Whether the clock of a zone changes on the day of a time."""
    days = ", ".join(f"date '{day}'" for day in _change_days(zone))
    return f"cast({written} as date) in ({days})" if days else "false"


def _local(moment: str, zone: str) -> str:
    return moment if zone == "UTC" else f"({moment} at time zone 'UTC' at time zone {quoted(zone)})"


def _shifted(written: str, suffix: str) -> str:
    """A time less its offset, such as +02:00, -0530, +2 or GMT+2; null where it is none."""
    offset = f"regexp_extract({suffix}, '([+-])(\\d{{1,2}}):?(\\d{{2}})?$', %d)"
    hours, minutes = (f"coalesce(try_cast(nullif({offset % group}, '') as integer), 0)" for group in (2, 3))
    sign = f"case {offset % 1} when '-' then -1 when '+' then 1 end"
    return f"({written} - to_minutes(({sign}) * ({hours} * 60 + {minutes})))"


def _weeks() -> Iterable[datetime]:
    first = datetime(1990, 1, 1, tzinfo=UTC)
    return (first + timedelta(days=day) for day in range(0, 366 * 60, 7))


def _offset(moment: datetime, zone: str) -> timedelta:
    return moment.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


@cache
def _changes(zone: str) -> list[tuple[datetime, timedelta]]:
    """When the clock of a zone changes, from 1990 to 2050: the hour before, in UTC, and how far it is set forward."""
    found = []
    for week, following in pairwise(_weeks()):
        if _offset(week, zone) != _offset(following, zone):
            hours = (week + timedelta(hours=hour) for hour in range(7 * 24 + 1))
            found += [
                (before, _offset(after, zone) - _offset(before, zone))
                for before, after in pairwise(hours)
                if _offset(before, zone) != _offset(after, zone)
            ]
    return found


def _set_back(zone: str) -> list[int]:
    """By how many seconds the clock of a zone is set back."""
    return sorted({-int(step.total_seconds()) for _, step in _changes(zone) if step < timedelta()})


def _change_days(zone: str) -> list[str]:
    """The days on which the clock of a zone changes; also the next one, where it does so in the last hours."""
    moments = [before + timedelta(hours=hours) for before, _ in _changes(zone) for hours in (0, 3)]
    return sorted({moment.astimezone(ZoneInfo(zone)).date().isoformat() for moment in moments})


@cache
def _own_names(zone: str) -> dict[str, timedelta]:
    """By which letters a zone calls its own time, such as CET and CEST, and the offset that each means."""
    there = ZoneInfo(zone)
    names: dict[str, timedelta] = {}
    for day in _weeks():
        local = day.astimezone(there)
        names[local.strftime("%Z")] = local.utcoffset() or timedelta()
    return {name: offset for name, offset in names.items() if name.isalpha() and name not in ("Z", "UTC", "GMT")}
