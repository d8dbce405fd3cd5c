"""What is written to the ledger, and asked of it. All times are UTC without a zone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from checkpoints.gate import Decision, Gate, GateDecision, evaluate
from checkpoints.ledger.connection import Database
from checkpoints.ledger.records import RecordedIngest, RecordedRun
from checkpoints.ledger.scan_states import ScanStates
from checkpoints.ledger.schema import (
    checkpoint_runs,
    expectation_results,
    gate_decisions,
    ingest_tables,
    ingests,
    row_counts,
)
from checkpoints.result import CheckpointRun, Verdict

PENDING = "pending"
_REASONS_KEPT = 50


class Ledger:
    """The memory of one project."""

    def __init__(self, url: URL, *, gate_valid_hours: float) -> None:
        """Nothing is opened yet.

        Args:
            url: SQLite or PostgreSQL.
            gate_valid_hours: how long a decision stays valid.
        """
        self._database = Database(url)
        self._valid_for = timedelta(hours=gate_valid_hours)
        self.scan_states = ScanStates(self._database)

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self._database.exists()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    # -- ingests ----------------------------------------------------------------------------------------------

    def begin_ingest(self, ingest_id: str, source: str, started_at: datetime) -> None:
        """Record that an ingest began, or began again after a fault; from now on gates are asked about it."""
        row = {"ingest_id": ingest_id, "source": source, "started_at": _naive(started_at)}
        with self._database.transaction() as connection:
            connection.execute(ingest_tables.delete().where(ingest_tables.c.ingest_id == ingest_id))
            connection.execute(ingests.delete().where(ingests.c.ingest_id == ingest_id))
            connection.execute(ingests.insert().values(row))

    def finish_ingest(self, ingest_id: str, finished_at: datetime, tables: Mapping[str, int]) -> None:
        """Record what an ingest brought."""
        with self._database.transaction() as connection:
            connection.execute(
                ingests.update().where(ingests.c.ingest_id == ingest_id).values(finished_at=_naive(finished_at))
            )
            rows = [{"ingest_id": ingest_id, "table_name": table, "rows": n} for table, n in tables.items()]
            if rows:
                connection.execute(ingest_tables.insert(), rows)

    def latest_ingest(self) -> str | None:
        """The ingest that began last."""
        if not self.exists():
            return None
        query = sa.select(ingests.c.ingest_id).order_by(ingests.c.started_at.desc(), ingests.c.ingest_id.desc())
        with self._database.transaction() as connection:
            return connection.execute(query.limit(1)).scalar()

    def ingest(self, ingest_id: str) -> RecordedIngest | None:
        """What is known of an ingest; None for an unknown one."""
        query = sa.select(ingests).where(ingests.c.ingest_id == ingest_id)
        tables = sa.select(ingest_tables.c.table_name, ingest_tables.c.rows).where(
            ingest_tables.c.ingest_id == ingest_id
        )
        with self._database.transaction() as connection:
            row = connection.execute(query).mappings().first()
            rows = {str(table): int(count) for table, count in connection.execute(tables)}
        return RecordedIngest(**row, tables=rows) if row is not None else None

    # -- checkpoint runs --------------------------------------------------------------------------------------

    def begin_run(
        self, run_id: str, checkpoint: str, ingest_id: str, gates: Sequence[str], started_at: datetime
    ) -> None:
        """Record that a run began, and close its gates until it has a verdict."""
        started = _naive(started_at)
        with self._database.transaction() as connection:
            connection.execute(
                checkpoint_runs.insert().values(
                    run_id=run_id, checkpoint=checkpoint, ingest_id=ingest_id, started_at=started, reasons=[]
                )
            )
            reasons = (f"the run {run_id} has not finished",)
            for load in gates:
                pending = (load, ingest_id, checkpoint, run_id, PENDING, Decision.CLOSED, reasons, started)
                self._record_decision(connection, GateDecision(*pending, valid_until=started + self._valid_for))

    def close_gates(
        self, checkpoint: str, ingest_id: str, gates: Sequence[str], reason: str, now: datetime, verdict: str = PENDING
    ) -> None:
        """Close gates that a checkpoint may have opened: what it checked changes, or it could not be run again."""
        moment = _naive(now)
        with self._database.transaction() as connection:
            for load in gates:
                closed = (load, ingest_id, checkpoint, "", verdict, Decision.CLOSED, (reason,), moment)
                self._record_decision(connection, GateDecision(*closed, valid_until=moment + self._valid_for))

    def finish_run(self, run: CheckpointRun, gates: Sequence[str]) -> tuple[GateDecision, ...]:
        """Record a run's results, row counts and verdict, and its decision for each gate, in one transaction.

        Returns:
            The decisions that count: none for a gate that a later run, or the load itself, has closed since.
        """
        finished = _naive(run.finished_at)
        decision = Decision.OPEN if run.verdict.opens else Decision.CLOSED
        reasons = run.reasons()[:_REASONS_KEPT]
        blocking = run.blocking_reasons()[:_REASONS_KEPT]
        decisions = tuple(
            GateDecision(
                load, run.ingest_id, run.checkpoint, run.run_id, run.verdict, decision, blocking, finished,
                finished + self._valid_for,
            )
            for load in gates
        )  # fmt: skip
        with self._database.transaction() as connection:
            connection.execute(
                checkpoint_runs.update()
                .where(checkpoint_runs.c.run_id == run.run_id)
                .values(finished_at=finished, verdict=run.verdict.value, reasons=list(reasons))
            )
            if run.outcomes:
                connection.execute(expectation_results.insert(), _result_rows(run))
            if run.row_counts:
                counted = [
                    {"run_id": run.run_id, "table_name": table, "row_count": rows, "measured_at": finished}
                    for table, rows in run.row_counts
                ]
                connection.execute(row_counts.insert(), counted)
            decisions = tuple(item for item in decisions if not self._overtaken(connection, item))
            for item in decisions:
                self._record_decision(connection, item)
        return decisions

    def runs_of(self, ingest_id: str) -> tuple[RecordedRun, ...]:
        """The runs for one ingest, in the order they began."""
        table = checkpoint_runs.c
        query = sa.select(checkpoint_runs).where(table.ingest_id == ingest_id).order_by(table.started_at, table.run_id)
        results = expectation_results.c
        counts = (
            sa.select(results.run_id, sa.func.count(), sa.func.count(sa.case((results.success, 1))))
            .where(results.run_id.in_(sa.select(table.run_id).where(table.ingest_id == ingest_id)))
            .group_by(results.run_id)
        )
        with self._database.transaction() as connection:
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

    def previous_row_count(self, table: str) -> int | None:
        """Rows of a table in the last run whose verdict opened its gates; None when there is none.

        A count that was refused is no measure for the next one: otherwise running a failed check a second
        time would compare the bad count with itself, and pass.
        """
        accepted = [verdict.value for verdict in Verdict if verdict.opens]
        query = (
            sa.select(row_counts.c.row_count)
            .join(checkpoint_runs, checkpoint_runs.c.run_id == row_counts.c.run_id)
            .where(row_counts.c.table_name == table, checkpoint_runs.c.verdict.in_(accepted))
            .order_by(row_counts.c.measured_at.desc())
            .limit(1)
        )
        with self._database.transaction() as connection:
            return connection.execute(query).scalar()

    # -- gates ------------------------------------------------------------------------------------------------

    def gate(self, load: str, required: Sequence[str], *, ingest_id: str | None, now: datetime) -> Gate:
        """The state of a load's gate.

        Args:
            load: the load.
            required: the checkpoints it waits for.
            ingest_id: the ingest to be loaded; None means the one that began last.
            now: the time to judge expiry by.
        """
        if ingest_id is None:
            ingest_id = self.latest_ingest()
        decisions = self._latest_decisions(load, ingest_id) if ingest_id is not None and self.exists() else ()
        return evaluate(load, ingest_id, required, decisions, _naive(now), latest_ingest=self.latest_ingest())

    def _latest_decisions(self, load: str, ingest_id: str) -> tuple[GateDecision, ...]:
        table = gate_decisions.c
        newest = (
            sa.select(sa.func.max(table.id))
            .where(table.load == load, table.ingest_id == ingest_id)
            .group_by(table.checkpoint)
        )
        query = sa.select(gate_decisions).where(table.id.in_(newest)).order_by(table.checkpoint)
        with self._database.transaction() as connection:
            return tuple(_decision(row) for row in connection.execute(query).mappings())

    def _overtaken(self, connection: Connection, item: GateDecision) -> bool:
        """Whether a later run began, or the load itself, while this run went on: then its decision is out of date."""
        table = gate_decisions.c
        same_gate = (
            table.load == item.load,
            table.ingest_id == item.ingest_id,
            table.checkpoint == item.checkpoint,
        )
        pending = sa.select(sa.func.max(table.id)).where(*same_gate, table.run_id == item.run_id).scalar_subquery()
        later = sa.select(sa.func.count()).where(*same_gate, table.id > pending, table.run_id != item.run_id)
        return bool(connection.execute(later).scalar())

    def _record_decision(self, connection: Connection, item: GateDecision) -> None:
        connection.execute(
            gate_decisions.insert().values(
                load=item.load,
                ingest_id=item.ingest_id,
                checkpoint=item.checkpoint,
                run_id=item.run_id,
                verdict=str(item.verdict),
                decision=item.decision.value,
                reasons=list(item.reasons),
                decided_at=item.decided_at,
                valid_until=item.valid_until,
            )
        )


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


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


def _decision(row: Mapping[Any, Any]) -> GateDecision:
    return GateDecision(
        load=row["load"],
        ingest_id=row["ingest_id"],
        checkpoint=row["checkpoint"],
        run_id=row["run_id"],
        verdict=row["verdict"],
        # Anything but the very word is closed.
        decision=Decision.OPEN if row["decision"] == Decision.OPEN.value else Decision.CLOSED,
        reasons=tuple(row["reasons"]),
        decided_at=row["decided_at"],
        valid_until=row["valid_until"],
    )
