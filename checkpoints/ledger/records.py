"""What the ledger gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from checkpoints.result import Verdict


@dataclass(frozen=True)
class RecordedIngest:
    """An ingest as the ledger remembers it.

    Attributes:
        finished_at: None while it goes on, or when it failed.
        tables: rows it brought, by table.
    """

    ingest_id: str
    source: str
    started_at: datetime
    finished_at: datetime | None
    tables: Mapping[str, int]


@dataclass(frozen=True)
class RecordedRun:
    """A checkpoint run as the ledger remembers it.

    Attributes:
        verdict: None while it has none (it goes on, or died).
        expectations: how many were looked at.
        held: how many of them hold.
    """

    run_id: str
    checkpoint: str
    verdict: Verdict | None
    reasons: tuple[str, ...]
    started_at: datetime
    finished_at: datetime | None
    expectations: int
    held: int
