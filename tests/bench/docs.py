"""What publishing to a site costs as its history grows: ``python -m tests.bench.docs [--repeats N]``.

In one process, warm: results are stored and published one run at a time, to sites that hold few and many runs, in
turn. Then everything is written anew, by as many processes as there are cores. Writes docs/benchmarks/data-docs.md.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import great_expectations
from great_expectations.core import ExpectationSuiteValidationResult, ExpectationValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from gx.context import open_context
from gx.docs import store_and_publish
from gx.docs.parts import Part
from gx.docs.published import Published
from gx.docs.publishing import open_site
from gx.docs.repair import rebuild
from gx.docs.text import counted
from gx.docs.writers import write_side_by_side
from tests.bench.process import ROOT

_PAGE = ROOT / "docs" / "benchmarks" / "data-docs.md"
_EXPECTATIONS = 12
_MANY = 100
_FIRST = datetime(2025, 9, 1, 6, tzinfo=UTC)

_HEAD = """\
# What publishing to a site costs as its history grows

Measured on {day:%Y-%m-%d} by `python -m tests.bench.docs`: {cores} cores{load}, Python {python}, Great Expectations
{gx}, a local folder. One run of one table with {expectations} expectations, one of them failing, is stored and
published: the result, the pages of the run, the run before, the suite and the table, and the index. Warm, the median of
{repeats}; the sites take turns, and the small ones are put back to where they were after each publish. Other work on
the machine disturbs the CPU less.

| Tables | Runs that were there | elapsed | CPU |
| --- | --- | --- | --- |
"""
_RATIO = """
With {tables}, {most:,} prior runs take **{elapsed:.2f}** times as long as {few:,}, and **{cpu:.2f}** times the CPU.
"""
_FOOT = """
More prior runs make pages longer up to a limit: 30 marks of each table and the last 100 runs on the index, and the last
60 runs on the table's page, whose lines are kept as they are shown; every 60th publish writes the page of all runs of
the table too. Of one table 1,000 runs are kept by default. The number of files that are read, written and listed is the
same in all (`tests/gx/docs/test_constant_time.py`).

Writing all {most:,} runs anew (`sluice docs rebuild`), in {cores} processes: **{rebuilt:.0f} s**.
"""


@dataclass
class _Site:
    """A project whose site holds so many runs of so many tables."""

    directory: Path
    tables: int
    runs: int
    added: int = 0

    @property
    def few(self) -> bool:
        """Whether a run more or less makes a difference."""
        return self.runs < _MANY

    def __post_init__(self) -> None:
        self.context = open_context(self.directory, self.directory)
        for table in range(self.tables):
            rules = [rule.to_json_dict() for rule in _rules()]
            self.context.suites.add(great_expectations.ExpectationSuite(name=_name(table), expectations=rules))
        self._store_all()

    def _store_all(self) -> None:
        """Like the store does, but serialised once for all."""
        key, result = _run(0, 0)
        self.context.validation_results_store.set(key, result)
        store: Any = self.context.validation_results_store.store_backend
        template = json.loads(store.get(key.to_tuple()))
        for number in range(self.runs * self.tables):
            table, day = number % self.tables, number // self.tables
            store.set(_key(table, day).to_tuple(), json.dumps({**template, "suite_name": _name(table)}))

    def _here(self) -> None:
        # GX fills in the variables of its configuration each time it looks at it.
        os.environ["SLUICE_STATE_DIR"] = str(self.directory)

    def rebuild(self) -> float:
        """Write all pages; returns the seconds."""

        def write(parts: Iterable[Part]) -> Iterator[Published]:
            return write_side_by_side(parts, self.directory, self.directory, processes=os.cpu_count() or 1)

        self._here()
        started = time.perf_counter()
        repaired = rebuild(open_site(self.context), write)
        assert repaired.runs == self.runs * self.tables, repaired
        assert not repaired.problems, repaired
        return time.perf_counter() - started

    def publish(self) -> tuple[float, float]:
        """The seconds of storing and publishing one run, elapsed and of CPU."""
        key, result = _run(0, self.runs + self.added)
        self._here()
        kept = self.directory.with_suffix(".kept")
        if self.few:
            if not kept.exists():
                shutil.copytree(self.directory, kept)
        else:
            self.added += 1
        started = time.perf_counter(), time.process_time()
        store_and_publish(self.context, {key: result})
        taken = time.perf_counter() - started[0], time.process_time() - started[1]
        if self.few:
            shutil.rmtree(self.directory)
            shutil.copytree(kept, self.directory)
        return taken


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.docs", description=__doc__)
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--runs", type=int, default=1000, help="of each table, in the large sites")
    options = parser.parse_args(arguments)
    shapes = [(1, 10), (1, options.runs), (10, 1), (10, options.runs)]
    with TemporaryDirectory(prefix="sluice-bench-") as directory:
        sites = [_Site(Path(directory) / f"{tables}-{runs}", tables, runs) for tables, runs in shapes]
        rebuilt = [site.rebuild() for site in sites]
        for site in sites:
            for _ in range(3):
                site.publish()
        gc.freeze()  # as the command does with what it imported
        # In turn, so that a busy minute hits all of them.
        samples = [[site.publish() for site in sites] for _ in range(options.repeats)]
    page = _page(sites, [list(each) for each in zip(*samples, strict=True)], rebuilt[-1], options.repeats)
    _PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


def _page(
    sites: Sequence[_Site], samples: Sequence[Sequence[tuple[float, float]]], rebuilt: float, repeats: int
) -> str:
    medians = [[statistics.median(each) for each in zip(*taken, strict=True)] for taken in samples]
    about = {"cores": os.cpu_count(), "python": platform.python_version(), "gx": great_expectations.__version__}
    busy = os.getloadavg()[0]
    load = f" (busy: load average {busy:.0f})" if busy > 2 * (os.cpu_count() or 1) else ""
    page = _HEAD.format(day=datetime.now(UTC), expectations=_EXPECTATIONS, repeats=repeats, load=load, **about)
    for site, (elapsed, cpu) in zip(sites, medians, strict=True):
        page += f"| {site.tables} | {site.runs * site.tables:,} | {elapsed:.3f} s | {cpu:.3f} s |\n"
    for at in range(0, len(sites), 2):
        few, most = sites[at : at + 2]
        elapsed, cpu = (much / little for little, much in zip(*medians[at : at + 2], strict=True))
        counts = {"most": most.runs * most.tables, "few": few.runs * few.tables}
        page += _RATIO.format(tables=counted(few.tables, "table"), elapsed=elapsed, cpu=cpu, **counts)
    return page + _FOOT.format(most=sites[-1].runs * sites[-1].tables, rebuilt=rebuilt, **about)


def _name(table: int) -> str:
    return f"staging.stg_table_{table}"


def _key(table: int, day: int) -> ValidationResultIdentifier:
    run = RunIdentifier(run_name=f"ingest-{day}", run_time=_FIRST + timedelta(hours=day, seconds=table))
    return ValidationResultIdentifier(ExpectationSuiteIdentifier(_name(table)), run, "warehouse")


def _rules() -> list[ExpectationConfiguration]:
    return [
        ExpectationConfiguration(
            type="expect_column_values_to_not_be_null",
            kwargs={"column": f"column_{index}"},
            meta={"sluice": {"index": index, "blocking": True}},
        )
        for index in range(_EXPECTATIONS)
    ]


def _run(table: int, day: int) -> tuple[ValidationResultIdentifier, ExpectationSuiteValidationResult]:
    results = [
        ExpectationValidationResult(
            success=index > 0,
            expectation_config=rule,
            result={"element_count": 1000, "unexpected_count": 0 if index else 3, "unexpected_percent": 0.3},
            exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
        )
        for index, rule in enumerate(_rules())
    ]
    result = ExpectationSuiteValidationResult(
        success=False,
        results=results,
        suite_name=_name(table),
        statistics={
            "evaluated_expectations": _EXPECTATIONS,
            "successful_expectations": _EXPECTATIONS - 1,
            "unsuccessful_expectations": 1,
            "success_percent": None,
        },
        meta={"sluice": {"checkpoint": "staging", "ingest_id": f"ingest-{day}", "verdict": "failed"}},
    )
    return _key(table, day), result


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
