"""The expectations that every warehouse is asked, over one table."""
# ruff: noqa: DTZ001 - timestamps without a zone, as the tables have them

from __future__ import annotations

import re
import statistics
from datetime import date, datetime
from decimal import Decimal

from tests.warehouses.oracles import Answer, Case, figure, per_pair, per_value, unique, unique_together, values
from tests.warehouses.rows import CUSTOMER_ROWS, ORDER_ROWS, ORDERS

_NORTH = [row for row in ORDER_ROWS if row["region"] == "north"]
_RICH = [row for row in ORDER_ROWS if row["amount"] is not None and row["amount"] >= 20]
_CUSTOMERS = {row["id"] for row in CUSTOMER_ROWS}
_COLUMNS = [str(column.name) for column in ORDERS.columns]
_SEPTEMBER = (datetime(2025, 9, 1), datetime(2025, 9, 30, 23, 59, 59))
_EMAIL = r"^[^@]+@[^@]+\.com$"

_BETWEEN = "expect_column_values_to_be_between"
_IN_SET = "expect_column_values_to_be_in_set"
_NOT_NULL = "expect_column_values_to_not_be_null"
_REGEX = "expect_column_values_to_match_regex"
_LIKE = "expect_column_values_to_match_like_pattern"
_LENGTHS = "expect_column_value_lengths_to_be_between"
_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
_FOREIGN_KEY = "expect_column_values_to_exist_in_table"


def _text(moment: datetime) -> str:
    return moment.isoformat(sep=" ")


UNIQUENESS = [
    unique("a key that is unique", "id"),
    unique("a code that stands twice", "code"),
    unique("a code that stands twice, within mostly", "code", mostly=0.7),
    unique(
        "in the north only",
        "code",
        _NORTH,
        row_condition='col("region") == "north"',
        condition_parser="great_expectations",
    ),
    unique("a column of NULLs has no duplicates", "note"),
    unique_together("a pair that stands twice", ["region", "lane"]),
    unique_together("three columns that are unique together", ["region", "lane", "id"]),
]

NULLS = [
    per_value("no NULL in the key", _NOT_NULL, "id", lambda v: v is not None, nulls_count=True),
    per_value("one code is NULL", _NOT_NULL, "code", lambda v: v is not None, nulls_count=True),
    per_value("one code is NULL, within mostly", _NOT_NULL, "code", lambda v: v is not None, nulls_count=True,
              mostly=0.8),
    per_value("timestamps that are NULL", _NOT_NULL, "shipped_at", lambda v: v is not None, nulls_count=True),
    per_value("a column of NULLs", _NOT_NULL, "note", lambda v: v is not None, nulls_count=True),
    per_value("NULL is expected", "expect_column_values_to_be_null", "note", lambda v: v is None, nulls_count=True),
    per_value("NULL is expected, dates found", "expect_column_values_to_be_null", "shipped_at", lambda v: v is None,
              nulls_count=True),
]  # fmt: skip

SETS = [
    per_value("regions as listed", _IN_SET, "region", lambda v: v in {"north", "south", "west"},
              value_set=["north", "south", "west"]),
    per_value("a region not listed", _IN_SET, "region", lambda v: v in {"north", "south"},
              value_set=["north", "south"]),
    per_value("upper case is another value", _IN_SET, "code", lambda v: v in {"B-004", "A-001"},
              value_set=["B-004", "A-001"]),
    per_value("numbers as listed", _IN_SET, "lane", lambda v: v in {1, 2}, value_set=[1, 2]),
    per_value("forbidden values", "expect_column_values_to_not_be_in_set", "region", lambda v: v != "west",
              value_set=["west"]),
    per_value("a column of NULLs is in any set", _IN_SET, "note", lambda v: False, value_set=["x"]),
]  # fmt: skip

RANGES = [
    per_value("integers in range", _BETWEEN, "lane", lambda v: 1 <= v <= 3, min_value=1, max_value=3),
    per_value("money in range, bounds included", _BETWEEN, "amount", lambda v: Decimal("0.1") <= v <= Decimal("30.3"),
              min_value=0.1, max_value=30.3),
    per_value("money in range, bounds excluded", _BETWEEN, "amount", lambda v: Decimal("10.1") < v < Decimal("30.3"),
              min_value=10.1, max_value=30.3, strict_min=True, strict_max=True),
    per_value("floats above zero", _BETWEEN, "score", lambda v: v >= 0, min_value=0),
    per_value("dates", _BETWEEN, "ordered_on", lambda v: date(2025, 9, 1) <= v <= date(2025, 9, 30),
              min_value=date(2025, 9, 1), max_value=date(2025, 9, 30)),
    per_value("dates as text", _BETWEEN, "ordered_on", lambda v: date(2025, 9, 1) <= v <= date(2025, 9, 30),
              min_value="2025-09-01", max_value="2025-09-30"),
    per_value("timestamps", _BETWEEN, "ordered_at", lambda v: _SEPTEMBER[0] <= v <= _SEPTEMBER[1],
              min_value=_SEPTEMBER[0], max_value=_SEPTEMBER[1]),
    per_value("timestamps as text", _BETWEEN, "ordered_at", lambda v: _SEPTEMBER[0] <= v <= _SEPTEMBER[1],
              min_value=_text(_SEPTEMBER[0]), max_value=_text(_SEPTEMBER[1])),
    per_value("NULL timestamps are not the year 1970", _BETWEEN, "shipped_at", lambda v: v >= datetime(2000, 1, 1),
              min_value=datetime(2000, 1, 1)),
    per_value("within a condition", _BETWEEN, "amount", lambda v: 20 <= v <= 30, rows=_RICH, min_value=20, max_value=30,
              row_condition='col("amount") >= 20', condition_parser="great_expectations"),
    per_value("within a condition and mostly", _BETWEEN, "amount", lambda v: 20 <= v <= 30, rows=_RICH, min_value=20,
              max_value=30, mostly=0.3, row_condition='col("amount") >= 20', condition_parser="great_expectations"),
]  # fmt: skip

TEXTS = [
    per_value("a regex is searched, not matched whole", _REGEX, "email", lambda v: bool(re.search("@example", v)),
              regex="@example"),
    per_value("an anchored regex", _REGEX, "email", lambda v: bool(re.search(_EMAIL, v)), regex=_EMAIL),
    per_value("a regex that must not match", "expect_column_values_to_not_match_regex", "code",
              lambda v: not re.search(r"^[A-Z]-\d{3}$", v), regex=r"^[A-Z]-[0-9]{3}$"),
    per_value("one of several regexes", "expect_column_values_to_match_regex_list", "code",
              lambda v: bool(re.search("^A-", v) or re.search("^B-", v)), regex_list=["^A-", "^B-"], match_on="any"),
    per_value("like, with its wildcards", _LIKE, "code", lambda v: bool(re.fullmatch("A-...", v)),
              like_pattern="A-___"),
    per_value("like, any ending", _LIKE, "email", lambda v: v.endswith(".com"), like_pattern="%.com"),
    per_value("not like", "expect_column_values_to_not_match_like_pattern", "code", lambda v: not v.startswith("B"),
              like_pattern="B%"),
    per_value("lengths", _LENGTHS, "code", lambda v: 5 <= len(v) <= 5, min_value=5, max_value=5),
    per_value("lengths, at most", _LENGTHS, "region", lambda v: len(v) <= 4, max_value=4),
    per_value("one length", "expect_column_value_lengths_to_equal", "code", lambda v: len(v) == 5, value=5),
]  # fmt: skip

PAIRS = [
    per_pair("shipped after it was ordered", _GREATER, "shipped_at", "ordered_at", lambda a, b: a > b),
    per_pair("the discount is below the amount", _GREATER, "amount", "discount", lambda a, b: a > b),
    per_pair("or equal", _GREATER, "amount", "discount", lambda a, b: a >= b, or_equal=True),
    per_pair("equal", "expect_column_pair_values_to_be_equal", "id", "customer_id", lambda a, b: a == b),
]

_AMOUNTS = values("amount")
_SCORES = values("score")
FIGURES = [
    figure("an exact sum of money", "expect_column_sum_to_be_between", "amount", sum(_AMOUNTS), 1055.89, 1055.89),
    figure("a sum that is too great", "expect_column_sum_to_be_between", "amount", sum(_AMOUNTS), None, 1000),
    figure("the least", "expect_column_min_to_be_between", "amount", min(_AMOUNTS), -5, 0),
    figure("the greatest", "expect_column_max_to_be_between", "amount", max(_AMOUNTS), 0, 500),
    figure("the latest date", "expect_column_max_to_be_between", "ordered_on", max(values("ordered_on")),
           date(2025, 9, 1), date(2025, 10, 31)),
    figure("the earliest timestamp", "expect_column_min_to_be_between", "shipped_at", min(values("shipped_at")),
           datetime(2025, 9, 1), datetime(2025, 9, 30)),
    figure("the mean", "expect_column_mean_to_be_between", "score", statistics.mean(_SCORES), 2, 3),
    figure("the mean of integers is no integer", "expect_column_mean_to_be_between", "lane",
           statistics.mean(values("lane")), 1.7, 1.8),
    figure("the median of an odd number", "expect_column_median_to_be_between", "score", statistics.median(_SCORES),
           2, 2.6),
    figure("the median of an even number", "expect_column_median_to_be_between", "id", statistics.median(range(1, 9)),
           4.5, 4.5),
    figure("the standard deviation", "expect_column_stdev_to_be_between", "score", statistics.stdev(_SCORES), 3, 4),
    figure("how many values there are", "expect_column_unique_value_count_to_be_between", "region", 3, 3, 3),
    figure("the rows", "expect_table_row_count_to_be_between", None, 8, 8, 8),
    figure("too few rows", "expect_table_row_count_to_be_between", None, 8, 9, None),
    figure("the columns", "expect_table_column_count_to_be_between", None, 14, 14, 14),
    Case("the rows, exactly", "expect_table_row_count_to_equal", {"value": 7}, Answer(False, observed=8)),
]  # fmt: skip

SHAPES = [
    Case("the columns in order", "expect_table_columns_to_match_ordered_list", {"column_list": _COLUMNS}, Answer(True)),
    Case("the columns in another order", "expect_table_columns_to_match_ordered_list",
         {"column_list": _COLUMNS[::-1]}, Answer(False)),
    Case("the columns as a set", "expect_table_columns_to_match_set",
         {"column_set": _COLUMNS[::-1], "exact_match": True}, Answer(True)),
    Case("a column too many", "expect_table_columns_to_match_set",
         {"column_set": _COLUMNS[1:], "exact_match": True}, Answer(False)),
    Case("a column that is there", "expect_column_to_exist", {"column": "ordered_at"}, Answer(True)),
    Case("a column that is not there", "expect_column_to_exist", {"column": "order_date"}, Answer(False)),
]  # fmt: skip

FOREIGN_KEYS = [
    per_value("an orphan, and a NULL that is none", _FOREIGN_KEY, "customer_id", lambda v: v in _CUSTOMERS,
              parent_table="shop.customers", parent_column="id"),
    per_value("an orphan, within mostly", _FOREIGN_KEY, "customer_id", lambda v: v in _CUSTOMERS,
              parent_table="shop.customers", parent_column="id", mostly=0.8),
    per_value("no orphan in the north", _FOREIGN_KEY, "customer_id", lambda v: v in _CUSTOMERS, rows=_NORTH,
              parent_table="shop.customers", parent_column="id", row_condition='col("region") == "north"',
              condition_parser="great_expectations"),
]  # fmt: skip

CASES = [*UNIQUENESS, *NULLS, *SETS, *RANGES, *TEXTS, *PAIRS, *FIGURES, *SHAPES, *FOREIGN_KEYS]
