"""No verdict hangs on a time zone: not on this machine's, nor on the user's or the database's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.opening import open_warehouse
from tests.warehouses.sites import ROOT, duckdb_url

ZONES = ["UTC", "Asia/Tokyo", "America/Los_Angeles"]
# In Tokyo all three would be of September, in Los Angeles only the last one.
MOMENTS = [datetime(2025, 8, 31, 20, tzinfo=UTC), datetime(2025, 9, 1, 3, tzinfo=UTC), datetime(2025, 9, 2, tzinfo=UTC)]
SINCE_SEPTEMBER = 2

_READ = """
import json, sys
from datetime import datetime
import sqlalchemy as sa
from expectations.facts import Measure
from expectations.sql_source import SqlSource
from gx.warehouse.opening import open_warehouse

url = sa.make_url(sys.argv[1])
measure = Measure("moments", since_column="moment", since=datetime(2025, 9, 1))
warehouse = open_warehouse(url, wait_seconds=5)
try:
    with warehouse.connect() as connection:
        connection.execute(sa.select(1))
        raise LookupError  # the session's first transaction is rolled back
except LookupError:
    pass
counts = [int(SqlSource("warehouse", warehouse.connect).read(measure)) for _ in range(2)]
with warehouse.connect() as connection:
    newest = connection.execute(sa.text("select max(moment) from moments")).scalar()
warehouse.release()
counts.append(int(SqlSource.at("elsewhere", url).read(measure)))
print(json.dumps([counts, newest.isoformat()]))
"""


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A warehouse with a table of those moments, each with its zone."""
    if request.param == "duckdb":
        address = duckdb_url(tmp_path_factory.mktemp("zones"))
    else:
        address = request.getfixturevalue("postgres_url")
    table = sa.Table("moments", sa.MetaData(), sa.Column("moment", sa.DateTime(timezone=True)))
    warehouse = open_warehouse(address, wait_seconds=5)
    if isinstance(warehouse, DuckDBWarehouse):
        warehouse.create()
    with warehouse.connect() as connection:
        table.create(connection)
        connection.execute(sa.insert(table), [{"moment": moment} for moment in MOMENTS])
    warehouse.release()
    yield address
    with warehouse.connect() as connection:
        table.drop(connection)
    warehouse.release()


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_without_a_zone_means_utc_whatever_the_machines_zone_is(url: URL, zone: str) -> None:
    text = url.render_as_string(hide_password=False)
    read = subprocess.run(
        [sys.executable, "-c", _READ, text],
        cwd=ROOT,
        env={**os.environ, "TZ": zone, "PGTZ": zone},  # PGTZ is what libpq tells the server
        capture_output=True,
        text=True,
        check=False,
    )
    assert read.returncode == 0, read.stderr
    counts, newest = json.loads(read.stdout)

    assert counts == [SINCE_SEPTEMBER] * 3
    assert datetime.fromisoformat(newest) == MOMENTS[-1]
