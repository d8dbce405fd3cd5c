"""Publishing where one transaction can hold all of it: tables are moved from schema to schema."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateSchema, DropSchema

from gx.warehouse.publishing import Publisher, audit_schema, previous_schema, swap_schema
from gx.warehouse.publishing_marks import MARKER, Build, drop, marked_tables, tables_in
from gx.warehouse.table import CatalogTable


class MovingPublisher(Publisher):
    """Moves the tables of all schemas in one transaction; whoever dies in it has done nothing."""

    @abstractmethod
    def _move(self, connection: Connection, table: CatalogTable, schema: str) -> CatalogTable:
        """Move a table to another schema."""

    def _replace(self, connection: Connection, moves: Sequence[tuple[CatalogTable, str]]) -> None:
        """Make the moves, in their order."""
        for table, schema in moves:
            self._move(connection, table, schema)

    def _publish(self, connection: Connection, build: Build) -> None:
        waiting = self._waiting(connection)
        if waiting is None and self._build(connection, str) == build:
            return
        if waiting != build:
            raise self._not_the_one(build, waiting)
        moves: list[tuple[CatalogTable, str]] = []
        for schema in self.schemas:
            built = tables_in(connection, audit_schema(schema))
            names = {table.name for table in built}
            replaced = [table for table in tables_in(connection, schema) if table.name in names]
            _make_anew(connection, previous_schema(schema))
            connection.execute(CreateSchema(schema, if_not_exists=True))
            moves += [(table, previous_schema(schema)) for table in replaced]
            moves += [(table, schema) for table in built]
        self._replace(connection, moves)

    def _roll_back(self, connection: Connection) -> Build:
        kept = self._build(connection, previous_schema)
        if kept is None:
            raise self._nothing_kept()
        moves: list[tuple[CatalogTable, str]] = []
        for schema in self.schemas:
            previous = tables_in(connection, previous_schema(schema))
            ours = marked_tables(connection, schema) | {table.name for table in previous}
            refused = [table for table in tables_in(connection, schema) if table.name in ours]
            _make_anew(connection, swap_schema(schema))
            moves += [(table, swap_schema(schema)) for table in refused]
            moves += [(table, schema) for table in previous]
            moves += [
                (CatalogTable(None, swap_schema(schema), table.name), previous_schema(schema)) for table in refused
            ]
        self._replace(connection, moves)
        for schema in self.schemas:
            connection.execute(DropSchema(swap_schema(schema), cascade=True))
            drop(connection, previous_schema(schema), MARKER)
        return kept


def _make_anew(connection: Connection, schema: str) -> None:
    connection.execute(DropSchema(schema, cascade=True, if_exists=True))
    connection.execute(CreateSchema(schema))
