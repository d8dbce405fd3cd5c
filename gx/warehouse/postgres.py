"""PostgreSQL: the choice where several processes share a warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from gx.warehouse.base import Warehouse

_MATERIALIZED_VIEWS = sa.table(
    "pg_matviews", sa.column("schemaname", sa.String), sa.column("matviewname", sa.String), schema="pg_catalog"
)


class PostgresWarehouse(Warehouse):
    """A PostgreSQL database."""

    dialect_name = "postgresql"

    def engine_options(self) -> dict[str, Any]:
        return {"pool_pre_ping": True}

    def catalog_query(self, lowered_names: Sequence[str], database: str | None) -> sa.CompoundSelect[Any]:
        # information_schema leaves materialized views out.
        views = _MATERIALIZED_VIEWS.c
        materialized = sa.select(
            sa.cast(sa.func.current_database(), sa.String), views.schemaname, views.matviewname
        ).where(sa.func.lower(views.matviewname).in_(lowered_names))
        tables = super().catalog_query(lowered_names, database)
        return sa.union_all(tables, materialized)
