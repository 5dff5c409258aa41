"""What is read from one comment: the text without personal data, its language, its tone.

A pure function of the comment and of the language that came with it, by libraries that bring their data along.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple

from orchestration.comments.redaction import has_long_number, redacted

# Raised with every change of what is read from a comment; all comments are then read again.
READING = 2
LIBRARIES = ("nltk-vader-sentiment", "phonenumbers", "py3langid", "python-stdnum")
SENTIMENT_LANGUAGE = "en"
# Where a comment without a language is placed: among more than have themes, so that others are not taken for them.
CANDIDATES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "da")
# Below it the language stays unknown (docs/themes.md has what that costs and spares).
LANGUAGE_CERTAINTY = 0.5


class Read(NamedTuple):
    language: str | None
    sentiment: float | None
    comment_redacted: str


def reading_version() -> str:
    """What the readings of a comment depend on, beside the comment."""
    return " ".join([f"reading {READING}", *(f"{library} {version(library)}" for library in LIBRARIES)])


def read_comment(comment: str, given_language: str | None) -> Read:
    """A given language counts; of another than English the tone is not known."""
    # Letters in one form, so that an accent typed after its letter is the same accent.
    said = unicodedata.normalize("NFC", comment)
    given = primary_language(given_language)
    text = redacted(said, given or (detected_language(said) if has_long_number(said) else None))
    language = given or detected_language(text)
    sentiment = round(_analyzer().polarity_scores(text)["compound"], 4) if language == SENTIMENT_LANGUAGE else None
    return Read(language, sentiment, text)


def read_batch(comments: tuple[Sequence[str], Sequence[str | None]]) -> list[Read]:
    """Many comments, and the language that came with each."""
    return [read_comment(comment, language) for comment, language in zip(*comments, strict=True)]


def primary_language(given: str | None) -> str | None:
    """The language of a tag such as en-US; None for what is not such a tag."""
    match = re.fullmatch(r"([a-z]{2,3})(?:[-_].*)?", (given or "").strip().lower())
    return None if match is None else match[1]


def detected_language(text: str) -> str | None:
    """The language of a text, None where it is too short or too odd to tell."""
    language, certainty = _identifier().classify(text)
    return str(language) if certainty >= LANGUAGE_CERTAINTY else None


@lru_cache(maxsize=1)
def _analyzer() -> Any:
    # Loading a lexicon takes a tenth of a second, which reading no comment should not.
    from vader import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(CANDIDATES)
    return identifier
