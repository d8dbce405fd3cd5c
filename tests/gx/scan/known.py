"""Where stock GX is wrong, and the scan's result is not what stock GX gives. The only list of such differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.core import ExpectColumnValuesToBeUnique, ExpectCompoundColumnsToBeUnique
from great_expectations.expectations.expectation import Expectation

from tests.gx.scan.stock import raised, raising_metrics
from tests.gx.scan.tables import Table

_WANTED = "return_unexpected_index_query"


@dataclass(frozen=True)
class Case:
    """An expectation on a table, and what stock GX gave for it."""

    table: Table
    expectation: Expectation
    result_format: Mapping[str, Any]
    stock: ExpectationValidationResult

    @property
    def names(self) -> list[str]:
        """The names that the table's columns have."""
        return [column.name for column in self.table.columns]


@dataclass(frozen=True)
class StockBug:
    """A difference that is stock GX's fault.

    Attributes:
        reason: what stock GX does.
        concerns: whether a case meets it.
    """

    reason: str
    concerns: Callable[[Case], bool]


def _quoted_in_condition(case: Case) -> bool:
    return isinstance(case.expectation, ExpectColumnValuesToBeUnique) and '"' in case.expectation.column


def _label_taken(case: Case) -> bool:
    return isinstance(case.expectation, ExpectCompoundColumnsToBeUnique) and "_num_rows" in case.names


def _named_twice(case: Case) -> bool:
    if not isinstance(case.expectation, ExpectCompoundColumnsToBeUnique):
        return False
    names = [name.strip('"').casefold() for name in case.expectation.column_list]
    return len(set(names)) < len(names)


def _needless_query(case: Case) -> bool:
    metrics = raising_metrics(case.stock)
    needless = case.result_format["result_format"] == "SUMMARY" and not case.result_format.get(_WANTED)
    return needless and bool(metrics) and all(metric.endswith(".unexpected_index_query") for metric in metrics)


STOCK_RAISES = (
    StockBug("it writes a condition as text, and cannot read it again with a quote in the name", _quoted_in_condition),
    StockBug("it gives its own count the name _num_rows, which a column of the table may have", _label_taken),
    StockBug("it joins on a column as often as that is named, and then finds it ambiguous", _named_twice),
    StockBug(
        "it renders a query that the result will not hold, and stops at a value that has no literal form",
        _needless_query,
    ),
)
"""Where stock GX raises although the question is sound, and the scan answers it."""


def stock_is_wrong(case: Case) -> bool:
    """Whether stock GX's result is no oracle."""
    return raised(case.stock) and any(bug.concerns(case) for bug in STOCK_RAISES)
