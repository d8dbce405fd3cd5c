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


@dataclass(frozen=True)
class LedgerStatus:
    """How much a ledger holds.

    Attributes:
        version: of its tables.
        rows: by table.
        oldest: when the first ingest or run that it holds began.
        newest: when the last did.
        size: in bytes, on disk.
    """

    version: int
    rows: Mapping[str, int]
    oldest: datetime | None
    newest: datetime | None
    size: int
