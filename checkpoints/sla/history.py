"""How all SLAs stand, from what the ledger has on record of flows and checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from checkpoints.ledger import Ledger
from checkpoints.ledger.flow_runs import RunState
from checkpoints.ledger.schedules import Schedule
from checkpoints.ledger.timings import TimedRun
from checkpoints.sla.prediction import Prediction, predict
from checkpoints.sla.spec import SlaSpec
from checkpoints.sla.standing import Occurrence, Standing, stand

LOOKED_BACK = timedelta(days=60)
"""How old a run may be to count as history."""
DAYS = 3
"""Of how many of its days an SLA's standing is told, so that what could not be written yesterday is written today."""


def standings(
    ledger: Ledger, specs: Sequence[SlaSpec], now: datetime, declared: Sequence[Schedule] = ()
) -> dict[str, tuple[Standing, ...]]:
    """How each SLA stands on its latest days, the latest first; a day before the ledger's first run is left out.

    Args:
        ledger: the project's; two or three statements for each SLA.
        specs: the SLAs.
        now: the time, with its zone.
        declared: schedules that the project declares, which the ledger knows only once the monitor ran.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    beginning = ledger.timings.beginning() if ledger.exists() else None
    if beginning is None:
        return {spec.name: () for spec in specs}
    schedules = {schedule.flow: schedule for schedule in (*ledger.schedules.all(), *declared)}
    return {spec.name: _days(ledger, spec, schedules, beginning, now) for spec in specs}


def _days(
    ledger: Ledger, spec: SlaSpec, schedules: Mapping[str, Schedule], beginning: datetime, now: datetime
) -> tuple[Standing, ...]:
    since = now - LOOKED_BACK
    runs = ledger.timings.of_flow(spec.flow, since) if spec.flow else ()
    tables = ledger.timings.of_table(spec.table, since) if spec.table else None
    found: list[Standing] = []
    ended: datetime | None = None
    for occurrence in takewhile(lambda day: day.begins >= beginning, spec.occurrences(now)):
        done_at = _done(runs if tables is None else tables, occurrence, ended)
        coming = None
        if not found and done_at is None:
            schedule = schedules.get(spec.flow or "")
            coming = _predicted(runs, tables, occurrence, schedule, now)
        # What goes on may still be done: its day is not over without it.
        over = None if _goes_on(runs, occurrence, ended) else ended
        found.append(stand(spec, occurrence, done_at, now, ended=over, predicted=coming))
        ended = occurrence.begins
        if len(found) == DAYS:
            break
    return tuple(found)


def _done(runs: Sequence[TimedRun], occurrence: Occurrence, ended: datetime | None) -> datetime | None:
    """When the first run of the day was done."""
    done = [
        run.finished_at
        for run in runs
        if run.finished_at is not None
        and run.state in (None, RunState.COMPLETED.value)
        and _is_of(run, occurrence, ended)
    ]
    return min(done, default=None)


def _goes_on(runs: Sequence[TimedRun], occurrence: Occurrence, ended: datetime | None) -> bool:
    """Whether a run of the day is not at its end; one that was killed is taken for that within minutes."""
    return any(run.finished_at is None and run.state is None and _is_of(run, occurrence, ended) for run in runs)


def _is_of(run: TimedRun, occurrence: Occurrence, ended: datetime | None) -> bool:
    return occurrence.begins <= run.started_at and (ended is None or run.started_at < ended)


def _predicted(
    runs: Sequence[TimedRun],
    tables: Sequence[TimedRun] | None,
    occurrence: Occurrence,
    schedule: Schedule | None,
    now: datetime,
) -> Prediction | None:
    """When it will be done, by the runs of its flow before."""
    # A table's flow may leave the rest to others when it has ended well: until the table is done, all of it goes on.
    states = (None,) if tables is None else (None, RunState.COMPLETED.value)
    latest = next((run for run in runs if run.started_at >= occurrence.begins), None)
    going = latest if latest is not None and latest.state in states else None
    due = schedule.next_after(now) if schedule is not None else None
    if due is not None and due > occurrence.target:
        due = None  # of another day; somebody may start one now
    return predict(_durations(runs, tables), going.started_at if going else None, due, now)


def _durations(runs: Sequence[TimedRun], tables: Sequence[TimedRun] | None) -> list[timedelta]:
    """How long it took from the begin of the flow until all, or the table, was done; the latest first."""
    if tables is None:
        return [
            run.finished_at - run.started_at
            for run in runs
            if run.finished_at is not None and run.state == RunState.COMPLETED.value
        ]
    # The first time for an ingest: a check by hand, days later, does not make the table late.
    done = {run.ingest_id: run.finished_at for run in tables if run.ingest_id and run.finished_at}
    return [
        done[run.ingest_id] - run.started_at
        for run in runs
        if run.ingest_id in done and done[run.ingest_id] >= run.started_at
    ]
