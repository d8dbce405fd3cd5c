"""The emulator behaves as Snowflake does where these tests lean on it; without that their verdicts mean nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ProgrammingError

from tests.warehouses.rows import CONTENT, ORDER_ROWS, ORDERS
from tests.warehouses.sites import Site

pytestmark = pytest.mark.snowflake


@pytest.fixture
def connection(snowflake: Site) -> Iterator[Connection]:
    warehouse = snowflake.open()
    with warehouse.connect() as opened:
        yield opened
    warehouse.release()


@pytest.mark.parametrize("table", CONTENT, ids=lambda table: str(table.name))
def test_rows_come_back_as_they_went_in(connection: Connection, table: sa.Table) -> None:
    rows = [dict(row._mapping) for row in connection.execute(sa.select(table))]

    assert rows == CONTENT[table]


def test_sums_of_money_are_exact_and_null_timestamps_stay_null(connection: Connection) -> None:
    total = connection.execute(sa.select(sa.func.sum(ORDERS.c.amount))).scalar()
    unshipped = connection.execute(sa.select(sa.func.max(ORDERS.c.shipped_at)).where(ORDERS.c.id == 3)).scalar()

    assert isinstance(total, Decimal)
    assert total == sum(row["amount"] for row in ORDER_ROWS if row["amount"] is not None)
    assert unshipped is None


@pytest.mark.parametrize(
    "statement", ["SELECT nothing FROM shop.orders", "SELECT * FROM shop.gone", "SELECT FROM WHERE", "EXPLAIN SELECT 1"]
)
def test_what_fails_is_an_error_at_once(connection: Connection, statement: str) -> None:
    started = time.monotonic()

    with pytest.raises(ProgrammingError):
        connection.exec_driver_sql(statement)
    assert time.monotonic() - started < 5


def test_a_session_makes_no_database(snowflake: Site) -> None:
    warehouse = snowflake.open(url=snowflake.url.set(database="fresh/public"))
    with warehouse.connect() as connection:
        connection.execute(sa.select(1))
    warehouse.release()

    with pytest.raises(ProgrammingError):
        snowflake.execute("CREATE TABLE fresh.public.t (n NUMBER)")
