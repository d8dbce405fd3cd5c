"""The second incident's model: flagged four times as it was, and not at all as it became."""

from __future__ import annotations

import pytest

from flows.sql_review.inputs import Reading, read_inputs
from flows.sql_review.reviewing import review
from flows.sql_review.sizes import Sizes
from flows.sql_review.source import DIALECTS
from tests.flows.sql_review.asking import LARGE, MODELS, of_paths, places


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_slow_model_is_flagged_once_for_each_of_its_four_subqueries(dialect: str) -> None:
    done = of_paths(MODELS / "fct_user_activity_slow.sql", dialect=dialect, base=MODELS)
    assert done.not_reviewed == []
    assert places(done.findings) == [("correlated-subquery", line) for line in (9, 14, 19, 24)]
    assert {finding.column for finding in done.findings} == {5}
    assert all(finding.exact for finding in done.findings)


def test_all_four_are_gone_from_the_rewritten_query() -> None:
    done = of_paths(MODELS / "fct_user_activity_slow.sql", base=MODELS)
    (rewrite,) = {finding.rewrite for finding in done.findings}
    assert rewrite is not None
    assert rewrite.count("LEFT JOIN") == 3  # events, sessions once for its three aggregates, page views
    assert rewrite.count("(SELECT") == 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_is_found_in_the_fast_model(dialect: str) -> None:
    done = of_paths(MODELS / "fct_user_activity_fast.sql", dialect=dialect, base=MODELS)
    assert (done.findings, done.not_reviewed, done.files) == ([], [], ["fct_user_activity_fast.sql"])


@pytest.mark.parametrize("name", ["slow", "fast"])
def test_with_its_rows_known_only_the_slow_one_should_not_be_built_whole(name: str) -> None:
    """2.3 million users, as in the incident."""
    sizes = Sizes(counted={f"fct_user_activity_{name}": LARGE}.get)
    file = MODELS / f"fct_user_activity_{name}.sql"
    read = read_inputs([file], None, None, Reading(MODELS, "snowflake", "duckdb", sizes))
    found = [finding.rule for finding in review(read.sources, sizes).findings]
    assert found == (["full-refresh", *["correlated-subquery"] * 4] if name == "slow" else [])
