"""How new tables are, measured on every warehouse: by a column, by when their layer was built, by the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.freshness import FreshnessSpec, Measured, measure
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from gx.warehouse.table import TableName
from tests.warehouses.publishing import Layer

HOUR = timedelta(hours=1)
SYNCED = datetime(2026, 3, 4, 11, 30, 15, tzinfo=UTC)


def limits(table: str, column: str | None = None) -> FreshnessSpec:
    return FreshnessSpec(TableName.parse(table), "shop", column, HOUR, 2 * HOUR)


@pytest.fixture
def loads(warehouse: Warehouse) -> Iterator[Warehouse]:
    """A table with every kind of column that can hold when a row was loaded, and one that holds none."""
    with warehouse.connect() as connection:
        for statement in (
            "DROP SCHEMA IF EXISTS loads CASCADE",
            "CREATE SCHEMA loads",
            "CREATE TABLE loads.orders (id integer, synced timestamp, day date, said varchar(40))",
            "CREATE TABLE loads.nothing (id integer, synced timestamp)",
            "INSERT INTO loads.orders VALUES (1, '2026-03-04 11:30:15', '2026-03-04', '2026-03-04T11:30:15Z')",
            "INSERT INTO loads.orders VALUES (2, '2026-03-04 09:00:00', '2026-03-03', '2026-03-04T09:00:00Z')",
        ):
            connection.exec_driver_sql(statement)
    yield warehouse
    with warehouse.connect() as connection:
        connection.exec_driver_sql("DROP SCHEMA IF EXISTS loads CASCADE")


def statements_of(warehouse: Warehouse, specs: list[FreshnessSpec]) -> tuple[tuple[Measured, ...], list[str]]:
    sent: list[str] = []

    def note(*event: object) -> None:
        sent.append(str(event[2]))

    sa.event.listen(warehouse.engine, "before_cursor_execute", note)
    try:
        return measure(warehouse, specs), sent
    finally:
        sa.event.remove(warehouse.engine, "before_cursor_execute", note)


def test_the_newest_of_columns_of_several_types_is_measured_in_one_statement(loads: Warehouse) -> None:
    specs = [limits("loads.orders", column) for column in ("synced", "SYNCED", "day", "said")]
    measured, sent = statements_of(loads, specs)
    midnight = SYNCED.replace(hour=0, minute=0, second=0)
    assert [(each.newest, each.problem) for each in measured] == [
        (moment, None) for moment in (SYNCED, SYNCED, midnight, SYNCED)
    ]
    assert sum("max(" in statement.lower() for statement in sent) == 1
    assert len(sent) <= 4  # the catalog's three, and one


def test_a_table_without_rows_has_no_newest_and_is_measured_all_the_same(loads: Warehouse) -> None:
    (measured,) = measure(loads, [limits("loads.nothing", "synced")])
    assert (measured.newest, measured.problem) == (None, None)


def test_what_cannot_be_measured_says_why_and_takes_nothing_with_it(loads: Warehouse) -> None:
    wrong = [limits("loads.ordres", "synced"), limits("loads.nothing", "snyced")]
    gone, misspelt, right = measure(loads, [*wrong, limits("loads.orders", "synced")])
    assert "there is no table loads.ordres" in str(gone.problem)
    assert "loads.nothing has no column snyced (did you mean" in str(misspelt.problem)
    assert right.newest == SYNCED


def test_a_column_that_holds_no_time_is_no_measure_and_its_value_is_not_told(loads: Warehouse) -> None:
    wrong, right = measure(loads, [limits("loads.nothing", "synced"), limits("loads.orders", "id")])
    assert wrong.problem is None
    assert "no date or time but a value of type" in str(right.problem)


def test_a_published_layer_tells_when_it_was_built(warehouse: Warehouse) -> None:
    layer = Layer(warehouse)
    layer.clear()
    try:
        build = layer.publish(3)
        (measured,) = measure(warehouse, [limits("layer_one.facts")])
        assert measured.newest == build.built_at.replace(tzinfo=UTC)
    finally:
        layer.clear()


def test_where_nobody_keeps_when_a_table_changed_nothing_is_said_of_it(loads: Warehouse) -> None:
    (measured,) = measure(loads, [limits("loads.orders")])
    if loads.keeps_last_altered:
        assert measured.newest is not None or measured.problem is not None
    else:
        assert measured.newest is None
        assert "does not keep when a table changed" in str(measured.problem)


@pytest.mark.postgres
def test_a_table_that_may_not_be_read_leaves_the_others_measured(guarded: URL) -> None:
    warehouse = open_warehouse(guarded, wait_seconds=1)
    try:
        allowed, refused = measure(warehouse, [limits("shop.customers", "created_at"), limits("shop.orders", "id")])
    finally:
        warehouse.release()
    assert refused.problem is not None
    assert allowed.problem is None or "no column" in allowed.problem
