"""The outbox: messages on their way, each written before it is sent, and kept until it has arrived or expired."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.alerts.message import Message, MessageKind
from checkpoints.ledger.connection import Database
from checkpoints.ledger.delivery_rows import Claim, DeliveryState, OutboxItem, aware, item_of, naive
from checkpoints.ledger.schema import deliveries, threads

__all__ = ["Claim", "DeliveryState", "Outbox", "OutboxItem", "enqueue", "left_open"]
_IDS = uuid.UUID("8a1f8f5e-6c57-4f6e-9d0b-2f6d6f3f5a11")
_LONGEST_PROBLEM = 500


def enqueue(connection: Connection, channel: str, message: Message, now: datetime, expires_at: datetime) -> str:
    """Write one message for one channel, in the transaction of what it tells. Returns the delivery's id.

    Args:
        connection: in an exclusive transaction: nobody else may write one meanwhile.
        channel: the channel's name.
        message: what to say there.
        now: from when on it is due.
        expires_at: when to give up; it is tried once all the same.
    """
    moment = naive(now)
    number = (connection.execute(sa.select(sa.func.max(deliveries.c.number))).scalar() or 0) + 1
    identity = uuid.uuid5(_IDS, f"{number} {channel} {message.thread} {message.kind} {moment.isoformat()}").hex
    connection.execute(
        deliveries.insert().values(
            id=identity,
            number=number,
            channel=channel,
            thread=message.thread,
            kind=message.kind.value,
            severity=message.severity.value,
            message=message.model_dump(mode="json"),
            state=DeliveryState.WAITING.value,
            created_at=moment,
            due_at=moment,
            expires_at=naive(expires_at),
        )
    )
    return identity


def left_open(connection: Connection, thread: str) -> tuple[str, ...]:
    """The channels that anything of this thread was written for, and not its end."""
    of = deliveries.c
    query = sa.select(of.channel, of.kind).where(of.thread == thread).order_by(of.number)
    last = {str(channel): str(kind) for channel, kind in connection.execute(query)}
    return tuple(sorted(channel for channel, kind in last.items() if kind != MessageKind.RESOLVED.value))


class Outbox:
    """What is on its way. Every method raises LedgerError when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, channel: str, message: Message, now: datetime, expires_at: datetime) -> str:
        """Write one message for one channel; returns the delivery's id."""
        with self._database.exclusive() as connection:
            return enqueue(connection, channel, message, now, expires_at)

    def due_channels(self, now: datetime) -> tuple[str, ...]:
        """The channels that something is due for and may be tried."""
        with self._database.transaction() as connection:
            query = sa.select(deliveries.c.channel).where(*_ready(naive(now))).distinct()
            return tuple(sorted(str(channel) for channel in connection.execute(query).scalars()))

    def expired(self, channel: str, now: datetime) -> tuple[str, ...]:
        """The ids of what waits for a channel past its time, the first one first."""
        of = deliveries.c
        over = (of.channel == channel, of.state == DeliveryState.WAITING.value, of.expires_at <= naive(now))
        with self._database.transaction() as connection:
            return tuple(connection.execute(sa.select(of.id).where(*over).order_by(of.number)).scalars())

    def claim(self, channel: str, now: datetime, lease: timedelta, *, only: str | None = None) -> Claim | None:
        """Take the next message for a channel that is due, or only this one; None when there is none.

        Of one thread the first that has not arrived goes first, and the next waits for it. What somebody claimed and
        never settled is free again when that claim is over; that attempt may have arrived.
        """
        moment = naive(now)
        of = deliveries.c
        with self._database.exclusive() as connection:
            wanted = (*_ready(moment), of.channel == channel, *((of.id == only,) if only else ()))
            query = sa.select(deliveries).where(*wanted).order_by(of.number).limit(1)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            until = moment + lease
            maybe_sent = row["maybe_sent"] or row["claimed_until"] is not None
            attempts = row["attempts"] + 1
            connection.execute(
                deliveries.update()
                .where(of.id == row["id"])
                .values(claimed_until=until, maybe_sent=maybe_sent, attempts=attempts)
            )
            ref = connection.execute(
                sa.select(threads.c.ref).where(threads.c.channel == channel, threads.c.thread == row["thread"])
            ).scalar()
        return Claim(
            id=row["id"],
            channel=channel,
            message=Message.model_validate(row["message"]),
            thread_ref=ref,
            maybe_sent=maybe_sent,
            attempts=attempts,
            expires_at=aware(row["expires_at"]),
            until=aware(until),
            told_elsewhere=attempts == 1 and row["problem"] is not None,
        )

    def delivered(self, claim: Claim, thread_ref: str | None, now: datetime, unsent: str | None = None) -> bool:
        """It arrived, or there was nothing to send, and why.

        False when the claim was no longer ours: somebody else tries it, or has.
        """
        moment = naive(now)
        with self._database.exclusive() as connection:
            if not self._settle(connection, claim, state=DeliveryState.DELIVERED, delivered_at=moment, problem=unsent):
                return False
            if thread_ref is not None:
                same = (threads.c.channel == claim.channel, threads.c.thread == claim.message.thread)
                connection.execute(threads.delete().where(*same))
                connection.execute(
                    threads.insert().values(
                        channel=claim.channel, thread=claim.message.thread, ref=thread_ref, updated_at=moment
                    )
                )
            return True

    def again(self, claim: Claim, problem: str, due_at: datetime, *, maybe_sent: bool) -> bool:
        """It did not arrive, and is due again then."""
        with self._database.exclusive() as connection:
            maybe = {"maybe_sent": True} if maybe_sent else {}
            return self._settle(connection, claim, due_at=naive(due_at), problem=problem[:_LONGEST_PROBLEM], **maybe)

    def undelivered(
        self, claim: Claim, problem: str, now: datetime, escalations: Mapping[str, Message], expires_at: datetime
    ) -> bool:
        """It will not arrive; in the same transaction others are written down that say so, by channel."""
        with self._database.exclusive() as connection:
            text = problem[:_LONGEST_PROBLEM]
            if not self._settle(connection, claim, state=DeliveryState.UNDELIVERED, problem=text):
                return False
            for channel, message in escalations.items():
                enqueue(connection, channel, message, now, expires_at)
            return True

    def tell_elsewhere(
        self, channel: str, before: datetime, problem: str, instead: Callable[[Message], Mapping[str, Message]],
        now: datetime, expires_at: datetime,
    ) -> int:  # fmt: skip
        """Of what nobody has tried to send on a channel since then, write down for others what they are told instead.

        Each is told elsewhere once. It goes on waiting for its own channel, and expires as it would have.

        Args:
            channel: the one that cannot be used.
            before: what was written later is not looked at.
            problem: why it cannot be used, and where it is told instead.
            instead: of a message, what others are told, by channel.
            now: the time.
            expires_at: when to give up on what is told instead.

        Returns:
            How many messages were written.
        """
        of = deliveries.c
        untried = (
            of.channel == channel,
            of.state == DeliveryState.WAITING.value,
            of.attempts == 0,
            of.problem.is_(None),
            of.created_at <= naive(before),
        )
        written = 0
        with self._database.exclusive() as connection:
            query = sa.select(of.id, of.message).where(*untried).order_by(of.number)
            for identity, message in connection.execute(query).all():
                marked = deliveries.update().where(of.id == identity).values(problem=problem[:_LONGEST_PROBLEM])
                connection.execute(marked)
                for other, told in instead(Message.model_validate(message)).items():
                    if told.kind is MessageKind.RESOLVED and other not in left_open(connection, told.thread):
                        continue  # it has heard the end
                    enqueue(connection, other, told, now, expires_at)
                    written += 1
        return written

    def hold(self, channel: str, until: datetime) -> None:
        """Try nothing for a channel before then: its receiver asked for that."""
        moment = naive(until)
        of = deliveries.c
        waiting = (of.channel == channel, of.state == DeliveryState.WAITING.value, of.due_at < moment)
        with self._database.exclusive() as connection:
            connection.execute(deliveries.update().where(*waiting).values(due_at=moment))

    def items(
        self,
        states: Collection[DeliveryState] | None = None,
        *,
        since: datetime | None = None,
        thread: str | None = None,
    ) -> tuple[OutboxItem, ...]:
        """What is in the outbox, in the order it was written; by its states, its time or its thread, or all of it."""
        of = deliveries.c
        query = sa.select(deliveries).order_by(of.number)
        if states is not None:
            query = query.where(of.state.in_([state.value for state in states]))
        if since is not None:
            query = query.where(of.created_at >= naive(since))
        if thread is not None:
            query = query.where(of.thread == thread)
        with self._database.transaction() as connection:
            return tuple(item_of(row) for row in connection.execute(query).mappings())

    def counts(self) -> Mapping[DeliveryState, int]:
        """How many are in each state."""
        query = sa.select(deliveries.c.state, sa.func.count()).group_by(deliveries.c.state)
        with self._database.transaction() as connection:
            found = {str(state): int(count) for state, count in connection.execute(query)}
        return {state: found.get(state.value, 0) for state in DeliveryState}

    def next_due(self, channels: Sequence[str]) -> datetime | None:
        """When something is due next for any of these; None when nothing is pending."""
        of = deliveries.c
        waiting = (of.state == DeliveryState.WAITING.value, of.channel.in_(channels))
        with self._database.transaction() as connection:
            found = connection.execute(sa.select(sa.func.min(of.due_at)).where(*waiting)).scalar()
        return aware(found) if found is not None else None

    def _settle(self, connection: Connection, claim: Claim, **values: Any) -> bool:
        of = deliveries.c
        # By its end a claim is told from a later one of the same delivery.
        ours = (of.id == claim.id, of.claimed_until == naive(claim.until), of.state == DeliveryState.WAITING.value)
        state = values.pop("state", None)
        settled = values | ({"state": state.value} if state else {}) | {"claimed_until": None}
        return connection.execute(deliveries.update().where(*ours).values(**settled)).rowcount == 1


def _ready(moment: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    earlier = deliveries.alias("earlier")
    of = deliveries.c
    return (
        of.state == DeliveryState.WAITING.value,
        of.due_at <= moment,
        sa.or_(of.claimed_until.is_(None), of.claimed_until <= moment),
        ~sa.exists().where(
            earlier.c.channel == of.channel,
            earlier.c.thread == of.thread,
            earlier.c.number < of.number,
            earlier.c.state == DeliveryState.WAITING.value,
        ),
    )
