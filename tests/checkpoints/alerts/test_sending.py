"""The outbox and who empties it: in order, by one at a time, to the end or visibly not."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from checkpoints.alerts.delivery import Delivery, DeliveryError, Receipt
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.sending import Pace, SendingReport, deliver_due, send_directly
from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import DeliveryState, Outbox
from tests.checkpoints.alerts.samples import message

NOW = datetime(2025, 10, 1, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
LEASE = timedelta(seconds=40)


@dataclass
class Listener:
    """A channel that keeps what it is told, after failing as it is told to."""

    name: str
    failing: list[DeliveryError] = field(default_factory=list)
    heard: list[Delivery] = field(default_factory=list)
    wait: Callable[[], object] = lambda: None

    def deliver(self, delivery: Delivery) -> Receipt:
        self.wait()
        if self.failing:
            raise self.failing.pop(0)
        self.heard.append(delivery)
        return Receipt(f"{self.name}:{delivery.message.thread}")


def later(**more: float | bool) -> DeliveryError:
    return DeliveryError("not now", transient=True, **more)  # type: ignore[arg-type]


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    ledger = Ledger(sa.make_url(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), gate_valid_hours=24)
    yield ledger.outbox
    ledger.close()


def put(outbox: Outbox, channel: str, kind: MessageKind = MessageKind.PROBLEM, thread: str = "t") -> str:
    said = message(kind).model_copy(update={"thread": thread})
    return outbox.enqueue(channel, said, NOW, NOW + HOUR)


def send(outbox: Outbox, *channels: Listener, at: datetime = NOW, seconds: float = 20) -> SendingReport:
    named = {channel.name: channel for channel in channels}
    return deliver_due(outbox, named, clock=lambda: at, seconds=seconds, chance=random.Random(1))


def states(outbox: Outbox) -> list[tuple[str, str, str]]:
    return [(item.channel, item.kind.value, item.state.value) for item in outbox.items()]


def test_a_thread_is_told_in_order_and_what_follows_knows_the_first(outbox: Outbox) -> None:
    a = Listener("a")
    for kind in (MessageKind.PROBLEM, MessageKind.REMINDER, MessageKind.RESOLVED):
        put(outbox, "a", kind)
    report = send(outbox, a)
    assert [each.message.kind.value for each in a.heard] == ["problem", "reminder", "resolved"]
    assert [each.thread_ref for each in a.heard] == [None, "a:t", "a:t"]
    assert (len(report.delivered), report.next_due) == (3, None)


def test_what_follows_waits_for_the_first_and_other_threads_do_not(outbox: Outbox) -> None:
    a = Listener("a", failing=[later()])
    put(outbox, "a")
    put(outbox, "a", MessageKind.RESOLVED)
    put(outbox, "a", thread="other")
    send(outbox, a)
    assert [each.message.thread for each in a.heard] == ["other"]
    send(outbox, a, at=NOW + timedelta(seconds=6))
    assert [each.message.kind.value for each in a.heard] == ["problem", "problem", "resolved"]


def test_waits_grow_and_are_shorter_by_chance(outbox: Outbox) -> None:
    a = Listener("a", failing=[later() for _ in range(9)])
    put(outbox, "a")
    waits, at = [], NOW
    for _ in range(9):
        send(outbox, a, at=at)
        (item,) = outbox.items()
        waits.append((item.due_at - at).total_seconds())
        at = item.due_at
    for number, wait in enumerate(waits):
        longest = min(600, 5 * 2**number)
        assert longest / 2 <= wait <= longest


def test_a_receiver_that_asks_to_wait_gets_nothing_before(outbox: Outbox) -> None:
    a = Listener("a", failing=[later(retry_after=90)])
    put(outbox, "a")
    put(outbox, "a", thread="other")
    send(outbox, a)
    assert a.heard == []
    assert all(item.due_at >= NOW + timedelta(seconds=90) for item in outbox.items())
    send(outbox, a, at=NOW + timedelta(seconds=91))
    assert len(a.heard) == 2


def test_what_expires_is_undelivered_visible_and_told_elsewhere_once(outbox: Outbox) -> None:
    a, b = Listener("a", failing=[later(), later()]), Listener("b", failing=[later(), later()])
    put(outbox, "a")
    send(outbox, a, b)
    report = send(outbox, a, b, at=NOW + HOUR)
    assert list(report.undelivered.values()) == ["it expired after 2 attempts; the last: not now"]
    assert states(outbox) == [("a", "problem", "undelivered"), ("b", "escalation", "waiting")]
    send(outbox, a, b, at=NOW + 2 * HOUR)
    send(outbox, a, b, at=NOW + 30 * HOUR)  # nor does the other take it
    assert states(outbox) == [("a", "problem", "undelivered"), ("b", "escalation", "undelivered")]
    assert (a.heard, b.heard) == ([], [])


def test_another_channel_is_told_which_one_did_not_take_it_and_why(outbox: Outbox) -> None:
    a, b = Listener("a", failing=[DeliveryError("the token was revoked", transient=False)]), Listener("b")
    put(outbox, "a")
    send(outbox, a, b)
    send(outbox, a, b)
    (told,) = b.heard
    assert told.message.kind is MessageKind.ESCALATION
    assert told.message.remarks[0] == "NOT DELIVERED on a: the token was revoked; nobody was told on a"
    assert told.message.items == message().items


def test_what_the_end_of_a_problem_could_not_close_is_told(outbox: Outbox) -> None:
    a, b = Listener("a", failing=[DeliveryError("no", transient=False)]), Listener("b")
    put(outbox, "a", MessageKind.RESOLVED)
    send(outbox, a, b)
    send(outbox, a, b)
    assert b.heard[0].message.kind is MessageKind.RESOLVED
    assert "must be closed by hand" in b.heard[0].message.remarks[0]


def test_an_update_that_is_not_delivered_calls_nobody(outbox: Outbox) -> None:
    a = Listener("a", failing=[DeliveryError("no", transient=False)])
    put(outbox, "a", MessageKind.UPDATE)
    send(outbox, a, Listener("b"))
    assert states(outbox) == [("a", "update", "undelivered")]


def test_a_channel_that_is_not_open_here_waits_and_expires(outbox: Outbox) -> None:
    b = Listener("b")
    put(outbox, "a")
    send(outbox, b)
    assert states(outbox) == [("a", "problem", "waiting")]
    assert outbox.items()[0].attempts == 0
    send(outbox, b, at=NOW + HOUR)
    assert states(outbox) == [("a", "problem", "undelivered"), ("b", "escalation", "waiting")]


def test_two_never_try_the_same_and_a_killed_one_lets_it_go(outbox: Outbox) -> None:
    put(outbox, "a")
    first = outbox.claim("a", NOW, LEASE)
    assert first is not None
    assert not first.maybe_sent
    assert outbox.claim("a", NOW + LEASE - timedelta(seconds=1), LEASE) is None
    second = outbox.claim("a", NOW + LEASE, LEASE)  # the first died
    assert second is not None
    assert (second.id, second.maybe_sent, second.attempts) == (first.id, True, 2)
    assert not outbox.delivered(first, None, NOW + LEASE)  # it did not die, but is too late
    assert outbox.delivered(second, "ref", NOW + LEASE)


def test_many_senders_at_once_send_each_message_once(outbox: Outbox) -> None:
    a = Listener("a")
    ids = {put(outbox, "a", thread=f"t{number}") for number in range(30)}
    threads = [threading.Thread(target=send, args=(outbox, a)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(a.heard) == 30
    assert {each.id for each in a.heard} == ids


def test_an_ambiguous_failure_is_remembered(outbox: Outbox) -> None:
    a = Listener("a", failing=[later(maybe_sent=True), later()])
    put(outbox, "a")
    for minutes in range(3):
        send(outbox, a, at=NOW + timedelta(minutes=minutes))
    assert a.heard[0].maybe_sent


def test_the_call_returns_when_its_time_is_up_whatever_a_channel_does(outbox: Outbox) -> None:
    free = threading.Event()
    stuck, b = Listener("a", wait=lambda: free.wait(30)), Listener("b")
    put(outbox, "a")
    put(outbox, "b")
    begun = datetime.now(UTC)
    report = send(outbox, stuck, b, seconds=1)
    assert datetime.now(UTC) - begun < timedelta(seconds=5)
    assert "was left behind" in report.problems["a"]
    assert len(b.heard) == 1
    free.set()


def test_a_bug_in_a_channel_stops_no_other(outbox: Outbox) -> None:
    class Broken(Listener):
        def deliver(self, delivery: Delivery) -> Receipt:
            raise KeyError("a secret")

    put(outbox, "a")
    put(outbox, "b")
    b = Listener("b")
    report = send(outbox, Broken("a"), b)
    assert (report.failed, len(b.heard)) == (1, 1)
    assert outbox.items()[0].problem == "unexpected KeyError"


def test_without_the_ledger_a_message_goes_out_directly_and_says_so() -> None:
    good, bad = Listener("good", failing=[later(retry_after=0.1)]), Listener("bad", failing=[later()] * 99)
    outcomes = send_directly({"good": good, "bad": bad}, message(), identity="id", seconds=2, reason="the disk is full")
    assert [(each.channel, each.problem) for each in outcomes] == [("good", None), ("bad", "not now")]
    assert good.heard[0].message.remarks[0].startswith("Sent without the ledger (the disk is full)")
    send_directly({"good": good}, message(MessageKind.RESOLVED), identity="id", seconds=2, reason="the disk is full")
    assert good.heard[0].id != good.heard[1].id  # the end is no copy of the beginning


def test_the_outbox_counts_and_knows_what_is_due_next(outbox: Outbox) -> None:
    put(outbox, "a")
    put(outbox, "b")
    send(outbox, Listener("a"))
    assert outbox.counts() == {
        DeliveryState.WAITING: 1, DeliveryState.DELIVERED: 1, DeliveryState.UNDELIVERED: 0,
    }  # fmt: skip
    assert outbox.next_due(["b"]) == NOW
    assert outbox.items({DeliveryState.WAITING})[0].channel == "b"
    assert Pace().wait(1, random.Random(0)) <= 5
