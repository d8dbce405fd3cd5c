"""Stock expectations on a small table, with counts and figures worked out by hand and not by any library."""

# ruff: noqa: E501, ISC004 - one line a case

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.flows.cli.foreign import ForeignProject, make

# id  email           currency  amount  ordered_at        customer_id     (see ORDERS)
# 1   a@example.com   usd       10.00   2025-09-01 10:00  100
# 2   b@example.com   eur       20.50   2025-09-02 10:00  100
# 2                   gbp       -3.25   2025-09-03 10:00  101
# 4   d@example.com   usd               2025-09-04 10:00  999
# 5                             40.00   2025-09-05 10:00
# Each: the expectation, whether it holds, what is observed, elements, unexpected ones.
ORACLE: list[tuple[str, bool, Any, int | None, int | None]] = [
    ("expect_column_values_to_be_unique: {column: id}", False, None, 5, 2),
    ("expect_column_values_to_be_unique: {column: email}", True, None, 5, 0),
    ("expect_column_values_to_be_unique: {column: id, mostly: 0.6}", True, None, 5, 2),
    ("expect_column_values_to_be_unique: {column: id, mostly: 0.61}", False, None, 5, 2),
    ("expect_column_values_to_not_be_null: {column: email}", False, None, 5, 2),
    ("expect_column_values_to_not_be_null: {column: amount, mostly: 0.8}", True, None, 5, 1),
    ("expect_column_values_to_be_null: {column: email}", False, None, 5, 3),
    ("expect_column_values_to_be_in_set: {column: currency, value_set: [usd, eur]}", False, None, 5, 1),
    ("expect_column_values_to_be_in_set: {column: currency, value_set: [usd, eur, gbp]}", True, None, 5, 0),
    ("expect_column_values_to_not_be_in_set: {column: currency, value_set: [usd]}", False, None, 5, 2),
    ("expect_column_values_to_be_between: {column: amount, min_value: 0}", False, None, 5, 1),
    ("expect_column_values_to_be_between: {column: amount, min_value: -3.25, max_value: 40}", True, None, 5, 0),
    (
        "expect_column_values_to_be_between: {column: amount, min_value: -3.25, max_value: 40, strict_max: true}",
        False, None, 5, 1,
    ),
    ("expect_column_values_to_be_between: {column: ordered_at, min_value: 2025-09-03}", False, None, 5, 2),
    ("expect_column_values_to_be_between: {column: ordered_at, max_value: 2025-09-04T10:00:00}", False, None, 5, 1),
    ("expect_column_values_to_match_regex: {column: email, regex: '^[ab]@'}", False, None, 5, 1),
    ("expect_column_values_to_match_regex: {column: email, regex: example}", True, None, 5, 0),
    ("expect_column_values_to_not_match_regex: {column: email, regex: '^a'}", False, None, 5, 1),
    ("expect_column_values_to_match_like_pattern: {column: email, like_pattern: 'b@%'}", False, None, 5, 2),
    ("expect_column_value_lengths_to_equal: {column: currency, value: 3}", True, None, 5, 0),
    ("expect_column_value_lengths_to_be_between: {column: email, min_value: 14}", False, None, 5, 3),
    ("expect_column_max_to_be_between: {column: amount, max_value: 40}", True, 40, None, None),
    ("expect_column_min_to_be_between: {column: amount, min_value: 0}", False, -3.25, None, None),
    ("expect_column_sum_to_be_between: {column: amount, min_value: 67.25, max_value: 67.25}", True, 67.25, None, None),
    ("expect_column_mean_to_be_between: {column: amount, min_value: 16.8125, max_value: 16.8125}", True, 16.8125, None, None),
    ("expect_column_median_to_be_between: {column: amount, min_value: 15.25, max_value: 15.25}", True, 15.25, None, None),
    ("expect_column_unique_value_count_to_be_between: {column: id, max_value: 3}", False, 4, None, None),
    ("expect_column_proportion_of_unique_values_to_be_between: {column: id, min_value: 0.9}", False, 0.8, None, None),
    ("expect_column_distinct_values_to_contain_set: {column: currency, value_set: [usd, gbp]}", True, None, None, None),
    ("expect_column_distinct_values_to_equal_set: {column: currency, value_set: [usd, gbp]}", False, None, None, 1),
    ("expect_column_pair_values_to_be_equal: {column_A: id, column_B: id}", True, None, 5, 0),
    ("expect_column_pair_values_a_to_be_greater_than_b: {column_A: customer_id, column_B: id}", True, None, 5, 0),
    ("expect_compound_columns_to_be_unique: {column_list: [id, customer_id]}", True, None, 5, 0),
    ("expect_table_row_count_to_equal: {value: 5}", True, 5, None, None),
    ("expect_table_row_count_to_be_between: {min_value: 6}", False, 5, None, None),
    ("expect_table_column_count_to_equal: {value: 6}", True, 6, None, None),
    ("expect_column_to_exist: {column: amount}", True, None, None, None),
    ("expect_column_values_to_be_of_type: {column: email, type_: VARCHAR}", True, "String", None, None),
    ("expect_table_columns_to_match_set: {column_set: [id, email], exact_match: false}", True,
     ["amount", "currency", "customer_id", "email", "id", "ordered_at"], None, None),
    ("unexpected_rows_expectation: {unexpected_rows_query: 'select * from {batch} where amount < 15'}", False, 2, None, None),
    (
        "expect_column_values_to_exist_in_table: "
        "{column: customer_id, parent_table: shop.customers, parent_column: customer_id}",
        False, None, 5, 1,
    ),
    (
        "expect_column_values_to_not_be_null: "
        "{column: email, row_condition: 'col(\"currency\") == \"usd\"', condition_parser: great_expectations}",
        True, None, 2, 0,
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        project: ForeignProject = make(tmp_path_factory.mktemp("oracle") / "team", monkeypatch)
        project.suite(*(case[0] for case in ORACLE))
        answer = project.check("--json")
        assert answer.code == 1
        yield answer.document["results"]


@pytest.mark.parametrize("index", range(len(ORACLE)), ids=[case[0] for case in ORACLE])
def test_the_result_is_the_one_worked_out_by_hand(results: list[dict[str, Any]], index: int) -> None:
    written, success, observed, elements, unexpected = ORACLE[index]
    result = results[index]
    assert result["expectation"] == written.split(":", maxsplit=1)[0]
    assert result["error"] is None
    assert result["success"] is success
    seen = result["observed_value"]
    assert (sorted(seen) if isinstance(seen, list) else seen) == observed
    assert (result["element_count"], result["unexpected_count"]) == (elements, unexpected)
