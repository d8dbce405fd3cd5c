"""What the watch costs beside its limits: ``python -m tests.bench.watch [--repeats N]``.

The reference project is run once, on DuckDB and on PostgreSQL; then the monitor and the preflight look at it, each time
as the command that cron would start. Writes docs/benchmarks/watch.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.process import ROOT, environment
from tests.journeys.command import SLUICE
from tests.warehouses.sites import postgres_server

_PAGE = ROOT / "docs" / "benchmarks" / "watch.md"
_COMMANDS = {"monitor --once": 5.0, "preflight": 10.0}
"""What is measured, and how many seconds it may take."""
_FOUND_SOMETHING = 1
"""On a fresh PostgreSQL the preflight does: the accounts of the registry are not there."""

_HEAD = """\
# What the watch costs

Measured on {day:%Y-%m-%d} by `make bench-watch`: {cores} cores (load {load:.1f} before), Python {python}. The reference
project after one `sluice run`; each command is a process of its own, its start and its imports included.
{repeats} times each, the warehouses in turn.

| Command | Warehouse | median | longest | of its limit |
| --- | --- | --- | --- | --- |
"""
_FOOT = """
The monitor measures the age of all tables with one statement, after one look at the catalog
(`tests/warehouses/test_freshness.py` counts them).
"""


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.watch", description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args(arguments)
    load, day = os.getloadavg()[0], datetime.now(UTC)
    rows = []
    with _projects() as projects:
        for command, limit in _COMMANDS.items():
            for _ in range(options.repeats):
                for project in projects:
                    project.time(command)
            rows += [_row(project, command, limit) for project in projects]
    head = _HEAD.format(
        day=day, cores=os.cpu_count(), load=load, python=platform.python_version(), repeats=options.repeats
    )
    page = head + "".join(rows) + _FOOT
    sys.stdout.write(page)
    _PAGE.write_text(page, encoding="utf-8")
    return 0


class _Project:
    """The reference, with a state and a warehouse of its own, after one run."""

    def __init__(self, name: str, state: Path, **settings: str) -> None:
        self.name = name
        self.seconds: dict[str, list[float]] = {}
        self._environment = {**environment(), "SLUICE_STATE": str(state), **settings}
        self.time("run")

    def time(self, command: str) -> None:
        started = time.perf_counter()
        done = subprocess.run(
            [*SLUICE, *command.split()], env=self._environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        if done.returncode not in (0, _FOUND_SOMETHING):
            raise RuntimeError(f"sluice {command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        self.seconds.setdefault(command, []).append(time.perf_counter() - started)


@contextmanager
def _projects() -> Iterator[list[_Project]]:
    with TemporaryDirectory(prefix="sluice-bench-") as made:
        directory = Path(made)
        directory.chmod(0o755)  # PostgreSQL runs as another user
        with postgres_server(directory / "server") as url:
            address = url.render_as_string(hide_password=False)
            yield [
                _Project("DuckDB", directory / "duckdb"),
                _Project("PostgreSQL", directory / "postgresql", SLUICE_WAREHOUSE_URL=address),
            ]


def _row(project: _Project, command: str, limit: float) -> str:
    seconds = project.seconds[command]
    share = statistics.median(seconds) / limit
    return (
        f"| `sluice {command}` | {project.name} | {statistics.median(seconds):.2f} s | {max(seconds):.2f} s | "
        f"{share:.0%} of {limit:.0f} s |\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
