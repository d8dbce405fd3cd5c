"""Checkpoint runs for tests of the ledger, with as many outcomes as their verdict needs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from checkpoints.ledger import Ledger
from checkpoints.result import CheckpointRun, ExpectationOutcome, Verdict
from expectations.suite import Severity

NOON = datetime(2025, 10, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def outcome(
    success: bool | None, severity: Severity = Severity.CRITICAL, expectation: str = "expect_x"
) -> ExpectationOutcome:
    return ExpectationOutcome(
        suite="shop.orders", table="shop.orders", expectation=expectation, column="id", severity=severity,
        blocking=severity is Severity.CRITICAL, success=success, observed_value=0.5, element_count=10,
        unexpected_count=0 if success else 5, error="it raised" if success is None else None,
    )  # fmt: skip


OUTCOMES: dict[Verdict, tuple[ExpectationOutcome, ...]] = {
    Verdict.PASSED: (outcome(True),),
    Verdict.WARNED: (outcome(True), outcome(False, Severity.WARNING)),
    Verdict.FAILED: (outcome(True), outcome(False)),
    Verdict.ERRORED: (outcome(True), outcome(None, Severity.INFO)),
}


def run_of(
    verdict: Verdict, *, run_id: str = "run-1", checkpoint: str = "staging", ingest_id: str = "ingest-1",
    at: datetime = NOON, rows: dict[str, int] | None = None,
) -> CheckpointRun:  # fmt: skip
    return CheckpointRun(
        run_id, checkpoint, ingest_id, at, at, OUTCOMES[verdict], row_counts=tuple((rows or {}).items())
    )


def record(ledger: Ledger, run: CheckpointRun, *gates: str) -> None:
    """From beginning to end, as the runner does it."""
    ledger.begin_run(run.run_id, run.checkpoint, run.ingest_id, gates, run.started_at)
    ledger.finish_run(run, gates)
