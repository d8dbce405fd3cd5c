"""One at a time: a run that changes or checks a project's warehouse waits for the one before it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from gx.errors import ConfigError, SluiceError


class StillBusyError(SluiceError):
    """Another run kept the project for longer than the wait allowed."""

    transient = True


@contextmanager
def turn(state_dir: Path, what: str, *, wait_seconds: float, progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the project for one run; say who has it while waiting.

    Without it a second ingest could arrive between a checkpoint and the load it opened, and ride on the first
    one's decision. The lock belongs to the process: it is free again when the process dies.

    Args:
        state_dir: of the project.
        what: this run in a few words, for those who have to wait for it.
        wait_seconds: how long to wait.
        progress: told when waiting begins.

    Raises:
        StillBusyError: the wait was over first.
        ConfigError: there can be no state directory.
    """
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"the state directory {state_dir} cannot be made: {error.strerror}; set SLUICE_STATE to another one"
        ) from None
    lock = FileLock(state_dir / "turn.lock")
    holder = state_dir / "turn.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(f"waiting for {_describe(holder)} to finish (at most {wait_seconds:.0f} s)")
        try:
            lock.acquire(timeout=wait_seconds)
        except Timeout:
            raise StillBusyError(
                f"{_describe(holder)} still uses {state_dir} after {wait_seconds:.0f} s; wait for it, or raise "
                "SLUICE_WAIT_SECONDS"
            ) from None
    try:
        since = datetime.now(UTC).isoformat(timespec="seconds")
        holder.write_text(json.dumps({"what": what, "pid": os.getpid(), "since": since}), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _describe(holder: Path) -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(holder.read_text(encoding="utf-8"))
        return f"{said['what']} (process {said['pid']}, since {said['since']})"
    return "another run"
