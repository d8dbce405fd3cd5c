"""What the monitor finds, as rows in each warehouse: written anew each time, judged by the warehouse's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import URL, Connection

from checkpoints.calendars import WEEK, Calendar
from checkpoints.data_quality.tables import DataQualityTables
from checkpoints.data_quality.watched import FreshnessRows, SlaRows
from checkpoints.freshness import FreshnessSpec, Judged, Measured, judge
from checkpoints.sla import SlaSpec, Standing, stand
from gx.warehouse.table import TableName
from tests.warehouses.data_quality import SCHEMA, Copied, now
from tests.warehouses.sites import Site

HOUR = timedelta(hours=1)
ORDERS = FreshnessSpec(TableName.parse("shop.orders"), "shop", "loaded_at", 6 * HOUR, 12 * HOUR)
NIGHTLY = SlaSpec("nightly", "sluice", None, time(4), time(6), time(), Calendar("utc", ZoneInfo("UTC")))


@pytest.fixture
def copied(site: Site, tmp_path: Path) -> Iterator[Copied]:
    site.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    made = Copied(site.open(), tmp_path, URL.create("sqlite", database=str(tmp_path / "ledger.sqlite")))
    yield made
    made.close()


def write(copied: Copied, judged: tuple[Judged, ...] = (), standings: tuple[Standing, ...] = ()) -> None:
    def work(connection: Connection, tables: DataQualityTables) -> None:
        FreshnessRows(judged).write(connection, tables)
        SlaRows(standings).write(connection, tables)

    copied.copy.write(work)


def statuses(copied: Copied) -> list[tuple[object, ...]]:
    return copied.rows("dashboard_freshness", "table_name", "freshness_status")


def test_the_view_says_what_the_monitor_said_and_keeps_what_it_could_not_measure(copied: Copied) -> None:
    old, new = Measured(ORDERS, now() - 7 * HOUR), Measured(ORDERS, now() - HOUR)
    nothing = Measured(replace(ORDERS, table=TableName.parse("shop.nothing")))
    write(copied, (judge(old, now()), judge(nothing, now())))
    assert statuses(copied) == [("shop.nothing", "STALE"), ("shop.orders", "WARNING")]

    write(copied, (judge(new, now()), judge(replace(nothing, problem="may not be read"), now())))

    assert statuses(copied) == [("shop.nothing", "STALE"), ("shop.orders", "FRESH")]
    assert len(copied.rows("freshness")) == 2


def test_the_view_knows_what_a_calendar_leaves_out(copied: Copied) -> None:
    """As if all of yesterday and the day before had been days off."""
    off = {(now() - timedelta(days=days)).date() for days in (1, 2)}
    calendar = Calendar("rest", ZoneInfo("UTC"), WEEK, lambda day: day in off)
    loaded = (now() - timedelta(days=2)).replace(hour=1, minute=0)
    rested = replace(ORDERS, error=24 * HOUR, warn=None, calendar=calendar)
    worked = replace(ORDERS, error=24 * HOUR, warn=None, table=TableName.parse("shop.worked"))
    write(copied, (judge(Measured(rested, loaded), now()), judge(Measured(worked, loaded), now())))
    assert statuses(copied) == [("shop.orders", "FRESH"), ("shop.worked", "STALE")]


def test_each_day_of_an_sla_has_one_row_from_when_it_is_due(copied: Copied) -> None:
    noon = now().replace(hour=12, minute=0, second=0, microsecond=0)
    today, yesterday = (day for day, _ in zip(NIGHTLY.occurrences(noon), range(2), strict=False))
    done = yesterday.target + timedelta(minutes=81)

    write(copied, (), (stand(NIGHTLY, today, None, today.begins), stand(NIGHTLY, yesterday, None, yesterday.target)))
    assert copied.rows("data_sla_metrics") == []
    write(copied, (), (stand(NIGHTLY, today, None, today.begins), stand(NIGHTLY, yesterday, done, today.begins)))
    write(copied, (), (stand(NIGHTLY, today, None, noon), stand(NIGHTLY, yesterday, done, noon)))

    columns = ("target_completion_time", "sla_status", "minutes_late", "actual_completion_time")
    assert copied.rows("data_sla_metrics", *columns) == [
        (f"{yesterday.day} 04:00 UTC", "WARNING", 81, done.replace(tzinfo=None)),
        (f"{today.day} 04:00 UTC", "BREACHED", 480, None),
    ]


def test_old_days_of_slas_are_let_go(copied: Copied) -> None:
    day = next(NIGHTLY.occurrences(now() - timedelta(days=2)))

    def work(connection: Connection, tables: DataQualityTables) -> None:
        SlaRows((stand(NIGHTLY, day, None, day.warn_until),)).write(connection, tables)

    copied.copy.write(work)
    assert len(copied.rows("data_sla_metrics")) == 1
    assert copied.copy.prune(timedelta(days=1)) == 1
    assert copied.rows("data_sla_metrics") == []
