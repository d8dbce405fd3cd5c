"""What the site remembers of a table: its runs that are kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.packed import POINTS
from gx.docs.records import RUNS_LISTED, Revised, RunMark, RunPoint, RunRecord, table_key
from gx.docs.rows import run_row

_DROPPED_AT_ONCE = 50
"""No more, so that a publish stays quick after the limit was lowered. Where there is a page of all runs no fewer
either, so that it need not be written each time."""


class OlderRuns(BaseModel):
    """Runs that the table's page does not list, as a text: always as many as are dropped at once."""

    model_config = ConfigDict(frozen=True)

    until: AwareDatetime
    """The time of the last of them."""
    packed: str

    @classmethod
    def of(cls, points: Sequence[RunPoint]) -> OlderRuns:
        """These runs, the oldest first."""
        return cls(until=points[-1].time, packed=POINTS.pack(points))

    @property
    def points(self) -> tuple[RunPoint, ...]:
        """The runs, the oldest first."""
        return POINTS.unpack(self.packed)


class TableRuns(Revised):
    """Every run of a table that is kept, the oldest first: what the table's page shows."""

    latest: RunRecord
    points: tuple[RunPoint, ...]
    """The newest runs: at least those that the table's page lists."""
    older: tuple[OlderRuns, ...] = ()
    """Those before. A publish looks into them only when one of them changes or goes, or all runs are listed."""
    since: AwareDatetime
    """When the table began to fail, or stopped failing: the first run of the state it is in."""
    all_until: AwareDatetime | None = None
    """How far the page of all runs goes; None while the table's page lists them all."""
    rows: Mapping[str, str] = Field(default_factory=dict)
    """The lines of the newest runs in the list on the table's page, as HTML, by the runs' paths."""
    dropped: tuple[str, ...] = ()
    """Paths of runs that are over the limit: nothing shows them any more, the next publish deletes their files."""

    @property
    def key(self) -> str:
        """Which table and suite this is."""
        return table_key(self.latest.table, self.latest.suite)

    @property
    def kept(self) -> int:
        """How many runs there are."""
        return len(self.older) * _DROPPED_AT_ONCE + len(self.points)

    @property
    def every(self) -> tuple[RunPoint, ...]:
        """All runs, the oldest first."""
        return (*chain.from_iterable(each.points for each in self.older), *self.points)

    def newest_first(self) -> Iterator[RunPoint]:
        """All runs, the newest first; the older ones are unpacked when it comes to them."""
        return _newest_first(self.points, self.older)

    @classmethod
    def of(cls, known: TableRuns | None, records: Sequence[RunRecord], keep: Keep) -> TableRuns:
        """What is known and these records; a run that is published again replaces itself.

        ``dropped`` are the runs that are over the limit now. Either argument must have a run.
        """
        older, before = (known.older, known.points) if known else ((), ())
        points = in_order([*before, *(each.point() for each in records)])
        if known and older and (points[0] != before[0] or keep.takes(older, points)):
            older, points = (), in_order([*known.every, *points])
        dropped = () if older else keep.over(points)
        points = points[len(dropped) :]
        since = _since(points, older, known)
        while len(points) >= RUNS_LISTED + _DROPPED_AT_ONCE:
            older, points = (*older, OlderRuns.of(points[:_DROPPED_AT_ONCE])), points[_DROPPED_AT_ONCE:]
        latest = max([*records, *([known.latest] if known else [])], key=order)
        runs = cls(
            latest=latest,
            points=points,
            older=older,
            since=since,
            rows=_rows(points[-RUNS_LISTED:], latest.table_path, known, records),
            dropped=tuple(point.path for point in dropped),
        )
        written = known.all_until if known and not dropped else None
        return runs.model_copy(update={"all_until": _all_until(written, runs, records)})

    def beside(self, paths: Collection[str]) -> Iterator[tuple[str, Neighbours]]:
        """These runs and those next to them, each with its neighbours."""
        # The links of the oldest that is not packed lead to one that is.
        near = {point.path for point in self.points[2:]}.issuperset(paths) and not self.dropped
        order = ["", *(point.path for point in (self.points if near else self.every)), ""]
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

    def takes(self, older: Sequence[OlderRuns], newest: Sequence[RunPoint]) -> bool:
        """Whether `over` takes any of these runs, without a look into the older ones, of which there must be some."""
        if self.days is not None and older[0].until < newest[-1].time - timedelta(days=self.days):
            return True
        return len(older) * _DROPPED_AT_ONCE + len(newest) - self.runs >= _DROPPED_AT_ONCE


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


def _newest_first(points: Sequence[RunPoint], older: Sequence[OlderRuns]) -> Iterator[RunPoint]:
    yield from reversed(points)
    for each in reversed(older):
        yield from reversed(each.points)


def _since(points: Sequence[RunPoint], older: Sequence[OlderRuns], known: TableRuns | None) -> datetime:
    failing = points[-1].verdict.failing
    before = known.since if known and known.latest.verdict.failing is failing else None
    start = points[-1].time
    for point in _newest_first(points, older):
        if point.verdict.failing is not failing:
            return start
        start = point.time
        if older and point is points[0] and before and before <= start:
            return before  # which no run since has changed: it need not be looked for in the older ones
    # In one state for as long as runs are kept: it may have begun before.
    return min(before, start) if before else start


def _rows(
    listed: Sequence[RunPoint], page: str, known: TableRuns | None, new: Sequence[RunRecord]
) -> Mapping[str, str]:
    before = {**known.rows} if known else {}
    for run in new:
        before.pop(run.path, None)
    return {run.path: before.get(run.path) or run_row(run, page) for run in listed}


def _all_until(written: datetime | None, runs: TableRuns, new: Sequence[RunRecord]) -> datetime | None:
    """How far the page of all runs goes: as far as before while the table's page lists the rest, or to the end."""
    if runs.kept <= RUNS_LISTED:
        return None
    points = runs.points
    if written is None or points[-RUNS_LISTED].time > written or any(run.time <= written for run in new):
        return points[-1].time
    return written
