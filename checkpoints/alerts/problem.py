"""What is wrong, as one run found it, and the alert that goes on until it is not."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from expectations.suite import Severity


class ProblemKind(StrEnum):
    """What has a problem."""

    EXPECTATION = "expectation"
    """An expectation does not hold, or could not be checked."""
    CHECKPOINT = "checkpoint"
    """A checkpoint's run was not whole: a table is missing or empty, a suite does not parse."""
    CAUSE = "cause"
    """One cause behind several of these, such as a warehouse that is down."""
    RUN = "run"
    """A flow's run failed, died, is late or never came."""
    WATCH = "watch"
    """Something that the monitor watches: freshness, an SLA, a schema, sluice itself."""
    DELIVERY = "delivery"
    """An alert could not be delivered on a channel."""


class Problem(BaseModel):
    """What is wrong. It holds no value of the data that its suite does not allow to be shown.

    Attributes:
        key: names it over all runs: the same problem has the same key, another one another; at most 200 characters.
        title: in one line, with the place.
        expected: what should be, in plain words.
        observed: what was found instead.
        blocks: the loads whose gates it keeps closed.
        checkpoints: of a cause, all that could not run for it.
        notify: whom its checkpoint names, owners or channels.
        remarks: what makes it less or more than it seems: that its checkpoint only reports, that rows were left out.
        next_step: what to do about it.
        prefect_url: the flow run's page.
        docs_url: the page of the run in Data Docs.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    kind: ProblemKind
    severity: Severity
    title: str
    table: str | None = None
    column: str | None = None
    layer: str | None = None
    suite: str | None = None
    expectation: str | None = None
    checkpoint: str | None = None
    checkpoints: tuple[str, ...] = ()
    ingest_id: str | None = None
    run_id: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    expected: str | None = None
    observed: str | None = None
    blocks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    notes: str | None = None
    next_step: str | None = None
    docs_url: str | None = None
    prefect_url: str | None = None


class Alert(BaseModel):
    """A problem over time. Times are in UTC.

    Attributes:
        id: its number in the ledger.
        thread: names the message it was first told in; what follows belongs to that.
        problem: as it was found last.
        worst: how bad it has been since it began.
        channels: those that were told of it; whatever follows goes to them too.
        failed_runs: how many runs in a row found it.
        resolved_at: None while it goes on.
        flaps: how often it came back after it was over, within the time that the routing counts.
        flapping: whether it comes and goes so often that nobody is called for each change.
        failing_since: since when every run that looked found it; None while one that flaps holds.
        critical_at: when it became critical, or a snooze of it ended; escalation counts from then.
        reminded_at: when somebody was called for it last, after the first time.
        escalated_at: when it was passed on because nobody had acknowledged it.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    thread: str
    problem: Problem
    worst: Severity
    channels: tuple[str, ...] = ()
    opened_at: AwareDatetime
    last_failed_at: AwareDatetime
    failed_runs: int = 1
    resolved_at: AwareDatetime | None = None
    acknowledged_at: AwareDatetime | None = None
    acknowledged_by: str | None = None
    snoozed_until: AwareDatetime | None = None
    snoozed_by: str | None = None
    snooze_reason: str | None = None
    flaps: int = 0
    flapping: bool = False
    failing_since: AwareDatetime | None = None
    critical_at: AwareDatetime | None = None
    reminded_at: AwareDatetime | None = None
    escalated_at: AwareDatetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.resolved_at is None
