"""Publishing on Snowflake: a schema takes another's place in one statement, and no row is copied.

Each DDL statement commits by itself there, so one transaction cannot hold all of it. ``ALTER SCHEMA .. SWAP WITH`` is
atomic for all tables of a schema; a layer of several schemas is switched one after the other, the one that most
people read last, and publishing it again after an interruption goes on where it stopped.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateSchema, DropSchema

from gx.warehouse.ddl_snowflake import (
    CloneTable,
    GrantInSchema,
    RenameSchema,
    RevokeInSchema,
    SwapSchemas,
    privileges,
)
from gx.warehouse.publishing import Publisher, PublishingError, audit_schema, previous_schema
from gx.warehouse.publishing_marks import MARKER, Build, drop, marked, marked_tables, tables_in


class SnowflakePublisher(Publisher):
    """Makes the audit schema a full stand-in of the readers' one, grants and other tables too, and swaps the two."""

    def _waiting(self, connection: Connection) -> Build | None:
        """Of a build whose publication was interrupted, some schemas are with the readers already."""
        pairs = [(marked(connection, audit_schema(name)), marked(connection, name)) for name in self.schemas]
        builds = {waiting for waiting, readers in pairs if waiting and not (readers and _later(readers, waiting))}
        if len(builds) != 1:
            return None
        (build,) = builds
        return build if all(build in pair for pair in pairs) else None

    def _finish(self, connection: Connection, build: Build) -> None:
        for schema in map(audit_schema, self.schemas):
            if views := [table.name for table in tables_in(connection, schema) if table.is_view]:
                raise PublishingError(
                    f"{schema} holds the views {', '.join(views)}; with the readers they would go on reading tables "
                    "of the audit schema. Build them as tables, or in a schema that is not audited"
                )
        super()._finish(connection, build)

    def _publish(self, connection: Connection, build: Build) -> None:
        waiting = self._waiting(connection)
        if waiting not in (None, build) or (waiting is None and self._build(connection, str) != build):
            raise self._not_the_one(build, waiting)
        left = [name for name in self.schemas if marked(connection, name) != build]
        for name in left:
            connection.execute(CreateSchema(name, if_not_exists=True))
            self._make_stand_in(connection, name, audit_schema(name), revoke=False)
        for name in left:
            connection.execute(SwapSchemas(name, audit_schema(name)))
        for name in self.schemas:
            before = marked(connection, audit_schema(name))
            if name in left or (before is not None and _later(build, before)):  # and not kept yet
                connection.execute(DropSchema(previous_schema(name), cascade=True, if_exists=True))
                connection.execute(RenameSchema(audit_schema(name), previous_schema(name)))

    def _roll_back(self, connection: Connection) -> Build:
        pairs = {name: (marked(connection, name), marked(connection, previous_schema(name))) for name in self.schemas}
        known = {build for pair in pairs.values() for build in pair if build}
        whole = sorted((b for b in known if all(b in pair for pair in pairs.values())), key=lambda b: b.built_at)
        left = [name for name, (readers, _) in pairs.items() if not whole or readers != whole[0]]
        if not whole or not left:
            raise self._nothing_kept()
        for name in left:
            self._make_stand_in(connection, name, previous_schema(name), revoke=True)
        for name in left:
            connection.execute(SwapSchemas(name, previous_schema(name)))
        for name in self.schemas:
            drop(connection, previous_schema(name), MARKER)
        return whole[0]

    def _make_stand_in(self, connection: Connection, schema: str, other: str, *, revoke: bool) -> None:
        """Give the other schema the grants of this one, and those of its tables that are no part of any build."""
        there = {table.name for table in tables_in(connection, other)}
        ours = marked_tables(connection, schema)
        for table in tables_in(connection, schema):
            if table.name not in there and table.name not in ours:
                connection.execute(CloneTable(table.name, schema, other))
                there.add(table.name)
        self._align(connection, schema, other, None, revoke=revoke)
        for table in tables_in(connection, schema):
            if table.name in there:
                self._align(connection, schema, other, table.name, revoke=revoke)

    def _align(self, connection: Connection, schema: str, other: str, table: str | None, *, revoke: bool) -> None:
        wanted = privileges(connection, schema, table)
        there = privileges(connection, other, table)
        for one in sorted(wanted - there):
            connection.execute(GrantInSchema(one, other, table))
        for one in sorted(there - wanted) if revoke else ():
            connection.execute(RevokeInSchema(one, other, table))


def _later(one: Build, other: Build) -> bool:
    return one.built_at >= other.built_at and one != other
