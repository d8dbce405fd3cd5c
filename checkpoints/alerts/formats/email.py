"""A message as a mail: its subject, a text and HTML that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from checkpoints.alerts.formats import terminal
from checkpoints.alerts.formats.wording import circumstances, facts, moment, more, one_line, title, web_links
from checkpoints.alerts.formats.wording import worst_first as by_severity
from checkpoints.alerts.message import Message, MessageKind

_MOST_ITEMS = 50
_SUBJECT = 150  # what mail programs show of a subject in a list is less


@dataclass(frozen=True)
class Mail:
    """The contents of a mail."""

    subject: str
    text: str
    html: str


def render(message: Message) -> Mail:
    """The mail. Its subject is the same line throughout a thread but for what begins it."""
    items = by_severity(message.items)
    html = _template().render(
        message=message,
        tone="resolved" if message.kind is MessageKind.RESOLVED else message.severity.value,
        title=title(message, 300),
        circumstances=circumstances(message),
        items=[
            (one_line(item.title, 300), facts(item, message), web_links(item.links)) for item in items[:_MOST_ITEMS]
        ],
        more=more(items[_MOST_ITEMS:]) if items[_MOST_ITEMS:] else None,
        links=web_links(message.links),
        remarks=[one_line(remark, 500) for remark in message.remarks],
        signed=f"sluice, {moment(message.at)}, thread {one_line(message.thread, 200)}",
    )
    return Mail(
        subject=f"[sluice] {title(message, _SUBJECT)}",
        text=terminal.render(message, width=76, most_items=_MOST_ITEMS),
        html=html,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("email.html.j2")
