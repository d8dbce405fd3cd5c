"""DuckDB: one file, the embedded default."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import duckdb
import sqlalchemy as sa
from duckdb_engine import Dialect, DuckDBIdentifierPreparer
from sqlalchemy import quoted_name
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from gx.errors import WarehouseError
from gx.warehouse.base import Warehouse
from gx.warehouse.duckdb_dialect import DuckDBDialectModule
from gx.warehouse.duckdb_hash import hash_doubt
from gx.warehouse.table import CatalogTable

MEMORY_LIMIT = "1GB"
"""What DuckDB may use in this process; ``?memory_limit=4GB`` in the warehouse's URL sets another."""


# Besides what SQLAlchemy counts as operational: no memory, no disk.
_EXHAUSTED = (duckdb.InterruptException, duckdb.FatalException)


def _silence_teardown() -> None:
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


# DuckDB 2.0's bindings report every instance that is still alive when a Python 3.11 or 3.12 interpreter is taken
# down, some eighty lines that nobody can act on. Handlers run last to first, so what comes after this one is
# little but that report.
if sys.version_info < (3, 13):
    atexit.register(_silence_teardown)


def _no_progress_bar(connection: Any, _record: Any) -> None:
    # A query of some seconds would draw a bar on standard output, where --json prints its document.
    connection.execute("SET enable_progress_bar = false")


def _bounded_memory(connection: Any, _record: Any) -> None:
    # Beyond the limit DuckDB spills to disk, so memory stays flat however much data there is.
    connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")


def _in_utc(connection: Any, _record: Any) -> None:
    # By default a session has the machine's zone.
    connection.execute("SET TimeZone = 'UTC'")


class _QuotingPreparer(DuckDBIdentifierPreparer):
    """Quotes every identifier: DuckDB has reserved words that PostgreSQL lacks, and ignores case even in quotes."""

    def _requires_quotes(self, value: str) -> bool:
        del value
        return True

    def format_schema(self, name: str) -> str:
        # A schema that the catalog spelled may hold a dot; duckdb-engine would split it into database and schema.
        whole = isinstance(name, quoted_name) and name.quote
        return self.quote_identifier(name) if whole else str(super().format_schema(name))


class DuckDBWarehouse(Warehouse):
    """A DuckDB file. Only one process can have it open, so connections are held briefly and waited for."""

    dialect_name = "duckdb"
    tables_at_once = 1  # one query uses every core already
    max_columns = 10_000  # DuckDB has no limit of its own; beyond this, planning costs more than another scan
    max_collected = 40  # each takes 7 MB at least, which cannot be spilled, of the MEMORY_LIMIT
    hidden_columns = frozenset({"rowid"})

    @property
    def path(self) -> Path | None:
        """The database file; None for an in-memory database."""
        database = self.url.database
        return Path(database) if database and database != ":memory:" else None

    def _create_engine(self) -> Engine:
        # Opening a missing file would create an empty warehouse and report every table as missing.
        if self.path is not None and not self.path.exists():
            raise WarehouseError(
                f"{self.describe()} does not exist: there is no file {self.path}. "
                "Load data first (the reference project does by sluice run), or correct SLUICE_WAREHOUSE_URL."
            )
        engine = super()._create_engine()
        sa.event.listen(engine, "connect", _no_progress_bar)
        sa.event.listen(engine, "connect", _in_utc)
        if "memory_limit" not in self.url.query:
            sa.event.listen(engine, "connect", _bounded_memory)
        dialect = cast("Dialect", engine.dialect)
        dialect.identifier_preparer = _QuotingPreparer(dialect)
        dialect._backslash_escapes = False  # as in standard SQL; PostgreSQL's dialect asks the server
        return engine

    def create(self) -> None:
        """Create the database file if it is absent (only an ingest does this).

        Raises:
            WarehouseError: there cannot be such a file.
        """
        if self.path is None or self.path.exists():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            engine = super()._create_engine()
            engine.connect().close()
            engine.dispose()  # the pool would keep the file open, and so locked, until it is garbage-collected
        except SQLAlchemyError as error:
            raise self.unavailable(error) from None
        except OSError as error:
            raise WarehouseError(
                f"{self.describe()} cannot be created: {error.strerror} ({error.filename}). "
                "Correct SLUICE_WAREHOUSE_URL or the directory's permissions."
            ) from None

    @contextmanager
    def hold(self) -> Iterator[None]:
        # The file stays open, and so ours, as long as one connection is; the wait is paid once, here.
        with self.connect():
            yield

    def is_busy(self, error: SQLAlchemyError) -> bool:
        return "Could not set lock on file" in str(error)

    def is_exhausted(self, error: SQLAlchemyError) -> bool:
        return super().is_exhausted(error) or (isinstance(error, DBAPIError) and isinstance(error.orig, _EXHAUSTED))

    def is_transient(self, error: SQLAlchemyError) -> bool:
        return self.is_busy(error) or super().is_transient(error)

    def cancel(self, connection: Any) -> None:
        with suppress(duckdb.Error):
            connection.interrupt()

    def dialect_module(self) -> ModuleType:
        return DuckDBDialectModule()

    def hash_doubt(self, table: CatalogTable, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
        del table  # the catalog says nothing of collations
        return sa.or_(*(hash_doubt(column) for column in columns))
