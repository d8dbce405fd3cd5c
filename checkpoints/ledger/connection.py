"""Open the ledger's database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from checkpoints.ledger.migrating import create_or_upgrade, found_version
from checkpoints.ledger.schema import VERSION
from gx.errors import SluiceError
from gx.redaction import redact, safe_url, url_secrets

_BUSY_SECONDS = 30
# Any number that other programs in the same PostgreSQL database are unlikely to lock by.
_EXCLUSIVE_LOCK = 0x51_1CE_E
_TURN_LOCK = 0x51_1CE_7
_POLL_SECONDS = 0.25


class LedgerError(SluiceError):
    """The ledger cannot be read or written. Every gate counts as closed."""


class LedgerInUseError(LedgerError):
    """Another run had its turn for longer than the wait allowed."""

    transient = True


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
    def turn(self, wait_seconds: float, on_wait: Callable[[], None]) -> Iterator[None]:
        """Be the only run meanwhile, on all machines whose ledger is on this server; free again when we die.

        An SQLite ledger belongs to one state directory, which has a lock of its own.

        Raises:
            LedgerInUseError: the wait was over first.
            LedgerError: as :meth:`transaction`.
        """
        if self.url.get_backend_name() == "sqlite":
            yield
            return
        with ExitStack() as ending:
            with self._told():
                session = ending.enter_context(self._open().connect())
                ending.callback(session.invalidate)  # the lock is the session's
                session = session.execution_options(isolation_level="AUTOCOMMIT")
                self._take_turn(session, wait_seconds, on_wait)
            yield

    def _take_turn(self, session: Connection, wait_seconds: float, on_wait: Callable[[], None]) -> None:
        deadline, said = time.monotonic() + wait_seconds, False
        while not session.execute(sa.select(sa.func.pg_try_advisory_lock(_TURN_LOCK))).scalar():
            if time.monotonic() > deadline:
                raise LedgerInUseError(
                    f"another run with the ledger {safe_url(self.url)} goes on after {wait_seconds:.0f} s; wait for "
                    "it, or raise SLUICE_WAIT_SECONDS"
                )
            if not said:
                on_wait()
                said = True
            time.sleep(_POLL_SECONDS)

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
