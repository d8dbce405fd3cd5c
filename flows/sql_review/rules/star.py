"""A mart whose columns are whatever a table below it has."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rows import is_stored
from flows.sql_review.rules.rule import Hit, Rule
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import is_mart


def _find(sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    of_mart = sql.source.model is not None and sql.source.model.is_mart
    told = set()
    for scope in sql.outputs:
        if not of_mart and not _is_written_to_mart(scope.expression):
            continue
        for star, table in _stars(scope, frozenset()):
            if id(star) not in told:
                told.add(id(star))
                yield Hit(
                    f"select * passes on whatever columns {table.name} has: those that come later, too",
                    "name the columns that readers of the mart are to have",
                    sql.span(_place(star, table)),
                )


def _is_written_to_mart(query: exp.Expr) -> bool:
    """Whether a statement puts it into a table of a schema or database `marts`, and does not name the columns."""
    statement = query.parent
    while isinstance(statement, exp.Subquery | exp.Paren):
        statement = statement.parent
    target = statement.this if isinstance(statement, exp.Create | exp.Insert) else None
    return isinstance(target, exp.Table) and is_mart((target.db, target.catalog))


def _stars(scope: Scope, seen: frozenset[int]) -> Iterator[tuple[exp.Expr, exp.Table]]:
    """The stars that reach a stored table on the way to what a query gives."""
    if id(scope) in seen:
        return  # recursive
    seen |= {id(scope)}
    if isinstance(scope.expression, exp.SetOperation):
        for branch in scope.set_operation_scopes:
            yield from _stars(branch, seen)
        return
    if not isinstance(scope.expression, exp.Select):
        return
    for projection in scope.expression.expressions:
        if not projection.is_star or isinstance(projection.unalias(), exp.Func):
            continue
        wanted = projection.table if isinstance(projection, exp.Column) else None
        for name, (_, source) in scope.selected_sources.items():
            if wanted is not None and name != wanted:
                continue
            if isinstance(source, Scope):
                yield from _stars(source, seen)
            elif is_stored(source):
                yield projection, source


def _place(star: exp.Expr, table: exp.Table) -> exp.Expr:
    """`t.*` has a place of its own; a bare star has none that sqlglot keeps, and its table stands nearby."""
    return star if any("start" in item.meta for item in star.walk()) else table


STAR = Rule(
    "select-star-into-mart",
    Severity.WARNING,
    "the requirements document's marts name their columns: a column that is added or dropped below otherwise changes"
    " what dashboards get, unseen in the mart's own history",
    _find,
)
