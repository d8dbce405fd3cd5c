"""The access of a warehouse's kind."""

from __future__ import annotations

from gx.warehouse.access import Access
from gx.warehouse.access_postgres import PostgresAccess
from gx.warehouse.access_snowflake import SnowflakeAccess

ACCESSES: dict[str, type[Access]] = {"postgresql": PostgresAccess, "snowflake": SnowflakeAccess}
"""By dialect. A warehouse that is not here has no grants."""

DIALECTS = ("duckdb", *ACCESSES)
