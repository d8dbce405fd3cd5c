"""On every warehouse the statement that a result holds finds the rows that were counted, and so do the samples."""

from __future__ import annotations

from collections import Counter

from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.base import Warehouse
from gx.warehouse.table import TableName
from tests.gx.scan.test_failing_rows import FORMAT, pasted, showing
from tests.warehouses.cases import CASES
from tests.warehouses.oracles import per_value, unique, unique_together
from tests.warehouses.test_same_as_stock import _expectation

NAME = TableName.parse("shop.orders")
ODD = TableName.parse('"Odd Shop"."Order"')
QUOTES = 'it\'s 100% \\d: "x" %(y)s :z'
ODD_CASES = [
    per_value("signs that mean something", "expect_column_values_to_be_in_set", "Name x", lambda _: False,
              value_set=[QUOTES], rows=[{"Name x": "a"}, {"Name x": "b"}]),
    unique("a reserved word", "select", rows=[{"select": value} for value in (1, 2, 2)]),
    unique_together("odd names together", ["select", "größe_ß"],
                    rows=[{"select": value, "größe_ß": value} for value in (1, 2, 3)]),
    per_value("a letter of another alphabet", "expect_column_values_to_be_between", "größe_ß", lambda v: v > 0,
              min_value=0, rows=[{"größe_ß": value} for value in (10, 20, -1)]),
]  # fmt: skip


def test_what_is_pasted_finds_the_rows_that_were_counted(warehouse: Warehouse) -> None:
    batch = TableBatch.of(warehouse, warehouse.find_tables([NAME])[NAME], "shop.orders")
    suite = [showing(_expectation(case), samples=True, keys=("ID",)) for case in CASES]
    shown = 0
    for case, result in zip(CASES, validate(batch, suite, FORMAT), strict=True):
        if result.success or not case.answer.unexpected:
            continue
        rows = pasted(warehouse, result.result["unexpected_index_query"])
        assert len(rows) == case.answer.unexpected, case.name
        found = result.result["partial_unexpected_index_list"]
        assert Counter(row["ID"] for row in found) == Counter(row[0] for row in rows)
        assert len(result.result["partial_unexpected_list"]) == len(rows)
        shown += 1
    assert shown > 25
    assert batch.engine.statements < 1.5 * len(CASES)


def test_odd_names_and_signs_can_be_pasted(warehouse: Warehouse) -> None:
    batch = TableBatch.of(warehouse, warehouse.find_tables([ODD])[ODD], "odd")
    suite = [showing(_expectation(case), keys=("UPPER",)) for case in ODD_CASES]
    for case, result in zip(ODD_CASES, validate(batch, suite, FORMAT), strict=True):
        if case.answer.success:
            continue
        rows = pasted(warehouse, result.result["unexpected_index_query"])
        assert len(rows) == result.result["unexpected_count"] == case.answer.unexpected, case.name
        assert [set(row) for row in result.result["partial_unexpected_index_list"]] == [{"UPPER"}] * len(rows)
