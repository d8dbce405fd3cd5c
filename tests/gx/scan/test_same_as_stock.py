"""Whatever the table and the suite, one scan gives what stock GX gives."""

from __future__ import annotations

from functools import partial
from typing import Any

from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.table import CatalogTable, TableName
from tests.gx.scan.comparing import differences
from tests.gx.scan.known import Case, stock_is_wrong
from tests.gx.scan.stock import stock_validate
from tests.gx.scan.suites import result_formats, suites
from tests.gx.scan.tables import SCHEMA, TABLE, tables

_NAME = TableName.parse(f"{SCHEMA}.{TABLE}")


# Each example asks two engines; half of a profile's examples is enough.
@settings(max_examples=settings.default.max_examples // 2, deadline=None, suppress_health_check=list(HealthCheck))  # type: ignore[union-attr]
@given(st.data())
def test_one_scan_gives_what_stock_gx_gives(warehouse: DuckDBWarehouse, data: st.DataObject) -> None:
    table = data.draw(tables(), label="table")
    suite = data.draw(suites(table), label="suite")
    result_format = data.draw(result_formats(table), label="result format")
    with warehouse.connect() as connection:
        table.create(connection)
    found = warehouse.find_tables([_NAME])[_NAME]

    stock = stock_validate(warehouse, found, suite, result_format)
    ours = validate(TableBatch.of(warehouse, found, TABLE), suite, result_format)

    for expectation, theirs, own in zip(suite, stock, ours, strict=True):
        if stock_is_wrong(Case(table, expectation, result_format, theirs)):
            continue
        everything = partial(_everything, warehouse, found, expectation, result_format)
        if found_differences := differences(type(expectation).__name__, theirs, own, everything):
            note(f"{expectation!r}\nstock: {theirs}\nours: {own}")
            raise AssertionError("\n".join([type(expectation).__name__, *found_differences]))


def _everything(
    warehouse: DuckDBWarehouse, table: CatalogTable, expectation: Expectation, result_format: dict[str, Any]
) -> ExpectationValidationResult:
    whole = {**result_format, "result_format": "COMPLETE", "partial_unexpected_count": 1_000}
    return stock_validate(warehouse, table, [expectation], whole)[0]
