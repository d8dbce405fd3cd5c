"""The limits that a suite sets, for the lines in its table's plots."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from gx.docs.records import Limits


def limits(configurations: Iterable[ExpectationConfiguration]) -> Limits:
    """The tightest limit of each kind."""
    lows: list[float] = []
    highs: list[float] = []
    changes: list[float] = []
    shares: list[float] = []
    for each in configurations:
        kwargs = each.kwargs
        if each.type == "expect_table_row_count_to_be_between":
            lows += _number(kwargs.get("min_value"))
            highs += _number(kwargs.get("max_value"))
        elif each.type == "expect_table_row_count_to_equal":
            lows += _number(kwargs.get("value"))
            highs += _number(kwargs.get("value"))
        elif each.type == "expect_table_row_count_change_to_be_within":
            changes += _number(kwargs.get("max_percent"))
        elif each.type == "expect_column_values_to_not_be_null":
            shares += [100 * (1 - mostly) for mostly in _number(kwargs.get("mostly", 1.0))]
    return Limits(
        rows_min=max((low for low in lows if low > 0), default=None),
        rows_max=min(highs, default=None),
        change_percent=min(changes, default=None),
        missing_percent=round(min(shares), 6) if shares else None,
    )


def _number(value: Any) -> list[float]:
    return [float(value)] if isinstance(value, (int, float)) and not isinstance(value, bool) else []
