"""What is written into a schema about the build that its tables are of: one table, of one row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateTable

from gx.warehouse.catalog import relations_query
from gx.warehouse.ddl import DropRelation
from gx.warehouse.table import CatalogTable

MARKER = "sluice_build"
"""Of a complete build; readers may look into it."""

BEGUN = "sluice_begun"
"""Of one that was begun; dbt looks for it (flows/transform/macros/audit.sql)."""


@dataclass(frozen=True)
class Build:
    """One build of a layer.

    Attributes:
        ingest_id: what it was built from.
        built_at: when it was done, in UTC without a zone.
    """

    ingest_id: str
    built_at: datetime


def tables_in(connection: Connection, schema: str) -> list[CatalogTable]:
    """All tables and views of a schema."""
    rows = connection.execute(relations_query(schema, "information_schema")).all()
    return [CatalogTable(None, str(found), str(name), is_view=kind == "VIEW") for found, name, kind in rows]


def begin(connection: Connection, schema: str, ingest_id: str) -> None:
    """Mark a new schema: a build for this ingest is being made in it."""
    begun = _begun(schema)
    connection.execute(CreateTable(begun))
    connection.execute(begun.insert().values(ingest_id=ingest_id))


def begun(connection: Connection, schema: str) -> str | None:
    """The ingest that a build is being made for; None where none is."""
    if not _has(connection, schema, BEGUN):
        return None
    return connection.execute(sa.select(_begun(schema).c.ingest_id)).scalar()


def mark(connection: Connection, schema: str, build: Build, tables: Sequence[str]) -> None:
    """Mark a schema: its tables are of this build, complete."""
    drop(connection, schema, MARKER)
    marker = _marker(schema)
    connection.execute(CreateTable(marker))
    row = {"ingest_id": build.ingest_id, "built_at": build.built_at, "tables": json.dumps(list(tables))}
    connection.execute(marker.insert().values(row))


def marked(connection: Connection, schema: str) -> Build | None:
    """The complete build that a schema's tables are of."""
    if not _has(connection, schema, MARKER):
        return None
    marker = _marker(schema).c
    rows = connection.execute(sa.select(marker.ingest_id, marker.built_at)).all()
    return Build(*rows[0]) if len(rows) == 1 else None


def marked_tables(connection: Connection, schema: str) -> set[str]:
    """The names of that build's tables, the mark's among them."""
    if marked(connection, schema) is None:
        return set()
    return {MARKER, *json.loads(connection.execute(sa.select(_marker(schema).c.tables)).scalar_one())}


def drop(connection: Connection, schema: str, which: str) -> None:
    """Take a mark away, where there is one."""
    for table in tables_in(connection, schema):
        if table.name.casefold() == which:
            connection.execute(DropRelation(table.clause()))


def _has(connection: Connection, schema: str, which: str) -> bool:
    return any(table.name.casefold() == which for table in tables_in(connection, schema))


def _begun(schema: str) -> sa.Table:
    return sa.Table(BEGUN, sa.MetaData(), sa.Column("ingest_id", sa.Text, nullable=False), schema=schema)


def _marker(schema: str) -> sa.Table:
    columns = (
        sa.Column("ingest_id", sa.Text, nullable=False),
        sa.Column("built_at", sa.DateTime, nullable=False),
        sa.Column("tables", sa.Text, nullable=False),
    )
    return sa.Table(MARKER, sa.MetaData(), *columns, schema=schema)
