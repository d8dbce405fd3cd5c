"""Bring a ledger's tables to the version that this sluice needs, in one transaction."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.ledger.schema import VERSION, metadata, schema_version

MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that other programs in the same PostgreSQL database are unlikely to lock by.
_LOCK = 0x51_1CE


def found_version(connection: Connection) -> int | None:
    """The version of the tables that are there; None when there are none."""
    if not sa.inspect(connection).has_table(schema_version.name):
        return None
    return connection.execute(sa.select(sa.func.max(schema_version.c.version))).scalar()


def create_or_upgrade(connection: Connection) -> None:
    """Make the tables, or upgrade those of an earlier version.

    Several processes may get here at once: one does it, the others wait and find it done. A process that dies on
    the way leaves what was there before.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    found = found_version(connection)
    if found is None:
        metadata.create_all(connection)
    elif found < VERSION:
        _upgrade(connection, found)
    else:
        return
    connection.execute(schema_version.insert().values(version=VERSION))


def _upgrade(connection: Connection, found: int) -> None:
    # Imported only here: it takes a tenth of a second, and a ledger is upgraded once.
    from alembic.operations import Operations  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    revisions = ScriptDirectory(str(MIGRATIONS)).iterate_revisions(str(VERSION), str(found))
    with Operations.context(MigrationContext.configure(connection)):
        for revision in reversed(list(revisions)):
            revision.module.upgrade()
