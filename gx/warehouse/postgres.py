"""PostgreSQL: the choice where several processes share a warehouse."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from gx.warehouse.base import Warehouse
from gx.warehouse.catalog import is_named

_MATERIALIZED_VIEWS = sa.table(
    "pg_matviews", sa.column("schemaname", sa.String), sa.column("matviewname", sa.String), schema="pg_catalog"
)

# What libpq is told unless the URL says otherwise. Its own defaults wait for ever for a connection, and two hours
# before they look whether a silent peer is still there.
_CONNECTION = {
    "connect_timeout": 30,  # seconds
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,  # so a peer that is gone is noticed after a minute
    "tcp_user_timeout": 60_000,  # milliseconds
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html, by code or by class
_EXHAUSTED = (
    *("08", "53", "57"),  # connection, insufficient resources, operator intervention (shutdown, cancelled)
    *("25P03", "25P04", "55P03"),  # time-outs of a transaction and of a lock
    *("40001", "40P01"),  # lost to another transaction, or to the recovery of a standby
    *("58", "XX001", "XX002"),  # a fault of the operating system, damaged files
    *("HV001", "HV00N"),  # a foreign server without memory, or that cannot be reached
)
_TRANSIENT = ("08", "53300", "57P01", "57P02", "57P03", "57P05", "40001", "40P01")
_CANCEL_SECONDS = 2
_REFUSALS = ("password", "authentication", "no pg_hba.conf entry", "does not exist")


def _in_utc(connection: Any, _record: Any) -> None:
    # Said here and not in libpq's `options`, which the URL may need and connection poolers refuse.
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()  # a rollback would take it back


class PostgresWarehouse(Warehouse):
    """A PostgreSQL database."""

    dialect_name = "postgresql"
    tables_at_once = 4
    max_columns = 1_664  # MaxTupleAttributeNumber
    exact_names = True
    hidden_columns = frozenset({"ctid", "xmin", "cmin", "xmax", "cmax", "tableoid"})

    def utc_now(self) -> sa.ColumnElement[Any]:
        # now() is when the transaction began, and one can be kept open for hours.
        return sa.func.timezone("UTC", sa.func.clock_timestamp())

    def key_hash(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        # Hashes each value as its type (and collation) compares it, whatever the types are. PostgreSQL 14 and later.
        return sa.func.hash_record_extended(sa.func.row(*columns), 0)

    def engine_options(self) -> dict[str, Any]:
        arguments = {name: value for name, value in _CONNECTION.items() if name not in self.url.query}
        return {**super().engine_options(), "pool_pre_ping": True, "connect_args": arguments}

    def is_exhausted(self, error: SQLAlchemyError) -> bool:
        state = _state(error)
        return state.startswith(_EXHAUSTED) if state else super().is_exhausted(error)

    def is_transient(self, error: SQLAlchemyError) -> bool:
        if state := _state(error):
            return state.startswith(_TRANSIENT)
        # Without a code there was no server, not yet or no more; unless it refused the connection, which it will again.
        refused = any(words in str(error) for words in _REFUSALS)
        return super().is_transient(error) or (isinstance(error, OperationalError) and not refused)

    @contextmanager
    def outside_transaction(self, connection: Any) -> Iterator[None]:
        # BEGIN and ROLLBACK are messages of their own, each as far away as the answer; SQLAlchemy's AUTOCOMMIT has
        # others. The driver sends none to switch.
        connection.autocommit = True
        try:
            yield
        finally:
            with suppress(connection.Error):  # the connection may be gone
                connection.autocommit = False

    def cancel(self, connection: Any) -> None:
        # psycopg2 and older libpq stop every thread of the process until the server has heard a cancellation. So the
        # server is asked over another connection; and by another thread, for it may not answer.
        with suppress(connection.Error):
            process = connection.info.backend_pid
            threading.Thread(target=self._cancel, args=(process,), daemon=True).start()

    def _cancel(self, process: int) -> None:
        url = self.url.difference_update_query(["connect_timeout"])
        engine = sa.create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": _CANCEL_SECONDS})
        with suppress(SQLAlchemyError), engine.connect() as connection:  # in vain: then the connection is cut
            connection.execute(sa.select(sa.func.pg_cancel_backend(process)))

    def cut(self, connection: Any) -> None:
        with suppress(OSError, connection.Error), socket.socket(fileno=os.dup(connection.fileno())) as ours:
            ours.shutdown(socket.SHUT_RDWR)

    def _create_engine(self) -> Engine:
        engine = super()._create_engine()
        sa.event.listen(engine, "connect", _in_utc)
        return engine

    def catalog_query(self, names: Sequence[str], database: str | None) -> sa.CompoundSelect[Any]:
        # information_schema leaves materialized views out.
        views = _MATERIALIZED_VIEWS.c
        materialized = sa.select(
            sa.cast(sa.func.current_database(), sa.String), views.schemaname, views.matviewname
        ).where(is_named(views.matviewname, names))
        tables = super().catalog_query(names, database)
        return sa.union_all(tables, materialized)


def _state(error: SQLAlchemyError) -> str:
    """The SQLSTATE that the server sent; empty when it sent none."""
    driver = error.orig if isinstance(error, DBAPIError) else None
    return str(getattr(driver, "sqlstate", None) or getattr(driver, "pgcode", None) or "")
