"""Figures against their own history, for those who cannot state a threshold."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Literal, Optional

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation, ColumnAggregateExpectation

from expectations.facts import Facts
from expectations.sentences import RuleSentence, amount, outcome
from expectations.usual import DEVIATIONS, Usual, usual
from expectations.usual_level import Past, Way

# GX reads the annotations of the classes below with pydantic 1, which knows Optional[X] and not X | None.
# ruff: noqa: UP045


class AsUsual(RuleSentence, BatchExpectation, ABC):
    """A figure of the table must be as its accepted runs had it; until there are ``min_runs`` of them it passes.

    ``sensitivity`` (``low``, ``normal``, ``high``) says how far from usual is too far. ``since`` leaves out the runs
    before a day, after a change that was meant. :mod:`expectations.usual` says how it is judged.
    """

    sensitivity: Literal["low", "normal", "high"] = "normal"
    min_runs: int = pydantic.Field(14, ge=5)
    since: Optional[str] = None
    usual: Optional[dict[str, Any]] = None
    """What is usual now; filled in from the ledger at each run."""

    success_keys: ClassVar[tuple[str, ...]] = ("sensitivity", "min_runs", "since", "usual")
    args_keys: ClassVar[tuple[str, ...]] = ("sensitivity", "min_runs")
    counted: ClassVar[Optional[str]] = None
    """What a count counts, for people; None for a figure that is no count."""
    floor: ClassVar[float] = 0.0
    never_above: ClassVar[Optional[float]] = None

    @pydantic.validator("since", pre=True)
    def _is_a_day(cls, value: object) -> str | None:
        return None if value is None else date.fromisoformat(str(value)).isoformat()

    def with_facts(self, facts: Facts) -> Any:
        """The expectation with what is usual at the time of this run.

        Raises:
            SluiceError: the history could not be read.
        """
        past = [each for each in self._past(facts) if math.isfinite(each.value) and self._counts(each.at)]
        way = Way(self.min_runs, DEVIATIONS[self.sensitivity], self.floor, self.counted is not None, self.never_above)
        now = facts.now.astimezone(UTC).replace(tzinfo=None) if facts.now.tzinfo else facts.now
        return self.copy(update={"usual": usual(past, now, way).to_json()})

    @abstractmethod
    def _past(self, facts: Facts) -> Sequence[Past]:
        """The figures of the runs that were accepted; their times in UTC, without a zone."""

    def _counts(self, at: datetime) -> bool:
        return self.since is None or at.date().isoformat() >= self.since

    def _judge(self, value: float | None) -> dict[str, Any]:
        if self.usual is None:
            raise ValueError("the expectation was not given the history of its figure")
        if value is None:
            return outcome(False, None, "There is no value to compare with what is usual.")
        known = Usual(**self.usual)
        seen = self._told(value)
        if known.low is None or known.high is None or known.middle is None:
            runs = f"{known.runs} of {self.min_runs} runs"
            return outcome(True, value, f"{seen}; learning what is usual, {runs}.")
        on = f" on {known.on}" if known.on else ""
        spread = f"{self._number(known.low)} to {self._number(known.high)}"
        if known.last is None:
            by = f"median {self._number(known.middle)} over {known.runs} runs"
        else:
            by = f"growing from {self._number(known.last)} as over {known.runs} runs"
        figures = [("usual" + on, spread), ("runs it is judged by", str(known.runs))]
        return outcome(known.holds(value), value, f"{seen}; usual{on} {spread}, {by}.", figures)

    def _told(self, value: float) -> str:
        return f"{self._number(value)} {self.counted or ''}".strip()

    def _number(self, value: float) -> str:
        if self.never_above == 1:
            return f"{value * 100:.1f} %"
        if self.counted or abs(value) >= 1000:
            return amount(round(value))
        return f"{value:.4g}"


class ExpectTableRowCountToBeAsUsual(AsUsual):
    """Expect the number of rows to be as usual, by the runs that were accepted."""

    counted = "rows"
    floor = 2.0
    metric_dependencies = ("table.row_count",)

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        return f"The number of rows must be as usual{_closely(kwargs)}."

    def _past(self, facts: Facts) -> Sequence[Past]:
        return facts.history.row_counts()

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return self._judge(int(metrics["table.row_count"]))


class ColumnAsUsual(AsUsual, ColumnAggregateExpectation, ABC):
    """A figure of one column. Its history is told apart by expectation and column, so it takes no condition."""

    domain_keys: ClassVar[tuple[str, ...]] = ColumnAggregateExpectation.domain_keys
    args_keys: ClassVar[tuple[str, ...]] = ("column", *AsUsual.args_keys)
    named: ClassVar[str]
    """The figure, for people: ``sum``."""

    @pydantic.validator("row_condition")
    def _takes_no_condition(cls, value: Any) -> Any:
        if value is not None:
            raise ValueError("row_condition cannot be used here: histories are told apart by column alone")
        return value

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        return f"The {cls.named} of {kwargs['column']} must be as usual{_closely(kwargs)}."

    def _past(self, facts: Facts) -> Sequence[Past]:
        return facts.history.figures(self.expectation_type, self.column)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        return self._judge(self._read(metrics[self.metric_dependencies[0]]))

    @abstractmethod
    def _read(self, value: Any) -> float | None:
        """The figure, from what the warehouse gave; None for none."""


class ExpectColumnSumToBeAsUsual(ColumnAsUsual):
    """Expect the sum of a column to be as usual. The sum of nothing is 0."""

    named = "sum"
    metric_dependencies = ("column.sum",)

    def _read(self, value: Any) -> float:
        return float(value or 0)


class ExpectColumnMeanToBeAsUsual(ColumnAsUsual):
    """Expect the mean of a column to be as usual. A column without any value has none, and that is not."""

    named = "mean"
    metric_dependencies = ("column.mean",)

    def _read(self, value: Any) -> float | None:
        return None if value is None else float(value)


class ExpectColumnUniqueValueCountToBeAsUsual(ColumnAsUsual):
    """Expect the number of distinct values of a column to be as usual."""

    named = "number of distinct values"
    counted = "distinct values"
    floor = 2.0
    metric_dependencies = ("column.distinct_values.count",)

    def _read(self, value: Any) -> float:
        return int(value)


class ExpectColumnProportionOfNonNullValuesToBeAsUsual(ColumnAsUsual):
    """Expect the share of rows with a value in a column to be as usual, and a hundredth more or less always."""

    named = "share of rows with a value"
    floor = 0.01
    never_above = 1.0
    metric_dependencies = ("column.non_null_proportion",)

    def _read(self, value: Any) -> float | None:
        return None if value is None else float(value)


TELLS_VALUES = (ExpectColumnSumToBeAsUsual, ExpectColumnMeanToBeAsUsual)
"""Their histories hold what may not be kept of a column of personal data."""


def _closely(kwargs: Mapping[str, Any]) -> str:
    since = f", judged by the runs since {kwargs['since']}" if kwargs.get("since") else ""
    sensitivity = kwargs.get("sensitivity") or "normal"
    return since + (f" (sensitivity: {sensitivity})" if sensitivity != "normal" else "")
