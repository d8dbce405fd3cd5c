"""What the profiles of the dbt project read from their environment, for a warehouse's URL."""

from __future__ import annotations

import math
from pathlib import Path

from sqlalchemy.engine import URL

from gx.errors import ConfigError

TARGETS = {"duckdb": "duckdb", "postgresql": "postgres", "snowflake": "snowflake"}
"""dbt's target for each database that a warehouse URL may name."""


def warehouse_environment(warehouse: URL, *, lock_wait_seconds: float = 60.0) -> dict[str, str]:
    """The variables that ``profiles.yml`` reads, for a warehouse.

    Raises:
        ConfigError: dbt has no target for it, or the URL lacks what dbt needs.
    """
    backend = warehouse.get_backend_name()
    if backend not in TARGETS:
        raise ConfigError(f"dbt has no target for {backend!r} warehouses; it has {', '.join(TARGETS)}")
    found: dict[str, str | int | None] = {"SLUICE_DBT_TARGET": TARGETS[backend]}
    query = {name: value if isinstance(value, str) else value[0] for name, value in warehouse.query.items()}
    if backend == "duckdb":
        if warehouse.database in (None, "", ":memory:"):
            raise ConfigError(
                "a DuckDB warehouse must be a file (duckdb:///path/file.duckdb): dbt is a process of its own"
            )
        found["SLUICE_DBT_DUCKDB_PATH"] = str(Path(str(warehouse.database)).resolve())
        found["SLUICE_DBT_DUCKDB_MEMORY_LIMIT"] = query.get("memory_limit")
        # n tries take 3 x (2^n - 1): dbt-duckdb waits 1, 2, 4, ... seconds, and dbt itself tries three times.
        tries = math.ceil(math.log2(max(lock_wait_seconds, 0) / 3 + 1))
        found["SLUICE_DBT_DUCKDB_CONNECT_ATTEMPTS"] = max(1, tries)
    else:
        found["SLUICE_DBT_USER"] = warehouse.username
        found["DBT_ENV_SECRET_SLUICE_PASSWORD"] = warehouse.password
    if backend == "postgresql":
        found["SLUICE_DBT_HOST"] = query.get("host") or warehouse.host or "localhost"
        found["SLUICE_DBT_PORT"] = query.get("port") or warehouse.port
        found["SLUICE_DBT_DATABASE"] = warehouse.database
        found["SLUICE_DBT_SSLMODE"] = query.get("sslmode")
    if backend == "snowflake":
        found["SLUICE_DBT_ACCOUNT"] = query.get("account") or warehouse.host
        found["SLUICE_DBT_HOST"] = query.get("host") or (warehouse.host if warehouse.port else None)
        found["SLUICE_DBT_PORT"] = warehouse.port
        found["SLUICE_DBT_PROTOCOL"] = query.get("protocol")
        found["SLUICE_DBT_DATABASE"] = (warehouse.database or "").partition("/")[0]
        found["SLUICE_DBT_WAREHOUSE"] = query.get("warehouse")
        found["SLUICE_DBT_ROLE"] = query.get("role")
        found["SLUICE_DBT_AUTHENTICATOR"] = query.get("authenticator")
        found["SLUICE_DBT_PRIVATE_KEY_PATH"] = query.get("private_key_file")
        found["DBT_ENV_SECRET_SLUICE_KEY_PASSPHRASE"] = query.get("private_key_file_pwd")
    if backend != "duckdb" and not (found["SLUICE_DBT_USER"] and found["SLUICE_DBT_DATABASE"]):
        raise ConfigError(f"the warehouse URL needs a user and a database: {backend}://user@host/database")
    return {name: str(value) for name, value in found.items() if value not in (None, "")}
