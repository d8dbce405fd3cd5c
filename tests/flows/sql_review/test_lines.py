"""Which line of a model's file made a line of its SQL."""

from __future__ import annotations

from flows.sql_review.lines import LineMap

SOURCE = """{{ config(
    materialized='table'
) }}
-- a remark
select
    a.x,
    {{ macro() }} as y,
    (select max(z) from {{ ref('b') }} as b where b.id = a.id) as z
from {{ ref('a') }} as a
"""
MADE = """

-- a remark
select
    a.x,
    case
        when a.k then 1
    end as y,
    (select max(z) from "db"."s"."b" as b where b.id = a.id) as z
from "db"."s"."a" as a
"""


def test_lines_that_are_the_same_are_found_exactly_and_made_ones_near_their_macro() -> None:
    lines = LineMap(MADE, SOURCE)
    column = lines.place(MADE.index("a.x"))
    macro = lines.place(MADE.index("when"))
    subquery = lines.place(MADE.index("(select"))
    assert (column.line, column.column, column.exact) == (6, 5, True)
    assert (macro.line, macro.exact) == (7, False)
    assert (subquery.line, subquery.column, subquery.exact) == (8, 5, True)


def test_a_text_that_was_not_changed_keeps_its_places() -> None:
    place = LineMap(MADE, MADE).place(MADE.index("end as y"))
    assert (place.line, place.column, place.exact) == (8, 5, True)


def test_a_text_that_lost_its_first_lines_is_found_again() -> None:
    source = "\n\n\n" + MADE.strip()
    place = LineMap(MADE.strip(), source).place(MADE.strip().index("a.x"))
    assert (place.line, place.exact) == (6, True)
