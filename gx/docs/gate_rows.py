"""The gates on the front page: which are open or closed, since when, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gx.docs.roll_up import GateState

_REASONS_SHOWN = 3


@dataclass(frozen=True)
class GateRow:
    """The gate of one load, over all checkpoints that decide it."""

    load: str
    open: bool
    since: datetime
    until: datetime | None
    """When the first of its decisions expires."""
    why: tuple[str, ...]
    more: int
    """How many reasons are not in ``why``."""


def gate_rows(states: Iterable[GateState]) -> tuple[GateRow, ...]:
    """One row for each load, the closed first. A gate is open when every checkpoint says so."""
    loads: dict[str, list[GateState]] = defaultdict(list)
    for state in states:
        loads[state.mark.load].append(state)
    return tuple(sorted((_row(load, of) for load, of in loads.items()), key=lambda row: (row.open, row.load)))


def _row(load: str, states: list[GateState]) -> GateRow:
    closed = [state for state in states if not state.mark.open]
    if closed:
        reasons = [
            f"{state.mark.checkpoint}: {reason}"
            for state in closed
            for reason in state.mark.reasons or ("its checkpoint did not pass",)
        ]
        since = min(state.since for state in closed)
        return GateRow(load, False, since, None, tuple(reasons[:_REASONS_SHOWN]), len(reasons[_REASONS_SHOWN:]))
    names = ", ".join(sorted(state.mark.checkpoint for state in states))
    until = min((state.mark.valid_until for state in states if state.mark.valid_until), default=None)
    return GateRow(load, True, max(state.since for state in states), until, (f"{names} passed",), 0)
