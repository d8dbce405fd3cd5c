"""A subquery that depends on the row it stands in, and gives one value or one row for it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rewriting import Correlated, rewritten
from flows.sql_review.rows import aggregates, reads_no_table
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes

_SEMI_JOINS = ((exp.Any, exp.EQ), (exp.All, exp.NEQ))
"""`= any` is `in`, and `<> all` is `not in`."""


def _find(sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    found = [item for scope in sql.scopes if (item := correlated(scope)) is not None]
    for statement in sql.statements:
        inside = [item for item in found if item.query.root() is statement.root()]
        if not inside:
            continue
        rewrite, replaced = rewritten(statement, inside, sql.source.dialect)
        for item in inside:
            columns = ", ".join(sorted({column.sql(sql.source.dialect) for column in item.outer_columns}))
            is_mechanical = id(item.query) in replaced
            yield Hit(
                f"correlated subquery: depends on {columns} of the row around it, so it is worked out for every row",
                "aggregate once, by that key, in a CTE, and left join it"
                + (" (the rewritten query is below)" if is_mechanical else ""),
                sql.opening(item.query),
                rewrite if is_mechanical else None,
            )


def correlated(scope: Scope) -> Correlated | None:
    """The scope's query, if it gives a value (or an array, or one row of a lateral) and depends on a row around it.

    `exists`, `in` and what means the same are left alone: warehouses make semi-joins of them. So is a query of nothing
    but the row's own array, and a lateral that gives rows of a table as they are, which is a join.
    """
    parent = scope.expression.parent
    query = parent if isinstance(parent, exp.Subquery) else scope.expression
    outermost, holder = query, query.parent
    while isinstance(holder, exp.Subquery | exp.Paren):
        outermost = holder
        holder = holder.parent
    columns = _outer_columns(scope)
    if isinstance(holder, exp.Join):  # DuckDB lets a query in FROM be lateral without saying so
        beside = scope.parent.selected_sources if scope.parent else ()
        is_one = any(column.table in beside for column in columns) and _has_correlated_aggregate(scope)
    elif isinstance(holder, exp.Lateral):
        is_one = _has_correlated_aggregate(scope)
    else:
        is_one = scope.is_subquery and not _is_semi_join(outermost, holder)
    is_scalar = isinstance(query, exp.Subquery) and not isinstance(holder, exp.Any | exp.All | exp.Lateral | exp.Join)
    return Correlated(query, columns, is_scalar) if is_one and columns and not reads_no_table(scope) else None


def _is_semi_join(query: exp.Expr, holder: exp.Expr | None) -> bool:
    if isinstance(holder, exp.In):
        return holder.args.get("query") is query
    above = holder.parent if holder else None
    return isinstance(holder, exp.Exists) or any(
        isinstance(holder, quantifier) and isinstance(above, comparison) for quantifier, comparison in _SEMI_JOINS
    )


def _outer_columns(scope: Scope) -> tuple[exp.Column, ...]:
    above = set()
    outer = scope.parent
    while outer is not None:
        above |= set(outer.selected_sources)
        outer = outer.parent
    return tuple(column for column in scope.external_columns if column.table and column.table in above)


def _has_correlated_aggregate(scope: Scope) -> bool:
    """Whether it, or a query that it reads from, aggregates the rows that belong to a row around it."""
    return any(
        isinstance(inner.expression, exp.Select) and aggregates(inner.expression) and _outer_columns(inner)
        for inner in scope.traverse()
    )


CORRELATED = Rule(
    "correlated-subquery",
    Severity.ERROR,
    f"{INCIDENT}: four of these, each executed for 2.3 million users",
    _find,
)
