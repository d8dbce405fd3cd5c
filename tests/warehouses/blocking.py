"""Tables on PostgreSQL that answer when the test lets them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from checkpoints.result import CheckpointRun

_WAITING = sa.text(
    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'SELECT%' AND pid <> :seen"
)
_SOON = 10.0


@dataclass
class Block:
    """A table that is locked: whoever reads it waits."""

    admin: Engine
    holder: Connection
    seen: int = 0

    def reader(self) -> int:
        """The server process of the next statement that waits, once there is one."""
        deadline = time.monotonic() + _SOON
        while time.monotonic() < deadline:
            with self.admin.connect() as connection:
                if pid := connection.execute(_WAITING, {"seen": self.seen}).scalar():
                    self.seen = int(pid)
                    return self.seen
            time.sleep(0.01)
        raise AssertionError("no statement waits for the locked table")

    def terminate(self, pid: int) -> None:
        """End a server process: its client loses the connection."""
        with self.admin.connect() as connection:
            connection.execute(sa.select(sa.func.pg_terminate_backend(pid)))

    def lift(self) -> None:
        """Let the table be read."""
        self.holder.rollback()


@contextmanager
def blocked(url: URL, table: str) -> Iterator[Block]:
    """Lock tables, separated by commas, against readers."""
    admin = sa.create_engine(url)
    with admin.connect() as holder:
        holder.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        try:
            yield Block(admin, holder)
        finally:
            with suppress(SQLAlchemyError):  # the server may be gone
                holder.rollback()
    admin.dispose()


@contextmanager
def meanwhile(run: Callable[[], CheckpointRun]) -> Iterator[Future[CheckpointRun]]:
    """Run a checkpoint in another thread."""
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(run)
