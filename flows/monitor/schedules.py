"""What ``sluice serve`` has promised: when its flows run."""

from __future__ import annotations

from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.schedules import Schedule
from flows.clock import utc_now
from flows.monitor.found import INGEST, MONITOR, PREFLIGHT, WATCH_MODELS
from gx.settings import Settings

MONITOR_CRON = "*/10 * * * *"
"""A killed run is silent for three minutes before it counts as dead: with this it is told within a quarter of an hour.
"""

WATCH_MODELS_CRON = "5-59/10 * * * *"
"""Between two looks of the monitor; what dbt did is told within a quarter of an hour, as a killed run is."""

PREFLIGHT_CRON = "0 1 * * *"
"""An hour before the run of 2:00, by the same clock; once a day, for on Snowflake a look resumes virtual warehouses."""


def expect_served(settings: Settings, cron: str | None, time_zone: str, preflight_cron: str | None) -> str | None:
    """Record the schedules, so that a run that never comes is missed; why that was impossible, if it was.

    Args:
        settings: of the project.
        cron: when to ingest; None where nothing is ingested.
        time_zone: whose clock that is.
        preflight_cron: when to look ahead, by the same clock; None for never.

    Raises:
        ConfigError: there is no such time, or no such zone.
    """
    now = utc_now()
    served = {
        INGEST: (cron, time_zone),
        MONITOR: (MONITOR_CRON, "UTC"),
        WATCH_MODELS: (WATCH_MODELS_CRON, "UTC"),
        PREFLIGHT: (preflight_cron, time_zone),
    }
    schedules = [Schedule.of(flow, when, zone, now) for flow, (when, zone) in served.items() if when is not None]
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    try:
        for schedule in schedules:
            ledger.schedules.declare(schedule)
        if gone := [flow for flow, (when, _) in served.items() if when is None]:
            ledger.schedules.forget(gone)
    except LedgerError as error:
        return f"runs that do not come will not be missed: {error}"
    finally:
        ledger.close()
    return None
