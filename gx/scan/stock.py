"""GX's own metric providers, as a scan uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import great_expectations.expectations.metrics  # noqa: F401 - registers GX's metrics
from great_expectations.core.metric_function_types import MetricFunctionTypes
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.map_metric_provider import MapMetricProvider
from great_expectations.expectations.metrics.map_metric_provider.is_sqlalchemy_metric_selectable import (
    _is_sqlalchemy_metric_selectable,
)
from great_expectations.expectations.registry import get_metric_provider
from great_expectations.validator.metric_configuration import MetricConfiguration

Dependencies: TypeAlias = Mapping[str, MetricConfiguration]

COLUMNS = "table.columns"
COLUMN_TYPES = "table.column_types"
SCHEMA = frozenset({COLUMNS, COLUMN_TYPES})
"""The metrics that need the table's schema looked up. Nearly every metric of GX says that it depends on them; most
only to check that a column exists, which a SELECT finds out by itself."""

_ROW_COUNT = "table.row_count"
# GX says that these need other metrics first, which on our warehouses they do not.
_READS_ALONE = frozenset({"column.standard_deviation.aggregate_fn"})


class Provider(NamedTuple):
    """The class and the function with which GX computes a metric; no function for an aggregate, which has a part."""

    cls: Any
    function: Callable[..., Any] | None

    @property
    def is_part(self) -> bool:
        """Whether it is SQL to build a query from, and not the value of a metric."""
        kind = getattr(self.function, "metric_fn_type", None)
        return self.function is not None and kind is not None and kind is not MetricFunctionTypes.VALUE

    @property
    def reads_a_query_of_its_own(self) -> bool:
        """Whether its condition is about a subquery (windows that count equal keys) and not about the table."""
        return bool(_is_sqlalchemy_metric_selectable(map_metric_provider=self.cls))


def provider(name: str, engine: SqlAlchemyExecutionEngine) -> Provider:
    """The provider that GX has for a metric.

    Raises:
        MetricProviderError: it has none for SQL.
    """
    return Provider(*get_metric_provider(metric_name=name, execution_engine=engine))


def with_defaults(metric: MetricConfiguration, engine: SqlAlchemyExecutionEngine) -> MetricConfiguration:
    """The metric, with the provider's defaults for the arguments it was not given."""
    cls = provider(metric.metric_name, engine).cls
    for kwargs, keys in (
        (metric.metric_domain_kwargs, cls.domain_keys),
        (metric.metric_value_kwargs, cls.value_keys),
    ):
        for key in keys:
            if key not in kwargs and cls.default_kwarg_values.get(key) is not None:
                kwargs[key] = cls.default_kwarg_values[key]
    return metric


def dependencies(
    metric: MetricConfiguration, engine: SqlAlchemyExecutionEngine, runtime_configuration: dict[str, Any]
) -> Dependencies:
    """What GX says must be known before the metric; the schema apart, which is looked up when it is asked for."""
    if metric.metric_name in _READS_ALONE:
        return {}
    found = provider(metric.metric_name, engine)
    needed = found.cls.get_evaluation_dependencies(
        metric=metric, execution_engine=engine, runtime_configuration=runtime_configuration
    )
    if found.function is None:
        needed = {name: dependency for name, dependency in needed.items() if name == "metric_partial_fn"}
    # A part, and what is asked of single rows, is told the number of rows and never uses it.
    unused = SCHEMA | {_ROW_COUNT} if found.is_part or issubclass(found.cls, MapMetricProvider) else SCHEMA
    return {
        name: with_defaults(dependency, engine)
        for name, dependency in needed.items()
        if dependency.metric_name not in unused
    }
