"""Moments out of what a warehouse gives for the newest of a column."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from dateutil.parser import isoparse

CLOCK_SKEW = timedelta(hours=1)
"""How far ahead of our clock a newest row may be; beyond it a future date would hide stale data."""
_FROM_A_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?")


def moment_of(value: object, column: str) -> datetime:
    """The moment that a value means.

    Raises:
        ValueError: it means none; the value itself, which is data, is not told.
    """
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    # Anything less than a full date may be a number or a word: 23 is no day of this month, and 2025 no year.
    if isinstance(value, str) and _FROM_A_FULL_DATE.fullmatch(value):
        try:
            return isoparse(value)
        except (ValueError, OverflowError):
            pass  # its message quotes the value, which is data
    raise ValueError(
        f"the newest {column} is no date or time but a value of type {type(value).__name__}; freshness needs a column "
        "of timestamps, of dates, or of ISO-8601 text such as 2025-09-30T12:00:00Z"
    )


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC; one without a zone is in it."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
