"""What the accepted runs of a table found, one run of each ingest: the last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.runs import ACCEPTED
from checkpoints.ledger.schema import checkpoint_runs, expectation_results, row_counts

MOST_RUNS = 400
"""The newest so many, each of an ingest of its own; a year of daily runs."""
_AT_ONCE = 100


def counted_runs(connection: Connection, table: str, ingest_id: str) -> tuple[tuple[str, datetime, int], ...]:
    """Run, time and row count of a table, oldest first; none of this ingest, whose data is what is judged."""
    runs, counts = checkpoint_runs.c, row_counts.c
    newest_first = (counts.measured_at.desc(), counts.run_id.desc())
    # A checkpoint may be run hundreds of times on one ingest; it is one of the history all the same.
    of_ingest = sa.func.row_number().over(partition_by=runs.ingest_id, order_by=newest_first)
    ranked = (
        sa.select(counts.run_id, counts.measured_at, counts.row_count, of_ingest.label("age"))
        .join(checkpoint_runs, runs.run_id == counts.run_id)
        .where(counts.table_name == table, runs.verdict.in_(ACCEPTED), runs.ingest_id != ingest_id)
        .subquery()
    )
    latest = (
        sa.select(ranked.c.run_id, ranked.c.measured_at, ranked.c.row_count)
        .where(ranked.c.age == 1)
        .order_by(ranked.c.measured_at.desc(), ranked.c.run_id.desc())
        .limit(MOST_RUNS)
    )
    return tuple((run_id, at, rows) for run_id, at, rows in reversed(connection.execute(latest).all()))


def observed(
    connection: Connection, table: str, run_ids: Sequence[str]
) -> Mapping[tuple[str, str], Mapping[str, float]]:
    """By expectation and column, then by run, the numbers that these runs observed of a table.

    What was errored, or is no number, is left out. Found by run, which the table is ordered by.
    """
    results = expectation_results.c
    found: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for first in range(0, len(run_ids), _AT_ONCE):
        query = sa.select(results.run_id, results.expectation, results.column_name, results.observed_value).where(
            results.run_id.in_(run_ids[first : first + _AT_ONCE]),
            results.table_name == table,
            results.success.is_not(None),
            results.expectation.like("expect%to_be_as_usual"),
        )
        for run_id, expectation, column, value in connection.execute(query):
            if type(value) in (int, float):
                found[expectation, str(column)][run_id] = float(value)
    return found
