"""Snowflake: the production warehouse."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.sql.elements import ColumnElement

from gx.warehouse.base import Warehouse
from gx.warehouse.table import CatalogTable

# snowflake-sqlalchemy takes these only as arguments, lest somebody who may write nothing but the URL redirect a
# login. Here whoever sets the URL sets the whole environment: the URL alone has to be enough.
_ARGUMENTS_ONLY = ("host", "protocol", "private_key_file", "token_file_path")
_LOGIN_SECONDS = 60
"""How long the connector tries to log in, unless the URL says ``login_timeout``; its own default is five minutes."""
_RETRY_SECONDS = 60
"""How long the connector repeats a request that fails; by default for ever."""

# Snowflake's SQLSTATEs by class, and its own numbers where they say too little.
_EXHAUSTED_STATES = ("08", "53", "57")  # connection, resources, operator intervention (57014: cancelled)
_EXHAUSTED = frozenset(
    {603, 604, 606, 625, 630}  # internal error, cancelled, no active warehouse, time-out of a lock, of a statement
    | {90073}  # the warehouse is suspended, for its resource monitor's quota is spent
)
# The connector's own numbers: no connection, no answer, no certificate's status, an HTTP error; a session that is gone.
_FAILED_TO_REQUEST = 250_003
_LOST_THOUSANDS = frozenset({250, 251, 254, 290})
_LOST = frozenset({252_007, 252_010, 252_014, 390_111, 390_112, 390_114})


def patience() -> Iterator[int]:
    """The pauses, in seconds, between the connector's tries of one request.

    Raises:
        OperationalError: instead of another pause, when the request has failed for a minute.
    """
    # The connector takes a second to import, and most runs never need it.
    from snowflake.connector.errors import OperationalError  # noqa: PLC0415

    yield 1  # the first is drawn before anything failed
    deadline = time.monotonic() + _RETRY_SECONDS
    for exponent in itertools.count(1):
        if time.monotonic() > deadline:
            raise OperationalError(msg=f"no answer for {_RETRY_SECONDS} s", errno=_FAILED_TO_REQUEST)
        yield min(2**exponent, 16)


def _notice_loss(context: ExceptionContext) -> None:
    # The dialect never does, and so would hand a dead connection out again and again.
    if _is_lost(context.original_exception):
        context.is_disconnect = True


def _is_lost(error: BaseException | None) -> bool:
    number = _number(error)
    return number // 1000 in _LOST_THOUSANDS or number in _LOST


def _number(error: BaseException | None) -> int:
    number = getattr(error, "errno", None)
    return number if isinstance(number, int) else 0


class SnowflakeWarehouse(Warehouse):
    """A Snowflake database, reached by ``snowflake://user:password@account/database/schema?warehouse=..&role=..``.

    Any other parameter of Snowflake's connector can stand in the query too (``authenticator``,
    ``private_key_file``, ``login_timeout``, ...).
    """

    dialect_name = "snowflake"
    tables_at_once = 8
    keeps_last_altered = True
    max_columns = 4_096  # no documented limit; a statement's text may have 1 MB

    def engine_options(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {name: self.url.query[name] for name in self._arguments()}
        arguments["timezone"] = "UTC"  # the session's; by default the account's or the user's
        arguments["backoff_policy"] = patience
        if "login_timeout" not in self.url.query:
            arguments["login_timeout"] = _LOGIN_SECONDS
        if "network_timeout" not in self.url.query:
            # The connector cancels a statement that takes longer, by a request of its own.
            arguments["network_timeout"] = math.ceil(self.statement_seconds)
        return {**super().engine_options(), "pool_pre_ping": True, "connect_args": arguments}

    def utc_now(self) -> ColumnElement[Any]:
        return sa.func.sysdate()

    def minutes_between(self, earlier: ColumnElement[Any], later: ColumnElement[Any]) -> ColumnElement[Any]:
        return sa.func.floor(sa.func.timestampdiff(sa.text("second"), earlier, later) / 60)

    def hash_doubt(self, table: CatalogTable, columns: Sequence[ColumnElement[Any]]) -> ColumnElement[bool] | None:
        # HASH looks at the text alone, and so tells apart what a collation finds equal.
        found = (table.column(str(column.key)) for column in columns)
        return sa.true() if any(column and column.collation for column in found) else None

    def is_exhausted(self, error: SQLAlchemyError) -> bool:
        if not isinstance(error, DBAPIError) or _number(error.orig) == 0:
            return super().is_exhausted(error)
        state = str(getattr(error.orig, "sqlstate", None) or "")
        stopped = _number(error.orig) in _EXHAUSTED or state.startswith(_EXHAUSTED_STATES)
        return stopped or error.connection_invalidated or _is_lost(error.orig)

    def is_transient(self, error: SQLAlchemyError) -> bool:
        refused = "password" in str(error)
        return isinstance(error, DBAPIError) and _is_lost(error.orig) and not refused

    def catalog_schema(self, database: str | None) -> str:
        return "information_schema" if database is None else f"{database}.information_schema"

    def compute_with(self, virtual_warehouse: str) -> None:
        """Use another virtual warehouse from now on, in this process and in what gets its URL from here."""
        self.release()
        self.url = self.url.update_query_dict({"warehouse": virtual_warehouse})

    def _create_engine(self) -> Engine:
        engine = sa.create_engine(self.url.difference_update_query(self._arguments()), **self.engine_options())
        sa.event.listen(engine, "handle_error", _notice_loss)
        return engine

    def _arguments(self) -> list[str]:
        return [name for name in _ARGUMENTS_ONLY if name in self.url.query]
