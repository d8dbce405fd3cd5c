"""Open the warehouse that a URL names."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import URL, Engine

from gx.warehouse.base import STATEMENT_SECONDS, Progress, Warehouse
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.postgres import PostgresWarehouse
from gx.warehouse.publishing import Publisher
from gx.warehouse.publishing_duckdb import DuckDBPublisher
from gx.warehouse.publishing_postgres import PostgresPublisher
from gx.warehouse.publishing_snowflake import SnowflakePublisher
from gx.warehouse.snowflake import SnowflakeWarehouse

_ENGINES: dict[str, type[Warehouse]] = {
    kind.dialect_name: kind for kind in (DuckDBWarehouse, PostgresWarehouse, SnowflakeWarehouse)
}

_PUBLISHERS: dict[str, type[Publisher]] = {
    "duckdb": DuckDBPublisher,
    "postgresql": PostgresPublisher,
    "snowflake": SnowflakePublisher,
}


def open_warehouse(
    url: URL,
    *,
    wait_seconds: float,
    retries: int = 0,
    parallel_tables: int | None = None,
    statement_seconds: float = STATEMENT_SECONDS,
    progress: Progress = lambda _: None,
) -> Warehouse:
    """The warehouse behind a URL; no connection is made yet.

    Args:
        url: as :meth:`gx.settings.Settings.warehouse` returns it.
        wait_seconds: how long to wait while another process holds the warehouse.
        retries: how often to send a statement again whose connection was lost.
        parallel_tables: how many tables to validate at once; None for what suits the warehouse.
        statement_seconds: how long one statement may take before it is stopped.
        progress: told when that waiting begins.

    Raises:
        KeyError: the URL's database is none of the known ones.
    """
    kind = _ENGINES[url.get_backend_name()]
    return kind(
        url,
        wait_seconds=wait_seconds,
        retries=retries,
        parallel_tables=parallel_tables,
        statement_seconds=statement_seconds,
        progress=progress,
    )


def publisher_of(warehouse: Warehouse, schemas: Sequence[str]) -> Publisher:
    """What publishes the schemas of a layer in a warehouse."""
    return _PUBLISHERS[warehouse.dialect_name](warehouse, schemas)


def engine_at(url: URL) -> Engine:
    """An engine for any database, set up as a warehouse of its kind would be; whoever asks disposes of it.

    Raises:
        WarehouseError: there is no such DuckDB file.
        ImportError: its driver is not installed.
        NoSuchModuleError: SQLAlchemy knows no such database.
    """
    kind = _ENGINES.get(url.get_backend_name())
    return sa.create_engine(url) if kind is None else kind(url, wait_seconds=0).engine
