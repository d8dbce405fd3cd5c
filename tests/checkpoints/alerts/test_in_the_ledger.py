"""A verdict, its alerts and their messages: one transaction, and the verdict whatever becomes of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.alerts.report import Report
from checkpoints.alerts.undelivered import escalation
from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import DeliveryState
from checkpoints.result import Verdict
from expectations.suite import Severity
from tests.checkpoints.alerts.raising import CALM, problem
from tests.checkpoints.ledger.conftest import ledger_server, url
from tests.checkpoints.ledger.test_processes import kill_when_ready, start
from tests.checkpoints.runs import MINUTE, NOON, run_of

__all__ = ["ledger_server", "url"]
A, B, C = problem("a"), problem("b"), problem("c", Severity.WARNING)
DIES = """
import sys
from sqlalchemy.engine import make_url
from checkpoints.alerts.report import Report
from checkpoints.ledger import Ledger, ledger
from checkpoints.result import Verdict
from tests.checkpoints.alerts.raising import CALM, problem
from tests.checkpoints.runs import NOON, run_of
def stop(connection, report, now, write=ledger.write_beside):
    write(connection, report, now)
    print("ready", flush=True)
    sys.stdin.read()
ledger.write_beside = stop
mine = Ledger(make_url(sys.argv[1]), gate_valid_hours=24)
mine.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
mine.finish_run(run_of(Verdict.FAILED), ["marts"], Report((problem("a"),), "run-1", CALM, "shop"))
"""


@pytest.fixture
def ledger(url: URL) -> Iterator[Ledger]:
    made = Ledger(url, gate_valid_hours=24)
    yield made
    made.close()


def report(*found: object, thread: str = "run-1", over: tuple[str, ...] = ()) -> Report:
    return Report(tuple(found), thread, CALM, "shop", lambda _: dict.fromkeys(over))  # type: ignore[arg-type]


def verdict_of(ledger: Ledger) -> Verdict | None:
    return ledger.runs_of("ingest-1")[0].verdict


def test_a_verdict_is_written_with_its_alerts_and_a_message_for_each_channel(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    said = report(A, B)
    ledger.finish_run(run_of(Verdict.FAILED), ["marts"], said)
    assert said.failure is None
    assert verdict_of(ledger) is Verdict.FAILED
    assert [(each.id, each.problem, each.opened_at) for each in ledger.alerts.unresolved()] == [
        (1, A, NOON), (2, B, NOON),
    ]  # fmt: skip
    waiting = ledger.outbox.items([DeliveryState.WAITING])
    assert [(item.channel, len(item.message.items)) for item in waiting] == [("pagerduty", 2), ("slack", 2)]


def test_what_the_ledger_gives_back_is_what_was_written(ledger: Ledger) -> None:
    ledger.alerts.report(report(A, B), NOON)
    ledger.alerts.report(report(problem("a", layer="marts"), thread="run-2", over=("b",)), NOON + MINUTE)
    (alert,) = ledger.alerts.unresolved()
    assert (alert.failed_runs, alert.channels, alert.problem.layer) == (2, ("pagerduty", "slack"), "marts")
    ended = ledger.alerts.get(2)
    assert ended is not None
    assert ended.resolved_at == NOON + MINUTE
    assert [each.id for each in ledger.alerts.latest()] == [2, 1]


def test_who_was_told_in_place_of_another_hears_the_end_once(ledger: Ledger) -> None:
    ledger.alerts.report(report(C), NOON)
    claim = ledger.outbox.claim("slack", NOON, MINUTE)
    assert claim is not None
    instead = escalation(claim.message, "slack", "the token was revoked")
    assert instead is not None
    ledger.outbox.undelivered(claim, "the token was revoked", NOON, {"email": instead}, NOON + MINUTE)
    ledger.alerts.report(report(thread="run-2", over=("c",)), NOON + MINUTE)
    ledger.alerts.report(report(C, thread="run-3"), NOON + 2 * MINUTE)
    said = [(item.thread, item.channel, item.kind.value) for item in ledger.outbox.items()]
    assert said == [
        ("run-1", "slack", "problem"), ("run-1", "email", "escalation"),
        ("run-1", "slack", "resolved"), ("run-1", "email", "resolved"), ("run-3", "slack", "problem"),
    ]  # fmt: skip


def test_alerts_that_cannot_be_written_cost_no_verdict_and_leave_nothing_half_done(ledger: Ledger, url: URL) -> None:
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table deliveries rename to elsewhere"))
    said = report(A)
    ledger.finish_run(run_of(Verdict.PASSED), ["marts"], said)
    assert said.failure is not None
    assert ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open
    assert ledger.alerts.unresolved() == ()
    with engine.begin() as connection:
        connection.execute(sa.text("alter table elsewhere rename to deliveries"))
    engine.dispose()


def test_alerting_that_raises_costs_no_verdict(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)

    def broken(_: object) -> dict[str, str | None]:
        raise ZeroDivisionError

    said = replace(report(A), over=broken)
    ledger.finish_run(run_of(Verdict.PASSED), ["marts"], said)
    assert said.failure == "ZeroDivisionError while the alerts were written"
    assert verdict_of(ledger) is Verdict.PASSED


def test_killed_before_the_end_neither_verdict_nor_alerts_are_there(url: URL, ledger: Ledger) -> None:
    kill_when_ready(start(DIES, url))
    assert verdict_of(ledger) is None
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON).is_open
    assert ledger.alerts.unresolved() == ()
    assert ledger.outbox.items() == ()


def test_old_alerts_go_and_those_that_go_on_or_were_not_delivered_stay(ledger: Ledger) -> None:
    ledger.alerts.report(report(A), NOON)
    ledger.alerts.report(report(B, thread="run-2"), NOON)
    ledger.alerts.report(report(A, thread="run-3", over=("b",)), NOON + MINUTE)
    while claim := next(
        (c for name in ("slack", "pagerduty") if (c := ledger.outbox.claim(name, NOON + MINUTE, MINUTE))), None
    ):
        ledger.outbox.delivered(claim, None, NOON + MINUTE)
    ledger.alerts.report(report(problem("c"), thread="run-4"), NOON + 2 * MINUTE)
    ledger.alerts.report(report(thread="run-5", over=("c",)), NOON + 3 * MINUTE)
    late = NOON + timedelta(days=100)
    ledger.prune(timedelta(days=10), late)
    assert [each.problem.key for each in ledger.alerts.latest()] == ["a"]
    assert {item.thread for item in ledger.outbox.items()} == {"run-1", "run-4"}


def test_a_ledger_that_is_not_there_yet_has_no_alerts(tmp_path: Path) -> None:
    made = Ledger(sa.make_url(f"sqlite:///{tmp_path}/none.sqlite"), gate_valid_hours=1)
    assert (made.alerts.unresolved(), made.alerts.latest(), made.alerts.get(1)) == ((), (), None)
