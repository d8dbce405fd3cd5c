"""When runs of flows are expected, so that one that never came is missed."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from cronsim import CronSim, CronSimError

from checkpoints.ledger.connection import Database
from checkpoints.ledger.moments import aware, naive
from checkpoints.ledger.schema import schedules
from gx.errors import ConfigError


@dataclass(frozen=True)
class Schedule:
    """One flow's schedule.

    Attributes:
        flow: as its runs are recorded.
        cron: five fields.
        time_zone: an IANA name. Where clocks are put forward, a run of the hour that is left out is expected right
            after it; where they are put back, one of the hour that comes twice is expected the first time. Jobs of
            every hour, with ``*`` in the hour's field, follow the clock's hours as they come.
        since: in UTC; no run is missed that was expected before.
    """

    flow: str
    cron: str
    time_zone: str
    since: datetime

    @classmethod
    def of(cls, flow: str, cron: str, time_zone: str, since: datetime) -> Schedule:
        """A schedule that can be computed.

        Raises:
            ConfigError: the cron expression never fires or is none, or nobody knows the time zone.
        """
        made = cls(flow, cron.strip(), time_zone.strip(), since)
        made.last_before(since)
        return made

    def last_before(self, now: datetime) -> datetime:
        """The latest moment at or before ``now`` at which a run was expected, in UTC.

        Raises:
            ConfigError: as :meth:`of`.
        """
        return self._around(now)[0]

    def next_after(self, now: datetime) -> datetime:
        """The first moment after ``now`` at which a run is expected, in UTC.

        Raises:
            ConfigError: as :meth:`of`.
        """
        return self._around(now)[1]

    def _around(self, now: datetime) -> tuple[datetime, datetime]:
        """The latest moment at or before ``now``, and the first one after it."""
        try:
            zone = ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConfigError(
                f"the schedule of {self.flow} is in the time zone {self.time_zone!r}, which nobody knows; expected an "
                "IANA name such as UTC or Europe/Berlin"
            ) from None
        local = now.astimezone(zone).replace(second=1)  # a run that is expected in this very minute counts
        try:
            before = next(CronSim(self.cron, local, reverse=True)).astimezone(UTC)
            # In the second one of an hour that comes twice, looking back by the clock passes what was in the first.
            forward = CronSim(self.cron, before.astimezone(zone))
            while (after := next(forward).astimezone(UTC)) <= now:
                before = after
        except (CronSimError, StopIteration) as error:
            raise ConfigError(
                f"the schedule of {self.flow} is {self.cron!r}, which is no time: {str(error) or 'it never comes'}; "
                "expected the five fields of cron, such as '0 2 * * *' for 2:00 each night"
            ) from None
        return before, after


class Schedules:
    """The schedules that the ledger remembers. Every method raises LedgerError when the database cannot be used."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def declare(self, schedule: Schedule) -> None:
        """Expect runs by this schedule; one that is as before keeps its beginning."""
        of = schedules.c
        same = sa.and_(of.flow == schedule.flow, of.cron == schedule.cron, of.time_zone == schedule.time_zone)
        with self._database.exclusive() as connection:
            if connection.execute(sa.select(sa.func.count()).where(same)).scalar():
                return
            connection.execute(schedules.delete().where(of.flow == schedule.flow))
            connection.execute(
                schedules.insert().values(
                    flow=schedule.flow, cron=schedule.cron, time_zone=schedule.time_zone, since=naive(schedule.since)
                )
            )

    def forget(self, flows: Collection[str]) -> int:
        """Expect no more runs of these; returns how many schedules there were."""
        if not flows:
            return 0
        with self._database.exclusive() as connection:
            return connection.execute(schedules.delete().where(schedules.c.flow.in_(flows))).rowcount

    def all(self) -> tuple[Schedule, ...]:
        """Every schedule, by its flow's name."""
        with self._database.transaction() as connection:
            rows = connection.execute(sa.select(schedules).order_by(schedules.c.flow)).mappings().all()
        return tuple(Schedule(row["flow"], row["cron"], row["time_zone"], aware(row["since"])) for row in rows)
