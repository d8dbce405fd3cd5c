"""What each kind of page says, as plain text: the templates escape, nothing here is HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from gx.docs.text import counted

if TYPE_CHECKING:
    from gx.docs.records import Limits, RunFacts


class Verdict(StrEnum):
    """How a validation result, or one expectation of it, came out; the worst first."""

    ERRORED = "errored"
    FAILED = "failed"
    WARNED = "warned"
    PASSED = "passed"

    @property
    def rank(self) -> int:
        """0 for the worst; the order in which pages list things."""
        return list(Verdict).index(self)

    @property
    def failing(self) -> bool:
        """Whether readers must act: a blocking failure, or a check that could not be made."""
        return self in (Verdict.ERRORED, Verdict.FAILED)


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The worst of several verdicts; `Verdict.PASSED` when there is none."""
    return min(verdicts, key=lambda verdict: verdict.rank, default=Verdict.PASSED)


class Severity(StrEnum):
    """GX's severities, the worst first."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite."""

    sentence: str
    """What must be true."""
    expectation: str
    """GX's name of the expectation."""
    severity: Severity
    blocking: bool
    """Whether a failure closes the gate."""
    description: str
    notes: str
    index: int = 0
    """Its place in the suite."""


@dataclass(frozen=True)
class FailingRows:
    """What a suite allows to be shown of the rows that fail."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    """Some of them, each with a text for each of ``columns``."""
    statement: str = ""
    """Finds them again; empty when there is none."""


@dataclass(frozen=True)
class Outcome:
    """How one expectation came out in one run."""

    rule: Rule
    verdict: Verdict
    observed: str
    """What was found, as a sentence or a value; empty when there is nothing to say."""
    unexpected: str
    """How many values were not as expected, and of how many; empty when that was not counted."""
    error: str
    """Why the check could not be made: the message, never a traceback."""
    figures: tuple[tuple[str, str], ...] = ()
    """What was compared: label and figure."""
    failing: FailingRows = FailingRows()
    counts_rows: bool = False
    """Whether it is about rows, of which some could be shown."""
    unexpected_count: int | None = None
    unexpected_percent: float | None = None


@dataclass(frozen=True)
class SuitePage:
    """A suite: what must be true of one table."""

    suite: str
    table: str
    owner: str
    description: str
    notes: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class ResultPage:
    """One validation of one table against one suite."""

    suite: str
    table: str
    verdict: Verdict
    run_name: str
    run_time: datetime
    checkpoint: str
    checkpoint_verdict: Verdict | None
    """The verdict of the whole checkpoint run, of which this table is a part; None when it was not recorded."""
    ingest_id: str
    datasource: str
    batch: str
    outcomes: tuple[Outcome, ...]
    """The worst first."""
    facts: RunFacts
    limits: Limits

    @property
    def open(self) -> tuple[Outcome, ...]:
        """The outcomes that need someone's attention."""
        return tuple(outcome for outcome in self.outcomes if outcome.verdict is not Verdict.PASSED)

    @property
    def passed(self) -> tuple[Outcome, ...]:
        """The outcomes that were as expected."""
        return tuple(outcome for outcome in self.outcomes if outcome.verdict is Verdict.PASSED)

    @property
    def errored(self) -> int:
        """How many expectations could not be checked."""
        return sum(1 for outcome in self.outcomes if outcome.verdict is Verdict.ERRORED)

    @property
    def summary(self) -> str:
        """The verdict in half a sentence."""
        total = counted(len(self.outcomes), "expectation")
        missed = len(self.open) - self.errored
        said = [f"{missed} of {total} did not hold"] if missed else []
        if self.errored:
            said.append(f"{self.errored} of {total} could not be checked")
        if said:
            return ", ".join(said)
        if not self.outcomes:
            return "nothing was checked"
        return f"{total} checked, each holds"
