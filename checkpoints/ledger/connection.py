"""Open the ledger's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from checkpoints.ledger.schema import VERSION, metadata, schema_version
from gx.errors import SluiceError
from gx.redaction import redact, safe_url, url_secrets

_BUSY_SECONDS = 30


class LedgerError(SluiceError):
    """The ledger cannot be read or written. Every gate counts as closed."""


class Database:
    """The ledger's database: made on first use, safe to use from several processes."""

    def __init__(self, url: URL) -> None:
        self.url = url
        self._engine: Engine | None = None

    def exists(self) -> bool:
        """Whether there is a ledger yet. A server's database counts as there."""
        return not self._is_file() or Path(str(self.url.database)).exists()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection in one transaction.

        Raises:
            LedgerError: the database cannot be used; the message holds no secret.
        """
        try:
            with self._open().begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig else str(error)
            reason = redact(detail, url_secrets(self.url)).strip().splitlines()[0]
            raise LedgerError(f"the ledger {safe_url(self.url)} cannot be used: {reason}") from None

    def close(self) -> None:
        """Close every connection."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _is_file(self) -> bool:
        return self.url.get_backend_name() == "sqlite" and self.url.database not in (None, "", ":memory:")

    def _open(self) -> Engine:
        if self._engine is None:
            if self._is_file():
                Path(str(self.url.database)).parent.mkdir(parents=True, exist_ok=True)
            engine = sa.create_engine(self.url)
            if engine.dialect.name == "sqlite":
                sa.event.listen(engine, "connect", _prepare_sqlite)
            self._prepare(engine)
            self._engine = engine
        return self._engine

    def _prepare(self, engine: Engine) -> None:
        metadata.create_all(engine)
        with engine.begin() as connection:
            found = connection.execute(sa.select(schema_version.c.version)).scalar()
            if found is None:
                connection.execute(schema_version.insert().values(version=VERSION))
            elif found != VERSION:
                raise LedgerError(
                    f"the ledger {safe_url(self.url)} has schema version {found}, this sluice needs {VERSION}; "
                    "use the sluice that wrote it, or another SLUICE_LEDGER_URL"
                )


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
