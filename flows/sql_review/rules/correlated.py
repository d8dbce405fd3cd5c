"""A scalar subquery that depends on the row it stands in."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rewriting import Correlated, rewritten
from flows.sql_review.rows import reads_no_table
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes


def _find(sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    found = [item for scope in sql.scopes if (item := correlated(scope)) is not None]
    for statement in sql.statements:
        inside = [item for item in found if item.subquery.root() is statement.root()]
        if not inside:
            continue
        rewrite, replaced = rewritten(statement, inside, sql.source.dialect)
        for item in inside:
            columns = ", ".join(sorted({column.sql(sql.source.dialect) for column in item.outer_columns}))
            is_mechanical = id(item.subquery) in replaced
            yield Hit(
                f"correlated subquery: depends on {columns} of the row around it, so it is worked out for every row",
                "aggregate once, by that key, in a CTE, and left join it"
                + (" (the rewritten query is below)" if is_mechanical else ""),
                sql.opening(item.subquery),
                rewrite if is_mechanical else None,
            )


def correlated(scope: Scope) -> Correlated | None:
    """The scope's query, if it gives one value and depends on a row around it.

    `exists` and `in` are left alone: warehouses make semi-joins of them. So is a query of nothing but the row's own
    array.
    """
    subquery = scope.expression.parent
    if not scope.is_subquery or not isinstance(subquery, exp.Subquery):
        return None
    holder = subquery.parent
    while isinstance(holder, exp.Paren):
        holder = holder.parent
    if isinstance(holder, exp.Exists | exp.Any | exp.All | exp.Lateral) or (
        isinstance(holder, exp.In) and holder.args.get("query") is subquery
    ):
        return None
    above = set()
    outer = scope.parent
    while outer is not None:
        above |= set(outer.selected_sources)
        outer = outer.parent
    columns = tuple(column for column in scope.external_columns if column.table and column.table in above)
    return Correlated(subquery, columns) if columns and not reads_no_table(scope) else None


CORRELATED = Rule(
    "correlated-subquery",
    Severity.ERROR,
    f"{INCIDENT}: four of these, each executed for 2.3 million users",
    _find,
)
