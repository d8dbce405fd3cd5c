"""The ledger's copy in each warehouse: what it says, how often it asks, and what it never says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.data_quality import DataQualityError
from checkpoints.override import new_override
from checkpoints.result import ExpectationOutcome, Verdict
from expectations.suite import Severity
from tests.checkpoints.runs import outcome
from tests.warehouses.data_quality import SCHEMA, Copied, now
from tests.warehouses.sites import Site

TABLES = ("data_quality_metrics", "row_count_history", "validation_results", "freshness", "checkpoint_runs")
MOST_STATEMENTS = 12


@pytest.fixture
def copied(site: Site, tmp_path: Path) -> Iterator[Copied]:
    site.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    made = Copied(site.open(), tmp_path, URL.create("sqlite", database=str(tmp_path / "ledger.sqlite")))
    made.begin_ingest("ingest-1")
    yield made
    made.close()


def found(expectation: str, unexpected: int | None, **more: Any) -> ExpectationOutcome:
    made = outcome(not unexpected, expectation=expectation)
    return replace(made, unexpected_count=unexpected, **more)


def test_the_view_opens_for_the_ingest_that_passed_and_for_as_long(copied: Copied) -> None:
    copied.check("raw", "ingest-1")
    rows = copied.rows("gate_open", "load", "is_open", "ingest_id", "reasons", "overridden")
    assert rows == [
        ("marts", False, "ingest-1", "the checkpoint staging has not been run for ingest ingest-1", False),
        ("staging", True, "ingest-1", "raw passed", False),
    ]
    ((until,),) = copied.rows("gate_open WHERE load = 'staging'", "valid_until")
    assert until == copied.gate("staging").decisions[0].valid_until


def test_a_failed_check_closes_it_without_a_figure_of_the_data(copied: Copied) -> None:
    copied.check("raw", "ingest-1", Verdict.FAILED)
    assert ("staging", False, "raw failed") in copied.rows("gate_open", "load", "is_open", "reasons")


def test_a_run_that_has_not_finished_an_ingest_and_a_load_close_it(copied: Copied) -> None:
    for _ in range(2):
        run = copied.check("raw", "ingest-1")
        assert copied.open_in_sql() == {"staging"}
        copied.begin(replace(run, run_id=f"{run.run_id}-again"))
        assert copied.open_in_sql() == set()
    copied.check("raw", "ingest-1")
    copied.begin_ingest("ingest-2")
    assert copied.open_in_sql() == set()


SOON = (2, 8, 32)
"""Seconds until an end that a test waits for: the least that leaves a busy machine time to look before it."""


def test_a_decision_expires_by_the_clock_of_the_warehouse(copied: Copied) -> None:
    for seconds in SOON:
        copied.check("raw", "ingest-1", finished_at=now() - timedelta(hours=24, seconds=-seconds))
        if seen := copied.open_in_sql():
            break
    assert seen == {"staging"}
    time.sleep(seconds + 0.5)
    assert ("staging", False, "the decision has expired") in copied.rows("gate_open", "load", "is_open", "reasons")


@pytest.mark.parametrize(
    "spoiled",
    [
        "valid_until = NULL", "valid_from = NULL", "decision = 'OPEN'", "decision = NULL",
        "valid_from = TIMESTAMP '2999-01-01 00:00:00'", "valid_until = TIMESTAMP '2020-01-01 00:00:00'",
    ],
)  # fmt: skip
def test_a_row_that_is_not_whole_is_closed(copied: Copied, spoiled: str) -> None:
    copied.check("raw", "ingest-1")
    with copied.warehouse.connect() as connection:
        connection.exec_driver_sql(f"UPDATE {SCHEMA}.gate_status SET {spoiled} WHERE load = 'staging'")
    assert [is_open for load, is_open in copied.rows("gate_open", "load", "is_open") if load == "staging"] == [False]


def test_a_load_without_a_row_is_closed_to_who_asks_as_documented(copied: Copied) -> None:
    query = f"SELECT coalesce((SELECT min(CASE WHEN is_open THEN 1 ELSE 0 END) FROM {SCHEMA}.gate_open WHERE load = "
    with copied.warehouse.connect() as connection:
        assert connection.exec_driver_sql(query + "'nobody'), 0)").scalar() == 0


def test_an_override_is_shown_as_such_and_ends(copied: Copied) -> None:
    copied.check("raw", "ingest-1", Verdict.FAILED)
    copied.override("staging")
    ((is_open, reasons, overridden),) = copied.rows(
        "gate_open WHERE load = 'staging'", "is_open", "reasons", "overridden"
    )
    assert (is_open, overridden) == (True, True)
    assert reasons.startswith("overridden by Ada until ")
    assert "847342" not in reasons  # what people write as a reason stays in the ledger
    copied.revoke("staging")
    assert ("staging", False, False) in copied.rows("gate_open", "load", "is_open", "overridden")


def test_an_override_that_ended_is_closed(copied: Copied) -> None:
    for seconds in SOON:
        until = f"{seconds / 60:.3f}m"
        copied.ledger.override(new_override("staging", None, reason="x", by="Ada", until=until, now=now()))
        copied.copy.refresh()
        if seen := copied.open_in_sql():
            break
    assert seen == {"staging"}
    time.sleep(seconds + 0.5)
    assert copied.open_in_sql() == set()


def test_a_run_written_twice_is_there_once(copied: Copied) -> None:
    run = copied.check("raw", "ingest-1", row_counts=(("shop.orders", 10),))
    before = {table: copied.rows(table) for table in TABLES}
    copied.copy.publish([run.run_id])
    assert {table: copied.rows(table) for table in TABLES} == before
    assert len(before["validation_results"]) == 1


def test_what_is_missing_is_written_anew(copied: Copied) -> None:
    runs = [copied.check("raw", "ingest-1", row_counts=(("shop.orders", number),)) for number in range(25)]
    whole = {table: copied.rows(table, order="run_id") for table in TABLES}
    with copied.warehouse.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
    again = Copied(copied.warehouse, copied.directory, copied.ledger_url)
    assert set(again.copy.publish_missing(now() - timedelta(days=1))) == {run.run_id for run in runs}
    assert {table: again.rows(table, order="run_id") for table in TABLES} == whole
    assert again.open_in_sql() == {"staging"}
    assert again.copy.publish_missing(now() - timedelta(days=1)) == ()


def test_counts_of_rows_that_repeat_and_that_lack_a_value(copied: Copied) -> None:
    outcomes = (
        found("expect_column_values_to_be_unique", 4),
        found("expect_compound_columns_to_be_unique", 2),
        found("expect_column_values_to_not_be_null", 3, blocking=False),
        found("expect_column_values_to_be_unique", None, table="shop.gone", success=None),
        found("expect_x", 0, table="shop.plain"),
    )
    copied.check("raw", "ingest-1", outcomes=outcomes, row_counts=(("shop.orders", 10), ("shop.plain", 7)))
    names = ("table_name", "total_rows", "unique_rows", "duplicate_rows", "null_rows", "status")
    assert copied.rows("data_quality_metrics", *names) == [
        ("shop.gone", None, None, None, None, "FAIL"),
        ("shop.orders", 10, 6, 4, 3, "FAIL"),
        ("shop.plain", 7, None, None, None, "PASS"),
    ]
    assert copied.rows("row_count_history", "table_name", "row_count") == [("shop.orders", 10), ("shop.plain", 7)]
    statuses = [row[0] for row in copied.rows("validation_results", "status", order="position")]
    assert statuses == ["FAIL", "FAIL", "WARN", "FAIL", "PASS"]
    assert copied.rows("data_sla_metrics") == []


@pytest.mark.parametrize(("hours", "status"), [(1, "FRESH"), (4, "WARNING"), (7, "STALE")])
def test_freshness_is_told_against_the_limits_of_the_suite(copied: Copied, hours: int, status: str) -> None:
    newest = (now() - timedelta(hours=hours)).isoformat()
    seen = found("expect_table_to_be_fresh", None, success=True, observed_value=newest)
    for _ in range(2):
        copied.check("raw", "ingest-1", outcomes=(seen,), row_counts=(("shop.orders", 10),))
    names = ("table_name", "minutes_since_update", "freshness_status")
    assert copied.rows("dashboard_freshness", *names) == [("shop.orders", hours * 60, status)]


def test_no_value_of_the_data_is_copied(copied: Copied) -> None:
    said = replace(
        outcome(False), observed_value="value-847342", sentence="value-847342 is seen", error="value-847342",
        severity=Severity.CRITICAL,
    )  # fmt: skip
    masked = found("expect_table_to_be_fresh", None, success=True, observed_value="***")
    copied.check("raw", "ingest-1", outcomes=(said, masked))
    everything = str([copied.rows(table) for table in (*TABLES, "gate_status", "gate_open")])
    assert "847342" not in everything
    assert copied.rows("freshness") == []


def test_a_run_costs_a_few_statements_however_much_was_asked(copied: Copied) -> None:
    sent: list[str] = []
    sa.event.listen(copied.warehouse.engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    for outcomes in (1, 400):
        sent.clear()
        copied.check("raw", "ingest-1", outcomes=(outcome(True),) * outcomes, row_counts=(("shop.orders", 1),))
        counted = [statement for statement in sent if statement.startswith(("DELETE", "INSERT", "SELECT", "CREATE"))]
        assert len(counted) <= MOST_STATEMENTS + 2, counted  # two more to close the gate before it
    assert len(copied.rows("validation_results")) == 401


def test_old_results_are_let_go_and_gates_never(copied: Copied) -> None:
    copied.check("raw", "ingest-1", finished_at=now() - timedelta(days=500), row_counts=(("shop.orders", 1),))
    copied.check("raw", "ingest-1", row_counts=(("shop.orders", 2),))
    assert copied.copy.prune(timedelta(days=400)) == 4
    assert copied.rows("row_count_history", "row_count") == [(2,)]
    assert copied.open_in_sql() == {"staging"}


@pytest.mark.postgres
def test_a_warehouse_that_may_not_be_written_closes_the_ledger_and_says_so(
    guarded: URL, postgres: Site, tmp_path: Path
) -> None:
    postgres.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    copied = Copied(postgres.open(url=guarded), tmp_path, URL.create("sqlite", database=str(tmp_path / "l.sqlite")))
    with pytest.raises(DataQualityError, match=r"permission denied.*SLUICE_DATA_QUALITY_SCHEMA=none") as caught:
        copied.begin_ingest("ingest-1")
    assert "s3cret" not in str(caught.value)
    assert copied.ledger.latest_ingest() == "ingest-1"
    copied.close()
