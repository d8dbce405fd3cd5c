"""One run at a time also where several machines share a ledger: a lock that its server holds for the run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from checkpoints.ledger.connection import Database
from gx.errors import SluiceError

_RUN_LOCK = 0x51_1CE_F
_PAUSE_SECONDS = 0.5


class OtherRunError(SluiceError):
    """A run on another machine kept the ledger for longer than the wait allowed."""

    transient = True


@contextmanager
def turn_of_machines(database: Database, wait_seconds: float, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the ledger for one run. An SQLite file needs no such lock: the state directory it lies in has one.

    The lock belongs to a connection of its own: it is free again when the process dies, or its machine.

    Args:
        database: the ledger's.
        wait_seconds: how long to wait for another run.
        on_wait: told once when waiting begins.

    Raises:
        OtherRunError: the wait was over first.
        LedgerError: the ledger cannot be used.
    """
    if database.url.get_backend_name() != "postgresql":
        yield
        return
    deadline = time.monotonic() + wait_seconds
    with database.session() as connection:
        waited = False
        while not connection.execute(sa.select(sa.func.pg_try_advisory_lock(_RUN_LOCK))).scalar():
            if time.monotonic() > deadline:
                raise OtherRunError(
                    f"a run on another machine still uses the ledger after {wait_seconds:.0f} s; wait for it, or "
                    "raise SLUICE_WAIT_SECONDS"
                )
            if not waited:
                on_wait()
                waited = True
            time.sleep(_PAUSE_SECONDS)
        yield
