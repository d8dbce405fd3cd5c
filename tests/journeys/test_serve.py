"""`sluice serve` for a project of one's own, and after a `kill -9`."""

from __future__ import annotations

import json
import signal
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from checkpoints.ledger import Ledger
from gx.settings import Settings
from tests.journeys.command import Sluice

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

WATCH = {"monitor/scheduled", "watch-models/scheduled", "preflight/scheduled"}
_SECONDS = 60.0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "expectations" / "suites").mkdir(parents=True)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "expectations" / "suites" / "shop.orders.yml").write_text(
        "table: shop.orders\nexpectations:\n  - expect_column_values_to_be_unique: {column: id}\n"
    )
    (tmp_path / "checkpoints" / "orders.yml").write_text('suites: ["*"]\ngates: [marts]\n')
    return tmp_path


@pytest.fixture
def sluice(project: Path) -> Sluice:
    state = project / "state"
    return Sluice(
        state, {"SLUICE_PROJECT": str(project), "PREFECT_HOME": str(state / "prefect"), "PREFECT_API_URL": ""}
    )


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        found: int = free.getsockname()[1]
    return found


def test_a_project_of_ones_own_is_watched_and_again_after_a_kill(sluice: Sluice, project: Path, port: int) -> None:
    command = ["serve", "--port", str(port), "--time-zone", "Europe/Berlin"]
    first = sluice.start(*command)
    first.wait_for("serving at")

    assert deployed(port) == WATCH
    ledger = Ledger(Settings(project=project, state=project / "state").ledger(), gate_valid_hours=24)
    assert {schedule.flow for schedule in ledger.schedules.all()} == {"monitor", "watch-models", "preflight"}
    ledger.close()

    first.kill()  # and what it started goes with it
    second = sluice.start(*command)
    second.wait_for("serving at")
    assert deployed(port) == WATCH

    second.kill(signal.SIGTERM)
    assert is_free(port)


def test_a_port_that_is_taken_and_a_time_for_nothing_are_refused(sluice: Sluice, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        taken = sluice.run("serve", "--port", str(port))
    assert taken.code == 3
    assert f"port {port} of 127.0.0.1: Address already in use; choose another --port" in taken.err

    ingesting = sluice.run("serve", "--cron", "0 2 * * *")
    assert ingesting.code == 2
    assert "this project has no such flow" in ingesting.err


def is_free(port: int) -> bool:
    """Whether nobody listens there any more, or soon does not."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        try:
            with socket.create_server(("127.0.0.1", port)):
                return True
        except OSError:
            time.sleep(0.1)
    return False


def deployed(port: int) -> set[str]:
    """What is deployed at the server, as flow and deployment, as soon as all of the watch is there."""
    api = f"http://127.0.0.1:{port}/api"
    deadline = time.monotonic() + _SECONDS
    while True:
        flows = {flow["id"]: flow["name"] for flow in _asked(f"{api}/flows/filter")}
        found = {f"{flows[each['flow_id']]}/{each['name']}" for each in _asked(f"{api}/deployments/filter")}
        if found >= WATCH or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _asked(url: str) -> list[dict[str, str]]:
    request = urllib.request.Request(url, b"{}", {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: list[dict[str, str]] = json.load(answer)
    return found
