"""Compiled SQL, judged for warehouses that no test can reach: does it parse, and would the warehouse know its words?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sqlglot import ErrorLevel, Token, TokenType, exp, parse, tokenize
from sqlglot.errors import OptimizeError, SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

FOLDER = Path(__file__).resolve().parent / "warehouses"
WORD = re.compile(r"[a-z_]\w*", re.IGNORECASE)
UNKNOWN = "unknown"
EXACT = (*exp.DataType.INTEGER_TYPES, exp.DataType.Type.DECIMAL)
QUOTED = (TokenType.IDENTIFIER, TokenType.STRING, TokenType.RAW_STRING)


@dataclass(frozen=True)
class Dialect:
    """What is known of a warehouse's SQL, as tests/warehouses/vocabulary.yml has it."""

    name: str
    functions: frozenset[str]
    reserved: frozenset[str]
    types: frozenset[str]
    constructs: tuple[type[exp.Expr], ...]
    keywords: frozenset[str]
    # Whether a quotient of two whole numbers has a fixed number of decimals.
    rounds_quotients: bool


def load_dialects() -> dict[str, Dialect]:
    """The dialects that the models are compiled for, by name."""
    vocabulary = yaml.safe_load((FOLDER / "vocabulary.yml").read_text(encoding="utf-8"))
    keywords, functions = frozenset(vocabulary.pop("keywords")), frozenset(vocabulary.pop("functions"))
    return {
        name: Dialect(
            name=name,
            functions=functions | frozenset(own["functions"]),
            reserved=frozenset(own["reserved"]),
            types=frozenset(own["types"]),
            constructs=tuple(getattr(exp, construct) for construct in own["constructs"]),
            keywords=keywords,
            rounds_quotients=own["rounds_quotients"],
        )
        for name, own in vocabulary.items()
    }


def faults(sql: str, dialect: Dialect) -> list[str]:
    """Why the warehouse would refuse the statement, as far as can be told from it alone."""
    try:
        statements = parse(sql, dialect=dialect.name, error_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        return [f"does not parse: {error}"]
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        return ["not one query"]
    tokens = tokenize(sql, dialect=dialect.name)
    return sorted({*_unknown_words(tokens, dialect), *_unknown_constructs(statements[0], dialect)})


def _unknown_words(tokens: Sequence[Token], dialect: Dialect) -> Iterator[str]:
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        word = token.text.lower()
        if token.token_type == TokenType.L_BRACE:
            yield "a struct in braces"
        if token.token_type in QUOTED or not WORD.fullmatch(word):
            continue
        follows = after.token_type if after else None
        is_type = (
            before is not None and before.text.lower() == "as" and follows in (TokenType.R_PAREN, TokenType.L_PAREN)
        )
        if is_type and word in dialect.types:
            yield f"type {word}"
        elif follows == TokenType.L_PAREN and word not in dialect.functions | dialect.keywords:
            yield f"function {word}"


def _unknown_constructs(statement: exp.Expr, dialect: Dialect) -> Iterator[str]:
    for node in statement.walk():
        if isinstance(node, exp.Command):
            yield "a command that sqlglot does not read"
        elif isinstance(node, exp.Identifier) and not node.quoted and node.name.lower() in dialect.reserved:
            yield f"reserved word {node.name.lower()}"
        elif isinstance(node, dialect.constructs) and not _is_counted_from(node):
            yield f"{type(node).__name__}: {node.sql(dialect=dialect.name)[:60]}"
        elif isinstance(node, exp.Unnest) and not isinstance(node.parent, exp.From | exp.Join):
            yield "unnest outside a from clause"
        elif isinstance(node, exp.Distinct) and node.args.get("on"):
            yield "distinct on"
        elif isinstance(node, exp.Add | exp.Sub) and any(_is_date(side) for side in (node.left, node.right)):
            yield f"arithmetic on a date: {node.sql(dialect=dialect.name)[:60]}"


def _is_counted_from(node: exp.Expr) -> bool:
    """Whether an item of an array says from where it is counted, as offset(…) does."""
    return isinstance(node, exp.Bracket) and node.args.get("offset") is not None


def _is_date(node: exp.Expr) -> bool:
    return isinstance(node, exp.Cast) and node.to.is_type(exp.DataType.Type.DATE)


class Warehouse:
    """The tables so far with their columns, by which a model is found that reads a column that is not there."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._schema = MappingSchema(dialect=dialect.name)

    def add(self, node: Mapping[str, Any], columns: Mapping[str, str]) -> None:
        """A source, seed or model of the manifest, with the types of its columns as far as they are known."""
        name = node.get("alias") or node["identifier"]
        table = exp.table_(name, db=node["schema"], catalog=node["database"])
        self._schema.add_table(table, dict(columns), dialect=self._dialect.name)

    def build(self, model: Mapping[str, Any]) -> list[str]:
        """Add a model by its compiled SQL; what is wrong with it that can be told from the tables that it reads."""
        statement = parse(model["compiled_code"], dialect=self._dialect.name, error_level=ErrorLevel.RAISE)[0]
        assert isinstance(statement, exp.Query)
        try:
            qualify(statement, schema=self._schema, dialect=self._dialect.name)
        except OptimizeError as error:
            self.add(model, {name: column["data_type"] or UNKNOWN for name, column in model["columns"].items()})
            return [str(error)]
        annotate_types(statement, schema=self._schema, dialect=self._dialect.name)
        self.add(model, {column.alias_or_name: self._type_of(column) for column in statement.selects})
        return sorted(set(self._rounded(statement))) if self._dialect.rounds_quotients else []

    def _type_of(self, column: exp.Expr) -> str:
        is_known = column.type is not None and not column.type.is_type(exp.DataType.Type.UNKNOWN)
        return column.type.sql(dialect=self._dialect.name) if column.type and is_known else UNKNOWN

    def _rounded(self, statement: exp.Query) -> Iterator[str]:
        """Quotients and means of exact numbers, which the warehouse rounds to a few decimals."""
        for node in statement.find_all(exp.Div, exp.Avg):
            terms = (node.left, node.right) if isinstance(node, exp.Div) else (node.this,)
            if all(term.type is not None and term.is_type(*EXACT) for term in terms):
                yield f"rounded: {node.sql(dialect=self._dialect.name)[:60]}"
