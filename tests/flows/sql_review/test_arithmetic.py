"""A sum on the column's side of a comparison, moved to the other side: what is shown, and that it gives the same."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flows.sql_review.asking import of_sql

EVERY_HALF_HOUR = """insert into a select timestamptz '2025-03-29 00:00:00+00' + i * interval 30 minutes
from range(144) as r (i) union all select null"""  # in the second night clocks are turned
NOON = "cast('2025-03-30 12:00:00' as timestamp)"


@pytest.mark.parametrize(
    ("condition", "moved"),
    [
        ("at + interval 1 day > now()", "at > NOW() - INTERVAL '1' DAY"),
        ("at - interval 1 day > now()", "at > NOW() + INTERVAL '1' DAY"),
        ("now() < interval 1 month + at", "at > NOW() - INTERVAL '1' MONTH"),
        ("at + interval 1 day >= now() - interval 2 hour", "at >= (NOW() - INTERVAL '2' HOUR) - INTERVAL '1' DAY"),
        ("now() - at < interval 7 day", "at > NOW() - INTERVAL '7' DAY"),
        ("interval 7 day >= now() - at", "at >= NOW() - INTERVAL '7' DAY"),
    ],
)
def test_the_condition_is_shown_with_the_column_alone(condition: str, moved: str) -> None:
    (found,) = of_sql(f"select x from a where {condition}").findings

    assert found.suggestion.startswith(f"compare the column: {moved} (")
    assert found.rewrite is None  # a day may have 23 hours, and a month 28 days


@pytest.mark.parametrize(
    "condition", ["at + interval 1 hour > '10:00'", "at + interval 1 day > now()", "now() - at < interval 1 hour"]
)
def test_what_may_give_other_rows_is_not_rewritten(condition: str) -> None:
    (found,) = of_sql(f"select x from a where {condition}").findings
    assert found.rewrite is None


def test_all_that_can_be_moved_is_in_one_rewritten_query() -> None:
    sql = f"select x from a where at + interval 1 hour > now() and {NOON} >= at - interval 5 minute and x = 1"
    first, second = of_sql(sql).findings

    assert first.rewrite == second.rewrite
    assert "at > NOW() - INTERVAL '1' HOUR" in str(first.rewrite)
    assert "at <= CAST('2025-03-30 12:00:00' AS TIMESTAMP) + INTERVAL '5' MINUTE" in str(first.rewrite)


@settings(deadline=None)
@given(
    st.sampled_from([("timestamp", "timestamp"), ("timestamptz", "timestamptz"), ("date", "timestamp")]),
    st.sampled_from(["t {sign} {amount} {comparison} {noon}", "{noon} {comparison} t {sign} {amount}"]),
    st.sampled_from(["+", "-"]),
    st.sampled_from(["=", "<", "<=", ">", ">="]),
    st.integers(-30, 30),
    st.sampled_from(["hour", "minutes", "second"]),
)
def test_the_rewritten_query_gives_the_same_rows_where_both_sides_are_of_one_type(
    types: tuple[str, str], form: str, sign: str, comparison: str, number: int, unit: str
) -> None:
    amount, noon = f"interval '{number}' {unit}", NOON.replace("timestamp", types[1])
    condition = form.format(sign=sign, amount=amount, comparison=comparison, noon=noon)
    sql = f"select rowid as n from a where {condition} order by n"
    (found,) = of_sql(sql).findings
    with duckdb.connect() as connection:
        connection.execute(f"set timezone = 'Europe/Berlin'; create table a (t {types[0]})")
        connection.execute(EVERY_HALF_HOUR)
        assert connection.execute(str(found.rewrite)).fetchall() == connection.execute(sql).fetchall()
