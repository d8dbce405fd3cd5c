from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from checkpoints.facts import freshness
from gx.docs.records import Freshness
from gx.shown import META, Shown

NEWEST = "2025-09-01T03:48:00"


def _fresh(
    hours: float, *, blocking: bool, newest: str | None = NEWEST, shown: Shown | None = None
) -> ExpectationValidationResult:
    meta: dict[str, Any] = {"blocking": blocking, **(shown.to_meta() if shown else {})}
    kwargs = {"column": "updated_at", "max_age_hours": hours}
    config = ExpectationConfiguration(type="expect_table_to_be_fresh", kwargs=kwargs, meta={META: meta})
    return ExpectationValidationResult(success=True, expectation_config=config, result={"observed_value": newest})


def _of(*results: ExpectationValidationResult) -> Freshness | None:
    return freshness(ExpectationSuiteValidationResult(success=True, results=list(results), suite_name="s.t"))


def test_what_blocks_is_the_limit_and_what_does_not_the_warning_before_it() -> None:
    newest = datetime(2025, 9, 1, 3, 48, tzinfo=UTC)
    found = _of(_fresh(3, blocking=False), _fresh(6, blocking=True), _fresh(12, blocking=True))
    assert found == Freshness(newest=newest, warn_hours=3, error_hours=6)


def test_one_expectation_alone_is_the_limit() -> None:
    newest = datetime(2025, 9, 1, 3, 48, tzinfo=UTC)
    assert _of(_fresh(3, blocking=False)) == Freshness(newest=newest, error_hours=3)
    assert _of(_fresh(6, blocking=True, newest=f"{NEWEST}+02:00")) == Freshness(
        newest=newest.replace(hour=1), error_hours=6
    )


@pytest.mark.parametrize(
    "result",
    [_fresh(3, blocking=True, newest=None), _fresh(3, blocking=True, shown=Shown(pii=True))],
    ids=["no row", "a column whose values may appear nowhere"],
)
def test_without_a_time_that_may_be_told_nothing_is_known(result: ExpectationValidationResult) -> None:
    assert _of(result) is None
    assert _of() is None
