"""A warehouse: one SQLAlchemy engine, opened late, held briefly, and everything that differs between engines."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from types import ModuleType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.sql.elements import ColumnElement

from gx.errors import WarehouseError, WarehouseExhaustedError
from gx.masking import mask_error
from gx.redaction import redact, safe_url, url_secrets
from gx.warehouse.catalog import choose_table, columns_query, read_tables, tables_query
from gx.warehouse.statements import Statements
from gx.warehouse.table import CatalogTable, TableName

Progress = Callable[[str], None]
_PAUSE_SECONDS = 0.25
STATEMENT_SECONDS = 3600.0
"""How long one statement may take, unless the settings say."""


class Warehouse:
    """What is common to the warehouses; one subclass per engine holds its differences and nothing else does.

    Every session is in UTC: compared with a time that has a zone, one without means UTC, whatever the zone of the
    machine, the user or the database is.
    """

    dialect_name: str
    max_columns: int
    """How many columns one SELECT can have."""
    max_collected: int = sys.maxsize
    """How many of them can be aggregates that collect values, to count different ones or to order them."""
    tables_at_once: int
    """How many tables to validate at the same time, unless the settings say."""
    exact_names = False
    """Whether names that differ in their case alone are two."""
    keeps_last_altered = False
    """Whether the catalog says when a table was changed last; DuckDB and PostgreSQL forget it."""
    hidden_columns: frozenset[str] = frozenset()
    """Lower-case names that a query can read of any table, although no table has such a column."""

    def __init__(
        self,
        url: URL,
        *,
        wait_seconds: float,
        retries: int = 0,
        parallel_tables: int | None = None,
        statement_seconds: float = STATEMENT_SECONDS,
        progress: Progress = lambda _: None,
    ) -> None:
        self.url = url
        self.retries = retries
        self.parallel_tables = parallel_tables or self.tables_at_once
        self.statement_seconds = statement_seconds
        self.statements = Statements(cancel=self.cancel, cut=self.cut, seconds=statement_seconds)
        self.wait_seconds = wait_seconds
        self._progress = progress
        self._engine: Engine | None = None
        self._opening = threading.Lock()
        self.writing = threading.Lock()  # held by the one thread that writes

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for all threads; made at first use, closed by :meth:`release`."""
        with self._opening:
            if self._engine is None:
                self._engine = self._create_engine()
            return self._engine

    def _create_engine(self) -> Engine:
        return sa.create_engine(self.url, **self.engine_options())

    def engine_options(self) -> dict[str, Any]:
        """Keyword arguments for ``create_engine``."""
        # One for each table, and one with which the warehouse is held.
        return {"pool_size": self.parallel_tables + 1}

    def release(self) -> None:
        """Close every connection, so that another process can use the warehouse."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the warehouse for this process meanwhile, where a warehouse can only be had by one at a time."""
        yield

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection in one transaction, committed at the end; waits, with a bound, for a busy warehouse.

        Raises:
            WarehouseError: it cannot be reached, or stayed busy for ``wait_seconds``.
        """
        connection = self._open()
        try:
            with connection.begin():
                yield connection
        finally:
            connection.close()

    def _open(self) -> Connection:
        deadline = time.monotonic() + self.wait_seconds
        said = False
        while True:
            try:
                return self.engine.connect()
            except SQLAlchemyError as error:
                if not self.is_busy(error):
                    raise self.unavailable(error) from None
                if time.monotonic() > deadline:
                    raise WarehouseError(
                        f"{self.describe()} stayed in use by another process for {self.wait_seconds:.0f} s; "
                        "close that process or raise SLUICE_WAIT_SECONDS",
                        transient=True,
                    ) from None
                if not said:
                    self._progress(f"waiting for {self.describe()}: another process is using it")
                    said = True
                time.sleep(_PAUSE_SECONDS)

    def is_busy(self, error: SQLAlchemyError) -> bool:
        """Whether the error means that another process holds the warehouse for the moment."""
        del error
        return False

    def probe(self) -> None:
        """Check that the warehouse can be reached and answers.

        Raises:
            WarehouseError: it does not; the message never holds the password.
        """
        with self.connect() as connection:
            connection.execute(sa.select(sa.literal(1)))

    def find_tables(self, names: Sequence[TableName]) -> dict[TableName, CatalogTable]:
        """Look the named tables and views up in the catalog; those that are absent are left out.

        A name without a schema means the table in the connection's default schema if it is there, otherwise
        the only table of that name.
        """
        found: dict[TableName, CatalogTable] = {}
        for database in sorted({name.database or "" for name in names}):
            wanted = [name for name in names if (name.database or "") == database]
            found.update(self._find_in(database or None, wanted))
        return found

    def _find_in(self, database: str | None, names: Sequence[TableName]) -> dict[TableName, CatalogTable]:
        wanted = sorted({name.name for name in names})
        with self.connect() as connection:
            try:
                current, default_schema = connection.execute(
                    sa.select(sa.func.current_database(), self.default_schema())
                ).one()
                rows = connection.execute(self.catalog_query(wanted, database)).all()
                columns = connection.execute(columns_query(wanted, self.catalog_schema(database))).all()
            except (ProgrammingError, NotSupportedError) as error:
                if database is not None:
                    return {}  # no such database, or none of ours: its tables are missing, the others are not
                raise self.unreadable(error) from None
            except SQLAlchemyError as error:
                raise self.unreadable(error) from None
        tables = read_tables(rows, columns, current=current, database=database or current)
        found = {name: choose_table(tables, name, default_schema) for name in names}
        return {name: table for name, table in found.items() if table is not None}

    def default_schema(self) -> sa.ColumnElement[Any]:
        """An expression for the schema that an unqualified name means; NULL where there is none."""
        return sa.func.current_schema()

    def catalog_query(self, names: Sequence[str], database: str | None) -> sa.Select[Any] | sa.CompoundSelect[Any]:
        """A query for (database, schema, name) of all tables and views with one of these names.

        Args:
            names: the names; case does not count.
            database: the database to look in where one connection sees several; None for the connection's own.
        """
        return tables_query(names, self.catalog_schema(database))

    def catalog_schema(self, database: str | None) -> str:
        """The schema of the catalog's views for a database."""
        del database
        return "information_schema"

    def dialect_module(self) -> ModuleType | None:
        """What GX is to take for the dialect's module when it builds SQL; None keeps GX's own choice."""
        return None

    def describe(self) -> str:
        """The warehouse for people, without secrets."""
        return f"the warehouse {safe_url(self.url)}"

    def identity(self) -> str:
        """A text that no other warehouse has: another host, database or role is another one. It holds no secret."""
        url = self.redact(self.url.render_as_string(hide_password=True))
        return f"{safe_url(self.url)} ({sha256(url.encode()).hexdigest()[:16]})"

    def redact(self, text: str) -> str:
        """``text`` without this warehouse's secrets."""
        return redact(text, url_secrets(self.url))

    def unavailable(self, error: SQLAlchemyError) -> WarehouseError:
        """Turn a driver's error into one that is safe to show."""
        reason = self.reason(error)
        return WarehouseError(
            f"cannot connect to {self.describe()}: {reason}. Check SLUICE_WAREHOUSE_URL and that it is running.",
            transient=isinstance(error, DBAPIError) and "password" not in reason.lower(),
        )

    def utc_now(self) -> ColumnElement[Any]:
        """The warehouse's own time, in UTC without a zone."""
        return sa.func.timezone("UTC", sa.func.now())

    def minutes_between(self, earlier: ColumnElement[Any], later: ColumnElement[Any]) -> ColumnElement[Any]:
        """Whole minutes from one time to another."""
        return sa.func.floor(sa.extract("epoch", later - earlier) / 60)

    def key_hash(self, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[Any]:
        """A hash of the columns' values together, of 64 bits: equal where the warehouse finds the values equal."""
        return sa.func.hash(*columns)

    def hash_doubt(self, table: CatalogTable, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool] | None:
        """A condition, the same for every row, that is true where equal values may have different hashes after all.

        None where they never have.
        """
        del table, columns
        return None

    def is_exhausted(self, error: SQLAlchemyError) -> bool:
        """Whether a statement failed for want of a connection, of time or of memory, and not for what it says."""
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return True
        return isinstance(error, OperationalError | InterfaceError | PoolTimeoutError)

    def is_transient(self, error: SQLAlchemyError) -> bool:
        """Whether an exhausted statement may well succeed a moment later, on a new connection."""
        return isinstance(error, DBAPIError) and error.connection_invalidated

    @contextmanager
    def outside_transaction(self, connection: Any) -> Iterator[None]:
        """Meanwhile let a statement on a driver's connection stand for itself, where that saves messages."""
        del connection
        yield

    def cancel(self, connection: Any) -> None:
        """Ask the warehouse to give up what runs on a driver's connection, from another thread, without waiting."""

    def cut(self, connection: Any) -> None:
        """Drop a driver's connection on which a statement runs, from another thread: the statement fails at once."""

    def exhausted(self, error: SQLAlchemyError, about: str, statements: int) -> WarehouseExhaustedError:
        """Turn the error of a statement about a table into one that is safe to show."""
        asked = isinstance(error, DBAPIError) and error.statement is not None
        # What is said about a statement may quote the data; what is said about connecting only quotes names.
        problem = mask_error(self.redact(str(error))) if asked else self.reason(error)
        return self.unanswered(problem, about, statements, transient=self.is_transient(error))

    def unanswered(self, problem: str, about: str, sent: int, *, transient: bool = False) -> WarehouseExhaustedError:
        """The error for a table of which nothing could be learnt."""
        statements = "1 statement" if sent == 1 else f"{sent} statements"
        return WarehouseExhaustedError(
            f"no answer from {self.describe()} about {about} ({statements} sent): {problem.rstrip('.')}",
            transient=transient,
        )

    def unreadable(self, error: SQLAlchemyError) -> WarehouseError:
        """The catalog could not be read, although there is a connection."""
        return WarehouseError(
            f"cannot look up tables in {self.describe()}: {self.reason(error)}. "
            "Check the database in SLUICE_WAREHOUSE_URL and the user's grants.",
            transient=isinstance(error, OperationalError),
        )

    def reason(self, error: SQLAlchemyError) -> str:
        """What the driver said, in one line without secrets."""
        detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig else str(error)
        lines = self.redact(detail).strip().splitlines()
        return lines[0].rstrip(".") if lines else type(error).__name__
