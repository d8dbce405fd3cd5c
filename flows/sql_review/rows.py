"""What the text of a query alone says about its rows, and about where its columns come from."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

_CHANGES_ROWS = ("distinct", "group", "having", "limit", "offset", "qualify", "windows", "match", "pivots")


def is_stored(table: exp.Expr | Scope | None) -> bool:
    """Whether it is a table or view by name, and no function that returns rows."""
    return isinstance(table, exp.Table) and isinstance(table.this, exp.Identifier)


def has_one_row_at_most(source: exp.Expr | Scope) -> bool:
    """An aggregate without groups, `limit 1`, constants, or a query of nothing but these."""
    if not isinstance(source, Scope):
        return False
    query = source.expression
    if not isinstance(query, exp.Select):
        return False
    limit = query.args.get("limit")
    if limit is not None and limit.expression is not None and limit.expression.name in ("0", "1"):
        return True
    if query.args.get("group"):
        return False
    if aggregates(query):
        return True
    if any(projection.find(exp.Explode, exp.Unnest, exp.GenerateSeries) for projection in query.expressions):
        return False
    if query.args.get("laterals"):
        return False
    return all(has_one_row_at_most(inner) for _, inner in source.selected_sources.values())


def reads_no_table(source: exp.Expr | Scope) -> bool:
    """Constants, `values`, functions that return rows, and queries of nothing else: as small as they are written."""
    if not isinstance(source, Scope):
        return not is_stored(source)
    if isinstance(source.expression, exp.SetOperation):
        return all(reads_no_table(branch) for branch in source.set_operation_scopes)
    return all(reads_no_table(inner) for _, inner in source.selected_sources.values())


def aggregates(query: exp.Select) -> bool:
    """Whether it makes one row of many: it selects an aggregate, or has groups."""
    return bool(query.args.get("group")) or any(_is_aggregate(projection) for projection in query.expressions)


def stored_table(column: exp.Column, scope: Scope) -> exp.Table | None:
    """The table that a column is read from as it is, through CTEs and subqueries that only pass its rows on."""
    found = origin(column, scope)
    return found if isinstance(found, exp.Table) else None


def origin(column: exp.Column, scope: Scope) -> exp.Table | tuple[exp.Expr, Scope] | None:
    """What a column is, through CTEs and subqueries of which a condition on it could as well stand inside.

    Returns:
        The table that it is read from as it is; or what makes it, and the query that does; None when nobody can say.
    """
    selected = scope.selected_sources
    if column.table:
        source = selected[column.table][1] if column.table in selected else None
    else:
        source = next(iter(selected.values()))[1] if len(selected) == 1 else None
    if isinstance(source, exp.Table):
        return source if is_stored(source) else None
    if not isinstance(source, Scope) or not isinstance(source.expression, exp.Select):
        return None
    query = source.expression
    if any(query.args.get(part) for part in _CHANGES_ROWS) or any(item.find(exp.Window) for item in query.expressions):
        return None
    for projection in query.expressions:
        if projection.alias_or_name == column.name:
            inner = projection.unalias()
            return origin(inner, source) if isinstance(inner, exp.Column) else (inner, source)
    stars = [projection for projection in query.expressions if projection.is_star]
    if len(stars) != 1 or any(
        star.args.get("replace") or star.args.get("rename") for star in stars[0].find_all(exp.Star)
    ):
        return None
    of = stars[0].table if isinstance(stars[0], exp.Column) else ""
    return origin(exp.column(column.name, table=of or None), source)


def _is_aggregate(projection: exp.Expr) -> bool:
    """Whether there is an aggregate in it that is no window function, and not in a query of its own."""
    return any(
        found.find_ancestor(exp.Window, exp.Query, exp.Subquery) is projection.find_ancestor(exp.Window, exp.Query)
        for found in projection.find_all(exp.AggFunc)
    )
