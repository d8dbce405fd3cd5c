"""The ledger: the only memory of sluice. Runs, results, row counts and gate decisions, apart from the warehouse."""

from __future__ import annotations

from checkpoints.ledger.connection import LedgerError
from checkpoints.ledger.ledger import Ledger
from checkpoints.ledger.records import LedgerStatus, RecordedIngest, RecordedOutcome, RecordedResults, RecordedRun

__all__ = [
    "Ledger",
    "LedgerError",
    "LedgerStatus",
    "RecordedIngest",
    "RecordedOutcome",
    "RecordedResults",
    "RecordedRun",
]
