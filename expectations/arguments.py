"""Arguments that Great Expectations takes without a word, and that make an expectation worthless."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

_LISTS = frozenset(
    ("value_set", "value_pairs_set", "column_set", "column_list", "type_list", "regex_list", "like_pattern_list")
)
"""What is compared with. GX takes some of them as empty or left out, and then finds nothing to object to."""


def worthless(kwargs: Mapping[str, Any], allowed: Collection[str]) -> str | None:
    """Why an expectation with these arguments would always hold, or never be evaluated; None when it is all right.

    Args:
        kwargs: as written in the suite.
        allowed: every argument the expectation has.
    """
    given = {name for name, value in kwargs.items() if value is not None}
    bounded = {"min_value", "max_value"} <= set(allowed) and "threshold" not in allowed
    if bounded and not {"min_value", "max_value"} & given:
        return "needs min_value or max_value; with neither it would always hold"
    for name in sorted(_LISTS & set(allowed)):
        if kwargs.get(name) in (None, [], {}):
            return f"needs {name}, a list that is not empty"
    if kwargs.get("mostly") == 0:
        return "would always hold with mostly: 0"
    if isinstance(kwargs.get("row_condition"), str) and not kwargs.get("condition_parser"):
        return 'needs condition_parser: great_expectations beside a row_condition such as col("status") == "paid"'
    for name, value in kwargs.items():
        if any(isinstance(item, float) and not math.isfinite(item) for item in _leaves(value)):
            return f"{name}: infinity or not-a-number is no value to compare with"
        if any(isinstance(item, Mapping) and "$PARAMETER" in item for item in _leaves(value, mappings=True)):
            return f"{name}: sluice passes no suite parameters at run time; write the value itself"
    return None


def unfaithful(written: Mapping[str, Any], read: Mapping[str, Any]) -> str | None:
    """Which argument GX understood as another value than was written; None when it understood all.

    Args:
        written: as in the suite.
        read: the expectation's attributes, after GX converted them.
    """
    for name, value in written.items():
        taken = read.get(name)
        if isinstance(value, bool) and not isinstance(taken, bool):
            return f"{name}: found {str(value).lower()}, which is neither a number nor text"
        if isinstance(value, str) and isinstance(taken, int | float):
            # Unquoted, 'nan' and 'inf' are refused as they should be, and so is mostly: '0'.
            return f"{name}: {value!r} is text where a number is meant; write it without quotes"
        numbers = isinstance(value, int | float) and isinstance(taken, int | float)
        if numbers and value != taken:
            return f"{name}: {value} would be taken as {taken:g}"
    return None


def _leaves(value: Any, *, mappings: bool = False) -> Iterator[Any]:
    if isinstance(value, Mapping):
        if mappings:
            yield value
        for item in value.values():
            yield from _leaves(item, mappings=mappings)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, mappings=mappings)
    else:
        yield value
