"""What is wrong with the runs of flows: failed, killed, late, never begun. Nothing here asks anybody; it is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.ledger.flow_runs import FlowRun, RunState
from checkpoints.ledger.schedules import Schedule
from expectations.suite import Severity
from flows.monitor.found import MONITOR

SILENT_AFTER = timedelta(minutes=3)
"""A run that gave no sign of life for so long is dead; it gives one every half minute, and may wait for a lock."""

TOLD_WITHIN = timedelta(days=1)
"""What ended longer ago, and was not told then, is no news."""

EARLY = timedelta(minutes=1)
"""Clocks of two machines differ; a run that came so much too early has come."""


def run_key(flow: str) -> str:
    """Names the problem that a flow's runs fail."""
    return f"run/{flow}"[:200]


def late_key(flow: str) -> str:
    """Names the problem that a flow's run did not come."""
    return f"late/{flow}"[:200]


def failed_run(run: FlowRun) -> Problem | None:
    """What is wrong with a run that ended; None when nothing is that nobody else tells.

    A gate that closed was told by the checkpoint that closed it, a check that failed by itself, and who stopped a run
    knows of it.
    """
    if run.state not in (RunState.FAILED, RunState.KILLED) or (run.state is RunState.FAILED and _is_check(run)):
        return None
    took = f"It began at {run.started_at:%Y-%m-%d %H:%M} UTC"
    if run.state is RunState.KILLED:
        title = f"{run.flow} was killed"
        observed = f"{took} and gave no sign of life after {run.alive_at:%H:%M:%S} UTC."
        step = "Look for what ended it (memory, a restart, a person), then run it again; its gates stayed closed."
    else:
        title = f"{run.flow} failed"
        observed = f"{took}. {run.problem or 'It did not say why.'}"
        step = "Correct the cause, then run it again; what has no verdict stays behind its gate."
    return Problem(
        key=run_key(run.flow), kind=ProblemKind.RUN, severity=Severity.CRITICAL, title=title,
        expected=f"{run.flow} runs to its end", observed=observed, ingest_id=run.ingest_id, run_id=_finding(run),
        next_step=step, prefect_url=run.prefect_url,
    )  # fmt: skip


def ended_runs(
    ends: Iterable[FlowRun], told: Mapping[str, str | None], covered: Mapping[str, datetime], now: datetime
) -> tuple[tuple[Problem, ...], frozenset[str]]:
    """The problems of the runs that ended last, and the keys of those that are over.

    Args:
        ends: of each flow the run that ended last.
        told: of the problems that are open, by key, the run that was told last: it is not told again.
        covered: of each ingest with an open problem of its own, when that was found last. What made a checkpoint fail
            makes its flow fail; the same is not told twice.
        now: the time.
    """
    problems, over = [], set()
    for run in ends:
        key, problem = run_key(run.flow), failed_run(run)
        if problem is None:
            over |= {key} if run.state in (RunState.COMPLETED, RunState.CLOSED) else set()
        elif _is_news(run, problem, told, covered, now):
            problems.append(problem)
    return tuple(problems), frozenset(over)


def missing_runs(
    schedules: Sequence[Schedule], starts: Mapping[str, FlowRun], now: datetime, grace: timedelta
) -> tuple[tuple[Problem, ...], frozenset[str]]:
    """The problems of the flows whose latest expected run has not begun, and the keys of those that are on time.

    Args:
        schedules: of all flows.
        starts: of each flow the run that began last.
        now: the time.
        grace: how much later than expected a run may begin.

    Raises:
        ConfigError: a schedule cannot be computed.
    """
    problems, over = [], set()
    for schedule in schedules:
        expected = schedule.last_before(now - grace)
        last = starts.get(schedule.flow)
        if expected <= schedule.since or (last is not None and last.started_at >= expected - EARLY):
            over.add(late_key(schedule.flow))
            continue
        problems.append(
            Problem(
                key=late_key(schedule.flow),
                kind=ProblemKind.RUN,
                severity=Severity.CRITICAL,
                title=f"{schedule.flow} did not begin",
                expected=f"A run at {expected:%Y-%m-%d %H:%M} UTC (cron {schedule.cron}, {schedule.time_zone}), "
                f"at most {grace / timedelta(minutes=1):g} minute{'' if grace == timedelta(minutes=1) else 's'} late",
                observed=f"The last one began at {last.started_at:%Y-%m-%d %H:%M} UTC." if last else "None ever began.",
                # The same expected run is one finding, however often it is looked for.
                run_id=f"{schedule.flow} at {expected:%Y-%m-%dT%H:%MZ}",
                next_step="See that `sluice serve`, or whatever starts it, runs; then run it by hand.",
            )
        )
    return tuple(problems), frozenset(over)


def _is_check(run: FlowRun) -> bool:
    return run.flow.startswith("check/")


def _finding(run: FlowRun) -> str:
    """What makes it another finding than the last: another run; of the monitor, which runs all day, another cause."""
    return (run.problem or run.id)[:200] if run.flow == MONITOR and run.state is RunState.FAILED else run.id


def _is_news(
    run: FlowRun, problem: Problem, told: Mapping[str, str | None], covered: Mapping[str, datetime], now: datetime
) -> bool:
    key = problem.key
    if told.get(key) == problem.run_id or (key not in told and (run.finished_at or now) < now - TOLD_WITHIN):
        return False
    elsewhere = covered.get(run.ingest_id or "")
    return run.state is RunState.KILLED or elsewhere is None or elsewhere < run.started_at
