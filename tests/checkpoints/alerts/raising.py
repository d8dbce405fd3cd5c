"""Problems, routings and a memory of alerts for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.lifecycle import advance, tick
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.problem import Alert, Problem, ProblemKind
from checkpoints.alerts.routing import Routing, default_routing
from checkpoints.alerts.telling import Changes
from expectations.suite import Severity
from tests.checkpoints.runs import NOON

SLACK = ChannelSpec("slack", ChannelType.SLACK)
PAGER = ChannelSpec("pagerduty", ChannelType.PAGERDUTY)
DEFAULT = default_routing([SLACK, PAGER])
CALM = replace(DEFAULT, remind=None, escalation=None)
"""Nobody is reminded, and nothing is passed on."""


def problem(key: str = "shop.orders/unique/1", severity: Severity = Severity.CRITICAL, **told: object) -> Problem:
    fields: dict[str, object] = {
        "key": key, "kind": ProblemKind.EXPECTATION, "severity": severity, "title": f"shop.orders: {key} must hold",
        "table": "shop.orders", "suite": "shop.orders", "checkpoint": "staging", "layer": "staging",
    }  # fmt: skip
    return Problem.model_validate(fields | told)


@dataclass
class Memory:
    """What a ledger would do with the alerts; the same questions, no database."""

    routing: Routing = CALM
    now: datetime = NOON
    alerts: dict[int, Alert] = field(default_factory=dict)
    runs: int = 0

    def known(self) -> list[Alert]:
        window = self.routing.flapping_window
        threads = {each.thread for each in self.alerts.values() if each.is_open}
        return [
            each
            for each in self.alerts.values()
            if each.thread in threads
            or (each.resolved_at and each.resolved_at > self.now - window)
            or (each.snoozed_until and each.snoozed_until > self.now)
        ]

    def run(self, *found: Problem, over: Sequence[str] | Mapping[str, str | None] = (), after: float = 1) -> Changes:
        """A run so many minutes later."""
        self.now += timedelta(minutes=after)
        self.runs += 1
        held = dict(over) if isinstance(over, Mapping) else dict.fromkeys(over)
        return self.keep(
            advance(
                self.known(), found, held, now=self.now, routing=self.routing, thread=f"run-{self.runs}", project="shop"
            )
        )

    def wait(self, minutes: float) -> Changes:
        """The monitor looks, so many minutes later."""
        self.now += timedelta(minutes=minutes)
        return self.keep(tick(self.known(), now=self.now, routing=self.routing, project="shop"))

    def keep(self, changes: Changes) -> Changes:
        for each in changes.alerts:
            number = each.id or len(self.alerts) + 1
            self.alerts[number] = each.model_copy(update={"id": number})
        return changes

    def open(self, key: str) -> Alert | None:
        found = [each for each in self.alerts.values() if each.is_open and each.problem.key == key]
        assert len(found) <= 1
        return found[0] if found else None


def said(changes: Changes) -> list[tuple[str, str, list[str]]]:
    """Of each message its channel, its kind, and the keys it is about."""
    return [(told.channel, told.message.kind.value, [i.key for i in told.message.items]) for told in changes.messages]


def loud(changes: Changes) -> list[tuple[str, str]]:
    """The (channel, key) pairs of which somebody is called, as often as they are."""
    return [
        (told.channel, item.key)
        for told in changes.messages
        if told.message.kind.calls
        for item in told.message.items
        if item.resolved_at is None
    ]


def kinds(changes: Changes) -> list[tuple[str, MessageKind]]:
    return [(told.channel, told.message.kind) for told in changes.messages]
