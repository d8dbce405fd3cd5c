"""Snowflake that stops a statement, loses a session, and is killed."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.result import Verdict
from gx.warehouse.opening import open_warehouse
from tests.warehouses.blocking import meanwhile
from tests.warehouses.exhaustion import TOLD, Open, assert_errored, counted
from tests.warehouses.sites import snowflake_process

pytestmark = pytest.mark.snowflake

FAULTS = {"TIMES_OUT": "timeout of *** second(s)", "IS_CANCELLED": "canceled", "SPENDS_THE_QUOTA": "cannot be resumed"}
Emulator = tuple[URL, subprocess.Popen[str]]
_THREE = "SELECT 1 AS ID UNION SELECT 2 UNION SELECT 3"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """A Snowflake emulator with a sound table and some about which it fails; the last test kills it."""
    with snowflake_process() as (url, process):
        warehouse = open_warehouse(url, wait_seconds=0)
        with warehouse.connect() as connection:
            connection.exec_driver_sql("CREATE SCHEMA SLUICE.FAULT")
            for table in ("CALM", "LOSES_THE_SESSION", "STALLS", *FAULTS):
                connection.exec_driver_sql(
                    f"CREATE VIEW SLUICE.FAULT.{table} AS SELECT 1 AS ID UNION SELECT 2 UNION SELECT 3"
                )
        warehouse.release()
        yield url, process


def test_what_snowflake_stops_itself_errs_its_table(emulator: Emulator, open_checks: Open) -> None:
    checks = open_checks(emulator[0], retries=2)

    for table, because in FAULTS.items():
        run = checks.run({"fault.calm": TOLD, f"fault.{table}": TOLD})

        assert_errored(run, checks, f"fault.{table}", because=because, statements=1)


def test_a_session_that_is_gone_is_opened_again_on_snowflake(emulator: Emulator, open_checks: Open) -> None:
    checks = open_checks(emulator[0], retries=1, parallel_tables=1)

    run = checks.run({"fault.calm": TOLD, "fault.loses_the_session": TOLD})

    assert run.verdict is Verdict.PASSED, run.reasons()
    assert counted(run) == {"fault.calm": 1, "fault.loses_the_session": 2}


# The connector's own timer asks the dead server to cancel the statement, and prints that it cannot.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_is_killed_mid_query_errs_its_table_on_snowflake(emulator: Emulator, open_checks: Open) -> None:
    url, process = emulator
    checks = open_checks(url.update_query_dict({"network_timeout": "2", "login_timeout": "2"}), parallel_tables=1)
    asked = threading.Event()

    @sa.event.listens_for(checks.warehouse.engine, "before_cursor_execute")
    def notice(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM" in statement and "STALLS" in statement:
            asked.set()

    with meanwhile(lambda: checks.run({"fault.calm": TOLD, "fault.stalls": TOLD})) as running:
        assert asked.wait(20)
        time.sleep(0.5)  # until the request is there
        process.kill()
        run = running.result(60)
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(10)

    assert_errored(run, checks, "fault.stalls", because="", statements=1)
