"""The execution engine through which GX's metrics reach a warehouse."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from sqlalchemy.exc import SQLAlchemyError

from gx.warehouse.base import Warehouse

Answer = TypeVar("Answer")

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
        return self.ask(lambda: self._answer(query))

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer to a question that takes statements, put again if the connection was lost.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer.
            SQLAlchemyError: the question is wrong.
        """
        pause = _FIRST_PAUSE_SECONDS
        for attempts_left in range(self.warehouse.retries, -1, -1):
            try:
                return question()
            except SQLAlchemyError as error:
                if not self.warehouse.is_exhausted(error):
                    raise
                exhausted = self.warehouse.exhausted(error, self.about, self.statements)
            if not attempts_left or not exhausted.transient:
                raise exhausted
            time.sleep(pause)
            pause *= 2
        raise AssertionError("a loop over at least one attempt ends in it")

    def _answer(self, query: Any) -> Any:
        self.statements += 1
        with (
            self.get_connection() as connection,
            self.warehouse.outside_transaction(driver := connection.connection.dbapi_connection),
            self.warehouse.statements.watched(driver) as statement,
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

    def close(self) -> None:
        """Leave the engine open: it belongs to the warehouse, which closes it."""
