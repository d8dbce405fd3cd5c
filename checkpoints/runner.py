"""Run a checkpoint: configuration to verdict to gate decision, every failure on the way counted as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from great_expectations.data_context import AbstractDataContext
from great_expectations.expectations.expectation import Expectation

from checkpoints import quarantining
from checkpoints.alerts.alerting import Alerting
from checkpoints.alerts.problem import Problem
from checkpoints.alerts.problems import RunReading
from checkpoints.alerts.report import Over, Report
from checkpoints.audit_copy import AuditCopy
from checkpoints.data_quality import NoDataQuality
from checkpoints.history import TableHistory
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.override import Override
from checkpoints.publish import ReadTable, pages_of, publish_docs
from checkpoints.reading import Reading
from checkpoints.result import CheckpointRun, Verdict
from checkpoints.scan_memory import ScanMemory
from checkpoints.spec import CheckpointSpec
from checkpoints.standing import standing
from checkpoints.validation import TableValidation, ValidatedTable, validate_tables
from expectations.accepted import AcceptedSchemas, columns_of_catalog
from expectations.build import Unbuilt, build_expectations, complete, to_gx_suite
from expectations.facts import Facts, Source
from expectations.loader import load_suites
from expectations.suite import SuiteSpec
from gx.docs.standing import Standing
from gx.errors import SluiceError
from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable, TableName

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class CheckpointRunner:
    """Everything a checkpoint run needs, the same for all checkpoints of a project.

    Attributes:
        suites_dir: where the suites are; read at each run, so that a broken one closes the run's gates.
        open_context: opens the GX context; likewise.
        sources: what suites may reconcile with, by name.
        checkpoints: all of the project's, by name: Data Docs tell how their gates stand.
        full_scan: whether to read all rows even of tables that tell which are new.
        progress: told what is being done, one short line at a time.
        audit_copy: where the tables are read, when not where their suites say.
        keep_days: how long the keys of quarantined rows stay on record.
        data_quality: the copy of gates and results in the warehouse.
        alerting: who is told of what, and how it is sent.
    """

    suites_dir: Path
    open_context: Callable[[], AbstractDataContext]
    warehouse: Warehouse
    ledger: Ledger
    sources: Mapping[str, Source]
    checkpoints: Mapping[str, CheckpointSpec]
    clock: Clock = utc_now
    full_scan: bool = False
    progress: Callable[[str], None] = lambda _: None
    audit_copy: AuditCopy = AuditCopy()  # noqa: RUF009 - it is frozen
    keep_days: float = 400
    data_quality: NoDataQuality = NoDataQuality()  # noqa: RUF009 - it holds nothing
    alerting: Alerting = Alerting()  # noqa: RUF009 - it is frozen

    def run(self, spec: CheckpointSpec, ingest_id: str) -> CheckpointRun:
        """Run a checkpoint on one ingest, record it, decide its gates and publish its Data Docs.

        Its gates are closed from the first moment until the verdict is in the ledger, also those of a softer one.

        Raises:
            ConfigError: a suite or the checkpoint is wrong; recorded as an errored run before it is raised.
            WarehouseError: the warehouse cannot be used; recorded likewise.
            LedgerError: the ledger cannot be written; then no gate can open either.
        """
        started = self.clock()
        run_id = f"{spec.name}-{started:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
        with self.data_quality.closing(spec.gates, ingest_id, f"{spec.name} has not finished") as closed:
            try:
                self.ledger.begin_run(run_id, spec.name, ingest_id, spec.gates, started)
            except LedgerError as error:
                self._tell_of_lost(self.alerting.report_error(error, spec, ingest_id, run_id), error)
                raise
        run = CheckpointRun(run_id, spec.name, ingest_id, started, started, (), softer=spec.softer)
        context: AbstractDataContext | None = None
        try:
            context = self.open_context()
            closed.check()
            self.audit_copy.verify()
            run, tables, checked = self._validate(spec, run)
            self._memory.keep(run, self.clock)
        except BaseException as error:
            # Whatever it was, also an interrupt: the run has a verdict, and it is errored.
            failed = replace(run, finished_at=self.clock(), problems=((Verdict.ERRORED, _problem(error)),))
            report = self.alerting.report_error(error, spec, ingest_id, run_id)
            with self._told_if_lost(report):
                self.ledger.finish_run(failed, spec.gates, report)
            if isinstance(error, SluiceError):
                error.told = True
            if isinstance(error, Exception) and closed.problem is None:
                self.data_quality.record(run_id)
            if context is not None and isinstance(error, Exception):
                publish_docs(context, (), failed, standing=self._standing())  # or the front page would say all is well
            if isinstance(error, Exception):
                self.alerting.send(report, self.clock())
            raise
        run = replace(run, finished_at=self.clock())
        report = self._report(spec, run, checked, tables)
        with self._told_if_lost(report):
            decisions = self.ledger.finish_run(run, spec.gates, report)
        not_copied = self.data_quality.record(run_id)
        docs, docs_problem = publish_docs(
            context, tables, run, decisions, self._overrides(run), standing=self._standing()
        )
        not_told = self.alerting.send(report, self.clock())
        return replace(run, docs=docs, docs_problem=docs_problem, not_copied=not_copied, not_told=not_told)

    def _report(
        self, spec: CheckpointSpec, run: CheckpointRun, checked: _Checked, tables: Sequence[ReadTable]
    ) -> Report:
        def found() -> tuple[tuple[Problem, ...], Over]:
            reading = RunReading(
                run=run,
                spec=spec,
                suites=checked.suites,
                all_suites=checked.all_suites,
                checkpoints=[*self.checkpoints.values(), spec],
                observing=checked.observing,
                pages=pages_of(tables, run, self.alerting.docs) if self.alerting.docs else {},
                prefect_url=self.alerting.prefect_url,
            )
            return reading.problems, reading.over

        return self.alerting.report(found, spec, run.run_id)

    @contextmanager
    def _told_if_lost(self, report: Report) -> Iterator[None]:
        """What cannot be written to the ledger is told directly, before the error goes on its way."""
        try:
            yield
        except LedgerError as error:
            self._tell_of_lost(report, error)
            raise

    def _tell_of_lost(self, report: Report, error: LedgerError) -> None:
        report.failure = str(error)
        self.alerting.send(report, self.clock())
        error.told = True

    @property
    def _memory(self) -> ScanMemory:
        return ScanMemory(self.ledger.scan_states, self.warehouse.identity(), self.full_scan)

    def _overrides(self, run: CheckpointRun) -> tuple[Override, ...]:
        try:
            return self.ledger.overrides_in_force(run.ingest_id, self.clock())
        except LedgerError:
            return ()  # the verdict is recorded; the page then shows the gate as the checkpoint left it

    def _standing(self) -> Standing | None:
        try:
            return standing(self.ledger, self.checkpoints, self.clock())
        except SluiceError:
            return None  # likewise; or another checkpoint's file is wrong, of which its own run tells

    def _validate(self, spec: CheckpointSpec, run: CheckpointRun) -> tuple[CheckpointRun, list[ReadTable], _Checked]:
        all_suites = load_suites(self.suites_dir)
        suites, notes = self._observing(spec.choose(all_suites))
        built = {suite.name: build_expectations(suite) for suite in suites}
        reading = Reading()
        prepared: list[tuple[TableValidation, list[Unbuilt]]] = []
        tables: list[ReadTable] = []
        with self.warehouse.hold():
            places = self.audit_copy.places_of(suite.table for suite in suites)
            there = self.warehouse.find_tables(list(places.values()))
            found = {table: there[place] for table, place in places.items() if place in there}
            _refuse_one_table_twice(spec, suites, found)
            quarantines = quarantining.find(self.warehouse, suites, found, self.audit_copy, run, self.keep_days)
            for suite in suites:
                if suite.table not in found:
                    problem = reading.missing(suite, self.warehouse.describe())
                    tables.append(_unread(suite, built[suite.name], problem))
                    continue
                table = found[suite.table]
                if (misnamed := reading.misnamed(suite, table)) is not None:
                    tables.append(_unread(suite, built[suite.name], misnamed))
                    continue
                ready, unbuilt = complete(built[suite.name], self._facts(suite, table, run))
                arrivals, quarantine = self._memory.arrivals(suite, table, run), quarantines.get(suite.name)
                prepared.append((TableValidation(suite, table, ready, arrivals, quarantine), unbuilt))
            results = self._ask_gx(spec, [validation for validation, _ in prepared], run)
        for validation, unbuilt in prepared:
            suite = validation.suite
            result = results[suite.name]
            reading.validated(validation, result, unbuilt)
            if result.problem is not None:
                tables.append(_unread(suite, built[suite.name], result.problem, result))
            else:
                tables.append(ReadTable(to_gx_suite(suite, built[suite.name]), result, tuple(unbuilt)))
        observing = frozenset(suite.name for suite in suites if suite.observes)
        return reading.complete(replace(run, notes=notes)), tables, _Checked(suites, all_suites, observing)

    def _observing(self, suites: Sequence[SuiteSpec]) -> tuple[tuple[SuiteSpec, ...], tuple[str, ...]]:
        """The suites as they count in this run, and a note on each that only observes."""
        counting: list[SuiteSpec] = []
        notes: list[str] = []
        for suite in suites:
            number = self.ledger.finished_runs(suite.name) + 1 if suite.observing else 1
            if number <= suite.observing:
                run = f"run {number} of {suite.observing}"
                notes.append(f"observing: what fails in {suite.name} does not block yet ({run})")
            counting.append(suite.observed() if number <= suite.observing else suite)
        return tuple(counting), tuple(notes)

    def _ask_gx(
        self,
        spec: CheckpointSpec,
        tables: Sequence[TableValidation],
        run: CheckpointRun,
    ) -> Mapping[str, ValidatedTable]:
        if not tables:
            return {}
        expectations = sum(len(table.expectations) for table in tables)
        where = f", in {', '.join(self.audit_copy.schemas.values())}" if self.audit_copy.schemas else ""
        self.progress(f"{spec.name}: {expectations} expectations on {len(tables)} tables{where}")
        return validate_tables(self.warehouse, tables, ingest_id=run.ingest_id, now=run.started_at, clock=self.clock)

    def _facts(self, suite: SuiteSpec, found: CatalogTable, run: CheckpointRun) -> Facts:
        table = str(suite.table)
        return Facts(
            table,
            run.started_at,
            self.ledger.previous_row_count(table),
            self.sources,
            self.audit_copy.read_as,
            TableHistory(self.ledger, table, run.ingest_id),
            columns_of_catalog(found.columns) if found.columns else None,
            AcceptedSchemas(self.suites_dir, self.warehouse.url.get_backend_name()).read(suite.table),
        )


@dataclass(frozen=True)
class _Checked:
    """What a run was about, for its alerts."""

    suites: Sequence[SuiteSpec]
    all_suites: Sequence[SuiteSpec]
    observing: frozenset[str]


def _unread(
    suite: SuiteSpec, expectations: Sequence[Expectation], problem: str, tried: ValidatedTable | None = None
) -> ReadTable:
    unchecked = tuple(Unbuilt(index, expectation, problem) for index, expectation in enumerate(expectations))
    return ReadTable(to_gx_suite(suite, expectations), tried, unchecked)


def _problem(error: BaseException) -> str:
    if isinstance(error, SluiceError):
        return str(error)
    return f"{type(error).__name__} in sluice itself" if isinstance(error, Exception) else "the run was interrupted"


def _refuse_one_table_twice(
    spec: CheckpointSpec, suites: Sequence[SuiteSpec], tables: Mapping[TableName, CatalogTable]
) -> None:
    seen: dict[CatalogTable, SuiteSpec] = {}
    for suite in suites:
        actual = tables.get(suite.table)
        if actual is not None and (other := seen.setdefault(actual, suite)) is not suite:
            raise spec.patterns_at.fail(f"two suites are about one table: {other.file} and {suite.file}; merge them")
