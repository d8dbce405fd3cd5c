"""What of a result must be the same, value by value and type by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from great_expectations.core import ExpectationValidationResult

from tests.gx.scan.stock import raised

_UNORDERED = ("ExpectColumnValuesToBeUnique", "ExpectCompoundColumnsToBeUnique")
_SAMPLES = ("partial_unexpected_list", "unexpected_list", "partial_unexpected_index_list", "unexpected_index_list",
            "unexpected_rows")  # fmt: skip
_COUNTS = "partial_unexpected_counts"

Everything = Callable[[], ExpectationValidationResult]
"""Stock's result with every unexpected value in it."""


def differences(
    kind: str, stock: ExpectationValidationResult, ours: ExpectationValidationResult, everything: Everything
) -> list[str]:
    """What differs between two results of one expectation, for people; nothing where they are the same."""
    if raised(stock) or raised(ours):
        return [] if raised(stock) == raised(ours) else [f"raised: stock {raised(stock)}, ours {raised(ours)}"]
    found = [] if stock.success == ours.success else [f"success: stock {stock.success}, ours {ours.success}"]
    theirs, own = dict(stock.result or {}), dict(ours.result or {})
    if kind in _UNORDERED:
        found += _unordered(theirs, own, everything)
    for key in {**theirs, **own}:
        a, b = exact(theirs.get(key, "(no such key)")), exact(own.get(key, "(no such key)"))
        if key == "unexpected_index_query":
            a, b = a.casefold(), b.casefold()  # names as they were asked for, or as the table has them
        if a != b:
            found.append(f"{key}: stock {a}, ours {b}")
    return found


def exact(value: Any) -> Any:
    """A value that is equal to another's only if both are the same: type, NaN and all; the sign of zero is chance."""
    if isinstance(value, dict):
        return {name: exact(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [type(value).__name__, *(exact(item) for item in value)]
    if isinstance(value, float) and value == 0:
        value = 0.0
    return f"{type(value).__name__}:{value!r}"


def _unordered(theirs: dict[str, Any], own: dict[str, Any], everything: Everything) -> list[str]:
    """Compare samples, which SQL gives in no order, and take them out of the results."""
    found = []
    cut = False
    for key in _SAMPLES:
        if key not in theirs or key not in own or theirs[key] is None or own[key] is None:
            continue
        a, b = _bag(theirs.pop(key)), _bag(own.pop(key))
        if a == b:
            continue
        if a.total() == b.total() < theirs["unexpected_count"]:
            cut = True
            whole = everything().result
            full = key.removeprefix("partial_")
            if full in whole and b <= _bag(whole[full]):
                continue
        found.append(f"{key}: stock {a}, ours {b}")
    if _COUNTS in theirs and _COUNTS in own:
        a, b = _bag(theirs.pop(_COUNTS)), _bag(own.pop(_COUNTS))
        # Python finds one NaN unequal to another, and to count the same one twice is no worse.
        if a != b and not cut and "float:nan" not in str(a):
            found.append(f"{_COUNTS}: stock {a}, ours {b}")
    return found


def _bag(items: Sequence[Any]) -> Counter[str]:
    return Counter(str(exact(item)) for item in items)
