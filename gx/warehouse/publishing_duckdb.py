"""Publishing on DuckDB, which cannot move a table to another schema: its rows are copied, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.engine import Connection
from sqlalchemy.schema import DropSchema

from gx.warehouse.ddl import CopyTable, DropRelation, DropView, RenameTable
from gx.warehouse.publishing import audit_schema
from gx.warehouse.publishing_marks import Build
from gx.warehouse.publishing_moving import MovingPublisher
from gx.warehouse.table import CatalogTable


class DuckDBPublisher(MovingPublisher):
    """Copies each table twice: readers' to where the previous version is kept, the new one to the readers.

    A view cannot follow the tables that it reads, so it becomes a table of what it showed.
    """

    def _replace(self, connection: Connection, moves: Sequence[tuple[CatalogTable, str]]) -> None:
        for view in [table for table, _ in moves if table.is_view]:
            rows = replace(view, name=f"{view.name}__sluice_rows")
            connection.execute(CopyTable(view.clause(), rows.clause()))
            connection.execute(DropView(view.clause()))
            connection.execute(RenameTable(rows.clause(), view.name))
        super()._replace(connection, moves)

    def _move(self, connection: Connection, table: CatalogTable, schema: str) -> CatalogTable:
        moved = replace(table, schema=schema)
        connection.execute(CopyTable(table.clause(), moved.clause()))
        connection.execute(DropRelation(table.clause()))
        return moved

    def _publish(self, connection: Connection, build: Build) -> None:
        super()._publish(connection, build)
        for schema in self.schemas:
            connection.execute(DropSchema(audit_schema(schema), cascade=True, if_exists=True))
