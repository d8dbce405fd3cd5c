"""No test meets what this machine's user has configured, or leaves anything in their home.

Prefect and pydantic read the environment when they are imported, so it is set here and not in a fixture.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

_OURS = ("SLUICE_", "PREFECT_", "DBT_")
_PREFECT_HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    # A shell that starts a job in the background has it ignore interrupts; tests send them, to themselves and children.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.stash[_PREFECT_HOME] = tempfile.mkdtemp(prefix="sluice-test-prefect-")
    os.environ |= {
        "PREFECT_HOME": config.stash[_PREFECT_HOME],
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A cold start on a machine that is busy with other tests takes longer than Prefect's 20 seconds.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The directories that take longest first, so that the workers end at about the same time."""
    first = ("journeys", "warehouses", "faults", "transform", "alerts")
    items.sort(key=lambda item: first.index(name) if (name := item.path.parent.name) in first else len(first))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """A directory's tests stay on one worker, with the servers they share."""

    class ByDirectory(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid.partition("::")[0].rpartition("/")[0]

    return ByDirectory(config, log)


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_PREFECT_HOME], ignore_errors=True)
