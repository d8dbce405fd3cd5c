"""Read the metrics of one table together: one SELECT for all that can be a column of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from great_expectations.core.id_dict import IDDict
from great_expectations.expectations.metrics.util import get_dbms_compatible_metric_domain_kwargs
from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID
from sqlalchemy.exc import SQLAlchemyError

from gx.errors import WarehouseExhaustedError
from gx.scan.arrivals import Arrivals
from gx.scan.batch import TableBatch
from gx.scan.choose import choose
from gx.scan.metrics import Metric, StockMetric
from gx.scan.parts import Column, Part, column_names
from gx.scan.select import Plan, isolate, select
from gx.scan.stock import COLUMN_TYPES, COLUMNS, SCHEMA, Dependencies, Provider, dependencies, provider


@dataclass
class Scan:
    """The metrics that a suite asks of one table.

    Say what is wanted with :meth:`want`, then :meth:`run` once, then take each :meth:`value`.

    Attributes:
        arrivals: lets it read only the rows that are new, where that is enough.
    """

    batch: TableBatch
    runtime_configuration: dict[str, Any]
    arrivals: Arrivals | None = None
    _pending: dict[MetricConfigurationID, Metric] = field(default_factory=dict)
    _needs: dict[MetricConfigurationID, Dependencies] = field(default_factory=dict)
    _depends: dict[MetricConfigurationID, Dependencies] = field(default_factory=dict)
    _values: dict[MetricConfigurationID, Any] = field(default_factory=dict)
    _errors: dict[MetricConfigurationID, Exception] = field(default_factory=dict)
    _schema: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        self.engine = self.batch.engine

    def want(self, metric: MetricConfiguration) -> MetricConfigurationID:
        """Ask for a metric, and for all that it needs; returns what its value will be under."""
        if metric.id not in self._needs:
            self._await(metric.id, lambda: choose(metric, self.engine))
        return metric.id

    def run(self) -> None:
        """Read all that is wanted. What cannot be read has an error for a value, and takes nothing else with it.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer; then nothing of this table is known.
        """
        if self._names_may_deceive() or any(metric.name in SCHEMA for metric in self._pending.values()):
            self._look_up_schema()
        while ready := self._ready():
            spelled = self._schema is not None
            plan = self._plan(ready)
            if any(plan.values()):
                self._select({identifier: columns for identifier, columns in plan.items() if columns}, spelled=spelled)
            else:
                for identifier in plan:
                    self._finish(identifier, ready[identifier], ())
        for identifier in self._pending:
            self._errors[identifier] = RuntimeError(f"the metric {identifier.metric_name} waits for itself")

    def value(self, wanted: MetricConfigurationID) -> Any:
        """The value of a metric, after :meth:`run`.

        Raises:
            Exception: whatever kept it from being read.
        """
        if wanted in self._errors:
            raise self._errors[wanted]
        return self._values[wanted]

    # What the metrics ask of their scan

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
                schema[name] = self._call(provider(name, self.engine), metric, schema)
            self._schema = schema
        return self._schema

    def _direct(self, metric: MetricConfiguration) -> Dependencies:
        if metric.id not in self._depends:
            self._depends[metric.id] = dependencies(metric, self.engine, self.runtime_configuration)
        return self._depends[metric.id]

    # How it goes on

    def _await(self, identifier: MetricConfigurationID, make: Any) -> None:
        self._needs[identifier] = {}
        try:
            metric = make()
            self._needs[identifier] = metric.needs(self)
            self._pending[identifier] = metric
        except Exception as error:  # noqa: BLE001 - what GX cannot compute is an error of whoever asked for it
            self._errors[identifier] = error
        for needed in self._needs[identifier].values():
            self.want(needed)

    def _ready(self) -> dict[MetricConfigurationID, Metric]:
        """What can be read now. What waits for a metric that could not be read cannot be read either."""
        ready: dict[MetricConfigurationID, Metric] = {}
        for identifier, metric in list(self._pending.items()):
            needs = [needed.id for needed in self._needs[identifier].values()]
            failed = [self._errors[need] for need in needs if need in self._errors]
            if failed:
                self._fail(identifier, failed[0])
                return self._ready()
            if all(need in self._values for need in needs):
                ready[identifier] = metric
        return ready

    def _plan(self, ready: Mapping[MetricConfigurationID, Metric]) -> Plan:
        """The columns of each metric; without those of which one is wrong."""
        plan: dict[MetricConfigurationID, Sequence[Column]] = {}
        for identifier, metric in ready.items():
            try:
                plan[identifier] = metric.columns(self)
            except Exception as error:  # noqa: BLE001 - an argument or a column that is not there
                self._fail(identifier, error)
        return plan

    def _select(self, plan: Plan, *, spelled: bool) -> None:
        """Run a plan, in which the columns are or are not spelled as the table has them."""
        read = select if self.arrivals is None else self.arrivals.select
        values, errors = read(self.engine, plan)
        if errors and not spelled:
            # Once more, with the columns spelled as the table has them, and without those it does not have.
            self._look_up_schema()
            metrics = {identifier: self._pending[identifier] for identifier in errors}
            plan = self._plan(metrics)
            found, errors = select(self.engine, plan)
            values.update(found)
        if errors:
            found, errors = isolate(self.engine, {identifier: plan[identifier] for identifier in errors})
            values.update(found)
        for identifier, selected in values.items():
            self._finish(identifier, self._pending[identifier], selected)
        for identifier, error in errors.items():
            self._fail(identifier, error)

    def _finish(self, identifier: MetricConfigurationID, metric: Metric, selected: Sequence[Any]) -> None:
        needed = {name: self._values[wanted.id] for name, wanted in self._needs[identifier].items()}
        try:
            self._values[identifier] = metric.value(self, selected, needed)
        except WarehouseExhaustedError:
            raise
        except Exception as error:  # noqa: BLE001 - reported as the error of each expectation that needs it
            self._fail(identifier, error)
        else:
            del self._pending[identifier]

    def _fail(self, identifier: MetricConfigurationID, error: Exception) -> None:
        metric = self._pending.pop(identifier)
        if metric.has_stock_way:
            self._await(identifier, lambda: StockMetric(metric.configuration))
        else:
            self._errors[identifier] = error

    def _look_up_schema(self) -> None:
        with suppress(SQLAlchemyError):  # whoever needs it meets the error
            self.schema()

    def _names_may_deceive(self) -> bool:
        """Whether a name is asked for that a warehouse may answer for although the table has no such column."""
        others = {self.batch.table.name.casefold(), *self.engine.warehouse.hidden_columns}
        return any(
            name.strip('"').casefold() in others
            for metric in self._pending.values()
            for name in column_names(metric.configuration.metric_domain_kwargs)
        )

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
        if self._schema is not None or found.reads_a_query_of_its_own:
            return None
        return columns


class _Metrics(dict[str, Any]):
    """The metrics that a GX provider is given; the schema among them is looked up when it is asked for."""

    def __init__(self, known: Mapping[str, Any], scan: Scan, columns: Iterable[str] | None) -> None:
        super().__init__(known)
        if columns is not None:
            self[COLUMNS] = list(columns)
            types = scan.batch.table.column_types
            if types and COLUMN_TYPES not in known:
                kinds = [(name, types.get(name.strip('"').casefold())) for name in columns]
                self[COLUMN_TYPES] = [{"name": name, "type": kind} for name, kind in kinds if kind]
        self._scan = scan

    def __missing__(self, name: str) -> Any:
        if name in SCHEMA:
            return self._scan.schema()[name]
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As a plain dictionary has it, but with the schema."""
        return self[name] if name in self or name in SCHEMA else default
