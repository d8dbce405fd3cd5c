"""Values of the data stay out of what is shown and stored; what helps to find the fault stays in."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from hypothesis import example, given
from hypothesis import strategies as st

from gx.masking import mask_error, mask_observed
from gx.results_store import error_message, mask_result

# What DuckDB, PostgreSQL, Snowflake, Python and GX say about a value they cannot take; {} is the value.
QUOTING = [
    "Conversion Error: Could not convert string '{}' to INT32 when casting from source column email",
    'Conversion Error: invalid timestamp field format: "{}", expected format is (YYYY-MM-DD HH:MM[:SS[.US]])',
    "Conversion Error: Type VARCHAR with value '{}' can't be cast to the destination type INTEGER[]",
    'Conversion Error: Could not convert string "{}" to DECIMAL(9,2)',
    'Invalid Input Error: Could not parse string "{}" according to format specifier "%Y"\n{}\n^\nError: no digit',
    'Invalid Input Error: Malformed JSON at byte 0 of input: unexpected character.  Input: "{}"',
    "Invalid Input Error: {}",
    'invalid input syntax for type integer: "{}"\nLINE 1: select cast(x as integer)',
    'date/time field value out of range: "{}"\nHINT:  Perhaps you need a different "datestyle" setting.',
    'value "{}" is out of range for type integer',
    'invalid input value for enum mood: "{}"',
    "(psycopg2.errors.RaiseException) {}",
    "100038 (22018): 01b2: Numeric value '{}' is not recognized",
    "100035 (22007): Timestamp '{}' is not recognized",
    'Failed to cast variant value "{}" to FIXED',
    'Error parsing JSON: unknown keyword "{}", pos 5',
    "could not convert string to float: '{}'",
    "invalid literal for int() with base 10: '{}'",
]  # fmt: skip
VALUES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("'\"\n:()[]{}@ "), max_size=20
)


@pytest.mark.parametrize("message", QUOTING)
@given(VALUES, VALUES)
@example("o'brien ", "")
@example('say "', '"')
@example("first\n", "\nlast")
@example("[SQL: ", "'")
@example("Traceback ", "")
@example('column "a" ', ' table "b"')
def test_no_part_of_a_value_that_an_error_quotes_is_left(message: str, before: str, after: str) -> None:
    value = f"{before}MARKER{after}"
    shown = mask_error(message.replace("{}", value))
    assert "MARKER" not in shown
    assert "\n" not in shown
    assert shown


SHOWN = {
    'Error: The column "nope" in BatchData does not exist.': 'Error: The column "nope" in BatchData does not exist.',
    'column "nope" does not exist\nLINE 1: SELECT "nope"': 'column "nope" does not exist',
    'relation "shop.orders" does not exist': 'relation "shop.orders" does not exist',
    "permission denied for table orders": "permission denied for table orders",
    "(psycopg2.errors.UndefinedColumn) column \"a\" does not exist\n[SQL: select 'x']": (
        '(psycopg2.errors.UndefinedColumn) column "a" does not exist'
    ),
    '(_duckdb.BinderException) Binder Error: Referenced column "a" not found in FROM clause!\nCandidates': (
        'Binder Error: Referenced column "a" not found in FROM clause!'
    ),
    "No function matches the given name and argument types 'sum(VARCHAR)'.": (
        "No function matches the given name and argument types 'sum(VARCHAR)'."
    ),
    "'<=' not supported between instances of 'str' and 'float'": (
        "'<=' not supported between instances of 'str' and 'float'"
    ),
    'connection to server at "db.example", port 5432 failed: Connection refused': (
        'connection to server at "db.example", port 5432 failed: Connection refused'
    ),
    "the customer jane@example.com is unknown": "the customer *** is unknown",
    "see postgresql://me:pa55word@host/db": "see postgresql://me:***@host/db",
    "": "unknown error",
    "Traceback (most recent call last): x": "unknown error",
    "x" * 500: "x" * 397 + "...",
}


@pytest.mark.parametrize("message", SHOWN)
def test_names_of_columns_tables_types_and_servers_stay_readable(message: str) -> None:
    assert mask_error(message) == SHOWN[message]


NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)
MAX = "expect_column_max_to_be_between"


@pytest.mark.parametrize(
    ("expectation", "value", "shown"),
    [
        (MAX, 5, 5), (MAX, 5.5, 5.5), (MAX, True, True), (MAX, None, None), (MAX, Decimal("1.5"), Decimal("1.5")),
        (MAX, date(2025, 10, 1), date(2025, 10, 1)), (MAX, NOON, NOON),
        (MAX, "2025-10-01", "2025-10-01"), (MAX, "2025-10-01T12:00:00+00:00", "2025-10-01T12:00:00+00:00"),
        (MAX, "jane@example.com", "***"), (MAX, "", "***"),
        (MAX, "1234", "***"), (MAX, "19700101", "***"),  # a PIN, a birthday: isoparse would take both
        (MAX, "2025-99-99", "***"), (MAX, b"bytes", "***"),
        ("expect_column_distinct_values_to_equal_set", ["a", "b", None], "3 values (***)"),
        ("expect_column_distinct_values_to_equal_set", {"a", "b"}, "2 values (***)"),
        ("expect_column_kl_divergence_to_be_less_than", {"jane@example.com": 3}, "1 values (***)"),
        ("expect_column_quantile_values_to_be_between", {"quantiles": [0.5], "values": [7.5]},
         {"quantiles": [0.5], "values": [7.5]}),
        ("expect_column_quantile_values_to_be_between", {"quantiles": [0.5], "values": ["jane"]},
         {"quantiles": [0.5], "values": "***"}),
        ("expect_table_columns_to_match_set", ["id", "email"], ["id", "email"]),
        ("expect_column_values_to_be_of_type", "VARCHAR", "VARCHAR"),
        ("expect_column_values_to_be_in_type_list", "VARCHAR", "VARCHAR"),
        ("my_expect_table_of_mine", "jane", "***"),
    ],
)  # fmt: skip
def test_counts_sums_dates_and_names_are_shown_and_values_are_not(expectation: str, value: Any, shown: Any) -> None:
    assert mask_observed(expectation, value) == shown


def result_of(kind: str, result: dict[str, Any], exception_info: dict[str, Any] | None = None) -> dict[str, Any]:
    """What of it would be stored, as JSON."""
    quiet = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
    item = ExpectationValidationResult(
        success=False,
        expectation_config=ExpectationConfiguration(type=kind, kwargs={"column": "email"}),
        result=result,
        exception_info=exception_info or quiet,
    )
    whole = ExpectationSuiteValidationResult(success=False, results=[item], suite_name="s")
    masked = mask_result(whole).to_json_dict()
    assert whole.results[0].result == result  # the caller's own stays
    found: dict[str, Any] = masked["results"][0]
    return found


def test_samples_of_rows_never_reach_the_store_whatever_gx_calls_them() -> None:
    stored = result_of(
        "expect_column_values_to_not_be_null",
        {
            "element_count": 10, "unexpected_count": 2, "unexpected_percent": 20.0, "missing_count": None,
            "partial_unexpected_list": ["MARKER"], "unexpected_index_query": "select 'MARKER'",
            "partial_unexpected_counts": [{"value": "MARKER", "count": 2}], "a_sample_of_next_year": {"MARKER": 1},
        },
    )  # fmt: skip
    assert "MARKER" not in json.dumps(stored)
    assert stored["result"]["unexpected_count"] == 2
    assert stored["result"]["unexpected_percent"] == 20.0


def test_details_keep_our_sentence_and_a_tables_columns_only() -> None:
    details = {"value_counts": [{"value": "MARKER", "count": 1}], "sentence": "5 rows."}
    assert result_of(MAX, {"observed_value": 1, "details": details})["result"]["details"] == {"sentence": "5 rows."}
    mismatched = {"mismatched": {"unexpected": ["new"], "missing": ["old"]}}
    stored = result_of("expect_table_columns_to_match_set", {"observed_value": ["new"], "details": mismatched})
    assert stored["result"]["details"] == mismatched


def test_a_verdict_of_numpys_can_be_stored() -> None:
    item = ExpectationValidationResult(
        success=np.bool_(False),  # type: ignore[arg-type]
        expectation_config=ExpectationConfiguration(type=MAX, kwargs={}), result={},
        exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
    )  # fmt: skip
    masked = mask_result(ExpectationSuiteValidationResult(success=False, results=[item], suite_name="s"))
    assert masked.results[0].success is False


def test_exceptions_of_any_shape_are_told_in_one_masked_line() -> None:
    raised = {"raised_exception": True, "exception_message": "value 'MARKER' is bad", "exception_traceback": "MARKER"}
    calm = {"raised_exception": False, "exception_message": None, "exception_traceback": None}
    assert error_message(raised) == "value '***' is bad"
    assert error_message({"metric 1": calm, "metric 2": raised}) == "value '***' is bad"
    assert error_message({"metric": {**raised, "exception_message": None}}) == "unknown error"
    assert error_message(calm) is error_message({}) is error_message(None) is None
    assert "MARKER" not in json.dumps(result_of(MAX, {}, raised))
