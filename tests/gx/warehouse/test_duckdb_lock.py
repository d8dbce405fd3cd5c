"""One DuckDB file and two processes: they queue, with a bound, and let go of it when they are done."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from gx.errors import WarehouseError
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.table import TableName
from tests.gx.warehouse.other_process import OtherProcess


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def warehouse(file: Path, said: list[str]) -> Iterator[DuckDBWarehouse]:
    opened = DuckDBWarehouse(sa.make_url(f"duckdb:///{file}"), wait_seconds=30, progress=said.append)
    opened.create()
    opened.release()
    yield opened
    opened.release()


def impatient(file: Path, wait_seconds: float = 0.5) -> DuckDBWarehouse:
    return DuckDBWarehouse(sa.make_url(f"duckdb:///{file}"), wait_seconds=wait_seconds)


def test_it_waits_for_another_process_says_so_once_and_goes_on(
    warehouse: DuckDBWarehouse, file: Path, said: list[str]
) -> None:
    with OtherProcess(file) as other:
        other.let_go_after(1)
        with warehouse.connect() as connection:
            seen = connection.execute(sa.text("SELECT n FROM seen")).scalar()

    assert seen == 1  # what the other process wrote before it let go
    assert len(said) == 1
    assert "another process is using it" in said[0]
    assert str(file) in said[0]


def test_hold_waits_once_and_everything_inside_needs_no_waiting(
    warehouse: DuckDBWarehouse, file: Path, said: list[str]
) -> None:
    with OtherProcess(file) as other:
        other.let_go_after(1)
        with warehouse.hold():
            for _ in range(3):
                warehouse.probe()
            with pytest.raises(BlockingIOError, match="lock"):
                OtherProcess(file)

    assert len(said) == 1


def test_waiting_has_an_end_that_says_what_to_do(warehouse: DuckDBWarehouse, file: Path) -> None:
    del warehouse
    started = time.monotonic()

    with OtherProcess(file), pytest.raises(WarehouseError, match="stayed in use by another process") as caught:
        impatient(file).probe()

    assert 0.5 <= time.monotonic() - started < 10
    assert caught.value.transient
    assert "SLUICE_WAIT_SECONDS" in str(caught.value)


@pytest.mark.parametrize("use", ["connect", "hold", "find_tables", "a failed statement"])
def test_once_released_another_process_has_the_file_at_once(warehouse: DuckDBWarehouse, file: Path, use: str) -> None:
    if use == "connect":
        with warehouse.connect() as connection:
            connection.execute(sa.text("CREATE TABLE t AS SELECT 1 AS n"))
    elif use == "hold":
        with warehouse.hold(), warehouse.connect() as connection:
            connection.execute(sa.select(1))
    elif use == "find_tables":
        warehouse.find_tables([TableName.parse("t")])
    else:
        with pytest.raises(sa.exc.ProgrammingError), warehouse.connect() as connection:
            connection.execute(sa.text("SELECT nothing FROM nowhere"))
    warehouse.release()

    with OtherProcess(file) as other:
        other.let_go()


def test_what_one_connection_committed_the_other_process_reads(warehouse: DuckDBWarehouse, file: Path) -> None:
    with warehouse.connect() as connection:
        connection.execute(sa.text("CREATE TABLE mine AS SELECT 42 AS n"))
    warehouse.release()
    with OtherProcess(file) as other:
        other.let_go()

    with warehouse.connect() as connection:
        assert connection.execute(sa.text("SELECT mine.n + seen.n FROM mine, seen")).scalar() == 43


def test_making_the_file_leaves_it_to_whoever_comes_next(file: Path) -> None:
    DuckDBWarehouse(sa.make_url(f"duckdb:///{file}"), wait_seconds=0).create()

    with OtherProcess(file) as other:
        other.let_go()


def test_a_file_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "in the way").write_text("a file where a directory should be")
    warehouse = DuckDBWarehouse(sa.make_url(f"duckdb:///{tmp_path}/in the way/warehouse.duckdb"), wait_seconds=0)

    with pytest.raises(WarehouseError, match=r"cannot be created.*in the way"):
        warehouse.create()
