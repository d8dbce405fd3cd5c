"""Every run of a flow on record in the ledger: that it began, that it lives, and how it ended.

It is written beside the run, by a thread with a connection of its own: a ledger that is locked or away costs the run
nothing but, at its end, the bounded wait for the record of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from checkpoints.gate import GateClosedError
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.flow_runs import FlowRun, RunState
from checkpoints.result import CheckpointFailedError
from gx.errors import SluiceError
from gx.masking import mask_error
from gx.settings import Settings

BEAT_SECONDS = 30.0
"""How often a run says that it lives."""

_PATIENCE_SECONDS = 35.0  # a little longer than the ledger itself waits for a lock


class SteppedAsideError(SluiceError):
    """A run that let another go first, and will come again: it has neither failed nor found anything well."""


@contextmanager
def recorded(
    settings: Settings,
    flow: str,
    what: str,
    *,
    ingest_id: str | None = None,
    run_id: str | None = None,
    prefect_url: str | None = None,
    ended: Callable[[FlowRun, bool], object] = lambda _run, _told: None,
    unrecorded: Callable[[str], object] = lambda _problem: None,
) -> Iterator[FlowRun]:
    """Keep a record of the run in this block.

    Args:
        settings: of the project.
        flow: what runs; see `FlowRun`.
        what: this run in a few words.
        ingest_id: what it is about.
        run_id: its own; one is made if it has none.
        prefect_url: its page.
        ended: told the run as it ended, once that was recorded or could not be, and whether an alert was raised for
            its error already; it must not raise.
        unrecorded: told why, where it is not on record that and how the run ended, so that nobody watches it.
    """
    now = datetime.now(UTC)
    run = FlowRun(run_id or uuid4().hex, flow, what, now, now, ingest_id=ingest_id, prefect_url=prefect_url)
    pulse = _Pulse(settings, run)
    pulse.start()
    state, problem, told = RunState.COMPLETED, None, False
    try:
        yield run
    except BaseException as error:
        state, problem = how_it_ended(error)
        told = isinstance(error, SluiceError) and error.told
        raise
    finally:
        missing = pulse.end(state, problem)
        ended(replace(run, state=state, problem=problem, finished_at=datetime.now(UTC)), told)
        if missing is not None:
            unrecorded(missing)


def how_it_ended(error: BaseException) -> tuple[RunState, str | None]:
    """What a run's record says of the error that ended it; no secret, and no value of the data."""
    if isinstance(error, GateClosedError):
        return RunState.CLOSED, f"the gate of {error.gate.load} is closed"
    if isinstance(error, CheckpointFailedError):
        return RunState.CLOSED, f"the last checkpoint {error.verdict}"
    if isinstance(error, SteppedAsideError):
        return RunState.STOPPED, str(error)
    if isinstance(error, SluiceError):
        return RunState.FAILED, str(error)
    if isinstance(error, KeyboardInterrupt):
        return RunState.STOPPED, "interrupted"
    if isinstance(error, Exception):
        return RunState.FAILED, f"unexpected {type(error).__name__}: {mask_error(str(error))}"
    return RunState.FAILED, f"ended from outside ({type(error).__name__})"


class _Pulse(threading.Thread):
    """Writes a run's begin, its heartbeats and its end. Nothing that goes wrong here reaches the run."""

    def __init__(self, settings: Settings, run: FlowRun) -> None:
        super().__init__(name=f"record of {run.flow}", daemon=True)
        self._settings = settings
        self._run = run
        self._over = threading.Event()
        self._end: tuple[RunState, str | None] = (RunState.COMPLETED, None)
        self._began = False
        self._missing: str | None = "the ledger did not answer in time"

    def end(self, state: RunState, problem: str | None) -> str | None:
        """Have the end written, and wait for that, but not for ever; why it was not, if so."""
        self._end = (state, problem)
        self._over.set()
        self.join(_PATIENCE_SECONDS)
        return self._missing

    def run(self) -> None:
        try:
            ledger = Ledger(self._settings.ledger(), gate_valid_hours=self._settings.gate_valid_hours)
            try:
                self._write(lambda: self._live(ledger))
                while not self._over.wait(BEAT_SECONDS):
                    self._write(lambda: self._live(ledger))
                self._missing = self._write(lambda: self._finish(ledger))
            finally:
                ledger.close()
        except SluiceError as error:  # a ledger that cannot even be named
            self._missing = str(error)
        except Exception as error:  # noqa: BLE001 - no record is worth a run
            self._missing = f"unexpected {type(error).__name__}"

    def _live(self, ledger: Ledger) -> None:
        if self._began:
            ledger.flow_runs.alive(self._run.id, datetime.now(UTC))
        else:
            ledger.flow_runs.begin(self._run)
            self._began = True

    def _finish(self, ledger: Ledger) -> None:
        if not self._began:
            ledger.flow_runs.begin(self._run)
        ledger.flow_runs.finish(self._run.id, self._end[0], datetime.now(UTC), self._end[1])

    def _write(self, what: Callable[[], None]) -> str | None:
        try:
            what()
        except LedgerError as error:  # the next heartbeat tries again
            return str(error)
        return None
