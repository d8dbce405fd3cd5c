"""From how alerts were and are now: who is told, once on each channel, and how loudly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from checkpoints.alerts.composing import compose, duration
from checkpoints.alerts.message import Message, MessageKind
from checkpoints.alerts.problem import Alert
from checkpoints.alerts.routing import Routing
from expectations.suite import Severity


@dataclass(frozen=True)
class Told:
    """A message for a channel."""

    channel: str
    message: Message


@dataclass(frozen=True)
class Changes:
    """What follows.

    Attributes:
        alerts: those that are new or not as they were; a new one has the number 0.
        messages: what is told; of one thread at most one on each channel.
    """

    alerts: tuple[Alert, ...] = ()
    messages: tuple[Told, ...] = ()


class Turn:
    """The alerts while one run, or one moment, is held against them."""

    def __init__(self, known: Sequence[Alert], now: datetime, routing: Routing, project: str) -> None:
        """Begin.

        Args:
            known: as :func:`checkpoints.alerts.lifecycle.advance` says.
            now: the time, with its zone.
            routing: who is told.
            project: the project's name.
        """
        self.now = now
        self.routing = routing
        self._project = project
        self._before = {(each.thread, each.problem.key): each for each in known}
        self._alerts = dict(self._before)
        self._open = {each.problem.key: each.thread for each in known if each.is_open}
        self._touched: dict[str, None] = {}
        self._at_once: dict[str, int] = {}
        self._worse: set[tuple[str, str]] = set()
        self._remarks: defaultdict[str, list[str]] = defaultdict(list)

    def open_alert(self, key: str) -> Alert | None:
        """The alert of this problem that goes on."""
        return self._alerts[self._open[key], key] if key in self._open else None

    def all_open(self) -> tuple[Alert, ...]:
        """Every alert that goes on."""
        return tuple(self._alerts[thread, key] for key, thread in self._open.items())

    def ended(self, key: str) -> tuple[Alert, ...]:
        """The earlier ones of this problem."""
        return tuple(each for each in self._before.values() if each.problem.key == key and not each.is_open)

    def put(self, alert: Alert, *, worse: bool = False, at_once: int = 0, remark: str | None = None) -> None:
        """An alert as it is now.

        Args:
            alert: a new one, or one in place of the one before.
            worse: whether it is worse than those who know of it were told.
            at_once: how many problems were found together with it; 0 if it was not found now.
            remark: what is to be said of it.
        """
        key = alert.problem.key
        self._alerts[alert.thread, key] = alert
        if alert.is_open:
            self._open[key] = alert.thread
        else:
            self._open.pop(key, None)
        self.touch(alert.thread)
        if worse:
            self._worse.add((alert.thread, key))
        if at_once:
            self._at_once[key] = at_once
        if remark:
            self._remarks[alert.thread].append(remark)

    def note(self, alert: Alert) -> None:
        """What is to be kept of an open alert, and is nothing to tell."""
        self._alerts[alert.thread, alert.problem.key] = alert

    def touch(self, thread: str) -> None:
        """Look at this thread when the turn ends."""
        self._touched[thread] = None

    def close(self) -> Changes:
        """All that is to be written and told."""
        threads: dict[str, list[Alert]] = {thread: [] for thread in self._touched}
        for (thread, _), alert in self._alerts.items():
            if thread in threads:
                threads[thread].append(alert)
        messages = [told for thread, members in threads.items() for told in self._tell(thread, members)]
        changed = [each for place, each in self._alerts.items() if self._before.get(place) != each]
        return Changes(tuple(changed), tuple(messages))

    def _tell(self, thread: str, members: Sequence[Alert]) -> Iterator[Told]:
        after = self._settle(members)
        for each in after:
            self._alerts[thread, each.problem.key] = each
        kinds = self._quiet(thread, after) | self._calling(thread, members, after)
        for channel in self.routing.known(kinds):
            yield self._message(kinds[channel], thread, channel, after)

    def _settle(self, members: Sequence[Alert]) -> list[Alert]:
        """What time does to the alerts of a thread, and who is to know of them."""
        members = [self._steady(each) for each in members]
        due = any(self._reminder_due(each) for each in members)
        after = [self._escalate(self._end_snooze(each)) for each in members]
        going_on = sum(each.is_open for each in after)
        after = [self._widen(each, going_on) for each in after]
        return [self._reminded(each) if due else each for each in after]

    def _quiet(self, thread: str, after: Sequence[Alert]) -> dict[str, MessageKind]:
        """Where what was told is to be brought up to date."""
        changed = [each for each in after if each != self._before.get((thread, each.problem.key))]
        going_on = {channel for each in after if each.is_open for channel in each.channels}
        return {
            channel: MessageKind.UPDATE if channel in going_on else MessageKind.RESOLVED
            for each in changed
            for channel in each.channels
        }

    def _calling(self, thread: str, before: Sequence[Alert], after: Sequence[Alert]) -> dict[str, MessageKind]:
        """Where somebody is called, and why: the strongest reason counts."""
        knew = {channel for each in before for channel in each.channels}
        kinds: dict[str, MessageKind] = {}
        for was, now in zip(before, after, strict=True):
            if now.is_open and now.reminded_at != was.reminded_at:
                kinds |= dict.fromkeys(was.channels, MessageKind.REMINDER)
        for was, now in zip(before, after, strict=True):
            for channel in now.channels:
                if channel not in was.channels:
                    kinds[channel] = MessageKind.REMINDER if channel in knew else MessageKind.PROBLEM
        for now in after:
            if (thread, now.problem.key) in self._worse:
                kinds |= {channel: MessageKind.WORSE for channel in now.channels if channel in knew}
        if self.routing.escalation and any(
            now.escalated_at != was.escalated_at for was, now in zip(before, after, strict=True)
        ):
            kinds |= dict.fromkeys(self.routing.escalation.to, MessageKind.ESCALATION)
        return kinds

    def _message(self, kind: MessageKind, thread: str, channel: str, members: Sequence[Alert]) -> Told:
        about = [each for each in members if channel in each.channels]
        if kind.calls:
            about = [each for each in about if not self._snoozed(each)]
        own = (self.routing.remark,) if self.routing.remark else ()
        remarks = (*own, *self._remarks[thread])
        return Told(channel, compose(kind, thread, about, project=self._project, now=self.now, remarks=remarks))

    def _snoozed(self, alert: Alert) -> bool:
        return alert.is_open and alert.snoozed_until is not None and alert.snoozed_until > self.now

    def _calls(self, alert: Alert) -> bool:
        """Whether anybody may still be called for it."""
        return alert.is_open and not self._snoozed(alert) and alert.acknowledged_at is None

    def _widen(self, alert: Alert, in_thread: int) -> Alert:
        """Also those are told whom the routing names only now: it is worse, many at once, or their hours began."""
        if not self._calls(alert) or (alert.flapping and alert.channels):
            return alert
        at_once = self._at_once.get(alert.problem.key, in_thread)
        wanted = self.routing.channels_for(alert.problem, self.now, at_once)
        return _with(alert, channels=tuple(dict.fromkeys((*alert.channels, *wanted))))

    def _steady(self, alert: Alert) -> Alert:
        """One that has failed without a break for longer than one that flaps may is like any other from now on."""
        if not alert.is_open or self._damped(alert, self.routing.steady_after) or not alert.flapping:
            return alert
        calls = (alert.opened_at, alert.reminded_at, alert.escalated_at)
        if not self._calls(alert) or any(at and alert.failing_since and at >= alert.failing_since for at in calls):
            return _with(alert, flapping=False)
        # Nobody has been called since it broke for good.
        lasting = duration(self.now - (alert.failing_since or self.now))
        self._remarks[alert.thread].append(
            f"{alert.problem.title}: comes and goes no longer, it has failed for {lasting}"
        )
        return _with(alert, flapping=False, escalated_at=None, reminded_at=self.now)

    def _damped(self, alert: Alert, until: timedelta) -> bool:
        """Whether it flaps, and has not been failing for so long by now that this is no reason to be silent."""
        return alert.flapping and (alert.failing_since is None or self.now - alert.failing_since < until)

    def _end_snooze(self, alert: Alert) -> Alert:
        if not alert.is_open or alert.snoozed_until is None or self._snoozed(alert):
            return alert
        self._remarks[alert.thread].append(f"{alert.problem.title}: its snooze has ended")
        critical = self.now if alert.problem.severity is Severity.CRITICAL else alert.critical_at
        return _with(
            alert, snoozed_until=None, snoozed_by=None, snooze_reason=None, critical_at=critical, reminded_at=self.now
        )

    def _reminder_due(self, alert: Alert) -> bool:
        remind = self.routing.remind
        last = alert.reminded_at or alert.opened_at
        return (
            remind is not None
            and bool(alert.channels)
            and self._calls(alert)
            and not self._damped(alert, remind)
            and self.now - last >= remind
        )

    def _reminded(self, alert: Alert) -> Alert:
        # All of the thread at once: they were told in one message, and are reminded of in one.
        remind = self.routing.remind
        told = remind and self._calls(alert) and not self._damped(alert, remind) and alert.channels
        return _with(alert, reminded_at=self.now) if told else alert

    def _escalate(self, alert: Alert) -> Alert:
        escalation = self.routing.escalation
        waits = (
            escalation is not None
            and self._calls(alert)
            and not self._damped(alert, escalation.after)
            and alert.problem.severity is Severity.CRITICAL
            and alert.escalated_at is None
            and bool(alert.channels)
        )
        if not waits or escalation is None or self.now - (alert.critical_at or alert.opened_at) < escalation.after:
            return alert
        channels = tuple(dict.fromkeys((*alert.channels, *self.routing.known(escalation.to))))
        return _with(alert, escalated_at=self.now, channels=channels)


def changed_within(alerts: Sequence[Alert], now: datetime, window: timedelta) -> int:
    """How often these alerts began or ended within so long a time."""
    since = now - window
    return sum(
        (each.opened_at > since) + (each.resolved_at is not None and each.resolved_at > since) for each in alerts
    )


def _with(alert: Alert, **update: Any) -> Alert:
    return alert.model_copy(update=update)
