"""How a scan comes to the value of a metric: by columns of the SELECT, by a query of its own, or both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa
from great_expectations.constants import MAX_RESULT_RECORDS
from great_expectations.util import convert_to_json_serializable
from great_expectations.validator.metric_configuration import MetricConfiguration
from sqlalchemy.sql.elements import ColumnElement

from gx.scan.parts import ALL_ROWS, Column, Part, Rows, column_names, count_where, kept, split
from gx.scan.reading import Reading
from gx.scan.stock import COLUMNS, Dependencies

Needed = Mapping[str, Any]
"""The values of the metrics that a metric needs, by the names that it has for them."""


class Failing(NamedTuple):
    """The rows that a metric counts because they fail an expectation.

    Attributes:
        condition: true of them, and of no other of the rows.
        columns: what the condition is about.
    """

    condition: ColumnElement[bool]
    rows: Rows
    columns: Sequence[ColumnElement[Any]]


@dataclass(frozen=True)
class Metric(ABC):
    """A metric to be read. By default it needs what GX says, and nothing from the SELECT."""

    configuration: MetricConfiguration

    @property
    def name(self) -> str:
        return self.configuration.metric_name

    has_stock_way: ClassVar[bool] = False
    """Whether GX's provider is another way to the value, should ours fail."""

    def needs(self, reading: Reading) -> Dependencies:
        """The metrics whose values must be known first."""
        return reading.dependencies(self.configuration)

    def columns(self, reading: Reading) -> Sequence[Column]:
        """Columns of the SELECT; none for a metric that asks a query of its own, or none at all."""
        del reading
        return ()

    def failing(self, reading: Reading) -> Failing | None:
        """The rows that it counts; None unless it counts rows by a condition."""
        del reading
        return None

    @abstractmethod
    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        """The value, from the columns that were selected and the metrics that it needs."""

    def _suffixed(self, suffix: str) -> MetricConfiguration:
        """The metric of the same name with another last part."""
        base = self.name.rpartition(".")[0]
        values = {k: v for k, v in self.configuration.metric_value_kwargs.items() if k != "result_format"}
        return MetricConfiguration(f"{base}.{suffix}", dict(self.configuration.metric_domain_kwargs), values)


class StockMetric(Metric):
    """GX's own way: a query of its own, or a computation from other metrics."""

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return reading.stock_value(self.configuration)


class Schema(Metric):
    """What the table's columns are, as the scan has it for everybody."""

    def needs(self, reading: Reading) -> Dependencies:
        return {}

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return reading.schema()[self.name]


class Aggregate(Metric):
    """An aggregate of which GX has the SQL."""

    def columns(self, reading: Reading) -> Sequence[Column]:
        domain, values = self.configuration.metric_domain_kwargs, self.configuration.metric_value_kwargs
        part = reading.part(MetricConfiguration(f"{self.name}.aggregate_fn", dict(domain), dict(values)))
        return [Column(part.sql, Rows.of(part.compute))]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return convert_to_json_serializable(data=selected[0])


class UnexpectedCount(Metric):
    """How many rows a condition over several columns finds unexpected; GX asks a query for each."""

    has_stock_way = True

    def needs(self, reading: Reading) -> Dependencies:
        return reading.dependencies(self._suffixed("condition"))

    def failing(self, reading: Reading) -> Failing:
        part = reading.part(self._suffixed("condition"))
        counted = kept(part.compute, part.columns)
        unexpected = part.sql if counted is None else sa.and_(counted, part.sql)
        return Failing(unexpected, Rows.of(part.compute), part.columns)

    def columns(self, reading: Reading) -> Sequence[Column]:
        failing = self.failing(reading)
        return [Column(count_where(failing.condition), failing.rows)]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return int(selected[0])


class ColumnUnexpectedCount(UnexpectedCount):
    """How many values of a column a condition finds unexpected.

    GX adds up ones and zeros, and so has no number for no rows. Counting gives the same for less, and counts the rows
    once for all.
    """

    has_stock_way = False

    def columns(self, reading: Reading) -> Sequence[Column]:
        (unexpected,) = super().columns(reading)
        return [unexpected, Column(ALL_ROWS, unexpected.rows)]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        unexpected, rows = selected
        return int(unexpected) if rows else None


class OwnSql(Metric):
    """A metric whose SQL is ours, from the columns of its domain alone."""

    has_stock_way = True

    def needs(self, reading: Reading) -> Dependencies:
        return {}

    def domain(self, reading: Reading) -> tuple[Part, Rows]:
        """The metric's columns, named as the table has them where that is known, and its rows."""
        part = split(reading.named(self.configuration))
        return part, Rows.of(part.compute)


class NullCount(OwnSql):
    """How many values of a column are missing, or are not: a count, which a warehouse may have without reading."""

    has_stock_way = False

    def failing(self, reading: Reading) -> Failing:
        part, rows = self.domain(reading)
        (column,) = part.columns
        return Failing(column.is_not(None) if self._wants_null else column.is_(None), rows, part.columns)

    def columns(self, reading: Reading) -> Sequence[Column]:
        part, rows = self.domain(reading)
        (column,) = part.columns
        return [Column(sa.func.count(column), rows), Column(ALL_ROWS, rows)]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        present, rows = (int(count) for count in selected)
        if not rows:
            return None  # as GX has it, which sums
        return present if self._wants_null else rows - present

    @property
    def _wants_null(self) -> bool:
        return self.name.startswith("column_values.null.")


class FilteredRowCount(OwnSql):
    """How many rows are left by ``ignore_row_if``; GX asks a query for each."""

    def columns(self, reading: Reading) -> Sequence[Column]:
        part, rows = self.domain(reading)
        counted = kept(part.compute, part.columns)
        return [Column(ALL_ROWS if counted is None else count_where(counted), rows)]

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        return int(selected[0])


class Sample(Metric):
    """Values, rows or keys that were unexpected: asked for only where there are some."""

    def needs(self, reading: Reading) -> Dependencies:
        return {"count": self._suffixed("unexpected_count")}

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        wanted = self.configuration.metric_value_kwargs["result_format"]
        if self.name.endswith("index_list"):
            keys = wanted.get("unexpected_index_column_names")
            if not keys:
                return None
            if not set(keys) <= set(reading.schema()[COLUMNS]):
                return reading.stock_value(self.configuration)  # GX refuses them, also where nothing is unexpected
        if not needed["count"] or sample_limit(wanted) == 0:
            return []
        columns = column_names(self.configuration.metric_domain_kwargs)
        return reading.stock_value(self.configuration, columns=columns if self.name.endswith("_values") else None)


class IndexQuery(Metric):
    """The SQL that would list the unexpected rows: rendered only where the result has a place for it."""

    def value(self, reading: Reading, selected: Sequence[Any], needed: Needed) -> Any:
        wanted = self.configuration.metric_value_kwargs["result_format"]
        if not wanted.get("return_unexpected_index_query", wanted["result_format"] == "COMPLETE"):
            return None
        if wanted.get("unexpected_index_column_names"):
            return reading.stock_value(self.configuration)
        return reading.stock_value(self.configuration, columns=column_names(self.configuration.metric_domain_kwargs))


def sample_limit(result_format: Mapping[str, Any]) -> int:
    """How many unexpected values a result has room for."""
    if result_format["result_format"] == "COMPLETE":
        return int(MAX_RESULT_RECORDS)
    return min(int(result_format["partial_unexpected_count"]), int(MAX_RESULT_RECORDS))
