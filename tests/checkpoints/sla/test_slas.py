"""SLAs as people write them, and how they stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.engine import URL

from checkpoints.calendars_file import load_calendars
from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import FlowRun, RunState
from checkpoints.result import Verdict
from checkpoints.sla import SlaSpec, SlaStatus, load_slas, stand, standings
from checkpoints.sla.standing import observed
from gx.errors import ConfigError
from tests.checkpoints.runs import record, run_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
FLOWS = ("ingest-and-gate", "sluice")
CALENDARS = "office: {time_zone: Europe/Berlin, working_days: [mon, tue, wed, thu, fri], holidays: [DE]}\n"
NIGHTLY = """
nightly:
  flow: sluice
  by: "04:00"
  warn_until: "06:00"
  calendar: office
"""


def berlin(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=BERLIN).astimezone(UTC)  # type: ignore[misc, arg-type]


def slas(tmp_path: Path, text: str, tables: tuple[str, ...] | None = None) -> tuple[SlaSpec, ...]:
    (tmp_path / "_calendars.yml").write_text(CALENDARS)
    (tmp_path / "_slas.yml").write_text(text)
    return load_slas(tmp_path, load_calendars(tmp_path, NOW), FLOWS, tables)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(URL.create("sqlite", database=str(tmp_path / "ledger.sqlite")), gate_valid_hours=24)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("done", "now", "status", "late"),
    [
        ((3, 59), (4, 30), SlaStatus.MET, 0),
        ((4, 0), (4, 30), SlaStatus.MET, 0),
        ((4, 1), (4, 30), SlaStatus.WARNING, 1),
        ((6, 0), (9, 0), SlaStatus.WARNING, 120),
        ((6, 1), (9, 0), SlaStatus.BREACHED, 121),
        (None, (3, 0), SlaStatus.PENDING, 0),
        (None, (5, 20), SlaStatus.WARNING, 80),
        (None, (9, 0), SlaStatus.BREACHED, 300),
    ],
)
def test_done_by_four_is_met_until_six_a_warning_and_later_a_breach(
    tmp_path: Path, done: tuple[int, int] | None, now: tuple[int, int], status: SlaStatus, late: int
) -> None:
    (spec,) = slas(tmp_path, NIGHTLY)
    moment = berlin(2026, 3, 4, *now)
    found = stand(spec, next(spec.occurrences(moment)), berlin(2026, 3, 4, *done) if done else None, moment)
    assert (found.status, found.minutes_late) == (status, late)
    assert found.target == "2026-03-04 04:00 Europe/Berlin"


def test_a_day_that_is_over_is_not_late_so_far_but_was_never_done(tmp_path: Path) -> None:
    (spec,) = slas(tmp_path, NIGHTLY)
    day = next(spec.occurrences(berlin(2026, 3, 4, 9)))
    midnight = berlin(2026, 3, 5, 0)
    going_on = stand(spec, day, None, midnight - MINUTE, ended=midnight)
    over = stand(spec, day, None, midnight, ended=midnight)
    zone = ZoneInfo("Europe/Berlin")
    assert observed(going_on, zone) == "Not done for 2026-03-04, 1,199 minutes late so far."
    assert observed(over, zone) == "Never done for 2026-03-04 before the next day began, 1,200 minutes late by then."
    assert (going_on.status, over.status) == (SlaStatus.BREACHED, SlaStatus.BREACHED)


def test_one_minute_is_one_minute(tmp_path: Path) -> None:
    (spec,) = slas(tmp_path, NIGHTLY)
    day = next(spec.occurrences(NOW))
    assert "1 minute late." in observed(stand(spec, day, day.target + MINUTE, NOW), BERLIN)
    assert "2 minutes late." in observed(stand(spec, day, day.target + 2 * MINUTE, NOW), BERLIN)


def test_weekends_and_holidays_have_no_sla(tmp_path: Path) -> None:
    (spec,) = slas(tmp_path, NIGHTLY)
    days = [each.day.isoformat() for each, _ in zip(spec.occurrences(berlin(2026, 4, 7, 0, 1)), range(3), strict=False)]
    assert days == ["2026-04-07", "2026-04-02", "2026-04-01"]  # Good Friday and Easter Monday


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 3), ((2026, 10, 25), 5), ((2026, 3, 28), 4)])
def test_four_is_four_by_the_clock_on_days_of_23_and_25_hours(
    tmp_path: Path, day: tuple[int, int, int], hours: int
) -> None:
    (spec,) = slas(tmp_path, NIGHTLY.replace("calendar: office", "time_zone: Europe/Berlin"))
    occurrence = next(spec.occurrences(berlin(*day, 12)))
    assert occurrence.target - occurrence.begins == timedelta(hours=hours)


def test_a_night_may_begin_the_evening_before(tmp_path: Path) -> None:
    (spec,) = slas(tmp_path, NIGHTLY + '  counts_from: "22:00"\n')
    occurrence = next(spec.occurrences(berlin(2026, 3, 4, 12)))
    assert occurrence.begins == berlin(2026, 3, 3, 22)
    assert occurrence.warn_until == berlin(2026, 3, 4, 6)


PAST_MIDNIGHT = NIGHTLY.replace('"06:00"', '"01:00"').replace('"04:00"', '"23:00"')


def test_a_day_lasts_until_its_warning_is_over_and_a_run_after_midnight_is_its_own(
    tmp_path: Path, ledger: Ledger
) -> None:
    specs = slas(tmp_path, PAST_MIDNIGHT)
    flow_run(ledger, berlin(2026, 3, 2, 22), 30 * MINUTE, "before")
    day = standings(ledger, specs, berlin(2026, 3, 4, 0, 10))["nightly"][0]
    assert (day.occurrence.day.day, day.status, day.never) == (3, SlaStatus.WARNING, False)

    flow_run(ledger, berlin(2026, 3, 4, 0, 20), 10 * MINUTE, "late")

    day = standings(ledger, specs, berlin(2026, 3, 4, 0, 40))["nightly"][0]
    assert (day.occurrence.day.day, day.status, day.minutes_late) == (3, SlaStatus.WARNING, 90)
    today, yesterday, *_ = standings(ledger, specs, berlin(2026, 3, 4, 12))["nightly"]
    assert (today.occurrence.day.day, today.status) == (4, SlaStatus.PENDING)
    assert (yesterday.status, yesterday.minutes_late) == (SlaStatus.WARNING, 90)


def test_without_a_run_such_a_day_is_breached_when_its_warning_is_over(tmp_path: Path, ledger: Ledger) -> None:
    specs = slas(tmp_path, PAST_MIDNIGHT)
    flow_run(ledger, berlin(2026, 3, 2, 22), 30 * MINUTE, "before")

    _, over = standings(ledger, specs, berlin(2026, 3, 4, 1, 10))["nightly"][:2]

    assert (over.occurrence.day.day, over.status, over.never) == (3, SlaStatus.BREACHED, True)


@pytest.mark.parametrize(
    ("text", "counts_from"), [(PAST_MIDNIGHT, "00:30"), (PAST_MIDNIGHT, "23:45"), (NIGHTLY, "05:00")]
)
def test_a_day_that_would_end_before_its_warning_does_is_refused(tmp_path: Path, text: str, counts_from: str) -> None:
    with pytest.raises(ConfigError, match=r"begins the next day before this one's `warn_until` .*or later"):
        slas(tmp_path, f'{text}  counts_from: "{counts_from}"\n')


@pytest.mark.parametrize("wrong", ["05:00", "15:59"])
def test_a_warn_until_that_lies_before_by_is_refused_where_it_is_not_just_past_midnight(
    tmp_path: Path, wrong: str
) -> None:
    with pytest.raises(ConfigError, match="comes before `by` 16:00; as a time of the next day"):
        slas(tmp_path, NIGHTLY.replace('"04:00"', '"16:00"').replace('"06:00"', f'"{wrong}"'))


def test_a_run_that_goes_on_past_midnight_is_late_until_it_ends_and_one_that_never_was_is_not(
    tmp_path: Path, ledger: Ledger
) -> None:
    specs = slas(tmp_path, NIGHTLY.replace('"04:00"', '"23:00"').replace('"06:00"', '"23:30"'))
    flow_run(ledger, berlin(2026, 3, 2, 22), 30 * MINUTE, "before")
    flow_run(ledger, berlin(2026, 3, 3, 22), None, "slow")
    now = berlin(2026, 3, 4, 1)
    _, slow = standings(ledger, specs, now)["nightly"]
    assert (slow.status, slow.minutes_late, slow.never, slow.as_of) == (SlaStatus.BREACHED, 120, False, now)

    ledger.flow_runs.finish("sluice slow", RunState.FAILED, now)

    _, over = standings(ledger, specs, berlin(2026, 3, 4, 9))["nightly"]
    assert (over.status, over.minutes_late, over.never) == (SlaStatus.BREACHED, 60, True)
    assert over.as_of == berlin(2026, 3, 4, 0)


def test_names_are_known_in_any_case_and_owners_only_if_somebody_declared_them(tmp_path: Path) -> None:
    text = NIGHTLY.replace("flow: sluice", "table: Marts.FCT_revenue\n  flow: Sluice") + "  owner: fnance\n"
    (spec,) = slas(tmp_path, text, ("marts.fct_revenue",))
    calendars = load_calendars(tmp_path, NOW)
    with pytest.raises(ConfigError, match="did you mean 'finance'"):
        load_slas(tmp_path, calendars, ("sluice",), {"marts.fct_revenue"}, ("finance", "slack"))

    assert (spec.flow, spec.table) == ("sluice", "marts.fct_revenue")


def flow_run(ledger: Ledger, begun: datetime, took: timedelta | None, ingest_id: str, flow: str = "sluice") -> None:
    ledger.flow_runs.begin(FlowRun(f"{flow} {ingest_id}", flow, flow, begun, begun, ingest_id=ingest_id))
    if took is not None:
        ledger.flow_runs.finish(f"{flow} {ingest_id}", RunState.COMPLETED, begun + took)


def test_the_first_run_of_the_day_counts_and_not_one_of_yesterday(tmp_path: Path, ledger: Ledger) -> None:
    specs = slas(tmp_path, NIGHTLY)
    flow_run(ledger, berlin(2026, 3, 2, 23, 50), 10 * MINUTE, "yesterday's")
    flow_run(ledger, berlin(2026, 3, 3, 2), 80 * MINUTE, "night-1")
    flow_run(ledger, berlin(2026, 3, 3, 11), 80 * MINUTE, "by-hand")
    now = berlin(2026, 3, 4, 12)
    today, yesterday = standings(ledger, specs, now)["nightly"]
    assert (today.status, today.done_at) == (SlaStatus.BREACHED, None)
    assert (yesterday.status, yesterday.done_at) == (SlaStatus.MET, berlin(2026, 3, 3, 3, 20))


def test_a_run_that_failed_has_done_nothing(tmp_path: Path, ledger: Ledger) -> None:
    specs = slas(tmp_path, NIGHTLY)
    flow_run(ledger, berlin(2026, 3, 2, 2), 80 * MINUTE, "before")
    flow_run(ledger, berlin(2026, 3, 3, 2), None, "failed")
    ledger.flow_runs.finish("sluice failed", RunState.FAILED, berlin(2026, 3, 3, 3))
    (day,) = standings(ledger, specs, berlin(2026, 3, 3, 5))["nightly"]
    assert (day.status, day.done_at, day.minutes_late) == (SlaStatus.WARNING, None, 60)
    flow_run(ledger, berlin(2026, 3, 3, 5), 30 * MINUTE, "again")
    (day,) = standings(ledger, specs, berlin(2026, 3, 3, 7))["nightly"]
    assert (day.status, day.minutes_late) == (SlaStatus.WARNING, 90)


def test_a_table_is_done_when_a_checkpoint_passed_on_it(tmp_path: Path, ledger: Ledger) -> None:
    specs = slas(tmp_path, NIGHTLY.replace("flow: sluice", "table: marts.fct_revenue\n  flow: ingest-and-gate"))
    for number in range(7, 0, -1):
        begun = berlin(2026, 3, 11, 2) - timedelta(days=number)
        flow_run(ledger, begun, 5 * MINUTE, f"night-{number}", "ingest-and-gate")
        check(ledger, f"night-{number}", begun + 90 * MINUTE)
    flow_run(ledger, berlin(2026, 3, 11, 3), 5 * MINUTE, "tonight", "ingest-and-gate")

    days = standings(ledger, specs, berlin(2026, 3, 11, 3, 30))["nightly"]

    assert [day.status for day in days] == [SlaStatus.PENDING, SlaStatus.MET, SlaStatus.MET]
    assert days[0].will_be_late  # by what its loads usually take, although its ingest has ended
    assert days[0].predicted is not None
    assert days[0].predicted.finish == berlin(2026, 3, 11, 4, 30)
    assert days[1].done_at == berlin(2026, 3, 10, 3, 30)


def check(ledger: Ledger, ingest_id: str, at: datetime) -> None:
    rows = {"marts.fct_revenue": 10}
    record(ledger, run_of(Verdict.PASSED, run_id=f"marts {ingest_id}", ingest_id=ingest_id, at=at, rows=rows))
    refused = f"refused {ingest_id}"
    record(ledger, run_of(Verdict.FAILED, run_id=refused, ingest_id=ingest_id, at=at - 30 * MINUTE, rows=rows))


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("flow: sluice", "flow: slice"), 3, "no run is recorded as 'slice' (did you mean 'sluice'?)"),
        (("flow: sluice", "owner: me"), 3, "needs `flow:` or `table:`"),
        (('by: "04:00"', "by: 4"), 4, "`by` must be text; found int 4"),
        (('"06:00"', '"04:00"'), 5, "must come after `by`"),
        (('"06:00"', '"6 am"'), 5, "is '6 am', which is no time of day"),
        (("calendar: office", "calendar: ofice"), 6, "there is no calendar 'ofice' (did you mean 'office'?)"),
        (("calendar: office", "time_zone: Mars/Base"), 6, "nobody knows the time zone 'Mars/Base'"),
        (("  calendar: office\n", ""), 3, "needs `time_zone:` or `calendar:`"),
        (("calendar: office", "calender: office"), 6, "has no setting 'calender' (did you mean 'calendar'?)"),
    ],
)
def test_a_wrong_sla_is_refused_with_its_line(tmp_path: Path, change: tuple[str, str], line: int, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        slas(tmp_path, NIGHTLY.replace(*change))
    assert said in str(caught.value)
    assert abs((caught.value.line or 0) - line) <= 1


def test_a_table_that_no_checkpoint_checks_would_never_be_done_and_is_refused(tmp_path: Path) -> None:
    text = NIGHTLY.replace("flow: sluice", "table: marts.fct_revenu")
    with pytest.raises(
        ConfigError, match=r"_slas.yml:3: no checkpoint checks .*did you mean 'marts.fct_revenue'"
    ) as told:
        slas(tmp_path, text, ("marts.fct_revenue", "shop.orders"))
    assert "marts.fct_revenue, shop.orders" in str(told.value)
    assert slas(tmp_path, text.replace("revenu", "revenue"), ("marts.fct_revenue",))[0].table == "marts.fct_revenue"


def test_where_the_checked_tables_are_not_known_none_is_refused(tmp_path: Path) -> None:
    assert slas(tmp_path, NIGHTLY.replace("flow: sluice", "table: marts.any"))[0].table == "marts.any"
