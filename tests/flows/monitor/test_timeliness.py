"""What the monitor says of freshness and SLAs, when it takes that back, and what dashboards are shown."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from checkpoints.ledger.flow_runs import FlowRun, RunState
from checkpoints.sla.standing import observed
from flows.monitor.monitor import Checked, MonitorReport
from flows.monitor.timeliness import Timeliness
from tests.flows.monitor.conftest import MINUTE, Shop

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = """
office: {time_zone: Europe/Berlin, working_days: [mon, tue, wed, thu, fri], holidays: [DE-BE]}
"""
ORDERS = """
shop:
  column: loaded_at
  warn: 6h
  error: 12h
  tables:
    shop.orders:
"""
NIGHTLY = """
nightly: {flow: sluice, by: "04:00", warn_until: "06:00", time_zone: Europe/Berlin}
"""


def berlin(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[misc, arg-type]


@pytest.fixture
def warehouse(shop: Shop) -> Path:
    path = shop.settings.state_dir / "warehouse.duckdb"
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema shop; create table shop.orders (id integer, loaded_at timestamptz)")
    return path


def declare(shop: Shop, **files: str) -> None:
    for name, text in files.items():
        (shop.settings.checkpoints_dir / f"_{name}.yml").write_text(text)


def load(warehouse: Path, at: datetime) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into shop.orders values (1, ?)", [at])


def ask(warehouse: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse)) as connection:
        return connection.execute(query).fetchall()


def look_at(shop: Shop, moment: datetime) -> MonitorReport:
    shop.now = moment
    return shop.look()


def said(report: MonitorReport, name: str) -> Checked:
    return next(check for check in report.checks if check.name == name)


def test_a_table_that_grows_old_is_told_twice_and_taken_back_when_new_rows_come(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS)
    noon = berlin(2026, 3, 4, 12)
    load(warehouse, noon)

    assert look_at(shop, noon + 6 * HOUR).found == ()
    assert look_at(shop, noon + 6 * HOUR + MINUTE).found == ("shop.orders is getting old",)
    assert look_at(shop, noon + 7 * HOUR).found == ()
    assert look_at(shop, noon + 12 * HOUR + MINUTE).found == ("shop.orders is stale",)
    assert [alert.worst.value for alert in shop.ledger.alerts.unresolved()] == ["critical"]
    load(warehouse, noon + 13 * HOUR)
    assert look_at(shop, noon + 13 * HOUR).well
    assert shop.open == []


def test_monday_morning_raises_nothing_and_monday_afternoon_does(shop: Shop, warehouse: Path) -> None:
    declare(shop, calendars=OFFICE, freshness=ORDERS.replace("  column", "  calendar: office\n  column"))
    load(warehouse, berlin(2026, 3, 6, 20))  # Friday; four hours of it are left

    for moment in (berlin(2026, 3, 7, 12), berlin(2026, 3, 8, 23), berlin(2026, 3, 9, 1, 59)):
        assert look_at(shop, moment).found == ()
        (status,) = ask(warehouse, "select warning_minutes, stale_minutes from data_quality.freshness")
        assert status == (54 * 60, 60 * 60)  # until Monday at 2:00, and at 8:00
    assert look_at(shop, berlin(2026, 3, 9, 2, 1)).found == ("shop.orders is getting old",)
    assert look_at(shop, berlin(2026, 3, 9, 8, 1)).found == ("shop.orders is stale",)


def test_without_a_calendar_the_same_weekend_is_told(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS)
    load(warehouse, berlin(2026, 3, 6, 20))
    assert look_at(shop, berlin(2026, 3, 7, 12)).found == ("shop.orders is stale",)


def test_the_hour_that_spring_leaves_out_does_not_count(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS)
    load(warehouse, berlin(2026, 3, 28, 22))
    assert look_at(shop, berlin(2026, 3, 29, 5)).found == ()  # seven hours by the clock, six in truth
    assert look_at(shop, berlin(2026, 3, 29, 5, 1)).found == ("shop.orders is getting old",)


def test_dashboards_are_shown_what_was_measured(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS)
    now = datetime.now(UTC)
    load(warehouse, now - 7 * HOUR)
    look_at(shop, now)
    look_at(shop, now)
    view = "select table_name, minutes_since_update, freshness_status from data_quality.dashboard_freshness"
    assert ask(warehouse, view) == [("shop.orders", 420, "WARNING")]


def test_what_cannot_be_measured_is_not_fine(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS + "    shop.ordres: {error: 1h, warn: 30m}\n    shop.orders_2: {metadata: true}\n")
    noon = berlin(2026, 3, 4, 12)
    load(warehouse, noon)
    report = look_at(shop, noon)
    assert report.found == (
        "the freshness of shop.ordres could not be measured",
        "the freshness of shop.orders_2 could not be measured",
    )
    assert said(report, "freshness").said == "1 fresh, 2 not measured"


def test_a_file_that_another_process_has_open_is_not_measured_and_changes_nothing(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS)
    noon = berlin(2026, 3, 4, 12)
    load(warehouse, noon)
    assert look_at(shop, noon + 13 * HOUR).found == ("shop.orders is stale",)
    program = f"import duckdb, sys; c = duckdb.connect({str(warehouse)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        report = look_at(shop, noon + 14 * HOUR)
        assert report.well
        assert said(report, "freshness").said == "not measured: another process has the warehouse open"
        assert shop.open == ["shop.orders is stale"]
        other.communicate("")


def test_a_wrong_file_stops_neither_the_other_checks_nor_goes_unsaid(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS.replace("warn: 6h", "warn: 6 fortnights"), slas=NIGHTLY)
    shop.run("sluice", RunState.FAILED)
    report = shop.look(MINUTE)
    assert report.found == ("the monitor cannot read _freshness.yml", "sluice failed")
    assert "_freshness.yml:4: `warn` is '6 fortnights'" in str(said(report, "freshness").problem)


def test_without_a_ledger_what_needs_none_is_looked_at_and_told_directly(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS, schedules="office: 3\n", slas=NIGHTLY)
    load(warehouse, berlin(2026, 3, 3, 0))
    shop.run("sluice", RunState.COMPLETED)
    database = shop.settings.ledger().database
    assert database is not None
    shop.ledger.close()
    Path(database).write_bytes(b"\x07broken" * 500)

    report = look_at(shop, berlin(2026, 3, 4, 12))

    assert said(report, "freshness").said == "1 stale"
    assert said(report, "files").said == "1 of 4 wrong"
    assert "cannot be used" in (said(report, "runs").problem or "")
    expected = {"shop.orders is stale", "the monitor cannot read _schedules.yml", "the monitor cannot use the ledger"}
    assert set(report.found) == expected
    text = (shop.settings.state_dir / "told.jsonl").read_text(encoding="utf-8")
    assert all(title in text for title in expected)


def test_limits_that_are_taken_away_take_their_alerts_along(shop: Shop, warehouse: Path) -> None:
    declare(shop, freshness=ORDERS)
    look_at(shop, berlin(2026, 3, 4, 12))
    assert shop.open == ["shop.orders is stale"]  # it has no row at all
    (shop.settings.checkpoints_dir / "_freshness.yml").unlink()
    shop.look(MINUTE)
    assert shop.open == []


def nights(shop: Shop, count: int, until: datetime, took: timedelta) -> None:
    """So many nights' runs, from 2:00 on, the last one the night before that of ``until``."""
    for number in range(count, 0, -1):
        begun = until - timedelta(days=number)
        run = FlowRun(f"night-{number}", "sluice", "sluice", begun, begun)
        shop.ledger.flow_runs.begin(run)
        shop.ledger.flow_runs.finish(run.id, RunState.COMPLETED, begun + took)


def test_a_night_that_will_be_late_is_told_before_it_is(shop: Shop, warehouse: Path) -> None:
    declare(shop, slas=NIGHTLY)
    nights(shop, 8, berlin(2026, 3, 4, 2), timedelta(minutes=80))
    shop.now = berlin(2026, 3, 4, 3, 10)  # an hour and ten minutes after the others
    shop.run("sluice", None)

    assert look_at(shop, berlin(2026, 3, 4, 3, 12)).found == ("nightly will probably be late",)
    (alert,) = shop.ledger.alerts.unresolved()
    assert "It will finish at about 04:30" in str(alert.problem.observed)
    assert alert.worst.value == "warning"
    shop.ledger.flow_runs.alive("run-0", berlin(2026, 3, 4, 4))
    assert look_at(shop, berlin(2026, 3, 4, 4, 1)).found == ("nightly is late",)
    shop.ledger.flow_runs.alive("run-0", berlin(2026, 3, 4, 6))
    assert look_at(shop, berlin(2026, 3, 4, 6, 1)).found == ("nightly is breached",)
    shop.ledger.flow_runs.finish("run-0", RunState.COMPLETED, berlin(2026, 3, 4, 6, 2))
    look_at(shop, berlin(2026, 3, 4, 6, 3))
    assert shop.open == []
    rows = "select sla_status, minutes_late, actual_completion_time from data_quality.data_sla_metrics order by 2 desc"
    assert ask(warehouse, rows)[0] == ("BREACHED", 122, berlin(2026, 3, 4, 6, 2).replace(tzinfo=None))
    assert [row[0] for row in ask(warehouse, rows)] == ["BREACHED", "MET", "MET"]


def test_a_night_like_the_others_is_not_told(shop: Shop) -> None:
    declare(shop, slas=NIGHTLY)
    nights(shop, 8, berlin(2026, 3, 4, 2), timedelta(minutes=80))
    shop.now = berlin(2026, 3, 4, 2)
    shop.run("sluice", None)
    for minutes in range(0, 80, 5):
        moment = berlin(2026, 3, 4, 2) + minutes * MINUTE
        shop.ledger.flow_runs.alive("run-0", moment)
        assert look_at(shop, moment).found == ()


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (berlin(2026, 3, 4, 1), "No run goes on; the one that is due at 02:00 will finish at about 03:20;"),
        (berlin(2026, 3, 4, 3, 10), "No run goes on; one that began now would finish at about 04:30;"),
    ],
)
def test_a_declared_schedule_counts_before_the_monitor_ever_ran(shop: Shop, now: datetime, said: str) -> None:
    declare(shop, slas=NIGHTLY, schedules='sluice: {cron: "0 2 * * *", time_zone: Europe/Berlin}\n')
    nights(shop, 8, berlin(2026, 3, 4, 2), timedelta(minutes=80))

    (today, *_) = Timeliness(shop.settings, shop.ledger, now).standings["nightly"]

    assert said in observed(today, today.spec.calendar.zone)


def test_nothing_is_promised_of_the_days_before_the_ledger_began(shop: Shop) -> None:
    declare(shop, slas=NIGHTLY)
    shop.now = berlin(2026, 3, 4, 12)
    shop.run("sluice", RunState.COMPLETED)
    assert look_at(shop, berlin(2026, 3, 4, 12, 5)).found == ()
    assert look_at(shop, berlin(2026, 3, 5, 4, 5)).found == ("nightly is late",)


def test_a_night_that_never_ended_stays_open_until_one_does(shop: Shop) -> None:
    declare(shop, slas=NIGHTLY)
    nights(shop, 3, berlin(2026, 3, 4, 2), timedelta(minutes=80))
    assert look_at(shop, berlin(2026, 3, 4, 7)).found == ("nightly is breached",)
    assert look_at(shop, berlin(2026, 3, 5, 1)).found == ()
    assert shop.open == ["nightly is breached"]
    shop.now = berlin(2026, 3, 5, 2)
    shop.run("sluice", RunState.COMPLETED)
    shop.look(MINUTE)
    assert shop.open == []
