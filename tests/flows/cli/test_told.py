"""The line about who was told says only what is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from checkpoints.alerts.delivery import NO_UPDATES
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.report import Report
from checkpoints.ledger import Ledger
from flows.cli.told import who_was_told
from gx.settings import Settings
from tests.checkpoints.alerts.raising import CALM, problem
from tests.checkpoints.alerts.samples import message
from tests.checkpoints.runs import NOON

PEOPLE = "channels:\n  people: {type: file}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    checkpoints = tmp_path / "checkpoints"
    checkpoints.mkdir()
    (checkpoints / "_alerts.yml").write_text(PEOPLE)
    return Settings(project=tmp_path, state=tmp_path / "state")


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    made = Ledger(settings.ledger(), gate_valid_hours=24)
    made.alerts.report(Report((problem(),), "run-1", CALM, "shop"), NOON - timedelta(hours=1))
    yield made
    made.close()


def deliver(ledger: Ledger, channel: str, kind: MessageKind, unsent: str | None = None) -> None:
    ledger.outbox.enqueue(channel, message(kind), NOON, NOON + timedelta(hours=1))
    claim = ledger.outbox.claim(channel, NOON, timedelta(seconds=5))
    assert claim is not None
    assert ledger.outbox.delivered(claim, None, NOON, unsent)


def test_an_update_that_a_channel_does_not_take_told_nobody(settings: Settings, ledger: Ledger) -> None:
    deliver(ledger, "email", MessageKind.UPDATE, NO_UPDATES)
    said = who_was_told(settings, ledger, NOON, failing=True)
    assert said == "alerts: nobody was told anew, 1 open alert goes on (sluice alerts list)"


def test_a_message_that_was_brought_up_to_date_is_not_one_that_told_somebody(
    settings: Settings, ledger: Ledger
) -> None:
    deliver(ledger, "desk", MessageKind.UPDATE)
    deliver(ledger, "webhook", MessageKind.PROBLEM)
    said = who_was_told(settings, ledger, NOON, failing=True)
    assert said == "alerts: told webhook; brought up to date desk"


def test_one_that_was_told_and_not_updated_was_told(settings: Settings, ledger: Ledger) -> None:
    deliver(ledger, "email", MessageKind.PROBLEM)
    deliver(ledger, "email", MessageKind.UPDATE, NO_UPDATES)
    assert who_was_told(settings, ledger, NOON, failing=True) == "alerts: told email"
