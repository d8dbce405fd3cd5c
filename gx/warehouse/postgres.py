"""PostgreSQL: the choice where several processes share a warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from gx.warehouse.base import Warehouse

_MATERIALIZED_VIEWS = sa.table(
    "pg_matviews", sa.column("schemaname", sa.String), sa.column("matviewname", sa.String), schema="pg_catalog"
)

_CONNECT_SECONDS = 30
"""How long connecting may take, unless the URL says ``connect_timeout``; libpq's own default is for ever."""


def _in_utc(connection: Any, _record: Any) -> None:
    # Said here and not in libpq's `options`, which the URL may need and connection poolers refuse.
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()  # a rollback would take it back


class PostgresWarehouse(Warehouse):
    """A PostgreSQL database."""

    dialect_name = "postgresql"
    tables_at_once = 4
    max_columns = 1_664  # MaxTupleAttributeNumber
    hidden_columns = frozenset({"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"})

    def key_hash(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        # Hashes each value as its type (and collation) compares it, whatever the types are. PostgreSQL 14 and later.
        return sa.func.hash_record_extended(sa.func.row(*columns), 0)

    def engine_options(self) -> dict[str, Any]:
        if "connect_timeout" in self.url.query:
            return {"pool_pre_ping": True}
        return {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_SECONDS}}

    def _create_engine(self) -> Engine:
        engine = super()._create_engine()
        sa.event.listen(engine, "connect", _in_utc)
        return engine

    def catalog_query(self, lowered_names: Sequence[str], database: str | None) -> sa.CompoundSelect[Any]:
        # information_schema leaves materialized views out.
        views = _MATERIALIZED_VIEWS.c
        materialized = sa.select(
            sa.cast(sa.func.current_database(), sa.String), views.schemaname, views.matviewname
        ).where(sa.func.lower(views.matviewname).in_(lowered_names))
        tables = super().catalog_query(lowered_names, database)
        return sa.union_all(tables, materialized)
