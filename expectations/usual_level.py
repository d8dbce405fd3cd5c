"""Values about a level: their middle and spread, their days of the week, and a level that has moved."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
FLOOR_SHARE = 0.05
"""A figure within 5 % of its middle is usual however constant it was."""
RECENT = 60
"""How many runs count; what is older says little about today."""
SAME_WEEKDAYS = 4
"""From so many runs on the same day of the week on, they say what is usual on it."""
WEEKS = 10
"""So many weeks tell what a day of the week is like."""
SETTLED = 3
"""So many accepted runs in a row on a level of their own are the new level."""
TAIL = 0.9
MUCH_BETTER = 0.6
"""A closer description of a history has to be this much closer: what has more parts always fits a little better."""
_HALF_A_WEEK = timedelta(days=3, hours=12)
_MAD_TO_SIGMA = 1.4826  # of normally distributed values
_TENTH_TO_SIGMA = 1 / 1.6449
_MOST_NOT_POSITIVE = 0.1
_FAR_BELOW = 3.0
_FARTHEST = 700.0  # math.exp ends at 709


@dataclass(frozen=True)
class Past:
    """A figure that an earlier run found, and that was accepted.

    Attributes:
        at: when, in UTC.
        value: the figure.
    """

    at: datetime
    value: float


@dataclass(frozen=True)
class Way:
    """How closely to judge.

    Attributes:
        min_runs: how many accepted runs it takes to say what is usual.
        deviations: how many robust standard deviations from the middle are usual.
        floor: by how much a figure may always differ: 2 rows of a count, a hundredth of a share.
        counts: whether it is a count, which by chance alone varies by its square root, and is never below 0.
        never_above: what no such figure exceeds: 1 of a share.
    """

    min_runs: int
    deviations: float
    floor: float = 0.0
    counts: bool = False
    never_above: float | None = None


@dataclass(frozen=True)
class Band:
    """What is usual.

    Attributes:
        low: the least.
        high: the most.
        middle: what is most usual.
        on: the day of the week that it is told for; None for every day.
        runs: how many runs it is told from.
    """

    low: float
    high: float
    middle: float
    runs: int
    on: str | None = None


def level_band(past: Sequence[Past], now: datetime, way: Way, *, share: float = FLOOR_SHARE) -> Band:
    """What is usual at a time by a history in order; ``share`` of the middle is how far a figure may always lie."""
    weeks = [each for each in past if now - each.at <= timedelta(weeks=WEEKS)] or list(past)
    scale = _Scale.of([each.value for each in weeks[-max(RECENT, 7 * WEEKS) :]])
    today, season = _season(weeks, now, scale)
    level = [scale.to(each.value) - season[each.at.weekday()] for each in past[-RECENT:]]
    since, offs = _settled(level, way.deviations)
    centre = median(since) + (season[now.weekday()] if today else 0.0)
    sigma = _sigma(offs)
    middle = scale.back(centre)
    low, high = scale.back(centre - way.deviations * sigma), scale.back(centre + way.deviations * sigma)
    if not today and (alike := _alike(weeks, now)):
        # Too few to say what is usual on this day of the week, but what they were is not unusual.
        reach = way.deviations * _MAD_TO_SIGMA * median(offs)
        low = min(low, scale.back(scale.to(min(alike)) - reach))
        high = max(high, scale.back(scale.to(max(alike)) + reach))
    floor = max(way.floor, share * abs(middle))
    low, high = min(low, middle - floor), max(high, middle + floor)
    if way.counts and middle > 0 and median(offs) > 0:
        root, reach = math.sqrt(middle), way.deviations / 2  # the deviation of a chance count's root is 1/2
        low, high = min(low, max(root - reach, 0) ** 2), max(high, (root + reach) ** 2)
    return Band(low, high, middle, today or len(level), DAYS[now.weekday()] if today else None)


def tail(values: Sequence[float]) -> float:
    """How far the farther tenth of values lies from their median."""
    middle = median(values)
    return _quantile([abs(value - middle) for value in values])


@dataclass(frozen=True)
class _Scale:
    """Values as they are, or their logarithms; ``least`` stands for what has none."""

    least: float | None

    @classmethod
    def of(cls, values: Sequence[float]) -> _Scale:
        positive = [value for value in values if value > 0]
        if len(values) - len(positive) > _MOST_NOT_POSITIVE * len(values):
            return cls(None)
        return cls(math.log(min(positive)) - _FAR_BELOW)

    def to(self, value: float) -> float:
        if self.least is None:
            return value
        return max(math.log(value), self.least) if value > 0 else self.least

    def back(self, value: float) -> float:
        return value if self.least is None else math.exp(min(value, _FARTHEST))


def _alike(past: Sequence[Past], now: datetime) -> list[float]:
    """The values of the same day of the week, where there are too few to say more; not those of this very day."""
    found = [each.value for each in past if each.at.weekday() == now.weekday() and now - each.at > timedelta(days=2)]
    return found if len(found) < SAME_WEEKDAYS else []


def _season(past: Sequence[Past], now: datetime, scale: _Scale) -> tuple[int, Sequence[float]]:
    """How far each day of the week lies from its surroundings; and by how many runs today's is told, 0 for no season.

    From its surroundings, not from the whole: a trend or a new level makes no weekday.
    """
    none = (0, (0.0,) * 7)
    if sum(each.at.weekday() == now.weekday() for each in past) < SAME_WEEKDAYS:
        return none
    values = [scale.to(each.value) for each in past]
    around: list[tuple[int, float]] = []
    first = last = 0
    for each, value in zip(past, values, strict=True):
        while past[first].at < each.at - _HALF_A_WEEK:
            first += 1
        while last < len(past) and past[last].at <= each.at + _HALF_A_WEEK:
            last += 1
        around.append((each.at.weekday(), value - median(values[first:last])))
    days = [[off for day, off in around if day == weekday] for weekday in range(7)]
    season = [median(day) if len(day) >= SAME_WEEKDAYS else 0.0 for day in days]
    without = tail([off for _, off in around])
    if tail([off - season[day] for day, off in around]) >= MUCH_BETTER * without:
        return none
    return len(days[now.weekday()]), season


def _settled(values: Sequence[float], deviations: float) -> tuple[Sequence[float], list[float]]:
    """The values since the level last moved, and how far values lie from the level of their time."""
    least = most = values[-1]
    extremes = [(least := min(least, value), most := max(most, value)) for value in reversed(values)][::-1]
    ordered = sorted(values)
    for cut in range(len(values) - 1, SETTLED, -1):
        del ordered[bisect_left(ordered, values[cut])]
        middle = (ordered[(cut - 1) // 2] + ordered[cut // 2]) / 2
        low, high = extremes[cut]
        if cut > len(values) - SETTLED or low <= middle <= high:
            continue
        offs = [abs(value - middle) for value in values[:cut]]
        reach = max(deviations * _sigma(offs), FLOOR_SHARE * abs(middle) if not any(offs) else 0.0)
        if min(abs(low - middle), abs(high - middle)) > reach:
            level = median(values[cut:])
            return values[cut:], offs + [abs(value - level) for value in values[cut:]]
    middle = median(values)
    return values, [abs(value - middle) for value in values]


def _sigma(offs: Sequence[float]) -> float:
    """A standard deviation: of the middle half, and at least what the farther tenth suggests.

    The tenth: a history with rare but ordinary jumps, such as month ends, is not to alarm at each.
    """
    return max(_MAD_TO_SIGMA * median(offs), _TENTH_TO_SIGMA * _quantile(offs))


def _quantile(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[min(math.ceil(TAIL * len(ordered)) - 1, len(ordered) - 1)]
