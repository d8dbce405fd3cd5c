"""The gate: whether a load may run, for one ingest. Closed unless everything says open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gx.errors import SluiceError


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
    """The state of a load's gate for one ingest, over all the checkpoints it waits for."""

    load: str
    ingest_id: str | None
    decision: Decision
    reasons: tuple[str, ...]
    decisions: tuple[GateDecision, ...] = ()

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


def evaluate(
    load: str,
    ingest_id: str | None,
    required: Sequence[str],
    decisions: Sequence[GateDecision],
    now: datetime,
    *,
    latest_ingest: str | None,
) -> Gate:
    """Combine the latest decision of each required checkpoint.

    Args:
        load: the load that asks.
        ingest_id: the ingest it wants to load; None when nothing was ever ingested.
        required: the checkpoints the load waits for.
        decisions: the latest decision of each checkpoint for exactly this load and ingest.
        now: in UTC, without a zone, as the ledger keeps time.
        latest_ingest: the ingest that began last, when any was recorded. What an earlier one brought is no longer
            what the tables hold, so its decisions open nothing.
    """
    if ingest_id is None:
        return Gate(load, None, Decision.CLOSED, ("nothing has been ingested or checked yet",))
    if not required:
        return Gate(load, ingest_id, Decision.CLOSED, ("no checkpoint guards this load",))
    by_checkpoint = {decision.checkpoint: decision for decision in decisions}
    reasons: list[str] = []
    for checkpoint in required:
        decision = by_checkpoint.get(checkpoint)
        if decision is None:
            reasons.append(f"the checkpoint {checkpoint} has not been run for ingest {ingest_id}")
        elif decision.decision is not Decision.OPEN:
            reasons.extend(f"{checkpoint} {decision.verdict}: {reason}" for reason in decision.reasons)
            if not decision.reasons:
                reasons.append(f"{checkpoint} {decision.verdict}")
        elif now >= decision.valid_until:
            reasons.append(f"the decision of {checkpoint} expired at {decision.valid_until:%Y-%m-%d %H:%M} UTC")
    if not reasons and latest_ingest is not None and ingest_id != latest_ingest:
        reasons.append(f"the ingest {latest_ingest} began after {ingest_id}, so the tables hold something else by now")
    verdict = Decision.CLOSED if reasons else Decision.OPEN
    if not reasons:
        reasons = [f"{name} {by_checkpoint[name].verdict}" for name in required]
    return Gate(load, ingest_id, verdict, tuple(reasons), tuple(decisions))
