"""From which tagged columns of the sources each column of a model takes its values, read from the compiled SQL.

A tag (``meta: {pii: email}`` on a column of a source) follows the values: through casts, functions, lists and structs,
``select *``, unions and subqueries. It ends where a value cannot be told any more: in a comparison, a count, a hash.
Where the SQL leaves it open what a column holds, it counts as holding all that could be in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp

# By origin (``raw.crm_contacts.email``), the way from it: each step as ``table.column``.
Origins = Mapping[str, tuple[str, ...]]

# What comes out of these says nothing of the value that went in.
_ENDS = (
    exp.Predicate,
    exp.Not,
    exp.And,
    exp.Or,
    exp.Count,
    exp.CountIf,
    exp.ApproxDistinct,
    exp.Length,
    exp.MD5,
    exp.MD5Digest,
    exp.SHA,
    exp.SHA2,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.RegexpLike,
    exp.DateDiff,
    exp.LogicalAnd,
    exp.LogicalOr,
)
_ENDING_FUNCTIONS = frozenset(("hash", "sha256", "xxhash64", "md5_number", "bit_length", "array_length", "len"))
# Of a window, a filter or an order, the rows and not the values are chosen.
_CHOOSING_ARGUMENTS = {
    exp.Window: ("partition_by", "order", "spec"),
    exp.Filter: ("expression",),
    exp.Order: ("expressions",),
    exp.If: ("this",),
    exp.WithinGroup: (),
}


@dataclass(frozen=True)
class Relation:
    """A table as a query sees it: the origins of its columns, in their order, and ``rest``, of those without a name."""

    columns: tuple[tuple[str, Origins], ...]
    rest: Origins = field(default_factory=dict)

    def origins(self, name: str) -> Origins | None:
        """Those of a column; None where there is none of the name."""
        found = [origins for column, origins in self.columns if column.lower() == name.lower()]
        return _together(found) if found else self.rest or None

    @property
    def all(self) -> Origins:
        return _together([*(origins for _, origins in self.columns), self.rest])


def _together(many: Iterable[Origins]) -> Origins:
    found: dict[str, tuple[str, ...]] = {}
    for origins in many:
        for origin, way in origins.items():
            if origin not in found or len(way) < len(found[origin]):
                found[origin] = way
    return found


def columns_of(sql: str, tables: Mapping[tuple[str, str], Relation], dialect: str = "duckdb") -> Relation:
    """What a query gives: its columns and their origins. ``tables`` has those that it may read, by schema and name."""
    return _Reader(tables).query(sqlglot.parse_one(sql, read=dialect), {}, ())


Scope = tuple[tuple[str, Relation], ...]


class _Reader:
    def __init__(self, tables: Mapping[tuple[str, str], Relation]) -> None:
        self._tables = tables

    def query(self, query: exp.Expr, ctes: Mapping[str, Relation], outer: Scope) -> Relation:
        known = dict(ctes)
        ctes_of: exp.With | None = query.args.get("with_")
        is_recursive = ctes_of is not None and bool(ctes_of.args.get("recursive"))
        for cte in ctes_of.expressions if ctes_of is not None else ():
            if is_recursive and isinstance(cte.this, exp.SetOperation):
                known[cte.alias.lower()] = _renamed(self.query(cte.this.this, known, outer), cte.args["alias"])
            known[cte.alias.lower()] = _renamed(self.query(cte.this, known, outer), cte.args["alias"])
        if isinstance(query, exp.Subquery):
            return self.query(query.this, known, outer)
        if isinstance(query, exp.SetOperation):
            left, right = (self.query(side, known, outer) for side in (query.this, query.expression))
            return left if isinstance(query, exp.Except) else _united(left, right, bool(query.args.get("by_name")))
        if isinstance(query, exp.Select):
            return self._select(query, known, outer)
        # What is no query that we know gives whatever it reads.
        return Relation((), _together(self._table(table, known).all for table in query.find_all(exp.Table)))

    def _select(self, select: exp.Select, ctes: Mapping[str, Relation], outer: Scope) -> Relation:
        scope: list[tuple[str, Relation]] = []
        reads = [select.args["from_"].this] if select.args.get("from_") else []
        joins = [join.this for join in select.args.get("joins") or ()]
        for source in (*reads, *joins, *(select.args.get("laterals") or ())):
            self._read(source, ctes, outer, scope)
        inner = tuple(scope)
        columns: list[tuple[str, Origins]] = []
        rest: list[Origins] = []
        for projection in select.expressions:
            star = projection.this if isinstance(projection, exp.Column) else projection
            if isinstance(star, exp.Star):
                of = projection.table if isinstance(projection, exp.Column) else ""
                given, unnamed = self._star(star, of, inner, ctes, outer)
                columns += given
                rest.append(unnamed)
            elif projection.find(exp.Columns):
                rest += [relation.all for _, relation in inner]
            else:
                named = tuple(columns)
                columns.append((projection.alias_or_name, self._value(projection, inner, ctes, outer, named)))
        return Relation(tuple(columns), _together(rest))

    def _read(
        self, source: exp.Expr, ctes: Mapping[str, Relation], outer: Scope, scope: list[tuple[str, Relation]]
    ) -> None:
        """Add what a table, subquery or function of ``from`` gives to the scope."""
        alias = source.args.get("alias")
        if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
            relation, name = self._table(source, ctes), source.alias_or_name
            if source.args.get("pivots"):
                relation = Relation((), relation.all)
        elif isinstance(source, exp.Subquery):
            relation, name = self.query(source, ctes, (*outer, *scope)), source.alias
        elif isinstance(source, exp.Lateral) and isinstance(source.this, exp.Subquery):
            relation, name = self.query(source.this, ctes, (*outer, *scope)), source.alias
        elif isinstance(source, exp.Paren):
            self._read(source.this, ctes, outer, scope)
            return
        else:
            # A function of a table, values, unnest: any of its columns may hold whatever goes in.
            relation, name = Relation((), self._value(source, tuple(scope), ctes, outer)), source.alias_or_name
        scope.append((name.lower(), _renamed(relation, alias)))
        for join in source.args.get("joins") or ():
            self._read(join.this, ctes, outer, scope)

    def _table(self, table: exp.Table, ctes: Mapping[str, Relation]) -> Relation:
        if not table.db and table.name.lower() in ctes:
            return ctes[table.name.lower()]
        return self._tables.get((table.db.lower(), table.name.lower()), Relation(()))

    def _star(
        self, star: exp.Star, of: str, scope: Scope, ctes: Mapping[str, Relation], outer: Scope
    ) -> tuple[list[tuple[str, Origins]], Origins]:
        left_out = {column.name.lower() for column in star.args.get("except_") or ()}
        replaced = {
            alias.alias.lower(): self._value(alias.this, scope, ctes, outer) for alias in star.args.get("replace") or ()
        }
        renamed = {alias.this.name.lower(): alias.alias for alias in star.args.get("rename") or ()}
        relations = [relation for name, relation in scope if not of or name == of.lower()]
        columns = [
            (renamed.get(column.lower(), column), replaced.get(column.lower(), origins))
            for relation in relations
            for column, origins in relation.columns
            if column.lower() not in left_out
        ]
        return columns, _together(relation.rest for relation in relations)

    def _value(
        self,
        value: exp.Expr,
        scope: Scope,
        ctes: Mapping[str, Relation],
        outer: Scope,
        named: Sequence[tuple[str, Origins]] = (),
    ) -> Origins:
        """The origins of what an expression may hold."""
        if isinstance(value, _ENDS) or (isinstance(value, exp.Anonymous) and value.name.lower() in _ENDING_FUNCTIONS):
            return {}
        if isinstance(value, exp.Column):
            return self._column(value, scope, outer, named)
        if isinstance(value, exp.Query):
            return self.query(value, ctes, (*outer, *scope)).all
        chosen = next((names for kind, names in _CHOOSING_ARGUMENTS.items() if isinstance(value, kind)), ())
        if isinstance(value, exp.Case) and value.this is not None:
            chosen = ("this",)
        parts = [
            part
            for name, argument in value.args.items()
            if name not in chosen
            for part in (argument if isinstance(argument, list) else [argument])
            if isinstance(part, exp.Expr) and not isinstance(part, exp.DataType)
        ]
        return _together(self._value(part, scope, ctes, outer, named) for part in parts)

    def _column(self, column: exp.Column, scope: Scope, outer: Scope, named: Sequence[tuple[str, Origins]]) -> Origins:
        """Those of a column; of a whole row where a table is named; of a field all that its struct holds."""
        parts = [part.name for part in column.parts]
        for relations in (scope, outer):
            tables = {part.lower() for part in parts[:-1]}
            of_table = [relation.origins(parts[-1]) for name, relation in relations if name in tables]
            # Else the first part is a column, and those behind it are fields.
            named_so = [relation.origins(parts[0]) for _, relation in relations]
            for found in (of_table, named_so):
                known = [origins for origins in found if origins is not None]
                if known:
                    return _together(known)
            rows = [relation for name, relation in relations if name == parts[0].lower()]
            if rows:
                return _together(relation.all for relation in rows)
        # An expression may use the alias of one before it.
        return _together(origins for name, origins in named if name.lower() == parts[0].lower())


def _renamed(relation: Relation, alias: exp.Expr | None) -> Relation:
    """The relation under the names of its alias: ``b (c1, c2)``."""
    names = [column.name for column in alias.args.get("columns") or ()] if isinstance(alias, exp.TableAlias) else []
    if not names:
        return relation
    if len(relation.columns) < len(names):
        return Relation(tuple((name, relation.all) for name in names), relation.rest)
    columns = [(name, origins) for name, (_, origins) in zip(names, relation.columns, strict=False)]
    return Relation((*columns, *relation.columns[len(names) :]), relation.rest)


def _united(left: Relation, right: Relation, is_by_name: bool) -> Relation:
    """Both, column by column. Where the order is not known, each column may hold what is in any."""
    rest = _together((left.rest, right.rest))
    if is_by_name:
        names = dict.fromkeys(name for name, _ in (*left.columns, *right.columns))
        by_name = [(name, _together((left.origins(name) or {}, right.origins(name) or {}))) for name in names]
        return Relation(tuple(by_name), rest)
    if len(left.columns) == len(right.columns) and not rest:
        pairs = zip(left.columns, right.columns, strict=True)
        return Relation(tuple((name, _together((ours, theirs))) for (name, ours), (_, theirs) in pairs))
    everything = _together((left.all, right.all))
    return Relation(tuple((name, everything) for name, _ in left.columns), everything)
