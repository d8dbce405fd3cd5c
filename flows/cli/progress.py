"""Progress on the terminal: one line a step, with the seconds since the start, on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable

import click


def terminal_progress() -> Callable[[str], None]:
    """A reporter that stamps each line with the seconds since now."""
    started = time.monotonic()

    def report(line: str) -> None:
        click.echo(f"{time.monotonic() - started:6.1f} s  {line}", err=True)

    return report
