"""What a checkpoint's run found, as problems, and which of the open alerts are over by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from checkpoints.alerts import keys
from checkpoints.alerts.causes import lost_warehouse
from checkpoints.alerts.formats.wording import shorten
from checkpoints.alerts.in_words import LONGEST, LONGEST_TITLE, expected_of, observed_of
from checkpoints.alerts.problem import Alert, Problem, ProblemKind
from checkpoints.result import CheckpointRun, ExpectationOutcome, Fault
from checkpoints.spec import CheckpointSpec
from expectations.suite import ExpectationSpec, Severity, SuiteSpec


@dataclass(frozen=True)
class RunReading:
    """One run of a checkpoint that came to its end.

    Attributes:
        run: what came of it.
        spec: the checkpoint.
        suites: those it ran, as they count in this run.
        all_suites: the project's.
        checkpoints: the project's.
        observing: names of the suites that only observe as yet.
        pages: of each suite, the run's page in Data Docs, as an address.
        prefect_url: the flow run's page.
    """

    run: CheckpointRun
    spec: CheckpointSpec
    suites: Sequence[SuiteSpec]
    all_suites: Sequence[SuiteSpec]
    checkpoints: Collection[CheckpointSpec]
    observing: Collection[str] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    prefect_url: str | None = None

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong."""
        lost = self._lost
        found = [problem for suite in self.suites if suite.name not in lost for problem in self._of_suite(suite)]
        if lost:
            suites = [suite for suite in self.suites if suite.name in lost]
            found.append(lost_warehouse(self.run, self.spec, suites, next(iter(lost.values())), self.prefect_url))
        if not self.suites or (not self.run.outcomes and not found):
            found.append(self._of_run())
        return tuple(found)

    def over(self, alerts: Sequence[Alert]) -> dict[str, str | None]:
        """Of these open alerts those that are over, with a remark where they were not found to hold."""
        held = self._held()
        over: dict[str, str | None] = {}
        for alert in alerts:
            key, problem = alert.problem.key, alert.problem
            met = self.run.checkpoint in problem.checkpoints
            if key in held or (keys.is_configuration(key) and met):
                over[key] = None
            elif gone := self._gone(problem):
                over[key] = gone
        return over

    @cached_property
    def _lost(self) -> Mapping[str, str]:
        """The suites of the tables that were not read for want of a connection, where that is one cause of several."""
        lost = {fault.suite: fault.text for fault in self.run.faults if fault.unreachable}
        return lost if len(lost) > 1 else {}

    def _of_suite(self, suite: SuiteSpec) -> list[Problem]:
        outcomes = [outcome for outcome in self.run.outcomes if outcome.suite == suite.name]
        faults = {fault.kind: fault for fault in self.run.faults if fault.suite == suite.name}
        problems = [self._of_fault(suite, fault) for fault in faults.values()]
        said = {outcome.error for outcome in outcomes if outcome.success is None}
        none_checked = bool(outcomes) and all(outcome.success is None for outcome in outcomes)
        if none_checked and ("unread" in faults or (len(said) == 1 and len(outcomes) > 1)):
            # One reason for all of it is one problem.
            if "unread" not in faults:
                problems.append(self._of_fault(suite, Fault(suite.name, "unread", str(next(iter(said))))))
            return problems
        for key, spec, outcome in zip(keys.expectation_keys(suite), suite.expectations, outcomes, strict=True):
            if not outcome.success:
                problems.append(self._of_outcome(key, suite, spec, outcome))
        return problems

    def _of_outcome(self, key: str, suite: SuiteSpec, spec: ExpectationSpec, outcome: ExpectationOutcome) -> Problem:
        severity, remarks = outcome.severity, list(self._softened)
        if outcome.success is None:
            severity = Severity.CRITICAL  # it blocks, whatever a failure of it would mean
        elif suite.name in self.observing:
            severity = _at_most_warning(severity)
            remarks.append(f"{suite.name} observes only, as yet: what fails there does not block")
        elif spec.blocking and not outcome.blocking:
            severity = _at_most_warning(severity)
            remarks.append(f"{suite.table}: the rows that fail are quarantined and left out of the next load")
        expected = expected_of(suite, spec)
        return self._problem(
            suite,
            key=key,
            kind=ProblemKind.EXPECTATION,
            severity=severity,
            title=shorten(f"{suite.table}: {expected.rstrip('.')}", LONGEST_TITLE),
            column=outcome.column,
            expectation=outcome.expectation,
            expected=shorten(expected, LONGEST),
            observed=shorten(observed_of(outcome), LONGEST),
            blocks=outcome.blocks,
            notes=shorten(spec.notes, LONGEST) if spec.notes else None,
            remarks=remarks,
        )

    def _of_fault(self, suite: SuiteSpec, fault: Fault) -> Problem:
        what = {
            "unread": ("could not be checked", "it can be read, and each of its expectations checked"),
            "empty": ("is empty", "at least one row"),
            "quarantine": ("has rows that could not be quarantined", "rows that fail are put on record"),
        }
        said, expected = what.get(fault.kind, ("has a problem", None))
        return self._problem(
            suite,
            key=keys.table_key(suite.name, fault.kind),
            kind=ProblemKind.CHECKPOINT,
            severity=Severity.CRITICAL,
            title=f"{suite.table} {said}",
            expected=expected,
            observed=shorten(fault.text, LONGEST),
            blocks=True,
            remarks=self._softened,
        )

    def _problem(
        self, suite: SuiteSpec, *, severity: Severity, blocks: bool, remarks: Sequence[str], **told: object
    ) -> Problem:
        blocking = blocks and not self.run.softer
        gates = self.spec.gates if blocking else ()
        again = f"`sluice check {self.spec.name}`"
        step = f"correct the data or the suite {suite.name}, then run {again}"
        if gates:
            step += f"; to load all the same: `sluice gate override {gates[0]} --reason ... --by ... --until 4h`"
        return Problem.model_validate(
            {
                **told,
                "severity": _at_most_warning(severity) if self.run.softer else severity,
                "table": str(suite.table),
                "layer": suite.layer or None,
                "suite": suite.name,
                "checkpoint": self.run.checkpoint,
                "ingest_id": self.run.ingest_id,
                "run_id": self.run.run_id,
                "owner": suite.owner,
                "tags": suite.tags,
                "notify": self.spec.notify,
                "blocks": gates,
                "remarks": tuple(remarks),
                "next_step": step,
                "docs_url": self.pages.get(suite.name),
                "prefect_url": self.prefect_url,
            }
        )

    def _of_run(self) -> Problem:
        """Nothing was checked, which is an error as well."""
        return Problem(
            key=keys.run_key(self.run.checkpoint),
            kind=ProblemKind.CHECKPOINT,
            severity=Severity.WARNING if self.run.softer else Severity.CRITICAL,
            title=f"the checkpoint {self.run.checkpoint} checked nothing",
            checkpoint=self.run.checkpoint,
            ingest_id=self.run.ingest_id,
            run_id=self.run.run_id,
            notify=self.spec.notify,
            expected="at least one expectation is checked",
            observed=shorten("; ".join(self.run.reasons()), LONGEST),
            blocks=() if self.run.softer else self.spec.gates,
            next_step=f"see its `suites:`, then run `sluice check {self.run.checkpoint}`",
            prefect_url=self.prefect_url,
        )

    @property
    def _softened(self) -> tuple[str, ...]:
        return (f"the checkpoint {self.run.checkpoint} is softer: it reports only",) if self.run.softer else ()

    def _held(self) -> set[str]:
        """The keys of what was looked at in this run and is all right."""
        found = {problem.key for problem in self.problems}
        held = {keys.WAREHOUSE, keys.LEDGER, keys.run_key(self.run.checkpoint)}
        counted = dict(self.run.row_counts)
        for suite in self.suites:
            outcomes = [outcome for outcome in self.run.outcomes if outcome.suite == suite.name]
            named = zip(keys.expectation_keys(suite), outcomes, strict=True)
            held |= {key for key, outcome in named if outcome.success}
            if str(suite.table) in counted:
                held |= {keys.table_key(suite.name, kind) for kind in ("unread", "empty", "quarantine")}
        return held - found

    def _gone(self, problem: Problem) -> str | None:
        """Why nobody looks at it any more; None when somebody does, or it is another checkpoint's to say."""
        names = {spec.name for spec in self.checkpoints}
        if problem.checkpoint != self.run.checkpoint and problem.checkpoint in names:
            return None
        if keys.is_run(problem.key):
            gone = problem.checkpoint not in names
            return "there is no such checkpoint any more" if gone else None
        if problem.suite is None or problem.kind not in (ProblemKind.EXPECTATION, ProblemKind.CHECKPOINT):
            return None
        return "it is no longer checked" if problem.key not in self._checked else None

    @cached_property
    def _checked(self) -> set[str]:
        patterns = [pattern for spec in self.checkpoints for pattern in spec.patterns]
        checked: set[str] = set()
        for suite in self.all_suites:
            if any(suite.name == pattern or fnmatchcase(suite.name, pattern) for pattern in patterns):
                checked |= {*keys.expectation_keys(suite)}
                checked |= {keys.table_key(suite.name, kind) for kind in ("unread", "empty", "quarantine")}
        return checked


def _at_most_warning(severity: Severity) -> Severity:
    return Severity.WARNING if severity is Severity.CRITICAL else severity
