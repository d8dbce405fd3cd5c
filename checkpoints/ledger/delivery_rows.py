"""Deliveries of the outbox, as rows of the ledger and as those see them who send or look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from checkpoints.alerts.message import Message, MessageKind


class DeliveryState(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    """It has not arrived yet, and is tried again."""
    DELIVERED = "delivered"
    """It arrived."""
    UNDELIVERED = "undelivered"
    """It expired, or was refused for good; a person must look."""


@dataclass(frozen=True)
class Claim:
    """A delivery that is ours to try until ``until``; nobody else tries it meanwhile.

    Attributes:
        id: the delivery's.
        thread_ref: what the channel returned for this thread before.
        maybe_sent: whether an attempt, perhaps of a process that died, may have arrived.
        attempts: how many there were, with this one.
        expires_at: when to give up.
        told_elsewhere: whether another channel was told of it, for this one could not be opened, and nobody has tried
            it since.
    """

    id: str
    channel: str
    message: Message
    thread_ref: str | None
    maybe_sent: bool
    attempts: int
    expires_at: datetime
    until: datetime
    told_elsewhere: bool = False


@dataclass(frozen=True)
class OutboxItem:
    """A delivery, for those who look. Times are in UTC.

    Attributes:
        problem: why it has not arrived; of one that is settled, why there was nothing to send.
    """

    id: str
    channel: str
    thread: str
    kind: MessageKind
    message: Message
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    expires_at: datetime
    attempts: int
    problem: str | None
    delivered_at: datetime | None

    @property
    def arrived(self) -> bool:
        """Whether somebody has it."""
        return self.state is DeliveryState.DELIVERED and self.problem is None


def item_of(row: Mapping[Any, Any]) -> OutboxItem:
    """A row of the table as people see it."""
    return OutboxItem(
        id=row["id"],
        channel=row["channel"],
        thread=row["thread"],
        kind=MessageKind(row["kind"]),
        message=Message.model_validate(row["message"]),
        state=DeliveryState(row["state"]),
        created_at=aware(row["created_at"]),
        due_at=aware(row["due_at"]),
        expires_at=aware(row["expires_at"]),
        attempts=row["attempts"],
        problem=row["problem"],
        delivered_at=aware(row["delivered_at"]) if row["delivered_at"] else None,
    )


def naive(moment: datetime) -> datetime:
    """As it is stored: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def aware(moment: datetime) -> datetime:
    """As it was, from how it is stored."""
    return moment.replace(tzinfo=UTC)
