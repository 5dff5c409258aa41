"""The sample company: 36 months of surveys, accounts, revenue and follow-ups, drawn from one seed.

    python seeds/generate_company.py --output DIR [--scale S] [--format csv|parquet] [--seed N]

The same arguments give the same bytes; no clock is read. Scale 1 has 600 accounts, about 8,000 answers and
24,000 revenue lines; everything but surveys, channels, regions and staff grows linearly with the scale.
Columns are those of the contract. What is planted, and how many bad rows, is told in docs/sample-company.md.

Inside, time is an integer (days or seconds since 1970-01-01, UTC), a category is a code into one of the
vocabularies below, an entity is its row number, and -1 means "none". They become text and timestamps once,
when a table is made. Arrays are one-dimensional unless a docstring gives a shape.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# ── Size and time ─────────────────────────────────────────────────────────────────────────────────────────────────

ACCOUNTS_AT_SCALE_1 = 600
OWNERS_AT_SCALE_1 = 20  # account owners and agents grow with the square root of the scale
AGENTS_AT_SCALE_1 = 15
FIRST_MONTH = np.datetime64("2023-07", "M")
MONTHS, QUARTERS, QUARTERS_BEFORE = 36, 12, 4
DAY = 86_400
NONE = -1
NEVER = 10**6  # the month or day of what does not happen


def month_day(month: Ints | int) -> Ints:
    """The first day of a month counted from July 2023 (0), in days since 1970."""
    first = (FIRST_MONTH + np.asarray(month)).astype("datetime64[D]")
    return np.asarray(first.astype(np.int64))


OPENS = int(month_day(0))  # 2023-07-01, the first day of the ledger
CLOSES = int(month_day(MONTHS))  # 2026-07-01, the as-of date: nothing has happened from here on
LAST_LOAD = CLOSES * DAY + 2 * 3600

# ── What is planted ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Effects:
    """How an account's mood and quality move its money. `Effects(0, 0)` is a company where mood moves nothing.

    price_per_100_points: share by which a quarter's subscription is higher when the account's points stood 100
        above its usual level, on average over the four quarters before.
    churn_per_100_points: how much less likely the account is to leave in a quarter when its points stood 100
        above its usual level in the quarter before.
    growth_per_quality: yearly log growth per standard deviation of quality, which also raises the answers: the
        confounder, not an effect of the score.
    """

    price_per_100_points: float = 0.176
    churn_per_100_points: float = 0.030
    growth_per_quality: float = 0.060


PLANTED = Effects()

GROWTH_PER_YEAR = 0.15  # trend of the log price
GROWTH_NOISE = 0.03  # standard deviation of its quarterly step
CHURN_PER_QUARTER, CHURN_PER_QUALITY = 0.022, 0.004

MEAN_SATISFACTION = 8.05  # on the 0-10 scale, before the answer is rounded and clipped
DRIFT_PER_YEAR = 0.20
QUALITY_TO_SATISFACTION = 0.8
MOOD_SD, MOOD_MEMORY = 1.7, 0.45  # of an account's half-yearly mood; memory is its autocorrelation
CONTACT_SD = 0.4  # a contact's standing bias
ANSWER_SPREAD = 0.6  # logistic scale of one answer around it
BAD_DAY_SHARE, BAD_DAY = 0.05, 4.0  # now and then an answer is that much lower

# ── Vocabularies, with the satisfaction they add ──────────────────────────────────────────────────────────────────

SEGMENTS = ("enterprise", "mid_market", "small_business")
SEGMENT_SATISFACTION = np.array([-0.15, 0.0, 0.15])
SEGMENT_PRICE = np.array([4000.0, 1400.0, 350.0])  # median monthly subscription
SEGMENT_CONTACTS = np.array([[7, 15], [3, 8], [1, 4]])
SEGMENT_SHARE_OLD, SEGMENT_SHARE_NEW = (22, 36, 42), (4, 20, 76)
SIZE_BANDS = ("1-49", "50-249", "250-999", "1000+")
REGIONS = ("north_america", "europe", "latin_america", "asia_pacific")
REGION_SATISFACTION = np.array([0.1, -0.2, 0.4, -0.3])
COUNTRIES = ("US", "CA", "DE", "FR", "ES", "NL", "GB", "MX", "BR", "AU", "SG", "JP")
COUNTRY_SHARE = (30, 8, 12, 9, 5, 4, 8, 6, 5, 7, 3, 3)
COUNTRY_REGION = np.array([0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 3, 3])
COUNTRY_IS_EURO = np.array([0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0], dtype=bool)
LANGUAGES = ("en", "de", "fr", "es")
COUNTRY_LANGUAGE = np.array([0, 0, 1, 2, 3, 0, 0, 3, 0, 0, 0, 0])
INDUSTRIES = ("software", "manufacturing", "retail", "healthcare", "logistics", "finance", "education")
SOURCES = ("referral", "word_of_mouth", "advertising", "outbound", "partner", "event")
SOURCE_SHARE = (18, 8, 24, 22, 14, 6, 8)  # the last share is "not known"
ROLES = ("decision_maker", "influencer", "user")
OWNER_TEAMS = ("field_east", "field_west", "inside", "strategic")
AGENT_TEAMS = ("support_desk", "support_plus", "digital_care")
CHANNELS = ("email", "sms", "in_app", "web", "app", "call_centre", "shop", "bot", "social")
CHANNEL_SATISFACTION = np.array([0.0, 0.05, 0.1, -0.1, 0.1, 0.45, 0.5, -0.9, -0.6])
CHANNEL_RESPONSE = np.array([0.42, 0.36, 0.44, 0.34, 0.40, 0.52, 0.50, 0.34, 0.0])
TOUCHPOINTS = ("onboarding", "upgrade", "downgrade", "support", "purchase")
TOUCHPOINT_SATISFACTION = np.array([0.2, 0.3, -0.7, -0.25, 0.1])
MODES = ("self_service", "warm_transfer", "visual", "agent")
MODE_SATISFACTION = np.array([-0.15, 0.2, 0.4, 0.0])
# Weights of the modes by channel: a bot serves or hands over, people at a counter do not send customers away.
CHANNEL_MODES = np.array([(10, 15, 10, 65), (10, 15, 0, 75), (35, 15, 20, 30), (40, 15, 15, 30), (35, 15, 20, 30),
                          (0, 22, 18, 60), (0, 10, 15, 75), (78, 22, 0, 0), (0, 0, 0, 100)])  # fmt: skip
AGENT_SD = 0.3
EMPLOYEE_TEAMS = ("support", "sales", "engineering", "operations", "office")
EMPLOYEE_TEAM_SIZE = (14, 12, 16, 8, 3)  # the office stays at 3 whatever the scale: too small to publish
EMPLOYEE_SATISFACTION = np.array([7.1, 7.8, 8.2, 7.5, 7.6])
OUTCOMES = ("resolved", "credit_granted", "feature_request", "no_answer", "lost")
EXCLUSIONS = ("test answer", "answered twice", "competitor")

NPS_QUESTION = "How likely are you to recommend us to a friend or colleague?"
# id, name, program type, metric, question, lowest, highest, direction, counts as NPS
SURVEYS: tuple[tuple[str, str, str, str, str, int, int, str, bool | None], ...] = (
    ("rel", "Relationship survey", "relationship", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("sup", "After support", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("onb", "After onboarding", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("upg", "After upgrade", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("dwn", "After downgrade", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("pur", "After purchase", "transactional", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("cst", "Satisfaction with support", "transactional", "csat", "How satisfied are you with our support?",
     1, 5, "higher_is_better", False),
    ("ces", "Ease of support", "transactional", "ces", "We made it easy to solve my problem.",
     1, 7, "higher_is_better", False),
    ("eff", "Effort of support", "transactional", "ces", "How much effort did your request take?",
     1, 7, "lower_is_better", None),
    ("lik", "Shop counter, 1 to 10", "transactional", "nps", "Would you recommend this shop?",
     1, 10, "higher_is_better", False),
    ("web", "Old web form, 1 to 10", "transactional", "nps", "Would you recommend our site?",
     1, 10, "higher_is_better", None),
    ("soc", "On demand", "on_demand", "nps", NPS_QUESTION, 0, 10, "higher_is_better", True),
    ("emp", "Employee survey", "employee", "nps", "How likely are you to recommend us as a place to work?",
     0, 10, "higher_is_better", True),
)  # fmt: skip
SURVEY = {survey[0]: code for code, survey in enumerate(SURVEYS)}
SUPPORT_SURVEYS = ("sup", "cst", "ces", "eff")
TOUCHPOINT_SURVEYS: dict[str, tuple[tuple[str, ...], tuple[int, ...]]] = {
    "onboarding": (("onb",), (1,)),
    "upgrade": (("upg",), (1,)),
    "downgrade": (("dwn",), (1,)),
    "support": (SUPPORT_SURVEYS, (68, 17, 8, 7)),
    "purchase": (("pur", "lik", "web"), (76, 12, 12)),
}
# Shares of the channels in the first and in the last month: support moves from the phone to the screen.
CHANNEL_SHARES: dict[str, tuple[Sequence[int], Sequence[int]]] = {
    "rel": ((80, 0, 20, 0, 0, 0, 0, 0, 0), (70, 0, 30, 0, 0, 0, 0, 0, 0)),
    "support": ((20, 5, 3, 4, 3, 52, 8, 5, 0), (18, 5, 12, 10, 8, 25, 5, 17, 0)),
    "onboarding": ((70, 0, 30, 0, 0, 0, 0, 0, 0), (50, 0, 50, 0, 0, 0, 0, 0, 0)),
    "upgrade": ((60, 10, 30, 0, 0, 0, 0, 0, 0), (50, 10, 40, 0, 0, 0, 0, 0, 0)),
    "downgrade": ((60, 10, 30, 0, 0, 0, 0, 0, 0), (50, 10, 40, 0, 0, 0, 0, 0, 0)),
    "purchase": ((30, 15, 0, 20, 10, 0, 25, 0, 0), (25, 15, 0, 28, 17, 0, 15, 0, 0)),
}

# ── Comments ──────────────────────────────────────────────────────────────────────────────────────────────────────
# theme: (weights of detractors, passives, promoters), what is praised, what is blamed, what is wished for
ENGLISH: dict[str, tuple[tuple[int, int, int], tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "support_speed": (
        (18, 10, 13),
        ("support answers within the hour", "the help desk is quick", "tickets are solved the same day"),
        ("support takes days to answer", "we wait far too long for a reply", "tickets sit there for a week"),
        ("faster replies from support", "shorter waiting times on the phone"),
    ),
    "price": (
        (15, 14, 5),
        ("the price is fair", "good value for money", "cheaper than what we had before"),
        ("it is too expensive for what it does", "the price went up again", "poor value for money"),
        ("lower prices for small teams", "a discount for loyal customers"),
    ),
    "onboarding": (
        (5, 6, 8),
        ("onboarding was smooth", "the training got us started in a week", "setup was painless"),
        ("onboarding took months", "nobody trained our people", "the setup was confusing"),
        ("better training for new users", "a guided setup"),
    ),
    "product_quality": (
        (9, 10, 20),
        ("the quality is excellent", "the product does what it promises", "it is well made"),
        ("the quality has gone down", "too many defects", "the product feels unfinished"),
        ("more testing before a release", "fewer defects"),
    ),
    "usability": (
        (8, 12, 17),
        ("it is easy to use", "the interface is clear", "even newcomers find their way"),
        ("the interface is confusing", "it takes too many clicks", "it is hard to use on a phone"),
        ("a simpler screen for daily work", "fewer clicks to get a report"),
    ),
    "reliability": (
        (14, 8, 10),
        ("it never lets us down", "no outage in a year", "it is stable and fast"),
        ("it crashes every week", "too many outages", "the system is slow at month end"),
        ("fewer outages", "more stable releases"),
    ),
    "documentation": (
        (7, 7, 4),
        ("the documentation is clear", "the manual answers most questions"),
        ("the documentation is out of date", "the manual has no examples"),
        ("more examples in the documentation", "an up-to-date manual"),
    ),
    "billing": (
        (8, 6, 2),
        ("invoices are always right", "billing is transparent"),
        ("the invoice is wrong every month", "we were charged twice", "nobody can explain the bill"),
        ("clearer invoices", "one bill for all sites"),
    ),
    "shipping": (
        (9, 7, 5),
        ("delivery was on time", "the packaging is solid"),
        ("the parcel arrived damaged", "packaging is wasteful", "delivery was two weeks late"),
        ("less packaging", "faster delivery"),
    ),
    "integrations": (
        (6, 8, 6),
        ("it connects to all our tools", "the integration with our CRM works well"),
        ("the API breaks without notice", "it does not connect to our tools"),
        ("an integration with our ERP", "a better API"),
    ),
    "sales": (
        (4, 4, 5),
        ("our account manager listens", "the sales team was honest"),
        ("sales promised what does not exist", "our account manager changes every quarter"),
        ("a steady account manager", "more honest sales talks"),
    ),
    "features": (
        (10, 12, 6),
        ("new features come every month", "it has every feature we need"),
        ("basic features are missing", "our feature requests are ignored"),
        ("bulk export", "a feature to plan shifts", "dark mode and better filters"),
    ),
}
THEMES = tuple(ENGLISH)
TRANSLATED: dict[str, dict[str, tuple[str, str, str]]] = {
    "de": {
        "support_speed": ("der Support ist schnell", "wir warten tagelang auf den Support", "schnellere Antworten"),
        "price": ("der Preis ist fair", "es ist viel zu teuer", "günstigere Preise"),
        "product_quality": ("die Qualität stimmt", "die Qualität hat nachgelassen", "weniger Fehler"),
        "usability": ("sehr einfach zu bedienen", "die Bedienung ist umständlich", "eine einfachere Oberfläche"),
        "reliability": ("läuft seit Jahren stabil", "es stürzt ständig ab", "weniger Ausfälle"),
        "billing": ("die Rechnung stimmt immer", "die Rechnung ist jeden Monat falsch", "klarere Rechnungen"),
    },
    "fr": {
        "support_speed": ("le support répond vite", "le support met des jours à répondre", "des réponses plus rapides"),
        "price": ("le prix est correct", "c'est beaucoup trop cher", "des prix plus bas"),
        "product_quality": ("la qualité est excellente", "la qualité a baissé", "moins de défauts"),
        "usability": ("très facile à utiliser", "l'interface est compliquée", "une interface plus simple"),
        "reliability": ("le service est très stable", "il y a trop de pannes", "moins de pannes"),
        "billing": ("les factures sont claires", "la facture est toujours fausse", "des factures plus claires"),
    },
    "es": {
        "support_speed": ("el soporte responde rápido", "el soporte tarda días en responder", "respuestas más rápidas"),
        "price": ("el precio es justo", "es demasiado caro", "precios más bajos"),
        "product_quality": ("la calidad es excelente", "la calidad ha bajado", "menos defectos"),
        "usability": ("es muy fácil de usar", "la interfaz es confusa", "una pantalla más sencilla"),
        "reliability": ("el sistema es muy estable", "se cae cada semana", "menos caídas"),
        "billing": ("las facturas son claras", "la factura siempre está mal", "facturas más claras"),
    },
}
OPENERS = {
    "en": ("", "", "Honestly, ", "For us, ", "Overall ", "Since we started, ", "My team says ", "In short: "),
    "de": ("", "Ehrlich gesagt: ", "Insgesamt: "),
    "fr": ("", "Franchement, ", "Pour nous, "),
    "es": ("", "La verdad, ", "Para nosotros, "),
}
CLOSERS = ((", please fix this.", ".", ", and it costs us time."), (".", "", ", but it is fine."),
           (".", "", "!", ", keep it up."))  # fmt: skip
PERSONAL = (" Call me on 555-0142.", " Mail me at kim.dorvel@example.com.", " See https://example.com/t/4711",
            " My number is +1 555 010 0199.", " Ask o.brenner@example.com about it.")  # fmt: skip
PERSONAL_SHARE = 0.012
TOUCHPOINT_THEMES = {"support": {"support_speed": 3}, "onboarding": {"onboarding": 6},
                     "purchase": {"shipping": 3, "sales": 3}, "upgrade": {"features": 3},
                     "downgrade": {"price": 3, "features": 2}}  # fmt: skip
# theme, polarity, what was done, started, shipped, metric, what is left of the theme's share of comments afterwards
ACTIONS = (
    ("shipping", "negative", "Boxes that survive the journey", "2024-10-07", "2025-02-03", "nps", 0.35),
    ("documentation", "negative", "Rewrite the manual with examples", "2025-03-10", "2025-09-01", "nps", 0.5),
    ("support_speed", "negative", "A second shift at the help desk", "2023-11-06", "2024-04-01", "nps", 1.0),
    ("billing", "negative", "One invoice for all sites", "2024-05-13", "2024-11-18", "nps", 1.0),
    ("reliability", "negative", "Move the database to two sites", "2024-09-02", "2025-06-16", "csat", 1.0),
    ("onboarding", "negative", "Two check-ins within 60 days", "2024-01-15", "2024-02-12", "nps", 1.0),
    ("usability", "neutral", "New start page", "2025-01-20", "2025-05-05", "ces", 1.0),
    ("integrations", "negative", "Notice of 90 days before an API changes", "2025-04-14", "2025-07-07", "nps", 1.0),
    ("product_quality", "positive", "Tell the makers what customers praise", "2025-08-04", "2025-08-25", "nps", 1.0),
    ("features", "negative", "Bulk export", "2025-11-03", "2026-03-09", "nps", 1.0),
    ("price", "negative", "A plan for small teams", "2026-02-02", None, "nps", 1.0),
    ("sales", "negative", "Account managers stay for two years", "2026-04-13", None, "nps", 1.0),
)
NAME_STARTS = ("Bral", "Quen", "Tor", "Velm", "Osk", "Drin", "Pell", "Zar", "Hux", "Marn", "Isk", "Fend")
NAME_ENDS = ("ton", "ova", "dex", "mark", "ium", "wick", "ara", "holt", "ello", "nix", "sund", "ora")
NAME_KINDS = ("Systems", "Works", "Group", "Foods", "Care", "Freight", "Labs", "Textiles")
FIRST_NAMES = ("Avi", "Bela", "Cori", "Dalo", "Emri", "Fenn", "Gita", "Hale", "Ines", "Joss", "Kim", "Lio")
LAST_NAMES = ("Dorvel", "Brenner", "Askel", "Tovani", "Quill", "Marsten", "Oduro", "Pelka", "Sorano", "Vint", "Yarrow")


# ── Small helpers ─────────────────────────────────────────────────────────────────────────────────────────────────


def look_up(frame: pd.DataFrame, column: str, rows: Ints | pd.Series) -> Any:
    """The values of a column at these row numbers."""
    return frame[column].to_numpy()[np.asarray(rows)]


def days_of(iso: str | None) -> int:
    """Days since 1970 of an ISO date; -1 for none."""
    return NONE if iso is None else int(np.datetime64(iso, "D").astype(np.int64))


def weighted(rng: np.random.Generator, weights: Sequence[float] | Floats, count: int) -> Ints:
    """`count` codes drawn with these weights."""
    edges = np.cumsum(np.asarray(weights, dtype=np.float64))
    return np.asarray(np.searchsorted(edges / edges[-1], rng.random(count), side="right"), dtype=np.int64)


def weighted_rows(rng: np.random.Generator, weights: Floats) -> Ints:
    """One code per row of a (rows, codes) matrix of weights."""
    edges = np.cumsum(weights, axis=1)
    return np.asarray((rng.random(len(weights))[:, None] * edges[:, -1:] >= edges).sum(axis=1), dtype=np.int64)


def happens(rng: np.random.Generator, share: float | Floats, count: int) -> Mask:
    """True with this probability."""
    return np.asarray(rng.random(count) < share)


def either(condition: Mask, yes: Any, no: Any = NONE) -> Ints:
    """`np.where` that stays an integer."""
    chosen: Ints = np.where(condition, yes, no).astype(np.int64)
    return chosen


def nps_points(satisfaction: Floats) -> Floats:
    """Expected NPS points (-100..100) of an answer drawn around this satisfaction."""
    points: Floats = np.zeros_like(satisfaction)
    for share, loss in ((1 - BAD_DAY_SHARE, 0.0), (BAD_DAY_SHARE, BAD_DAY)):
        promoter = 1 / (1 + np.exp((8.5 - satisfaction + loss) / ANSWER_SPREAD))
        detractor = 1 / (1 + np.exp((satisfaction - loss - 6.5) / ANSWER_SPREAD))
        points += share * 100 * (promoter - detractor)
    return points


def anniversary(day: Ints, years: Ints) -> Ints:
    """The same day of the month (at most the 28th) some years later."""
    dates = day.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    moved = (months + 12 * years).astype("datetime64[D]") + (dates - months.astype("datetime64[D]"))
    return np.asarray(moved.astype(np.int64))


def keys(prefix: str, numbers: Ints | pd.Series) -> pa.Array:
    """Keys such as A12 from row numbers counted from 0; null where -1."""
    numbers = np.asarray(numbers)
    text = pc.cast(pa.array(numbers + 1, mask=numbers < 0), pa.string())
    return pc.binary_join_element_wise(prefix, text, "")


def labels(vocabulary: Sequence[str | None], codes: Ints | pd.Series) -> pa.Array:
    """The words for the codes; null where -1 or beyond the vocabulary."""
    codes = np.asarray(codes)
    return pa.array(list(vocabulary), pa.string()).take(pa.array(codes, mask=(codes < 0) | (codes >= len(vocabulary))))


def stamps(seconds: Ints | pd.Series) -> pa.Array:
    """UTC timestamps; null where -1."""
    seconds = np.asarray(seconds, dtype=np.int64)
    return pa.array(seconds * 1_000_000, pa.int64(), mask=seconds < 0).view(pa.timestamp("us"))


def midnights(days: Ints | pd.Series) -> pa.Array:
    """The beginning of these days as timestamps; null where never."""
    days = np.asarray(days, dtype=np.int64)
    return stamps(either(days < NEVER, days * DAY))


def dates(days: Ints | pd.Series) -> pa.Array:
    """Dates; null where -1."""
    days = np.asarray(days)
    return pa.array(days.astype(np.int32), pa.int32(), mask=days < 0).view(pa.date32())


def money(amounts: Floats | pd.Series) -> pa.Array:
    """Decimals of two places; null where not a number."""
    amounts = np.asarray(amounts, dtype=np.float64)
    known = ~np.isnan(amounts)
    cents = np.rint(np.where(known, amounts, 0) * 100).astype(np.int64)
    words = np.column_stack([cents, cents >> 63])  # a 128-bit integer is its low and its high 64 bits
    whole = pa.Array.from_buffers(pa.decimal128(18, 2), len(cents), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(pa.array(known), whole, pa.scalar(None, pa.decimal128(18, 2)))


def flags(codes: Ints | Mask) -> pa.Array:
    """Booleans from 1 and 0; null where -1."""
    codes = np.asarray(codes).astype(np.int64)
    return pa.array(codes == 1, pa.bool_(), mask=codes < 0)


def frame(**columns: Any) -> pd.DataFrame:
    """A frame of integer or float columns of the same length."""
    return pd.DataFrame(columns)


def table_of(**columns: pa.Array) -> pa.Table:
    """A finished table; the first column is its key."""
    return pa.table(columns)


def nothing(count: int, kind: pa.DataType) -> pa.Array:
    """A column without a value."""
    return pa.nulls(count, kind)


def morning_after(rng: np.random.Generator, seconds: Ints) -> Ints:
    """When the nightly load brought a row that was complete at this second; not known for a few."""
    load = np.minimum((np.maximum(seconds, OPENS * DAY) // DAY + 1) * DAY + 2 * 3600, LAST_LOAD)
    return either(happens(rng, 0.002, len(load)), NONE, load)


# ── Accounts and what happens to them ─────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Paths:
    """What nobody sees: matrices (accounts, 12 quarters from 2023 Q3).

    satisfaction is on the 0-10 scale, points are the NPS points that it makes an average contact give, price is
    the monthly subscription in the account's currency.
    """

    satisfaction: Floats
    points: Floats
    price: Floats


def draw_moods(rng: np.random.Generator, cohort: Ints) -> Floats:
    """Mood shocks (accounts, 16 quarters from 2022 Q3): constant from one relationship wave to the next."""
    count = len(cohort)
    halves = np.empty((count, 9))
    halves[:, 0] = rng.standard_normal(count)
    for half in range(1, 9):
        fresh = rng.standard_normal(count)
        halves[:, half] = MOOD_MEMORY * halves[:, half - 1] + np.sqrt(1 - MOOD_MEMORY**2) * fresh
    quarter = np.arange(-QUARTERS_BEFORE, QUARTERS)
    return MOOD_SD * np.take_along_axis(halves, (quarter - cohort[:, None]) // 2 + 3, axis=1)


def draw_accounts(scale: float, seed: int, effects: Effects = PLANTED) -> tuple[pd.DataFrame, Paths]:
    """The accounts, and the hidden path of each.

    The frame has one row per account: codes of its attributes, start_month and churn_month (months from July
    2023; a churned account pays nothing from churn_month on), start_day, churn_day and change_day (days since
    1970, NEVER where it does not happen) and what owner, segment and region were before change_day.
    """
    rng = stream(seed, "accounts")
    count = max(round(ACCOUNTS_AT_SCALE_1 * scale), 30)
    is_new = happens(rng, 0.28, count)
    start_month: Ints = np.sort(
        either(is_new, rng.integers(1, 34, count), -1 - np.minimum(rng.exponential(30, count), 90))
    )
    is_new = np.asarray(start_month > 0)
    segment = either(is_new, weighted(rng, SEGMENT_SHARE_NEW, count), weighted(rng, SEGMENT_SHARE_OLD, count))
    country = weighted(rng, COUNTRY_SHARE, count)
    quality = rng.standard_normal(count)
    standing = SEGMENT_SATISFACTION[segment] + REGION_SATISFACTION[COUNTRY_REGION[country]]
    standing += MEAN_SATISFACTION + QUALITY_TO_SATISFACTION * quality
    cohort = standing.argsort(kind="stable").argsort() % 2  # two halves alike, so that quarters can be compared

    accounts = frame(segment=segment, country=country, cohort=cohort, start_month=start_month)
    accounts["region"] = COUNTRY_REGION[country]
    accounts["is_euro"] = COUNTRY_IS_EURO[country]
    paths, churn_month = draw_paths(rng, accounts, quality, standing, effects)
    accounts["churn_month"] = churn_month
    accounts["start_day"] = month_day(start_month) + rng.integers(0, 28, count)
    accounts["churn_day"] = either(churn_month < NEVER, month_day(np.minimum(churn_month, MONTHS)), NEVER)
    describe_accounts(rng, accounts, staff_count(OWNERS_AT_SCALE_1, scale))
    return accounts, paths


def draw_paths(
    rng: np.random.Generator, accounts: pd.DataFrame, quality: Floats, standing: Floats, effects: Effects
) -> tuple[Paths, Ints]:
    """The hidden paths, and the month in which each account leaves.

    quality: standard normal; standing: the account's satisfaction in July 2023 when its mood is neutral.
    """
    count, start_month = len(accounts), accounts["start_month"].to_numpy()
    usual = standing[:, None] + DRIFT_PER_YEAR * np.arange(-QUARTERS_BEFORE, QUARTERS) / 4
    satisfaction = usual + draw_moods(rng, accounts["cohort"].to_numpy())
    points = nps_points(satisfaction)
    above_usual = (points - nps_points(usual)) / 100

    last_four = np.stack([above_usual[:, lag : lag + QUARTERS] for lag in range(QUARTERS_BEFORE)]).mean(axis=0)
    steps = GROWTH_NOISE * rng.standard_normal((count, QUARTERS))
    steps += (GROWTH_PER_YEAR + effects.growth_per_quality * quality)[:, None] / 4
    first_price = SEGMENT_PRICE[accounts["segment"].to_numpy()] * np.exp(0.45 * rng.standard_normal(count))
    price = first_price[:, None] * np.exp(np.cumsum(steps, axis=1))
    price *= np.maximum(1 + effects.price_per_100_points * last_four, 0.2)

    hazard: Floats = CHURN_PER_QUARTER - CHURN_PER_QUALITY * quality[:, None]
    hazard = hazard - effects.churn_per_100_points * above_usual[:, QUARTERS_BEFORE - 1 : -1]
    first_exit = np.maximum(start_month // 3 + 2, 1)
    leaves: Any = (rng.random((count, QUARTERS)) < hazard) & (np.arange(QUARTERS) >= first_exit[:, None])
    churn_month = 3 * leaves.argmax(axis=1) + rng.integers(0, 3, count)
    churn_month = either(leaves.any(axis=1), churn_month, NEVER)

    return Paths(satisfaction[:, QUARTERS_BEFORE:], points[:, QUARTERS_BEFORE:], price), churn_month


def describe_accounts(rng: np.random.Generator, accounts: pd.DataFrame, owners: int) -> None:
    """Add the attributes that move nothing, and the change that about a third of the accounts went through."""
    count = len(accounts)
    segment, start = accounts["segment"].to_numpy(), accounts["start_day"].to_numpy()
    accounts["size"] = np.clip(2 - segment + rng.integers(0, 2, count), 0, 3)
    accounts["industry"] = rng.integers(0, len(INDUSTRIES), count)
    accounts["source"] = weighted(rng, SOURCE_SHARE, count)
    accounts["owner"] = rng.integers(0, owners, count)
    accounts["has_plan"] = happens(rng, 0.3, count)
    head = either(segment == 0, np.arange(count))
    heads = head[head >= 0]
    is_child = (segment > 0) & happens(rng, 0.12, count) & (len(heads) > 0)
    accounts["parent"] = either(is_child, rng.choice(heads, count) if len(heads) else NONE)

    end = np.minimum(accounts["churn_day"].to_numpy(), CLOSES)
    first = np.maximum(start, OPENS) + 20
    change = first + ((end - 20 - first) * rng.random(count)).astype(np.int64)
    what = weighted(rng, (66, 20, 10, 4), count)  # nothing, owner, segment, region
    what = either(end - 20 > first, what, 0)
    accounts["change_day"] = either(what > 0, change, NEVER)
    accounts["owner_before"] = either(what == 1, rng.integers(0, owners, count), accounts["owner"])
    accounts["segment_before"] = either(what == 2, np.minimum(segment + 1, 2), segment)
    accounts["region_before"] = either(what == 3, rng.integers(0, len(REGIONS), count), accounts["region"])


def monthly_price(accounts: pd.DataFrame, paths: Paths) -> Floats:
    """Subscription of each account in each of the 36 months (accounts, months), 0 when it is no customer."""
    month = np.arange(MONTHS)[:, None]
    is_customer = (month >= accounts["start_month"].to_numpy()) & (month < accounts["churn_month"].to_numpy())
    return np.asarray(np.repeat(paths.price, 3, axis=1) * is_customer.T)


def draw_contacts(rng: np.random.Generator, accounts: pd.DataFrame) -> pd.DataFrame:
    """One row per contact: account, role, bias (on the 0-10 scale), and days of being created and unsubscribed."""
    low, high = SEGMENT_CONTACTS[accounts["segment"].to_numpy()].T
    per_account = rng.integers(low, high + 1)
    account = np.repeat(np.arange(len(accounts)), per_account)
    count = len(account)
    is_first = np.r_[True, account[1:] != account[:-1]]
    role = either(is_first & happens(rng, 0.85, count), 0, weighted(rng, (10, 30, 50, 10), count))
    start = look_up(accounts, "start_day", account)
    created = np.minimum(start + either(is_first, 0, rng.exponential(120, count)), CLOSES - 1)
    end = np.minimum(look_up(accounts, "churn_day", account), CLOSES)
    silent = either(happens(rng, 0.82, count), rng.exponential(12, count), rng.integers(90, 500, count))
    unsubscribed = created + rng.integers(10, 1200, count)
    leaves_list = happens(rng, 0.07, count) & (unsubscribed < CLOSES)
    return frame(
        account=account,
        role=either(role < len(ROLES), role),
        bias=CONTACT_SD * rng.standard_normal(count),
        created=created,
        unsubscribed=either(leaves_list, unsubscribed, NEVER),
        last_active=np.maximum(end - 1 - silent, created) * DAY + rng.integers(6 * 3600, 20 * 3600, count),
        language=either(happens(rng, 0.75, count), COUNTRY_LANGUAGE[look_up(accounts, "country", account)], 0),
    )


def staff_count(at_scale_1: int, scale: float) -> int:
    """Staff grow with the square root of the scale."""
    return max(round(at_scale_1 * float(np.sqrt(scale))), 4)


# ── Invitations and answers ───────────────────────────────────────────────────────────────────────────────────────


def occasions(contact: Ints, day: Ints, touchpoint: str | None) -> pd.DataFrame:
    """Reasons to invite a contact on a day; no touchpoint means the relationship survey."""
    code = NONE if touchpoint is None else TOUCHPOINTS.index(touchpoint)
    return frame(contact=contact, day=day, touchpoint=np.full(len(contact), code))


def relationship_occasions(rng: np.random.Generator, accounts: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """Three in four contacts twice a year: half of the accounts in one quarter, the other half in the next."""
    cohort = look_up(accounts, "cohort", contacts["account"].to_numpy())
    waves = []
    for wave in range(QUARTERS // 2):
        day = month_day(3 * (2 * wave + cohort)) + 20 + rng.integers(0, 30, len(contacts))
        asked = happens(rng, 0.75, len(contacts))
        waves.append(occasions(np.flatnonzero(asked), day[asked], None))
    return pd.concat(waves, ignore_index=True)


def touchpoint_occasions(
    rng: np.random.Generator, accounts: pd.DataFrame, contacts: pd.DataFrame, paths: Paths
) -> pd.DataFrame:
    """Support and purchases at any time, onboarding after the start, upgrade and downgrade when the price moves."""
    count = len(contacts)
    anytime = []
    for touchpoint, per_contact in (("support", 5.0), ("purchase", 2.0)):
        total = round(per_contact * count)
        anytime.append(occasions(rng.integers(0, count, total), rng.integers(OPENS, CLOSES, total), touchpoint))
    account = contacts["account"].to_numpy()
    start = look_up(accounts, "start_day", account)
    onboarded = np.flatnonzero((start >= OPENS) & happens(rng, 0.8, count))
    onboarding = occasions(onboarded, start[onboarded] + rng.integers(30, 50, len(onboarded)), "onboarding")

    first_contact = np.searchsorted(account, np.arange(len(accounts)))
    contacts_of = np.bincount(account, minlength=len(accounts))
    moves = paths.price[:, 1:] / paths.price[:, :-1]
    moved = []
    for touchpoint, is_move in (("upgrade", moves > 1.10), ("downgrade", moves < 0.97)):
        who, quarter = np.nonzero(is_move)
        contact = first_contact[who] + (rng.random(len(who)) * contacts_of[who]).astype(np.int64)
        moved.append(occasions(contact, month_day(3 * (quarter + 1)) + rng.integers(0, 30, len(who)), touchpoint))
    return pd.concat([*anytime, onboarding, *moved], ignore_index=True)


def reachable(occasion: pd.DataFrame, accounts: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    """Those at which the contact existed, was not unsubscribed and belonged to a paying customer."""
    contact = occasion["contact"].to_numpy()
    day = occasion["day"].to_numpy()
    account = look_up(contacts, "account", contact)
    last = np.minimum(look_up(accounts, "churn_day", account), look_up(contacts, "unsubscribed", contact))
    keep = (day > look_up(contacts, "created", contact)) & (day > look_up(accounts, "start_day", account) + 14)
    kept: pd.DataFrame = occasion[keep & (day < np.minimum(last, CLOSES))]
    return kept


def rested(rng: np.random.Generator, occasion: pd.DataFrame) -> pd.DataFrame:
    """Drop most transactional invitations within 90 days of the occasion before; the rest breach the cooldown."""
    ordered = occasion.sort_values(["contact", "day", "touchpoint"], kind="stable")
    is_soon = (ordered["contact"].diff() == 0) & (ordered["day"].diff() < 90)
    spared = is_soon.to_numpy() & (ordered["touchpoint"].to_numpy() >= 0) & happens(rng, 0.8, len(ordered))
    return ordered[~spared]


def draw_invitations(
    rng: np.random.Generator, accounts: pd.DataFrame, contacts: pd.DataFrame, paths: Paths, agents: int
) -> pd.DataFrame:
    """One row per invitation in the order of sending: who, which survey, channel, agent, and seconds of sending."""
    wave, touch = relationship_occasions(rng, accounts, contacts), touchpoint_occasions(rng, accounts, contacts, paths)
    invitations = rested(rng, reachable(pd.concat([wave, touch], ignore_index=True), accounts, contacts))
    count = len(invitations)
    invitations["sent"] = invitations["day"] * DAY + rng.integers(7 * 3600, 19 * 3600, count)
    invitations = invitations.sort_values(["sent", "contact"], kind="stable", ignore_index=True)
    invitations["account"] = look_up(contacts, "account", invitations["contact"].to_numpy())
    touchpoint = invitations["touchpoint"].to_numpy()
    progress = (invitations["day"].to_numpy() - OPENS) / (CLOSES - OPENS)
    survey, channel = np.full(count, SURVEY["rel"]), np.zeros(count, dtype=np.int64)
    for name, (first, last) in CHANNEL_SHARES.items():
        rows = np.flatnonzero(touchpoint == (TOUCHPOINTS.index(name) if name in TOUCHPOINTS else NONE))
        shares = np.array(first) + progress[rows, None] * (np.array(last) - np.array(first))
        channel[rows] = weighted_rows(rng, shares)
        if name in TOUCHPOINT_SURVEYS:
            choices, odds = TOUCHPOINT_SURVEYS[name]
            survey[rows] = np.array([SURVEY[choice] for choice in choices])[weighted(rng, odds, len(rows))]
    is_support = touchpoint == TOUCHPOINTS.index("support")
    mode = weighted_rows(rng, CHANNEL_MODES[channel])
    invitations["survey"], invitations["channel"] = survey, channel
    invitations["mode"] = either(is_support, mode)
    invitations["agent"] = either(is_support & (mode > 0), rng.integers(0, agents, count))
    return invitations


def answer_invitations(
    rng: np.random.Generator, invitations: pd.DataFrame, contacts: pd.DataFrame, paths: Paths, agents: int
) -> pd.DataFrame:
    """Add what became of each invitation: delivered, opened, bounced and answered (seconds, -1 for never), felt.

    `felt` is the satisfaction at the occasion. The unhappy answer less, unhappy decision makers least.
    """
    count = len(invitations)
    contact, channel = invitations["contact"].to_numpy(), invitations["channel"].to_numpy()
    touchpoint, agent, mode = (invitations[name].to_numpy() for name in ("touchpoint", "agent", "mode"))
    sent = invitations["sent"].to_numpy()
    month = sent.astype("datetime64[s]").astype("datetime64[M]") - FIRST_MONTH
    felt = paths.satisfaction[invitations["account"].to_numpy(), month.astype(np.int64) // 3]
    felt = felt + look_up(contacts, "bias", contact) + rng.logistic(0, ANSWER_SPREAD, count)
    felt -= BAD_DAY * happens(rng, BAD_DAY_SHARE, count)
    felt += CHANNEL_SATISFACTION[channel] + np.where(touchpoint >= 0, TOUCHPOINT_SATISFACTION[touchpoint], 0)
    felt += np.where(mode >= 0, MODE_SATISFACTION[mode], 0)
    felt += np.where(agent >= 0, (AGENT_SD * rng.standard_normal(agents))[agent], 0)

    is_sour = (look_up(contacts, "role", contact) == 0) & (felt < 6.5)
    chance = np.clip(CHANNEL_RESPONSE[channel] + 0.025 * (felt - 8) - 0.14 * is_sour, 0.05, 0.9)
    incentive = happens(rng, 0.06, count)
    bounces = happens(rng, 0.03, count) & (channel <= CHANNELS.index("sms"))
    wait = either(happens(rng, 0.03, count), rng.uniform(14, 45, count) * DAY, rng.exponential(1.1 * DAY, count) + 60)
    answers = happens(rng, chance + 0.08 * incentive, count) & ~bounces & (sent + wait < CLOSES * DAY)
    answered = either(answers, sent + wait)
    opened = either(happens(rng, 0.35, count) & ~bounces, sent + rng.exponential(DAY, count) + 30)
    opened = either(answered >= 0, answered - np.minimum(rng.integers(20, 900, count), wait - 10), opened)
    invitations["felt"], invitations["answered"] = felt, answered
    invitations["incentive"] = either(incentive, 1)
    invitations["opened"] = either(opened < CLOSES * DAY, opened)
    invitations["bounced"] = either(bounces, sent + rng.integers(1, 60, count))
    invitations["delivered"] = either(~bounces, sent + rng.integers(0, 10, count))
    return invitations


def uninvited_answers(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """On-demand answers: nobody was invited and nobody said who they are; a few gave an account we do not know."""
    days = rng.integers(OPENS, CLOSES, count)
    return frame(
        survey=np.full(count, SURVEY["soc"]),
        channel=np.where(happens(rng, 0.6, count), CHANNELS.index("social"), CHANNELS.index("web")),
        answered=days * DAY + rng.integers(0, DAY, count),
        felt=rng.normal(7.6, 2.6, count),
        stranger=either(happens(rng, 0.04, count), rng.integers(900_000, 999_999, count)),
    )


def employee_answers(rng: np.random.Generator, scale: float) -> pd.DataFrame:
    """Quarterly answers of the teams: no contact, account, agent or invitation, and only the day."""
    sizes = np.array([max(round(size * scale), 6) for size in EMPLOYEE_TEAM_SIZE[:-1]] + [EMPLOYEE_TEAM_SIZE[-1]])
    quarter, member = np.divmod(np.arange(QUARTERS * sizes.sum()), sizes.sum())
    team = np.repeat(np.arange(len(sizes)), sizes)[member]
    answers = frame(
        survey=SURVEY["emp"],
        team=team,
        answered=(month_day(3 * quarter) + rng.integers(60, 75, len(team))) * DAY,
        felt=EMPLOYEE_SATISFACTION[team] + 0.1 * quarter / 4 + rng.normal(0, 1.7, len(team)),
    )
    return answers[happens(rng, 0.72, len(team))]


def collect_answers(
    rng: np.random.Generator, invitations: pd.DataFrame, contacts: pd.DataFrame, scale: float
) -> pd.DataFrame:
    """All answers in the order of answering, with integer columns where -1 means none."""
    invited = invitations[invitations["answered"] >= 0].copy()
    invited["invitation"] = invited.index
    invited["language"] = look_up(contacts, "language", invited["contact"].to_numpy())
    others = [uninvited_answers(rng, round(0.85 * ACCOUNTS_AT_SCALE_1 * scale)), employee_answers(rng, scale)]
    columns = ["survey", "invitation", "contact", "account", "stranger", "channel", "touchpoint", "agent", "mode",
               "answered", "felt", "team", "language"]  # fmt: skip
    parts = [part.reindex(columns=columns, fill_value=NONE) for part in (invited, *others)]
    answers = pd.concat(parts, ignore_index=True).sort_values(["answered", "felt"], kind="stable", ignore_index=True)
    answers["score"] = scores(answers["survey"].to_numpy(), answers["felt"].to_numpy())
    count = len(answers)
    answers["is_unfinished"], answers["is_excluded"] = happens(rng, 0.02, count), happens(rng, 0.012, count)
    answers["is_blank"] = happens(rng, np.where(answers["is_unfinished"], 0.5, 0.01), count)
    return answers


def scores(survey: Ints, felt: Floats) -> Ints:
    """The whole number that a feeling on 0-10 becomes on the scale of each survey."""
    low = np.array([row[5] for row in SURVEYS])[survey]
    high = np.array([row[6] for row in SURVEYS])[survey]
    is_nps = np.array([row[3] == "nps" for row in SURVEYS])[survey]
    is_reversed = np.array([row[7] == "lower_is_better" for row in SURVEYS])[survey]
    stretched = np.where(is_nps, felt, low + (felt - 1) / 9 * (high - low))
    score = np.clip(np.rint(stretched), low, high).astype(np.int64)
    return either(is_reversed, low + high - score, score)


# ── Wording ───────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Phrases:
    """All phrases in one list; where those of a (kind, language, theme) begin and how many there are.

    Kinds are 0 blame, 1 praise, 2 wish. `first` and `count` have the shape (kinds, languages, themes).
    """

    text: list[str]
    first: Ints
    count: Ints


def phrase_book() -> Phrases:
    """The phrases of every language; a theme without translation has count 0."""
    text: list[str] = []
    first = np.zeros((3, len(LANGUAGES), len(THEMES)), dtype=np.int64)
    count = np.zeros_like(first)
    for code, language in enumerate(LANGUAGES):
        for column, theme in enumerate(THEMES):
            _, praise, blame, wish = ENGLISH[theme]
            if language != "en":
                words = TRANSLATED[language].get(theme)
                praise, blame, wish = ((word,) for word in words) if words else ((), (), ())
            for kind, phrases in enumerate((blame, praise, wish)):
                first[kind, code, column], count[kind, code, column] = len(text), len(phrases)
                text.extend(phrases)
    return Phrases(text, first, count)


def theme_weights(touchpoint: str | None, era: int) -> Floats:
    """Weights (moods, themes) after the first `era` of the actions that change what people talk about."""
    weights = np.array([ENGLISH[theme][0] for theme in THEMES], dtype=np.float64).T
    for theme, factor in TOUCHPOINT_THEMES.get(touchpoint or "", {}).items():
        weights[:, THEMES.index(theme)] *= factor
    for theme, _, _, _, _, _, left in [action for action in ACTIONS if action[6] < 1][:era]:
        weights[:, THEMES.index(theme)] *= left
    return weights


def draw_themes(rng: np.random.Generator, answers: pd.DataFrame, mood: Ints, book: Phrases) -> Ints:
    """The theme of each answer, by mood, touchpoint, language and what was already shipped."""
    ships = [days_of(action[4]) * DAY for action in ACTIONS if action[6] < 1]
    era = np.searchsorted(ships, answers["answered"].to_numpy(), side="right")
    eras = range(len(ships) + 1)
    table = np.stack([[theme_weights(name, shipped) for shipped in eras] for name in (*TOUCHPOINTS, None)])
    # No touchpoint is -1, which is the last row of the table.
    weights = table[answers["touchpoint"].to_numpy(), era, mood]
    return weighted_rows(rng, weights * (book.count[2] > 0)[answers["language"].to_numpy()])


def word(rng: np.random.Generator, book: Phrases, kind: Ints, language: Ints, theme: Ints) -> pa.Array:
    """A phrase per row."""
    offset = (rng.random(len(kind)) * book.count[kind, language, theme]).astype(np.int64)
    return pa.array(book.text).take(pa.array(book.first[kind, language, theme] + offset))


def choose(rng: np.random.Generator, options: Sequence[Sequence[str]], group: Ints) -> pa.Array:
    """One of the options of the row's group."""
    sizes = np.array([len(option) for option in options])
    starts = np.cumsum(sizes) - sizes
    offset = (rng.random(len(group)) * sizes[group]).astype(np.int64)
    return pa.array([text for option in options for text in option]).take(pa.array(starts[group] + offset))


def draw_comments(rng: np.random.Generator, answers: pd.DataFrame) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Why (opener, phrase, closer), what to improve (a wish), and the language; null where nothing was written."""
    count = len(answers)
    book = phrase_book()
    felt, language = answers["felt"].to_numpy(), answers["language"].to_numpy()
    has_person = answers["survey"].to_numpy() != SURVEY["emp"]
    answers = answers.assign(language=np.maximum(language, 0))
    language = answers["language"].to_numpy()
    mood = np.digitize(felt, (6.5, 8.5)).astype(np.int64)
    theme = draw_themes(rng, answers, mood, book)
    praise = either(mood == 1, rng.integers(0, 2, count), either(mood == 2, 1, 0))
    personal = labels(("", *PERSONAL), either(happens(rng, PERSONAL_SHARE, count), rng.integers(1, 6, count), 0))
    reason = pc.binary_join_element_wise(
        choose(rng, [OPENERS[name] for name in LANGUAGES], language),
        word(rng, book, praise, language, theme),
        choose(rng, [*CLOSERS, (".",)], either(language > 0, len(CLOSERS), mood)),
        personal,
        "",
    )
    wished = either(happens(rng, 0.5, count), theme, draw_themes(rng, answers, mood, book))
    wish = word(rng, book, np.full(count, 2), language, wished)
    is_said = has_person & happens(rng, np.where(mood == 0, 0.72, 0.5), count)
    is_wished = has_person & happens(rng, np.where(mood == 0, 0.55, 0.33), count)
    empty = pa.scalar(None, pa.string())
    spoken = labels(LANGUAGES, either(is_said | is_wished, language))
    return pc.if_else(pa.array(is_said), reason, empty), pc.if_else(pa.array(is_wished), wish, empty), spoken


# ── Tables: surveys ───────────────────────────────────────────────────────────────────────────────────────────────


def survey_definitions() -> pa.Table:
    """One row per survey."""
    names = ("survey_id", "survey_name", "program_type", "metric", "question_text", "scale_min", "scale_max",
             "scale_direction", "counts_as_nps")  # fmt: skip
    table = pa.table(dict(zip(names, map(list, zip(*SURVEYS, strict=True)), strict=True)))
    made = np.full(len(SURVEYS), (OPENS - 30) * DAY)
    return table.append_column("updated_at", stamps(made)).append_column("loaded_at", stamps(made + 7200))


def survey_invitations(rng: np.random.Generator, invitations: pd.DataFrame) -> pa.Table:
    """One row per invitation."""
    last_event = invitations[["sent", "delivered", "opened"]].max(axis=1).to_numpy()
    return table_of(
        invitation_id=keys("I", invitations.index.to_numpy()),
        survey_id=labels(list(SURVEY), invitations["survey"]),
        contact_id=keys("C", invitations["contact"]),
        account_id=keys("A", invitations["account"]),
        channel=labels(CHANNELS, invitations["channel"]),
        touchpoint=labels(TOUCHPOINTS, invitations["touchpoint"]),
        agent_id=keys("G", invitations["agent"]),
        has_incentive=flags(invitations["incentive"].to_numpy()),
        sent_at=stamps(invitations["sent"]),
        delivered_at=stamps(invitations["delivered"]),
        opened_at=stamps(invitations["opened"]),
        bounced_at=stamps(invitations["bounced"]),
        loaded_at=stamps(morning_after(rng, last_event)),
    )


def survey_responses(rng: np.random.Generator, answers: pd.DataFrame) -> pa.Table:
    """One row per answer: a few are unfinished, excluded or without a score, some arrive weeks late."""
    count = len(answers)
    is_excluded, is_blank = answers["is_excluded"].to_numpy(), answers["is_blank"].to_numpy()
    score = pc.cast(pa.array(answers["score"].to_numpy(), mask=is_blank), pa.string())
    score = pc.if_else(pa.array(is_blank & happens(rng, 0.3, count)), " ", score)  # blank either way
    reason, improve, language = draw_comments(rng, answers)
    answered = answers["answered"].to_numpy()
    arrives = answered + either(happens(rng, 0.02, count), rng.integers(5, 40, count), 0) * DAY
    stranger = answers["stranger"].to_numpy()
    return table_of(
        response_id=keys("R", answers.index.to_numpy()),
        survey_id=labels(list(SURVEY), answers["survey"]),
        invitation_id=keys("I", answers["invitation"]),
        contact_id=keys("C", either(stranger >= 0, stranger, answers["contact"])),
        account_id=keys("A", either(stranger >= 0, stranger, answers["account"])),
        channel=labels(CHANNELS, answers["channel"]),
        touchpoint=labels(TOUCHPOINTS, answers["touchpoint"]),
        agent_id=keys("G", answers["agent"]),
        resolution_mode=labels(MODES, answers["mode"]),
        answered_at=stamps(answered),
        score=score,
        is_complete=flags(~answers["is_unfinished"].to_numpy()),
        is_excluded=flags(either(is_excluded, 1)),
        exclusion_reason=labels(EXCLUSIONS, either(is_excluded, rng.integers(0, len(EXCLUSIONS), count))),
        verbatim_reason=reason,
        verbatim_improve=improve,
        language=language,
        employee_team=labels(EMPLOYEE_TEAMS, answers["team"]),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=nothing(count, pa.timestamp("us")),
        loaded_at=stamps(morning_after(rng, arrives)),
    )


# ── Tables: customers ─────────────────────────────────────────────────────────────────────────────────────────────


def crm_accounts(rng: np.random.Generator, accounts: pd.DataFrame) -> pa.Table:
    """One row per version: as created, after a change of owner, segment or region, and when the account leaves."""
    number = np.arange(len(accounts))
    changed, churned = accounts["change_day"].to_numpy(), accounts["churn_day"].to_numpy()
    name = rng.integers(0, 10**6, len(accounts))
    first = accounts.assign(number=number, at=accounts["start_day"], left=NEVER)
    was = changed < NEVER
    for column in ("owner", "segment", "region"):
        first[column] = either(was, accounts[f"{column}_before"], accounts[column])
    second = accounts.assign(number=number, at=changed, left=NEVER)[was]
    third = accounts.assign(number=number, at=churned, left=churned)[churned < NEVER]
    rows = pd.concat([first, second, third], ignore_index=True)
    count, at = len(rows), rows["at"].to_numpy() * DAY + rng.integers(8 * 3600, 17 * 3600, len(rows))
    at = np.minimum(at, CLOSES * DAY - 1)
    return table_of(
        account_id=keys("A", rows["number"]),
        account_name=pc.binary_join_element_wise(
            labels(NAME_STARTS, name[rows["number"]] % len(NAME_STARTS)),
            labels(NAME_ENDS, name[rows["number"]] // 100 % len(NAME_ENDS)),
            labels([f" {kind}" for kind in NAME_KINDS], name[rows["number"]] // 10_000 % len(NAME_KINDS)),
            "",
        ),
        parent_account_id=keys("A", rows["parent"]),
        industry=labels(INDUSTRIES, rows["industry"]),
        segment=labels(SEGMENTS, rows["segment"]),
        size_band=labels(SIZE_BANDS, rows["size"]),
        region=labels(REGIONS, rows["region"]),
        country_code=labels(COUNTRIES, rows["country"]),
        owner_id=keys("U", rows["owner"]),
        acquisition_source=labels(SOURCES, rows["source"]),
        created_at=midnights(rows["start_day"]),
        churned_at=midnights(rows["left"]),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=stamps(at),
        loaded_at=stamps(morning_after(rng, at)),
    )


def crm_contacts(rng: np.random.Generator, contacts: pd.DataFrame) -> pa.Table:
    """One row per contact; names are drawn from invented words, mail goes to example.com."""
    count = len(contacts)
    first, last = rng.integers(0, len(FIRST_NAMES), count), rng.integers(0, len(LAST_NAMES), count)
    number = pc.cast(pa.array(np.arange(1, count + 1)), pa.string())
    created = contacts["created"].to_numpy() * DAY
    return table_of(
        contact_id=keys("C", np.arange(count)),
        account_id=keys("A", contacts["account"]),
        email=pc.binary_join_element_wise(pc.utf8_lower(labels(FIRST_NAMES, first)), number, "@example.com", ""),
        full_name=pc.binary_join_element_wise(labels(FIRST_NAMES, first), labels(LAST_NAMES, last), " "),
        buying_role=labels(ROLES, contacts["role"]),
        created_at=stamps(created),
        last_active_at=stamps(either(happens(rng, 0.03, count), NONE, contacts["last_active"])),
        unsubscribed_at=midnights(contacts["unsubscribed"]),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=nothing(count, pa.timestamp("us")),
        loaded_at=stamps(morning_after(rng, created)),
    )


def crm_users(rng: np.random.Generator, owners: int, agents: int) -> pa.Table:
    """One row per member of staff: owners U…, support agents G…."""
    count = owners + agents
    person = np.arange(count)
    team = np.r_[np.arange(owners) % len(OWNER_TEAMS), len(OWNER_TEAMS) + np.arange(agents) % len(AGENT_TEAMS)]
    names = [f"{FIRST_NAMES[i % len(FIRST_NAMES)]} {LAST_NAMES[i // 3 % len(LAST_NAMES)]}" for i in person]
    hired = np.full(count, (OPENS - 1) * DAY)
    return table_of(
        user_id=pa.concat_arrays([keys("U", np.arange(owners)), keys("G", np.arange(agents))]),
        user_name=pa.array(names),
        team=labels((*OWNER_TEAMS, *AGENT_TEAMS), team),
        hourly_cost=money(rng.integers(32, 90, count).astype(np.float64)),
        is_active=flags(either(happens(rng, 0.05, count), 0, 1)),
        updated_at=stamps(hired),
        loaded_at=stamps(morning_after(rng, hired)),
    )


def draw_contracts(accounts: pd.DataFrame) -> pd.DataFrame:
    """One row per contract year that touches the ledger or renews within 90 days after it: account, start, end."""
    start = accounts["start_day"].to_numpy()
    churn = accounts["churn_day"].to_numpy()
    years = []
    for year in range(12):
        begin = anniversary(start, np.full(len(start), year))
        end = anniversary(start, np.full(len(start), year + 1)) - 1
        touches = (end >= OPENS) & (begin < np.minimum(churn, CLOSES + 90))
        years.append(frame(account=np.flatnonzero(touches), start=begin[touches], end=end[touches]))
    return pd.concat(years, ignore_index=True).sort_values(["start", "account"], kind="stable", ignore_index=True)


def crm_contracts(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths, contracts: pd.DataFrame) -> pa.Table:
    """One row per contract; those that start after the as-of date are pending renewals."""
    account = contracts["account"].to_numpy()
    start, end = contracts["start"].to_numpy(), contracts["end"].to_numpy()
    churn = look_up(accounts, "churn_day", account)
    status = either(churn <= end, 2, either(end < CLOSES, 1, either(start < CLOSES, 0, 3)))
    signed = np.minimum(np.maximum(start - 10, OPENS - 400), CLOSES - 1) * DAY
    return table_of(
        contract_id=keys("K", contracts.index.to_numpy()),
        account_id=keys("A", account),
        start_date=dates(start),
        end_date=dates(end),
        annual_amount=money(12 * np.rint(paths.price[account, quarter_of(start)])),
        currency=labels(("EUR",), either(look_up(accounts, "is_euro", account), 0)),
        status=labels(("active", "expired", "cancelled", "pending"), status),
        updated_at=stamps(signed),
        loaded_at=stamps(morning_after(rng, signed)),
    )


def quarter_of(day: Ints) -> Ints:
    """The column of a matrix of 12 quarters that holds this day, or the nearest one."""
    month = day.astype("datetime64[D]").astype("datetime64[M]") - FIRST_MONTH
    return np.asarray(np.clip(month.astype(np.int64) // 3, 0, QUARTERS - 1))


# ── Tables: money ─────────────────────────────────────────────────────────────────────────────────────────────────

REVENUE_TYPES = ("subscription", "sales", "services", "other")
MARGINS = (0.68, 0.4, 0.45, 0.4)


def lines(account: Ints, start: Ints, end: Ints, amount: Floats, kind: str) -> pd.DataFrame:
    """Ledger lines in the account's currency. Subscriptions are collected and sales paid at once: no invoice."""
    code = REVENUE_TYPES.index(kind)
    return frame(
        account=account,
        start=start,
        end=end,
        amount=amount,
        cost=np.rint((1 - MARGINS[code]) * amount),
        type=np.full(len(account), code),
        is_invoiced=np.full(len(account), code > 1),
    )


def subscription_lines(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths) -> list[pd.DataFrame]:
    """A line per account and month, credits for some, and a month or two booked ahead of the as-of date."""
    price = np.rint(monthly_price(accounts, paths))
    account, month = np.nonzero(price)
    monthly = lines(account, month_day(month), month_day(month + 1) - 1, price[account, month], "subscription")
    credited = np.flatnonzero(happens(rng, 0.03, len(account)))
    refund = -np.rint(look_up(monthly, "amount", credited) * rng.uniform(0.05, 0.4, len(credited)))
    credits = monthly.iloc[credited].assign(amount=refund, cost=0.0, is_invoiced=True)
    ahead = np.flatnonzero((price[:, -1] > 0) & happens(rng, 0.12, len(price)))
    booked = []
    for months_ahead in (0, 1):
        who = ahead if months_ahead == 0 else ahead[~look_up(accounts, "is_euro", ahead)]  # no euro rate after July
        start = np.full(len(who), month_day(MONTHS + months_ahead))
        end = np.full(len(who), month_day(MONTHS + months_ahead + 1) - 1)
        booked.append(lines(who, start, end, price[who, -1], "subscription"))
    return [monthly, credits, *booked]


def occasional_lines(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths) -> list[pd.DataFrame]:
    """One-off sales on a day, projects that run for weeks from mid-month, returned goods, and a few others."""
    price = monthly_price(accounts, paths)
    made = []
    for kind, rate, size, longest in (("sales", 0.30, 0.25, 1), ("services", 0.05, 1.1, 75), ("other", 0.015, 0.1, 1)):
        account, month = np.nonzero((price > 0) & (rng.random(price.shape) < rate))
        start = month_day(month) + rng.integers(0, 28, len(account))
        churn = look_up(accounts, "churn_day", account)
        last = np.minimum(churn, CLOSES) - 1
        end = np.minimum(start + rng.integers(1, longest + 1, len(account)) - 1, last)
        amount = np.round(size * price[account, month] * np.exp(0.4 * rng.standard_normal(len(account))), 2)
        made.append(lines(account, start, np.maximum(start, end), amount, kind))
    sales = made[0]
    returned = np.flatnonzero(happens(rng, 0.03, len(sales)) & (sales["start"].to_numpy() < CLOSES - 15))
    back = sales.iloc[returned]
    day = back["start"] + 14
    return [*made, back.assign(start=day, end=day, amount=-back["amount"], cost=-back["cost"])]


def plan_lines(accounts: pd.DataFrame, paths: Paths, contracts: pd.DataFrame) -> pd.DataFrame:
    """Support plans paid a year ahead, from the anniversary on, cut where the ledger opens or the account leaves."""
    bought = contracts[(contracts["start"] < CLOSES) & look_up(accounts, "has_plan", contracts["account"].to_numpy())]
    account, start, end = (bought[name].to_numpy() for name in ("account", "start", "end"))
    churn = look_up(accounts, "churn_day", account)
    last_rate = int(month_day(MONTHS + 1)) - 1
    from_day = np.maximum(start, OPENS)
    to_day = np.minimum(end, churn - 1)
    to_day = np.minimum(to_day, either(look_up(accounts, "is_euro", account), last_rate, NEVER))
    yearly = 12 * 0.08 * paths.price[account, quarter_of(start)]
    amount = np.round(yearly * (to_day - from_day + 1) / (end - start + 1), 2)
    kept: pd.DataFrame = lines(account, from_day, to_day, amount, "services")[to_day >= from_day]
    return kept


def crm_revenue(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths, contracts: pd.DataFrame) -> pa.Table:
    """One row per line of the ledger, in the order of service."""
    every = [*subscription_lines(rng, accounts, paths), *occasional_lines(rng, accounts, paths)]
    every.append(plan_lines(accounts, paths, contracts))
    ledger = pd.concat(every, ignore_index=True)
    ledger = ledger.sort_values(["start", "account", "type"], kind="stable", ignore_index=True)
    count = len(ledger)
    account, start = ledger["account"].to_numpy(), ledger["start"].to_numpy()
    is_dollar_named = happens(rng, 0.1, count)
    currency = either(look_up(accounts, "is_euro", account), 0, either(is_dollar_named, 1))
    cost = np.where(happens(rng, 0.02, count), np.nan, ledger["cost"].to_numpy())
    entered = np.minimum(start, CLOSES - 1) * DAY
    return table_of(
        revenue_id=keys("L", ledger.index.to_numpy()),
        account_id=keys("A", account),
        period_start=dates(start),
        period_end=dates(ledger["end"]),
        amount=money(ledger["amount"]),
        cost=money(cost),
        currency=labels(("EUR", "USD"), currency),
        revenue_type=labels(REVENUE_TYPES, ledger["type"]),
        invoiced_at=stamps(either(ledger["is_invoiced"].to_numpy(), entered)),
        is_deleted=nothing(count, pa.bool_()),
        updated_at=nothing(count, pa.timestamp("us")),
        loaded_at=stamps(morning_after(rng, entered)),
    )


def exchange_rates() -> pa.Table:
    """Dollars per euro in each month from July 2023 to July 2026."""
    month = np.arange(MONTHS + 1)
    rate = np.round(1.09 + 0.04 * np.sin(month / 5.0) + 0.001 * month, 4)
    loaded = np.minimum(month_day(month) * DAY + 2 * 3600, LAST_LOAD)
    return table_of(
        month=dates(month_day(month)),
        currency=pa.array(["EUR"] * len(month)),
        rate=pa.array([Decimal(f"{value:.4f}") for value in rate], pa.decimal128(12, 4)),
        loaded_at=stamps(loaded),
    )


# ── Tables: the loop ──────────────────────────────────────────────────────────────────────────────────────────────


def draw_cases(rng: np.random.Generator, answers: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Follow-ups of most detractors: answer, owner and seconds of opening, first contact and closing (-1: not yet).

    Whether and when somebody calls does not depend on the mood, and calling moves nothing: no effect is planted.
    """
    is_nps = np.array([survey[8] is True for survey in SURVEYS])[answers["survey"].to_numpy()]
    due = is_nps & (answers["score"].to_numpy() <= 6) & (answers["account"].to_numpy() >= 0)
    due &= ~answers[["is_unfinished", "is_excluded", "is_blank"]].to_numpy().any(axis=1)
    answer = np.flatnonzero(due & happens(rng, 0.88, len(answers)))
    count = len(answer)
    answered = look_up(answers, "answered", answer)
    opened = answered + rng.integers(60, 6 * 3600, count)
    # within 24 hours, within 48, later, never; the hours are counted from the answer
    speed = weighted(rng, (46, 20, 21, 13), count)
    shortest, longest = np.array([6, 25, 50, 50])[speed], np.array([23, 47, 260, 260])[speed]
    hours = rng.uniform(shortest, longest)
    called = either(speed < 3, answered + hours * 3600)
    called = either(called < CLOSES * DAY, called)
    closed = called + rng.exponential(6 * DAY, count).astype(np.int64) + 1800
    is_closed = (called >= 0) & happens(rng, 0.88, count) & (closed < CLOSES * DAY)
    reached = either(called >= 0, happens(rng, 0.66, count))
    outcome = either(is_closed, either(reached == 1, weighted(rng, (60, 15, 20, 0, 5), count), 3))
    cases = frame(answer=answer, opened=opened, called=called, reached=reached, outcome=outcome)
    cases["owner"] = look_up(accounts, "owner", look_up(answers, "account", answer))
    cases["closed"] = either(is_closed, closed)
    cases["minutes"] = np.where(called >= 0, rng.integers(4, 95, count), np.nan)
    saved = (reached == 1) & is_closed & happens(rng, 0.3, count)
    cases["attributed"] = np.where(saved, np.round(rng.lognormal(6.2, 0.9, count), 2), np.nan)
    kept: pd.DataFrame = cases[opened < CLOSES * DAY].reset_index(drop=True)
    return kept


def crm_cases(rng: np.random.Generator, cases: pd.DataFrame) -> pa.Table:
    """One row per case."""
    touched = cases[["opened", "called", "closed"]].max(axis=1).to_numpy()
    minutes = cases["minutes"].to_numpy()
    return table_of(
        case_id=keys("S", cases.index.to_numpy()),
        response_id=keys("R", cases["answer"]),
        owner_id=keys("U", cases["owner"]),
        opened_at=stamps(cases["opened"]),
        first_contact_at=stamps(cases["called"]),
        was_reached=flags(cases["reached"].to_numpy()),
        closed_at=stamps(cases["closed"]),
        outcome=labels(OUTCOMES, cases["outcome"]),
        minutes_spent=pa.array(np.nan_to_num(minutes, nan=0).astype(np.int64), mask=np.isnan(minutes)),
        attributed_revenue=money(cases["attributed"]),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


def crm_check_ins(rng: np.random.Generator, accounts: pd.DataFrame) -> pa.Table:
    """Two check-ins within 60 days of the start, then one a quarter for larger customers; some are still to come."""
    start, end = accounts["start_day"].to_numpy(), accounts["churn_day"].to_numpy()
    is_large = accounts["segment"].to_numpy() < 2
    new = np.flatnonzero(start >= OPENS)
    rows = [frame(account=new, day=start[new] + wait + rng.integers(-4, 5, len(new)), kind=0) for wait in (14, 45)]
    for quarter in range(QUARTERS + 1):
        day = month_day(3 * quarter) + rng.integers(5, 85, len(accounts))
        is_due = is_large & (day > start + 90) & (day < end) & happens(rng, 0.7, len(accounts))
        rows.append(frame(account=np.flatnonzero(is_due), day=day[is_due], kind=1))
    check_ins = pd.concat(rows, ignore_index=True).sort_values(["day", "account"], kind="stable", ignore_index=True)
    count = len(check_ins)
    scheduled = check_ins["day"].to_numpy() * DAY + rng.integers(8, 17, count) * 3600
    completed = scheduled + either(happens(rng, 0.15, count), rng.integers(2, 25, count), 0) * DAY + 2700
    is_done = happens(rng, 0.84, count) & (completed < CLOSES * DAY)
    planned = np.minimum(np.maximum(scheduled - 10 * DAY, OPENS * DAY), CLOSES * DAY - 1)
    touched = either(is_done, completed, planned)
    return table_of(
        check_in_id=keys("H", np.arange(count)),
        account_id=keys("A", check_ins["account"]),
        kind=labels(("onboarding", "quarterly"), check_ins["kind"]),
        scheduled_at=stamps(scheduled),
        completed_at=stamps(either(is_done, completed)),
        owner_id=keys("U", look_up(accounts, "owner", check_ins["account"].to_numpy())),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


def crm_referrals(rng: np.random.Generator, accounts: pd.DataFrame, paths: Paths) -> pa.Table:
    """The new accounts that came by referral, and others that led nowhere yet. Happy accounts refer more."""
    start = accounts["start_day"].to_numpy()
    old = np.flatnonzero(start < OPENS)
    odds = np.maximum(paths.points[old].mean(axis=1) + 60, 1)
    won = np.flatnonzero((start >= OPENS + 120) & (accounts["source"].to_numpy() == 0))
    open_count = round(0.06 * len(accounts))
    referred = np.r_[won, np.full(open_count, NONE)]
    at = np.r_[start[won] - rng.integers(20, 110, len(won)), rng.integers(OPENS, CLOSES, open_count)] * DAY + 36_000
    converted = either(referred >= 0, start[np.maximum(referred, 0)] * DAY)
    touched = np.maximum(at, converted)
    return table_of(
        referral_id=keys("F", np.arange(len(at))),
        referrer_account_id=keys("A", old[weighted(rng, odds, len(at))]),
        referred_account_id=keys("A", referred),
        referred_at=stamps(at),
        converted_at=stamps(converted),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


def feedback_actions(rng: np.random.Generator, owners: int) -> pa.Table:
    """One row per action; two are not shipped yet."""
    theme, polarity, text, started, shipped, metric, _ = zip(*ACTIONS, strict=True)
    begun, done = (np.array([days_of(day) for day in days]) for days in (started, shipped))
    touched = np.maximum(begun, done) * DAY
    return table_of(
        action_id=keys("N", np.arange(len(ACTIONS))),
        theme=pa.array(theme),
        polarity=pa.array(polarity),
        action_text=pa.array(text),
        owner_id=keys("U", rng.integers(0, owners, len(ACTIONS))),
        started_at=stamps(begun * DAY),
        shipped_at=stamps(either(done >= 0, done * DAY)),
        outcome_metric=pa.array(metric),
        updated_at=stamps(touched),
        loaded_at=stamps(morning_after(rng, touched)),
    )


# ── Dirt ──────────────────────────────────────────────────────────────────────────────────────────────────────────

Row = dict[str, Any]
Value = str | bool | Decimal | date | datetime | None | Callable[[Row], Any]
LATER, TOO_LATE = datetime(2026, 9, 14, 10, 30), datetime(2031, 1, 1)
NOT_A_DATE = ("soon", "2025-13-01", "31.02.2025")


def before(column: str, days: int) -> Callable[[Row], Any]:
    """The row's own value, some days earlier."""
    return lambda row: row[column] - timedelta(days=days)


# table, reason, the values that make a copy of a good row bad (they take turns)
BAD_ROWS: tuple[tuple[str, str, dict[str, Sequence[Value]]], ...] = (
    ("survey_responses", "answered_in_future", {"answered_at": (LATER, TOO_LATE)}),
    ("survey_responses", "unknown_survey", {"survey_id": ("zzz", "rel2")}),
    ("survey_responses", "answered_before_invitation", {"answered_at": (before("answered_at", 200),)}),
    ("survey_responses", "score_not_a_number", {"score": ("n/a", "ten", "9/10")}),
    ("survey_responses", "score_not_whole", {"score": ("6.5", "8.5", "7.25")}),
    ("survey_responses", "score_out_of_range", {"score": ("11", "-1", "99")}),
    ("survey_invitations", "sent_in_future", {"sent_at": (LATER, TOO_LATE)}),
    ("crm_revenue", "period_invalid", {"period_end": (before("period_start", 30),)}),
    ("crm_revenue", "unknown_account", {"account_id": ("A0", "A9999999")}),
    ("crm_revenue", "unknown_currency", {"currency": ("GBP", "XXX")}),
    ("crm_contracts", "unknown_account", {"account_id": ("A0", "A9999999")}),
    ("crm_cases", "unknown_response", {"response_id": ("R0", "R9999999")}),
    ("crm_check_ins", "unknown_account", {"account_id": ("A0", "A9999999")}),
    ("crm_referrals", "unknown_account", {"referrer_account_id": ("A0", "A9999999")}),
)
BAD_TEXTS: tuple[tuple[str, str, dict[str, Sequence[str]]], ...] = (
    ("survey_responses", "answered_at_invalid", {"answered_at": ("yesterday", "2025-02-30T10:00:00Z", "14.3.25 10h")}),
    ("survey_invitations", "sent_at_invalid", {"sent_at": NOT_A_DATE}),
    ("crm_revenue", "amount_not_a_number", {"amount": ("12O.50", "tbd", "1200 USD")}),
    ("crm_revenue", "period_invalid", {"period_start": NOT_A_DATE}),
    ("crm_contracts", "start_date_invalid", {"start_date": NOT_A_DATE}),
    ("crm_contracts", "end_date_invalid", {"end_date": NOT_A_DATE}),
    ("crm_cases", "opened_at_invalid", {"opened_at": NOT_A_DATE}),
    ("crm_check_ins", "scheduled_at_invalid", {"scheduled_at": NOT_A_DATE}),
    ("crm_referrals", "referred_at_invalid", {"referred_at": NOT_A_DATE}),
    ("feedback_actions", "started_at_invalid", {"started_at": NOT_A_DATE}),
    ("exchange_rates", "month_invalid", {"month": ("2025-13-01", "July", "31.02.2025")}),
    ("exchange_rates", "rate_invalid", {"rate": ("n/a", "1,08", "?")}),
)
# Entries that were made by mistake and deleted again; nothing refers to them.
DELETED_ROWS: tuple[tuple[str, str, dict[str, Sequence[Value]]], ...] = tuple(
    (table, "deleted", {"is_deleted": (True,)}) for table in ("crm_accounts", "crm_contacts")
)
SURVEYS_TO_SPOIL = ("rel", "sup", "pur")  # plain NPS on 0-10, always with an invitation
CORRECTED_SHARE, DELETED_SHARE, DUPLICATE_SHARE = 0.010, 0.004, 0.005


@dataclass
class Company:
    """The finished tables, the rows that only text can hold, and how many rows of each (table, reason) are planted.

    `unparseable` has, per table, a good row and the text that replaces some of its values; only CSV shows them.
    Besides the reasons of quarantine, the manifest counts `older_version`, `duplicate` and `deleted`.
    """

    rng: np.random.Generator
    few: int  # bad rows of each kind
    tables: dict[str, pa.Table] = field(default_factory=dict)
    unparseable: dict[str, list[tuple[Row, dict[str, str]]]] = field(default_factory=dict)
    clean: dict[str, pa.Table] = field(default_factory=dict)  # the tables before they were made dirty
    planted: Counter[tuple[str, str]] = field(default_factory=Counter)
    planted_as_text: Counter[tuple[str, str]] = field(default_factory=Counter)
    n_copies: int = 0

    def manifest(self, file_format: str) -> dict[tuple[str, str], int]:
        """How many rows of each (table, reason) a folder of this format holds."""
        return dict(self.planted + self.planted_as_text if file_format == "csv" else self.planted)

    def append(self, name: str, rows: pa.Table, reason: str) -> None:
        """Add rows to a table and to the manifest."""
        self.tables[name] = pa.concat_tables([self.tables[name], rows])
        self.planted[name, reason] += rows.num_rows

    def copies(self, name: str) -> list[Row]:
        """A few good rows under keys that nothing else has, to be spoilt."""
        table = self.clean[name]
        if name == "survey_responses":
            is_plain = pc.is_in(table["survey_id"], pa.array(SURVEYS_TO_SPOIL))
            is_good = pc.and_(pc.is_in(table["score"], pa.array([str(score) for score in range(11)])), is_plain)
            table = table.filter(pc.and_(pc.and_(is_good, table["is_complete"]), pc.is_null(table["is_excluded"])))
        if name == "exchange_rates":  # other months of a currency that no line uses
            rows: list[Row] = table.slice(0, min(self.few, table.num_rows)).to_pylist()
            return [row | {"currency": "CHF"} for row in rows]
        rows = table.take(pa.array(self.rng.integers(0, table.num_rows, self.few))).to_pylist()
        key = table.column_names[0]
        for row in rows:
            self.n_copies += 1
            row[key] = f"{row[key][0]}X{self.n_copies}"
        return rows

    def spoil(self, name: str, reason: str, values: dict[str, Sequence[Value]]) -> None:
        """Plant a few copies with these values, which the column's type can hold."""
        rows = self.copies(name)
        for turn, row in enumerate(rows):
            for column, options in values.items():
                value = options[turn % len(options)]
                row[column] = value(row) if callable(value) else value
        self.append(name, pa.Table.from_pylist(rows, self.tables[name].schema), reason)

    def spoil_text(self, name: str, reason: str, values: dict[str, Sequence[str]]) -> None:
        """Plant a few copies with text that the column's type cannot hold."""
        for turn, row in enumerate(self.copies(name)):
            patch = {column: options[turn % len(options)] for column, options in values.items()}
            self.unparseable.setdefault(name, []).append((row, patch))
            self.planted_as_text[name, reason] += 1

    def revise(self, name: str, event: Ints, may_vanish: Mask, correct: Callable[[pa.Table], pa.Table]) -> None:
        """Add later versions of some rows: corrected (some twice), deleted, or the same again.

        event: seconds at which each row came to be; may_vanish: rows to which nothing refers.
        """
        table, rng = self.tables[name], self.rng
        corrected, vanished, doubled = (
            max(round(share * table.num_rows), 2) for share in (CORRECTED_SHARE, DELETED_SHARE, DUPLICATE_SHARE)
        )
        old = rng.permutation(np.flatnonzero(event < (CLOSES - 60) * DAY))
        first, rest, twice = old[:corrected], old[corrected:-doubled], old[-doubled:]
        gone = rest[may_vanish[rest]][:vanished]
        once_more = correct(table.take(first))
        again = first[: corrected // 5]
        self.append(name, later(rng, once_more, event[first], 3), "older_version")
        second = later(rng, correct(once_more.slice(0, len(again))), event[again], 30)
        self.append(name, second, "older_version")
        is_gone = with_column(table.take(gone), "is_deleted", flags(np.ones(len(gone), dtype=bool)))
        self.append(name, later(rng, is_gone, event[gone], 3), "deleted")
        self.planted[name, "older_version"] += len(gone)
        self.append(name, table.take(twice), "duplicate")


def with_column(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    """The table with one column replaced."""
    return table.set_column(table.column_names.index(column), column, values)


def later(rng: np.random.Generator, table: pa.Table, event: Ints, days: int) -> pa.Table:
    """The rows as versions written at least this many days after the event."""
    updated = event + days * DAY + rng.integers(0, 20 * DAY, len(event))
    table = with_column(table, "updated_at", stamps(updated))
    return with_column(table, "loaded_at", stamps(morning_after(rng, updated)))


def correct_score(table: pa.Table) -> pa.Table:
    """One lower, or one higher at the foot of the scale."""
    score = np.array([int(text) if text and text.strip() else 7 for text in table["score"].to_pylist()])
    return with_column(table, "score", pc.cast(pa.array(either(score > 1, score - 1, score + 1)), pa.string()))


def correct_amount(table: pa.Table) -> pa.Table:
    """Five per cent less."""
    amount = np.array([float(value) for value in table["amount"].to_pylist()])
    return with_column(table, "amount", money(np.round(0.95 * amount, 2)))


def correct_role(table: pa.Table) -> pa.Table:
    """The contact decides now."""
    return with_column(table, "buying_role", pa.array(["decision_maker"] * table.num_rows, pa.string()))


def seconds_of(column: pa.ChunkedArray) -> Ints:
    """Seconds since 1970 of a timestamp or date column without nulls."""
    return np.asarray(column.cast(pa.timestamp("s")).cast(pa.int64()).to_numpy())


def make_dirty(company: Company, cases: pd.DataFrame) -> None:
    """Versions first, then bad rows, so that no bad row has a second version."""
    company.clean = dict(company.tables)
    responses = company.tables["survey_responses"]
    has_case = np.zeros(responses.num_rows, dtype=bool)
    has_case[cases["answer"].to_numpy()] = True
    company.revise("survey_responses", seconds_of(responses["answered_at"]), ~has_case, correct_score)
    for name, column, correct in (
        ("crm_revenue", "period_start", correct_amount),
        ("crm_contacts", "created_at", correct_role),
    ):
        event = np.maximum(seconds_of(company.tables[name][column]), OPENS * DAY)
        nothing_refers = np.full(len(event), name == "crm_revenue")
        company.revise(name, event, nothing_refers, correct)
    for name in ("survey_invitations", "crm_accounts", "crm_contracts"):
        table = company.tables[name]
        company.append(name, table.take(pa.array(np.arange(company.few) * 7)), "duplicate")
    for name, table in company.clean.items():
        company.spoil(name, "key_missing", {table.column_names[0]: (None,)})
    for name, reason, values in (*BAD_ROWS, *DELETED_ROWS):
        company.spoil(name, reason, values)
    for name, reason, texts in BAD_TEXTS:
        company.spoil_text(name, reason, texts)


# ── The whole ─────────────────────────────────────────────────────────────────────────────────────────────────────


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers of their own for each part, so that a change to one part leaves the others alone."""
    return np.random.Generator(np.random.PCG64([seed, *name.encode()]))


def generate(scale: float = 1.0, seed: int = 1) -> Company:
    """The 13 raw tables at this scale."""
    owners, agents = staff_count(OWNERS_AT_SCALE_1, scale), staff_count(AGENTS_AT_SCALE_1, scale)
    company = Company(stream(seed, "dirt"), max(round(3 * scale**0.5), 2))
    tables = company.tables
    accounts, paths = draw_accounts(scale, seed)
    contracts = draw_contracts(accounts)
    tables["crm_accounts"] = crm_accounts(stream(seed, "crm_accounts"), accounts)
    tables["crm_users"] = crm_users(stream(seed, "crm_users"), owners, agents)
    tables["crm_contracts"] = crm_contracts(stream(seed, "crm_contracts"), accounts, paths, contracts)
    tables["crm_revenue"] = crm_revenue(stream(seed, "crm_revenue"), accounts, paths, contracts)
    tables["crm_check_ins"] = crm_check_ins(stream(seed, "crm_check_ins"), accounts)
    tables["crm_referrals"] = crm_referrals(stream(seed, "crm_referrals"), accounts, paths)
    tables["feedback_actions"] = feedback_actions(stream(seed, "feedback_actions"), owners)
    tables["exchange_rates"] = exchange_rates()

    rng = stream(seed, "surveys")
    contacts = draw_contacts(rng, accounts)
    tables["crm_contacts"] = crm_contacts(stream(seed, "crm_contacts"), contacts)
    invitations = draw_invitations(rng, accounts, contacts, paths, agents)
    invitations = answer_invitations(rng, invitations, contacts, paths, agents)
    tables["survey_definitions"] = survey_definitions()
    tables["survey_invitations"] = survey_invitations(stream(seed, "survey_invitations"), invitations)
    answers = collect_answers(rng, invitations, contacts, scale)
    del invitations
    tables["survey_responses"] = survey_responses(stream(seed, "survey_responses"), answers)
    cases = draw_cases(stream(seed, "crm_cases"), answers, accounts)
    tables["crm_cases"] = crm_cases(stream(seed, "case rows"), cases)
    del answers
    make_dirty(company, cases)
    return company


def stamp_texts(column: pa.ChunkedArray) -> npt.NDArray[np.str_]:
    """ISO 8601: mostly with Z, some rows without an offset (UTC all the same) and some with two hours of it."""
    seconds = seconds_of(column.fill_null(datetime(1970, 1, 1)))
    row = np.arange(len(seconds))
    is_bare, is_shifted = row % 19 == 7, row % 23 == 5
    texts = np.datetime_as_string((seconds + either(is_shifted, 7200, 0)).astype("datetime64[s]"))
    offsets = np.where(is_shifted, "+02:00", np.where(is_bare, "", "Z"))
    return np.where(column.is_null().to_numpy(), "", np.strings.add(texts, offsets))


def texts_of(table: pa.Table) -> pd.DataFrame:
    """The table as text: true and false, ISO dates, decimals without idle zeros, an empty text for null."""
    columns: dict[str, Any] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_timestamp(column.type):
            columns[name] = stamp_texts(column)
            continue
        texts = column.cast(pa.string())
        if pa.types.is_decimal(column.type):
            texts = pc.replace_substring_regex(texts, r"\.00$", "")
        columns[name] = texts.fill_null("").to_numpy()
    return pd.DataFrame(columns, dtype=object)


def write_csv(company: Company, output: Path) -> None:
    """One CSV per table, rows that do not parse at its end."""
    for name, table in company.tables.items():
        spoilt = company.unparseable.get(name, [])
        good_rows = pa.Table.from_pylist([row for row, _ in spoilt], table.schema)
        texts = texts_of(pa.concat_tables([table, good_rows]))
        for offset, (_, patch) in enumerate(spoilt):
            for column, text in patch.items():
                texts.loc[table.num_rows + offset, column] = text
        texts.to_csv(output / f"{name}.csv", index=False, lineterminator="\n")


def write_parquet(company: Company, output: Path) -> None:
    """One typed Parquet file per table; rows that do not parse have no place in it."""
    for name, table in company.tables.items():
        pq.write_table(table, output / f"{name}.parquet", row_group_size=250_000, compression="zstd")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the company that the command line asks for."""
    parser = argparse.ArgumentParser(description="Write the raw tables of the sample company.")
    parser.add_argument("--output", type=Path, required=True, help="folder for the 13 files")
    parser.add_argument("--scale", type=float, default=1.0, help="1: 600 accounts, 8,000 answers, 24,000 revenue lines")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    chosen.output.mkdir(parents=True, exist_ok=True)
    write = write_csv if chosen.format == "csv" else write_parquet
    write(generate(chosen.scale, chosen.seed), chosen.output)


if __name__ == "__main__":
    main()
