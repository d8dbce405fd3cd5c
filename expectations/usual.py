"""What is usual for a figure, told from its own history: robust, and wide rather than narrow.

A figure lies about a level (its median, with its own for each day of the week where they differ), or it grows: then its
steps from run to run lie about a level. Whichever describes the history better is taken. Spread is the median absolute
deviation, and at least what the farther tenth of the history suggests. Where nearly all of a history is positive it is
judged by ratios: half and double are then equally far, and a table that varies by a third can still be found empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from expectations.usual_level import FLOOR_SHARE, MUCH_BETTER, RECENT, Band, Past, Way, level_band, tail

DEVIATIONS = {"low": 7.0, "normal": 5.0, "high": 4.0}
"""How many robust standard deviations are usual, by the sensitivity that a suite asks for. `make bench-anomalies`
measures what each finds, and how often it alarms at nothing."""
_SOON, _LATE = 0.5, 1.5
_LEAST_STEPS = 4


@dataclass(frozen=True)
class Usual:
    """What is usual for a figure at one time.

    Attributes:
        runs: how many accepted runs it was told from.
        low: the least that is usual; None while there are too few runs to say.
        high: the most.
        middle: what is most usual.
        on: the day of the week that it is told for, such as ``Sundays``; None for every day.
        last: the figure it is told to grow from; None where it does not grow.
    """

    runs: int
    low: float | None = None
    high: float | None = None
    middle: float | None = None
    on: str | None = None
    last: float | None = None

    def holds(self, value: float) -> bool:
        """Whether a figure is usual; any is while there are too few runs to say."""
        return self.low is None or self.high is None or self.low <= value <= self.high

    def to_json(self) -> dict[str, Any]:
        """As an expectation keeps it: the names of the attributes that are not None, and their values."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def usual(history: Sequence[Past], now: datetime, way: Way) -> Usual:
    """What is usual at ``now`` by a history that does not hold the figure to be judged."""
    past = sorted(history, key=lambda each: each.at)
    if len(past) < way.min_runs:
        return Usual(len(past))
    recent = past[-RECENT:]
    steps = _steps(past)
    if len(steps) >= _LEAST_STEPS:
        by_steps = tail([each.value for each in steps[-RECENT:]])
        if by_steps < MUCH_BETTER * tail([each.value for each in recent]):
            return _grown(past, steps, now, way)
    band = level_band(past, now, way)
    return Usual(band.runs, *_possible(band.low, band.high, way), band.middle, band.on)


def _steps(past: Sequence[Past]) -> list[Past]:
    """By how much the figure grew from run to run, at the later one's time, where the usual time lay between them.

    A run soon after another says little about how much comes in between; it counts with the next. After a pause several
    days' growth came at once; such a step counts only where all are like that.
    """
    if len(past) <= _LEAST_STEPS:
        return []
    spacing = _spacing(past)
    found: list[tuple[float, Past]] = []
    before = past[0]
    for each in past[1:]:
        periods = (each.at - before.at).total_seconds() / spacing
        if periods >= _SOON:
            found.append((periods, Past(each.at, (each.value - before.value) / max(periods, 1))))
            before = each
    single = [step for periods, step in found if periods <= _LATE]
    return single if 2 * len(single) >= len(found) else [step for _, step in found]


def _grown(past: Sequence[Past], steps: Sequence[Past], now: datetime, way: Way) -> Usual:
    """What is usual for a figure that grows: the last one, and a usual step for the time since."""
    step = level_band(steps, now, way, share=2 * FLOOR_SHARE)
    base = _trusted(past[-RECENT:], way)
    periods = max((now - base.at).total_seconds() / _spacing(past), 0.0)
    low, high, middle = step.low, step.high, step.middle
    if periods > _LATE:  # over several days, each with its own usual step
        every = [each.value for each in steps[-RECENT:]]
        low, high, middle = min(low, *every), max(high, *every), sum(every) / len(every)
    # Nothing may have come in yet when a run follows soon; never expect less of a whole step than a whole one.
    least = base.value + low * ((periods if periods >= _SOON else 0.0) if low > 0 else max(periods, 1.0))
    most = base.value + high * (max(periods, 1.0) if high > 0 else periods)
    least, most = _possible(least, most, way)
    return Usual(min(len(past), RECENT), least, most, base.value + middle * periods, step.on, base.value)


def _trusted(recent: Sequence[Past], way: Way) -> Past:
    """The last run that was itself reached by a usual step; the very last one where none of the last three was."""
    for back in range(1, 4):
        before = recent[: len(recent) - back]
        steps = _steps(before)
        if len(steps) < _LEAST_STEPS:
            break
        run = recent[-back]
        band: Band = level_band(steps, run.at, way, share=2 * FLOOR_SHARE)
        periods = max((run.at - before[-1].at).total_seconds() / _spacing(before), 1.0)
        grown = (run.value - before[-1].value) / periods
        if band.low <= grown <= band.high or periods > _LATE:
            return run
    return recent[-1]


def _spacing(past: Sequence[Past]) -> float:
    """The usual seconds from run to run."""
    return median((later.at - earlier.at).total_seconds() for earlier, later in pairwise(past)) or 1.0


def _possible(low: float, high: float, way: Way) -> tuple[float, float]:
    return max(low, 0.0) if way.counts else low, high if way.never_above is None else min(high, way.never_above)
