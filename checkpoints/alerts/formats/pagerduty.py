"""A message as PagerDuty's events (Events API v2): what is triggered, acknowledged and resolved, under which keys.

Up to five failing expectations are one incident each; more at once are one, with the message's thread as its key.
Limits: developer.pagerduty.com, Events API v2: a summary of 1,024 characters, a key of 255, an event of 512 KB.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from checkpoints.alerts.formats.wording import (
    circumstances,
    course,
    facts,
    more,
    one_line,
    shorten,
    title,
    web_links,
    worst_first,
)
from checkpoints.alerts.message import Item, Link, Message, MessageKind

MOST_SINGLE = 5
"""More at once than this are one incident: the requirements document's rule."""
_SUMMARY, _KEY, _MOST_LISTED, _MOST_LINKS = 1_024, 255, 50, 10


class Action(StrEnum):
    """What an event does to the incident of its key."""

    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True)
class Event:
    """One event. It is harmless twice: PagerDuty knows it by its key."""

    action: Action
    dedup_key: str
    body: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Events:
    """The events of one message.

    Attributes:
        events: in the order to send them.
        open_keys: what is open in PagerDuty once they have arrived, and how to close it: see :func:`remembered`.
    """

    events: tuple[Event, ...]
    open_keys: tuple[str, ...]


def render(message: Message, thread_ref: str | None = None) -> Events:
    """The events of a message.

    Args:
        message: what to say.
        thread_ref: :func:`remembered` of this thread's last message; None where none arrived.
    """
    known = _recalled(thread_ref)
    group = _key(message.project, "thread", message.thread)
    ongoing = [item for item in worst_first(message.items) if item.resolved_at is None]
    of_items = {_key(message.project, "problem", item.key): item for item in message.items}
    if message.kind is MessageKind.TEST:
        return Events((_whole(message, group, ongoing), Event(Action.RESOLVE, group)), ())
    if message.kind is MessageKind.RESOLVED:
        # What arrived is not known where nobody remembers; to resolve what is not open does no harm.
        over = known or (group, *of_items) if len(of_items) <= MOST_SINGLE else known or (group,)
        return Events(tuple(Event(Action.RESOLVE, key) for key in over), ())
    over = tuple(key for key in known if key in of_items and of_items[key].resolved_at is not None)
    still = tuple(key for key in known if key not in over)
    resolving = tuple(Event(Action.RESOLVE, key) for key in over)
    if message.kind is MessageKind.ACKNOWLEDGED:
        return Events((*resolving, *(Event(Action.ACKNOWLEDGE, key) for key in still)), still)
    if not message.kind.calls and known:
        return Events(resolving, still)
    if group in known or len(ongoing) > MOST_SINGLE or not ongoing:
        triggered: tuple[Event, ...] = (_whole(message, group, ongoing),)
    else:
        triggered = tuple(_single(message, item) for item in ongoing)
    keys = dict.fromkeys((*still, *(event.dedup_key for event in triggered)))
    return Events((*triggered, *resolving), tuple(keys))


def remembered(open_keys: Sequence[str]) -> str:
    """What is to be kept of a thread, so that its end resolves exactly what it triggered."""
    return json.dumps(list(open_keys))


def _recalled(thread_ref: str | None) -> tuple[str, ...]:
    try:
        found = json.loads(thread_ref or "[]")
    except ValueError:
        return ()
    return tuple(key for key in found if isinstance(key, str)) if isinstance(found, list) else ()


def _key(project: str, what: str, name: str) -> str:
    key = f"sluice/{project}/{what}/{name}"
    if len(key) <= _KEY and key.isprintable():
        return key
    return f"sluice/{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()}"


def _single(message: Message, item: Item) -> Event:
    details = {fact.label: fact.text for fact in (*circumstances(message), *facts(item, message, 1_000))}
    alone = len(message.items) == 1
    line = title(message, _SUMMARY) if alone else f"{item.severity.value.upper()}: {one_line(item.title)}"
    body = _body(message, line, item.severity.value, details, (*item.links, *message.links))
    body["payload"]["source"] = one_line(item.table or message.project, 200)
    body["payload"]["component"] = one_line(item.column or item.table or message.project, 200)
    return Event(Action.TRIGGER, _key(message.project, "problem", item.key), body)


def _whole(message: Message, key: str, items: Sequence[Item]) -> Event:
    details: dict[str, Any] = {fact.label: fact.text for fact in circumstances(message)}
    listed = [f"{item.severity.value}: {one_line(item.title, 300)}; {course(item, message.at)}" for item in items]
    if listed:
        details["Problems"] = [*listed[:_MOST_LISTED], *([more(items[_MOST_LISTED:])] if len(items) > 50 else [])]
    body = _body(message, title(message, _SUMMARY), message.severity.value, details, message.links)
    return Event(Action.TRIGGER, key, body)


def _body(
    message: Message, summary: str, severity: str, details: dict[str, Any], links: Sequence[Link]
) -> dict[str, Any]:
    if message.remarks:
        details = details | {"Remarks": [one_line(text, 500) for text in message.remarks[:10]]}
    body: dict[str, Any] = {
        "client": "sluice",
        "payload": {
            "summary": shorten(summary, _SUMMARY),
            "source": one_line(message.project, 200),
            "severity": severity,
            "timestamp": message.at.isoformat(),
            "group": one_line(message.checkpoint or message.project, 200),
            "class": message.kind.value,
            "custom_details": details,
        },
    }
    if shown := web_links(links)[:_MOST_LINKS]:
        body["links"] = [{"href": link.url, "text": link.label} for link in shown]
    return body
