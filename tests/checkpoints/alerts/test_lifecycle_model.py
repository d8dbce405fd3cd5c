"""Any sequence of runs, waits and answers against a model of what people may rely on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from checkpoints.alerts import answering
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.routing import rank
from checkpoints.alerts.telling import Changes
from expectations.suite import Severity
from tests.checkpoints.alerts.raising import CALM, Memory, problem

KEYS = ("a", "b", "c")
WANTED = {
    Severity.CRITICAL: {"pagerduty", "slack"},
    Severity.WARNING: {"slack"},
    Severity.INFO: set(),
}  # fmt: skip
STATES = st.sampled_from([None, "holds", *Severity])  # None: not looked at


@dataclass
class Episode:
    """A problem from its beginning to its end, as people see it."""

    worst: Severity
    told: set[str] = field(default_factory=set)
    acknowledged: bool = False


class Alerting(RuleBasedStateMachine):
    """The real lifecycle beside the model: which problems are open, who knows of them, who may be called."""

    @initialize()
    def begin(self) -> None:
        self.memory = Memory()
        self.open: dict[str, Episode] = {}
        self.silent_until: dict[str, object] = {}
        self.ended: dict[str, set[str]] = {}

    @rule(states=st.fixed_dictionaries(dict.fromkeys(KEYS, STATES)), after=st.sampled_from([1, 30, 600]))
    def run(self, states: dict[str, object], after: int) -> None:
        found = [problem(key, state) for key, state in states.items() if isinstance(state, Severity)]
        held = [key for key, state in states.items() if state == "holds"]
        flapping = {key for key in self.open if (alert := self.memory.open(key)) and alert.flapping}
        before = {key: self.memory.open(key) for key in KEYS}
        changes = self.memory.run(*found, over=held, after=after)
        for each in found:
            episode = self.open.setdefault(each.key, Episode(each.severity))
            worse = rank(each.severity) > rank(episode.worst)
            if worse:
                episode.worst, episode.acknowledged = each.severity, False
                self.silent_until.pop(each.key, None)
            quiet = self._silent(each.key) or episode.acknowledged
            now = self.memory.open(each.key)
            settled = before[each.key] is not None and now is not None and now.flapping and episode.told
            fresh = set() if quiet or settled else WANTED[each.severity] - episode.told
            for channel in fresh:
                assert self._count(changes, each.key, channel) == 1, "what is new gets through, once"
            if worse:
                for channel in episode.told:
                    assert self._count(changes, each.key, channel) == 1, "what is worse is told again"
            episode.told |= fresh
        for key in [key for key in held if key in self.open]:
            alert = self.memory.open(key)
            if alert is None:
                del self.open[key]
            else:
                assert key in flapping, "what was looked at and holds is over, unless it comes and goes"
        self._check(changes)

    @rule(minutes=st.sampled_from([1, 30, 600]))
    def wait(self, minutes: int) -> None:
        changes = self.memory.wait(minutes)
        for key, episode in self.open.items():
            alert = self.memory.open(key)
            assert alert is not None
            if not self._silent(key) and not episode.acknowledged and not (alert.flapping and episode.told):
                fresh = WANTED[alert.problem.severity] - episode.told
                for channel in fresh:
                    assert self._count(changes, key, channel) == 1, "who was not told in the silence is told after it"
                episode.told |= fresh
        self._check(changes)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), minutes=st.sampled_from([30, 300, 2_000]))
    def snooze(self, data: st.DataObject, minutes: int) -> None:
        key = data.draw(st.sampled_from(sorted(self.open)))
        alert = self.memory.open(key)
        assert alert is not None
        memory, until = self.memory, self.memory.now + timedelta(minutes=minutes)
        changes = answering.snooze(
            memory.known(), frozenset({alert.id}), until=until, by="Ada", reason="known", now=memory.now, routing=CALM,
            project="shop",
        )  # fmt: skip
        self.silent_until[key] = until
        memory.keep(changes)
        self._check(changes)

    @rule(key=st.sampled_from(KEYS))
    def acknowledge(self, key: str) -> None:
        if (alert := self.memory.open(key)) is None:
            return
        changes = answering.acknowledge([alert], "Ada", now=self.memory.now, routing=CALM, project="shop")
        self.open[key].acknowledged = True
        self.memory.keep(changes)
        assert {told.channel for told in changes.messages} == self.open[key].told

    @invariant()
    def open_alerts_are_those_of_the_model(self) -> None:
        if hasattr(self, "open"):
            for key in KEYS:
                alert = self.memory.open(key)
                assert (alert is not None) == (key in self.open), key
                if alert is not None:
                    assert set(alert.channels) == self.open[key].told

    def _silent(self, key: str) -> bool:
        until = self.silent_until.get(key)
        return until is not None and until > self.memory.now  # type: ignore[operator]

    def _count(self, changes: Changes, key: str, channel: str) -> int:
        return sum(
            item.key == key and item.resolved_at is None
            for told in changes.messages
            if told.channel == channel and told.message.kind.calls
            for item in told.message.items
        )

    def _check(self, changes: Changes) -> None:
        places = [(told.channel, told.message.thread) for told in changes.messages]
        assert len(places) == len(set(places)), "one message for a thread on a channel"
        for told in changes.messages:
            assert told.message.items, "every message is about something"
            going_on = [item for item in told.message.items if item.resolved_at is None]
            if told.message.kind.calls:
                assert going_on
                assert not any(self._silent(item.key) for item in going_on), "nobody is called for what is snoozed"
            if told.message.kind is MessageKind.RESOLVED:
                assert not going_on
                threads = [e for e in self.memory.alerts.values() if e.thread == told.message.thread]
                assert not any(e.is_open and told.channel in e.channels for e in threads)
            for item in told.message.items:
                # Whoever hears of it was told of it: nobody is told the end of what he never heard of.
                about = [
                    e for e in self.memory.alerts.values()
                    if e.thread == told.message.thread and e.problem.key == item.key
                ]  # fmt: skip
                assert all(told.channel in e.channels for e in about)


TestAlerting = Alerting.TestCase
TestAlerting.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)
