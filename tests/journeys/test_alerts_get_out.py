"""A check fails, and a person hears of it: through the outbox, without it, and whatever the receiver does."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import RunState
from checkpoints.result import Verdict
from gx.settings import Settings
from tests.checkpoints.alerts.faults_of_peers import Fault
from tests.checkpoints.alerts.peers import HttpPeer, http_peer
from tests.checkpoints.alerts.receivers import WEBHOOK_SECRET
from tests.journeys.command import ROOT, SLUICE

# A command asks a locked ledger several times, and waits half a minute each time; here two seconds.
_SOON_TIRED_OF_LOCKS = "import checkpoints.ledger.connection as connection; connection._BUSY_SECONDS = 2; "

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]


@dataclass(frozen=True)
class Team:
    """A team's project whose one check fails, and the receiver of its alerts."""

    root: Path
    peer: HttpPeer

    @property
    def ledger_file(self) -> Path:
        return self.root / ".sluice" / "ledger.sqlite"

    def sluice(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SLUICE_")}
        ours = {
            "SLUICE_PROJECT": str(self.root),
            "SLUICE_WAREHOUSE_URL": f"duckdb:///{self.root / 'team.duckdb'}",
            "SLUICE_WEBHOOK_URL": f"{self.peer.url}/hook",
            "SLUICE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        }
        return subprocess.run(
            [*SLUICE[:-1], _SOON_TIRED_OF_LOCKS + SLUICE[-1], *arguments], cwd=ROOT,
            env={**inherited, **ours, **environment}, capture_output=True, text=True, check=False, timeout=380,
        )  # fmt: skip

    def ledger(self) -> Ledger:
        settings = Settings(project=self.root)
        return Ledger(settings.ledger(), gate_valid_hours=24)

    @property
    def heard(self) -> list[dict[str, Any]]:
        return [body for _, body in self.peer.webhook.taken]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    with duckdb.connect(str(tmp_path / "team.duckdb")) as connection:
        connection.execute("create schema shop; create table shop.orders as select * from (values (1), (1)) as t (id)")
    suites, checkpoints = tmp_path / "expectations" / "suites", tmp_path / "checkpoints"
    suites.mkdir(parents=True)
    checkpoints.mkdir()
    unique = "  - expect_column_values_to_be_unique: {column: id}\n"
    (suites / "shop.orders.yml").write_text(f"table: shop.orders\nexpectations:\n{unique}")
    (checkpoints / "orders.yml").write_text('suites: ["*"]\ngates: [marts]\n')
    with http_peer() as peer:
        yield Team(tmp_path, peer)


def test_a_failed_check_is_heard_of_before_the_command_ends(team: Team) -> None:
    ended = team.sluice("check", "orders")

    assert ended.returncode == 1, ended.stderr
    (message,) = team.heard
    assert message["kind"] == "problem"
    assert "shop.orders" in message["headline"]
    assert message["blocks"] == ["marts"]
    assert "alerts: told webhook" in ended.stdout
    ledger = team.ledger()
    (run,) = ledger.flow_runs.latest_ends()
    ledger.close()
    assert (run.flow, run.state) == ("check/orders", RunState.COMPLETED)


def test_who_was_told_is_said_also_when_nobody_could_be(team: Team) -> None:
    ended = team.sluice("check", "orders", SLUICE_WEBHOOK_URL="")
    assert ended.returncode == 1
    assert "alerts: nobody was told, for no channel is set up" in ended.stdout


def test_a_receiver_that_does_not_answer_changes_no_verdict_and_costs_a_bounded_time(team: Team) -> None:
    team.peer.script.by_chance(1, {Fault.SILENT: 1.0})

    begun = time.monotonic()
    ended = team.sluice("check", "orders", SLUICE_ALERT_SECONDS="2")
    slow = time.monotonic() - begun

    assert ended.returncode == 1
    assert "failed" in ended.stdout
    assert "alerts" in ended.stderr
    assert slow < 120  # a start takes what it takes; not the minute that the receiver is silent for each attempt
    team.peer.script.clear()
    time.sleep(6)  # the first wait of the outbox
    monitored = team.sluice("monitor", "--once")
    assert monitored.returncode == 0, monitored.stdout
    assert [message["kind"] for message in team.heard] == ["problem"]


def test_a_ledger_that_is_no_database_is_told_of_directly(team: Team) -> None:
    team.ledger_file.parent.mkdir()
    team.ledger_file.write_bytes(b"no database, and never was one. " * 200)

    ended = team.sluice("check", "orders")

    assert ended.returncode == 3
    assert_told_directly(team)


def test_a_ledger_that_somebody_keeps_locked_is_told_of_directly(team: Team) -> None:
    assert team.sluice("check", "orders", SLUICE_WEBHOOK_URL="").returncode == 1
    locker = sqlite3.connect(team.ledger_file, isolation_level=None, timeout=30)
    locker.execute("begin immediate")
    try:
        ended = team.sluice("check", "orders")
    finally:
        locker.execute("rollback")
        locker.close()

    assert ended.returncode == 3
    assert_told_directly(team)
    ledger = team.ledger()
    assert {verdict for _, verdict, _ in ledger.latest_verdicts()} == {Verdict.FAILED}
    ledger.close()


def assert_told_directly(team: Team) -> None:
    (message,) = team.heard
    assert any("without the ledger" in remark.lower() for remark in message["remarks"]), message["remarks"]
    assert "ledger" in message["headline"]
