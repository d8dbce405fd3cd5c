"""The front page: is it all right, which gates are open, what failed and since when, for each table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from markupsafe import Markup

from gx.docs.ages import Age, age
from gx.docs.pages import Severity, Verdict, worst
from gx.docs.paths import INDEX, link
from gx.docs.records import RUNS_SHOWN, Problem
from gx.docs.roll_up import BrokenPage, RollUp
from gx.docs.rows import kept
from gx.docs.spark import Spark
from gx.docs.standing import AlertNow, CheckpointNow, GateNow, UndeliveredNow, WaitingNow
from gx.docs.table_history import TableHistory
from gx.docs.text import counted

_ALERTS_SHOWN = 20
_ATTENTION = "Needs attention"
_ELSEWHERE = "Other tables"
_LAYERS = ("raw", "staging", "intermediate", "marts", "dashboards")
_WORDS = {Verdict.PASSED: "All right", Verdict.WARNED: "All right, with warnings"}


@dataclass(frozen=True)
class TableRow:
    """One table of the front page."""

    table: str
    schema: str
    """The part of the table's name before its last point; empty when it has none."""
    name: str
    href: str
    """The table's page."""
    run_href: str
    """The page of its latest run."""
    suite: str
    layer: str
    checkpoint: str
    verdict: Verdict
    failing: tuple[tuple[Severity, int], ...]
    """How many expectations of each severity did not hold."""
    failed: int
    total: int
    errors: int
    rows: int | None
    change: str
    """Of the row count, against the run before; empty when that is not known."""
    age: Age | None
    time: datetime
    since: datetime
    streak: str
    """How many runs the table has been failing for; empty when it is not."""
    problems: tuple[Problem, ...]
    more_problems: int
    spark: Spark


@dataclass(frozen=True)
class Group:
    """Tables that belong together, the worst first."""

    title: str
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class Linked:
    """A page, and where it is."""

    href: str
    of: BrokenPage


@dataclass(frozen=True)
class IndexPage:
    """The front page."""

    site: str
    verdict: Verdict
    word: str
    """Whether it is all right, in words."""
    headline: str
    subline: str
    newest: datetime | None
    checkpoints: tuple[CheckpointNow, ...]
    """The worst first."""
    gates: tuple[GateNow, ...]
    alerts: tuple[AlertNow, ...]
    more_alerts: int
    undelivered: tuple[UndeliveredNow, ...]
    waiting: tuple[WaitingNow, ...]
    groups: tuple[Group, ...]
    recent: Markup
    """The lines of the list of the last runs: one text, for the template would look at each for what to escape."""
    recent_runs: int
    broken: tuple[Linked, ...]
    runs_shown: int = RUNS_SHOWN


def overview(roll_up: RollUp, *, site: str) -> IndexPage:
    """The front page for this roll-up: first what did not pass, the worst on top; then the rest."""
    rows = sorted((_row(history) for history in roll_up.tables.values()), key=_by_verdict)
    standing = roll_up.standing
    gates = tuple(sorted(standing.gates, key=lambda gate: gate.open)) if standing else ()
    checkpoints = (
        tuple(sorted(standing.checkpoints, key=lambda state: (state.verdict.rank, state.name))) if standing else ()
    )
    alerts = standing.alerts if standing else ()
    verdict = _overall(rows, checkpoints, gates)
    return IndexPage(
        site=site,
        verdict=verdict,
        word=_WORDS.get(verdict, "Not all right") if rows else "Nothing has been checked yet",
        headline=_headline(rows, checkpoints, gates),
        subline=", ".join(f"{count} {verdict}" for verdict in Verdict if (count := _count(rows, (verdict,)))),
        newest=max((row.time for row in rows), default=None),
        checkpoints=checkpoints,
        gates=gates,
        alerts=alerts[:_ALERTS_SHOWN],
        more_alerts=len(alerts[_ALERTS_SHOWN:]) + (standing.more_alerts if standing else 0),
        undelivered=standing.undelivered if standing else (),
        waiting=standing.waiting if standing else (),
        groups=_groups(rows),
        recent=kept("\n".join(run.row for run in roll_up.recent)),
        recent_runs=len(roll_up.recent),
        broken=tuple(Linked(link(INDEX, page.path), page) for page in roll_up.broken.values()),
    )


def _by_verdict(row: TableRow) -> tuple[int, int, str]:
    return row.verdict.rank, -dict(row.failing).get(Severity.CRITICAL, 0), row.table


def _groups(rows: list[TableRow]) -> tuple[Group, ...]:
    groups = [Group(_ATTENTION, tuple(row for row in rows if row.verdict is not Verdict.PASSED))]
    passed = sorted((row for row in rows if row.verdict is Verdict.PASSED), key=lambda row: (*_place(row), row.table))
    for (_, _, title), members in groupby(passed, key=_place):
        groups.append(Group(title or _ELSEWHERE, tuple(members)))
    return tuple(group for group in groups if group.rows)


def _place(row: TableRow) -> tuple[bool, int, str]:
    """Where a table that passed stands: with its layer, in the order in which data goes through them."""
    title = row.layer or row.checkpoint
    return not title, _LAYERS.index(title) if title in _LAYERS else len(_LAYERS), title


def _row(history: TableHistory) -> TableRow:
    latest = history.latest
    schema, _, name = latest.table.rpartition(".")
    return TableRow(
        table=latest.table,
        schema=schema,
        name=name,
        href=link(INDEX, latest.table_path),
        run_href=link(INDEX, latest.path),
        suite=latest.suite,
        layer=latest.layer,
        checkpoint=latest.checkpoint,
        verdict=latest.verdict,
        failing=tuple(latest.failed_by_severity.items()),
        failed=latest.failed,
        total=latest.total,
        errors=latest.errors,
        rows=latest.rows,
        change=_change(history.rows_before, latest.rows),
        age=age(latest.freshness, latest.time),
        time=latest.time,
        since=history.since,
        streak=_streak(history),
        problems=latest.problems,
        more_problems=latest.failed - len(latest.problems),
        spark=history.picture,
    )


def _change(before: int | None, rows: int | None) -> str:
    if before is None or rows is None:
        return ""
    change = rows - before
    if not change:
        return "no change"
    share = f" ({change / before:+.1%})".replace("%", "\N{NO-BREAK SPACE}%") if before else ""
    return f"{change:+,}{share}".replace("-", "\N{MINUS SIGN}")


def _streak(history: TableHistory) -> str:
    if not history.latest.verdict.failing:
        return ""
    return f"{RUNS_SHOWN} runs or more" if history.failing == RUNS_SHOWN else counted(history.failing, "run")


def _overall(rows: list[TableRow], checkpoints: tuple[CheckpointNow, ...], gates: tuple[GateNow, ...]) -> Verdict:
    if not rows:
        return Verdict.WARNED
    found = worst([*(row.verdict for row in rows), *(state.verdict for state in checkpoints)])
    if found.failing or any(not gate.open for gate in gates):
        return Verdict.FAILED
    return Verdict.WARNED if any(gate.overridden for gate in gates) else found


def _headline(rows: list[TableRow], checkpoints: tuple[CheckpointNow, ...], gates: tuple[GateNow, ...]) -> str:
    if not rows:
        return ""
    failing = _count(rows, (Verdict.FAILED, Verdict.ERRORED))
    said = f"{failing} of {counted(len(rows), 'table')} failing"
    if not failing:
        said = f"{counted(len(rows), 'table')} checked, none failing"
        if missed := [state for state in checkpoints if state.verdict.failing]:
            # A table that is missing altogether may have no page, but its checkpoint knows.
            said += f", and yet checkpoint {', '.join(f'{state.name} {state.verdict}' for state in missed)}"
    for count, state in (
        (sum(1 for gate in gates if not gate.open), "closed"),
        (sum(1 for gate in gates if gate.open and gate.overridden), "overridden"),
    ):
        said += f", {counted(count, 'gate')} {state}" if count else ""
    return said


def _count(rows: Iterable[TableRow], verdicts: tuple[Verdict, ...]) -> int:
    return sum(1 for row in rows if row.verdict in verdicts)
