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
from flows.sql_review.wrapping import PARTS, TO_DATE, advice, column_of, keeps_order, recurs

_COMPARISONS = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Like)
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
    for scope in (*sql.scopes, *sql.changes):
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
            if dialect in _PRUNES_BY_DATE and keeps_order(found.function):
                continue
            if recurs(found.function) and _is_in_a_range(found.column, scope, dialect):
                continue
            table = stored_table(found.column, found.scope)
            if table is None or _is_known_to_be_small(table, sizes):
                continue
            yield Hit(
                f"the {'join' if is_join else 'filter'} is on {found.said}, not on"
                f" {found.column.sql(dialect)}: no index, sort order or statistics of {table.name} can be used",
                advice(found.function, found.column, is_join=is_join),
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


def _conditions(query: exp.Expr) -> Iterator[tuple[exp.Expr, bool]]:
    """Each condition that a row has to pass, and whether it is a join's."""
    where = query.args.get("where")
    places = [(where.this, False)] if where else []
    places += [(join.args["on"], True) for join in query.args.get("joins") or () if join.args.get("on")]
    for place, is_join in places:
        for part in place.flatten() if isinstance(place, exp.And) else [place]:
            yield part.unnest(), is_join


def _wrapped(condition: exp.Expr, is_join: bool, scope: Scope, dialect: str) -> _Wrapped | None:
    """A function of one column that is compared with what does not depend on the same row."""
    if isinstance(condition, exp.Or):
        return None if is_join else _in_all_branches(condition, scope, dialect)
    if not isinstance(condition, _COMPARISONS) or not _begins_with_text(condition):
        return None
    for side, others in _sides(condition):
        function = side.unnest()
        column = None if isinstance(function, exp.Column) else column_of(function)
        names = _own_tables(others, scope)
        made = None if is_join or names else _made_inside(function, scope, dialect)
        if made is not None:
            return made
        if column is None:
            continue
        if not is_join and not names:
            return _Wrapped(function, column, scope, function.sql(dialect))
        # A join on a cast key or a date of it; the other side is another table's.
        is_key = is_join and isinstance(function, (exp.Cast, *TO_DATE)) and isinstance(condition, exp.EQ)
        if is_key and names and column.table and column.table not in names and "" not in names:
            return _Wrapped(function, column, scope, function.sql(dialect))
    return None


def _sides(condition: exp.Expr) -> list[tuple[exp.Expr, list[object]]]:
    """Each side of a comparison, and what it is compared with."""
    sides = [(condition.this, [value for key, value in condition.args.items() if key != "this"])]
    if isinstance(condition, exp.Binary):
        sides.append((condition.expression, [condition.this]))
    return sides


def _begins_with_text(condition: exp.Expr) -> bool:
    """Whether it is no LIKE, or one that gives a beginning, by which values in order can be found."""
    if not isinstance(condition, exp.Like):
        return True
    pattern = condition.expression
    is_text = isinstance(pattern, exp.Literal) and pattern.is_string
    return is_text and not condition.args.get("negate") and not pattern.name.startswith(("%", "_"))


def _in_all_branches(condition: exp.Or, scope: Scope, dialect: str) -> _Wrapped | None:
    """Of an OR whose branches are all about one column: what would be ranges of it otherwise."""
    branches = [branch.unnest() for branch in condition.flatten()]
    found = [_wrapped(branch, False, scope, dialect) for branch in branches]
    columns = {one.column.sql() if one else _compared(branch) for one, branch in zip(found, branches, strict=True)}
    return next(filter(None, found), None) if len(columns) == 1 else None


def _compared(condition: exp.Expr) -> str | None:
    """The column that is compared as it is with a constant."""
    if not isinstance(condition, _COMPARISONS):
        return None
    for side, others in _sides(condition):
        is_alone = not any(value.find(exp.Column) for value in _nodes(others))
        if isinstance(side.unnest(), exp.Column) and is_alone:
            return str(side.unnest().sql())
    return None


def _is_in_a_range(column: exp.Column, scope: Scope, dialect: str) -> bool:
    """Whether another filter limits the column already, or would, once it is written as a range."""
    for condition, is_join in _conditions(scope.expression):
        if is_join:
            continue
        found = _wrapped(condition, False, scope, dialect)
        if found is not None and not recurs(found.function) and found.column.sql() == column.sql():
            return True
        if _compared(condition) == column.sql():
            return True
    return False


def _made_inside(column: exp.Expr, scope: Scope, dialect: str) -> _Wrapped | None:
    """The date, or part of one, that a query within makes of a column, and passes on under another name."""
    found = origin(column, scope) if isinstance(column, exp.Column) else None
    if not isinstance(found, tuple):
        return None
    function, inside = found[0].unnest(), found[1]
    is_day = isinstance(function, exp.Cast) and function.to.this.value == "DATE"
    inner = column_of(function) if is_day or isinstance(function, (*TO_DATE, *PARTS)) else None
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


def _is_known_to_be_small(table: exp.Table, sizes: Sizes) -> bool:
    rows = sizes.rows(names_of(table.catalog, table.db, table.name))
    return rows is not None and not sizes.is_large(rows)


FILTER_FUNCTION = Rule(
    "function-on-filter-column",
    Severity.WARNING,
    f"{INCIDENT}: scans of whole tables, for want of an index or clustering key that the filter could use",
    _find,
)
