"""Freshness and SLAs, for the monitor and for the commands that show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from sqlalchemy.engine import Connection

from checkpoints.alerts.problem import Alert, Problem, ProblemKind
from checkpoints.data_quality import NoDataQuality, data_quality_of
from checkpoints.data_quality.tables import DataQualityTables
from checkpoints.data_quality.watched import FreshnessRows, SlaRows
from checkpoints.freshness import Judged, State, judge, measure
from checkpoints.freshness.state import freshness_key
from checkpoints.freshness.state import problem_of as stale_problem
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.schedules import Schedule
from checkpoints.sla import SlaStatus, Standing, standings
from checkpoints.sla.standing import problem_of as late_problem
from checkpoints.sla.standing import sla_key
from expectations.suite import Severity
from flows.monitor.declared import Declared
from flows.monitor.found import Found
from gx.errors import ConfigError, SluiceError, WarehouseError
from gx.settings import Settings
from gx.warehouse.base import Warehouse

_COPY_KEY = "watch/data-quality"


class Timeliness:
    """One look at whether all is as new, and done as early, as the project says."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        now: datetime,
        open_alerts: Callable[[], Sequence[Alert]] = tuple,
        *,
        declared: Declared | None = None,
        wait_seconds: float = 0,
    ) -> None:
        """Nothing is read yet.

        Args:
            settings: of the project.
            ledger: the project's.
            now: the time, with its zone.
            open_alerts: those that go on.
            declared: what the project's files say, where they are read already.
            wait_seconds: how long to wait for a DuckDB file that another process has open.
        """
        self._settings = settings
        self._ledger = ledger
        self._now = now
        self._open_alerts = open_alerts
        self.declared = declared or Declared(settings, now)
        self._wait_seconds = wait_seconds

    @cached_property
    def standings(self) -> dict[str, tuple[Standing, ...]]:
        """How each SLA stands on its latest days, the latest first.

        Raises:
            SluiceError: the project's files are wrong, or the ledger cannot be read.
        """
        return standings(self._ledger, self.declared.promises, self._now, self._schedules())

    def slas(self) -> Found:
        """SLAs that are not met, or will not be."""
        days = self.standings
        problems = tuple(problem for each in days.values() if (problem := late_problem(each)))
        holding = {sla_key(name) for name, each in days.items() if each} - {problem.key for problem in problems}
        gone = self._gone("sla/", {sla_key(spec.name) for spec in self.declared.promises})
        if not days:
            return Found("none declared", over=gone)
        return Found(f"{len(problems)} of {len(days)} late, breached or about to be", problems, gone | holding)

    def judged(self) -> tuple[Judged, ...]:
        """How fresh the tables are.

        Raises:
            SluiceError: the project's files are wrong, or the warehouse cannot be reached or is in use.
        """
        with self._warehouse() as warehouse:
            return self._judge(warehouse)

    def freshness(self) -> Found:
        """Tables that are getting old; and, while the warehouse is open, what dashboards are to show of all this."""
        gone = self._gone("freshness/", {freshness_key(str(spec.table)) for spec in self.declared.limits})
        if not self.declared.limits and not self._days():
            return Found("no limits set", over=gone)
        if (path := self._missing_file()) is not None and self._ledger.latest_ingest() is None:
            return Found(f"not measured: there is no {path} yet", over=gone)
        try:
            judged, problem = self._measured_and_written()
        except WarehouseError as error:
            if not (error.transient and self._is_file):
                raise
            return Found("not measured: another process has the warehouse open", over=gone)
        problems = [found for each in judged if (found := stale_problem(each))]
        fresh = {freshness_key(str(each.spec.table)) for each in judged if each.state is State.FRESH}
        problems += [_not_written(problem)] if problem else []
        over = gone | fresh | (frozenset() if problem else {_COPY_KEY})
        return Found(_said(judged), tuple(problems), over)

    def _measured_and_written(self) -> tuple[tuple[Judged, ...], SluiceError | None]:
        with self._warehouse() as warehouse, warehouse.hold():
            judged = self._judge(warehouse)
            problem: SluiceError | None = None
            try:
                copy: NoDataQuality = data_quality_of(self._settings, warehouse, self._ledger)

                def work(connection: Connection, tables: DataQualityTables) -> None:
                    FreshnessRows(judged).write(connection, tables)
                    SlaRows([day for days in self._days().values() for day in days]).write(connection, tables)

                copy.write(work)
            except LedgerError:
                pass  # told as what it is; nothing is ended without it
            except SluiceError as error:
                problem = error
        return judged, problem

    def _days(self) -> Mapping[str, tuple[Standing, ...]]:
        """How the SLAs stand; none where that is not known, as others tell: tables are measured all the same."""
        try:
            return self.standings
        except (ConfigError, LedgerError):
            return {}

    def _schedules(self) -> Sequence[Schedule]:
        """When flows are due by their file; nothing where it is wrong, which is told elsewhere."""
        try:
            return self.declared.schedules
        except ConfigError:
            return ()

    def _judge(self, warehouse: Warehouse) -> tuple[Judged, ...]:
        return tuple(judge(measured, self._now) for measured in measure(warehouse, self.declared.limits))

    @contextmanager
    def _warehouse(self) -> Iterator[Warehouse]:
        # A warehouse's driver takes its time to import; a project without limits needs none.
        from gx.warehouse.opening import open_warehouse  # noqa: PLC0415

        warehouse = open_warehouse(self._settings.warehouse(), wait_seconds=self._wait_seconds)
        try:
            yield warehouse
        finally:
            warehouse.release()

    @property
    def _is_file(self) -> bool:
        return self._settings.warehouse().get_backend_name() == "duckdb"

    def _missing_file(self) -> str | None:
        """The DuckDB file that nothing has made yet, if it is that."""
        from gx.warehouse.duckdb import DuckDBWarehouse  # noqa: PLC0415 - as above

        if not self._is_file:
            return None
        path = DuckDBWarehouse(self._settings.warehouse(), wait_seconds=0).path
        return path.name if path is not None and not path.exists() else None

    def _gone(self, prefix: str, known: set[str]) -> frozenset[str]:
        """The keys of what is no longer declared."""
        keys = {alert.problem.key for alert in self._open_alerts()}
        return frozenset(key for key in keys if key.startswith(prefix) and key not in known)


def worst_status(days: Sequence[Standing]) -> SlaStatus:
    """How an SLA stands now: the latest day that says something."""
    return next((day.status for day in days if day.status is not SlaStatus.PENDING), SlaStatus.PENDING)


def _said(judged: Sequence[Judged]) -> str:
    counts = [(state, sum(1 for each in judged if each.state is state)) for state in State]
    return ", ".join(f"{count} {state}" for state, count in counts if count) or "no limits set"


def _not_written(error: SluiceError) -> Problem:
    return Problem(
        key=_COPY_KEY, kind=ProblemKind.WATCH, severity=Severity.WARNING,
        title="what dashboards show of freshness and SLAs is out of date", expected="the monitor writes it each time",
        observed=str(error), run_id=str(error)[:200], next_step="Correct it; `sluice freshness` and `sluice sla` know.",
    )  # fmt: skip
