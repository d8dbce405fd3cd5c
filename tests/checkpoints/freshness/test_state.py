"""What is said of a table's age."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from checkpoints.calendars import Calendar
from checkpoints.freshness import FreshnessSpec, Measured, State, judge
from checkpoints.freshness.state import expected, observed
from gx.warehouse.table import TableName

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDERS = FreshnessSpec(TableName.parse("shop.orders"), "shop", "loaded_at", None, 6 * HOUR)


def test_a_row_a_little_ahead_is_fresh_and_said_to_be_ahead() -> None:
    ahead = judge(Measured(ORDERS, NOW + HOUR / 2), NOW)
    assert ahead.state is State.FRESH
    said = "The newest loaded_at lies 30 min in the future (2026-03-04 12:30 UTC), by no more than clocks may differ."
    assert observed(ahead) == said
    assert observed(judge(Measured(ORDERS, NOW - HOUR / 2), NOW)).startswith("The newest loaded_at is 30 min old")


def test_what_could_not_be_measured_is_said_in_a_sentence() -> None:
    assert observed(judge(Measured(ORDERS, problem="there is no table shop.orders"), NOW)).endswith("shop.orders.")
    assert observed(judge(Measured(ORDERS, problem="It ended here."), NOW)).endswith("here.")


def test_working_time_is_said_in_hours_for_a_day_of_it_has_not_twenty_four() -> None:
    office = Calendar("office", ZoneInfo("UTC"), frozenset(range(5)))
    spec = replace(ORDERS, calendar=office, error=72 * HOUR)
    found = observed(judge(Measured(spec, NOW - timedelta(days=24)), NOW))
    assert "is 24 d old" in found
    assert found.endswith(", 420 h by the calendar office.")
    assert expected(spec) == "at most 72 h old, counted by the calendar office"
