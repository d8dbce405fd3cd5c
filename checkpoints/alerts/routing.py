"""Who is told of a problem, and how often: the rules of ``_alerts.yml``, or those that hold without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from checkpoints.alerts.channel_spec import ChannelSpec, ChannelType
from checkpoints.alerts.problem import Problem
from expectations.suite import Severity

MANY_AT_ONCE = 5
"""More failures at once than this call somebody, whatever their severity (the requirements document's rule)."""
_RANK = {Severity.INFO: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}


def rank(severity: Severity) -> int:
    """How bad: a greater number is worse."""
    return _RANK[severity]


@dataclass(frozen=True)
class Hours:
    """Times of the week in some place.

    Attributes:
        begin: the first minute.
        end: the first minute after; earlier than ``begin`` means on the next day.
        days: 0 is Monday; the day on which the hours begin.
        zone: whose clock.
    """

    begin: time
    end: time
    days: frozenset[int]
    zone: ZoneInfo

    def covers(self, now: datetime) -> bool:
        """Whether it is one of these times now."""
        there = now.astimezone(self.zone)
        clock, today, yesterday = there.time(), there.weekday(), (there.weekday() - 1) % 7
        if self.begin < self.end:
            return today in self.days and self.begin <= clock < self.end
        return (today in self.days and clock >= self.begin) or (yesterday in self.days and clock < self.end)


@dataclass(frozen=True)
class Route:
    """A rule: problems that match go to these channels. What is left empty matches everything.

    Attributes:
        to: names of channels.
        tables: globs.
        more_than: only where more problems than this were found at once.
    """

    to: tuple[str, ...]
    severities: tuple[Severity, ...] = ()
    layers: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    hours: Hours | None = None
    more_than: int | None = None

    def matches(self, problem: Problem, now: datetime, at_once: int) -> bool:
        """Whether the rule is about this problem, now, found together with others."""
        named = {problem.checkpoint, *problem.checkpoints}
        return (
            (not self.severities or problem.severity in self.severities)
            and (not self.layers or problem.layer in self.layers)
            and (not self.owners or problem.owner in self.owners)
            and (not self.tags or bool(set(self.tags) & set(problem.tags)))
            and (not self.tables or any(fnmatchcase(problem.table or "", glob) for glob in self.tables))
            and (not self.checkpoints or bool(set(self.checkpoints) & named))
            and (self.hours is None or self.hours.covers(now))
            and (self.more_than is None or at_once > self.more_than)
        )


@dataclass(frozen=True)
class Escalation:
    """Critical problems that nobody acknowledges in time go to these channels."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True)
class Routing:
    """All the rules of a project.

    Attributes:
        channels: by name.
        owners: the channels of each owner; they are told of warnings and worse on what is theirs, and on what names
            them in ``notify:``.
        routes: all that match apply.
        remind: how often those who were told are told again; None for never.
        flapping_changes: after so many changes between failing and holding within ``flapping_window``, nobody is called
            for each change any more, and a problem is over only when it has held for as long.
        expire: how long a message is tried to be delivered.
        remark: what every message says beside: that the rules cannot be read.
    """

    channels: Mapping[str, ChannelSpec] = field(default_factory=dict)
    owners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    remind: timedelta | None = timedelta(hours=24)
    escalation: Escalation | None = None
    flapping_changes: int = 4
    flapping_window: timedelta = timedelta(hours=24)
    expire: timedelta = timedelta(hours=24)
    remark: str | None = None

    @property
    def steady_after(self) -> timedelta:
        """What fails for so long without a break changes less often than what flaps."""
        return self.flapping_window / self.flapping_changes

    def channels_for(self, problem: Problem, now: datetime, at_once: int = 1) -> tuple[str, ...]:
        """The channels that are to be told of a problem, each once.

        Args:
            problem: what is wrong.
            now: the time, with its zone.
            at_once: how many problems were found together.
        """
        named = [name for route in self.routes if route.matches(problem, now, at_once) for name in route.to]
        if rank(problem.severity) >= rank(Severity.WARNING):
            for name in filter(None, (problem.owner, *problem.notify)):
                named += self.owners.get(name, (name,))
        return tuple(name for name in dict.fromkeys(named) if name in self.channels)

    def known(self, channels: Iterable[str]) -> tuple[str, ...]:
        """Those of the channels that there still are."""
        return tuple(name for name in channels if name in self.channels)


def default_routes(channels: Mapping[str, ChannelSpec]) -> tuple[Route, ...]:
    """The requirements document's rules.

    Critical ones go everywhere, warnings everywhere but to PagerDuty, more than five at once to PagerDuty.
    """
    calling = tuple(name for name, spec in channels.items() if spec.type is ChannelType.PAGERDUTY)
    others = tuple(name for name in channels if name not in calling)
    return (
        Route((*calling, *others), severities=(Severity.CRITICAL,)),
        Route(others, severities=(Severity.WARNING,)),
        Route(calling, more_than=MANY_AT_ONCE),
    )


def default_escalation(channels: Mapping[str, ChannelSpec]) -> Escalation | None:
    """After half an hour to all channels that call somebody, or to all there are."""
    calling = tuple(name for name, spec in channels.items() if spec.type is ChannelType.PAGERDUTY)
    return Escalation(timedelta(minutes=30), calling or tuple(channels)) if channels else None


def default_routing(channels: Iterable[ChannelSpec], remark: str | None = None) -> Routing:
    """The rules where nothing is written, for the channels that there are."""
    by_name = {spec.name: spec for spec in channels}
    return Routing(by_name, routes=default_routes(by_name), escalation=default_escalation(by_name), remark=remark)
