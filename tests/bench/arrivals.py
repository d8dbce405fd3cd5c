"""What a check costs when a large table receives a few rows: ``python -m tests.bench.arrivals [--rows N]``.

In one process: all rows are read, the table receives 1 % more, and what only those cost is measured beside it. CPU is
this process's, DuckDB's threads included; the lowest of some repetitions. Writes docs/benchmarks/arrivals.md.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import great_expectations.expectations as core
from great_expectations.expectations.expectation import Expectation
from sqlalchemy.engine import URL

from gx.scan.arrivals import Arrivals
from gx.scan.batch import TableBatch
from gx.scan.scan_state import ScanState
from gx.scan.suite import validate
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from gx.warehouse.table import TableName
from tests.bench.process import ROOT

_PAGE = ROOT / "docs" / "benchmarks" / "arrivals.md"
_TABLE = TableName.parse("raw.charges")
_ROWS = """
    SELECT left('ch_' || md5(i::varchar), 25) AS charge_id, i AS id, 'cus_' || i % 300000 AS customer_id,
           (i * 7919) % 100000 AS amount_cents, ['usd', 'eur', 'gbp'][1 + i % 3] AS currency,
           ['succeeded', 'failed'][1 + (i % 20 = 0)::int] AS status,
           timestamp '2025-01-01' + to_seconds(i) AS created, timestamp '2025-01-01' + to_hours(i // 100000) AS synced
    FROM range($first, $last) numbers(i)
"""
_REST: tuple[Expectation, ...] = (
    *(
        core.ExpectColumnValuesToNotBeNull(column=column)
        for column in ("charge_id", "customer_id", "amount_cents", "currency", "status", "created")
    ),
    core.ExpectColumnValuesToBeInSet(column="currency", value_set=["usd", "eur", "gbp"]),
    core.ExpectColumnValuesToBeInSet(column="status", value_set=["succeeded", "failed"]),
    core.ExpectColumnValuesToBeBetween(column="amount_cents", min_value=0, max_value=100_000),
    core.ExpectTableRowCountToBeBetween(min_value=1),
    core.ExpectColumnSumToBeBetween(column="amount_cents", min_value=0),
)
_SUITES: dict[str, tuple[Expectation, ...]] = {
    "11 checks, none of uniqueness": _REST,
    "12 checks, one of a text key of 25 characters": (core.ExpectColumnValuesToBeUnique(column="charge_id"), *_REST),
    "12 checks, one of a whole-number key": (core.ExpectColumnValuesToBeUnique(column="id"), *_REST),
}

_HEAD = """\
# What a check costs when a table of {rows:,} rows receives 1 % more

Measured on {day:%Y-%m-%d} by `python -m tests.bench.arrivals`: DuckDB {duckdb}, 2 threads. CPU of the validation and
the number of statements it sent, the lowest of some repetitions. One statement reads the rows, one more looks
up each key among the old ones, and a last one sees that nothing arrived meanwhile.

| Suite | all rows | the new rows | ratio |
| --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class _Read:
    cpu: float
    statements: int
    state: ScanState


def main(arguments: Sequence[str]) -> int:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.arrivals", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="sluice-bench-") as directory:
        lines = _measure(Path(directory) / "charges.duckdb", options.rows, options.repeats)
    page = _page(options.rows, lines)
    _PAGE.write_text(page, encoding="utf-8")
    sys.stdout.write(page)
    return 0


def _measure(file: Path, rows: int, repeats: int) -> list[str]:
    with duckdb.connect(str(file), config={"threads": 2, "memory_limit": "4GB"}) as connection:
        connection.execute("CREATE SCHEMA raw")
        connection.execute(f"CREATE TABLE raw.charges AS {_ROWS}", {"first": 0, "last": rows})
    url = URL.create("duckdb", database=str(file), query={"threads": "2", "memory_limit": "4GB"})
    warehouse = open_warehouse(url, wait_seconds=1)
    with warehouse.hold():
        whole = {
            name: min((_read(warehouse, suite, None) for _ in range(repeats)), key=lambda read: read.cpu)
            for name, suite in _SUITES.items()
        }
        with warehouse.connect() as connection:
            more = _ROWS.replace("$first", str(rows)).replace("$last", str(rows + rows // 100))
            connection.exec_driver_sql(f"INSERT INTO raw.charges {more}")
        new = {
            name: min((_read(warehouse, suite, whole[name].state) for _ in range(repeats)), key=lambda read: read.cpu)
            for name, suite in _SUITES.items()
        }
    warehouse.release()
    return [
        f"| {name} | {whole[name].cpu:.2f} s, {whole[name].statements} | {new[name].cpu:.3f} s, {new[name].statements} "
        f"| {new[name].cpu / whole[name].cpu:.1%} |"
        for name in _SUITES
    ]


def _read(warehouse: Warehouse, suite: Sequence[Expectation], state: ScanState | None) -> _Read:
    table = warehouse.find_tables([_TABLE])[_TABLE]
    batch = TableBatch.of(warehouse, table, "raw.charges")
    arrivals = Arrivals("bench", "synced", state, datetime.now(UTC))
    before = _cpu()
    results = validate(batch, suite, {"result_format": "SUMMARY"}, arrivals)
    cpu = _cpu() - before
    if not all(result.success for result in results) or (state is not None and arrivals.why_all is not None):
        raise RuntimeError(f"not what was to be measured: {arrivals.why_all}")
    if arrivals.after is None:
        raise RuntimeError("nothing is kept of the scan")
    return _Read(cpu, batch.engine.statements, arrivals.after)


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _page(rows: int, lines: Sequence[str]) -> str:
    return _HEAD.format(rows=rows, day=datetime.now(UTC), duckdb=duckdb.__version__) + "\n".join((*lines, ""))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
