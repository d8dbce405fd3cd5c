"""What came of a checkpoint: the outcome of each expectation, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from expectations.suite import Severity
from gx.errors import SluiceError
from gx.scan.scan_state import ScanState

SOFTER = "softer: reports only"


class Verdict(StrEnum):
    """The verdict of a checkpoint run."""

    PASSED = "passed"
    WARNED = "warned"
    """Only failures that do not block."""
    FAILED = "failed"
    """A blocking expectation does not hold."""
    ERRORED = "errored"
    """Something could not be checked: an expectation raised, a table is missing, nothing ran."""

    @property
    def opens(self) -> bool:
        """Whether this verdict opens the gates that wait for it."""
        return self in (Verdict.PASSED, Verdict.WARNED)


class CheckpointFailedError(SluiceError):
    """A checkpoint that no later gate would have told of did not pass."""

    def __init__(self, run: CheckpointRun) -> None:
        self.verdict = run.verdict
        super().__init__(f"the checkpoint {run.checkpoint} {run.verdict}: {'; '.join(run.blocking_reasons())}")


@dataclass(frozen=True)
class ExpectationOutcome:
    """One expectation of one suite, after a run.

    Attributes:
        success: None when it could not be evaluated; then ``error`` says why.
        observed_value: what was seen; never a sample of the table's values.
        sentence: the observation in words, when the expectation has some.
    """

    suite: str
    table: str
    expectation: str
    column: str | None
    severity: Severity
    blocking: bool
    success: bool | None
    observed_value: Any = None
    element_count: int | None = None
    unexpected_count: int | None = None
    error: str | None = None
    sentence: str | None = None

    @property
    def blocks(self) -> bool:
        """Whether this outcome alone closes the gate. What could not be evaluated always does."""
        return self.success is None or (self.success is False and self.blocking)

    def reason(self) -> str:
        """Why it does not hold, in one line for people."""
        where = f"{self.table}.{self.column}" if self.column else self.table
        if self.success is None:
            return f"{where}: {self.expectation} could not be checked: {self.error}"
        if self.sentence:
            return self.sentence if self.table in self.sentence else f"{where}: {self.sentence}"
        if self.unexpected_count is not None:
            total = f" of {self.element_count:,}" if self.element_count is not None else ""
            seen = f"{self.unexpected_count:,}{total} unexpected"
        else:
            seen = f"observed {self.observed_value}"
        return f"{where}: {self.expectation}, {seen}"


@dataclass(frozen=True)
class TableScan:
    """How one table was read.

    Attributes:
        statements: how many statements were sent to the warehouse.
        new_rows_only: whether only the rows that had arrived since the last scan were read.
        why_all: of a table that tells which rows are new, why all were read; None if they were not.
        state: what is to be kept for the next scan.
    """

    suite: str
    table: str
    statements: int
    new_rows_only: bool = False
    why_all: str | None = None
    state: ScanState | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong with a whole table, beside its expectations; one of the run's problems.

    Attributes:
        kind: ``unread``, ``empty`` or ``quarantine``.
        text: as the problem says it.
        unreachable: whether it is the warehouse that was not there, and no cause of the table's own.
    """

    suite: str
    kind: str
    text: str
    unreachable: bool = False


@dataclass(frozen=True)
class CheckpointRun:
    """One run of one checkpoint for one ingest.

    Attributes:
        problems: what kept the run from being whole (a missing or empty table, a configuration error), each
            blocking, as (verdict it forces, text).
        row_counts: rows of each table that was read.
        faults: which of the problems are about which table.
        scans: how each table was read.
        docs: the Data Docs index, when it was published.
        docs_problem: why it was not.
        not_copied: why the warehouse's copy of the ledger does not have it.
        not_told: what of its alerts could not be delivered yet.
        softer: whether the checkpoint only reports, and its gates open whatever the verdict.
        notes: of suites that observe, how long they still do; of rows that are quarantined, how many.
    """

    run_id: str
    checkpoint: str
    ingest_id: str
    started_at: datetime
    finished_at: datetime
    outcomes: tuple[ExpectationOutcome, ...]
    problems: tuple[tuple[Verdict, str], ...] = ()
    row_counts: tuple[tuple[str, int], ...] = ()
    scans: tuple[TableScan, ...] = ()
    docs: str | None = None
    docs_problem: str | None = None
    not_copied: str | None = None
    not_told: str | None = None
    softer: bool = False
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict that follows from the outcomes and problems, and from nothing else."""
        return decide(self.outcomes, self.problems)

    @property
    def opens(self) -> bool:
        """Whether the gates open that wait for this run."""
        return self.softer or self.verdict.opens

    def gate_reasons(self) -> tuple[str, ...]:
        """What its gates say of it: why they stay closed, or what is unusual about their being open."""
        return (*self._remarks, *self.blocking_reasons())

    def blocking_reasons(self) -> tuple[str, ...]:
        """Why the verdict opens no gate; empty when it does."""
        if self.verdict.opens:
            return ()
        blockers = (outcome.reason() for outcome in self.outcomes if outcome.blocks)
        return (*(text for _, text in self.problems), *blockers) or self._found()

    def reasons(self) -> tuple[str, ...]:
        """What is unusual about the run, and why the verdict is what it is, the blocking first."""
        return (*self._remarks, *self._found())

    @property
    def _remarks(self) -> tuple[str, ...]:
        return (*((SOFTER,) if self.softer else ()), *self.notes)

    def _found(self) -> tuple[str, ...]:
        failures = sorted((o for o in self.outcomes if not o.success), key=lambda o: not o.blocks)
        reasons = [text for _, text in self.problems] + [outcome.reason() for outcome in failures]
        if not self.outcomes and not self.problems:
            reasons.append("nothing was checked")
        return tuple(reasons)


def decide(outcomes: Sequence[ExpectationOutcome], problems: Sequence[tuple[Verdict, str]] = ()) -> Verdict:
    """The verdict of a run. Nothing checked is ``errored``: silence is not consent."""
    forced = {verdict for verdict, _ in problems}
    if Verdict.ERRORED in forced or not outcomes or any(outcome.success is None for outcome in outcomes):
        return Verdict.ERRORED
    if Verdict.FAILED in forced or any(outcome.blocks for outcome in outcomes):
        return Verdict.FAILED
    return Verdict.PASSED if all(outcome.success for outcome in outcomes) else Verdict.WARNED
