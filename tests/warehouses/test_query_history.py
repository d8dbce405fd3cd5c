"""Snowflake's record of dbt's statements, over the real connector: what is read of it, and what when it may not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from flows.dbt_runs.query_history import QueryHistory, dbt_comment
from flows.dbt_runs.source import RunSourceError
from gx.warehouse.base import Warehouse
from tests.warehouses.sites import Site

EVER = datetime(2000, 1, 1)  # noqa: DTZ001 - as sources are asked
START = datetime(2025, 10, 1, 2)  # noqa: DTZ001 - the session is in UTC
TABLE = "SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY"
# The columns that are read, as Snowflake's documentation has them, and two that are not.
COLUMNS = (
    "query_id VARCHAR, query_text VARCHAR, query_type VARCHAR, session_id NUMBER(38,0), warehouse_size VARCHAR, "
    "warehouse_name VARCHAR, execution_status VARCHAR, start_time TIMESTAMP_LTZ, end_time TIMESTAMP_LTZ, "
    "total_elapsed_time NUMBER(38,0), bytes_scanned NUMBER(38,0), rows_produced NUMBER(38,0), "
    "rows_inserted NUMBER(38,0), rows_updated NUMBER(38,0), rows_deleted NUMBER(38,0)"
)
CTAS = "CREATE_TABLE_AS_SELECT"


def text(sql: str, node: str | None = "model.shop.fct", **more: Any) -> str:
    """A statement as dbt sends it: its comment comes last."""
    comment = {"app": "dbt", "dbt_version": "1.11.16", "profile_name": "shop", "target_name": "prod", **more}
    named = {"node_id": node} if node else {"connection_name": "master"}
    return f"{sql}\n/* {json.dumps(comment | named)} */"


@pytest.fixture
def warehouse(snowflake: Site) -> Iterator[Warehouse]:
    opened = snowflake.open()
    yield opened
    opened.release()


@pytest.fixture
def history(warehouse: Warehouse) -> Iterator[Warehouse]:
    with warehouse.connect() as connection:
        for statement in (
            "CREATE DATABASE IF NOT EXISTS SNOWFLAKE",
            "CREATE SCHEMA IF NOT EXISTS SNOWFLAKE.ACCOUNT_USAGE",
            f"CREATE OR REPLACE TABLE {TABLE} ({COLUMNS})",
        ):
            connection.exec_driver_sql(statement)
    yield warehouse
    with warehouse.connect() as connection:
        connection.exec_driver_sql(f"DROP TABLE {TABLE}")


def sent(warehouse: Warehouse, *rows: dict[str, Any]) -> None:
    names = [column.split()[0] for column in COLUMNS.replace("(38,0)", "").split(", ")]
    table = sa.table("query_history", *(sa.column(name) for name in names), schema="snowflake.account_usage")
    with warehouse.connect() as connection:
        connection.execute(table.insert().values([{name: row.get(name) for name in names} for row in rows]))


def statement(query: str, kind: str = CTAS, minute: int = 0, **more: Any) -> dict[str, Any]:
    began = START + timedelta(minutes=minute)
    row = {
        "query_id": "q", "query_text": query, "query_type": kind, "session_id": 77, "warehouse_size": "Large",
        "warehouse_name": "DBT", "execution_status": "SUCCESS", "start_time": began,
        "end_time": began + timedelta(seconds=30), "total_elapsed_time": 30_000, "bytes_scanned": 1000,
        "rows_produced": 5,
    }  # fmt: skip
    return {**row, **more}


@pytest.mark.snowflake
def test_the_documents_model_is_read_with_its_time_size_and_bytes(history: Warehouse) -> None:
    slow: dict[str, Any] = {
        "total_elapsed_time": 30_095_000,
        "end_time": START + timedelta(hours=8, minutes=21, seconds=35),
    }
    sent(history, statement(text("create or replace transient table marts.fct as (select 1)"), **slow))
    found = QueryHistory(history).read(EVER, frozenset())
    assert found.problems == ()
    (run,) = found.runs
    assert (run.run_id, run.source, run.job, run.status) == ("session-77", "query_history", "dbt shop prod", "success")
    (model,) = run.models
    assert (model.unique_id, model.seconds, model.rows, model.full_refresh) == ("model.shop.fct", 30_095, 5, True)
    assert (model.warehouse_size, model.bytes_processed) == ("Large", 1000)
    assert model.finished_at == datetime(2025, 10, 1, 10, 21, 35)  # noqa: DTZ001


@pytest.mark.snowflake
def test_an_incremental_model_is_all_of_its_statements_and_counts_the_rows_it_changed(history: Warehouse) -> None:
    sent(
        history,
        statement(text("create or replace temporary table fct__dbt_tmp as (select 1)"), rows_produced=9),
        statement(text("merge into fct"), "MERGE", 1, rows_produced=9, rows_inserted=4, rows_updated=5),
    )
    ((model,),) = (run.models for run in QueryHistory(history).read(EVER, frozenset()).runs)
    assert (model.seconds, model.rows, model.bytes_processed, model.full_refresh) == (60, 9, 2000, False)


@pytest.mark.snowflake
def test_a_run_that_the_comment_names_is_one_run_and_a_failed_statement_a_failed_model(history: Warehouse) -> None:
    named = {"invocation_id": "invocation-1"}
    sent(
        history,
        statement(text("create table a", "model.shop.a", **named), session_id=1),
        statement(text("create table b", "model.shop.b", **named), session_id=2, execution_status="FAIL"),
    )
    (run,) = QueryHistory(history).read(EVER, frozenset()).runs
    assert (run.run_id, run.status) == ("invocation-1", "error")
    assert {model.name: model.status for model in run.models} == {"a": "success", "b": "error"}


@pytest.mark.snowflake
def test_what_others_sent_what_builds_nothing_and_what_goes_on_is_left(history: Warehouse) -> None:
    sent(
        history,
        statement("create table x as select 1"),
        statement('create table x as select \'{"app": "dbt"}\''),
        statement(text("create table x", None)),
        statement(text("select count(*)", "test.shop.unique"), "SELECT"),
        statement(text("create table x", "test.shop.unique")),
        statement(text("create table x"), end_time=None),
        statement(text("create table x"), start_time=START - timedelta(days=9)),
    )
    assert QueryHistory(history).read(START - timedelta(days=7), frozenset()).runs == ()


@pytest.mark.snowflake
def test_a_history_that_may_not_be_read_is_told_with_the_grant_that_is_missing(warehouse: Warehouse) -> None:
    with pytest.raises(RunSourceError) as caught:
        QueryHistory(warehouse).read(EVER, frozenset())
    told = str(caught.value)
    assert told.startswith("SNOWFLAKE.ACCOUNT_USAGE.QUERY_HISTORY of the warehouse snowflake://")
    assert "GRANT IMPORTED PRIVILEGES ON DATABASE SNOWFLAKE TO ROLE" in told
    assert str(warehouse.url.password) not in told


def test_another_warehouse_has_no_such_history(duckdb_file_url: sa.URL) -> None:
    opened = Site("duckdb", duckdb_file_url).open()
    with pytest.raises(RunSourceError, match="has no query history; SLUICE_DBT_QUERY_HISTORY is for Snowflake"):
        QueryHistory(opened).read(EVER, frozenset())
    opened.release()


@pytest.mark.parametrize(
    ("query", "node"),
    [
        (text("select 1"), "model.shop.fct"),
        (f"/* {json.dumps({'app': 'dbt', 'node_id': 'model.shop.first'})} */ select 1", "model.shop.first"),
        (text("select 1 /* a note */ from t /* {not json} */"), "model.shop.fct"),
        ('select 1 /* {"app": "looker", "node_id": "model.shop.x"} */', None),
        ("select 1 /* [] */", None),
        ("select 1 /* {", None),
        ("", None),
    ],
)
def test_the_model_is_named_in_dbts_comment_wherever_it_stands(query: str, node: str | None) -> None:
    assert dbt_comment(query).get("node_id") == node
