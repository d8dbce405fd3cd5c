"""Tables of a PostgreSQL database, streamed by COPY."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg2
import pyarrow as pa
from pydantic import SecretStr
from sqlalchemy import Column, Connection, MetaData, Select, Table, create_engine, func, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from flows.sources.errors import IngestError
from flows.sources.pg_copy import copy_out
from flows.sources.raw_tables import RawTable
from gx.redaction import redact, safe_url, url_secrets

_CONNECT_SECONDS = 10


class PostgresSource:
    """Reads tables of one schema; memory holds some megabytes whatever their size."""

    def __init__(self, url: SecretStr, *, schema: str = "public") -> None:
        """Make a source; no connection is made yet.

        Args:
            url: a SQLAlchemy URL of PostgreSQL, with any driver.
            schema: where the tables are.

        Raises:
            IngestError: it is no URL of PostgreSQL.
        """
        try:
            given = make_url(url.get_secret_value())
        except ArgumentError:
            # What does not parse may hold the password anywhere: never repeat it.
            raise _terminal("the PostgreSQL source's address is no URL; expected postgresql://user@host/db") from None
        if given.get_backend_name() != "postgresql":
            raise _terminal(f"the PostgreSQL source's URL names {given.get_backend_name()!r}, not postgresql")
        self._url = given.set(drivername="postgresql+psycopg2")
        self._schema = schema
        self._engine = create_engine(self._url, poolclass=NullPool, connect_args={"connect_timeout": _CONNECT_SECONDS})

    def batches(self, table: RawTable, *, since: datetime | None = None) -> Iterator[pa.RecordBatch]:
        """The rows as batches of some megabytes.

        Args:
            table: which, with its source columns.
            since: only rows whose cursor column is at this or later (UTC without a zone).

        Raises:
            IngestError: PostgreSQL did not answer (transient), or refused.
        """
        source = self._table(table)
        query: Select[Any] = select(*source.columns)
        if since is not None:
            query = query.where(source.c[table.cursor] >= since)
        with self._connection(f"read {self._schema}.{table.name}") as connection:
            yield from copy_out(connection, query, table.source_schema)

    def count(self, table: RawTable) -> int:
        """How many rows the source has."""
        with self._connection(f"count {self._schema}.{table.name}") as connection:
            return int(connection.execute(select(func.count()).select_from(self._table(table))).scalar_one())

    def first_rows(self, table: RawTable, limit: int) -> tuple[tuple[object, ...], ...]:
        """The rows with the lowest keys."""
        source = self._table(table)
        query = select(*source.columns).order_by(source.c[table.key]).limit(limit)
        with self._connection(f"read {self._schema}.{table.name}") as connection:
            return tuple(tuple(row) for row in connection.execute(query))

    def _table(self, table: RawTable) -> Table:
        in_raw = table.sqlalchemy_table()
        columns = [Column(name, in_raw.c[name].type) for name in table.source_schema.names]
        return Table(table.name, MetaData(schema=self._schema), *columns)

    @contextmanager
    def _connection(self, purpose: str) -> Iterator[Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except (SQLAlchemyError, psycopg2.Error) as error:
            cause = getattr(error, "orig", None) or error
            text = redact(str(cause), url_secrets(self._url)).strip()
            raise IngestError(
                f"PostgreSQL at {safe_url(self._url)} did not {purpose}: "
                f"{text.splitlines()[0] if text else type(cause).__name__}",
                source="postgres",
                transient=_is_transient(cause, text),
            ) from None


def _is_transient(error: BaseException, text: str) -> bool:
    # A connection that could not be made carries no SQLSTATE, only words.
    refused = any(word in text for word in ("authentication failed", "does not exist", "no password supplied"))
    return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not refused


def _terminal(message: str) -> IngestError:
    return IngestError(message, source="postgres", transient=False)
