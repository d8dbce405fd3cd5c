from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger
from gx.scan.scan_state import ScanState

STATE = ScanState(
    where="raw.charges in the warehouse",
    column="synced",
    watermark=datetime(2025, 9, 1, tzinfo=UTC),
    rows=3,
    values={"a": Decimal("0.10"), "b": None},
    not_kept=frozenset({"c"}),
    full_scan_at=datetime(2025, 9, 2, tzinfo=UTC),
)


@pytest.fixture
def url(tmp_path: Path) -> URL:
    return URL.create("sqlite", database=str(tmp_path / "ledger.sqlite"))


@pytest.fixture
def ledger(url: URL) -> Ledger:
    return Ledger(url, gate_valid_hours=1)


def execute(url: URL, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_the_latest_state_of_a_suite_comes_back_as_it_was(ledger: Ledger) -> None:
    ledger.scan_states.put("raw.charges", replace(STATE, rows=1), "run 1")
    ledger.scan_states.put("raw.charges", STATE, "run 2")
    assert ledger.scan_states.get("raw.charges") == STATE
    assert ledger.scan_states.get("raw.refunds") is None


@pytest.mark.parametrize("spoiled", ["not JSON", "[1]", "{}", "null"])
def test_a_state_that_was_spoiled_is_none_and_can_be_replaced(ledger: Ledger, url: URL, spoiled: str) -> None:
    ledger.scan_states.put("raw.charges", STATE, "run")
    execute(url, f"UPDATE scan_states SET state = '{spoiled}'")
    assert ledger.scan_states.get("raw.charges") is None
    ledger.scan_states.put("raw.charges", STATE, "run")
    assert ledger.scan_states.get("raw.charges") == STATE


def test_a_ledger_from_before_gets_what_it_lacks_and_keeps_what_it_has(ledger: Ledger, url: URL) -> None:
    ledger.begin_ingest("ingest", "test", datetime(2025, 9, 1, tzinfo=UTC))
    ledger.close()
    execute(url, "DROP TABLE scan_states", "UPDATE schema_version SET version = 1")
    again = Ledger(url, gate_valid_hours=1)
    again.scan_states.put("raw.charges", STATE, "run")
    assert again.latest_ingest() == "ingest"
    assert again.scan_states.get("raw.charges") == STATE
