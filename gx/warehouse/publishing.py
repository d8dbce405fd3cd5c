"""Write, audit, publish: a layer is built in schemas of its own, and moved to its readers in one transaction.

``marts`` is what readers use, ``marts_audit`` what was built and waits for its checkpoint, ``marts_previous`` what
readers used before. Each holds a table ``sluice_build`` of one row, which says what ingest its tables are of.
While ``marts_audit`` is being built it holds ``sluice_begun`` instead, which says for what ingest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateSchema, DropSchema

from gx.errors import SluiceError
from gx.warehouse import publishing_marks as marks
from gx.warehouse.base import Warehouse
from gx.warehouse.publishing_marks import Build, tables_in

T = TypeVar("T")


def audit_schema(schema: str) -> str:
    """Where the tables of a readers' schema are built."""
    return f"{schema}_audit"


def previous_schema(schema: str) -> str:
    """Where the tables are kept that readers used before."""
    return f"{schema}_previous"


def swap_schema(schema: str) -> str:
    """Where tables are put aside, within a rollback."""
    return f"{schema}_swap"


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

    def begin(self, ingest_id: str) -> None:
        """Throw away what an earlier load built and nobody published, and make the audit schemas for this ingest.

        Raises:
            PublishingError: the warehouse refused.
        """
        self._in_transaction("make room for a new build of", lambda connection: self._begin(connection, ingest_id))

    def discard(self, ingest_id: str) -> None:
        """Throw away what lies in the audit schemas, if it was begun for this ingest or is of it.

        Raises:
            PublishingError: the warehouse refused.
        """
        self._in_transaction("clear the audit schemas of", lambda connection: self._discard(connection, ingest_id))

    def finish(self, build: Build) -> None:
        """Mark what lies in the audit schemas as one complete build. Nothing to do where one of this ingest waits.

        Raises:
            PublishingError: it was not begun for this ingest, a schema is empty, or the warehouse refused.
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

    def _begin(self, connection: Connection, ingest_id: str) -> None:
        for schema in map(audit_schema, self.schemas):
            connection.execute(DropSchema(schema, cascade=True, if_exists=True))
            connection.execute(CreateSchema(schema))
            marks.begin(connection, schema, ingest_id)

    def _discard(self, connection: Connection, ingest_id: str) -> None:
        waiting = self._waiting(connection)
        if ingest_id in (self._begun_for(connection), waiting and waiting.ingest_id):
            for schema in map(audit_schema, self.schemas):
                connection.execute(DropSchema(schema, cascade=True, if_exists=True))

    def _finish(self, connection: Connection, build: Build) -> None:
        begun, waiting = self._begun_for(connection), self._waiting(connection)
        if begun is None and waiting is not None and waiting.ingest_id == build.ingest_id:
            return
        if begun != build.ingest_id:
            found = "none was begun" if begun is None else f"the one that was begun last is of ingest {begun}"
            raise PublishingError(
                f"no build in {self._names(audit_schema)} was begun for ingest {build.ingest_id}: {found}. "
                "Begin it, and run dbt again"
            )
        built = {
            schema: [table.name for table in tables_in(connection, schema) if table.name.casefold() != marks.BEGUN]
            for schema in map(audit_schema, self.schemas)
        }
        if empty := [schema for schema, tables in built.items() if not tables]:
            raise PublishingError(
                f"nothing was built in {', '.join(empty)}. dbt builds there what is in the schemas that its variable "
                f"`audited_schemas` lists; it should list {self._names(str)}"
            )
        for schema in built:  # first: dbt, which looks for it, builds nothing there any more
            marks.drop(connection, schema, marks.BEGUN)
        for schema, tables in built.items():
            marks.mark(connection, schema, build, tables)

    def _unmark(self, connection: Connection) -> None:
        for schema in self.schemas:
            marks.drop(connection, schema, marks.MARKER)

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

    def _begun_for(self, connection: Connection) -> str | None:
        """The one ingest that a build in all audit schemas was begun for, and not finished."""
        begun = {marks.begun(connection, audit_schema(schema)) for schema in self.schemas}
        return begun.pop() if len(begun) == 1 else None

    def _build(self, connection: Connection, place: Callable[[str], str]) -> Build | None:
        """The one build that all schemas are of; None when one has no mark, or another."""
        builds = {marks.marked(connection, place(schema)) for schema in self.schemas}
        return builds.pop() if len(builds) == 1 else None

    # -- the rest ---------------------------------------------------------------------------------------------

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
