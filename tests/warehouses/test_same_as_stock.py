"""On every warehouse one scan gives what stock GX gives there."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import great_expectations.expectations as core
import sqlalchemy as sa
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import get_expectation_impl

import expectations.build  # noqa: F401 - registers the project's own expectations
from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.base import Warehouse
from gx.warehouse.table import TableName
from tests.gx.scan.comparing import differences
from tests.gx.scan.stock import stock_validate
from tests.warehouses.cases import CASES
from tests.warehouses.oracles import Case
from tests.warehouses.rows import SCHEMA
from tests.warehouses.sites import Site


def test_one_scan_gives_what_stock_gx_gives(warehouse: Warehouse) -> None:
    assert _different(warehouse, "shop.orders") == {}


def test_one_scan_gives_what_stock_gx_gives_of_an_empty_table(postgres: Site) -> None:
    warehouse = postgres.open()
    different = _different(warehouse, "shop.nothing")
    warehouse.release()
    assert different == {}


def test_three_hundred_expectations_on_as_many_columns_are_one_statement(warehouse: Warehouse) -> None:
    assert _statements(warehouse, limits=1) == 1


def test_more_columns_than_a_select_may_have_are_as_few_statements_as_can_be(postgres: Site) -> None:
    warehouse = postgres.open()
    assert warehouse.max_columns < 300 + 5 * 300  # the NULLs of each column, and what is beyond each limit
    statements = _statements(warehouse, limits=5)
    warehouse.release()
    assert statements == 2


def _different(warehouse: Warehouse, table: str) -> dict[str, list[str]]:
    """What differs between the engines, for each case."""
    name = TableName.parse(table)
    found = warehouse.find_tables([name])[name]
    suite = [_expectation(case) for case in CASES]
    result_format = {"result_format": "COMPLETE"}
    stock = stock_validate(warehouse, found, suite, result_format)
    ours = validate(TableBatch.of(warehouse, found, table), suite, result_format)
    return {
        case.name: found_differences
        for case, expectation, theirs, own in zip(CASES, suite, stock, ours, strict=True)
        if (found_differences := differences(type(expectation).__name__, theirs, own, _never))
    }


def _statements(warehouse: Warehouse, *, limits: int) -> int:
    """Statements for so many expectations on each of three hundred columns."""
    table = sa.Table(
        "wide", sa.MetaData(), *(sa.Column(f"c{index}", sa.BigInteger) for index in range(300)), schema=SCHEMA
    )
    with warehouse.connect() as connection:
        table.drop(connection, checkfirst=True)
        table.create(connection)
        connection.execute(sa.insert(table), [{f"c{index}": 1 for index in range(300)}])
    suite = [
        core.ExpectColumnValuesToBeBetween(column=f"c{index}", max_value=limit)
        for limit in range(10, 10 + limits)
        for index in range(300)
    ]
    name = TableName.parse(f"{SCHEMA}.wide")
    batch = TableBatch.of(warehouse, warehouse.find_tables([name])[name], "wide")
    assert all(result.success for result in validate(batch, suite, {"result_format": "SUMMARY"}))
    return batch.engine.statements


def _never() -> ExpectationValidationResult:
    raise AssertionError("every sample is complete")


def _expectation(case: Case) -> Expectation:
    kind: Callable[..., Expectation] = get_expectation_impl(case.kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of conditions that are text
        return kind(**case.kwargs)
