"""Tables that are validated side by side come to what they come to one after another."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.result import CheckpointRun, Verdict
from gx.warehouse.opening import open_warehouse
from tests.warehouses.checking import Checks
from tests.warehouses.conftest import site_of
from tests.warehouses.sites import Site

TABLES = [f"many.t{number:02}" for number in range(47)]
OF_A_RUN = re.compile(rb"all-\d{8}T\d{6}-[0-9a-f]{8}|\d{8}T\d{6}\.\d{6}Z|/[^\s\"<>]*/(?:1|4|8)/")
"""What differs from run to run: its id, the moments at which tables were read, and where it was run."""


@dataclass(frozen=True)
class Ran:
    run: CheckpointRun
    files: dict[str, bytes]


@pytest.fixture(scope="module", params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)])
def many(request: pytest.FixtureRequest) -> Iterator[Site]:
    """47 small tables: most are sound, some have duplicates, one is empty, one has a column that raises."""
    site = site_of(request.param, request)
    site.execute(
        "CREATE SCHEMA many",
        *(
            f"CREATE {kind(number)} {table} AS SELECT g.n AS id, {values(number)} AS amount "
            f"FROM generate_series(1, {0 if number == 40 else 20 + number}) AS g (n)"
            for number, table in enumerate(TABLES)
        ),
    )
    yield site
    site.execute("DROP SCHEMA many CASCADE")


def kind(number: int) -> str:
    return "VIEW" if number == 41 else "TABLE"


def values(number: int) -> str:
    if number == 41:
        return "CAST('x' || CAST(g.n AS text) AS int)"  # raises when it is read
    return "mod(g.n, 5)" if number % 10 == 3 else "g.n"


def suites() -> dict[str, list[dict[str, Any]]]:
    return {
        table: [
            {"expect_column_values_to_be_unique": {"column": "amount"}},
            {"expect_column_values_to_not_be_null": {"column": "absent" if number == 42 else "id"}},
            {"expect_column_values_to_be_between": {"column": "amount", "min_value": 1 if number % 7 else 2}},
        ]
        for number, table in enumerate(TABLES)
    }


def ran(site: Site, directory: Path, parallel: int) -> Ran:
    place = directory / str(parallel)
    place.mkdir()
    warehouse = open_warehouse(site.url, wait_seconds=5, parallel_tables=parallel)
    checks = Checks(place, warehouse)
    run = checks.run(suites())
    warehouse.release()
    found = sorted(file for folder in ("data_docs", "gx") for file in (checks.state / folder).rglob("*.*"))
    kept = [file for file in found if file.suffix in (".html", ".json", ".jsonl")]
    files = {OF_A_RUN.sub(b"", str(f.relative_to(place)).encode()).decode(): f.read_bytes() for f in kept}
    return Ran(replace(run, run_id="", docs=None), {name: OF_A_RUN.sub(b"", text) for name, text in files.items()})


def test_the_results_are_those_of_the_serial_run(many: Site, tmp_path: Path) -> None:
    serial, four, eight = (ran(many, tmp_path, parallel) for parallel in (1, 4, 8))

    assert serial.run.verdict is Verdict.ERRORED
    assert [outcome.table for outcome in serial.run.outcomes] == [table for table in TABLES for _ in range(3)]
    assert dict(serial.run.row_counts) == {
        table: 0 if number == 40 else 20 + number for number, table in enumerate(TABLES)
    }
    assert sum(1 for outcome in serial.run.outcomes if outcome.success) > 100
    assert len(serial.files) > 3 * len(TABLES)  # a suite's page, a result and its page for each
    for other in (four, eight):
        assert other.run == serial.run
        assert other.files.keys() == serial.files.keys()
        assert [name for name, text in other.files.items() if text != serial.files[name]] == []


@pytest.mark.postgres
@pytest.mark.parametrize("parallel", [1, 3, 8])
def test_no_more_connections_than_tables_at_once(postgres: Site, tmp_path: Path, parallel: int) -> None:
    name = f"bounded-{parallel}"
    tables = [f"slow_{parallel}.t{number:02}" for number in range(12)]
    postgres.execute(
        f"CREATE SCHEMA slow_{parallel}",
        *(f"CREATE VIEW {table} AS SELECT 1 AS id FROM pg_sleep(0.1)" for table in tables),
    )
    warehouse = open_warehouse(
        postgres.url.update_query_dict({"application_name": name}), wait_seconds=5, parallel_tables=parallel
    )
    told = {table: [{"expect_column_values_to_be_unique": {"column": "id"}}] for table in tables}

    with most_connections(postgres.url, name) as most:
        run = Checks(tmp_path, warehouse).run(told)
    warehouse.release()

    assert run.verdict is Verdict.PASSED
    assert most() == parallel


@contextmanager
def most_connections(url: URL, application: str) -> Iterator[Callable[[], int]]:
    """Counts the connections of an application, again and again meanwhile."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    seen, over = [0], threading.Event()
    count = sa.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")

    def watch() -> None:
        with engine.connect() as connection:
            while not over.wait(0.01):
                seen.append(int(connection.execute(count, {"name": application}).scalar_one()))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield lambda: max(seen)
    over.set()
    thread.join()
    engine.dispose()
