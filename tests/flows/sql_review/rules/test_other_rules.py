"""The rules about subqueries, stars, filters and large models: what breaks each, and what only looks so."""

from __future__ import annotations

import pytest

from flows.sql_review.sizes import Sizes
from flows.sql_review.source import DIALECTS
from tests.flows.sql_review.asking import model, of_sql, rules

CORRELATED, NOT_IN, STAR, FILTER = (
    "correlated-subquery",
    "not-in-subquery",
    "select-star-into-mart",
    "function-on-filter-column",
)
MART = model("view", is_mart=True)


@pytest.mark.parametrize(
    "sql",
    [
        "select (select max(b.x) from b where b.id = a.id) from a",
        "select a.x from a where a.x > (select avg(b.x) from b where b.id = a.id)",
        "select A.x from Orders A where A.x > (select avg(B.x) from B where B.id = a.ID)",
        "with b as (select id, x from c) select (select max(b.x) from b where b.id = a.id) from a",
        "create table t as select (select max(b.x) from b where b.id = a.id) as y from a",
        "select (select count(*) from (select b.id from b) q where q.id = a.id) from a",
        "select a.id, array(select b.x from b where b.id = a.id) as xs from a",
        "select a.x from a where a.x >= all (select b.x from b where b.id = a.id)",
        "select a.x from a where a.x > any (select b.x from b where b.id = a.id)",
        "select a.x from a where a.x <> any (select b.x from b where b.id = a.id)",
        "select a.x from a where a.x > any (select max(b.x) from b where b.id = a.id)",
        "select a.x, l.n from a cross join lateral (select count(*) as n from b where b.id = a.id) as l",
        "select a.x, l.n from a left join lateral (select max(n) as n from b where b.id = a.id) as l on true",
        "select a.x, l.n from a, lateral (select b.k, sum(b.n) as n from b where b.id = a.id group by b.k) as l",
        "select (select count(*) from b join (select max(k) as k from c where c.id = a.id) q on q.k = b.k) from a",
        "select a.x, l.n from a, lateral (select n from (select max(n) as n from b where b.id = a.id) q) as l",
    ],
)
def test_a_value_that_depends_on_the_row_around_it_is_found(sql: str) -> None:
    for dialect in DIALECTS:
        assert rules(sql, dialect) == [CORRELATED], dialect


def test_a_query_in_from_that_is_lateral_without_saying_so_is_found_too() -> None:
    assert rules("select a.x, l.n from a, (select count(*) as n from b where b.id = a.id) as l") == [CORRELATED]
    assert rules("select a.x, l.n from a, (select b.n from b where b.id = a.id) as l") == []


def test_only_a_value_is_shown_rewritten() -> None:
    sql = "select a.x from a where a.x > {} (select max(b.x) from b where b.id = a.id)"
    (one,) = of_sql(sql.format("")).findings
    (any_,) = of_sql(sql.format("any")).findings
    assert one.rewrite is not None
    assert any_.rewrite is None


@pytest.mark.parametrize(
    "sql",
    [
        "select (select max(b.x) from b) from a",
        "select a.x from a where exists (select 1 from b where b.id = a.id)",
        "select a.x from a where not exists (select 1 from b where b.id = a.id)",
        "select a.x from a where a.x in (select b.x from b where b.id = a.id)",
        "select (select max(t.i) from unnest(a.items) as t (i)) from a",
        "select a.x from a where a.x > (select max(b.x) from b as b where b.pay.amount > 1)",
        "select a.x from a where a.x = any (select b.x from b where b.id = a.id)",
        "select a.x from a where a.x <> all (select b.x from b where b.id = a.id and b.x is not null)",
        "select a.x from a where a.x >= all (select b.x from b)",
        "select a.id, array(select b.x from b) as xs from a",
        "select a.id, array(select t.i from unnest(a.items) as t (i)) as xs from a",
        "select a.x, l.n from a cross join lateral (select b.n from b where b.id = a.id) as l",
        "select a.x, l.n from a cross join lateral (select max(t.i) as n from unnest(a.items) as t (i)) as l",
        "select a.x, l.n from a cross join lateral (select count(*) as n from b) as l",
        "select a.x, l.n from a cross join (select b.id, count(*) as n from b group by b.id) as l where l.id = a.id",
    ],
)
def test_what_is_worked_out_once_or_joined_is_no_correlated_subquery(sql: str) -> None:
    assert rules(sql) == []


def test_what_a_row_has_in_itself_is_no_correlated_subquery_on_snowflake() -> None:
    sql = "select a.x, l.n from a, lateral (select sum(f.value) as n from table(flatten(input => a.items)) f) as l"
    assert rules(sql, "snowflake") == []
    assert rules("select a.x, f.value from a, lateral flatten(input => a.items) f", "snowflake") == []


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "snowflake"])
def test_not_in_a_query_that_may_give_null_is_found(dialect: str) -> None:
    assert rules("select a.x from a where a.id not in (select b.id from b)", dialect) == [NOT_IN]
    assert rules("select a.x from a where not (a.id in (select id from b where x > 1))", dialect) == [NOT_IN]


@pytest.mark.parametrize(
    "sql",
    [
        "select a.x from a where a.id in (select b.id from b)",
        "select a.x from a where a.id not in (1, 2)",
        "select a.x from a where a.id not in (select b.id from b where b.id is not null)",
        "select a.x from a where a.id not in (select b.id from b where not b.id is null)",
        "select a.x from a where a.id not in (select b.id from b where b.id > 3 and b.x = 1)",
        "select a.x from a where a.id not in (select coalesce(b.id, 0) from b)",
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_not_in_a_list_or_a_query_without_null_is_fine(sql: str, dialect: str) -> None:
    assert rules(sql, dialect) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_not_in_the_values_that_are_null_is_found(dialect: str) -> None:
    assert rules("select x from a where id not in (select b.id from b where b.id is null)", dialect) == [NOT_IN]


def test_what_is_not_in_the_model_itself_by_its_key_yet_is_fine() -> None:
    sql = "select id from b where id not in (select id from marts.orders)"
    assert rules(sql, model=model("incremental", None, unique_key=("id",))) == []
    assert rules(sql, model=model("incremental", None, unique_key=("other",))) == [NOT_IN]


@pytest.mark.parametrize(
    "sql",
    [
        "select * from a",
        "select a.*, b.y from a join b on a.id = b.id",
        "with final as (select * from a) select * from final",
        "with x as (select * from a), y as (select x.*, 1 as n from x) select * from y",
        "select id from a union all select * from b",
        "select * from (select * from a) as q",
    ],
)
def test_a_star_that_reaches_a_table_is_found_in_a_mart(sql: str) -> None:
    assert rules(sql, model=MART) == [STAR]
    assert rules(sql, model=model("view")) == []
    assert rules(sql) == []


@pytest.mark.parametrize(
    "sql",
    [
        "with final as (select id, x from a) select * from final",
        "with a_rows as (select * from a) select id, x from a_rows",
        "select count(*) from a",
        "with x as (select * from a), y as (select id from b) select y.* from y join x on x.id = y.id",
        "select * from (values (1), (2)) as v (n)",
    ],
)
def test_a_star_over_named_columns_is_fine(sql: str) -> None:
    assert rules(sql, model=MART) == []


@pytest.mark.parametrize(
    "sql",
    [
        "select x from a where date(created_at) >= current_date - 1",
        "select x from a where cast(created_at as date) = '2025-01-01'",
        "select x from a where '2025-01-01' <= created_at::date",
        "select x from a where date_trunc('month', a.created_at) = '2025-01-01' and x > 1",
        "select x from a where extract(year from created_at) = 2025",
        "select x from a where cast(id as varchar) in ('1', '2')",
        "with q as (select * from a) select x from q where date(created_at) > '2025-01-01'",
        "with q as (select created_at as at, x from a where x > 1) select x from q where date(q.at) > '2025-01-01'",
        "select x from a where date(created_at) >= (select max(day) from b)",
        "with q as (select date(created_at) as day, x from a) select x from q where day = '2025-01-01'",
        "select x from (select id, x, year(created_at) as y from a) as q where q.y = 2025",
        "with q as (select a.*, b.k from a join b on a.id = b.id) select x from q where year(created_at) = 2025",
        "select x from a where created_at + interval 1 day > now()",
        "select x from a where now() < interval 1 day + created_at",
        "select x from a where created_at - interval 2 hour <= cast('2025-01-01' as timestamp)",
        "select x from a where now() - created_at < interval 7 day",
        "with q as (select * from a) select x from q where created_at + interval 1 day > now()",
        "select a.x from a join b on cast(a.id as varchar) = b.id",
    ],
)
def test_a_filter_on_a_function_of_a_column_is_found(sql: str) -> None:
    assert rules(sql) == [FILTER]


@pytest.mark.parametrize(
    "sql",
    [
        "select x from a where created_at >= current_date - 1",
        "select date(created_at) from a",
        "select x from a where date(created_at) = date(updated_at)",
        "select x from a where coalesce(gone, false) = false",
        "select x from a where lower(status) = 'paid'",
        "select x from a where date(created_at) > '2025-01-01' or x = 1",
        "with q as (select max(created_at) as at, x from a group by x) select x from q where date(at) > '2025-01-01'",
        "with q as (select date(max(created_at)) as day from a) select day from q where day = '2025-01-01'",
        "with q as (select lower(status) as s, cast(x as int) as n from a) select s from q where s = 'paid' and n = 1",
        "with q as (select date(at) as day, sum(x) over (order by y) as s from a) select s from q where day = '2025'",
        "select x from a where created_at > now() - interval 1 day",
        "select x from a where created_at + interval 1 day > updated_at",
        "select x from a where created_at + n * interval 1 day > now()",
        "select x from a where x + 1 > 5",
        "select a.x from a join b on a.id = b.id and a.created_at + interval 1 day > now()",
        "with q as (select max(created_at) as at from a) select at from q where at + interval 1 day > now()",
        "with q as (select * replace (date(at) as at) from a) select x from q where date(at) > '2025-01-01'",
        "select a.x from a join b on a.id = b.id and lower(a.email) = lower(b.email)",
    ],
)
def test_a_filter_that_can_use_the_column_or_has_to_be_so_is_fine(sql: str) -> None:
    assert rules(sql) == []


def test_snowflake_prunes_by_a_date_made_of_a_time_but_not_by_a_text_made_of_it() -> None:
    assert rules("select x from a where to_date(created_at) >= '2025-01-01'", "snowflake") == []
    assert rules("select x from a where to_char(created_at, 'YYYY') = '2025'", "snowflake") == [FILTER]


def test_on_snowflake_a_time_that_is_moved_keeps_its_order() -> None:
    assert rules("select x from a where dateadd(day, 1, created_at) > current_timestamp()", "snowflake") == []
    assert rules("select x from a where created_at + interval '1 day' > current_timestamp()", "snowflake") == []
    sql = "with q as (select to_date(at) as day, to_char(at, 'YYYY') as y from a) select 1 as n from q where {}"
    assert rules(sql.format("day = '2025-01-01'"), "snowflake") == []
    assert rules(sql.format("y = '2025'"), "snowflake") == [FILTER]


def test_numbers_are_moved_by_duckdb_itself_and_not_by_postgresql() -> None:
    assert rules("select x from a where x + 1 > 5", "postgres") == [FILTER]
    assert rules("select x from a where x + 1 > 5", "duckdb") == []


def test_a_filter_over_a_table_that_is_known_to_be_small_is_fine() -> None:
    sql = "select x from marts.a where date(created_at) = '2025-01-01'"
    assert rules(sql, sizes=Sizes(counted={"marts.a": 1_000_000}.get)) == []
    assert rules(sql, sizes=Sizes(counted={"marts.a": 1_000_001}.get)) == [FILTER]


SQL = "select id, x from a"


@pytest.mark.parametrize(
    ("rows", "expected"), [(1_000_001, ["full-refresh"]), (1_000_000, []), (None, [])], ids=["large", "not", "unknown"]
)
def test_a_table_is_to_be_built_whole_up_to_a_million_rows(rows: int | None, expected: list[str]) -> None:
    assert rules(SQL, model=model("table", rows)) == expected


def test_from_how_many_rows_a_table_is_large_can_be_said() -> None:
    assert rules(SQL, model=model("table", 500), sizes=Sizes(large_rows=499)) == ["full-refresh"]


@pytest.mark.parametrize(
    ("dialect", "more", "expected"),
    [
        ("duckdb", {}, ["incremental-unique-key"]),
        ("snowflake", {}, ["incremental-cluster-by", "incremental-unique-key"]),
        ("snowflake", {"unique_key": ("id",)}, ["incremental-cluster-by"]),
        ("snowflake", {"unique_key": ("id",), "has_cluster_by": True}, []),
        ("postgres", {"incremental_strategy": "append"}, []),
        ("postgres", {"incremental_strategy": "merge"}, ["incremental-unique-key"]),
    ],
)
def test_a_large_incremental_model_has_a_key_and_where_there_is_such_a_thing_a_cluster(
    dialect: str, more: dict, expected: list[str]
) -> None:
    assert rules(f"{SQL} where id > 3", dialect, model("incremental", **more)) == expected
    assert rules(SQL, dialect, model("incremental", 10, **more)) == []


def test_a_model_of_unknown_size_is_told_and_not_taken_for_a_small_one() -> None:
    assert of_sql(SQL, model=model("table", None)).unknown_sizes == ["orders"]
    assert of_sql(SQL, model=model("view", None)).unknown_sizes == []


def test_every_finding_says_why_and_what_to_do() -> None:
    sql = "select a.*, (select max(x) from b where b.id = a.id) from a, c where a.id not in (select id from c)"
    found = of_sql(sql, model=model("table", is_mart=True)).findings
    assert len({finding.rule for finding in found}) == 5
    assert all(finding.reason and finding.suggestion and finding.message for finding in found)
