"""The preflight as a run's first step."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from checkpoints.ledger import Ledger
from flows.preflight.preflight import preflight
from gx.settings import Settings
from gx.warehouse.base import Warehouse
from gx.warehouse.snowflake import SnowflakeWarehouse


def require_ready(
    settings: Settings,
    warehouse: Warehouse,
    ledger: Ledger,
    configuration: Callable[[], str],
    progress: Callable[[str], None],
) -> Settings:
    """Let a run begin only if all it needs can be used, and tell what was not checked.

    Returns:
        The settings to go on with: where the second virtual warehouse has to do the work, it is theirs.

    Raises:
        SluiceError: something cannot be used; the message names all of it, and what to do.
    """
    found = preflight(settings, warehouse, ledger, run=True, configuration=configuration)
    for line in found.noteworthy:
        progress(f"preflight: {line.status}: {line}")
    found.require()
    if found.failover is None or not isinstance(warehouse, SnowflakeWarehouse):
        return settings
    warehouse.compute_with(found.failover)
    address = warehouse.url.render_as_string(hide_password=False)  # dbt's connection is made of the settings
    return settings.model_copy(update={"warehouse_url": SecretStr(address)})
