"""One run of the monitor: look, write down what was found, tell it, and say outside that it was done."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from checkpoints.alerts import keys
from checkpoints.alerts.alerting import Alerting
from checkpoints.alerts.problem import Alert, Problem, ProblemKind
from checkpoints.alerts.report import Over, Report
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.outbox import DeliveryState
from expectations.suite import Severity
from flows.monitor.found import Found
from flows.monitor.watch import FILES, Watch
from gx.errors import SluiceError
from gx.masking import mask_error
from gx.settings import Settings

SENDING_SECONDS = 45.0
"""How long one run of the monitor goes on sending; what is left is due again in the next."""


@dataclass(frozen=True)
class Checked:
    """One thing that the monitor did.

    Attributes:
        problem: why it could not; None when it could, whatever it found.
        alerted: whether that it could not has an alert.
    """

    name: str
    said: str
    seconds: float
    problem: str | None = None
    alerted: bool = False


@dataclass(frozen=True)
class MonitorReport:
    """What one run came to.

    Attributes:
        found: the titles of what is wrong and was not told before.
        again: of what is open already, and has happened once more: another run failed, or did not come.
    """

    started_at: datetime
    checks: tuple[Checked, ...]
    found: tuple[str, ...]
    again: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """What the monitor could not do."""
        return tuple(f"{check.name}: {check.problem}" for check in self.checks if check.problem)

    @property
    def untold(self) -> tuple[str, ...]:
        """What the monitor could not do, and has raised no alert for."""
        return tuple(f"{check.name}: {check.problem}" for check in self.checks if check.problem and not check.alerted)

    @property
    def well(self) -> bool:
        """Whether it could do all of its work; that it found something is no fault of its own."""
        return not self.problems


def run_monitor(settings: Settings, ledger: Ledger, alerting: Alerting, clock: Callable[[], datetime]) -> MonitorReport:
    """Look at everything once, tell what is new or over, and send what is due. Raises nothing.

    Args:
        settings: of the project.
        ledger: the project's.
        alerting: who is told, and how.
        clock: the time, with its zone.
    """
    started = clock()
    watch = Watch(settings, ledger, started)
    done: list[Checked] = []
    found: list[Problem] = []
    over: set[str] = set()
    wrong_files: set[str | None] = set()
    unreadable: LedgerError | None = None
    for name, check in watch.checks.items():
        answer, checked, error = _guarded(name, check)
        if isinstance(error, LedgerError):
            unreadable = unreadable or error
        elif error is not None or answer is None:
            checked = replace(checked, alerted=True)
            if str(error) not in wrong_files:
                found.append(_failed_check(name, checked.problem or ""))
        else:
            if name == FILES:
                wrong_files = {problem.observed for problem in answer.problems}
            found += answer.problems
            over |= {*answer.over, _check_key(name)}
        done.append(checked)
    if unreadable is None:
        done.append(_step("alerts", lambda: _write(alerting, watch, found, over, clock())))
        done.append(_step("reminders", lambda: _tick(ledger, alerting, clock)))
        done.append(_step("sending", lambda: _send(ledger, alerting)))
    else:
        found.append(_no_ledger(unreadable))
        report = Report(tuple(found), _thread(started), alerting.routing, alerting.project, failure=str(unreadable))
        done.append(_step("sending", lambda: alerting.send(report, clock()) or "sent without the ledger"))
    again = _again(watch, found) if unreadable is None else frozenset()
    titles = [tuple(each.title for each in found if (each.key in again) is known) for known in (False, True)]
    return MonitorReport(started, tuple(done), *titles)


def _write(alerting: Alerting, watch: Watch, found: list[Problem], over: set[str], now: datetime) -> str:
    """Write what is new and what is over; what was told of the same finding is not told again."""
    told = {(alert.problem.key, alert.problem.run_id) for alert in watch.open_alerts}
    found[:] = [problem for problem in found if (problem.key, problem.run_id) not in told]
    report = Report(tuple(found), _thread(watch.now), alerting.routing, alerting.project, _all_of(over))
    ending = report.over(watch.open_alerts)
    if found or ending:
        watch.ledger.alerts.report(report, now)
    # One that is told again, for another run failed or it has become worse, is open already.
    still_open = {alert.problem.key for alert in watch.open_alerts} - ending.keys() | {each.key for each in found}
    again = len(_again(watch, found))
    more = f"{again} again, " if again else ""
    return f"{len(found) - again} new, {more}{len(ending)} over, {len(still_open)} open"


def _again(watch: Watch, found: Sequence[Problem]) -> frozenset[str]:
    """The keys of what was open in the same words before."""
    words = {(alert.problem.key, alert.problem.title) for alert in watch.known_alerts}
    return frozenset(problem.key for problem in found if (problem.key, problem.title) in words)


def _tick(ledger: Ledger, alerting: Alerting, clock: Callable[[], datetime]) -> str:
    changes = ledger.alerts.tick(alerting.routing, alerting.project, clock())
    return f"{len(changes.messages)} messages"


def _send(ledger: Ledger, alerting: Alerting) -> str:
    problem = alerting.sender.deliver(SENDING_SECONDS)
    # What is not due now, for its receiver asked to wait or its sender was killed, is left over all the same.
    waiting = ledger.outbox.counts()[DeliveryState.WAITING]
    return problem or (f"{waiting} messages wait (sluice alerts list)" if waiting else "nothing left over")


def _all_of(over: set[str]) -> Over:
    def chosen(alerts: Sequence[Alert]) -> Mapping[str, str | None]:
        return {alert.problem.key: None for alert in alerts if alert.problem.key in over}

    return chosen


def _step(name: str, work: Callable[[], str]) -> Checked:
    return _guarded(name, lambda: Found(work()))[1]


def _guarded(name: str, check: Callable[[], Found]) -> tuple[Found | None, Checked, Exception | None]:
    begun = time.monotonic()
    try:
        answer = check()
    except Exception as error:  # noqa: BLE001 - one check that fails takes no other with it
        said = str(error) if isinstance(error, SluiceError) else mask_error(f"{type(error).__name__}: {error}")
        return None, Checked(name, "could not be checked", time.monotonic() - begun, said), error
    return answer, Checked(name, answer.said, time.monotonic() - begun), None


def _check_key(name: str) -> str:
    return f"monitor/{name}"


def _failed_check(name: str, problem: str) -> Problem:
    return Problem(
        key=_check_key(name), kind=ProblemKind.WATCH, severity=Severity.CRITICAL,
        title=f"the monitor could not look at {name}", expected="it looks at everything each time", observed=problem,
        # The same trouble is one finding; another one is told.
        run_id=problem[:200], next_step="Correct it, then run `sluice monitor --once`.",
    )  # fmt: skip


def _no_ledger(error: LedgerError) -> Problem:
    return Problem(
        key=keys.LEDGER, kind=ProblemKind.CAUSE, severity=Severity.CRITICAL,
        title="the monitor cannot use the ledger", observed=str(error),
        expected="runs, schedules and alerts can be read",
        next_step="See `sluice ledger status`; every gate is closed.",
    )  # fmt: skip


def _thread(now: datetime) -> str:
    return f"monitor-{now:%Y%m%dT%H%M%S%f}"
