"""Freshness: how old the newest row is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Optional

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from expectations.facts import Facts
from expectations.moments import CLOCK_SKEW, in_utc, moment_of
from expectations.sentences import RuleSentence, outcome
from gx.docs.text import duration


class ExpectTableToBeFresh(RuleSentence, ColumnAggregateExpectation):
    """Expect the newest value of a timestamp column to be at most so many hours old.

    A column of dates, or of ISO-8601 text with a full date, will do as well; what holds anything else is no
    measure of freshness, and the expectation errs. Timestamps without a zone count as UTC. A table without any
    value there is stale.
    """

    max_age_hours: float = pydantic.Field(gt=0)
    now: Optional[datetime] = None  # noqa: UP045 - GX reads annotations with pydantic 1
    """Filled in with the time of each run."""

    metric_dependencies = ("column.max",)
    success_keys: ClassVar[tuple[str, ...]] = ("max_age_hours", "now")
    args_keys: ClassVar[tuple[str, ...]] = ("column", "max_age_hours")

    def with_facts(self, facts: Facts) -> ExpectTableToBeFresh:
        """The expectation with the time of this run."""
        return self.copy(update={"now": facts.now})

    @classmethod
    def rule(cls, kwargs: Mapping[str, Any]) -> str:
        return f"The newest {kwargs['column']} must be at most {duration(kwargs['max_age_hours'])} old."

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        allowed = f"{duration(self.max_age_hours)} allowed"
        newest = metrics["column.max"]
        if newest is None:
            return outcome(False, None, f"There is no {self.column} at all; {allowed}.")
        if self.now is None:
            raise ValueError("expect_table_to_be_fresh was not given the time of the run")
        newest = moment_of(newest, self.column)
        age = in_utc(self.now) - in_utc(newest)
        if age < -CLOCK_SKEW:
            ahead = duration(-age.total_seconds() / 3600)
            return outcome(False, newest.isoformat(), f"The newest {self.column} lies {ahead} in the future.")
        hours = max(age.total_seconds() / 3600, 0.0)
        sentence = f"The newest {self.column} is {duration(hours)} old, {allowed}."
        return outcome(hours <= self.max_age_hours, newest.isoformat(), sentence)
