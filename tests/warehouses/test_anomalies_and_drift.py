"""Figures against their history, and columns against what was accepted, on every warehouse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from checkpoints.result import CheckpointRun, Verdict
from expectations.accepted import AcceptedSchemas, columns_of_catalog
from expectations.suite import Severity
from gx.warehouse.table import TableName
from tests.warehouses.checking import Checks, only
from tests.warehouses.sites import Site

MONDAY = datetime(2025, 9, 1, 6, tzinfo=UTC)
TABLE = "shop.daily"
DRIFT = "expect_table_schema_to_be_as_accepted"
ROWS = {"expect_table_row_count_to_be_as_usual": {"min_runs": 5}}
FIGURES: list[Any] = [
    ROWS,
    {"expect_column_sum_to_be_as_usual": {"column": "amount", "min_runs": 5}},
    {"expect_column_mean_to_be_as_usual": {"column": "amount", "min_runs": 5}},
    {"expect_column_unique_value_count_to_be_as_usual": {"column": "id", "min_runs": 5}},
    {"expect_column_proportion_of_non_null_values_to_be_as_usual": {"column": "note", "min_runs": 5}},
]

ON_ONE = pytest.mark.parametrize("site", ["duckdb"], indirect=True)
"""For what is the ledger's to know, and the same whatever the warehouse."""


@pytest.fixture
def day(site: Site, checks: Checks) -> Iterator[Callable[..., CheckpointRun]]:
    """Runs the checks of one day on a table of so many rows."""

    def run(number: int, rows: int, suite: list[Any], **settings: Any) -> CheckpointRun:
        site.execute(f"DROP TABLE IF EXISTS {TABLE}")
        site.execute(f"CREATE TABLE {TABLE} (id INTEGER, amount DECIMAL(10, 2), note VARCHAR(20))")
        values = ", ".join(
            f"({row}, {row % 7}.50, {'NULL' if row % 2 else chr(39) + 'x' + chr(39)})" for row in range(rows)
        )
        site.execute(f"INSERT INTO {TABLE} VALUES {values}")
        checks.now = MONDAY + timedelta(days=number)
        checks.ingest_id = settings.pop("ingest_id", f"ingest-{number}")
        return checks.run({TABLE: suite}, **settings)

    yield run
    site.execute(f"DROP TABLE IF EXISTS {TABLE}")


def test_a_figure_learns_in_silence_and_is_then_judged_by_its_history(day: Callable[..., CheckpointRun]) -> None:
    for number in range(5):
        learning = day(number, 100, FIGURES)
        assert learning.verdict is Verdict.PASSED
        assert learning.outcomes[0].sentence == f"100 rows; learning what is usual, {number} of 5 runs."
    assert day(5, 102, FIGURES).verdict is Verdict.PASSED

    doubled = day(6, 200, FIGURES)

    assert [one.success for one in doubled.outcomes] == [False, False, True, False, True]
    rows, total, mean, distinct, share = [one.sentence or "" for one in doubled.outcomes]
    assert rows == "200 rows; usual 94 to 106, median 100 over 6 runs."
    assert total == "694; usual 327.4 to 363.6, median 345 over 6 runs."
    assert mean.startswith("3.47; usual 3.27")
    assert distinct == "200 distinct values; usual 94 to 106, median 100 over 6 runs."
    assert share == "50.0 %; usual 47.5 % to 52.5 %, median 50.0 % over 6 runs."
    assert [scan.statements for scan in doubled.scans] == [1]


@ON_ONE
def test_what_was_refused_is_no_history_however_often_it_is_run(day: Callable[..., CheckpointRun]) -> None:
    for number in range(5):
        day(number, 100, [ROWS])
    for number in range(5, 16):
        refused = only(day(number, 200, [ROWS]))
        assert (refused.success, refused.sentence) == (False, "200 rows; usual 95 to 105, median 100 over 5 runs.")


@ON_ONE
def test_an_ingest_does_not_judge_itself_when_its_check_is_run_again(day: Callable[..., CheckpointRun]) -> None:
    for _ in range(6):
        again = only(day(0, 100, [ROWS], ingest_id="ingest-0"))
        assert again.sentence == "100 rows; learning what is usual, 0 of 5 runs."


@ON_ONE
def test_since_leaves_out_what_was_before_a_change_that_was_meant(day: Callable[..., CheckpointRun]) -> None:
    for number in range(6):
        day(number, 100, [ROWS])
    since = {"expect_table_row_count_to_be_as_usual": {"min_runs": 5, "since": "2025-09-05"}}

    run = only(day(6, 200, [since]))

    assert (run.success, run.sentence) == (True, "200 rows; learning what is usual, 2 of 5 runs.")


def test_of_personal_data_counts_are_judged_and_values_leave_no_trace(day: Callable[..., CheckpointRun]) -> None:
    counts = [FIGURES[3], FIGURES[4]]
    for number in range(6):
        run = day(number, 100, counts, pii=["id", "note"])
    assert run.verdict is Verdict.PASSED
    assert day(6, 200, counts, pii=["id", "note"]).outcomes[0].success is False


# -- schema drift ---------------------------------------------------------------------------------------------


def accept(checks: Checks, **changed: str | None) -> None:
    """Accept the table's columns, but for these; None leaves one out."""
    name = TableName.parse(TABLE)
    (found,) = checks.warehouse.find_tables([name]).values()
    columns: dict[str, Any] = {**columns_of_catalog(found.columns), **changed}
    schemas = AcceptedSchemas(checks.directory / "expectations" / "suites", checks.warehouse.url.get_backend_name())
    schemas.write(name, {name: kind for name, kind in columns.items() if kind})


def spelled(site: Site, column: str) -> str:
    return column.upper() if site.kind == "snowflake" else column


def test_a_schema_passes_with_a_note_until_one_was_accepted_and_then_as_long_as_it_is_so(
    day: Callable[..., CheckpointRun], checks: Checks
) -> None:
    first = only(day(0, 3, [DRIFT]))
    assert first.success is True
    assert first.sentence == "3 columns; none were accepted yet (`sluice schema accept` does)."

    accept(checks)

    run = day(1, 3, [DRIFT])
    assert (only(run).success, only(run).sentence) == (True, "3 columns, as accepted.")
    assert [scan.statements for scan in run.scans] == [1]


def test_removed_and_retyped_columns_block_and_added_ones_warn(
    site: Site, day: Callable[..., CheckpointRun], checks: Checks
) -> None:
    day(0, 3, [DRIFT])
    accept(checks, gone="integer", **{spelled(site, "amount"): "date"}, **{spelled(site, "note"): None})

    run = day(1, 3, [DRIFT])

    (outcome,) = run.outcomes
    assert (run.verdict, outcome.success, outcome.severity, outcome.blocking) == (
        Verdict.FAILED, False, Severity.CRITICAL, True,
    )  # fmt: skip
    said = (outcome.sentence or "").lower()
    assert "- gone; ~ amount date -> " in said
    assert "; + note " in said


def test_a_new_column_alone_warns_and_opens_the_gate(
    site: Site, day: Callable[..., CheckpointRun], checks: Checks
) -> None:
    day(0, 3, [DRIFT])
    accept(checks, **{spelled(site, "note"): None})

    run = day(1, 3, [DRIFT])

    assert (run.verdict, only(run).severity, only(run).blocking) == (Verdict.WARNED, Severity.WARNING, False)
    assert checks.gate().is_open
    assert day(2, 3, [{DRIFT: {"added": "critical"}}]).verdict is Verdict.FAILED
    assert day(3, 3, [{DRIFT: {"added": "ignore"}}]).verdict is Verdict.PASSED
