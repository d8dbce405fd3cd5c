"""The words that every format uses for the same thing."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from checkpoints.alerts.message import Item, Link, Message, MessageKind
from expectations.suite import Severity

_LONGEST_URL = 1_500
# Invisible or direction-changing characters: a terminal or a mail would do what the data says.
_UNSHOWN = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
_SIGNS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}


@dataclass(frozen=True)
class Fact:
    """Something known about a problem, under the word for it."""

    label: str
    text: str


def one_line(text: str, longest: int = 1_000) -> str:
    """Text from anywhere, fit to be shown: in one line, without control characters, not longer; ``-`` for nothing."""
    shown = "".join(" " if unicodedata.category(char) in _UNSHOWN else char for char in text[: 4 * longest])
    return shorten(" ".join(shown.split()) or "-", longest)


def shorten(text: str, longest: int) -> str:
    """At most so many characters, and a sign where something is missing."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def duration(span: timedelta) -> str:
    """A length of time as people say it: ``2 h 10 min``, ``3 d 4 h``, ``40 s``."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400
    larger, smaller = ((days, "d"), (hours, "h")) if days else ((hours, "h"), (minutes, "min"))
    return " ".join(f"{count} {unit}" for count, unit in (larger, smaller) if count)


def moment(at: datetime) -> str:
    """A time, always in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def runs(count: int) -> str:
    """How many runs."""
    return "1 run" if count == 1 else f"{count:,} runs"


def sign(message: Message) -> str:
    """One character that says how bad it is."""
    if message.kind is MessageKind.RESOLVED:
        return "✅"
    return "👀" if message.kind is MessageKind.ACKNOWLEDGED else _SIGNS[message.severity]


def status(message: Message) -> str:
    """What kind of message it is, in capitals."""
    worst = message.severity.value.upper()
    return {
        MessageKind.PROBLEM: worst,
        MessageKind.UPDATE: f"STILL {worst}",
        MessageKind.WORSE: f"WORSE, NOW {worst}",
        MessageKind.REMINDER: f"REMINDER, STILL {worst}",
        MessageKind.ESCALATION: f"ESCALATION, {worst}",
        MessageKind.ACKNOWLEDGED: f"ACKNOWLEDGED, {worst}",
        MessageKind.RESOLVED: "RESOLVED",
        MessageKind.TEST: "TEST, NOTHING IS WRONG",
    }[message.kind]


def title(message: Message, longest: int) -> str:
    """The first line of all."""
    return shorten(f"{status(message)}: {one_line(message.headline)}", longest)


def course(item: Item, at: datetime) -> str:
    """Since when, how long, how many runs; or after how long it was over."""
    if item.resolved_at is not None:
        return f"resolved after {duration(item.resolved_at - item.since)}, {runs(item.failed_runs)}"
    return f"{moment(item.since)} ({duration(at - item.since)}, {runs(item.failed_runs)})"


def facts(item: Item, message: Message, longest: int = 400) -> tuple[Fact, ...]:
    """What is known of one problem, in the order people ask for it."""
    place = [one_line(item.table, longest)] if item.table else []
    place += [f"column {one_line(item.column, longest)}"] if item.column else []
    place += [f"layer {one_line(item.layer, 100)}"] if item.layer else []
    found = {
        "Where": ", ".join(place),
        "Severity": item.severity.value if item.severity is not message.severity or len(message.items) > 1 else "",
        "Expected": item.expected,
        "Found": item.observed,
        "Course" if item.resolved_at else "Since": course(item, message.at),
        "Owner": item.owner,
        "Notes": item.notes,
        "Next": item.next_step if item.resolved_at is None and item.next_step != message.next_step else None,
    }
    return tuple(Fact(label, one_line(text, longest)) for label, text in found.items() if text and text.strip())


def circumstances(message: Message, longest: int = 1_000) -> tuple[Fact, ...]:
    """What is known of all of them together."""
    closed = message.kind is not MessageKind.RESOLVED
    found = {
        "Project": message.project,
        "Checkpoint": message.checkpoint,
        "Ingest": message.ingest_id,
        "Blocks" if closed else "Blocked": ", ".join(message.blocks),
        "Next": message.next_step,
    }
    return tuple(Fact(label, one_line(text, longest)) for label, text in found.items() if text and text.strip())


def worst_first(items: Sequence[Item]) -> tuple[Item, ...]:
    """What goes on before what is over, then the worst first; the order is kept among equals."""
    ranks = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return tuple(sorted(items, key=lambda item: (item.resolved_at is not None, ranks[item.severity])))


def more(left_out: Sequence[Item]) -> str:
    """How many were left out, and how bad they are: ``and 41 more (1 critical, 40 warning)``."""
    counts = Counter("resolved" if item.resolved_at else item.severity.value for item in left_out)
    kinds = [f"{counts[kind]} {kind}" for kind in (*(each.value for each in Severity), "resolved") if counts[kind]]
    return f"and {len(left_out):,} more ({', '.join(kinds)})"


def web_links(links: Sequence[Link]) -> tuple[Link, ...]:
    """Those that a person can follow, each address fit to stand in any format, each address once."""
    fit: dict[str, Link] = {}
    for link in links:
        url = quote(link.url.strip(), safe=":/?#[]@!$&'()*+,;=%~")
        try:
            parts = urlsplit(url)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc and len(url) <= _LONGEST_URL:
            fit.setdefault(url, Link(label=one_line(link.label, 80), url=url))
    return tuple(fit.values())
