"""Stock Great Expectations: a suite on one table in an ephemeral context, its defaults but the result format."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "False")

import great_expectations
from great_expectations import ExpectationSuite
from great_expectations import expectations as gxe
from great_expectations.core.result_format import ResultFormat
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import Expectation

from tests.bench.checks import Check, Kind
from tests.bench.task import TABLE, Task


class StockGX:
    """GX as its documentation has it."""

    packages = ("great-expectations", "duckdb-engine", "sqlalchemy", "duckdb")

    def __init__(self, result_format: ResultFormat) -> None:
        self._format = result_format

    def prepare(self, task: Task) -> None:
        _freeze_results()
        context = great_expectations.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._source = context.data_sources.add_sql("bench", connection_string=task.url, create_temp_table=False)
        self._batch = self._source.add_table_asset(TABLE, table_name=TABLE).add_batch_definition_whole_table("whole")
        self._suite = ExpectationSuite(name=TABLE, expectations=[_expectation(check) for check in task.checks])

    def run(self) -> int:
        # The least that GX does for a suite; a checkpoint adds stores and actions.
        result = self._batch.get_batch().validate(self._suite, result_format=self._format)
        return sum(not each.success for each in result.results)

    def connection(self) -> Any:
        pooled: Any = self._source.get_engine().raw_connection()
        return pooled.driver_connection.cursor()

    def program(self) -> list[str]:
        return []

    def judge(self, code: int, output: str) -> int:
        return int(output.removeprefix("failing=")) if code == 0 else -1


def _freeze_results() -> None:
    """What stock GX needs on duckdb-engine: it reads a result after its connection went back to the pool."""

    def execute_query(self: SqlAlchemyExecutionEngine, query: Any) -> Any:
        with self.get_connection() as connection:
            result = self._execute_query_with_recovery(connection, query)
            return result.freeze()() if result.returns_rows else result

    SqlAlchemyExecutionEngine.execute_query = execute_query  # type: ignore[method-assign]


def _expectation(check: Check) -> Expectation:
    column, low, high = str(check.column), check.low, check.high
    match check.kind:
        case Kind.UNIQUE:
            return gxe.ExpectColumnValuesToBeUnique(column=column)
        case Kind.NOT_NULL:
            return gxe.ExpectColumnValuesToNotBeNull(column=column)
        case Kind.IN_SET:
            return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=list(check.values))
        case Kind.BETWEEN:
            return gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high)
        case Kind.LENGTH:
            return gxe.ExpectColumnValueLengthsToBeBetween(column=column, min_value=low, max_value=high)
        case Kind.ROW_COUNT:
            return gxe.ExpectTableRowCountToBeBetween(min_value=low, max_value=high)
        case Kind.SUM:
            return gxe.ExpectColumnSumToBeBetween(column=column, min_value=low, max_value=high)
        case Kind.MEAN:
            return gxe.ExpectColumnMeanToBeBetween(column=column, min_value=low, max_value=high)
