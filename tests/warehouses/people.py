"""A table about people, every cell of it marked, and expectations of every kind that fail or err on it."""

from __future__ import annotations

from typing import Any

from gx.shown import spelled

MARKER = "mark9f3"
SALARY = 7318530
BORN = "1931-07-19"
MARKS = (MARKER, str(SALARY), f"{SALARY:,}", f"{SALARY / 2:.1f}", BORN, BORN.replace("-", ""))
"""What of the data may be nowhere: parts of texts, a number and what is made of it, a date."""

CREATE = (
    "CREATE TABLE shop.people (id integer, email varchar(60), name varchar(60), city varchar(60), status varchar(20),"
    " salary integer, born_on date, born_at timestamp, bonus double precision)"
)
INSERT = (
    "INSERT INTO shop.people VALUES"
    f" (1, 'jane{MARKER}@example.com', 'o''{MARKER}', 'a {MARKER}', 'odd', {SALARY}, '{BORN}', '{BORN}', 0),"
    f" (1, 'jane{MARKER}@example.com', 'o''{MARKER}', 'a {MARKER}', 'odd', {SALARY}, '{BORN}', '{BORN}', {SALARY}),"
    f" (3, null, 'say \"{MARKER}\"', '{MARKER}', 'even', {SALARY}, '{BORN}', '{BORN}', {SALARY}),"
    f" (4, '{MARKER}', '{MARKER}', '{MARKER}', null, {SALARY}, '{BORN}', '{BORN}', {SALARY})"
)
# Views that fail while they are read, each with the database's own way to quote the value.
CASTS = ("CAST(email AS integer)", "CAST(name AS timestamp)", "CAST(name AS date)", "salary / 0 / salary",
         "CAST(name AS double precision)", "CAST(email AS boolean)", "CAST(salary AS smallint)")  # fmt: skip
VIEWS = [
    f"CREATE VIEW shop.bad{number} AS SELECT id, {cast} AS x FROM shop.people" for number, cast in enumerate(CASTS)
]
PII = ["Email", "NAME", "salary", '"born_on"', "born_at", "bonus", "x"]
SAMPLES = ["status"]
KEYS = ["id"]

_REGEX = {"regex": "^zz"}
_LIKE = {"like_pattern": "zz%"}
_SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


def of_text(column: str) -> list[dict[str, Any]]:
    """Every kind of expectation about one column, in the way that fails for texts."""
    per_value: dict[str, dict[str, Any]] = {
        "be_unique": {},
        "be_null": {},
        "not_be_null": {},
        "be_in_set": {"value_set": ["a"]},
        "not_be_in_set": {"value_set": ["a"]},
        "be_between": {"max_value": 5},
        "match_regex": _REGEX,
        "not_match_regex": {"regex": "."},
        "match_regex_list": {"regex_list": ["^zz"]},
        "not_match_regex_list": {"regex_list": ["."]},
        "match_like_pattern": _LIKE,
        "not_match_like_pattern": {"like_pattern": "%"},
        "match_like_pattern_list": {"like_pattern_list": ["zz%"]},
        "not_match_like_pattern_list": {"like_pattern_list": ["%"]},
        "match_strftime_format": {"strftime_format": "%Y"},
        "match_json_schema": {"json_schema": _SCHEMA},
        "be_json_parseable": {},
        "be_dateutil_parseable": {},
        "be_increasing": {},
        "be_decreasing": {},
        "be_of_type": {"type_": "FLOAT"},
        "be_in_type_list": {"type_list": ["FLOAT"]},
        "not_be_outliers": {"method": "iqr"},
        "exist_in_table": {"parent_table": "shop.customers", "parent_column": "name"},
    }
    figures: dict[str, dict[str, Any]] = {
        f"{name}_to_be_between": {"max_value": 5}
        for name in ("max", "min", "mean", "median", "stdev", "sum", "unique_value_count")
    }
    figures |= {f"proportion_of_{of}_values_to_be_between": {"max_value": 0.1} for of in ("unique", "non_null")}
    quantiles = {"quantiles": [0.5, 0.9], "value_ranges": [[5, 6], [5, 6]]}
    others: dict[str, dict[str, Any]] = {
        "distinct_values_to_be_in_set": {"value_set": ["a"]},
        "distinct_values_to_contain_set": {"value_set": ["a"]},
        "distinct_values_to_equal_set": {"value_set": ["a"]},
        "most_common_value_to_be_in_set": {"value_set": ["a"]},
        "quantile_values_to_be_between": {"quantile_ranges": quantiles},
        "kl_divergence_to_be_less_than": {"threshold": 0.1, "partition_object": {"values": ["x"], "weights": [1]}},
        "value_lengths_to_be_between": {"max_value": 1},
        "value_lengths_to_equal": {"value": 1},
        "value_z_scores_to_be_less_than": {"threshold": 0, "double_sided": True},
        "type_to_be": {"type_": "FLOAT"},
        "to_exist": {"column_index": 0},
        "sum_to_reconcile_with_source": {
            "source": "warehouse", "source_table": "shop.people", "source_column": column, "source_factor": 1.5,
        },
    }  # fmt: skip
    named = {f"expect_column_values_to_{name}": kwargs for name, kwargs in per_value.items()}
    named |= {f"expect_column_{name}": kwargs for name, kwargs in (figures | others).items()}
    of_history = ["unique_value_count", "proportion_of_non_null_values"]
    if spelled(column) not in {spelled(name) for name in PII}:  # such a suite is refused: it keeps the figures
        of_history += ["sum", "mean"]
    named |= {f"expect_column_{name}_to_be_as_usual": {} for name in of_history}
    named |= {"expect_table_to_be_fresh": {"max_age_hours": 1}, "expect_model_time_to_be_within_history": {}}
    return [{kind: {"column": column, **kwargs}} for kind, kwargs in named.items()]


def of_several(a: str, b: str) -> list[dict[str, Any]]:
    """Every kind about two columns or more."""
    pair = {"column_A": a, "column_B": b}
    columns = {"column_list": [a, b]}
    return [
        {"expect_column_pair_values_to_be_equal": pair},
        {"expect_column_pair_values_a_to_be_greater_than_b": pair},
        {"expect_column_pair_values_to_be_in_set": {**pair, "value_pairs_set": [["a", "b"]]}},
        {"expect_compound_columns_to_be_unique": columns},
        {"expect_multicolumn_sum_to_equal": {**columns, "sum_total": 5}},
        {"expect_multicolumn_values_to_be_equal": columns},
        {"expect_select_column_values_to_be_unique_within_record": columns},
    ]


OF_THE_TABLE: list[dict[str, Any]] = [
    {"expect_table_column_count_to_equal": {"value": 1}},
    {"expect_table_column_count_to_be_between": {"max_value": 1}},
    {"expect_table_columns_to_match_set": {"column_set": ["email"]}},
    {"expect_table_columns_to_match_ordered_list": {"column_list": ["email"]}},
    {"expect_table_row_count_to_equal": {"value": 1}},
    {"expect_table_row_count_to_be_between": {"max_value": 1}},
    {"expect_table_row_count_to_equal_other_table": {"other_table_name": "shop.customers"}},
    {"expect_table_row_count_change_to_be_within": {"max_percent": 5}},
    {"expect_table_row_count_to_be_as_usual": {}},
    {"expect_table_schema_to_be_as_accepted": {}},
    {"expect_table_row_count_to_reconcile_with_source": {"source": "warehouse", "source_table": "shop.orders"}},
    {"expect_table_row_count_to_reconcile_with_source": {"source": "warehouse", "source_table": "shop.bad0",
                                                         "source_distinct": "x"}},
    {"expect_column_sum_to_reconcile_with_source": {"column": "salary", "source": "warehouse",
                                                    "source_table": "shop.bad3", "source_column": "x"}},
    {"expect_column_values_to_exist_in_table": {"column": "id", "parent_table": "shop.bad0", "parent_column": "x"}},
    {"expect_column_values_to_not_be_null": {"column": "status", "condition_parser": "great_expectations",
                                             "row_condition": 'col("email") > 5'}},
    {"unexpected_rows_expectation": {"unexpected_rows_query": "select * from {batch} where id > 0"}},
    {"unexpected_rows_expectation": {"unexpected_rows_query": "select cast(name as integer) from {batch}"}},
    {"expect_query_results_to_match_comparison": {
        "base_query": "select email from shop.people", "comparison_data_source_name": "duckdb",
        "comparison_query": "select name from shop.people"}},
]  # fmt: skip
EXPECTATIONS = [
    *(each for column in ("email", "city", "status", "salary", "born_on", "born_at", "bonus", '"name"')
      for each in of_text(column)),
    *of_several("email", "name"), *of_several("salary", "bonus"), *of_several("status", "city"),
    *of_several("status", "email"), *of_several("id", "salary"),
    *OF_THE_TABLE,
]  # fmt: skip
