from __future__ import annotations

import re
from typing import Any

from tests.gx.docs.project import DocsProject, expectation, result
from tests.gx.docs.reading import read

UNIQUE = expectation(column="charge_id", index=1, notes="Fivetran re-sends rows.")
NOT_NULL = expectation("expect_column_values_to_not_be_null", column="amount", mostly=0.95, index=0)
ROWS = expectation("expect_table_row_count_to_be_between", min_value=1_000, max_value=9_000, index=2)
CHANGE = expectation("expect_table_row_count_change_to_be_within", max_percent=50, index=3)
FRESH: dict[str, Any] = {"newest": "2025-09-01T03:48:00Z", "warn_hours": 3, "error_hours": 6}


def _table(project: DocsProject) -> str:
    good = [result(UNIQUE, unexpected_count=0), result(NOT_NULL, unexpected_count=0, unexpected_percent=0.0)]
    bad = [
        result(UNIQUE, success=False, unexpected_count=1423),
        result(NOT_NULL, unexpected_count=60, unexpected_percent=4.2),
        result(ROWS, observed_value=2846),
        result(CHANGE, observed_value=2846),
    ]
    facts: dict[str, Any] = {
        "owner": "finance",
        "layer": "staging",
        "description": "One row per charge.",
        "seconds": 1.25,
    }
    first = project.store_run("s.charges", good, day=-1, rows=1423)
    second = project.store_run("s.charges", bad, day=0, rows=2846, freshness=FRESH, **facts)
    project.publish(first, second)
    return project.page("tables/s.charges.html")


def test_a_table_says_how_it_is_since_when_and_who_owns_it(project: DocsProject) -> None:
    text = read(_table(project)).text
    for said in (
        "Failed 1 of 4 expectations failing; failing since 2025-09-01 06:00 UTC",
        "Fresh Last updated 2025-09-01 03:48 UTC, 2 h 12 min before the check",
        "Owner finance",
        "Table of the layer staging",
        "One row per charge.",
    ):
        assert said in text


def test_every_kept_run_is_listed_with_its_figures_the_newest_first(project: DocsProject) -> None:
    page = read(_table(project))
    assert "2025-09-01 06:00 UTC ✕Failed 1 of 4 2,846 1,423 4.2 % 2 h 12 min 1.25 s" in page.text
    assert "2025-08-31 06:00 UTC ✓Passed 0 of 2 1,423 0 0 % \N{EN DASH} \N{EN DASH} " in page.text
    runs = [link for link in page.links if "/validations/" in link][-2:]
    assert runs == sorted(runs, reverse=True)
    assert all((project.site / "tables" / run).is_file() for run in runs)


def test_plots_have_the_limits_of_the_suite(project: DocsProject) -> None:
    html = _table(project)
    plots = {name: attributes for attributes, name in re.findall(r"<figure (.*?)>\n<figcaption>(\w+)", html)}
    assert 'data-low="1000" data-high="9000"' in plots["Rows"]
    assert 'data-change="50"' in plots["Rows"]
    assert 'data-high="5"' in plots["Nulls"]
    assert 'data-warn="3" data-error="6"' in plots["Age"]
    assert "at least 1,000, at most 9,000, 50 % change allowed" in read(html).text
    assert re.findall(r'data-v="([^"]*)"', html)[:6] == ["1", "2846", "1423", "4.2", "2.200", "1.250"]


def test_the_suite_stands_there_in_plain_sentences_in_its_own_order(project: DocsProject) -> None:
    text = read(_table(project)).text
    assert "failed: charge_id: values must be unique. critical blocks the load Fivetran re-sends rows." in text
    assert text.index("amount: values") < text.index("charge_id: values")


def test_a_suite_of_another_name_has_a_page_of_its_own(project: DocsProject) -> None:
    project.publish(project.store_run("s.strict", [result()], table="s.t"), project.store_run("s.t", [result()]))
    assert sorted(path.name for path in (project.site / "tables").iterdir()) == ["s.t.html", "s.t~a~s.strict.html"]
