"""What was brought, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.records import RecordedIngest
from checkpoints.ledger.schema import ingest_tables, ingests

# The number is 0 where a sluice of an earlier version, still running, wrote the row: the newest, as far as one knows.
_ORDER = (
    sa.case((ingests.c.number == 0, 1), else_=0).desc(),
    ingests.c.number.desc(),
    ingests.c.started_at.desc(),
    ingests.c.ingest_id.desc(),
)


def begin(connection: Connection, ingest_id: str, source: str, started_at: datetime) -> None:
    """Make an ingest the last that began. Nobody else may begin one meanwhile."""
    connection.execute(ingest_tables.delete().where(ingest_tables.c.ingest_id == ingest_id))
    connection.execute(ingests.delete().where(ingests.c.ingest_id == ingest_id))
    last = connection.execute(sa.select(sa.func.max(ingests.c.number))).scalar() or 0
    connection.execute(ingests.update().where(ingests.c.number == 0).values(number=last + 1))
    connection.execute(
        ingests.insert().values(ingest_id=ingest_id, source=source, started_at=started_at, number=last + 2)
    )


def finish(connection: Connection, ingest_id: str, finished_at: datetime, tables: Mapping[str, int]) -> None:
    """Record what an ingest brought."""
    connection.execute(ingests.update().where(ingests.c.ingest_id == ingest_id).values(finished_at=finished_at))
    rows = [{"ingest_id": ingest_id, "table_name": table, "rows": count} for table, count in tables.items()]
    if rows:
        connection.execute(ingest_tables.insert(), rows)


def latest(connection: Connection) -> str | None:
    """The ingest that began last."""
    return connection.execute(sa.select(ingests.c.ingest_id).order_by(*_ORDER).limit(1)).scalar()


def get(connection: Connection, ingest_id: str) -> RecordedIngest | None:
    """What is known of an ingest; None for an unknown one."""
    of = ingests.c
    columns = (of.ingest_id, of.source, of.started_at, of.finished_at)
    row = connection.execute(sa.select(*columns).where(of.ingest_id == ingest_id)).mappings().first()
    tables = sa.select(ingest_tables.c.table_name, ingest_tables.c.rows).where(ingest_tables.c.ingest_id == ingest_id)
    rows = {str(table): int(count) for table, count in connection.execute(tables)}
    return RecordedIngest(**row, tables=rows) if row is not None else None


def write_nothing(connection: Connection) -> None:
    """Insert no row at all, which a database refuses whom it does not let write."""
    nothing = sa.select(*ingests.c).where(sa.false())
    connection.execute(ingests.insert().from_select([column.name for column in ingests.c], nothing))
