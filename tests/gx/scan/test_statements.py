"""What a suite costs, counted in statements and not in seconds."""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import great_expectations.expectations as core
import pytest
import sqlalchemy as sa
from great_expectations.core import ExpectationValidationResult
from great_expectations.expectations.conditions import Column as Condition
from great_expectations.expectations.expectation import Expectation

from expectations.foreign_key import ExpectColumnValuesToExistInTable
from expectations.freshness import ExpectTableToBeFresh
from expectations.row_count_change import ExpectTableRowCountChangeToBeWithin
from gx.scan.batch import TableBatch
from gx.scan.suite import validate
from gx.warehouse.base import Warehouse
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.table import TableName
from tests.gx.scan.stock import raised
from tests.gx.scan.tables import OTHER_TABLE, SCHEMA

ORDERS = TableName.parse(f"{SCHEMA}.orders")
VIEW = TableName.parse(f"{SCHEMA}.orders_as_numbers")
WIDE = TableName.parse(f"{SCHEMA}.wide")
ROWS = 20
METRICS = 140
"""More than a hundred expectations have, each counted once."""
_SUMMARY = {"result_format": "SUMMARY"}
_ROOT = Path(__file__).parents[3]


@contextmanager
def sent(warehouse: Warehouse) -> Iterator[list[str]]:
    """Every statement that is sent meanwhile, with its parameters."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        statements.append(f"{statement} {parameters!r}")

    sa.event.listen(warehouse.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(warehouse.engine, "before_cursor_execute", note)


def reads(statements: Sequence[str]) -> list[str]:
    """Those that are not about the catalog."""
    return [statement for statement in statements if "pg_catalog" not in statement]


def run(
    warehouse: Warehouse, suite: Sequence[Expectation], name: TableName = ORDERS, **result_format: Any
) -> tuple[list[ExpectationValidationResult], list[str]]:
    """The results, and the statements that were sent for them."""
    batch = TableBatch.of(warehouse, warehouse.find_tables([name])[name], "orders")
    with sent(warehouse) as statements:
        return validate(batch, suite, {**_SUMMARY, **result_format}), statements


@pytest.fixture(autouse=True, scope="module")
def _orders(warehouse: DuckDBWarehouse) -> None:
    create_orders(warehouse)


def create_orders(warehouse: Warehouse) -> None:
    with warehouse.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE OR REPLACE TABLE {SCHEMA}.orders AS SELECT range AS id, 'k' || range AS code, "
            "range % 3 AS parent, "
            "range % 5 AS lane, 0 AS nil, 1 AS one, range * 1.5 AS amount, range / 10 AS score, 'usd' AS currency, "
            "TIMESTAMP '2025-01-01' + INTERVAL (range) HOUR AS made_at, 'word' AS word, "
            f"CASE WHEN range = 7 THEN '7x' ELSE '' || range END AS nearly FROM range({ROWS})"
        )
        connection.exec_driver_sql(
            f"CREATE OR REPLACE VIEW {SCHEMA}.orders_as_numbers AS "
            f"SELECT *, CAST(nearly AS INTEGER) AS number FROM {SCHEMA}.orders"
        )


def clean_suite() -> list[Expectation]:
    """Expectations that are met, of every kind that one SELECT can answer."""
    kinds: list[Expectation] = [
        core.ExpectColumnValuesToBeUnique(column="id"),
        core.ExpectCompoundColumnsToBeUnique(column_list=["id", "lane"]),
        core.ExpectColumnValuesToNotBeNull(column="code"),
        core.ExpectColumnValuesToBeBetween(column="amount", min_value=0, max_value=100),
        core.ExpectColumnValuesToBeInSet(column="currency", value_set=["usd", "eur"]),
        core.ExpectColumnValuesToNotBeInSet(column="currency", value_set=["gbp"]),
        core.ExpectColumnValuesToMatchRegex(column="code", regex="^k[0-9]+$"),
        core.ExpectColumnValuesToNotMatchRegex(column="code", regex="^x"),
        core.ExpectColumnValuesToMatchLikePattern(column="code", like_pattern="k%"),
        core.ExpectColumnValueLengthsToBeBetween(column="code", min_value=2, max_value=3),
        core.ExpectColumnValueLengthsToEqual(column="word", value=4),
        core.ExpectColumnPairValuesAToBeGreaterThanB(column_A="amount", column_B="score", or_equal=True),
        core.ExpectColumnPairValuesToBeEqual(column_A="id", column_B="id"),
        core.ExpectMulticolumnSumToEqual(column_list=["nil", "one"], sum_total=1),
        core.ExpectSelectColumnValuesToBeUniqueWithinRecord(column_list=["code", "word"]),
        core.ExpectColumnMinToBeBetween(column="id", min_value=0, max_value=0),
        core.ExpectColumnMaxToBeBetween(column="id", min_value=19, max_value=19),
        core.ExpectColumnSumToBeBetween(column="id", min_value=190, max_value=190),
        core.ExpectColumnMeanToBeBetween(column="id", min_value=9, max_value=10),
        core.ExpectColumnMedianToBeBetween(column="id", min_value=9, max_value=10),
        core.ExpectColumnStdevToBeBetween(column="id", min_value=1, max_value=10),
        core.ExpectColumnQuantileValuesToBeBetween(
            column="id", quantile_ranges={"quantiles": [0.25, 0.75], "value_ranges": [[4, 5], [14, 15]]}
        ),
        core.ExpectColumnUniqueValueCountToBeBetween(column="lane", min_value=5, max_value=5),
        core.ExpectColumnProportionOfUniqueValuesToBeBetween(column="id", min_value=1),
        core.ExpectColumnProportionOfNonNullValuesToBeBetween(column="id", min_value=1),
        core.ExpectTableRowCountToEqual(value=ROWS),
        ExpectColumnValuesToExistInTable(
            column="parent", parent_table=f"{SCHEMA}.{OTHER_TABLE}", parent_column="id"
        ),
        ExpectTableToBeFresh(column="made_at", max_age_hours=24, now=datetime(2025, 1, 2, tzinfo=UTC)),
        ExpectTableRowCountChangeToBeWithin(max_percent=50, previous_row_count=19),
    ]  # fmt: skip
    more = [core.ExpectColumnValuesToBeBetween(column="amount", max_value=limit) for limit in range(50, 150)]
    return [*kinds, *more][:100]


def mixed_suite() -> list[Expectation]:
    """Expectations that are met and not, on all rows and on some."""
    some: list[Expectation] = [
        core.ExpectColumnValuesToNotBeNull(column="id", row_condition=Condition("lane") == lane) for lane in range(3)
    ]
    return [*clean_suite(), *failing(2), *some]


def failing(count: int) -> list[Expectation]:
    return [core.ExpectColumnValuesToBeBetween(column="id", max_value=limit) for limit in range(count)]


def test_a_hundred_expectations_that_are_met_are_one_statement(warehouse: DuckDBWarehouse) -> None:
    suite = clean_suite()
    results, statements = run(warehouse, suite)

    assert [result for result in results if not result.success] == []
    assert len(suite) == 100
    assert len(statements) == 1


def test_each_failure_costs_one_sample(warehouse: DuckDBWarehouse) -> None:
    for count in (1, 3):
        results, statements = run(warehouse, [*clean_suite(), *failing(count)])
        assert sum(not result.success for result in results) == count
        assert len(statements) == 1 + count


@pytest.mark.parametrize("suite", [
    [core.ExpectColumnValuesToBeUnique(column="lane")],
    [core.ExpectCompoundColumnsToBeUnique(column_list=["lane", "currency"])],
], ids=["one column", "two columns"])  # fmt: skip
def test_duplicates_are_counted_and_sampled_by_one_more_statement(
    warehouse: DuckDBWarehouse, suite: list[Expectation]
) -> None:
    (result,), statements = run(warehouse, suite)

    assert not result.success
    assert len(result.result["partial_unexpected_list"]) == 20
    assert len(statements) == 2


def test_without_samples_a_failure_costs_nothing(warehouse: DuckDBWarehouse) -> None:
    _, statements = run(warehouse, failing(3), partial_unexpected_count=0)
    assert len(statements) == 1


def test_the_schema_is_looked_up_once_however_many_need_it(warehouse: DuckDBWarehouse) -> None:
    one: list[Expectation] = [core.ExpectColumnToExist(column="id")]
    many: list[Expectation] = [
        *one,
        core.ExpectColumnToExist(column="code"),
        core.ExpectTableColumnCountToEqual(value=12),
        core.ExpectColumnTypeToBe(column="word", type_="VARCHAR"),
        core.ExpectColumnValuesToBeOfType(column="word", type_="VARCHAR"),
        core.ExpectTableColumnsToMatchSet(column_set=["id"], exact_match=False),
    ]
    _, for_one = run(warehouse, one)
    results, for_many = run(warehouse, many)

    assert all(result.success for result in results)
    assert len(for_one) - len(reads(for_one)) == len(for_many) - len(reads(for_many)) > 0
    assert len(reads(for_many)) <= 1


def test_each_row_condition_is_one_statement(warehouse: DuckDBWarehouse) -> None:
    def within(condition: Any) -> list[Expectation]:
        return [
            kind(column=column, row_condition=condition)
            for kind in (core.ExpectColumnValuesToNotBeNull, core.ExpectColumnValuesToBeUnique)
            for column in ("id", "code")
        ]

    lane = Condition("lane")
    results, statements = run(warehouse, [*within(lane > 2), *clean_suite(), *within(lane <= 2)])

    assert all(result.success for result in results)
    assert len(statements) == 3


@pytest.mark.parametrize(
    ("wrong", "scans"),
    [
        (core.ExpectColumnMaxToBeBetween(column="absent", min_value=0), 2),
        (core.ExpectColumnSumToBeBetween(column="word", min_value=0), 3),
    ],
    ids=["a column that is not there", "a type that has no sum"],
)
@pytest.mark.parametrize("place", [0, 33, 100])
def test_a_wrong_expectation_is_found_without_more_scans(
    warehouse: DuckDBWarehouse, wrong: Expectation, scans: int, place: int
) -> None:
    suite = clean_suite()
    suite.insert(place, wrong)

    results, statements = run(warehouse, suite)

    assert [index for index, result in enumerate(results) if raised(result)] == [place]
    assert all(result.success for index, result in enumerate(results) if index != place)
    on_no_rows = [statement for statement in reads(statements) if "WHERE false" in statement]
    assert len(reads(statements)) - len(on_no_rows) == scans
    assert len(on_no_rows) <= 2 * math.ceil(math.log2(METRICS))


@pytest.mark.parametrize("place", [0, 33, 100])
def test_a_value_that_cannot_be_read_costs_few_statements(warehouse: DuckDBWarehouse, place: int) -> None:
    suite = clean_suite()
    suite.insert(place, core.ExpectColumnSumToBeBetween(column="number", min_value=0))

    results, statements = run(warehouse, suite, VIEW)

    assert [index for index, result in enumerate(results) if raised(result)] == [place]
    assert all(result.success for index, result in enumerate(results) if index != place)
    assert len(reads(statements)) <= 3 + 2 * math.ceil(math.log2(METRICS))


def test_equal_suites_send_equal_statements(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    """In another process, where sets have another order, as well."""
    there = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.gx.scan.statements_of_a_run", str(tmp_path / "other.duckdb")],
        cwd=_ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    _, here = run(warehouse, mixed_suite())

    assert len(here) > 4
    assert "\n".join(here) == there


def test_a_very_wide_suite_is_one_statement(warehouse: DuckDBWarehouse) -> None:
    names = [f"c{index}" for index in range(300)]
    with warehouse.connect() as connection:
        columns = ", ".join(f"range AS {name}" for name in names)
        connection.exec_driver_sql(f"CREATE OR REPLACE TABLE {SCHEMA}.wide AS SELECT {columns} FROM range(10)")
    kinds: list[Callable[[str], Expectation]] = [
        lambda name: core.ExpectColumnValuesToNotBeNull(column=name),
        lambda name: core.ExpectColumnValuesToBeBetween(column=name, min_value=0, max_value=9),
        lambda name: core.ExpectColumnMaxToBeBetween(column=name, max_value=9),
    ]
    suite = [kind(name) for name, kind in zip(names, itertools.cycle(kinds), strict=False)]

    results, statements = run(warehouse, suite, WIDE)
    assert all(result.success for result in results)
    assert len(statements) == 1

    unique: list[Expectation] = [core.ExpectColumnValuesToBeUnique(column=name) for name in names]
    results, statements = run(warehouse, unique, WIDE)
    assert all(result.success for result in results), "in as many statements as memory asks for"
    assert len(statements) == math.ceil(300 / warehouse.max_collected)
