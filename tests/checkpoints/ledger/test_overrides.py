"""Overrides in the ledger, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from checkpoints.gate import Gate
from checkpoints.ledger import Ledger, LedgerError
from checkpoints.override import new_override
from checkpoints.result import Verdict
from tests.checkpoints.ledger.spoiled import statement
from tests.checkpoints.runs import MINUTE, NOON, record, run_of

HOUR = timedelta(hours=1)


@pytest.fixture
def failed(ledger: Ledger) -> Ledger:
    """The gate of the marts is closed by a verdict."""
    ledger.begin_ingest("ingest-1", "test", NOON)
    record(ledger, run_of(Verdict.FAILED), "marts")
    return ledger


def override(ledger: Ledger, ingest_id: str | None = "ingest-1", until: str = "1h", by: str = "Ada") -> None:
    ledger.override(new_override("marts", ingest_id, reason="agreed", by=by, until=until, now=NOON))


def gate(ledger: Ledger, now: datetime = NOON + MINUTE, load: str = "marts") -> Gate:
    return ledger.gate(load, ["staging"], ingest_id=None, now=now)


def test_an_override_opens_its_gate_until_its_end(failed: Ledger) -> None:
    assert not gate(failed).is_open
    override(failed)
    assert gate(failed).is_open
    assert gate(failed).reasons[0] == "overridden by Ada until 2025-10-01 13:00 UTC: agreed"
    assert gate(failed, NOON + HOUR - MINUTE).is_open
    assert not gate(failed, NOON + HOUR).is_open
    assert not gate(failed, load="dashboards").is_open


def test_the_next_ingest_needs_a_word_of_its_own_unless_every_one_was_meant(failed: Ledger) -> None:
    override(failed)
    failed.begin_ingest("ingest-2", "test", NOON + MINUTE)
    record(failed, run_of(Verdict.FAILED, run_id="run-2", ingest_id="ingest-2"), "marts")
    assert not gate(failed).is_open
    override(failed, None)
    assert gate(failed).is_open


def test_a_run_that_begins_closes_an_overridden_gate_until_it_has_finished(failed: Ledger) -> None:
    override(failed)
    failed.begin_run("run-2", "staging", "ingest-1", ["marts"], NOON)
    assert not gate(failed).is_open
    assert failed.overrides_in_force("ingest-1", NOON) == ()
    failed.finish_run(run_of(Verdict.ERRORED, run_id="run-2"), ["marts"])
    assert gate(failed).is_open


def test_revoking_ends_every_override_of_the_load_and_keeps_who_did_it(failed: Ledger, url: URL) -> None:
    override(failed)
    override(failed, None, by="Bob")
    assert failed.revoke("dashboards", "Cleo", NOON) == 0
    assert failed.revoke("marts", "Cleo", NOON + MINUTE) == 2
    assert failed.revoke("marts", "Cleo", NOON + MINUTE) == 0
    assert not gate(failed).is_open
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        kept = connection.execute(sa.text("select made_by, revoked_by, reason from overrides order by id")).all()
    engine.dispose()
    assert [tuple(row) for row in kept] == [("Ada", "Cleo", "agreed"), ("Bob", "Cleo", "agreed")]


def test_the_overrides_in_force_are_those_that_hold_a_gate_open_for_this_ingest(failed: Ledger) -> None:
    override(failed)
    override(failed, None, by="Bob")
    (shown,) = failed.overrides_in_force("ingest-1", NOON + MINUTE)
    assert shown.by == gate(failed).override.by == "Bob"  # type: ignore[union-attr]
    assert failed.overrides_in_force("ingest-1", NOON + HOUR) == ()
    failed.begin_ingest("ingest-2", "test", NOON)
    assert failed.overrides_in_force("ingest-1", NOON + MINUTE) == ()
    assert len(failed.overrides_in_force("ingest-2", NOON + MINUTE)) == 1


@pytest.mark.parametrize("column", ["valid_until", "made_at"])
def test_an_override_that_cannot_be_read_opens_nothing(sqlite_file: Path, column: str) -> None:
    """PostgreSQL keeps nothing but times in such a column."""
    ledger = Ledger(sa.make_url(f"sqlite:///{sqlite_file}"), gate_valid_hours=24)
    ledger.begin_ingest("ingest-1", "test", NOON)
    override(ledger)
    statement(f"update overrides set {column} = 'zzz'")(sqlite_file)
    with pytest.raises(LedgerError, match="no record"):
        gate(ledger)
    ledger.close()
