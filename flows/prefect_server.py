"""Prefect's server for the length of one command, as a child that cannot outlive it.

Started by `flows.cli.prefect_environment` as ``python -m flows.prefect_server``. Prefect would start one itself, but
after the imports instead of beside them, and one that stays for ever when the command is terminated or killed.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from flows.child import announce_ready, listen, when_parent_is_gone


def serve(ready_file: Path) -> None:
    """Serve on a free port of 127.0.0.1 until the parent is gone.

    The address is told as soon as the port listens: who connects earlier than Prefect is imported waits in the queue.
    """
    listener = listen()
    when_parent_is_gone(lambda: os._exit(0))
    announce_ready(ready_file, f"http://127.0.0.1:{listener.getsockname()[1]}/api")
    # What Prefect's own temporary server sets: no UI, and background services only as far as a flow run needs them.
    os.environ |= {"PREFECT_UI_ENABLED": "0", "PREFECT__SERVER_EPHEMERAL": "1", "PREFECT__SERVER_FINAL": "1"}
    import uvicorn  # noqa: PLC0415 - after the address is told
    from prefect.server.api.server import create_app  # noqa: PLC0415

    config = uvicorn.Config(create_app(), log_level="error", lifespan="on")
    uvicorn.Server(config).run(sockets=[listener])


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m flows.prefect_server", description=__doc__)
    parser.add_argument("--ready-file", type=Path, required=True, help="where to write the API's address")
    serve(parser.parse_args().ready_file)


if __name__ == "__main__":
    main()
