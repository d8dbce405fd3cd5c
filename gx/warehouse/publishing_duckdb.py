"""Publishing on DuckDB, which cannot move a table to another schema: its rows are copied, in one transaction."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.engine import Connection
from sqlalchemy.schema import DropSchema

from gx.warehouse.ddl import CopyTable, DropRelation
from gx.warehouse.publishing import Build, audit_schema
from gx.warehouse.publishing_moving import MovingPublisher
from gx.warehouse.table import CatalogTable


class DuckDBPublisher(MovingPublisher):
    """Copies each table twice: readers' to where the previous version is kept, the new one to the readers."""

    def _move(self, connection: Connection, table: CatalogTable, schema: str) -> CatalogTable:
        moved = replace(table, schema=schema)
        connection.execute(CopyTable(table.clause(), moved.clause()))
        connection.execute(DropRelation(table.clause()))
        return moved

    def _publish(self, connection: Connection, build: Build) -> None:
        super()._publish(connection, build)
        for schema in self.schemas:
            connection.execute(DropSchema(audit_schema(schema), cascade=True, if_exists=True))
