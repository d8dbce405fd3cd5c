"""Values as people read them. Everything that a page shows passes through `clean` once."""

from __future__ import annotations

import math
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""Control characters, lone surrogates, and the marks that reverse the text around them."""


def clean(value: object, limit: int = 1_000) -> str:
    """``value`` as text that any page can carry, at most ``limit`` characters; None is empty."""
    if value is None:
        return ""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(value).replace("\r\n", "\n")).strip()
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def number(value: int | float | Decimal) -> str:
    """A number with thousands separators: ``1,423``, ``847,342.5``, at most six digits after the point."""
    if isinstance(value, int):
        return f"{value:,}"
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    if 0 < abs(value) < 1e-6:
        return f"{value:.3g}"
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def minute(time: datetime) -> str:
    """A time as pages show it: ``2025-09-01 06:00 UTC``."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def percent(value: float) -> str:
    """A percentage that never rounds a failure away: ``50 %``, ``< 0.01 %``, ``> 99.99 %``."""
    if 0 < value < 0.01:
        return "< 0.01 %"
    if 99.99 < value < 100:
        return "> 99.99 %"
    return f"{value:.2f}".rstrip("0").rstrip(".") + " %"


def counted(count: int, noun: str) -> str:
    """``1 table``, ``2,846 tables``."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def scalar(value: Any) -> str | None:
    """One observed value as text; None when it is not a single value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return number(value)
    return clean(value, 200) if isinstance(value, str) else None


def prose(value: object) -> str:
    """Notes as GX keeps them (text, a list of paragraphs, or ``{format, content}``) as plain text."""
    if isinstance(value, dict):
        value = value.get("content")
    if isinstance(value, (list, tuple)):
        return clean("\n".join(str(part) for part in value), 5_000)
    return clean(value, 5_000)


def duration(hours: float) -> str:
    """A length of time as people say it: ``45 min``, ``2 h 10 min``, ``3 d 4 h``."""
    minutes = round(hours * 60)
    if minutes < 60:
        return f"{minutes} min"
    whole, rest = divmod(minutes, 60)
    if whole < 48:
        return f"{whole} h {rest} min" if rest else f"{whole} h"
    days, rest_hours = divmod(whole, 24)
    return f"{days} d {rest_hours} h" if rest_hours else f"{days} d"
