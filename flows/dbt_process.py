"""A child process that is followed line by line and of which nothing outlives its time."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_GRACE_SECONDS = 10.0  # between the interrupt and the kill


@contextmanager
def running(command: list[str], environment: Mapping[str, str], directory: Path) -> Iterator[subprocess.Popen[str]]:
    """A child in a process group of its own, which is gone at the end, however that comes."""
    child = subprocess.Popen(
        command,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        cwd=directory,
        stdin=subprocess.DEVNULL,
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
        if child.stdout:
            child.stdout.close()


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
