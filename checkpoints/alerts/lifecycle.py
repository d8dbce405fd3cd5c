"""How alerts begin, go on and end. Nothing here reads a clock or writes anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from checkpoints.alerts.problem import Alert, Problem, ProblemKind
from checkpoints.alerts.routing import Routing, rank
from checkpoints.alerts.telling import Changes, Turn, changed_within
from expectations.suite import Severity

__all__ = ["Changes", "advance", "tick"]


def advance(
    known: Sequence[Alert],
    found: Sequence[Problem],
    over: Mapping[str, str | None],
    *,
    now: datetime,
    routing: Routing,
    thread: str,
    project: str,
) -> Changes:
    """What a run found, held against what goes on.

    Args:
        known: every open alert, every other one of their threads, and those that ended within the flapping window or
            are still snoozed.
        found: what is wrong now.
        over: the keys of what was looked at and holds, or is looked at no more; with a remark where there is one.
            What is in neither goes on unchanged: not having been looked at is no reason to be over.
        now: the time, with its zone.
        routing: who is told.
        thread: names the message about what is new; no other message ever had this name.
        project: the project's name.
    """
    turn = Turn(known, now, routing, project)
    problems = {problem.key: problem for problem in found}
    for key, problem in problems.items():
        goes_on = turn.open_alert(key)
        if goes_on is None:
            turn.put(_begin(problem, turn, thread), at_once=len(problems))
        else:
            _go_on(goes_on, problem, turn, at_once=len(problems))
    for key, remark in over.items():
        alert = turn.open_alert(key)
        if alert is None or key in problems:
            continue
        # One that comes and goes is over when it has held for as long as its changes are counted.
        if alert.flapping and remark is None and now - alert.last_failed_at < routing.flapping_window:
            turn.note(alert.model_copy(update={"failing_since": None}))
            continue
        ended = alert.model_copy(update={"resolved_at": now})
        turn.put(ended, remark=f"{alert.problem.title}: {remark}" if remark else None)
    return turn.close()


def tick(known: Sequence[Alert], *, now: datetime, routing: Routing, project: str) -> Changes:
    """What the mere passing of time brings: reminders, snoozes that end, escalation, hours of routes that begin.

    Args:
        known: as for :func:`advance`.
        now: the time, with its zone.
        routing: who is told.
        project: the project's name.
    """
    turn = Turn(known, now, routing, project)
    for alert in turn.all_open():
        turn.touch(alert.thread)
    return turn.close()


def _begin(problem: Problem, turn: Turn, thread: str) -> Alert:
    earlier = turn.ended(problem.key)
    changes = changed_within(earlier, turn.now, turn.routing.flapping_window)
    alert = Alert(
        id=0,
        thread=thread,
        problem=problem,
        worst=problem.severity,
        opened_at=turn.now,
        last_failed_at=turn.now,
        flaps=changes,
        flapping=changes >= turn.routing.flapping_changes,
        failing_since=turn.now,
        critical_at=turn.now if problem.severity is Severity.CRITICAL else None,
    )
    snoozed = max((each.snoozed_until for each in earlier if each.snoozed_until), default=None)
    if snoozed is None or snoozed <= turn.now:
        return alert
    # Somebody asked for silence until then, and did not mean: until it holds for a moment.
    last = next(each for each in earlier if each.snoozed_until == snoozed)
    update = {"snoozed_until": snoozed, "snoozed_by": last.snoozed_by, "snooze_reason": last.snooze_reason}
    return alert.model_copy(update=update)


def _go_on(alert: Alert, problem: Problem, turn: Turn, at_once: int) -> None:
    if problem.kind is ProblemKind.CAUSE:
        problem = _joined(alert.problem, problem)
    update: dict[str, object] = {
        "problem": problem, "last_failed_at": turn.now, "failed_runs": alert.failed_runs + 1,
        "failing_since": alert.failing_since or turn.now,
    }  # fmt: skip
    worse = rank(problem.severity) > rank(alert.worst)
    remark = None
    if worse:
        # Whoever acknowledged or snoozed it did so for something less bad.
        remark = f"{problem.title}: was {alert.worst}, is {problem.severity} now"
        critical = turn.now if problem.severity is Severity.CRITICAL else None
        update |= {"worst": problem.severity, "critical_at": critical, "escalated_at": None, "reminded_at": turn.now}
        update |= {"acknowledged_at": None, "acknowledged_by": None}
        update |= {"snoozed_until": None, "snoozed_by": None, "snooze_reason": None}
    turn.put(alert.model_copy(update=update), worse=worse, at_once=at_once, remark=remark)


def _joined(before: Problem, now: Problem) -> Problem:
    """One cause that several checkpoints met."""

    def both(name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*getattr(before, name), *getattr(now, name))))

    joined = {name: both(name) for name in ("checkpoints", "notify", "tags", "blocks", "remarks")}
    return now.model_copy(update=joined)
