"""The command: ``python -m tests.bench``; ``make bench`` installs the peers first."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import plot, report, results
from tests.bench.checks import Data
from tests.bench.measure import Bench, Plan
from tests.bench.process import ROOT
from tests.bench.task import Limits
from tests.bench.tools import CONTENDERS


def main(arguments: Sequence[str]) -> int:
    """Measure, print the tables, and write page and plot."""
    options = _options(arguments)
    directory: Path = options.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    bench = Bench(_plan(options, directory))
    file = directory / "results.json"
    kept = [] if options.quick else [each for each in results.read(file) if each.rows not in options.rows]
    for rows in options.rows:
        section = results.Section(rows, f"{datetime.now(UTC):%Y-%m-%d}", _machine(), _limits(options), {}, [])
        kept.append(section)
        for count, data in _cells(options):
            section.cells.append(bench.measure(rows, count, data))
            section.versions = {"python": platform.python_version(), **bench.versions}
            if not options.quick:
                _publish(kept, file, options.output)  # after each cell: an interrupted run keeps what it has
        sys.stdout.write("\n" + report.terminal(section) + "\n")
    failed = [out.error for each in kept for cell in each.cells for out in cell.outcomes.values() if out.error]
    return 1 if failed else 0


def _cells(options: argparse.Namespace) -> list[tuple[int, Data]]:
    """What is measured at each size; one check is not about keys, so duplicates make no difference to it."""
    cells = [(count, data) for count in options.checks for data in options.data]
    return [cell for cell in cells if cell != (1, Data.DUPLICATES) or Data.VALUES not in options.data]


def _publish(sections: Sequence[results.Section], file: Path, output: Path) -> None:
    results.write(file, sections)
    output.mkdir(parents=True, exist_ok=True)
    (output / "one-scan.md").write_text(report.markdown(sections), encoding="utf-8")
    (output / "one-scan.svg").write_text(plot.svg(sections), encoding="utf-8")


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=sys.modules["tests.bench"].__doc__)
    names = [contender.name for contender in CONTENDERS]
    parser.add_argument("--quick", action="store_true", help="100,000 rows, 12 checks, clean; writes no page")
    parser.add_argument("--rows", type=int, nargs="+", help="default: 100 100000 5000000; other sizes are kept")
    parser.add_argument("--checks", type=int, nargs="+", choices=(1, 12, 100), help="default: all")
    parser.add_argument("--data", type=Data, nargs="+", help=f"of {[data.value for data in Data]}; default: all")
    parser.add_argument("--tools", nargs="+", choices=names, default=names, help="default: all")
    parser.add_argument("--repeats", type=int, help="warm repetitions (default 7, quick 3)")
    parser.add_argument("--whole", type=int, help="repetitions of whole processes (default 3, quick 1)")
    parser.add_argument("--budget", type=float, default=60, help="seconds after which a tool is not repeated further")
    parser.add_argument("--timeout", type=float, default=1800, help="seconds for one validation")
    parser.add_argument("--threads", type=int, default=2, help="of DuckDB")
    parser.add_argument("--memory", default="4GB", help="of DuckDB")
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-bench/bin/python", help="Python of the peers")
    parser.add_argument("--directory", type=Path, default=ROOT / ".sluice/bench", help="data, working files, results")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/benchmarks", help="of one-scan.md and .svg")
    options = parser.parse_args(arguments)
    options.rows = options.rows or ([100_000] if options.quick else [100, 100_000, 5_000_000])
    options.checks = options.checks or ([12] if options.quick else [1, 12, 100])
    options.data = options.data or ([Data.CLEAN] if options.quick else list(Data))
    if not options.peers.exists() and any(tool.peer for tool in CONTENDERS if tool.name in options.tools):
        parser.error(f"there is no {options.peers}: `make bench` sets it up, or choose --tools without the peers")
    return options


def _plan(options: argparse.Namespace, directory: Path) -> Plan:
    return Plan(
        contenders=[contender for contender in CONTENDERS if contender.name in options.tools],
        peers=options.peers.absolute(),  # not resolved: a virtual environment is known by its link
        limits=Limits(options.threads, options.memory),
        warm=options.repeats or (3 if options.quick else 7),
        whole=options.whole if options.whole is not None else (1 if options.quick else 3),
        budget=options.budget,
        timeout=options.timeout,
        directory=directory,
        progress=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201
    )


def _limits(options: argparse.Namespace) -> str:
    return f"DuckDB with {options.threads} threads and {options.memory}"


def _machine() -> str:
    """In general terms: nothing that tells which machine it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
