"""What the monitor finds, as rows of the warehouse's tables. No row holds a value of the data but a table's age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from checkpoints.data_quality.rows import Row
from checkpoints.data_quality.tables import DataQualityTables
from checkpoints.freshness.state import Judged, State
from checkpoints.sla.standing import SlaStatus, Standing

MONITOR_RUN = "monitor"
"""Stands for a run in what the monitor measured; it is written anew each time."""


@dataclass(frozen=True)
class FreshnessRows:
    """How new tables are. A table that could not be measured keeps the row it has, which says when it was measured."""

    judged: Sequence[Judged]

    def write(self, connection: Connection, tables: DataQualityTables) -> None:
        """Write them instead of what the monitor measured before."""
        kept = [str(each.spec.table) for each in self.judged if each.state is State.UNKNOWN]
        of = tables.freshness.c
        old = sa.and_(of.run_id == MONITOR_RUN, of.table_name.not_in(kept) if kept else sa.true())
        connection.execute(tables.freshness.delete().where(old))
        rows: list[Row] = [
            {
                "table_name": str(each.spec.table),
                "last_updated": _naive(each.measured.newest),
                # In all time that passes: with what its calendar leaves out the view needs no calendar.
                "warning_minutes": each.warning_minutes,
                "stale_minutes": each.stale_minutes,
                "measured_at": _naive(each.now),
                "run_id": MONITOR_RUN,
            }
            for each in self.judged
            if each.state is not State.UNKNOWN
        ]
        if rows:
            connection.execute(tables.freshness.insert().values(rows))


@dataclass(frozen=True)
class SlaRows:
    """How SLAs stand, one row for each of their days. What is not due yet has none.

    ``minutes_late`` counts until ``actual_completion_time`` or, where there is none, until ``measured_at``: of a day
    that was never done that is when the next one began.
    """

    standings: Sequence[Standing]

    def write(self, connection: Connection, tables: DataQualityTables) -> None:
        """Write them instead of what was said of the same days before."""
        of = tables.data_sla_metrics.c
        due = [each for each in self.standings if each.status is not SlaStatus.PENDING]
        for each in due:
            same = sa.and_(of.sla_name == each.spec.name, of.target_completion_time == each.target)
            connection.execute(tables.data_sla_metrics.delete().where(same))
        rows: list[Row] = [
            {
                "sla_name": each.spec.name,
                "target_completion_time": each.target,
                "actual_completion_time": _naive(each.done_at),
                "sla_status": each.status.value,
                "minutes_late": each.minutes_late,
                "measured_at": _naive(each.as_of),
            }
            for each in due
        ]
        if rows:
            connection.execute(tables.data_sla_metrics.insert().values(rows))


def _naive(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment else None
