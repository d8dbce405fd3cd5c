"""Nothing is lost and nothing doubled, whatever a receiver does; and no attempt lasts longer than it may."""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from checkpoints.alerts.delivery import Delivery, DeliveryError
from checkpoints.alerts.message import MessageKind
from tests.checkpoints.alerts.channels import way_to
from tests.checkpoints.alerts.faults import CHANNELS, measure
from tests.checkpoints.alerts.faults_of_peers import TRANSIENT, Fault
from tests.checkpoints.alerts.peers import SMTP_PASSWORD
from tests.checkpoints.alerts.receivers import ROUTING_KEY, SLACK_HOOK, SLACK_TOKEN, WEBHOOK_SECRET
from tests.checkpoints.alerts.samples import message

SECRETS = (SLACK_TOKEN, SLACK_HOOK, SLACK_HOOK.rpartition("/")[2], ROUTING_KEY, WEBHOOK_SECRET, SMTP_PASSWORD)


@pytest.mark.parametrize("channel", CHANNELS)
def test_after_every_fault_all_messages_are_there_once(channel: str) -> None:
    faults = (Fault.NONE, *TRANSIENT)
    with ThreadPoolExecutor(3) as pool:
        rows = list(pool.map(lambda fault: measure(channel, fault), faults))
    assert {row.fault: (row.delivered, row.lost, row.doubled) for row in rows} == dict.fromkeys(faults, (2, 0, 0))
    assert all(row.attempts > row.sent for row in rows if row.fault is not Fault.NONE)


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.DRIP_TAKEN])
@pytest.mark.parametrize("channel", CHANNELS)
def test_an_attempt_ends_when_its_time_is_up(channel: str, fault: Fault) -> None:
    with way_to(channel) as way:
        way.channel.deliver(Delivery("first", message(MessageKind.TEST)))  # what is imported once
        way.script.then([fault])
        begun = time.monotonic()
        with pytest.raises(DeliveryError) as caught:
            way.channel.deliver(Delivery("second", message(), timeout_seconds=1.5))
        taken = time.monotonic() - begun
    assert (caught.value.transient, caught.value.maybe_sent) == (True, True)
    assert 1 <= taken < 4


@pytest.mark.parametrize("channel", [name for name in CHANNELS if name != "email"])
def test_a_receiver_that_asks_to_wait_is_asked_again_later(channel: str) -> None:
    with way_to(channel) as way:
        way.script.then([Fault.RATE_LIMITED] * 3)
        with pytest.raises(DeliveryError) as caught:
            way.channel.deliver(Delivery("id", message(), timeout_seconds=1.5))
    assert (caught.value.transient, caught.value.retry_after, caught.value.maybe_sent) == (True, 1.0, False)


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_is_refused_for_good_is_not_tried_again(channel: str) -> None:
    with way_to(channel) as way:
        way.script.then([Fault.REFUSED])
        with pytest.raises(DeliveryError) as caught:
            way.channel.deliver(Delivery("id", message()))
    assert not caught.value.transient


@pytest.mark.parametrize("channel", CHANNELS)
def test_errors_and_logs_hold_no_secret(channel: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    texts: list[str] = []
    behind: list[BaseException | None] = []
    with way_to(channel) as way:
        for fault in (Fault.RESET, Fault.ERROR, Fault.RATE_LIMITED, Fault.SILENT, Fault.REFUSED):
            way.script.then([fault] * 2)
            try:
                way.channel.deliver(Delivery(f"id-{fault.name}", message(), timeout_seconds=1.0))
            except DeliveryError as error:
                behind += [error.__cause__, error.__context__]
                texts.append(str(error))
            way.script.clear()
        way.channel.deliver(Delivery("id", message()))
        texts.append(repr(way.channel))
    assert set(behind) == {None}
    logged = [f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records]
    assert [text for text in (*texts, *logged) if any(secret in text for secret in SECRETS)] == []
    assert len(texts) >= 4


def test_a_receiver_that_is_not_there_took_nothing() -> None:
    for name in CHANNELS:
        with way_to(name) as way:
            channel = way.channel
        with pytest.raises(DeliveryError) as caught:  # its peer is gone
            channel.deliver(Delivery("id", message(), timeout_seconds=3))
        assert (name, caught.value.transient, caught.value.maybe_sent) == (name, True, False)
