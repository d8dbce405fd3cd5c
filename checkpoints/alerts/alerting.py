"""Alerts beside a checkpoint's run: nothing here changes a verdict, loses one, or delays a run beyond one bound."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from checkpoints.alerts import keys
from checkpoints.alerts.causes import problem_of_error
from checkpoints.alerts.problem import Problem, ProblemKind
from checkpoints.alerts.report import Over, Report, nothing_over
from checkpoints.alerts.routing import Routing
from checkpoints.alerts.telling import Told
from checkpoints.spec import CheckpointSpec
from expectations.suite import Severity

ALERT_SECONDS = 10.0
"""How long a run waits for its alerts at most, after its verdict is written: ``SLUICE_ALERT_SECONDS``."""
_SHARE = 0.8


class Sender(Protocol):
    """Sends what is in the outbox, and what could not get there."""

    def deliver(self, seconds: float) -> str | None:
        """Try what is due in the outbox for at most so long; what could not be delivered, if anything."""

    def directly(self, told: Sequence[Told], reason: str, seconds: float) -> str | None:
        """Send these without the outbox, saying why; what could not be delivered, if anything."""


class NoSender:
    """Where nobody sends: what is in the outbox is left to the monitor."""

    def deliver(self, seconds: float) -> str | None:
        """Send nothing."""

    def directly(self, told: Sequence[Told], reason: str, seconds: float) -> str | None:
        """Send nothing, and say so where there is something."""
        return "there is nothing to send alerts with" if told else None


@dataclass(frozen=True)
class Alerting:
    """What runs need to raise alerts.

    Attributes:
        routing: who is told.
        project: the project's name, as people are told it.
        directory: the project's; files are told relative to it.
        docs: the address of Data Docs, without the front page's name; None if there is none to give.
        prefect_url: the page of the flow run, if it is one.
        seconds: the bound of all sending.
        sender: sends.
    """

    routing: Routing = field(default_factory=Routing)
    project: str = "sluice"
    directory: Path = Path()
    docs: str | None = None
    prefect_url: str | None = None
    seconds: float = ALERT_SECONDS
    sender: Sender = field(default_factory=NoSender)

    def report(self, found: Callable[[], tuple[Sequence[Problem], Over]], spec: CheckpointSpec, run_id: str) -> Report:
        """What a run reports; where its alerts cannot be told apart, that as the only problem.

        Args:
            found: tells what is wrong and what is over.
            spec: the checkpoint.
            run_id: names what is told.
        """
        try:
            problems, over = found()
            return Report(tuple(problems), run_id, self.routing, self.project, over)
        except Exception as error:  # noqa: BLE001 - a verdict is not lost for an alert
            unclear = Problem(
                key=f"{keys.run_key(spec.name)}/alerts",
                kind=ProblemKind.CHECKPOINT,
                severity=Severity.CRITICAL,
                title=f"the alerts of {spec.name} could not be put into words; see its verdict",
                checkpoint=spec.name,
                run_id=run_id,
                notify=spec.notify,
                observed=f"{type(error).__name__} in sluice itself",
                next_step=f"run `sluice check {spec.name}`",
            )
            return Report((unclear,), run_id, self.routing, self.project)

    def report_error(self, error: BaseException, spec: CheckpointSpec, ingest_id: str | None, run_id: str) -> Report:
        """What a run reports that did not come to its end."""

        def found() -> tuple[Sequence[Problem], Over]:
            problem = problem_of_error(
                error, spec, project=self.directory, ingest_id=ingest_id, run_id=run_id, prefect_url=self.prefect_url
            )
            return [problem], nothing_over

        return self.report(found, spec, run_id)

    def send(self, report: Report, now: datetime) -> str | None:
        """Send what a report brought, for at most ``seconds``, and never raise.

        What could not be written to the ledger goes out directly, and says that.

        Returns:
            What could not be delivered, if anything; the monitor goes on trying what is in the outbox.
        """
        # Who sends is told of less time than there is, so as to end by itself and say what did not arrive.
        seconds = self.seconds * _SHARE

        def work() -> str | None:
            if report.failure is None:
                return self.sender.deliver(seconds)
            # Nothing is known here of earlier alerts, so all of it is told.
            return self.sender.directly(report.changes((), now).messages, report.failure, seconds)

        return within(self.seconds, work)


def within(seconds: float, work: Callable[[], str | None]) -> str | None:
    """Do something for at most so long; whatever it raises, and that it took too long, is told and not raised."""
    said: list[str | None] = ["alerts were not sent in time; the monitor goes on"]

    def guarded() -> None:
        try:
            said[0] = work()
        except Exception as error:  # noqa: BLE001 - an alert that fails changes nothing else
            said[0] = f"alerts could not be sent: {type(error).__name__}"

    # A receiver that answers drop by drop outlives any time-out of its own.
    thread = threading.Thread(target=guarded, name="alerts", daemon=True)
    thread.start()
    thread.join(seconds)
    return said[0]
