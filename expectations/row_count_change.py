"""Row counts against the run before: a load that lost half its rows, or doubled them, is suspicious."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Optional

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import BatchExpectation

from expectations.facts import Facts
from expectations.percentages import is_within, percent_apart, percent_text
from expectations.sentences import RuleSentence, amount, outcome


class ExpectTableRowCountChangeToBeWithin(RuleSentence, BatchExpectation):
    """Expect the number of rows to have changed by at most so many percent since the previous run.

    The first run has nothing to compare with and passes. The requirements document's threshold is 50 %.
    """

    max_percent: float = pydantic.Field(gt=0)
    previous_row_count: Optional[int] = None  # noqa: UP045 - GX reads annotations with pydantic 1
    """Filled in from the ledger at each run."""

    metric_dependencies = ("table.row_count",)
    success_keys: ClassVar[tuple[str, ...]] = ("max_percent", "previous_row_count")
    args_keys: ClassVar[tuple[str, ...]] = ("max_percent",)

    def with_facts(self, facts: Facts) -> ExpectTableRowCountChangeToBeWithin:
        """The expectation with the previous run's row count."""
        return self.copy(update={"previous_row_count": facts.previous_row_count})

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        return f"The number of rows must not change by more than {kwargs['max_percent']:g} % between runs."

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows = int(metrics["table.row_count"])
        before = self.previous_row_count
        if before is None:
            return outcome(True, rows, f"{amount(rows)} rows; no earlier run to compare with.")
        percent = percent_apart(rows, before)
        change = f"{percent_text(percent, self.max_percent)} change" if before else "from an empty table"
        sentence = f"{amount(rows)} rows, {amount(before)} in the run before: {change}, {self.max_percent:g} % allowed."
        return outcome(is_within(percent, self.max_percent), rows, sentence)
