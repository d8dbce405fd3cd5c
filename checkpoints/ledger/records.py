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
class RecordedOutcome:
    """One expectation of a run that ended, as far as it may be told outside: counts, and no value of the data.

    Attributes:
        success: None when it could not be evaluated.
    """

    position: int
    suite: str
    table: str
    expectation: str
    column: str | None
    severity: str
    blocking: bool
    success: bool | None
    element_count: int | None
    unexpected_count: int | None


@dataclass(frozen=True)
class RecordedResults:
    """A run that ended, and what it found.

    Attributes:
        rows: of each table that could be counted.
        newest: of each table whose freshness was checked, and may be told, when its newest row arrived; in UTC.
    """

    run_id: str
    checkpoint: str
    ingest_id: str
    verdict: Verdict
    started_at: datetime
    finished_at: datetime
    outcomes: tuple[RecordedOutcome, ...]
    rows: Mapping[str, int]
    newest: Mapping[str, datetime]


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
