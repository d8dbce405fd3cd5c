"""Which joins are of all rows with all rows."""

from __future__ import annotations

import itertools

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.sql_review.source import DIALECTS
from tests.flows.sql_review.asking import of_sql, rules

CROSS = {
    "cross join": "select a.x from a cross join b",
    "comma": "select a.x from a, b where a.y > 1",
    "on true": "select a.x from a left join b on true",
    "on 1 = 1": "select a.x from a join b on 1 = 1",
    "no condition": "select a.x from a join b where b.z = 3",
    "the third": "select a.x from a, b, c where a.id = b.id",
    "in a CTE": "with j as (select a.x from a cross join b) select x from j",
    "in a subquery": "select n from (select count(*) as n from a, b) as q",
    "on one side's column": "select a.x from a join b on a.flag = 1",
    "on a column of each": "select a.x from a join b on (a.id = 1 and b.id = 2)",
    "on the joined one's column": "select a.x from a left join b on b.z is not null",
    "on another query": "select a.x from a join b on a.id in (select c.id from c)",
    "on the two before": "select a.x from a join b on a.id = b.id join c on a.id = b.id and c.k = 1",
    "or what is always true": "select a.x from a join b on a.id = b.id or 1 = 1",
    "or true": "select a.x from a join b on (true or a.id = b.id) and 1 = 1",
    "all but its own": "select a.x from a join b on a.id <> b.id",
    "all but its own, with a flag": "select a.x from a join b on a.id <> b.id and a.flag = 1",
    "all but its own, by a comma": "select a.x from a, b where a.id <> b.id",
    "distinct from": "select a.x from a join b on a.id is distinct from b.id",
    "deleted": "delete from t using u, v where t.x = 1 and t.id = u.id",
    "updated": "update t set x = 1 from u where t.y = 1",
    "a group has many rows": "with m as (select k, max(y) as y from b group by k) select a.x from a cross join m",
}
LINKED = {
    "an equality in where": "select a.x from a, b where a.id = b.id",
    "an inequality": "select d.day from days d cross join a where d.day between a.first and a.last",
    "without the tables' names": "select x from a, b where a_id = b_id",
    "one without its table's name": "select a.x from a join b on 1 = 1 where a.day >= first_day",
    "an inequality in on": "select a.x from a join b on a.day > b.day",
    "one without its table's name in on": "select a.x from a join b on a.flag = 1 and b_id = 3",
    "on a query about both": "select a.x from a join b on a.id in (select c.id from c where c.k = b.k)",
    "on one side, and tied in where": "select a.x from a left join b on b.z = 1 where a.id = b.id",
    "on one side, and tied by a third": "select a.x from a join b on a.z = 1 join c on c.i = a.i and c.k = b.k",
    "parts of what is in a column": "select a.x from a join b on a.payload.id = b.payload.id",
    "parts, without the tables' names": "select x from a join b on payload.id = body.id",
    "with their schema's name": "select s.a.x from s.a join s.b on s.a.id = s.b.id",
    "by way of the row around": "select 1 from o where exists (select 1 from a join b on a.x = o.x and b.y = o.x)",
    "another of the same": "select a.x from a join b on a.k = b.k and a.id <> b.id",
    "before another": "select a.x from a join b on a.id < b.id",
    "or something that may be true": "select a.x from a join b on a.id = b.id or a.x = 1 and b.x = 1",
    "deleted by a key": "delete from t using u where t.id = u.id",
    "updated by a key": "update t set x = u.x from u join v on v.id = u.id where t.id = u.id",
    "deleted, of one table": "delete from t where x = 1",
    "updated as a whole": "update t set x = 1",
    "never": "select a.x from a left join b on false",
    "on one side, and of one row": "select a.x from a join (select max(y) as y from b) as m on a.flag = 1",
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


@pytest.mark.parametrize(
    ("sql", "how"),
    [
        ("select a.x from a cross join b", "cross join: every row of b with every row of a"),
        ("select a.x from a, b", "comma without a condition: every row of b with every row of a"),
        ("select a.x from a, (select y from b) as q", "comma without a condition: every row of q"),
        ("select a.x from a join b", "join without a condition: every row of b"),
        ("select a.x from a join (select y from s.b) as q", "join without a condition: every row of q"),
        ("select a.x from a left join b on true", "join without a condition: every row of b"),
        ("select a.x from a join b on a.id = b.id or true", "join on a condition that is always true: every row of b"),
        (
            "select a.x from a join b on a.id <> b.id",
            "join that nothing ties but <>, which keeps nearly all: every row",
        ),
        (
            "select a.x from a join b on a.y = 1",
            "join whose conditions are each about one table alone: of what passes them every row of b with every",
        ),
    ],
)
def test_it_is_called_what_it_is(sql: str, how: str) -> None:
    (found,) = of_sql(sql, "snowflake").findings
    assert found.message.startswith(how)


def test_a_semi_join_makes_no_pairs() -> None:
    assert rules("select a.x from a semi join b on b.y = 1") == []
    assert rules("select a.x from a join b on b.y = 1") == ["cross-join"]


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_join_that_has_a_condition_or_one_row_is_none(name: str, dialect: str) -> None:
    assert rules(LINKED[name], dialect) == []


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


ATOMS = [f"{left} {sign} {right}" for left, sign, right in itertools.product(
    ("a.i", "b.k", "x", "y"), ("=", ">"), ("1", "a.x", "b.y", "y"))]  # fmt: skip
CONDITIONS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.tuples(inner, st.sampled_from(("and", "or")), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=4,
)
VALUES = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=4)


@settings(deadline=None)
@given(CONDITIONS, st.sampled_from(["true", *ATOMS]), VALUES, VALUES)
def test_what_is_found_does_join_all_that_is_left_of_one_with_all_that_is_left_of_the_other(
    on: str, where: str, a: list[tuple[int, int]], b: list[tuple[int, int]]
) -> None:
    sql = f"select a.rowid as r, b.rowid as s from a join b on {on} where {where}"
    if rules(sql) != ["cross-join"]:
        return
    with duckdb.connect() as connection:
        connection.execute("create table a (i int, x int); create table b (k int, y int)")
        connection.executemany("insert into a values (?, ?)", a)
        connection.executemany("insert into b values (?, ?)", b)
        pairs = connection.execute(sql).fetchall()
    assert set(pairs) == set(itertools.product({r for r, _ in pairs}, {s for _, s in pairs}))
