"""What people write: themes and phrases, and the comments made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from seeds.company.drawing import days_of, either, happens, labels, weighted_rows
from seeds.company.planted import ACTIONS
from seeds.company.time import DAY, Floats, Ints
from seeds.company.vocabulary import LANGUAGES, SURVEY, TOUCHPOINTS

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
