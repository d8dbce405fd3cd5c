"""Read ``checkpoints/_calendars.yml``: the calendars of a project, by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from checkpoints.calendars import ALWAYS, WEEK, WHOLE_DAY, Calendar, Window
from checkpoints.spec import CALENDARS_FILE
from expectations.documents import Node, check_keys, read_document, suggest

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_KEYS = ("time_zone", "working_days", "holidays", "quiet_hours", "days_off", "description")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_RANGE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\s*\.\.\s*([0-9]{4}-[0-9]{2}-[0-9]{2})")
_LOOKED_AHEAD = 366


def load_calendars(checkpoints_dir: Path, now: datetime) -> dict[str, Calendar]:
    """The calendars that the project declares, and ``always``.

    Args:
        checkpoints_dir: where the file may be.
        now: in the year after this, each calendar must have a working day.

    Raises:
        ConfigError: the file is wrong, names a time zone or a country that nobody knows, or leaves no working time;
            with its line.
    """
    file = checkpoints_dir / CALENDARS_FILE
    calendars = {ALWAYS.name: ALWAYS}
    if not file.exists():
        return calendars
    for name, node in read_document(file).mapping("the calendars").items():
        if name == ALWAYS.name:
            raise node.fail(f"the calendar {name!r} is there already, and counts all time; choose another name")
        calendars[name] = _calendar(name, node, now)
    return calendars


def calendar_of(node: Node, calendars: Mapping[str, Calendar]) -> Calendar:
    """The calendar that an entry of another file names.

    Raises:
        ConfigError: there is none of that name.
    """
    name = node.text("`calendar`")
    if name not in calendars:
        known = ", ".join(calendars)
        raise node.fail(f"there is no calendar {name!r}{suggest(name, calendars)}; {CALENDARS_FILE} has {known}")
    return calendars[name]


def zone_of(node: Node) -> ZoneInfo:
    """The time zone that a node names.

    Raises:
        ConfigError: nobody knows it.
    """
    name = node.text("`time_zone`")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = suggest(name, available_timezones())
        raise node.fail(
            f"nobody knows the time zone {name!r}{near}; expected an IANA name such as UTC or Europe/Berlin"
        ) from None


def clock_of(node: Node, what: str) -> time:
    """A time of day that a node holds, such as 04:00.

    Raises:
        ConfigError: it is none.
    """
    return _clock(node, node.text(what), what)


def _clock(node: Node, text: str, what: str) -> time:
    if (found := _CLOCK.fullmatch(text.strip())) is None:
        raise node.fail(f'{what} is {text!r}, which is no time of day; expected hours and minutes such as "04:00"')
    return time(int(found[1]), int(found[2]))


def _calendar(name: str, node: Node, now: datetime) -> Calendar:
    what = f"the calendar {name}"
    fields = node.mapping(what)
    check_keys(fields, _KEYS, what)
    if "time_zone" not in fields:
        raise node.fail(f"{what} needs `time_zone:`, such as Europe/Berlin, or UTC")
    made = Calendar(
        name,
        zone_of(fields["time_zone"]),
        _working_days(fields["working_days"]) if "working_days" in fields else WEEK,
        _days_off(fields.get("holidays"), fields.get("days_off")),
        _windows(fields["quiet_hours"]) if "quiet_hours" in fields else WHOLE_DAY,
    )
    today = made.today(now)
    if not any(made.is_working_day(today + timedelta(days=number)) for number in range(_LOOKED_AHEAD)):
        raise node.fail(
            f"{what} leaves no working day in the year from {today}: by it nothing would ever be late. "
            "Name fewer days off, or more `working_days`"
        )
    return made


def _working_days(node: Node) -> frozenset[int]:
    days = set()
    for entry in _entries(node, "`working_days`"):
        day = entry.text("an entry of `working_days`")
        if day not in _DAYS:
            raise entry.fail(f"{day!r} is no day of the week{suggest(day, _DAYS)}; allowed are {', '.join(_DAYS)}")
        days.add(_DAYS.index(day))
    if not days:
        raise node.fail(f"`working_days` names no day, so none is a working day; allowed are {', '.join(_DAYS)}")
    return frozenset(days)


def _days_off(holidays: Node | None, days_off: Node | None) -> Callable[[date], bool]:
    public = [] if holidays is None else [_public_holidays(entry) for entry in _entries(holidays, "`holidays`")]
    ranges = [] if days_off is None else [_range(entry) for entry in _entries(days_off, "`days_off`")]

    def is_off(day: date) -> bool:
        return any(first <= day <= last for first, last in ranges) or any(each(day) for each in public)

    return is_off


def _public_holidays(node: Node) -> Callable[[date], bool]:
    # It knows some two hundred countries; a project without a calendar needs none of them.
    from holidays import country_holidays, list_supported_countries  # noqa: PLC0415

    country, _, part = node.text("an entry of `holidays`").partition("-")
    supported = list_supported_countries(include_aliases=True)
    if country not in supported:
        raise node.fail(
            f"nobody knows the public holidays of {country!r}{suggest(country, supported)}; expected a country's two "
            "letters such as DE or US, or with a part of it such as DE-BY"
        )
    if part and part not in supported[country]:
        allowed = ", ".join(supported[country]) or "none"
        raise node.fail(f"{country} has no part {part!r} with holidays of its own; it has: {allowed}")
    known = country_holidays(country, subdiv=part or None)
    return lambda day: day in known


def _range(node: Node) -> tuple[date, date]:
    value = node.value
    if isinstance(value, date) and not isinstance(value, datetime):
        return value, value
    text = str(value).strip()
    try:
        if found := _RANGE.fullmatch(text):
            first, last = date.fromisoformat(found[1]), date.fromisoformat(found[2])
            if first <= last:
                return first, last
        elif isinstance(value, str):
            return date.fromisoformat(text), date.fromisoformat(text)
    except ValueError:
        pass
    raise node.fail(f"{text!r} is no day off; expected a date such as 2026-12-24, or 2026-12-27..2026-12-31")


def _windows(node: Node) -> tuple[Window, ...]:
    """What quiet hours leave of a day."""
    quiet: list[Window] = []
    for entry in _entries(node, "`quiet_hours`"):
        text = entry.text("an entry of `quiet_hours`")
        first, dash, last = text.partition("-")
        if not dash:
            raise entry.fail(f'`quiet_hours` has {text!r}; expected two times such as "20:00-07:00"')
        begins, ends = (_after_midnight(_clock(entry, part, "a time in `quiet_hours`")) for part in (first, last))
        if begins == ends:
            raise entry.fail(f"`quiet_hours` has {text!r}, which leaves no working time; the two times must differ")
        midnight, day = WHOLE_DAY[0]
        quiet += [(begins, ends)] if begins < ends else [(begins, day), (midnight, ends)]
    left = _rest_of(sorted(quiet))
    if not left:
        raise node.fail("`quiet_hours` leave no working time in a day; leave some of it")
    return left


def _rest_of(quiet: Sequence[Window]) -> tuple[Window, ...]:
    (reached, end), left = WHOLE_DAY[0], []
    for begins, ends in quiet:
        if begins > reached:
            left.append((reached, begins))
        reached = max(reached, ends)
    return (*left, (reached, end)) if reached < end else tuple(left)


def _after_midnight(clock: time) -> timedelta:
    return datetime.combine(date.min, clock, UTC) - datetime.combine(date.min, time(), UTC)


def _entries(node: Node, what: str) -> list[Node]:
    """The entries of a list; one alone may stand without it."""
    return [node] if not isinstance(node.value, list) else node.items(what)
