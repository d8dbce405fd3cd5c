"""Less than a scan: what only the new rows were read for is what reading all of them gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import great_expectations.expectations as core
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import URL

from expectations.foreign_key import ExpectColumnValuesToExistInTable
from gx.scan.arrivals import Arrivals
from gx.scan.batch import TableBatch
from gx.scan.scan_state import ScanState
from gx.scan.suite import validate
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from gx.warehouse.table import CatalogTable, TableName

NOW = datetime(2025, 10, 1, tzinfo=UTC)
START = datetime(2025, 9, 1)  # noqa: DTZ001 - the column has no zone
TABLE = TableName.parse("raw.charges")
FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 5}
SUITE = (
    core.ExpectTableRowCountToBeBetween(min_value=1),
    core.ExpectColumnValuesToBeUnique(column="id"),
    core.ExpectCompoundColumnsToBeUnique(column_list=["id", "currency"]),
    core.ExpectColumnValuesToNotBeNull(column="amount"),
    core.ExpectColumnValuesToBeBetween(column="amount", min_value=0, max_value=500),
    core.ExpectColumnValuesToBeInSet(column="currency", value_set=["usd", "eur"]),
    core.ExpectColumnSumToBeBetween(column="amount", min_value=0),
    core.ExpectColumnMinToBeBetween(column="amount", min_value=0),
    core.ExpectColumnMaxToBeBetween(column="synced", min_value=START),
    core.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="amount", column_B="id", ignore_row_if="either_value_is_missing"
    ),
    core.ExpectColumnValuesToBeInSet(
        column="currency", value_set=["usd"], row_condition='col("amount") > 100', condition_parser="great_expectations"
    ),
)
# None of these can be kept up to date from new rows: they are read from all rows, beside the others.
NEED_ALL_ROWS = (
    core.ExpectColumnMedianToBeBetween(column="amount", min_value=0),
    core.ExpectColumnMaxToBeBetween(column="currency"),
    core.ExpectColumnUniqueValueCountToBeBetween(column="currency", min_value=1),
    ExpectColumnValuesToExistInTable(column="currency", parent_table="raw.currencies", parent_column="code"),
)


@dataclass
class Charges:
    """A table that grows, and what is kept of its scans."""

    warehouse: Warehouse
    state: ScanState | None = None
    arrived: int = 0

    def table(self) -> CatalogTable:
        """The table as it is now."""
        return self.warehouse.find_tables([TABLE])[TABLE]

    def arrive(self, rows: Sequence[tuple[int | None, Decimal | None, str]]) -> None:
        """One ingest: all its rows arrive at one time, later than any before."""
        self.arrived += 1
        synced = START + timedelta(hours=self.arrived)
        if rows:
            values = [value for row in rows for value in (*row, synced)]
            self.execute(f"INSERT INTO raw.charges VALUES {', '.join(['(?, ?, ?, ?)'] * len(rows))}", *values)

    def execute(self, statement: str, *values: Any) -> None:
        with self.warehouse.connect() as connection:
            connection.exec_driver_sql(statement, tuple(values))

    def check(self, suite: Sequence[Any] = SUITE, **others: Any) -> Arrivals:
        """Check incrementally, as the next run would, and compare with a scan of all rows."""
        arrivals = Arrivals("raw.charges", "synced", self.state, NOW, **others)
        batch = TableBatch.of(self.warehouse, self.table(), "raw.charges")
        found = [result.to_json_dict() for result in validate(batch, suite, FORMAT, arrivals)]
        whole = TableBatch.of(self.warehouse, batch.table, "raw.charges")
        assert found == [result.to_json_dict() for result in validate(whole, suite, FORMAT)]
        if arrivals.after is not None:
            self.state = ScanState.from_json(json.loads(json.dumps(arrivals.after.to_json())))
            assert self.state == arrivals.after
        return arrivals


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    file: Path = tmp_path_factory.mktemp("arrivals") / "warehouse.duckdb"
    opened = open_warehouse(URL.create("duckdb", database=str(file)), wait_seconds=1)
    opened.create()  # type: ignore[attr-defined]
    with opened.connect() as connection:
        connection.exec_driver_sql("CREATE SCHEMA raw")
        connection.exec_driver_sql("CREATE TABLE raw.currencies AS SELECT unnest(['usd', 'eur', 'gbp']) AS code")
    with opened.hold():
        yield opened
    opened.release()


@pytest.fixture
def charges(warehouse: Warehouse) -> Charges:
    return new_table(warehouse)


def new_table(warehouse: Warehouse) -> Charges:
    with warehouse.connect() as connection:
        columns = "id BIGINT, amount DECIMAL(18, 2), currency VARCHAR, synced TIMESTAMP"
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE raw.charges ({columns})")
    return Charges(warehouse)


def rows(first: int, number: int, currency: str = "usd") -> list[tuple[int | None, Decimal | None, str]]:
    return [
        (identifier, Decimal(identifier) + Decimal("0.25"), currency) for identifier in range(first, first + number)
    ]


@pytest.fixture
def known(charges: Charges) -> Charges:
    """A table of ten rows, scanned once."""
    charges.arrive(rows(1, 10))
    assert "nothing is kept of an earlier scan" in str(charges.check().why_all)
    return charges


def test_rows_that_arrived_later_are_all_that_is_read(known: Charges) -> None:
    known.arrive(rows(11, 5))
    assert known.check().why_all is None
    assert known.state is not None
    assert (known.state.rows, known.state.watermark) == (15, START + timedelta(hours=2))


def test_a_check_of_nothing_new_reads_nothing_new(known: Charges) -> None:
    assert known.check().why_all is None
    assert known.check().why_all is None


def test_the_new_rows_of_a_table_are_read_in_one_statement_and_one_more_for_each_key(known: Charges) -> None:
    known.arrive(rows(11, 5))
    sent: list[str] = []
    listen = sa.event.listen
    listen(known.warehouse.engine, "before_cursor_execute", lambda _c, _cur, statement, *_: sent.append(statement))
    known.check(SUITE[:10])
    incremental = [statement for statement in sent if "raw" in statement and "charges" in statement]
    # One asks whether anything is later than the new watermark; the last one is the comparison's own scan of all rows.
    assert len([statement for statement in incremental if "information_schema" not in statement]) == 1 + 2 + 1 + 1


def test_what_cannot_be_kept_up_to_date_is_read_from_all_rows(charges: Charges) -> None:
    suite = (*SUITE, *NEED_ALL_ROWS)
    charges.arrive(rows(1, 10))
    charges.check(suite)
    charges.arrive([*rows(11, 5, "gbp"), (16, None, "chf")])
    assert charges.check(suite).why_all is None


def test_a_parent_that_goes_away_is_noticed_without_a_new_row(charges: Charges) -> None:
    charges.arrive(rows(1, 3, "gbp"))
    charges.check(NEED_ALL_ROWS)
    charges.execute("DELETE FROM raw.currencies WHERE code = 'gbp'")
    try:
        assert charges.check(NEED_ALL_ROWS).why_all is None
    finally:
        charges.execute("INSERT INTO raw.currencies VALUES ('gbp')")


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DELETE FROM raw.charges WHERE id = 3", "added, changed or deleted"),
        ("UPDATE raw.charges SET synced = '2026-01-01', amount = -1 WHERE id = 3", "added, changed or deleted"),
        ("INSERT INTO raw.charges VALUES (99, 1, 'usd', '2025-08-01')", "added, changed or deleted"),
        ("INSERT INTO raw.charges VALUES (99, 1, 'usd', NULL)", "added, changed or deleted"),
        ("INSERT INTO raw.charges SELECT 99, 1, 'usd', max(synced) FROM raw.charges", "added, changed or deleted"),
        ("INSERT INTO raw.charges VALUES (3, 1, 'usd', '2026-01-01')", "the key of an earlier one"),
        ("INSERT INTO raw.charges VALUES (98, 1, 'usd', '2026-01-01'), (98, 1, 'usd', '2026-01-01')", "more than once"),
        ("TRUNCATE raw.charges", "added, changed or deleted"),
    ],
)
def test_on_a_doubt_all_rows_are_read(known: Charges, statement: str, why: str) -> None:
    known.execute(statement)
    assert why in str(known.check().why_all)


@pytest.mark.parametrize(
    ("kind", "before", "later"),
    [
        ("DOUBLE", ["5", "6"], ["'nan'"]),
        ("DOUBLE", ["'nan'", "1"], ["-5"]),
        ("DOUBLE", ["1e308"], ["1e308"]),
        ("DECIMAL(38, 2)", ["1e35::DECIMAL(38, 2)"], ["0.01", "-1e35::DECIMAL(38, 2)"]),
        ("DECIMAL(38, 0)", ["9e37::DECIMAL(38, 0)"], ["9e37::DECIMAL(38, 0)"]),
        ("HUGEINT", ["170141183460469231731687303715884105727"], ["1"]),
        ("BIGINT", ["9223372036854775807"], ["1"]),
    ],
)
def test_numbers_that_do_not_add_up_in_python_as_in_the_warehouse(
    charges: Charges, kind: str, before: list[str], later: list[str]
) -> None:
    suite = [make(column="x") for make in (_least, _greatest, _total)]
    charges.execute(f"CREATE OR REPLACE TABLE raw.charges (x {kind}, synced TIMESTAMP)")
    for hour, values in enumerate([before, *([value] for value in later)]):
        for value in values:
            charges.execute(f"INSERT INTO raw.charges VALUES ({value}, '2025-09-01 {hour:02}:00:00')")
        charges.check(suite)


def _least(column: str) -> Any:
    return core.ExpectColumnMinToBeBetween(column=column, min_value=-1)


def _greatest(column: str) -> Any:
    return core.ExpectColumnMaxToBeBetween(column=column, max_value=100)


def _total(column: str) -> Any:
    return core.ExpectColumnSumToBeBetween(column=column, min_value=0.01)


@pytest.mark.parametrize(
    ("kind", "other"), [("DECIMAL(18, 2)", "DOUBLE"), ("DATE", "TIMESTAMP"), ("TIMESTAMP", "TIMESTAMPTZ")]
)
def test_a_column_of_another_type_is_read_from_all_rows(charges: Charges, kind: str, other: str) -> None:
    value = "1" if kind.startswith("DEC") else "'2025-09-01'"
    suite = [core.ExpectColumnMaxToBeBetween(column="x"), core.ExpectTableRowCountToBeBetween(min_value=1)]
    charges.execute(f"CREATE OR REPLACE TABLE raw.charges (x {kind}, synced TIMESTAMP)")
    charges.execute(f"INSERT INTO raw.charges VALUES ({value}, '2025-09-01')")
    charges.check(suite)
    charges.execute(f"ALTER TABLE raw.charges ALTER x TYPE {other}")
    charges.execute(f"INSERT INTO raw.charges VALUES ({value}, '2025-09-02')")
    assert charges.check(suite).why_all == "the table's columns changed"
    assert charges.check(suite).why_all is None


@pytest.mark.parametrize(
    ("kind", "first", "late"),
    [
        ("TIMESTAMP_NS", ["2025-09-01 00:00:00.000000001", "2025-09-01 00:00:00.000000003"], "2025-08-31"),
        ("TIMESTAMP", ["2025-09-01", "infinity"], "2025-08-31"),
        ("FLOAT", ["0.1", "0.3"], "0.2"),
    ],
)
def test_a_watermark_that_python_cannot_hold_hides_no_late_row(
    charges: Charges, kind: str, first: list[str], late: str
) -> None:
    suite = [core.ExpectColumnValuesToBeUnique(column="id"), core.ExpectTableRowCountToBeBetween(min_value=1)]
    charges.execute(f"CREATE OR REPLACE TABLE raw.charges (id BIGINT, synced {kind})")
    for identifier, synced in enumerate(first):
        charges.execute(f"INSERT INTO raw.charges VALUES ({identifier}, '{synced}')")
    charges.check(suite)
    charges.execute(f"INSERT INTO raw.charges VALUES (0, '{late}')")
    charges.check(suite)


def test_what_a_check_leaves_out_is_not_known_to_the_next(known: Charges) -> None:
    known.arrive([(3, None, "usd"), (11, Decimal(5000), "usd")])
    assert known.check(SUITE[:1]).why_all is None
    assert known.check().why_all == "the suite changed"


def test_what_only_a_median_needs_stays_unknown_and_asks_for_no_full_scan(known: Charges) -> None:
    suite = (*SUITE[:1], *NEED_ALL_ROWS[:1])
    known.check(suite, why_all="a full scan was asked for")
    for first in (11, 12):
        known.arrive([(first, None, "usd")])
        assert known.check(suite).why_all is None
    known.check((*suite, SUITE[3]))


def test_the_rows_of_another_table_are_all_counted(known: Charges) -> None:
    suite = (core.ExpectTableRowCountToEqualOtherTable(other_table_name="other"),)
    known.execute("CREATE OR REPLACE TABLE raw.other AS FROM raw.charges")
    known.check(suite, why_all="a full scan was asked for")
    known.execute("DELETE FROM raw.other WHERE id < 5")
    assert known.check(suite).why_all is None


def test_sums_of_floats_are_of_all_rows(charges: Charges) -> None:
    charges.execute("CREATE OR REPLACE TABLE raw.charges (x DOUBLE, synced TIMESTAMP)")
    for hour, value in enumerate(("0.1", "0.2", "0.3")):
        charges.execute(f"INSERT INTO raw.charges VALUES ({value}, '2025-09-01 {hour:02}:00:00')")
        assert (charges.check([_total("x")]).why_all is None) is (hour > 0)


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE raw.charges ALTER id TYPE INTEGER"],
        ["ALTER TABLE raw.charges DROP amount", "ALTER TABLE raw.charges ADD amount DECIMAL(18, 2)"],
        ["ALTER TABLE raw.charges RENAME currency TO c", "ALTER TABLE raw.charges ADD currency VARCHAR"],
    ],
)
def test_a_table_of_other_columns_is_scanned_whole(known: Charges, statements: list[str]) -> None:
    for statement in statements:
        known.execute(statement)
    assert known.check().why_all == "the table's columns changed"


def test_a_column_that_is_not_there_is_named(known: Charges) -> None:
    arrivals = Arrivals("raw.charges", "loaded", known.state, NOW)
    validate(TableBatch.of(known.warehouse, known.table(), "raw.charges"), SUITE[:3], FORMAT, arrivals)
    assert arrivals.why_all == "the table has no column loaded, which the suite's `arrivals` names"


def test_a_key_that_was_ambiguous_once_is_counted_among_all_rows(known: Charges) -> None:
    known.arrive(rows(10, 2))
    assert "the key of an earlier one" in str(known.check().why_all)
    known.arrive(rows(20, 2))
    assert "more than once" in str(known.check().why_all)


def test_another_suite_another_column_or_another_table_is_scanned_whole(known: Charges) -> None:
    assert known.check(SUITE[:3]).why_all is None
    more = core.ExpectColumnValuesToBeBetween(column="amount", max_value=77)
    assert known.check((*SUITE, more)).why_all == "the suite changed"
    before = known.state
    elsewhere = Arrivals("raw.refunds", "synced", before, NOW)
    batch = TableBatch.of(known.warehouse, known.table(), "raw.charges")
    validate(batch, SUITE, FORMAT, elsewhere)
    assert elsewhere.why_all == "what is kept is of another table"
    by_id = Arrivals("raw.charges", "id", before, NOW)
    validate(batch, SUITE, FORMAT, by_id)
    assert by_id.why_all == "another column orders the arrivals"


def test_a_full_scan_can_be_asked_for(known: Charges) -> None:
    assert known.check(why_all="a full scan was asked for").why_all == "a full scan was asked for"
    assert known.check().why_all is None


def test_a_column_that_orders_nothing_is_no_watermark(charges: Charges) -> None:
    charges.arrive(rows(1, 3))
    arrivals = Arrivals("raw.charges", "currency", None, NOW)
    batch = TableBatch.of(charges.warehouse, charges.table(), "raw.charges")
    assert all(result.success for result in validate(batch, SUITE[:3], FORMAT, arrivals))
    assert (arrivals.after, arrivals.why_all) == (None, "currency holds neither numbers nor times")


def test_no_text_of_the_data_is_kept(charges: Charges) -> None:
    charges.arrive([(1, Decimal(1), "somebody@example.com")])
    charges.check((*SUITE, *NEED_ALL_ROWS))
    assert charges.state is not None
    assert "somebody" not in json.dumps(charges.state.to_json())


row = st.tuples(
    st.none() | st.integers(0, 40),
    st.none() | st.decimals(-5, 600, places=2),
    st.sampled_from(["usd", "eur", "gbp", "é"]),
)
steps = st.lists(
    st.lists(row, max_size=6)
    | st.sampled_from(
        ["DELETE FROM raw.charges WHERE id % 3 = 0", "UPDATE raw.charges SET synced = now() WHERE id = 1"]
    ),
    min_size=2,
    max_size=6,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, data=st.data())
def test_whatever_arrives_the_results_are_those_of_a_full_scan(
    warehouse: Warehouse, steps: list[Any], data: st.DataObject
) -> None:
    charges = new_table(warehouse)
    suite = (*SUITE, *NEED_ALL_ROWS)
    for step in steps:
        if isinstance(step, str):
            charges.execute(step)
        else:
            charges.arrive(step)
        asked = data.draw(st.sets(st.sampled_from(range(len(suite)))))
        charges.check([suite[place] for place in sorted(asked)] or suite)
