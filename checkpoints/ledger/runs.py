"""Checkpoint runs: their results, their row counts, and how often each suite was run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.records import RecordedRun
from checkpoints.ledger.schema import checkpoint_runs, expectation_results, row_counts, suite_runs
from checkpoints.result import CheckpointRun, Verdict

ACCEPTED = tuple(verdict.value for verdict in Verdict if verdict.opens)


def begin(connection: Connection, run_id: str, checkpoint: str, ingest_id: str, started_at: datetime) -> None:
    """Record that a run began."""
    row = {"run_id": run_id, "checkpoint": checkpoint, "ingest_id": ingest_id, "started_at": started_at, "reasons": []}
    connection.execute(checkpoint_runs.insert().values(row))


def finish(connection: Connection, run: CheckpointRun, finished_at: datetime, reasons: Sequence[str]) -> None:
    """Record a run's verdict, results and row counts. Nobody else may finish one meanwhile."""
    connection.execute(
        checkpoint_runs.update()
        .where(checkpoint_runs.c.run_id == run.run_id)
        .values(finished_at=finished_at, verdict=run.verdict.value, reasons=list(reasons))
    )
    if run.outcomes:
        connection.execute(expectation_results.insert(), _result_rows(run))
    if run.row_counts:
        counted = [
            {"run_id": run.run_id, "table_name": table, "row_count": rows, "measured_at": finished_at}
            for table, rows in run.row_counts
        ]
        connection.execute(row_counts.insert(), counted)
    _count_suites(connection, sorted({outcome.suite for outcome in run.outcomes}))


def of_ingest(connection: Connection, ingest_id: str) -> tuple[RecordedRun, ...]:
    """The runs for one ingest, in the order they began."""
    table, results = checkpoint_runs.c, expectation_results.c
    query = sa.select(checkpoint_runs).where(table.ingest_id == ingest_id).order_by(table.started_at, table.run_id)
    counts = (
        sa.select(results.run_id, sa.func.count(), sa.func.count(sa.case((results.success, 1))))
        .where(results.run_id.in_(sa.select(table.run_id).where(table.ingest_id == ingest_id)))
        .group_by(results.run_id)
    )
    rows = connection.execute(query).mappings().all()
    held = {run_id: (total, passed) for run_id, total, passed in connection.execute(counts)}
    return tuple(
        RecordedRun(
            run_id=row["run_id"],
            checkpoint=row["checkpoint"],
            verdict=Verdict(row["verdict"]) if row["verdict"] else None,
            reasons=tuple(row["reasons"]),
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            expectations=held.get(row["run_id"], (0, 0))[0],
            held=held.get(row["run_id"], (0, 0))[1],
        )
        for row in rows
    )


def latest_verdicts(connection: Connection) -> tuple[tuple[str, Verdict, datetime], ...]:
    """Of each checkpoint the run that ended last: its name, verdict, and when it ended."""
    table = checkpoint_runs.c
    newest = (
        sa.select(table.checkpoint, sa.func.max(table.finished_at).label("finished_at"))
        .where(table.verdict.is_not(None))
        .group_by(table.checkpoint)
        .subquery()
    )
    query = (
        sa.select(table.checkpoint, table.verdict, table.finished_at)
        .join(newest, (newest.c.checkpoint == table.checkpoint) & (newest.c.finished_at == table.finished_at))
        .order_by(table.checkpoint, table.run_id)
    )
    found = {name: (name, Verdict(verdict), ended) for name, verdict, ended in connection.execute(query)}
    return tuple(found.values())


def previous_row_count(connection: Connection, table: str) -> int | None:
    """Rows of a table in the last run whose verdict was accepted."""
    query = (
        sa.select(row_counts.c.row_count)
        .join(checkpoint_runs, checkpoint_runs.c.run_id == row_counts.c.run_id)
        .where(row_counts.c.table_name == table, checkpoint_runs.c.verdict.in_(ACCEPTED))
        .order_by(row_counts.c.measured_at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def finished_runs(connection: Connection, suite: str) -> int:
    """How many runs ended with results of this suite."""
    return connection.execute(sa.select(suite_runs.c.finished).where(suite_runs.c.suite == suite)).scalar() or 0


def _count_suites(connection: Connection, suites: Iterable[str]) -> None:
    for suite in suites:
        counted = suite_runs.update().where(suite_runs.c.suite == suite).values(finished=suite_runs.c.finished + 1)
        if not connection.execute(counted).rowcount:
            connection.execute(suite_runs.insert().values(suite=suite, finished=1))


def _result_rows(run: CheckpointRun) -> list[dict[str, Any]]:
    return [
        {
            "run_id": run.run_id,
            "position": position,
            "suite": outcome.suite,
            "table_name": outcome.table,
            "expectation": outcome.expectation,
            "column_name": outcome.column,
            "severity": outcome.severity.value,
            "blocking": outcome.blocking,
            "success": outcome.success,
            "observed_value": json.loads(json.dumps(outcome.observed_value, default=str)),
            "element_count": outcome.element_count,
            "unexpected_count": outcome.unexpected_count,
            "error": outcome.error,
            "sentence": outcome.sentence,
        }
        for position, outcome in enumerate(run.outcomes)
    ]
