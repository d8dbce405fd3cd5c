"""The execution engine through which GX's metrics reach a warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.base import Warehouse


class WarehouseExecutionEngine(SqlAlchemyExecutionEngine):
    """GX's SQL engine on a connection that sluice owns.

    Attributes:
        statements: how many statements it has sent, those that were sent again included.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__(engine=warehouse.engine, create_temp_table=False)
        self.warehouse = warehouse
        self.statements = 0
        if (module := warehouse.dialect_module()) is not None:
            self.dialect_module = module

    def execute_query(self, query: Any) -> Any:
        """Run a query, again if the connection was lost, as often as the warehouse's settings say.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer: a lost connection, a time-out, no memory left.
            SQLAlchemyError: the query itself is wrong, or the data is not what it takes it for.
        """
        attempts = 1 + self.warehouse.retries
        while True:
            attempts -= 1
            self.statements += 1
            try:
                # Stock GX reads a result after its connection went back to the pool, which duckdb-engine does not
                # survive; frozen, the rows are read while the connection is still ours.
                with self.get_connection() as connection:
                    result = self._execute_query_with_recovery(connection, query)
                    return result.freeze()() if result.returns_rows else result
            except SQLAlchemyError as error:
                if not self.warehouse.is_exhausted(error):
                    raise
                if not attempts or not self.warehouse.is_transient(error):
                    raise self.warehouse.exhausted(error, self.statements) from None

    def rows(self, domain: Mapping[str, Any]) -> Any:
        """The rows of a metric's domain, for ``select_from``."""
        records = self.get_domain_records(domain_kwargs=dict(domain))
        return records.subquery() if isinstance(records, sa.Select) else records

    def close(self) -> None:
        """Leave the engine open: it belongs to the warehouse, which closes it."""
