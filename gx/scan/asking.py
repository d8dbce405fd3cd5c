"""Which metrics an expectation needs to be judged, as GX has it, without GX's cost of finding that out.

GX makes an expectation anew for each metric that it asks for, and its configuration for each of its arguments: half
the time of validating a small table. Which metrics a kind of expectation asks for does not change, so it is asked
once; whose arguments go into which metric, GX's registry says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from great_expectations.core.id_dict import IDDict
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import (
    BatchExpectation,
    ColumnMapExpectation,
    ColumnPairMapExpectation,
    Expectation,
    MulticolumnMapExpectation,
)
from great_expectations.expectations.expectation_configuration import parse_result_format
from great_expectations.expectations.registry import get_metric_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration

from gx.scan.stock import provider

# With these the metrics follow from the kind of expectation; one that overrides them may look at its arguments too.
_GENERIC: frozenset[Callable[..., Any]] = frozenset(
    kind.get_validation_dependencies
    for kind in (BatchExpectation, ColumnMapExpectation, ColumnPairMapExpectation, MulticolumnMapExpectation)
)


class Asked(NamedTuple):
    """What an expectation asks for.

    Attributes:
        metrics: by the names that the expectation has for them.
        result_format: what its result is to hold, all of it spelled out.
    """

    metrics: Mapping[str, MetricConfiguration]
    result_format: dict[str, Any]


_NAMES: dict[tuple[type[Expectation], type[SqlAlchemyExecutionEngine], str], Mapping[str, str]] = {}
"""The metrics of each kind of expectation that was met: the expectation's names for them, and their own."""


def ask(expectation: Expectation, engine: SqlAlchemyExecutionEngine, runtime_configuration: Mapping[str, Any]) -> Asked:
    """The metrics that an expectation asks for."""
    kind = type(expectation)
    if kind.get_validation_dependencies not in _GENERIC:
        needed = expectation.get_validation_dependencies(engine, dict(runtime_configuration))
        metrics = {name: _anew(metric) for name, metric in needed.metric_configurations.items()}
        return Asked(metrics, needed.result_format)
    given = expectation.configuration.kwargs
    # What the expectation itself says of its result is overruled, as by GX.
    result_format = parse_result_format(dict(runtime_configuration["result_format"]))
    arguments = {
        key: given.get(key, expectation._get_default_value(key)) for key in (*kind.domain_keys, *kind.success_keys)
    }
    arguments |= {"result_format": result_format, "batch_id": given.get("batch_id")}
    asked = (kind, type(engine), repr(result_format))
    if asked not in _NAMES:
        needed = expectation.get_validation_dependencies(engine, {"result_format": result_format})
        _NAMES[asked] = {name: metric.metric_name for name, metric in needed.metric_configurations.items()}
    metrics = {name: _configured(metric, arguments, engine) for name, metric in _NAMES[asked].items()}
    return Asked(metrics, result_format)


def _anew(metric: MetricConfiguration) -> MetricConfiguration:
    # Quantiles are put in after GX has made the identifier: two expectations of a column would share the first's.
    domain, values = IDDict(metric.metric_domain_kwargs), IDDict(metric.metric_value_kwargs)
    return MetricConfiguration(metric.metric_name, domain, values)


def _configured(name: str, arguments: Mapping[str, Any], engine: SqlAlchemyExecutionEngine) -> MetricConfiguration:
    """As GX's `get_metric_kwargs` chooses among the arguments of an expectation."""
    keys = get_metric_kwargs(name)
    defaults = provider(name, engine).cls.default_kwarg_values
    domain = {key: arguments.get(key) or defaults.get(key) for key in keys["metric_domain_keys"]}
    given = ((key, arguments.get(key)) for key in keys["metric_value_keys"])
    values = {key: defaults.get(key) if value is None else value for key, value in given}
    return MetricConfiguration(name, IDDict(domain), IDDict(values))
