"""Overrides: who opened which gate against its checkpoints, why, and until when."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.schema import overrides
from checkpoints.override import Override


def record(connection: Connection, item: Override) -> None:
    """Add an override; it replaces one of the same load and ingest."""
    table = overrides.c
    same = (table.load == item.load, table.ingest_id.is_not_distinct_from(item.ingest_id), table.revoked_at.is_(None))
    connection.execute(overrides.update().where(*same).values(revoked_at=item.made_at, revoked_by=item.by))
    connection.execute(
        overrides.insert().values(
            load=item.load,
            ingest_id=item.ingest_id,
            reason=item.reason,
            made_by=item.by,
            made_at=item.made_at,
            valid_until=item.until,
        )
    )


def revoke(connection: Connection, load: str, by: str, now: datetime) -> int:
    """End every override of a load that has not ended; returns how many there were."""
    table = overrides.c
    live = overrides.update().where(table.load == load, table.revoked_at.is_(None), table.valid_until > now)
    return connection.execute(live.values(revoked_at=now, revoked_by=by)).rowcount


def unrevoked(connection: Connection, now: datetime, load: str | None = None) -> tuple[Override, ...]:
    """The overrides that have not ended, of one load or of all, the latest first."""
    table = overrides.c
    query = sa.select(overrides).where(table.revoked_at.is_(None), table.valid_until > now).order_by(table.id.desc())
    if load is not None:
        query = query.where(table.load == load)
    return tuple(
        Override(row.load, row.ingest_id, row.reason, row.made_by, row.made_at, row.valid_until)
        for row in connection.execute(query)
    )


def ended(connection: Connection, since: datetime, now: datetime) -> tuple[Override, ...]:
    """The overrides that ended by themselves since then, the latest last."""
    table = overrides.c
    query = sa.select(overrides).where(table.revoked_at.is_(None), table.valid_until > since, table.valid_until <= now)
    return tuple(
        Override(row.load, row.ingest_id, row.reason, row.made_by, row.made_at, row.valid_until)
        for row in connection.execute(query.order_by(table.valid_until))
    )
