from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from hypothesis import settings
from sqlalchemy.engine import URL

from gx.warehouse.duckdb import DuckDBWarehouse
from tests.gx.scan.tables import OTHER_TABLE, SCHEMA

# Before a release, or a change of the scan: pytest tests/gx/scan --hypothesis-profile=thorough
settings.register_profile("thorough", max_examples=4_000, derandomize=False, deadline=None, print_blob=True)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBWarehouse]:
    """A DuckDB file with a schema, and another table in it."""
    url = URL.create("duckdb", database=str(tmp_path_factory.mktemp("scan") / "scan.duckdb"))
    warehouse = DuckDBWarehouse(url, wait_seconds=5)
    warehouse.create()
    with warehouse.connect() as connection:
        connection.execute(sa.schema.CreateSchema(SCHEMA))
        connection.exec_driver_sql(f"CREATE TABLE {SCHEMA}.{OTHER_TABLE} AS SELECT range AS id FROM range(3)")
    yield warehouse
    warehouse.release()
