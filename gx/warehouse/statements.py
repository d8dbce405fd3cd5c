"""The statements that a warehouse is answering: none goes on for ever, and each can be stopped by another thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Stop = Callable[[Any], None]
"""Does something to the driver's connection on which a statement runs, from another thread than the statement's."""

_GRACE_SECONDS = 2.0
"""How long a statement that was cancelled may take to end before its connection is cut."""


@dataclass(eq=False)
class Statement:
    """A statement that is being answered.

    Attributes:
        connection: the driver's.
        stopped: why it was stopped, if it was; whatever it raises then is of no other meaning.
    """

    connection: Any
    stopped: str | None = None
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Statements:
    """Keeps watch over the statements of one warehouse."""

    def __init__(self, *, cancel: Stop, cut: Stop, seconds: float) -> None:
        """Nothing runs yet.

        Args:
            cancel: asks the warehouse to give the statement up; must not wait for its answer.
            cut: drops the connection, for a warehouse that does not hear any more.
            seconds: how long one statement may take.
        """
        self._cancel = cancel
        self._cut = cut
        self._seconds = seconds
        self._running: set[Statement] = set()

    @contextmanager
    def watched(self, connection: Any) -> Iterator[Statement]:
        """Stop what runs on the driver's connection meanwhile if it takes too long."""
        statement = Statement(connection)
        late = f"it took longer than {self._seconds:g} s (SLUICE_STATEMENT_TIMEOUT_SECONDS)"
        timer = threading.Timer(self._seconds, self._stop, (statement, late))
        timer.daemon = True
        self._running.add(statement)
        timer.start()
        try:
            yield statement
        finally:
            timer.cancel()
            self._running.discard(statement)
            statement.ended.set()
            with statement.lock:  # after this the connection is somebody else's, and nobody may cancel it
                pass

    def stop(self, reason: str) -> None:
        """Stop all that runs now; does not wait until it has stopped."""
        for statement in tuple(self._running):
            threading.Thread(target=self._stop, args=(statement, reason), daemon=True).start()

    def _stop(self, statement: Statement, reason: str) -> None:
        with statement.lock:
            if statement.ended.is_set() or statement.stopped is not None:
                return
            statement.stopped = reason
            self._cancel(statement.connection)
            if not statement.ended.wait(_GRACE_SECONDS):
                self._cut(statement.connection)
