"""A file of JSON lines: for development, and for programs that read it. A line is there whole, or not at all."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from checkpoints.alerts.delivery import Delivery, DeliveryError, Receipt
from checkpoints.alerts.formats import webhook
from checkpoints.alerts.transports.attempt import attempt


@dataclass(frozen=True)
class File:
    """A file that every message is added to."""

    name: str
    path: Path

    def deliver(self, delivery: Delivery) -> Receipt:
        """Add it.

        Raises:
            DeliveryError: the file cannot be written.
        """
        line = webhook.render(delivery.message, delivery.id).encode() + b"\n"
        attempt(lambda: self._append(line, delivery.timeout_seconds), self._told)
        return Receipt()

    def _append(self, line: bytes, seconds: float) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{self.path}.lock", timeout=seconds):
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                whole = _end_of_last_line(descriptor)
                os.ftruncate(descriptor, whole)  # what a process that died left half written
                try:
                    os.lseek(descriptor, whole, os.SEEK_SET)
                    _write(descriptor, line)
                    os.fsync(descriptor)
                except OSError:
                    os.ftruncate(descriptor, whole)
                    raise
            finally:
                os.close(descriptor)

    def _told(self, error: Exception) -> DeliveryError:
        why = "another process keeps it locked" if isinstance(error, Timeout) else ""
        why = why or (error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__)
        return DeliveryError(f"the file {self.path} cannot be written: {why}", transient=True)


def _end_of_last_line(descriptor: int) -> int:
    end = os.lseek(descriptor, 0, os.SEEK_END)
    while end:
        begin = max(0, end - 65_536)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
