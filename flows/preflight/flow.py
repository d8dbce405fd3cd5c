"""The preflight between runs as a Prefect flow. It takes no turn, so it can hold nothing up."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.masked import masked
from flows.prefect_page import page_of_this_run
from flows.preflight.lines import Status
from flows.preflight.scheduled import look_ahead
from gx.settings import load_settings


@flow(name="preflight", persist_result=False, timeout_seconds=600)
def preflight_between_runs(project: str) -> None:
    """Look at all that the next run needs. What is wrong has an alert, and is no failure of this flow."""
    log = get_run_logger()
    with masked():
        found = look_ahead(
            load_settings(Path(project)), run_id=flow_run.id, prefect_url=page_of_this_run(), progress=log.warning
        )
    for line in found.lines:
        (log.info if line.status in (Status.FINE, Status.NONE) else log.warning)("%s: %s", line.status, line)
