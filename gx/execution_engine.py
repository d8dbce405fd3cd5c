"""The execution engine and datasource through which GX reaches a warehouse."""

from __future__ import annotations

from typing import Any, Literal

from great_expectations.compatibility import pydantic
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.datasource.fluent.sql_datasource import TableAsset
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.engine import Engine

from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable


class WarehouseExecutionEngine(SqlAlchemyExecutionEngine):
    """GX's SQL engine on a connection that sluice owns."""

    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__(engine=warehouse.engine, create_temp_table=False)
        if (module := warehouse.dialect_module()) is not None:
            self.dialect_module = module

    def execute_query(self, query: Any) -> Any:
        # Stock GX reads a result after its connection went back to the pool, which duckdb-engine does not
        # survive; frozen, the rows are read while the connection is still ours.
        with self.get_connection() as connection:
            result = self._execute_query_with_recovery(connection, query)
            return result.freeze()() if result.returns_rows else result

    def close(self) -> None:
        """Leave the engine open: it belongs to the warehouse, which closes it."""


class WarehouseTableAsset(TableAsset):
    """A table asset whose schema is taken as the catalog spells it, not lower-cased."""

    def test_connection(self) -> None:
        """Nothing to test: the catalog has it. If it may not be read, its expectations err, and only they."""

    @property
    def _effective_schema_name(self) -> str | None:
        return self.schema_name if isinstance(self.schema_name, str) else None


class WarehouseDatasource(SQLDatasource):
    """A GX datasource on a :class:`~gx.warehouse.Warehouse`. Its stored configuration holds no secret."""

    type: Literal["sluice_warehouse"] = "sluice_warehouse"  # type: ignore[assignment]

    _TableAsset: Any = pydantic.PrivateAttr(WarehouseTableAsset)
    _warehouse: Any = pydantic.PrivateAttr(None)

    @classmethod
    def of(cls, warehouse: Warehouse) -> WarehouseDatasource:
        """A datasource named after the warehouse's kind, on its connections."""
        datasource = cls(name=warehouse.dialect_name, connection_string=f"{warehouse.dialect_name}://")
        datasource._warehouse = warehouse
        return datasource

    def get_engine(self) -> Engine:
        engine: Engine = self._warehouse.engine
        return engine

    def get_execution_engine(self) -> SqlAlchemyExecutionEngine:
        if self._execution_engine is None or self._execution_engine.engine is not self._warehouse.engine:
            self._execution_engine = WarehouseExecutionEngine(self._warehouse)
        return self._execution_engine

    def test_connection(self, test_assets: bool = True) -> None:
        """Nothing to test: the warehouse was probed and the tables looked up before GX is asked."""
        del test_assets

    def add_table(self, name: str, table: CatalogTable) -> TableAsset:
        """Add an asset for a table, quoted exactly as the catalog has it."""
        return self.add_table_asset(name, table_name=table.quoted_table, schema_name=table.quoted_schema)
