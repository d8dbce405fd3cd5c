"""Which joins are of all rows with all rows."""

from __future__ import annotations

import pytest

from flows.sql_review.source import DIALECTS
from tests.flows.sql_review.asking import rules

CROSS = {
    "cross join": "select a.x from a cross join b",
    "comma": "select a.x from a, b where a.y > 1",
    "on true": "select a.x from a left join b on true",
    "on 1 = 1": "select a.x from a join b on 1 = 1",
    "no condition": "select a.x from a join b where b.z = 3",
    "the third": "select a.x from a, b, c where a.id = b.id",
    "in a CTE": "with j as (select a.x from a cross join b) select x from j",
    "in a subquery": "select n from (select count(*) as n from a, b) as q",
    "a group has many rows": "with m as (select k, max(y) as y from b group by k) select a.x from a cross join m",
}
LINKED = {
    "an equality in where": "select a.x from a, b where a.id = b.id",
    "an inequality": "select d.day from days d cross join a where d.day between a.first and a.last",
    "without the tables' names": "select x from a, b where a_id = b_id",
    "one without its table's name": "select a.x from a join b on 1 = 1 where a.day >= first_day",
    "using": "select x from a join b using (id)",
    "natural": "select x from a natural join b",
    "later on": "select a.x from a cross join b join c on c.id = a.id and c.k = b.k",
    "an aggregate's one row": "with m as (select max(y) as y from b) select a.x from a cross join m",
    "of one row again": "with m as (select max(y) as y from b), n as (select y from m) select a.x from a, n",
    "limit 1": "select a.x from a cross join (select y from b limit 1) as one",
    "constants": "with v as (select 1 as n union all select 2) select a.x from a cross join v",
    "values": "select a.x from a cross join (values (1), (2)) as v (n)",
    "no table at all": "select 1",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", CROSS)
def test_a_cross_join_is_found(name: str, dialect: str) -> None:
    assert rules(CROSS[name], dialect) == ["cross-join"]


@pytest.mark.parametrize("name", LINKED)
def test_a_join_that_has_a_condition_or_one_row_is_none(name: str) -> None:
    assert rules(LINKED[name]) == []


@pytest.mark.parametrize(
    ("dialect", "sql"),
    [
        ("duckdb", "select a.x, t.i from a, unnest(a.items) as t (i)"),
        ("duckdb", "select a.x, g.i from a, generate_series(1, 3) as g (i)"),
        ("postgres", "select a.x, l.n from a cross join lateral (select b.n from b where b.id = a.id) as l"),
        ("snowflake", "select a.x, f.value from a, lateral flatten(input => a.items) f"),
        ("snowflake", "select a.x, f.value from a, table(flatten(a.items)) f"),
    ],
)
def test_rows_that_a_row_has_itself_are_no_cross_join(dialect: str, sql: str) -> None:
    assert rules(sql, dialect) == []
