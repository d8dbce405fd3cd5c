"""Which columns of a SELECT can be kept up to date from new rows alone, and how."""

from __future__ import annotations

import math
from datetime import date, datetime
from decimal import Decimal, localcontext
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import SelectBase

from gx.shown import spelled

Kept: TypeAlias = int | float | Decimal | datetime | date | None
"""What is kept of a column between runs: numbers and times, never a text of the data."""
_TYPES: dict[str, Any] = {
    "int": int,
    "float": float,
    "Decimal": Decimal,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
}


class Merge(StrEnum):
    """How the value for all rows follows from the one for the old and the one for the new rows."""

    ADD = "add"
    LEAST = "least"
    GREATEST = "greatest"


_BY_FUNCTION = {"count": Merge.ADD, "sum": Merge.ADD, "min": Merge.LEAST, "max": Merge.GREATEST}


def merge_rule(sql: ColumnElement[Any]) -> Merge | None:
    """How an aggregate merges; None if it does not, or if it also depends on rows of another table."""
    if not isinstance(sql, FunctionElement):
        return None
    for element in visitors.iterate(sql):
        distinct = isinstance(element, UnaryExpression) and element.operator is operators.distinct_op
        if distinct or isinstance(element, SelectBase):
            return None
    return _BY_FUNCTION.get(str(sql.name).lower())


def is_count(sql: ColumnElement[Any]) -> bool:
    """Whether an aggregate counts, and so tells no value."""
    return isinstance(sql, FunctionElement) and str(sql.name).lower() == "count"


def named_in(sql: ColumnElement[Any]) -> set[str]:
    """The columns that an aggregate names, spelled for comparing."""
    return {spelled(str(each.name)) for each in visitors.iterate(sql) if isinstance(each, sa.ColumnClause)}


class NotMergeableError(Exception):
    """Two values do not add up to what the warehouse would have for all rows."""


_MOST_DIGITS = 37
_GREATEST_INT = 2**63 - 1


def merged(rule: Merge, old: Kept, new: Kept) -> Kept:
    """The value for all rows. None is the value for no rows.

    Raises:
        NotMergeableError: the values are of two types, or their sum is so great that the warehouse might refuse it.
    """
    if old is None or new is None:
        return new if old is None else old
    left: Any = old
    if type(old) is not type(new):
        raise NotMergeableError
    try:
        with localcontext(prec=100):  # by default Python rounds to 28 digits
            value: Kept = left + new if rule is Merge.ADD else min(left, new) if rule is Merge.LEAST else max(left, new)
    except TypeError:  # one time has a zone and the other none
        raise NotMergeableError from None
    great = isinstance(value, int) and abs(value) > _GREATEST_INT
    long = (
        isinstance(value, Decimal) and max(len(value.as_tuple().digits), -int(value.as_tuple().exponent)) > _MOST_DIGITS
    )
    if great or long or not can_be_kept(value):
        raise NotMergeableError
    return value


def can_be_kept(value: object) -> bool:
    """Whether a value is one that may be kept: a finite number or a time. Warehouses order NaN, Python does not."""
    if isinstance(value, float | Decimal) and not math.isfinite(value):
        return False
    return value is None or (type(value).__name__ in _TYPES and not isinstance(value, bool))


def to_text(value: Kept) -> list[str] | None:
    """A kept value with its type, for JSON: a number comes back as it was, to the last digit."""
    if value is None:
        return None
    return [type(value).__name__, value.isoformat() if isinstance(value, date) else str(value)]


def from_text(text: list[str] | None) -> Kept:
    """What :func:`to_text` wrote.

    Raises:
        ValueError: it did not.
    """
    if text is None:
        return None
    kind, value = text
    if kind not in _TYPES:
        raise ValueError(f"{kind} is no type of a kept value")
    kept: Kept = _TYPES[kind](value)
    return kept


def fingerprint(sql: ColumnElement[Any], rows: str, dialect: sa.Dialect) -> str:
    """Equal for the same SQL with the same parameters over the same rows."""
    compiled = sql.compile(dialect=dialect)
    text = f"{rows} {compiled} {sorted(compiled.params.items())!r}"
    return sha256(text.encode()).hexdigest()[:32]
