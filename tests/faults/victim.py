"""A job in another process, from outside: wait until it is somewhere, let it go on, kill it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.job import Ended, Job, work
from tests.fork_server import processes

PATIENCE = 120.0
"""Seconds after which a process that neither says anything nor ends hangs."""


class Victim:
    """One job that goes on."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.places: list[str] = []
        self.ended: Ended | None = None
        context = processes()
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=work, args=(job, other))
        self._process.start()
        other.close()

    @property
    def place(self) -> str:
        """Where it is, as far as it said."""
        return self.places[-1]

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def let_go(self, told: str = "go") -> None:
        """Let it go on, and do not wait for what it says next."""
        self._pipe.send(told)

    def hear(self) -> bool:
        """Wait for what it says next; False when it has ended."""
        if not self._pipe.poll(PATIENCE):
            self.kill()
            raise AssertionError(f"{self.job.ingest_id} hangs after {self.places[-3:]}")
        try:
            said = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return False
        if isinstance(said, Ended):
            self.ended = said
            return False
        self.places.append(said)
        return True

    def says_something(self, seconds: float) -> bool:
        """Whether it does, within so many seconds."""
        return self._pipe.poll(seconds)

    def go(self, told: str = "go") -> bool:
        """Let it go on from where it waits, until it waits again; False when it ended."""
        self.let_go(told)
        return self.hear()

    def go_to(self, place: str) -> None:
        """Let it go on until it waits there."""
        more = bool(self.places) or self.hear()
        while more and self.place != place:
            more = self.go()
        assert more, f"it never came to {place!r}: {self.ended}"

    def end(self, told: str = "go") -> Ended:
        """Let it go on to its end."""
        if self.job.pausing and self.places:
            self.let_go(told)
        while self.hear():
            if self.job.pausing:
                self.let_go()
        self._process.join(PATIENCE)
        return self.ended or Ended("died", f"exit code {self._process.exitcode}")

    def kill(self) -> None:
        """`kill -9`."""
        if self._process.pid is not None and self._process.is_alive():
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.join(PATIENCE)

    @property
    def was_killed(self) -> bool:
        """Whether it died of it, and had not ended before."""
        return self._process.exitcode == -signal.SIGKILL


@contextmanager
def running(job: Job) -> Iterator[Victim]:
    """A job that does not outlive the block."""
    victim = Victim(job)
    try:
        yield victim
    finally:
        victim.kill()


def run(job: Job) -> Ended:
    """A job from its beginning to its end."""
    with running(job) as victim:
        return victim.end()


def seconds_of(job: Job) -> float:
    """How long a whole run takes, from the first step on."""
    with running(job) as victim:
        victim.hear()
        began = time.monotonic()
        assert victim.end().how == "well", victim.ended
        return time.monotonic() - began
