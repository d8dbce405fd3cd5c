"""What the index shows of a table: its latest run, and the picture of its last runs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from pydantic import AwareDatetime, BaseModel, ConfigDict

from gx.docs.history import TableRuns, in_order, order
from gx.docs.packed import MARKS
from gx.docs.records import RUNS_SHOWN, RunMark, RunRecord
from gx.docs.spark import Spark, spark


class TableHistory(BaseModel):
    """The latest run of a table, and what its last runs say.

    The index shows all tables each time that it is written, and one publish changes few of them. So what takes the most
    work is kept as it is shown, and the runs themselves as a text that only a publish of the table looks into.
    """

    model_config = ConfigDict(frozen=True)

    latest: RunRecord
    since: AwareDatetime
    """When the table began to fail, or stopped failing: the first run of the state it is in."""
    rows_before: int | None
    """How many rows the run before the latest found."""
    failing: int
    """How many of the last runs, one after the other, failed; at most as many as the picture shows."""
    picture: Spark
    packed: str
    """The marks of the last runs, the oldest first."""

    @property
    def marks(self) -> tuple[RunMark, ...]:
        """The last runs, the oldest first."""
        return MARKS.unpack(self.packed)

    @classmethod
    def of(cls, runs: TableRuns) -> TableHistory:
        """What the index shows of these runs."""
        return _history(runs, runs.points[-RUNS_SHOWN:])

    def merged(self, runs: TableRuns) -> TableHistory:
        """This history and what ``runs`` knows, which may be more or, of a slower publisher, less."""
        marks: Sequence[RunMark] = in_order([*self.marks, *runs.points[-RUNS_SHOWN:]])
        shown = tuple(mark for mark in marks if mark.path not in runs.dropped)[-RUNS_SHOWN:]
        return _history(runs if order(runs.latest) >= order(self.latest) else self, shown)


def _history(newest: TableRuns | TableHistory, marks: Sequence[RunMark]) -> TableHistory:
    return TableHistory(
        latest=newest.latest.model_copy(update={"rules": ()}),
        since=newest.since,
        rows_before=marks[-2].rows if len(marks) > 1 else None,
        failing=sum(1 for _ in takewhile(lambda mark: mark.verdict.failing, reversed(marks))),
        picture=spark(marks),
        packed=MARKS.pack(marks),
    )
