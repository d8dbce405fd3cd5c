"""Stock GX as the oracle: its own engine, validator and metric graph over the same warehouse.

Corrected only where stock GX gives no answer at all on duckdb-engine: results are read inside their connection, GX is
told how DuckDB writes a regex, and the warehouse's connections stay open after the engine is gone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.core import ExpectColumnQuantileValuesToBeBetween
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.validator import Validator

from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable

_BATCH = "stock"
_PLACE = "place"


class StockEngine(SqlAlchemyExecutionEngine):
    def __init__(self, warehouse: Warehouse) -> None:
        super().__init__(engine=warehouse.engine, create_temp_table=False)
        if (module := warehouse.dialect_module()) is not None:
            self.dialect_module = module

    def execute_query(self, query: Any) -> Any:
        with self.get_connection() as connection:
            result = self._execute_query_with_recovery(connection, query)
            return result.freeze()() if result.returns_rows else result

    def close(self) -> None: ...


class _QuietValidator(Validator):
    def _determine_progress_bars(self) -> bool:
        return False


def stock_validate(
    warehouse: Warehouse, table: CatalogTable, expectations: Sequence[Expectation], result_format: Mapping[str, Any]
) -> list[ExpectationValidationResult]:
    """What stock GX gives for the suite, in its order.

    An expectation that raised is asked once more by itself: in a suite, stock GX lets one exception spread to others.
    So is one about quantiles: in a suite, stock GX gives it those that another expectation asked for.
    """
    results = _run(warehouse, table, expectations, result_format)
    for place, expectation in enumerate(expectations):
        spoiled = raised(results[place]) or isinstance(expectation, ExpectColumnQuantileValuesToBeBetween)
        if spoiled and len(expectations) > 1:
            results[place] = _run(warehouse, table, [expectation], result_format)[0]
    return results


def raised(result: ExpectationValidationResult) -> bool:
    """Whether a result holds an exception; one of several metrics is keyed by the metrics."""
    info = result.exception_info or {}
    return bool(info.get("raised_exception", info))


def raising_metrics(result: ExpectationValidationResult) -> list[str]:
    """The names of the metrics that raised, as far as stock GX says."""
    keys = (str(key) for key in result.exception_info or {})
    return [found[1] for key in keys if (found := re.match(r"MetricConfigurationID\(metric_name='([^']+)'", key))]


def _run(
    warehouse: Warehouse, table: CatalogTable, expectations: Sequence[Expectation], result_format: Mapping[str, Any]
) -> list[ExpectationValidationResult]:
    engine = StockEngine(warehouse)
    engine.load_batch_data(
        _BATCH,
        SqlAlchemyBatchData(  # type: ignore[call-overload]
            execution_engine=engine,
            table_name=table.quoted_table,
            schema_name=table.quoted_schema,
            source_table_name=table.quoted_table,
            source_schema_name=table.quoted_schema,
            create_temp_table=False,
        ),
    )
    configurations = [
        expectation.copy(update={"batch_id": _BATCH, "meta": {_PLACE: place}}).configuration
        for place, expectation in enumerate(expectations)
    ]
    found = _QuietValidator(execution_engine=engine).graph_validate(
        configurations, runtime_configuration={"result_format": dict(result_format)}
    )
    by_place = {_place(result): result for result in found}
    return [by_place[place] for place in range(len(expectations))]


def _place(result: ExpectationValidationResult) -> int:
    assert result.expectation_config is not None
    place: int = result.expectation_config.meta[_PLACE]
    return place
