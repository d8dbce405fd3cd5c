"""What people and programs get, in every format, of every kind of message.

`WRITE_GOLDEN=1 python -m pytest tests/checkpoints/alerts/test_golden.py -n 0` writes the files anew; read them
in the diff.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkpoints.alerts.formats import email, pagerduty, slack, terminal, webhook
from checkpoints.alerts.message import Message, MessageKind
from tests.checkpoints.alerts.samples import many, message

GOLDEN = Path(__file__).parent / "golden"


def document(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def events(said: Message) -> str:
    # A follow-up is about what its first message triggered.
    first = pagerduty.render(said.model_copy(update={"kind": MessageKind.PROBLEM}))
    begins = said.kind in (MessageKind.PROBLEM, MessageKind.TEST)
    ref = None if begins else pagerduty.remembered(first.open_keys)
    found = pagerduty.render(said, ref)
    sent = [{"event_action": event.action, "dedup_key": event.dedup_key, **event.body} for event in found.events]
    return document({"events": sent, "remembered": found.open_keys})


FORMATS: dict[str, Callable[[Message], str]] = {
    "slack.json": lambda said: document(slack.render(said)),
    "slack-thread.json": lambda said: document(slack.follow_up(said)),
    "pagerduty.json": events,
    "email.txt": lambda said: f"Subject: {email.render(said).subject}\n\n{email.render(said).text}",
    "email.html": lambda said: email.render(said).html,
    "terminal.txt": terminal.render,
    "webhook.json": lambda said: document(json.loads(webhook.render(said, "0123456789abcdef"))),
}
MESSAGES = {kind.value: message(kind) for kind in MessageKind} | {
    "problem-of-47": many(),
    "resolved-of-47": many(kind=MessageKind.RESOLVED),
}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_a_message_looks_as_its_golden_file(form: str, name: str) -> None:
    file = GOLDEN / f"{name}.{form}"
    rendered = FORMATS[form](MESSAGES[name])
    if os.environ.get("WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(rendered, encoding="utf-8")
    assert rendered == file.read_text(encoding="utf-8")


def test_every_golden_file_is_of_a_message_and_a_format() -> None:
    assert {file.name for file in GOLDEN.iterdir()} == {f"{name}.{form}" for name in MESSAGES for form in FORMATS}
