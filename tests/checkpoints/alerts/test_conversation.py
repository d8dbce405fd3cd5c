"""A problem from its first message to its end, on each channel."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkpoints.alerts.delivery import Channel, Delivery, DeliveryError
from checkpoints.alerts.message import Message, MessageKind
from expectations.suite import Severity
from tests.checkpoints.alerts import channels
from tests.checkpoints.alerts.faults_of_peers import Fault
from tests.checkpoints.alerts.peers import http_peer, smtp_peer
from tests.checkpoints.alerts.samples import REPEATED, STALE, many, message


def tell(channel: Channel, *messages: Message) -> None:
    """In order, each with what the channel remembered."""
    ref = None
    for number, said in enumerate(messages):
        now = said.model_copy(update={"at": datetime.now(UTC)})
        receipt = channel.deliver(Delivery(f"id-{number}", now, ref))
        ref = receipt.thread_ref if receipt.thread_ref is not None else ref


ALL = (
    message(MessageKind.PROBLEM), message(MessageKind.UPDATE), message(MessageKind.REMINDER),
    message(MessageKind.ACKNOWLEDGED), message(MessageKind.RESOLVED),
)  # fmt: skip


def test_slacks_bot_threads_what_follows_and_the_first_message_says_that_it_is_over() -> None:
    with http_peer() as http:
        tell(channels.slack_bot(http).channel, *ALL)
        first, *others = http.slack.messages
    assert [each["thread_ts"] for each in others] == [first["ts"]] * 3
    assert [each["reply_broadcast"] for each in others] == [True, False, False]
    assert first["edits"] == 4
    assert "RESOLVED" in first["text"]
    assert "resolved after 2 h 10 min, 3 runs" in json.dumps(first["blocks"])


def test_slacks_bot_begins_anew_when_somebody_deleted_the_first_message() -> None:
    with http_peer() as http:
        bot = channels.slack_bot(http).channel
        gone = json.dumps({"ts": "1.000001"})
        bot.deliver(Delivery("id", message(MessageKind.UPDATE), gone))  # nothing left to bring up to date
        assert http.slack.messages == []


def test_slacks_bot_without_the_right_to_read_sends_again_rather_than_never() -> None:
    with http_peer() as http:
        http.slack.without_scopes = frozenset({"conversations.history"})
        bot = channels.slack_bot(http).channel
        bot.deliver(Delivery("id", message(), maybe_sent=True))
        assert http.slack.copies() == {"id": 1}
        assert "channels:history" in str(bot.check(5))  # type: ignore[attr-defined]


def test_slacks_bot_finds_what_it_may_have_sent_among_many_messages() -> None:
    with http_peer() as http:
        bot = channels.slack_bot(http).channel
        now = message().model_copy(update={"at": datetime.now(UTC)})
        for number in range(230):  # more than a page
            http.slack.call(
                "chat.postMessage",
                {
                    "channel": "C0LOOPBACK", "text": "x", "blocks": [{"type": "divider"}],
                    "metadata": {"event_payload": {"delivery": f"id-{number}"}},
                },
                "Bearer xoxb-1234-loopback-token",
            )  # fmt: skip
        bot.deliver(Delivery("id-0", now, maybe_sent=True))
        assert http.slack.copies()["id-0"] == 1


def test_slacks_webhook_posts_what_calls_people_and_no_updates() -> None:
    with http_peer() as http:
        tell(channels.slack_webhook(http).channel, *ALL)
        heads = [each["text"].split(":")[0] for each in http.slack.hooked]
    assert heads == ["🔴 CRITICAL", "🔴 REMINDER, STILL CRITICAL", "👀 ACKNOWLEDGED, CRITICAL", "✅ RESOLVED"]


def test_pagerduty_opens_an_incident_for_each_problem_and_closes_exactly_these() -> None:
    with http_peer() as http:
        way = channels.pagerduty(http)
        told = (ALL[0], ALL[2], ALL[3])
        tell(way.channel, *told)
        assert set(http.pagerduty.state.values()) == {"acknowledged"}
        assert sorted(http.pagerduty.opened.values()) == [1, 1]
        tell(way.channel, *told, ALL[4])
        assert http.pagerduty.open_keys() == set()


def test_pagerduty_hears_in_the_same_incident_that_it_is_worse() -> None:
    stale = message(items=(STALE,)).model_copy(update={"severity": STALE.severity})
    worse = message(MessageKind.WORSE, items=(STALE.model_copy(update={"severity": Severity.CRITICAL}),))
    with http_peer() as http:
        tell(channels.pagerduty(http).channel, stale, worse, message(MessageKind.RESOLVED, items=(STALE,)))
        sent = [(each["event_action"], each.get("payload", {}).get("severity")) for each in http.pagerduty.events]
        assert sent == [("trigger", "warning"), ("trigger", "critical"), ("resolve", None)]
        assert len({each["dedup_key"] for each in http.pagerduty.events}) == 1
        assert list(http.pagerduty.opened.values()) == [1]


def test_pagerduty_closes_one_incident_for_many_problems_when_fewer_are_left() -> None:
    with http_peer() as http:
        tell(channels.pagerduty(http).channel, many(47), many(3, MessageKind.RESOLVED))
        assert http.pagerduty.state == {"sluice/reference/thread/raw/2025-10-01T12:00": "resolved"}


def test_a_message_of_several_incidents_is_whole_after_a_fault_in_the_middle() -> None:
    with http_peer() as http:
        way = channels.pagerduty(http)
        http.script.then([Fault.NONE, Fault.NONE, Fault.ERROR])
        with pytest.raises(DeliveryError):
            way.channel.deliver(Delivery("id", many(5)))
        way.channel.deliver(Delivery("id", many(5), maybe_sent=True))
        assert sorted(http.pagerduty.opened.values()) == [1, 1, 1, 1, 1]


def test_mails_of_a_thread_refer_to_its_first() -> None:
    with smtp_peer() as smtp:
        tell(channels.email(smtp).channel, *ALL)
        first, *others = smtp.mails
    assert first["Message-ID"] == "<id-0@example.com>"
    assert [(mail["In-Reply-To"], mail["References"]) for mail in others] == [("<id-0@example.com>",) * 2] * 3
    assert {part.get_content_type() for part in first.walk()} == {"multipart/alternative", "text/plain", "text/html"}


def test_a_recipient_that_is_refused_is_told_and_the_others_get_the_mail() -> None:
    with smtp_peer() as smtp:
        smtp.refuse_recipients = {"ada@example.com"}
        with pytest.raises(DeliveryError, match=r"refused mail to ada@example\.com \(550 no such mailbox\)") as caught:
            channels.email(smtp).channel.deliver(Delivery("id", message()))
        assert not caught.value.transient
        assert len(smtp.mails) == 1


def test_a_file_keeps_whole_lines_only(tmp_path: Path) -> None:
    channel = channels.file(tmp_path)
    tell(channel, *ALL[:2])
    whole = channel.path.read_text(encoding="utf-8")
    channel.path.write_text(whole + '{"half', encoding="utf-8")  # a process was killed while it wrote
    tell(channel, ALL[4])
    lines = [json.loads(line) for line in channel.path.read_text(encoding="utf-8").splitlines()]
    assert [line["kind"] for line in lines] == ["problem", "update", "resolved"]
    assert [item["key"] for item in lines[0]["items"]] == [REPEATED.key, STALE.key]
