"""Less than a scan, on each warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import great_expectations.expectations as core
import pytest

from gx.scan.arrivals import Arrivals
from gx.scan.batch import TableBatch
from gx.scan.scan_state import ScanState
from gx.scan.suite import validate
from gx.warehouse.base import Warehouse
from gx.warehouse.table import TableName
from tests.warehouses.sites import Site

NAME = TableName.parse("shop.arriving")
SUITE = [
    core.ExpectTableRowCountToBeBetween(min_value=1),
    core.ExpectColumnValuesToBeUnique(column="id"),
    core.ExpectCompoundColumnsToBeUnique(column_list=["id", "kind"]),
    core.ExpectColumnValuesToNotBeNull(column="kind"),
    core.ExpectColumnSumToBeBetween(column="amount", min_value=0),
    core.ExpectColumnMaxToBeBetween(column="amount", max_value=3),
    core.ExpectColumnMedianToBeBetween(column="amount", min_value=0),
]


@pytest.fixture
def arriving(site: Site) -> Iterator[Site]:
    site.execute(
        "CREATE TABLE shop.arriving (id BIGINT, kind VARCHAR(10), amount NUMERIC(18, 2), synced TIMESTAMP)",
        "INSERT INTO shop.arriving VALUES (1, 'a', 1.10, '2025-09-01'), (2, 'b', 2.20, '2025-09-01')",
    )
    yield site
    site.execute("DROP TABLE shop.arriving")


def check(warehouse: Warehouse, state: ScanState | None) -> Arrivals:
    """Check as the next run would; the results are those of a scan of all rows."""
    arrivals = Arrivals("shop.arriving", "Synced", state, datetime(2025, 10, 1, tzinfo=UTC))  # however it is spelled
    found = _results(warehouse, arrivals)
    assert found == _results(warehouse, None)
    return arrivals


def _results(warehouse: Warehouse, arrivals: Arrivals | None) -> list[dict[str, Any]]:
    batch = TableBatch.of(warehouse, warehouse.find_tables([NAME])[NAME], "arriving")
    return [result.to_json_dict() for result in validate(batch, SUITE, {"result_format": "BASIC"}, arrivals)]


def test_only_new_rows_are_read_until_there_is_a_doubt(arriving: Site) -> None:
    warehouse = arriving.open()
    first = check(warehouse, None)
    assert first.after is not None
    arriving.execute("INSERT INTO shop.arriving VALUES (3, NULL, 9.30, '2025-09-02 10:00:00.123456')")
    second = check(warehouse, first.after)
    assert second.why_all is None
    assert second.after is not None
    assert (second.after.rows, second.after.watermark) == (3, datetime(2025, 9, 2, 10, 0, 0, 123456))  # noqa: DTZ001
    arriving.execute("INSERT INTO shop.arriving VALUES (1, 'a', 1, '2025-09-03')")
    assert check(warehouse, second.after).why_all == "a new row has the key of an earlier one"
    arriving.execute("DELETE FROM shop.arriving WHERE id = 2")
    assert "added, changed or deleted" in str(check(warehouse, second.after).why_all)
    warehouse.release()
