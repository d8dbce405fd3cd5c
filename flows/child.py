"""Starting a server as a child process that cannot outlive its parent, and the child's side of that bargain.

The child's standard input is a pipe from the parent. It ends when the parent stops the child, and also when
the parent dies in any way, a kill -9 included: then the child stops by itself.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from flows.sources.errors import EmulatorError

_ROOT = Path(__file__).resolve().parents[1]
_POLL_SECONDS = 0.02
_STOP_SECONDS = 10.0
_TAIL_LINES = 15
# Connections that may wait until the server accepts them.
_WAITING = 128


class ChildServer:
    """One server as a child process; started when made, ready after `wait_ready`, gone after `stop`."""

    def __init__(self, name: str, module: str, arguments: list[str], directory: Path) -> None:
        """Start the child.

        Args:
            name: for messages ("stripe").
            module: the Python module to run; it gets `--ready-file` beside the arguments.
            arguments: its other arguments; no secret, for anyone on the machine can read them.
            directory: for its log and its ready file; made if absent.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._log = directory / f"{name}.log"
        # Of this process alone: two runs may share a state directory one after the other.
        self._ready = directory / f"{name}.{os.getpid()}.{id(self):x}.ready"
        self._ready.unlink(missing_ok=True)
        search_path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments, "--ready-file", str(self._ready)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": search_path, "TZ": "UTC"},
                # Ctrl-C is for the parent, which then stops its children in order.
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def wait_ready(self, timeout_seconds: float) -> str:
        """Wait until the child serves, and return what it says of itself (its address).

        Raises:
            EmulatorError: it ended, or was not ready within `timeout_seconds`; with the tail of its log.
        """
        deadline = time.monotonic() + timeout_seconds
        while not self._ready.exists():
            if (code := self._process.poll()) is not None:
                raise self._failed(f"ended with code {code} before it was ready")
            if time.monotonic() > deadline:
                raise self._failed(f"was not ready after {timeout_seconds:g} s")
            time.sleep(_POLL_SECONDS)
        return self._ready.read_text(encoding="utf-8")

    def _failed(self, what: str) -> EmulatorError:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-_TAIL_LINES:]
        tail = "\n".join(f"  {line}" for line in lines) or "  (nothing)"
        return EmulatorError(
            f"the embedded {self._name} server {what}. Its log, {self._log}, ends:\n{tail}", source=self._name
        )

    def stop(self) -> None:
        """Stop the child and wait for it, by force if it does not go by itself."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ready.unlink(missing_ok=True)

    def __enter__(self) -> ChildServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def listen(port: int = 0) -> socket.socket:
    """A listening socket of 127.0.0.1, for asyncio's servers; port 0 takes a free one.

    Said to be TCP, asyncio turns Nagle's algorithm off for its connections. Of `socket.create_server` it does not know
    that, and each answer, which is two writes, waits 40 ms for an acknowledgement.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(_WAITING)
    return listener


def announce_ready(ready_file: Path, address: str) -> None:
    """Tell the parent, at once and whole, where this child serves."""
    draft = ready_file.with_suffix(".draft")
    draft.write_text(address, encoding="utf-8")
    draft.rename(ready_file)


def when_parent_is_gone(act: Callable[[], object]) -> None:
    """Call `act`, in a thread, when the pipe from the parent ends."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        act()

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
