"""Every row with every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import Scope
from sqlglot.tokenizer_core import TokenType

from flows.sql_review.finding import Severity
from flows.sql_review.parsing import ParsedSql
from flows.sql_review.rows import has_one_row_at_most, is_stored, reads_no_table
from flows.sql_review.rules.rule import INCIDENT, Hit, Rule
from flows.sql_review.sizes import Sizes

_OTHER_WAYS = ("NATURAL", "POSITIONAL", "ASOF")
_NO_PAIRS = ("SEMI", "ANTI")
_UNNAMED = ""
"""Stands for the table of a column that is written without one."""


def _find(sql: ParsedSql, _sizes: Sizes) -> Iterator[Hit]:
    for scope in (*sql.scopes, *sql.changes):
        if isinstance(scope.expression, exp.Select):
            yield from _find_in(scope, scope.expression, sql)


def _find_in(scope: Scope, query: exp.Select, sql: ParsedSql) -> Iterator[Hit]:
    sources = {name: source for name, (_, source) in scope.selected_sources.items()}
    known = _known(scope)
    from_ = query.args.get("from_")
    before = [from_.this.alias_or_name] if from_ else []
    for join in query.args.get("joins") or ():
        name = join.this.alias_or_name
        source = sources.get(name)
        others = [sources[other] for other in before if other in sources]
        if (
            _may_be_of_all_pairs(join, known)
            and source is not None
            and len(others) == len(before)
            and not _is_small(source)
            and not all(_is_small(other) for other in others)
            and not _depends_on(source, before)
            and not _is_linked(name, set(before), query, known)
        ):
            yield Hit(
                f"{_spelled(join, sql)} of {name} with every row of {', '.join(before)}",
                "join on a condition that ties both; where one row is meant, say so with limit 1 or an aggregate; where"
                " all pairs are: -- sluice: allow cross-join because ...",
                sql.span(join.this),
            )
        before.append(name)


def _may_be_of_all_pairs(join: exp.Join, known: set[str]) -> bool:
    """Whether its own ON may leave all pairs: it has none, or each of its columns says whose it is."""
    if join.args.get("using") or join.text("method").upper() in _OTHER_WAYS or join.text("kind").upper() in _NO_PAIRS:
        return False
    if not isinstance(join.this, exp.Table | exp.Subquery):
        return False  # lateral, unnest, a function of the row: rows of the row's own
    if isinstance(join.this, exp.Table) and not is_stored(join.this):
        return False
    on = join.args.get("on")
    columns = list(on.find_all(exp.Column)) if on else []
    return all(_owners(column, known) for column in columns) if columns else on is None or _is_always_true(on)


def _is_always_true(condition: exp.Expr) -> bool:
    condition = condition.unnest()
    if isinstance(condition, exp.Or):
        return any(_is_always_true(branch) for branch in condition.flatten())
    if isinstance(condition, exp.And):
        return all(_is_always_true(part) for part in condition.flatten())
    if isinstance(condition, exp.Boolean):
        return bool(condition.this)
    if isinstance(condition, exp.EQ) and isinstance(condition.this, exp.Literal):
        return bool(condition.this == condition.expression)
    return isinstance(condition, exp.Literal) and condition.name == "1"


def _is_small(source: exp.Expr | Scope) -> bool:
    return has_one_row_at_most(source) or reads_no_table(source)


def _depends_on(source: exp.Expr | Scope, before: Sequence[str]) -> bool:
    """Whether it is lateral without saying so, as DuckDB lets a query in FROM be."""
    return isinstance(source, Scope) and any(column.table in before for column in source.external_columns)


def _is_linked(name: str, before: set[str], query: exp.Select, known: set[str]) -> bool:
    """Whether conditions tie both sides together, or may: a column can stand without its table's name."""
    places = [join.args["on"] for join in query.args.get("joins") or () if join.args.get("on")]
    places += [where.this] if (where := query.args.get("where")) else []
    tied = [tables for place in places for part in _parts(place) if len(tables := _tables(part, query, known)) > 1]
    reached, todo = {name}, [name]
    while todo:
        table = todo.pop()
        for tables in tied:
            if table in tables or _UNNAMED in tables:
                todo += tables - reached
                reached |= tables
    return bool(reached & before) or _UNNAMED in reached


def _parts(condition: exp.Expr) -> Iterator[exp.Expr]:
    condition = condition.unnest()
    if isinstance(condition, exp.And):
        for part in condition.flatten():
            yield from _parts(part)
    elif not _is_always_true(condition) and not _keeps_nearly_all(condition):
        yield condition


def _keeps_nearly_all(condition: exp.Expr) -> bool:
    """`a.id <> b.id`: of each row's partners it leaves out a few, and ties it to none."""
    is_unequal = isinstance(condition, exp.NEQ | exp.NullSafeNEQ)
    return is_unequal and not isinstance(condition.expression, exp.All | exp.Any | exp.Subquery)


def _tables(condition: exp.Expr, query: exp.Select, known: set[str]) -> set[str]:
    """Whose columns a condition compares; two columns without their tables' names may be anyone's."""
    columns = list(condition.find_all(exp.Column))
    named = {table for column in columns for table in _owners(column, known)}
    unnamed = [column for column in columns if not _owners(column, known)]
    own = [column for column in unnamed if column.find_ancestor(exp.Select) is query]
    return {_UNNAMED, *named} | ({"?"} if len(own) > 1 else set()) if own else named


def _owners(column: exp.Column, known: set[str]) -> set[str]:
    """The tables that a column's own words may mean: in `a.b.c`, `b` may be a table, or a part of what is in `a`."""
    return {part.name for part in column.parts[:-1]} & known


def _known(scope: Scope) -> set[str]:
    """The names of tables in the query, around it and in it."""
    found = {name for inner in scope.traverse() for name in inner.selected_sources}
    around: Scope | None = scope
    while around is not None:
        found |= set(around.selected_sources)
        around = around.parent
    return found


def _spelled(join: exp.Join, sql: ParsedSql) -> str:
    on = join.args.get("on")
    if on and next(on.find_all(exp.Column), None):
        if _is_always_true(on):
            return "join on a condition that is always true: every row"
        if any(_keeps_nearly_all(part.unnest()) for part in on.find_all(exp.NEQ, exp.NullSafeNEQ)):
            return "join that nothing ties but <>, which keeps nearly all: every row"
        return "join whose conditions are each about one table alone: of what passes them every row"
    if join.text("kind").upper() == "CROSS":
        return "cross join: every row"
    start, _ = sql.opening(join.this) if isinstance(join.this, exp.Subquery) else sql.span(join.this)
    before = [token for token in sql.tokens if token.end < start]
    is_comma = bool(before) and before[-1].token_type == TokenType.COMMA
    return f"{'comma' if is_comma else 'join'} without a condition: every row"


CROSS_JOIN = Rule(
    "cross-join",
    Severity.WARNING,
    f"{INCIDENT}: work that grows with the product of two tables, as its nested loops did",
    _find,
)
