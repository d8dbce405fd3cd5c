"""Every row with every row."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rows import has_one_row_at_most, is_stored, reads_no_table
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes

_OTHER_WAYS = ("NATURAL", "POSITIONAL", "ASOF")


def _find(sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    for scope in sql.scopes:
        if isinstance(scope.expression, exp.Select):
            yield from _find_in(scope, scope.expression, sql)


def _find_in(scope: Scope, query: exp.Select, sql: ParsedSql) -> Iterator[Hit]:
    sources = {name: source for name, (_, source) in scope.selected_sources.items()}
    from_ = query.args.get("from_")
    before = [from_.this.alias_or_name] if from_ else []
    for join in query.args.get("joins") or ():
        name = join.this.alias_or_name
        source = sources.get(name)
        others = [sources[other] for other in before if other in sources]
        if (
            _has_no_condition(join)
            and source is not None
            and len(others) == len(before)
            and not _is_small(source)
            and not all(_is_small(other) for other in others)
            and not _is_linked(name, set(before), query)
        ):
            how = "join without a condition" if join.args.get("on") or join.text("side") else _spelled(join)
            yield Hit(
                f"{how}: every row of {name} with every row of {', '.join(before)}",
                "join on a condition; where all pairs are meant, say so: -- sluice: allow cross-join because ...",
                sql.span(join.this),
            )
        before.append(name)


def _has_no_condition(join: exp.Join) -> bool:
    if join.args.get("using") or join.text("method").upper() in _OTHER_WAYS:
        return False
    if not isinstance(join.this, exp.Table | exp.Subquery):
        return False  # lateral, unnest, a function of the row: rows of the row's own
    if isinstance(join.this, exp.Table) and not is_stored(join.this):
        return False
    on = join.args.get("on")
    return on is None or _is_always_true(on)


def _is_always_true(condition: exp.Expr) -> bool:
    condition = condition.unnest()
    if isinstance(condition, exp.Boolean):
        return bool(condition.this)
    if isinstance(condition, exp.EQ) and isinstance(condition.this, exp.Literal):
        return bool(condition.this == condition.expression)
    return isinstance(condition, exp.Literal) and condition.name == "1"


def _is_small(source: exp.Expr | Scope) -> bool:
    return has_one_row_at_most(source) or reads_no_table(source)


def _is_linked(name: str, before: set[str], query: exp.Select) -> bool:
    """Whether conditions elsewhere tie both sides together, or may: a column can stand without its table's name."""
    places = [join.args["on"] for join in query.args.get("joins") or () if join.args.get("on")]
    places += [where.this] if (where := query.args.get("where")) else []
    tied = [tables for place in places for part in _parts(place) if len(tables := _tables(part, query)) > 1]
    reached, todo = {name}, [name]
    while todo:
        table = todo.pop()
        for tables in tied:
            if table in tables or "" in tables:
                todo += tables - reached
                reached |= tables
    return bool(reached & before) or (name in reached and "" in reached)


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    yield from condition.flatten() if isinstance(condition, exp.And) else [condition]


def _tables(condition: exp.Expr, query: exp.Select) -> set[str]:
    """Whose columns a condition compares; two columns without their tables' names may be anyone's."""
    own = [column for column in condition.find_all(exp.Column) if column.find_ancestor(exp.Select) is query]
    named = {column.table for column in condition.find_all(exp.Column) if column.table}
    unnamed = [column for column in own if not column.table]
    return {"", *named} | ({"?"} if len(unnamed) > 1 else set()) if unnamed else named


def _spelled(join: exp.Join) -> str:
    return "cross join" if join.text("kind").upper() == "CROSS" else "comma without a condition"


CROSS_JOIN = Rule(
    "cross-join",
    Severity.WARNING,
    f"{INCIDENT}: work that grows with the product of two tables, as its nested loops did",
    _find,
)
