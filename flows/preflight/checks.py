"""Run checks side by side, each with its time; who does not answer in time was not checked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from flows.preflight.lines import Line, Status
from gx.errors import SluiceError
from gx.masking import mask_error


@dataclass(frozen=True)
class Check:
    """Something to look at.

    Attributes:
        name: the ``check`` of its lines.
        expects: the ``what`` of each line that it gives, in their order; what it does not get to was not checked.
        run: gives the lines as it finds them. A :class:`SluiceError` is the line that comes next, as a failure.
        stops: whether a run must not begin when it fails, or does not answer.
        patient: waits as long as it takes, in the caller's thread.
    """

    name: str
    expects: tuple[str, ...]
    run: Callable[[], Iterator[Line]]
    stops: bool = True
    patient: bool = False


@dataclass
class _Run:
    check: Check
    lines: list[Line] = field(default_factory=list)
    errors: list[SluiceError] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    late: bool = False

    def do(self) -> None:
        try:
            for line in self.check.run():
                if not self._add(line):
                    return
        except SluiceError as error:
            self._fail(Status.FAILED, str(error), transient=error.transient, error=error)
        except Exception as error:  # noqa: BLE001 - a bug in one check must not hide what the others found
            self._fail(Status.NOT_CHECKED, f"unexpected {type(error).__name__}: {mask_error(str(error))}")
        finally:
            self.ended.set()

    def close(self, problem: str) -> list[Line]:
        """The lines, and for what is missing by now that it was not checked."""
        with self.lock:
            self.late = not self.ended.is_set()
            lines = list(self.lines)
        told = {line.what for line in lines}
        for what in self.check.expects:
            if what not in told:
                reason = problem if self.late else "not reached"
                stops = self.check.stops and self.late
                lines.append(Line(self.check.name, what, Status.NOT_CHECKED, reason, stops=stops, transient=self.late))
        return lines

    def _add(self, line: Line) -> bool:
        with self.lock:
            if not self.late:  # what comes too late must not change what was told
                self.lines.append(line)
            return not self.late

    def _fail(self, status: Status, detail: str, *, transient: bool = False, error: SluiceError | None = None) -> None:
        told = {line.what for line in self.lines}
        what = next((one for one in self.check.expects if one not in told), self.check.name)
        if error is not None and self.check.stops:
            self.errors.append(error)
        self._add(Line(self.check.name, what, status, detail, stops=self.check.stops, transient=transient))


@dataclass(frozen=True)
class Checked:
    """What all checks said, in their order, and the errors among it."""

    lines: tuple[Line, ...]
    errors: tuple[SluiceError, ...]


def run_checks(checks: Sequence[Check], *, seconds: float, clock: Callable[[], float] = time.monotonic) -> Checked:
    """Run them all.

    Args:
        checks: in the order in which they are told.
        seconds: how long all of them together may take, but for the patient ones.
        clock: seconds that only grow.
    """
    runs = [_Run(check) for check in checks]
    deadline = clock() + seconds
    for run in runs:
        if not run.check.patient:
            threading.Thread(target=run.do, daemon=True, name=f"preflight {run.check.name}").start()
    for run in runs:
        if run.check.patient:
            run.do()
    lines: list[Line] = []
    for run in runs:
        run.ended.wait(max(0.0, deadline - clock()))
        lines.extend(run.close(f"no answer within {seconds:g} s"))
    return Checked(tuple(lines), tuple(error for run in runs for error in run.errors))
