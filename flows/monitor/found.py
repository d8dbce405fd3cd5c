"""What one check of the monitor comes to, and the flows whose runs it knows of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checkpoints.alerts.problem import Problem
from checkpoints.layers import LOADS

MONITOR = "monitor"
"""The name that the monitor's own runs are recorded under."""

INGEST = "ingest-and-gate"
"""The name of the reference's runs that are served."""

WATCH_MODELS = "watch-models"
"""The name of the runs that bring dbt's runs on record and judge them."""

PREFLIGHT = "preflight"
"""The name of the preflights between runs; that of a run belongs to the run."""

FILE_PREFIX = "file/"
"""Begins the keys of the problems that a project's file cannot be read."""

SERVED = (INGEST, MONITOR, WATCH_MODELS, PREFLIGHT)
"""The flows whose schedules ``sluice serve`` records."""


def recorded_flows(checkpoints: Iterable[str]) -> tuple[str, ...]:
    """The names that runs are recorded under, given those of the project's checkpoints."""
    loads = (f"load-and-gate/{load}" for load in LOADS)
    return (*SERVED, "sluice", *loads, *(f"check/{name}" for name in checkpoints))


@dataclass(frozen=True)
class Found:
    """What one check came to.

    Attributes:
        said: in half a sentence.
        problems: what is wrong.
        over: the keys of what is not wrong, or no more.
    """

    said: str
    problems: tuple[Problem, ...] = ()
    over: frozenset[str] = frozenset()
