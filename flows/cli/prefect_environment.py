"""How the command runs Prefect: a server of its own for the length of the run, unless one is configured."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.child import ChildServer
from gx.settings import Settings


@contextmanager
def prefect_ready(settings: Settings) -> Iterator[None]:
    """Set what Prefect reads at import (what the user has set stays), and run a server unless one is configured.

    A command's progress and errors are shown by the command itself, so Prefect's log is kept for real trouble
    (a gate that closes is an ordinary end of a run). Its database goes to the project's state, not to the home.
    """
    defaults = {
        "PREFECT_HOME": str(settings.state_dir / "prefect"),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_INTERNAL_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
        # The first request waits until the server is up; a cold database on a busy machine takes a minute or two.
        "PREFECT_API_REQUEST_TIMEOUT": "180",
        # A server that died in the middle of a run: 14 seconds for each thing it is not told, not a minute.
        "PREFECT_CLIENT_MAX_RETRIES": "3",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    # Prefect's server does not make the directory that its database is to lie in.
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    with ChildServer("prefect", "flows.prefect_server", [], settings.state_dir / "prefect-server") as server:
        os.environ["PREFECT_API_URL"] = server.wait_ready(60)
        yield
