"""Whether somebody is told of what is critical: a route for tables and layers leaves out what is about none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.alerts.routing import Routing
from checkpoints.spec import ALERTS_FILE
from expectations.suite import Severity
from flows.monitor.declared import Declared
from flows.preflight.lines import Line, Status
from gx.errors import ConfigError

_STEP = timedelta(minutes=30)
_WEEK = [number * _STEP for number in range(7 * 48)]  # routes have hours of a day, and days of a week
_MOST = 5


def route_lines(declared: Declared, routing: Routing, now: datetime) -> Iterator[Line]:
    """One line, on what is critical and would reach nobody, always or at times. None where there is no channel at all.

    Args:
        declared: what the project's files say; of those that cannot be read another line tells.
        routing: of its alerts.
        now: the time, with its zone.
    """
    if not routing.channels:
        return
    untold = [said for problem in _critical(declared) if (said := _untold(routing, problem, now))]
    if not untold:
        yield Line("alerts", "routes", Status.FINE, "each critical alert of runs, SLAs and freshness has a channel")
        return
    more = f"; and {len(untold) - _MOST} more" if len(untold) > _MOST else ""
    known = routing.known(routing.escalation.to) if routing.escalation else ()
    later = (
        f"; {', '.join(known)} would hear of it after {routing.escalation.after / timedelta(minutes=1):g} minutes, by "
        "`escalate`"
        if routing.escalation and known
        else ""
    )
    detail = (
        f"no route leads to a channel for: {'; '.join(untold[:_MOST])}{more}{later}. Add a route without a filter to "
        f"{ALERTS_FILE}, such as {{severity: critical, to: {next(iter(routing.channels))}}}"
    )
    yield Line("alerts", "routes", Status.WARNING, detail)


def _critical(declared: Declared) -> Iterator[Problem]:
    """What the watch may have to tell of this project."""
    yield _problem(ProblemKind.RUN, "a run that failed, was killed or never began")
    yield _problem(ProblemKind.WATCH, "a look that the monitor cannot take")
    with suppress(ConfigError):
        for promise in declared.promises:
            yield _problem(ProblemKind.WATCH, f"a breach of the SLA {promise.name}", promise.table, promise.owner)
    with suppress(ConfigError):
        for limit in declared.limits:
            yield _problem(ProblemKind.WATCH, f"a stale {limit.table}", str(limit.table), limit.owner)


def _problem(kind: ProblemKind, title: str, table: str | None = None, owner: str | None = None) -> Problem:
    return Problem(key=title[:200], kind=kind, severity=Severity.CRITICAL, title=title, table=table, owner=owner)


def _untold(routing: Routing, problem: Problem, now: datetime) -> str | None:
    times = [now + step for step in _WEEK]
    missed = [moment for moment in times if not routing.channels_for(problem, moment)]
    if not missed:
        return None
    return problem.title if len(missed) == len(times) else f"{problem.title} (at {missed[0]:%a %H:%M} UTC, and others)"
