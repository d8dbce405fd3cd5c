"""What a receiver may do wrong, and in which order it does."""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from enum import StrEnum


class Fault(StrEnum):
    """How a receiver answers one request."""

    NONE = "none"
    RATE_LIMITED = "429 with Retry-After"
    ERROR = "500, not taken"
    ERROR_TAKEN = "500, but taken"
    SILENT = "no answer, not taken"
    SILENT_TAKEN = "no answer, but taken"
    RESET = "reset before reading"
    RESET_TAKEN = "reset after taking"
    DRIP_TAKEN = "slow drip, taken"
    REFUSED = "refused for good"

    @property
    def taken(self) -> bool:
        """Whether the message arrives all the same."""
        return self in (Fault.NONE, Fault.ERROR_TAKEN, Fault.SILENT_TAKEN, Fault.RESET_TAKEN, Fault.DRIP_TAKEN)


TRANSIENT = tuple(fault for fault in Fault if fault not in (Fault.NONE, Fault.REFUSED))
"""The faults after which trying again helps."""


class Script:
    """Which fault comes next: those that are written down, then by chance, then none. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._written: deque[Fault] = deque()
        self._random: random.Random | None = None
        self._weights: dict[Fault, float] = {}

    def then(self, faults: Iterable[Fault]) -> None:
        """Write down what comes next."""
        with self._lock:
            self._written.extend(faults)

    def by_chance(self, seed: int, weights: Mapping[Fault, float]) -> None:
        """After what is written down: each fault with this probability; none with what is left of 1."""
        with self._lock:
            self._random, self._weights = random.Random(seed), dict(weights)

    def clear(self) -> None:
        """No more faults."""
        with self._lock:
            self._written.clear()
            self._random = None

    def next(self) -> Fault:
        with self._lock:
            if self._written:
                return self._written.popleft()
            if self._random is None:
                return Fault.NONE
            mark = self._random.random()
            for fault, weight in self._weights.items():
                mark -= weight
                if mark < 0:
                    return fault
            return Fault.NONE
