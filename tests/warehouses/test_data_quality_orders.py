"""Whatever is killed, and whoever writes at the same time: the warehouse is never more open than the ledger."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from gx.errors import SluiceError
from gx.warehouse.base import Warehouse
from gx.warehouse.opening import open_warehouse
from tests.fork_server import processes
from tests.warehouses.conftest import site_of
from tests.warehouses.data_quality import SCHEMA, Copied, everything, killed_at, now
from tests.warehouses.sites import Site

MOST_STEPS = 200


@pytest.fixture(params=["duckdb", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest) -> Site:
    found = site_of(request.param, request)
    found.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
    return found


@pytest.fixture
def ledger_url(tmp_path: Path) -> URL:
    return URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))


@pytest.fixture
def copied(place: Site, ledger_url: URL, tmp_path: Path) -> Iterator[Copied]:
    made = Copied(place.open(), tmp_path, ledger_url)
    yield made
    made.close()


def opened(copied: Copied) -> None:
    copied.begin_ingest("ingest-1")
    copied.check("raw", "ingest-1")
    copied.check("staging", "ingest-1")
    assert copied.open_in_sql() == copied.open_in_ledger() == {"staging", "marts"}


@pytest.mark.timeout(900)  # some fifty processes, on a machine that may be busy
def test_killed_at_every_step_the_warehouse_is_as_closed_or_more(
    copied: Copied,
    place: Site,
    ledger_url: URL,
    tmp_path: Path,
) -> None:
    kills, more_closed = 0, 0
    for step in range(1, MOST_STEPS):
        opened(copied)
        copied.close()
        process = processes().Process(target=killed_at, args=(step, place.url, ledger_url, tmp_path))
        process.start()
        process.join(60)
        in_sql, in_ledger = copied.open_in_sql(), copied.open_in_ledger()
        assert in_sql <= in_ledger, f"after step {step} the warehouse has {in_sql} open, the ledger {in_ledger}"
        if process.exitcode == 0:
            assert in_sql == in_ledger == {"staging", "marts"}
            break
        assert process.exitcode == -signal.SIGKILL
        kills += 1
        more_closed += in_sql < in_ledger
        if step % 10 == 0:  # and what comes next mends it
            everything(copied)
            assert copied.open_in_sql() == copied.open_in_ledger() == {"staging", "marts"}
    assert kills > 40
    assert more_closed > 0


def test_who_opens_waits_for_who_is_closing(copied: Copied, place: Site, ledger_url: URL, tmp_path: Path) -> None:
    opened(copied)
    other = Copied(place.open(), tmp_path, ledger_url)
    refreshing = threading.Thread(target=other.copy.refresh)
    with copied.copy.closing(["marts"], "ingest-1", "staging has not finished") as closed:
        closed.check()
        refreshing.start()
        refreshing.join(0.7)
        assert refreshing.is_alive(), "it read the ledger before the ledger was told, and would open the gate again"
        copied.ledger.begin_run("run-2", "staging", "ingest-1", ["marts"], now())
    refreshing.join(30)
    assert not refreshing.is_alive()
    assert copied.open_in_sql() == copied.open_in_ledger() == {"staging"}
    other.close()


def test_a_warehouse_that_is_away_closes_the_ledger_all_the_same_and_what_it_said_ends(
    copied: Copied, ledger_url: URL, tmp_path: Path
) -> None:
    opened(copied)
    away = Copied(_nowhere(), tmp_path, ledger_url)
    with pytest.raises(SluiceError, match="cannot connect"):
        away.begin_ingest("ingest-2")
    assert copied.open_in_ledger() == set()
    assert copied.open_in_sql() == {"staging", "marts"}  # bounded by valid_until, as docs/asking-the-gate.md says
    assert "cannot connect" in str(away.copy.record("run-2"))
    copied.copy.refresh()
    assert copied.open_in_sql() == set()
    away.close()


def test_a_ledger_that_cannot_be_read_closes_every_gate_that_is_written(copied: Copied, tmp_path: Path) -> None:
    opened(copied)
    lost = Copied(copied.warehouse, tmp_path, URL.create("sqlite", database=str(tmp_path / "spoiled.sqlite")))
    (tmp_path / "spoiled.sqlite").write_bytes(b"no database, but long enough to be looked at " * 40)
    lost.copy.refresh()
    assert copied.open_in_sql() == set()
    assert {reasons for (reasons,) in copied.rows("gate_open", "reasons")} == {"the ledger cannot be read"}


def _nowhere() -> Warehouse:
    return open_warehouse(URL.create("postgresql", "nobody", host="127.0.0.1", port=9, database="x"), wait_seconds=0)
