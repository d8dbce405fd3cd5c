"""When flows and tables were done, and how long that took: what SLAs are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from checkpoints.ledger.connection import Database
from checkpoints.ledger.moments import aware, naive
from checkpoints.ledger.runs import ACCEPTED
from checkpoints.ledger.schema import checkpoint_runs, flow_runs, row_counts

MOST = 500
"""How many runs of a flow, or of a table's checkpoints, are looked at; the latest."""


@dataclass(frozen=True)
class TimedRun:
    """A run of a flow, or of a checkpoint that passed on a table. Times are in UTC.

    Attributes:
        finished_at: None while it goes on.
        state: of a flow's run, as `RunState` has it; None while it goes on.
    """

    ingest_id: str | None
    started_at: datetime
    finished_at: datetime | None
    state: str | None = None


class Timings:
    """Reads the ledger only. Every method raises LedgerError when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def beginning(self) -> datetime | None:
        """When the first flow ran that is on record; nothing can be said of earlier days."""
        with self._database.transaction() as connection:
            first = connection.execute(sa.select(sa.func.min(flow_runs.c.started_at))).scalar()
        return aware(first) if first else None

    def of_flow(self, flow: str, since: datetime) -> tuple[TimedRun, ...]:
        """The runs of a flow that began since then, the latest first."""
        of = flow_runs.c
        query = sa.select(of.ingest_id, of.started_at, of.finished_at, of.state)
        latest = query.where(of.flow == flow, of.started_at >= naive(since)).order_by(of.started_at.desc())
        return self._timed(latest)

    def of_table(self, table: str, since: datetime) -> tuple[TimedRun, ...]:
        """The runs of checkpoints that passed, or only warned, on a table and ended since then, the latest first."""
        of = checkpoint_runs.c
        query = (
            sa.select(of.ingest_id, of.started_at, of.finished_at, sa.null())
            .join(row_counts, row_counts.c.run_id == of.run_id)
            .where(row_counts.c.table_name == table, of.verdict.in_(ACCEPTED), of.finished_at >= naive(since))
            .order_by(of.finished_at.desc())
        )
        return self._timed(query)

    def _timed(self, query: sa.Select[tuple[str, datetime, datetime, str]]) -> tuple[TimedRun, ...]:
        with self._database.transaction() as connection:
            rows = connection.execute(query.limit(MOST)).all()
        return tuple(
            TimedRun(ingest, aware(started), aware(finished) if finished else None, state)
            for ingest, started, finished, state in rows
        )
