"""What the site remembers: of each table the runs that are kept, and of all tables what the index shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.pages import Severity, Verdict

RUNS_SHOWN = 30
"""Runs per table on the index: a month of daily loads."""
RECENT_RUNS = 500
"""Runs of all tables that the index lists, to be searched and filtered."""
RUNS_PLOTTED = 400
"""Runs per table that its own page plots: a year of daily loads."""
_BROKEN_LISTED = 100
_DROPPED_AT_ONCE = 50
"""So that a publish stays quick after the limit was lowered."""


class Freshness(BaseModel):
    """How old a table's data may be, and when its newest row arrived; from the suite's freshness expectation."""

    model_config = ConfigDict(frozen=True)

    newest: AwareDatetime
    warn_hours: float | None = None
    error_hours: float


class GateMark(BaseModel):
    """What one checkpoint run decided for one load."""

    model_config = ConfigDict(frozen=True)

    load: str
    checkpoint: str
    open: bool
    reasons: tuple[str, ...] = ()
    decided_at: AwareDatetime
    valid_until: AwareDatetime | None = None


class RunFacts(BaseModel):
    """What the rooms know of the run of one table and GX does not; in the stored result's ``meta["sluice"]``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table: str = ""
    layer: str = ""
    owner: str = ""
    description: str = ""
    checkpoint: str = ""
    verdict: Verdict | None = None
    """Of the whole checkpoint run."""
    run_id: str = ""
    ingest_id: str = ""
    rows: int | None = None
    seconds: float | None = None
    """How long the table's validation took."""
    statements: int = 0
    freshness: Freshness | None = None
    gates: tuple[GateMark, ...] = ()


class Limits(BaseModel):
    """What a table's suite allows, as far as it can be drawn into its plots."""

    model_config = ConfigDict(frozen=True)

    rows_min: float | None = None
    rows_max: float | None = None
    change_percent: float | None = None
    """How far the row count may be from that of the run before."""
    missing_percent: float | None = None
    """The greatest share of nulls that any column may have."""


class RuleLine(BaseModel):
    """One expectation of the suite, as the table's page lists it."""

    model_config = ConfigDict(frozen=True)

    sentence: str
    severity: Severity
    blocking: bool
    verdict: Verdict
    notes: str = ""


class Problem(BaseModel):
    """One expectation that did not hold, in two short sentences."""

    model_config = ConfigDict(frozen=True)

    verdict: Verdict
    severity: Severity
    sentence: str
    observed: str


class RunMark(BaseModel):
    """One run in a table's strip."""

    model_config = ConfigDict(frozen=True)

    path: str
    """The run's page, relative to the site; it identifies the run."""
    time: AwareDatetime
    verdict: Verdict
    failed: int
    total: int
    rows: int | None = None


class RunPoint(RunMark):
    """One run in a table's plots."""

    seconds: float | None = None
    duplicates: int | None = None
    """Rows that uniqueness expectations found to be too many; None without such an expectation."""
    missing_percent: float | None = None
    """The greatest share of nulls that a not-null expectation found; None without one."""
    newest: AwareDatetime | None = None
    """When the newest row arrived, as the freshness expectation saw it."""
    failed_by_severity: dict[Severity, int] = Field(default_factory=dict)

    def mark(self) -> RunMark:
        """What a strip needs of this run."""
        return RunMark.model_validate({name: getattr(self, name) for name in RunMark.model_fields})


class RunRecord(RunPoint):
    """One published run."""

    suite: str
    suite_path: str
    table: str
    checkpoint: str
    checkpoint_verdict: Verdict | None = None
    run_name: str
    ingest_id: str
    errors: int
    problems: tuple[Problem, ...]
    table_path: str = ""
    """The page of the table's history, relative to the site."""
    layer: str = ""
    owner: str = ""
    description: str = ""
    freshness: Freshness | None = None
    gates: tuple[GateMark, ...] = ()
    limits: Limits = Limits()
    rules: tuple[RuleLine, ...] = ()
    """The suite in plain sentences, as far as a page lists it; kept for the table's page only."""

    def point(self) -> RunPoint:
        """What plots need of this run."""
        return RunPoint.model_validate({name: getattr(self, name) for name in RunPoint.model_fields})


class TableHistory(BaseModel):
    """The latest run of a table and the marks of its last runs, the oldest first."""

    model_config = ConfigDict(frozen=True)

    latest: RunRecord
    marks: tuple[RunMark, ...]
    since: AwareDatetime
    """When the table began to fail, or stopped failing: the first run of the state it is in."""

    def merged(self, runs: TableRuns) -> TableHistory:
        """This history and what ``runs`` knows, which may be more or, of a slower publisher, less."""
        marks = _in_order([*self.marks, *(run.mark() for run in runs.points[-RUNS_SHOWN:])])
        newest = runs.summary() if _order(runs.latest) >= _order(self.latest) else self
        return TableHistory(latest=newest.latest, marks=_without(marks, runs.dropped)[-RUNS_SHOWN:], since=newest.since)


class TableRuns(BaseModel):
    """Every run of a table that is kept, the oldest first: what the table's page shows."""

    model_config = ConfigDict(frozen=True)

    latest: RunRecord
    points: tuple[RunPoint, ...]
    since: AwareDatetime
    """When the table began to fail, or stopped failing: the first run of the state it is in."""
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
        points = _in_order([*before, *(each.point() for each in records)])
        latest = max([*records, *([known.latest] if known else [])], key=_order)
        dropped = keep.over(points)
        points = points[len(dropped) :]
        return cls(
            latest=latest,
            points=points,
            since=_since(points, known),
            dropped=tuple(point.path for point in dropped),
        )

    def beside(self, paths: Collection[str]) -> Iterator[tuple[str, Neighbours]]:
        """These runs and those next to them, each with its neighbours."""
        order = ["", *(point.path for point in self.points), ""]
        changed = {*paths, *order[1:2]} if self.dropped else set(paths)  # the oldest may have become so
        for previous, path, following in zip(order, order[1:], order[2:], strict=False):
            if not changed.isdisjoint((previous, path, following)):
                yield path, Neighbours(previous=previous, next=following)

    def summary(self) -> TableHistory:
        """What the index shows of it."""
        marks = tuple(point.mark() for point in self.points[-RUNS_SHOWN:])
        return TableHistory(latest=self.latest.model_copy(update={"rules": ()}), marks=marks, since=self.since)


class Neighbours(BaseModel):
    """The paths of the runs of the same table before and after a run; empty where there is none."""

    model_config = ConfigDict(frozen=True)

    previous: str = ""
    next: str = ""


class Keep(BaseModel):
    """How much of a table's history is kept. Its last run always is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runs: int = Field(1000, ge=1, le=10_000)
    days: float | None = Field(None, gt=0)
    """Counted back from the table's last run, so that a table that is no longer checked keeps what it has."""

    def over(self, points: Sequence[RunPoint]) -> Sequence[RunPoint]:
        """The oldest of these that are too many or too old; at most `_DROPPED_AT_ONCE`, the rest next time."""
        many = len(points) - self.runs
        if self.days is not None:
            limit = points[-1].time - timedelta(days=self.days)
            many = max(many, sum(1 for point in points if point.time < limit))
        return points[: max(0, min(many, _DROPPED_AT_ONCE))]


class RecentRun(BaseModel):
    """One run in the index's list of the last runs of all tables."""

    model_config = ConfigDict(frozen=True)

    path: str
    time: AwareDatetime
    table: str
    verdict: Verdict
    failed: int
    total: int
    failed_by_severity: dict[Severity, int] = Field(default_factory=dict)
    checkpoint: str = ""


class GateState(BaseModel):
    """The latest that a checkpoint decided for a load, and since when that is so."""

    model_config = ConfigDict(frozen=True)

    mark: GateMark
    since: AwareDatetime


class BrokenPage(BaseModel):
    """A page that could not be made, until it is published again and can."""

    model_config = ConfigDict(frozen=True)

    path: str
    what: str
    """What it is the page of."""
    why: str


class RollUp(BaseModel):
    """What the index shows; its size depends on the number of tables only."""

    model_config = ConfigDict(frozen=True)

    version: Literal[2] = 2
    tables: Mapping[str, TableHistory] = Field(default_factory=dict)
    recent: tuple[RecentRun, ...] = ()
    """The last runs of all tables, the newest first."""
    gates: Mapping[str, GateState] = Field(default_factory=dict)
    broken: Mapping[str, BrokenPage] = Field(default_factory=dict)

    def with_tables(self, tables: Iterable[TableRuns]) -> RollUp:
        """This roll-up with what these tables' histories say."""
        known = dict(self.tables)
        recent = {run.path: run for run in self.recent}
        for runs in tables:
            known[runs.key] = known[runs.key].merged(runs) if runs.key in known else runs.summary()
            recent.update((run.path, run) for run in _recent(runs))
            for path in runs.dropped:
                recent.pop(path, None)
        newest = sorted(recent.values(), key=_order, reverse=True)
        return self.model_copy(update={"tables": known, "recent": tuple(newest[:RECENT_RUNS])})

    def with_gates(self, records: Iterable[RunRecord]) -> RollUp:
        """This roll-up with the gate decisions of these runs."""
        gates = dict(self.gates)
        marks = {mark for each in records for mark in each.gates}
        for mark in sorted(marks, key=lambda mark: mark.decided_at):
            key = f"{mark.load}\n{mark.checkpoint}"
            known = gates.get(key)
            if known is None or known.mark.decided_at <= mark.decided_at:
                same = known is not None and known.mark.open is mark.open
                gates[key] = GateState(mark=mark, since=known.since if known and same else mark.decided_at)
        return self.model_copy(update={"gates": gates})

    def with_pages(self, made: Iterable[str], broken: Iterable[BrokenPage]) -> RollUp:
        """This roll-up, which lists these pages as broken, and those that could be made no longer."""
        listed = {**self.broken, **{page.path: page for page in broken}}
        for path in made:
            listed.pop(path, None)
        return self.model_copy(update={"broken": dict(list(listed.items())[-_BROKEN_LISTED:])})


class _Run(Protocol):
    @property
    def path(self) -> str: ...
    @property
    def time(self) -> datetime: ...


def table_key(table: str, suite: str) -> str:
    """What tells tables apart: the name, and the suite where it has another one."""
    return table if suite == table else f"{table}\n{suite}"


def _order(run: _Run) -> tuple[datetime, str]:
    return run.time, run.path


_R = TypeVar("_R", bound=RunMark)


def _in_order(runs: Iterable[_R]) -> tuple[_R, ...]:
    return tuple(sorted({run.path: run for run in runs}.values(), key=_order))


def _without(runs: Sequence[_R], paths: Sequence[str]) -> tuple[_R, ...]:
    return tuple(run for run in runs if run.path not in paths)


def _since(points: Sequence[RunMark], known: TableRuns | None) -> datetime:
    failing = points[-1].verdict.failing
    start = points[-1].time
    for point in reversed(points):
        if point.verdict.failing is not failing:
            return start
        start = point.time
    # In one state for as long as runs are kept: it may have begun before.
    return min(known.since, start) if known and known.latest.verdict.failing is failing else start


def _recent(runs: TableRuns) -> Iterable[RecentRun]:
    for point in runs.points[-RECENT_RUNS:]:
        yield RecentRun(
            path=point.path,
            time=point.time,
            table=runs.latest.table,
            verdict=point.verdict,
            failed=point.failed,
            total=point.total,
            failed_by_severity=point.failed_by_severity,
            checkpoint=runs.latest.checkpoint,
        )
