"""What a run reports to the alerts: what is wrong, what holds, and who decides whom to tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from checkpoints.alerts.lifecycle import Changes, advance
from checkpoints.alerts.problem import Alert, Problem
from checkpoints.alerts.routing import Routing

Over = Callable[[Sequence[Alert]], Mapping[str, str | None]]
"""Of the open alerts those that are over, by key, with a remark where there is one."""


def nothing_over(_: Sequence[Alert]) -> Mapping[str, str | None]:
    """Nothing was looked at that could be over."""
    return {}


@dataclass
class Report:
    """What is to be written together with a verdict, or by itself.

    Attributes:
        problems: what is wrong.
        thread: names the message about what is new; no other report has it.
        over: which of the open alerts are over.
        failure: why the alerts could not be written, afterwards; then somebody has to be told directly.
    """

    problems: tuple[Problem, ...]
    thread: str
    routing: Routing
    project: str
    over: Over = nothing_over
    failure: str | None = None

    def changes(self, known: Sequence[Alert], now: datetime) -> Changes:
        """What follows from it, given the alerts that are known."""
        over = self.over([each for each in known if each.is_open])
        return advance(
            known, self.problems, over, now=now, routing=self.routing, thread=self.thread, project=self.project
        )
