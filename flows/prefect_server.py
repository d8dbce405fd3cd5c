"""Prefect's server as a child that cannot outlive the command that started it.

For one run, started by `flows.cli.prefect_environment`: Prefect would start one itself, but after the imports instead
of beside them, and one that stays for ever when the command is terminated or killed. And for ``sluice serve``, with its
pages and all its services: a server that a killed ``serve`` left behind would be in the way of the next one.
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Callable
from pathlib import Path

from flows.child import announce_ready, listen, when_parent_is_gone


def serve_one_run(ready_file: Path) -> None:
    """Serve on a free port of 127.0.0.1 until the parent is gone.

    The address is told as soon as the port listens: who connects earlier than Prefect is imported waits in the queue.
    """
    # What Prefect's own temporary server sets: no UI, and background services only as far as a flow run needs them.
    os.environ |= {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1"}
    listener = listen()
    when_parent_is_gone(lambda: os._exit(0))
    announce_ready(ready_file, _address(listener))
    _serve(listener, "error")


def serve_lastingly(ready_file: Path, port: int) -> None:
    """Serve on this port of 127.0.0.1 until the parent is gone, as ``prefect server start`` would."""
    listener = listen(port)
    # The pages are told where their API is.
    os.environ |= {"PREFECT_API_URL": _address(listener), "PREFECT_SERVER_API_PORT": str(port)}
    when_parent_is_gone(lambda: os._exit(0))
    _serve(listener, "warning", lambda: announce_ready(ready_file, _address(listener)))


def _serve(listener: socket.socket, log_level: str, on_start: Callable[[], object] = lambda: None) -> None:
    import uvicorn  # noqa: PLC0415 - after the address is told
    from prefect.server.api.server import create_app  # noqa: PLC0415

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                on_start()

    config = uvicorn.Config(create_app(final=True), log_level=log_level, lifespan="on")
    Server(config).run(sockets=[listener])


def _address(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}/api"


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m flows.prefect_server", description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True, help="where to write the API's address")
    parser.add_argument("--port", type=int, help="serve lastingly, on this one")
    options = parser.parse_args()
    if options.port is None:
        serve_one_run(options.ready_file)
    else:
        serve_lastingly(options.ready_file, options.port)


if __name__ == "__main__":
    main()
