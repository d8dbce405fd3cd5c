"""The monitor as a Prefect flow. It takes no turn and needs no warehouse, so it can hold nothing up."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.monitor.running import watch_once
from flows.prefect_page import page_of_this_run
from gx.errors import SluiceError
from gx.settings import load_settings


class MonitorError(SluiceError):
    """The monitor could not do all of its work."""


@flow(name="monitor", persist_result=False, timeout_seconds=300)
def monitor(project: str) -> None:
    """Look at everything once, and tell what is new.

    Raises:
        MonitorError: it could not do something that has no alert of its own.
    """
    report = watch_once(load_settings(Path(project)), run_id=flow_run.id, prefect_url=page_of_this_run())
    for check in report.checks:
        get_run_logger().info("%s: %s", check.name, check.problem or check.said)
    if report.untold:  # a flow that fails each time is told by Prefect each time
        raise MonitorError("; ".join(report.untold))
