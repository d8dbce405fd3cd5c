"""Run a checkpoint: configuration to verdict to gate decision, every failure on the way counted as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from great_expectations.data_context import AbstractDataContext
from great_expectations.data_context.types.resource_identifiers import ValidationResultIdentifier
from great_expectations.expectations.expectation import Expectation

from checkpoints.ledger import Ledger
from checkpoints.outcomes import errored, read_outcomes
from checkpoints.publish import publish_docs
from checkpoints.result import CheckpointRun, ExpectationOutcome, Verdict
from checkpoints.spec import CheckpointSpec
from checkpoints.validation import TableValidation, Validator
from expectations.build import Unbuilt, build_expectations, complete
from expectations.facts import Facts, Source
from expectations.loader import load_suites
from expectations.suite import SuiteSpec
from gx.errors import SluiceError
from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable, TableName

Clock = Callable[[], datetime]
Problem = tuple[Verdict, str]


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
        progress: told what is being done, one short line at a time.
    """

    suites_dir: Path
    open_context: Callable[[], AbstractDataContext]
    warehouse: Warehouse
    ledger: Ledger
    sources: Mapping[str, Source]
    clock: Clock = utc_now
    progress: Callable[[str], None] = lambda _: None

    def run(self, spec: CheckpointSpec, ingest_id: str) -> CheckpointRun:
        """Run a checkpoint on one ingest, record it, decide its gates and publish its Data Docs.

        Its gates are closed from the first moment until the verdict is in the ledger.

        Raises:
            ConfigError: a suite or the checkpoint is wrong; recorded as an errored run before it is raised.
            WarehouseError: the warehouse cannot be used; recorded likewise.
            LedgerError: the ledger cannot be written; then no gate can open either.
        """
        started = self.clock()
        run_id = f"{spec.name}-{started:%Y%m%dT%H%M%S}-{uuid4().hex[:8]}"
        self.ledger.begin_run(run_id, spec.name, ingest_id, spec.gates, started)
        run = CheckpointRun(run_id, spec.name, ingest_id, started, started, ())
        try:
            context = self.open_context()
            run, identifiers = self._validate(spec, run, context)
        except BaseException as error:
            # Whatever it was, also an interrupt: the run has a verdict, and its gates stay closed.
            problem = str(error) if isinstance(error, SluiceError) else f"{type(error).__name__} in sluice itself"
            failed = replace(run, finished_at=self.clock(), problems=((Verdict.ERRORED, problem),))
            self.ledger.finish_run(failed, spec.gates)
            raise
        run = replace(run, finished_at=self.clock())
        self.ledger.finish_run(run, spec.gates)
        docs, docs_problem = publish_docs(context, identifiers, run)
        return replace(run, docs=str(docs) if docs else None, docs_problem=docs_problem)

    def _validate(
        self, spec: CheckpointSpec, run: CheckpointRun, context: AbstractDataContext
    ) -> tuple[CheckpointRun, list[ValidationResultIdentifier]]:
        suites = spec.choose(load_suites(self.suites_dir))
        built = {suite.name: build_expectations(suite) for suite in suites}
        with self.warehouse.hold():
            return self._read(spec, suites, built, run, context)

    def _read(
        self, spec: CheckpointSpec, suites: Sequence[SuiteSpec], built: Mapping[str, Sequence[Expectation]],
        run: CheckpointRun, context: AbstractDataContext,
    ) -> tuple[CheckpointRun, list[ValidationResultIdentifier]]:  # fmt: skip
        tables = self.warehouse.find_tables([suite.table for suite in suites])
        _refuse_one_table_twice(spec, suites, tables)
        validations: list[TableValidation] = []
        unbuilt: dict[str, list[Unbuilt]] = {}
        outcomes: list[ExpectationOutcome] = []
        problems: list[Problem] = []
        for suite in suites:
            if suite.table not in tables:
                text = f"the table {suite.table} does not exist in {self.warehouse.describe()}, or may not be read"
                problems.append((Verdict.ERRORED, text))
                outcomes.extend(
                    errored(suite, item, f"the table {suite.table} does not exist") for item in suite.expectations
                )
                continue
            ready, unbuilt[suite.name] = complete(built[suite.name], self._facts(suite, run))
            validations.append(TableValidation(suite, tables[suite.table], ready))
        expected = sum(len(item.expectations) for item in validations)
        self.progress(f"{spec.name}: {expected} expectations on {len(validations)} tables")
        validator = Validator(context, self.warehouse)
        validated = (
            validator.validate(spec.name, validations, ingest_id=run.ingest_id, now=run.started_at)
            if validations
            else {}
        )
        row_counts: list[tuple[str, int]] = []
        for item in validations:
            result = validated[item.suite.name]
            found, rows = read_outcomes(item.suite, result, unbuilt[item.suite.name])
            outcomes.extend(found)
            if rows is None:
                problems.append((Verdict.ERRORED, f"the rows of {item.suite.table} could not be counted"))
                continue
            row_counts.append((str(item.suite.table), rows))
            if rows == 0 and not item.suite.allow_empty:
                text = (
                    f"the table {item.suite.table} is empty (set `allow_empty: true` in its suite if that is all right)"
                )
                problems.append((Verdict.FAILED, text))
        done = replace(run, outcomes=tuple(outcomes), problems=tuple(problems), row_counts=tuple(row_counts))
        return done, [item.identifier for item in validated.values() if item.identifier is not None]

    def _facts(self, suite: SuiteSpec, run: CheckpointRun) -> Facts:
        table = str(suite.table)
        return Facts(table, run.started_at, self.ledger.previous_row_count(table), self.sources)


def _refuse_one_table_twice(
    spec: CheckpointSpec, suites: Sequence[SuiteSpec], tables: Mapping[TableName, CatalogTable]
) -> None:
    seen: dict[CatalogTable, SuiteSpec] = {}
    for suite in suites:
        actual = tables.get(suite.table)
        if actual is not None and (other := seen.setdefault(actual, suite)) is not suite:
            raise spec.patterns_at.fail(f"two suites are about one table: {other.file} and {suite.file}; merge them")
