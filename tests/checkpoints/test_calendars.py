"""Time that counts: never more than there is, additive, and right where clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checkpoints.calendars import WEEK, WHOLE_DAY, Calendar
from checkpoints.calendars_file import load_calendars
from gx.errors import ConfigError

HOUR = timedelta(hours=1)
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
# Northern and southern summers, a half hour (Lord Howe), a change at midnight (Beirut), a day left out (Apia, 2011).
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "Pacific/Apia")
OFFICE = """
office:
  time_zone: Europe/Berlin
  working_days: [mon, tue, wed, thu, fri]
  holidays: [DE-BY]
  quiet_hours: ["20:00-07:00"]
  days_off: [2026-12-24, 2026-12-27..2026-12-31]
"""


def calendars(tmp_path: Path, text: str, now: datetime = NOW) -> dict[str, Calendar]:
    (tmp_path / "_calendars.yml").write_text(text, encoding="utf-8")
    return load_calendars(tmp_path, now)


def berlin(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ZoneInfo("Europe/Berlin"))  # type: ignore[misc, arg-type]


@st.composite
def some_calendar(draw: st.DrawFn) -> Calendar:
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    off = draw(st.frozensets(st.integers(0, 400), max_size=20))
    edges = draw(st.lists(st.integers(0, 24 * 60), min_size=2, max_size=6, unique=True).map(sorted))
    windows = tuple(
        (timedelta(minutes=first), timedelta(minutes=last))
        for first, last in zip(edges[::2], edges[1::2], strict=False)
    )
    start = date(2011, 12, 1)
    return Calendar("some", zone, days, lambda day: (day - start).days in off, windows)


FIRST, LAST = datetime.fromisoformat("2011-12-01"), datetime.fromisoformat("2012-11-20")
MOMENTS = st.datetimes(FIRST, LAST, timezones=st.just(UTC))


@settings(deadline=None)
@given(some_calendar(), MOMENTS, MOMENTS, MOMENTS)
def test_time_that_counts_is_never_more_than_there_is_and_is_additive(
    calendar: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    first, second, third = sorted((one, two, three))
    assert timedelta(0) <= calendar.elapsed(first, third) <= third - first
    assert calendar.elapsed(first, third) == calendar.elapsed(first, second) + calendar.elapsed(second, third)


@settings(deadline=None)
@given(some_calendar(), MOMENTS, st.integers(0, 600))
def test_the_last_moment_within_a_limit_is_the_last(calendar: Calendar, start: datetime, minutes: int) -> None:
    limit = timedelta(minutes=minutes)
    last = calendar.until(start, limit)
    assert last is not None
    assert calendar.elapsed(start, last) == limit
    assert calendar.elapsed(start, last + timedelta(microseconds=1)) > limit


@settings(deadline=None)
@given(some_calendar(), st.datetimes(FIRST, LAST))
@example(Calendar("berlin", ZoneInfo("Europe/Berlin")), datetime.fromisoformat("2012-03-25"))
def test_time_counts_exactly_where_the_clock_says_so(calendar: Calendar, midnight: datetime) -> None:
    """Against counting each quarter of an hour by itself; every clock is changed at such a one."""
    start, quarter = midnight.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC), timedelta(minutes=15)
    rounded = tuple((_quarter(first), _quarter(last)) for first, last in calendar.windows)
    calendar = Calendar("rounded", calendar.zone, calendar.working_days, calendar.is_day_off, rounded)
    counted = timedelta(0)
    for number in range(3 * 96):
        local = (start + number * quarter).astimezone(calendar.zone).replace(tzinfo=None)
        since_midnight = local - datetime.combine(local.date(), time())
        if calendar.is_working_day(local.date()) and any(a <= since_midnight < b for a, b in calendar.windows):
            counted += quarter
    assert calendar.elapsed(start, start + 3 * 96 * quarter) == counted


def _quarter(part: timedelta) -> timedelta:
    return timedelta(minutes=part // timedelta(minutes=15) * 15)


def test_a_weekend_does_not_count(tmp_path: Path) -> None:
    office = calendars(tmp_path, OFFICE)["office"]
    friday, monday = berlin(2026, 3, 6, 18), berlin(2026, 3, 9, 8)
    assert office.elapsed(friday, monday) == 3 * HOUR  # until 20:00, and from 7:00 on
    assert office.until(friday, 6 * HOUR) == berlin(2026, 3, 9, 11)


def test_what_is_due_as_the_day_ends_is_late_when_the_next_begins(tmp_path: Path) -> None:
    office = calendars(tmp_path, OFFICE)["office"]
    assert office.until(berlin(2026, 3, 6, 18), 2 * HOUR) == berlin(2026, 3, 9, 7)


def test_holidays_of_a_part_of_a_country_and_days_off_do_not_count(tmp_path: Path) -> None:
    office = calendars(tmp_path, OFFICE)["office"]
    assert not office.is_working_day(date(2026, 1, 6))  # Epiphany, in Bavaria
    assert not office.is_working_day(date(2026, 12, 24))
    assert not office.is_working_day(date(2026, 12, 30))
    elsewhere = calendars(tmp_path, OFFICE.replace("DE-BY", "DE"))["office"]
    assert elsewhere.is_working_day(date(2026, 1, 6))


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 3, 28), 24)])
def test_a_day_has_as_many_hours_as_the_clock_leaves_it(day: tuple[int, int, int], hours: int) -> None:
    calendar = Calendar("berlin", ZoneInfo("Europe/Berlin"))
    midnight, next_midnight = berlin(*day), berlin(*day[:2], day[2] + 1)
    assert calendar.elapsed(midnight, next_midnight) == hours * HOUR


def test_quiet_hours_that_clocks_are_changed_in() -> None:
    """Quiet from 2:00 to 3:00: an hour that is left out in spring, and comes twice in autumn."""
    zone = ZoneInfo("Europe/Berlin")
    calendar = Calendar("quiet", zone, WEEK, lambda _: False, ((0 * HOUR, 2 * HOUR), (3 * HOUR, 24 * HOUR)))
    assert calendar.elapsed(berlin(2026, 3, 29), berlin(2026, 3, 30)) == 23 * HOUR
    assert calendar.elapsed(berlin(2026, 10, 25), berlin(2026, 10, 26)) == 23 * HOUR
    assert calendar.elapsed(berlin(2026, 3, 28), berlin(2026, 3, 29)) == 23 * HOUR


def test_a_time_that_the_clock_leaves_out_comes_when_it_is_changed() -> None:
    calendar = Calendar("berlin", ZoneInfo("Europe/Berlin"))
    assert calendar.moment(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert calendar.moment(date(2026, 3, 29), time(4)) == datetime(2026, 3, 29, 2, tzinfo=UTC)
    assert calendar.moment(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_only_all_time_counts_where_no_calendar_is_declared(tmp_path: Path) -> None:
    found = load_calendars(tmp_path, NOW)
    assert list(found) == ["always"]
    assert found["always"].windows == WHOLE_DAY
    assert found["always"].elapsed(NOW, NOW + 100 * HOUR) == 100 * HOUR


def test_a_single_entry_may_stand_without_brackets(tmp_path: Path) -> None:
    text = "office: {time_zone: UTC, working_days: mon, holidays: DE, quiet_hours: 20:00-07:00, days_off: 2026-03-02}\n"
    office = calendars(tmp_path, text)["office"]
    assert office.working_days == {0}
    assert not office.is_working_day(date(2026, 4, 6))  # Easter Monday
    assert not office.is_working_day(date(2026, 3, 2))
    assert office.windows == ((7 * HOUR, 20 * HOUR),)


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("Europe/Berlin", "Europe/Berln"), 3, "nobody knows the time zone 'Europe/Berln' (did you mean 'Europe/Ber"),
        (("time_zone: Europe/Berlin", "description: none"), 2, "needs `time_zone:`"),
        (("DE-BY", "XX"), 5, "nobody knows the public holidays of 'XX'"),
        (("DE-BY", "DE-XX"), 5, "DE has no part 'XX' with holidays of its own; it has: BB, BE,"),
        (("fri]", "fry]"), 4, "'fry' is no day of the week (did you mean 'fri'?); allowed are mon,"),
        (("[mon, tue, wed, thu, fri]", "[]"), 4, "names no day"),
        (("20:00-07:00", "20:00-20:00"), 6, "leaves no working time"),
        (('"20:00-07:00"', '"07:00-20:00", "19:00-08:00"'), 6, "leave no working time in a day"),
        (("20:00-07:00", "25:00-07:00"), 6, "a time in `quiet_hours` is '25:00', which is no time of day"),
        (("20:00-07:00", "20:00"), 6, "`quiet_hours` has '20:00'; expected two times"),
        (("2026-12-24,", "24 December,"), 7, "is no day off; expected a date"),
        (("2026-12-27..2026-12-31", "2026-01-01..2030-01-01"), 2, "leaves no working day in the year from 2026-03-02"),
        (("holidays", "holliday"), 5, "has no setting 'holliday' (did you mean 'holidays'?)"),
        (("office", "always"), 2, "is there already"),
    ],
)
def test_a_wrong_calendar_is_refused_with_its_line(
    tmp_path: Path, change: tuple[str, str], line: int, said: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        calendars(tmp_path, OFFICE.replace(*change))
    assert caught.value.file == tmp_path / "_calendars.yml"
    assert caught.value.line == line
    assert said in str(caught.value)
