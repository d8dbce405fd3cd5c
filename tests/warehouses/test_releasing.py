"""A checkpoint run keeps no DuckDB file once the warehouse is released, however the run ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from expectations.sql_source import SqlSource
from gx.errors import ConfigError
from gx.warehouse.opening import open_warehouse
from tests.gx.warehouse.other_process import OtherProcess
from tests.warehouses.checking import Checks, Suites
from tests.warehouses.sites import duckdb_url, fill


@pytest.fixture
def file(tmp_path: Path) -> Path:
    fill(duckdb_url(tmp_path))
    return tmp_path / "warehouse.duckdb"


SAME_ROWS = {"source": "warehouse", "source_table": "shop.orders"}
ENDINGS: dict[str, Suites] = {
    "passed": {"shop.orders": [{"expect_table_row_count_to_reconcile_with_source": SAME_ROWS}]},
    "errored": {"shop.orders": [{"expect_column_sum_to_be_between": {"column": "gone", "min_value": 0}}]},
    "refused": {"shop.orders": [{"expect_nothing": {}}]},
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_after_a_checkpoint_another_process_has_the_file_at_once(file: Path, ending: str) -> None:
    warehouse = open_warehouse(duckdb_url(file.parent), wait_seconds=1)
    checks = Checks(file.parent, warehouse, {"warehouse": SqlSource("warehouse", warehouse.connect)})
    try:
        assert checks.run(ENDINGS[ending]).verdict.value == ending
    except ConfigError:
        assert ending == "refused"
    finally:
        warehouse.release()

    with OtherProcess(file) as other:
        other.let_go()


def test_a_checkpoint_waits_for_a_warehouse_that_another_process_uses(file: Path) -> None:
    said: list[str] = []
    warehouse = open_warehouse(duckdb_url(file.parent), wait_seconds=30, progress=said.append)
    with OtherProcess(file) as other:
        other.let_go_after(1)
        run = Checks(file.parent, warehouse).run({"shop.orders": [{"expect_table_row_count_to_equal": {"value": 8}}]})
    warehouse.release()

    assert run.verdict.value == "passed"
    assert len(said) == 1
