"""Differences in percent, exact at the limit: 7 of 100 is 7 %, not the 7.000000000000001 % of binary fractions."""

from __future__ import annotations

import math
from decimal import Decimal

_INFINITE = Decimal("Infinity")
_MOST_DIGITS = 6


def percent_apart(here: float, there: float) -> Decimal:
    """How far ``here`` is from ``there``, in percent of ``there``.

    Infinite when only ``there`` is zero (nothing was there to be multiplied), or when one of them is no number.
    Differences below a millionth do not count: sums that went through floats differ by that much.
    """
    if not (math.isfinite(here) and math.isfinite(there)):
        return _INFINITE
    difference = abs(_exact(here) - _exact(there))
    if not difference:
        return Decimal(0)
    return difference * 100 / abs(_exact(there)) if _exact(there) else _INFINITE


def is_within(percent: Decimal, limit: float) -> bool:
    """Whether a difference is allowed; the limit itself is."""
    return percent <= _exact(limit)


def percent_text(percent: Decimal, limit: float) -> str:
    """The difference for people, such as ``105.6 %``: as short as still tells it from the limit."""
    for digits in range(1, _MOST_DIGITS):
        text = f"{percent:.{digits}f}"
        if percent == _exact(limit) or Decimal(text) != _exact(limit):
            return f"{text} %"
    return f"{percent:.{_MOST_DIGITS}f} %"


def _exact(value: float) -> Decimal:
    return Decimal(str(round(value, _MOST_DIGITS)))
