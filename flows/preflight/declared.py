"""The files that the monitor lives by: whether each can be read. None of them stops a run, which needs none."""

from __future__ import annotations

from collections.abc import Iterator

from flows.monitor.declared import CHECKPOINTS, FileRead
from flows.preflight.checks import Check
from flows.preflight.lines import CONFIGURATION, Line, Status
from flows.preflight.plan import Plan


def declared_check(plan: Plan) -> Check:
    """One line for each file that is there."""

    def run() -> Iterator[Line]:
        for each in plan.declared.read():
            if each.name != CHECKPOINTS:  # they have a line of their own, which stops a run
                yield _line(each)

    return Check(CONFIGURATION, (), run, stops=False)


def _line(read: FileRead) -> Line:
    if read.error is not None:
        return Line(CONFIGURATION, read.name, Status.FAILED, str(read.error))
    if read.elsewhere is not None:
        return Line(CONFIGURATION, read.name, Status.NOT_CHECKED, f"it needs another file: {read.elsewhere}")
    return Line(CONFIGURATION, read.name, Status.FINE, read.said or "")
