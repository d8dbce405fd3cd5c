"""Which ingest a check is about, when nobody says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from checkpoints.data_quality import NoDataQuality
from checkpoints.ledger import Ledger
from checkpoints.result import Verdict
from flows.ingest_ids import ingest_to_check
from flows.workspace import begin_ingest
from tests.checkpoints.runs import MINUTE, NOON, record, run_of


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(make_url(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), gate_valid_hours=24)
    yield ledger
    ledger.close()


def checked(ledger: Ledger, checkpoint: str) -> str:
    """Check as the command line does, and pass."""
    ingest_id = ingest_to_check(ledger, checkpoint, None, partial(begin_ingest, NoDataQuality(), ledger))
    run_id = f"{checkpoint}-{len(ledger.runs_of(ingest_id))}-{ingest_id}"
    record(ledger, run_of(Verdict.PASSED, run_id=run_id, checkpoint=checkpoint, ingest_id=ingest_id, at=NOON), "mart")
    return ingest_id


def is_open(ledger: Ledger) -> bool:
    return ledger.gate("mart", ["a", "b"], ingest_id=None, now=NOON + MINUTE).is_open


def test_checkpoints_of_one_round_share_an_ingest_and_open_their_gate_together(ledger: Ledger) -> None:
    assert checked(ledger, "a") == checked(ledger, "b")
    assert is_open(ledger)


def test_a_checkpoint_that_is_run_again_makes_what_the_others_said_before_worthless(ledger: Ledger) -> None:
    first = checked(ledger, "a")
    checked(ledger, "b")
    assert checked(ledger, "a") != first
    assert not is_open(ledger)
    checked(ledger, "b")
    assert is_open(ledger)


def test_an_ingest_that_sluice_brought_is_checked_again_as_itself(ledger: Ledger) -> None:
    ledger.begin_ingest("ingest-1", "EmbeddedIngest", NOON)
    assert [checked(ledger, "a"), checked(ledger, "a")] == ["ingest-1", "ingest-1"]


def test_a_given_ingest_is_taken_as_it_is_and_gates_are_asked_about_it_from_then_on(ledger: Ledger) -> None:
    checked(ledger, "a")
    assert ingest_to_check(ledger, "a", "monday", partial(begin_ingest, NoDataQuality(), ledger)) == "monday"
    assert ledger.latest_ingest() == "monday"
