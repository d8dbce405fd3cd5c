"""The long form: every kind of fault many times over, and the counts. ``make faults`` (half an hour)."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.faults import crowds, kills, mutations, outages, prefect_faults, reference
from tests.faults.kills import Case
from tests.faults.report import Part, Row, page
from tests.faults.sites import duckdb_case, postgres_site

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks" / "faults.md"
PATIENCE_SECONDS = 600.0
"""For its turn: on a machine that does other things too, the last of 20 waits for minutes."""


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

    def duckdb_kills(self) -> None:
        case = duckdb_case(self.directory / "kills", PATIENCE_SECONDS)
        with self.counted("DuckDB, SQLite", case):
            self._kills(case, first=1, seed=11)

    def duckdb_crowds(self) -> None:
        case = duckdb_case(self.directory / "crowds", PATIENCE_SECONDS)
        with self.counted("DuckDB, SQLite", case):
            self._crowds(case, seed=12)
        clock = duckdb_case(self.directory / "clock")
        with self.counted("DuckDB, SQLite", clock):
            crowds.clock_steps_back(clock)

    def duckdb_outages(self) -> None:
        case = duckdb_case(self.directory / "ledger")
        with self.counted("DuckDB, SQLite", case):
            outages.sqlite_ledger_locked(case)
            if os.getuid() == 0:
                outages.ledger_read_only_at_start(case)
        taken = duckdb_case(self.directory / "taken", 0.5)
        with self.counted("DuckDB, SQLite", taken):
            outages.warehouse_in_use(taken)
        for full in outages.disk_full(self.directory / "full"):
            with self.counted("DuckDB, SQLite", full):
                pass

    def postgres_kills(self) -> None:
        with self._read_meanwhile() as case:
            self._kills(case, first=2, seed=21)

    def postgres_crowds(self) -> None:
        with self._read_meanwhile() as case:
            self._crowds(case, seed=22)
            crowds.ingest_amid_a_run_elsewhere(case)
            crowds.ingests_of_two_machines(case, self.many(20), seed=23)

    def postgres_outages(self) -> None:
        with postgres_site(self.directory / "server") as site:
            case = site.case(self.directory / "postgres")
            with self.counted("PostgreSQL, ledger too", case):
                outages.ledger_locked(case, partial(site.ledger_locked, case))
                outages.postgres_ledger_read_only(case, site)
                outages.access_revoked(case, site)
            crashing = site.case(self.directory / "crashing", ledger_too=False)
            with self.counted("PostgreSQL, SQLite", crashing):
                for _ in range(self.many(3)):
                    outages.warehouse_down(crashing, site)

    @contextmanager
    def _read_meanwhile(self) -> Iterator[Case]:
        with postgres_site(self.directory / "server") as site:
            case = site.case(self.directory / "postgres", wait_seconds=PATIENCE_SECONDS)
            with self.counted("PostgreSQL, ledger too", case):
                with crowds.reading(case) as reader:
                    yield case
                self.part.add("read", reader.looks)

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
    "duckdb-kills": Soak.duckdb_kills,
    "postgres-kills": Soak.postgres_kills,
    "duckdb-crowds": Soak.duckdb_crowds,
    "postgres-crowds": Soak.postgres_crowds,
    "duckdb-outages": Soak.duckdb_outages,
    "postgres-outages": Soak.postgres_outages,
    "prefect": Soak.with_prefect,
    "reference": Soak.for_real,
    "mutations": Soak.broken,
}
AT_ONCE = tuple(name for name in PARTS if name.startswith(("duckdb", "postgres")))
"""Two of these at a time: they mostly wait."""


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
        with ThreadPoolExecutor(2) as threads:
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
