"""What is written to the ledger, and asked of it. All times are UTC without a zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy.engine import URL

from checkpoints.alerts.report import Report
from checkpoints.gate import PENDING, Decision, Gate, GateDecision, evaluate
from checkpoints.ledger import decisions, histories, ingests, overrides, recorded, retention, runs
from checkpoints.ledger.alerts import Alerts, write_beside
from checkpoints.ledger.connection import Database
from checkpoints.ledger.flow_runs import FlowRuns
from checkpoints.ledger.outbox import Outbox
from checkpoints.ledger.records import LedgerStatus, RecordedIngest, RecordedResults, RecordedRun
from checkpoints.ledger.scan_states import ScanStates
from checkpoints.ledger.schedules import Schedules
from checkpoints.ledger.timings import Timings
from checkpoints.ledger.turns import turn_of_machines
from checkpoints.override import Override
from checkpoints.result import CheckpointRun, Verdict

_REASONS_KEPT = 50


class Ledger:
    """The memory of one project. Every method raises LedgerError when the database cannot be used.

    What decides gates is written in exclusive transactions: PostgreSQL hands out numbers before it commits, and a
    decision must not get a later one than what closed its gate meanwhile.
    """

    def __init__(self, url: URL, *, gate_valid_hours: float) -> None:
        """Nothing is opened yet.

        Args:
            url: SQLite or PostgreSQL.
            gate_valid_hours: how long a decision stays valid.
        """
        self._database = Database(url)
        self._valid_for = timedelta(hours=gate_valid_hours)
        self.scan_states = ScanStates(self._database)
        self.flow_runs = FlowRuns(self._database)
        self.schedules = Schedules(self._database)
        self.alerts = Alerts(self._database)
        self.outbox = Outbox(self._database)
        self.timings = Timings(self._database)

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return self._database.exists()

    def turn(self, wait_seconds: float, on_wait: Callable[[], None]) -> AbstractContextManager[None]:
        """Keep runs of other machines that share this ledger waiting; see :mod:`checkpoints.ledger.turns`."""
        return turn_of_machines(self._database, wait_seconds, on_wait)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    # -- ingests ----------------------------------------------------------------------------------------------

    def begin_ingest(self, ingest_id: str, source: str, started_at: datetime) -> None:
        """Record that an ingest began; from now on gates are asked about it.

        One that begins again, after a fault or by a name used twice, closes the gates that were decided for it.
        """
        started = _naive(started_at)
        with self._database.exclusive() as connection:
            for load, checkpoint in decisions.gates_of_ingest(connection, ingest_id):
                closed = self._closing(load, ingest_id, checkpoint, "the ingest began again", started)
                decisions.record(connection, closed)
            ingests.begin(connection, ingest_id, source, started)

    def finish_ingest(self, ingest_id: str, finished_at: datetime, tables: Mapping[str, int]) -> None:
        """Record what an ingest brought."""
        with self._database.transaction() as connection:
            ingests.finish(connection, ingest_id, _naive(finished_at), tables)

    def latest_ingest(self) -> str | None:
        """The ingest that began last, whatever the clock said."""
        if not self.exists():
            return None
        with self._database.transaction() as connection:
            return ingests.latest(connection)

    def ingest(self, ingest_id: str) -> RecordedIngest | None:
        """What is known of an ingest; None for an unknown one."""
        with self._database.transaction() as connection:
            return ingests.get(connection, ingest_id)

    # -- checkpoint runs --------------------------------------------------------------------------------------

    def begin_run(
        self, run_id: str, checkpoint: str, ingest_id: str, gates: Sequence[str], started_at: datetime
    ) -> None:
        """Record that a run began, and close its gates until it has a verdict."""
        started = _naive(started_at)
        reason = f"the run {run_id} has not finished"
        with self._database.exclusive() as connection:
            runs.begin(connection, run_id, checkpoint, ingest_id, started)
            for load in gates:
                pending = self._closing(load, ingest_id, checkpoint, reason, started, run_id=run_id)
                if not decisions.taken_back(connection, load, ingest_id, checkpoint):
                    decisions.record(connection, pending)

    def close_gates(
        self, checkpoint: str, ingest_id: str, gates: Sequence[str], reason: str, now: datetime, verdict: str = PENDING
    ) -> None:
        """Close gates that a checkpoint may have opened: what it checked changes, or it could not be run again."""
        with self._database.exclusive() as connection:
            for load in gates:
                closed = self._closing(load, ingest_id, checkpoint, reason, _naive(now), verdict=verdict)
                errored = verdict == Verdict.ERRORED.value
                if not (errored and decisions.taken_back(connection, load, ingest_id, checkpoint)):
                    decisions.record(connection, closed)

    def finish_run(
        self, run: CheckpointRun, gates: Sequence[str], report: Report | None = None
    ) -> tuple[GateDecision, ...]:
        """Record a run's results, row counts and verdict, and its decision for each gate, in one transaction.

        With them the alerts that follow, and the messages about them; if those cannot be written the rest is all the
        same, and the report says why.

        Returns:
            The decisions that count: none for a gate that a later run, or the load itself, has closed since.
        """
        finished = _naive(run.finished_at)
        decision = Decision.OPEN if run.opens else Decision.CLOSED
        reasons = run.gate_reasons()[:_REASONS_KEPT]
        made = tuple(
            GateDecision(
                load, run.ingest_id, run.checkpoint, run.run_id, run.verdict, decision, reasons, finished,
                finished + self._valid_for,
            )
            for load in gates
        )  # fmt: skip
        with self._database.exclusive() as connection:
            runs.finish(connection, run, finished, run.reasons()[:_REASONS_KEPT])
            made = tuple(item for item in made if not decisions.overtaken(connection, item))
            for item in made:
                decisions.record(connection, item)
            if report is not None:
                write_beside(connection, report, run.finished_at)
        return made

    def runs_of(self, ingest_id: str) -> tuple[RecordedRun, ...]:
        """The runs for one ingest, in the order they began."""
        with self._database.transaction() as connection:
            return runs.of_ingest(connection, ingest_id)

    def latest_verdicts(self) -> tuple[tuple[str, Verdict, datetime], ...]:
        """Of each checkpoint the run that ended last: its name, verdict, and when it ended."""
        with self._database.transaction() as connection:
            return runs.latest_verdicts(connection)

    def previous_row_count(self, table: str) -> int | None:
        """Rows of a table in the last run whose verdict was passed or warned; None when there is none.

        A count that was refused is no measure for the next one: otherwise running a failed check a second
        time would compare the bad count with itself, and pass.
        """
        with self._database.transaction() as connection:
            return runs.previous_row_count(connection, table)

    def counted_runs(self, table: str, ingest_id: str) -> tuple[tuple[str, datetime, int], ...]:
        """Accepted runs that counted a table, one of each ingest but this: run, time and rows, oldest first."""
        with self._database.transaction() as connection:
            return histories.counted_runs(connection, table, ingest_id)

    def observed(self, table: str, run_ids: Sequence[str]) -> Mapping[tuple[str, str], Mapping[str, float]]:
        """By expectation (those of usual figures) and column what runs observed of a table."""
        with self._database.transaction() as connection:
            return histories.observed(connection, table, run_ids)

    def finished_runs(self, suite: str) -> int:
        """How many runs ended with results of this suite."""
        with self._database.transaction() as connection:
            return runs.finished_runs(connection, suite)

    def finished_since(self, since: datetime) -> tuple[str, ...]:
        """The runs that ended since then, in the order they did."""
        with self._database.transaction() as connection:
            return recorded.finished_since(connection, _naive(since))

    def results_of(self, run_ids: Sequence[str]) -> tuple[RecordedResults, ...]:
        """What runs found, as far as it may be told outside; one that has not ended is left out."""
        with self._database.transaction() as connection:
            return recorded.results_of(connection, run_ids)

    # -- gates ------------------------------------------------------------------------------------------------

    def gate(self, load: str, required: Sequence[str], *, ingest_id: str | None, now: datetime) -> Gate:
        """The state of a load's gate.

        Args:
            load: the load.
            required: the checkpoints it waits for.
            ingest_id: the ingest to be loaded; None means the one that began last.
            now: the time to judge expiry by.
        """
        moment = _naive(now)
        if not self.exists():
            return evaluate(load, ingest_id, required, (), moment, latest_ingest=None)
        with self._database.transaction() as connection:
            if ingest_id is None:
                ingest_id = ingests.latest(connection)
            live = overrides.unrevoked(connection, moment, load)
            made = decisions.latest(connection, load, ingest_id) if ingest_id is not None else ()
            # Last: an ingest that begins while this is read closes the gate.
            latest = ingests.latest(connection)
            known = latest is None or ingest_id == latest or ingests.get(connection, str(ingest_id)) is not None
        return evaluate(load, ingest_id, required, made, moment, latest_ingest=latest, overrides=live, known=known)

    def override(self, override: Override) -> None:
        """Record an override; from now on it counts."""
        with self._database.exclusive() as connection:
            overrides.record(connection, override)

    def revoke(self, load: str, by: str, now: datetime) -> int:
        """End every override of a load that has not ended; returns how many there were."""
        if not self.exists():
            return 0
        with self._database.exclusive() as connection:
            return overrides.revoke(connection, load, by, _naive(now))

    def overrides_ended(self, since: datetime, now: datetime) -> tuple[Override, ...]:
        """The overrides that ended by themselves since then, the latest last."""
        with self._database.transaction() as connection:
            return overrides.ended(connection, _naive(since), _naive(now))

    def overrides_in_force(self, ingest_id: str, now: datetime) -> tuple[Override, ...]:
        """For each load the override that holds its gate open for this ingest, if one does.

        None while a run for that gate has not finished, nor when a later ingest has begun.
        """
        moment = _naive(now)
        with self._database.transaction() as connection:
            by_load = {
                each.load: each
                for each in reversed(overrides.unrevoked(connection, moment))
                if each.covers(each.load, ingest_id, moment)
                and all(made.verdict != PENDING for made in decisions.latest(connection, each.load, ingest_id))
            }
            return tuple(by_load.values()) if ingests.latest(connection) in (None, ingest_id) else ()

    def _closing(
        self, load: str, ingest_id: str, checkpoint: str, reason: str, now: datetime, *, verdict: str = PENDING,
        run_id: str = "",
    ) -> GateDecision:  # fmt: skip
        closed = (load, ingest_id, checkpoint, run_id, verdict, Decision.CLOSED, (reason,), now)
        return GateDecision(*closed, valid_until=now + self._valid_for)

    @contextmanager
    def turn_to_copy(self) -> Iterator[None]:
        """Meanwhile nobody else copies gates elsewhere; whoever does must have the turn, or may copy an old answer."""
        with self._database.copying():
            yield

    # -- the ledger itself ------------------------------------------------------------------------------------

    def require_writable(self) -> None:
        """Make sure that it can be written, and make it if there is none; changes no record."""
        with self._database.exclusive() as connection:
            ingests.write_nothing(connection)

    def status(self) -> LedgerStatus:
        """How much it holds."""
        with self._database.transaction() as connection:
            return retention.status(connection)

    def prune(self, older_than: timedelta, now: datetime, *, dry_run: bool = False) -> Mapping[str, int]:
        """Delete records that are older and needed for nothing, in one transaction.

        Args:
            older_than: how old.
            now: the time.
            dry_run: whether to delete nothing, and only count.

        Returns:
            How many rows of each table.
        """
        moment = _naive(now)
        with self._database.exclusive() as connection, connection.begin_nested() as trial:
            deleted = retention.prune(connection, moment - older_than, moment)
            if dry_run:
                trial.rollback()
            return deleted


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
