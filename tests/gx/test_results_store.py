"""The store lets through what a suite allows, and nothing else."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from hypothesis import given
from hypothesis import strategies as st

from gx.masking import error_kind
from gx.results_store import error_message, mask_fields, mask_result
from gx.shown import META, MOST_ROWS, Shown
from tests.gx.test_masking import QUOTING, VALUES

QUERY = "SELECT id FROM shop.orders;"
RESULT: dict[str, Any] = {
    "element_count": 3,
    "unexpected_count": 2,
    "partial_unexpected_list": ["MARKER", "b"],
    "partial_unexpected_index_list": [{"id": 1, "Status": "MARKER"}, {"id": 2, "Status": "b"}],
    "partial_unexpected_counts": [{"value": "MARKER", "count": 1}],
    "unexpected_index_query": QUERY,
    "unexpected_list": ["MARKER"],
    "a_number_of_next_year": 7318530,
}
COUNTS = {"element_count": 3, "unexpected_count": 2}


def configured(
    shown: Shown | None, kind: str = "expect_column_values_to_be_in_set", **kwargs: Any
) -> ExpectationConfiguration:
    meta = None if shown is None else {META: shown.to_meta()}
    return ExpectationConfiguration(type=kind, kwargs=kwargs or {"column": "status"}, meta=meta)


@pytest.mark.parametrize(
    ("shown", "more"),
    [
        (None, {}),
        (Shown(), {"unexpected_index_query": QUERY}),
        (Shown(pii=True), {"unexpected_index_query": QUERY}),
        (Shown(pii=True, samples=True), {"unexpected_index_query": QUERY}),
        (Shown(samples=True), {"unexpected_index_query": QUERY, "partial_unexpected_list": ["MARKER", "b"]}),
        (
            Shown(keys=("ID",)),
            {"unexpected_index_query": QUERY, "partial_unexpected_index_list": [{"id": 1}, {"id": 2}]},
        ),
        (
            Shown(keys=("id",), samples=True),
            {name: RESULT[name] for name in
             ("unexpected_index_query", "partial_unexpected_list", "partial_unexpected_index_list")},
        ),
    ],
)  # fmt: skip
def test_what_is_allowed_is_kept_and_everything_else_dropped(shown: Shown | None, more: dict[str, Any]) -> None:
    assert mask_fields(configured(shown), RESULT) == {**COUNTS, **more}


@pytest.mark.parametrize("meta", [{}, {"shown": {}}, {"shown": "all"}, {"shown": {"samples": "yes", "pii": False}}])
def test_meta_that_cannot_be_read_allows_nothing(meta: dict[str, Any]) -> None:
    configuration = ExpectationConfiguration(type="x", kwargs={"column": "status"}, meta={META: meta})
    kept = mask_fields(configuration, {**RESULT, "observed_value": 5})
    assert kept.keys() - COUNTS.keys() <= {"observed_value", "unexpected_index_query"}
    assert kept["observed_value"] == ("***" if meta else 5)


def test_a_sample_of_several_columns_has_those_and_no_others() -> None:
    pair = configured(Shown(samples=True), column_A="a", column_B="b")
    assert mask_fields(pair, {"partial_unexpected_list": [("x", 1)]}) == {"partial_unexpected_list": [["x", 1]]}
    several = configured(Shown(samples=True), column_list=["a", "b"])
    kept = mask_fields(several, {"partial_unexpected_list": [{"a": 1, "B": 2, "c": "MARKER"}]})
    assert kept == {"partial_unexpected_list": [{"a": 1, "B": 2}]}


def test_samples_are_few_and_short_and_can_be_stored_as_json() -> None:
    values = [Decimal("1.50"), date(2025, 9, 1), float("nan"), b"x", "y" * 1_000, True, *range(100)]
    kept = mask_fields(configured(Shown(samples=True)), {"partial_unexpected_list": values})["partial_unexpected_list"]
    assert kept[:4] == [1.5, "2025-09-01", "nan", "b'x'"]
    assert (len(kept), len(kept[4]), kept[5]) == (MOST_ROWS, 200, True)


@pytest.mark.parametrize(
    ("kind", "observed", "shown"),
    [
        ("expect_column_max_to_be_between", 7318530, "***"),
        ("expect_column_max_to_be_between", None, None),
        ("expect_column_sum_to_reconcile_with_source", 7318530.0, "***"),
        ("expect_table_to_be_fresh", "1931-07-19T00:00:00", "***"),
        ("expect_column_quantile_values_to_be_between", {"quantiles": [0.5], "values": [7]}, "***"),
        ("expect_column_most_common_value_to_be_in_set", [7318530], "1 values (***)"),
        ("expect_column_kl_divergence_to_be_less_than", 0.3, "***"),
        ("expect_my_own_figure", 7318530, "***"),
        ("expect_column_unique_value_count_to_be_between", 3, 3),
        ("expect_column_proportion_of_non_null_values_to_be_between", 0.5, 0.5),
        ("expect_table_row_count_to_be_between", 3, 3),
        ("expect_column_values_to_be_of_type", "INTEGER", "INTEGER"),
        ("unexpected_rows_expectation", 4, 4),
    ],
)
def test_of_a_pii_column_counts_are_observed_and_nothing_else(kind: str, observed: Any, shown: Any) -> None:
    result = {"observed_value": observed, "details": {"sentence": "The sum is 7,318,530."}}
    kept = mask_fields(configured(Shown(pii=True), kind), result)
    assert kept["observed_value"] == shown
    assert ("sentence" in kept["details"]) == (shown == observed and observed is not None)


def test_the_figure_at_the_source_of_a_pii_column_is_not_stored() -> None:
    def stored(pii: bool) -> dict[str, Any]:
        shown = Shown(pii=pii, facts=("source_value", "now"))
        item = ExpectationValidationResult(
            success=False, expectation_config=configured(shown, column="salary", source_value=7318530), result={}
        )
        masked = mask_result(ExpectationSuiteValidationResult(success=False, results=[item], suite_name="s"))
        found: dict[str, Any] = masked.to_json_dict()["results"][0]["expectation_config"]["kwargs"]
        assert item.expectation_config.kwargs["source_value"] == 7318530  # type: ignore[union-attr]
        return found

    assert stored(pii=True) == {"column": "salary"}
    assert stored(pii=False) == {"column": "salary", "source_value": 7318530}


@pytest.mark.parametrize("message", [*QUOTING, "whatever {} it is"])
@given(VALUES)
def test_of_an_error_about_a_pii_column_the_kind_is_told_and_no_word_of_it(message: str, value: str) -> None:
    raised = {"raised_exception": True, "exception_message": message.replace("{}", f"{value}MARKER")}
    kind = error_message(raised, configured(Shown(pii=True)))
    assert kind is not None
    assert "MARKER" not in kind
    assert error_kind(kind) == kind
    assert len({error_kind(f"{message}{other}") for other in ("", "MARKER")}) == 1


@given(st.builds(Shown, st.booleans(), st.tuples(st.text()), st.booleans(), st.tuples(st.text())))
def test_meta_says_what_was_written_and_pii_forbids_samples(shown: Shown) -> None:
    read = Shown.of({META: shown.to_meta()})
    assert read is not None
    assert (read.keys, read.pii, read.facts) == (shown.keys, shown.pii, shown.facts)
    assert read.samples == (shown.samples and not shown.pii)
