"""The parent's side: worker processes that stay warm, and whole processes from start to end.

Only the standard library is imported in this process: on Linux a child's peak memory is at least what its parent had
when it was started.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.results import Sample

ROOT = Path(__file__).resolve().parent.parent.parent
_QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "False",
    "SODA_CORE_TELEMETRY_ENABLED": "false",
}
"""No tool reports its use to anybody, or waits for that."""
_BYTES = 1 if sys.platform == "darwin" else 1024
"""Unit of ``ru_maxrss``."""


class BenchError(Exception):
    """A tool did not answer, or not what it has to."""


def environment() -> dict[str, str]:
    """For every child: bytecode is kept, and no settings of this shell's sluice or dbt reach it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLUICE_", "DBT_")) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | _QUIET


class Worker:
    """One tool in a process that stays; a context manager that ends it."""

    def __init__(self, python: Path, name: str, log: Path, *, timeout: float) -> None:
        self._name, self._timeout, self._log = name, timeout, log
        with log.open("w", encoding="utf-8") as errors:
            self._process = subprocess.Popen(
                [str(python), "-m", "tests.bench.worker", name],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def ask(self, what: str, **fields: Any) -> Mapping[str, Any]:
        """Send one request and wait for its answer.

        Raises:
            BenchError: the tool failed, died or took too long; with what it said.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        watchdog = threading.Timer(self._timeout, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps({"do": what, **fields}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watchdog.cancel()
        if not line:
            raise BenchError(f"{self._name} died or took over {self._timeout:.0f} s; it said: {self._last_words()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise BenchError(f"{self._name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-500:].strip()


def run_whole(command: Sequence[str], log: Path, *, timeout: float) -> tuple[int, str, Sample]:
    """One process from start to end.

    Returns:
        Its exit code, standard output, and what it cost with its children: seconds, and the peak memory of the
        largest of them in MiB.
    """
    output = log.with_suffix(".out")
    with output.open("wb") as out, log.open("wb") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=errors
        )
        watchdog = threading.Timer(timeout, process.kill)
        watchdog.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            watchdog.cancel()
        wall = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)  # reaped here: Popen must not look for it again
    sample = Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * _BYTES / 2**20)
    return process.returncode, output.read_text(encoding="utf-8", errors="replace"), sample
