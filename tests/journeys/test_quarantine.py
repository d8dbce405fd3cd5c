"""A bad row is left out of the next load while everything else goes through, and comes back once it is mended."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checkpoints.gate import GateClosedError
from checkpoints.result import CheckpointRun, Verdict
from flows.ingest_ids import new_ingest_id
from flows.workspace import Workspace, open_workspace
from gx.settings import Settings
from tests.journeys.tables import Tables

pytestmark = [pytest.mark.journey, pytest.mark.timeout(600)]

BAD = "ch_bad"
REFUNDED_MORE = f"""
    insert into raw_stripe.charges select '{BAD}' as id, * exclude (id) replace (100 as amount, 200 as amount_refunded)
    from raw_stripe.charges where status = 'succeeded' and created > '2025-09-10' order by id limit 1
"""


@pytest.fixture
def suites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reference suites; charges that fail are left out of the load, and staging may lack some of raw's."""
    copy = tmp_path / "suites"
    shutil.copytree(Settings().suites_dir, copy)
    change(copy / "raw" / "charges.yml", "keys: [id]\n", "keys: [id]\nquarantine: {max_percent: 1, leave_out: true}\n")
    change(
        copy / "staging" / "stg_stripe_charges.yml",
        "      source_distinct: id\n",
        "      source_distinct: id\n      tolerance_percent: 1\n",
    )
    monkeypatch.setattr(Settings, "suites_dir", copy)
    return copy


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def workspace(state_after_good_run: Path, settings_of: Callable[..., Settings], suites: Path) -> Iterator[Workspace]:
    assert suites.exists()
    settings = settings_of(state_after_good_run, wait_seconds=20)
    with open_workspace(settings, what="a test", progress=lambda _: None) as found:
        yield found


@pytest.fixture
def tables(state_after_good_run: Path) -> Tables:
    return Tables.of_file(state_after_good_run / "warehouse.duckdb")


def arrive(workspace: Workspace) -> str:
    """A new ingest, of what a test did to raw."""
    ingest_id = new_ingest_id()
    workspace.ledger.begin_ingest(ingest_id, "a test", datetime.now(UTC))
    workspace.ledger.finish_ingest(ingest_id, datetime.now(UTC), {})
    return ingest_id


def go_through(workspace: Workspace, load: str, ingest_id: str) -> CheckpointRun:
    workspace.load(load, ingest_id)
    run = workspace.check(load, ingest_id, built=True)
    assert run.opens, run.reasons()
    workspace.publish(load, ingest_id)
    return run


def test_a_bad_row_is_left_out_until_an_ingest_brings_it_mended(workspace: Workspace, tables: Tables) -> None:
    revenue = "select count(*), sum(amount_dollars) from marts.fct_revenue"
    before = tables.rows(revenue)
    tables.change(REFUNDED_MORE)

    ingest_id = arrive(workspace)
    run = workspace.check("raw", ingest_id)
    assert run.verdict is Verdict.WARNED, run.reasons()
    assert run.notes[0].startswith("1 row of raw_stripe.charges is quarantined (0.")
    assert run.notes[0].endswith(" %, 1 % allowed) and left out of the next load")
    go_through(workspace, "staging", ingest_id)
    go_through(workspace, "marts", ingest_id)
    assert tables.rows(revenue) == before

    tables.change(f"update raw_stripe.charges set amount_refunded = 0 where id = '{BAD}'")
    ingest_id = arrive(workspace)
    assert workspace.check("raw", ingest_id).verdict is Verdict.PASSED
    go_through(workspace, "staging", ingest_id)
    go_through(workspace, "marts", ingest_id)
    assert tables.rows(revenue) == [(before[0][0] + 1, before[0][1] + 1)]


def test_beyond_the_share_nothing_is_left_out_and_the_gate_stays_closed(workspace: Workspace, tables: Tables) -> None:
    tables.change("update raw_stripe.charges set amount_refunded = amount + 1")
    ingest_id = arrive(workspace)
    assert workspace.check("raw", ingest_id).verdict is Verdict.FAILED
    with pytest.raises(GateClosedError, match="more than the 1 % that may be left out"):
        workspace.load("staging", ingest_id)
    assert tables.value("select bool_or(left_out) from data_quality.quarantine_raw_stripe__charges") is False
