"""Open the ledger's database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from checkpoints.ledger.migrating import create_or_upgrade, found_version
from checkpoints.ledger.schema import VERSION
from gx.errors import SluiceError
from gx.redaction import redact, safe_url, url_secrets

_BUSY_SECONDS = 30
# Any number that other programs in the same PostgreSQL database are unlikely to lock by.
_EXCLUSIVE_LOCK = 0x51_1CE_E
_COPY_LOCK = 0x51_1CE_C


class LedgerError(SluiceError):
    """The ledger cannot be read or written. Every gate counts as closed."""


class Database:
    """The ledger's database: made on first use, safe to use from several processes."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine: Engine | None = None

    def exists(self) -> bool:
        """Whether there is a ledger yet. A server's database counts as there."""
        try:
            return not self._is_file() or Path(str(self.url.database)).exists()
        except OSError:
            return True  # a directory that may not be looked into; opening the ledger will tell

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in one transaction.

        Raises:
            LedgerError: the database cannot be used; the message holds no secret.
        """
        with self._told(), self._open().begin() as connection:
            yield connection

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """A connection to hold for long, without a transaction; what the server keeps for it ends with it.

        Raises:
            LedgerError: as :meth:`transaction`.
        """
        with self._told():
            engine = sa.create_engine(self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
            connection = engine.connect()
        try:
            yield connection
        finally:
            with suppress(SQLAlchemyError):  # a connection that broke meanwhile
                connection.close()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            raise self._unusable(
                str(error.orig) if isinstance(error, DBAPIError) and error.orig else str(error)
            ) from None
        except OSError as error:
            raise self._unusable(f"{error.strerror or error}: {error.filename}") from None
        except (ValueError, TypeError) as error:
            # A time, a verdict or JSON that cannot be read back, or a text that the database cannot hold.
            raise self._unusable(
                f"it holds or was given something that is no record ({type(error).__name__})"
            ) from error

    @contextmanager
    def exclusive(self) -> Iterator[Connection]:
        """A transaction that waits for all others of this kind: what it reads is still so when it writes.

        Raises:
            LedgerError: as :meth:`transaction`.
        """
        with self.transaction() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_EXCLUSIVE_LOCK)))
            yield connection

    @contextmanager
    def copying(self) -> Iterator[None]:
        """Wait until nobody else, in any process, is in such a block; the database stays of use to all meanwhile.

        Raises:
            LedgerError: the database cannot be used, or somebody else took too long.
        """
        with ExitStack() as kept:
            try:
                if self._is_file():
                    file = Path(str(self.url.database))
                    file.parent.mkdir(parents=True, exist_ok=True)
                    kept.enter_context(FileLock(f"{file}.copying", timeout=_BUSY_SECONDS))
                else:
                    connection = kept.enter_context(self._open().begin())
                    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'"))
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_COPY_LOCK)))
            except (SQLAlchemyError, OSError) as error:  # a lock that is not had in time is an OSError
                detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig else str(error)
                raise self._unusable(detail) from None
            yield

    def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _unusable(self, detail: str) -> LedgerError:
        lines = redact(detail, url_secrets(self.url)).strip().splitlines() or ["unknown error"]
        return LedgerError(f"the ledger {safe_url(self.url)} cannot be used: {lines[0]}")

    def _is_file(self) -> bool:
        return self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:")

    def _open(self) -> Engine:
        if self._engine is None:
            if self._is_file():
                Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(self.url)
            if engine.dialect.name == "sqlite":
                sa.event.listen(engine, "connect", _prepare_sqlite)
            else:
                sa.event.listen(engine, "connect", _prepare_postgresql)
            self._prepare(engine)
            self._engine = engine
        return self._engine

    def _prepare(self, engine: Engine) -> None:
        with engine.begin() as connection:
            found = found_version(connection)
            if found is None or 0 < found < VERSION:
                create_or_upgrade(connection)
            elif found != VERSION:
                raise LedgerError(
                    f"the ledger {safe_url(self.url)} has schema version {found}, this sluice needs {VERSION}; "
                    "use the sluice that wrote it, or another SLUICE_LEDGER_URL"
                )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    # Another process may be switching at this moment; the mode is the file's, so its success is ours too.
    with suppress(sqlite3.OperationalError):
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # PostgreSQL itself would wait for ever for a table that somebody has locked.
    cursor.execute(f"SET lock_timeout = {_BUSY_SECONDS * 1000:.0f}")
    cursor.close()
    connection.commit()
