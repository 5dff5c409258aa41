"""The walk of the data: what sources give is written down as raw files of ours, which the landing reads like any other.

Each source has a folder under NPS_HOME/sources, with a file of Parquet for each raw table, and ``made.json``: from
which files it was made, by what, and what is said of it. A source whose files are as they were is not read again; what
lies in a database or at a URL is read each time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from orchestration.files import file_hash, write_json
from orchestration.findings import BuildError, Finding, RawInputError
from orchestration.forgetting.people import NOBODY, People, landed_without
from orchestration.raw.files import RawFile
from orchestration.raw.ledger import READERS, Fingerprint, changes, fingerprint
from orchestration.raw.tables import RAW_SCHEMA, RawTable
from orchestration.release.warehouse import in_memory, quoted
from orchestration.sources.adapters import FOLDER
from orchestration.sources.declared import Source, read_sources
from orchestration.sources.files import files_of
from orchestration.sources.run import Outcome, run_source

DECLARATION = "sources.yml"
MADE = "made.json"
INVITATIONS = "survey_invitations"
# By what a row may tell whose it is, whether or not the source has such a column.
NAMED_BY = {INVITATIONS: ("invitation_id", "contact_id", "contact_email"), "survey_responses": ("invitation_id",)}


@dataclass(frozen=True)
class Arrivals:
    """What all sources gave: by raw table the files that were written, and what is to be said of the sources."""

    files: Mapping[str, Sequence[RawFile]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def arrive(
    company: Path | None, home: Path, tables: Sequence[RawTable], memory_limit: str, without: People = NOBODY
) -> Arrivals:
    """Write down what the sources of a company give; nothing where it declares none.

    ``home`` is the folder of what sources gave before. Rows of the people ``without`` whom they are written keep no
    value that says who they are. A BuildError says all that stops a source; the others are
    written.
    """
    declaration = None if company is None else company / DECLARATION
    if declaration is None or not declaration.is_file():
        shutil.rmtree(home, ignore_errors=True)
        return Arrivals()
    sources = read_sources(declaration, tables)
    home.mkdir(parents=True, exist_ok=True)
    for left in home.iterdir():
        if left.name not in {source.name for source in sources}:
            shutil.rmtree(left, ignore_errors=True)
    files: dict[str, list[RawFile]] = {}
    notes: list[str] = []
    findings: list[Finding] = []
    for source in sources:
        folder = home / source.name
        try:
            made = _made(source, folder, tables, memory_limit, without)
        except BuildError as error:
            findings += error.findings
            continue
        for table, file in _files(folder, made):
            files.setdefault(table, []).append(file)
        notes += made["notes"]
    if findings:
        raise RawInputError(*findings)
    return Arrivals(files, tuple(notes))


def arrived(home: Path) -> dict[str, list[RawFile]]:
    """The files that sources gave, by raw table, as they were written down last."""
    files: dict[str, list[RawFile]] = {}
    for folder in sorted(home.iterdir()) if home.is_dir() else ():
        for table, file in _files(folder, _known(folder)):
            files.setdefault(table, []).append(file)
    return files


def _files(folder: Path, made: Mapping[str, Any]) -> Iterator[tuple[str, RawFile]]:
    for table in made.get("tables", ()):
        yield table, RawFile(made["name"], str(folder / f"{table}.parquet"), "parquet", is_given=True)


def said(source: Source, note: Finding) -> str:
    """What is to be said of a source, in one line."""
    count = "" if note.n_rows is None else f"{note.n_rows:,} "
    return f"source {source.name}: {count}{note.message} {note.next_step}".strip()


def _made(
    source: Source, folder: Path, tables: Sequence[RawTable], memory_limit: str, without: People
) -> dict[str, Any]:
    """What is known of a source that is written down as its files are now; it is written first, unless it was."""
    known = _known(folder)
    made_by = _made_by(source, tables) + without.digest
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".") as scratch:
        here = Path(scratch)
        current: dict[str, Fingerprint] | None = None
        files: list[RawFile] = []
        if not (source.is_url or source.is_database):
            files = [file for found in files_of(source, here).values() for file in found]
            before = {name: Fingerprint(*each) for name, each in known.get("files", {}).items()}
            current = {file.name: fingerprint(file, before.get(file.name)) for file in files}
            if known.get("made_by") == made_by and _contents(current) == _contents(before) and _is_whole(folder, known):
                return known
        with in_memory(memory_limit, here) as connection:
            outcome = run_source(connection, source, tables, here)
            written = _write(connection, _relations(connection, outcome, tables, without), here / "made")
        if current is not None and (changed := changes(source.name, files, current)):
            raise RawInputError(*changed)
        made = {
            # What people are told: the source, and where it lies.
            "name": f"{source.name} ({source.place})",
            "made_by": made_by,
            "files": {name: list(vars(each).values()) for name, each in (current or {}).items()},
            "tables": written,
            "notes": [said(source, note) for note in outcome.notes],
        }
        write_json(here / "made" / MADE, made)
        shutil.rmtree(folder, ignore_errors=True)
        (here / "made").rename(folder)
    return made


def _known(folder: Path) -> dict[str, Any]:
    """What was written down of a source; nothing where it cannot be read."""
    try:
        known = json.loads((folder / MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _contents(files: Mapping[str, Fingerprint]) -> dict[str, str]:
    return {name: each.content_hash for name, each in files.items()}


def _is_whole(folder: Path, known: Mapping[str, Any]) -> bool:
    """Whether all files of a source are as they were written."""
    return all(
        (folder / f"{table}.parquet").is_file() and file_hash(folder / f"{table}.parquet") == content
        for table, content in known["tables"].items()
    )


def _made_by(source: Source, tables: Iterable[RawTable]) -> str:
    """By what a source is read: its declaration, the code, the engine and the columns of the contract."""
    digest = hashlib.sha256()
    own = sorted(path for path in FOLDER.rglob("*") if path.suffix in (".py", ".sql", ".yml"))
    for path in (*READERS, *own):
        if "example" not in path.parts:
            digest.update(path.read_bytes())
    contract = [(table.name, table.columns, table.required_columns) for table in tables]
    engine = (duckdb.__version__, version("python-calamine"), version("iso4217"))
    declared = (source.name, source.adapter.name, source.path, sorted(source.options.items(), key=str), source.tables)
    digest.update(repr((engine, declared, contract)).encode())
    return digest.hexdigest()


def _relations(
    connection: duckdb.DuckDBPyConnection, outcome: Outcome, tables: Iterable[RawTable], without: People
) -> Mapping[str, str]:
    """What to write of each raw table: all that the source gave, without the people. An answer is theirs by its
    invitation, too."""
    if not without:
        return outcome.relations
    connection.execute(f"create schema {RAW_SCHEMA}")
    nothing = ", ".join(f"{name} varchar" for name in NAMED_BY[INVITATIONS])
    connection.execute(f"create table {RAW_SCHEMA}.{INVITATIONS} ({nothing})")
    private = {table.name: table.private for table in tables}
    relations = {}
    for table in sorted(outcome.relations, key=lambda name: name != INVITATIONS):
        relation = outcome.relations[table]
        columns = {name: kind for name, kind, *_ in connection.execute(f"describe {relation}").fetchall()}
        missing = [name for name in NAMED_BY.get(table, ()) if name not in columns]
        columns |= dict.fromkeys(missing, "VARCHAR")
        selection = f"select *{''.join(f', cast(null as varchar) as {name}' for name in missing)} from {relation}"
        selection = landed_without(without, selection, table, columns, private[table])
        relations[table] = f"{RAW_SCHEMA}.{table}"
        connection.execute(f"create or replace table {relations[table]} as {selection}")
    return relations


def _write(connection: duckdb.DuckDBPyConnection, relations: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Write each raw table as Parquet; the hashes of the files, by raw table."""
    folder.mkdir()
    written = {}
    for table, relation in relations.items():
        file = folder / f"{table}.parquet"
        connection.execute(f"copy (select * from {relation}) to {quoted(str(file))} (format parquet)")
        written[table] = file_hash(file)
    return written
