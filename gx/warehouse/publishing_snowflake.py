"""Publishing on Snowflake: a schema takes another's place in one statement, and no row is copied."""

from __future__ import annotations

from gx.warehouse.publishing_duckdb import DuckDBPublisher


class SnowflakePublisher(DuckDBPublisher):
    """To come."""
