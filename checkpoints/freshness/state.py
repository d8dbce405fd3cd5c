"""Whether a table is fresh. Nothing here reads a clock or asks a warehouse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.calendars import ALWAYS
from checkpoints.freshness.measuring import Measured
from checkpoints.freshness.spec import FreshnessSpec
from expectations.moments import CLOCK_SKEW
from expectations.suite import Severity
from gx.docs.text import duration

_HOUR = timedelta(hours=1)


class State(StrEnum):
    """As Data Docs and the warehouse's ``dashboard_freshness`` know them, and one for what nobody could look at."""

    FRESH = "fresh"
    WARNING = "warning"
    STALE = "stale"
    UNKNOWN = "not measured"


@dataclass(frozen=True)
class Judged:
    """One table's freshness.

    Attributes:
        now: when it was measured, in UTC.
        warn_at: after this moment there is a warning, if nothing newer comes; None if never, or not soon.
        stale_at: after this moment it is stale; likewise.
    """

    measured: Measured
    state: State
    now: datetime
    warn_at: datetime | None = None
    stale_at: datetime | None = None

    @property
    def spec(self) -> FreshnessSpec:
        """How old it may be."""
        return self.measured.spec

    @property
    def age(self) -> timedelta | None:
        """How old the newest row is, by all time that passed."""
        newest = self.measured.newest
        return None if newest is None else max(self.now - newest, timedelta(0))

    @property
    def warning_minutes(self) -> float | None:
        """After how many minutes of all time there is a warning: what the calendar leaves out is counted in."""
        return self._minutes(self.warn_at)

    @property
    def stale_minutes(self) -> float | None:
        """After how many minutes of all time the table is stale; likewise."""
        return self._minutes(self.stale_at)

    def _minutes(self, moment: datetime | None) -> float | None:
        newest = self.measured.newest
        return None if moment is None or newest is None else (moment - newest) / timedelta(minutes=1)


def judge(measured: Measured, now: datetime) -> Judged:
    """Judge what was measured.

    A newest row further ahead than clocks differ would hide stale data, and counts as stale, as in a checkpoint.

    Args:
        measured: of one table.
        now: in UTC.
    """
    if measured.problem is not None:
        return Judged(measured, State.UNKNOWN, now)
    newest, spec = measured.newest, measured.spec
    if newest is None or newest > now + CLOCK_SKEW:
        return Judged(measured, State.STALE, now)
    warn_at = spec.calendar.until(newest, spec.warn) if spec.warn is not None else None
    stale_at = spec.calendar.until(newest, spec.error)
    state = State.FRESH
    if stale_at is not None and now > stale_at:
        state = State.STALE
    elif warn_at is not None and now > warn_at:
        state = State.WARNING
    return Judged(measured, state, now, warn_at, stale_at)


def freshness_key(table: str) -> str:
    """Names the problem that a table is not fresh."""
    return f"freshness/{table}"[:200]


def problem_of(judged: Judged) -> Problem | None:
    """What is wrong with a table's freshness, if anything; what could not be measured is not fine either."""
    spec, table = judged.spec, str(judged.spec.table)
    if judged.state is State.FRESH:
        return None
    title = {
        State.WARNING: f"{table} is getting old",
        State.STALE: f"{table} is stale",
        State.UNKNOWN: f"the freshness of {table} could not be measured",
    }[judged.state]
    newest = judged.measured.newest
    return Problem(
        key=freshness_key(table),
        kind=ProblemKind.WATCH,
        severity=Severity.CRITICAL if judged.state is State.STALE else Severity.WARNING,
        title=title,
        table=table,
        column=spec.column,
        owner=spec.owner,
        expected=expected(spec),
        observed=observed(judged),
        # The same newest row in the same state is one finding, however often it is looked for.
        run_id=f"{table} {judged.state} {newest:%Y-%m-%dT%H:%M:%S}"[:200]
        if newest
        else f"{table} {judged.state}"[:200],
        next_step="See whether its sync and its load ran (`sluice monitor`); `sluice freshness` measures again.",
    )


def expected(spec: FreshnessSpec) -> str:
    """The rule in plain words."""
    always = spec.calendar is ALWAYS
    limit, warn = (
        None if limit is None else duration(limit / _HOUR) if always else _in_hours(limit)
        for limit in (spec.error, spec.warn)
    )
    warning = f", a warning from {warn} on" if warn is not None else ""
    counted = "" if always else f", counted by the calendar {spec.calendar.name}"
    return f"at most {limit} old{warning}{counted}"


def observed(judged: Judged) -> str:
    """What was found, in plain words."""
    if judged.measured.problem is not None:
        return f"{judged.measured.problem.removesuffix('.')}."
    newest, spec = judged.measured.newest, judged.spec
    what = f"The newest {spec.column}" if spec.column else "The last change"
    if newest is None or judged.age is None:
        return f"There is no {spec.column or 'change on record'} at all."
    if newest > judged.now + CLOCK_SKEW:
        return f"{what} lies {duration((newest - judged.now) / _HOUR)} in the future."
    if newest > judged.now:
        ahead = duration((newest - judged.now) / _HOUR)
        return f"{what} lies {ahead} in the future ({newest:%Y-%m-%d %H:%M} UTC), by no more than clocks may differ."
    said = f"{what} is {duration(judged.age / _HOUR)} old ({newest:%Y-%m-%d %H:%M} UTC)"
    if spec.calendar is ALWAYS:
        return f"{said}."
    # Beyond a year nobody minds how much of it was working time.
    counted = spec.calendar.elapsed(max(newest, judged.now - timedelta(days=366)), judged.now)
    return f"{said}, {_in_hours(counted)} by the calendar {spec.calendar.name}."


def _in_hours(counted: timedelta) -> str:
    """Working time in hours: a day of it has not twenty-four."""
    minutes = round(counted / timedelta(minutes=1))
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if rest else f"{hours:,} h"
