"""`not in (select ...)`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rules.rule import Hit, Rule
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import Model


def _find(sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    for scope in sql.scopes:
        for node in scope.find_all(exp.In, exp.NEQ):
            query = _excluded(node)
            if query is None or _has_no_null(query) or _is_own_key(query, sql.source.model):
                continue
            yield Hit(
                "not in (select ...): one NULL among the selected values, and no row is left at all",
                "write `not exists (select 1 from ... where ... = ...)`, or filter with `is not null` inside",
                sql.span(query),
            )


def _excluded(node: exp.Expr) -> exp.Select | None:
    """The query whose values are excluded: `not x in (...)`, which Snowflake's dialect reads as `x <> all (...)`."""
    query: exp.Expr | None = None
    if isinstance(node, exp.In):
        query = node.args.get("query") if isinstance(_without_parentheses(node.parent), exp.Not) else None
    elif isinstance(node, exp.NEQ) and isinstance(node.expression, exp.All):
        query = node.expression.this
    while isinstance(query, exp.Subquery):
        query = query.this
    return query if isinstance(query, exp.Select) else None


def _is_own_key(query: exp.Select, model: Model | None) -> bool:
    """`unique_key not in (select unique_key from {{ this }})`: what is not there yet. A key is not NULL."""
    from_ = query.args.get("from_")
    if model is None or from_ is None or len(query.expressions) != 1:
        return False
    value = query.expressions[0].unalias()
    own = {name.rpartition(".")[2].lower() for name in (*model.tables, model.name)}
    return isinstance(value, exp.Column) and value.name in model.unique_key and from_.this.name.lower() in own


def _without_parentheses(node: exp.Expr | None) -> exp.Expr | None:
    while isinstance(node, exp.Paren):
        node = node.parent
    return node


def _has_no_null(query: exp.Select) -> bool:
    """Whether the query says that its value is not null, or it is a number of rows or a constant."""
    if len(query.expressions) != 1:
        return True
    value = query.expressions[0].unalias()
    if isinstance(value, exp.Count | exp.Literal | exp.Coalesce):
        return True
    where = query.args.get("where")
    if where is None or not isinstance(value, exp.Column):
        return False
    conditions = where.this.flatten() if isinstance(where.this, exp.And) else [where.this]
    return any(_keeps_out_null(condition.unnest(), value.name) for condition in conditions)


def _keeps_out_null(condition: exp.Expr, column: str) -> bool:
    """A condition that no row passes whose column is NULL: `is not null`, or any comparison with it."""
    if isinstance(condition, exp.Not) and isinstance(condition.this, exp.Is):
        condition = condition.this
    elif isinstance(condition, exp.Is) and condition.args.get("negate"):
        pass  # as PostgreSQL's dialect reads `is not null`
    elif not isinstance(condition, exp.Predicate) or isinstance(condition, exp.Is | exp.Exists):
        return False
    left = condition.this
    return isinstance(left, exp.Column) and left.name == column


NOT_IN = Rule(
    "not-in-subquery",
    Severity.WARNING,
    "SQL's three-valued logic: `x <> NULL` is not true for any x. Results that are wrong without an error are the"
    " requirements document's incident 1",
    _find,
)
