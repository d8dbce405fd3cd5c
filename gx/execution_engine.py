"""The execution engine through which GX's metrics reach a warehouse."""

from __future__ import annotations

import time
from typing import Any

from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.exc import SQLAlchemyError

from gx.errors import WarehouseExhaustedError
from gx.warehouse.base import Warehouse

_FIRST_PAUSE_SECONDS = 0.25
"""Before a statement is sent again; doubled each time, for a warehouse that restarts takes its time."""


class WarehouseExecutionEngine(SqlAlchemyExecutionEngine):
    """GX's SQL engine on a connection that sluice owns.

    Attributes:
        about: the table that it is asked about, for errors.
        statements: how many statements it has sent, those that were sent again included.
    """

    def __init__(self, warehouse: Warehouse, about: str = "the table") -> None:
        super().__init__(engine=warehouse.engine, create_temp_table=False)
        self.warehouse = warehouse
        self.about = about
        self.statements = 0
        if (module := warehouse.dialect_module()) is not None:
            self.dialect_module = module

    def execute_query(self, query: Any) -> Any:
        """Run a query, again if the connection was lost, as often as the warehouse's settings say.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer: a lost connection, a time-out, no memory left.
            SQLAlchemyError: the query itself is wrong, or the data is not what it takes it for.
        """
        pause = _FIRST_PAUSE_SECONDS
        for attempts_left in range(self.warehouse.retries, -1, -1):
            self.statements += 1
            try:
                return self._answer(query)
            except WarehouseExhaustedError as error:
                if not attempts_left or not error.transient:
                    raise
            time.sleep(pause)
            pause *= 2
        raise AssertionError("a loop over at least one attempt ends in it")

    def exhausted(self, error: SQLAlchemyError) -> WarehouseExhaustedError | None:
        """What a driver's error becomes if it says that the warehouse did not answer; None for any other error."""
        if not self.warehouse.is_exhausted(error):
            return None
        return self.warehouse.exhausted(error, self.about, self.statements)

    def _answer(self, query: Any) -> Any:
        try:
            with (
                self.get_connection() as connection,
                self.warehouse.statements.watched(connection.connection.dbapi_connection) as statement,
            ):
                try:
                    # Stock GX reads a result after its connection went back to the pool, which duckdb-engine does not
                    # survive; frozen, the rows are read while the connection is still ours.
                    result = self._execute_query_with_recovery(connection, query)
                    return result.freeze()() if result.returns_rows else result
                except SQLAlchemyError:
                    if statement.stopped is None:
                        raise
                    stopped = self.warehouse.unanswered(statement.stopped, self.about, self.statements)
                    raise stopped from None
        except SQLAlchemyError as error:
            raise self.exhausted(error) or error from None

    def close(self) -> None:
        """Leave the engine open: it belongs to the warehouse, which closes it."""
