"""The gate: whether a load may run, for one ingest. Closed unless everything says open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from checkpoints.override import CLOCKS_DIFFER, Override
from checkpoints.result import SOFTER
from gx.errors import SluiceError

PENDING = "pending"
"""Stands in the place of a verdict while there is none."""

ROLLED_BACK = "taken back"
"""Likewise for a build that was published and rolled back: no check opens its gates again, but a load that a person's
override let begin, or the ingest that begins again, starts anew. The ledger has room for ten characters."""


class Decision(StrEnum):
    """Open or closed; there is nothing between."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class GateDecision:
    """What one checkpoint run decided for one load.

    Attributes:
        verdict: the run's verdict, or ``pending`` while it has none.
        valid_until: after this moment the decision counts for nothing.
    """

    load: str
    ingest_id: str
    checkpoint: str
    run_id: str
    verdict: str
    decision: Decision
    reasons: tuple[str, ...]
    decided_at: datetime
    valid_until: datetime


@dataclass(frozen=True)
class Gate:
    """The state of a load's gate for one ingest, over all the checkpoints it waits for.

    Attributes:
        reasons: why it is open or closed, for people.
        plain: the same without what checkpoints found and what people wrote: no figure of the data, for messages
            that travel.
        override: whose word opened it, if that did.
        settled: whether it is closed by a verdict, and waiting for one would not open it.
    """

    load: str
    ingest_id: str | None
    decision: Decision
    reasons: tuple[str, ...]
    decisions: tuple[GateDecision, ...] = ()
    plain: tuple[str, ...] = ()
    override: Override | None = None
    settled: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the load may run."""
        return self.decision is Decision.OPEN


class GateClosedError(SluiceError):
    """A load was asked for behind a closed gate."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        reasons = "; ".join(gate.reasons)
        super().__init__(f"the gate of {gate.load} is closed for ingest {gate.ingest_id}: {reasons}")


class _State(StrEnum):
    OPEN = "open"
    UNFINISHED = "unfinished"
    """A run goes on, died, or what it would check is being loaded: nothing may open the gate meanwhile."""
    UNDECIDED = "undecided"
    """No decision, or none that still counts."""
    REFUSED = "refused"


@dataclass(frozen=True)
class _Standing:
    """How one required checkpoint stands: in short, and what it found."""

    state: _State
    short: str
    found: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        return tuple(f"{self.short}: {reason}" for reason in self.found) or (self.short,)

    @property
    def plain(self) -> str:
        """In short; of what was found only that it opened nothing by itself, if so."""
        return f"{self.short}: {SOFTER}" if SOFTER in self.found else self.short


def closed(load: str, ingest_id: str | None, reason: str, *, settled: bool = False) -> Gate:
    """A gate that is closed before any checkpoint is looked at."""
    return Gate(load, ingest_id, Decision.CLOSED, (reason,), plain=(reason,), settled=settled)


def evaluate(
    load: str,
    ingest_id: str | None,
    required: Sequence[str],
    decisions: Sequence[GateDecision],
    now: datetime,
    *,
    latest_ingest: str | None,
    overrides: Sequence[Override] = (),
    known: bool = True,
) -> Gate:
    """Combine the latest decision of each required checkpoint: one that is closed closes the gate.

    Args:
        load: the load that asks.
        ingest_id: the ingest it wants to load; None when nothing was ever ingested.
        required: the checkpoints the load waits for.
        decisions: the latest decision of each checkpoint for exactly this load and ingest.
        now: in UTC, without a zone, as the ledger keeps time.
        latest_ingest: the ingest that began last, when any was recorded. What an earlier one brought is no longer
            what the tables hold, so its decisions open nothing, and neither does an override.
        overrides: of this load, the latest first. One that counts opens the gate against every verdict, but not
            while a run has not finished.
        known: whether the ingest was ever recorded. One that was not may be about to begin.
    """
    if ingest_id is None:
        return closed(load, None, "nothing has been ingested or checked yet")
    if not required:
        return closed(load, ingest_id, "no checkpoint guards this load", settled=True)
    by_checkpoint = {decision.checkpoint: decision for decision in decisions}
    standings = [_standing(name, by_checkpoint.get(name), ingest_id, now) for name in required]
    blocking = [standing for standing in standings if standing.state is not _State.OPEN]
    overtaken = known and latest_ingest is not None and ingest_id != latest_ingest
    if not known:
        blocking.append(_Standing(_State.UNFINISHED, f"the ingest {ingest_id} has not begun"))
    if overtaken:
        text = f"the ingest {latest_ingest} began after {ingest_id}, so the tables hold something else by now"
        blocking.append(_Standing(_State.REFUSED, text))
    shown = blocking or standings
    gate = Gate(
        load,
        ingest_id,
        Decision.CLOSED if blocking else Decision.OPEN,
        tuple(reason for standing in shown for reason in standing.reasons),
        tuple(decisions),
        plain=tuple(standing.plain for standing in shown),
        settled=any(standing.state is _State.REFUSED for standing in blocking),
    )
    override = next((each for each in overrides if each.covers(load, ingest_id, now)), None)
    if override is None:
        return gate
    if overtaken or any(standing.state is _State.UNFINISHED for standing in blocking):
        return replace(gate, reasons=(*gate.reasons, f"{override.title}, but that opens nothing meanwhile"))
    return replace(
        gate,
        decision=Decision.OPEN,
        reasons=(f"{override.title}: {override.reason}", *gate.reasons),
        plain=(override.title, *gate.plain),
        override=override,
        settled=False,
    )


def _standing(checkpoint: str, decision: GateDecision | None, ingest_id: str, now: datetime) -> _Standing:
    if decision is None:
        return _Standing(_State.UNDECIDED, f"the checkpoint {checkpoint} has not been run for ingest {ingest_id}")
    short = f"{checkpoint} {decision.verdict}"
    if decision.decision is not Decision.OPEN:
        state = _State.UNFINISHED if decision.verdict == PENDING else _State.REFUSED
        return _Standing(state, short, decision.reasons)
    if now >= decision.valid_until:
        expired = f"the decision of {checkpoint} expired at {decision.valid_until:%Y-%m-%d %H:%M} UTC"
        return _Standing(_State.UNDECIDED, expired)
    if decision.decided_at - now > CLOCKS_DIFFER:
        early = (
            f"the decision of {checkpoint} was made at {decision.decided_at:%Y-%m-%d %H:%M} UTC, which is yet to come"
        )
        return _Standing(_State.UNDECIDED, early)
    return _Standing(_State.OPEN, short, decision.reasons)
