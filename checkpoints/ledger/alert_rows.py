"""Alerts as rows of the ledger, and the messages about them, which are written with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.problem import Alert, Problem
from checkpoints.alerts.telling import Changes
from checkpoints.ledger import outbox
from checkpoints.ledger.schema import alerts
from expectations.suite import Severity

_TIMES = (
    "opened_at", "last_failed_at", "resolved_at", "acknowledged_at", "snoozed_until", "critical_at", "reminded_at",
    "escalated_at", "failing_since",
)  # fmt: skip
_MOST_SHOWN = 500


def known(connection: Connection, now: datetime, window: timedelta) -> tuple[Alert, ...]:
    """What :func:`checkpoints.alerts.lifecycle.advance` needs to know, in the order it began.

    Args:
        connection: to the ledger.
        now: the time.
        window: how long one that ended still counts.
    """
    open_threads = sa.select(alerts.c.thread).where(alerts.c.resolved_at.is_(None))
    lately = alerts.c.resolved_at > _naive(now - window)
    which = sa.or_(alerts.c.thread.in_(open_threads), lately, alerts.c.snoozed_until > _naive(now))
    query = sa.select(alerts).where(which).order_by(alerts.c.id)
    return tuple(_alert(row) for row in connection.execute(query).mappings())


def unresolved(connection: Connection) -> tuple[Alert, ...]:
    """The open alerts, in the order they began."""
    query = sa.select(alerts).where(alerts.c.resolved_at.is_(None)).order_by(alerts.c.id)
    return tuple(_alert(row) for row in connection.execute(query).mappings())


def latest(connection: Connection, limit: int = _MOST_SHOWN) -> tuple[Alert, ...]:
    """The alerts that began last, also those that are over; the newest first."""
    query = sa.select(alerts).order_by(alerts.c.id.desc()).limit(limit)
    return tuple(_alert(row) for row in connection.execute(query).mappings())


def get(connection: Connection, ids: Collection[int]) -> tuple[Alert, ...]:
    """These alerts, as far as there are such."""
    query = sa.select(alerts).where(alerts.c.id.in_(list(ids))).order_by(alerts.c.id)
    return tuple(_alert(row) for row in connection.execute(query).mappings())


def write(connection: Connection, changes: Changes, now: datetime, expire: timedelta) -> None:
    """Write what changed, and put the messages into the outbox. Nobody else may write alerts meanwhile.

    Args:
        connection: in an exclusive transaction.
        changes: new alerts have the number 0.
        now: the time.
        expire: how long a message is of use.
    """
    for alert in changes.alerts:
        row = _row(alert)
        if alert.id:
            connection.execute(alerts.update().where(alerts.c.id == alert.id).values(row))
        else:
            connection.execute(alerts.insert().values(row))
    for told in changes.messages:
        outbox.enqueue(connection, told.channel, told.message, now, now + expire)
    ends = {each.message.thread: each.message for each in changes.messages if each.message.kind is MessageKind.RESOLVED}
    for thread, message in ends.items():
        for channel in _told_in_its_place(connection, thread):
            outbox.enqueue(connection, channel, message, now, now + expire)


def _told_in_its_place(connection: Connection, thread: str) -> set[str]:
    """Those that were told only because another channel could not be, and have not heard the end."""
    told = connection.execute(sa.select(alerts.c.channels).where(alerts.c.thread == thread)).scalars()
    return {*outbox.left_open(connection, thread)} - {channel for channels in told for channel in channels}


def old(before: datetime) -> sa.ColumnElement[bool]:
    """The alerts that ended before, of threads of which nothing goes on."""
    going_on = sa.select(alerts.c.thread).where(alerts.c.resolved_at.is_(None))
    snoozed = sa.and_(alerts.c.snoozed_until.is_not(None), alerts.c.snoozed_until > before)
    return sa.and_(alerts.c.resolved_at < before, alerts.c.thread.not_in(going_on), sa.not_(snoozed))


def _row(alert: Alert) -> dict[str, Any]:
    row = alert.model_dump(mode="python", exclude={"id", "problem", *_TIMES})
    times = {name: _naive(at) if (at := getattr(alert, name)) else None for name in _TIMES}
    return {
        **row,
        **times,
        "key": alert.problem.key,
        "kind": alert.problem.kind.value,
        "severity": alert.problem.severity.value,
        "worst": alert.worst.value,
        "channels": list(alert.channels),
        "problem": alert.problem.model_dump(mode="json", exclude_defaults=True),
    }


def _alert(row: Mapping[Any, Any]) -> Alert:
    fields = {name: row[name] for name in Alert.model_fields if name != "problem"}
    for name in _TIMES:
        fields[name] = row[name].replace(tzinfo=UTC) if row[name] else None
    fields |= {"worst": Severity(row["worst"]), "channels": tuple(row["channels"])}
    return Alert(**fields, problem=Problem.model_validate(row["problem"]))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
