"""A channel that is declared and cannot be opened: others are told within minutes, and it too once it can be."""

from __future__ import annotations

import random
from datetime import timedelta

from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.sending import SendingReport, deliver_due
from checkpoints.ledger.outbox import DeliveryState, Outbox
from tests.checkpoints.alerts.test_sending import NOW, Listener, later, outbox, put, send

__all__ = ["outbox"]


def late(outbox: Outbox, *channels: Listener, minutes: float, why: str = "its token is missing") -> SendingReport:
    return deliver_due(
        outbox, {each.name: each for each in channels}, clock=lambda: NOW + timedelta(minutes=minutes), seconds=20,
        chance=random.Random(1), closed={"a": why},
    )  # fmt: skip


def test_what_is_for_a_channel_without_its_secret_is_told_on_another_within_minutes_and_once(outbox: Outbox) -> None:
    b = Listener("b")
    put(outbox, "a")
    put(outbox, "a", MessageKind.UPDATE)
    late(outbox, b, minutes=2)  # another process may have the secret
    assert len(outbox.items()) == 2
    for minutes in (3, 4, 5):
        late(outbox, b, minutes=minutes)
    assert [each.message.kind for each in b.heard] == [MessageKind.ESCALATION]
    assert b.heard[0].message.remarks[0] == (
        "NOT DELIVERED on a: its token is missing; it is sent on a too once that is put right"
    )
    waiting = outbox.items({DeliveryState.WAITING})
    assert [(item.kind.value, item.problem) for item in waiting] == [
        ("problem", "told on b instead: its token is missing"), ("update", "told on b instead: its token is missing"),
    ]  # fmt: skip


def test_it_is_sent_on_its_own_channel_too_once_the_secret_is_there(outbox: Outbox) -> None:
    a, b = Listener("a"), Listener("b")
    put(outbox, "a")
    late(outbox, b, minutes=3)
    put(outbox, "a", MessageKind.RESOLVED)
    late(outbox, a, b, minutes=50)
    assert [each.message.kind.value for each in a.heard] == ["problem", "resolved"]
    assert not any(remark.startswith("NOT DELIVERED") for each in a.heard for remark in each.message.remarks)


def test_whoever_was_told_in_its_place_hears_the_end_as_soon(outbox: Outbox) -> None:
    b = Listener("b")
    put(outbox, "a")
    late(outbox, b, minutes=3)
    put(outbox, "a", MessageKind.RESOLVED)
    late(outbox, b, minutes=4)
    late(outbox, b, minutes=4.1)
    assert [each.message.kind.value for each in b.heard] == ["escalation", "resolved"]


def test_whoever_heard_the_end_already_does_not_hear_it_again(outbox: Outbox) -> None:
    b = Listener("b")
    put(outbox, "a")
    late(outbox, b, minutes=3)
    put(outbox, "a", MessageKind.RESOLVED)
    put(outbox, "b", MessageKind.RESOLVED)
    for minutes in (4, 5):
        late(outbox, b, minutes=minutes)
    assert [each.message.kind.value for each in b.heard] == ["escalation", "resolved"]


def test_what_was_told_elsewhere_expires_without_being_told_there_again(outbox: Outbox) -> None:
    b = Listener("b")
    put(outbox, "a")
    late(outbox, b, minutes=3)
    report = late(outbox, b, minutes=60)
    assert list(report.undelivered.values()) == ["the channel a was never open until it expired: its token is missing"]
    late(outbox, b, minutes=61)
    assert len(b.heard) == 1


def test_where_no_channel_is_open_it_is_told_as_soon_as_one_is(outbox: Outbox) -> None:
    b = Listener("b")
    put(outbox, "a")
    late(outbox, minutes=5)
    assert b.heard == []
    late(outbox, b, minutes=10)
    late(outbox, b, minutes=11)
    assert len(b.heard) == 1


def test_one_that_somebody_has_tried_is_left_to_them(outbox: Outbox) -> None:
    a, b = Listener("a", failing=[later()]), Listener("b")
    put(outbox, "a")
    send(outbox, a)
    late(outbox, b, minutes=10)
    assert b.heard == []
