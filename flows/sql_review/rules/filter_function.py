"""A filter on a function of a column, where one on the column would let the warehouse skip what does not match."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from flows.sql_review.arithmetic import Moved, moved, with_moved
from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rows import origin, stored_table
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes, names_of

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In)
_TO_DATE = (exp.Date, exp.TsOrDsToDate, exp.DateTrunc, exp.TimestampTrunc)
_PARTS = (exp.Year, exp.Month, exp.Quarter, exp.Week, exp.Day, exp.Extract, exp.TimeToStr, exp.ToChar)
_TEXT = (exp.Substring, exp.Left, exp.Right)
"""Not lower, upper or trim: who compares so has data that is spelled so, and a column that few values tell apart."""
_DATES = ("DATE", "TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "TIMESTAMPLTZ", "DATETIME")
_PRUNES_BY_DATE = ("snowflake",)
"""Whose pruning sees through what keeps the order of times: a cast to a date, date_trunc."""


@dataclass(frozen=True)
class _Wrapped:
    """A function of a column that is compared.

    Attributes:
        scope: the query that the column is of.
        said: how the condition has it: the function itself, or the name that a query within gives it.
    """

    function: exp.Expr
    column: exp.Column
    scope: Scope
    said: str


def _find(sql: ParsedSql, sizes: Sizes) -> Iterator[Hit]:
    dialect = sql.source.dialect
    arithmetic: list[tuple[exp.Expr, Moved, exp.Table]] = []
    for scope in sql.scopes:
        if not isinstance(scope.expression, exp.Select):
            continue
        for condition, is_join in _conditions(scope.expression):
            one = None if is_join or dialect in _PRUNES_BY_DATE else moved(condition, dialect)
            if one is not None:
                table = stored_table(one.column, scope)
                if table is not None and not _is_known_to_be_small(table, sizes):
                    arithmetic.append((condition, one, table))
                continue
            found = _wrapped(condition, is_join, scope, dialect)
            if found is None:
                continue
            if dialect in _PRUNES_BY_DATE and _keeps_order(found.function):
                continue
            table = stored_table(found.column, found.scope)
            if table is None or _is_known_to_be_small(table, sizes):
                continue
            yield Hit(
                f"the {'join' if is_join else 'filter'} is on {found.said}, not on"
                f" {found.column.sql(dialect)}: no index, sort order or statistics of {table.name} can be used",
                _advice(found.function, found.column, is_join),
                sql.span(condition),
            )
    yield from _moved_hits(sql, arithmetic)


def _moved_hits(sql: ParsedSql, found: list[tuple[exp.Expr, Moved, exp.Table]]) -> Iterator[Hit]:
    dialect = sql.source.dialect
    for statement in sql.statements:
        inside = [(condition, one, table) for condition, one, table in found if condition.root() is statement.root()]
        rewrite = with_moved(statement, [(condition, one) for condition, one, _ in inside], dialect)
        for condition, one, table in inside:
            yield Hit(
                f"the filter is on {one.total.sql(dialect)}, not on {one.column.sql(dialect)}: no index, sort order or"
                f" statistics of {table.name} can be used",
                f"compare the column: {one.condition.sql(dialect)}"
                + ("" if one.is_exact else " (mind months of other lengths, and days when clocks are turned)"),
                sql.span(condition),
                rewrite if one.is_exact else None,
            )


def _conditions(query: exp.Select) -> Iterator[tuple[exp.Expr, bool]]:
    """Each condition that a row has to pass, and whether it is a join's."""
    where = query.args.get("where")
    places = [(where.this, False)] if where else []
    places += [(join.args["on"], True) for join in query.args.get("joins") or () if join.args.get("on")]
    for place, is_join in places:
        for part in place.flatten() if isinstance(place, exp.And) else [place]:
            yield part.unnest(), is_join


def _wrapped(condition: exp.Expr, is_join: bool, scope: Scope, dialect: str) -> _Wrapped | None:
    """A function of one column that is compared with what does not depend on the same row."""
    if not isinstance(condition, _COMPARISONS):
        return None
    sides = [(condition.this, [value for key, value in condition.args.items() if key != "this"])]
    if isinstance(condition, exp.Binary):
        sides.append((condition.expression, [condition.this]))
    for side, others in sides:
        function = side.unnest()
        column = _inner(function)
        names = _own_tables(others, scope)
        made = None if is_join or names else _made_inside(function, scope, dialect)
        if made is not None:
            return made
        if column is None or (is_join and not isinstance(function, exp.Cast)):
            continue
        if is_join:
            # A join on a cast key; the other side is another table's.
            if (
                isinstance(condition, exp.EQ)
                and names
                and column.table
                and column.table not in names
                and "" not in names
            ):
                return _Wrapped(function, column, scope, function.sql(dialect))
        elif not names:
            return _Wrapped(function, column, scope, function.sql(dialect))
    return None


def _made_inside(column: exp.Expr, scope: Scope, dialect: str) -> _Wrapped | None:
    """The date, or part of one, that a query within makes of a column, and passes on under another name."""
    found = origin(column, scope) if isinstance(column, exp.Column) else None
    if not isinstance(found, tuple):
        return None
    function, inside = found[0].unnest(), found[1]
    is_day = isinstance(function, exp.Cast) and function.to.this.value == "DATE"
    inner = _inner(function) if is_day or isinstance(function, (*_TO_DATE, *_PARTS)) else None
    if inner is None:
        return None
    return _Wrapped(function, inner, inside, f"{column.sql(dialect)}, which is {function.sql(dialect)}")


def _own_tables(values: list[object], scope: Scope) -> set[str]:
    return {name for value in _nodes(values) for name in _tables(value, scope)}


def _nodes(values: list[object]) -> Iterator[exp.Expr]:
    for value in values:
        if isinstance(value, exp.Expr):
            yield value
        elif isinstance(value, list):
            yield from _nodes(value)


def _tables(node: exp.Expr, scope: Scope) -> set[str]:
    """Whose columns of this very query are in it; a subquery of its own is none of them."""
    if isinstance(node, exp.Subquery | exp.Query):
        return set()
    own = {id(column) for column in scope.columns}
    return {column.table for column in node.find_all(exp.Column) if id(column) in own}


def _inner(function: exp.Expr) -> exp.Column | None:
    """The column within a chain of the functions that this rule is about."""
    node, depth = function, 0
    while not isinstance(node, exp.Column):
        if isinstance(node, exp.Extract):
            node = node.expression
        elif isinstance(node, (exp.Cast, *_TO_DATE, *_PARTS, *_TEXT)):
            node = node.this
        else:
            return None
        node, depth = node.unnest(), depth + 1
    return node if depth else None


def _keeps_order(function: exp.Expr) -> bool:
    node = function
    while not isinstance(node, exp.Column):
        if not isinstance(node, _TO_DATE) and not (isinstance(node, exp.Cast) and node.to.this.value in _DATES):
            return False
        node = node.this.unnest()
    return True


def _is_known_to_be_small(table: exp.Table, sizes: Sizes) -> bool:
    rows = sizes.rows(names_of(table.catalog, table.db, table.name))
    return rows is not None and not sizes.is_large(rows)


def _advice(function: exp.Expr, column: exp.Column, is_join: bool) -> str:
    name = column.sql()
    if is_join:
        return f"give {name} the type of its partner where it is staged, and join on the column"
    if _keeps_order(function) or isinstance(function, _PARTS):
        return f"compare {name} itself with the first instant and the first one after: {name} >= ... and {name} < ..."
    return f"store {name} as it is compared (where it is staged), and compare the column"


FILTER_FUNCTION = Rule(
    "function-on-filter-column",
    Severity.WARNING,
    f"{INCIDENT}: scans of whole tables, for want of an index or clustering key that the filter could use",
    _find,
)
