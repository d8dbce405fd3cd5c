"""Whatever the table and the suite, one scan gives what stock GX gives."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Literal

import great_expectations.expectations as core
import pytest
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.conditions import Column as Condition
from great_expectations.expectations.expectation import Expectation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.table import CatalogTable, TableName
from tests.gx.scan.comparing import differences
from tests.gx.scan.known import Case, stock_is_wrong
from tests.gx.scan.stock import stock_validate
from tests.gx.scan.suites import result_formats, suites
from tests.gx.scan.tables import KINDS, OTHER_TABLE, SCHEMA, TABLE, Column, Table, tables

_NAME = TableName.parse(f"{SCHEMA}.{TABLE}")


# Each example asks two engines; a third of a profile's examples is enough.
@settings(max_examples=settings.default.max_examples // 3, deadline=None, suppress_health_check=list(HealthCheck))  # type: ignore[union-attr]
@given(st.data())
def test_one_scan_gives_what_stock_gx_gives(warehouse: DuckDBWarehouse, data: st.DataObject) -> None:
    table = data.draw(tables(), label="table")
    suite = data.draw(suites(table), label="suite")
    _compare(warehouse, table, suite, data.draw(result_formats(table), label="result format"))


_IGNORE: tuple[Literal["both_values_are_missing", "either_value_is_missing", "neither"], ...] = (
    "both_values_are_missing",
    "either_value_is_missing",
    "neither",
)

FOUND: dict[str, tuple[list[Expectation], dict[str, Any]]] = {
    "a key column with the name of sluice's own count": (
        [core.ExpectCompoundColumnsToBeUnique(column_list=["sluice_times", "id"])],
        {"result_format": "SUMMARY"},
    ),
    "as many quantiles of one column, but others": (
        [
            core.ExpectColumnQuantileValuesToBeBetween(
                column="sluice_times", quantile_ranges={"quantiles": [quantile], "value_ranges": [[5, 6]]}
            )
            for quantile in (0.0, 1.0)
        ],
        {"result_format": "SUMMARY"},
    ),
    "values that are missing more than once, among duplicates": (
        [
            core.ExpectColumnValuesToBeUnique(column="id"),
            core.ExpectCompoundColumnsToBeUnique(column_list=["id", "other"]),
            core.ExpectCompoundColumnsToBeUnique(column_list=["id", "nothing"], ignore_row_if="never"),
        ],
        {"result_format": "COMPLETE"},
    ),
    "the middle of an odd and of an even number, and what lies between": (
        [
            core.ExpectColumnMedianToBeBetween(column="sluice_times", min_value=6, row_condition=condition)
            for condition in (None, Condition("sluice_times") > 5)
        ],
        {"result_format": "SUMMARY"},
    ),
    "the rows of another table": (
        [
            core.ExpectTableRowCountToEqualOtherTable(other_table_name=OTHER_TABLE),
            core.ExpectTableRowCountToEqual(value=5),
        ],
        {"result_format": "SUMMARY"},
    ),
    "pairs outside of a set, sampled": (
        [core.ExpectColumnPairValuesToBeInSet(column_A="id", column_B="sluice_times", value_pairs_set=[(7, 7)])],
        {"result_format": "BASIC"},
    ),
    "keys of rows in a column that is not there, where no row is unexpected": (
        [core.ExpectColumnValuesToNotBeNull(column="sluice_times")],
        {"result_format": "SUMMARY", "unexpected_index_column_names": ["absent"]},
    ),
    "a query to find the rows, and else only whether": (
        [core.ExpectColumnValuesToBeBetween(column="id", max_value=1)],
        {"result_format": "BOOLEAN_ONLY", "return_unexpected_index_query": True},
    ),
    "a row number that DuckDB has of any table": (
        [
            core.ExpectColumnValuesToNotBeNull(column="rowid"),
            core.ExpectColumnMaxToBeBetween(column=TABLE, max_value=1),
        ],
        {"result_format": "SUMMARY"},
    ),
    "rows of which no value is missing, of which one is, of which all are": (
        [
            core.ExpectColumnPairValuesToBeEqual(column_A="id", column_B="other", ignore_row_if=ignore)
            for ignore in _IGNORE
        ],
        {"result_format": "SUMMARY"},
    ),
}  # fmt: skip
_COLUMNS = tuple(Column(name, KINDS["INTEGER"]) for name in ("id", "sluice_times", "other", "nothing"))
_ROWS = (
    ("1", "5", "1", None),
    ("2", "6", None, None),
    ("2", "6", "3", None),
    (None, "7", None, None),
    (None, "8", "4", None),
)


@pytest.mark.parametrize("name", FOUND)
def test_what_was_found_once_stays_the_same(warehouse: DuckDBWarehouse, name: str) -> None:
    suite, result_format = FOUND[name]
    _compare(warehouse, Table(_COLUMNS, _ROWS), suite, result_format)


def _compare(
    warehouse: DuckDBWarehouse, table: Table, suite: Sequence[Expectation], result_format: dict[str, Any]
) -> None:
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
            raise AssertionError(
                "\n".join([repr(expectation), *found_differences, f"stock: {vars(theirs)}", f"ours: {vars(own)}"])
            )


def _everything(
    warehouse: DuckDBWarehouse, table: CatalogTable, expectation: Expectation, result_format: dict[str, Any]
) -> ExpectationValidationResult:
    whole = {**result_format, "result_format": "COMPLETE", "partial_unexpected_count": 1_000}
    return stock_validate(warehouse, table, [expectation], whole)[0]
