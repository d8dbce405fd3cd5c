"""What the ledger remembers of flow runs, and when it expects them; on each of its databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import FlowRun, RunState
from checkpoints.ledger.schedules import Schedule
from gx.errors import ConfigError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def begin(ledger: Ledger, run_id: str, flow: str = "ingest-and-gate", at: datetime = NOON) -> FlowRun:
    run = FlowRun(run_id, flow, f"{flow}, run {run_id}", at, at, ingest_id="ingest-1", prefect_url="http://prefect/1")
    ledger.flow_runs.begin(run)
    return run


def test_a_run_is_remembered_with_how_it_ended(ledger: Ledger) -> None:
    begun = begin(ledger, "a")
    assert ledger.flow_runs.latest_starts() == {"ingest-and-gate": begun}
    assert ledger.flow_runs.latest_ends() == ()

    ledger.flow_runs.finish("a", RunState.FAILED, NOON + MINUTE, "the warehouse cannot be reached")

    (ended,) = ledger.flow_runs.latest_ends()
    assert (ended.state, ended.finished_at, ended.problem) == (
        RunState.FAILED,
        NOON + MINUTE,
        "the warehouse cannot be reached",
    )
    assert (ended.what, ended.ingest_id, ended.prefect_url) == (begun.what, "ingest-1", "http://prefect/1")


def test_a_run_without_a_sign_of_life_was_killed_once(ledger: Ledger) -> None:
    begin(ledger, "silent")
    begin(ledger, "lively", flow="monitor")
    ledger.flow_runs.alive("lively", NOON + 5 * MINUTE)

    assert [run.id for run in ledger.flow_runs.bury(NOON + 2 * MINUTE)] == ["silent"]
    assert ledger.flow_runs.bury(NOON + 2 * MINUTE) == ()
    (dead,) = ledger.flow_runs.latest_ends()
    assert (dead.id, dead.state, dead.finished_at) == ("silent", RunState.KILLED, NOON)


def test_a_run_that_was_taken_for_dead_may_come_back(ledger: Ledger) -> None:
    begin(ledger, "slept")
    ledger.flow_runs.bury(NOON + MINUTE)
    ledger.flow_runs.alive("slept", NOON + 10 * MINUTE)
    assert ledger.flow_runs.latest_ends() == ()
    ledger.flow_runs.finish("slept", RunState.COMPLETED, NOON + 11 * MINUTE)
    (ended,) = ledger.flow_runs.latest_ends()
    assert ended.state is RunState.COMPLETED


def test_a_run_that_has_ended_does_not_live_again(ledger: Ledger) -> None:
    begin(ledger, "a")
    ledger.flow_runs.finish("a", RunState.COMPLETED, NOON + MINUTE)
    ledger.flow_runs.alive("a", NOON + 2 * MINUTE)  # a heartbeat that waited for its turn
    (ended,) = ledger.flow_runs.latest_ends()
    assert (ended.state, ended.alive_at) == (RunState.COMPLETED, NOON + MINUTE)


def test_of_each_flow_the_latest_run_counts(ledger: Ledger) -> None:
    for number, flow in enumerate(["monitor", "sluice", "monitor", "sluice"]):
        begin(ledger, str(number), flow, NOON + number * MINUTE)
        ledger.flow_runs.finish(str(number), RunState.COMPLETED, NOON + number * MINUTE)
    assert {run.flow: run.id for run in ledger.flow_runs.latest_ends()} == {"monitor": "2", "sluice": "3"}
    assert {flow: run.id for flow, run in ledger.flow_runs.latest_starts().items()} == {"monitor": "2", "sluice": "3"}


def berlin(cron: str) -> Schedule:
    return Schedule.of("sluice", cron, "Europe/Berlin", NOON)


@pytest.mark.parametrize(
    ("cron", "now", "last"),
    [
        ("30 2 * * *", "2026-03-28T12:00+00:00", "2026-03-28T01:30+00:00"),
        ("30 2 * * *", "2026-03-28T01:30+00:00", "2026-03-28T01:30+00:00"),  # this very minute
        ("30 2 * * *", "2026-03-28T01:29:59+00:00", "2026-03-27T01:30+00:00"),
        # 2:30 is left out on the 29th: the run comes when the clock has been put forward to 3:00.
        ("30 2 * * *", "2026-03-29T12:00+00:00", "2026-03-29T01:00+00:00"),
        ("30 2 * * *", "2026-03-30T12:00+00:00", "2026-03-30T00:30+00:00"),
        # 2:30 comes twice on October 25th: the first counts.
        ("30 2 * * *", "2026-10-25T00:29+00:00", "2026-10-24T00:30+00:00"),
        ("30 2 * * *", "2026-10-25T00:40+00:00", "2026-10-25T00:30+00:00"),
        ("30 2 * * *", "2026-10-25T01:05+00:00", "2026-10-25T00:30+00:00"),
        ("30 2 * * *", "2026-10-25T01:40+00:00", "2026-10-25T00:30+00:00"),
        ("0,30 2 * * *", "2026-10-25T01:05+00:00", "2026-10-25T00:30+00:00"),
        ("30 2 * * *", "2026-10-25T12:00+00:00", "2026-10-25T00:30+00:00"),
        ("30 2 * * *", "2026-10-26T12:00+00:00", "2026-10-26T01:30+00:00"),
        ("0 * * * *", "2026-10-25T01:10+00:00", "2026-10-25T01:00+00:00"),  # hourly: also the second 2:00
    ],
)
def test_the_last_expected_run_follows_the_clock_of_its_zone(cron: str, now: str, last: str) -> None:
    assert berlin(cron).last_before(datetime.fromisoformat(now)) == datetime.fromisoformat(last)


def test_in_an_hour_that_comes_twice_the_next_run_is_not_the_one_that_has_been() -> None:
    now = datetime.fromisoformat("2026-11-01T06:05+00:00")  # 1:05 in New York, for the second time
    schedule = Schedule.of("sluice", "30 1 * * *", "America/New_York", NOON)
    assert schedule.last_before(now) == datetime.fromisoformat("2026-11-01T05:30+00:00")
    assert schedule.next_after(now) == datetime.fromisoformat("2026-11-02T06:30+00:00")


def test_the_next_expected_run_comes_after_now() -> None:
    assert berlin("*/15 * * * *").next_after(NOON) == NOON + 15 * MINUTE


@pytest.mark.parametrize(
    ("cron", "zone", "said"),
    [
        ("61 * * * *", "UTC", "no time"),
        ("0 0 31 2 *", "UTC", "no time"),
        ("@daily-ish", "UTC", "five fields"),
        ("0 2 * * *", "Europe/Atlantis", "IANA name"),
        ("0 2 * * *", "../../etc/passwd", "IANA name"),
    ],
)
def test_a_schedule_that_cannot_be_computed_is_refused_with_what_is_allowed(cron: str, zone: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Schedule.of("sluice", cron, zone, NOON)


def test_a_schedule_keeps_its_beginning_until_it_changes(ledger: Ledger) -> None:
    first = Schedule.of("sluice", "0 2 * * *", "UTC", NOON)
    ledger.schedules.declare(first)
    ledger.schedules.declare(Schedule.of("sluice", "0 2 * * *", "UTC", NOON + MINUTE))
    assert ledger.schedules.all() == (first,)

    changed = Schedule.of("sluice", "0 3 * * *", "UTC", NOON + MINUTE)
    ledger.schedules.declare(changed)
    assert ledger.schedules.all() == (changed,)
    assert ledger.schedules.forget(["sluice"]) == 1
    assert ledger.schedules.all() == ()


def test_old_runs_are_pruned_but_each_flows_last_stays(ledger: Ledger) -> None:
    for number, flow in enumerate(["monitor", "monitor", "sluice"]):
        begin(ledger, str(number), flow, NOON + number * MINUTE)
        ledger.flow_runs.finish(str(number), RunState.COMPLETED, NOON + number * MINUTE)
    begin(ledger, "goes on", "monitor", NOON + 5 * MINUTE)

    deleted = ledger.prune(timedelta(days=1), NOON + timedelta(days=10))

    assert deleted["flow_runs"] == 1
    assert {run.id for run in ledger.flow_runs.latest_ends()} == {"1", "2"}
    assert ledger.flow_runs.latest_starts()["monitor"].id == "goes on"
