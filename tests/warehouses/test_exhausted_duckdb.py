"""DuckDB without memory, without end, and interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from tests.warehouses.exhaustion import TOLD, TWO_TABLES, Open, assert_errored


@pytest.fixture
def wide(tmp_path: Path) -> URL:
    """A DuckDB file with a small table, one that does not fit into 20 MB, and one that takes hours to read."""
    url = URL.create("duckdb", database=str(tmp_path / "warehouse.duckdb"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in (
            *TWO_TABLES,
            "CREATE VIEW fault.large AS SELECT range AS id FROM range(3000000)",
            "CREATE VIEW fault.endless AS SELECT a.range AS id FROM range(1000000) a, range(1000000) b",
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    return url


def test_a_statement_without_memory_errs_its_table_on_duckdb(wide: URL, open_checks: Open) -> None:
    url = wide.update_query_dict({"memory_limit": "20MB", "max_temp_directory_size": "0MB"})
    checks = open_checks(url, retries=2)

    run = checks.run({"fault.calm": TOLD, "fault.large": TOLD})

    assert_errored(run, checks, "fault.large", because="emory", statements=1)


def test_a_statement_that_takes_too_long_is_stopped_on_duckdb(wide: URL, open_checks: Open) -> None:
    checks = open_checks(wide, retries=2, statement_seconds=0.5, parallel_tables=1)

    run = checks.run({"fault.calm": TOLD, "fault.endless": TOLD})

    assert_errored(run, checks, "fault.endless", because="SLUICE_STATEMENT_TIMEOUT_SECONDS", statements=1)


def test_an_interrupt_ends_a_statement_of_duckdb_soon(wide: URL, open_checks: Open) -> None:
    checks = open_checks(wide)
    threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()

    with pytest.raises(KeyboardInterrupt):
        checks.run({"fault.endless": TOLD})

    assert time.monotonic() - began < 6
    assert not checks.gate().is_open
