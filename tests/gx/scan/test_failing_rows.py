"""The rows that fail: those that stock GX finds, by a statement that a person can paste, and at little cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import great_expectations.expectations as core
import pytest
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.conditions import Column as Condition
from great_expectations.expectations.expectation import Expectation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.shown import META, MOST_ROWS, Shown, spelled
from gx.warehouse.base import Warehouse
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.table import CatalogTable, TableName
from tests.gx.scan.comparing import exact
from tests.gx.scan.known import Case, stock_is_wrong
from tests.gx.scan.stock import raised, stock_validate
from tests.gx.scan.suites import suites
from tests.gx.scan.tables import SCHEMA, TABLE, Table, tables
from tests.gx.scan.test_statements import ORDERS, ROWS, VIEW, clean_suite, create_orders, failing, sent

FORMAT = {"result_format": "SUMMARY", "partial_unexpected_count": 0}
_NAME = TableName.parse(f"{SCHEMA}.{TABLE}")


def showing(expectation: Expectation, **shown: Any) -> Expectation:
    return expectation.copy(update={"meta": {META: Shown(**shown).to_meta()}})


def pasted(warehouse: Warehouse, statement: str) -> list[Any]:
    """What a person gets who pastes it: no parameters, no SQLAlchemy."""
    connection = warehouse.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        return list(cursor.fetchall())
    finally:
        connection.close()


@settings(max_examples=settings.default.max_examples // 3, deadline=None, suppress_health_check=list(HealthCheck))  # type: ignore[union-attr]
@given(st.data())
def test_samples_keys_and_statement_are_of_the_rows_that_stock_gx_finds(
    warehouse: DuckDBWarehouse, data: st.DataObject
) -> None:
    table = data.draw(tables(), label="table")
    suite = data.draw(suites(table), label="suite")
    key = data.draw(st.sampled_from([column.name for column in table.columns]), label="key")
    with warehouse.connect() as connection:
        table.create(connection)
    found = warehouse.find_tables([_NAME])[_NAME]
    compare(warehouse, found, table, suite, key)


def compare(warehouse: Warehouse, found: CatalogTable, table: Table, suite: Sequence[Expectation], key: str) -> None:
    everything = {
        "result_format": "COMPLETE",
        "partial_unexpected_count": 1_000,
        "unexpected_index_column_names": [key],
    }
    stock = stock_validate(warehouse, found, suite, everything)
    shown = [showing(expectation, samples=True, keys=(key,)) for expectation in suite]
    plain = validate(TableBatch.of(warehouse, found, TABLE), suite, FORMAT)
    for expectation, theirs, bare, own in zip(
        suite, stock, plain, validate(TableBatch.of(warehouse, found, TABLE), shown, FORMAT), strict=True
    ):
        more = ("partial_unexpected_list", "partial_unexpected_index_list", "unexpected_index_query")
        assert (own.success, raised(own)) == (bare.success, raised(bare))
        a, b = ({name: exact(each.result[name]) for name in each.result if name not in more} for each in (own, bare))
        assert a == b
        wrong = stock_is_wrong(Case(table, expectation, everything, theirs)) or raised(theirs)
        if own.success or raised(own) or wrong or "unexpected_list" not in theirs.result:
            continue
        check(warehouse, own, theirs)


def check(warehouse: Warehouse, own: ExpectationValidationResult, theirs: ExpectationValidationResult) -> None:
    count = own.result["unexpected_count"]
    for ours, whole in (
        ("partial_unexpected_list", "unexpected_list"),
        ("partial_unexpected_index_list", "unexpected_index_list"),
    ):
        sample = bag(own.result[ours])
        assert sample.total() == min(count, MOST_ROWS)
        if whole in theirs.result:  # stock GX has no keys of duplicates of several columns
            rows = bag(theirs.result[whole])
            assert sample <= rows, (sample, rows, own.result)
    if (statement := own.result.get("unexpected_index_query")) is not None:
        assert len(pasted(warehouse, statement)) == count, statement


def bag(items: Sequence[Any]) -> Counter[str]:
    return Counter(str(_plain(item)) for item in items)


def _plain(item: Any) -> Any:
    # Stock GX names a column as the table does, here it is named as the suite does.
    cells = {spelled(name): exact(cell) for name, cell in item.items()} if isinstance(item, dict) else None
    return exact(item) if cells is None else sorted(cells.items())


@pytest.fixture
def orders(warehouse: DuckDBWarehouse) -> TableBatch:
    create_orders(warehouse)
    return TableBatch.of(warehouse, warehouse.find_tables([ORDERS])[ORDERS], "orders")


ALL = {"samples": True, "keys": ("code",)}


def run(batch: TableBatch, *suite: Expectation) -> tuple[list[dict[str, Any]], list[str]]:
    with sent(batch.engine.warehouse) as statements:
        return [result.result for result in validate(batch, suite, FORMAT)], statements


def test_a_suite_that_holds_is_one_statement_whatever_it_may_show(orders: TableBatch) -> None:
    _, statements = run(orders, *(showing(each, **ALL) for each in clean_suite()))
    assert len(statements) == 1


@pytest.mark.parametrize("shown", [ALL, {"samples": True}, {"keys": ("code", "one")}])
def test_each_failure_costs_one_statement_for_samples_and_keys_together(
    orders: TableBatch, shown: dict[str, Any]
) -> None:
    _, statements = run(orders, *clean_suite(), *(showing(each, **shown) for each in failing(3)))
    assert len(statements) == 1 + 3
    assert all("LIMIT" in each and f" {MOST_ROWS}" in each for each in statements[1:])


def test_a_statement_to_paste_costs_none(orders: TableBatch) -> None:
    results, statements = run(orders, *(showing(each) for each in failing(3)))
    assert len(statements) == 1
    assert all(result["unexpected_index_query"] for result in results)
    assert all("partial_unexpected_index_list" not in result for result in results)


def test_duplicates_show_what_counted_them(orders: TableBatch) -> None:
    (result,), statements = run(orders, showing(core.ExpectColumnValuesToBeUnique(column="lane"), samples=True))
    assert len(statements) == 2
    assert len(result["partial_unexpected_list"]) == MOST_ROWS
    (result,), statements = run(orders, showing(core.ExpectColumnValuesToBeUnique(column="lane"), keys=("id",)))
    assert len(statements) == 3
    assert {*result["partial_unexpected_index_list"][0]} == {"id"}


def test_a_value_that_the_data_gave_is_in_no_statement(orders: TableBatch) -> None:
    z_score = core.ExpectColumnValueZScoresToBeLessThan(column="amount", threshold=1, double_sided=True)
    (result,), _ = run(orders, showing(z_score, **ALL))
    assert result["unexpected_count"] > 0
    assert len(result["partial_unexpected_index_list"]) == result["unexpected_count"]
    assert "unexpected_index_query" not in result


def test_what_has_no_literal_form_is_not_written_out(orders: TableBatch) -> None:
    beyond = core.ExpectColumnValuesToBeNull(column="amount", row_condition=Condition("amount") < float("inf"))
    (result,), _ = run(orders, showing(beyond, **ALL))
    assert len(result["partial_unexpected_list"]) == result["unexpected_count"] == ROWS
    assert "unexpected_index_query" not in result


def test_a_key_that_is_not_there_costs_the_sample_and_nothing_else(orders: TableBatch) -> None:
    wrong, right = (showing(each, keys=keys) for each, keys in zip(failing(2), (("nope",), ("code",)), strict=True))
    (first, second), _ = run(orders, wrong, right)
    assert "partial_unexpected_index_list" not in first
    assert len(second["partial_unexpected_index_list"]) == 18
    assert len(pasted(orders.engine.warehouse, first["unexpected_index_query"])) == first["unexpected_count"]


def test_an_error_while_rows_are_fetched_is_none_of_the_expectation(warehouse: DuckDBWarehouse) -> None:
    create_orders(warehouse)
    batch = TableBatch.of(warehouse, warehouse.find_tables([VIEW])[VIEW], "orders")
    (result,) = validate(batch, [showing(failing(1)[0], keys=("number",))], FORMAT)
    assert not raised(result)
    assert result.result["unexpected_count"] == 19
    assert "partial_unexpected_index_list" not in result.result


def test_the_rows_of_a_query_are_found_by_the_query(orders: TableBatch) -> None:
    query = core.UnexpectedRowsExpectation(unexpected_rows_query="select id from {batch} where lane = 4")
    (result,), _ = run(orders, showing(query, **ALL))
    assert len(pasted(orders.engine.warehouse, result["unexpected_index_query"])) == result["observed_value"] == 4
