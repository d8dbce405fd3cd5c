"""The preflight between runs: what was revoked in the afternoon is told before the night's run needs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.ledger import Ledger, LedgerError
from expectations.suite import Severity
from flows.alerting import alerting_of
from flows.clock import utc_now
from flows.monitor.found import FILE_PREFIX, PREFLIGHT
from flows.monitor.told import tell_findings, tell_run
from flows.preflight.lines import CONFIGURATION, Line, Status
from flows.preflight.plan import PATIENCE_OF_A_RUN
from flows.preflight.preflight import Preflight, preflight
from flows.recording import recorded
from gx.settings import Settings

_AGAIN = (10.0, 60.0)
"""Seconds before another look where something failed that may pass by itself."""
_PREFIX = "preflight/"
_CORRECT = "Correct it, then run `sluice preflight`."


def look_ahead(
    settings: Settings,
    *,
    run_id: str | None = None,
    prefect_url: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
    pauses: tuple[float, ...] = _AGAIN,
) -> Preflight:
    """Run the preflight, raise an alert for each line that is wrong, and end those of what is well again.

    It is on record like any other run, takes no turn and stops nothing.

    Args:
        settings: of the project.
        run_id: of the flow run, if it is one.
        prefect_url: its page.
        progress: told what could not be told on.
        pauses: seconds before each further look, while something fails that may pass by itself.

    Raises:
        SluiceError: it could not look at all; an alert has been raised.
    """
    # Nobody waits before a terminal.
    settings = settings.model_copy(update={"preflight_seconds": settings.preflight_seconds * PATIENCE_OF_A_RUN})
    ended = partial(tell_run, settings)
    with (
        recorded(
            settings, PREFLIGHT, "the preflight between runs", run_id=run_id, prefect_url=prefect_url, ended=ended
        ),
        closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger,
    ):
        found = look(settings, ledger)
        for pause in pauses:
            if not any(line.transient for line in found.lines):
                break
            time.sleep(pause)
            found = look(settings, ledger)
        who = alerting_of(settings, ledger, utc_now, prefect_url)
        told = _told_by_the_monitor(ledger)
        problems = tuple(
            _problem(line) for line in found.lines if _is_wrong(settings, line) and line.detail not in told
        )
        if unsent := tell_findings(problems, partial(_is_over, settings, found), ledger, who, PREFLIGHT):
            progress(f"alerts: {unsent}")
        return found


def look(settings: Settings, ledger: Ledger, account: str | None = None) -> Preflight:
    """The preflight of who is not about to run anything.

    Args:
        settings: of the project.
        ledger: its ledger.
        account: the only service account to look at.
    """
    # A warehouse's driver takes its time to import.
    from gx.warehouse.opening import open_warehouse  # noqa: PLC0415

    wait = min(settings.wait_seconds, settings.preflight_seconds / 2)
    warehouse = open_warehouse(settings.warehouse(), wait_seconds=wait, statement_seconds=settings.preflight_seconds)
    return preflight(settings, warehouse, ledger, run=False, account=account)


def _key(line: Line) -> str:
    return f"{_PREFIX}{line.check}/{line.what}"[:200]


def _is_wrong(settings: Settings, line: Line) -> bool:
    """Whether somebody has to act, and nobody else tells. What merely was not checked is neither wrong nor well."""
    of_the_monitor = line.check == CONFIGURATION and not line.stops
    return (line.status is Status.FAILED or line.stops) and not of_the_monitor and not _is_busy(settings, line)


def _told_by_the_monitor(ledger: Ledger) -> set[str | None]:
    """What is wrong with files, as the monitor found it: one file is one alert."""
    try:
        alerts = ledger.alerts.unresolved()
    except LedgerError:
        return set()
    return {alert.problem.observed for alert in alerts if alert.problem.key.startswith(FILE_PREFIX)}


def _is_busy(settings: Settings, line: Line) -> bool:
    """Whether another process just has the warehouse's file open."""
    return line.transient and line.check == "warehouse" and settings.warehouse().get_backend_name() == "duckdb"


def _is_over(settings: Settings, found: Preflight, key: str) -> bool:
    if not key.startswith(_PREFIX):
        return False
    lines = [line for line in found.lines if _key(line) == key]
    if lines:
        return all(line.status in (Status.FINE, Status.WARNING, Status.NONE) for line in lines)
    # It is declared no more, if what declares it can be read; behind a file that is in use nothing is known.
    return not any(
        _is_busy(settings, line) or (CONFIGURATION in (line.check, line.what) and line.status is not Status.FINE)
        for line in found.lines
    )


def _problem(line: Line) -> Problem:
    step = f"Execute this, then run `sluice preflight`: {line.remedy}" if line.remedy else _CORRECT
    return Problem(
        key=_key(line), kind=ProblemKind.WATCH, severity=Severity.CRITICAL if line.stops else Severity.WARNING,
        title=f"preflight: {line.check}: {line.what}: {line.status}",
        expected="what the next run needs is there before it begins" if line.stops else "all that is set can be used",
        # The same trouble is one finding; another one is told.
        observed=line.detail, run_id=line.detail[:200], next_step=step,
    )  # fmt: skip
