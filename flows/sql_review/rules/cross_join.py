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
    """Whether a condition elsewhere is about both sides, or may be: a column may stand without its table's name."""
    later = [join.args["on"] for join in query.args.get("joins") or () if join.args.get("on")]
    where = query.args.get("where")
    for condition in [*([where.this] if where else []), *later]:
        for part in condition.flatten() if isinstance(condition, exp.And) else [condition]:
            tables = [column.table for column in part.find_all(exp.Column)]
            ours = [table for table in tables if table in ("", name)]
            others = [table for table in tables if not table or table in before]
            if ours and others and len(tables) > 1:
                return True
    return False


def _spelled(join: exp.Join) -> str:
    return "cross join" if join.text("kind").upper() == "CROSS" else "comma without a condition"


CROSS_JOIN = Rule(
    "cross-join",
    Severity.WARNING,
    f"{INCIDENT}: work that grows with the product of two tables, as its nested loops did",
    _find,
)
