"""Whether an SLA is met on a day. Nothing here reads a clock or the ledger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.sla.prediction import Prediction
from expectations.suite import Severity
from gx.docs.text import counted

if TYPE_CHECKING:
    from checkpoints.sla.spec import SlaSpec

_MINUTE = timedelta(minutes=1)


class SlaStatus(StrEnum):
    """As the warehouse's ``data_sla_metrics`` has it, and one for what is not due yet."""

    PENDING = "PENDING"
    MET = "MET"
    WARNING = "WARNING"
    BREACHED = "BREACHED"


@dataclass(frozen=True)
class Occurrence:
    """An SLA's day. Times are in UTC.

    Attributes:
        begins: runs that began earlier belong to the day before.
        target: until then it is met.
        warn_until: until then it is a warning, later a breach.
    """

    day: date
    begins: datetime
    target: datetime
    warn_until: datetime


@dataclass(frozen=True)
class Standing:
    """How an SLA stands on one day.

    Attributes:
        done_at: when it was done; None while it is not.
        minutes_late: whole minutes after the target, rounded up; so far, while it is not done; until the next day
            began, where it never was.
        as_of: until when that was looked at: now, or where it was never done the begin of the next day.
        predicted: when it will be done, if it is not and there is history enough.
        never: whether the day is over and it was not done.
    """

    spec: SlaSpec
    occurrence: Occurrence
    status: SlaStatus
    done_at: datetime | None
    minutes_late: int
    as_of: datetime
    predicted: Prediction | None = None
    never: bool = False

    @property
    def will_be_late(self) -> bool:
        """Whether it is not due yet and will probably not be met."""
        pending = self.status is SlaStatus.PENDING and self.predicted is not None
        return pending and self.predicted is not None and self.predicted.finish > self.occurrence.target

    @property
    def target(self) -> str:
        """What was promised for this day: ``2026-03-02 04:00 Europe/Berlin``. It names the day in the warehouse."""
        return f"{self.occurrence.day} {self.spec.target}"


def stand(
    spec: SlaSpec,
    occurrence: Occurrence,
    done_at: datetime | None,
    now: datetime,
    *,
    ended: datetime | None = None,
    predicted: Prediction | None = None,
) -> Standing:
    """How an SLA stands.

    Args:
        spec: the SLA.
        occurrence: the day.
        done_at: when it was done, if it was.
        now: the time; minutes late are counted until then while it is not done.
        ended: when the next day of this SLA began, if it did and no run of this day goes on: what was not done by then
            was never done, and is late no longer; from then on the next day's own SLA counts.
        predicted: when it will be done.
    """
    as_of = now if done_at else min(now, ended or now)
    at = done_at or as_of
    late = max(math.ceil((at - occurrence.target) / _MINUTE), 0)
    if at > occurrence.warn_until or (done_at is None and ended is not None):
        status = SlaStatus.BREACHED
    elif at > occurrence.target:
        status = SlaStatus.WARNING
    else:
        status = SlaStatus.MET if done_at else SlaStatus.PENDING
    never = done_at is None and ended is not None and ended <= now
    return Standing(spec, occurrence, status, done_at, late, as_of, None if done_at else predicted, never)


def sla_key(name: str) -> str:
    """Names the problem that an SLA is not met."""
    return f"sla/{name}"[:200]


def problem_of(days: Sequence[Standing]) -> Problem | None:
    """What is wrong with an SLA now, if anything. What was done, however late, is over.

    Args:
        days: how it stands on its days, the latest first. While nothing was done since, an earlier day is still open.
    """
    for standing in days:
        if standing.done_at is not None:
            return None
        if standing.status is not SlaStatus.PENDING or standing.will_be_late:
            return _problem(standing)
    return None


def _problem(standing: Standing) -> Problem:
    spec = standing.spec
    what = spec.table or spec.flow
    zone = spec.calendar.zone
    expected = f"{what} is done by {spec.target} on each working day, at the latest by {spec.warn_until:%H:%M}"
    breached = standing.status is SlaStatus.BREACHED
    if standing.will_be_late:
        title, state = f"{spec.name} will probably be late", "predicted"
    else:
        title, state = f"{spec.name} is {'breached' if breached else 'late'}", standing.status.value
    return Problem(
        key=sla_key(spec.name),
        kind=ProblemKind.WATCH,
        severity=Severity.CRITICAL if breached else Severity.WARNING,
        title=title,
        table=spec.table,
        owner=spec.owner,
        expected=expected,
        observed=observed(standing, zone),
        # One finding a day and state: the minutes that pass are no news.
        run_id=f"{spec.name} {standing.occurrence.day} {state}",
        next_step="See what runs (`sluice monitor`) and why it takes long; tell those who wait for it.",
    )


def observed(standing: Standing, zone: ZoneInfo) -> str:
    """How it stands, in plain words."""
    if standing.done_at is not None:
        late = f", {_late(standing)}" if standing.minutes_late else ""
        return f"Done at {standing.done_at.astimezone(zone):%H:%M on %Y-%m-%d}{late}."
    if standing.never:
        late = f", {_late(standing)} by then" if standing.minutes_late else ""
        return f"Never done for {standing.occurrence.day} before the next day began{late}."
    said = f"Not done for {standing.occurrence.day}"
    if standing.minutes_late:
        said += f", {_late(standing)} so far"
    return f"{said}. {standing.predicted.said(zone)}" if standing.predicted else f"{said}."


def _late(standing: Standing) -> str:
    return f"{counted(standing.minutes_late, 'minute')} late"
