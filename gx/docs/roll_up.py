"""What the site remembers for its index: the last runs, how the gates stand, and which pages are broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gx.docs.history import TableRuns, order
from gx.docs.pages import Severity, Verdict
from gx.docs.records import RECENT_RUNS, Revised
from gx.docs.standing import Standing
from gx.docs.table_history import TableHistory

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


class BrokenPage(BaseModel):
    """A page that could not be made, until it is published again and can."""

    model_config = ConfigDict(frozen=True)

    path: str
    what: str
    """What it is the page of."""
    why: str


class RollUp(Revised):
    """What the index shows; its size depends on the number of tables only."""

    version: Literal[4]
    """Without it an object is no roll-up: an empty one would show that all is well."""
    tables: Mapping[str, TableHistory] = Field(default_factory=dict)
    recent: tuple[RecentRun, ...] = ()
    """The last runs of all tables, the newest first."""
    standing: Standing | None = None
    broken: Mapping[str, BrokenPage] = Field(default_factory=dict)

    @classmethod
    def empty(cls) -> RollUp:
        """The roll-up of a site without a run."""
        return cls(version=4)

    def with_tables(self, tables: Iterable[TableRuns]) -> RollUp:
        """This roll-up with what these tables' histories say."""
        tables = tuple(tables)
        known = dict(self.tables)
        gone = {path for runs in tables for path in runs.dropped}
        recent = {run.path: run for run in self.recent if run.path not in gone}
        # Where the list is full, what is older than all of it cannot come onto it.
        oldest = self.recent[-1] if len(recent) == RECENT_RUNS else None
        for runs in tables:
            known[runs.key] = known[runs.key].merged(runs) if runs.key in known else TableHistory.of(runs)
            recent.update((run.path, run) for run in _recent(runs, oldest))
            for path in runs.dropped:
                recent.pop(path, None)
        newest = sorted(recent.values(), key=order, reverse=True)
        return self.model_copy(update={"tables": known, "recent": tuple(newest[:RECENT_RUNS])})

    def with_standing(self, standing: Standing | None) -> RollUp:
        """This roll-up with how gates and checkpoints stand, unless it knows something later."""
        if standing is None or (self.standing and standing.as_of < self.standing.as_of):
            return self
        return self.model_copy(update={"standing": standing.after(self.standing)})

    def with_pages(self, made: Iterable[str], broken: Iterable[BrokenPage]) -> RollUp:
        """This roll-up, which lists these pages as broken, and those that could be made no longer."""
        listed = {**self.broken, **{page.path: page for page in broken}}
        for path in made:
            listed.pop(path, None)
        return self.model_copy(update={"broken": dict(list(listed.items())[-_BROKEN_LISTED:])})


def _recent(runs: TableRuns, oldest: RecentRun | None) -> Iterator[RecentRun]:
    """The runs of a table that the list may show: none before ``oldest``."""
    for point in islice(runs.newest_first(), RECENT_RUNS):
        if oldest is not None and order(point) < order(oldest):
            return
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
