"""What the site remembers of a table: its runs that are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.records import RUNS_LISTED, Revised, RunMark, RunPoint, RunRecord, table_key

_DROPPED_AT_ONCE = 50
"""No more, so that a publish stays quick after the limit was lowered. Where there is a page of all runs no fewer
either, so that it need not be written each time."""


class TableRuns(Revised):
    """Every run of a table that is kept, the oldest first: what the table's page shows."""

    latest: RunRecord
    points: tuple[RunPoint, ...]
    since: AwareDatetime
    """When the table began to fail, or stopped failing: the first run of the state it is in."""
    all_until: AwareDatetime | None = None
    """How far the page of all runs goes; None while the table's page lists them all."""
    dropped: tuple[str, ...] = ()
    """Paths of runs that are over the limit: nothing shows them any more, the next publish deletes their files."""

    @property
    def key(self) -> str:
        """Which table and suite this is."""
        return table_key(self.latest.table, self.latest.suite)

    @classmethod
    def of(cls, known: TableRuns | None, records: Sequence[RunRecord], keep: Keep) -> TableRuns:
        """What is known and these records; a run that is published again replaces itself.

        ``dropped`` are the runs that are over the limit now. Either argument must have a run.
        """
        before = known.points if known else ()
        points = in_order([*before, *(each.point() for each in records)])
        latest = max([*records, *([known.latest] if known else [])], key=order)
        dropped = keep.over(points)
        points = points[len(dropped) :]
        return cls(
            latest=latest,
            points=points,
            since=_since(points, known),
            all_until=_all_until(known.all_until if known and not dropped else None, points, records),
            dropped=tuple(point.path for point in dropped),
        )

    def beside(self, paths: Collection[str]) -> Iterator[tuple[str, Neighbours]]:
        """These runs and those next to them, each with its neighbours."""
        order = ["", *(point.path for point in self.points), ""]
        changed = {*paths, *order[1:2]} if self.dropped else set(paths)  # the oldest may have become so
        for previous, path, following in zip(order, order[1:], order[2:], strict=False):
            if not changed.isdisjoint((previous, path, following)):
                yield path, Neighbours(previous=previous, next=following)

    @property
    def all_is_due(self) -> bool:
        """Whether the page of all runs has to be written now."""
        return self.all_until == self.points[-1].time


class Neighbours(BaseModel):
    """The paths of the runs of the same table before and after a run; empty where there is none."""

    model_config = ConfigDict(frozen=True)

    previous: str = ""
    next: str = ""


class Keep(BaseModel):
    """How much of a table's history is kept. Its last run always is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: int = Field(1000, ge=1, le=10_000, strict=True)
    days: float | None = Field(None, gt=0)
    """Counted back from the table's last run, so that a table that is no longer checked keeps what it has."""

    def over(self, points: Sequence[RunPoint]) -> Sequence[RunPoint]:
        """The oldest of these that are too many or too old; at most `_DROPPED_AT_ONCE`, the rest next time.

        None before there are as many, where the table's page does not list all of its runs.
        """
        many = len(points) - self.runs
        if self.days is not None:
            limit = points[-1].time - timedelta(days=self.days)
            many = max(many, sum(1 for point in points if point.time < limit))
        if many < _DROPPED_AT_ONCE and len(points) > RUNS_LISTED:
            return ()
        return points[: max(0, min(many, _DROPPED_AT_ONCE))]


class _Run(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def time(self) -> datetime: ...


def order(run: _Run) -> tuple[datetime, str]:
    """The order of runs: by time, and by path for those of one moment."""
    return run.time, run.path


_R = TypeVar("_R", bound=RunMark)


def in_order(runs: Iterable[_R]) -> tuple[_R, ...]:
    """Each of these runs once, the last of several, the oldest first."""
    return tuple(sorted({run.path: run for run in runs}.values(), key=order))


def _since(points: Sequence[RunMark], known: TableRuns | None) -> datetime:
    failing = points[-1].verdict.failing
    start = points[-1].time
    for point in reversed(points):
        if point.verdict.failing is not failing:
            return start
        start = point.time
    # In one state for as long as runs are kept: it may have begun before.
    return min(known.since, start) if known and known.latest.verdict.failing is failing else start


def _all_until(written: datetime | None, points: Sequence[RunPoint], new: Sequence[RunRecord]) -> datetime | None:
    """How far the page of all runs goes: as far as before while the table's page lists the rest, or to the end."""
    if len(points) <= RUNS_LISTED:
        return None
    if written is None or points[-RUNS_LISTED].time > written or any(run.time <= written for run in new):
        return points[-1].time
    return written
