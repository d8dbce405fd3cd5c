"""A run that ended is told at once, by the process it ran in; the monitor tells what no process is left to tell."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress

from checkpoints.alerts.alerting import Alerting
from checkpoints.alerts.problem import Alert, Problem
from checkpoints.alerts.report import Report
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.flow_runs import FlowRun, RunState
from flows.alerting import alerting_of
from flows.clock import utc_now
from flows.monitor.runs import failed_run, run_key
from gx.settings import Settings

_LEDGER_SECONDS = 35.0


def tell_killed(settings: Settings, run_id: str) -> None:
    """Record that a run was killed, and raise its alert; nothing to do where it had ended. Never raises.

    Args:
        settings: of the project.
        run_id: its id.
    """
    with suppress(Exception):  # the monitor finds it too
        with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger:
            buried = ledger.flow_runs.bury_one(run_id)
        if buried is not None:
            tell_run(settings, buried, told=False)


def tell_findings(
    found: Sequence[Problem], is_over: Callable[[str], bool], ledger: Ledger, who: Alerting, thread: str
) -> str | None:
    """Raise alerts for what is new, and end those that are over. Raises nothing.

    Args:
        found: all that is wrong; what was told of the same finding is not told again.
        is_over: whether the problem of this key, of which nothing was found, is no more.
        ledger: the project's; where it cannot be used, all that is wrong goes out without it.
        who: is told.
        thread: names the look.

    Returns:
        What could not be told.
    """
    now = utc_now()
    thread = f"{thread}-{now:%Y%m%dT%H%M%S%f}"
    keys = {problem.key for problem in found}

    def over(alerts: Sequence[Alert]) -> Mapping[str, str | None]:
        return {key: None for key in (alert.problem.key for alert in alerts) if key not in keys and is_over(key)}

    try:
        known = ledger.alerts.unresolved()
        told = {(alert.problem.key, alert.problem.run_id) for alert in known}
        news = tuple(problem for problem in found if (problem.key, problem.run_id) not in told)
        report = Report(news, thread, who.routing, who.project, over)
        if not news and not over(known):
            return None
        ledger.alerts.report(report, now)
    except LedgerError as error:
        if not found:
            return str(error)
        report = Report(tuple(found), thread, who.routing, who.project, failure=str(error))
    return who.send(report, now)


def tell_run(settings: Settings, run: FlowRun, told: bool) -> str | None:
    """Raise the alert of a run that failed, or end that of the ones before. Never raises, and takes a bounded time.

    Args:
        settings: of the project.
        run: as it ended.
        told: whether an alert was raised for its error already; then there is nothing to raise.

    Returns:
        What could not be told; the monitor tries again.
    """
    said: list[str | None] = ["the end of the run was not told in time; the monitor goes on"]

    def work() -> None:
        try:
            said[0] = _tell(settings, run, told)
        except Exception as error:  # noqa: BLE001 - an alert that fails changes no run
            said[0] = f"the end of the run could not be told: {type(error).__name__}"

    thread = threading.Thread(target=work, name=f"alerts of {run.flow}", daemon=True)
    thread.start()
    thread.join(_LEDGER_SECONDS)
    return said[0]


def _tell(settings: Settings, run: FlowRun, told: bool) -> str | None:
    problem = failed_run(run)
    if run.state is RunState.STOPPED or (problem is not None and told):
        return None
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        key = run_key(run.flow)
        if problem is None and all(alert.problem.key != key for alert in ledger.alerts.unresolved()):
            return None  # where the ledger cannot be read, that is told by what needs it

        def over(alerts: Sequence[Alert]) -> Mapping[str, str | None]:
            return (
                {}
                if problem is not None
                else {each: None for each in (alert.problem.key for alert in alerts) if each == key}
            )

        who = alerting_of(settings, ledger, utc_now, run.prefect_url)
        now = utc_now()
        report = Report((problem,) if problem else (), f"run-{run.id}-{run.state}", who.routing, who.project, over)
        try:
            ledger.alerts.report(report, now)
        except LedgerError as error:
            report.failure = str(error)  # then it goes out without the ledger
        return who.send(report, now)
    finally:
        ledger.close()
