"""Who was told of what a run found, in one line; or that nobody was, and why."""

from __future__ import annotations

from datetime import datetime

from checkpoints.alerts.message import MessageKind
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.outbox import DeliveryState
from flows.alerting import alerting_of
from flows.clock import utc_now
from gx.settings import Settings


def who_was_told(settings: Settings, ledger: Ledger, since: datetime, *, failing: bool) -> str | None:
    """The line; None where there is nothing to say. A mistake in ``_alerts.yml`` is always said.

    Args:
        settings: of the project.
        ledger: of the project.
        since: when the run began; what was written to the outbox later belongs to it.
        failing: whether the run found anything that somebody should be told.
    """
    try:
        items = ledger.outbox.items(since=since)
        alerts = len(ledger.alerts.unresolved())
    except LedgerError:
        return None  # the run itself has told that
    routing = alerting_of(settings, ledger, utc_now).routing
    wrong = f"; {routing.remark}" if routing.remark else ""
    told = {item.channel for item in items if item.arrived and item.kind is not MessageKind.UPDATE}
    updated = {item.channel for item in items if item.arrived} - told
    missing = {item.channel for item in items if item.state is not DeliveryState.DELIVERED} - told
    if told or updated or missing:
        said = [f"told {', '.join(sorted(told))}"] if told else []
        said += [f"brought up to date {', '.join(sorted(updated))}"] if updated else []
        if missing:
            said.append(f"not yet {', '.join(sorted(missing))} (the monitor goes on trying; see sluice alerts list)")
        return f"alerts: {'; '.join(said)}{wrong}"
    if not failing:
        return f"alerts: {routing.remark}" if routing.remark else None
    if not routing.channels:
        return f"alerts: nobody was told, for no channel is set up (see docs/alerts.md){wrong}"
    if alerts:
        going_on = "1 open alert goes on" if alerts == 1 else f"{alerts} open alerts go on"
        return f"alerts: nobody was told anew, {going_on} (sluice alerts list){wrong}"
    return f"alerts: nobody was told, for no route of checkpoints/_alerts.yml is about this{wrong}"
