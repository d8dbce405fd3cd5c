"""On every warehouse: the keys of failing rows are put on record, and excuse their failure up to the suite's share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema, DropSchema

from checkpoints.audit_copy import AuditCopy
from checkpoints.quarantining import find
from checkpoints.result import CheckpointRun, Verdict
from expectations.loader import load_suite
from gx.warehouse.base import Warehouse
from gx.warehouse.quarantine import OWN_COLUMNS, Failures, QuarantineTable
from gx.warehouse.table import TableName
from tests.warehouses.checking import Checks

POSITIVE: dict[str, Any] = {"expect_column_values_to_be_between": {"column": "amount", "min_value": 1}}
SMALL: dict[str, Any] = {"expect_column_values_to_be_between": {"column": "amount", "min_value": -5}}
KNOWN: dict[str, Any] = {"expect_column_values_to_not_be_null": {"column": "kind"}}
UNIQUE: dict[str, Any] = {"expect_column_values_to_be_unique": {"column": "id"}}
FEW: dict[str, Any] = {"expect_column_sum_to_be_between": {"column": "amount", "max_value": 1}}
LEAVE_OUT = {"max_percent": 10, "leave_out": True}
QUARANTINE = "quarantine_store__sales"


@dataclass
class Sales:
    """A table ``store.sales`` of 20 rows, its suite, and its quarantine."""

    checks: Checks
    table: sa.Table

    @property
    def warehouse(self) -> Warehouse:
        return self.checks.warehouse

    def ask(self, statement: Any) -> list[tuple[Any, ...]]:
        with self.warehouse.connect() as connection:
            result = connection.execute(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    def set(self, number: int, **values: Any) -> None:
        """Change the row whose `id` is the number."""
        self.ask(sa.update(self.table).where(self.table.c.id == number).values(**values))

    def check(self, *expectations: dict[str, Any], **settings: Any) -> CheckpointRun:
        suite = {"keys": ["id"], "quarantine": LEAVE_OUT, **settings}
        return self.checks.run({"store.sales": expectations}, **suite)

    def kept(self, *keys: str, name: str = QUARANTINE) -> list[tuple[Any, ...]]:
        """The keys on record with their ingest, and whether its load leaves them out."""
        columns: list[sa.ColumnClause[Any]] = [sa.column(key) for key in keys or ("id",)]
        table = sa.table(name, schema="data_quality")
        rows = self.ask(sa.select(*columns, sa.column("ingest_id"), sa.column("left_out")).select_from(table))
        return sorted((*row[:-1], bool(row[-1])) for row in rows)


@pytest.fixture
def sales(checks: Checks) -> Iterator[Sales]:
    columns: list[sa.Column[Any]] = [
        sa.Column("id", sa.Integer()),
        sa.Column("amount", sa.Integer()),
        sa.Column("kind", sa.String(10)),
    ]
    table = sa.Table("sales", sa.MetaData(), *columns, schema="store")
    with checks.warehouse.connect() as connection:
        connection.execute(CreateSchema("store"))
        table.create(connection, checkfirst=False)
        connection.execute(sa.insert(table), [{"id": n, "amount": n, "kind": "a"} for n in range(1, 21)])
    yield Sales(checks, table)
    with checks.warehouse.connect() as connection:
        for schema in ("store", "data_quality"):
            connection.execute(DropSchema(schema, cascade=True, if_exists=True))


def test_a_failing_row_is_on_record_and_its_failure_only_warns(sales: Sales) -> None:
    sales.set(7, amount=-1)
    run = sales.check(POSITIVE)
    assert run.verdict is Verdict.WARNED
    assert run.gate_reasons() == (
        "1 row of store.sales is quarantined (5.0 %, 10 % allowed) and left out of the next load",
    )
    assert sales.checks.gate().is_open
    assert sales.kept() == [(7, "ingest-1", True)]
    (row,) = sales.ask(sa.select(sa.text("*")).select_from(sa.table(QUARANTINE, schema="data_quality")))
    assert row[1:5] == ("store.sales", "expect_column_values_to_be_between: amount", "ingest-1", run.run_id)
    assert len(row) == 1 + len(OWN_COLUMNS)


def test_nothing_is_made_where_nothing_fails(sales: Sales) -> None:
    run = sales.check(POSITIVE)
    assert (run.verdict, run.notes) == (Verdict.PASSED, ())
    assert [scan.statements for scan in run.scans] == [1]
    with pytest.raises(sa.exc.SQLAlchemyError):
        sales.kept()


def test_up_to_the_share_the_gate_opens_and_beyond_it_closes(sales: Sales) -> None:
    sales.set(1, amount=-1)
    sales.set(2, amount=-1)
    assert sales.check(POSITIVE).verdict is Verdict.WARNED  # 2 of 20: exactly 10 %
    sales.set(3, amount=-1)
    run = sales.check(POSITIVE)
    assert run.verdict is Verdict.FAILED
    note = "3 rows of store.sales are quarantined (15.0 %), but not left out: more than the 10 % that may be left out"
    assert run.gate_reasons()[0] == note
    assert not sales.checks.gate().is_open
    assert sales.kept() == [(n, "ingest-1", False) for n in (1, 2, 3)]


def test_rows_that_are_only_recorded_close_the_gate(sales: Sales) -> None:
    sales.set(7, amount=-1)
    run = sales.check(POSITIVE, quarantine={"max_percent": 10})
    assert run.verdict is Verdict.FAILED
    assert run.notes == ("1 row of store.sales is quarantined (5.0 %)",)
    assert sales.kept() == [(7, "ingest-1", False)]


def test_a_row_without_a_key_keeps_the_gate_closed(sales: Sales) -> None:
    sales.set(6, amount=-1)
    sales.set(7, id=None, amount=-1)
    run = sales.check(POSITIVE)
    assert run.verdict is Verdict.FAILED
    assert "but not left out: rows that fail have no id" in run.notes[0]
    assert sales.kept() == [(6, "ingest-1", False)]


def test_a_row_that_fails_twice_counts_once(sales: Sales) -> None:
    sales.set(7, amount=-9, kind=None)
    sales.set(8, amount=-9)
    run = sales.check(POSITIVE, KNOWN, SMALL)  # five failures; two rows, which are all that may be left out
    assert run.verdict is Verdict.WARNED
    assert run.notes[0].startswith("2 rows of store.sales are quarantined (10.0 %, 10 % allowed)")
    assert [key for key, *_ in sales.kept()] == [7, 7, 7, 8, 8]


def test_every_row_of_a_repeated_key_is_left_out(sales: Sales) -> None:
    sales.set(7, id=8)
    run = sales.check(UNIQUE)
    assert run.verdict is Verdict.WARNED
    assert run.notes[0].startswith("2 rows of store.sales are quarantined")
    assert sales.kept() == [(8, "ingest-1", True)]


def test_what_names_no_rows_is_never_excused(sales: Sales) -> None:
    sales.set(7, amount=-1)
    run = sales.check(POSITIVE, FEW)
    assert run.verdict is Verdict.FAILED
    assert [outcome.blocks for outcome in run.outcomes] == [False, True]
    assert not sales.checks.gate().is_open


def test_what_does_not_block_is_not_recorded(sales: Sales) -> None:
    sales.set(7, amount=-1)
    run = sales.check({**POSITIVE, "severity": "warning"})
    assert (run.verdict, run.notes) == (Verdict.WARNED, ())


def test_a_check_of_the_same_ingest_replaces_what_is_on_record(sales: Sales) -> None:
    sales.set(7, amount=-1)
    sales.check(POSITIVE)
    sales.set(7, amount=1)
    sales.set(8, amount=-1)
    sales.check(POSITIVE)
    assert sales.kept() == [(8, "ingest-1", True)]
    sales.set(8, amount=1)
    assert sales.check(POSITIVE).verdict is Verdict.PASSED
    assert sales.kept() == []


def test_another_ingest_leaves_what_is_on_record_alone_until_it_is_old(sales: Sales) -> None:
    of_last_check: sa.Select[Any] = sa.select(sa.column("of_last_check", sa.Boolean)).select_from(
        sa.table(QUARANTINE, schema="data_quality")
    )
    sales.set(7, amount=-1)
    sales.check(POSITIVE)
    assert sales.ask(of_last_check) == [(True,)]
    sales.set(7, amount=1)
    sales.checks.ingest_id = "ingest-2"
    sales.check(POSITIVE)
    assert sales.kept() == [(7, "ingest-1", True)]
    assert sales.ask(of_last_check) == [(False,)]
    sales.checks.now += timedelta(days=401)
    sales.checks.ingest_id = "ingest-3"
    sales.check(POSITIVE)
    assert sales.kept() == []


def test_the_statements_are_few_however_many_expectations_fail(sales: Sales) -> None:
    sales.set(7, amount=-9, kind=None)
    counted = [sales.check(*failing).scans[0].statements for failing in ([POSITIVE], [POSITIVE, KNOWN, SMALL])]
    shown = 1  # of each failing expectation, by its keys
    assert [count - shown * failing for count, failing in zip(counted, (1, 3), strict=True)] == [
        8,
        6,
    ]  # the first made the table


@pytest.mark.parametrize("spoil", ["a view in its place", "another key"])
def test_what_cannot_be_written_excuses_nothing(sales: Sales, spoil: str) -> None:
    sales.set(7, amount=-1)
    if spoil == "another key":
        sales.check(KNOWN, POSITIVE, keys=["kind"])
        sales.check(KNOWN)
    else:
        with sales.warehouse.connect() as connection:
            connection.execute(CreateSchema("data_quality", if_not_exists=True))
            connection.exec_driver_sql(f"CREATE VIEW data_quality.{QUARANTINE} AS SELECT 1 AS id")
    run = sales.check(POSITIVE)
    assert run.verdict is Verdict.ERRORED
    assert any("rows of store.sales could not be quarantined, so nothing is left out" in r for r in run.gate_reasons())
    assert [outcome.blocks for outcome in run.outcomes] == [True]
    assert not sales.checks.gate().is_open


def test_rows_fail_also_where_only_the_new_ones_were_read(sales: Sales) -> None:
    arrivals = {"arrivals": {"column": "id"}}
    sales.set(7, amount=-1)
    sales.check(POSITIVE, **arrivals)
    sales.ask(sa.insert(sales.table).values(id=21, amount=-1, kind="a"))
    run = sales.check(POSITIVE, **arrivals)
    assert [scan.new_rows_only for scan in run.scans] == [True]
    assert run.verdict is Verdict.WARNED
    assert sales.kept() == [(7, "ingest-1", True), (21, "ingest-1", True)]


def test_another_suite_of_the_table_takes_nothing_off_the_record_and_shares_the_share(sales: Sales) -> None:
    sales.set(7, amount=-1)
    sales.set(8, kind=None)
    sales.check(POSITIVE)
    run = sales.check(KNOWN, name="kinds")
    assert run.notes[0].startswith("2 rows of store.sales are quarantined (10.0 %, 10 % allowed)")
    assert sales.kept() == [(7, "ingest-1", True), (8, "ingest-1", True)]
    sales.set(9, kind=None)
    assert sales.check(KNOWN, name="kinds").verdict is Verdict.FAILED
    assert sales.kept() == [(7, "ingest-1", True), (8, "ingest-1", False), (9, "ingest-1", False)]


def test_rows_that_changed_since_they_were_counted_are_not_left_out(sales: Sales) -> None:
    sales.set(7, amount=-1)
    sales.check(POSITIVE)
    found = sales.warehouse.find_tables([name := TableName.parse("store.sales")])
    table = QuarantineTable(QUARANTINE, found[name], ["id"])
    suite = load_suite(sales.checks.directory / "expectations" / "suites" / "0.yml")
    moment = sales.checks.now
    run = CheckpointRun("run", "all", "ingest-1", moment, moment, ())
    (quarantine,) = find(sales.warehouse, [suite], found, AuditCopy(), run, 400).values()
    for counted, excused in ((1, True), (2, False), (0, False)):
        failing = Failures("x", sa.column("amount") < 1, sales.table, counted)
        with sales.warehouse.connect() as connection:
            kept = table.fill(connection.execute, quarantine.check, [failing])
        assert (kept.changed, quarantine.excuses(kept)) == (not excused, excused)


KEYS = [
    (sa.String(20), [f"k'{n}\"%" for n in range(1, 21)]),
    (sa.Numeric(20, 4), [Decimal(n) / 3 for n in range(1, 21)]),
    (sa.Date(), [date(2025, 9, n) for n in range(1, 21)]),
    (sa.Float(), [n / 7 for n in range(1, 21)]),
    (sa.Boolean(), [n == 7 for n in range(1, 21)]),
]


@pytest.mark.parametrize(("kind", "values"), KEYS, ids=lambda value: type(value).__name__)
def test_keys_keep_their_type_and_odd_names_their_spelling(checks: Checks, kind: Any, values: list[Any]) -> None:
    names = ['Größe & "x"', "Order", "amount"]
    columns = [sa.Column(names[0], kind, quote=True), sa.Column("Order", sa.Integer(), quote=True)]
    table = sa.Table("Odd. Sales", sa.MetaData(), *columns, sa.Column("amount", sa.Integer()), schema="Odd store",
                     quote=True, quote_schema=True)  # fmt: skip
    rows = [dict(zip(names, (value, n, -1 if n == 7 else n), strict=True)) for n, value in enumerate(values, 1)]
    sales = Sales(checks, table)
    with checks.warehouse.connect() as connection:
        connection.execute(CreateSchema("Odd store"))
        table.create(connection, checkfirst=False)
        connection.execute(sa.insert(table), rows)
    try:
        keys = {"keys": ['"Größe & ""x"""', "order"], "quarantine": LEAVE_OUT}
        run = checks.run({'"Odd store"."Odd. Sales"': [POSITIVE]}, **keys)
        assert run.verdict is Verdict.WARNED, run.reasons()
        names_there = sa.inspect(checks.warehouse.engine).get_table_names(schema="data_quality")
        (name,) = (name for name in names_there if name.lower().startswith("quarantine_odd_store_odd_sales___"))
        (kept,) = sales.kept(*names[:2], name=name.lower())
        failing = sa.select(*table.c[*names[:2]]).where(table.c.amount == -1)
        assert [kept] == [(*key, "ingest-1", True) for key in sales.ask(failing)]
    finally:
        with checks.warehouse.connect() as connection:
            for schema in ("Odd store", "data_quality"):
                connection.execute(DropSchema(schema, cascade=True, if_exists=True))
