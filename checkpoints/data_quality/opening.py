"""The copy that a project's settings ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from checkpoints.data_quality.copy import DataQuality
from checkpoints.data_quality.no_copy import NoDataQuality
from checkpoints.layers import project_checkpoints
from checkpoints.ledger import Ledger
from gx.settings import Settings
from gx.warehouse.base import Warehouse

_OFF = "none"


def data_quality_of(settings: Settings, warehouse: Warehouse, ledger: Ledger) -> NoDataQuality:
    """The copy in the project's warehouse, or none.

    Raises:
        ConfigError: a checkpoint's file or a setting is wrong.
    """
    if settings.data_quality_schema == _OFF:
        return NoDataQuality()
    return DataQuality(
        settings.data_quality_schema, warehouse, ledger, project_checkpoints(settings), settings.suites_dir, _now
    )


@contextmanager
def opened_data_quality(settings: Settings, ledger: Ledger, *, wait_seconds: float) -> Iterator[NoDataQuality]:
    """The same, with a warehouse of its own.

    Args:
        settings: of the project.
        ledger: of the project.
        wait_seconds: how long to wait for a DuckDB file that another process has open.

    Raises:
        ConfigError: a checkpoint's file or a setting is wrong.
    """
    # A warehouse's driver takes its time to import; a project without a copy needs none.
    from gx.warehouse.opening import open_warehouse  # noqa: PLC0415

    warehouse = open_warehouse(settings.warehouse(), wait_seconds=wait_seconds)
    try:
        yield data_quality_of(settings, warehouse, ledger)
    finally:
        warehouse.release()


def _now() -> datetime:
    return datetime.now(UTC)
