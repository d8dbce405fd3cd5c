"""Text with a collation: what it finds equal is never proven unique by hashes that tell it apart."""

from __future__ import annotations

from dataclasses import replace

import great_expectations.expectations as core
import pytest

from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.table import TableName
from tests.warehouses.sites import Site

ORDERS = TableName.parse("shop.orders")
SUITE = [
    core.ExpectColumnValuesToBeUnique(column="id"),
    core.ExpectCompoundColumnsToBeUnique(column_list=["ID", "region"]),
]


@pytest.mark.postgres
def test_the_catalog_tells_which_columns_have_a_collation(postgres: Site) -> None:
    name = TableName.parse("shop.collated")
    postgres.execute('CREATE TABLE shop.collated (plain TEXT, "Sorted" TEXT COLLATE "C", id BIGINT)')
    warehouse = postgres.open()
    try:
        table = warehouse.find_tables([name])[name]
        found = [(column.name, column.collation) for column in table.columns]
        assert found == [("plain", None), ("Sorted", "C"), ("id", None)]
    finally:
        warehouse.release()
        postgres.execute("DROP TABLE shop.collated")


@pytest.mark.snowflake
@pytest.mark.parametrize(("collated", "statements"), [(None, 1), ("amount", 1), ("id", 3)])
def test_snowflake_proves_no_key_with_a_collation(snowflake: Site, collated: str | None, statements: int) -> None:
    # The emulator has no collations; that HASH looks at the text alone is what Snowflake's reference says of it.
    warehouse = snowflake.open()
    table = warehouse.find_tables([ORDERS])[ORDERS]
    columns = [replace(c, collation="en-ci") if c.name.casefold() == collated else c for c in table.columns]
    table = replace(table, columns=tuple(columns))
    batch = TableBatch.of(warehouse, table, "orders")

    results = validate(batch, SUITE, {"result_format": "BASIC"})

    assert [result.success for result in results] == [True, True]
    assert batch.engine.statements == statements
    warehouse.release()
