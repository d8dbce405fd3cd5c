"""A project opened for work: its suites, checkpoints, ledger, warehouse and sources, wired together once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property

from checkpoints.alerts.alerting import Alerting
from checkpoints.audit_copy import AuditCopy
from checkpoints.data_quality import Closed, NoDataQuality, data_quality_of
from checkpoints.gate import ROLLED_BACK, Gate, GateClosedError
from checkpoints.ingesting import record_beginning
from checkpoints.layers import audited_load, audited_loads, project_checkpoints, publish_gate
from checkpoints.ledger import Ledger
from checkpoints.loads import Load, declared_loads
from checkpoints.result import CheckpointRun
from checkpoints.spec import CheckpointSpec, find_checkpoint, gates_of
from expectations.loader import load_suites
from flows.alerting import alerting_of
from flows.clock import utc_now
from flows.dbt import DbtProgress, DbtRun
from flows.dbt_runs.own import OwnRuns
from flows.importing import importing_for_good
from flows.preflight.before_run import require_ready
from flows.preflight.preflight import fit_together
from flows.publication import Publication, RolledBack
from flows.scenario import Scenario
from flows.sources.ingest import IngestResult
from flows.sources.wiring import SourceWiring
from flows.turn import turn
from gx.settings import Settings, source_urls
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse, publisher_of
from gx.warehouse.publishing import PublishingError

Progress = Callable[[str], None]


@dataclass
class Workspace:
    """Does the steps of the main job, one by one; the flows put them in order."""

    settings: Settings
    scenario: Scenario
    progress: Progress
    ledger: Ledger
    warehouse: Warehouse
    sources: SourceWiring
    preflighted: bool = False
    asked_dbt: bool = False
    """Whether a load got as far as dbt, however that ended."""
    prefect_url: str | None = None
    """The flow run's page, where it is one."""

    @cached_property
    def checkpoints(self) -> dict[str, CheckpointSpec]:
        """The project's checkpoints by name."""
        return project_checkpoints(self.settings)

    @cached_property
    def data_quality(self) -> NoDataQuality:
        """The copy of gates and results in the warehouse."""
        return data_quality_of(self.settings, self.warehouse, self.ledger)

    @cached_property
    def alerting(self) -> Alerting:
        """Who is told of what its checkpoints find."""
        return alerting_of(self.settings, self.ledger, utc_now, self.prefect_url)

    @cached_property
    def audited(self) -> Mapping[str, Load]:
        """The loads that readers see only once their checkpoint let them through."""
        return audited_loads(self.settings)

    def preflight(self) -> None:
        """Check, before anything is loaded, that all the run needs can be used; see :mod:`flows.preflight`.

        Raises:
            SluiceError: something cannot; the message names all of it, and what to do.
        """
        read, said = self._read_configuration, self.progress
        self.settings = require_ready(self.settings, self.warehouse, self.ledger, read, said)
        self.preflighted = True

    def _read_configuration(self) -> str:
        return fit_together(self.settings, load_suites(self.settings.suites_dir), self.checkpoints)

    def ingest(self, ingest_id: str) -> IngestResult:
        """Bring the sources to raw, and record what arrived.

        Raises:
            IngestError: it did not complete; nothing was checked for it, so no gate opens.
        """
        source = self.sources.ingest()
        self.begin_ingest(ingest_id, type(source).__name__).check()
        try:
            result = source.run(ingest_id, self.progress)
        finally:
            self.warehouse.release()
        self.ledger.finish_ingest(ingest_id, utc_now(), {table.table: table.rows for table in result.tables})
        return result

    def begin_ingest(self, ingest_id: str, source: str) -> Closed:
        """Record that an ingest began, which closes every gate."""
        return record_beginning(self.data_quality, self.ledger, ingest_id, source, utc_now())

    def check(self, checkpoint: str, ingest_id: str, *, full_scan: bool = False, built: bool = False) -> CheckpointRun:
        """Run one checkpoint on the build of this ingest that waits to be published, or else on what readers see.

        Args:
            checkpoint: its name.
            ingest_id: what it is about.
            full_scan: read all rows, also where the new ones would be enough.
            built: the layer was just built, so there has to be a build that waits; otherwise the run is errored.

        Raises:
            SluiceError: it could not be run; its gates are closed.
        """
        # GX takes seconds to import: only a run that gets this far pays for it.
        with importing_for_good():
            from checkpoints.runner import CheckpointRunner  # noqa: PLC0415
            from gx.context import open_context  # noqa: PLC0415

        spec = find_checkpoint(self.checkpoints, checkpoint)
        audit_copy = AuditCopy()
        if checkpoint in self.audited:
            spec, audit_copy = self.publication(checkpoint).reading(spec, ingest_id, built=built)
        runner = CheckpointRunner(
            suites_dir=self.settings.suites_dir,
            open_context=lambda: open_context(self.settings.project, self.settings.state_dir),
            warehouse=self.warehouse,
            ledger=self.ledger,
            sources=self.sources.catalog,
            checkpoints=self.checkpoints,
            full_scan=full_scan,
            progress=self.progress,
            audit_copy=audit_copy,
            keep_days=self.settings.ledger_keep_days,
            data_quality=self.data_quality,
            alerting=self.alerting,
        )
        try:
            return runner.run(spec, ingest_id)
        finally:
            self.warehouse.release()

    def gate(self, load: str, ingest_id: str) -> Gate:
        """The state of a load's gate for an ingest."""
        required = gates_of(self.checkpoints).get(load, ())
        return self.ledger.gate(load, required, ingest_id=ingest_id, now=utc_now())

    def require_open(self, load: str, ingest_id: str) -> Gate:
        """The gate, if it is open.

        Raises:
            GateClosedError: it is not.
        """
        gate = self.gate(load, ingest_id)
        if not gate.is_open:
            raise GateClosedError(gate)
        return gate

    def load(self, load: str, ingest_id: str) -> DbtRun:
        """Build one layer, if its gate is open for this very ingest.

        Raises:
            GateClosedError: the gate is closed, or what was built from this ingest was rolled back.
            PublishingError: the layer before it was not published for this ingest.
            DbtFailed: dbt failed, or took too long.
        """
        self.require_open(load, ingest_id)  # the second lock: whoever calls, the load looks for itself
        self.begin_build(load, ingest_id)
        own = OwnRuns(self.settings, self.data_quality, self.warehouse, self.progress)
        deduplicate, done = self.scenario.deduplicate, self._model_done
        schemas = tuple(schema for audited in self.audited.values() for schema in audited.schemas)
        self.asked_dbt = True
        run = own.run(load, schemas, deduplicate=deduplicate, ingest_id=ingest_id, on_progress=done)
        if load in self.audited:
            self.publication(load).finish(ingest_id, utc_now())
            self.warehouse.release()
        return run

    def begin_build(self, load: str, ingest_id: str) -> None:
        """Before dbt builds the load: make room for it, apart from its readers where it is audited.

        Raises:
            GateClosedError: what was built from this ingest was rolled back.
            PublishingError: an audited load that it waits for was not published for this ingest.
        """
        self._refuse_what_was_rolled_back(load, ingest_id)
        self._require_published_before(load, ingest_id)
        gates = self.checkpoints[load].gates if load in self.checkpoints else ()
        # Loaded a second time, the layer's earlier verdict would speak of tables that are being replaced.
        reason = f"the load {load} began; what it builds has not been checked yet"
        with self.data_quality.closing(gates, ingest_id, reason) as closed:
            self.ledger.close_gates(load, ingest_id, gates, reason, utc_now())
        closed.check()  # and dbt, which asks the warehouse, finds this load's own gate there
        publisher = self.publication(load).publisher
        if load in self.audited:
            publisher.begin(ingest_id)
        else:
            publisher.unmark()
        self.warehouse.release()

    def publish(self, load: str, ingest_id: str) -> None:
        """Give readers what a load built, if the gate of its publication is open for this very ingest.

        Raises:
            GateClosedError: the gate is closed.
            PublishingError: there is no such build, or the warehouse refused; readers see what they saw.
        """
        publication = self.publication(load)
        try:
            # Asked first: a build that replaces this one closes the gate before it begins.
            build = publication.build_of(ingest_id)
            self.require_open(publish_gate(load), ingest_id)
            publication.publisher.publish(build)
        finally:
            self.warehouse.release()
        self.progress(f"{load}: published")

    def roll_back(self, load: str) -> RolledBack:
        """Give readers of an audited layer what they used before the last publication.

        Raises:
            ConfigError: the layer is not audited.
            PublishingError: there is nothing to go back to, or the warehouse refused.
            LedgerError: the ledger cannot be written; then nothing is rolled back either.
        """
        audited_load(self.settings, load)
        gates = self.checkpoints[load].gates if load in self.checkpoints else ()
        try:
            with self.data_quality.closing(gates, None, f"{load} was rolled back"):
                return self.publication(load).roll_back(self.ledger, gates, utc_now())
        finally:
            self.warehouse.release()

    def publication(self, load: str) -> Publication:
        """The publication of a load's schemas."""
        declared = declared_loads(self.settings.checkpoints_dir) or {}
        return Publication(load, publisher_of(self.warehouse, declared[load].schemas))

    def _refuse_what_was_rolled_back(self, load: str, ingest_id: str) -> None:
        # An event may come twice: built anew from the same rows, the same bad build would pass and be published again.
        gate = self.gate(publish_gate(load), ingest_id)
        if not gate.is_open and any(decision.verdict == ROLLED_BACK for decision in gate.decisions):
            raise GateClosedError(gate)

    def _require_published_before(self, load: str, ingest_id: str) -> None:
        # A checkpoint with a load's name is about what that load built.
        for name in gates_of(self.checkpoints).get(load, ()):
            if name in self.audited and not self.publication(name).is_published(ingest_id):
                self.warehouse.release()
                raise PublishingError(f"the load {load} reads {name}: publish that for {ingest_id} first")

    def _model_done(self, done: DbtProgress) -> None:
        if done.status != "started":
            self.progress(f"{done.model}: {done.status} ({done.index} of {done.total})")


@contextmanager
def open_workspace(
    settings: Settings, *, what: str, progress: Progress, scenario: Scenario | None = None
) -> Iterator[Workspace]:
    """Open a project, alone: another run on it waits until this one is done.

    Args:
        settings: of the project.
        what: this run in a few words, for those who have to wait.
        progress: told what is being done.
        scenario: of the embedded sources; by default the plain reference.

    Raises:
        StillBusyError: another run kept the project for longer than ``SLUICE_WAIT_SECONDS``.
        LedgerError: likewise a run on another machine; or the ledger, where it is on a server, cannot be used.
        ConfigError: a setting is wrong.
    """
    scenario = scenario or Scenario()
    warehouse = open_warehouse(
        settings.warehouse(),
        wait_seconds=settings.wait_seconds,
        retries=settings.statement_retries,
        parallel_tables=settings.parallel_tables,
        statement_seconds=settings.statement_timeout_seconds,
        progress=progress,
    )
    ledger = Ledger(settings.ledger(), gate_valid_hours=settings.gate_valid_hours)
    with ExitStack() as resources:
        resources.enter_context(turn(settings.state_dir, what, wait_seconds=settings.wait_seconds, progress=progress))
        resources.callback(ledger.close)
        said = "waiting for a run on another machine to finish"
        resources.enter_context(ledger.turn(settings.wait_seconds, lambda: progress(said)))
        resources.callback(warehouse.release)
        databases = source_urls(settings.project, os.environ)
        sources = SourceWiring(settings, scenario, warehouse, databases, resources, progress)
        yield Workspace(settings, scenario, progress, ledger, warehouse, sources)
