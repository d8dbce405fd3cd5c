"""Which columns of a SELECT can be kept up to date from new rows alone, and how."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import SelectBase

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


def merged(rule: Merge, old: Kept, new: Kept) -> Kept:
    """The value for all rows. None is the value for no rows."""
    if old is None or new is None:
        return new if old is None else old
    left: Any = old
    if rule is Merge.ADD:
        total: Kept = left + new
        return total
    least: Kept = min(left, new)
    return least if rule is Merge.LEAST else max(left, new)


def can_be_kept(value: object) -> bool:
    """Whether a value is one that may be kept: a number or a time."""
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
