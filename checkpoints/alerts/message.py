"""What a person is told, apart from how it looks and how it travels."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from expectations.suite import Severity


class MessageKind(StrEnum):
    """Why somebody is told something."""

    PROBLEM = "problem"
    """Something new is wrong."""
    UPDATE = "update"
    """It goes on, or part of it is over: the first message is brought up to date, and nobody is called."""
    WORSE = "worse"
    """It goes on, and is worse than those who know of it were told."""
    REMINDER = "reminder"
    """It still goes on, and somebody should be told again."""
    ESCALATION = "escalation"
    """Nobody acknowledged it; or it could not be delivered elsewhere."""
    ACKNOWLEDGED = "acknowledged"
    """Somebody looks into it."""
    RESOLVED = "resolved"
    """All of it is over."""
    TEST = "test"
    """A person asked whether the channel works."""

    @property
    def calls(self) -> bool:
        """Whether it calls somebody; the others only bring up to date what was told before."""
        return self in (MessageKind.PROBLEM, MessageKind.WORSE, MessageKind.REMINDER, MessageKind.ESCALATION)


class Link(BaseModel):
    """Where to read more."""

    model_config = ConfigDict(frozen=True)

    label: str
    url: str


class Item(BaseModel):
    """One problem in a message.

    Attributes:
        key: the problem's.
        since: when it began.
        failed_runs: how many runs found it.
        resolved_at: when it was over; None while it goes on.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    severity: Severity
    title: str
    table: str | None = None
    column: str | None = None
    layer: str | None = None
    expected: str | None = None
    observed: str | None = None
    owner: str | None = None
    notes: str | None = None
    next_step: str | None = None
    since: AwareDatetime
    failed_runs: int = 1
    resolved_at: AwareDatetime | None = None
    links: tuple[Link, ...] = ()


class Message(BaseModel):
    """One message: everything that is said at once, understandable without opening anything.

    Attributes:
        thread: names the first message of its kind and all that follow it; a receiver knows it by this.
        severity: of the worst of its items.
        headline: in one line.
        project: the project's name.
        items: the worst first; all of them, a format decides how many it shows.
        blocks: the loads that stay closed.
        remarks: what else there is to know: that it flaps, that the ledger could not be written.
        at: when it was written.
    """

    model_config = ConfigDict(frozen=True)

    kind: MessageKind
    thread: str
    severity: Severity
    headline: str
    project: str
    items: tuple[Item, ...] = ()
    checkpoint: str | None = None
    ingest_id: str | None = None
    blocks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    next_step: str | None = None
    links: tuple[Link, ...] = ()
    at: AwareDatetime
