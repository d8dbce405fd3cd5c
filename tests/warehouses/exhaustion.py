"""What has to be true of a run in which one table was given no answer."""

from __future__ import annotations

import json
from collections.abc import Callable

from checkpoints.result import CheckpointRun, Verdict
from tests.warehouses.checking import Checks

TOLD = [
    {"expect_column_values_to_be_unique": {"column": "id"}},
    {"expect_column_values_to_not_be_null": {"column": "id"}},
    {"expect_table_row_count_to_equal": {"value": 3}},
]
BOTH = {"fault.calm": TOLD, "fault.sick": TOLD}
TWO_TABLES = (
    "CREATE SCHEMA fault",
    "CREATE TABLE fault.calm AS SELECT id FROM (VALUES (1), (2), (3)) AS t (id)",
    "CREATE TABLE fault.sick AS SELECT id FROM (VALUES (1), (2), (3)) AS t (id)",
)
"""One to which nothing happens, and one to which things do."""

_NEVER_SHOWN = ("SELECT", "select ", "s3cret", "sluice_0")

Open = Callable[..., Checks]
"""Checks through a URL and with settings of one's own; see the fixture ``open_checks``."""


def assert_errored(run: CheckpointRun, checks: Checks, sick: str, *, because: str, statements: int) -> None:
    """The sick table is errored as a whole, all the others hold, and nothing is told that should not be."""
    assert run.verdict is Verdict.ERRORED
    ill = [outcome for outcome in run.outcomes if outcome.table == sick]
    assert [outcome.success for outcome in ill] == [None] * len(TOLD)
    assert {outcome.success for outcome in run.outcomes if outcome.table != sick} == {True}, run.reasons()
    assert all(because in str(outcome.error) for outcome in ill), [outcome.error for outcome in ill]
    assert all(sick.lower() in str(outcome.error).lower() for outcome in ill)
    assert sick in run.reasons()[0]
    gate = checks.gate()
    assert not gate.is_open
    assert any(sick in reason for reason in gate.reasons)
    shown = " ".join([*run.reasons(), *(str(outcome.error) for outcome in run.outcomes), *gate.reasons])
    assert not [secret for secret in _NEVER_SHOWN if secret in shown], shown
    assert counted(run)[sick] == statements
    assert run.docs_problem is None
    assert stored_statements(checks)[sick.lower()] == statements


def counted(run: CheckpointRun) -> dict[str, int]:
    return {scan.table: scan.statements for scan in run.scans}


def stored_statements(checks: Checks) -> dict[str, int]:
    """What the results that Data Docs are made of say, by suite."""
    files = (checks.state / "gx" / "validations").rglob("*.json")
    results = [json.loads(file.read_text()) for file in files]
    return {str(result["suite_name"]).lower(): result["meta"]["sluice"]["statements"] for result in results}
