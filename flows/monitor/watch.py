"""What the monitor looks at, one check after another. One that fails takes no other with it, and is told itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from checkpoints.alerts.problem import Alert, Problem, ProblemKind
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.flow_runs import RunState
from checkpoints.ledger.schedules import Schedule
from checkpoints.override import Override
from checkpoints.spec import gates_of
from expectations.suite import Severity
from flows.monitor.declared import Declared, FileRead
from flows.monitor.found import FILE_PREFIX, MONITOR, SERVED, Found
from flows.monitor.runs import EARLY, SILENT_AFTER, TOLD_WITHIN, ended_runs, missing_runs
from flows.monitor.timeliness import Timeliness
from gx.errors import ConfigError
from gx.settings import Settings

FILES = "files"
"""The check that goes first: what is wrong with a file is told by it, and not by each check that needs the file."""

_FOLLOWED = timedelta(days=14)
"""So far back runs tell how old a schedule is that the ledger has not known."""
_BY_IT = timedelta(hours=1)
"""A run that began so long after an expected time may have come by it; its scheduler may have been busy."""

_OF_A_RUN = (ProblemKind.EXPECTATION, ProblemKind.CHECKPOINT, ProblemKind.CAUSE)


@dataclass(frozen=True)
class Watch:
    """One look at a project.

    Attributes:
        ledger: the project's.
        now: the time, with its zone.
    """

    settings: Settings
    ledger: Ledger
    now: datetime
    checks: Mapping[str, Callable[[], Found]] = field(init=False)

    def __post_init__(self) -> None:
        """Put the checks in their order."""
        checks = {
            FILES: self.files,
            "killed runs": self.killed,
            "runs": self.ended,
            "schedules": self.missing,
            "monitor": self.own_runs,
            "overrides": self.overrides,
            "SLAs": self.timeliness.slas,
            "freshness": self.timeliness.freshness,  # last: the only one that needs the warehouse
        }
        object.__setattr__(self, "checks", checks)

    @cached_property
    def timeliness(self) -> Timeliness:
        """Looks at SLAs and freshness."""
        return Timeliness(self.settings, self.ledger, self.now, lambda: self.known_alerts, declared=self.declared)

    @cached_property
    def declared(self) -> Declared:
        """What the project's files say."""
        return Declared(self.settings, self.now)

    @cached_property
    def read(self) -> tuple[FileRead, ...]:
        """What came of reading each of these files."""
        return self.declared.read()

    @cached_property
    def open_alerts(self) -> Sequence[Alert]:
        """The alerts that go on."""
        return self.ledger.alerts.unresolved()

    @property
    def known_alerts(self) -> Sequence[Alert]:
        """The same, for what can be looked at without the ledger too: it only ends what is known to go on."""
        try:
            return self.open_alerts
        except LedgerError:
            return ()

    def files(self) -> Found:
        """Files that are wrong: one alert for each, however many checks need it."""
        wrong = tuple(_wrong_file(each.name, each.error) for each in self.read if each.error)
        # One that waits for another was not read, and may be wrong still.
        waiting = {_file_key(each.name) for each in self.read if each.elsewhere}
        open_keys = {alert.problem.key for alert in self.known_alerts if alert.problem.key.startswith(FILE_PREFIX)}
        over = open_keys - waiting - {problem.key for problem in wrong}
        return Found(f"{len(wrong)} of {len(self.read)} wrong", wrong, frozenset(over))

    def killed(self) -> Found:
        """Take runs for killed that stopped giving signs of life; the next check tells of them."""
        buried = self.ledger.flow_runs.bury(self.now - SILENT_AFTER)
        return Found(f"{len(buried)} taken for killed" if buried else "none silent")

    def ended(self) -> Found:
        """Runs that failed or were killed."""
        told = {alert.problem.key: alert.problem.run_id for alert in self.open_alerts}
        covered: dict[str, datetime] = {}
        for alert in self.open_alerts:
            if alert.problem.kind in _OF_A_RUN and alert.problem.ingest_id:
                at = covered.get(alert.problem.ingest_id, alert.last_failed_at)
                covered[alert.problem.ingest_id] = max(at, alert.last_failed_at)
        ends = self.ledger.flow_runs.latest_ends()
        problems, over = ended_runs(ends, told, covered, self.now)
        bad = sum(1 for run in ends if run.state in (RunState.FAILED, RunState.KILLED))
        return Found(f"{bad} of {len(ends)} flows ended badly last time", problems, over)

    def missing(self) -> Found:
        """Runs that were expected and have not begun."""
        # The monitor runs as it asks this.
        schedules = [schedule for schedule in self._schedules() if schedule.flow != MONITOR]
        grace = timedelta(minutes=self.settings.late_minutes)
        problems, over = missing_runs(schedules, self.ledger.flow_runs.latest_starts(), self.now, grace)
        known = {schedule.flow for schedule in schedules}
        gone = {
            alert.problem.key
            for alert in self.open_alerts
            if alert.problem.key.startswith("late/") and alert.problem.key.removeprefix("late/") not in known
        }
        return Found(f"{len(problems)} of {len(schedules)} scheduled flows late", problems, over | gone)

    def own_runs(self) -> Found:
        """Whether the monitor itself was away."""
        key = "watch/monitor-silent"
        own = {schedule.flow: schedule for schedule in self.ledger.schedules.all()}.get(MONITOR)
        before = {run.flow: run for run in self.ledger.flow_runs.latest_ends()}.get(MONITOR)
        if own is None or before is None:
            return Found("nothing to compare with", over=frozenset({key}))
        # Two in a row: one may have been busy, or just be late.
        missed = own.next_after(own.next_after(max(before.started_at, own.since)))
        if self.now < missed + timedelta(minutes=self.settings.late_minutes):
            return Found("no gap", over=frozenset({key}))
        gap = f"from {before.started_at:%Y-%m-%d %H:%M} to {self.now:%Y-%m-%d %H:%M} UTC"
        away = Problem(
            key=key, kind=ProblemKind.WATCH, severity=Severity.WARNING, title="the monitor itself did not run",
            expected=f"a run of the monitor by its schedule (cron {own.cron}, {own.time_zone})",
            observed=f"None {gap}; what went wrong meanwhile is told only now.", run_id=before.id,
            next_step="Find out why; SLUICE_HEARTBEAT_URL has somebody outside notice it in time.",
        )  # fmt: skip
        return Found(f"away {gap}", (away,))

    def overrides(self) -> Found:
        """Overrides that ended and left a gate closed behind them."""
        gates = gates_of(self.declared.checkpoints)
        ended = {each.load: each for each in self.ledger.overrides_ended(self.now - TOLD_WITHIN, self.now)}
        problems, over = [], {f"override/{load}" for load in gates}
        for load, override in ended.items():
            gate = self.ledger.gate(load, gates.get(load, ()), ingest_id=None, now=self.now)
            if not gate.is_open:
                over.discard(f"override/{load}")
                problems.append(_ended_override(override))
        return Found(f"{len(problems)} ended over a closed gate", tuple(problems), frozenset(over))

    def _schedules(self) -> tuple[Schedule, ...]:
        """What the ledger expects, once it knows what the project declares now, and has forgotten what it did."""
        declared = self.declared.schedules
        before = {(each.flow, each.cron, each.time_zone) for each in self.ledger.schedules.all()}
        for schedule in declared:
            if (schedule.flow, schedule.cron, schedule.time_zone) not in before:
                self.ledger.schedules.declare(replace(schedule, since=self._followed_since(schedule)))
        kept = {*SERVED, *(schedule.flow for schedule in declared)}
        known = self.ledger.schedules.all()
        if self.ledger.schedules.forget([schedule.flow for schedule in known if schedule.flow not in kept]):
            known = self.ledger.schedules.all()
        return known

    def _followed_since(self, schedule: Schedule) -> datetime:
        """Since when runs are on record that came by a schedule: it is as old as they are, whoever kept it."""
        runs = self.ledger.timings.of_flow(schedule.flow, self.now - _FOLLOWED)
        begins = [run.started_at for run in runs]
        by_it = (at for at in begins if at - schedule.last_before(at + EARLY) <= _BY_IT)
        return min(by_it, default=schedule.since)


def _file_key(name: str) -> str:
    return f"{FILE_PREFIX}{name}"


def _wrong_file(name: str, error: ConfigError) -> Problem:
    return Problem(
        key=_file_key(name), kind=ProblemKind.WATCH, severity=Severity.CRITICAL,
        title=f"the monitor cannot read {name}", expected="what is expected of runs and tables can be read",
        # The same trouble is one finding; another one is told.
        observed=str(error), run_id=str(error)[:200],
        next_step="Correct it, then run `sluice monitor --once`; what it declares is not watched until then.",
    )  # fmt: skip


def _ended_override(override: Override) -> Problem:
    load = override.load
    return Problem(
        key=f"override/{load}", kind=ProblemKind.WATCH, severity=Severity.WARNING,
        title=f"the override of the gate {load} has ended, and the gate is closed",
        expected="whatever was overridden has been corrected meanwhile", observed=f"It was {override.title}.",
        blocks=(load,), run_id=f"{override.made_at:%Y%m%dT%H%M%S}",
        next_step=f"Correct the data and run its checks again, or decide anew: sluice gate override {load}",
    )  # fmt: skip
