"""How gates and checkpoints stand, for the front page of Data Docs: from the ledger, which decides."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from checkpoints.alerts.problem import Alert
from checkpoints.alerts.routing import rank
from checkpoints.gate import Decision, Gate
from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import DeliveryState, OutboxItem
from checkpoints.spec import CheckpointSpec, gates_of
from gx.docs.pages import Severity, Verdict
from gx.docs.standing import AlertNow, CheckpointNow, GateNow, Standing, UndeliveredNow, WaitingNow

_REASONS_SHOWN = 3
_ALERTS_TOLD = 200
_LOST_TOLD = 20
_LOST_SHOWN_FOR = timedelta(days=7)
WAITING_AFTER = timedelta(minutes=15)
"""A message that has not arrived for longer than this is shown: by then a receiver was tried some ten times."""


def standing(ledger: Ledger, checkpoints: Mapping[str, CheckpointSpec], now: datetime) -> Standing:
    """All of it at this moment.

    Args:
        ledger: of the project.
        checkpoints: the project's, by name.
        now: in UTC.

    Raises:
        LedgerError: it cannot be read.
    """
    latest = ledger.latest_ingest()
    alerts = sorted(ledger.alerts.unresolved(), key=lambda alert: -rank(alert.problem.severity))
    lost = ledger.outbox.items((DeliveryState.UNDELIVERED,), since=now - _LOST_SHOWN_FOR)
    gates = gates_of(dict(checkpoints))
    asked = [ledger.gate(load, required, ingest_id=latest, now=now) for load, required in gates.items()]
    return Standing(
        as_of=now,
        gates=tuple(_gate(gate, len(gates[gate.load]), now) for gate in asked),
        checkpoints=tuple(
            CheckpointNow(name=name, verdict=Verdict(verdict.value), time=finished.replace(tzinfo=UTC))
            for name, verdict, finished in ledger.latest_verdicts()
            if name in checkpoints
        ),
        alerts=tuple(_alert(alert, now) for alert in alerts[:_ALERTS_TOLD]),
        more_alerts=len(alerts[_ALERTS_TOLD:]),
        undelivered=tuple(_undelivered(item) for item in lost[-_LOST_TOLD:]),
        waiting=tuple(_waiting(item, now) for item in _late(ledger, now)[:_LOST_TOLD]),
    )


def _alert(alert: Alert, now: datetime) -> AlertNow:
    states = []
    if alert.acknowledged_by:
        states.append(f"acknowledged by {alert.acknowledged_by}")
    if alert.snoozed_until and alert.snoozed_until > now:
        states.append(f"snoozed by {alert.snoozed_by} until {alert.snoozed_until:%Y-%m-%d %H:%M} UTC")
    if alert.flapping:
        states.append("comes and goes")
    return AlertNow(
        title=alert.problem.title,
        severity=Severity(alert.problem.severity.value),
        table=alert.problem.table or "",
        since=alert.opened_at,
        runs=alert.failed_runs,
        states=tuple(states),
    )


def _undelivered(item: OutboxItem) -> UndeliveredNow:
    return UndeliveredNow(
        channel=item.channel, headline=item.message.headline, since=item.created_at, why=item.problem or ""
    )


def _late(ledger: Ledger, now: datetime) -> list[OutboxItem]:
    """What waits for too long; what follows in the same thread waits for that."""
    first: dict[tuple[str, str], OutboxItem] = {}
    for item in ledger.outbox.items((DeliveryState.WAITING,)):
        if now - item.created_at > WAITING_AFTER:
            first.setdefault((item.channel, item.thread), item)
    return list(first.values())


def _waiting(item: OutboxItem, now: datetime) -> WaitingNow:
    return WaitingNow(
        channel=item.channel,
        headline=item.message.headline,
        since=item.created_at,
        next_try=item.due_at if item.due_at > now else None,
        why=item.problem or "",
    )


def _gate(gate: Gate, required: int, now: datetime) -> GateNow:
    moments = [decision.decided_at for decision in gate.decisions]
    until = min((decision.valid_until for decision in gate.decisions), default=None)
    if gate.override is not None:
        moments = [gate.override.made_at]
        opening = [each for each in gate.decisions if each.decision is Decision.OPEN]
        # Where the checkpoints open it too, it does not close when the override ends.
        until = max(until, gate.override.until) if until and len(opening) == required else gate.override.until
    return GateNow(
        load=gate.load,
        open=gate.is_open,
        overridden=gate.override is not None,
        since=min(max(moments).replace(tzinfo=UTC), now) if moments else now,
        until=until.replace(tzinfo=UTC) if until and gate.is_open else None,
        why=gate.reasons[:_REASONS_SHOWN],
        more=len(gate.reasons) > _REASONS_SHOWN,
    )
