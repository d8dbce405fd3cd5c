"""Read the metrics of one table together: one SELECT for all that can be a column of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from great_expectations.validator.metric_configuration import MetricConfiguration, MetricConfigurationID
from sqlalchemy.exc import SQLAlchemyError

from gx.errors import WarehouseExhaustedError
from gx.scan.arrivals import Arrivals
from gx.scan.choose import choose
from gx.scan.metrics import Metric, StockMetric
from gx.scan.parts import Column, column_names
from gx.scan.reading import Reading
from gx.scan.select import Plan, isolate, select
from gx.scan.stock import SCHEMA, Dependencies


@dataclass
class Scan:
    """The metrics that a suite asks of one table.

    Say what is wanted with :meth:`want`, then :meth:`run` once, then take the values from the reading.

    Attributes:
        reading: the table, and afterwards what was read of it.
        arrivals: lets it read only the rows that are new, where that is enough.
    """

    reading: Reading
    arrivals: Arrivals | None = None
    _pending: dict[MetricConfigurationID, Metric] = field(default_factory=dict)
    _needs: dict[MetricConfigurationID, Dependencies] = field(default_factory=dict)

    def want(self, metric: MetricConfiguration) -> MetricConfigurationID:
        """Ask for a metric, and for all that it needs; returns what its value will be under."""
        if metric.id not in self._needs:
            self._await(metric.id, lambda: choose(metric, self.reading.engine))
        return metric.id

    def run(self) -> None:
        """Read all that is wanted. What cannot be read has an error for a value, and takes nothing else with it.

        Raises:
            WarehouseExhaustedError: the warehouse did not answer; then nothing of this table is known.
        """
        if self._names_may_deceive() or any(metric.name in SCHEMA for metric in self._pending.values()):
            self._look_up_schema()
        while ready := self._ready():
            spelled = self.reading.knows_schema
            plan = self._plan(ready)
            if any(plan.values()):
                self._select({identifier: columns for identifier, columns in plan.items() if columns}, spelled=spelled)
            else:
                for identifier in plan:
                    self._finish(identifier, ready[identifier], ())
        for identifier in self._pending:
            self.reading.errors[identifier] = RuntimeError(f"the metric {identifier.metric_name} waits for itself")

    def _await(self, identifier: MetricConfigurationID, make: Callable[[], Metric]) -> None:
        self._needs[identifier] = {}
        try:
            metric = make()
            self._needs[identifier] = metric.needs(self.reading)
            self._pending[identifier] = metric
        except Exception as error:  # noqa: BLE001 - what GX cannot compute is an error of whoever asked for it
            self.reading.errors[identifier] = error
        for needed in self._needs[identifier].values():
            self.want(needed)

    def _ready(self) -> dict[MetricConfigurationID, Metric]:
        """What can be read now. What waits for a metric that could not be read cannot be read either."""
        ready: dict[MetricConfigurationID, Metric] = {}
        for identifier, metric in list(self._pending.items()):
            needs = [needed.id for needed in self._needs[identifier].values()]
            failed = [self.reading.errors[need] for need in needs if need in self.reading.errors]
            if failed:
                self._fail(identifier, failed[0])
                return self._ready()
            if all(need in self.reading.values for need in needs):
                ready[identifier] = metric
        return ready

    def _plan(self, ready: Mapping[MetricConfigurationID, Metric]) -> Plan:
        """The columns of each metric; without those of which one is wrong."""
        plan: dict[MetricConfigurationID, Sequence[Column]] = {}
        for identifier, metric in ready.items():
            try:
                plan[identifier] = metric.columns(self.reading)
            except WarehouseExhaustedError:
                raise
            except Exception as error:  # noqa: BLE001 - an argument or a column that is not there
                self._fail(identifier, error)
        return plan

    def _select(self, plan: Plan, *, spelled: bool) -> None:
        """Run a plan, in which the columns are or are not spelled as the table has them."""
        if self.arrivals is None:
            values, errors = select(self.reading.engine, plan)
        else:
            values, errors = self.arrivals.select(self.reading.batch, plan)
        if errors and not spelled:
            # Once more, with the columns spelled as the table has them, and without those it does not have.
            self._look_up_schema()
            metrics = {identifier: self._pending[identifier] for identifier in errors}
            plan = self._plan(metrics)
            found, errors = select(self.reading.engine, plan)
            values.update(found)
        if errors:
            found, errors = isolate(self.reading.engine, {identifier: plan[identifier] for identifier in errors})
            values.update(found)
        for identifier, selected in values.items():
            self._finish(identifier, self._pending[identifier], selected)
        for identifier, error in errors.items():
            self._fail(identifier, error)

    def _finish(self, identifier: MetricConfigurationID, metric: Metric, selected: Sequence[Any]) -> None:
        needed = {name: self.reading.values[wanted.id] for name, wanted in self._needs[identifier].items()}
        try:
            self.reading.values[identifier] = metric.value(self.reading, selected, needed)
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
            self.reading.errors[identifier] = error

    def _look_up_schema(self) -> None:
        with suppress(SQLAlchemyError):  # whoever needs it meets the error
            self.reading.schema()

    def _names_may_deceive(self) -> bool:
        """Whether a name is asked for that a warehouse may answer for although the table has no such column."""
        others = {self.reading.batch.table.name.casefold(), *self.reading.engine.warehouse.hidden_columns}
        return any(
            name.strip('"').casefold() in others
            for metric in self._pending.values()
            for name in column_names(metric.configuration.metric_domain_kwargs)
        )
