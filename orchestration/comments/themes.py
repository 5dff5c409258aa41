"""Which themes are found in a comment, by a vocabulary of patterns that the users edit (docs/themes.md)."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.findings import BuildError, Finding
from orchestration.release.warehouse import quoted

COLUMNS = ("theme", "language", "pattern")
# Raised with every change of how a comment is searched; all comments are then searched again.
SEARCHING = 1
# Lower case without accents and with straight apostrophes: after it \w and \b, which know ASCII letters alone, mean
# what a reader takes them for.
ACCENTED = "äàáâãåæçèéêëìíîïñòóôõöøœùúûüýÿß’"
PLAIN = "aaaaaaaceeeeiiiinooooooouuuuyys'"


@dataclass(frozen=True)
class Vocabulary:
    """The patterns of each theme by language, and a name for exactly these, searched in this way."""

    patterns: Mapping[str, Mapping[str, tuple[str, ...]]]
    version: str

    @property
    def languages(self) -> list[str]:
        return sorted({language for by_language in self.patterns.values() for language in by_language})


def read_vocabulary(keywords: Path) -> Vocabulary:
    """The vocabulary in a CSV file of theme, language and pattern.

    A pattern that is none is left out: the data test assert_theme_patterns_are_regular_expressions names it and stops
    the build. A file that is not such a table is a BuildError.
    """
    rows = sorted(set(_rows(keywords)))
    patterns: dict[str, dict[str, tuple[str, ...]]] = {}
    with duckdb.connect() as connection:
        for theme, language, pattern in rows:
            if pattern.strip() and _is_pattern(connection, pattern):
                by_language = patterns.setdefault(theme, {})
                by_language[language] = (*by_language.get(language, ()), pattern)
    content = hashlib.sha256(repr(rows).encode()).hexdigest()
    return Vocabulary(patterns, f"searching {SEARCHING} duckdb {duckdb.__version__} vocabulary {content}")


def _rows(keywords: Path) -> Iterator[tuple[str, str, str]]:
    try:
        with keywords.open(encoding="utf-8", newline="") as file:
            lines = list(csv.DictReader(file))
    except UnicodeDecodeError as error:
        raise BuildError(_unreadable(keywords, f"it is not UTF-8 ({error})")) from error
    for number, line in enumerate(lines, start=1):
        missing = [column for column in COLUMNS if line.get(column) is None]
        if missing:
            raise BuildError(_unreadable(keywords, f"row {number} has no {' and no '.join(missing)}"))
        yield line["theme"], line["language"], line["pattern"]


def _unreadable(keywords: Path, fault: str) -> Finding:
    return Finding(
        "theme_keywords_unreadable",
        "reference.theme_keywords",
        f"{keywords.name}: {fault}.",
        next_step=f"Mend the file; its columns are {', '.join(COLUMNS)} (docs/themes.md).",
    )


def themes_expression(vocabulary: Vocabulary, folded: str, language: str) -> str:
    """SQL for the sorted list of themes in a folded text (``folded_text``), each once.

    A pattern matches whole words. A text is searched by the patterns of its language; by those of all where that is not
    known, or has none. All patterns of a theme and language are one expression, written out, which the engine makes
    once: joined as a column they are made anew for every comment (390 s instead of 0.9 s for 500,000 comments).
    """
    if not vocabulary.patterns:
        return "cast([] as varchar[])"
    found = []
    for theme, by_language in sorted(vocabulary.patterns.items()):
        cases = [
            f"when {quoted(one)} then {_matches(folded, by_language[one]) if one in by_language else 'false'}"
            for one in vocabulary.languages
        ]
        anywhere = _matches(folded, [pattern for patterns in by_language.values() for pattern in patterns])
        found.append(f"case when case {language} {' '.join(cases)} else {anywhere} end then {quoted(theme)} end")
    return f"list_filter([{', '.join(found)}], lambda theme: theme is not null)"


def folded_text(text: str) -> str:
    """SQL for a text as it is searched."""
    return f"translate(lower({text}), {quoted(ACCENTED)}, {quoted(PLAIN)})"


def _matches(folded: str, patterns: Iterable[str]) -> str:
    searched = "|".join(pattern.lower().translate(str.maketrans(ACCENTED, PLAIN)) for pattern in patterns)
    whole_words = rf"\b(?:{searched})\b"
    return f"regexp_matches({folded}, {quoted(whole_words)})"


def _is_pattern(connection: duckdb.DuckDBPyConnection, pattern: str) -> bool:
    try:
        connection.execute(f"select {_matches(quoted(''), [pattern])}")
    except duckdb.Error:
        return False
    return True
