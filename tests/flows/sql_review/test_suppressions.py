"""What may be allowed, how it is said, and that it is said for a reason."""

from __future__ import annotations

import pytest

from tests.flows.sql_review.asking import model, of_sql, places

JOIN = "select a.x\nfrom a\n{}cross join b{}\n"


@pytest.mark.parametrize(
    ("above", "beside"),
    [
        ("-- sluice: allow cross-join because all pairs are wanted\n", ""),
        ("", " -- sluice: allow cross-join because all pairs are wanted"),
        ("/* sluice: allow cross-join because all pairs are wanted */\n-- and that is so\n\n", ""),
        ("-- SLUICE: Allow cross-join because: all pairs are wanted\n", ""),
    ],
)
def test_what_is_allowed_with_a_reason_is_no_finding(above: str, beside: str) -> None:
    done = of_sql(JOIN.format(above, beside))
    assert done.findings == []
    assert [(item.finding.rule, item.because) for item in done.allowed] == [("cross-join", "all pairs are wanted")]


@pytest.mark.parametrize("ending", ["", " because", " because  ", " because x", " since I say so"])
def test_without_a_reason_nothing_is_allowed_and_that_is_a_finding(ending: str) -> None:
    done = of_sql(JOIN.format(f"-- sluice: allow cross-join{ending}\n", ""))
    assert places(done.findings) == [("bad-suppression", 3), ("cross-join", 4)]
    assert done.allowed == []


def test_a_rule_that_does_not_exist_is_a_finding_that_names_those_that_do() -> None:
    (finding,) = of_sql("-- sluice: allow crossjoin because we can\nselect 1").findings
    assert finding.rule == "bad-suppression"
    assert "cross-join" in finding.message


def test_a_suppression_that_suppresses_nothing_is_reported() -> None:
    done = of_sql("-- sluice: allow cross-join because all pairs are wanted\nselect a.x from a")
    assert places(done.findings) == [("unused-suppression", 1)]


def test_a_suppression_is_about_its_own_place_alone() -> None:
    sql = "-- sluice: allow cross-join because all pairs are wanted\nselect a.x\nfrom a\ncross join b\n"
    assert places(of_sql(sql).findings) == [("unused-suppression", 1), ("cross-join", 4)]


def test_one_suppression_within_a_subquery_is_about_all_of_it() -> None:
    sql = """select (
        -- sluice: allow correlated-subquery because a has ten rows
        select max(b.x)
        from b
        where b.id = a.id
    ) from a"""
    assert of_sql(sql).findings == []


def test_a_large_table_may_be_built_whole_for_a_reason_that_stands_anywhere_in_its_file() -> None:
    sql = "select id from a\n-- sluice: allow full-refresh because each row changes each day\n"
    done = of_sql(sql, model=model("table"))
    assert (done.findings, [item.because for item in done.allowed]) == ([], ["each row changes each day"])


def test_a_suppression_is_not_called_unused_when_its_rule_could_not_be_asked() -> None:
    sql = "select id from a\n-- sluice: allow full-refresh because each row changes each day\n"
    assert of_sql(sql, model=model("table", None)).findings == []
    assert places(of_sql(sql, model=model("table", 10)).findings) == [("unused-suppression", 2)]


@pytest.mark.parametrize(
    "text", ["-- sluice: allow cross-join because x", "it''s -- sluice: allow cross-join because y"]
)
def test_a_text_in_the_sql_is_no_comment(text: str) -> None:
    done = of_sql(f"select '{text}' s, a.x from a cross join b\n")
    assert (places(done.findings), done.allowed) == ([("cross-join", 1)], [])


def test_a_comment_after_a_text_is_one() -> None:
    done = of_sql("select 'x' s, a.x from a cross join b -- sluice: allow cross-join because it's one row\n")
    assert done.findings == []
    assert [item.because for item in done.allowed] == ["it's one row"]
