"""Alerts on every channel, with faults by chance, while what sends them is killed: count what arrives."""

from __future__ import annotations

import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.alerts.report import Report
from checkpoints.alerts.routing import Routing
from checkpoints.gate import Decision
from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import DeliveryState, OutboxItem
from checkpoints.result import Verdict
from expectations.suite import Severity
from flows.alerting import routing_of
from flows.clock import utc_now
from gx.settings import load_settings
from tests.checkpoints.alerts.channels import Way, email, pagerduty, slack_bot, slack_webhook, webhook
from tests.checkpoints.alerts.faults_of_peers import Fault
from tests.checkpoints.alerts.peers import HttpPeer, SmtpPeer, http_peer, smtp_peer
from tests.checkpoints.alerts.soak_project import secrets, variables_set, write_project
from tests.checkpoints.runs import run_of

ROOT = Path(__file__).resolve().parents[3]
CHANNELS = ("slack", "slack_webhook", "pagerduty", "email", "webhook")
CHANCES: Mapping[Fault, float] = {
    Fault.RATE_LIMITED: 0.02,
    Fault.ERROR: 0.03,
    Fault.ERROR_TAKEN: 0.02,
    Fault.SILENT: 0.01,
    Fault.SILENT_TAKEN: 0.01,
    Fault.RESET: 0.02,
    Fault.RESET_TAKEN: 0.02,
    Fault.DRIP_TAKEN: 0.01,
}
_SENDERS = 2
_LAST_SECONDS = 900.0


@dataclass(frozen=True)
class Row:
    """What became of the messages for one channel.

    Attributes:
        copies: how many the receiver took.
        doubled: how many it shows more than once.
        lost: how many it never got.
    """

    channel: str
    sent: int
    attempts: int
    delivered: int
    copies: int
    doubled: int
    lost: int


@dataclass(frozen=True)
class Outcome:
    """What one soak came to.

    Attributes:
        verdicts_changed: runs whose verdict or gate in the ledger is not what it was to be.
        left_open: incidents that stayed open at the pager after everything was over.
        waits: seconds from a run's verdict to the arrival of its alert, sorted.
    """

    alerts: int
    kills: int
    rows: tuple[Row, ...]
    verdicts_changed: int
    left_open: int
    waits: tuple[float, ...]
    seconds: float

    @property
    def median(self) -> float:
        """Of the waits."""
        return statistics.median(self.waits)


class Senders:
    """Processes that send, of which one after the other is killed and replaced."""

    def __init__(self, project: Path, environment: Mapping[str, str]) -> None:
        self._command = [sys.executable, "-m", "tests.checkpoints.alerts.soak_sender", str(project)]
        self._environment = environment
        self._processes = [self._start() for _ in range(_SENDERS)]
        self.kills = 0

    def _start(self) -> subprocess.Popen[str]:
        """One that has begun to send."""
        process = subprocess.Popen(
            self._command, env=dict(self._environment), cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "sending\n"
        return process

    def kill_one(self, after: float) -> None:
        """Have another take its place, and kill the oldest, a moment later."""
        self._processes.append(self._start())
        process = self._processes.pop(0)
        time.sleep(after)
        process.kill()
        _end(process)
        self.kills += 1

    def __enter__(self) -> Senders:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def soak(directory: Path, *, alerts: int, kills: int, per_second: float, seed: int) -> Outcome:
    """Let runs fail, and their alerts be sent, while receivers misbehave and senders die.

    Args:
        directory: empty; for the project.
        alerts: how many, each of one failing run, each for two channels.
        kills: how many senders to kill.
        per_second: how many runs fail in a second.
        seed: of all that happens by chance.
    """
    begun = time.monotonic()
    chance = random.Random(seed)
    with ExitStack() as kept:
        http, smtp = kept.enter_context(http_peer()), kept.enter_context(smtp_peer())
        http.script.by_chance(seed, CHANCES)
        smtp.script.by_chance(seed + 1, CHANCES)
        write_project(directory, http, smtp)
        environment = {**os.environ, **secrets(http)}
        settings = load_settings(directory)
        with variables_set(secrets(http)):
            routing = routing_of(settings)
        ledger = Ledger(settings.ledger(), gate_valid_hours=24)
        kept.callback(ledger.close)
        ledger.latest_ingest()
        ledger.status()  # its tables are made before anybody sends
        failing = threading.Thread(target=_fail, args=(ledger, routing, alerts, per_second, chance))
        with Senders(directory, environment) as senders:
            failing.start()
            killing = random.Random(seed + 2)
            for _ in range(kills):
                senders.kill_one(killing.uniform(0.05, 1.5))
            failing.join()
            _until_sent(ledger)
            items = ledger.outbox.items()
            rows = _count(http, smtp, items)
            waits = _waits(items)
            http.script.clear()
            smtp.script.clear()
            over = Report((), "over", routing, "soak", lambda known: dict.fromkeys(a.problem.key for a in known))
            ledger.alerts.report(over, utc_now())
            _until_sent(ledger)
        changed = _verdicts_changed(ledger, alerts)
        left = len(http.pagerduty.open_keys())
    return Outcome(alerts, senders.kills, rows, changed, left, waits, time.monotonic() - begun)


def _fail(ledger: Ledger, routing: Routing, alerts: int, per_second: float, chance: random.Random) -> None:
    for number in range(alerts):
        name = f"run-{number:05}"
        now = utc_now()
        ledger.begin_run(name, "staging", f"ingest-{number:05}", ("marts",), now)
        problem = Problem(
            key=f"orders/expect_x/{number:05}",
            kind=ProblemKind.EXPECTATION,
            severity=Severity.CRITICAL,
            title=f"shop.orders: values of column {number} are unique",
            table="shop.orders",
            checkpoint="staging",
            run_id=name,
            notify=tuple(chance.sample(CHANNELS, 2)),
            expected="unique values",
            observed="2 of 10 are not",
            blocks=("marts",),
        )
        run = replace(
            run_of(Verdict.FAILED, run_id=name, ingest_id=f"ingest-{number:05}", at=now), finished_at=utc_now()
        )
        ledger.finish_run(run, ("marts",), Report((problem,), name, routing, "soak"))
        time.sleep(chance.expovariate(per_second))


def _until_sent(ledger: Ledger) -> None:
    deadline = time.monotonic() + _LAST_SECONDS
    while ledger.outbox.counts()[DeliveryState.WAITING]:
        assert time.monotonic() < deadline, dict(ledger.outbox.counts())
        time.sleep(0.3)


def _count(http: HttpPeer, smtp: SmtpPeer, items: Sequence[OutboxItem]) -> tuple[Row, ...]:
    ways: dict[str, Way] = {
        "slack": slack_bot(http),
        "slack_webhook": slack_webhook(http),
        "pagerduty": pagerduty(http),
        "email": email(smtp),
        "webhook": webhook(http),
    }
    rows = []
    for name, way in ways.items():
        own = [item for item in items if item.channel == name]
        shown, copies = way.shown(), way.copies()
        rows.append(
            Row(
                channel=name,
                sent=len(own),
                attempts=sum(item.attempts for item in own),
                delivered=sum(item.state is DeliveryState.DELIVERED for item in own),
                copies=sum(copies.values()),
                doubled=sum(count - 1 for count in shown.values()),
                lost=len(own) - len(shown),
            )
        )
    return tuple(rows)


def _waits(items: Sequence[OutboxItem]) -> tuple[float, ...]:
    return tuple(
        sorted((item.delivered_at - item.created_at).total_seconds() for item in items if item.delivered_at is not None)
    )


def _verdicts_changed(ledger: Ledger, alerts: int) -> int:
    changed = 0
    for number in range(alerts):
        ingest_id = f"ingest-{number:05}"
        (run,) = ledger.runs_of(ingest_id)
        gate = ledger.gate("marts", ("staging",), ingest_id=ingest_id, now=utc_now())
        changed += run.verdict is not Verdict.FAILED or gate.decision is not Decision.CLOSED
    return changed
