"""Which ingest a step is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from checkpoints.data_quality import Closed, NoDataQuality
from checkpoints.ledger import Ledger
from flows.clock import utc_now

OUTSIDE = "outside sluice"
"""The source, in the ledger, of an ingest that sluice was only told of."""


def ingest_to_check(ledger: Ledger, checkpoint: str, given: str | None, begin: Callable[[str, str], object]) -> str:
    """The ingest that a check is about; recorded when it is new, so that gates are asked about it from now on.

    Without a given one: the last ingest if sluice brought it. Of data that comes from elsewhere nobody said when it
    came, so a checkpoint that is run again begins a new one, and what other checkpoints said before counts no more.

    Args:
        ledger: of the project.
        checkpoint: the one that is to run.
        given: the ingest that was named.
        begin: records an ingest and its source.
    """
    latest = ledger.latest_ingest()
    recorded = ledger.ingest(latest) if latest is not None else None
    if given is not None:
        ingest_id = given
    elif recorded is not None and (recorded.source != OUTSIDE or not _was_run(ledger, checkpoint, recorded.ingest_id)):
        ingest_id = recorded.ingest_id
    else:
        ingest_id = new_ingest_id("check")
    if ledger.ingest(ingest_id) is None:
        begin(ingest_id, OUTSIDE)
    return ingest_id


def begin_ingest(data_quality: NoDataQuality, ledger: Ledger, ingest_id: str, source: str) -> Closed:
    """Record that an ingest began, which closes every gate: in the warehouse first."""
    with data_quality.closing(None, ingest_id, f"the ingest {ingest_id} has begun, and was not checked yet") as closed:
        ledger.begin_ingest(ingest_id, source, utc_now())
    return closed


def _was_run(ledger: Ledger, checkpoint: str, ingest_id: str) -> bool:
    return any(run.checkpoint == checkpoint for run in ledger.runs_of(ingest_id))


def new_ingest_id(kind: str = "ingest") -> str:
    """A fresh id that sorts by time."""
    return f"{kind}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid4().hex[:6]}"
