"""A network between a client and a server, of the kind that fails."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Passes bytes on between a port of this machine and a server's Unix socket.

    Attributes:
        delay: seconds that each answer takes longer.
    """

    server: str
    delay: float = 0.0
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _ends: list[socket.socket] = field(default_factory=list)
    _silent: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def cut(self) -> None:
        """Break every connection there is; new ones are welcome."""
        ends, self._ends = self._ends, []
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def silence(self) -> None:
        """Pass nothing on from now on, and say nothing of it: connections stay, and can be made."""
        self._silent.set()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self.server)
                self._ends += [client, server]
                threading.Thread(target=self._pass_on, args=(client, server, 0.0), daemon=True).start()
                threading.Thread(target=self._pass_on, args=(server, client, self.delay), daemon=True).start()

    def _pass_on(self, sender: socket.socket, receiver: socket.socket, delay: float) -> None:
        with suppress(OSError):
            while data := sender.recv(1 << 16):
                if self._silent.is_set():
                    continue
                time.sleep(delay)
                receiver.sendall(data)
            receiver.shutdown(socket.SHUT_WR)


@contextmanager
def proxy(server: str, *, delay: float = 0.0) -> Iterator[Proxy]:
    """A proxy to the server behind a Unix socket."""
    opened = Proxy(server, delay)
    thread = threading.Thread(target=opened.serve, daemon=True)
    thread.start()
    try:
        yield opened
    finally:
        opened.close()
