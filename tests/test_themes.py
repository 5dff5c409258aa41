"""Whether themes are found where people speak of them, on sentences labelled by hand; and that the vocabulary is sound.

The labels were written before the patterns were tuned. The tuning half was looked at while the patterns were written,
the held-out half was not: its figures are what to expect of another company's comments, if anything on the high side,
for one hand wrote all of them.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from orchestration.comments.enrichment import enrich
from orchestration.comments.redaction import CARD, EMAIL, HANDLE, IBAN, LINK, PHONE
from orchestration.comments.themes import read_vocabulary
from orchestration.findings import BuildError
from orchestration.settings import REFERENCE
from tests.conftest import run_dbt

KEYWORDS = REFERENCE / "theme_keywords.csv"
SENTENCES = Path(__file__).parent / "comments" / "theme_sentences.csv"
LANGUAGES = {"en", "de", "fr", "es"}
NAMED_WORDS = (CARD, EMAIL, HANDLE, IBAN, LINK, PHONE)
# What the patterns reach, rounded down to the next twentieth; docs/themes.md has the figures themselves.
FLOORS = {
    "tuning": {"micro precision": 0.95, "micro recall": 0.95, "macro precision": 0.95, "macro recall": 0.95},
    "held_out": {"micro precision": 0.95, "micro recall": 0.85, "macro precision": 0.95, "macro recall": 0.9},
}


@dataclass(frozen=True)
class Sentence:
    half: str
    language: str
    style: str
    themes: frozenset[str]
    text: str


def labelled() -> list[Sentence]:
    with SENTENCES.open(encoding="utf-8", newline="") as file:
        return [
            Sentence(row["half"], row["language"], row["style"], frozenset(row["themes"].split()), row["text"])
            for row in csv.DictReader(file)
        ]


def keywords() -> list[dict[str, str]]:
    with KEYWORDS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def themes_found(
    folder: Path, comments: Sequence[tuple[str, str | None]], keywords: Path = KEYWORDS
) -> dict[tuple[str, str | None], set[str]]:
    """The themes of comments (with their languages) by the way that a build goes."""
    found: dict[tuple[str, str | None], set[str]] = {comment: set() for comment in comments}
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        connection.execute("create schema raw")
        connection.execute(
            "create table raw.survey_responses (verbatim_reason varchar, verbatim_improve varchar, language varchar)"
        )
        connection.executemany("insert into raw.survey_responses values (?, null, ?)", comments)
        enrich(connection, folder / "enrichment", keywords)
        rows = connection.execute(
            """
            select responses.verbatim_reason, responses.language, themes.theme
            from raw.survey_responses as responses
            inner join enrichment.comment_themes as themes
                on themes.comment_hash = md5(coalesce(responses.language, '') || '|' || responses.verbatim_reason)
            """
        ).fetchall()
    for text, language, theme in rows:
        found[text, language].add(theme)
    return found


@dataclass(frozen=True)
class Counts:
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def counts_by_theme(
    sentences: Sequence[Sentence], found: Mapping[tuple[str, str | None], set[str]]
) -> dict[str, Counts]:
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for sentence in sentences:
        themes = found[sentence.text, sentence.language]
        right.update(themes & sentence.themes)
        wrong.update(themes - sentence.themes)
        missed.update(sentence.themes - themes)
    return {theme: Counts(right[theme], wrong[theme], missed[theme]) for theme in sorted({*right, *wrong, *missed})}


def figures(counts: Mapping[str, Counts]) -> dict[str, float]:
    total = Counts(*(sum(getattr(one, name) for one in counts.values()) for name in ("right", "wrong", "missed")))
    return {
        "micro precision": total.precision,
        "micro recall": total.recall,
        "macro precision": sum(one.precision for one in counts.values()) / len(counts),
        "macro recall": sum(one.recall for one in counts.values()) / len(counts),
    }


def shown(counts: Mapping[str, Counts]) -> str:
    lines = [f"{theme:16} {one.precision:5.0%} {one.recall:5.0%}  {one}" for theme, one in counts.items()]
    return "\n".join([*lines, *(f"{name:16} {value:6.1%}" for name, value in figures(counts).items())])


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str | None], set[str]]:
    comments: list[tuple[str, str | None]] = [(one.text, one.language) for one in labelled()]
    unplaced: list[tuple[str, str | None]] = [(one.text, None) for one in labelled()]
    words: list[tuple[str, str | None]] = [(word, None) for word in NAMED_WORDS]
    return themes_found(tmp_path_factory.mktemp("themes"), [*comments, *unplaced, *words])


@pytest.mark.parametrize("half", FLOORS)
def test_themes_are_found_where_people_speak_of_them(found: dict[tuple[str, str | None], set[str]], half: str) -> None:
    counts = counts_by_theme([one for one in labelled() if one.half == half], found)
    print(shown(counts))
    low = {name: value for name, value in figures(counts).items() if value < FLOORS[half][name]}
    assert low == {}, shown(counts)


def test_oblique_sentences_are_mostly_missed_and_seldom_mistaken(
    found: dict[tuple[str, str | None], set[str]],
) -> None:
    """Sixty sentences written last, on purpose without the obvious words: what words alone cannot find."""
    counts = counts_by_theme([one for one in labelled() if one.half == "oblique"], found)
    print(shown(counts))
    assert figures(counts)["micro recall"] < 0.5, "the figures of docs/themes.md are out of date"
    assert sum(one.wrong for one in counts.values()) <= 5, shown(counts)


def test_there_are_enough_sentences_of_each_kind() -> None:
    halves = Counter(one.half for one in labelled())
    assert halves["tuning"] >= 100 and halves["held_out"] >= 100
    assert {one.language for one in labelled()} == LANGUAGES
    assert set().union(*(one.themes for one in labelled())) == {row["theme"] for row in keywords()}


def test_what_stands_for_personal_data_has_no_theme(found: dict[tuple[str, str | None], set[str]]) -> None:
    assert {word: found[word, None] for word in NAMED_WORDS} == {word: set() for word in NAMED_WORDS}


def test_a_comment_that_comes_without_a_language_has_the_same_themes(
    found: dict[tuple[str, str | None], set[str]],
) -> None:
    """Its language is told from the text, and where that is not sure the patterns of all languages are tried."""
    sentences = [one for one in labelled() if one.style != "mixed"]
    differ = [one.text for one in sentences if found[one.text, None] != found[one.text, one.language]]
    assert len(differ) / len(sentences) < 0.05, differ


# The vocabulary ----------------------------------------------------------------------------------------------------


def test_every_theme_has_patterns_in_every_language() -> None:
    themes = {row["theme"] for row in keywords()}
    assert len(themes) >= 12
    assert {(row["theme"], row["language"]) for row in keywords()} == {(a, b) for a in themes for b in LANGUAGES}


def written(folder: Path, rows: Sequence[tuple[str, str, str]]) -> Path:
    """A vocabulary of themes, patterns and languages."""
    keywords = folder / "keywords.csv"
    with keywords.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("theme", "pattern", "language"), *rows])
    return keywords


def test_a_pattern_or_a_language_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    wrong = [
        ("a_open", "price(s", "en"),
        ("b_ahead", "price(?=s)", "en"),
        ("c_capital", "Price", "en"),
        ("d_empty", "", "en"),
        ("e_anything", "(price)?", "en"),
        ("f_posix", "[[:alpha:]]+", "en"),
        ("g_blank", "  ", "de"),
        ("h_null", None, "de"),
    ]
    assert run_dbt(tmp_path, "seed", "--select", "theme_keywords", "comment_languages").returncode == 0
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.executemany("insert into reference.theme_keywords values (?, ?, ?)", wrong)
        connection.execute("insert into reference.theme_keywords values ('price', 'preço', 'pt')")
    done = run_dbt(
        tmp_path,
        "test",
        "--indirect-selection",
        "cautious",
        "--exclude-resource-type",
        "unit_test",
        "--select",
        "theme_keywords",
        "comment_languages",
    )
    assert done.returncode == 1
    assert "Got 8 results" in done.stdout
    assert "Failure in test relationships_theme_keywords_language" in done.stdout
    compiled = tmp_path / "target" / "compiled" / "nps_warehouse" / "tests"
    query = (compiled / "assert_theme_patterns_are_regular_expressions.sql").read_text(encoding="utf-8")
    with duckdb.connect(tmp_path / "warehouse.duckdb", read_only=True) as connection:
        faults = {theme: fault for theme, _, _, fault in connection.execute(query).fetchall()}
    assert set(faults) == {theme for theme, _, _ in wrong}
    assert faults["a_open"] == faults["b_ahead"] == "not a regular expression"
    assert faults["d_empty"] == faults["g_blank"] == faults["h_null"] == "the theme has no pattern here"


def test_a_pattern_that_is_none_does_not_stop_the_search(tmp_path: Path) -> None:
    """The audit names it (above), which is the better place to say so."""
    keywords = written(tmp_path, [("price", "price(s", "en"), ("price", "cost", "en"), ("empty", " ", "en")])
    assert themes_found(tmp_path, [("price", "en"), ("cost", "en")], keywords) == {
        ("price", "en"): set(),
        ("cost", "en"): {"price"},
    }


def test_a_new_theme_is_found_without_a_change_of_code(tmp_path: Path) -> None:
    keywords = written(tmp_path, [("it's new \\ odd", "nothing|c'est", "en")])
    found = themes_found(tmp_path, [("nothing to say", "en"), ("C’est", None), ("something", "en")], keywords)
    assert list(found.values()) == [{"it's new \\ odd"}, {"it's new \\ odd"}, set()]


def test_whole_words_are_found_in_the_language_of_the_comment(tmp_path: Path) -> None:
    """Case, accents and the form of the apostrophe do not matter; of an unknown language all patterns are tried."""
    keywords = written(
        tmp_path,
        [
            ("price", "prices?", "en"),
            ("price", "prix|c'est cher|coût\\w*", "fr"),
            ("shipping", "parcel", "en"),
        ],
    )
    expected: dict[tuple[str, str | None], set[str]] = {
        ("PRICES up, parcel late. Prices!", "en"): {"price", "shipping"},
        ("pricey, le prix", "en"): set(),
        ("Les COUTS, c’est cher", "fr"): {"price"},
        ("parcel price", "fr"): set(),
        ("prix parcel", None): {"price", "shipping"},
        ("prix e basta", "it"): {"price"},
    }
    assert themes_found(tmp_path, list(expected), keywords) == expected


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"theme,pattern\nprice,cost\n", "row 1 has no language"),
        (b"theme,pattern,language\nprice,cost,en\nprice\n", "row 2 has no language and no pattern"),
        (b"theme,pattern,language\nprice,pre\xe7o,pt\n", "it is not UTF-8"),
    ],
)
def test_a_vocabulary_that_cannot_be_read_is_named(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "keywords.csv").write_bytes(content)
    with pytest.raises(BuildError, match=f"theme_keywords_unreadable on reference.theme_keywords.*{fault}"):
        read_vocabulary(tmp_path / "keywords.csv")


def test_without_a_vocabulary_nothing_is_found(tmp_path: Path) -> None:
    assert themes_found(tmp_path, [("price", "en")], written(tmp_path, [])) == {("price", "en"): set()}
