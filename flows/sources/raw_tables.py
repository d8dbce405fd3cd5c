"""The raw tables as Fivetran lands them: the one definition that landing, emulators and tests share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa
from sqlalchemy import BigInteger, Boolean, Column, DateTime, MetaData, String, Table
from sqlalchemy.types import TypeEngine

SYNCED = "_fivetran_synced"
DELETED = "_fivetran_deleted"

TEXT = pa.string()
INT = pa.int64()
BOOL = pa.bool_()
TIME = pa.timestamp("us")
"""UTC without a zone."""


def _sql_type(kind: pa.DataType) -> TypeEngine[Any]:
    if kind == INT:
        return BigInteger()
    if kind == BOOL:
        return Boolean()
    if kind == TIME:
        return DateTime()
    return String()


@dataclass(frozen=True)
class RawTable:
    """One raw table: its place, key and columns.

    Attributes:
        schema: `raw_stripe` or `raw_postgres`.
        name: the table's name, the same at the source.
        key: the primary key; a normal sync keeps one row for each.
        source_columns: the columns that come from the source; landing adds the `_fivetran_*` ones.
        cursor: the column an incremental sync goes by.
        soft_delete: whether Fivetran adds `_fivetran_deleted` (it does for databases, not for Stripe).
    """

    schema: str
    name: str
    key: str
    cursor: str
    source_columns: tuple[tuple[str, pa.DataType], ...]
    soft_delete: bool = field(default=False)

    @property
    def full_name(self) -> str:
        """`schema.name`."""
        return f"{self.schema}.{self.name}"

    @cached_property
    def source_schema(self) -> pa.Schema:
        """The Arrow schema of what the source gives."""
        return pa.schema(self.source_columns)

    @cached_property
    def schema_in_raw(self) -> pa.Schema:
        """The Arrow schema of what is landed."""
        extra = ((DELETED, BOOL),) if self.soft_delete else ()
        return pa.schema((*self.source_columns, *extra, (SYNCED, TIME)))

    def sqlalchemy_table(self) -> Table:
        """The table for SQLAlchemy, without constraints: raw takes whatever a sync sends, twice if need
        be.
        """
        columns = (Column(column.name, _sql_type(column.type)) for column in self.schema_in_raw)
        return Table(self.name, MetaData(schema=self.schema), *columns)


CHARGES = RawTable(
    "raw_stripe",
    "charges",
    "id",
    "created",
    (
        ("id", TEXT),
        ("amount", INT),
        ("amount_refunded", INT),
        ("currency", TEXT),
        ("customer_id", TEXT),
        ("description", TEXT),
        ("status", TEXT),
        ("paid", BOOL),
        ("captured", BOOL),
        ("refunded", BOOL),
        ("livemode", BOOL),
        ("receipt_email", TEXT),
        ("balance_transaction_id", TEXT),
        ("failure_code", TEXT),
        ("created", TIME),
    ),
)
CUSTOMERS = RawTable(
    "raw_stripe",
    "customers",
    "id",
    "created",
    (
        ("id", TEXT),
        ("email", TEXT),
        ("name", TEXT),
        ("currency", TEXT),
        ("delinquent", BOOL),
        ("livemode", BOOL),
        ("created", TIME),
    ),
)
SUBSCRIPTIONS = RawTable(
    "raw_stripe",
    "subscriptions",
    "id",
    "created",
    (
        ("id", TEXT),
        ("customer_id", TEXT),
        ("plan_id", TEXT),
        ("quantity", INT),
        ("status", TEXT),
        ("cancel_at_period_end", BOOL),
        ("current_period_start", TIME),
        ("current_period_end", TIME),
        ("start_date", TIME),
        ("canceled_at", TIME),
        ("ended_at", TIME),
        ("livemode", BOOL),
        ("created", TIME),
    ),
)
PLANS = RawTable(
    "raw_stripe",
    "plans",
    "id",
    "created",
    (
        ("id", TEXT),
        ("product_id", TEXT),
        ("nickname", TEXT),
        ("amount", INT),
        ("currency", TEXT),
        ("billing_interval", TEXT),
        ("interval_count", INT),
        ("active", BOOL),
        ("livemode", BOOL),
        ("created", TIME),
    ),
)
USERS = RawTable(
    "raw_postgres",
    "users",
    "user_id",
    "updated_at",
    (
        ("user_id", INT),
        ("email", TEXT),
        ("name", TEXT),
        ("country", TEXT),
        ("created_at", TIME),
        ("updated_at", TIME),
    ),
    soft_delete=True,
)
EVENTS = RawTable(
    "raw_postgres",
    "events",
    "event_id",
    "occurred_at",
    (("event_id", INT), ("user_id", INT), ("event_type", TEXT), ("occurred_at", TIME)),
    soft_delete=True,
)
SESSIONS = RawTable(
    "raw_postgres",
    "sessions",
    "session_id",
    "session_start",
    (
        ("session_id", INT),
        ("user_id", INT),
        ("session_start", TIME),
        ("session_end", TIME),
        ("device_type", TEXT),
        ("browser", TEXT),
    ),
    soft_delete=True,
)
PAGE_VIEWS = RawTable(
    "raw_postgres",
    "page_views",
    "page_view_id",
    "viewed_at",
    (
        ("page_view_id", INT),
        ("session_id", INT),
        ("user_id", INT),
        ("path", TEXT),
        ("viewed_at", TIME),
    ),
    soft_delete=True,
)

STRIPE_TABLES = (CHARGES, CUSTOMERS, SUBSCRIPTIONS, PLANS)
"""In the order a sync pulls them."""
POSTGRES_TABLES = (USERS, EVENTS, SESSIONS, PAGE_VIEWS)
