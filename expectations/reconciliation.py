"""Reconciliation: the warehouse's figure against the system it came from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, ClassVar, Optional

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import (
    BatchExpectation,
    ColumnAggregateExpectation,
    ConditionParser,
)
from great_expectations.expectations.row_conditions import RowConditionType

from expectations.facts import WAREHOUSE, Facts, Measure
from expectations.percentages import is_within, percent_apart, percent_text
from expectations.sentences import RuleSentence, amount, outcome
from gx.warehouse.table import TableName

# GX reads the annotations of the classes below with pydantic 1, which knows Optional[X] and not X | None.
# ruff: noqa: UP045

_SYSTEMS = {"stripe": "Stripe", "postgres": "PostgreSQL"}


class ReconcilingExpectation(RuleSentence, BatchExpectation, ABC):
    """A figure of the table against the same figure at a source.

    The source's side is ``source_table``: its number of rows, of distinct values of ``source_distinct``, or the
    sum of ``source_column`` times ``source_factor`` (0.01 turns cents into dollars), over the rows that equal
    ``source_where`` and lie in ``source_since <= source_since_column < source_until``.
    """

    source: str
    source_table: str
    source_distinct: Optional[str] = None
    source_where: Optional[dict[str, Any]] = None
    source_since_column: Optional[str] = None
    source_since: Optional[datetime] = None
    source_until: Optional[datetime] = None
    source_factor: float = 1.0
    tolerance_percent: float = pydantic.Field(0.0, ge=0)
    unit: Optional[str] = None
    """``usd`` or a word for what is counted, for the sentence only."""
    source_value: Optional[float] = None
    table_label: Optional[str] = None
    """Both filled in at each run."""

    success_keys: ClassVar[tuple[str, ...]] = (
        *("source", "source_table", "source_distinct", "source_where", "source_since_column", "source_since"),
        *("source_until", "source_factor", "tolerance_percent", "unit", "source_value", "table_label"),
    )
    args_keys: ClassVar[tuple[str, ...]] = ("source", "source_table", "tolerance_percent")

    @pydantic.validator("source_table")
    def _is_a_table_name(cls, value: str) -> str:
        return str(TableName.parse(value))

    @pydantic.validator("source_since", "source_until", pre=True)
    def _a_day_begins_at_midnight(cls, value: Any) -> Any:
        return datetime.combine(value, time()) if isinstance(value, date) and not isinstance(value, datetime) else value

    @pydantic.root_validator(skip_on_failure=True)
    def _window_has_a_column(cls, values: dict[str, Any]) -> dict[str, Any]:
        if (values.get("source_since") or values.get("source_until")) and not values.get("source_since_column"):
            raise ValueError("source_since and source_until need source_since_column")
        return values

    def with_facts(self, facts: Facts) -> Any:
        """The expectation with the source's figure.

        Raises:
            SluiceError: the source is unknown or cannot answer.
        """
        figure = float(facts.measure(self.source, self._measure())) * self.source_factor
        return self.copy(update={"source_value": figure, "table_label": facts.table})

    @abstractmethod
    def _measure(self) -> Measure:
        """What to read at the source."""

    def _measure_of(self, column: str | None) -> Measure:
        return Measure(
            table=self.source_table,
            column=column,
            distinct=self.source_distinct,
            where=self.source_where or {},
            since_column=self.source_since_column,
            since=self.source_since,
            until=self.source_until,
        )

    def _compare(self, here: float | int) -> dict[str, Any]:
        there = self.source_value
        if there is None:
            raise ValueError("a reconciliation was not given the figure at the source")
        percent = percent_apart(here, there)
        if percent == 0:
            apart = "equal"
        elif percent.is_finite():
            apart = f"{percent_text(percent, self.tolerance_percent)} apart"
        else:
            apart = "nothing there" if there == 0 else "nothing to compare"
        figures = f"{amount(here, self.unit)} in {self.table_label}, {amount(there, self.unit)}"
        where = _at(self.source, self.source_table)
        sentence = f"{figures} {where}: {apart}, {self.tolerance_percent:g} % allowed."
        compared = (
            (str(self.table_label), amount(here, self.unit)),
            (_whose(self.source, self.source_table), amount(there, self.unit)),
            ("Difference", f"{amount(here - there, self.unit)} ({apart})"),
            ("Allowed", f"{self.tolerance_percent:g} %"),
        )
        return outcome(is_within(percent, self.tolerance_percent), here, sentence, compared)


class ExpectTableRowCountToReconcileWithSource(ReconcilingExpectation):
    """Expect the number of rows to equal the source's, within ``tolerance_percent`` (default 0)."""

    row_condition: RowConditionType = None
    condition_parser: Optional[ConditionParser] = None

    metric_dependencies = ("table.row_count",)
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id", "row_condition", "condition_parser")

    def _measure(self) -> Measure:
        return self._measure_of(None)

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        what = f"distinct {kwargs['source_distinct']} of" if kwargs.get("source_distinct") else "rows of"
        tolerance = float(kwargs.get("tolerance_percent") or 0)
        where = _whose(kwargs["source"], kwargs["source_table"])
        return f"As many rows as there are {what} {where}{_within(tolerance)}."

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return self._compare(int(metrics["table.row_count"]))


class ExpectColumnSumToReconcileWithSource(ReconcilingExpectation, ColumnAggregateExpectation):
    """Expect the sum of a column to equal the source's sum, within ``tolerance_percent`` (default 0).

    The requirements document allows 1 % between warehouse revenue and Stripe.
    """

    source_column: str

    metric_dependencies = ("column.sum",)
    domain_keys: ClassVar[tuple[str, ...]] = ColumnAggregateExpectation.domain_keys
    success_keys: ClassVar[tuple[str, ...]] = ("source_column", *ReconcilingExpectation.success_keys)
    args_keys: ClassVar[tuple[str, ...]] = ("column", *ReconcilingExpectation.args_keys)

    def _measure(self) -> Measure:
        return self._measure_of(self.source_column)

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        tolerance = float(kwargs.get("tolerance_percent") or 0)
        return (
            f"The sum of {kwargs['column']} must match {kwargs['source_column']} of "
            f"{_whose(kwargs['source'], kwargs['source_table'])}{_within(tolerance)}."
        )

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return self._compare(float(metrics["column.sum"] or 0))


def _at(source: str, table: str) -> str:
    """Where a figure was read, for people: a table of the warehouse, or the system of record."""
    return f"in {table}" if source == WAREHOUSE else f"at {_SYSTEMS.get(source, source)}"


def _whose(source: str, table: str) -> str:
    return table if source == WAREHOUSE else f"{table} at {_SYSTEMS.get(source, source)}"


def _within(tolerance: float) -> str:
    return f", within {tolerance:g} %" if tolerance else " exactly"


def _percent(percent: float) -> str:
    return f"{percent:.1f} %" if percent >= 0.05 else "less than 0.1 %"
