"""A person's word that a load may run all the same: with a reason and a name, and never for long."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gx.errors import ConfigError

LONGEST = timedelta(days=7)
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far two machines' clocks may be apart. What was made later than that from now was made by a clock gone wrong."""
_LONGEST_REASON = 500
_LONGEST_NAME = 100
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True)
class Override:
    """One override of one load's gate. Times are in UTC, without a zone, as the ledger keeps them.

    Attributes:
        ingest_id: the only ingest it is about; None means every one.
        until: from this moment on it counts for nothing.
    """

    load: str
    ingest_id: str | None
    reason: str
    by: str
    made_at: datetime
    until: datetime
    revoked_at: datetime | None = None
    revoked_by: str | None = None

    def covers(self, load: str, ingest_id: str, now: datetime) -> bool:
        """Whether it counts now for this load and ingest. One that was made too long or too late never does."""
        return (
            self.revoked_at is None
            and self.load == load
            and self.ingest_id in (None, ingest_id)
            and self.made_at - CLOCKS_DIFFER <= now < self.until
            and self.until - self.made_at <= LONGEST
        )

    @property
    def title(self) -> str:
        """Whose it is and until when, without the reason that was given."""
        return f"overridden by {self.by} until {self.until:%Y-%m-%d %H:%M} UTC"


def new_override(load: str, ingest_id: str | None, *, reason: str, by: str, until: str, now: datetime) -> Override:
    """An override as a person asks for it.

    Args:
        load: whose gate.
        ingest_id: the only ingest it is about; None means every one.
        reason: why, for people.
        by: who takes the responsibility.
        until: a time with its zone (``2025-10-01T18:00+02:00``), or a duration from now (``90m``, ``4h``, ``2d``).
        now: the time, with its zone.

    Raises:
        ConfigError: there is no reason or no name, or the end is unclear, past or too far away.
    """
    end = end_of(until, now)
    return Override(
        load, ingest_id, one_line("--reason", reason, _LONGEST_REASON), one_line("--by", by, _LONGEST_NAME),
        _naive(now), _naive(end),
    )  # fmt: skip


def end_of(until: str, now: datetime) -> datetime:
    """When something ends that a person asks for, and that is bounded: an override, a snooze.

    Raises:
        ConfigError: it is unclear, past or too far away.
    """
    end = _end(until.strip(), now)
    if end <= now:
        raise ConfigError(f"--until {until} is past; it is {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC now")
    if end - now > LONGEST:
        raise ConfigError(f"--until {until} is too far away: it can be at most {LONGEST.days} days from now")
    return end.astimezone(UTC)


def one_line(option: str, text: str, longest: int = _LONGEST_NAME) -> str:
    """The text without spaces around it.

    Raises:
        ConfigError: it is empty, too long, or no plain line.
    """
    if not text.strip():
        raise ConfigError(f"{option} is empty; who says so and why is kept, and shown to everybody")
    if len(text.strip()) > longest or not text.strip().isprintable():
        raise ConfigError(f"{option} must be one line of at most {longest} printable characters")
    return text.strip()


def _end(text: str, now: datetime) -> datetime:
    if match := _DURATION.fullmatch(text):
        # Longer than any that is allowed says the same, and does not overflow.
        return now + min(float(match[1]) * _UNITS[match[2]], timedelta(days=366))
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(
            f"--until {text!r} is neither a time such as 2025-10-01T18:00+02:00 nor a duration such as 90m, 4h or 2d"
        ) from None
    if end.tzinfo is None:
        raise ConfigError(f"--until {text} does not say in which zone; write {text}Z for UTC, or {text}+02:00")
    return end


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
