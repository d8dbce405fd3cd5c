"""A rewritten query gives the same rows: both run on DuckDB, on random data with nulls and duplicates."""

from __future__ import annotations

import random

import duckdb
import pytest

from tests.flows.sql_review.asking import MODELS, of_paths, of_sql

ROUNDS = 5


@pytest.fixture(params=range(ROUNDS))
def warehouse(request: pytest.FixtureRequest) -> duckdb.DuckDBPyConnection:
    chance = random.Random(request.param)
    connection = duckdb.connect()
    connection.execute("create table stg_users (user_id int, email text, created_at int, region int)")
    connection.execute("create table stg_events (event_id int, user_id int)")
    connection.execute(
        "create table stg_sessions (user_id int, region int, session_start int, session_duration_minutes int)"
    )
    connection.execute("create table stg_page_views (user_id int, seen int)")

    def maybe(most: int) -> int | None:
        return None if chance.random() < 0.15 else chance.randrange(most)

    size = range(chance.randrange(60))
    rows: dict[str, list[tuple]] = {
        "stg_users": [(maybe(12), chance.choice("abc"), chance.randrange(3), maybe(3)) for _ in size],
        "stg_events": [(maybe(50), maybe(12)) for _ in size],
        "stg_sessions": [(maybe(12), maybe(3), maybe(100), maybe(30)) for _ in size],
        "stg_page_views": [(maybe(12), maybe(5)) for _ in size],
    }
    for table, values in rows.items():
        if values:
            places = ", ".join("?" for _ in values[0])
            connection.executemany(f"insert into {table} values ({places})", values)
    return connection


QUERIES = {
    "no groups": "select (select count(*) from stg_sessions s where s.user_id = u.user_id) as n from stg_users u",
    "count of a column": """
        select u.email, (select count(s.session_start) from stg_sessions s where s.user_id = u.user_id) as n
        from stg_users u""",
    "distinct and sum": """
        select u.email,
            (select count(distinct s.session_start) from stg_sessions s where u.user_id = s.user_id) as a,
            (select sum(s.session_start) from stg_sessions s where u.user_id = s.user_id) as b
        from stg_users u""",
    "two keys and a condition of its own": """
        select u.email,
            (select min(s.session_start) from stg_sessions s
             where s.user_id = u.user_id and s.region = u.region and s.session_duration_minutes > 5) as first_at
        from stg_users u""",
    "an expression of aggregates": """
        select u.email,
            (select coalesce(sum(s.region), 0) + count(*) from stg_sessions s where s.user_id = u.user_id) + 1 as n
        from stg_users u""",
    "in a filter": """
        select u.email, u.user_id from stg_users u
        where u.created_at < (select count(*) from stg_sessions s where s.user_id = u.user_id) and u.email <> 'a'""",
    "in a filter of groups": """
        select u.email, count(*) from stg_users u
        where 1 <= (select count(*) from stg_sessions s where s.user_id = u.user_id) group by u.email""",
    "after a join that multiplies": """
        select u.email, e.event_id,
            (select max(s.session_start) from stg_sessions s where s.user_id = u.user_id) as last_at
        from stg_users u left join stg_events e on e.user_id = u.user_id""",
    "for the side that may be missing": """
        select u.email, (select count(*) from stg_sessions s where s.user_id = e.user_id) as n
        from stg_users u left join stg_events e on e.user_id = u.user_id""",
    "groups by number": """
        select u.user_id, sum(u.created_at),
            (select count(*) from stg_sessions s where s.user_id = u.user_id) as n
        from stg_users u group by 1""",
    "inside a case": """
        select case when u.email = 'a'
            then (select count(*) from stg_page_views p where p.user_id = u.user_id) else -1 end
        from stg_users u""",
    "with CTEs, in one": """
        with s as (select * from stg_sessions where region = 1),
        t as (select u.email, (select count(*) from s where s.user_id = u.user_id) as n from stg_users u)
        select email, sum(n) from t group by email""",
    "names that are taken": """
        with stg_sessions_by_user_id as (select 1 as total)
        select user_id, email, (select count(*) from stg_sessions s where s.user_id = u.user_id) as total
        from stg_users u order by total""",
    "distinct, a window and an order": """
        select distinct u.email, (select count(*) from stg_sessions s where s.user_id = u.user_id) as n,
            row_number() over (order by u.email, u.user_id, u.created_at, u.region) as place
        from stg_users u order by n""",
    "of a join": """
        select u.email, (select count(*) from stg_sessions s join stg_page_views p on p.user_id = s.user_id
                         where s.user_id = u.user_id) as n
        from stg_users u""",
}


def same_rows(warehouse: duckdb.DuckDBPyConnection, sql: str, rewrite: str) -> bool:
    order = "select * from ({}) as q order by all"
    return warehouse.execute(order.format(sql)).fetchall() == warehouse.execute(order.format(rewrite)).fetchall()


@pytest.mark.parametrize("name", QUERIES)
def test_a_rewritten_query_gives_the_same_rows(warehouse: duckdb.DuckDBPyConnection, name: str) -> None:
    findings = of_sql(QUERIES[name]).findings
    (rewrite,) = {finding.rewrite for finding in findings if finding.rule == "correlated-subquery"}
    assert rewrite is not None
    assert of_sql(rewrite).findings == []
    assert same_rows(warehouse, QUERIES[name], rewrite)


def test_the_slow_model_and_its_rewritten_query_give_the_same_rows(warehouse: duckdb.DuckDBPyConnection) -> None:
    slow = MODELS / "fct_user_activity_slow.sql"
    rewrite = of_paths(slow, base=MODELS).findings[0].rewrite
    sql = slow.read_text(encoding="utf-8").partition("}}")[2]
    for table in ("users", "events", "sessions", "page_views"):
        sql = sql.replace("{{ ref('stg_" + table + "') }}", f"stg_{table}")
    assert rewrite is not None
    assert same_rows(warehouse, sql, rewrite)


NOT_MECHANICAL = {
    "not an equality": "select (select count(*) from stg_sessions s where s.region < u.created_at) from stg_users u",
    "no aggregate": "select (select s.region from stg_sessions s where s.user_id = u.user_id limit 1) from stg_users u",
    "another aggregate": """
        select (select string_agg(s.region, ',') from stg_sessions s where s.user_id = u.user_id) from stg_users u""",
    "a column beside the key": """
        select (select count(*) from stg_sessions s where s.user_id = u.user_id and s.region + u.region > 1)
        from stg_users u""",
    "the row inside the aggregate": """
        select (select sum(s.session_start + u.created_at) from stg_sessions s where s.user_id = u.user_id)
        from stg_users u""",
    "a bare star": "select *, (select count(*) from stg_sessions s where s.user_id = u.user_id) as n from stg_users u",
    "within an aggregate": """
        select u.email, sum((select count(*) from stg_sessions s where s.user_id = u.user_id)) from stg_users u
        group by u.email""",
    "a comma": """
        select (select count(*) from stg_sessions s where s.user_id = u.user_id) from stg_users u, stg_events e
        where e.user_id = u.user_id""",
    "rollup": """
        select u.user_id, (select count(*) from stg_sessions s where s.user_id = u.user_id) from stg_users u
        group by rollup (u.user_id)""",
    "chance": "select (select max(random()) from stg_sessions s where s.user_id = u.user_id) from stg_users u",
    "one part of a union": """
        select 1 as n union all
        select (select count(*) from stg_sessions s where s.user_id = u.user_id) from stg_users u""",
    "a key without its table's name": """
        select (select count(*) from stg_sessions s where user_id = u.user_id) from stg_users u""",
}


@pytest.mark.parametrize("name", NOT_MECHANICAL)
def test_what_is_not_mechanical_is_found_and_not_rewritten(name: str) -> None:
    findings = [found for found in of_sql(NOT_MECHANICAL[name]).findings if found.rule == "correlated-subquery"]
    assert [found.rewrite for found in findings] == [None]


def test_of_two_the_one_that_is_mechanical_is_rewritten() -> None:
    sql = """
        select (select count(*) from stg_sessions s where s.user_id = u.user_id) as a,
            (select count(*) from stg_sessions s where s.session_start < u.created_at) as b
        from stg_users u"""
    first, second = of_sql(sql).findings
    assert first.rewrite is not None
    assert second.rewrite is None
    assert [found.line for found in of_sql(first.rewrite).findings] != []
