"""Filters on functions of columns: which are found in every dialect, what is said instead, and what is left alone."""

from __future__ import annotations

import pytest

from flows.sql_review.source import DIALECTS
from tests.flows.sql_review.asking import model, of_sql, rules

FILTER, STAR, INCREMENTAL = "function-on-filter-column", "select-star-into-mart", "incremental-filter"

RECURS, MOMENT, RANGE, STORED, PARTNER = (
    "for it comes again", "with a moment", "the first instant", "as it is compared", "the type of its partner",
)  # fmt: skip
FOUND = [
    ("datediff('day', ts, current_date) < 30", MOMENT),
    ("date_diff('day', ts, current_date) < 30", MOMENT),
    ("age(now(), ts) < interval '1' day", MOMENT),
    ("hour(ts) = 2", RECURS),
    ("dayofweek(ts) = 1", RECURS),
    ("month(ts) = 2", RECURS),
    ("extract(month from ts) = 2", RECURS),
    ("date_part('hour', ts) in (2, 3)", RECURS),
    ("year(ts) = 2026", RANGE),
    ("extract(year from ts) = 2026", RANGE),
    ("date_part('year', ts) = 2026", RANGE),
    ("to_char(ts, 'YYYY-MM') = '2026-01'", RANGE),
    ("to_char(ts, 'MM') = '01'", RECURS),
    ("year(ts) * 100 + month(ts) = 202601", RANGE),
    ("ts::varchar like '2026-01%'", STORED),
    ("cast(id as varchar) like '12%'", STORED),
    ("month(ts) = 1 or month(ts) = 3", RECURS),
    ("year(ts) = 2025 or ts > '2026-06-01'", RANGE),
    ("year(ts) = 2026 and k = 2", RANGE),
    ("year(ts) = 2026 and month(ts) = 2", RANGE),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("condition", "advice"), FOUND, ids=[condition for condition, _ in FOUND])
def test_a_filter_on_a_part_a_distance_or_a_cast_is_found_with_what_to_do(
    condition: str, advice: str, dialect: str
) -> None:
    for sql in (f"select x from a where {condition}", f"delete from a where {condition}"):
        (found,) = of_sql(sql, dialect).findings
        assert found.rule == FILTER
        assert advice in found.suggestion
        assert (found.line, found.exact) == (1, True)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres"])
@pytest.mark.parametrize(
    "sql",
    [
        "delete from orders where date(ts) = '2026-01-01'",
        "update orders set x = 1 where date(ts) = '2026-01-01'",
        "update orders as o set x = u.x from u where o.id = u.id and date(o.ts) = '2026-01-01'",
        "select x from a where date(ts) = '2026-01-01' or date(ts) = '2026-02-01'",
        "select x from a where current_date - ts::date < 30",
        "select a.x from a join b on date(a.ts) = date(b.ts)",
        "select o.x from o join c on date(o.ts) = c.d",
        "select o.x from o join c on o.ts::date = c.d",
    ],
)
def test_what_is_made_a_date_is_found_in_changes_and_joins_too_but_not_where_pruning_sees_through_it(
    sql: str, dialect: str
) -> None:
    assert rules(sql, dialect) == [FILTER]
    assert rules("select x from a where ts::date = current_date and hour(ts) = 2", "snowflake") == []
    if "current_date -" not in sql:
        assert rules(sql, "snowflake") == []


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "condition",
    [
        "year(ts) = 2026 or k = 2",
        "year(ts) <> 2026",
        "not year(ts) = 2026",
        "case when year(ts) = 2026 then true else k = 2 end",
        "ts >= '2026-01-01' and hour(ts) = 2",
        "hour(ts) = 2 and ts between '2026-01-01' and '2026-02-01'",
        "age(ts, other) < interval '1' day",
        "year(ts) = year(other)",
        "cast(id as varchar) like '%12'",
        "cast(id as varchar) not like '12%'",
        "name like 'a%'",
        "cast(cents as numeric) / 100 > 5",
        "upper(email) = 'A'",
        "coalesce(status, 'x') = 'y'",
        "md5(email) = 'a'",
        "replace(email, 'a', 'b') = 'c'",
        "trunc(amount) = 3",
        "k = 1 or k = 2",
    ],
)
def test_what_has_to_be_so_or_is_not_looked_at_is_quiet(condition: str, dialect: str) -> None:
    assert rules(f"select x from a where {condition}", dialect) == []


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("create table marts.t as select * from raw.orders", [STAR]),
        ("create or replace view db.marts.t as select * from raw.orders", [STAR]),
        ("insert into marts.t select * from raw.orders", [STAR]),
        ("insert into marts.t with o as (select * from raw.orders) select * from o", [STAR]),
        ("insert into marts.t (id, x) select * from raw.orders", []),
        ("insert into marts.t select id, x from raw.orders", []),
        ("insert into staging.t select * from marts.orders", []),
        ("create table marts.t as select count(*) as n from raw.orders", []),
        ("insert into marts.t select id from raw.orders where id in (select * from raw.keys)", []),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_star_in_a_statement_that_writes_to_marts_is_found(sql: str, expected: list[str], dialect: str) -> None:
    assert rules(sql, dialect) == expected


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select id, x from a", [INCREMENTAL]),
        ("select id, x from a where status = 'paid' -- no is_incremental() here", [INCREMENTAL]),
        ("select id, x from a -- {{ this }}", [INCREMENTAL]),
        ("select id, x from a where id > 3", []),
        ("select id, x from a where id not in (select id from marts.orders where id is not null)", []),
    ],
)
def test_a_large_incremental_model_filters_what_is_new(sql: str, expected: list[str]) -> None:
    assert rules(sql, model=model("incremental", unique_key=("id",))) == expected
    assert rules(sql, model=model("incremental", 10, unique_key=("id",))) == []
    assert rules(sql, model=model("incremental", None, unique_key=("id",))) == []
    assert rules(sql, model=model("incremental", incremental_strategy="microbatch")) == []


def test_a_review_keeps_the_parsers_own_warnings_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    assert rules("select x from a where to_char(ts, 'YYYY') = '2026'") == [FILTER]
    assert caplog.records == []


def test_what_the_parser_cannot_write_in_full_is_not_shown_rewritten() -> None:
    sql = "select to_char(ts, 'YYYY') as y, {} as n from a where ts + interval 1 hour > now()"
    assert [one.rewrite for one in of_sql(sql.format(1)).findings] == [None]
    correlated = sql.format("(select count(*) from b where b.id = a.id)")
    assert [one.rewrite for one in of_sql(correlated).findings] == [None, None]
    assert of_sql("select x from a where ts + interval 1 hour > now()").findings[0].rewrite is not None
