"""The sources of a company, as its ``sources.yml`` declares them; all that is wrong in it is said at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from orchestration.company.folder import load_yaml
from orchestration.findings import BuildError, Finding
from orchestration.raw.tables import RawTable
from orchestration.raw.texts import nearest
from orchestration.sources.adapters import ANY_TABLE, Adapter, Input, adapters

KEYS = ("name", "adapter", "path", "options")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
POSTGRES = ("postgres", "postgresql")


@dataclass(frozen=True)
class Source:
    """One source. ``path`` is a file, a folder or a pattern below ``folder``, a URL, or a schema of PostgreSQL.

    ``options`` has each option of the adapter, with its default where nothing is said; ``tables`` are the raw tables
    that the source gives.
    """

    name: str
    adapter: Adapter
    path: str
    options: Mapping[str, Any]
    tables: tuple[str, ...]
    folder: Path
    # Columns of the raw tables that the adapter itself does not give, with the header of each: fields of a company.
    extra: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def header_of(self, given: Input, column: str) -> str | None:
        """The header that the user names for a column, of one input or of all that have it."""
        named = self.options["columns"] or {}
        header = named.get(f"{given.name}.{column}", named.get(column))
        return None if header is None else str(header)

    @property
    def is_url(self) -> bool:
        return self.path.startswith(("http://", "https://"))

    @property
    def is_database(self) -> bool:
        return self.path.partition("://")[0] in POSTGRES and "://" in self.path

    @property
    def place(self) -> str:
        """Where it lies, as it may be shown: without the password of a database or a server."""
        if not (self.is_url or self.is_database):
            return self.path
        parts = urlsplit(self.path)
        user, at, host = parts.netloc.rpartition("@")
        return f"{parts.scheme}://{user.partition(':')[0]}{at}{host}{parts.path}"


def read_sources(file: Path, tables: Sequence[RawTable]) -> tuple[Source, ...]:
    """The sources that a file declares; a BuildError with all that is wrong in it.

    ``tables`` are the raw tables of the contract.
    """
    try:
        said = load_yaml(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BuildError(
            Finding("not_utf8", file.name, f"{file} is not UTF-8.", next_step="Save it as UTF-8.")
        ) from error
    except OSError as error:
        raise BuildError(
            Finding(
                "unreadable_file", file.name, f"{file} cannot be read ({error.strerror}).", next_step="See its rights."
            )
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise BuildError(
            Finding("not_yaml", file.name, f"{file} is no YAML{where}.", next_step="Correct it; see docs/sources.md.")
        ) from error
    return declared(said, file.parent, tables, file.name)


def declared(said: object, folder: Path, tables: Sequence[RawTable], file: str = "sources.yml") -> tuple[Source, ...]:
    """As ``read_sources``, of what a file holds; relative paths are below ``folder``."""
    if said is None:
        return ()
    if not isinstance(said, Mapping) or not isinstance(said.get("sources"), list):
        raise BuildError(
            Finding("sources_invalid", file, "it has no list 'sources'.", next_step="Begin it with 'sources:'.")
        )
    findings = list(_unknown("key", said, ("sources",), file))
    found: list[Source] = []
    for number, each in enumerate(said["sources"], start=1):
        source = _source(each, number, folder, tables, file)
        if isinstance(source, Source):
            found.append(source)
        else:
            findings += source
    names = [source.name.lower() for source in found]
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.append(
            Finding("sources_invalid", file, f"two sources are named {name}.", next_step="Give each a name of its own.")
        )
    if findings:
        raise BuildError(*findings)
    return tuple(found)


def _source(said: object, number: int, folder: Path, tables: Sequence[RawTable], file: str) -> Source | list[Finding]:
    if not isinstance(said, Mapping):
        return [_wrong(file, f"source {number}", "is no mapping", "Write its name, adapter and path.")]
    where = f"source {said['name']}" if isinstance(said.get("name"), str) else f"source {number}"
    findings = list(_unknown("key", said, KEYS, f"{file}, {where}"))
    for key in KEYS[:3]:
        if not isinstance(said.get(key), str) or not said[key].strip():
            findings.append(_wrong(file, where, f"has no {key}", f"Say its {key}."))
    name, adapter = said.get("name"), adapters().get(str(said.get("adapter")))
    if isinstance(name, str) and not NAME.fullmatch(name):
        findings.append(
            _wrong(file, where, "has a name that is no name", "Use letters, digits and _, and begin with a letter.")
        )
    if isinstance(said.get("adapter"), str) and adapter is None:
        near = nearest(said["adapter"], adapters())
        findings.append(
            Finding(
                "unknown_adapter",
                f"{file}, {where}",
                f"there is no adapter {said['adapter']!r}{_nearest(near)}.",
                next_step=f"Use one of: {', '.join(adapters())}.",
            )
        )
    options = said.get("options") or {}
    if not isinstance(options, Mapping):
        findings.append(_wrong(file, where, "has options that are no mapping", "Write option: value in each line."))
    elif adapter is not None:
        findings += _unknown("option", options, adapter.options, f"{file}, {where}")
        findings += _invalid(adapter, options, f"{file}, {where}")
    if findings or adapter is None or not isinstance(name, str) or not isinstance(options, Mapping):
        return findings
    filled = {option.name: option.default for option in adapter.options.values()} | dict(options)
    source = Source(name, adapter, said["path"].strip(), filled, (), folder)
    return _with_tables(source, tables, f"{file}, {where}")


def _with_tables(source: Source, tables: Sequence[RawTable], where: str) -> Source | list[Finding]:
    """The source with the raw tables that it gives, and with the columns that it may have."""
    adapter, options = source.adapter, source.options
    if adapter.name == ANY_TABLE:
        return _any_table(source, tables, where)
    known = (*adapter.gives, *adapter.by_request)
    wanted = tuple(options["tables"] or adapter.gives)
    findings = list(_unknown("raw table", wanted, known, where))
    columns = {column for each in adapter.inputs.values() for column in each.columns}
    columns |= {f"{each.name}.{column}" for each in adapter.inputs.values() for column in each.columns}
    named = options["columns"] or {}
    extra = {
        table.name: {column: named[column] for column in named if column in table.columns and column not in columns}
        for table in tables
        if table.name in wanted and table.name in adapter.rows_of
    }
    more = {column for found in extra.values() for column in found}
    findings += _unknown("column", [column for column in named if column not in more], columns, where)
    return findings or replace(source, tables=wanted, extra=extra, adapter=_with_more(adapter, extra))


def _with_more(adapter: Adapter, extra: Mapping[str, Mapping[str, str]]) -> Adapter:
    """The adapter whose inputs have more columns: the first that a raw table is made of has to have them."""
    inputs = dict(adapter.inputs)
    for table, columns in extra.items():
        headers = {column: (header,) for column, header in columns.items()}
        for place, name in enumerate(adapter.rows_of.get(table, ())):
            given = inputs[name]
            inputs[name] = (
                replace(given, optional={**given.optional, **headers})
                if place
                else replace(given, required={**given.required, **headers})
            )
    return replace(adapter, inputs=inputs)


def _any_table(source: Source, tables: Sequence[RawTable], where: str) -> Source | list[Finding]:
    """The input of ``columns`` is the raw table itself: required are the columns that the user names."""
    options = source.options
    by_name = {table.name: table for table in tables}
    table = by_name.get(str(options["table"]))
    if table is None:
        near = nearest(str(options["table"]), by_name)
        return [
            Finding(
                "unknown_table",
                where,
                f"option table is {options['table']!r}, which is no raw table{_nearest(near)}.",
                next_step=f"Use one of: {', '.join(by_name)}.",
            )
        ]
    named, constants = options["columns"] or {}, options["constants"] or {}
    findings = [
        finding
        for given in (named, constants, dict.fromkeys(options["key_from"] or ()))
        for finding in _unknown("column", given, table.columns, where)
    ]
    required = {column: (str(header),) for column, header in named.items()}
    others = {column: (column,) for column in table.columns if column not in required}
    reading = replace(
        source.adapter,
        inputs={"rows": Input("rows", required, others, score="score" if "score" in table.columns else None)},
        gives=(table.name,),
    )
    return findings or replace(source, adapter=reading, tables=(table.name,))


# What is wrong -----------------------------------------------------------------------------------------------------


def _unknown(kind: str, given: Collection[Any], known: Collection[str], where: str) -> Iterator[Finding]:
    for key in given:
        if key not in known:
            near = nearest(str(key), known)
            yield Finding(
                f"unknown_{kind.replace(' ', '_')}",
                where,
                f"there is no {kind} {key!r}{_nearest(near)}.",
                next_step=f"Correct or remove it; there are: {', '.join(sorted(known))}.",
            )


def _invalid(adapter: Adapter, options: Mapping[str, Any], where: str) -> Iterator[Finding]:
    for name, value in options.items():
        option = adapter.options.get(name)
        allowed = None if option is None else _allowed(option.kind, value, option.choices)
        if allowed is not None:
            yield Finding(
                "option_invalid",
                where,
                f"option {name} is {value!r}.",
                next_step=f"Write {allowed}; it says: {option.meaning}" if option else "",
            )
    named = options.get("columns")
    for column, header in named.items() if isinstance(named, Mapping) else ():
        # YAML takes some words for something else: No for false, 2026-01-01 for a date.
        if not isinstance(header, str):
            yield Finding(
                "option_invalid",
                where,
                f"option columns: the header of {column} is no text.",
                next_step="Put it in quotes.",
            )
    for option in adapter.options.values():
        if option.kind == "required" and not isinstance(options.get(option.name), str):
            yield Finding("option_missing", where, f"option {option.name} is not said.", next_step=option.meaning)


def _allowed(kind: str, value: Any, choices: Sequence[str]) -> str | None:
    """What may be written in place of a value; None where the value is right."""
    if value is None:
        return None
    if kind == "choice":
        return None if value in choices else f"one of: {', '.join(choices)}"
    if kind == "timezone":
        return None if _is_timezone(value) else "an IANA name such as Europe/Berlin"
    kinds: dict[str, tuple[type | tuple[type, ...], str]] = {
        "boolean": (bool, "true or false"),
        "integer": (int, "a whole number"),
        "list": (list, "a list such as [a, b]"),
        "mapping": (Mapping, "a mapping such as {a: b}"),
        "text": (str, "a text"),
        "required": (str, "a text"),
    }
    expected, allowed = kinds[kind]
    is_right = isinstance(value, expected) and (kind == "boolean" or not isinstance(value, bool))
    return None if is_right else allowed


def _is_timezone(value: Any) -> bool:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        return False
    return True


def _nearest(near: str | None) -> str:
    return f"; the nearest is {near!r}" if near else ""


def _wrong(file: str, where: str, what: str, next_step: str) -> Finding:
    return Finding("sources_invalid", file, f"{where} {what}.", next_step=next_step)
