"""The gates on the front page: which are open or closed, since when, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gx.docs.records import OverrideMark
from gx.docs.roll_up import GateState
from gx.docs.text import minute

_REASONS_SHOWN = 3


@dataclass(frozen=True)
class GateRow:
    """The gate of one load, over all checkpoints that decide it."""

    load: str
    open: bool
    since: datetime
    until: datetime | None
    """When the first of its decisions expires, or the override that holds it open."""
    why: tuple[str, ...]
    more: int
    """How many reasons are not in ``why``."""


def gate_rows(states: Iterable[GateState], overrides: Iterable[OverrideMark] = ()) -> tuple[GateRow, ...]:
    """One row for each load, the closed first. A gate is open when every checkpoint says so, or a person does."""
    loads: dict[str, list[GateState]] = defaultdict(list)
    for state in states:
        loads[state.mark.load].append(state)
    by_load = {override.load: override for override in overrides}
    rows = (_row(load, of, by_load.get(load)) for load, of in loads.items())
    return tuple(sorted(rows, key=lambda row: (row.open, row.load)))


def _row(load: str, states: list[GateState], override: OverrideMark | None) -> GateRow:
    closed = [state for state in states if not state.mark.open]
    if closed:
        reasons = [
            f"{state.mark.checkpoint}: {reason}"
            for state in closed
            for reason in state.mark.reasons or ("its checkpoint did not pass",)
        ]
        if override is not None:
            said = f"by override of {override.by} until {minute(override.until)}: {override.reason}"
            shown = (said, *reasons[: _REASONS_SHOWN - 1])
            return GateRow(load, True, override.made_at, override.until, shown, len(reasons) + 1 - len(shown))
        since = min(state.since for state in closed)
        return GateRow(load, False, since, None, tuple(reasons[:_REASONS_SHOWN]), len(reasons[_REASONS_SHOWN:]))
    passed = ", ".join(sorted(state.mark.checkpoint for state in states if not state.mark.reasons))
    # What opens although it reports failures, or observes, is not said to have passed.
    unusual = [f"{state.mark.checkpoint}: {reason}" for state in states for reason in state.mark.reasons]
    why = ([f"{passed} passed"] if passed else []) + unusual
    until = min((state.mark.valid_until for state in states if state.mark.valid_until), default=None)
    since = max(state.since for state in states)
    return GateRow(load, True, since, until, tuple(why[:_REASONS_SHOWN]), len(why[_REASONS_SHOWN:]))
