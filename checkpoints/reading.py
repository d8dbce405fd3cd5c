"""Gather what a run came to, table by table; whatever is missing becomes a reason to keep the gates closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from checkpoints import quarantining
from checkpoints.outcomes import errored, read_outcomes
from checkpoints.result import CheckpointRun, ExpectationOutcome, Fault, TableScan, Verdict
from checkpoints.validation import TableValidation, ValidatedTable
from expectations.build import Unbuilt
from expectations.suite import SuiteSpec
from gx.warehouse.table import CatalogTable


@dataclass
class Reading:
    """The outcomes of a run as they come in."""

    outcomes: list[ExpectationOutcome] = field(default_factory=list)
    problems: list[tuple[Verdict, str]] = field(default_factory=list)
    row_counts: list[tuple[str, int]] = field(default_factory=list)
    scans: list[TableScan] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def missing(self, suite: SuiteSpec, warehouse: str) -> str:
        """The suite's table is not there, so none of its expectations could be checked; returns that in words."""
        text = f"the table {suite.table} does not exist in {warehouse}, or may not be read"
        return self._unread(suite, text, f"the table {suite.table} does not exist, or may not be read")

    def misnamed(self, suite: SuiteSpec, table: CatalogTable) -> str | None:
        """Why the table is not read, if what its suite says may be shown, or may not, is of columns it does not have.

        A column that is misspelt among the personal ones would be shown.
        """
        if not table.columns:
            return None  # a kind of view whose columns the catalog does not tell
        named = {"pii": suite.pii, "samples": suite.samples, "keys": suite.keys}
        wrong = [f"{name} (`{key}`)" for key, names in named.items() for name in names if table.column(name) is None]
        if not wrong:
            return None
        said = f"{suite.file.name} names columns that {suite.table} does not have: {', '.join(wrong)}; correct them"
        return self._unread(suite, said, said)

    def _unread(self, suite: SuiteSpec, problem: str, reason: str) -> str:
        self._problem(suite, "unread", (Verdict.ERRORED, problem))
        self.outcomes.extend(errored(suite, spec, reason) for spec in suite.expectations)
        return reason

    def validated(self, validation: TableValidation, table: ValidatedTable, unbuilt: Sequence[Unbuilt]) -> None:
        """GX's result for the suite's table, how that was read, and what became of the rows that fail."""
        suite, arrivals = validation.suite, validation.arrivals
        outcomes, rows = read_outcomes(suite, table, unbuilt)
        self.outcomes.extend(outcomes)
        scan = TableScan(suite.name, str(suite.table), table.statements)
        if arrivals is not None:
            only_new = table.error is None and arrivals.why_all is None
            scan = replace(scan, new_rows_only=only_new, why_all=arrivals.why_all, state=arrivals.after)
        self.scans.append(scan)
        if rows is None:
            problem = f"the rows of {suite.table} could not be counted"
            if table.problem is not None:
                problem = f"the table {suite.table} could not be validated: {table.problem}"
            self._problem(suite, "unread", (Verdict.ERRORED, problem), unreachable=table.unreachable)
            return
        self.row_counts.append((str(suite.table), rows))
        if validation.quarantine is not None:
            self.notes.extend(quarantining.notes(suite, validation.quarantine))
            for each in quarantining.problems(suite, validation.quarantine):
                self._problem(suite, "quarantine", each)
        if rows == 0 and not suite.allow_empty:
            text = f"the table {suite.table} is empty (set `allow_empty: true` in its suite if that is all right)"
            self._problem(suite, "empty", (Verdict.FAILED, text))

    def _problem(self, suite: SuiteSpec, kind: str, problem: tuple[Verdict, str], *, unreachable: bool = False) -> None:
        self.problems.append(problem)
        self.faults.append(Fault(suite.name, kind, problem[1], unreachable))

    def complete(self, run: CheckpointRun) -> CheckpointRun:
        """The run with all of it."""
        return replace(
            run,
            outcomes=tuple(self.outcomes),
            problems=tuple(self.problems),
            row_counts=tuple(self.row_counts),
            scans=tuple(self.scans),
            notes=(*run.notes, *self.notes),
            faults=tuple(self.faults),
        )
