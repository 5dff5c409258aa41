"""Reads each distinct comment once and keeps what was read, beside the warehouse, from one night to the next.

The store is one Parquet file of exactly the comments that lie in schema raw now: new ones are read and searched for
themes, those that are gone from the source go. All are read again when the version of the reading changes, and
searched again when the vocabulary of themes does. So the file depends on the comments, the versions and the vocabulary
alone, not on the nights before. It is replaced whole; a run that is interrupted leaves the one before.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.comments.reading import Read, read_batch, reading_version
from orchestration.comments.themes import Vocabulary, folded_text, read_vocabulary, themes_expression
from orchestration.raw.tables import RAW_SCHEMA
from orchestration.release.warehouse import quoted, quoted_path

logger = logging.getLogger(__name__)

SCHEMA = "enrichment"
TABLE = "comments"
THEMES_TABLE = "comment_themes"
STORE = "comments.parquet"
BATCH = 10_000
# Fewer comments are read before a second process has started.
WORTH_PROCESSES = 40_000
WORKERS = 2

# Blank comments and blanks around them are none (staging has the same: macro clean_text), and the key is that of
# int_response_comments_listed: its relationships test fails where the two differ.
_WANTED = f"""
create or replace temp table wanted_comments as
with

said as (
    select verbatim_reason as comment, language from {RAW_SCHEMA}.survey_responses
    union all
    select verbatim_improve, language from {RAW_SCHEMA}.survey_responses
),

cleaned as (
    select nullif(trim(cast(comment as varchar)), '') as comment, trim(cast(language as varchar)) as language from said
)

select distinct md5(coalesce(language, '') || '|' || comment) as comment_hash, comment, language
from cleaned
where comment is not null
"""
COLUMNS = {
    "comment_hash": "varchar",
    "language": "varchar",
    "sentiment": "double",
    "comment_redacted": "varchar",
    "read_by": "varchar",
    "themes": "varchar[]",
    "searched_by": "varchar",
}
_SCHEMA = pa.schema(
    [
        ("comment_hash", pa.string()),
        ("language", pa.string()),
        ("sentiment", pa.float64()),
        ("comment_redacted", pa.string()),
        ("read_by", pa.string()),
    ]
)


@dataclass(frozen=True)
class Enriched:
    """How many distinct comments there are, how many of them had to be read, and how many searched for themes."""

    n_comments: int
    n_read: int
    n_searched: int


def enrich(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    keywords: Path,
    version: str | None = None,
    workers: int = WORKERS,
) -> Enriched:
    """Bring the store up to the comments in schema raw and to the themes of ``keywords``, and land both.

    They become ``enrichment.comments``, and ``enrichment.comment_themes`` with a row per comment and theme found in it.
    """
    version = version or reading_version()
    store = folder / STORE
    connection.execute(_WANTED)
    _load_stored(connection, store, version)
    unread = connection.execute(
        "select comment_hash, comment, language from wanted_comments anti join read_comments using (comment_hash) "
        "order by comment_hash"
    ).to_arrow_table()
    for batch in _read(unread, version, workers):
        connection.register("batch_read", batch)
        connection.execute("insert into read_comments by name from batch_read")
        connection.unregister("batch_read")
    gone = connection.execute(
        "delete from read_comments where comment_hash not in (select comment_hash from wanted_comments)"
    ).fetchone()
    n_searched = _search(connection, read_vocabulary(keywords))
    if n_searched or (gone and gone[0]) or not store.is_file():
        _write(connection, store)
    _land(connection)
    row = connection.execute(f"select count(*) from {SCHEMA}.{TABLE}").fetchone()
    connection.execute("drop table wanted_comments; drop table read_comments")
    return Enriched(row[0] if row else 0, unread.num_rows, n_searched)


def _load_stored(connection: duckdb.DuckDBPyConnection, store: Path, version: str) -> None:
    """What was read before, by this version; nothing where the file is not there or not whole."""
    columns = ", ".join(f"{name} {data_type}" for name, data_type in COLUMNS.items())
    create = f"create or replace temp table read_comments ({columns})"
    connection.execute(create)
    if not store.is_file():
        return
    try:
        connection.execute(
            f"insert into read_comments select {', '.join(COLUMNS)} "
            f"from read_parquet({quoted_path(store)}, hive_partitioning = false) where read_by = ?",
            [version],
        )
    except duckdb.Error as error:
        logger.warning("%s cannot be read and is made again: %s", store, str(error).splitlines()[0])
        connection.execute(create)


def _read(unread: pa.Table, version: str, workers: int) -> Iterator[pa.Table]:
    batches = unread.to_batches(max_chunksize=BATCH)
    comments = ((batch.column("comment").to_pylist(), batch.column("language").to_pylist()) for batch in batches)
    with _mapping(workers if unread.num_rows >= WORTH_PROCESSES else 1) as apply:
        for batch, reads in zip(batches, apply(read_batch, comments), strict=True):
            languages, sentiments, texts = zip(*reads, strict=True)
            yield pa.table(
                [batch.column("comment_hash"), languages, sentiments, texts, [version] * len(texts)], schema=_SCHEMA
            )


@contextmanager
def _mapping(workers: int) -> Iterator[Callable[..., Iterator[list[Read]]]]:
    """``map``, over processes where there are several; in order either way."""
    if workers == 1:
        yield map
        return
    # Spawned, not forked: the engine's threads do not survive a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool.map


def _search(connection: duckdb.DuckDBPyConnection, vocabulary: Vocabulary) -> int:
    """Find the themes of the comments that were not searched by this vocabulary; how many those were."""
    unsearched = f"searched_by is distinct from {quoted(vocabulary.version)}"
    row = connection.execute(f"select count(*) from read_comments where {unsearched}").fetchone()
    if not (row and row[0]):
        return 0
    # A new table is quicker than an update of lists.
    connection.execute(
        f"""
        create or replace temp table read_comments as
        select * exclude (comment_folded) replace (
            case when {unsearched} then {themes_expression(vocabulary, "comment_folded", "language")} else themes end
                as themes,
            {quoted(vocabulary.version)} as searched_by
        )
        from (select *, {folded_text("comment_redacted")} as comment_folded from read_comments)
        """
    )
    return int(row[0])


def _write(connection: duckdb.DuckDBPyConnection, store: Path) -> None:
    store.parent.mkdir(parents=True, exist_ok=True)
    scratch = store.with_name(f".{store.name}.{os.getpid()}")
    connection.execute(
        f"copy (select * from read_comments order by comment_hash) to {quoted(str(scratch))} "
        "(format parquet, compression zstd)"
    )
    scratch.replace(store)


def _land(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create schema if not exists {SCHEMA}")
    connection.execute(
        f"create or replace table {SCHEMA}.{TABLE} as "
        "select comment_hash, language, sentiment, comment_redacted from read_comments order by comment_hash"
    )
    connection.execute(
        f"create or replace table {SCHEMA}.{THEMES_TABLE} as "
        "select comment_hash, unnest(themes) as theme from read_comments order by comment_hash, theme"
    )
