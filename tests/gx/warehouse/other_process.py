"""Another process that has a DuckDB file open."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

_HOLD = """
import os, sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
connection.execute("CREATE TABLE IF NOT EXISTS seen AS SELECT 1 AS n")
connection.close()
os._exit(0)
"""


class OtherProcess:
    """Opens the file for writing when made; raises when it cannot."""

    def __init__(self, file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "open\n":
            _, problem = self._process.communicate(timeout=30)
            raise BlockingIOError(problem)

    def let_go(self) -> None:
        """Close the file and end."""
        self._process.communicate(timeout=30)

    def let_go_after(self, seconds: float) -> None:
        """The same, later, while the caller waits."""
        threading.Timer(seconds, self.let_go).start()

    def __enter__(self) -> OtherProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
