"""The watch on dbt's models as a Prefect flow."""

from __future__ import annotations

from pathlib import Path

from prefect import flow, get_run_logger
from prefect.runtime import flow_run

from flows.dbt_runs.watching import watch_once
from flows.masked import masked
from flows.prefect_page import page_of_this_run
from gx.settings import load_settings


@flow(name="watch-models", persist_result=False)
def watch_models(project: str) -> None:
    """Bring dbt's runs on record from the sources that are set, and judge them. What is wrong has an alert."""
    log = get_run_logger()
    with masked():
        watched = watch_once(
            load_settings(Path(project)), run_id=flow_run.id, prefect_url=page_of_this_run(), progress=log.info
        )
    for line in watched.lines:
        log.info(line)
    for note in watched.notes:
        log.info("note: %s", note)
    for problem in watched.problems:
        log.warning("not read: %s", problem)
