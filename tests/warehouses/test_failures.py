"""What cannot be checked is errored, closes the gate, says which table, and takes no other result with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from checkpoints.result import CheckpointRun, Verdict
from tests.warehouses.checking import Checks
from tests.warehouses.sites import Site

EIGHT_ROWS = {"expect_table_row_count_to_equal": {"value": 8}}


def held(run: CheckpointRun) -> list[bool | None]:
    return [outcome.success for outcome in run.outcomes]


def test_an_empty_table_fails_unless_the_suite_allows_it(checks: Checks) -> None:
    suite = {
        "shop.nothing": [
            {"expect_column_values_to_be_unique": {"column": "id"}},
            {"expect_column_values_to_not_be_null": {"column": "id"}},
            {"expect_column_values_to_be_between": {"column": "amount", "min_value": 0}},
            {"expect_column_values_to_match_regex": {"column": "email", "regex": "@"}},
            {"expect_compound_columns_to_be_unique": {"column_list": ["region", "lane"]}},
            {
                "expect_column_values_to_exist_in_table": {
                    "column": "customer_id", "parent_table": "shop.customers", "parent_column": "id"
                }
            },
        ]
    }  # fmt: skip

    run = checks.run(suite)
    allowed = checks.run(suite, allow_empty=True)

    assert run.verdict is Verdict.FAILED
    assert "shop.nothing is empty" in run.reasons()[0]
    assert allowed.verdict is Verdict.PASSED
    assert {(o.success, o.element_count, o.unexpected_count or 0) for o in allowed.outcomes} == {(True, 0, 0)}


def test_a_missing_table_is_named_and_the_others_are_checked(checks: Checks) -> None:
    run = checks.run({"shop.gone": [EIGHT_ROWS], "shop.orders": [EIGHT_ROWS]})

    assert (run.verdict, held(run)) == (Verdict.ERRORED, [None, True])
    assert "shop.gone" in run.reasons()[0]
    gate = checks.gate()
    assert not gate.is_open
    assert any("shop.gone" in reason for reason in gate.reasons)


MISSING = [
    {"expect_column_values_to_be_unique": {"column": "absent"}},
    {"expect_column_values_to_not_be_null": {"column": "absent"}},
    {"expect_column_sum_to_be_between": {"column": "absent", "min_value": 0}},
    {"expect_column_median_to_be_between": {"column": "absent", "min_value": 0}},
    {"expect_compound_columns_to_be_unique": {"column_list": ["id", "absent"]}},
    {"expect_column_pair_values_a_to_be_greater_than_b": {"column_A": "id", "column_B": "absent"}},
    {"expect_table_to_be_fresh": {"column": "absent", "max_age_hours": 1}},
    {
        "expect_column_values_to_exist_in_table": {
            "column": "customer_id", "parent_table": "shop.customers", "parent_column": "absent"
        }
    },
    {
        "expect_column_values_to_exist_in_table": {
            "column": "customer_id", "parent_table": "shop.absent", "parent_column": "id"
        }
    },
    {
        "expect_column_values_to_not_be_null": {
            "column": "id", "row_condition": 'col("absent") == 1', "condition_parser": "great_expectations"
        }
    },
]  # fmt: skip
PRESENT: list[tuple[dict[str, Any], bool, int | None]] = [
    ({"expect_column_values_to_be_unique": {"column": "code"}}, False, 2),
    ({"expect_column_values_to_not_be_null": {"column": "id"}}, True, 0),
    ({"expect_column_sum_to_be_between": {"column": "amount", "min_value": 0}}, True, None),
    ({"expect_column_median_to_be_between": {"column": "score", "min_value": 0}}, True, None),
    ({"expect_column_values_to_match_regex": {"column": "email", "regex": "@"}}, False, 1),
    (EIGHT_ROWS, True, None),
]


def test_a_missing_column_takes_no_other_expectations_result_with_it(checks: Checks) -> None:
    run = checks.run({"shop.orders": [*MISSING, *(document for document, _, _ in PRESENT)]})
    broken, whole = run.outcomes[: len(MISSING)], run.outcomes[len(MISSING) :]

    assert run.verdict is Verdict.ERRORED
    assert [outcome.success for outcome in broken] == [None] * len(MISSING)
    assert all("absent" in str(outcome.error).lower() for outcome in broken)
    assert [(o.error, o.success, o.unexpected_count) for o in whole] == [(None, ok, n) for _, ok, n in PRESENT]
    assert run.row_counts == (("shop.orders", 8),)


def test_values_that_cannot_be_compared_err_without_being_shown(checks: Checks) -> None:
    run = checks.run(
        {"shop.orders": [{"expect_column_values_to_be_between": {"column": "email", "min_value": 5}}, EIGHT_ROWS]}
    )

    assert (run.verdict, held(run)) == (Verdict.ERRORED, [None, True])
    assert "example" not in str(run.outcomes[0].error)


@pytest.mark.postgres
def test_a_table_one_may_not_read_is_named_and_closes_the_gate(
    guarded: URL, checks_at: Callable[[URL], Checks]
) -> None:
    checks = checks_at(guarded)

    run = checks.run(
        {"shop.customers": [{"expect_table_row_count_to_equal": {"value": 4}}], "shop.orders": [EIGHT_ROWS]}
    )

    assert run.verdict is Verdict.ERRORED
    assert {outcome.table: outcome.success for outcome in run.outcomes} == {"shop.customers": True, "shop.orders": None}
    assert "shop.orders" in run.reasons()[0]
    assert "may not be read" in run.reasons()[0]
    assert not checks.gate().is_open


@pytest.mark.postgres
def test_a_table_one_may_write_but_not_read_is_named_too(
    postgres: Site, guarded: URL, checks_at: Callable[[URL], Checks]
) -> None:
    postgres.execute("CREATE TABLE shop.inbox (id int)", "GRANT INSERT ON shop.inbox TO guarded")
    checks = checks_at(guarded)

    run = checks.run({"shop.inbox": [{"expect_column_values_to_be_unique": {"column": "id"}}]})

    assert run.verdict is Verdict.ERRORED
    assert all("inbox" in reason for reason in run.reasons())
    assert "permission denied" in str(run.outcomes[0].error)
    assert not checks.gate().is_open


@pytest.mark.postgres
def test_a_parent_table_one_may_not_read_errs_alone(guarded: URL, checks_at: Callable[[URL], Checks]) -> None:
    foreign_key = {"column": "id", "parent_table": "shop.orders", "parent_column": "customer_id"}

    run = checks_at(guarded).run(
        {
            "shop.customers": [
                {"expect_column_values_to_exist_in_table": foreign_key},
                {"expect_column_values_to_be_unique": {"column": "id"}},
            ]
        }
    )

    assert (run.verdict, held(run)) == (Verdict.ERRORED, [None, True])
    assert "permission denied for table orders" in str(run.outcomes[0].error)


@pytest.mark.postgres
def test_a_value_that_python_cannot_hold_errs_alone(postgres: Site, tmp_path: Path) -> None:
    postgres.execute("CREATE TABLE shop.ancient AS SELECT 1 AS id, timestamp '0044-01-01 BC' AS ended_at")
    warehouse = postgres.open()
    run = Checks(tmp_path, warehouse).run(
        {
            "shop.ancient": [
                {"expect_column_min_to_be_between": {"column": "ended_at", "max_value": "2025-01-01"}},
                {"expect_column_values_to_be_unique": {"column": "id"}},
                {"expect_column_values_to_not_be_null": {"column": "ended_at"}},
            ]
        }
    )
    warehouse.release()
    assert held(run) == [None, True, True]
    assert run.verdict is Verdict.ERRORED
