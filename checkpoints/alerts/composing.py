"""Put alerts into words: one message for all that is told at once on one channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from checkpoints.alerts.message import Item, Link, Message, MessageKind
from checkpoints.alerts.problem import Alert, ProblemKind
from checkpoints.alerts.routing import rank
from expectations.suite import Severity


def compose(
    kind: MessageKind,
    thread: str,
    alerts: Sequence[Alert],
    *,
    project: str,
    now: datetime,
    remarks: Sequence[str] = (),
) -> Message:
    """The message about these alerts of one thread.

    Args:
        kind: why it is sent.
        thread: names the first message.
        alerts: not empty; in any order.
        project: the project's name.
        now: when it is written.
        remarks: what else there is to know.
    """
    ordered = sorted(alerts, key=lambda each: (not each.is_open, -rank(each.problem.severity), each.problem.title))
    going_on = [each for each in ordered if each.is_open] or ordered
    problems = [each.problem for each in going_on]
    steps = dict.fromkeys(problem.next_step for problem in problems if problem.next_step)
    own = [remark for problem in problems for remark in problem.remarks]
    return Message(
        kind=kind,
        thread=thread,
        severity=max((problem.severity for problem in problems), key=rank),
        headline=_headline(kind, ordered, now),
        project=project,
        items=tuple(_item(each) for each in ordered),
        checkpoint=problems[0].checkpoint,
        ingest_id=problems[0].ingest_id,
        blocks=()
        if kind is MessageKind.RESOLVED
        else tuple(dict.fromkeys(b for each in problems for b in each.blocks)),
        remarks=tuple(dict.fromkeys((*remarks, *own, *_states(going_on)))),
        next_step=next(iter(steps), None) if kind is not MessageKind.RESOLVED else None,
        links=_links(problems[0].prefect_url),
        at=now,
    )


def duration(length: timedelta) -> str:
    """A time as people say it, in two units at most: ``2 h 10 min``, ``3 d 4 h``, ``40 s``."""
    seconds = max(int(length.total_seconds()), 0)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86_400
    if days:
        return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"
    if hours:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _headline(kind: MessageKind, ordered: Sequence[Alert], now: datetime) -> str:
    going_on = [each for each in ordered if each.is_open]
    since = min(each.opened_at for each in ordered)
    what = _what(going_on or ordered)
    if not going_on:
        end = max(each.resolved_at for each in ordered if each.resolved_at)
        runs = max(each.failed_runs for each in ordered)
        return f"resolved after {duration(end - since)}, {runs} {'run' if runs == 1 else 'runs'}: {what}"
    if kind is MessageKind.PROBLEM:
        return what
    over = len(ordered) - len(going_on)
    lasting = f"{what}, for {duration(now - min(each.opened_at for each in going_on))}"
    said = {
        MessageKind.WORSE: f"worse than before: {lasting}",
        MessageKind.REMINDER: f"still: {lasting}",
        MessageKind.ESCALATION: f"nobody has acknowledged it: {lasting}",
        MessageKind.ACKNOWLEDGED: f"acknowledged: {what}",
    }.get(kind, f"goes on: {lasting}")
    return f"{said}; {over} resolved" if over else said


def _what(alerts: Sequence[Alert]) -> str:
    first = alerts[0].problem
    if first.kind is ProblemKind.CAUSE and len(first.checkpoints) > 1:
        return f"{first.title}: {len(first.checkpoints)} checkpoints could not run ({', '.join(first.checkpoints)})"
    if len(alerts) == 1:
        return first.title
    tables = {each.problem.table for each in alerts if each.problem.table}
    where = f" on {len(tables)} tables" if len(tables) > 1 else f" on {next(iter(tables))}" if tables else ""
    counted = {severity: sum(each.problem.severity is severity for each in alerts) for severity in Severity}
    bad = ", ".join(f"{count} {severity.value}" for severity, count in counted.items() if count)
    at = f"{first.checkpoint}: " if first.checkpoint else ""
    return f"{at}{len(alerts)} problems{where} ({bad})"


def _item(alert: Alert) -> Item:
    problem = alert.problem
    return Item(
        key=problem.key,
        severity=problem.severity,
        title=problem.title,
        table=problem.table,
        column=problem.column,
        layer=problem.layer,
        expected=problem.expected,
        observed=problem.observed,
        owner=problem.owner,
        notes=problem.notes,
        next_step=problem.next_step,
        since=alert.opened_at,
        failed_runs=alert.failed_runs,
        resolved_at=alert.resolved_at,
        links=(Link(label="Data Docs", url=problem.docs_url),) if problem.docs_url else (),
    )


def _states(alerts: Sequence[Alert]) -> list[str]:
    """Who looks into it, and what is silent and why; said once where it is so of all."""
    said: dict[str, int] = {}
    for each in alerts:
        if each.acknowledged_by:
            text = f"acknowledged by {each.acknowledged_by}"
            said[text] = said.get(text, 0) + 1
        if each.snoozed_until:
            why = f" ({each.snooze_reason})" if each.snooze_reason else ""
            text = f"snoozed by {each.snoozed_by} until {each.snoozed_until:%Y-%m-%d %H:%M} UTC{why}"
            said[text] = said.get(text, 0) + 1
        if each.flapping:
            text = "comes and goes: nobody is called for each change (`flapping:` in _alerts.yml)"
            said[text] = said.get(text, 0) + 1
    return [text if count == len(alerts) else f"{count} of {len(alerts)} {text}" for text, count in said.items()]


def _links(prefect_url: str | None) -> tuple[Link, ...]:
    return (Link(label="Prefect run", url=prefect_url),) if prefect_url else ()
