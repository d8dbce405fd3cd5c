"""Write, audit, publish: a layer is built in schemas of its own, and moved to its readers in one transaction.

``marts`` is what readers use, ``marts_audit`` what was built and waits for its checkpoint, ``marts_previous`` what
readers used before. Each holds a table ``sluice_build`` of one row, which says what ingest its tables are of.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema, CreateTable, DropSchema

from gx.errors import SluiceError
from gx.warehouse.base import Warehouse
from gx.warehouse.catalog import relations_query
from gx.warehouse.ddl import DropRelation
from gx.warehouse.table import CatalogTable

T = TypeVar("T")

MARKER = "sluice_build"


def audit_schema(schema: str) -> str:
    """Where the tables of a readers' schema are built."""
    return f"{schema}_audit"


def previous_schema(schema: str) -> str:
    """Where the tables are kept that readers used before."""
    return f"{schema}_previous"


@dataclass(frozen=True)
class Build:
    """One build of a layer.

    Attributes:
        ingest_id: what it was built from.
        built_at: when it was done, in UTC without a zone.
    """

    ingest_id: str
    built_at: datetime


class PublishingError(SluiceError):
    """A layer was not published, or not rolled back; readers see what they saw before."""

    def __init__(self, message: str, *, transient: bool = False) -> None:
        self.transient = transient
        super().__init__(message)


class Publisher(ABC):
    """Publishes the schemas of one layer, all of them or none."""

    def __init__(self, warehouse: Warehouse, schemas: Sequence[str]) -> None:
        """Nothing is read yet.

        Args:
            warehouse: has them.
            schemas: as readers know them.
        """
        self.warehouse = warehouse
        self.schemas = tuple(schemas)

    # -- building ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Throw away what an earlier load built and nobody published.

        Raises:
            PublishingError: the warehouse refused.
        """
        self._in_transaction("make room for a new build of", self._begin)

    def finish(self, build: Build) -> None:
        """Mark what lies in the audit schemas as one complete build.

        Raises:
            PublishingError: the warehouse refused.
        """
        self._in_transaction("mark the build of", lambda connection: self._finish(connection, build))

    def unmark(self) -> None:
        """Take the marks off what readers use: from now on it is built in place, and no mark would be true.

        Raises:
            PublishingError: the warehouse refused.
        """
        self._in_transaction("unmark", self._unmark)

    # -- asking -----------------------------------------------------------------------------------------------

    def waiting(self) -> Build | None:
        """The complete build that waits to be published; None when there is none.

        Raises:
            PublishingError: the warehouse cannot be read.
        """
        return self._in_transaction("read", self._waiting)

    def published(self) -> Build | None:
        """The build that readers use; None when nothing was published, or not all of one build.

        Raises:
            PublishingError: the warehouse cannot be read.
        """
        return self._in_transaction("read", lambda connection: self._build(connection, str))

    def previous(self) -> Build | None:
        """The build that readers used before, and that a rollback would bring back; None when there is none.

        Raises:
            PublishingError: the warehouse cannot be read.
        """
        return self._in_transaction("read", lambda connection: self._build(connection, previous_schema))

    # -- switching --------------------------------------------------------------------------------------------

    def publish(self, build: Build) -> None:
        """Give readers the build that waits; what they used before is kept.

        Publishing what readers use already changes nothing. Tables that readers have and the build does not stay.

        Raises:
            PublishingError: another build waits than this one, or the warehouse refused.
        """
        self._in_transaction("publish", lambda connection: self._publish(connection, build))

    def roll_back(self) -> Build:
        """Give readers what they used before; what they use now is kept in its place, without its mark.

        Returns:
            What readers use from now on.

        Raises:
            PublishingError: nothing is kept, or it was rolled back itself, or the warehouse refused.
        """
        return self._in_transaction("roll back", self._roll_back)

    # -- what differs -----------------------------------------------------------------------------------------

    @abstractmethod
    def _publish(self, connection: Connection, build: Build) -> None:
        """Publish it, if it waits."""

    @abstractmethod
    def _roll_back(self, connection: Connection) -> Build:
        """Bring the previous build back, and return it."""

    def _waiting(self, connection: Connection) -> Build | None:
        return self._build(connection, audit_schema)

    def _is_locked(self, error: SQLAlchemyError) -> bool:
        """Whether the error means that somebody else used a table for too long."""
        return self.warehouse.is_busy(error)

    # -- inside a transaction ---------------------------------------------------------------------------------

    def _begin(self, connection: Connection) -> None:
        for schema in self.schemas:
            connection.execute(DropSchema(audit_schema(schema), cascade=True, if_exists=True))

    def _finish(self, connection: Connection, build: Build) -> None:
        for schema in map(audit_schema, self.schemas):
            connection.execute(CreateSchema(schema, if_not_exists=True))
            tables = [table.name for table in self._tables(connection, schema)]
            self._mark(connection, schema, build, tables)

    def _unmark(self, connection: Connection) -> None:
        for schema in self.schemas:
            self._drop_mark(connection, schema)

    def _not_the_one(self, build: Build, waiting: Build | None) -> PublishingError:
        found = "none is" if waiting is None else f"one of {waiting.ingest_id} ({waiting.built_at} UTC) is"
        return PublishingError(
            f"the build of {build.ingest_id} ({build.built_at} UTC) is not in {self._names(audit_schema)}: "
            f"{found}. Run the load and its checkpoint again"
        )

    def _nothing_kept(self) -> PublishingError:
        return PublishingError(
            f"there is no earlier version in {self._names(previous_schema)} to go back to: nothing was published "
            "before, or it was rolled back already"
        )

    # -- marks ------------------------------------------------------------------------------------------------

    def _mark(self, connection: Connection, schema: str, build: Build, tables: Sequence[str]) -> None:
        self._drop_mark(connection, schema)
        marker = _marker(schema)
        connection.execute(CreateTable(marker))
        row = {"ingest_id": build.ingest_id, "built_at": build.built_at, "tables": json.dumps(list(tables))}
        connection.execute(marker.insert().values(row))

    def _drop_mark(self, connection: Connection, schema: str) -> None:
        for table in self._tables(connection, schema):
            if table.name.casefold() == MARKER:
                connection.execute(DropRelation(table.clause()))

    def _build(self, connection: Connection, place: Callable[[str], str]) -> Build | None:
        """The one build that all schemas are of; None when one has no mark, or another."""
        builds = {self._marked(connection, place(schema)) for schema in self.schemas}
        return builds.pop() if len(builds) == 1 else None

    def _marked(self, connection: Connection, schema: str) -> Build | None:
        if not any(table.name.casefold() == MARKER for table in self._tables(connection, schema)):
            return None
        marker = _marker(schema).c
        rows = connection.execute(sa.select(marker.ingest_id, marker.built_at)).all()
        return Build(*rows[0]) if len(rows) == 1 else None

    def _marked_tables(self, connection: Connection, schema: str) -> set[str]:
        if self._marked(connection, schema) is None:
            return set()
        return {MARKER, *json.loads(connection.execute(sa.select(_marker(schema).c.tables)).scalar_one())}

    # -- the rest ---------------------------------------------------------------------------------------------

    def _tables(self, connection: Connection, schema: str) -> list[CatalogTable]:
        rows = connection.execute(relations_query(schema, "information_schema")).all()
        return [CatalogTable(None, str(found), str(name)) for found, name in rows]

    def _names(self, place: Callable[[str], str]) -> str:
        return ", ".join(place(schema) for schema in self.schemas)

    def _in_transaction(self, what: str, work: Callable[[Connection], T]) -> T:
        try:
            with self.warehouse.connect() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise self._failed(what, error) from None

    def _failed(self, what: str, error: SQLAlchemyError) -> PublishingError:
        locked = self._is_locked(error)
        advice = "Check the grants of the user in SLUICE_WAREHOUSE_URL"
        if locked:
            advice = "Somebody else was using the tables; it may pass on another try"
        where, reason = self.warehouse.describe(), self.warehouse.reason(error)
        return PublishingError(
            f"cannot {what} {self._names(str)} in {where}: {reason}. {advice}",
            transient=locked or self.warehouse.is_transient(error),
        )


def _marker(schema: str) -> sa.Table:
    columns = (
        sa.Column("ingest_id", sa.Text, nullable=False),
        sa.Column("built_at", sa.DateTime, nullable=False),
        sa.Column("tables", sa.Text, nullable=False),
    )
    return sa.Table(MARKER, sa.MetaData(), *columns, schema=schema)
