"""A message in Slack's Block Kit, within Slack's limits; the worst problems first, the others counted.

Limits: docs.slack.dev, Block Kit reference: 50 blocks, 150 characters in a header, 3,000 in a text, 2,000 in a field,
10 fields in a section; 40,000 in a message's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from checkpoints.alerts.formats.wording import (
    Fact,
    circumstances,
    course,
    facts,
    moment,
    more,
    one_line,
    sign,
    title,
    web_links,
    worst_first,
)
from checkpoints.alerts.message import Item, Link, Message

_MOST_ITEMS = 10
_HEADER, _TEXT, _FIELD = 150, 3_000, 2_000
_ITEM = 2_000  # ten of them, and all around them, stay under 40,000
_FALLBACK = 1_000
_MOST_LINKS = 5
_MOST_REMARKS = 4


def render(message: Message) -> dict[str, Any]:
    """What ``chat.postMessage`` and a webhook take: ``text``, for notifications, and ``blocks``."""
    items = worst_first(message.items)
    shown, left_out = items[:_MOST_ITEMS], items[_MOST_ITEMS:]
    blocks: list[dict[str, Any]] = [_header(f"{sign(message)} {title(message, _HEADER - 3)}")]
    if fields := circumstances(message, 300):
        blocks.append({"type": "section", "fields": [_mrkdwn(_bold(fact), _FIELD) for fact in fields]})
    blocks += [_section(_item(item, message)) for item in shown]
    links = web_links(message.links)
    if left_out:
        where = f": {_link(links[0])}" if links else ""
        blocks.append(_section(f"_{more(left_out)}_{where}"))
    if links:
        blocks.append(_section(" · ".join(_link(link) for link in links[:1]), *map(_link, links[1:_MOST_LINKS])))
    if message.remarks:
        blocks += [_context([escape(one_line(text, 250)) for text in message.remarks[:_MOST_REMARKS]])]
    blocks.append(_context([f"sluice · {moment(message.at)} · thread {escape(one_line(message.thread, 200))}"]))
    return {"text": _fallback(message, items), "blocks": blocks}


def follow_up(message: Message) -> dict[str, Any]:
    """What is said below the first message, which shows all of it: the course of each problem, in a line."""
    items = worst_first(message.items)
    lines = [f"*{escape(f'{sign(message)} {title(message, 300)}')}*"]
    lines += [
        f"{escape(one_line(item.title, 150))}: {escape(course(item, message.at))}" for item in items[:_MOST_ITEMS]
    ]
    lines += [more(items[_MOST_ITEMS:])] if items[_MOST_ITEMS:] else []
    blocks = [{"type": "section", "text": _mrkdwn("\n".join(lines), _TEXT)}]
    if message.remarks:
        blocks.append(_context([escape(one_line(text, 250)) for text in message.remarks[:_MOST_REMARKS]]))
    return {"text": _fallback(message, items), "blocks": blocks}


def escape(text: str) -> str:
    """Text of anywhere between mrkdwn: nothing in it calls people or makes links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _fallback(message: Message, items: Sequence[Item]) -> str:
    told = [f"{sign(message)} {title(message, 300)}", *(one_line(item.title, 150) for item in items[:3])]
    told += [more(items[3:])] if len(items) > 3 else []
    return _cut(escape("\n".join(told)), _FALLBACK)


def _item(item: Item, message: Message) -> str:
    lines = [f"*{escape(one_line(item.title, 300))}*", *(_bold(fact) for fact in facts(item, message, 250))]
    if links := web_links(item.links)[:2]:
        lines.append(" · ".join(map(_link, links)))
    kept: list[str] = []
    for line in lines:  # whole lines: a cut in one could leave half a link
        if sum(map(len, kept)) + len(kept) + len(line) <= _ITEM:
            kept.append(line)
    return "\n".join(kept)


def _bold(fact: Fact) -> str:
    return f"*{fact.label}:* {escape(fact.text)}"


def _link(link: Link) -> str:
    return f"<{escape(link.url)}|{escape(link.label).replace('|', '/')}>"


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text[:_HEADER], "emoji": True}}


def _section(*parts: str) -> dict[str, Any]:
    text = ""
    for part in parts:
        joined = f"{text} · {part}" if text else part
        text = joined if len(joined) <= _TEXT else text
    return {"type": "section", "text": _mrkdwn(text or "-", _TEXT)}


def _context(texts: Sequence[str]) -> dict[str, Any]:
    return {"type": "context", "elements": [_mrkdwn(text, _TEXT) for text in texts]}


def _mrkdwn(text: str, longest: int) -> dict[str, Any]:
    # Verbatim: Slack makes links and mentions only of what is written as such.
    return {"type": "mrkdwn", "text": _cut(text, longest), "verbatim": True}


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    cut = text[: longest - 1]
    begun = cut.rfind("&")  # an escape is kept whole, or not at all
    return (cut[:begun] if begun > longest - 7 and ";" not in cut[begun:] else cut) + "…"
