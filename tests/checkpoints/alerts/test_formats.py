"""Formats keep their receivers' limits, whatever stands in a message, and let nothing of it act."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from hypothesis import HealthCheck, given, settings

from checkpoints.alerts.formats import email, pagerduty, slack, terminal, webhook
from checkpoints.alerts.formats.wording import duration, web_links
from checkpoints.alerts.message import Link, Message, MessageKind
from tests.checkpoints.alerts.raising import Memory, problem
from tests.checkpoints.alerts.samples import ANY_MESSAGE, AT, REPEATED, STALE, many, message
from tests.checkpoints.alerts.slack_limits import violations

thorough = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@thorough
@given(ANY_MESSAGE)
def test_slack_shows_every_message_within_its_limits(said: Message) -> None:
    assert violations(slack.render(said)) == []
    assert violations(slack.follow_up(said)) == []


def test_the_limits_that_are_checked_are_slacks() -> None:
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}
    assert violations({"text": "x", "blocks": [block]}) == [
        "block 0 (section): a text of 3001 characters; allowed are 1 to 3000"
    ]
    assert violations({"text": "", "blocks": []}) == ["no fallback text", "0 blocks"]


@thorough
@given(ANY_MESSAGE)
def test_nothing_in_a_message_calls_people_in_slack(said: Message) -> None:
    for body in (slack.render(said), slack.follow_up(said)):
        for text in mrkdwn_of(body):
            # Only links that we made are left between angle brackets, and every & begins an escape.
            links = re.sub(r"<https?://[^<>|]+\|[^<>|]*>", "", text)
            assert "<" not in links
            assert ">" not in links
            assert not re.search(r"&(?!(amp|lt|gt);)", text)


def mrkdwn_of(body: dict) -> list[str]:
    found = [body["text"]]
    for block in body["blocks"]:
        parts = [block.get("text"), *block.get("fields", []), *block.get("elements", [])]
        found += [part["text"] for part in parts if part and part["type"] == "mrkdwn"]
    return found


@thorough
@given(ANY_MESSAGE)
def test_pagerduty_takes_every_event(said: Message) -> None:
    for ref in (None, pagerduty.remembered(["a", "b"])):
        for event in pagerduty.render(said, ref).events:
            assert 1 <= len(event.dedup_key) <= 255
            if event.action is pagerduty.Action.TRIGGER:
                assert 1 <= len(event.body["payload"]["summary"]) <= 1024
            assert len(json.dumps(event.body)) <= 512_000


@thorough
@given(ANY_MESSAGE)
def test_a_mail_and_a_terminal_show_no_markup_and_no_control_characters(said: Message) -> None:
    mail = email.render(said)
    parser = Tags()
    parser.feed(mail.html)
    assert parser.tags <= {
        "html", "head", "meta", "title", "body", "h1", "h2", "table", "tr", "th", "td", "p", "a", "em",
    }  # fmt: skip
    assert all(link.startswith(("http://", "https://")) for link in parser.links)
    assert "\n" not in mail.subject
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]", mail.text + terminal.render(said))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


@thorough
@given(ANY_MESSAGE)
def test_a_webhook_gets_the_whole_message_back(said: Message) -> None:
    line = webhook.render(said, "id")
    assert "\n" not in line
    assert Message.model_validate({k: v for k, v in json.loads(line).items() if k in Message.model_fields}) == said


def test_of_many_problems_the_worst_come_first_and_the_others_are_counted_with_a_link() -> None:
    texts = mrkdwn_of(slack.render(many(47)))
    shown = [text for text in texts if "rows must be fresh" in text and "*Severity:*" in text]
    assert len(shown) == 10
    assert all("critical" in text for text in shown[:4])
    assert any(text.startswith("_and 37 more (37 warning)_: <https://docs.example.com/") for text in texts)


def test_up_to_five_failing_expectations_are_an_incident_each_and_more_are_one() -> None:
    few, lots = pagerduty.render(many(5)), pagerduty.render(many(6))
    assert len(few.events) == len(set(few.open_keys)) == 5
    assert [event.dedup_key for event in lots.events] == ["sluice/reference/thread/raw/2025-10-01T12:00"]


def test_the_end_resolves_exactly_what_was_triggered() -> None:
    for count in (1, 5, 6, 47):
        first = pagerduty.render(many(count))
        # Fewer problems at the end than at the beginning, or more: what counts is what was triggered.
        for later in (1, 5, 6):
            end = pagerduty.render(many(later, MessageKind.RESOLVED), pagerduty.remembered(first.open_keys))
            assert tuple(event.dedup_key for event in end.events) == first.open_keys
            assert {event.action for event in end.events} == {pagerduty.Action.RESOLVE}
            assert end.open_keys == ()


def test_an_update_resolves_what_is_over_and_calls_nobody() -> None:
    first = pagerduty.render(message())
    update = pagerduty.render(message(MessageKind.UPDATE), pagerduty.remembered(first.open_keys))
    assert [(event.action, event.dedup_key) for event in update.events] == [
        (pagerduty.Action.RESOLVE, f"sluice/reference/problem/{STALE.key}")
    ]
    assert update.open_keys == (f"sluice/reference/problem/{REPEATED.key}",)


def test_an_acknowledgement_acknowledges_what_is_open() -> None:
    first = pagerduty.render(message())
    found = pagerduty.render(message(MessageKind.ACKNOWLEDGED), pagerduty.remembered(first.open_keys))
    assert [event.action for event in found.events] == [pagerduty.Action.ACKNOWLEDGE] * 2
    assert found.open_keys == first.open_keys


@pytest.mark.parametrize("ref", ["", "null", "no json", '{"a": 1}', "[1, null]"])
def test_what_is_remembered_of_a_thread_may_be_unreadable(ref: str) -> None:
    keys = [event.dedup_key for event in pagerduty.render(message(MessageKind.RESOLVED), ref).events]
    assert f"sluice/reference/problem/{REPEATED.key}" in keys


def test_a_test_leaves_nothing_open_in_pagerduty() -> None:
    found = pagerduty.render(message(MessageKind.TEST))
    assert [event.action for event in found.events] == ["trigger", "resolve"]
    assert "TEST, NOTHING IS WRONG" in found.events[0].body["payload"]["summary"]


def test_a_resolved_problem_says_after_how_long_and_how_many_runs() -> None:
    for text in (
        terminal.render(message(MessageKind.RESOLVED)),
        json.dumps(slack.follow_up(message(MessageKind.RESOLVED))),
    ):
        assert "resolved after 2 h 10 min, 3 runs" in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (59, "59 s"), (60, "1 min"), (7800, "2 h 10 min"), (7200, "2 h"), (90_000, "1 d 1 h")],
)
def test_lengths_of_time_are_said_as_people_do(seconds: int, said: str) -> None:
    assert duration(timedelta(seconds=seconds)) == said


def test_links_that_are_no_web_addresses_are_left_out() -> None:
    urls = ("javascript:alert(1)", "https://", "https://[bad", "ftp://x.example", "https://x.example/a b|c<d>")
    assert [link.url for link in web_links([Link(label="x", url=url) for url in urls])] == [
        "https://x.example/a%20b%7Cc%3Cd%3E"
    ]


def test_what_to_do_next_is_said_once() -> None:
    memory = Memory()
    told = memory.run(*(problem(key, next_step="correct the data, then run `sluice check raw`") for key in "ab"))
    said = told.messages[0].message
    for text in (terminal.render(said), email.render(said).html, json.dumps(slack.render(said))):
        assert text.count("correct the data") == 1
    events = pagerduty.render(said).events
    assert [json.dumps(event.body).count("correct the data") for event in events] == [1, 1]  # two incidents


def test_a_first_message_is_understandable_without_opening_anything() -> None:
    text = terminal.render(message())
    for needed in (
        "CRITICAL", "raw.stripe_charges", "column charge_id", "layer raw", "every charge_id once", "47 of 12,430",
        "2025-10-01 12:00 UTC", "2 h 10 min, 3 runs", "staging, marts, dashboards", "payments", "sluice run",
        "https://docs.example.com", "https://prefect.example.com",
    ):  # fmt: skip
        assert needed in text
    assert message().at == AT
