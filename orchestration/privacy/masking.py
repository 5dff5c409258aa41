"""What a message may show of a row: a value that is personal is told by its hash alone.

A value is personal where its column is tagged, or descends from one that is, or where it looks like an address or a
number of a person. By its hash a row is found again by whoever may read the build file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Any

from orchestration.privacy.search import kinds_in

# What dbt calls the values of the column that a test is about.
_OF_THE_TEST = ("value_field", "from_field", "unique_field")
_QUOTED = re.compile(r"""(?i)\b(string|value|key|input|convert)( ?)("[^"]*"|'[^']*')""")
_HASH_LENGTH = 12


def masked(row: Mapping[str, Any], private: Collection[str], about: str | None = None) -> dict[str, Any]:
    """The row as a message may show it; ``about`` is the column that the broken rule is about."""
    hidden = {*private, *(_OF_THE_TEST if about in private else ())}
    return {name: _shown(value, is_private=name in hidden) for name, value in row.items()}


def _shown(value: Any, *, is_private: bool) -> Any:
    if not is_private and not (isinstance(value, str) and kinds_in(value)):
        return value
    return None if value is None else f"hidden:{hashlib.md5(str(value).encode()).hexdigest()[:_HASH_LENGTH]}"


def without_values(message: str) -> str:
    """An error of the engine without the value that it quotes."""
    return _QUOTED.sub(r"\1\2(hidden)", message)
