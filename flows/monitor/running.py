"""One run of the monitor as it is really run: on record like any other run, and heard of outside."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

from checkpoints.alerts.secrets import find_secrets
from checkpoints.ledger import Ledger
from flows.alerting import alerting_of
from flows.clock import utc_now
from flows.monitor.found import MONITOR
from flows.monitor.monitor import Checked, MonitorReport, run_monitor
from flows.monitor.ping import ping
from flows.recording import recorded
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

HEARTBEAT_VARIABLE = "SLUICE_HEARTBEAT_URL"


class _UnwellError(SluiceError):
    """How the monitor's own record says that it could not do all of its work."""


def watch_once(settings: Settings, *, run_id: str | None = None, prefect_url: str | None = None) -> MonitorReport:
    """Run the monitor once.

    Args:
        settings: of the project.
        run_id: of the flow run, if it is one.
        prefect_url: its page.
    """
    reports: list[MonitorReport] = []
    try:
        with recorded(settings, MONITOR, "the monitor", run_id=run_id, prefect_url=prefect_url):
            with closing(Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)) as ledger:
                alerting = alerting_of(settings, ledger, utc_now, prefect_url)
                report = run_monitor(settings, ledger, alerting, utc_now)
            reports.append(replace(report, checks=(*report.checks, _ping(settings, well=report.well))))
            if untold := reports[0].untold:  # what has an alert of its own makes no second one
                raise _UnwellError("; ".join(untold))
    except _UnwellError:
        pass
    except BaseException:
        _ping(settings, well=False)  # whatever it was, somebody outside should know
        raise
    return reports[0]


def _ping(settings: Settings, *, well: bool) -> Checked:
    begun = datetime.now(UTC)
    try:
        url = find_secrets(settings.project, os.environ).find(HEARTBEAT_VARIABLE)
        problem = ping(url, well=well)
    except ConfigError as error:
        url, problem = None, str(error)
    said = f"nobody outside would miss the monitor ({HEARTBEAT_VARIABLE} is not set)" if url is None else "said outside"
    return Checked("heartbeat", said, (datetime.now(UTC) - begun).total_seconds(), problem)
