"""Whether a correlated subquery is one that can be rewritten mechanically. On any doubt it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from flows.sql_review.rows import is_stored

_AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max, exp.Avg)
_INNER_PARTS = {"expressions", "from_", "joins", "where"}
_CHANGING = (exp.Rand, exp.Randn, exp.Uuid, exp.Anonymous, exp.AnonymousAggFunc, exp.Window, exp.Star)
"""What may give another value each time, or that nothing is known about; a star other than `count(*)`."""


@dataclass(frozen=True)
class Aggregate:
    """A subquery taken apart.

    Attributes:
        table: the name of the first table that it reads.
        value: what it selects, an expression of aggregates.
        query: its tables and the conditions that do not depend on the row around it; what it selects is to be set.
        inner_keys: its columns that are compared with the row around it.
        outer_keys: those of the row around it, in the same order.
    """

    table: str
    value: exp.Expr
    query: exp.Select
    inner_keys: tuple[exp.Column, ...]
    outer_keys: tuple[exp.Column, ...]

    @property
    def rows(self) -> str:
        """The same for aggregates that one CTE can hold."""
        keys = [*self.inner_keys, *self.outer_keys]
        return "\0".join([self.query.sql(), *(key.sql() for key in keys)])


def understood(subquery: exp.Subquery, outer: exp.Select, outer_columns: Sequence[exp.Column]) -> Aggregate | None:
    """The subquery taken apart; None when it, or the query around it, is not of the kind that can be rewritten."""
    inner = subquery.this
    if not isinstance(inner, exp.Select) or not _can_be_joined(outer, subquery, outer_columns):
        return None
    if {name for name, value in inner.args.items() if value} - _INNER_PARTS or len(inner.expressions) != 1:
        return None
    value = inner.expressions[0].unalias()
    if not _is_of_aggregates(value) or inner.find(exp.Subquery, exp.Exists) or _may_change(inner):
        return None
    from_ = inner.args.get("from_")
    tables = [from_.this, *(join.this for join in inner.args.get("joins") or ())] if from_ else []
    if not tables or not all(is_stored(table) for table in tables):
        return None
    own = {table.alias_or_name for table in tables}
    where = inner.args.get("where")
    if where is None:
        return None
    inner_keys: list[exp.Column] = []
    outer_keys: list[exp.Column] = []
    rest: list[exp.Expr] = []
    taken = {id(column) for column in outer_columns}
    for condition in where.this.flatten() if isinstance(where.this, exp.And) else [where.this]:
        if not any(id(column) in taken for column in condition.find_all(exp.Column)):
            rest.append(condition)
            continue
        pair = _key_pair(condition.unnest(), own, taken)
        if pair is None:
            return None
        inner_keys.append(pair[0])
        outer_keys.append(pair[1])
        taken.discard(id(pair[1]))
    if taken or len({key.sql() for key in inner_keys}) != len(inner_keys):
        return None  # what depends on the row is somewhere else as well
    query = inner.copy()
    query.set("expressions", [])
    query.set("where", exp.Where(this=exp.and_(*(item.copy() for item in rest), copy=False)) if rest else None)
    return Aggregate(tables[0].name, value, query, tuple(inner_keys), tuple(outer_keys))


def _can_be_joined(outer: exp.Select, subquery: exp.Subquery, outer_columns: Sequence[exp.Column]) -> bool:
    """Whether one more left join, and one more CTE, leave the query around it what it is."""
    from_ = outer.args.get("from_")
    with_ = outer.args.get("with_")
    joins = outer.args.get("joins") or ()
    if from_ is None or outer.args.get("laterals") or isinstance(outer.parent, exp.SetOperation):
        return False
    if with_ is not None and with_.args.get("recursive"):
        return False
    if not isinstance(from_.this, exp.Table | exp.Subquery) or any(not _is_plain(join) for join in joins):
        return False
    if any(projection.is_star and not isinstance(projection, exp.Column) for projection in outer.expressions):
        return False  # a bare star would have the joined columns, too
    if not {column.table for column in outer_columns} <= {item.alias_or_name for item in _sources(outer)}:
        return False  # it depends on a query further out
    place = _place(subquery, outer)
    if (
        place not in ("expressions", "where")
        or subquery.find_ancestor(exp.AggFunc, exp.Window, exp.Select) is not outer
    ):
        return False
    group = outer.args.get("group")
    if place == "where" or group is None:
        return place == "where" or not any(_is_aggregate_of(outer, item) for item in outer.expressions)
    return _are_grouped(outer_columns, group, outer)


def _is_plain(join: exp.Join) -> bool:
    """A join with a condition. After a comma, another join's condition could not see the tables before the comma."""
    has_condition = join.args.get("on") or join.args.get("using") or join.text("kind").upper() == "CROSS"
    return bool(has_condition) and not join.text("method") and isinstance(join.this, exp.Table | exp.Subquery)


def _sources(outer: exp.Select) -> list[exp.Expr]:
    return [outer.args["from_"].this, *(join.this for join in outer.args.get("joins") or ())]


def _place(node: exp.Expr, outer: exp.Select) -> str | None:
    while node.parent is not None and node.parent is not outer:
        node = node.parent
    return node.arg_key


def _is_aggregate_of(outer: exp.Select, projection: exp.Expr) -> bool:
    return any(node.find_ancestor(exp.Select) is outer and not node.find_ancestor(exp.Window)
               for node in projection.find_all(exp.AggFunc))  # fmt: skip


def _are_grouped(columns: Sequence[exp.Column], group: exp.Group, outer: exp.Select) -> bool:
    """Whether every column is a group's key: then so is all that depends on them, and may be named as one."""
    if {name for name, value in group.args.items() if value} - {"expressions"}:
        return False  # all, rollup, cube, grouping sets
    keys = []
    for key in group.expressions:
        if isinstance(key, exp.Literal) and not key.is_string and key.name.isdigit():
            number = int(key.name)
            if not 1 <= number <= len(outer.expressions):
                return False
            key = outer.expressions[number - 1].unalias()  # noqa: PLW2901 - the same key, by its other name
        keys.append(key)
    return all(column in keys for column in columns)


def _is_of_aggregates(value: exp.Expr) -> bool:
    """Aggregates that are known, and constants; every column is in one of them, and none is in another."""
    found = list(value.find_all(exp.AggFunc))
    if not found or not all(isinstance(node, _AGGREGATES) for node in found):
        return False
    if any(node.find_ancestor(exp.AggFunc) for node in found) or value.find(exp.Filter, exp.WithinGroup, exp.Order):
        return False
    return all(column.find_ancestor(*_AGGREGATES) for column in value.find_all(exp.Column))


def _may_change(inner: exp.Select) -> bool:
    stars = [star for star in inner.find_all(exp.Star) if not isinstance(star.parent, exp.Count)]
    return bool(stars) or any(not isinstance(node, exp.Star) for node in inner.find_all(*_CHANGING))


def _key_pair(condition: exp.Expr, own: set[str], outer: set[int]) -> tuple[exp.Column, exp.Column] | None:
    """The two columns of `inner.key = outer.key`."""
    if not isinstance(condition, exp.EQ):
        return None
    sides = (condition.this.unnest(), condition.expression.unnest())
    for mine, other in (sides, sides[::-1]):
        if (
            isinstance(mine, exp.Column)
            and isinstance(other, exp.Column)
            and mine.table in own
            and id(mine) not in outer
            and id(other) in outer
        ):
            return mine, other
    return None
