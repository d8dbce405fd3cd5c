"""What must come out, worked out from the rows in plain Python. Nothing here knows SQL, GX or sluice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.warehouses.rows import ORDER_ROWS, Row

Test = Callable[[Any], bool]


@dataclass(frozen=True)
class Answer:
    """What an expectation's outcome must be; None where the expectation has no such figure."""

    success: bool
    elements: int | None = None
    unexpected: int | None = None
    observed: Any = None


@dataclass(frozen=True)
class Case:
    """One expectation, and the answer to it."""

    name: str
    kind: str
    kwargs: dict[str, Any]
    answer: Answer

    def document(self) -> dict[str, Any]:
        """As it stands in a suite."""
        return {self.kind: self.kwargs}


def per_value(
    name: str, kind: str, column: str, holds: Test, *, nulls_count: bool = False, rows: Sequence[Row] = ORDER_ROWS,
    **kwargs: Any,
) -> Case:  # fmt: skip
    """An expectation about each value of a column; NULLs are no values, except where they are the question."""
    values = [row[column] for row in rows]
    asked = values if nulls_count else [value for value in values if value is not None]
    bad = sum(1 for value in asked if not holds(value))
    return Case(name, kind, {"column": column, **kwargs}, Answer(_mostly(len(asked), bad, kwargs), len(values), bad))


def unique(name: str, column: str, rows: Sequence[Row] = ORDER_ROWS, **kwargs: Any) -> Case:
    """Every occurrence of a value that occurs twice is unexpected."""
    counts = Counter(row[column] for row in rows)
    return per_value(
        name, "expect_column_values_to_be_unique", column, lambda value: counts[value] == 1, rows=rows, **kwargs
    )


def unique_together(name: str, columns: Sequence[str], rows: Sequence[Row] = ORDER_ROWS, **kwargs: Any) -> Case:
    """The same for several columns together."""
    keys = [tuple(row[column] for column in columns) for row in rows]
    asked = [key for key in keys if any(part is not None for part in key)]
    counts = Counter(asked)
    bad = sum(1 for key in asked if counts[key] > 1)
    answer = Answer(_mostly(len(asked), bad, kwargs), len(keys), bad)
    return Case(
        name, "expect_compound_columns_to_be_unique", {"column_list": list(columns), **kwargs}, answer
    )  # fmt: skip


def per_pair(name: str, kind: str, a: str, b: str, holds: Callable[[Any, Any], bool], **kwargs: Any) -> Case:
    """An expectation about two columns of a row; rows where either is NULL are left out."""
    pairs = [(row[a], row[b]) for row in ORDER_ROWS]
    asked = [pair for pair in pairs if None not in pair]
    bad = sum(1 for pair in asked if not holds(*pair))
    kwargs = {"column_A": a, "column_B": b, "ignore_row_if": "either_value_is_missing", **kwargs}
    return Case(name, kind, kwargs, Answer(_mostly(len(asked), bad, kwargs), len(pairs), bad))


def figure(name: str, kind: str, column: str | None, value: Any, low: Any, high: Any, **kwargs: Any) -> Case:
    """An expectation about one figure of a column or of the table."""
    bounds = {"min_value": low, "max_value": high}
    inside = (low is None or value >= _like(low, value)) and (high is None or value <= _like(high, value))
    about = {"column": column} if column else {}
    return Case(
        name, kind, {**about, **{k: v for k, v in bounds.items() if v is not None}, **kwargs},
        Answer(inside, observed=value),
    )  # fmt: skip


def values(column: str, rows: Sequence[Row] = ORDER_ROWS) -> list[Any]:
    """The column's values that are not NULL."""
    return [row[column] for row in rows if row[column] is not None]


def _like(bound: Any, value: Any) -> Any:
    return Decimal(str(bound)) if isinstance(value, Decimal) else bound


def _mostly(asked: int, bad: int, kwargs: dict[str, Any]) -> bool:
    return asked == 0 or (asked - bad) / asked >= kwargs.get("mostly", 1)
