"""The outbox on each database: claims of several threads, and what a dead one leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from checkpoints.ledger import Ledger
from checkpoints.ledger.outbox import Claim, DeliveryState
from tests.checkpoints.alerts.samples import message

NOW = datetime(2025, 10, 1, 14, 0, tzinfo=UTC)
LEASE = timedelta(seconds=40)


def test_what_is_enqueued_at_once_is_claimed_once_each_and_in_order(ledger: Ledger) -> None:
    outbox = ledger.outbox
    assert outbox.due_channels(NOW) == ()  # the tables are there

    def enqueue(number: int) -> str:
        said = message().model_copy(update={"thread": f"t{number % 4}"})
        return outbox.enqueue("a", said, NOW, NOW + timedelta(hours=1))

    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(enqueue, range(12)))
        assert len(set(ids)) == 12
        claims = [claim for claim in pool.map(lambda _: outbox.claim("a", NOW, LEASE), range(12)) if claim]
    assert len({claim.id for claim in claims}) == len({claim.message.thread for claim in claims}) == len(claims) == 4
    written = [item.id for item in outbox.items()]
    told: list[Claim] = []
    while claims:
        for claim in claims:
            assert outbox.delivered(claim, f"ref of {claim.message.thread}", NOW)
        told += claims
        claims = [claim for claim in [outbox.claim("a", NOW, LEASE) for _ in range(4)] if claim]
    for thread in ("t0", "t1", "t2", "t3"):
        of = [claim.id for claim in told if claim.message.thread == thread]
        assert of == sorted(of, key=written.index)
        assert [c.thread_ref for c in told if c.message.thread == thread] == [None, *[f"ref of {thread}"] * 2]
    assert outbox.counts()[DeliveryState.DELIVERED] == 12


def test_a_claim_of_a_process_that_died_is_free_when_it_is_over(ledger: Ledger) -> None:
    outbox = ledger.outbox
    outbox.enqueue("a", message(), NOW, NOW + timedelta(hours=1))
    first = outbox.claim("a", NOW, LEASE)
    assert first is not None
    assert outbox.claim("a", NOW + LEASE / 2, LEASE) is None
    second = outbox.claim("a", NOW + LEASE, LEASE)
    assert second is not None
    assert second.maybe_sent
    assert not outbox.again(first, "too late", NOW, maybe_sent=False)
    assert outbox.again(second, "not now", NOW + 2 * LEASE, maybe_sent=False)
    third = outbox.claim("a", NOW + 2 * LEASE, LEASE)
    assert third is not None
    assert (third.maybe_sent, third.attempts) == (True, 3)


def test_giving_up_and_telling_another_channel_are_one_transaction(ledger: Ledger) -> None:
    outbox = ledger.outbox
    outbox.enqueue("a", message(), NOW, NOW + timedelta(hours=1))
    claim = outbox.claim("a", NOW, LEASE)
    assert claim is not None
    assert outbox.undelivered(claim, "refused", NOW, {"b": message()}, NOW + timedelta(hours=1))
    assert not outbox.undelivered(claim, "refused", NOW, {"b": message()}, NOW + timedelta(hours=1))
    assert [(item.channel, item.state.value, item.problem) for item in outbox.items()] == [
        ("a", "undelivered", "refused"),
        ("b", "waiting", None),
    ]
