"""A message as plain lines: for a terminal, and the text part of a mail."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import click

from checkpoints.alerts.formats.wording import (
    Fact,
    circumstances,
    facts,
    moment,
    more,
    one_line,
    title,
    web_links,
    worst_first,
)
from checkpoints.alerts.message import Link, Message, MessageKind
from expectations.suite import Severity

_COLOURS = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "blue"}


def render(message: Message, *, colour: bool = False, width: int = 100, most_items: int = 20) -> str:
    """The message in lines.

    Args:
        message: what to say.
        colour: whether to colour the first line and the titles.
        width: where lines end; what cannot be broken is longer.
        most_items: how many problems are shown; the others are counted.
    """
    return "\n".join(_lines(message, colour=colour, width=width, most_items=most_items)) + "\n"


def _lines(message: Message, *, colour: bool, width: int, most_items: int) -> Iterator[str]:
    over = message.kind is MessageKind.RESOLVED
    shade = "green" if over else _COLOURS[message.severity]
    first = title(message, 300)
    yield click.style(first, fg=shade, bold=True) if colour else first
    yield from _facts(circumstances(message), width, "")
    items = worst_first(message.items)
    for item in items[:most_items]:
        yield ""
        line = one_line(item.title, 300)
        yield click.style(line, bold=True) if colour else line
        yield from _facts(facts(item, message), width, "  ")
        yield from (f"  {_link(link)}" for link in web_links(item.links))
    if items[most_items:]:
        yield ""
        yield more(items[most_items:])
    if links := web_links(message.links):
        yield ""
        yield from map(_link, links)
    if message.remarks:
        yield ""
        for remark in message.remarks:
            yield from textwrap.wrap(f"({one_line(remark, 500)})", width, subsequent_indent=" ")
    yield ""
    yield f"sluice, {moment(message.at)}, thread {one_line(message.thread, 200)}"


def _facts(found: tuple[Fact, ...], width: int, indent: str) -> Iterator[str]:
    for fact in found:
        head = f"{indent}{fact.label + ':':<12}"
        yield from textwrap.wrap(
            fact.text, max(width, 40), initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False
        )


def _link(link: Link) -> str:
    return f"{link.label}: {link.url}"
