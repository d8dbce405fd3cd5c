"""What the site remembers for its index: the last runs, how the gates stand, and which pages are broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from gx.docs.history import TableRuns
from gx.docs.records import RECENT_RUNS, Revised, RunPoint, RunRecord
from gx.docs.rows import recent_row
from gx.docs.standing import Standing
from gx.docs.table_history import TableHistory

_BROKEN_LISTED = 100


class RecentRun(NamedTuple):
    """One run in the index's list of the last runs of all tables; texts alone, for all of them are read each time."""

    time: str
    """In UTC, and in one form: the texts are in the order of the times."""
    path: str
    row: str
    """Its line in the list, as HTML."""


class BrokenPage(BaseModel):
    """A page that could not be made, until it is published again and can."""

    model_config = ConfigDict(frozen=True)

    path: str
    what: str
    """What it is the page of."""
    why: str


class RollUp(Revised):
    """What the index shows; its size depends on the number of tables only."""

    version: Literal[6]
    """Without it an object is no roll-up: an empty one would show that all is well."""
    tables: Mapping[str, TableHistory] = Field(default_factory=dict)
    recent: tuple[RecentRun, ...] = ()
    """The last runs of all tables, the newest first."""
    standing: Standing | None = None
    broken: Mapping[str, BrokenPage] = Field(default_factory=dict)

    @classmethod
    def empty(cls) -> RollUp:
        """The roll-up of a site without a run."""
        return cls(version=6)

    def with_tables(self, tables: Iterable[TableRuns], changed: Iterable[str] = ()) -> RollUp:
        """This roll-up with what these tables' histories say.

        Args:
            tables: the histories.
            changed: the paths of the runs that are other than they were when the list was made.
        """
        tables, changed = tuple(tables), set(changed)
        known = dict(self.tables)
        gone = {path for runs in tables for path in runs.dropped}
        recent = {run.path: run for run in self.recent if run.path not in gone}
        # Where the list is full, what is older than all of it cannot come onto it.
        oldest = self.recent[-1] if len(recent) == RECENT_RUNS else None
        newest = {point.path for runs in tables for point in runs.points}
        for runs in tables:
            # On a full list are the older runs of a table that is known, or they cannot be, but for those that changed.
            new_alone = oldest is not None and runs.key in known and newest.issuperset(changed)
            known[runs.key] = known[runs.key].merged(runs) if runs.key in known else TableHistory.of(runs)
            for point in reversed(runs.points) if new_alone else islice(runs.newest_first(), RECENT_RUNS):
                if oldest is not None and (_in_text(point.time), point.path) < oldest[:2]:
                    break
                if point.path not in recent or point.path in changed:
                    recent[point.path] = _recent(point, runs.latest)
            for path in runs.dropped:
                recent.pop(path, None)
        listed = sorted(recent.values(), reverse=True)
        return self.model_copy(update={"tables": known, "recent": tuple(listed[:RECENT_RUNS])})

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


def _recent(point: RunPoint, latest: RunRecord) -> RecentRun:
    return RecentRun(_in_text(point.time), point.path, recent_row(point, latest.table, latest.checkpoint))


def _in_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="microseconds")
