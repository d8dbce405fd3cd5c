"""No test meets what this machine's user has configured, or leaves anything in their home.

Prefect and pydantic read the environment when they are imported, so it is set here and not in a fixture.
"""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

_OURS = ("SLUICE_", "PREFECT_", "DBT_")
_PREFECT_HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        del os.environ[name]
    config.stash[_PREFECT_HOME] = tempfile.mkdtemp(prefix="sluice-test-prefect-")
    os.environ |= {
        "PREFECT_HOME": config.stash[_PREFECT_HOME],
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        # A cold start on a machine that is busy with other tests takes longer than Prefect's 20 seconds.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under xdist, a directory's tests stay on one worker, with the servers they share; the longest begin first."""
    items.sort(key=lambda item: item.path.parent.name != "journeys")
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_PREFECT_HOME], ignore_errors=True)
