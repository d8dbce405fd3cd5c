"""Prefect's own server tells of runs that fail, die or do not begin, with nothing of ours left alive but its blocks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect import flow
from prefect.blocks.abstract import NotificationBlock
from prefect.client.schemas.objects import StateType
from prefect.states import Late, Scheduled

from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.secrets import Secrets
from checkpoints.gate import Decision, Gate, GateClosedError
from flows.automations import declare
from flows.notification_blocks import notification_blocks
from tests.checkpoints.alerts.peers import HttpPeer, http_peer
from tests.journeys.conftest import PrefectServer
from tests.journeys.prefect_records import PrefectRecords, connected

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

_SECONDS = 120.0
_TEN = timedelta(seconds=10)  # the least that a trigger can wait
_VICTIM = """
import time
from prefect import flow
from prefect.blocks.abstract import NotificationBlock

@flow(name="load-and-gate", flow_run_name="victim")
def load_and_gate():
    print("runs", flush=True)
    time.sleep(600)

load_and_gate()
"""


@pytest.fixture(scope="module")
def peer() -> Iterator[HttpPeer]:
    with http_peer() as made:
        yield made


@pytest.fixture(scope="module")
def records(prefect_server: PrefectServer, peer: HttpPeer) -> Iterator[PrefectRecords]:
    with connected(prefect_server.url) as found:
        for _ in range(2):  # done again, nothing changes
            blocks, left = channels(peer)
            assert left == {"signed": "the server cannot send by itself what a channel of the type webhook needs"}
            declare(blocks, late=_TEN, monitor_silent=2 * _TEN, dead=4 * _TEN)
        yield found
        for automation in found.client.read_automations():
            if automation.name.startswith("sluice: "):
                found.client.delete_automation(automation.id)


def channels(peer: HttpPeer) -> tuple[dict[str, NotificationBlock], dict[str, str]]:
    specs = {
        "slack": ChannelSpec("slack", ChannelType.SLACK_WEBHOOK),
        "signed": ChannelSpec("signed", ChannelType.WEBHOOK),
    }
    return notification_blocks(specs, Secrets({"SLUICE_SLACK_WEBHOOK_URL": peer.slack_hook}, Path(), None))


def told(peer: HttpPeer, text: str) -> list[str]:
    """What reached the receiver with this text, once something has."""
    deadline = time.monotonic() + _SECONDS
    while True:
        found = [str(each["blocks"]) for each in peer.slack.hooked if text in str(each["blocks"])]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.3)


def run_badly(error: Callable[[], Exception], name: str) -> None:
    @flow(name="load-and-gate", flow_run_name=name)
    def load_and_gate() -> None:
        raise error()

    with pytest.raises(Exception, match=r".*"):
        load_and_gate()


def declared(records: PrefectRecords) -> list[str]:
    """The names of our automations; the server may have others, such as those that a gate's opening triggers."""
    return sorted(each.name for each in records.client.read_automations() if each.name.startswith("sluice: "))


def test_declared_twice_there_is_one_of_each(records: PrefectRecords) -> None:
    assert declared(records) == [
        "sluice: a run ended badly",
        "sluice: a run is late",
        "sluice: a run that is silent has crashed",
        "sluice: the monitor is silent",
    ]


def test_the_address_is_in_no_automation_and_no_block_that_can_be_read(records: PrefectRecords, peer: HttpPeer) -> None:
    secret = peer.slack_hook.rpartition("/")[2]
    answers = [
        records.client.request("POST", "/automations/filter", json={}),
        records.client.request("POST", "/block_documents/filter", json={}),
    ]
    assert all(answer.status_code == 200 for answer in answers)
    assert "sluice-slack" in answers[1].text
    assert not any(secret in answer.text for answer in answers)


def test_a_run_that_fails_is_told_and_one_that_a_gate_closed_is_not(records: PrefectRecords, peer: HttpPeer) -> None:
    closed = Gate("marts", "ingest-1", Decision.CLOSED, ("staging failed",))
    run_badly(lambda: GateClosedError(closed), "closed-run")
    run_badly(lambda: ValueError("what failed"), "failed-run")

    (said,) = told(peer, "failed-run")
    assert "load-and-gate failed-run: Failed" in said
    assert "what failed" not in said  # an exception's text may hold anything
    assert not [each for each in peer.slack.hooked if "closed-run" in str(each)]


def test_a_run_that_was_killed_is_told_though_nothing_of_it_is_left(
    records: PrefectRecords, peer: HttpPeer, prefect_server: PrefectServer
) -> None:
    environment = {**os.environ, "PREFECT_API_URL": prefect_server.url, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    command = [sys.executable, "-c", _VICTIM]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as victim:
        assert victim.stdout is not None
        assert victim.stdout.readline() == "runs\n"
        time.sleep(5)  # its first heartbeat is sent
        victim.send_signal(signal.SIGKILL)

    (said,) = told(peer, "victim")
    assert "Crashed" in said
    (run,) = records.flow_runs("victim")
    assert run.state_type is StateType.CRASHED


def test_a_run_that_does_not_begin_is_told(records: PrefectRecords, peer: HttpPeer) -> None:
    @flow(name="ingest-and-gate")
    def ingest_and_gate() -> None: ...

    due = datetime.now(UTC) - timedelta(minutes=1)
    run = records.client.create_flow_run(ingest_and_gate, name="late-run", state=Scheduled(scheduled_time=due))
    records.client.set_flow_run_state(run.id, Late(scheduled_time=due), force=True)

    assert told(peer, "late-run is late")


def test_a_silent_monitor_is_told(records: PrefectRecords, peer: HttpPeer) -> None:
    assert told(peer, "monitor is silent")


def test_without_channels_nobody_is_told_and_the_rest_stays(records: PrefectRecords) -> None:
    assert declare({}, late=timedelta(minutes=5), monitor_silent=timedelta(minutes=35)) == [
        "sluice: a run that is silent has crashed"
    ]
    assert declared(records) == ["sluice: a run that is silent has crashed"]
