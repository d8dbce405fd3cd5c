"""Messages on their way: written before anything is sent, and kept until each has arrived or nobody needs it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.alerts.message import Message
from checkpoints.ledger.schema import deliveries

WAITING = "waiting"
"""To be delivered as soon as it is due."""


def enqueue(connection: Connection, channel: str, message: Message, now: datetime, expires_at: datetime) -> str:
    """Write one message for one channel; nobody else may write one meanwhile. Returns the delivery's id.

    Args:
        connection: in an exclusive transaction.
        channel: the channel's name.
        message: what to say there.
        now: from when on it is due.
        expires_at: from when on it is of no use any more.
    """
    number = int(connection.execute(sa.select(sa.func.max(deliveries.c.number))).scalar() or 0) + 1
    written = now.astimezone(UTC).replace(tzinfo=None)
    identity = f"{number}\n{channel}\n{message.thread}\n{written.isoformat()}"
    delivery = hashlib.sha256(identity.encode()).hexdigest()[:32]
    connection.execute(
        deliveries.insert().values(
            id=delivery,
            number=number,
            channel=channel,
            thread=message.thread,
            kind=message.kind.value,
            severity=message.severity.value,
            message=message.model_dump(mode="json"),
            state=WAITING,
            created_at=written,
            due_at=written,
            expires_at=expires_at.astimezone(UTC).replace(tzinfo=None),
        )
    )
    return delivery
