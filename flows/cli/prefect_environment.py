"""How the command runs Prefect: a server of its own for the length of the run, unless one is configured."""

from __future__ import annotations

import os
from pathlib import Path

from gx.settings import Settings


def prepare_prefect(settings: Settings) -> None:
    """Set what Prefect reads at import; what the user has set stays.

    A command's progress and errors are shown by the command itself, so Prefect's log is kept for real trouble
    (a gate that closes is an ordinary end of a run). Its database goes to the project's state, not to the home.
    """
    defaults = {
        "PREFECT_HOME": str(settings.state_dir / "prefect"),
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
        "DO_NOT_TRACK": "1",
        # A cold database on a busy machine needs more than Prefect's default of 20 seconds.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    if not os.environ.get("PREFECT_API_URL"):
        defaults["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    # Prefect's server does not make the directory that its database is to lie in.
    Path(os.environ["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
