"""From GX's results to outcomes: one for each expectation of the suite, and what is not there does not pass."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from checkpoints.outcomes import read_outcomes
from checkpoints.reading import Reading
from checkpoints.result import ExpectationOutcome, Verdict, decide
from checkpoints.validation import TableValidation, ValidatedTable
from expectations.build import Unbuilt, build_expectations
from expectations.loader import load_suite
from expectations.suite import SuiteSpec
from gx.shown import META
from gx.warehouse.table import CatalogTable

QUIET = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
RAISED = {"raised_exception": True, "exception_message": "no such column", "exception_traceback": "..."}
MEAN = "expect_column_mean_to_be_between"


@pytest.fixture
def suite(tmp_path: Path) -> SuiteSpec:
    file = tmp_path / "orders.yml"
    bounds = "{column: amount, min_value: 1}"
    file.write_text(
        f"table: shop.orders\nexpectations:\n  - {MEAN}: {bounds}\n  - {MEAN}: {bounds}\n    severity: info\n"
    )
    return load_suite(file)


def item(
    index: int | None, success: Any = True, observed: Any = None, exception: dict[str, Any] | None = None
) -> ExpectationValidationResult:
    meta = None if index is None else {META: {"index": index}}
    return ExpectationValidationResult(
        success=success,
        expectation_config=ExpectationConfiguration(type=MEAN, kwargs={"column": "amount"}, meta=meta),
        result={} if observed is None else {"observed_value": observed},
        exception_info=exception or QUIET,
    )


def read(
    suite: SuiteSpec, *items: ExpectationValidationResult, unbuilt: tuple[Unbuilt, ...] = ()
) -> tuple[tuple[ExpectationOutcome, ...], int | None]:
    result = ExpectationSuiteValidationResult(success=True, results=list(items), suite_name=suite.name)
    return read_outcomes(suite, ValidatedTable(None, result), unbuilt)


def test_results_come_in_the_suites_order_whatever_gxs_is(suite: SuiteSpec) -> None:
    outcomes, rows = read(suite, item(1, observed=2.0), item(-1, observed=7), item(0, success=False, observed=1.0))
    assert [(outcome.success, outcome.observed_value, outcome.severity) for outcome in outcomes] == [
        (False, 1.0, "critical"), (True, 2.0, "info"),
    ]  # fmt: skip
    assert rows == 7


def test_an_expectation_without_a_result_is_errored(suite: SuiteSpec) -> None:
    outcomes, _ = read(suite, item(0), item(-1, observed=7))
    assert [(outcome.success, outcome.error) for outcome in outcomes] == [
        (True, None), (None, "Great Expectations returned no result for it"),
    ]  # fmt: skip
    assert decide(outcomes) is Verdict.ERRORED


def test_a_table_that_gx_could_not_validate_errs_in_every_expectation_without_quoting_values(suite: SuiteSpec) -> None:
    validated = ValidatedTable(None, None, RuntimeError("value 'MARKER' is bad"))
    outcomes, rows = read_outcomes(suite, validated)
    assert [(outcome.success, outcome.error) for outcome in outcomes] == [(None, "value '***' is bad")] * 2
    assert rows is None


@pytest.mark.parametrize("exception", [RAISED, {"a metric": QUIET, "another": RAISED}])
@pytest.mark.parametrize("success", [True, False])
def test_what_raised_is_errored_even_if_gx_calls_it_a_success(
    suite: SuiteSpec, exception: dict[str, Any], success: bool
) -> None:
    outcomes, _ = read(suite, item(0, success, exception=exception), item(1))
    assert (outcomes[0].success, outcomes[0].error) == (None, "no such column")


def test_no_verdict_at_all_is_errored(suite: SuiteSpec) -> None:
    outcomes, _ = read(suite, item(0, success=None), item(1))
    assert (outcomes[0].success, outcomes[0].error) == (None, "Great Expectations came to no verdict")


def test_an_expectation_whose_facts_are_missing_is_errored_whatever_else_is_there(suite: SuiteSpec) -> None:
    unbuilt = Unbuilt(0, build_expectations(suite)[0], "there is no such source")
    outcomes, _ = read(suite, item(0), item(1), unbuilt=(unbuilt,))
    assert (outcomes[0].success, outcomes[0].error) == (None, "there is no such source")


def test_a_result_that_is_nobodys_counts_for_nothing(suite: SuiteSpec) -> None:
    outcomes, rows = read(
        suite, item(0), item(1), item(-1, observed=7), item(None, success=False, observed=99), item(8)
    )
    assert [outcome.success for outcome in outcomes] == [True, True]
    assert rows == 7


@pytest.mark.parametrize(
    ("observed", "plain"),
    [
        (Decimal("67.25"), 67.25), (Decimal("3.00"), 3), (Decimal("NaN"), "NaN"), (math.nan, "nan"), (math.inf, "inf"),
        (np.float64(1.5), 1.5), (date(2025, 9, 1), "2025-09-01"),
        (datetime(2025, 9, 1, 10, tzinfo=UTC), "2025-09-01T10:00:00+00:00"),
        ({"quantiles": [0.5], "values": [Decimal("1.5")]}, {"quantiles": [0.5], "values": [1.5]}),
    ],
)  # fmt: skip
def test_observed_values_are_what_json_knows(suite: SuiteSpec, observed: Any, plain: Any) -> None:
    outcomes, _ = read(suite, item(0, observed=observed), item(1))
    assert outcomes[0].observed_value == plain


def test_rows_that_could_not_be_counted_and_an_empty_table_close_the_gate(suite: SuiteSpec) -> None:
    good = (item(0), item(1))
    for probe, verdict in ((item(-1, observed=5), "passed"), (item(-1, observed=0), "failed"), (item(-1), "errored")):
        reading = Reading()
        result = ExpectationSuiteValidationResult(success=True, results=[*good, probe], suite_name=suite.name)
        table = CatalogTable(None, "main", "t")
        reading.validated(TableValidation(suite, table, ()), ValidatedTable(None, result), ())
        assert decide(reading.outcomes, reading.problems) == verdict
