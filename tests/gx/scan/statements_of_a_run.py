"""Print what one suite sends to a warehouse: a program, so that a test can run it in processes of their own."""

from __future__ import annotations

import sys

from sqlalchemy.engine import URL

from gx.warehouse.duckdb import DuckDBWarehouse
from tests.gx.scan.tables import OTHER_TABLE, SCHEMA
from tests.gx.scan.test_statements import create_orders, mixed_suite, run

if __name__ == "__main__":
    warehouse = DuckDBWarehouse(URL.create("duckdb", database=sys.argv[1]), wait_seconds=1)
    warehouse.create()
    with warehouse.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        connection.exec_driver_sql(f"CREATE TABLE {SCHEMA}.{OTHER_TABLE} AS SELECT range AS id FROM range(3)")
    create_orders(warehouse)
    _, statements = run(warehouse, mixed_suite())
    sys.stdout.write("\n".join(statements))
