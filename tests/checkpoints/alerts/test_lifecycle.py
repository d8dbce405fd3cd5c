"""What begins, goes on and ends, and who hears of it how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from checkpoints.alerts import answering
from checkpoints.alerts.message import MessageKind
from checkpoints.alerts.problem import ProblemKind
from checkpoints.alerts.routing import Escalation
from expectations.suite import Severity
from tests.checkpoints.alerts.raising import CALM, DEFAULT, Memory, kinds, loud, problem, said

A, B, C = problem("a"), problem("b"), problem("c", Severity.WARNING)
HOUR = 60


def test_a_run_with_many_failures_is_one_message_on_each_channel() -> None:
    changes = Memory().run(*(problem(f"p{number}") for number in range(47)))
    assert kinds(changes) == [("pagerduty", MessageKind.PROBLEM), ("slack", MessageKind.PROBLEM)]
    assert [len(told.message.items) for told in changes.messages] == [47, 47]
    assert changes.messages[0].message.headline == "staging: 47 problems on shop.orders (47 critical)"


def test_a_failure_that_goes_on_is_one_alert_that_is_updated_silently() -> None:
    memory = Memory()
    memory.run(A)
    for _ in range(3):
        assert kinds(memory.run(A)) == [("pagerduty", MessageKind.UPDATE), ("slack", MessageKind.UPDATE)]
    assert [(each.failed_runs, each.is_open) for each in memory.alerts.values()] == [(4, True)]


def test_another_failure_on_the_same_table_is_told_at_once_by_itself() -> None:
    memory = Memory()
    memory.run(A)
    assert ("slack", "problem", ["b"]) in said(memory.run(A, B))


def test_it_gets_through_also_when_the_first_is_acknowledged_snoozed_and_flapping() -> None:
    memory = Memory()
    for _ in range(3):
        memory.run(A)
        memory.run(over=["a"])
    memory.run(A)
    (alert,) = [each for each in memory.alerts.values() if each.is_open]
    assert alert.flapping
    until = memory.now + timedelta(hours=4)
    answer = answering.snooze(
        memory.known(), frozenset({alert.id}), until=until, by="Ada", reason="known", now=memory.now, routing=CALM,
        project="shop",
    )  # fmt: skip
    memory.keep(answer)
    memory.keep(answering.acknowledge([memory.alerts[alert.id]], "Ada", now=memory.now, routing=CALM, project="shop"))
    assert sorted(loud(memory.run(A, B))) == [("pagerduty", "b"), ("slack", "b")]


def test_it_ends_when_it_holds_again_and_says_how_long_it_took() -> None:
    memory = Memory()
    memory.run(A)
    memory.run(A, after=60)
    memory.run(A, after=60)
    changes = memory.run(over=["a"], after=10)
    assert kinds(changes) == [("pagerduty", MessageKind.RESOLVED), ("slack", MessageKind.RESOLVED)]
    assert changes.messages[0].message.headline == "resolved after 2 h 10 min, 3 runs: shop.orders: a must hold"


def test_a_part_that_is_over_is_an_update_and_the_last_part_the_end() -> None:
    memory = Memory()
    memory.run(A, B)
    first = memory.run(A, over=["b"])
    assert kinds(first)[1] == ("slack", MessageKind.UPDATE)
    assert [item.resolved_at is not None for item in first.messages[1].message.items] == [False, True]
    assert first.messages[1].message.headline.endswith("1 resolved")
    assert kinds(memory.run(over=["a"]))[1] == ("slack", MessageKind.RESOLVED)


def test_what_was_not_looked_at_goes_on() -> None:
    memory = Memory()
    memory.run(A)
    assert said(memory.run(over=["b"])) == []
    assert memory.open("a") is not None


def test_what_is_no_longer_checked_is_over_and_the_message_says_why() -> None:
    memory = Memory()
    memory.run(A)
    changes = memory.run(over={"a": "it is no longer checked"})
    assert changes.messages[0].message.remarks == ("shop.orders: a must hold: it is no longer checked",)


def test_one_that_gets_worse_is_told_again_and_to_more() -> None:
    memory = Memory()
    memory.run(C)
    worse = memory.run(problem("c"))
    assert sorted(kinds(worse)) == [("pagerduty", MessageKind.PROBLEM), ("slack", MessageKind.WORSE)]
    assert "was warning, is critical now" in worse.messages[0].message.remarks[0]
    (slack,) = [told.message for told in worse.messages if told.channel == "slack"]
    assert slack.headline == "worse than before: shop.orders: c must hold, for 1 min"
    memory.run(C)
    assert loud(memory.run(problem("c"))) == []  # it has been as bad before


def test_worse_is_said_in_place_of_a_reminder_that_is_due_at_the_same_moment() -> None:
    memory = Memory(routing=replace(CALM, remind=timedelta(hours=4)))
    memory.run(C, problem("d", Severity.WARNING))
    worse = memory.run(problem("c"), problem("d", Severity.WARNING), after=5 * HOUR)
    assert ("slack", "worse", ["c", "d"]) in said(worse)
    assert loud(memory.wait(1 * HOUR)) == []


def test_more_than_five_at_once_call_somebody_also_for_warnings() -> None:
    memory = Memory()
    five = [problem(f"w{number}", Severity.WARNING) for number in range(5)]
    assert {channel for channel, _ in loud(memory.run(*five))} == {"slack"}
    changes = memory.run(*five, problem("w5", Severity.WARNING))
    assert len([pair for pair in loud(changes) if pair[0] == "pagerduty"]) == 6


def test_one_that_comes_and_goes_is_told_once_more_and_then_left_until_it_has_held() -> None:
    memory = Memory()
    told, remarks = [], []
    for _ in range(5):
        changes = memory.run(C)
        told.append(len(loud(changes)))
        remarks += [any("comes and goes" in remark for remark in each.message.remarks) for each in changes.messages]
        memory.run(over=["c"])
    assert told == [1, 1, 1, 0, 0]
    assert remarks[:3] == [False, False, True]  # whoever is told for the last time reads that it is
    alert = memory.open("c")
    assert alert is not None
    assert alert.flapping
    assert alert.flaps == 4
    assert memory.run(over=["c"], after=23 * HOUR).messages == ()
    assert kinds(memory.run(over=["c"], after=2 * HOUR)) == [("slack", MessageKind.RESOLVED)]


def test_people_are_reminded_once_in_a_while_and_not_when_somebody_looks_into_it() -> None:
    memory = Memory(routing=replace(DEFAULT, escalation=None, remind=timedelta(hours=4)))
    memory.run(A, C)
    assert said(memory.wait(3 * HOUR)) == []
    assert sorted(kinds(memory.wait(1 * HOUR))) == [
        ("pagerduty", MessageKind.REMINDER), ("slack", MessageKind.REMINDER),
    ]  # fmt: skip
    assert said(memory.wait(3.9 * HOUR)) == []
    both = [each for each in memory.alerts.values() if each.is_open]
    memory.keep(answering.acknowledge(both, "Ada", now=memory.now, routing=memory.routing, project="shop"))
    assert said(memory.wait(9 * HOUR)) == []


def test_a_critical_one_that_nobody_acknowledges_is_passed_on_once() -> None:
    routing = replace(CALM, escalation=Escalation(timedelta(minutes=30), ("pagerduty",)))
    memory = Memory(routing=routing)
    memory.run(A, C)
    assert said(memory.wait(29)) == []
    changes = memory.wait(2)
    assert ("pagerduty", "escalation", ["a"]) in said(changes)
    assert loud(memory.wait(300)) == []
    acknowledged = Memory(routing=routing)
    acknowledged.run(A)
    answer = answering.acknowledge(
        list(acknowledged.alerts.values()), "Ada", now=acknowledged.now, routing=routing, project="shop"
    )
    assert kinds(acknowledged.keep(answer)) == [
        ("pagerduty", MessageKind.ACKNOWLEDGED), ("slack", MessageKind.ACKNOWLEDGED),
    ]  # fmt: skip
    assert loud(acknowledged.wait(300)) == []


def test_a_snooze_is_silent_until_it_ends_also_if_it_held_in_between() -> None:
    memory = Memory()
    memory.run(A)
    until = memory.now + timedelta(hours=4)
    memory.keep(
        answering.snooze(
            memory.known(), frozenset({1}), until=until, by="Ada", reason="known", now=memory.now, routing=CALM,
            project="shop",
        )
    )  # fmt: skip
    assert loud(memory.run(A)) == []
    memory.run(over=["a"])
    assert loud(memory.run(A)) == []
    assert loud(memory.wait(3 * HOUR)) == []
    assert sorted(loud(memory.wait(1 * HOUR))) == [("pagerduty", "a"), ("slack", "a")]


def test_a_storm_of_one_cause_is_one_alert_that_lists_whom_it_struck() -> None:
    memory = Memory()
    names = ("raw", "staging", "marts", "dashboards")
    loudly = 0
    for name in names:
        cause = problem(
            "cause:warehouse", kind=ProblemKind.CAUSE, title="the warehouse cannot be used", checkpoint=name,
            checkpoints=(name,),
        )  # fmt: skip
        changes = memory.run(cause)
        loudly += len(loud(changes))
    assert loudly == 2  # once on each channel
    assert changes.messages[0].message.headline.startswith(
        "goes on: the warehouse cannot be used: 4 checkpoints could not run (raw, staging, marts, dashboards)"
    )
    assert kinds(memory.run(over=["cause:warehouse"])) == [
        ("pagerduty", MessageKind.RESOLVED), ("slack", MessageKind.RESOLVED),
    ]  # fmt: skip


def test_closed_by_hand_it_is_over_and_told_again_if_it_is_found_again() -> None:
    memory = Memory()
    memory.run(A)
    closed = answering.close(memory.known(), frozenset({1}), "Ada", now=memory.now, routing=CALM, project="shop")
    assert kinds(memory.keep(closed))[1] == ("slack", MessageKind.RESOLVED)
    assert closed.messages[0].message.remarks == ("shop.orders: a must hold: closed by Ada",)
    assert len(loud(memory.run(A))) == 2


def test_who_has_no_channel_is_told_when_there_is_one() -> None:
    memory = Memory(routing=replace(CALM, channels={}, routes=()))
    assert memory.run(A).messages == ()
    memory.routing = CALM
    assert sorted(loud(memory.wait(1))) == [("pagerduty", "a"), ("slack", "a")]


def test_what_is_snoozed_is_not_in_the_message_that_calls_for_another_of_its_thread() -> None:
    memory = Memory()
    memory.run(C, problem("d", Severity.WARNING))
    until = memory.now + timedelta(hours=4)
    memory.keep(
        answering.snooze(
            memory.known(), frozenset({1}), until=until, by="Ada", reason="known", now=memory.now, routing=CALM,
            project="shop",
        )
    )  # fmt: skip
    assert sorted(loud(memory.run(C, problem("d")))) == [("pagerduty", "d"), ("slack", "d")]
