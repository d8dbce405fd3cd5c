"""What people say to an alert: that they look into it, that it may be silent for a while, that it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from checkpoints.alerts.composing import compose
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.problem import Alert
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.telling import Changes, Told, Turn


def acknowledge(alerts: Sequence[Alert], by: str, *, now: datetime, routing: Routing, project: str) -> Changes:
    """Somebody looks into these open alerts: nobody is reminded of them, nor are they passed on."""
    changed = [each.model_copy(update={"acknowledged_at": now, "acknowledged_by": by}) for each in alerts]
    messages: list[Told] = []
    for thread in dict.fromkeys(each.thread for each in changed):
        members = [each for each in changed if each.thread == thread]
        for channel in routing.known(dict.fromkeys(name for each in members for name in each.channels)):
            about = [each for each in members if channel in each.channels]
            message = compose(MessageKind.ACKNOWLEDGED, thread, about, project=project, now=now)
            messages.append(Told(channel, message))
    return Changes(tuple(changed), tuple(messages))


def snooze(
    known: Sequence[Alert],
    ids: frozenset[int],
    *,
    until: datetime,
    by: str,
    reason: str,
    now: datetime,
    routing: Routing,
    project: str,
) -> Changes:
    """Nobody is called for these open alerts until then; another problem of the same table still is told at once.

    Args:
        known: all open alerts, and all others of their threads.
        ids: which of them.
        until: when silence ends; whoever knew of it is then called again, if it still goes on.
        by: who takes the responsibility.
        reason: why; shown to everybody.
        now: the time.
        routing: who is told.
        project: the project's name.
    """
    turn = Turn(known, now, routing, project)
    for each in known:
        if each.id in ids and each.is_open:
            turn.put(each.model_copy(update={"snoozed_until": until, "snoozed_by": by, "snooze_reason": reason}))
    return turn.close()


def close(
    known: Sequence[Alert], ids: frozenset[int], by: str, *, now: datetime, routing: Routing, project: str
) -> Changes:
    """Somebody says that these are over. If a run finds one of them again, it begins anew, and is told."""
    turn = Turn(known, now, routing, project)
    for each in known:
        if each.id in ids and each.is_open:
            ended = each.model_copy(update={"resolved_at": now})
            turn.put(ended, remark=f"{each.problem.title}: closed by {by}")
    return turn.close()
