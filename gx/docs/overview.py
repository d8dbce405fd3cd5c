"""The front page: is it all right, what failed, since when, for each table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from gx.docs.history import TableHistory
from gx.docs.pages import Severity, Verdict, worst
from gx.docs.paths import INDEX, link
from gx.docs.records import RUNS_SHOWN, Problem, RunRecord
from gx.docs.roll_up import RollUp
from gx.docs.text import counted

_ATTENTION = "Needs attention"
_ELSEWHERE = "Other tables"


@dataclass(frozen=True)
class StripRun:
    """One run in the strip of a table."""

    href: str
    verdict: Verdict
    label: str
    """What the run was, in words, for those who cannot see the colour."""


@dataclass(frozen=True)
class TableRow:
    """One table of the front page."""

    table: str
    schema: str
    """The part of the table's name before its last point; empty when it has none."""
    name: str
    suite: str
    suite_href: str
    checkpoint: str
    verdict: Verdict
    href: str
    failed: str
    time: datetime
    since: datetime
    streak: str
    """How many runs the table has been failing for; empty when it is not."""
    problems: tuple[Problem, ...]
    more_problems: int
    strip: tuple[StripRun, ...]


@dataclass(frozen=True)
class Group:
    """Tables that belong together, the worst first."""

    title: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class CheckpointState:
    """The latest run of a checkpoint whose verdict is known."""

    name: str
    verdict: Verdict
    time: datetime


@dataclass(frozen=True)
class IndexPage:
    """The front page."""

    site: str
    verdict: Verdict
    headline: str
    subline: str
    newest: datetime | None
    checkpoints: tuple[CheckpointState, ...]
    """The worst first."""
    groups: tuple[Group, ...]
    runs_shown: int = RUNS_SHOWN


def overview(roll_up: RollUp, *, site: str) -> IndexPage:
    """The front page for this roll-up: first what did not pass, the worst on top; then the rest."""
    rows = sorted((_row(history) for history in roll_up.tables.values()), key=_by_verdict)
    checkpoints = _checkpoints(roll_up)
    return IndexPage(
        site=site,
        verdict=_overall(rows, checkpoints),
        headline=_headline(rows, checkpoints),
        subline=_subline(rows),
        newest=max((row.time for row in rows), default=None),
        checkpoints=checkpoints,
        groups=_groups(rows),
    )


def _checkpoints(roll_up: RollUp) -> tuple[CheckpointState, ...]:
    latest: dict[str, CheckpointState] = {}
    for history in roll_up.tables.values():
        run = history.latest
        known = latest.get(run.checkpoint)
        if run.checkpoint and run.checkpoint_verdict and (known is None or known.time < run.time):
            latest[run.checkpoint] = CheckpointState(run.checkpoint, run.checkpoint_verdict, run.time)
    return tuple(sorted(latest.values(), key=lambda state: (state.verdict.rank, state.name)))


def _by_verdict(row: TableRow) -> tuple[int, int, str]:
    critical = sum(1 for problem in row.problems if problem.severity is Severity.CRITICAL)
    return row.verdict.rank, -critical, row.table


def _groups(rows: list[TableRow]) -> tuple[Group, ...]:
    groups = [Group(_ATTENTION, tuple(row for row in rows if row.verdict is not Verdict.PASSED))]
    passed = sorted((row for row in rows if row.verdict is Verdict.PASSED), key=_by_checkpoint)
    for checkpoint, members in groupby(passed, key=lambda row: row.checkpoint):
        groups.append(Group(checkpoint or _ELSEWHERE, tuple(members)))
    return tuple(group for group in groups if group.rows)


def _by_checkpoint(row: TableRow) -> tuple[bool, str, str]:
    return not row.checkpoint, row.checkpoint, row.table


def _row(history: TableHistory) -> TableRow:
    latest = history.latest
    schema, _, name = latest.table.rpartition(".")
    return TableRow(
        table=latest.table,
        schema=schema,
        name=name,
        suite=latest.suite,
        suite_href=link(INDEX, latest.suite_path) if latest.suite_path else "",
        checkpoint=latest.checkpoint,
        verdict=latest.verdict,
        href=link(INDEX, latest.path),
        failed=_failed(latest),
        time=latest.time,
        since=history.since,
        streak=_streak(history),
        problems=latest.problems,
        more_problems=latest.failed - len(latest.problems),
        strip=tuple(
            StripRun(
                href=link(INDEX, mark.path),
                verdict=mark.verdict,
                label=f"{mark.time:%Y-%m-%d %H:%M} {mark.verdict}, {mark.failed} of {mark.total}",
            )
            for mark in history.marks
        ),
    )


def _failed(latest: RunRecord) -> str:
    if not latest.failed:
        return f"0 of {latest.total}"
    parts = [f"{count} {severity}" for severity, count in latest.failed_by_severity.items()]
    if latest.errors:
        parts.append(f"{latest.errors} errored")
    return f"{latest.failed} of {latest.total} ({', '.join(parts)})"


def _streak(history: TableHistory) -> str:
    if not history.latest.verdict.failing:
        return ""
    runs = 0
    for mark in reversed(history.marks):
        if not mark.verdict.failing:
            return counted(runs, "run")
        runs += 1
    return f"{runs} runs or more" if runs == RUNS_SHOWN else counted(runs, "run")


def _overall(rows: list[TableRow], checkpoints: tuple[CheckpointState, ...]) -> Verdict:
    found = worst([*(row.verdict for row in rows), *(state.verdict for state in checkpoints)])
    return Verdict.FAILED if found.failing else found


def _headline(rows: list[TableRow], checkpoints: tuple[CheckpointState, ...]) -> str:
    failing = _count(rows, (Verdict.FAILED, Verdict.ERRORED))
    if not rows:
        return "Nothing has been checked yet"
    if failing:
        return f"{failing} of {counted(len(rows), 'table')} failing"
    closed = [state for state in checkpoints if state.verdict.failing]
    if closed:  # a table that is missing altogether has no page, but its checkpoint knows
        names = ", ".join(f"{state.name} {state.verdict}" for state in closed)
        return f"No table failing, and yet checkpoint {names}"
    return f"All right: {counted(len(rows), 'table')} checked, none failing"


def _subline(rows: list[TableRow]) -> str:
    counts = {verdict: _count(rows, (verdict,)) for verdict in Verdict}
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)


def _count(rows: Iterable[TableRow], verdicts: tuple[Verdict, ...]) -> int:
    return sum(1 for row in rows if row.verdict in verdicts)
