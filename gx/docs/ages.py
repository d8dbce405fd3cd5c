"""How old a table's data was when it was checked. What it is now a script on the page says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gx.docs.records import Freshness
from gx.docs.text import duration


class AgeState(StrEnum):
    """Whether data is as new as it has to be."""

    FRESH = "fresh"
    WARNING = "warning"
    STALE = "stale"


@dataclass(frozen=True)
class Age:
    """The age of a table's newest row."""

    freshness: Freshness
    state: AgeState
    """At the time of the check."""
    said: str
    """How old it was then."""


def age(freshness: Freshness | None, checked_at: datetime) -> Age | None:
    """The age at the time of a check; None when no expectation looks at it."""
    if freshness is None:
        return None
    hours = max((checked_at - freshness.newest).total_seconds() / 3600, 0.0)
    state = AgeState.FRESH
    if hours > freshness.error_hours:
        state = AgeState.STALE
    elif freshness.warn_hours is not None and hours > freshness.warn_hours:
        state = AgeState.WARNING
    return Age(freshness, state, duration(hours))
