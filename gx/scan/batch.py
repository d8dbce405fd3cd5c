"""A table as GX's metrics see it: a batch of an execution engine."""

from __future__ import annotations

from dataclasses import dataclass

from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData

from gx.execution_engine import WarehouseExecutionEngine
from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable


@dataclass(frozen=True)
class TableBatch:
    """A whole table, and an execution engine that has it loaded and nothing else.

    Attributes:
        id: GX's name for the batch; metrics carry it in their domain.
    """

    id: str
    table: CatalogTable
    engine: WarehouseExecutionEngine

    @classmethod
    def of(cls, warehouse: Warehouse, table: CatalogTable, name: str) -> TableBatch:
        """The table as a batch; nothing is read yet."""
        engine = WarehouseExecutionEngine(warehouse, f"{table.schema}.{table.name}")
        identifier = f"{warehouse.dialect_name}-{name}"
        engine.load_batch_data(
            identifier,
            SqlAlchemyBatchData(  # type: ignore[call-overload]
                execution_engine=engine,
                table_name=table.quoted_table,
                schema_name=table.quoted_schema,
                source_table_name=table.quoted_table,
                source_schema_name=table.quoted_schema,
                create_temp_table=False,
            ),
        )
        return cls(identifier, table, engine)
