from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from gx.scan.scan_state import ScanState

NOW = datetime(2025, 9, 3, tzinfo=UTC)
STATE = ScanState(
    where="raw.charges in the warehouse",
    columns="a hash",
    column="synced",
    watermark=datetime(2025, 9, 1, tzinfo=UTC),
    rows=3,
    values={"a": Decimal("0.10"), "b": None},
    not_kept=frozenset({"c"}),
    full_scan_at=datetime(2025, 9, 2, tzinfo=UTC),
)


def execute(url: URL, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_the_latest_state_of_a_suite_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.scan_states.put("raw.charges", replace(STATE, rows=1), "run 1", NOW)
    ledger.scan_states.put("raw.charges", STATE, "run 2", NOW)
    assert ledger.scan_states.get("raw.charges") == STATE
    assert ledger.scan_states.get("raw.refunds") is None


def test_what_a_later_full_scan_did_not_keep_no_earlier_run_brings_back(ledger: Ledger) -> None:
    later = STATE.full_scan_at + timedelta(hours=1)
    ledger.scan_states.put("raw.charges", STATE, "run 1", NOW)
    ledger.scan_states.forget("raw.charges", later, "run 2", NOW)
    assert ledger.scan_states.get("raw.charges") is None
    ledger.scan_states.put("raw.charges", STATE, "run 1", NOW)
    assert ledger.scan_states.get("raw.charges") is None
    ledger.scan_states.put("raw.charges", replace(STATE, full_scan_at=later), "run 3", NOW)
    assert ledger.scan_states.get("raw.charges") == replace(STATE, full_scan_at=later)


def test_a_full_scan_of_a_clock_that_was_ahead_is_replaced(ledger: Ledger) -> None:
    ledger.scan_states.put("raw.charges", replace(STATE, full_scan_at=NOW + timedelta(hours=1)), "run 1", NOW)
    ledger.scan_states.put("raw.charges", STATE, "run 2", NOW)
    assert ledger.scan_states.get("raw.charges") == STATE


def test_runs_at_one_time_keep_the_state_of_one_of_them(url: URL) -> None:
    def run(place: int) -> None:
        ledger = Ledger(url, gate_valid_hours=1)
        for _ in range(10):
            ledger.scan_states.put("raw.charges", replace(STATE, rows=place), f"run {place}", NOW)
        ledger.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4)))
    ledger = Ledger(url, gate_valid_hours=1)
    found = ledger.scan_states.get("raw.charges")
    ledger.close()
    assert found in [replace(STATE, rows=place) for place in range(4)]


@pytest.mark.parametrize("spoiled", ["not JSON", "[1]", "{}", "null"])
def test_a_state_that_was_spoiled_is_none_and_can_be_replaced(sqlite_file: Path, spoiled: str) -> None:
    url = URL.create("sqlite", database=str(sqlite_file))
    ledger = Ledger(url, gate_valid_hours=1)
    ledger.scan_states.put("raw.charges", STATE, "run", NOW)
    execute(url, f"UPDATE scan_states SET state = '{spoiled}'")
    assert ledger.scan_states.get("raw.charges") is None
    ledger.scan_states.put("raw.charges", STATE, "run", NOW)
    assert ledger.scan_states.get("raw.charges") == STATE
