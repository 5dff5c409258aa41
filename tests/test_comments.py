"""What is read from comments: once each, kept from night to night, the same bytes whatever the nights before were."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.comments import enrichment
from orchestration.comments.enrichment import STORE, Enriched
from orchestration.comments.reading import detected_language, primary_language, read_comment, reading_version
from orchestration.settings import REFERENCE

KEYWORDS = REFERENCE / "theme_keywords.csv"
SAID = [
    ("R1", "I love it, great support!", "Call me on 555-0142", "en"),
    ("R2", "I love it, great support!", None, "en"),
    ("R3", "Der Preis ist leider viel zu hoch geworden", "  ", "de"),
    ("R4", "I hate waiting for an answer every single time", None, None),
    ("R5", " I love it, great support! ", "", "en"),
    ("R6", "I love it, great support!", None, None),
]


def enrich(connection: duckdb.DuckDBPyConnection, folder: Path, keywords: Path = KEYWORDS, **told: Any) -> Enriched:
    return enrichment.enrich(connection, folder, keywords, **told)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        connection.execute("create schema raw")
        connection.execute(
            "create table raw.survey_responses "
            "(response_id varchar, verbatim_reason varchar, verbatim_improve varchar, language varchar)"
        )
        connection.executemany("insert into raw.survey_responses values (?, ?, ?, ?)", SAID)
        yield connection


def landed(build: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return build.execute(
        "select * exclude (comment_hash) from enrichment.comments order by comment_redacted, 1"
    ).fetchall()


def test_each_comment_is_read_once_and_not_again_the_next_night(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    assert enrich(build, tmp_path) == Enriched(n_comments=5, n_read=5, n_searched=5)
    written = (tmp_path / STORE).stat().st_mtime_ns
    assert enrich(build, tmp_path) == Enriched(n_comments=5, n_read=0, n_searched=0)
    assert (tmp_path / STORE).stat().st_mtime_ns == written
    build.execute("insert into raw.survey_responses values ('R7', 'New and good', 'I love it, great support!', 'en')")
    assert enrich(build, tmp_path) == Enriched(n_comments=6, n_read=1, n_searched=1)


def test_what_is_read_is_language_tone_and_the_text_without_personal_data(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    enrich(build, tmp_path)
    rows = landed(build)
    assert [(language, text) for language, _, text in rows] == [
        ("en", "Call me on [phone]"),
        ("de", "Der Preis ist leider viel zu hoch geworden"),
        ("en", "I hate waiting for an answer every single time"),
        ("en", "I love it, great support!"),
        ("en", "I love it, great support!"),
    ]
    tones = [tone for _, tone, _ in rows]
    assert tones[1] is None
    assert isinstance(tones[2], float) and -1 <= tones[2] < -0.4
    assert isinstance(tones[3], float) and 0.6 < tones[3] <= 1


def themes(build: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return set(
        build.execute(
            "select comment_redacted, theme "
            "from enrichment.comments inner join enrichment.comment_themes using (comment_hash)"
        ).fetchall()
    )


def test_another_vocabulary_searches_all_again_and_reads_none(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    keywords = tmp_path / "keywords.csv"
    keywords.write_text("theme,pattern,language\nlove,love,en\n", encoding="utf-8")
    assert enrich(build, tmp_path, keywords).n_searched == 5
    assert themes(build) == {("I love it, great support!", "love")}
    keywords.write_text("theme,pattern,language\nhelp,support,en\nlove,hate,en\n", encoding="utf-8")
    assert enrich(build, tmp_path, keywords) == Enriched(n_comments=5, n_read=0, n_searched=5)
    assert themes(build) == {
        ("I love it, great support!", "help"),
        ("I hate waiting for an answer every single time", "love"),
    }
    enrich(build, tmp_path / "at_once", keywords)
    assert (tmp_path / STORE).read_bytes() == (tmp_path / "at_once" / STORE).read_bytes()


def test_another_version_reads_all_again(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    enrich(build, tmp_path)
    assert enrich(build, tmp_path, version="another") == Enriched(n_comments=5, n_read=5, n_searched=5)
    assert enrich(build, tmp_path, version="another").n_read == 0
    assert enrich(build, tmp_path).n_read == 5


def test_the_version_names_the_rules_and_the_libraries() -> None:
    assert reading_version().startswith("reading 2 nltk-vader-sentiment 1.0.0 phonenumbers 9.0.43 py3langid 0.4.0")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not parquet at all"])
def test_a_store_that_is_not_whole_is_made_again(
    build: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    enrich(build, tmp_path)
    whole = (tmp_path / STORE).read_bytes()
    for broken in (content, whole[: len(whole) // 2], whole[:-1]):
        (tmp_path / STORE).write_bytes(broken)
        with caplog.at_level(logging.WARNING):
            assert enrich(build, tmp_path) == Enriched(n_comments=5, n_read=5, n_searched=5)
        assert "cannot be read and is made again" in caplog.text
        assert (tmp_path / STORE).read_bytes() == whole


def test_a_store_with_other_columns_is_made_again(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    build.execute(f"copy (select 1 as other) to '{tmp_path / STORE}' (format parquet)")
    assert enrich(build, tmp_path).n_read == 5


def test_an_interrupted_run_leaves_the_store_as_it_was(
    build: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrich(build, tmp_path)
    before = (tmp_path / STORE).read_bytes()
    build.execute("insert into raw.survey_responses values ('R7', 'New and good', null, 'en')")

    def interrupted(comments: object) -> list[object]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(enrichment, "read_batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            enrich(build, tmp_path)
    assert (tmp_path / STORE).read_bytes() == before
    assert enrich(build, tmp_path) == Enriched(n_comments=6, n_read=1, n_searched=1)
    assert [path.name for path in tmp_path.iterdir() if "parquet" in path.name] == [STORE]


def test_the_store_depends_on_the_comments_and_not_on_the_nights_before(
    build: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    enrich(build, tmp_path / "at_once")
    build.execute("create table later as from raw.survey_responses")
    build.execute("delete from raw.survey_responses where response_id in ('R1', 'R4')")
    build.execute("insert into raw.survey_responses values ('R0', 'Gone tomorrow: kim@example.com', null, 'en')")
    enrich(build, tmp_path / "by_night")
    build.execute("delete from raw.survey_responses; insert into raw.survey_responses from later order by 1 desc")
    enrich(build, tmp_path / "by_night")
    at_once, by_night = ((tmp_path / name / STORE).read_bytes() for name in ("at_once", "by_night"))
    assert at_once == by_night


def test_what_leaves_the_source_leaves_the_store(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    enrich(build, tmp_path)
    build.execute("delete from raw.survey_responses where response_id = 'R4'")
    assert enrich(build, tmp_path) == Enriched(n_comments=4, n_read=0, n_searched=0)
    with duckdb.connect() as other:
        rows = other.execute(f"select comment_redacted from read_parquet('{tmp_path / STORE}')").fetchall()
    assert len(rows) == 4 and all("waiting" not in text for (text,) in rows)


def test_several_processes_write_the_same_bytes(
    build: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrich(build, tmp_path / "one")
    monkeypatch.setattr(enrichment, "WORTH_PROCESSES", 1)
    monkeypatch.setattr(enrichment, "BATCH", 2)
    enrich(build, tmp_path / "two", workers=2)
    assert (tmp_path / "two" / STORE).read_bytes() == (tmp_path / "one" / STORE).read_bytes()


def test_a_company_without_comments_has_an_empty_table(build: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    build.execute("update raw.survey_responses set verbatim_reason = null, verbatim_improve = ' '")
    assert enrich(build, tmp_path) == Enriched(n_comments=0, n_read=0, n_searched=0)
    assert landed(build) == []


@pytest.mark.parametrize(
    ("given", "language"),
    [("en", "en"), ("EN-us", "en"), ("de_DE", "de"), (" fr ", "fr"), ("English", None), ("", None), (None, None)],
)
def test_a_language_tag_is_read_by_its_first_part(given: str | None, language: str | None) -> None:
    assert primary_language(given) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I would recommend this to my colleagues", "en"),
        ("Leider dauert die Antwort immer sehr lange", "de"),
        ("La livraison est toujours en retard", "fr"),
        ("El servicio es muy bueno y barato", "es"),
        ("ok", None),
        ("10", None),
        ("", None),
    ],
)
def test_the_language_is_told_only_where_it_can_be(text: str, language: str | None) -> None:
    assert detected_language(text) == language


def test_the_tone_is_that_of_english_alone() -> None:
    assert read_comment("this is terrible", "en").sentiment == pytest.approx(-0.4767)
    assert read_comment("this is terrible", "de").sentiment is None
    assert read_comment("the meeting is on Tuesday", "en").sentiment == 0
