"""A warehouse that does not answer: the table is errored and named, the others keep their results, nothing leaks."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from checkpoints.result import Verdict
from gx.errors import WarehouseError
from gx.warehouse.opening import open_warehouse
from tests.warehouses.blocking import blocked, meanwhile
from tests.warehouses.exhaustion import BOTH, TOLD, TWO_TABLES, Open, assert_errored, counted, stored_statements
from tests.warehouses.proxy import proxy
from tests.warehouses.sites import Site, postgres_server

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def tables(postgres: Site) -> Site:
    postgres.execute(*TWO_TABLES)
    return postgres


def test_a_connection_that_is_lost_once_is_made_again_and_the_verdict_is_right(tables: Site, open_checks: Open) -> None:
    checks = open_checks(tables.url, retries=1)

    with blocked(tables.url, "fault.sick") as block, meanwhile(lambda: checks.run(BOTH)) as running:
        block.terminate(block.reader())
        block.lift()
        run = running.result(20)

    assert run.verdict is Verdict.PASSED, run.reasons()
    assert counted(run) == {"fault.calm": 1, "fault.sick": 2}
    assert stored_statements(checks) == {"fault.calm": 1, "fault.sick": 2}
    assert checks.gate().is_open


def test_a_connection_that_is_lost_again_and_again_is_given_up(tables: Site, open_checks: Open) -> None:
    checks = open_checks(tables.url, retries=1)

    with blocked(tables.url, "fault.sick") as block, meanwhile(lambda: checks.run(BOTH)) as running:
        block.terminate(block.reader())
        block.terminate(block.reader())
        run = running.result(20)

    assert_errored(run, checks, "fault.sick", because="connection", statements=2)


@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_that_is_lost_while_the_columns_are_looked_up(tables: Site, open_checks: Open, times: int) -> None:
    checks = open_checks(tables.url, retries=1)
    admin = sa.create_engine(tables.url)
    lost: list[int] = []

    @sa.event.listens_for(checks.warehouse.engine, "before_cursor_execute")
    def lose(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "pg_attribute" in statement and len(lost) < times:
            lost.append(connection.connection.dbapi_connection.info.backend_pid)
            with admin.connect() as other:
                other.execute(sa.select(sa.func.pg_terminate_backend(lost[-1])))

    columns = {"expect_table_columns_to_match_set": {"column_set": ["id"]}}
    run = checks.run({"fault.calm": TOLD, "fault.sick": [*TOLD, columns]})
    admin.dispose()

    assert len(lost) == times
    assert run.verdict is (Verdict.PASSED if times == 1 else Verdict.ERRORED)
    held = True if times == 1 else None
    assert all(outcome.success is held for outcome in run.outcomes if outcome.table == "fault.sick")
    assert all(outcome.success for outcome in run.outcomes if outcome.table == "fault.calm")


def test_a_time_out_of_the_server_is_not_tried_again(tables: Site, open_checks: Open) -> None:
    url = tables.url.update_query_dict({"options": "-c statement_timeout=300"})
    checks = open_checks(url, retries=2)

    with blocked(tables.url, "fault.sick"):
        run = checks.run(BOTH)

    assert_errored(run, checks, "fault.sick", because="statement timeout", statements=1)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_a_statement_that_takes_too_long_is_cancelled_on_the_server(
    tables: Site, open_checks: Open, driver: str
) -> None:
    url = tables.url.set(drivername=f"postgresql+{driver}")
    checks = open_checks(url, retries=2, statement_seconds=0.3)

    with blocked(tables.url, "fault.sick") as block:
        run = checks.run(BOTH)
        with block.admin.connect() as connection:
            waiting = connection.exec_driver_sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            assert waiting.scalar() == 0

    assert_errored(run, checks, "fault.sick", because="SLUICE_STATEMENT_TIMEOUT_SECONDS", statements=1)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_a_network_that_falls_silent_does_not_hold_a_run_for_ever(tables: Site, open_checks: Open, driver: str) -> None:
    with proxy(f"{tables.url.query['host']}/.s.PGSQL.5432") as network:
        url = tables.url.set(drivername=f"postgresql+{driver}", host="127.0.0.1", port=network.port, query={})
        checks = open_checks(url, retries=2, statement_seconds=0.5, parallel_tables=1)
        began = time.monotonic()

        with blocked(tables.url, "fault.sick") as block, meanwhile(lambda: checks.run(BOTH)) as running:
            block.reader()
            network.silence()
            run = running.result(20)

    assert time.monotonic() - began < 15
    assert_errored(run, checks, "fault.sick", because="SLUICE_STATEMENT_TIMEOUT_SECONDS", statements=1)


def test_a_network_that_breaks_is_no_reason_to_give_up(tables: Site, open_checks: Open) -> None:
    with proxy(f"{tables.url.query['host']}/.s.PGSQL.5432") as network:
        url = tables.url.set(host="127.0.0.1", port=network.port, query={})
        checks = open_checks(url, retries=1)

        with blocked(tables.url, "fault.sick") as block, meanwhile(lambda: checks.run(BOTH)) as running:
            block.reader()
            network.cut()
            block.lift()
            run = running.result(20)

    assert (run.verdict, counted(run)["fault.sick"]) == (Verdict.PASSED, 2)


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg"])
def test_a_peer_that_is_gone_is_noticed_within_minutes_unless_the_url_says_otherwise(tables: Site, driver: str) -> None:
    with proxy(f"{tables.url.query['host']}/.s.PGSQL.5432") as network:
        url = tables.url.set(drivername=f"postgresql+{driver}", host="127.0.0.1", port=network.port, query={})
        options = {}
        for name, chosen in (("ours", url), ("theirs", url.update_query_dict({"keepalives_idle": "77"}))):
            warehouse = open_warehouse(chosen, wait_seconds=0)
            with warehouse.connect() as connection:
                driven: Any = connection.connection.dbapi_connection
                with socket.socket(fileno=os.dup(driven.fileno())) as wire:
                    kinds = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
                    options[name] = [wire.getsockopt(socket.IPPROTO_TCP, kind) for kind in kinds]
            warehouse.release()

    assert options == {"ours": [30, 10, 3, 60_000], "theirs": [77, 10, 3, 60_000]}


def test_no_connection_left_for_a_table_errs_that_table(tables: Site, open_checks: Open) -> None:
    tables.execute(
        "CREATE ROLE narrow LOGIN CONNECTION LIMIT 1", "GRANT USAGE ON SCHEMA fault TO narrow",
        "GRANT SELECT ON ALL TABLES IN SCHEMA fault TO narrow",
    )  # fmt: skip
    checks = open_checks(tables.url.set(username="narrow"), retries=1, parallel_tables=2)

    with blocked(tables.url, "fault.calm, fault.sick") as block, meanwhile(lambda: checks.run(BOTH)) as running:
        block.reader()
        time.sleep(1.5)
        block.lift()
        run = running.result(20)

    refused = {outcome.table for outcome in run.outcomes if outcome.success is None}
    assert len(refused) == 1
    assert_errored(run, checks, *refused, because="too many connections", statements=2)


def test_an_exception_in_the_data_is_no_exhaustion_and_is_not_shown(tables: Site, open_checks: Open) -> None:
    tables.execute(
        "CREATE FUNCTION fault.raises(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS "
        "'BEGIN IF id = 2 THEN RAISE EXCEPTION ''jane s3cret''; END IF; RETURN id; END'",
        "CREATE VIEW fault.raising AS SELECT id, fault.raises(id) AS other FROM fault.calm",
    )
    checks = open_checks(tables.url, retries=2)

    wrong = {"expect_column_sum_to_be_between": {"column": "other", "min_value": 0}}
    run = checks.run({"fault.raising": [*TOLD, wrong]})

    assert run.verdict is Verdict.ERRORED
    assert [outcome.success for outcome in run.outcomes] == [True, True, True, None]
    assert "s3cret" not in str(run)


def test_a_server_that_stops_mid_query_errs_what_was_not_read_yet(tmp_path_factory: Any, open_checks: Open) -> None:
    directory = tmp_path_factory.mktemp("stopping")
    with postgres_server(directory) as url:
        Site("postgresql", url).execute(*TWO_TABLES)
        checks = open_checks(url, retries=1, parallel_tables=1)

        with blocked(url, "fault.sick") as block, meanwhile(lambda: checks.run(BOTH)) as running:
            block.reader()
            os.kill(int((directory / "postmaster.pid").read_text().splitlines()[0]), signal.SIGQUIT)
            run = running.result(20)

    assert_errored(run, checks, "fault.sick", because="connection", statements=2)


def test_a_server_that_stops_mid_run_is_one_alert_however_many_tables_were_not_read(
    tmp_path_factory: Any, open_checks: Open
) -> None:
    directory = tmp_path_factory.mktemp("stopping")
    others = {f"fault.tail_{number}": TOLD for number in range(3)}
    with postgres_server(directory) as url:
        copies = [f"CREATE TABLE {table} AS SELECT id FROM fault.calm" for table in others]
        Site("postgresql", url).execute(*TWO_TABLES, *copies)
        checks = open_checks(url, retries=1, parallel_tables=1)
        wrong = {"expect_table_row_count_to_equal": {"value": 4}}
        suites = {"fault.calm": [*TOLD, wrong], "fault.sick": TOLD, **others}

        with blocked(url, "fault.sick") as block, meanwhile(lambda: checks.run(suites)) as running:
            block.reader()
            postmaster = int((directory / "postmaster.pid").read_text().splitlines()[0])
            os.kill(postmaster, signal.SIGQUIT)
            run = running.result(60)
        wait_until_gone(postmaster)  # to stop a server that is just ending fails

    assert {outcome.table for outcome in run.outcomes if outcome.success is None} == {"fault.sick", *others}
    failed, cause = sorted(checks.ledger.alerts.unresolved(), key=lambda alert: alert.problem.kind != "expectation")
    assert failed.problem.table == "fault.calm"  # what was found before is told all the same
    assert (cause.problem.title, cause.problem.checkpoints) == ("the warehouse cannot be used", ("all",))
    assert str(cause.problem.observed).startswith(
        "4 tables not checked (fault.sick, fault.tail_0, fault.tail_1, fault.tail_2): "
    )
    assert cause.problem.blocks == ("marts",)

    with pytest.raises(WarehouseError):  # the next run cannot even begin: the same cause
        checks.run(suites)
    assert [alert.failed_runs for alert in checks.ledger.alerts.unresolved()] == [1, 2]


def wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 60
    while Path(f"/proc/{process}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_interrupt_ends_a_run_soon_and_closes_its_gate(tables: Site, open_checks: Open) -> None:
    checks = open_checks(tables.url, retries=2)
    interrupted: list[float] = []

    with blocked(tables.url, "fault.sick") as block:

        def interrupt() -> None:
            block.reader()
            interrupted.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            checks.run(BOTH)
        assert time.monotonic() - interrupted[0] < 3

    gate = checks.gate()
    assert not gate.is_open
    assert any("interrupted" in reason for reason in gate.reasons)
    assert checks.run(BOTH).verdict is Verdict.PASSED  # the same warehouse is of use again
