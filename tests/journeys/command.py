"""The ``sluice`` command as a process, as a person or a scheduler runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SLUICE = [sys.executable, "-c", "import sys; sys.argv[0] = 'sluice'; from flows.cli import main; main()"]
LONG = 400.0  # seconds: a run takes 30 on a machine of its own, and tests share theirs


@dataclass(frozen=True)
class Ended:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What ``--json`` printed; the rest goes into the failure when it printed none."""
        assert self.out.strip(), f"nothing on standard output, exit code {self.code}; standard error:\n{self.err}"
        return json.loads(self.out)


class Running:
    """A command that was started; its standard error is read as it comes."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._child = subprocess.Popen(
            [*SLUICE, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._err: list[str] = []
        self._out: list[str] = []
        self._news = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(self._child.stderr, self._err), daemon=True),
            threading.Thread(target=self._read, args=(self._child.stdout, self._out), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def err(self) -> str:
        return "".join(self._err)

    def _read(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            with self._news:
                lines.append(line)
                self._news.notify_all()

    def wait_for(self, text: str, seconds: float = LONG) -> str:
        """The first line on standard error with this text."""
        deadline = time.monotonic() + seconds
        with self._news:
            while True:
                for line in self._err:
                    if text in line:
                        return line
                left = deadline - time.monotonic()
                assert left > 0, f"no {text!r} within {seconds:.0f} s:\n{self.err}"
                assert self._child.poll() is None, f"ended without {text!r}:\n{self.err}\n{''.join(self._out)}"
                self._news.wait(min(left, 1))

    def end(self, seconds: float = LONG) -> Ended:
        """Wait for its end."""
        try:
            code = self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not end within {seconds:.0f} s:\n{self.err}") from None
        for reader in self._readers:
            reader.join(20)
        return Ended(code, "".join(self._out), self.err)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal, and wait until it is gone."""
        self._child.send_signal(how)
        self._child.wait(60)


@dataclass(frozen=True)
class Sluice:
    """The command on one state directory."""

    state: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: str, **environment: str) -> Running:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        return Running(
            list(arguments), {**inherited, "SLUICE_STATE": str(self.state), **self.environment, **environment}
        )

    def run(self, *arguments: str, **environment: str) -> Ended:
        return self.start(*arguments, **environment).end()

    @property
    def warehouse(self) -> Path:
        return self.state / "warehouse.duckdb"
