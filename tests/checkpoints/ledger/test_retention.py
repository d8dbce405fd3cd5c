"""Old records go; no gate, override, comparison or scan can tell the difference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.schema import VERSION
from checkpoints.override import new_override
from checkpoints.result import Verdict
from gx.scan.scan_state import ScanState
from tests.checkpoints.runs import NOON, record, run_of

DAY = timedelta(days=1)
KEEP = 10 * DAY
NOW = NOON + 100 * DAY
STATE = ScanState("shop.orders", "h", "at", None, 0, {}, frozenset(), datetime(2025, 9, 2, tzinfo=UTC))


def ingest(ledger: Ledger, number: int, verdict: Verdict = Verdict.PASSED, **rows: int) -> None:
    """An ingest that arrived so many days after noon, and was checked."""
    at, name = NOON + number * DAY, f"ingest-{number}"
    ledger.begin_ingest(name, "test", at)
    ledger.finish_ingest(name, at, rows)
    record(ledger, run_of(verdict, run_id=f"run-{number}", ingest_id=name, at=at, rows=rows), "marts")


def ids(url: URL, table: str, column: str) -> set[str]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = set(connection.execute(sa.text(f"select {column} from {table}")).scalars())
    engine.dispose()
    return found


@pytest.fixture
def full(ledger: Ledger) -> Ledger:
    """Ingests of a hundred days; `sold` was accepted last on day 2, `orders` on day 95, `lost` never."""
    ingest(ledger, 1, sold=5, orders=1)
    ingest(ledger, 2, sold=7, orders=2)
    ingest(ledger, 3, Verdict.FAILED, sold=9, lost=1)
    ingest(ledger, 95, orders=3)
    ingest(ledger, 96, Verdict.FAILED, orders=4)
    ledger.scan_states.put("shop.orders", STATE, "run-1", NOON)
    return ledger


def test_what_is_old_and_needed_for_nothing_goes_from_every_table(full: Ledger, url: URL) -> None:
    deleted = full.prune(KEEP, NOW)
    assert deleted == {
        "expectation_results": 3, "row_counts": 4, "checkpoint_runs": 2, "gate_decisions": 4, "overrides": 0,
        "ingest_tables": 4, "ingests": 2, "deliveries": 0, "alerts": 0, "flow_runs": 0,
        "threads": 0,
    }  # fmt: skip
    kept = {"run-2", "run-95", "run-96"}  # the second is the measure of `sold`
    for table in ("checkpoint_runs", "expectation_results", "row_counts", "gate_decisions"):
        assert ids(url, table, "run_id") == kept
    assert ids(url, "ingests", "ingest_id") == ids(url, "ingest_tables", "ingest_id") == {
        "ingest-2", "ingest-95", "ingest-96",
    }  # fmt: skip
    assert set(full.prune(KEEP, NOW).values()) == {0}


def test_the_answers_stay_as_they_were(full: Ledger) -> None:
    def answers() -> list[object]:
        gates = [full.gate("marts", ["staging"], ingest_id=name, now=NOW) for name in (None, "ingest-95")]
        counts = [full.previous_row_count(table) for table in ("sold", "orders", "lost")]
        return [
            *gates,
            *counts,
            full.latest_ingest(),
            full.finished_runs("shop.orders"),
            full.scan_states.get("shop.orders"),
        ]

    before = answers()
    full.prune(KEEP, NOW)
    assert answers() == before
    assert before[2:6] == [7, 3, None, "ingest-96"]


def test_the_latest_ingest_keeps_its_records_whatever_their_age(full: Ledger) -> None:
    much_later = NOW + 1000 * DAY
    before = full.gate("marts", ["staging"], ingest_id=None, now=much_later)
    full.prune(DAY, much_later)
    assert full.gate("marts", ["staging"], ingest_id=None, now=much_later) == before
    assert [run.run_id for run in full.runs_of("ingest-96")] == ["run-96"]


def test_decisions_that_still_count_stay_whatever_their_age(url: URL) -> None:
    ledger = Ledger(url, gate_valid_hours=24 * 60)
    record(ledger, run_of(Verdict.PASSED), "marts")  # of an ingest that was never announced
    ledger.prune(DAY, NOON + 59 * DAY)
    assert ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOON + 59 * DAY).is_open
    assert ledger.prune(DAY, NOON + 61 * DAY)["gate_decisions"] == 2
    ledger.close()


def test_a_live_override_keeps_what_bars_it(ledger: Ledger) -> None:
    """Without the unfinished run's record an override would open the gate."""
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOON)
    ledger.override(new_override("marts", None, reason="agreed", by="Ada", until="7d", now=NOW - DAY))
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOW).is_open
    ledger.prune(DAY / 2, NOW)
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-1", now=NOW).is_open


def test_overrides_that_ended_long_ago_go_and_others_stay(ledger: Ledger, url: URL) -> None:
    for by, made in (("old", NOON), ("recent", NOW - 8 * DAY), ("live", NOW)):
        ledger.override(new_override("marts", None, reason="agreed", by=by, until="1h", now=made))
    assert ledger.prune(KEEP, NOW)["overrides"] == 1
    assert ids(url, "overrides", "made_by") == {"recent", "live"}


def test_a_run_that_still_goes_on_is_not_pruned_away(ledger: Ledger) -> None:
    ledger.begin_run("run-1", "staging", "ingest-1", ["marts"], NOW - DAY)
    ledger.begin_ingest("ingest-2", "test", NOW)
    ledger.prune(DAY / 24, NOW)
    ledger.finish_run(run_of(Verdict.PASSED, at=NOW), ["marts"])
    assert ledger.runs_of("ingest-1")[0].verdict is Verdict.PASSED


def test_a_dry_run_counts_the_same_and_deletes_nothing(full: Ledger) -> None:
    before = full.status()
    counted = full.prune(KEEP, NOW, dry_run=True)
    assert full.status().rows == before.rows
    assert full.prune(KEEP, NOW) == counted


def test_a_prune_that_fails_half_way_deletes_nothing(full: Ledger, url: URL) -> None:
    before = full.status().rows
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table ingest_tables rename to elsewhere"))
    with pytest.raises(LedgerError):
        full.prune(KEEP, NOW)
    with engine.begin() as connection:
        connection.execute(sa.text("alter table elsewhere rename to ingest_tables"))
    engine.dispose()
    assert full.status().rows == before


def test_the_status_tells_version_rows_ends_and_size(full: Ledger) -> None:
    found = full.status()
    assert found.version == VERSION
    assert (found.rows["ingests"], found.rows["checkpoint_runs"], found.rows["overrides"]) == (5, 5, 0)
    assert found.oldest == (NOON + DAY).replace(tzinfo=None)
    assert found.newest == (NOON + 96 * DAY).replace(tzinfo=None)
    assert found.size > 10_000
