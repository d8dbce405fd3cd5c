"""dbt as somebody would type it, in a process that is forked from one that has imported it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import dbt.adapters.duckdb
from dbt.cli.main import cli

from tests.fork_server import processes

__all__ = ["dbt"]  # imported so that it is there before the first fork

_OPTIONS = ["--no-version-check", "--no-use-colors", "--log-level-file", "none"]
_LONG = 180.0


@dataclass(frozen=True)
class DbtEnded:
    """A command that ended, and all that it printed."""

    returncode: int
    stdout: str


def run(directory: Path, environment: Mapping[str, str], *arguments: str) -> DbtEnded:
    """Run dbt in a project's directory; its profile is there too."""
    with NamedTemporaryFile(prefix="sluice-test-dbt-") as printed:
        given = [*_OPTIONS, *arguments, "--profiles-dir", "."]
        process = processes().Process(target=_work, args=(directory, dict(environment), given, printed.name))
        process.start()
        process.join(_LONG)
        if process.exitcode is None:
            process.kill()
            process.join()
        return DbtEnded(process.exitcode or 0, Path(printed.name).read_text(encoding="utf-8"))


def _work(directory: Path, environment: dict[str, str], arguments: list[str], printed: str) -> None:
    file = os.open(printed, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(file, stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    cli(arguments)
