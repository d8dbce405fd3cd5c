"""Read back what runs found: counts and verdicts, and no observed value but when a table's newest row arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.records import RecordedOutcome, RecordedResults
from checkpoints.ledger.schema import checkpoint_runs, expectation_results, row_counts
from checkpoints.result import Verdict

FRESH = "expect_table_to_be_fresh"


def finished_since(connection: Connection, since: datetime) -> tuple[str, ...]:
    """The runs that ended since, in the order they did."""
    runs = checkpoint_runs.c
    query = sa.select(runs.run_id).where(runs.finished_at >= since, runs.verdict.is_not(None))
    return tuple(connection.execute(query.order_by(runs.finished_at, runs.run_id)).scalars())


def results_of(connection: Connection, run_ids: Sequence[str]) -> tuple[RecordedResults, ...]:
    """What these runs found; one that is unknown or has not ended is left out. Three statements."""
    results = expectation_results.c
    outcomes: dict[str, list[RecordedOutcome]] = defaultdict(list)
    newest: dict[str, dict[str, datetime]] = defaultdict(dict)
    found = sa.select(expectation_results).where(results.run_id.in_(run_ids)).order_by(results.position)
    for row in connection.execute(found):
        outcomes[row.run_id].append(
            RecordedOutcome(
                row.position, row.suite, row.table_name, row.expectation, row.column_name, row.severity, row.blocking,
                row.success, row.element_count, row.unexpected_count,
            )
        )  # fmt: skip
        if row.expectation == FRESH and isinstance(row.observed_value, str):
            with suppress(ValueError):  # of a column of personal data it is no time
                newest[row.run_id][row.table_name] = _utc(datetime.fromisoformat(row.observed_value))
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    counts = sa.select(row_counts.c.run_id, row_counts.c.table_name, row_counts.c.row_count)
    for run_id, table, count in connection.execute(counts.where(row_counts.c.run_id.in_(run_ids))):
        rows[run_id][table] = count
    runs = sa.select(checkpoint_runs).where(
        checkpoint_runs.c.run_id.in_(run_ids), checkpoint_runs.c.verdict.is_not(None)
    )
    return tuple(
        RecordedResults(
            run.run_id, run.checkpoint, run.ingest_id, Verdict(run.verdict), run.started_at, run.finished_at,
            tuple(outcomes[run.run_id]), rows[run.run_id], newest[run.run_id],
        )
        for run in connection.execute(runs)
    )  # fmt: skip


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
