"""What the metrics of a scan are made of: GX's providers, the metrics known already, and the table's schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from great_expectations.core.id_dict import IDDict
from great_expectations.expectations.metrics.util import get_dbms_compatible_metric_domain_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID

from gx.scan.batch import TableBatch
from gx.scan.parts import Part, column_names
from gx.scan.stock import COLUMN_TYPES, COLUMNS, SCHEMA, Dependencies, Provider, dependencies, provider


@dataclass
class Reading:
    """What is known of a table while it is read.

    Attributes:
        values: of the metrics that have been read.
        errors: of those that could not be.
    """

    batch: TableBatch
    runtime_configuration: dict[str, Any]
    values: dict[MetricConfigurationID, Any] = field(default_factory=dict)
    errors: dict[MetricConfigurationID, Exception] = field(default_factory=dict)
    _depends: dict[MetricConfigurationID, Dependencies] = field(default_factory=dict)
    _schema: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.engine = self.batch.engine

    @property
    def knows_schema(self) -> bool:
        """Whether the table's schema has been looked up."""
        return self._schema is not None

    def value(self, metric: MetricConfigurationID) -> Any:
        """The value of a metric that was read.

        Raises:
            Exception: whatever kept it from being read.
        """
        if metric in self.errors:
            raise self.errors[metric]
        return self.values[metric]

    def dependencies(self, metric: MetricConfiguration) -> Dependencies:
        """The metrics whose values must be known before this one, those that its parts need included."""
        found: dict[str, MetricConfiguration] = {}
        for name, needed in self._direct(metric).items():
            if provider(needed.metric_name, self.engine).is_part:
                found.update(self.dependencies(needed))
            else:
                found[name] = needed
        return found

    def part(self, metric: MetricConfiguration) -> Part:
        """The SQL of a partial metric."""
        return Part(*self.stock_value(metric, columns=column_names(metric.metric_domain_kwargs)))

    def stock_value(self, metric: MetricConfiguration, *, columns: Sequence[str] | None = None) -> Any:
        """What GX's own provider gives.

        Args:
            metric: a part, or a metric whose dependencies have been read.
            columns: the only columns that it will use, if that is known: then the table's need not be looked up.
        """
        found = provider(metric.metric_name, self.engine)
        known: dict[str, Any] = {}
        for name, needed in self._direct(metric).items():
            part = provider(needed.metric_name, self.engine).is_part
            known[name] = self.part(needed) if part else self.value(needed.id)
        return self._call(found, metric, _Metrics(known, self, self._columns_for(found, columns)))

    def named(self, metric: MetricConfiguration) -> Mapping[str, Any]:
        """The metric's domain, its columns spelled as the table has them if that has been looked up."""
        domain = IDDict(metric.metric_domain_kwargs)
        if self._schema is None:
            return domain
        named: Mapping[str, Any] = get_dbms_compatible_metric_domain_kwargs(domain, self._schema[COLUMNS])
        return named

    def schema(self) -> Mapping[str, Any]:
        """The values of GX's metrics of the schema, looked up once."""
        if self._schema is None:
            schema: dict[str, Any] = {}
            for name in (COLUMN_TYPES, COLUMNS):  # the second is made of the first
                metric = MetricConfiguration(name, {"batch_id": self.batch.id}, {"include_nested": True})
                look_up = partial(self._call, provider(name, self.engine), metric, schema)
                schema[name] = self.engine.ask(look_up)
            self._schema = schema
        return self._schema

    def _direct(self, metric: MetricConfiguration) -> Dependencies:
        if metric.id not in self._depends:
            self._depends[metric.id] = dependencies(metric, self.engine, self.runtime_configuration)
        return self._depends[metric.id]

    def _call(self, found: Provider, metric: MetricConfiguration, metrics: dict[str, Any]) -> Any:
        function: Any = found.function
        return function(
            cls=found.cls,
            execution_engine=self.engine,
            metric_domain_kwargs=IDDict(metric.metric_domain_kwargs),
            metric_value_kwargs=IDDict(metric.metric_value_kwargs),
            metrics=metrics,
            runtime_configuration=self.runtime_configuration,
        )

    def _columns_for(self, found: Provider, columns: Sequence[str] | None) -> Sequence[str] | None:
        if self.knows_schema or found.reads_a_query_of_its_own:
            return None
        return columns


class _Metrics(dict[str, Any]):
    """The metrics that a GX provider is given; the schema among them is looked up when it is asked for."""

    def __init__(self, known: Mapping[str, Any], reading: Reading, columns: Iterable[str] | None) -> None:
        super().__init__(known)
        if columns is not None:
            self[COLUMNS] = list(columns)
            table = reading.batch.table
            if table.columns and COLUMN_TYPES not in known:
                found = [(name, table.column(name)) for name in columns]
                self[COLUMN_TYPES] = [{"name": name, "type": column.type} for name, column in found if column]
        self._reading = reading

    def __missing__(self, name: str) -> Any:
        if name in SCHEMA:
            return self._reading.schema()[name]
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As a plain dictionary has it, but with the schema."""
        return self[name] if name in self or name in SCHEMA else default
