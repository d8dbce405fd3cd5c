"""Daily histories of tables, with faults whose place is known, from a seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from expectations.usual_level import Past

FIRST = datetime(2024, 1, 1, 6, tzinfo=UTC)
DAYS = 365
_LEARNT = 70
"""No fault before this day: nobody has a history by then."""
_APART = 21


@dataclass(frozen=True)
class Fault:
    """What went wrong at one run.

    Attributes:
        kind: its name.
        at: the index of the run.
        within: by how many runs later it may be found, and until when an alarm belongs to it.
    """

    kind: str
    at: int
    within: int = 0

    def covers(self, index: int) -> bool:
        """Whether an alarm at this run belongs to the fault; the run after it goes back, which is a change too."""
        return self.at <= index <= self.at + self.within + 1


@dataclass(frozen=True)
class Series:
    """The figures of one table."""

    kind: str
    runs: Sequence[Past]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True)
class Kind:
    """How a table behaves: by day the rows that come, of the whole table or on top of what is there."""

    name: str
    rows: Callable[[int, random.Random], float]
    grows: bool = False


def _noise(deviation: float, rng: random.Random) -> float:
    return math.exp(rng.gauss(0, deviation))


def _season(day: int) -> float:
    return 0.35 if (FIRST + timedelta(days=day)).weekday() >= 5 else 1.0


def _poisson(mean: float, rng: random.Random) -> int:
    left, count = math.exp(-mean), -1
    product = 1.0
    while product > left:
        product *= rng.random()
        count += 1
    return count


KINDS = (
    Kind("constant, a row more now and then", lambda day, rng: 50 + day // 45),
    Kind("level, 3 % noise", lambda day, rng: 8_000 * _noise(0.03, rng)),
    Kind("level, 15 % noise", lambda day, rng: 8_000 * _noise(0.15, rng)),
    Kind("level, 40 % noise", lambda day, rng: 8_000 * _noise(0.4, rng)),
    Kind("few rows (12 a day, Poisson)", lambda day, rng: _poisson(12, rng)),
    Kind("weekly season, 5 % noise", lambda day, rng: 8_000 * _season(day) * _noise(0.05, rng)),
    Kind("weekly season, 15 % noise", lambda day, rng: 8_000 * _season(day) * _noise(0.15, rng)),
    Kind("trend 0.3 % a day, 5 % noise", lambda day, rng: 8_000 * 1.003**day * _noise(0.05, rng)),
    Kind("trend and season, 10 % noise", lambda day, rng: 8_000 * 1.002**day * _season(day) * _noise(0.1, rng)),
    Kind("grows by 1,000 a day, 10 % noise", lambda day, rng: 1_000 * _noise(0.1, rng), grows=True),
    Kind("grows weekly, 10 % noise", lambda day, rng: 1_000 * _season(day) * _noise(0.1, rng), grows=True),
    Kind("grows, 40 % noise", lambda day, rng: 1_000 * _noise(0.4, rng), grows=True),
)
OF_LEVELS = ("duplicates x2", "half lost", "nine tenths lost", "empty", "level shift x1.8")
OF_GROWTH = ("duplicates x2", "half lost", "empty", "nothing new", "arrivals x3")
MISSING = 0.04
"""How many days no run was made."""


def clean(kind: Kind, seed: int) -> Series:
    """A year in which nothing is wrong."""
    return _made(kind, random.Random(f"{kind.name} {seed}"), ())


def faulty(kind: Kind, seed: int) -> Series:
    """A year with one fault of each kind, weeks apart, in an order of its own."""
    rng = random.Random(f"{kind.name} {seed} faulty")
    kinds = list(OF_GROWTH if kind.grows else OF_LEVELS)
    rng.shuffle(kinds)
    days = [_LEARNT + number * (_APART + 35) + rng.randrange(35) for number in range(len(kinds))]
    return _made(kind, rng, tuple(zip(days, kinds, strict=True)))


def _made(kind: Kind, rng: random.Random, faults: Sequence[tuple[int, str]]) -> Series:
    wrong = dict(faults)
    runs: list[Past] = []
    found: list[Fault] = []
    total, level = (200_000.0 if kind.grows else 0.0), 1.0
    for day in range(DAYS):
        rows = kind.rows(day, rng) * level
        fault = wrong.get(day)
        missing = rng.random() < MISSING and fault is None
        at = FIRST + timedelta(days=day, minutes=rng.randrange(30))
        if fault is not None:
            found.append(Fault(fault, len(runs), within=2 if fault == "level shift x1.8" else 0))
        if fault == "level shift x1.8":
            level *= 1.8
            rows *= 1.8
        if kind.grows:
            total += rows * {"nothing new": 0, "arrivals x3": 3}.get(fault or "", 1)
        value = total if kind.grows else rows
        value *= {"duplicates x2": 2, "half lost": 0.5, "nine tenths lost": 0.1, "empty": 0}.get(fault or "", 1)
        if not missing:
            runs.append(Past(at, round(value)))
    return Series(kind.name, runs, tuple(found))
