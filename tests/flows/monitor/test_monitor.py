"""What the monitor finds, tells once, and takes back when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.alerts.report import Report
from checkpoints.ledger.flow_runs import RunState
from checkpoints.ledger.schedules import Schedule
from checkpoints.override import new_override
from expectations.suite import Severity
from flows.alerting import alerting_of
from tests.flows.monitor.conftest import MINUTE, NOON, Shop

TICK = 10 * MINUTE


def test_a_run_that_failed_is_told_once_and_taken_back_when_a_later_one_completes(shop: Shop) -> None:
    shop.run("ingest-and-gate", RunState.FAILED, problem="the source refused the password")

    assert shop.look(MINUTE).found == ("ingest-and-gate failed",)
    assert shop.look(TICK).found == ()
    assert shop.open == ["ingest-and-gate failed"]
    shop.run("ingest-and-gate", RunState.COMPLETED)
    assert shop.look(TICK).well
    assert shop.open == []
    assert [kind for kind, _ in shop.told] == ["problem", "resolved"]


def test_a_run_that_fails_again_is_the_same_alert(shop: Shop) -> None:
    shop.run("sluice", RunState.FAILED)
    shop.look(MINUTE)
    shop.now += MINUTE
    shop.run("sluice", RunState.FAILED)
    shop.look(MINUTE)

    (alert,) = shop.ledger.alerts.unresolved()
    assert alert.failed_runs == 2
    assert [kind for kind, _ in shop.told if kind == "problem"] == ["problem"]


def test_a_run_that_stopped_breathing_was_killed(shop: Shop) -> None:
    shop.run("load-and-gate/marts", None)

    assert shop.look(2 * MINUTE).found == ()  # it may wait for a lock
    assert shop.look(2 * MINUTE).found == ("load-and-gate/marts was killed",)
    assert shop.told[0][0] == "problem"


def test_a_gate_that_closed_and_a_run_that_somebody_stopped_are_no_failures(shop: Shop) -> None:
    shop.run("sluice", RunState.CLOSED)
    shop.run("check/orders", RunState.STOPPED)
    assert shop.look(MINUTE).found == ()


def test_what_made_a_checkpoint_fail_is_not_told_again_of_its_flow(shop: Shop) -> None:
    shop.run("sluice", RunState.FAILED, ingest_id="ingest-1")
    raise_alert(shop, "the warehouse cannot be reached", ingest_id="ingest-1")
    assert shop.look(MINUTE).found == ()
    shop.run("load-and-gate/marts", RunState.FAILED, ingest_id="ingest-2")  # another ingest, another cause
    assert shop.look(MINUTE).found == ("load-and-gate/marts failed",)


def test_what_ended_long_before_anybody_looked_is_no_news(shop: Shop) -> None:
    shop.run("sluice", RunState.FAILED)
    assert shop.look(timedelta(days=2)).found == ()


def test_a_run_that_never_began_is_told_when_its_grace_is_over_and_ends_when_it_comes(shop: Shop) -> None:
    shop.ledger.schedules.declare(Schedule.of("ingest-and-gate", "30 12 * * *", "UTC", NOON))

    assert shop.look(34 * MINUTE).found == ()
    assert shop.look(2 * MINUTE).found == ("ingest-and-gate did not begin",)
    assert shop.look(TICK).found == ()
    shop.run("ingest-and-gate", None)
    assert shop.look(MINUTE).well
    assert shop.open == []


def test_no_run_is_missed_from_before_its_schedule_was_known(shop: Shop) -> None:
    shop.ledger.schedules.declare(Schedule.of("ingest-and-gate", "0 2 * * *", "UTC", NOON))
    assert shop.look(MINUTE).found == ()
    assert shop.look(timedelta(hours=14, minutes=10)).found == ("ingest-and-gate did not begin",)


@pytest.mark.parametrize(
    ("cron", "zone", "due"),
    [
        ("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("30 1 * * *", "America/New_York", datetime(2026, 11, 1, 5, 30, tzinfo=UTC)),
    ],
)
def test_in_the_night_that_has_an_hour_twice_a_missed_run_is_one_alert_until_it_comes(
    shop: Shop, cron: str, zone: str, due: datetime
) -> None:
    declared = f'own/job: {{cron: "{cron}", time_zone: {zone}}}\n'
    (shop.settings.checkpoints_dir / "_schedules.yml").write_text(declared)
    for days in (3, 2, 1):
        shop.now = due + MINUTE - timedelta(days=days)
        shop.run("own/job", RunState.COMPLETED)
        shop.look(MINUTE)

    found = {}
    for minutes in (10, 35, 59, 70, 130, 400):
        shop.now = due
        found[minutes] = shop.look(minutes * MINUTE).found
        assert shop.open == ["own/job did not begin"], minutes
    assert found == {10: ("own/job did not begin",), 35: (), 59: (), 70: (), 130: (), 400: ()}
    assert [kind for kind, _ in shop.told if kind in ("problem", "resolved")] == ["problem"]
    shop.run("own/job", RunState.COMPLETED)
    shop.look(MINUTE)
    assert shop.open == []


def test_a_schedule_that_earlier_runs_kept_is_as_old_as_they_are(shop: Shop) -> None:
    declared = 'own/job: {cron: "0 2 * * *", time_zone: UTC}\n'
    for days in (3, 2, 1):
        shop.now = NOON.replace(hour=2, minute=1) - timedelta(days=days)
        shop.run("own/job", RunState.COMPLETED)
    shop.now = NOON.replace(hour=3, minute=10)
    (shop.settings.checkpoints_dir / "_schedules.yml").write_text(declared)

    assert shop.look().found == ("own/job did not begin",)


def test_a_schedule_that_no_earlier_run_kept_begins_when_it_is_declared(shop: Shop) -> None:
    declared = 'own/job: {cron: "0 2 * * *", time_zone: UTC}\n'
    shop.now -= timedelta(days=1)
    shop.run("own/job", RunState.COMPLETED)  # at noon, by hand
    (shop.settings.checkpoints_dir / "_schedules.yml").write_text(declared)

    assert shop.look(timedelta(days=1)).found == ()


def test_a_project_declares_when_its_own_scheduler_runs_its_checks(shop: Shop) -> None:
    declared = shop.settings.checkpoints_dir / "_schedules.yml"
    declared.write_text('check/orders: {cron: "0 14 * * *", time_zone: Europe/Berlin}\n')  # 13:00 UTC

    assert shop.look().found == ()
    assert shop.look(70 * MINUTE).found == ("check/orders did not begin",)
    declared.unlink()
    shop.look(TICK)
    assert shop.open == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('check/order: {cron: "0 2 * * *", time_zone: UTC}\n', "did you mean"),
        ("check/orders: {cron: '0 2 * * *'}\n", "needs `time_zone:`"),
        ("check/orders: {cron: 'at night', time_zone: UTC}\n", "five fields"),
        ("check/orders: {cron: '0 2 * * *', time_zone: Mars/Base}\n", "IANA name"),
        ("check/orders: {cron: '0 2 * * *', time_zone: UTC, zone: 3}\n", "zone"),
    ],
)
def test_schedules_that_are_wrong_are_told_with_their_line_and_stop_no_other_check(
    shop: Shop, text: str, said: str
) -> None:
    (shop.settings.checkpoints_dir / "_schedules.yml").write_text(text)
    shop.run("sluice", RunState.FAILED)

    report = shop.look(MINUTE)

    assert not report.well
    assert set(report.found) == {"sluice failed", "the monitor cannot read _schedules.yml"}
    (problem,) = report.problems
    assert said in problem
    assert "_schedules.yml:1" in problem
    assert shop.look(TICK).found == ()
    (shop.settings.checkpoints_dir / "_schedules.yml").unlink()
    assert shop.look(TICK).well
    assert shop.open == ["sluice failed"]


def test_an_override_that_ended_over_a_closed_gate_is_told(shop: Shop) -> None:
    override = new_override("marts", None, reason="late feed", by="ann", until="1h", now=NOON)
    shop.ledger.override(override)

    assert shop.look(50 * MINUTE).found == ()
    assert shop.look(20 * MINUTE).found == ("the override of the gate marts has ended, and the gate is closed",)
    shop.ledger.override(new_override("marts", None, reason="still late", by="ann", until="1h", now=shop.now))
    shop.ledger.begin_ingest("ingest-1", "elsewhere", shop.now)
    shop.look(TICK)
    assert shop.open == []


def test_a_monitor_that_was_away_says_so(shop: Shop) -> None:
    shop.ledger.schedules.declare(Schedule.of("monitor", "*/10 * * * *", "UTC", NOON))
    shop.run("monitor", RunState.COMPLETED)
    assert shop.look(20 * MINUTE).found == ()
    shop.run("monitor", RunState.COMPLETED)
    shop.now += timedelta(hours=3)
    shop.run("monitor", None)
    assert shop.look().found == ("the monitor itself did not run",)


def test_what_was_not_delivered_is_tried_again(shop: Shop) -> None:
    told = shop.settings.state_dir / "told.jsonl"
    told.mkdir(parents=True)  # nothing can be written there
    shop.run("sluice", RunState.FAILED)
    report = shop.look(MINUTE)
    assert "not delivered" in next(check.said for check in report.checks if check.name == "sending")
    again = shop.look()  # it is not due yet, and left over all the same
    assert next(check.said for check in again.checks if check.name == "sending") == (
        "1 messages wait (sluice alerts list)"
    )
    told.rmdir()

    shop.look(timedelta(hours=1))

    assert shop.told[0] == ("problem", "sluice failed")


def test_a_ledger_that_cannot_be_used_is_told_without_it(shop: Shop) -> None:
    shop.ledger.close()
    file = shop.settings.state_dir / "ledger.sqlite"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"this is no database, and never was" * 100)

    report = shop.look()

    assert not report.well
    assert report.found == ("the monitor cannot use the ledger",)
    assert shop.told == [("problem", "the monitor cannot use the ledger")]


def raise_alert(shop: Shop, title: str, *, ingest_id: str) -> None:
    alerting = alerting_of(shop.settings, shop.ledger, lambda: shop.now)
    problem = Problem(
        key="cause:warehouse", kind=ProblemKind.CAUSE, severity=Severity.CRITICAL, title=title, ingest_id=ingest_id
    )
    shop.ledger.alerts.report(Report((problem,), "thread-1", alerting.routing, "shop"), shop.now)


def test_one_broken_file_is_one_alert_until_it_can_be_read(shop: Shop) -> None:
    calendars = shop.settings.project / "checkpoints" / "_calendars.yml"
    limits = shop.settings.project / "checkpoints" / "_freshness.yml"
    promises = shop.settings.project / "checkpoints" / "_slas.yml"
    limits.write_text("shop:\n  tables:\n    main.orders: {column: at, error: 6h}\n")
    promises.write_text('nightly: {flow: check/orders, by: "04:00", warn_until: "06:00", time_zone: UTC}\n')
    calendars.write_text("office: {time_zone: Europe/Berlinn}\n")

    first = shop.look()

    assert first.found == ("the monitor cannot read _calendars.yml",)
    assert not first.well
    assert first.untold == ()  # so its record is no failure, which would be a second alert
    assert [check.name for check in first.checks if check.problem] == ["SLAs", "freshness"]
    assert shop.look(TICK).found == ()
    calendars.write_text("office: {time_zone: Europe/Berlin}\n")
    assert shop.look(TICK).well
    assert shop.open == []
    assert [kind for kind, _ in shop.told] == ["problem", "resolved"]


def test_a_file_that_waits_for_another_is_not_taken_for_mended(shop: Shop) -> None:
    limits = shop.settings.project / "checkpoints" / "_freshness.yml"
    limits.write_text("shop:\n  tables:\n    main.orders: {column: at, error: soon}\n")
    assert shop.look().found == ("the monitor cannot read _freshness.yml",)
    (shop.settings.project / "checkpoints" / "_calendars.yml").write_text("office: {time_zone: Europe/Berlinn}\n")

    assert shop.look(TICK).found == ("the monitor cannot read _calendars.yml",)
    assert shop.open == ["the monitor cannot read _freshness.yml", "the monitor cannot read _calendars.yml"]


def test_what_is_told_anew_is_counted_once_among_the_open(shop: Shop) -> None:
    shop.run("sluice", RunState.FAILED)
    shop.look(MINUTE)
    shop.now += MINUTE
    shop.run("sluice", RunState.FAILED)

    report = shop.look(MINUTE)

    assert next(check.said for check in report.checks if check.name == "alerts") == "0 new, 1 again, 0 over, 1 open"
    assert (report.found, report.again) == ((), ("sluice failed",))


def test_a_job_of_every_few_minutes_that_does_not_come_is_new_once(shop: Shop) -> None:
    declared = 'own/every: {cron: "*/5 * * * *", time_zone: UTC}\n'
    (shop.settings.checkpoints_dir / "_schedules.yml").write_text(declared)
    shop.look()

    assert shop.look(TICK).found == ("own/every did not begin",)
    for _ in range(3):
        report = shop.look(TICK)
        assert (report.found, report.again) == ((), ("own/every did not begin",))
    assert shop.open == ["own/every did not begin"]


def test_a_monitor_that_fails_for_the_same_cause_each_time_is_told_once(shop: Shop) -> None:
    shop.run("monitor", RunState.FAILED, problem="heartbeat: the address answered 500")
    assert shop.look(MINUTE).found == ("monitor failed",)
    shop.now += MINUTE
    shop.run("monitor", RunState.FAILED, problem="heartbeat: the address answered 500")
    assert shop.look(MINUTE).found == ()
    shop.now += MINUTE
    shop.run("monitor", RunState.FAILED, problem="reminders: another cause")
    assert shop.look(MINUTE).again == ("monitor failed",)
