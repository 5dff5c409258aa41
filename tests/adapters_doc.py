"""The part of docs/sources.md that adapters describe themselves.

    python -m tests.adapters_doc

writes it again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import yaml

from orchestration.settings import REPOSITORY
from orchestration.sources.adapters import SHARED, Adapter, Input, Option, adapters

FILE = REPOSITORY / "docs" / "sources.md"
MARK = "<!-- From here on: python -m tests.adapters_doc -->\n"


def documented() -> str:
    """docs/sources.md with the adapters as they are now."""
    return FILE.read_text(encoding="utf-8").partition(MARK)[0] + MARK + "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield ""
    yield "| adapter | reads | gives | tested on |"
    yield "|---|---|---|---|"
    for each in adapters().values():
        yield f"| [`{each.name}`](#{each.name}) | {each.title} | {_gives(each)} | {each.tested_on} |"
    for each in adapters().values():
        yield from _adapter(each)


def _adapter(adapter: Adapter) -> Iterator[str]:
    yield f"\n### {adapter.name}\n"
    yield f"{adapter.title}. {adapter.quirks}\n"
    yield "| input | needed | read where there |"
    yield "|---|---|---|"
    for each in adapter.inputs.values():
        name = f"`{each.name}`" + (" (optional)" if each.is_optional else "")
        yield f"| {name} | {_columns(each, each.required)} | {_columns(each, each.optional)} |"
    yield "\n| option | default | meaning |"
    yield "|---|---|---|"
    for option in adapter.options.values():
        if option.meaning not in SHARED_MEANINGS:
            yield _option(option)
    if all(option.meaning in SHARED_MEANINGS for option in adapter.options.values()):
        yield "| none of its own | | |"
    shared = [f"`{option.name}`" for option in adapter.options.values() if option.meaning in SHARED_MEANINGS]
    yield f"\nShared options: {', '.join(shared)}.\n"


def _option(option: Option) -> str:
    default = "" if option.default is None else f"`{str(option.default).lower() or ' '}`"
    choices = f" One of: {', '.join(f'`{choice}`' for choice in option.choices)}." if option.choices else ""
    return f"| `{option.name}` | {default} | {option.meaning}{choices} |"


def _gives(adapter: Adapter) -> str:
    given = [f"`{table}`" for table in adapter.gives] or ["any raw table"]
    return ", ".join([*given, *(f"`{table}` if asked" for table in adapter.by_request)])


def _columns(given: Input, columns: Collection[str]) -> str:
    names = [column for column in given.columns if column in columns]
    return ", ".join(f"`{name}`" + _headers(name, given.columns[name]) for name in names)


def _headers(name: str, headers: tuple[str, ...]) -> str:
    known = [header.replace("|", "\\|") for header in headers if header != name]
    return f" ({known[0]})" if known else ""


def _shared_meanings() -> set[str]:
    groups = yaml.safe_load(SHARED.read_text(encoding="utf-8"))
    return {option["meaning"] for options in groups.values() for option in options.values()}


SHARED_MEANINGS = _shared_meanings()


if __name__ == "__main__":
    FILE.write_text(documented(), encoding="utf-8")
    print(f"wrote {FILE}")
