"""Freshness: how old the newest row is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Optional

from dateutil.parser import isoparse
from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import ColumnAggregateExpectation

from expectations.facts import Facts
from expectations.sentences import RuleSentence, outcome
from gx.docs.text import duration

CLOCK_SKEW = timedelta(hours=1)
"""How far ahead of our clock a newest row may be; beyond it a future date would hide stale data."""
_FROM_A_FULL_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ].+)?")


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
        newest = _moment(newest, self.column)
        age = _utc(self.now) - _utc(newest)
        if age < -CLOCK_SKEW:
            ahead = duration(-age.total_seconds() / 3600)
            return outcome(False, newest.isoformat(), f"The newest {self.column} lies {ahead} in the future.")
        hours = max(age.total_seconds() / 3600, 0.0)
        sentence = f"The newest {self.column} is {duration(hours)} old, {allowed}."
        return outcome(hours <= self.max_age_hours, newest.isoformat(), sentence)


def _moment(value: object, column: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    # Anything less than a full date may be a number or a word: 23 is no day of this month, and 2025 no year.
    if isinstance(value, str) and _FROM_A_FULL_DATE.fullmatch(value):
        try:
            return isoparse(value)
        except (ValueError, OverflowError):
            pass  # its message quotes the value, which is data
    raise ValueError(
        f"the newest {column} is no date or time but a value of type {type(value).__name__}; freshness needs a column "
        "of timestamps, of dates, or of ISO-8601 text such as 2025-09-30T12:00:00Z"
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
