"""The flow itself, `flows.pipeline.main_job`, with the small project's stand-ins: ``prefect_job DIRECTORY INGEST``.

What it says goes to standard error, as with ``sluice run``; the last line tells how it ended.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.cli.prefect_environment import prefect_ready
from gx.errors import SluiceError
from tests.faults.shop import Shop

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300.0


def main() -> None:
    """Run it, as `flows.cli.run` does."""
    shop, ingest_id = Shop(Path(sys.argv[1])), sys.argv[2]
    settings = shop.settings()
    with prefect_ready(settings):
        import flows.pipeline
        from flows.pipeline import LocalRun, main_job, run_locally
        from tests.faults.job import Job, opened

        def say(line: str) -> None:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

        @contextmanager
        def stood_in(*_: Any, **__: Any) -> Iterator[Any]:
            with opened(Job(shop, ingest_id), progress=say) as workspace:
                yield workspace

        flows.pipeline.__dict__["open_workspace"] = stood_in
        say("starting")
        with run_locally(LocalRun(settings, say)):
            try:
                main_job(str(settings.project), ingest_id)
            except SluiceError as error:
                say(f"ended: {error}")
                sys.exit(3)
        say("ended: well")


class Flow:
    """The flow in a process of its own."""

    def __init__(self, shop: Shop, ingest_id: str, **environment: str) -> None:
        command = [sys.executable, "-m", "tests.faults.prefect_job", str(shop.directory), ingest_id]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        for line in self._process.stderr or ():
            with self._news:
                self.lines.append(line)
                self._news.notify_all()

    def wait_for(self, text: str) -> None:
        """Until it says so."""
        deadline = time.monotonic() + PATIENCE
        with self._news:
            while not any(text in line for line in self.lines):
                assert self._process.poll() is None, "".join(self.lines)
                assert time.monotonic() < deadline, "".join(self.lines)
                self._news.wait(1)

    def end(self) -> int:
        """Its exit code."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the flow hangs:\n" + "".join(self.lines)) from None
        self._reader.join(10)
        return code

    def kill(self) -> None:
        """`kill -9`."""
        self._process.kill()
        self._process.wait(60)


if __name__ == "__main__":
    main()
