"""Choose how each metric is read."""

from __future__ import annotations

from great_expectations.validator.metric_configuration import MetricConfiguration

from gx.execution_engine import WarehouseExecutionEngine
from gx.scan.metrics import (
    Aggregate,
    ColumnUnexpectedCount,
    FilteredRowCount,
    IndexQuery,
    Metric,
    NullCount,
    Sample,
    Schema,
    StockMetric,
    UnexpectedCount,
)
from gx.scan.order import Median, Quantiles
from gx.scan.stock import COLUMN_TYPES, COLUMNS, Provider, provider, with_defaults
from gx.scan.uniqueness import DUPLICATES, DuplicateCount, DuplicateKeys, DuplicateSample

_BY_NAME: dict[str, type[Metric]] = {
    "column_values.nonnull.unexpected_count": NullCount,
    "column_values.null.unexpected_count": NullCount,
    "column_values.unique.unexpected_count": DuplicateCount,
    "column_values.unique.unexpected_values": DuplicateSample,
    "compound_columns.unique.unexpected_count": DuplicateCount,
    "compound_columns.unique.unexpected_values": DuplicateSample,
    "column.median": Median,
    "column.quantile_values": Quantiles,
    COLUMNS: Schema,
    COLUMN_TYPES: Schema,
}
_BY_LAST_PART: dict[str, type[Metric]] = {
    "filtered_row_count": FilteredRowCount,
    "unexpected_count": UnexpectedCount,
    "unexpected_values": Sample,
    "unexpected_rows": Sample,
    "unexpected_index_list": Sample,
    "unexpected_index_query": IndexQuery,
}


def choose(metric: MetricConfiguration, engine: WarehouseExecutionEngine) -> Metric:
    """The way to read a metric: in the SELECT where SQL can aggregate it, otherwise as GX does.

    Raises:
        MetricProviderError: GX has no such metric for SQL.
    """
    if metric.metric_name == DUPLICATES:
        return DuplicateKeys(metric)
    found = provider(metric.metric_name, engine)
    return _way(metric.metric_name, found)(with_defaults(metric, engine))


def _way(name: str, found: Provider) -> type[Metric]:
    if name in _BY_NAME:
        return _BY_NAME[name]
    if found.function is None:
        return ColumnUnexpectedCount if name.endswith(".unexpected_count") else Aggregate
    way = _BY_LAST_PART.get(name.rpartition(".")[2], StockMetric)
    # A condition on a subquery has no place in a SELECT over the table.
    return StockMetric if way is UnexpectedCount and found.reads_a_query_of_its_own else way
