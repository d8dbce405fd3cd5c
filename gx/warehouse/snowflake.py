"""Snowflake: the production warehouse."""

from __future__ import annotations

from typing import Any

from gx.warehouse.base import Warehouse


class SnowflakeWarehouse(Warehouse):
    """A Snowflake database, reached by ``snowflake://user:password@account/database/schema?warehouse=..&role=..``."""

    dialect_name = "snowflake"

    def engine_options(self) -> dict[str, Any]:
        return {"pool_pre_ping": True}
