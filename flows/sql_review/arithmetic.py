"""`column + interval > value`, and the same with the column alone, where its index or statistics can be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from flows.sql_review.parsing import copied, written

_FLIPPED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ, exp.GT: exp.LT, exp.GTE: exp.LTE, exp.LT: exp.GT, exp.LTE: exp.GTE,
}  # fmt: skip
_OPPOSITE: Mapping[type[exp.Expr], type[exp.Expr]] = {exp.Add: exp.Sub, exp.Sub: exp.Add}
_OF_ONE_LENGTH = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
"""Not days: one in which clocks are turned has 23 or 25 hours. Not months: 31 January and a month is 28 February."""
_TIMES = ("TIMESTAMP", "TIMESTAMPTZ", "TIMESTAMPNTZ", "TIMESTAMPLTZ", "DATETIME")
_NUMBERS_TOO = ("postgres",)
"""Where numbers have to be moved by hand as well: DuckDB does that itself, and moves no interval."""


@dataclass(frozen=True)
class Moved:
    """A comparison with a sum of a column and a constant.

    Attributes:
        total: the sum, or difference.
        condition: the comparison of the column alone.
        is_exact: whether it gives the same whatever the data is, where both sides are of one type: a time with a zone
            and one without are hours apart in another way on each side of the day when clocks are turned.
    """

    total: exp.Expr
    column: exp.Column
    condition: exp.Expr
    is_exact: bool


def moved(condition: exp.Expr, dialect: str) -> Moved | None:
    """The condition with what is added to a column on its other side; None when it is no such condition."""
    if type(condition) not in _FLIPPED:
        return None
    for side, other, comparison in (
        (condition.this, condition.expression, type(condition)),
        (condition.expression, condition.this, _FLIPPED[type(condition)]),
    ):
        total = side.unnest()
        if type(total) not in _OPPOSITE or not _is_constant(other):
            continue
        left, right = total.this.unnest(), total.expression.unnest()
        if isinstance(left, exp.Column) and _is_amount(right, dialect):
            value = _OPPOSITE[type(total)](this=_operand(other), expression=right.copy())
            return Moved(total, left, comparison(this=left.copy(), expression=value), _is_exact(right, other))
        if isinstance(right, exp.Column) and isinstance(total, exp.Add) and _is_amount(left, dialect):
            value = exp.Sub(this=_operand(other), expression=left.copy())
            return Moved(total, right, comparison(this=right.copy(), expression=value), _is_exact(left, other))
        is_age = isinstance(total, exp.Sub) and _is_constant(left) and _is_amount(other.unnest(), dialect)
        if isinstance(right, exp.Column) and is_age:  # now() - column < interval
            value = exp.Sub(this=_operand(left), expression=_operand(other))
            return Moved(total, right, _FLIPPED[comparison](this=right.copy(), expression=value), is_exact=False)
    return None


def with_moved(statement: exp.Expr, found: list[tuple[exp.Expr, Moved]], dialect: str) -> str | None:
    """The statement with each of these conditions moved that can be exactly; None when none can."""
    copy, its = copied(statement)
    exact = [(its(condition), one) for condition, one in found if one.is_exact]
    for node, one in exact:
        node.replace(one.condition.copy())
    return written(copy, dialect) if exact else None


def _is_constant(node: exp.Expr) -> bool:
    return node.find(exp.Column, exp.Query, exp.Subquery, exp.Rand, exp.Uuid) is None


def _is_amount(node: exp.Expr, dialect: str) -> bool:
    is_number = isinstance(node, exp.Literal) and not node.is_string and dialect in _NUMBERS_TOO
    return is_number or (isinstance(node, exp.Interval) and _is_constant(node))


def _is_exact(amount: exp.Expr, other: exp.Expr) -> bool:
    """An amount that is always as long, and a value that is no time of the day, which would begin anew at 24."""
    unit = amount.text("unit").upper().removesuffix("S") if isinstance(amount, exp.Interval) else ""
    other = other.unnest()
    is_now = isinstance(other, exp.CurrentTimestamp) or (isinstance(other, exp.Anonymous) and other.name == "now")
    is_time = isinstance(other, exp.Cast) and other.to.this.value in _TIMES
    return unit in _OF_ONE_LENGTH and (is_now or is_time)


def _operand(node: exp.Expr) -> exp.Expr:
    node = node.unnest()
    return exp.Paren(this=node.copy()) if isinstance(node, exp.Binary) else node.copy()
