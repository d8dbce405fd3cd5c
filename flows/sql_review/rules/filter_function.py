"""A filter on a function of a column, where one on the column would let the warehouse skip what does not match."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rows import stored_table
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


def _find(sql: ParsedSql, sizes: Sizes) -> Iterator[Hit]:
    for scope in sql.scopes:
        if not isinstance(scope.expression, exp.Select):
            continue
        for condition, is_join in _conditions(scope.expression):
            found = _wrapped(condition, is_join, scope)
            if found is None:
                continue
            function, column = found
            if sql.source.dialect in _PRUNES_BY_DATE and _keeps_order(function):
                continue
            table = stored_table(column, scope)
            if table is None or _is_known_to_be_small(table, sizes):
                continue
            yield Hit(
                f"the {'join' if is_join else 'filter'} is on {function.sql(sql.source.dialect)}, not on"
                f" {column.sql(sql.source.dialect)}: no index, sort order or statistics of {table.name} can be used",
                _advice(function, column, is_join),
                sql.span(condition),
            )


def _conditions(query: exp.Select) -> Iterator[tuple[exp.Expr, bool]]:
    """Each condition that a row has to pass, and whether it is a join's."""
    where = query.args.get("where")
    places = [(where.this, False)] if where else []
    places += [(join.args["on"], True) for join in query.args.get("joins") or () if join.args.get("on")]
    for place, is_join in places:
        for part in place.flatten() if isinstance(place, exp.And) else [place]:
            yield part.unnest(), is_join


def _wrapped(condition: exp.Expr, is_join: bool, scope: Scope) -> tuple[exp.Expr, exp.Column] | None:
    """A function of one column that is compared with what does not depend on the same row."""
    if not isinstance(condition, _COMPARISONS):
        return None
    sides = [(condition.this, [value for key, value in condition.args.items() if key != "this"])]
    if isinstance(condition, exp.Binary):
        sides.append((condition.expression, [condition.this]))
    for side, others in sides:
        function = side.unnest()
        column = _inner(function)
        if column is None or (is_join and not isinstance(function, exp.Cast)):
            continue
        names = {name for other in _nodes(others) for name in _tables(other, scope)}
        if is_join:
            # A join on a cast key; the other side is another table's.
            if (
                isinstance(condition, exp.EQ)
                and names
                and column.table
                and column.table not in names
                and "" not in names
            ):
                return function, column
        elif not names:
            return function, column
    return None


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
