"""Snowflake: the production warehouse."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from gx.warehouse.base import Warehouse

# snowflake-sqlalchemy takes these only as arguments, lest somebody who may write nothing but the URL redirect a
# login. Here whoever sets the URL sets the whole environment: the URL alone has to be enough.
_ARGUMENTS_ONLY = ("host", "protocol", "private_key_file", "token_file_path")
_LOGIN_SECONDS = 60
"""How long the connector tries to log in, unless the URL says ``login_timeout``; its own default is five minutes."""


class SnowflakeWarehouse(Warehouse):
    """A Snowflake database, reached by ``snowflake://user:password@account/database/schema?warehouse=..&role=..``.

    Any other parameter of Snowflake's connector can stand in the query too (``authenticator``,
    ``private_key_file``, ``login_timeout``, ...).
    """

    dialect_name = "snowflake"
    tables_at_once = 8
    max_columns = 4_096  # no documented limit; a statement's text may have 1 MB

    def engine_options(self) -> dict[str, Any]:
        arguments: dict[str, Any] = {name: self.url.query[name] for name in self._arguments()}
        arguments["timezone"] = "UTC"  # the session's; by default the account's or the user's
        if "login_timeout" not in self.url.query:
            arguments["login_timeout"] = _LOGIN_SECONDS
        return {"pool_pre_ping": True, "connect_args": arguments}

    def catalog_schema(self, database: str | None) -> str:
        return "information_schema" if database is None else f"{database}.information_schema"

    def _create_engine(self) -> Engine:
        return sa.create_engine(self.url.difference_update_query(self._arguments()), **self.engine_options())

    def _arguments(self) -> list[str]:
        return [name for name in _ARGUMENTS_ONLY if name in self.url.query]
