"""What comes and goes calls nobody for each change, and what then stays broken calls as anything else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.routing import Escalation
from tests.checkpoints.alerts.raising import DEFAULT, Memory, kinds, loud, problem

A = problem("a")
HOUR = 60
HALF_AN_HOUR = Escalation(timedelta(minutes=30), ("pagerduty",))
ROUTING = replace(DEFAULT, escalation=HALF_AN_HOUR, remind=timedelta(hours=24))
NEVER_PASSED_ON = replace(ROUTING, escalation=None)
TICK = 5


def flapping(memory: Memory) -> None:
    """Fail and hold, until it is one that flaps; it fails at the end."""
    for _ in range(2):
        memory.run(A)
        memory.run(over=["a"])
    memory.run(A)
    alert = memory.open("a")
    assert alert is not None
    assert alert.flapping


def test_one_that_flaps_and_then_stays_broken_is_passed_on_in_the_usual_time() -> None:
    memory = Memory(routing=ROUTING)
    flapping(memory)
    assert loud(memory.wait(29)) == []
    assert ("pagerduty", MessageKind.ESCALATION) in kinds(memory.wait(1))


def test_one_that_holds_for_a_moment_begins_to_count_anew() -> None:
    memory = Memory(routing=ROUTING)
    flapping(memory)
    assert memory.run(over=["a"], after=20).messages == ()
    assert loud(memory.wait(20)) == []  # it holds
    memory.run(A)
    assert loud(memory.wait(29)) == []
    assert ("pagerduty", MessageKind.ESCALATION) in kinds(memory.wait(1))


def test_one_that_was_passed_on_while_it_flapped_is_passed_on_again_when_it_stays_broken() -> None:
    memory = Memory(routing=ROUTING)
    flapping(memory)
    memory.wait(30)
    memory.run(over=["a"])
    memory.run(A)
    assert loud(memory.wait(6 * HOUR - 1)) == []
    changes = memory.wait(1)
    assert set(kinds(changes)) == {("pagerduty", MessageKind.ESCALATION), ("slack", MessageKind.REMINDER)}
    assert changes.messages[0].message.remarks == (f"{A.title}: comes and goes no longer, it has failed for 6 h",)
    alert = memory.open("a")
    assert alert is not None
    assert not alert.flapping
    assert kinds(memory.run(over=["a"]))[0] == ("pagerduty", MessageKind.RESOLVED)  # as of any other


def test_people_are_reminded_of_one_that_flaps_and_then_stays_broken() -> None:
    memory = Memory(routing=replace(NEVER_PASSED_ON, remind=timedelta(hours=2)))
    flapping(memory)
    assert loud(memory.wait(2 * HOUR - 1)) == []
    assert set(kinds(memory.wait(1))) == {("pagerduty", MessageKind.REMINDER), ("slack", MessageKind.REMINDER)}


def test_one_that_changes_every_hour_for_a_day_calls_no_more_than_twice_once_it_flaps() -> None:
    memory = Memory(routing=ROUTING)
    flapping(memory)
    called = []
    for hour in range(24):
        changes = memory.run(over=["a"]) if hour % 2 else memory.run(A)
        called += [changes.messages] if loud(changes) else []
        for _ in range(59 // TICK):
            waited = memory.wait(TICK)
            called += [waited.messages] if loud(waited) else []
    assert len(called) == 1  # it is passed on once


@settings(max_examples=100, deadline=None)
@given(
    states=st.lists(st.tuples(st.booleans(), st.sampled_from([1, 10, 45, 120, 500])), min_size=1, max_size=12),
    escalate=st.booleans(),
)
def test_whatever_came_before_a_critical_one_that_stays_broken_calls_somebody_within_hours(
    states: list[tuple[bool, int]], escalate: bool
) -> None:
    memory = Memory(routing=replace(ROUTING, escalation=HALF_AN_HOUR if escalate else None))
    for fails, minutes in states:
        memory.run(*([A] if fails else []), over=[] if fails else ["a"], after=minutes)
    was_open = memory.open("a")
    if was_open is not None:  # so that it begins to fail just now
        memory.run(over=["a"])
    calls = loud(memory.run(A))
    waited = 0
    while not calls and waited < 6 * HOUR:
        waited += TICK
        calls = loud(memory.wait(TICK))
    assert calls
