"""What the command's exit code says."""

from __future__ import annotations

from enum import IntEnum

from checkpoints.result import Verdict


class ExitCode(IntEnum):
    """Exit codes of every ``sluice`` command."""

    OK = 0
    """The checkpoint passed (or only warned), the gate is open, the command did what it was asked."""
    FAILED = 1
    """A blocking expectation does not hold, or the gate is closed."""
    USAGE = 2
    """Wrong usage or configuration; nothing was checked."""
    ERRORED = 3
    """Something could not be checked: a table is missing, the warehouse or a source cannot be reached."""


def of_verdict(verdict: Verdict) -> ExitCode:
    """The exit code of a checkpoint with this verdict."""
    if verdict.opens:
        return ExitCode.OK
    return ExitCode.FAILED if verdict is Verdict.FAILED else ExitCode.ERRORED
