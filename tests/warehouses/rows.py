"""The same small tables for every warehouse, their rows known to the last cell."""
# ruff: noqa: DTZ001 - timestamps without a zone, as the tables have them

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, DateTime, Double, MetaData, Numeric, String, Table

Row = dict[str, Any]

TABLES = MetaData()
SCHEMA = "shop"

CUSTOMERS = Table(
    "customers",
    TABLES,
    Column("id", BigInteger, autoincrement=False),
    Column("name", String(40)),
    schema=SCHEMA,
)
ORDERS = Table(
    "orders",
    TABLES,
    Column("id", BigInteger, autoincrement=False),
    Column("code", String(20)),
    Column("region", String(20)),
    Column("lane", BigInteger),
    Column("amount", Numeric(18, 2)),
    Column("discount", Numeric(18, 2)),
    Column("score", Double),
    Column("paid", Boolean),
    Column("ordered_on", Date),
    Column("ordered_at", DateTime),
    Column("shipped_at", DateTime),
    Column("email", String(60)),
    Column("customer_id", BigInteger),
    Column("note", String(20)),  # NULL in every row
    schema=SCHEMA,
)
EMPTY = Table("nothing", TABLES, *(Column(column.name, column.type) for column in ORDERS.columns), schema=SCHEMA)
LEDGER = Table(
    "ledger", TABLES, Column("order_id", BigInteger), Column("cents", BigInteger), Column("state", String(10)),
    Column("booked_at", DateTime), schema=SCHEMA,
)  # fmt: skip

# Names that every warehouse has to be asked for in quotes: mixed case, reserved words, spaces, other alphabets.
ODD_SCHEMA = "Odd Shop"
ODD = Table(
    "Order",
    TABLES,
    Column("select", BigInteger),
    Column("Name x", String(20)),
    Column("größe_ß", BigInteger),
    Column("UPPER", String(20)),
    schema=ODD_SCHEMA,
)
ODD_PARENT = Table("Group", TABLES, Column("Key", String(20)), schema=ODD_SCHEMA)

_COLUMNS = [str(column.name) for column in ORDERS.columns]


def _order(*cells: Any) -> Row:
    row = dict(zip(_COLUMNS, cells, strict=True))
    for name in ("amount", "discount"):
        row[name] = None if row[name] is None else Decimal(row[name])
    for name in ("ordered_at", "shipped_at"):
        row[name] = None if row[name] is None else datetime.fromisoformat(row[name])
    row["ordered_on"] = None if row["ordered_on"] is None else date.fromisoformat(row["ordered_on"])
    return row


CUSTOMER_ROWS: list[Row] = [
    {"id": 1, "name": "Ada"},
    {"id": 2, "name": "Bo"},
    {"id": 3, "name": "Cy"},
    {"id": None, "name": "nobody"},  # a NULL parent must not let orphans pass
]

# Flaws, each on purpose: a code twice, a pair (region, lane) twice, NULLs, an orphan, a missing @, a ship date
# before the order's, a third decimal that must not be lost in a sum of 0.1s.
ORDER_ROWS: list[Row] = [
    _order(1, "A-001", "north", 1, "10.10", "1.10", 0.5, True, "2025-09-01", "2025-09-01T00:00:00",
           "2025-09-02T08:00:00", "ada@example.com", 1, None),
    _order(2, "A-002", "north", 2, "20.20", "0.00", 1.5, True, "2025-09-02", "2025-09-02T12:30:00",
           "2025-09-02T13:30:00", "bo@example.com", 2, None),
    _order(3, "A-002", "north", 2, "30.30", "30.30", 2.5, False, "2025-09-03", "2025-09-03T23:59:59",
           None, "cy@example.org", 3, None),
    _order(4, "B-01", "south", 1, "0.10", None, -1.0, True, "2025-09-15", "2025-09-15T10:00:00",
           "2025-09-14T10:00:00", "ada.example.com", 1, None),
    _order(5, None, "south", 2, "0.20", "0.10", None, None, "2025-09-30", "2025-09-30T23:59:59",
           None, None, 99, None),
    _order(6, "B-003", "west", 1, "999.99", "0.05", 10.25, False, "2025-10-01", "2025-10-01T00:00:00",
           "2025-10-05T00:00:00", "DEE@EXAMPLE.COM", None, None),
    _order(7, "b-004", "west", 2, None, "0.00", 3.0, True, None, None,
           None, "eve@example.com", 2, None),
    _order(8, "C%05", "west", 3, "-5.00", "0.00", 3.0, True, "2025-08-31", "2025-08-31T23:59:59",
           "2025-09-01T00:00:00", "fi@example.com", 3, None),
]  # fmt: skip

LEDGER_ROWS: list[Row] = [
    {"order_id": 1, "cents": 1010, "state": "booked", "booked_at": datetime(2025, 9, 1)},
    {"order_id": 2, "cents": 2020, "state": "booked", "booked_at": datetime(2025, 9, 2)},
    {"order_id": 2, "cents": 3030, "state": "booked", "booked_at": datetime(2025, 9, 30, 23, 59, 59)},
    {"order_id": 4, "cents": 7, "state": "void", "booked_at": datetime(2025, 9, 15)},
    {"order_id": 6, "cents": 99999, "state": "booked", "booked_at": datetime(2025, 10, 1)},
]

ODD_ROWS: list[Row] = [
    {"select": 1, "Name x": "ä", "größe_ß": 10, "UPPER": "k1"},
    {"select": 2, "Name x": None, "größe_ß": 20, "UPPER": "k2"},
    {"select": 2, "Name x": "日本", "größe_ß": -1, "UPPER": "k9"},
]
ODD_PARENT_ROWS: list[Row] = [{"Key": "k1"}, {"Key": "k2"}]

CONTENT: dict[Table, list[Row]] = {
    CUSTOMERS: CUSTOMER_ROWS,
    ORDERS: ORDER_ROWS,
    EMPTY: [],
    LEDGER: LEDGER_ROWS,
    ODD: ODD_ROWS,
    ODD_PARENT: ODD_PARENT_ROWS,
}
