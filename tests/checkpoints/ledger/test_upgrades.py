"""A ledger of every earlier version becomes one of today, whole or not at all, and nothing in it is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import URL

from checkpoints.ledger import Ledger, LedgerError
from checkpoints.ledger.schema import VERSION, metadata
from checkpoints.override import new_override
from checkpoints.result import Verdict
from tests.checkpoints.ledger.old import VERSIONS, write_old_ledger
from tests.checkpoints.ledger.test_processes import ROOT, kill_when_ready, start
from tests.checkpoints.runs import MINUTE, NOON, record, run_of

LATER = NOON + timedelta(hours=1)
OPENS = """
import sys, time
from sqlalchemy.engine import make_url
from checkpoints.ledger import Ledger
print("ready", flush=True)
begin = float(sys.stdin.readline())
while time.time() < begin:
    pass
print(Ledger(make_url(sys.argv[1]), gate_valid_hours=24).latest_ingest(), flush=True)
"""
DIES = """
import sys
from sqlalchemy.engine import make_url
from checkpoints.ledger import Ledger, migrating
def stop(connection, found, upgrade=migrating._upgrade):
    upgrade(connection, found)
    print("ready", flush=True)
    sys.stdin.read()
migrating._upgrade = stop
Ledger(make_url(sys.argv[1]), gate_valid_hours=24).latest_ingest()
"""


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, url: URL) -> URL:
    """A ledger of an earlier version."""
    write_old_ledger(url, request.param)
    return url


def versions(url: URL) -> list[int]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = list(connection.execute(sa.text("select version from schema_version order by version")).scalars())
    engine.dispose()
    return found


def test_everything_in_an_old_ledger_is_still_there_and_it_works_on(old: URL, ledger: Ledger) -> None:
    gate = ledger.gate("marts", ["staging"], ingest_id=None, now=LATER)
    assert (gate.is_open, gate.ingest_id, gate.reasons) == (True, "ingest-1", ("staging passed",))
    assert not ledger.gate("marts", ["staging"], ingest_id="ingest-0", now=LATER).is_open
    brought = ledger.ingest("ingest-1")
    assert brought is not None
    assert brought.tables == {"raw.charges": 1423}
    assert [(run.run_id, run.verdict, run.expectations) for run in ledger.runs_of("ingest-1")] == [
        ("run-1", Verdict.PASSED, 2), ("run-2", None, 0),
    ]  # fmt: skip
    assert ledger.previous_row_count("shop.orders") == 10
    assert ledger.finished_runs("shop.orders") == 2  # the one that died is none
    ledger.begin_ingest("ingest-2", "stripe", NOON - timedelta(days=9))  # by a clock that stepped back
    assert ledger.latest_ingest() == "ingest-2"
    record(ledger, run_of(Verdict.FAILED, run_id="run-3", ingest_id="ingest-2", at=LATER), "marts")
    ledger.override(new_override("marts", "ingest-2", reason="agreed", by="Ada", until="1h", now=LATER))
    assert ledger.gate("marts", ["staging"], ingest_id=None, now=LATER + MINUTE).is_open
    assert versions(old)[-1] == VERSION


def test_an_upgraded_ledger_has_the_tables_of_a_new_one(old: URL, ledger: Ledger) -> None:
    ledger.latest_ingest()
    engine = sa.create_engine(old)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_what_an_open_alert_failed_last_is_since_when_it_fails(url: URL, ledger: Ledger) -> None:
    write_old_ledger(url, 4)
    alerts = {alert.problem.key: (alert.failing_since, alert.last_failed_at) for alert in ledger.alerts.latest()}
    assert alerts["a"] == (NOON - 20 * MINUTE, NOON - 20 * MINUTE)
    assert alerts["b"] == (None, NOON - timedelta(hours=23, minutes=50))


def test_several_processes_that_open_an_old_ledger_at_once_upgrade_it_once(old: URL) -> None:
    openers = [start(OPENS, old) for _ in range(4)]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    begin = time.time() + 0.2
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(f"{begin}\n")
        opener.stdin.flush()
    for opener in openers:
        said, errors = opener.communicate(timeout=60)
        assert (opener.returncode, said.strip()) == (0, "ingest-1"), errors
    assert versions(old).count(VERSION) == 1


def test_a_process_killed_half_way_leaves_the_old_version_and_the_next_one_upgrades_it(
    old: URL, ledger: Ledger
) -> None:
    before = versions(old)
    kill_when_ready(start(DIES, old))
    assert versions(old) == before
    engine = sa.create_engine(old)
    inspector = sa.inspect(engine)
    alerts = inspector.get_columns("alerts") if inspector.has_table("alerts") else []
    assert "failing_since" not in {column["name"] for column in alerts}
    engine.dispose()
    assert ledger.gate("marts", ["staging"], ingest_id=None, now=LATER).is_open


def test_an_ingest_that_an_older_sluice_begins_after_the_upgrade_is_the_latest(old: URL, ledger: Ledger) -> None:
    assert ledger.latest_ingest() == "ingest-1"
    engine = sa.create_engine(old)
    with engine.begin() as connection:
        connection.execute(
            sa.text("insert into ingests (ingest_id, source, started_at) values ('ingest-x', 'old', '2025-01-01')")
        )
    engine.dispose()
    assert ledger.latest_ingest() == "ingest-x"
    ledger.begin_ingest("ingest-2", "test", NOON)
    assert ledger.latest_ingest() == "ingest-2"


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_never_was_is_refused(url: URL, ledger: Ledger, version: int) -> None:
    write_old_ledger(url, 1)
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("update schema_version set version = :version"), {"version": version})
    engine.dispose()
    with pytest.raises(LedgerError, match=f"has schema version {version}"):
        ledger.latest_ingest()


def test_a_new_and_a_current_ledger_are_opened_without_alembic(tmp_path: Path) -> None:
    code = (
        "import sys; from sqlalchemy.engine import make_url; from checkpoints.ledger import Ledger; "
        "Ledger(make_url(sys.argv[1]), gate_valid_hours=1).finished_runs('x'); print('alembic' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, f"sqlite:///{tmp_path}/ledger.sqlite"], cwd=ROOT, text=True, check=True,
            capture_output=True,
        ).stdout
        for _ in range(2)
    ]  # fmt: skip
    assert said == ["False\n", "False\n"]
