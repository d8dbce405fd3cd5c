"""A command of the user's own on record like any flow: missed when it never comes, told when it is late or fails."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import FrameType

from checkpoints.expected_runs import OWN, is_own
from flows.monitor.told import tell_run
from flows.recording import recorded
from gx.errors import ConfigError, SluiceError
from gx.settings import Settings

_NO_COMMAND, _BY_SIGNAL = 127, 128  # as a shell has it


class CommandFailedError(SluiceError):
    """The command did not end well.

    Attributes:
        code: how it ended, as a shell says it.
    """

    def __init__(self, message: str, code: int) -> None:
        self.code = code
        super().__init__(message)


def run_recorded(
    settings: Settings, name: str, command: Sequence[str], unrecorded: Callable[[str], object] = lambda _problem: None
) -> None:
    """Run a command, and keep a record of it. Its arguments, which may hold secrets, are in no record and no alert.

    Args:
        settings: of the project.
        name: of the flow; its runs are recorded as ``own/NAME``.
        command: the program and its arguments; it has this process's input and output.
        unrecorded: told why, where it could not be put on record; the command runs all the same.

    Raises:
        ConfigError: no run can have that name.
        CommandFailedError: it could not be started, or did not end with 0; an alert has been raised.
    """
    flow = f"{OWN}{name}"
    if not is_own(flow):
        raise ConfigError(
            f"{name!r} is no name of a flow: up to 100 letters, digits, and ._- after the first; its runs are recorded "
            f"as {OWN}NAME"
        )
    ended = partial(tell_run, settings)
    with recorded(settings, flow, f"sluice record {name}", ended=ended, unrecorded=unrecorded):
        try:
            child = subprocess.Popen(command)
        except OSError as error:
            said = f"{command[0]} could not be started: {error.strerror}"
            raise CommandFailedError(said, _NO_COMMAND) from None
        with _passing_on(child):
            code = child.wait()
        if code > 0:
            raise CommandFailedError(f"it ended with exit code {code}", code)
        if code < 0:
            raise CommandFailedError(f"it was ended by {signal.Signals(-code).name}", _BY_SIGNAL - code)


@contextmanager
def _passing_on(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Who stops this process means the command; a terminal tells both of Ctrl-C by itself."""

    def stop(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except BaseException:
        child.wait()
        raise
    finally:
        signal.signal(signal.SIGTERM, before)
