"""Write the copy: gates before the ledger closes them and after it opened them, results after a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema

from checkpoints.data_quality.no_copy import Closed, NoDataQuality
from checkpoints.data_quality.rows import Row, closed_row, freshness_limits, gate_row, run_rows
from checkpoints.data_quality.tables import DataQualityTables
from checkpoints.gate import Gate, closed
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.spec import CheckpointSpec, gates_of
from expectations.loader import load_suites
from gx.errors import SluiceError
from gx.warehouse.base import Warehouse
from gx.warehouse.catalog import relations_query

_RUNS_AT_ONCE = 20
_ROWS_AT_ONCE = 500


class DataQualityError(SluiceError):
    """The copy in the warehouse could not be written. What it says of gates may be older than what the ledger says."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)


class DataQuality(NoDataQuality):
    """The copy in one schema of one warehouse; a project has a schema of its own, or shares its gates' names."""

    def __init__(
        self,
        schema: str,
        warehouse: Warehouse,
        ledger: Ledger,
        checkpoints: Mapping[str, CheckpointSpec],
        suites_dir: Path,
        clock: Callable[[], datetime],
    ) -> None:
        """Nothing is written yet; the schema is made when it is first written to."""
        self.schema = schema
        self._tables = DataQualityTables(schema)
        self._warehouse = warehouse
        self._ledger = ledger
        self._checkpoints = checkpoints
        self._suites_dir = suites_dir
        self._clock = clock
        self._is_made = False

    @contextmanager
    def closing(self, loads: Sequence[str] | None, ingest_id: str | None, reason: str) -> Iterator[Closed]:
        with ExitStack() as kept:
            problem: SluiceError | None = None
            try:
                connection = self._connect(kept)
            except SluiceError as error:
                problem = error
            kept.enter_context(self._ledger.turn_to_copy())
            if problem is None:
                rows = [
                    closed_row(gate.load, ingest_id, reason, self._now())
                    if loads is None or gate.load in loads
                    else gate_row(gate, self._now())
                    for gate in self._gates()
                ]
                problem = self._write(connection, lambda: self._write_gates(connection, rows))
            yield Closed(problem)

    def record(self, run_id: str) -> str | None:
        try:
            self.publish([run_id])
        except SluiceError as error:
            return str(error)
        return None

    def refresh(self) -> None:
        self.publish([])

    def publish(self, run_ids: Sequence[str]) -> None:
        """Copy how the gates stand, and what these runs found; a run that is there already is written anew.

        Raises:
            SluiceError: the ledger cannot be read, or the warehouse not be written.
        """
        with ExitStack() as kept:
            connection = self._connect(kept)
            kept.enter_context(self._ledger.turn_to_copy())
            rows = [gate_row(gate, self._now()) for gate in self._gates()]
            found = self._results(run_ids)

            def work() -> None:
                self._write_results(connection, run_ids, found)
                self._write_gates(connection, rows)

            if problem := self._write(connection, work):
                raise problem

    def publish_missing(self, since: datetime) -> tuple[str, ...]:
        """Copy all runs that ended since then and are not in the warehouse, and how the gates stand.

        Returns:
            The runs that were missing.

        Raises:
            SluiceError: as :meth:`publish`; what was copied until then stays.
        """
        self.refresh()
        copied: set[str] = set()
        there = sa.select(self._tables.checkpoint_runs.c.run_id)
        self.write(lambda connection, _: copied.update(connection.execute(there).scalars()))
        missing = tuple(run_id for run_id in self._ledger.finished_since(since) if run_id not in copied)
        for first in range(0, len(missing), _RUNS_AT_ONCE):
            self.publish(missing[first : first + _RUNS_AT_ONCE])
        return missing

    def prune(self, older_than: timedelta) -> int:
        """Delete results that are older; returns how many rows. How the gates stand is never old.

        Raises:
            SluiceError: the warehouse cannot be written.
        """
        before = self._now() - older_than
        deleted = 0

        def work(connection: Connection, tables: DataQualityTables) -> None:
            nonlocal deleted
            for table, time in tables.ageing().items():
                deleted += max(connection.execute(table.delete().where(time < before)).rowcount, 0)

        self.write(work)
        return deleted

    def write(self, work: Callable[[Connection, DataQualityTables], None]) -> None:
        """Write to the schema's tables in one transaction, while no other process does.

        Raises:
            SluiceError: the warehouse cannot be written; nothing of it stays.
        """
        with ExitStack() as kept:
            connection = self._connect(kept)
            kept.enter_context(self._ledger.turn_to_copy())
            if problem := self._write(connection, lambda: work(connection, self._tables)):
                raise problem

    # -- what is written --------------------------------------------------------------------------------------

    def _gates(self) -> list[Gate]:
        """All gates of the project as the ledger has them now. What cannot be read is closed."""
        return [self._gate(load, required) for load, required in gates_of(dict(self._checkpoints)).items()]

    def _gate(self, load: str, required: tuple[str, ...]) -> Gate:
        try:
            return self._ledger.gate(load, required, ingest_id=None, now=self._clock())
        except LedgerError:
            return closed(load, None, "the ledger cannot be read")

    def _write_gates(self, connection: Connection, rows: Sequence[Row]) -> None:
        connection.execute(self._tables.gate_status.delete())
        self._insert(connection, self._tables.gate_status, rows)

    def _results(self, run_ids: Sequence[str]) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = {}
        if not run_ids:
            return rows
        try:
            limits = freshness_limits(load_suites(self._suites_dir))
        except SluiceError:
            limits = {}  # a suite is wrong, of which its checkpoint tells
        for found in self._ledger.results_of(run_ids):
            for table, made in run_rows(found, limits).items():
                rows.setdefault(table, []).extend(made)
        return rows

    def _write_results(self, connection: Connection, run_ids: Sequence[str], rows: Mapping[str, list[Row]]) -> None:
        if not run_ids:
            return
        for table in self._tables.of_runs():
            connection.execute(table.delete().where(table.c.run_id.in_(run_ids)))
            self._insert(connection, table, rows.get(table.name, ()))

    def _insert(self, connection: Connection, table: sa.Table, rows: Sequence[Row]) -> None:
        for first in range(0, len(rows), _ROWS_AT_ONCE):
            connection.execute(table.insert().values(rows[first : first + _ROWS_AT_ONCE]))

    # -- how it is written ------------------------------------------------------------------------------------

    def _connect(self, kept: ExitStack) -> Connection:
        """Always before the turn: a DuckDB file is waited for, and whoever has it may need the turn."""
        try:
            return kept.enter_context(self._warehouse.connect())
        except SluiceError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a driver does, the ledger has to be told next
            raise self._failed(error) from None

    def _write(self, connection: Connection, work: Callable[[], None]) -> SluiceError | None:
        """Do it and commit, while it is our turn; an error is returned, and nothing of it stays."""
        transaction = connection.get_transaction()
        assert transaction is not None  # noqa: S101 - Warehouse.connect begins one
        try:
            self._make(connection)
            work()
            transaction.commit()
        except Exception as error:  # noqa: BLE001 - likewise
            with suppress(Exception):
                transaction.rollback()
            self._is_made = False
            return self._failed(error)
        self._is_made = True
        return None

    def _make(self, connection: Connection) -> None:
        if self._is_made:
            return
        query = relations_query(self._tables.schema, "information_schema")
        there = {str(name).casefold() for _, name, _ in connection.execute(query)}
        tables = [table for table in self._tables.metadata.sorted_tables if table.name not in there]
        views = [view for view in self._tables.views(self._warehouse) if view.name not in there]
        if not there:
            connection.execute(CreateSchema(self._tables.schema, if_not_exists=True))
        self._tables.metadata.create_all(connection, tables, checkfirst=False)
        for view in views:
            connection.execute(view)

    def _failed(self, error: Exception) -> DataQualityError:
        reason, transient = type(error).__name__, False
        if isinstance(error, SQLAlchemyError):
            reason = self._warehouse.reason(error)
            transient = self._warehouse.is_busy(error) or self._warehouse.is_transient(error)
        return DataQualityError(
            f"the schema {self.schema} of {self._warehouse.describe()}, where gates are copied for dbt and dashboards, "
            f"cannot be written: {reason}. Let the user in SLUICE_WAREHOUSE_URL make and write it, or set "
            "SLUICE_DATA_QUALITY_SCHEMA=none if nothing asks there",
            transient=transient,
        )

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC).replace(tzinfo=None)
