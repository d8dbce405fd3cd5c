"""The project's own expectations: verdicts as pure functions, and the sentences people read."""

# ruff: noqa: DTZ001, DTZ901 - suites and warehouses hold times without a zone

from __future__ import annotations

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.facts import Facts, Measure, UnknownFactError
from expectations.freshness import ExpectTableToBeFresh
from expectations.reconciliation import ExpectColumnSumToReconcileWithSource, ExpectTableRowCountToReconcileWithSource
from expectations.row_count_change import ExpectTableRowCountChangeToBeWithin
from expectations.sentences import amount
from gx.docs.text import duration

NOW = datetime(2025, 10, 1, 9, 0, tzinfo=UTC)


class FixedSource:
    """A source with one figure, which remembers what it was asked."""

    def __init__(self, figure: Decimal | int) -> None:
        self.figure = figure
        self.asked: list[Measure] = []

    def read(self, measure: Measure) -> Decimal | int:
        self.asked.append(measure)
        return self.figure


def facts(*, before: int | None = None, stripe: FixedSource | None = None, table: str = "marts.fct_revenue") -> Facts:
    return Facts(table, NOW, before, {"stripe": stripe} if stripe else {})


def said(verdict: dict[str, Any]) -> tuple[bool, str]:
    return verdict["success"], verdict["result"]["details"]["sentence"]


# -- row counts against the run before ------------------------------------------------------------------------


def change(before: int | None, rows: int, allowed: float = 50) -> tuple[bool, str]:
    expectation = ExpectTableRowCountChangeToBeWithin(max_percent=allowed).with_facts(facts(before=before))
    return said(expectation._validate({"table.row_count": rows}))


@pytest.mark.parametrize(
    ("before", "rows", "verdict"),
    [
        (None, 0, (True, "0 rows; no earlier run to compare with.")),
        (None, 1423, (True, "1,423 rows; no earlier run to compare with.")),
        (1423, 1423, (True, "1,423 rows, 1,423 in the run before: 0.0 % change, 50 % allowed.")),
        (1000, 1500, (True, "1,500 rows, 1,000 in the run before: 50.0 % change, 50 % allowed.")),
        (1000, 500, (True, "500 rows, 1,000 in the run before: 50.0 % change, 50 % allowed.")),
        (1000, 1501, (False, "1,501 rows, 1,000 in the run before: 50.1 % change, 50 % allowed.")),
        (1000, 499, (False, "499 rows, 1,000 in the run before: 50.1 % change, 50 % allowed.")),
        (100_000, 150_001, (False, "150,001 rows, 100,000 in the run before: 50.001 % change, 50 % allowed.")),
        (1423, 2846, (False, "2,846 rows, 1,423 in the run before: 100.0 % change, 50 % allowed.")),
        (1000, 0, (False, "0 rows, 1,000 in the run before: 100.0 % change, 50 % allowed.")),
        (0, 0, (True, "0 rows, 0 in the run before: from an empty table, 50 % allowed.")),
        (0, 1, (False, "1 rows, 0 in the run before: from an empty table, 50 % allowed.")),
    ],
)
def test_a_row_count_may_change_by_the_limit_and_no_more(
    before: int | None, rows: int, verdict: tuple[bool, str]
) -> None:
    assert change(before, rows) == verdict


@given(st.integers(1, 10**9), st.integers(0, 10**9), st.integers(1, 1000))
def test_the_row_count_verdict_is_exact_where_binary_fractions_are_not(before: int, rows: int, allowed: int) -> None:
    exactly = Fraction(abs(rows - before) * 100, before) <= allowed
    assert change(before, rows, allowed)[0] is exactly


@pytest.mark.parametrize("allowed", range(1, 101))
def test_a_change_of_exactly_the_limit_holds_for_every_whole_percentage(allowed: int) -> None:
    assert change(100, 100 + allowed, allowed)[0]
    assert change(100, 100 - allowed, allowed)[0]
    assert not change(100, 101 + allowed, allowed)[0]


# -- reconciliation -------------------------------------------------------------------------------------------


def reconcile(here: Any, there: Decimal | int, **arguments: Any) -> tuple[bool, str]:
    arguments = {"tolerance_percent": 1.0, "unit": "usd", **arguments}
    expectation = ExpectColumnSumToReconcileWithSource(
        column="revenue", source="stripe", source_table="charges", source_column="amount", **arguments
    ).with_facts(facts(stripe=FixedSource(there)))
    return said(expectation._validate({"column.sum": here}))


def test_the_documents_duplicate_revenue_is_told_in_one_sentence() -> None:
    assert reconcile(847_342, 41_218_400, source_factor=0.01) == (
        False, "$847,342 in marts.fct_revenue, $412,184 at Stripe: 105.6 % apart, 1 % allowed.",
    )  # fmt: skip
    assert reconcile(412_184, 41_218_400, source_factor=0.01) == (
        True, "$412,184 in marts.fct_revenue, $412,184 at Stripe: equal, 1 % allowed.",
    )  # fmt: skip


HERE_AND_THERE = [
    (Decimal("416305.84"), Decimal(412184), True, "1.0 % apart"),  # exactly 1 %
    (Decimal("416305.85"), Decimal(412184), False, "1.000002 % apart"),
    (Decimal("408062.16"), Decimal(412184), True, "1.0 % apart"),
    (Decimal("408062.15"), Decimal(412184), False, "1.000002 % apart"),
    (33.6633, Decimal("33.33"), True, "1.0 % apart"),
    (0, 0, True, "equal"),
    (None, 0, True, "equal"),  # the sum of nothing
    (5, 0, False, "nothing there"),
    (-5, 0, False, "nothing there"),
    (0, 5, False, "100.0 % apart"),
    (None, 5, False, "100.0 % apart"),
    (-100, -100, True, "equal"),
    (-101, -100, True, "1.0 % apart"),
    (-99, -100, True, "1.0 % apart"),
    (-102, -100, False, "2.0 % apart"),
    (100, -100, False, "200.0 % apart"),
    (0.1 + 0.2, Decimal("0.3"), True, "equal"),
    (math.nan, 5, False, "nothing to compare"),
    (math.inf, 5, False, "nothing to compare"),
]


@pytest.mark.parametrize(("here", "there", "holds", "apart"), HERE_AND_THERE)
def test_sums_reconcile_within_the_tolerance_and_not_a_cent_beyond(
    here: Any, there: Decimal | int, holds: bool, apart: str
) -> None:
    success, sentence = reconcile(here, there)
    assert success is holds
    assert f": {apart}, 1 % allowed." in sentence


@pytest.mark.parametrize(("here", "holds"), [(100, True), (100.01, False), (99.99, False), (100.0000001, True)])
def test_without_a_tolerance_sums_must_be_equal_to_the_cent(here: float, holds: bool) -> None:
    assert reconcile(here, 100, tolerance_percent=0)[0] is holds


CENTS = st.integers(-(10**12), 10**12)


@given(CENTS, CENTS, st.integers(0, 10_000))
def test_the_reconciliation_verdict_is_exact(here: int, there: int, hundredths: int) -> None:
    apart, allowed = abs(here - there) * 10_000, hundredths * abs(there)
    success, _ = reconcile(here / 100, Decimal(there) / 100, tolerance_percent=hundredths / 100)
    assert success is (apart <= allowed)


def test_row_counts_reconcile_exactly_unless_told_otherwise() -> None:
    source = FixedSource(1423)
    expectation = ExpectTableRowCountToReconcileWithSource(
        source="stripe",
        source_table="charges",
        source_distinct="id",
        source_where={"paid": True},
        tolerance_percent=0,
        unit="charges",
    ).with_facts(facts(stripe=source, table="raw.charges"))
    assert said(expectation._validate({"table.row_count": 1423}))[0]
    assert said(expectation._validate({"table.row_count": 2846})) == (
        False, "2,846 charges in raw.charges, 1,423 charges at Stripe: 100.0 % apart, 0 % allowed.",
    )  # fmt: skip
    assert source.asked == [Measure("charges", distinct="id", where={"paid": True})]


def test_the_measure_carries_column_conditions_and_window() -> None:
    source = FixedSource(5)
    september: dict[str, Any] = {"source_since": datetime(2025, 9, 1), "source_until": datetime(2025, 10, 1)}
    ExpectColumnSumToReconcileWithSource(
        column="revenue", source="stripe", source_table="charges", source_column="amount",
        source_where={"paid": True}, source_since_column="created", **september,
    ).with_facts(facts(stripe=source))  # fmt: skip
    assert source.asked == [
        Measure("charges", "amount", None, {"paid": True}, "created", datetime(2025, 9, 1), datetime(2025, 10, 1))
    ]


def test_a_source_that_is_not_there_is_named_with_those_that_are() -> None:
    expectation = ExpectTableRowCountToReconcileWithSource(source="strype", source_table="charges", tolerance_percent=0)
    with pytest.raises(UnknownFactError, match=r"strype; there are: stripe. Set SLUICE_SOURCE_STRYPE_URL"):
        expectation.with_facts(facts(stripe=FixedSource(1)))


def test_an_expectation_without_its_facts_raises_rather_than_holds() -> None:
    lost = ExpectTableRowCountToReconcileWithSource(source="stripe", source_table="charges", tolerance_percent=0)
    with pytest.raises(ValueError, match="was not given"):
        lost._validate({"table.row_count": 0})
    with pytest.raises(ValueError, match="was not given"):
        ExpectTableToBeFresh(column="at", max_age_hours=1)._validate({"column.max": NOW})


# -- freshness ------------------------------------------------------------------------------------------------


def fresh(newest: Any, *, hours: float = 24) -> tuple[bool, str]:
    expectation = ExpectTableToBeFresh(column="synced_at", max_age_hours=hours).with_facts(facts())
    return said(expectation._validate({"column.max": newest}))


TOKYO = timezone(timedelta(hours=9))
AGES = [
    (NOW, True, "The newest synced_at is 0 min old, 24 h allowed."),
    (NOW - timedelta(hours=24), True, "The newest synced_at is 24 h old, 24 h allowed."),
    (NOW - timedelta(hours=24, seconds=1), False, "The newest synced_at is 24 h old, 24 h allowed."),
    (NOW - timedelta(days=3, hours=4, minutes=5), False, "The newest synced_at is 3 d 4 h old, 24 h allowed."),
    (datetime(2025, 9, 30, 9, 0), True, "The newest synced_at is 24 h old, 24 h allowed."),  # no zone: UTC
    (datetime(2025, 9, 30, 8, 59), False, "The newest synced_at is 24 h 1 min old, 24 h allowed."),
    (datetime(2025, 10, 1, 18, 0, tzinfo=TOKYO), True, "The newest synced_at is 0 min old, 24 h allowed."),
    (datetime(2025, 9, 30, 17, 0, tzinfo=TOKYO), False, "The newest synced_at is 25 h old, 24 h allowed."),
    (NOW + timedelta(hours=1), True, "The newest synced_at is 0 min old, 24 h allowed."),  # clocks differ
    (NOW + timedelta(hours=1, seconds=1), False, "The newest synced_at lies 1 h in the future."),
    (NOW + timedelta(days=400), False, "The newest synced_at lies 400 d in the future."),
    (datetime.max, False, None),
    (datetime.min, False, None),
    (date(2025, 9, 30), False, "The newest synced_at is 33 h old, 24 h allowed."),
    (date(2025, 10, 1), True, "The newest synced_at is 9 h old, 24 h allowed."),
    ("2025-10-01 08:15:00", True, "The newest synced_at is 45 min old, 24 h allowed."),
    ("2025-10-01T10:00:00+02:00", True, "The newest synced_at is 1 h old, 24 h allowed."),
    ("2025-10-01T08:00:00Z", True, "The newest synced_at is 1 h old, 24 h allowed."),
    ("2025-10-01 07:00:00.123456+00", True, "The newest synced_at is 2 h old, 24 h allowed."),
    ("2025-09-30", False, "The newest synced_at is 33 h old, 24 h allowed."),
    (None, False, "There is no synced_at at all; 24 h allowed."),
]


@pytest.mark.parametrize(("newest", "holds", "sentence"), AGES)
def test_the_newest_row_may_be_as_old_as_allowed_and_not_from_the_future(
    newest: Any, holds: bool, sentence: str | None
) -> None:
    success, told = fresh(newest)
    assert success is holds
    assert sentence is None or told == sentence


NO_TIMES = [
    *("someone@example.com", "", "23", "1", "Nov", "Wed", "10:00", "2025", "2025-10", "2025-W40-3", "20251001"),
    *("01/10/2025", "1 Oct 2025", "2025-13-01", "2025-10-01T", "2025-10-01 noon", "2025-10-01x", "9999-12-31T24:00"),
    *(
        23,
        20251001,
        1759309200,
        17580000000000000000000,
        12.5e30,
        Decimal(1),
        True,
        time(9),
        timedelta(1),
        b"2025-10-01",
    ),
]


@pytest.mark.parametrize("newest", NO_TIMES)
def test_a_newest_value_that_is_no_time_raises_without_quoting_it(newest: Any) -> None:
    with pytest.raises(
        ValueError, match=r"^the newest synced_at is no date or time but a value of type \w+; "
    ) as caught:
        fresh(newest)
    assert str(caught.value).endswith(
        f"of type {type(newest).__name__}; freshness needs a column of timestamps, of dates, or of ISO-8601 "
        "text such as 2025-09-30T12:00:00Z"
    )


@given(st.integers(-(10**6), 10**7), st.floats(0.01, 10_000))
def test_the_freshness_verdict_follows_from_the_age_alone(seconds_old: int, hours: float) -> None:
    success, _ = fresh(NOW - timedelta(seconds=seconds_old), hours=hours)
    assert success is (-3600 <= seconds_old <= hours * 3600)


# -- sentences ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1423, None, "1,423"), (412_184.0, "usd", "$412,184"), (0.5, "usd", "$0.50"), (-5, "usd", "-$5"),
        (1234.567, None, "1,234.57"), (2, "charges", "2 charges"), (0, None, "0"), (-0.0, "usd", "$0"),
        (math.nan, None, "nan"), (math.inf, "usd", "$inf"),
    ],
)  # fmt: skip
def test_amounts_are_written_as_people_write_them(value: float, unit: str | None, text: str) -> None:
    assert amount(value, unit) == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0, "0 min"),
        (0.75, "45 min"),
        (0.999, "1 h"),
        (2.5, "2 h 30 min"),
        (47.99, "47 h 59 min"),
        (48, "2 d"),
        (76, "3 d 4 h"),
    ],
)
def test_durations_are_written_as_people_say_them(hours: float, text: str) -> None:
    assert duration(hours) == text
