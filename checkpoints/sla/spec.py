"""Read ``checkpoints/_slas.yml``: by when flows and tables are done on each working day."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from checkpoints.alerts.routing_file import owner_of
from checkpoints.calendars import ALWAYS, Calendar
from checkpoints.calendars_file import calendar_of, clock_of, zone_of
from checkpoints.expected_runs import flow_of
from checkpoints.sla.standing import Occurrence
from checkpoints.spec import SLAS_FILE
from expectations.documents import Node, check_keys, known_as, read_document, suggest
from gx.warehouse.table import TableName

_KEYS = ("flow", "table", "by", "warn_until", "counts_from", "time_zone", "calendar", "owner", "description")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_DAY = timedelta(days=1)
_LONGEST_SEARCH = 370
_PAST_MIDNIGHT = timedelta(hours=12)
"""How long after `by` a `warn_until` of the next day may be."""


@dataclass(frozen=True)
class SlaSpec:
    """What is promised, for each working day.

    Attributes:
        name: as it is written to the warehouse.
        flow: done when a run of it completed; of a table, whose runs it is made by.
        table: done when a checkpoint passed on it; None if the flow alone is meant.
        by: until then it is met.
        warn_until: until then it is a warning, later a breach; earlier in the day than ``by``, of the next day, at most
            twelve hours later.
        counts_from: runs that began earlier belong to the day before; not earlier in the day than ``by``, of the day
            before. The day before lasts at least until its ``warn_until``.
        calendar: which days count, and whose clock does.
        owner: who is told, as the alert routing knows them.
    """

    name: str
    flow: str | None
    table: str | None
    by: time
    warn_until: time
    counts_from: time
    calendar: Calendar
    owner: str | None = None

    def occurrences(self, now: datetime) -> Iterator[Occurrence]:
        """The days that have begun, the latest first."""
        day = self.calendar.today(now) + _DAY
        for _ in range(_LONGEST_SEARCH):
            if self.calendar.is_working_day(day) and (found := self._on(day)).begins <= now:
                yield found
            day -= _DAY

    def _on(self, day: date) -> Occurrence:
        before = day - _DAY if self.counts_from >= self.by else day
        after = day + _DAY if self.warn_until <= self.by else day
        moment = self.calendar.moment
        return Occurrence(day, moment(before, self.counts_from), moment(day, self.by), moment(after, self.warn_until))

    @property
    def target(self) -> str:
        """What is promised, for people: ``04:00 Europe/Berlin``."""
        return f"{self.by:%H:%M} {self.calendar.zone.key}"


def load_slas(
    checkpoints_dir: Path,
    calendars: Mapping[str, Calendar],
    flows: Collection[str],
    tables: Collection[str] | None = None,
    owners: Collection[str] | None = None,
) -> tuple[SlaSpec, ...]:
    """What the project declares, in its order; nothing where there is no such file.

    Args:
        checkpoints_dir: where the file may be.
        calendars: of the project, by name.
        flows: the names that runs are recorded under.
        tables: those that a checkpoint checks, as their suites name them; None where that is not known.
        owners: the names that `owner` may have; None where any will do.

    Raises:
        ConfigError: the file is wrong; with its line.
    """
    file = checkpoints_dir / SLAS_FILE
    if not file.exists():
        return ()
    entries = read_document(file).mapping("the SLAs")
    return tuple(_sla(name, node, calendars, flows, tables, owners) for name, node in entries.items())


def _sla(
    name: str,
    node: Node,
    calendars: Mapping[str, Calendar],
    flows: Collection[str],
    tables: Collection[str] | None,
    owners: Collection[str] | None,
) -> SlaSpec:
    what = f"the SLA {name}"
    if not _NAME.fullmatch(name):
        raise node.fail(f"{name!r} is no name of an SLA: up to 100 letters, digits, and ._- after the first")
    fields = node.mapping(what)
    check_keys(fields, _KEYS, what)
    flow, table = (fields[key].text(f"`{key}`") if key in fields else None for key in ("flow", "table"))
    if flow is None and table is None:
        raise node.fail(f"{what} needs `flow:` or `table:`, which is to be done by then")
    if flow is not None:
        flow = flow_of(fields["flow"], flow, flows)
    if table is not None:
        table = _table(fields["table"], table, tables)
    for key in ("by", "warn_until"):
        if key not in fields:
            raise node.fail(f'{what} needs `{key}:`, a time of day such as "04:00"')
    by, warn_until = (clock_of(fields[key], f"`{key}`") for key in ("by", "warn_until"))
    _check_order(fields["warn_until"], by, warn_until)
    # Midnight; or else, where a run may come after that and only be a warning, when it may no longer.
    counts_from = warn_until if warn_until < by else time()
    if "counts_from" in fields:
        counts_from = clock_of(fields["counts_from"], "`counts_from`")
        _check_length(fields["counts_from"], by, warn_until, counts_from)
    return SlaSpec(
        name,
        flow,
        table,
        by,
        warn_until,
        counts_from,
        _calendar(what, node, fields, calendars),
        owner_of(fields["owner"], owners) if "owner" in fields else None,
    )


def _table(node: Node, table: str, tables: Collection[str] | None) -> str:
    """The table as its suite names it."""
    try:
        TableName.parse(table)
    except ValueError as error:
        raise node.fail(str(error)) from None
    if tables is None:
        return table
    meant = known_as(table, tables)
    if meant is None:
        known = ", ".join(sorted(tables)) or "none"
        raise node.fail(
            f"no checkpoint checks the table {table!r}{suggest(table, tables)}, so it would never be done; those that "
            f"are checked: {known}"
        )
    return meant


def _check_order(node: Node, by: time, warn_until: time) -> None:
    """Past midnight it is meant to be soon after; further ahead, two times were taken for each other."""
    if by == warn_until:
        raise node.fail("`warn_until` must come after `by`; they are the same")
    later = datetime.combine(date.min, warn_until) - datetime.combine(date.min, by)
    if later < timedelta(0) and later + _DAY > _PAST_MIDNIGHT:
        hours = (later + _DAY) / timedelta(hours=1)
        raise node.fail(
            f"`warn_until` {warn_until:%H:%M} comes before `by` {by:%H:%M}; as a time of the next day it would be "
            f"{hours:.3g} hours later, and at most {_PAST_MIDNIGHT / timedelta(hours=1):g} are allowed past midnight"
        )


def _check_length(node: Node, by: time, warn_until: time, counts_from: time) -> None:
    """A day that ended before its `warn_until` would be breached by then, and its late run the next day's."""
    ends = datetime.combine(date.min, counts_from) + (timedelta() if counts_from >= by else _DAY)
    warned = datetime.combine(date.min, warn_until) + (_DAY if warn_until < by else timedelta())
    if ends < warned:
        hint = f"{warn_until:%H:%M} or later"
        if warn_until < by:
            hint += f", before {by:%H:%M}, or leave it out"
        raise node.fail(
            f"`counts_from` {counts_from:%H:%M} begins the next day before this one's `warn_until` {warn_until:%H:%M}: "
            f"a run in between would be late and the next day's at once; write {hint}"
        )


def _calendar(what: str, node: Node, fields: Mapping[str, Node], calendars: Mapping[str, Calendar]) -> Calendar:
    """A calendar with its zone, a zone in which every day counts, or a calendar read by the clock of another zone."""
    if "calendar" not in fields and "time_zone" not in fields:
        raise node.fail(f"{what} needs `time_zone:` or `calendar:`, whose clock shows the time")
    calendar = calendar_of(fields["calendar"], calendars) if "calendar" in fields else ALWAYS
    return replace(calendar, zone=zone_of(fields["time_zone"])) if "time_zone" in fields else calendar
