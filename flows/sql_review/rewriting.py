"""A correlated aggregate as a CTE that aggregates once, left joined: the same rows, whenever this says that it can.

    select u.id, (select count(*) from s where s.user_id = u.id) as n from u

becomes

    with s_by_user_id as (select s.user_id, count(*) as n from s group by s.user_id)
    select u.id, coalesce(s_by_user_id.n, 0) as n from u left join s_by_user_id on s_by_user_id.user_id = u.id

An aggregate without groups gives exactly one row, also of nothing: then a count is 0 and every other aggregate NULL,
as the left join's missing partner is after `coalesce(count, 0)`. A key that is NULL equals nothing on either side. The
CTE has one row for each key, so the join multiplies nothing. Where two different values of a key can both equal one
outer value (a text '01' and '1' compared with the number 1), it would: keys have to be of one type.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from flows.sql_review.parsing import copied, written
from flows.sql_review.rewriting_conditions import Aggregate, understood


@dataclass(frozen=True)
class Correlated:
    """A query that depends on a row around it.

    Attributes:
        query: with its parentheses, if it has any of its own.
        outer_columns: those that it takes from queries around it.
        is_scalar: whether it stands for one value; only then can it be rewritten.
    """

    query: exp.Expr
    outer_columns: tuple[exp.Column, ...]
    is_scalar: bool = True


@dataclass
class _Joined:
    """One CTE to be: the aggregates of the same rows by the same keys."""

    name: str
    aggregate: Aggregate
    keys: list[str]
    values: dict[str, str] = field(default_factory=dict)  # an aggregate's SQL to its column
    aggregates: dict[str, exp.Expr] = field(default_factory=dict)  # and to itself


def rewritten(statement: exp.Expr, found: Iterable[Correlated], dialect: str) -> tuple[str | None, set[int]]:
    """The statement without those correlated subqueries that can go mechanically.

    Returns:
        Its SQL, None when none can go; and the ``id`` of each subquery that is gone.
    """
    copy, its = copied(statement)
    replaced: set[int] = set()
    work: dict[int, tuple[exp.Select, list[tuple[exp.Subquery, Aggregate, int]]]] = {}
    for item in found:
        subquery = its(item.query)
        outer = subquery.find_ancestor(exp.Select)
        if not item.is_scalar or not isinstance(subquery, exp.Subquery) or not isinstance(outer, exp.Select):
            continue
        columns = [its(column) for column in item.outer_columns]
        aggregate = understood(subquery, outer, [column for column in columns if isinstance(column, exp.Column)])
        if aggregate is not None:
            work.setdefault(id(outer), (outer, []))[1].append((subquery, aggregate, id(item.query)))
    for outer, items in work.values():
        _replace(outer, items)
        replaced |= {original for _, _, original in items}
    if not replaced:
        return None, replaced
    sql = written(copy, dialect)
    return sql, replaced if sql else set()


def _replace(outer: exp.Select, items: list[tuple[exp.Subquery, Aggregate, int]]) -> None:
    taken = _names(outer.root())
    unqualified = {column.name for column in outer.find_all(exp.Column) if not column.table}
    joined: dict[str, _Joined] = {}
    for subquery, aggregate, _ in items:
        part = joined.get(aggregate.rows)
        if part is None:
            name = _free(f"{aggregate.table}_by_{'_'.join(key.name for key in aggregate.inner_keys)}", taken)
            part = joined[aggregate.rows] = _Joined(name, aggregate, [])
            for key in aggregate.inner_keys:
                part.keys.append(_free(key.name, unqualified | set(part.keys)))
        columns = unqualified | set(part.keys) | set(part.values.values())
        value = aggregate.value.copy()
        _exchange(value, subquery, part, columns)
    for part in joined.values():
        _attach(outer, part)


def _exchange(value: exp.Expr, subquery: exp.Subquery, part: _Joined, taken: set[str]) -> None:
    """Put what is left of the value, over the CTE's columns, where the subquery was."""
    holder = subquery.parent
    alias = holder.alias if isinstance(holder, exp.Alias) else ""
    box = exp.Paren(this=value)
    for aggregate in [node for node in box.find_all(exp.AggFunc) if not node.find_ancestor(exp.AggFunc)]:
        sql = aggregate.sql()
        if sql not in part.values:
            wanted = alias if alias and aggregate is value else f"{aggregate.key}_{len(part.values) + 1}"
            part.values[sql] = _free(wanted, taken | set(part.values.values()))
            part.aggregates[sql] = aggregate.copy()
        column: exp.Expr = exp.column(part.values[sql], table=part.name)
        if isinstance(aggregate, exp.Count):
            column = exp.Coalesce(this=column, expressions=[exp.Literal.number(0)])
        aggregate.replace(column)
    left = box.this
    select = subquery.find_ancestor(exp.Select)
    group = select.args.get("group") if select else None
    if group and not subquery.find_ancestor(exp.Where):
        for column in left.find_all(exp.Column):
            if column not in group.expressions:
                group.append("expressions", column.copy())
    subquery.replace(left if isinstance(left, exp.Column | exp.Func) else box)


def _attach(outer: exp.Select, part: _Joined) -> None:
    aggregate = part.aggregate
    query = aggregate.query.copy()
    keys = [
        exp.alias_(key.copy(), name) if key.name != name else key.copy()
        for key, name in zip(aggregate.inner_keys, part.keys, strict=True)
    ]
    values = [exp.alias_(part.aggregates[sql], name) for sql, name in part.values.items()]
    query.set("expressions", [*keys, *values])
    query.set("group", exp.Group(expressions=[key.copy() for key in aggregate.inner_keys]))
    conditions = [
        exp.EQ(this=exp.column(name, table=part.name), expression=key.copy())
        for name, key in zip(part.keys, aggregate.outer_keys, strict=True)
    ]
    outer.with_(part.name, as_=query, copy=False)
    outer.join(exp.to_table(part.name), on=exp.and_(*conditions), join_type="left", copy=False)


def _names(root: exp.Expr) -> set[str]:
    """Every name by which a table, or something like one, is known in a statement."""
    found = {table.name.lower() for table in root.find_all(exp.Table)}
    return found | {alias.name.lower() for alias in root.find_all(exp.TableAlias) if alias.this}


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name.lower() in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name.lower())
    return name
