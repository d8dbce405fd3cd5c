"""What the site remembers for its index: of all tables the last runs, the gates, and the pages that are broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.history import TableHistory, TableRuns, order
from gx.docs.pages import Severity, Verdict
from gx.docs.records import RECENT_RUNS, GateMark, OverrideMark, Revised, RunRecord

_BROKEN_LISTED = 100


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

    @property
    def severities(self) -> str:
        """How many expectations of each severity failed, in words."""
        return ", ".join(f"{count} {severity}" for severity, count in self.failed_by_severity.items())


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


class RollUp(Revised):
    """What the index shows; its size depends on the number of tables only."""

    version: Literal[2] = 2
    tables: Mapping[str, TableHistory] = Field(default_factory=dict)
    recent: tuple[RecentRun, ...] = ()
    """The last runs of all tables, the newest first."""
    gates: Mapping[str, GateState] = Field(default_factory=dict)
    overrides: tuple[OverrideMark, ...] = ()
    """Those that the latest run found in force."""
    overrides_as_of: AwareDatetime | None = None
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
        newest = sorted(recent.values(), key=order, reverse=True)
        return self.model_copy(update={"tables": known, "recent": tuple(newest[:RECENT_RUNS])})

    def with_gates(self, records: Iterable[RunRecord]) -> RollUp:
        """This roll-up with the gate decisions of these runs, and the overrides that the latest of them found."""
        gates = dict(self.gates)
        runs = list(records)
        marks = {mark for each in runs for mark in each.gates}
        for mark in sorted(marks, key=lambda mark: mark.decided_at):
            key = f"{mark.load}\n{mark.checkpoint}"
            known = gates.get(key)
            if known is None or known.mark.decided_at <= mark.decided_at:
                same = known is not None and known.mark.open is mark.open
                gates[key] = GateState(mark=mark, since=known.since if known and same else mark.decided_at)
        latest = max(runs, key=lambda run: run.time, default=None)
        if latest is None or (self.overrides_as_of and latest.time < self.overrides_as_of):
            return self.model_copy(update={"gates": gates})
        found = {"overrides": latest.overrides, "overrides_as_of": latest.time}
        return self.model_copy(update={"gates": gates, **found})

    def with_pages(self, made: Iterable[str], broken: Iterable[BrokenPage]) -> RollUp:
        """This roll-up, which lists these pages as broken, and those that could be made no longer."""
        listed = {**self.broken, **{page.path: page for page in broken}}
        for path in made:
            listed.pop(path, None)
        return self.model_copy(update={"broken": dict(list(listed.items())[-_BROKEN_LISTED:])})


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
