"""A child process that is followed line by line and of which nothing outlives its time, or its parent.

The child's standard input is a pipe from the parent, as with ``flows.child``. A parent that dies, by a kill -9
too, ends it; dbt would otherwise go on building after the lock on the warehouse's turn had gone with the parent.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_GRACE_SECONDS = 10.0  # between the interrupt and the kill
# The child's side. The interrupt lets it cancel its queries in the warehouse; the lock on the turn is free by
# now, so it gets less time for that than from a parent that waits.
_WATCH_PARENT = """\
def _watch():
    import os, signal, time
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGINT)
    time.sleep(2)
    os.killpg(0, signal.SIGKILL)
import threading
threading.Thread(target=_watch, name="parent-watch", daemon=True).start()
del _watch, threading
"""


@contextmanager
def running(command: list[str], environment: Mapping[str, str], directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A child in a process group of its own, which is gone at the end, however that comes.

    Args:
        command: Python with start code (``-c``), to which the watch over the parent is added.
        environment: all of the child's.
        directory: the child's current one.

    Raises:
        ValueError: the command has no ``-c``.
    """
    code = command.index("-c") + 1
    child = subprocess.Popen(
        [*command[:code], _WATCH_PARENT + command[code], *command[code + 1 :]],
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        cwd=directory,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    try:
        yield child
    finally:
        stop(child)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def stop(child: subprocess.Popen[str]) -> None:
    """Interrupt the group, so that it can cancel its queries in the warehouse; kill it if it lives on."""
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(_GRACE_SECONDS)
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def follow(child: subprocess.Popen[str], on_line: Callable[[str], None], timeout_seconds: float) -> bool:
    """Hand on each line of output until the child ends; whether it had to be stopped: its time was up."""
    timed_out = threading.Event()

    def give_up() -> None:
        timed_out.set()
        stop(child)

    timer = threading.Timer(timeout_seconds, give_up)
    timer.daemon = True
    timer.start()
    try:
        for line in child.stdout or ():
            on_line(line.strip())
        child.wait()
    finally:
        timer.cancel()
    return timed_out.is_set()
