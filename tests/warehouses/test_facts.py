"""Freshness, row count change and reconciliation, which need more than their table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.result import Verdict
from expectations.facts import Measure
from expectations.sql_source import SourceUnavailableError, SqlSource
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from tests.gx.warehouse.other_process import OtherProcess
from tests.warehouses.checking import Checks, only
from tests.warehouses.rows import CONTENT, LEDGER, LEDGER_ROWS, ORDER_ROWS, TABLES
from tests.warehouses.sites import Site, duckdb_url, fill

NEWEST = max(row["ordered_at"] for row in ORDER_ROWS if row["ordered_at"]).replace(tzinfo=UTC)
BOOKED = [row for row in LEDGER_ROWS if row["state"] == "booked"]
SEPTEMBER, OCTOBER = datetime(2025, 9, 1), datetime(2025, 10, 1)  # noqa: DTZ001 - as the tables have them
IN_SEPTEMBER = [row for row in BOOKED if SEPTEMBER <= row["booked_at"] < OCTOBER]
ORDERED = sum((row["amount"] for row in ORDER_ROWS if row["amount"] is not None), Decimal(0))


def fresh(column: str, hours: float) -> dict:
    return {"expect_table_to_be_fresh": {"column": column, "max_age_hours": hours}}


@pytest.mark.parametrize(("age", "holds"), [(timedelta(hours=6), True), (timedelta(hours=6, seconds=1), False)])
def test_freshness_is_measured_to_the_second(checks: Checks, age: timedelta, holds: bool) -> None:
    checks.now = NEWEST + age

    outcome = only(checks.run({"shop.orders": [fresh("ordered_at", 6)]}))

    assert (outcome.success, outcome.error) == (holds, None)


def test_freshness_of_a_date_column_counts_from_midnight_utc(checks: Checks) -> None:
    checks.now = datetime(2025, 10, 1, 12, tzinfo=UTC)

    run = checks.run({"shop.orders": [fresh("ordered_on", 12), fresh("ordered_on", 11.9)]})

    assert [outcome.success for outcome in run.outcomes] == [True, False]


def test_a_newest_row_in_the_future_is_not_fresh(checks: Checks) -> None:
    checks.now = NEWEST - timedelta(hours=2)

    assert only(checks.run({"shop.orders": [fresh("ordered_at", 100)]})).success is False


def test_a_table_without_any_timestamp_is_stale_and_not_from_1970(site: Site, checks: Checks) -> None:
    site.execute("CREATE TABLE shop.undated AS SELECT id, shipped_at FROM shop.orders WHERE shipped_at IS NULL")
    try:
        outcome = only(checks.run({"shop.undated": [fresh("shipped_at", 1_000_000)]}))
    finally:
        site.execute("DROP TABLE shop.undated")

    assert (outcome.success, outcome.observed_value) == (False, None)
    assert outcome.sentence is not None
    assert "no shipped_at at all" in outcome.sentence


@pytest.mark.parametrize("column", ["id", "lane", "region", "code"])
def test_a_column_that_holds_no_time_errs(checks: Checks, column: str) -> None:
    outcome = only(checks.run({"shop.orders": [fresh(column, 1_000_000)]}))

    assert outcome.success is None
    assert outcome.error is not None
    assert f"the newest {column} is no date or time" in outcome.error


def test_row_counts_are_compared_with_the_run_before(site: Site, checks: Checks) -> None:
    change = {"shop.growing": [{"expect_table_row_count_change_to_be_within": {"max_percent": 50}}]}
    sizes, holds = [4, 6, 10, 5], []
    try:
        for run_number, size in enumerate(sizes):
            checks.now = datetime(2025, 10, 1 + run_number, tzinfo=UTC)
            site.execute("DROP TABLE IF EXISTS shop.growing")
            site.execute(f"CREATE TABLE shop.growing AS SELECT id FROM shop.orders WHERE id <= {min(size, 8)}")
            if size > 8:
                site.execute(f"INSERT INTO shop.growing SELECT id FROM shop.orders WHERE id <= {size - 8}")
            holds.append(only(checks.run(change)).success)
    finally:
        site.execute("DROP TABLE shop.growing")

    assert holds == [
        abs(now - before) / before <= 0.5 for before, now in zip([sizes[0], *sizes[:-1]], sizes, strict=True)
    ]


def sums(source: str, table: str, **more: object) -> dict:
    arguments = {"column": "amount", "source": source, "source_table": table, "source_column": "cents"}
    return {"expect_column_sum_to_reconcile_with_source": {**arguments, "source_factor": 0.01, "unit": "usd", **more}}


def rows(source: str, table: str, **more: object) -> dict:
    return {"expect_table_row_count_to_reconcile_with_source": {"source": source, "source_table": table, **more}}


def percent_apart(here: float | Decimal, there: float | Decimal) -> float:
    return float(abs(Decimal(here) - Decimal(there)) / Decimal(there) * 100)


@pytest.fixture(params=["warehouse", "a SQL database"])
def source(request: pytest.FixtureRequest, site: Site, checks: Checks, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A source and its table: an earlier layer of the warehouse, or a database of its own, both with the ledger."""
    if request.param == "warehouse":
        checks.sources = {"warehouse": SqlSource("warehouse", checks.warehouse.connect)}
        yield "warehouse", "shop.ledger"
        return
    url = URL.create("sqlite", database=str(tmp_path / "books.sqlite"))
    engine = sa.create_engine(url)
    books = sa.Table("ledger", sa.MetaData(), *(sa.Column(column.name, column.type) for column in LEDGER.columns))
    with engine.begin() as connection:
        books.create(connection)
        connection.execute(sa.insert(books), LEDGER_ROWS)
    engine.dispose()
    checks.sources = {"books": SqlSource.at("books", url)}
    yield "books", "ledger"


def test_sums_reconcile_with_a_source_within_a_tolerance(checks: Checks, source: tuple[str, str]) -> None:
    booked = Decimal(sum(row["cents"] for row in BOOKED)) / 100
    apart = percent_apart(ORDERED, booked)
    assert 0 < apart < 1

    run = checks.run(
        {
            "shop.orders": [
                sums(*source, source_where={"state": "booked"}, tolerance_percent=round(apart + 0.01, 2)),
                sums(*source, source_where={"state": "booked"}, tolerance_percent=round(apart - 0.01, 2)),
                sums(*source, source_where={"state": "booked"}),
            ]
        }
    )

    assert [(outcome.success, outcome.error) for outcome in run.outcomes] == [
        (True, None),
        (False, None),
        (False, None),
    ]
    assert run.outcomes[0].sentence is not None
    assert "$1,055.89 in shop.orders, $1,060.59 " in run.outcomes[0].sentence


def test_rows_reconcile_over_a_window_a_condition_and_distinct_keys(checks: Checks, source: tuple[str, str]) -> None:
    window: dict[str, Any] = {"source_since_column": "booked_at", "source_since": SEPTEMBER, "source_until": OCTOBER}
    cases = [
        (rows(*source), len(LEDGER_ROWS)),
        (rows(*source, source_distinct="order_id"), len({row["order_id"] for row in LEDGER_ROWS})),
        (rows(*source, source_where={"state": "booked"}), len(BOOKED)),
        (rows(*source, source_where={"state": "booked"}, **window), len(IN_SEPTEMBER)),
    ]

    run = checks.run({"shop.customers": [case for case, _ in cases]})

    here = 4  # rows of shop.customers
    assert [outcome.success for outcome in run.outcomes] == [there == here for _, there in cases]
    for outcome, (_, there) in zip(run.outcomes, cases, strict=True):
        assert outcome.sentence is not None
        assert f"4 in shop.customers, {there} " in outcome.sentence


def test_a_source_that_lacks_the_table_errs_alone(checks: Checks, source: tuple[str, str]) -> None:
    name, _ = source

    run = checks.run({"shop.orders": [rows(name, "absent"), {"expect_table_row_count_to_equal": {"value": 8}}]})

    assert run.verdict is Verdict.ERRORED
    assert [outcome.success for outcome in run.outcomes] == [None, True]
    assert run.outcomes[0].error is not None
    assert name in run.outcomes[0].error
    assert "absent" in run.outcomes[0].error


def test_a_source_in_the_same_warehouse_needs_no_second_hold(warehouse: Warehouse, checks: Checks) -> None:
    checks.sources = {"warehouse": SqlSource("warehouse", warehouse.connect)}

    with warehouse.hold():
        run = checks.run({"shop.orders": [rows("warehouse", "shop.orders")]})

    assert run.verdict is Verdict.PASSED


def test_any_warehouse_can_be_the_source_of_another(site: Site, tmp_path: Path) -> None:
    """A reading leaves nothing open: the DuckDB file can be filled anew at once."""
    url = duckdb_url(tmp_path)
    fill(url)
    here = open_warehouse(url, wait_seconds=0)
    checks = Checks(tmp_path, here, {"elsewhere": SqlSource.at("elsewhere", site.url)})

    run = checks.run({"shop.orders": [rows("elsewhere", "shop.orders"), rows("elsewhere", '"Odd Shop"."Order"')]})
    here.release()

    assert [(outcome.success, outcome.error) for outcome in run.outcomes] == [(True, None), (False, None)]


def test_a_source_file_is_left_to_other_processes(tmp_path: Path) -> None:
    url = duckdb_url(tmp_path)
    fill(url)

    assert SqlSource.at("books", url).read(Measure("shop.ledger")) == len(LEDGER_ROWS)
    with OtherProcess(tmp_path / "warehouse.duckdb") as other:
        other.let_go()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("duckdb:////nowhere/books.duckdb", "no file /nowhere/books.duckdb"),
        ("nosuch://host/db", "no driver is installed"),
        ("snowflake://me:s3cret@127.0.0.1:9/db?account=a&protocol=http&login_timeout=1", "could not give shop.ledger"),
        ("postgresql://me:s3cret@127.0.0.1:9/db", "could not give shop.ledger"),
    ],
)
def test_a_source_that_cannot_be_had_says_which(url: str, says: str) -> None:
    with pytest.raises(SourceUnavailableError, match="the source 'books'") as caught:
        SqlSource.at("books", sa.make_url(url)).read(Measure("shop.ledger"))

    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_tables_are_as_these_tests_say(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        for table in TABLES.sorted_tables:
            held = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar()
            assert held == len(CONTENT[table])
