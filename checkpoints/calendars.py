"""Business calendars: which time counts. What arrived on Friday evening is not two days old on Monday morning.

A moment counts when, on a clock in the calendar's time zone, its day is a working day and its time is in no quiet
hours. Age is measured in the time that counts, across changes of the clock exactly: all sums are of real seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_LONGEST_SEARCH = timedelta(days=3_660)

Window = tuple[timedelta, timedelta]
"""A part of a day, from and until which time after midnight by the clock."""
WHOLE_DAY: tuple[Window, ...] = ((timedelta(0), _DAY),)
WEEK = frozenset(range(7))


def _none(_: date) -> bool:
    return False


@dataclass(frozen=True)
class Calendar:
    """Which time counts.

    Attributes:
        name: as people refer to it.
        zone: whose clock tells days and hours.
        working_days: 0 is Monday.
        is_day_off: whether a day is a public holiday, or off for another reason.
        windows: the parts of a working day that are in no quiet hours, in their order.
    """

    name: str
    zone: ZoneInfo
    working_days: frozenset[int] = WEEK
    is_day_off: Callable[[date], bool] = _none
    windows: tuple[Window, ...] = WHOLE_DAY

    def is_working_day(self, day: date) -> bool:
        """Whether any of this day counts."""
        return day.weekday() in self.working_days and not self.is_day_off(day)

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """How much of the time from one moment to a later one counts; never more than there is, and never negative."""
        return sum((until - since for since, until in self._working(start, end)), timedelta(0))

    def until(self, start: datetime, duration: timedelta) -> datetime | None:
        """The last moment, in UTC, by which no more time has passed than this, of what counts.

        What is due as a working day ends is late once the next has begun. None if that is not within ten years.
        """
        left = duration
        for since, until in self._working(start, _later(start.astimezone(UTC), _LONGEST_SEARCH)):
            if until - since > left:
                return since + left
            left -= until - since
        return None

    def moment(self, day: date, clock: time) -> datetime:
        """When the clock in this zone shows a time, in UTC.

        A time that is left out when clocks are put forward comes when they are; one that comes twice, the first time.
        """
        local = datetime.combine(day, clock, self.zone)
        found = local.astimezone(UTC)
        if found.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return found
        return _change(self.zone, found - _DAY, found + _SECOND)

    def today(self, now: datetime) -> date:
        """The day by this zone's clock."""
        return now.astimezone(self.zone).date()

    def _working(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches in UTC that count, in their order."""
        for since, until, offset in _steady(self.zone, start.astimezone(UTC), end.astimezone(UTC)):
            # Within a stretch of one offset the clock runs like any other.
            first, last = (moment.replace(tzinfo=None) + offset for moment in (since, until))
            for number in range((last.date() - first.date()).days + 1):
                day = first.date() + number * _DAY
                if not self.is_working_day(day):
                    continue
                midnight = datetime.combine(day, time())
                for opens, closes in self.windows:
                    begins, ends = max(first, midnight + opens), min(last, midnight + closes)
                    if begins < ends:
                        yield (begins - offset).replace(tzinfo=UTC), (ends - offset).replace(tzinfo=UTC)


ALWAYS = Calendar("always", ZoneInfo("UTC"))
"""All time counts."""


def _steady(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches in which the zone's clock is not changed, each at most a day long, with their offset."""
    since = start
    while since < end:
        until = min(_later(since, _DAY), end)
        offset = _offset(zone, since)
        if _offset(zone, until) != offset:
            changed = _change(zone, since, until)
            yield since, changed, offset
            since, offset = changed, _offset(zone, changed)
        if since < until:
            yield since, until, offset
        since = until


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """When the clock is changed between two moments, to the second; the later one if it is not."""
    offset = _offset(zone, before)
    while after - before > _SECOND:
        middle = before + (after - before) / 2
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    # Clocks are changed at whole seconds; the search ends within one after the change.
    return after.replace(microsecond=0)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - of a moment that has a zone
    return offset


def _later(moment: datetime, by: timedelta) -> datetime:
    return moment + by if datetime.max.replace(tzinfo=UTC) - moment > by else datetime.max.replace(tzinfo=UTC) - _DAY
