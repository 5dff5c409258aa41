"""How numbers, money, shares, dates and names are written: once, so that a figure reads the same wherever it stands."""

from __future__ import annotations

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MINUS = "−"
NARROW_SPACE = "\u202f"
NO_BREAK_SPACE = "\u00a0"
NOTHING = "–"
SNAKE_CASE = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")
# The largest unit that leaves at least one digit before the point.
UNITS = ((1e9, "B"), (1e6, "M"), (1e3, "k"))
ABBREVIATIONS = {"nps": "NPS", "sms": "SMS", "csat": "CSAT", "ces": "CES"}


def _typeset(text: str) -> str:
    return text.replace("-", MINUS)


def _rounded(value: Decimal | float, decimals: int) -> Decimal:
    """Ties go away from zero, as SQL's round() has them; a minus zero becomes zero."""
    return Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) + 0


def points(value: float) -> str:
    """A score, a tenth of a point: 31.2, −4.0."""
    return _typeset(f"{_rounded(value, 1):.1f}")


def signed_points(value: float) -> str:
    """A score or a change with its sign: +31.2, −4.0, 0.0."""
    rounded = _rounded(value, 1)
    return _typeset(f"{rounded:+.1f}") if rounded else "0.0"


def hundredths(value: float) -> str:
    """A mean on a scale from 0 to 1: 0.63."""
    return _typeset(f"{_rounded(value, 2):.2f}")


def signed_hundredths(value: float) -> str:
    """A tone from −1 to 1, or a change of such a mean: +0.17, −0.03, 0.00."""
    rounded = _rounded(value, 2)
    return _typeset(f"{rounded:+.2f}") if rounded else "0.00"


def whole_points(value: float) -> str:
    """A tick of a scale: 50, −100."""
    return _typeset(f"{_rounded(value, 0):.0f}")


def interval(low: float, high: float) -> str:
    """28.0 to 34.4."""
    return f"{points(low)} to {points(high)}"


def count(value: int) -> str:
    """2,746."""
    return _typeset(f"{value:,}")


def counted(value: int, singular: str, plural: str = "") -> str:
    """1 answer, 2,746 answers."""
    return f"{count(value)} {singular if value == 1 else plural or singular + 's'}"


def money(value: Decimal | float) -> str:
    """12,345,678: whole units; the currency stands in the column or beside."""
    return _typeset(f"{_rounded(value, 0):,.0f}")


def money_with_currency(value: Decimal | float, currency: str) -> str:
    """USD 12,345,678."""
    return f"{currency}{NO_BREAK_SPACE}{money(value)}"


def short_money(value: Decimal | float) -> str:
    """12.3 M, 345 k: for the ticks of a chart."""
    amount = float(value)
    for size, unit in UNITS:
        if abs(amount) >= size:
            return _typeset(f"{amount / size:.3g}") + NARROW_SPACE + unit
    return _typeset(f"{amount:.3g}")


def signed_money(value: Decimal | float) -> str:
    """+12,345, −345, 0."""
    rounded = _rounded(value, 0)
    return _typeset(f"{rounded:+,.0f}") if rounded else "0"


def money_interval(low: Decimal | float, high: Decimal | float) -> str:
    """28,000 to 34,400."""
    return f"{money(low)} to {money(high)}"


def share_interval(low: float, high: float) -> str:
    """97.2 % to 103.4 %."""
    return f"{share(low)} to {share(high)}"


def share(value: float | None, decimals: int = 1) -> str:
    """24.1 %."""
    return NOTHING if value is None else _typeset(f"{_rounded(100 * value, decimals):.{decimals}f}{NARROW_SPACE}%")


def signed_share(value: float | None) -> str:
    """+13.3 %."""
    if value is None:
        return NOTHING
    rounded = _rounded(100 * value, 1)
    return _typeset(f"{rounded:+.1f}{NARROW_SPACE}%") if rounded else f"0.0{NARROW_SPACE}%"


def ratio(part: Decimal | float, whole: Decimal | float) -> float | None:
    """A share of a positive whole; none of nothing."""
    return float(part) / float(whole) if whole > 0 else None


def long_date(day: date) -> str:
    """1 July 2026."""
    return f"{day.day}{NO_BREAK_SPACE}{day:%B}{NO_BREAK_SPACE}{day.year}"


def month(day: date) -> str:
    """July 2026."""
    return f"{day:%B %Y}"


def quarter(day: date) -> str:
    """Q3 2026."""
    return f"Q{(day.month + 2) // 3} {day.year}"


def phrase(term: str) -> str:
    """A term of ours in words: score_not_whole becomes Score not whole."""
    words = term.replace("_", " ")
    return words[:1].upper() + words[1:]


def name(value: str) -> str:
    """A value of the data as a name: north_america becomes North America. What is not snake_case stays as it is."""
    if not SNAKE_CASE.fullmatch(value):
        return value
    return " ".join(ABBREVIATIONS.get(word, word[0].upper() + word[1:]) for word in value.split("_"))
